"""A private Postern: its folder, its configuration, its processes.

    with Suite(tmp_path, config) as postern: ...

Everything is real: the built programs, real sockets on loopback, a real
spool.  Only processes that were started here are ever ended, by pid.

A test must pass on a machine that is busy with ten other things:
    wait_for    a condition, never for a time; its limit is for failures only
    log, ask_quiet  when nothing is under way any more; log_so_far in a wait_for
    submit      a message when a program was just ended: 4xx is tried again
    deliver     what waits, now: what was just being put off is tried once more
    soon        an upper bound in seconds: one of a few tries keeps it; else
                measure time of the processor, and count a lower bound from
                before its cause
"""
import contextlib
import importlib.machinery
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import types

from ports import free_port

TOP = pathlib.Path(__file__).resolve().parents[2]
queued = types.ModuleType("queued")
importlib.machinery.SourceFileLoader(
    "queued", str(TOP / "tests/tools/queued")).exec_module(queued)
BIN = pathlib.Path(os.environ.get("POSTERN_BIN", TOP / "build/bin"))
PEERS = TOP / "build/peers/bin"
START_SECONDS = 120
QUIET_SECONDS = 0.1     # more than events are gathered for, and held
# some tests have a long form, for those who have the time
FULL = os.environ.get("POSTERN_LOAD") == "full"
ROOT_USER = os.geteuid() == 0


PROGRAMS = ("recorder", "lookupd", "keyd", "smtpd", "qmqpd", "cleanup",
            "inspect", "qmgr", "smtp", "webd")


def program(comm):
    """The program's name: the kernel keeps 15 bytes of "postern-NAME"."""
    for name in PROGRAMS:
        if ("postern-" + name)[:15] == "postern-" + comm:
            return name
    return comm


def wait_for(what, test, seconds=120, every=0.02):
    """Waits until test() is true and returns what it gave; fails otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        assert time.monotonic() < end, "gave up waiting for " + what
        time.sleep(every)


def soon(seconds, measure, tries=5):
    """True when one of a few tries takes less than that: others may have been
    held up by whatever else this machine does."""
    return any(measure() < seconds for _ in range(tries))


def wait_quiet(seconds=5):
    """Until this process and all that it started have nothing to do for a
    while: what was under way has come to its end, however busy the machine
    is.  Programs gather their events for a moment, so that moment is part of
    it.  Where something is always under way: gives up, quietly."""
    end = time.monotonic() + seconds
    since = None
    while time.monotonic() < end:
        if somebody_works():
            since = None
        elif since is None:
            since = time.monotonic()
        elif time.monotonic() - since > QUIET_SECONDS:
            return
        time.sleep(0.01)


def somebody_works():
    """A thread that runs, would like to, or waits for the disk; but us."""
    me, todo = threading.get_native_id(), [os.getpid()]
    while todo:
        folder = "/proc/%d/task" % todo.pop()
        try:
            for tid in os.listdir(folder):
                with open("%s/%s/stat" % (folder, tid)) as f:
                    state = f.read().rpartition(")")[2].split()[0]
                if state in "RD" and int(tid) != me:
                    return True
                with open("%s/%s/children" % (folder, tid)) as f:
                    todo += map(int, f.read().split())
        except OSError:
            pass                    # it has ended
    return False


class Suite:
    def __init__(self, folder, config, start=True, wrap=(), tables=None):
        self.root = pathlib.Path(folder) / "root"
        self.port = free_port()
        self.private_port = free_port()
        self.sink_port = free_port()
        self.wrap = list(wrap)
        self.proc = None
        (self.root / "etc").mkdir(parents=True)
        for p in (self.root, self.root / "etc"):
            p.chmod(0o755)
        # the programs' accounts must be able to pass through
        for p in pathlib.Path(folder).parents:
            if p.stat().st_uid == os.geteuid() and p != pathlib.Path("/"):
                with contextlib.suppress(PermissionError):
                    p.chmod(p.stat().st_mode | 0o111)
        pathlib.Path(folder).chmod(0o755)
        self.configure(config)
        for name, text in (tables or {}).items():
            self.table(name, text)
        if start:
            self.start()

    def table(self, name, text):
        """Writes a table of addresses."""
        folder = self.root / "etc/tables"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)

    def filters(self, text):
        """Writes the message filters."""
        file = self.root / "etc/filters/message_filters"
        file.parent.mkdir(exist_ok=True)
        file.parent.chmod(0o755)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(0o644)

    def configure(self, text):
        text = (text.replace("@PORT@", str(self.port))
                .replace("@PRIVATE_PORT@", str(self.private_port))
                .replace("@SINK_PORT@", str(self.sink_port)))
        path = self.root / "etc/postern.yaml"
        path.write_text(text)
        path.chmod(0o644)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- processes ---

    def start(self, expect_ready=True):
        self.out = open(self.root / "output", "ab+")
        self.mark = self.out.seek(0, os.SEEK_END)
        self.proc = subprocess.Popen(
            self.wrap + [str(BIN / "postern-master"), "--root", str(self.root)],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        if not expect_ready:
            return
        wait_for("ready", lambda: self.is_ready(), START_SECONDS)

    def is_ready(self):
        text = self.output()
        assert self.proc.poll() is None, "did not start:\n" + text
        return "\nready\n" in "\n" + text

    def output(self):
        with open(self.root / "output", "rb") as f:
            f.seek(self.mark)
            return f.read().decode(errors="replace")

    def master_pid(self):
        return int((self.root / "spool/lock").read_text())

    def stop(self, how=signal.SIGTERM, seconds=120):
        if self.proc is None or self.proc.poll() is not None:
            return
        os.kill(self.master_pid(), how)
        try:
            self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            for pid in list(self.pids().values()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.proc.kill()
            self.proc.wait()
            raise AssertionError("did not stop within %d s" % seconds)

    def pids(self):
        """{"smtpd 0": pid, ...} of the programs that run."""
        master = self.master_pid()
        out = {}
        n = {}
        for p in sorted(pathlib.Path("/proc").glob("[0-9]*"),
                        key=lambda q: int(q.name)):
            try:
                stat = (p / "stat").read_text()
                state, ppid = stat.rpartition(")")[2].split()[:2]
                name = (p / "comm").read_text().strip()
            except (OSError, ValueError):
                continue
            # one that has ended is there until the master has noticed
            if (int(ppid) == master and state != "Z" and
                    name.startswith("postern-")):
                name = program(name[len("postern-"):])
                n[name] = n.get(name, -1) + 1
                out["%s %d" % (name, n[name])] = int(p.name)
        return out

    def kill(self, name, how=signal.SIGKILL):
        pid = self.pids()[name]
        os.kill(pid, how)
        return pid

    # --- asking it ---

    def postern(self, *words, ok=(0,), text=None):
        """Runs `postern COMMAND`; returns its output."""
        r = subprocess.run([str(BIN / "postern"), "--root", str(self.root)]
                           + [str(w) for w in words],
                           input=text, capture_output=True, text=True,
                           timeout=120)
        assert r.returncode in ok, (
            "postern %s: exit %d\n%s%s" % (" ".join(map(str, words)),
                                           r.returncode, r.stdout, r.stderr))
        return r.stdout

    def ask(self, *words, ok=(0,)):
        """The same with --json, decoded."""
        return json.loads(self.postern("--json", *words, ok=ok))

    def ask_quiet(self, *words):
        """The same when all that was under way has come to its end, and is
        counted."""
        wait_quiet()
        return self.ask(*words)

    def log(self, subscription="mail_logs"):
        """All lines of the mail log, oldest first, without their prefix;
        also of what happened a moment ago."""
        wait_quiet()
        return self.log_so_far(subscription)

    def log_so_far(self, subscription="mail_logs"):
        lines = []
        for f in sorted((self.root / "log" / subscription).glob("*.@*")):
            lines += f.read_text(errors="replace").splitlines()
        return [l.split(": ", 1)[1] if ": " in l else l for l in lines]

    def wait_log(self, part, seconds=120):
        def find():
            return [l for l in self.log_so_far() if part in l]
        try:
            return wait_for("the log line %r" % part, find, seconds)
        except AssertionError as why:
            raise AssertionError("%s; the last lines:\n%s" % (
                why, "\n".join(self.log_so_far()[-30:]))) from None

    def queued(self):
        """MIDs that stand in the spool."""
        return queued.queued(self.root / "spool")

    def wait_deferred(self, mid):
        """While its file is moved it cannot be looked at."""
        wait_for("MID %d to be deferred" % mid, lambda: list(
            (self.root / "spool/deferred").glob("*/%d" % mid)))

    def wait_empty(self, seconds=120):
        wait_for("an empty queue", lambda: not self.queued(), seconds)

    def deliver(self, what, test):
        """Until test() is true all that waits is tried at once: now and then
        once more, for what was just being put off, or read."""
        def tried():
            if test():
                return True
            self.postern("delivernow", "all", ok=(0, 1, 4))
            return False
        wait_for(what, tried, every=0.5)

    # --- talking to it ---

    def client(self, port=None, **kw):
        return Client(port or self.port, **kw)

    def offer(self, port=None, **mail):
        """The last reply to one message, or what came instead of the first:
        421 also where the connection just ends."""
        try:
            with self.client(port, greet=False) as c:
                said = c.reply()
                if said and said[0] == 220:
                    said = c.cmd("EHLO client.test")
                if said and said[0] == 250:
                    said = c.mail(**mail)
                return said or (421, ["gone"])
        except ConnectionError:
            return 421, ["gone"]

    def submit(self, **mail):
        """One message, offered until it is taken; refusals are temporary."""
        def taken():
            code, text = self.offer(**mail)
            assert code == 250 or 400 <= code < 500, (code, text)
            return code == 250
        wait_for("a reply of 250", taken)


class Client:
    """Raw SMTP: sends what it is told, byte for byte; reads replies."""

    def __init__(self, port, greet=True, helo="client.test", timeout=60,
                 source=None, host="127.0.0.1"):
        self.timeout = timeout
        self.sock = socket.create_connection(
            (host, port), timeout,
            source_address=(source, 0) if source else None)
        self.file = self.sock.makefile("rb")
        self.banner = None
        if greet:
            self.banner = self.reply()
            if self.banner is None:
                raise ConnectionError("the server is gone: no greeting")
            assert self.banner[0] == 220, self.banner
            if helo:
                assert self._answer("EHLO " + helo)[0] == 250

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self):
        """(code, [line, ...]) or None at the end of the connection."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return None
            line = line.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(line[4:])
            if line[3:4] != "-":
                return int(line[:3]), lines

    def cmd(self, line):
        self.send(line.encode() + b"\r\n" if isinstance(line, str) else line)
        return self.reply()

    def mail(self, sender="s@client.test", rcpts=("r@example.com",),
             body=b"Subject: hi\r\n\r\nhello\r\n"):
        """One whole message; returns the last reply."""
        r = self._answer("MAIL FROM:<%s>" % sender)
        if r[0] != 250:
            return r
        for rcpt in rcpts:
            self._answer("RCPT TO:<%s>" % rcpt)
        r = self._answer("DATA")
        if r[0] != 354:
            return r
        return self._answer(stuff(body) + b".\r\n", "end of data")

    def _answer(self, line, what=None):
        """The reply there must be."""
        r = self.cmd(line)
        if r is None:
            raise ConnectionError("the server is gone: no reply to "
                                  + (what or line))
        return r

    def silent(self, seconds=0.3):
        """True when nothing comes for that long."""
        self.sock.settimeout(seconds)
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b"never"
        except socket.timeout:
            return True
        finally:
            self.sock.settimeout(self.timeout)

    def close(self):
        self.file.close()
        self.sock.close()


def stuff(body):
    out = b"".join(b"." + l if l.startswith(b".") else l
                   for l in body.splitlines(keepends=True))
    return out if out.endswith(b"\r\n") or not out else out + b"\r\n"


@contextlib.contextmanager
def gateway_with(config, filters, tables=None):
    """One that has message filters, with a next hop: postern.sink."""
    from sink import Sink
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    try:
        with Suite(os.path.join(folder, "s"), config, start=False,
                   tables=tables) as postern:
            postern.filters(filters)
            postern.start()
            with Sink(postern.sink_port) as sink:
                postern.sink = sink
                yield postern
    finally:
        shutil.rmtree(folder, ignore_errors=True)
