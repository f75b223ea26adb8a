"""tlsverify and daneverify (spec delivery-admin 5.9): the transcript of the
founding document, what is wrong in one line each, and that delivery does what
they say. All settings of TLS are in test_outgoing_tls.py."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from netns import possible
from peers import DOMAINS, NET, World
from suite import BIN, wait_for
from terminal import Terminal

pytestmark = [pytest.mark.skipif(not possible(), reason="makes a network"),
              pytest.mark.xdist_group("tlsverify")]
CONTROLS = """\
  - { domain: Default, dane: opportunistic, tls: required_verify,
      ip_preference: prefer_v4 }
  - { domain: none.test, tls: preferred }
"""


@pytest.fixture(scope="module")
def world():
    d = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp"))
    with World(d, CONTROLS) as w:
        yield w
    shutil.rmtree(d, ignore_errors=True)


def run(world, *words):
    r = subprocess.run([str(BIN / "postern"), "--root",
                        str(world.postern.root), *words, "--timeout", "1"],
                       capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL)
    assert r.stderr == "", r.stderr
    return r.returncode, r.stdout


def at(name):
    return NET + str(DOMAINS[name][0])


GOOD = """\
Connecting to %(ip)s on port 25.
Connected to %(ip)s from interface %(from)s.
Checking TLS connection.
TLS connection established: protocol TLSv1.3, cipher TLS_AES_256_GCM_SHA384.
Verifying peer certificate.
Verifying certificate common name good.test.
TLS certificate match %(match)s
TLS certificate verified.
TLS connection to %(ip)s succeeded.
TLS successfully connected to mx-good.test.
TLS verification completed.
"""
BEHIND = """\
Destination controls of good.test (entry Default): TLS required_verify.
DANE opportunistic: the host has no validated TLSA records.
MTA-STS: not asked for.
Delivery: mail would go to mx-good.test (%(ip)s) under TLS, verified by its \
certificate.
"""
WORDS = {"ip": at("good"), "from": NET + "1", "match": "good.test"}


def test_the_transcript(world):
    status, out = run(world, "tlsverify", "good.test", "mx-good.test:25")
    head, _, rest = out.partition("\n\n")
    assert (status, head + "\n") == (0, GOOD % WORDS)
    assert rest.startswith("Certificate: CN=good.test\n  names: good.test, ")
    assert rest.endswith(BEHIND % WORDS)
    # the host's own name does as well, when it is said
    status, out = run(world, "tlsverify", "else.test", "mx-good.test")
    assert status == 0
    assert out.startswith(GOOD % dict(WORDS, match="mx-good.test"))
    assert "mx-good.test is not where mail for else.test goes now" in out


def test_dialogue(world):
    with Terminal(world.postern, "tlsverify") as t:
        t.answer(("Enter the TLS domain to verify against:\n[]> ",
                  "good.test"),
                 ("Enter the destination host to connect to. Append the port "
                  "(example.com:26) if you are not connecting on port 25:\n"
                  "[good.test]> ", "mx-good.test:25"))
        rest, status = t.end()
    assert status == 0 and rest.startswith(GOOD % WORDS), rest


# domain, the lines behind "Checking TLS connection." or what comes instead
BROKEN = [
    ("expired", "Certificate verification failed: certificate has expired."),
    ("self", "Certificate verification failed: self-signed certificate."),
    ("name", "TLS certificate name mismatch: certificate is for "
     "mx.elsewhere.example; expected name.test."),
    ("none", "Host does not offer STARTTLS."),
    ("old", "TLS handshake failed: tlsv1 alert protocol version (SSL alert "
     "number 70)."),
    ("plain", "TLS handshake failed: wrong version number."),
    ("dead", "Failed to connect to mx-dead.test: connection refused."),
    ("silent", "Connection to mx-silent.test was lost: timed out waiting for "
     "greeting."),
    ("reset", "Connection to mx-reset.test was lost: receive: Connection "
     "reset by peer."),
    ("busy", "the connection was refused: 421 4.3.2 too busy."),
]


@pytest.mark.parametrize("name,line", BROKEN)
def test_what_is_broken(world, name, line):
    status, out = run(world, "tlsverify", name + ".test")
    lines = out.partition("\n\n")[0].splitlines()
    assert status == 4 and line in lines, out
    assert lines[-1] == "TLS verification completed."


def test_no_such_host(world):
    status, out = run(world, "tlsverify", "nowhere.test")
    assert status == 4
    assert out.startswith("Unable to resolve 'nowhere.test'.\nDNS Hard Error ")
    assert "\nTLS verification completed.\n" in out
    assert "mail would wait, or bounce: DNS Hard Error looking up" in out
    name = world.postern.ask("tlsverify", "name.test", "mx-name.test",
                             ok=(4,))
    assert name["reason"].endswith("expected name.test or mx-name.test")
    assert name["delivery"] == "none"


def test_dane_dialogue(world):
    with Terminal(world.postern, "daneverify") as t:
        t.answer(("Enter the domain to verify DANE of:\n[]> ", "[192.0.2.1]"),
                 ("Enter the domain to verify DANE of:\n[]> ", "dane.test"))
        rest, status = t.end()
    assert status == 0, rest
    assert "SECURE MX record(mx-dane.test) found for dane.test\n" in rest
    assert "\nDANE SUCCESS for dane.test\n" in rest


def test_dane(world):
    status, out = run(world, "daneverify", "dane.test")
    assert status == 0 and out.startswith("""\
SECURE MX record(mx-dane.test) found for dane.test
SECURE A record (%(ip)s) found for MX(mx-dane.test) in dane.test
SECURE TLSA record found for MX(mx-dane.test) in dane.test
Connecting to %(ip)s on port 25.
Connected to %(ip)s from interface %(from)s.
Checking TLS connection.
TLS connection established: protocol TLSv1.3, cipher TLS_AES_256_GCM_SHA384.
Certificate verification successful
TLS connection to %(ip)s succeeded.
DANE SUCCESS for dane.test

""" % {"ip": at("dane"), "from": NET + "1"}), out
    assert "under TLS, verified by DANE.\n" in out


DANE = [
    ("mismatch.test", "mx-mismatch.test: DANE, certificate does not fit: "),
    ("bogus.test", "DNS Soft Error looking up bogus.test (MX):  DANE: no "),
    ("good.test", "mx-good.test has no validated TLSA records."),
    ("nowhere.test", "DNS Hard Error looking up nowhere.test (MX):  NXDomain"),
]


@pytest.mark.parametrize("domain,why", DANE)
def test_dane_that_fails(world, domain, why):
    status, out = run(world, "daneverify", domain)
    assert status == 4 and "\nReason: " + why in out, out
    assert "\nDANE FAILED for %s\n\n" % domain in out
    if domain == "bogus.test":
        assert "BOGUS TLSA record of MX(mx-bogus.test) in bogus.test: " in out
    r = world.postern.ask("daneverify", domain, ok=(4,))
    assert not r["dane"] and r["reason"] + "." >= why


def test_dane_without_signatures(world):
    status, out = run(world, "daneverify", "x.plain")
    assert status == 4 and out.startswith("""\
INSECURE MX record(mx.plain) found for x.plain
INSECURE A record (%s) found for MX(mx.plain) in x.plain
Reason: its MX records are not validated.
DANE FAILED for x.plain
""" % at("good")), out


def test_delivery_does_so(world):
    """Each with a message: what was said is what comes of it."""
    names = ["good", "dane", "mismatch", "bogus", "expired", "name", "self",
             "none", "old", "picky"]
    said = {}
    for n in names:
        r = world.postern.ask("tlsverify", n + ".test", ok=(0, 4))
        assert r["asked"] == "lookupd"
        said[n] = r["delivery"]
        if n in ("dane", "mismatch", "bogus"):
            d = world.postern.ask("daneverify", n + ".test", ok=(0, 4))
            assert d["delivery"] == said[n]
            assert d["dane"] == (said[n] == "tls")
    with world.postern.client(port=world.postern.private_port) as c:
        for n in names:
            assert c.mail("joe@a.test", ["joe@%s.test" % n])[0] == 250

    def how(n):
        for m in world.sinks[n].messages:
            if "joe@%s.test" % n in m.rcpts:
                return "tls" if m.tls else "clear"
        return "none"

    for n in names:
        if said[n] == "none":
            wait_for("an error of " + n, lambda: world.postern.ask(
                "hoststatus", n + ".test")["last_tls_error"])
        else:
            wait_for("mail to " + n, lambda: how(n) != "none")
    assert {n: how(n) for n in names} == said
    assert said == {"good": "tls", "dane": "tls", "mismatch": "none",
                    "bogus": "none", "expired": "none", "name": "none",
                    "self": "none", "none": "clear", "old": "none",
                    "picky": "none"}


# policy, result ("": all well)
REPORTS = {
    "good": ("no-policy-found", ""),
    "dane": ("tlsa", ""),
    "mismatch": ("tlsa", "validation-failure"),
    "bogus": ("tlsa", "dnssec-invalid"),
    "expired": ("no-policy-found", "certificate-expired"),
    "name": ("no-policy-found", "certificate-host-mismatch"),
    "self": ("no-policy-found", "certificate-not-trusted"),
    "none": ("no-policy-found", "starttls-not-supported"),
    "old": ("no-policy-found", "validation-failure"),
}


def sessions(world, *words):
    """domain: (policy, well, failed, details) of TLS reports."""
    got = {}
    for p in world.postern.ask("tlsreport", *words)["policies"]:
        domain = p["policy"]["policy-domain"]
        assert domain not in got, "%s has two policies" % domain
        s = p["summary"]
        got[domain[:-5]] = (p["policy"]["policy-type"],
                            s["total-successful-session-count"],
                            s["total-failure-session-count"],
                            p["failure-details"])
    return got


def test_reports_of_tls(world):
    """RFC 8460: each session is counted as what it was."""
    with world.postern.client(port=world.postern.private_port) as c:
        for n in REPORTS:
            assert c.mail("joe@a.test", ["ann@%s.test" % n])[0] == 250
    wait_for("sessions with all", lambda: REPORTS.keys() <= sessions(
        world).keys())
    got = sessions(world)
    for name, (policy, result) in REPORTS.items():
        have, well, failed, details = got[name]
        assert have == policy, (name, got[name])
        assert (well > 0, failed > 0) == (not result, bool(result)), name
        assert {d["result-type"] for d in details} == \
            ({result} if result else set()), details
        assert sum(d["failed-session-count"] for d in details) == failed
        for d in details:
            assert d["receiving-mx-hostname"] == "mx-%s.test" % name
            if result != "dnssec-invalid":
                assert d["receiving-ip"] == at(name)
                assert d["sending-mta-ip"] == NET + "1"
    r = world.postern.ask("tlsreport")
    day = r["date-range"]["start-datetime"][:10]
    assert sessions(world, day, "self.test").keys() == {"self"}
    assert world.postern.ask("tlsreport", "2020-01-01")["policies"] == []
    text = world.postern.postern("tlsreport", day, "expired.test")
    assert text.splitlines()[1].startswith("expired.test ")
    assert " certificate-expired mx-expired.test (%s)" % at("expired") in text
    before = sessions(world)["good"]
    world.postern.stop()
    world.postern.start()
    assert sessions(world)["good"] == before
