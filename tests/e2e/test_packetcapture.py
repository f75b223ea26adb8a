"""`packetcapture`: what it writes, how much, for how long, and what the
program that does it may do.

On the loopback device, as root; without CAP_NET_RAW there is only to see that
it says so.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import pytest

import pcaps
from conftest import CONFIG
from ports import free_port
from suite import BIN, ROOT_USER, Suite, wait_for
from terminal import Terminal
from test_sandbox import status as proc_status

NET_RAW = 13
CAPABLE = int(proc_status(os.getpid())["CapEff"], 16) >> NET_RAW & 1
needs_right = pytest.mark.skipif(
    not CAPABLE, reason="CAP_NET_RAW is missing here: nothing can be captured")
MIB = 1 << 20


@pytest.fixture(scope="module")
def one():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-capture.",
                                           dir="/var/tmp"))
    s = Suite(folder, CONFIG)
    yield s
    s.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postern(one):
    yield one
    if state(one)["running"]:
        one.postern("packetcapture", "stop", ok=(0, 1))
    for f in json.loads(one.postern("--json", "packetcapture",
                                    "files"))["files"]:
        one.postern("packetcapture", "delete", f["file"])
    one.postern("clearchanges", "--yes")


def state(s):
    return json.loads(s.postern("--json", "packetcapture", "status"))


def refused(s, *words):
    """What it says, without doing it."""
    r = subprocess.run([BIN / "postern", "--root", s.root, "packetcapture",
                        *words], capture_output=True, text=True, timeout=60)
    assert r.returncode in (1, 4) and r.stdout == "", r
    return r.stderr


def begin(s, **settings):
    s.postern("packetcapture", "setup",
              *["%s=%s" % kv for kv in settings.items()])
    s.postern("packetcapture", "start", "--detached")
    return state(s)["file"]


def parts(s, name):
    return sorted((s.root / "spool/captures").glob(name + ".*"))


def taken(s, name):
    total = 0
    for p in parts(s, name):
        try:
            total += p.stat().st_size
        except FileNotFoundError:   # it has just gone
            pass
    return total


def fetch(s, name):
    path = s.root / "fetched"
    s.postern("packetcapture", "download", name, str(path))
    return path


def capture_pid(s):
    """Of the program that captures for that master."""
    master = s.master_pid()
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            fields = proc_status(int(status.parent.name))
        except OSError:         # it has just ended
            continue
        if (fields["Name"], int(fields["PPid"])) == ("postern-capture",
                                                     master):
            return int(status.parent.name)
    raise AssertionError("no capture runs")


def shark(path, *words):
    """Lines of what tshark makes of it."""
    r = subprocess.run(["tshark", "-r", str(path), *words],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    return r.stdout.splitlines()


class Datagrams:
    """Numbered, to a port of loopback where nobody reads."""

    def __init__(self):
        self.port, self.n = free_port(), 0
        self.to = ("127.0.0.1", self.port)
        self.reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.reader.bind(self.to)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.filter = "udp and dst port %d" % self.port

    def send(self, n, size=100):
        for _ in range(n):
            self.sock.sendto(struct.pack(">I", self.n).ljust(size, b"."),
                             self.to)
            self.n += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        self.reader.close()


def numbers(path):
    """Of the datagrams in a capture: Ethernet, IPv4 and UDP headers off."""
    link, packets = pcaps.read(path)
    assert link == pcaps.ETHERNET
    return [struct.unpack(">I", p[42:46])[0] for _, p in packets]


def counted(s, n):
    """All n packets were written, or dropped by the kernel."""
    j = state(s)
    return j if j["packets"] + j["dropped"] == n else None


@needs_right
def test_nothing_is_lost_that_was_not_dropped(postern):
    with Datagrams() as d:
        name = begin(postern, filter=d.filter)
        d.send(30000)
        j = wait_for("all packets", lambda: counted(postern, d.n))
        assert j["size"] == 24 + j["packets"] * (16 + 142)
    last = json.loads(postern.postern("--json", "packetcapture", "stop"))
    assert not last["running"] and last["packets"] == j["packets"]
    got = numbers(fetch(postern, name))
    assert len(got) == j["packets"]
    assert got == sorted(set(got))
    assert len(got) > 1000


@needs_right
def test_the_ring_keeps_to_its_size(postern):
    """Twenty times round."""
    most = 0
    with Datagrams() as d:
        name = begin(postern, filter=d.filter, max_size="1M")
        for _ in range(210):
            d.send(70, size=1400)
            wait_for("the packets", lambda: counted(postern, d.n)
                     if d.n % 700 == 0 else True)
            most = max(most, taken(postern, name))
        j = wait_for("all packets", lambda: counted(postern, d.n))
    assert j["packets"] * 1458 > 20 * MIB
    postern.postern("packetcapture", "stop")
    assert 0.8 * MIB < most <= MIB
    files = parts(postern, name)
    assert len(files) == 10 and taken(postern, name) <= MIB
    listed = json.loads(postern.postern("--json", "packetcapture", "files"))
    assert [(f["file"], f["parts"], f["size"]) for f in listed["files"]] == [
        (name, 10, taken(postern, name))]
    # the newest are there, without a hole but for what was dropped
    path = fetch(postern, name)
    got = numbers(path)
    assert got == sorted(set(got)) and got[-1] == d.n - 1 - (
        j["dropped"] if got[-1] != d.n - 1 else 0)
    assert got[-1] - got[0] + 1 - len(got) <= j["dropped"]
    assert len(shark(path, "-T", "fields", "-e", "frame.number")) == len(got)


@needs_right
def test_it_ends_when_it_is_full_or_its_time_is_over(postern):
    with Datagrams() as d:
        name = begin(postern, filter=d.filter, max_size="1M",
                     when_full="stop")
        d.send(1000, size=1400)
        wait_for("the end", lambda: not state(postern)["running"])
        assert 0.9 * MIB < taken(postern, name) <= MIB
        assert numbers(fetch(postern, name))[0] == 0
        name = begin(postern, filter=d.filter, when_full="rotate",
                     duration="4s")
        n = d.n
        d.send(10)
        wait_for("the end", lambda: not state(postern)["running"])
        assert numbers(fetch(postern, name)) == list(range(n, n + 10))
    wait_for("the log", lambda: "Packet capture %s: ended\n" % name in "".join(
        f.read_text() for f in (postern.root / "log/mail_logs").glob("*.@*")))


@needs_right
def test_a_session_is_there_as_it_was(postern):
    name = begin(postern, filter="tcp port %d" % postern.port)
    with postern.client() as c:
        c.mail(body=b"Subject: seen\r\n\r\nfrom outside\r\n")
    wait_for("the end of the connection", lambda: state(postern)["packets"]
             >= 15)
    postern.postern("packetcapture", "stop")
    commands = shark(fetch(postern, name), "-d",
                     "tcp.port==%d,smtp" % postern.port, "-Y",
                     "smtp.req.command", "-T", "fields", "-e",
                     "smtp.req.command")
    assert [c.split(",")[0].upper()[:4] for c in commands][:4] == [
        "EHLO", "MAIL", "RCPT", "DATA"]


@needs_right
def test_predefined_filters(postern):
    begin(postern, ports="25,587", clients="192.0.2.1,2001:db8::1",
          servers="198.51.100.2")
    assert state(postern)["filter"] == (
        "(tcp port 25 or tcp port 587) and (host 192.0.2.1 or host "
        "2001:db8::1 or host 198.51.100.2)")


@needs_right
def test_one_at_a_time_and_right_filters_only(postern):
    out = refused(postern, "setup", "filter=tcp prt 25")
    assert out == ('The filter "tcp prt 25" is wrong: can\'t parse filter '
                   "expression: syntax error\n")
    # the rest is seen at the start
    postern.postern("packetcapture", "setup", "filter=tcp port 99999")
    out = refused(postern, "start", "--detached")
    assert out == ('The filter "tcp port 99999" is wrong: illegal port number '
                   "99999 > 65535\n")
    assert not state(postern)["running"]
    postern.postern("packetcapture", "setup", "size=300")
    assert state(postern)["settings"]["max_size"] == 300 * MIB
    postern.postern("packetcapture", "setup", "size=300M", ok=(2,))
    name = begin(postern, filter="")
    out = refused(postern, "start", "--detached")
    assert out == "A packet capture is already running.\n"
    out = refused(postern, "delete", name)
    assert out == "That capture is running; stop it first.\n"


def test_what_would_not_fit_does_not_begin(postern):
    big = postern.root / "spool/captures/old.0"
    with open(big, "wb") as f:
        f.truncate(1900 * MIB)
    try:
        out = refused(postern, "start", "--detached")
        assert out == ("Captures take 1900 of 2048 MB, and this one may take "
                       "200: delete some, or raise their quota "
                       "(diskquotaconfig).\n")
        use = postern.ask("diskquotaconfig", "print")["captures"]
        assert use == {"used": 1900 * MIB, "quota": 2048 * MIB}
        assert postern.postern("diskquotaconfig", "set", "captures", "1") == (
            "Warning: 1900 MB are taken already: no capture begins before "
            "some are deleted.\nThe working copy was changed; commit to put "
            "it in force.\n")
    finally:
        postern.postern("diskquotaconfig", "set", "captures", "2")
        big.unlink()


@needs_right
def test_it_ends_with_its_shell_unless_detached(postern):
    prompt = "mx.postern.test> "
    with Terminal(postern, prompt=prompt) as t:
        t.expect(prompt)
        t.say("packetcapture start")
        t.expect("Success - Packet Capture has started\n")
        t.expect(prompt)
        assert state(postern)["running"]
        t.say("exit")
        wait_for("the end", lambda: not state(postern)["running"])
    with Terminal(postern, prompt=prompt) as t:
        t.expect(prompt)
        t.say("packetcapture start --detached")
        t.expect(prompt)
        t.say("exit")
        t.proc.wait(60)
    assert state(postern)["running"]


@needs_right
def test_it_ends_with_its_command(postern):
    p = subprocess.Popen([BIN / "postern", "--root", postern.root,
                          "packetcapture", "start"], stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, text=True)
    assert p.stdout.readline() == "Success - Packet Capture has started\n"
    assert state(postern)["running"]
    p.kill()
    p.wait()
    wait_for("the end", lambda: not state(postern)["running"])
    # and the command with the capture
    p = subprocess.Popen([BIN / "postern", "--root", postern.root,
                          "packetcapture", "start"], stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, text=True)
    assert p.stdout.readline() == "Success - Packet Capture has started\n"
    postern.postern("packetcapture", "stop")
    assert p.communicate(timeout=60)[0].endswith(
        "The packet capture has ended.\n")
    assert p.returncode == 0


@needs_right
def test_the_dialogue(postern):
    with Terminal(postern, "packetcapture") as t:
        t.expect("Status:             No capture running\n")
        t.expect("- START - Start packet capture")
        t.expect("[]> ")
        t.say("setup")
        t.answer(
            ("\nEnter the maximum size of the file in MB.\n[200]> ", "2M"),
            ("Please enter a number between 1 and 1048576.\n"
             "Enter the maximum size of the file in MB.\n[200]> ", "2"),
            ("\nDo you want to stop the capture when that size is reached? If "
             "not, the oldest tenth is deleted and the capture goes on. "
             "[N]> ", ""),
            ("\nHow long shall a capture last? A number of seconds, or one "
             "with s, m, h or d; 0: until it is stopped.\n[0]> ", ""),
            ("\nChoose the interfaces to capture. Separate multiple choices "
             "with commas.\n1. Loopback (127.0.0.1/8: mx.postern.test)\n"
             "[1]> ", "2"),
            ("Please enter a number between 1 and 1.\n[1]> ", ""))
        for _ in range(3):
            t.expect("none: any.\n[]> ")
            t.say("")
        for answer in ("tcp port", "CLEAR"):
            t.expect("to clear the filter.\n")
            t.say(answer)
        t.expect("[]> ")
        t.say("start")
        t.expect("Success - Packet Capture has started\n")
        t.expect("- STOP - Stop packet capture")
        t.expect("[]> ")
        j = state(postern)
        assert (j["max_size"], j["filter"]) == (2 * MIB, "")
        t.say("stop")
        t.expect("Success - Packet Capture has stopped\n")
        t.expect("- START - Start packet capture")
        t.expect("[]> ")
        t.say("")
        assert t.proc.wait(60) == 0


@needs_right
@pytest.mark.skipif(not ROOT_USER, reason="accounts of their own from root "
                    "only")
def test_the_program_is_confined(postern):
    begin(postern)
    pid = capture_pid(postern)
    s = proc_status(pid)
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2"
    for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"):
        assert int(s[kind], 16) == 0, kind
    ids = s["Uid"].split()
    assert len(set(ids)) == 1 and ids[0] != "0"
    assert s["Groups"].strip() == ""
    assert os.readlink("/proc/%d/root" % pid) == str(postern.root / "empty")
    folder = str(postern.root / "spool/captures")
    sockets = 0
    for fd in os.listdir("/proc/%d/fd" % pid):
        link = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        sockets += link.startswith("socket:")
        assert link.startswith((folder, "socket:", "anon_inode:", "pipe:")) or (
            link == "/dev/null" or link.endswith("/output")), link
    assert sockets == 2     # the device, and the channel to the master


@needs_right
def test_it_ends_with_the_gateway(make_suite):
    postern = make_suite()
    for how in (signal.SIGTERM, signal.SIGKILL):
        with Datagrams() as d:
            name = begin(postern, filter=d.filter)
            d.send(50)
            wait_for("the packets", lambda: counted(postern, d.n))
            pid = capture_pid(postern)
            postern.stop(how)
            wait_for("the end", lambda: not os.path.exists("/proc/%d" % pid))
            assert numbers(fetch(postern, name)) == list(range(50))
        for other in list(postern.pids().values()):
            wait_for("them all", lambda: not os.path.exists(
                "/proc/%d" % other))
        postern.start()


@pytest.mark.skipif(not ROOT_USER, reason="only root can take rights away")
def test_without_the_right_it_says_so(make_suite):
    postern = make_suite(CONFIG, start=False)
    postern.wrap = ["setpriv", "--bounding-set", "-net_raw"]
    postern.start()
    out = refused(postern, "start", "--detached")
    assert "needs the capability CAP_NET_RAW" in out


def test_nothing_but_networks_is_captured(tmp_path):
    """libpcap knows devices that are none: what is typed at a keyboard."""
    here, there = socket.socketpair()
    with here, there:
        p = subprocess.Popen(
            [BIN / "postern-capture", "--folder", tmp_path, "--name", "x",
             "--size", str(MIB), "Keys=usbmon0"],
            preexec_fn=lambda: os.dup2(there.fileno(), 3), close_fds=False)
        assert p.wait(20) == 0
        assert b'there is no network interface "usbmon0"' in here.recv(4096)
    assert list(tmp_path.iterdir()) == []
