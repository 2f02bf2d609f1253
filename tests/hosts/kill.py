"""A host that dies at a random moment: kill.py TIMES agent.exe serve ...

Each time agent.exe loses its host (or is killed itself) while commands start, run and end; every fourth time it is killed
while it creates a runner. Afterwards no program of the session is left, not even one that has not run an instruction.
"""
import os, random, sys, time
from rpc import Agent, Checks, programs


def wait_for_birth(seconds):
    """Until a process of command-runner.exe exists: its creator is inside CreateProcess then, and is killed there."""
    end = time.time() + seconds
    old = set(os.listdir("/proc"))
    while time.time() < end:
        for pid in filter(str.isdigit, set(os.listdir("/proc")) - old):
            try:
                if b"command-runner" in open(f"/proc/{pid}/cmdline", "rb").read():
                    return
            except OSError:
                pass


times = int(sys.argv[1])
checks = Checks(f"{times} deaths")
random.seed(int(time.time()) if "--random" in sys.argv else 11)
left, began = [], 0
for i in range(times):
    agent = Agent(sys.argv[2:])
    deadline = time.time() + random.choice((0.0, 0.2, 0.5, 1.0, 2.0)) * random.random()
    agent.send("initialize", protocolVersion=1)
    for _ in range(3):
        agent.send("exec.start", argv=["cmd", "/c", "set", "/p", "x="], stdin="pipe")
    agent.send("exec.start", argv=["C:\\sandbox\\probe.exe", "flood", "100000000", "out"])
    if i % 4 == 3:
        wait_for_birth(2)
    else:
        time.sleep(max(0, deadline - time.time()))
    if i % 4 == 0:  # more than is dealt with before the end is noticed
        line = b'{"jsonrpc":"2.0","id":7,"method":"exec.start","params":{"argv":["cmd","/c","exit"],"profile":"none"}}\n'
        agent.write(line * 300)
    if i % 2:
        agent.process.kill()  # agent itself, with no chance to do anything
    agent.process.stdout.close()
    agent.process.stdin.close()  # what the system does for a host that dies
    try:
        agent.process.wait(60)
    except Exception:
        left.append(f"round {i}: agent did not end")
        agent.process.kill()
    end = time.time() + 30
    while programs() and time.time() < end:
        time.sleep(0.1)
    left += [f"round {i}: {p}" for p in programs()]
    for line in programs():
        os.kill(int(line.split()[0]), 9)  # the next rounds are about others
    began += 1
    if began % 20 == 0:
        print(f"# {began} rounds, {len(left)} left", flush=True)
checks.check("all rounds ran", began == times, began)
checks.check("no program is left", left == [], left[:5])
checks.end()
