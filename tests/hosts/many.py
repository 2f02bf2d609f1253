"""Many commands at once, each with a lot of output: many.py COMMANDS MIB agent.exe serve ..."""
import base64
import hashlib
import sys
import threading
import time
from rpc import Agent, Checks

commands, mib = int(sys.argv[1]), int(sys.argv[2])
checks = Checks(f"{commands} commands of {mib} MiB")
agent = Agent(sys.argv[3:])
agent.call("initialize", protocolVersion=1)
peak = 0


def memory():
    """
    Private memory of agent.exe in KiB. Wine gives every thread a region of 2 MiB: the upper half is the thread's stack
    and counts as far as it is used; the lower half is the stack of Wine's own Unix side, which stands for the kernel and
    is touched from end to end before the thread begins (pagemap shows one run of 241 pages): that is not the program's.
    """
    global peak
    while agent.process.poll() is None:
        total, size = 0, 0
        try:
            with open(f"/proc/{agent.process.pid}/pagemap", "rb", 0) as pages:
                for line in open(f"/proc/{agent.process.pid}/smaps"):
                    if line.split("-")[0].isalnum() and "-" in line.split(" ")[0]:
                        end = int(line.split(" ")[0].split("-")[1], 16)
                    if line.startswith("Size:"):
                        size = int(line.split()[1])
                    elif line.startswith("Anonymous:") and size in STACKS:
                        pages.seek((end - (1 << 20)) // 4096 * 8)
                        total += 4 * sum(entry >> 7 for entry in pages.read(256 * 8)[7::8])  # bit 63: present
                    elif line.startswith("Anonymous:"):
                        total += int(line.split()[1])
        except (OSError, IndexError):
            pass
        peak = max(peak, total)
        time.sleep(0.5)


STACKS = (2040, 2048)  # KiB, with and without the guard pages
threading.Thread(target=memory, daemon=True).start()
begun, ids = time.time(), []
for i in range(commands):
    # a slow one among them: 64 KiB on their way, and nobody says that they were dealt with before the end
    options = {"window": 65536} if i == 0 else {}
    ids.append(agent.send("exec.start", argv=["C:\\sandbox\\probe.exe", "flood", str(mib << 20), "out"], **options))
names, sizes, sums, ends, seqs, slow = {}, {}, {}, {}, {}, None
held_back = None
while len(ends) < commands:
    message = agent.read()
    if message is None:
        break
    if message.get("id") in ids:
        names[message["result"]["commandId"]] = message["id"]
        slow = message["result"]["commandId"] if message["id"] == ids[0] else slow
        continue
    params = message.get("params", {})
    if message.get("method") == "exec.output" and params["stream"] == "stdout":
        data = params["text"].encode() if "text" in params else base64.b64decode(params["base64"])
        which = params["commandId"]
        sizes[which] = sizes.get(which, 0) + len(data)
        sums.setdefault(which, hashlib.sha256()).update(data)
        if params["seq"] != seqs.get(which, 0):
            checks.check("sequence numbers", False, params["seq"])
        seqs[which] = params["seq"] + 1
        if which == slow and held_back is not None:
            agent.send("exec.ack", commandId=slow, bytes=len(data))
    elif message.get("method") == "exec.exit":
        ends[params["commandId"]] = params
        if len(ends) == commands - 1 and slow not in ends:  # the others are through: now the slow one is read
            held_back = sizes.get(slow, 0)
            agent.send("exec.ack", commandId=slow, bytes=held_back)
took = time.time() - begun
checks.check("every command ended", len(ends) == commands, len(ends))
checks.check("every exit code is 0", all(e["exitCode"] == 0 for e in ends.values()), [e["exitCode"] for e in ends.values()])
checks.check("every byte came", all(s == mib << 20 for s in sizes.values()) and len(sizes) == commands, sizes)
checks.check("all got the same", len({s.hexdigest() for s in sums.values()}) == 1)
checks.check("the one that was not read was held back, and only it", held_back is not None and held_back <= 65536 + 32768,
             held_back)
checks.check(f"agent's memory stayed below 64 MiB ({peak // 1024} MiB)", 0 < peak < 64 * 1024, peak)
print(f"# {commands * mib} MiB in {took:.1f} s")
checks.check("agent ends", agent.close() == 0)
checks.end()
