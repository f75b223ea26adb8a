"""DANE (RFC 7672): next hops of the DNS, with a signed zone, an unsigned one,
and records that are forged. Each hop has an address and port 25 of its own."""
import hashlib
import re
import ssl
import subprocess

import pytest

from conftest import CONFIG
from netns import Network, possible
from nsd import Nsd
from sink import Sink
from suite import Suite, wait_for
from test_outgoing_tls import OFFERS, server
from tls_kit import certificate, openssl

pytestmark = pytest.mark.skipif(not possible(), reason="makes a network")

# domain: what becomes of its mail: t TLS, c in the clear, - nothing
EXPECT = {
    "ee.test": "t",
    "ta.test": "t",
    "second.test": "t",
    "unusable.test": "t",
    "surely.test": "-",
    "sureee.test": "t",
    "none.test": "c",
    "x.plain": "c",
    "wrong.test": "-",
    "strip.test": "-",
    "bogus.test": "-",
    "must.test": "-",
    "mustee.test": "t",
    "mustun.test": "-",
}
ZONE = """\
{domains}
mx-ee A 203.0.113.1
_25._tcp.mx-ee TLSA 3 1 1 {ee}
mx-ta A 203.0.113.3
_25._tcp.mx-ta TLSA 2 0 1 {ta}
mx-wrong A 203.0.113.4
_25._tcp.mx-wrong TLSA 3 1 1 {zeros}
mx-unusable A 203.0.113.5
_25._tcp.mx-unusable TLSA 0 0 1 {zeros}
_25._tcp.mx-unusable TLSA 3 1 9 00
mx-strip A 203.0.113.6
_25._tcp.mx-strip TLSA 3 1 1 {ee}
mx-none A 203.0.113.7
mx-bogus A 203.0.113.8
_25._tcp.mx-bogus TLSA 3 1 1 {marked}
"""
PLAIN = """\
x MX 10 mx
mx A 203.0.113.9
_25._tcp.mx TLSA 3 1 1 {zeros}
"""
MX = {"second": ("mx-wrong", "mx-ee"), "must": ("mx-none",),
      "mustee": ("mx-ee",), "surely": ("mx-unusable",), "sureee": ("mx-ee",),
      "mustun": ("mx-unusable",)}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def key_of(pem):
    """The digest of the public key: 3 1 1."""
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"],
        input=openssl("x509", "-in", pem, "-noout", "-pubkey").encode(),
        capture_output=True, check=True).stdout
    return sha256(der)


def cert_of(pem):
    """The digest of the certificate: 2 0 1."""
    return sha256(ssl.PEM_cert_to_DER_cert(pem.read_text()))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    d = tmp_path_factory.mktemp("dane")
    certificate(d, "ee", "nobody.else")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "leaf", "mx-ta.test", issuer="ca")
    (d / "ta.crt").write_text((d / "leaf.crt").read_text() +
                              (d / "ca.crt").read_text())
    (d / "ta.key").write_text((d / "leaf.key").read_text())
    names = [n[:-5] for n in EXPECT if n.endswith(".test")]
    domains = "\n".join("%s MX %d %s" % (n, 10 * (i + 1), mx) for n in names
                        for i, mx in enumerate(MX.get(n, ("mx-" + n,))))
    marked = "ab" * 32
    zone = ZONE.format(domains=domains, ee=key_of(d / "ee.crt"),
                       ta=cert_of(d / "ca.crt"), zeros="0" * 64,
                       marked=marked)
    forge = {"test": lambda text: re.sub(marked, "ac" * 32, text)}
    hops = {"203.0.113.%d" % i: "ee" for i in (1, 4, 5)}
    hops["203.0.113.3"] = "ta"
    with Network(), Nsd(d, {"test": zone, "plain": PLAIN.format(
            zeros="0" * 64)}, signed=forge) as nsd:
        config = CONFIG.replace("  enabled: no", """\
  servers: [ "127.0.0.1:%d" ]
  timeout: 5
  trust_anchor: %s""" % (nsd.port, nsd.anchors["test"])).replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", """\
destinations:
  - { domain: Default, dane: opportunistic }
  - { domain: must.test, dane: mandatory }
  - { domain: mustee.test, dane: mandatory }
  - { domain: mustun.test, dane: mandatory, tls: required_verify }
  - { domain: surely.test, dane: opportunistic, tls: required_verify }
  - { domain: sureee.test, dane: opportunistic, tls: required_verify }
""")
        sinks = {"203.0.113.%d" % i: Sink(
            25, host="203.0.113.%d" % i,
            extensions=OFFERS if "203.0.113.%d" % i in hops else (),
            tls=server(d, hops["203.0.113.%d" % i])
            if "203.0.113.%d" % i in hops else None)
            for i in (1, 3, 4, 5, 6, 7, 8, 9)}
        postern = Suite(d / "suite", config)
        yield postern, sinks
        postern.stop()
        for s in sinks.values():
            s.close()


def how(sinks, rcpt):
    for s in sinks.values():
        for m in s.messages:
            if rcpt in m.rcpts:
                return "t" if m.tls else "c"
    return "-"


def test_tls_09_dane(world):
    postern, sinks = world
    with postern.client(port=postern.private_port) as c:
        for domain in EXPECT:
            assert c.mail("joe@nowhere.invalid", ["a@" + domain])[0] == 250
    for domain, want in EXPECT.items():
        if want == "-":
            wait_for("an error of " + domain, lambda: postern.ask(
                "hoststatus", domain)["last_tls_error"])
        else:
            wait_for(domain, lambda: how(sinks, "a@" + domain) != "-")
    assert {d: how(sinks, "a@" + d) for d in EXPECT} == EXPECT
    for domain, why in (("wrong.test", "DANE, certificate does not fit: "),
                        ("strip.test", "TLS required, remote host does not "),
                        ("bogus.test", "DNS Soft Error looking up "
                         "bogus.test (MX):  DANE: no host has validated"),
                        ("mustun.test", "TLS required, certificate not "
                         "verified: no TLSA record can be used"),
                        ("surely.test", "TLS required, certificate not "
                         "verified: "),
                        ("must.test", "DNS Soft Error looking up must.test")):
        h = postern.ask_quiet("hoststatus", domain)
        assert h["last_tls_error"]["text"].startswith(why), h
        assert h["counters"]["hard_bounced_recipients"] == 0
    log = "\n".join(postern.log())
    for line in (" DANE success for ee.test\n", " DANE success for ta.test\n",
                 " DANE success for second.test\n",
                 " DANE failed for wrong.test. reason: ",
                 "DNS Temporary Failure mx-bogus.test TLSA - "):
        assert line in log, line
    assert " DANE success for unusable.test" not in log
