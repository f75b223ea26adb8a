"""Real scanners on ports of their own: spamd, rspamd, clamd.

    with Spamd(folder) as spamd:
        spamd.port

The samples that they find are made of halves, so that no file of ours is one.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import urllib.request

from ports import free_port
from suite import wait_for

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + \
    b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + \
    b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Scanner:
    """A process of its own group, so that its children end with it."""

    def __init__(self, folder, name):
        self.port = free_port()
        self.folder = pathlib.Path(folder) / ("%s-%d" % (name, self.port))
        self.folder.mkdir()
        self.log = open(self.folder / "log", "wb")
        self.proc = subprocess.Popen(
            self.command(), stdout=self.log, stderr=self.log,
            start_new_session=True)
        wait_for(name, self.answers, seconds=180)

    def answers(self):
        assert self.proc.poll() is None, \
            (self.folder / "log").read_text(errors="replace")[-2000:]
        try:
            return self.ping()
        except OSError:
            return False

    def say(self, request):
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            return s.recv(1000)

    def signal(self, how):
        os.killpg(self.proc.pid, how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for how in (signal.SIGCONT, signal.SIGTERM):
            self.signal(how)
        try:
            self.proc.wait(60)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.proc.wait()
        self.log.close()


class Spamd(Scanner):
    def __init__(self, folder):
        super().__init__(folder, "spamd")

    def command(self):
        return ["/usr/sbin/spamd", "-L", "-x", "-m", "1", "-i", "127.0.0.1",
                "-p", str(self.port), "-s", "stderr"]

    def ping(self):
        return b"PONG" in self.say(b"PING SPAMC/1.5\r\n\r\n")


class Rspamd(Scanner):
    def __init__(self, folder):
        super().__init__(folder, "rspamd")

    def command(self):
        d = self.folder
        (d / "rspamd.conf").write_text(f"""
options {{ pidfile = "{d}/pid"; url_tld = "/usr/share/rspamd/effective_tld_names.dat";
    dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }}
    allow_raw_input = true; disable_hyperscan = true; control_socket = "{d}/control mode=0600"; }}
logging {{ type = "console"; level = "warning"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
worker "normal" {{ bind_socket = "127.0.0.1:{self.port}"; count = 1; }}
""")
        return ["/usr/bin/rspamd", "-f", "-i", "-c", str(d / "rspamd.conf"),
                "--var", "DBDIR=" + str(d)]

    def ping(self):
        url = "http://127.0.0.1:%d/ping" % self.port
        return b"pong" in urllib.request.urlopen(url, timeout=30).read()

    def check(self, message):
        url = "http://127.0.0.1:%d/checkv2" % self.port
        return json.load(urllib.request.urlopen(url, message, timeout=60))


class Clamd(Scanner):
    def __init__(self, folder):
        super().__init__(folder, "clamd")

    def command(self):
        d = self.folder
        db = d / "db"
        db.mkdir()
        (db / "test.ndb").write_text(
            "Eicar-Test-Signature:0:*:%s\n" % EICAR.hex())
        (d / "clamd.conf").write_text(f"""\
DatabaseDirectory {db}
TCPSocket {self.port}
TCPAddr 127.0.0.1
Foreground yes
AlertEncrypted yes
AlertExceedsMax yes
MaxThreads 4
TemporaryDirectory {d}
""")
        return ["/usr/sbin/clamd", "-c", str(d / "clamd.conf")]

    def ping(self):
        return b"PONG" in self.say(b"zPING\0")
