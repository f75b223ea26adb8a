"""smtpping (spec delivery-admin 5.3): what it shows of good servers, and the
one line that says what is wrong with each of the others."""
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from netns import possible
from peers import NET, World
from suite import BIN
from terminal import Terminal

pytestmark = [pytest.mark.skipif(not possible(), reason="makes a network"),
              pytest.mark.xdist_group("smtpping")]


@pytest.fixture(scope="module")
def world():
    d = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp"))
    with World(d) as w:
        yield w
    shutil.rmtree(d, ignore_errors=True)


def ping(world, *words):
    seconds = "1" if words[0] == "silent.test" else "30"
    r = subprocess.run([str(BIN / "postern"), "--root",
                        str(world.postern.root), "smtpping", "--timeout",
                        seconds, *words], capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL)
    assert r.stderr == "", r.stderr
    return r.returncode, r.stdout


def test_each_step_is_shown(world):
    status, out = ping(world, "good.test")
    head, _, rest = out.partition("-> 250 ")
    assert status == 0, out
    assert head == """\
Mail for good.test goes to, in this order:
   10  mx-good.test  %(ip)s
Starting SMTP test of host mx-good.test.
Resolved 'mx-good.test' to %(ip)s.
Connected to %(ip)s from interface %(ip)s.
-> 220 sink.test ESMTP
<- EHLO mx.postern.test
""" % {"ip": NET + "1"}
    assert rest.startswith("""\
sink.test (PIPELINING, 8BITMIME, STARTTLS)
<- STARTTLS
-> 220 2.0.0 go
TLS connection established: protocol TLSv1.3, cipher TLS_AES_256_GCM_SHA384.
Certificate: CN=good.test
  names: good.test, mx-good.test, two.test, mismatch.test, bogus.test, old.test
  issued by: CN=ca.test
  valid: """), rest
    assert """\
TLS certificate verified.
<- EHLO mx.postern.test
-> 250 sink.test (PIPELINING, 8BITMIME, STARTTLS)
<- QUIT
-> 221 2.0.0 bye
Time of each step:
""" in rest
    times = re.findall(r"^  (\S+) +[0-9.]+ ms$", rest, re.M)
    assert times == ["look-ups", "connection", "greeting", "EHLO", "STARTTLS",
                     "TLS", "EHLO", "QUIT"]
    assert rest.endswith("Delivery would use mx-good.test (%s1).\n"
                         "SMTP test of host mx-good.test complete.\n" % NET)


# domain, exit status, the line
BROKEN = [
    ("nowhere.test", 4, "DNS Hard Error looking up nowhere.test (MX):  "
     "NXDomain"),
    ("nullmx.test", 4, "DNS Hard Error looking up nullmx.test (MX):  Null MX"),
    ("dead.test", 4, "Unable to connect to %s5: connection refused." % NET),
    ("expired.test", 0,
     "TLS certificate not verified: certificate has expired."),
    ("name.test", 0,
     "TLS certificate not verified: it has not the name name.test."),
    ("self.test", 0,
     "TLS certificate not verified: self-signed certificate."),
    ("busy.test", 1,
     "the connection was refused: 421 4.3.2 too busy."),
    ("silent.test", 4, "Connection to %s10 lost: timed out waiting for "
     "greeting." % NET),
    ("reset.test", 4, "Connection to %s11 lost: receive: Connection reset by "
     "peer." % NET),
    ("plain.test", 0, "TLS handshake failed: wrong version number."),
    ("old.test", 0, "TLS handshake failed: tlsv1 alert "
     "protocol version (SSL alert number 70)."),
]


@pytest.mark.parametrize("domain,status,line", BROKEN)
def test_what_is_broken(world, domain, status, line):
    got, out = ping(world, domain)
    assert got == status and line in out.splitlines(), out
    last = out.splitlines()[-1]
    host = "mx-" + domain if domain not in (
        "nowhere.test", "nullmx.test") else domain
    assert last == "SMTP test of host %s %s." % (
        host, "failed" if status else "complete")


def test_in_the_clear_where_tls_is_broken(world):
    out = ping(world, "old.test")[1]
    assert out.count("Connected to ") == 2
    assert "TLS is not required: mail would go in the clear.\n" in out


def test_the_next_host(world):
    status, out = ping(world, "two.test")
    assert status == 0
    assert out.index("SMTP test of host mx-dead.test failed.\n"
                     "Starting SMTP test of host mx-good.test.") > 0
    assert "Delivery would use mx-good.test" in out
    assert ping(world, "two.test", "--mx", "mx-dead.test")[0] == 4
    status, out = ping(world, "two.test", "--mx", "mx-good.test")
    assert status == 0 and "mx-dead" not in out.partition("Starting")[2]


def test_a_host_itself(world):
    status, out = ping(world, "mx-good.test:25")
    assert status == 0 and "Mail for" not in out
    assert ping(world, NET + "1")[0] == 0
    assert ping(world, "nomx.test")[0] == 0
    status, out = ping(world, "good.test", "--direct")
    assert status == 4
    assert out.startswith("Unable to resolve 'good.test'.\n")


def test_recipients_are_asked_about(world):
    sink = world.sinks["good"]
    before = len(sink.commands)
    status, out = ping(world, "good.test", "--to", "joe@good.test")
    assert status == 0 and "-> 250 2.0.0 ok\n<- QUIT\n" in out
    assert [c for c in sink.commands[before:] if not c.startswith("EHLO")] == [
        "STARTTLS", "MAIL FROM:<postmaster@mx.postern.test>",
        "RCPT TO:<joe@good.test>", "QUIT"]
    status, out = ping(world, "picky.test", "--to", "joe@picky.test")
    assert status == 1
    assert "RCPT was refused: 550 5.1.1 nobody of that name.\n" in out


def test_a_message(world):
    sink = world.sinks["good"]
    status, out = ping(world, "good.test", "--to", "joe@good.test", "--from",
                       "<>", "--subject", "Grüße", "--body", ".hello\nworld")
    assert status == 0 and "Message sent. SMTP test of host" in out
    m = sink.messages[-1]
    assert m.sender == "" and m.rcpts == ["joe@good.test"]
    assert m.tls == "TLSv1.3"
    head, _, body = m.body.partition(b"\r\n\r\n")
    assert body == b".hello\r\nworld\r\n"
    assert b"Subject: =?utf-8?" in head and b"\r\nDate: " in b"\r\n" + head


def test_json(world):
    r = world.postern.ask("smtpping", "two.test", "--timeout", "30")
    assert r["asked"] == "lookupd" and r["complete"] and not r["sent"]
    assert [a["host"] for a in r["addresses"]] == ["mx-dead.test",
                                                   "mx-good.test"]
    assert [c["end"] for c in r["connections"]] == ["lost", "ok"]
    assert r["connections"][0]["reason"] == "connection refused"
    good = r["connections"][1]
    assert good["tls"]["protocol"] == "TLSv1.3"
    assert good["tls"]["chain"][0]["issuer"] == "CN=ca.test"
    assert good["dialogue"][0]["code"] == 220
    assert r["would_use"] == "mx-good.test"
    assert {(l["type"], l["outcome"], l["secure"]) for l in r["lookups"]} >= {
        ("MX", "found", True), ("A", "found", True),
        ("AAAA", "not found", True)}


def test_dialogue(world):
    sink = world.sinks["good"]
    n = len(sink.messages)
    with Terminal(world.postern, "smtpping") as t:
        t.answer(("Enter the hostname or IP address of the SMTP server:\n"
                  "[mx.postern.test]> ", "two.test"),
                 ("The domain you entered has MX records.\n"
                  "Would you like to select an MX host to test instead? [Y]> ",
                  "y"),
                 ("Select an MX host to test.\n1. mx-dead.test\n"
                  "2. mx-good.test\n[1]> ", "2"),
                 ("Select a network interface to use for the test.\n"
                  "1. Loopback\n2. auto\n[2]> ", ""),
                 ("Do you want to type in a test message to send? If not, the "
                  "connection will be tested but no email will be sent. [N]> ",
                  "y"),
                 ("Enter the From address:\n[postmaster@mx.postern.test]> ",
                  ""),
                 ("Enter the To address:\n[]> ", "nobody"),
                 ("The value must be an address: user@example.com.\n"
                  "Enter the To address:\n[]> ", "joe@two.test"),
                 ("Enter the Subject:\n[Test Message]> ", ""),
                 ("Enter the Body of the message one line at a time. End with "
                  'a "." on a line by itself.\n', "hello"))
        t.say(".")
        rest, status = t.end()
    assert status == 0, rest
    assert rest.endswith("Message sent. SMTP test of host mx-good.test "
                         "complete.\n")
    assert len(sink.messages) == n + 1
    assert b"Subject: Test Message\r\n" in sink.messages[n].body


def test_when_nothing_runs(world):
    """The DNS is asked by the tool itself, with the same settings."""
    world.postern.stop()
    try:
        r = world.postern.ask("smtpping", "good.test")
        assert r["asked"] == "self" and r["complete"]
        assert all(l["secure"] for l in r["lookups"])
    finally:
        world.postern.start()
