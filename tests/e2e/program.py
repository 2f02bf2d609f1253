"""A Windows program under Wine whose output is kept in files.

Wine starts helpers (explorer.exe) on behalf of a program, and they keep its standard error: whoever
reads a pipe to its end waits for them too, and one that never goes would hang the test.
"""

import ctypes
import subprocess
import tempfile

# Without randomised addresses, like scripts/wine, and for its reason: of a few thousand starts of a program some fail
# (1359). ADDR_NO_RANDOMIZE is inherited; where it is not allowed, nothing changes.
ctypes.CDLL(None).personality(0x0040000)


class Program:
    def __init__(self, command, keep=True, together=False, **options):
        """keep: remember what it prints. together: standard error goes into the same text."""
        self.out = tempfile.TemporaryFile() if keep else subprocess.DEVNULL
        self.err = subprocess.STDOUT if together else tempfile.TemporaryFile() if keep else subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, **options)

    @staticmethod
    def text(file):
        if isinstance(file, int):
            return ""
        file.seek(0)
        return file.read().decode(errors="replace").replace("\r", "")

    def end(self, timeout):
        """Exit code, standard output, standard error. Killed after timeout seconds, with a code like a signal's."""
        try:
            code = self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9, self.text(self.out), self.text(self.err) + f"\nkilled after {timeout} s"
        return code, self.text(self.out), self.text(self.err)

    def kill(self):
        self.process.kill()  # Wine's loader is the Windows process
        self.process.wait()
