"""
The second and later commands of a session against the same command without a sandbox:
second.py PAIRS resident.exe agent.exe serve ...

Prints two medians of wall(exec.start until exec.exit) / wall(without), over rounds in which the three take turns:
  1. against a resident host (tests/probe/resident.c), a Windows program that runs the command with pipes and
     CREATE_NO_WINDOW and answers a line with a line. That is what `serve` takes the place of: both sides have a program
     that is there already, a child of a Windows process, and a console host that Windows (and Wine) starts beside a
     console program that may not share a console.
  2. against `wine cmd` from here: a process that Unix starts, without a Windows parent and without a console of its
     own. On Windows no command of a host is started like that. The console host and the way through CreateProcess are
     part of the difference, and no part of the sandbox.
"""
import os
import statistics
import subprocess
import sys
import time
from rpc import Agent

pairs, argv = int(sys.argv[1]), ["cmd", "/c", "exit"]
host = subprocess.Popen([os.environ["WINE"], sys.argv[2]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
agent = Agent(sys.argv[3:])
agent.call("initialize", protocolVersion=1)


def boxed():
    begun = time.perf_counter()
    agent.send("exec.start", argv=argv)
    end = agent.until(lambda m: m.get("method") == "exec.exit")
    took = time.perf_counter() - begun
    if end["params"]["exitCode"] != 0:
        sys.exit(f"second.py: {end}")
    time.sleep(0.2)  # what a host does with an answer; a new spare runner is ready then
    return took, end["params"]["result"]["reused"]["runner"]


def resident():
    begun = time.perf_counter()
    host.stdin.write((" ".join(argv) + "\n").encode())
    host.stdin.flush()
    answer = host.stdout.readline().strip()
    took = time.perf_counter() - begun
    if answer != b"0":
        sys.exit(f"second.py: the resident host says {answer}")
    time.sleep(0.2)
    return took


def bare():
    begun = time.perf_counter()
    subprocess.run([os.environ["WINE"], *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


walls, reused = [], 0
for i in range(3 + pairs):
    r, (s, ready), b = resident(), boxed(), bare()
    if i >= 3:
        walls.append((r, s, b))
        reused += ready
agent.call("shutdown")
host.stdin.close()
ms = [statistics.median(column) * 1000 for column in zip(*walls)]
print(f"# resident host {ms[0]:.0f} ms, in the session {ms[1]:.0f} ms, wine cmd {ms[2]:.0f} ms, "
      f"spare runner used {reused} of {pairs}", file=sys.stderr)
print(f"{statistics.median(s / r for r, s, _ in walls):.4f} {statistics.median(s / b for _, s, b in walls):.4f}")
