"""A host for `agent serve` in 60 lines: python3 host.py agent.exe serve [options]
Runs a build and streams its output, answers an approval, cancels a command; the last line counts its own checks.
"""
import base64, itertools, json, queue, subprocess, sys, threading

agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
numbers, answers, ends, output, checks = itertools.count(1), {}, queue.Queue(), {}, []


def send(method, **params):
    number = next(numbers)
    answer = answers[number] = queue.Queue()
    agent.stdin.write((json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n").encode())
    agent.stdin.flush()
    return answer


def call(method, **params):
    return send(method, **params).get(timeout=120)


def reader():
    for message in map(json.loads, agent.stdout):
        method, params = message.get("method"), message.get("params")
        if not method:
            answers.pop(message["id"]).put(message)
        elif method == "exec.output":
            text = params.get("text") or base64.b64decode(params["base64"]).decode(errors="replace")
            output[params["commandId"]] = output.get(params["commandId"], "") + text
            print(f"  {params['commandId']} {params['stream']}: {text.rstrip()}")
        elif method == "approval.request":
            print(f"  approval: {params['subject']} ({params['reason']})")
            send("approval.answer", approvalId=params["approvalId"], choice="once", by="the example host")
        elif method == "exec.exit":
            ends.put(params)


def check(name, held, what=None):
    checks.append(bool(held))
    print(f"{'ok' if held else 'not ok'} {len(checks)} - python: {name}" + ("" if held else f"  # {what}"))


def run(*argv, cancel=False, **params):
    command = call("exec.start", argv=argv, **params)["result"]["commandId"]
    if cancel:
        call("exec.kill", commandId=command, now=True)
    return {**ends.get(timeout=120), "output": output.get(command, "")}


threading.Thread(target=reader, daemon=True).start()
check("initialize", call("initialize", protocolVersion=1)["result"]["protocolVersion"] == 1)
end = run("cmd", "/c", "build.cmd")
check("the build ran and its output was streamed", end["exitCode"] == 0 and "built" in end["output"], end)
end = run("cmd", "/c", "echo", "deployed")
check("the approved command ran", "deployed" in end["output"] and "example host" in json.dumps(end["result"]["approvals"]), end)
check("the cancelled command ends with 130", run("cmd", "/c", "set", "/p", "x=", stdin="pipe", cancel=True)["exitCode"] == 130)
call("shutdown")
check("agent ends", agent.wait(timeout=60) == 0)
print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed, 0 skipped")
sys.exit(0 if all(checks) else 1)
