"""
The second and later commands of a session against a bare process: second.py PAIRS agent.exe serve ...

Prints the median of wall(exec.start until exec.exit) / wall(the same command without a sandbox), in alternating pairs.
"""
import os
import statistics
import subprocess
import sys
import time
from rpc import Agent

pairs, argv = int(sys.argv[1]), ["cmd", "/c", "exit"]
agent = Agent(sys.argv[2:])
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


def bare():
    begun = time.perf_counter()
    subprocess.run([os.environ["WINE"], *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


for _ in range(3):
    bare()
    boxed()
ratios, reused, walls = [], 0, []
for _ in range(pairs):
    b = bare()
    s, ready = boxed()
    ratios.append(s / b)
    walls.append((b, s))
    reused += ready
agent.call("shutdown")
print(f"# bare {statistics.median(b for b, _ in walls) * 1000:.0f} ms, in the session "
      f"{statistics.median(s for _, s in walls) * 1000:.0f} ms, spare runner used {reused} of {pairs}", file=sys.stderr)
print(f"{statistics.median(ratios):.4f}")
