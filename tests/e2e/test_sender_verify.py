"""Envelope sender verification with a real name server: what the gateway
says, what its log says, and that trace foretold it."""
import os
import signal
import time

import pytest

import twin
from nsd import Nsd
from suite import wait_for
from twin import Session

ZONE = """\
mx        MX 10 host.mx
host.mx   A 192.0.2.1
v6        MX 10 host.v6
host.v6   AAAA 2001:db8::1
second    MX 10 none.second
          MX 20 host.mx
plain     A 192.0.2.2
plain6    AAAA 2001:db8::2
deadmx    MX 10 none.deadmx
empty     TXT "nothing for mail"
null      MX 0 .
loop      CNAME loop
alias     CNAME mx
slowmx    MX 10 host.broken.test.
onemx     MX 10 host.broken.test.
          MX 20 host.mx
"""
CONFIG = """\
hostname: mx.postern.test
dns:
  servers: [ "127.0.0.1:@NSD@" ]
  timeout: 4
  reverse_timeout: 0
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    default_domain: example.com
    hat:
      defaults: { envelope_sender_verify: yes, exception_table: yes,
                  sender_missing_code: 450 }
      groups: [ { name: ALL, policy: $ACCEPTED } ]
    rat: [ example.com ]
  - name: Unverified
    type: public
    interface: Loopback
    port: @PRIVATE_PORT@
    default_domain: example.com
    rat: [ example.com ]
exception_table:
  - { allow: "@gone-but-known.test" }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
"""
EXISTS, MISSING, UNRESOLVED, MALFORMED = (
    ("exists", 250, None),
    ("does not exist", 450, "envelope sender domain does not exist"),
    ("cannot be resolved", 451,
     "envelope sender domain could not be resolved"),
    ("malformed", 553, "envelope sender domain missing"))
CASES = [
    ("a@mx.test", EXISTS), ("a@v6.test", EXISTS), ("a@second.test", EXISTS),
    ("a@plain.test", EXISTS), ("a@plain6.test", EXISTS),
    ("a@alias.test", EXISTS), ("a@onemx.test", EXISTS),
    ("A@MX.Test", EXISTS), ("<>", EXISTS), ("a@[192.0.2.9]", EXISTS),
    ("a@gone.test", MISSING), ("a@empty.test", MISSING),
    ("a@deadmx.test", MISSING), ("a@null.test", MISSING),
    ("a@broken.test", UNRESOLVED), ("a@x.broken.test", UNRESOLVED),
    ("a@slowmx.test", UNRESOLVED), ("a@loop.test", UNRESOLVED),
    ("joe", MALFORMED), ("joe@bar", MALFORMED),
]


@pytest.fixture
def verifying(make_suite, folder):
    with Nsd(folder, {"test": ZONE, "broken.test": None}) as nsd:
        postern = make_suite(CONFIG.replace("@NSD@", str(nsd.port)))
        postern.nsd = nsd
        yield postern


@pytest.fixture
def patient(make_suite, folder):
    """With time for others, on a busy machine, too, before it gives up."""
    config = CONFIG.replace("  timeout: 4\n", "  timeout: 12\n")
    assert config != CONFIG
    with Nsd(folder, {"test": ZONE, "broken.test": None}) as nsd:
        postern = make_suite(config.replace("@NSD@", str(nsd.port)))
        postern.nsd = nsd
        yield postern


def test_senders(verifying):
    postern = verifying
    for sender, (result, code, tail) in CASES:
        s = Session("InboundMail", postern.port, sender=sender)
        t = twin.trace(postern, s)
        step, = (n for n in t["sender"]["steps"]
                 if n["step"] == "envelope sender verification")
        assert step["result"] == result, sender
        h, want = twin.live(s), twin.expected(s, t)
        assert h.mail == want.mail, sender
        assert h.mail[0] == code, sender
        assert h == want, sender
        if tail:
            assert postern.wait_log("Address: <%s> sender rejected, %s"
                                    % (sender, tail)), sender
    assert not [l for l in postern.log() if "Assertion" in l]


def test_who_is_allowed_is_not_looked_up(verifying):
    s = Session("InboundMail", verifying.port,
                sender="a@gone-but-known.test")
    t = twin.trace(verifying, s)
    assert "domain_of_the_sender" not in t["facts"]
    assert twin.live(s) == twin.expected(s, t)
    assert twin.live(s).mail[0] == 250
    assert " - Envelope Sender DNS Verification: Not Performed (allowed by " \
        "the domain exception table)\n" in twin.trace(
            verifying, s, text=True)


def test_texts(verifying):
    with verifying.client() as c:
        assert c.cmd("MAIL FROM:<a@gone.test>") == (
            450, ["#5.1.8 Domain of sender address <a@gone.test> does not "
                  "exist"])
        assert c.cmd("MAIL FROM:<a@broken.test>") == (
            451, ["#4.1.8 Domain of sender address <a@broken.test> does not "
                  "resolve"])
        assert c.cmd("MAIL FROM:<joe>") == (
            553, ["#5.5.4 Domain required for sender address"])
        # the connection is as good as before
        assert c.mail("a@mx.test")[0] == 250
    with verifying.client(verifying.private_port) as c:
        assert c.cmd("MAIL FROM:<a@gone.test>")[0] == 250


def test_report_for_people(verifying):
    def line(sender):
        text = twin.trace(verifying, Session(
            "InboundMail", verifying.port, sender=sender), text=True)
        return [l for l in text.splitlines() if "Verification:" in l]

    name = " - Envelope Sender DNS Verification: "
    assert line("a@mx.test") == [name + "Passed"]
    assert line("a@gone.test") == [
        name + "domain does not exist (450 #5.1.8 Domain of sender address "
        "<a@gone.test> does not exist)"]
    assert line("a@broken.test") == [
        name + "domain does not resolve (451 #4.1.8 Domain of sender address "
        "<a@broken.test> does not resolve)"]
    assert line("joe") == [
        name + "malformed sender (553 #5.5.4 Domain required for sender "
        "address)"]
    text = twin.trace(verifying, Session(
        "InboundMail", verifying.port, sender="a@gone.test"), "--explain",
        text=True)
    assert " - domain of the sender gone.test: does not exist (looked up)\n" \
        in text
    assert " - Default Domain Processing: Not Performed (envelope sender " \
        "verification is enabled)\n" in text


def test_the_others_go_on_while_one_waits(patient):
    """A name server that is silent holds up the one who asked, and what he
    sent behind it; nobody else, and him no longer than the limit."""
    postern = patient
    with postern.client() as slow, postern.client() as other:
        postern.nsd.signal(signal.SIGSTOP)
        try:
            start = time.monotonic()
            slow.send("MAIL FROM:<a@never-asked.test>\r\nNOOP\r\n"
                      "RCPT TO:<a@example.com>\r\n")
            assert slow.silent(0.5)
            assert other.cmd("NOOP")[0] == 250
            assert other.cmd("MAIL FROM:<>")[0] == 250
            assert other.cmd("RCPT TO:<a@example.com>")[0] == 250
            assert time.monotonic() - start < 11    # while he waits
            assert slow.reply()[0] == 451
            assert 11 < time.monotonic() - start < 40
            assert slow.reply()[0] == 250 and slow.reply()[0] == 503
        finally:
            postern.nsd.signal(signal.SIGCONT)


@pytest.mark.parametrize("how", ["goes", "lookupd dies", "stop"])
def test_what_happens_while_one_waits(patient, how):
    postern = patient
    postern.nsd.signal(signal.SIGSTOP)
    try:
        c = postern.client()
        c.send("MAIL FROM:<a@never-asked.test>\r\n")
        assert c.silent(0.3)
        if how == "goes":
            c.close()
            assert wait_for("its end", lambda: [
                l for l in postern.log_so_far() if " close" in l], 11)
            return
        if how == "lookupd dies":
            os.kill(postern.pids()["lookupd 0"], signal.SIGKILL)
            c.sock.settimeout(11)
            assert c.reply()[0] == 451
            return
        start = time.monotonic()
        os.kill(postern.master_pid(), signal.SIGTERM)
        assert c.reply()[0] == 421
        assert time.monotonic() - start < 11
        c.close()
    finally:
        postern.nsd.signal(signal.SIGCONT)
