"""Many messages from Postfix's smtp-source to its smtp-sink: each exactly
once.  The quick form runs always; POSTERN_LOAD=full sends 20,000."""
import collections
import pathlib
import re
import socket
import subprocess

import pytest

from conftest import CONFIG
from suite import FULL, PEERS, ROOT_USER, wait_for

N = 10 if FULL else 1
# messages, sessions, size, recipients, connection kept
RUNS = [
    (300 * N, 20, 1000, 1, False),
    (300 * N, 20, 5000, 1, True),
    (500 * N, 100, 2000, 1, False),
    (500 * N, 100, 5000, 1, True),
    (200 * N, 20, 5000, 10, True),
    (60 * N, 20, 3000, 50, True),
    (20 * N, 10, 1000000, 1, True),
    (4 * N if FULL else 4, 2, 10000000, 1, False),
]
CONFIG_BIG = CONFIG.replace("        max_rcpts_per_msg: 100\n",
                            "        max_rcpts_per_msg: 100\n"
                            "        max_message_size: 20M\n")


class SmtpSink:
    """Postfix's smtp-sink, keeping every message in a file."""

    def __init__(self, port, folder):
        self.dump = pathlib.Path(folder) / "dump"
        self.dump.mkdir()
        self.dump.chmod(0o777)      # smtp-sink will not write as root
        user = ["-u", "nobody"] if ROOT_USER else []
        self.proc = subprocess.Popen(
            [str(PEERS / "smtp-sink"), "-4", *user,
             "-d", str(self.dump) + "/m.", "127.0.0.1:%d" % port, "1024"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("smtp-sink", lambda: listens(port))

    def rcpts(self):
        out = collections.Counter()
        for f in self.dump.iterdir():
            head = f.read_bytes().split(b"\n\n", 1)[0]
            out.update(re.findall(rb"^X-Rcpt-Args: <([^>]*)>", head, re.M))
        return out

    def close(self):
        self.proc.terminate()
        self.proc.wait(60)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


@pytest.mark.parametrize("run", RUNS, ids=lambda r: "%d-%ds-%db-%dr-%s" % (
    r[0], r[1], r[2], r[3], "reuse" if r[4] else "new"))
def test_none_lost_none_doubled(make_suite, folder, run):
    n, sessions, size, rcpts, reuse = run
    postern = make_suite(CONFIG_BIG)
    sink = SmtpSink(postern.sink_port, folder)
    try:
        cmd = [str(PEERS / "smtp-source"), "-4", "-N", "-M", "client.test",
               "-f", "s@client.test", "-t", "r@example.com",
               "-l", str(size), "-m", str(n), "-s", str(sessions),
               "-r", str(rcpts)] + (["-d"] if reuse else []) + [
                   "127.0.0.1:%d" % postern.port]
        r = subprocess.run(cmd, capture_output=True, text=True, timeout=300)
        assert r.returncode == 0, r.stderr[-500:]
        postern.wait_empty(120)
        got = sink.rcpts()
        assert sum(got.values()) == n * rcpts
        assert set(got.values()) == {1}
    finally:
        sink.close()
