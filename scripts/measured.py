"""A command as a process of its own: what it printed, how it ended, what it took."""
import os
import subprocess
import sys
import tempfile
import time


def measured(command, **environment):
    """Runs a command to its end: {status, out, errors, wall, cpu: seconds, peak: bytes of resident memory}."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | environment)
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return {"status": child.returncode, "out": out, "errors": errors.read()[-2000:], "wall": wall,
                "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}
