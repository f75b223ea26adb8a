"""REQUIRETLS and TLS-Required: No (RFC 8689), and the certificate that we show
to next hops, whose key only keyd has."""
import json
import os
import pathlib
import re
import shutil
import ssl
import tempfile

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Suite, wait_for
from test_outgoing_tls import OFFERS, server
from tls_kit import TlsClient, certificate, secrets


def asks(ca, folder, name, version=None):
    """A server that wants a certificate of that authority."""
    c = server(folder, name)
    c.verify_mode = ssl.CERT_REQUIRED
    c.load_verify_locations(str(ca))
    if version:
        c.maximum_version = version
    return c


@pytest.fixture(scope="module")
def hops(tmp_path_factory):
    d = tmp_path_factory.mktemp("ca")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "hop", "*.hop.test", issuer="ca")
    certificate(d, "own", "*.hop.test")
    ca = d / "ca.crt"
    good = OFFERS + ("REQUIRETLS",)
    made = {
        "good": Sink(free_port(), extensions=good, tls=server(d, "hop")),
        "silent": Sink(free_port(), extensions=OFFERS, tls=server(d, "hop")),
        "unknown": Sink(free_port(), extensions=good, tls=server(d, "own")),
        "clear": Sink(free_port(), extensions=("REQUIRETLS",)),
        "strict": Sink(free_port(), extensions=OFFERS,
                       tls=server(d, "own")),
        "asks13": Sink(free_port(), extensions=OFFERS,
                       tls=asks(ca, d, "hop")),
        "asks12": Sink(free_port(), extensions=OFFERS,
                       tls=asks(ca, d, "hop", ssl.TLSVersion.TLSv1_2)),
    }
    yield d, made
    for s in made.values():
        s.close()


@pytest.fixture(scope="module")
def postern(hops):
    folder, made = hops
    routes = "".join("  %s.hop.test: 127.0.0.1:%d\n" % (h, s.port)
                     for h, s in made.items())
    config = CONFIG.replace("interfaces:", """\
system: { workers: 1 }
delivery: { idle_timeout: 1, certificate: gateway }
certificates: [ { name: mx }, { name: gateway }, { name: spare } ]

interfaces:""", 1).replace("""\
    port: @PRIVATE_PORT@
    hat:
""", """\
    port: @PRIVATE_PORT@
    certificate: mx
    hat:
      defaults: { tls: preferred }
""", 1).replace("routes:\n", "routes:\n" + routes)
    config += "destinations:\n  - { domain: .hop.test, tls: preferred }\n"
    place = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                          dir="/var/tmp"))
    s = Suite(place / "rt", config, start=False)
    where = secrets(s.root)
    certificate(where, "mx", "mx.postern.test")
    certificate(where, "spare", "spare.test")
    certificate(folder, "gateway", "gw.sender.test", issuer="ca")
    for end in (".crt", ".key"):
        shutil.copy(folder / ("gateway" + end), where / ("gateway" + end))
        (where / ("gateway" + end)).chmod(0o600)
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.crt")
    try:
        s.start()
    finally:
        del os.environ["SSL_CERT_FILE"]

    def offers():
        try:
            with TlsClient(s.private_port):
                return True
        except (OSError, AssertionError):
            return False
    wait_for("TLS", offers)
    yield s
    s.stop()
    shutil.rmtree(place, ignore_errors=True)


def give(postern, rcpts, param=" REQUIRETLS", header=b"", port=None):
    with TlsClient(port or postern.private_port) as c:
        assert c.cmd("MAIL FROM:<joe@sender.test>" + param)[0] == 250
        for r in rcpts:
            assert c.cmd("RCPT TO:<%s>" % r)[0] == 250
        assert c.cmd("DATA")[0] == 354
        c.send(header + b"Subject: x\r\n\r\nsecret text\r\n.\r\n")
        assert c.reply()[0] == 250


def test_offered_under_tls_only(postern):
    with postern.client(port=postern.private_port) as c:
        assert "REQUIRETLS" not in str(c.cmd("EHLO x.test"))
        assert c.cmd("MAIL FROM:<joe@sender.test> REQUIRETLS")[0] == 555
    with TlsClient(postern.private_port) as c:
        assert "REQUIRETLS" in str(c.cmd("EHLO x.test"))
        assert c.cmd("MAIL FROM:<joe@sender.test> REQUIRETLS")[0] == 250


def test_only_to_who_keeps_it(postern, hops):
    """To one that offers it, under a certificate that was verified; the rest
    come back, without their text."""
    hop = hops[1]
    with Sink(postern.sink_port) as back:
        give(postern, ["a@%s.hop.test" % h for h in
                       ("good", "silent", "unknown", "clear")])
        wait_for("mail at good", lambda: hop["good"].messages)
        wait_for("three that failed", lambda: sum(
            "5.7.30" in l for l in postern.log_so_far()
            if l.startswith("Bounced:")) == 3)
        # the way back is no better: a notice that cannot go so is dropped
        wait_for("an empty queue", lambda: not postern.queued())
        assert back.messages == []
    assert hop["good"].messages[-1].tls
    assert any(c == "MAIL FROM:<joe@sender.test> REQUIRETLS"
               for c in hop["good"].commands)
    for h in ("silent", "unknown", "clear"):
        assert hop[h].messages == [], h
    log = "\n".join(postern.log())
    for why in ("REQUIRETLS, remote host does not offer it",
                "REQUIRETLS, remote host does not offer STARTTLS",
                "TLS required, certificate not verified: self-signed"):
        assert why in log, why


def test_it_outlives_a_restart(postern, hops):
    """What waits in the queue wants it still."""
    hop = hops[1]["good"]
    n = len(hop.messages)
    hop.behave["MAIL"] = "450 4.7.0 later"
    give(postern, ["b@good.hop.test"])
    postern.wait_log("to RID 0 - 4.1.0")
    postern.kill("qmgr 0")
    del hop.behave["MAIL"]

    def again():
        postern.postern("delivernow", "all", ok=(0, 1, 3, 4))
        return len(hop.messages) > n
    wait_for("mail at good", again, every=0.2)
    assert [c for c in hop.commands if c.startswith("MAIL")][-1].endswith(
        " REQUIRETLS")


def test_tls_required_no(postern, hops):
    """Opportunistic TLS where REQUIRETLS was not said."""
    hop = hops[1]
    give(postern, ["c@clear.hop.test", "c@strict.hop.test"], "",
         b"TLS-Required: No\r\n")
    wait_for("mail at both", lambda: hop["clear"].messages
             and hop["strict"].messages)
    assert hop["strict"].messages[-1].tls
    h = postern.ask_quiet("hoststatus", "clear.hop.test")
    assert "TLS-Required: No" in [g["gateway"] for g in
                                  h["virtual_gateways"]]


@pytest.mark.parametrize("hop,version", [("asks13", "TLSv1.3"),
                                         ("asks12", "TLSv1.2")])
def test_key_01_we_show_a_certificate(postern, hops, hop, version):
    s = hops[1][hop]
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@sender.test", ["d@%s.hop.test" % hop])[0] == 250
    wait_for("mail at " + hop, lambda: s.messages)
    assert s.messages[0].tls == version
    assert ("subjectAltName", (("DNS", "gw.sender.test"),)) in [
        (k, v) for k, v in s.shown[-1].items() if k == "subjectAltName"]


def test_key_01_the_key_is_elsewhere(postern):
    key = (postern.root / "etc/secrets/gateway.key").read_bytes()
    line = key.splitlines()[1]
    for name, pid in postern.pids().items():
        if not name.startswith("smtp "):
            continue
        with open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for m in open("/proc/%d/maps" % pid):
                at, rights = m.split()[:2]
                if "r" not in rights or "[v" in m:
                    continue
                low, high = (int(x, 16) for x in at.split("-"))
                try:
                    mem.seek(low)
                    assert line not in mem.read(high - low), name
                except (OSError, ValueError):
                    pass


def trace(postern, tmp_path, rcpt, params="", header="", *more):
    mail = tmp_path / "m"
    mail.write_text(header + "Subject: x\n\nx\n")
    return postern.postern(
        *[w for w in more[:1] if w], "trace", "--source-ip", "127.0.0.1", "--listener",
        "OutboundMail", "--sender", "joe@sender.test", "--recipients", rcpt,
        "--mail-params", params, "--file", mail, *more[1:], ok=(0, 1))


NO = "TLS-Required: No\n"


@pytest.mark.parametrize("hop,params,header,level,by,asks", [
    ("good", "", "", "preferred", "destination controls", False),
    ("good", "REQUIRETLS", "", "required_verify", "REQUIRETLS", True),
    ("good", "REQUIRETLS", NO, "required_verify", "REQUIRETLS", True),
    ("strict", "", NO, "preferred", "destination controls", False)])
def test_trace_says_what_is_demanded(postern, hops, tmp_path, hop, params,
                                     header, level, by, asks):
    """And so it is when such mail is sent."""
    rcpt = "t@%s.hop.test" % hop
    d = json.loads(trace(postern, tmp_path, rcpt, params, header, "--json",
                         "--tls", "--lookup"))["results"][0]["deliveries"][0]
    assert (d["tls_demanded"], d["tls_demanded_by"], d["requiretls"],
            d["tls_required_no"], d["certificate"], d["auth"]) == \
        (level, by, asks, header == NO and not asks, "gateway", None)
    (way,) = d["way"]["attempts"]
    assert (way["tls"], way["requiretls"], way["certificate"],
            way["tls_by"]) == (level, asks, "gateway", None)
    sink = hops[1][hop]
    n, m = len(sink.messages), len(sink.commands)
    give(postern, [rcpt], " " + params if params else "", header.replace(
        "\n", "\r\n").encode())
    wait_for("it", lambda: len(sink.messages) > n)
    assert sink.messages[-1].tls
    said = [re.sub(" SIZE=[0-9]+", "", c) for c in sink.commands[m:]
            if c.startswith(("MAIL", "RCPT"))]
    assert said == d["commands"]


def test_trace_without_tls_is_refused_as_the_client_is(postern, tmp_path):
    j = json.loads(trace(postern, tmp_path, "t@good.hop.test", "REQUIRETLS",
                         "", "--json"))
    assert j["outcome"] == "sender refused"
    with postern.client(port=postern.private_port) as c:
        c.cmd("EHLO x.test")
        code, lines = c.cmd("MAIL FROM:<joe@sender.test> REQUIRETLS")
    no = j["sender"]["reply"]
    assert (no["code"], no["status"] + " " + no["text"]) == \
        (code, lines[-1])
    text = trace(postern, tmp_path, "t@good.hop.test", "REQUIRETLS", "")
    assert " - Parameters: REQUIRETLS: 555 #5.5.4 parameter not known\n" \
        in text and "Message would be rejected" in text


def test_trace_in_words(postern, tmp_path):
    text = trace(postern, tmp_path, "t@good.hop.test", "REQUIRETLS", "", "",
                 "--tls", "--explain")
    assert " REQUIRETLS: verified TLS to every next hop, which must offer " \
        "REQUIRETLS; else returned (5.7.30)\n" in text
    assert "   - TLS demanded: required_verify (by REQUIRETLS), and that it " \
        "offers REQUIRETLS, our certificate gateway\n" in text
    assert "   - Says: MAIL FROM:<joe@sender.test> REQUIRETLS\n" in text
    text = trace(postern, tmp_path, "t@good.hop.test", "", NO, "",
                 "--explain")
    assert " TLS-Required: No: DANE and MTA-STS do not count" in text
