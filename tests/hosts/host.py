"""A host for `agent serve` in 60 lines: python3 host.py agent.exe serve [options]

Runs a build and streams its output, answers an approval, cancels a command. The last line says how many of its own
checks held.
"""
import base64, itertools, json, queue, subprocess, sys, threading

agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
numbers, answers, events, output, checks = itertools.count(1), {}, queue.Queue(), {}, []


def reader():
    for line in agent.stdout:
        message = json.loads(line)
        if "method" not in message:
            answers.pop(message["id"]).put(message)
            continue
        params = message["params"]
        if message["method"] == "exec.output":
            text = params.get("text") or base64.b64decode(params["base64"]).decode(errors="replace")
            output[params["commandId"]] = output.get(params["commandId"], "") + text
            print(f"  {params['commandId']} {params['stream']}: {text.rstrip()}")
        elif message["method"] == "approval.request":
            print(f"  approval: {params['subject']} ({params['reason']})")
            threading.Thread(target=call, args=("approval.answer",), kwargs={
                "approvalId": params["approvalId"], "choice": "once", "by": "the example host"}).start()
        elif message["method"] == "exec.exit":
            events.put(params)


def call(method, **params):
    number = next(numbers)
    answer = answers[number] = queue.Queue()
    agent.stdin.write((json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n").encode())
    agent.stdin.flush()
    return answer.get(timeout=120)


def check(name, held, what=None):
    checks.append(bool(held))
    print(f"{'ok' if held else 'not ok'} {len(checks)} - python: {name}" + ("" if held else f"  # {what}"))


threading.Thread(target=reader, daemon=True).start()
hello = call("initialize", protocolVersion=1, clientInfo={"name": "host.py"})
check("initialize", hello["result"]["protocolVersion"] == 1, hello)

build = call("exec.start", argv=["cmd", "/c", "build.cmd"])["result"]["commandId"]
end = events.get(timeout=120)
check("the build ends with 0", end["exitCode"] == 0, end)
check("its output was streamed", "compiling two" in output.get(build, "") and "built" in output[build], output)

asked = call("exec.start", argv=["cmd", "/c", "echo", "deployed"])["result"]["commandId"]
end = events.get(timeout=120)
check("the approved command ran", end["exitCode"] == 0 and "deployed" in output.get(asked, ""), end)
check("the approval is in the result", "example host" in json.dumps(end["result"]["approvals"]), end)

slow = call("exec.start", argv=["cmd", "/c", "set", "/p", "x="], stdin="pipe")["result"]["commandId"]
call("exec.kill", commandId=slow, now=True)
end = events.get(timeout=120)
check("the cancelled command ends with 130", end["commandId"] == slow and end["exitCode"] == 130, end)

call("shutdown")
check("agent ends", agent.wait(timeout=60) == 0)
print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed, 0 skipped")
sys.exit(0 if all(checks) else 1)
