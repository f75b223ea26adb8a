"""TLS to next hops (spec delivery-admin 1.8): each setting against servers
that offer it, refuse it, break it, or show a certificate that is not theirs."""
import os
import pathlib
import shutil
import ssl
import tempfile

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Suite, wait_for
from tls_kit import certificate

OFFERS = ("PIPELINING", "8BITMIME", "STARTTLS")
LEVELS = ("off", "preferred", "required", "preferred_verify",
          "required_verify", "required_verify_hosted")
# c: in the clear, t: under TLS, -: not at all; one letter for each level
EXPECT = {
    "plain": "cc-c--",
    "refuses": "cc-c--",
    "good": "cttttt",
    "address": "cttttt",
    "route": "ctttt-",
    "own": "cttt--",
    "other": "cttt--",
    "broken": "cc-c--",
    "injects": "c-----",
}


def server(folder, name):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(folder / (name + ".crt"), folder / (name + ".key"))
    return c


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    """An authority that the suite trusts, and certificates of it."""
    d = tmp_path_factory.mktemp("ca")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "domain", "*.good.test", issuer="ca")
    certificate(d, "both", "IP:127.0.0.1", "*.good.test", issuer="ca")
    certificate(d, "host", "IP:127.0.0.1", issuer="ca")
    certificate(d, "own", "*.good.test")
    certificate(d, "other", "good.test", "*.test", "*d4.good.test",
                issuer="ca")
    return d


@pytest.fixture(scope="module")
def hops(ca):
    """What next hops there are: name -> Sink."""
    old = server(ca, "domain")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    shown = {"good": "domain", "address": "both", "route": "host",
             "own": "own", "other": "other"}
    made = {
        "plain": Sink(free_port()),
        "refuses": Sink(free_port(), {"STARTTLS": "454 4.7.0 not now"},
                        extensions=OFFERS),
        "broken": Sink(free_port(), extensions=OFFERS, tls=old),
        "injects": Sink(free_port(), extensions=OFFERS,
                        tls=server(ca, "domain"),
                        inject=b"250-AUTH PLAIN\r\n250 ok\r\n"),
    }
    for hop, name in shown.items():
        made[hop] = Sink(free_port(), extensions=OFFERS, tls=server(ca, name))
    yield made
    for s in made.values():
        s.close()


def domain(hop, level):
    return "%s%d.good.test" % (hop, LEVELS.index(level))


@pytest.fixture(scope="module")
def postern(ca, hops):
    """A domain for each hop and level, with a route there."""
    routes, dests = "", "destinations:\n"
    for hop, s in hops.items():
        for level in LEVELS:
            routes += "  %s: 127.0.0.1:%d\n" % (domain(hop, level), s.port)
            dests += "  - { domain: %s, tls: %s }\n" % (domain(hop, level),
                                                        level)
    config = CONFIG.replace("hostname:", "system: { workers: 1 }\n"
                            "delivery: { idle_timeout: 1 }\nhostname:", 1)
    config = config.replace("routes:\n", "routes:\n" + routes) + dests
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    os.environ["SSL_CERT_FILE"] = str(ca / "ca.crt")
    try:
        s = Suite(folder / "tls", config)
    finally:
        del os.environ["SSL_CERT_FILE"]
    yield s
    s.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sent(postern, hops):
    """One message to all of them, and everything that can be has arrived."""
    rcpts = ["a@" + domain(h, l) for h in EXPECT for l in LEVELS]
    body = b"Subject: all\r\n\r\n" + b"0123456789\r\n" * 20000
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@sender.test", rcpts, body)[0] == 250
    n = sum(w != "-" for e in EXPECT.values() for w in e)
    wait_for("%d recipients" % n, lambda: sum(
        len(s.rcpts()) for s in hops.values()) >= n)
    for h, e in EXPECT.items():
        for l, w in zip(LEVELS, e):
            if w == "-":
                wait_for("%s %s is down" % (h, l), lambda: postern.ask(
                    "hoststatus", domain(h, l))["host_up_down"] == "down")
    return body


def how(hop, rcpt):
    for m in hop.messages:
        if rcpt in m.rcpts:
            return "t" if m.tls else "c"
    return "-"


@pytest.mark.parametrize("hop", EXPECT)
def test_tls_03_levels(postern, hops, sent, hop):
    got = "".join(how(hops[hop], "a@" + domain(hop, l)) for l in LEVELS)
    assert got == EXPECT[hop]
    for m in hops[hop].messages:
        assert m.raw.endswith(sent[-100:]) and len(m.raw) > len(sent)


def test_what_is_said(postern, hops, sent):
    for hop, level, error in (
            ("plain", "required", "TLS required, remote host does not offer "
             "STARTTLS"),
            ("refuses", "required", "TLS required, remote host refused "
             "STARTTLS"),
            ("own", "required_verify", "TLS required, certificate not "
             "verified: self-signed certificate"),
            ("other", "required_verify", "TLS required, certificate not "
             "verified: it has not the name other4.good.test"),
            ("route", "required_verify_hosted", "TLS required, certificate "
             "not verified: it has not the name route5.good.test"),
            ("broken", "preferred", "TLS handshake failed: "),
            ("broken", "required", "TLS handshake failed: ")):
        h = postern.ask_quiet("hoststatus", domain(hop, level))
        assert h["last_tls_error"]["text"].startswith(error), (hop, level)
        assert h["last_tls_error"]["ip"] == "127.0.0.1"
        assert h["counters"]["soft_bounced_events"] == 0
    for hop, level in (("good", "required_verify"), ("own", "preferred")):
        h = postern.ask_quiet("hoststatus", domain(hop, level))
        assert h["last_tls_error"] is None and h["host_up_down"] == "up"
    log = "\n".join(postern.log())
    for line in (" TLS success protocol TLSv1.3 cipher TLS_AES_256_GCM_SHA384 "
                 "CN=*.good.test\n",
                 " TLS verify success CN=*.good.test\n",
                 " TLS verify failed: self-signed certificate\n",
                 " TLS failed: ",
                 " IP 127.0.0.1 TLS was required but could not be "
                 "successfully negotiated\n",
                 "details: input behind the reply to STARTTLS interface"):
        assert line in log, line


@pytest.mark.parametrize("hop", EXPECT)
def test_tlsverify_says_so_before(ca, postern, hops, sent, hop):
    """What it says of each setting is what delivery does."""
    got, verified = "", set()
    os.environ["SSL_CERT_FILE"] = str(ca / "ca.crt")
    try:
        for l in LEVELS:
            r = postern.ask("tlsverify", domain(hop, l), ok=(0, 4))
            assert r["policy"]["tls"] == l
            got += {"tls": "t", "clear": "c", "none": "-"}[r["delivery"]]
            verified.add(r["verified"])
    finally:
        del os.environ["SSL_CERT_FILE"]
    assert got == EXPECT[hop]
    assert verified == {EXPECT[hop][LEVELS.index("required_verify")] == "t"}


def test_tls_02_nothing_said_in_the_clear_counts(hops, sent):
    assert [c for c in hops["injects"].commands
            if c.split(" ")[0] not in ("EHLO", "STARTTLS", "QUIT")
            and not c.startswith(("MAIL", "RCPT", "DATA"))] == []
    assert [m.rcpts for m in hops["injects"].messages] == [
        ["a@" + domain("injects", "off")]]


def test_sessions_are_resumed(postern, hops, sent):
    hop = hops["good"]
    before = len(hop.handshakes)
    d = domain("good", "required_verify")
    # one connection for each: after an idle one was closed
    for i in range(2):
        n = len(hop.messages)
        with postern.client(port=postern.private_port) as c:
            assert c.mail("joe@sender.test", ["b@" + d])[0] == 250
        wait_for("the message", lambda: len(hop.messages) > n)
        wait_for("the end of the connection", lambda: postern.ask(
            "hoststatus", d)["gauges"]["current_outbound_connections"] == 0)
    assert any(reused for _, reused in hop.handshakes[before:])
