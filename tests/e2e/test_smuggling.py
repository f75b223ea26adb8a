"""Only CR LF . CR LF ends a message (threats 3.1), seen from both sides."""
import os
import signal
import time

import pytest

from conftest import CONFIG
from sink import Sink

SEQUENCES = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "LF.CR": b"\n.\r",
    "CR.CR": b"\r.\r", "CR.LF": b"\r.\n", "CR.CRLF": b"\r.\r\n",
    "CRLF.LF": b"\r\n.\n", "CRLF.CR": b"\r\n.\r",
    "CRLF.CRCRLF": b"\r\n.\r\r\n", "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "CRLF NUL.CRLF": b"\r\n\0.\r\n", "CRLF.NUL CRLF": b"\r\n.\0\r\n",
    "CRLF SP.CRLF": b"\r\n .\r\n", "CRLF.SP CRLF": b"\r\n. \r\n",
    "LF NUL.CRLF": b"\n\0.\r\n",
}
SECOND = (b"MAIL FROM:<evil@client.test>\r\nRCPT TO:<victim@example.com>\r\n"
          b"DATA\r\nSubject: smuggled\r\n\r\nx\r\n")
# sequences that are ordinary text hold no lone CR, LF or NUL
PLAIN = {"CRLF SP.CRLF", "CRLF.SP CRLF"}
CLEAN = CONFIG.replace("    port: @PORT@\n",
                       "    port: @PORT@\n    bare_newline: clean\n")


def begin(postern):
    c = postern.client()
    assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
    assert c.cmd("RCPT TO:<r@example.com>")[0] == 250
    assert c.cmd("DATA")[0] == 354
    return c


@pytest.mark.parametrize("mode", ["reject", "clean"])
def test_smg_01_nothing_else_ends_the_data(make_suite, mode):
    postern = make_suite(CLEAN if mode == "clean" else CONFIG)
    with Sink(postern.sink_port) as sink:
        want = 0
        clients = {name: begin(postern) for name in SEQUENCES}
        for name, c in clients.items():
            c.send(b"Subject: %s\r\n\r\nbefore" % name.encode()
                   + SEQUENCES[name] + SECOND)
        time.sleep(0.3)
        for name, c in clients.items():
            assert c.silent(0.01), name
            c.send(b"\r\n.\r\n")
            code, text = c.reply()
            if mode == "clean" or name in PLAIN:
                assert code == 250, (name, code, text)
                want += 1
            else:
                assert code == 554, (name, code, text)
                assert "5.6.0" in text[0], name
            assert c.cmd("NOOP")[0] == 250
            assert c.silent(0.01), name
            c.close()
        sink.wait(want)
        postern.wait_empty()
        assert len(sink.messages) == want
        assert all(m.rcpts == ["r@example.com"] for m in sink.messages)
        assert not [l for l in postern.log() if "victim" in l]


def test_smg_02_a_line_that_becomes_a_dot_is_stuffed(make_suite):
    postern = make_suite(CLEAN)
    with Sink(postern.sink_port) as sink:
        with begin(postern) as c:
            c.send(b"Subject: x\r\n\r\na\n.\nb\r\n.\r\n")
            assert c.reply()[0] == 250
        m = sink.wait(1)[0]
        assert m.raw.endswith(b"\r\n\r\na\r\n..\r\nb\r\n")


def test_smg_06_content_before_354_is_refused(postern, sink):
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        c.cmd("RCPT TO:<r@example.com>")
        c.send(b"DATA\r\nSubject: early\r\n\r\nx\r\n.\r\n")
        assert c.reply()[0] == 554
        assert c.reply() is None
    postern.wait_empty()


def test_smg_06_the_next_transaction_may_follow_the_end_at_once(postern,
                                                                 sink):
    with begin(postern) as c:
        c.send(b"Subject: 1\r\n\r\nx\r\n.\r\n"
               b"MAIL FROM:<s@client.test>\r\n"
               b"RCPT TO:<r@example.com>\r\nDATA\r\n")
        assert [c.reply()[0] for _ in range(4)] == [250, 250, 250, 354]
        c.send(b"Subject: 2\r\n\r\ny\r\n.\r\n")
        assert c.reply()[0] == 250
    sink.wait(2)


def test_smg_07_talking_before_the_greeting(postern, sink):
    # while smtpd stands still the kernel takes connection and data
    pids = [p for n, p in postern.pids().items() if n.startswith("smtpd")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        c = postern.client(greet=False)
        c.send(b"EHLO x\r\n")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    with c:
        code, text = c.reply()
        assert code == 554 and text[0].startswith("5.5.0 "), (code, text)
        assert c.reply() is None
    postern.wait_log("Client spoke before the greeting")
    with postern.client() as c:
        assert c.mail()[0] == 250


def test_smg_09_chunking(postern, sink):
    with postern.client() as c:
        c.send(b"MAIL FROM:<s@client.test>\r\nRCPT TO:<r@example.com>\r\n"
               b"BDAT 14\r\nSubject: x\r\n\r\nBDAT 7 LAST\r\nhello\r\n")
        assert [c.reply()[0] for _ in range(4)] == [250] * 4
        c.cmd("MAIL FROM:<s@client.test>")
        c.cmd("RCPT TO:<r@example.com>")
        assert c.cmd(b"BDAT 4\r\nabcd")[0] == 250
        assert c.cmd("DATA")[0] == 503
    m = sink.wait(1)[0]
    assert m.body.endswith(b"Subject: x\r\n\r\nhello\r\n")
    for bad in ["BDAT", "BDAT -1", "BDAT +5", "BDAT 0x5", "BDAT 5 LAXT",
                "BDAT " + "9" * 21, "BDAT 18446744073709551617"]:
        with postern.client() as c:
            c.cmd("MAIL FROM:<s@client.test>")
            c.cmd("RCPT TO:<r@example.com>")
            assert c.cmd(bad)[0] == 501, bad
            assert c.reply() is None, bad
