"""Terminals and raw targets over `agent serve`: tty.py DIRECTORY agent.exe serve ...

DIRECTORY: the working directory as Windows names it, for the file that exec.start names.
"""
import os, subprocess, sys, threading
from rpc import Agent, Checks

checks = Checks("tty")
where = sys.argv[1]
agent = Agent(sys.argv[2:])
hello = agent.call("initialize", protocolVersion=1)["result"]
checks.check("a terminal is announced", hello["capabilities"]["tty"] is True, hello)


def start(**params):
    answer = agent.call("exec.start", **params)
    return answer["result"]["commandId"]


def until(command, text, screen=""):
    """What the command shows, until it shows `text` or ends."""
    while text not in screen:
        message = agent.read()
        params = message.get("params", {})
        if message.get("method") == "exec.output" and params["commandId"] == command:
            screen += params.get("text", "")
        if message.get("method") == "exec.exit" and params["commandId"] == command:
            return screen + f"<exit {params['exitCode']}>"
    return screen


# A full-screen program (tests/probe/ttychild.c): asks for its size, moves the cursor, reads keys.
command = start(argv=["C:\\sandbox\\ttychild.exe", "raw"], tty={"columns": 93, "rows": 21})
screen = until(command, "ready")
checks.check("it has the size it was given", "size 93x21" in screen, screen)
checks.check("the cursor is where it put it", "cursor 5,3" in screen, screen)
agent.call("exec.write", commandId=command, text="x")
screen = until(command, "key 120")
checks.check("a key arrives", "key 120" in screen, screen)
refused = agent.call("exec.closeStdin", commandId=command)
checks.check("its input has no end", "error" in refused, refused)
resized = agent.call("exec.resize", commandId=command, columns=100, rows=30)
checks.check("resize is taken", "result" in resized, resized)
agent.call("exec.write", commandId=command, text="q")
screen = until(command, "<exit")
checks.check("it ends", screen.endswith("<exit 5>"), screen)

screens = {}
for how in ("neutral", "pass"):
    command = start(argv=["C:\\sandbox\\ttychild.exe", "escapes"], tty={"columns": 80, "rows": 25, "escapes": how})
    screens[how] = until(command, "<exit")
checks.check("what acts on the host's terminal is dropped", "after" in screens["neutral"] and not any(
    s in screens["neutral"] for s in ("\x1b]", "\x1bP", "\x1b[6n")), screens)
checks.check("unless it was asked for", "\x1b]52" in screens["pass"], screens)

plain = start(argv=["cmd", "/c", "set", "/p", "x="], stdin="pipe")
refused = agent.call("exec.resize", commandId=plain, columns=80, rows=25)
checks.check("no terminal, no size", refused["error"]["code"] == -32000, refused)
agent.call("exec.kill", commandId=plain, now=True)
until(plain, "<exit")

# Raw targets: no byte of them passes through JSON.
command = start(argv=["C:\\sandbox\\probe.exe", "flood", "3000000", "out"], stdout={"file": where + "\\raw.bin"})
screen = until(command, "<exit")
checks.check("output went to the file", screen == "<exit 0>" and os.path.getsize("raw.bin") == 3000000, screen)
pipe = f"sbx-raw-{os.getpid()}"
host = subprocess.Popen([os.environ["WINE"], "C:\\sandbox\\pipehost.exe", "--read", pipe], stdout=subprocess.PIPE)
host.stdout.readline()  # it listens
got = []
reader = threading.Thread(target=lambda: got.append(host.stdout.read()))
reader.start()
command = start(argv=["cmd", "/c", "echo to the pipe& echo to the host 1>&2"], stdout={"pipe": pipe})
screen = until(command, "<exit")
reader.join(60)
checks.check("output went to the pipe, the rest to the host", got and b"to the pipe" in got[0] and "to the host" in screen and
             "to the pipe" not in screen, (got, screen))
missing = agent.call("exec.start", argv=["cmd", "/c", "exit"], stdout={"pipe": pipe + "-none"})
checks.check("a pipe that is not there: nothing runs", "error" in missing, missing)
checks.check("agent ends", agent.close() == 0)
checks.end()
