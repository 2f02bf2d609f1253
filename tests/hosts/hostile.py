"""Malformed, oversized, interleaved and hostile messages: answered by the book, and nothing runs."""
import json, random, sys, time
from rpc import Agent, Checks, programs

checks = Checks("hostile")
agent = Agent(sys.argv[1:])


def answer(line, wanted):
    agent.write(line.encode() + b"\n" if isinstance(line, str) else line + b"\n")
    message = agent.read()
    checks.check(f"{str(line)[:60]!r} -> {wanted}", (message.get("error") or {}).get("code") == wanted, message)


START = '{"jsonrpc":"2.0","id":%s,"method":"exec.start","params":{"argv":["cmd","/c","echo","ran>ran.txt"]%s}}'
answer(START % ("1", ""), -32002)  # before initialize
checks.check("initialize", "result" in agent.call("initialize", protocolVersion=1))
answer("{", -32700)
answer("nul", -32700)
answer(b"\xff\xfe\x00", -32700)
answer('{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}', -32700)
answer("[" * 200 + "]" * 200, -32700)
answer("x" * (2 << 20), -32700)
answer("[]", -32600)
answer("[" + START % ("1", "") + "]", -32600)
answer("7", -32600)
answer(START.replace("2.0", "1.0") % ("1", ""), -32600)
answer(START % ("null", ""), -32600)
answer(START % ("1.5", ""), -32600)
answer(START % ('"' + "i" * 200 + '"', ""), -32600)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.start","params":[["cmd"]]}', -32602)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.start","params":{"argv":[]}}', -32602)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.start","params":{"argv":"cmd"}}', -32602)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.start","params":{}}', -32602)
for extra in (',"wineUnconfined":true', ',"result":"C:\\\\x"', ',"dryRun":true', ',"policyy":"x"', ',"--profile":"read-only"',
              ',"profile":"everything"', ',"timeout":-1', ',"cwd":["a","b"]', ',"background":1', ',"stdout":{"file":"a","pipe":"b"}',
              ',"stdout":{"pipe":"..\\\\..\\\\x"}', ',"window":1', ',"stdin":"tty"',
              ',"tty":true', ',"ttySize":"80x25"', ',"tty":{"columns":80}', ',"tty":{"columns":0,"rows":25}',
              ',"tty":{"columns":80,"rows":25},"stdout":"none"', ',"tty":{"columns":80,"rows":25},"background":true'):
    answer(START % ("1", extra), -32602)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.Start","params":{}}', -32601)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.write","params":{"commandId":99,"text":"x"}}', -32001)
answer('{"jsonrpc":"2.0","id":1,"method":"exec.kill","params":{"commandId":99}}', -32001)
answer('{"jsonrpc":"2.0","id":1,"method":"approval.answer","params":{"approvalId":1,"choice":"once"}}', -32001)

# A notification that starts something, answers to questions nobody asked: nothing comes back, nothing runs.
agent.write((START.replace('"id":%s,', "") % "" + "\n").encode())
agent.write(b'{"jsonrpc":"2.0","id":5,"result":{"choice":"once"}}\n{"jsonrpc":"2.0","id":null,"error":{}}\n')
status = agent.call("status")
checks.check("nothing was started", status["result"]["commands"] == [], status)

# Random damage to real messages, in random portions. Every answer is JSON, and the session goes on.
random.seed(7)
good = [START % ("3", ""), '{"jsonrpc":"2.0","id":4,"method":"status"}',
        '{"jsonrpc":"2.0","id":"k","method":"exec.kill","params":{"commandId":1}}']
data = bytearray()
for _ in range(400):
    line = bytearray(random.choice(good).encode())
    line[:0] = b"{" if random.random() < 0.3 else b""
    for _ in range(random.randint(1, 5)):
        line[random.randrange(len(line))] = random.choice(b'{}[]":,\\\x00\xff\x7f019eE.-')
    if b'"cmd"' not in line and b"exec.start" not in line:
        data += line + b"\n"
while data:
    n = random.randint(1, 4000)
    agent.write(bytes(data[:n]))
    del data[:n]
agent.write(b"\n")
end = agent.call("status")
checks.check("the session goes on", end is not None and "result" in end, end)
checks.check("nothing was started by damaged messages", end["result"]["commands"] == [], end)

# Interleaved with a command that prints.
agent.send("exec.start", argv=["cmd", "/c", "for /l %i in (1,1,200) do @echo line %i"])
bad, seen, got = 0, None, ""
for _ in range(50):
    agent.write(b'{"jsonrpc":"2.0","id":"bad","method":"nope"}\n')
while seen is None or bad < 50:
    message = agent.read()
    bad += message.get("id") == "bad"
    if message.get("method") == "exec.output":
        got += message["params"].get("text", "")
    if message.get("method") == "exec.exit":
        seen = message
checks.check("a command beside bad requests is whole", seen["params"]["exitCode"] == 0 and
             got.split("\r\n")[:200] == [f"line {i}" for i in range(1, 201)], got[-300:])
checks.check("the end of input ends agent", agent.close() == 0)
time.sleep(1)
checks.check("no program is left", programs() == [], programs())
checks.end()
