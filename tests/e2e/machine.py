"""A machine for set-up's end-to-end rows: an ntwine prefix, its state as text, and ways to damage it."""

import hashlib
import json
import os
import re
import shutil
import subprocess

from program import Program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SD = "user.ntwine.sd"
EVENTLOG = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application"
USERLIST = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"


class Machine:
    """One prefix. Programs are copied into a folder of the user, from which set-up may run."""

    def __init__(self, platform, prefix, programs, elevated=True):
        self.prefix = prefix
        self.platform = platform
        environment = dict(os.environ)
        if elevated:
            environment["NTWINE_ELEVATED"] = "1"
        subprocess.run([f"{ROOT}/scripts/wine", "up", platform, prefix], check=True, env=environment,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        lines = subprocess.run(["bash", "-c", f'eval "$({ROOT}/scripts/wine env {prefix})"; env -0'],
                               check=True, stdout=subprocess.PIPE).stdout
        self.environment = dict(pair.split("=", 1) for pair in lines.decode().split("\0") if "=" in pair)
        self.drive = f"{prefix}/drive_c"
        users = [name for name in os.listdir(f"{self.drive}/users") if name != "Public"]
        self.user = users[0]
        self.dist = f"{self.drive}/users/{self.user}/dist"
        os.makedirs(self.dist, exist_ok=True)
        for name in ("sandbox-setup.exe", "command-runner.exe", "sandbox-events.dll", "agent.exe"):
            shutil.copy(f"{programs}/{name}", self.dist)
        self.program = f"{self.drive}/Program Files/AgentSandbox"
        self.data = f"{self.drive}/ProgramData/AgentSandbox"

    def down(self):
        subprocess.run([f"{ROOT}/scripts/wine", "down", self.prefix, "--remove"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wine(self, *arguments, fail=None, timeout=120):
        """Exit code and output of a Windows program."""
        environment = dict(self.environment)
        if fail:
            environment["NTWINE_FAIL"] = fail
        code, output, _ = Program([environment["WINE"], *arguments], together=True, env=environment).end(timeout)
        return code, output

    def forget_calls(self):
        open(f"{self.prefix}/ntwine-calls.jsonl", "w").close()

    def setup(self, *arguments, folder=None, **options):
        self.forget_calls()
        folder = folder or f"C:\\users\\{self.user}\\dist"
        return self.wine(f"{folder}\\sandbox-setup.exe", *arguments, **options)

    # --- the state as text ---

    def records(self):
        path = f"{self.prefix}/ntwine-state.json"
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            found = re.findall(r'^  (\{"kind": .*\}),?$', file.read(), re.M)
        return [line for line in found if not line.startswith('{"kind": "machine"')]

    def files(self):
        """Path, kind, content hash and descriptor of everything below Program Files and ProgramData."""
        lines = []
        for top in ("Program Files", "ProgramData"):
            for folder, folders, names in os.walk(f"{self.drive}/{top}"):
                for name in sorted(folders) + sorted(names):
                    path = f"{folder}/{name}"
                    content = "folder"
                    if os.path.isfile(path):
                        with open(path, "rb") as file:
                            content = hashlib.sha256(file.read()).hexdigest()
                    try:
                        descriptor = os.getxattr(path, SD).hex()
                    except OSError:
                        descriptor = "none"
                    lines.append(f"{path[len(self.drive):]} {content} {descriptor}")
        return lines

    def userlist(self):
        _, output = self.wine("reg", "query", USERLIST, "/s")
        return [line for line in output.splitlines() if "SpecialAccounts" in line or "AgentSandbox" in line]

    def sources(self):
        """All there is of event sources, as reg.exe says it."""
        code, output = self.wine("reg", "query", EVENTLOG, "/s")
        assert code == 0, output
        return [line for line in output.splitlines() if line.strip()]

    def source(self):
        """The values of ours, name -> (type, text); None without the key."""
        found, inside = None, False
        for line in self.sources():
            if line.startswith("HKEY"):
                inside = line.endswith("\\AgentSandbox")
                found = {} if inside else found
            elif inside:
                name, kind, value = line.split(None, 2)
                found[name] = kind, value
        return found

    def state(self, registry=True):
        return "\n".join(sorted(self.records()) + self.files() +
                         (self.userlist() + self.sources() if registry else []))

    # --- the event log ---

    def events(self):
        """What was written to the Windows Event Log since the calls were last forgotten."""
        with open(f"{self.prefix}/ntwine-calls.jsonl", encoding="utf-8", errors="surrogateescape") as file:
            return [json.loads(line) for line in re.findall(r'^(\{"kind": "event".*\})$', file.read(), re.M)]

    def steps(self):
        """Name -> state, as `status --json` says."""
        code, output = self.setup("status", "--json")
        assert code == 0, output
        return {step["name"]: step["state"] for step in json.loads(output)["steps"]}

    # --- damage ---

    def edit(self, change):
        """Rewrite the doubles' state: change(record as dict) -> dict, or None to drop it."""
        path = f"{self.prefix}/ntwine-state.json"
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        out = []
        for line in text.splitlines():
            match = re.match(r'^  (\{"kind": .*\})(,?)$', line)
            if match and '"kind": "machine"' not in line:
                record = change(json.loads(match.group(1)))
                if record is None:
                    continue
                line = "  " + json.dumps(record, ensure_ascii=False) + match.group(2)
            out.append(line)
        text = "\n".join(out) + "\n"
        text = re.sub(r",\n\]", "\n]", text)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)

    def descriptor(self, path, sddl):
        subprocess.run([f"{os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(self.environment['WINE'])))))}/setsd",
                        path, sddl], check=True)


class Snapshot:
    """What set-up changes, to be put back without running it."""

    def __init__(self, machine, folder):
        self.machine, self.folder = machine, folder
        self.state = machine.state()
        os.makedirs(folder)
        for path, name in self.trees():
            if os.path.exists(path):
                subprocess.run(["cp", "-a", "--reflink=auto", path, f"{folder}/{name}"], check=True)
        if os.path.exists(self.records()):
            shutil.copy(self.records(), f"{folder}/records")
        self.registry = [line.split()[0] for line in machine.userlist() if "REG_DWORD" in line]
        self.source = machine.source()

    def trees(self):
        return (self.machine.program, "program"), (self.machine.data, "data")

    def records(self):
        return f"{self.machine.prefix}/ntwine-state.json"

    def put_back(self):
        for path, name in self.trees():
            shutil.rmtree(path, ignore_errors=True)
            if os.path.exists(f"{self.folder}/{name}"):
                subprocess.run(["cp", "-a", "--reflink=auto", f"{self.folder}/{name}", path], check=True)
        if os.path.exists(f"{self.folder}/records"):
            shutil.copy(f"{self.folder}/records", self.records() + ".put")
            os.replace(self.records() + ".put", self.records())
        elif os.path.exists(self.records()):
            os.remove(self.records())
        text = f"REGEDIT4\n\n[-{USERLIST}\\SpecialAccounts]\n\n[-{EVENTLOG}\\AgentSandbox]\n\n"
        if self.registry:
            text += f"[{USERLIST}\\SpecialAccounts\\UserList]\n"
            text += "".join(f'"{name}"=dword:00000000\n' for name in self.registry)
        if self.source:
            text += f"\n[{EVENTLOG}\\AgentSandbox]\n"
            for name, (kind, value) in self.source.items():
                quoted = '"' + value.replace("\\", "\\\\") + '"'
                text += f'"{name}"=' + (f"dword:{int(value, 0):08x}" if kind == "REG_DWORD" else quoted) + "\n"
        text = text.replace("HKLM", "HKEY_LOCAL_MACHINE")
        with open(f"{self.machine.drive}/put.reg", "w") as file:
            file.write(text)
        code, output = self.machine.wine("reg", "import", "C:\\put.reg")
        os.remove(f"{self.machine.drive}/put.reg")
        assert code == 0, output
