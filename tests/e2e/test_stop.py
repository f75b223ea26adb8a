"""Stopping: gracefully, at once, and what systemd hears of it."""
import os
import signal
import socket
import time

from conftest import CONFIG
from sink import Sink


def test_dur_13_term_lets_a_message_in_progress_end(postern, sink):
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        c.cmd("RCPT TO:<a@example.com>")
        assert c.cmd("DATA")[0] == 354
        os.kill(postern.master_pid(), signal.SIGTERM)
        time.sleep(0.3)
        c.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        r = c.reply()
        assert r and r[0] == 250
    assert postern.proc.wait(60) == 0
    if not sink.messages:
        postern.start()
    sink.wait(1)


def test_idle_clients_are_told(postern):
    with postern.client() as c, postern.client() as deaf:
        start = time.monotonic()
        os.kill(postern.master_pid(), signal.SIGTERM)
        r = c.reply()
        assert r and r[0] == 421
        assert postern.proc.wait(60) == 0
        # not the whole grace, not even for who does not go
        assert time.monotonic() - start < 9
        assert deaf.reply()[0] == 421


def test_a_second_term_stops_at_once(postern):
    c = postern.client()
    c.cmd("MAIL FROM:<s@client.test>")
    c.cmd("RCPT TO:<a@example.com>")
    c.cmd("DATA")
    os.kill(postern.master_pid(), signal.SIGTERM)
    time.sleep(0.2)
    start = time.monotonic()
    os.kill(postern.master_pid(), signal.SIGTERM)
    assert postern.proc.wait(60) == 0
    assert time.monotonic() - start < 9     # not the grace
    c.close()


def test_systemd_hears_ready_reloading_watchdog_stopping(make_suite, folder):
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(60)
        os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"] = path, \
            "400000"
        try:
            postern = make_suite()
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        heard = []

        def until(word):
            while word not in heard:
                heard.append(s.recv(100).decode())
        until("READY=1")
        assert "WATCHDOG=1" in heard or s.recv(100) == b"WATCHDOG=1"
        heard.clear()
        os.kill(postern.master_pid(), signal.SIGHUP)
        until("RELOADING=1")
        until("READY=1")
        os.kill(postern.master_pid(), signal.SIGTERM)
        until("STOPPING=1")
        assert postern.proc.wait(60) == 0
