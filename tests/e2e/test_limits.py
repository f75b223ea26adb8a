"""Exhaustion (threats 3.5): one client, or three hundred of them, want all
there is.  Each test ends with an ordinary client being served.

More of LIM-01, -04 and -07 is in test_receiving.py, LIM-11 in test_idle.py.
"""
import contextlib
import hashlib
import itertools
import os
import pathlib
import re
import socket
import statistics
import threading
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import ROOT_USER, soon, wait_for

NO_LIMITS = CONFIG.replace("        max_rcpts_per_msg: 100\n",
                           "        max_rcpts_per_msg: unlimited\n")
HASTY = CONFIG.replace("  max_connections: 2000\n",
                       "  max_connections: 2000\n"
                       "  command_timeout: 3\n"
                       "  data_timeout: 3\n")
LARGE = CONFIG.replace("        max_rcpts_per_msg: 100\n",
                       "        max_message_size: 200M\n")
MB = 1 << 20


def memory(postern, kinds=("smtpd", "cleanup", "qmgr", "smtp")):
    """Bytes of their own of these programs."""
    total = 0
    for name, pid in postern.pids().items():
        if name.split()[0] in kinds:
            text = pathlib.Path("/proc/%d/status" % pid).read_text()
            total += int(re.search(r"^RssAnon:\s+(\d+)", text, re.M).group(1))
    return total * 1024


def cpu(postern):
    """Seconds that all programs have worked: that other programs work as well
    does not count."""
    return sum(cpu_of(pid) for pid in postern.pids().values())


def cpu_of(pid):
    f = pathlib.Path("/proc/%d/stat" % pid).read_text()
    return (sum(map(int, f.rpartition(")")[2].split()[11:13]))
            / os.sysconf("SC_CLK_TCK"))


def served(postern):
    """Seconds that an ordinary client needs for a message."""
    start = time.monotonic()
    with postern.client() as c:
        assert c.mail()[0] == 250
    return time.monotonic() - start


def closed(c):
    try:
        return c.reply() is None
    except ConnectionError:
        return True


def push(c, data):
    with contextlib.suppress(ConnectionError, socket.timeout):
        c.send(data)


def begin(c, params=""):
    assert c.cmd("MAIL FROM:<s@client.test>" + params)[0] == 250
    assert c.cmd("RCPT TO:<r@example.com>")[0] == 250
    assert c.cmd("DATA")[0] == 354


def gone(c, seconds):
    """Waits for the other side's end, and returns what it still said."""
    c.sock.settimeout(seconds)
    out = b""
    with contextlib.suppress(ConnectionError):
        while True:
            data = c.sock.recv(65536)
            if not data:
                break
            out += data
    return out


def drafts(postern):
    """Files of messages; where a sink takes all mail they are drafts."""
    return len(postern.queued())


def files(postern):
    """But for the counts of hosts, which are written when there are some."""
    return sum(not name.startswith(".hosts")
               for _, _, names in os.walk(postern.root / "spool")
               for name in names)


def nameless(postern):
    """Files of the spool that cleanup has open and that have no name."""
    found = []
    for name, pid in postern.pids().items():
        folder = "/proc/%d/fd" % pid
        # only root is told
        if not ROOT_USER or not name.startswith("cleanup"):
            continue
        for fd in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                path = os.readlink("%s/%s" % (folder, fd))
                if ("/spool/incoming/" in path and
                        os.stat("%s/%s" % (folder, fd)).st_nlink == 0):
                    found.append(path)
    return found


# --- LIM-01 ---

@pytest.mark.parametrize("length", [513, 4096, 60000])
def test_lim_01_long_line_is_refused_and_forgotten(postern, length):
    served(postern)
    before = memory(postern, ("smtpd",))
    with postern.client() as c:
        for _ in range(10):
            assert c.cmd(b"NOOP " + b"x" * (length - 7) + b"\r\n")[0] == 500
        assert c.cmd("NOOP")[0] == 250
    assert memory(postern, ("smtpd",)) - before < MB


# --- LIM-02 ---

HEADERS = {
    "field of 128 KiB": b"X: " + b"a" * 131072 + b"\r\n",
    "header of 1 MiB and 1": b"".join(
        b"X-%d: %s\r\n" % (i, b"a" * 90000) for i in range(12)),
    "5,001 fields": b"X: a\r\n" * 5001,
    "100,000 one-byte fields": b"a:\r\n" * 100000,
    "fold of 1,000,000 lines": b"X: a\r\n" + b" b\r\n" * 1000000,
}


@pytest.mark.parametrize("case", HEADERS)
def test_lim_02_header_too_large(postern, sink, case):
    served(postern)
    before = memory(postern)
    with postern.client() as c:
        begin(c)
        c.send(HEADERS[case] + b"\r\nbody\r\n.\r\n")
        code, text = c.reply()
        assert code == 552 and text[0].startswith("5.3.4"), (code, text)
        assert c.mail()[0] == 250
    assert memory(postern) - before < 4 * MB
    postern.wait_empty()


def test_lim_02_header_just_allowed(postern, sink):
    head = b"X: a\r\n" * 4990 + b"Y: " + b"b" * 100000 + b"\r\n"
    with postern.client() as c:
        assert c.mail(body=head + b"\r\nbody\r\n")[0] == 250
    assert sink.wait(1)[0].body.endswith(head + b"\r\nbody\r\n")


# --- LIM-03 ---

class CountingSink(Sink):
    """Keeps no content: only its size and digest."""

    def _session(self, c, f):
        c.sendall(b"220 sink.test ESMTP\r\n")
        while True:
            line = f.readline(4096)
            if not line:
                return
            if not line.upper().startswith(b"DATA"):
                c.sendall(b"250 ok\r\n")
                continue
            c.sendall(b"354 go ahead\r\n")
            digest, size, tail = hashlib.sha256(), 0, b""
            while not tail.endswith(b"\r\n.\r\n"):
                data = tail + f.read1(1 << 18)
                digest.update(data[:-5])
                size += len(data[:-5])
                tail = data[-5:]
            c.sendall(b"250 ok\r\n")
            self.messages.append((size, digest.hexdigest()))


def test_lim_03_body_line_of_100_mb(make_suite):
    postern = make_suite(LARGE)
    piece = bytes(range(97, 123)) * 2520        # 65,520 bytes
    n = 1600
    with CountingSink(postern.sink_port) as sink:
        served(postern)
        sink.wait(1)
        before = most = memory(postern)
        body = hashlib.sha256()
        with postern.client() as c:
            begin(c)
            c.send(b"Subject: long\r\n\r\n")
            body.update(b"Subject: long\r\n\r\n")
            for i in range(n):
                c.send(piece)
                body.update(piece)
                if i % 100 == 0:
                    most = max(most, memory(postern))
            c.send(b"\r\n.\r\n")
            assert c.reply()[0] == 250
        wait_for("the delivery", lambda: len(sink.messages) == 2)
        most = max(most, memory(postern))
        # one Received field more
        size = sink.messages[1][0]
        assert 0 < size - n * len(piece) - 17 < 400
    print("memory for 100 MB: %d KiB more" % ((most - before) // 1024))
    assert most - before < 8 * MB


# --- LIM-04 ---

def test_lim_04_declared_size_is_not_believed(make_suite):
    postern = make_suite(CONFIG.replace(
        "        max_rcpts_per_msg: 100\n",
        "        max_message_size: 1M\n"))
    line = b"x" * 62 + b"\r\n"
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<s@client.test> SIZE=%d" % (MB + 1))[0] == 552
        begin(c, " SIZE=1")
        c.send(line * (MB // 64))
        wait_for("a draft on the disk", lambda: drafts(postern) == 1)
        c.send(line)
        wait_for("it is gone", lambda: drafts(postern) == 0)
        c.send(b".\r\n")
        assert c.reply()[0] == 552
        begin(c, " SIZE=1")
        push(c, line * (MB // 64) * 3)
        assert c.reply()[0] == 421
        assert closed(c)
    wait_for("that one, too", lambda: drafts(postern) == 0)
    served(postern)


# --- LIM-05 ---

def rcpts(c, addresses):
    """Says them all at once; counts the replies by code."""
    codes = {}
    data = b"".join(b"RCPT TO:<%s>\r\n" % a for a in addresses)
    n = data.count(b"\r\n")
    sender = threading.Thread(target=push, args=(c, data))
    sender.start()
    for _ in range(n):
        reply = c.reply()
        if reply is None:
            break
        codes[reply[0]] = codes.get(reply[0], 0) + 1
    sender.join()
    return codes


def test_lim_05_recipients_over_the_limit(postern, sink):
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        codes = rcpts(c, [b"a%d@example.com" % i for i in range(101)])
        assert codes == {250: 100, 452: 1}
        assert c.cmd("RCPT TO:<z@example.com>")[1][0].startswith("4.5.3")
        assert c.cmd("DATA")[0] == 354
        c.send(b"Subject: x\r\n\r\n.\r\n")
        assert c.reply()[0] == 250
    wait_for("all of them", lambda: len(sink.rcpts()) == 100)
    # refused ones leave the room to others
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert rcpts(c, [b"a@other.test"] * 200) == {550: 200}
        assert c.cmd("RCPT TO:<a@example.com>")[0] == 250


@pytest.mark.parametrize("form", [b"a%d@example.com", b"same@example.com",
                                  b"a%d@other.test"])
def test_lim_05_100000_recipients_under_5_s(make_suite, form):
    postern = make_suite(NO_LIMITS)
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        every = [form % i if b"%" in form else form for i in range(100001)]
        start = cpu(postern)
        codes = rcpts(c, every[:50000])
        half = cpu(postern) - start
        more = rcpts(c, every[50000:])
        whole = cpu(postern) - start
        codes = {k: codes.get(k, 0) + more.get(k, 0)
                 for k in {**codes, **more}}
        print("100,000 RCPT: %.2f s, the first half %.2f s" % (whole, half))
        if b"other" in form:
            assert codes == {550: 100001}
        else:
            assert codes == {250: 100000, 452: 1}
        # a tenth of a second says nothing about the growth
        assert whole < 5 and whole < max(4 * half, 2)
        start = cpu(postern)
        assert c.cmd("RSET")[0] == 250
        assert cpu(postern) - start < 1
    served(postern)


# --- LIM-06 ---

def test_lim_06_300_slow_drips_and_a_normal_client(make_suite):
    """A deadline is for a line or a block; single bytes do not move it."""
    postern = make_suite(HASTY)
    served(postern)
    slow, began = [], {}
    for n in range(300):
        now = time.monotonic()      # its time runs from a moment after that
        c = postern.client()
        if n >= 150:
            begin(c)
        c.sock.setblocking(False)
        slow.append(c)
        began[c] = now
    start = time.monotonic()
    over, times = {}, []
    while len(over) < len(slow) and time.monotonic() - start < 60:
        for c in slow:
            if c in over:
                continue
            try:
                c.sock.send(b"x")
                data = c.sock.recv(1000)
                over[c] = time.monotonic() - began[c]
                assert not data or data.startswith(b"421 4.4.2"), data
            except BlockingIOError:
                pass
            except ConnectionError:
                over[c] = time.monotonic() - began[c]
        times.append(served(postern))
        time.sleep(0.3)
    assert statistics.median(times) < 1, times
    assert len(over) == len(slow), len(over)
    print("drips ended after %.1f to %.1f s; a message took at most %.3f s"
          % (min(over.values()), max(over.values()), max(times)))
    # with a byte each 0.3 s none of them would have ended at all
    assert 2.9 < min(over.values())
    for c in slow:
        c.close()


# --- LIM-07 ---

@pytest.mark.long
def test_lim_07_who_never_reads_is_closed_at_the_time_out(make_suite):
    postern = make_suite(HASTY)
    served(postern)
    before = memory(postern, ("smtpd",))
    with postern.client() as c:
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.cmd("MAIL FROM:<s@client.test>")
        c.sock.settimeout(1)
        push(c, b"RCPT TO:<v@other.test>\r\n" * 400_000)
        assert memory(postern, ("smtpd",)) - before < 4 * MB
        served(postern)
        status = postern.ask("status")

        def dropped():
            return gauge(postern, "inbound_conn") == 0
        assert status
        wait_for("the end of the deaf one", dropped)


def gauge(postern, name):
    text = postern.postern("--json", "status", "detail")
    m = re.search(r'"(?:current_)?%s[a-z_.]*": *(-?\d+)' % name, text)
    assert m, text
    return int(m.group(1))


def test_lim_07_100000_noop_without_reading(postern):
    served(postern)
    before = memory(postern, ("smtpd",))
    with postern.client() as c:
        push(c, b"NOOP\r\n" * 100_000)
        assert memory(postern, ("smtpd",)) - before < 4 * MB
        assert soon(1, lambda: served(postern))
        assert gone(c, 60).count(b"\r\n") <= 102


# --- LIM-08 ---

def test_lim_08_descriptors_run_out(make_suite):
    limit = 450
    postern = make_suite(CONFIG + "system: {workers: 1}\n", start=False)
    postern.wrap = ["prlimit", "--nofile=%d:%d" % (limit, limit)]
    postern.start()
    pid = postern.pids()["smtpd 0"]
    held, codes = [], []
    start = time.monotonic()
    for _ in range(limit + 20):
        c = postern.client(greet=False)
        held.append(c)
        code, text = c.reply()
        codes.append(code)
        if code == 421:
            assert text[0].startswith("4.4.5"), text
    assert set(codes) == {220, 421} and codes.count(421) >= 20
    assert time.monotonic() - start < 30    # refused at once
    postern.wait_log("no file descriptors left")
    start = cpu_of(pid)
    time.sleep(1)
    assert cpu_of(pid) - start < 0.2    # it does not go round in circles
    for c in held:
        c.close()

    def again():
        with contextlib.suppress(AssertionError):
            return served(postern) < 5
    wait_for("ordinary service", again)


@pytest.mark.parametrize("setting, text", [
    ("  max_connections: 10\n", "421"),
    ("    max_concurrency: 10\n", "421")])
def test_lim_08_connections_have_limits(make_suite, setting, text):
    key = setting.split(":")[0]
    config = re.sub("^%s: \\d+\n" % key, setting, CONFIG, count=1, flags=re.M)
    assert config != CONFIG
    postern = make_suite(config)
    held = [postern.client() for _ in range(10)]
    for _ in range(5):
        with postern.client(greet=False) as c:
            code, lines = c.reply()
            assert code == 421 and lines[0].startswith("4.4.5"), lines
            assert closed(c)
    for c in held:
        c.close()

    def again():
        with contextlib.suppress(AssertionError):
            return served(postern) < 5
    wait_for("room", again)


# --- LIM-09 ---

@pytest.mark.parametrize("lines, most", [
    (["BOGUS"], 20), (["MAIL FROM:"], 20), (["RCPT TO:<a@b>"], 20),
    (["NOOP"], 101), (["RSET"], 101), (["VRFY x"], 101), (["HELP"], 101),
    (["EHLO client.test"], 101),
    (["MAIL FROM:<s@client.test>", "RSET"], 202)])
def test_lim_09_junk(postern, lines, most):
    with postern.client() as c:
        n = 0
        for line in itertools.cycle(lines):
            code, _ = c.cmd(line)
            n += 1
            if code == 421:
                break
            assert n <= most, "%d times %s" % (n, lines)
        assert closed(c)
    served(postern)


def test_lim_09_good_messages_make_good(postern, sink):
    with postern.client() as c:
        for _ in range(30):
            for _ in range(15):
                assert c.cmd("NOOP")[0] == 250
                assert c.cmd("BOGUS")[0] == 500
            assert c.mail()[0] == 250


# --- LIM-10 ---

def test_lim_10_10000_aborted_data(postern, sink):
    served(postern)
    sink.wait(1)
    before, mem = files(postern), memory(postern)
    large = b"x" * 998 + b"\r\n"
    for i in range(10000):
        with postern.client(greet=False) as c:
            c.reply()
            c.send(b"HELO client.test\r\n")
            c.reply()
            c.send(b"MAIL FROM:<s@client.test>\r\n"
                   b"RCPT TO:<r@example.com>\r\n")
            c.reply()
            c.reply()
            c.send(b"DATA\r\n")
            assert c.reply()[0] == 354
            # one in a hundred is large enough to be on the disk
            c.send(large * (100 if i % 100 == 0 else 1))
    wait_for("all drafts gone", lambda: drafts(postern) == 0)
    wait_for("no file more", lambda: files(postern) == before)
    # what has no name yet is there for as long as somebody has it open
    wait_for("nobody to have one open", lambda: not nameless(postern))
    assert memory(postern) - mem < 8 * MB
    assert soon(1, lambda: served(postern))


# --- LIM-13 ---

def colliding(n):
    """Names that are all the same to djb2: 33 * a + r == 33 * c + 0."""
    for bits in itertools.islice(itertools.product((b"ar", b"c0"), repeat=17),
                                 n):
        yield b"".join(bits)


def test_lim_13_names_that_collide(make_suite):
    """20,000 destinations: as fast as when they have random names."""
    postern = make_suite(NO_LIMITS)
    n = 20000
    postern.postern("suspenddel", "0")

    def took(names):
        start = cpu(postern)
        with postern.client(postern.private_port) as c:
            c.cmd("MAIL FROM:<s@client.test>")
            codes = rcpts(c, [b"r@%s.test" % a for a in names])
            assert codes == {250: n}
            assert c.cmd("DATA")[0] == 354
            c.send(b"Subject: x\r\n\r\n.\r\n")
            code, text = c.reply()
            assert code == 250
        mid = re.search(r"Message (\d+)", text[0]).group(1)
        postern.wait_log("MID %s queued for delivery" % mid)
        wait_for("an answer of qmgr",
                 lambda: postern.postern("tophosts"), 60, 0.01)
        return cpu(postern) - start

    plain = took([hashlib.sha256(b"%d" % i).hexdigest()[:34].encode()
                  for i in range(n)])
    bad = took(list(colliding(n)))
    print("%d destinations: %.2f s, colliding %.2f s" % (n, plain, bad))
    assert bad < 2 * plain + 0.5
    served(postern)


# --- LIM-14 ---

@pytest.mark.parametrize("line, what, told", [
    (b"RCPT TO:<v@other.test>\r\n", "Rejected by RAT", "refused recipients"),
    (b"RCPT TO:<a b@example.com>\r\n", "nvalid", "invalid addresses")])
def test_lim_14_a_refusal_per_rcpt_does_not_fill_the_log(
        postern, line, what, told):
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        n = 0
        for _ in range(50):
            # a good one between them, or there are too many bad in a row
            c.send((line * 10 + b"RCPT TO:<r@example.com>\r\n"))
            for _ in range(11):
                c.reply()
            n += 10
            if n % 90 == 0:
                c.cmd("RSET")
                c.cmd("MAIL FROM:<s@client.test>")
        c.cmd("QUIT")
    count = postern.wait_log("more %s not logged" % told)
    lines = [l for l in postern.log() if what in l]
    assert 1 <= len(lines) <= 32, len(lines)
    assert int(re.search(r"(\d+) more", count[0]).group(1)) >= n - 32
