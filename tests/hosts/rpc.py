"""What the tests of `agent serve` share: one process, lines in and out, checks that are counted."""
import json, os, subprocess, sys, threading, time


class Agent:
    def __init__(self, argv, **options):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.last = 0

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method, **params):
        self.last += 1
        self.write((json.dumps({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}) + "\n").encode())
        return self.last

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def until(self, wanted):
        """The first message for which wanted(message) holds; None at the end."""
        while (message := self.read()) is not None:
            if wanted(message):
                return message

    def call(self, method, **params):
        number = self.send(method, **params)
        return self.until(lambda m: "method" not in m and m.get("id") == number)

    def close(self, seconds=60):
        self.process.stdin.close()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


class Checks:
    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def check(self, what, held, got=None):
        self.passed += bool(held)
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.passed + self.failed} - {self.name}: {what}"
              + ("" if held else f"  # {str(got)[:600]}"), flush=True)
        return held

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed, 0 skipped")
        sys.exit(1 if self.failed else 0)


def programs():
    """Programs of the tested prefix that are no service of Wine: what a command could leave behind."""
    prefix, found = os.environ["WINEPREFIX"], []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = open(f"/proc/{pid}/environ", "rb").read()
            command = open(f"/proc/{pid}/cmdline", "rb").read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"WINEPREFIX={prefix}\0".encode() in environ and any(
                name in command for name in ("agent.exe", "command-runner", "probe.exe", "cmd.exe", "cmd ")):
            if any(name in command for name in ("python", "bash", "timeout", "node")):
                continue
            # Wine, killed between fork and the new process's first word to its server: the server has ended the process, and
            # does not know this loader, which waits for an answer. There is no Windows process.
            if command.startswith(os.environ["WINE"] + " command-runner"):
                os.kill(int(pid), 9)
                continue
            found.append(f"{pid} {command}")
    return found
