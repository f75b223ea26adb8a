"""The receiving side where sockets matter: limits, refusals, lost peers."""
import contextlib
import os
import signal
import socket
import time

import pytest

from conftest import CONFIG
from suite import wait_for

SMALL = CONFIG.replace("        max_concurrency: 1000\n",
                       "        max_concurrency: 3\n"
                       "        max_message_size: 64K\n")


def begin(c):
    c.send(b"MAIL FROM:<s@client.test>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n")
    assert [c.reply()[0] for _ in range(3)] == [250, 250, 354]


def push(c, data):
    """Sends what the other side may not want to the end."""
    with contextlib.suppress(ConnectionError, socket.timeout):
        c.send(data)


def closed(c):
    try:
        return c.reply() is None
    except ConnectionError:
        return True


def worker_kb(postern):
    total = 0
    for name, pid in postern.pids().items():
        if name.startswith("smtpd"):
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(l.split()[1]) for l in f
                             if l.startswith("VmRSS"))
    return total


def test_lim_01_line_without_end(make_suite):
    postern = make_suite(CONFIG)
    before = worker_kb(postern)
    with postern.client() as c:
        push(c, b"x" * 5_000_000)
        code, text = c.reply()
        assert code == 421, text
        assert closed(c)
    assert worker_kb(postern) - before < 2000
    with postern.client() as c:
        assert c.mail()[0] == 250


def test_lim_04_size(make_suite):
    postern = make_suite(SMALL)
    line = b"x" * 62 + b"\r\n"
    with postern.client() as c:
        begin(c)
        c.send(line * 1024 + b".\r\n")
        assert c.reply()[0] == 250
        begin(c)
        c.send(line * 1025 + b".\r\n")
        assert c.reply()[0] == 552
        assert c.cmd("RCPT TO:<r@example.com>")[0] == 503
        begin(c)
        push(c, line * 4096)
        assert c.reply()[0] == 421
        assert closed(c)
    # nobody is there to take it
    wait_for("the first one alone", lambda: len(postern.queued()) == 1)


def test_concurrency_of_one_host(make_suite):
    postern = make_suite(SMALL)
    held = [postern.client() for _ in range(3)]
    with postern.client(greet=False) as c:
        code, text = c.reply()
        assert (code, text) == (
            421, ["4.4.5 Too many connections from your host"])
    held.pop().close()

    def room():
        with postern.client(greet=False) as other:
            return other.reply()[0] == 220
    wait_for("room for another", room)
    for c in held:
        c.close()


def test_refused_without_a_word(make_suite):
    postern = make_suite(CONFIG.replace(
        "        - name: ALL\n          policy: $ACCEPTED\n",
        "        - name: GONE\n          policy: TCPREFUSE\n"
        "          entries: 127.0.0.7\n"
        "        - name: ALL\n          policy: $ACCEPTED\n"))
    with socket.socket() as s:
        s.bind(("127.0.0.7", 0))
        s.settimeout(60)
        with pytest.raises(ConnectionResetError):
            s.connect(("127.0.0.1", postern.port))
            assert s.recv(100) == b""
            raise AssertionError("closed, not reset")
    postern.wait_log("ICID 0 TCPREFUSE SG GONE match 127.0.0.7")
    with postern.client() as c:
        assert c.mail()[0] == 250


def test_smg_06_content_before_354(make_suite):
    postern = make_suite(CONFIG)
    with postern.client() as c:
        c.send(b"MAIL FROM:<s@client.test>\r\nRCPT TO:<r@example.com>\r\n"
               b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
        assert [c.reply()[0] for _ in range(3)] == [250, 250, 554]
        assert closed(c)
    postern.wait_empty()


def test_lim_07_replies_not_read(make_suite):
    postern = make_suite(CONFIG)
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        c.sock.settimeout(1)
        before = worker_kb(postern)
        push(c, b"RCPT TO:<v@other.test>\r\n" * 400_000)
        assert worker_kb(postern) - before < 4000
        with postern.client() as other:
            assert other.mail()[0] == 250


def test_suspend_ends_conversations_in_time(make_suite):
    postern = make_suite(CONFIG)
    with postern.client() as idle, postern.client() as busy:
        begin(busy)
        start = time.monotonic()
        postern.postern("suspendlistener", "InboundMail", "1")
        assert busy.reply()[0] == 421
        assert idle.reply()[0] == 421
        assert 0.5 < time.monotonic() - start < 30
        with pytest.raises(ConnectionRefusedError):
            postern.client()
    postern.postern("resumelistener", "InboundMail")

    def again():
        with contextlib.suppress(ConnectionRefusedError):
            with postern.client() as c:
                return c.mail()[0] == 250
    wait_for("the listener", again)


def test_a_lost_cleanup_costs_one_reply(make_suite):
    postern = make_suite(CONFIG)
    with postern.client() as c:
        begin(c)
        c.send(b"Subject: x\r\n\r\n")
        time.sleep(0.2)
        for name, pid in postern.pids().items():
            if name.startswith("cleanup"):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        c.send(b"x\r\n.\r\n")
        assert c.reply()[0] == 451
        wait_for("another cleanup", lambda: c.mail()[0] == 250)


@pytest.mark.parametrize("kind,counted", [
    ("sinkhole-queue", (1, 2, 1)), ("sinkhole-noqueue", (0, 2, 0))])
def test_what_sinkholes_count(make_suite, kind, counted):
    """One writes and then drops, the other does not keep anything; neither
    delivers (docs/decisions/rewriting.md)."""
    postern = make_suite(CONFIG.replace("type: private", "type: " + kind))

    def count():
        c = postern.ask_quiet("status", "detail")["counters"]
        return tuple(c[k]["lifetime"] for k in (
            "messages_received", "recipients_received", "dropped_messages",
            "connections_out"))

    with postern.client(postern.private_port) as c:
        assert c.mail(rcpts=["a@x.test", "b@y.test"])[0] == 250
    postern.wait_log("Message finished MID 1 done")
    wait_for("the counters", lambda: count() == counted + (0,))
    postern.wait_empty()
