#!/usr/bin/python3
"""What tools for the queue cost, beside those of Postfix.

    queue_beside.py [MESSAGES]  (20000)

So many messages, each with a recipient, wait at both, one server after the
other; then the queue is listed, sent elsewhere, and deleted. CPU is that of
all processes of a server, the tool included, and goes on until nothing of it
is left to do. Needs root, and smtp-source; Postfix is found on the PATH.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from delivery import Cpu, Postern, Postfix, Shape, fill  # noqa: E402
from suite import BIN, wait_for                          # noqa: E402

DOMAINS = 10
# what it does; Postern's words, Postfix's; files there are after it
TOOLS = (
    ("list all", ["showrecipients", "all"], ["postqueue", "-p"], 1),
    ("send all elsewhere", ["redirectrecipients", "standby.test"],
     ["postsuper", "-r", "ALL"], 1),
    ("delete all", ["deleterecipients", "all"],
     ["postsuper", "-d", "ALL"], 0),
)


def run(server, cpu, words):
    """Until it answers, and until it is quiet: CPU and time."""
    used, at = cpu.seconds(), time.monotonic()
    subprocess.run(cpu.wrap + words, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=600)
    return cpu.seconds() - used, time.monotonic() - at, used


def settled(cpu):
    """Less than a hundredth of a core for a second."""
    before = cpu.seconds()
    time.sleep(1)
    return cpu.seconds() - before < 0.01


def measure(make, folder, cpu, n):
    shape = Shape(DOMAINS, False, 1)
    server = make(folder, shape, cpu)
    try:
        fill(server, shape, n)
        wait_for("quiet", lambda: settled(cpu), 300)
        for what, ours, theirs, left in TOOLS:
            if make is Postern:
                words = [str(BIN / "postern"), "--root",
                         str(server.suite.root), *ours]
            else:
                words = [theirs[0], "-c", str(folder), *theirs[1:]]
            used, took, before = run(server, cpu, words)
            wait_for("all of it", lambda: server.queued() == left * n, 300,
                     0.2)
            wait_for("quiet", lambda: settled(cpu), 300)
            print("| %s | %s | %.2f | %.2f | %.2f |" % (
                what, server.name, used, took, cpu.seconds() - before),
                flush=True)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench.", dir="/var/tmp"))
    folder.chmod(0o755)
    cpu = Cpu()
    try:
        print("| %d messages | server | CPU s | s | CPU s, until all is done |"
              "\n|---|---|---|---|---|" % n)
        for make in (Postern, Postfix):
            measure(make, folder / make.name, cpu, n)
    finally:
        cpu.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
