"""Routing by MX, and reverse names, against a real NSD."""
import pytest

from conftest import CONFIG
from nsd import Nsd
from ports import free_port
from sink import Sink
from suite import Client, wait_for

ZONE = """\
ns A 127.0.0.1
two MX 10 mx1
two MX 20 mx2
mx1 A 127.0.0.2
mx2 A 127.0.0.3
implicit A 127.0.0.2
null MX 0 .
selfmx MX 0 mx.postern
mx.postern A 127.0.0.9
nomx TXT "nothing to connect to"
alias CNAME two
loop1 CNAME loop2
loop2 CNAME loop1
dangling MX 10 nowhere
client A 127.0.0.5
forged A 127.0.0.77
"""
REVERSE = """\
5.0.0 PTR client.test.
6.0.0 PTR forged.test.
"""


@pytest.fixture
def nsd(folder):
    with Nsd(folder, {"test": ZONE, "127.in-addr.arpa": REVERSE}) as n:
        yield n


@pytest.fixture
def routed(make_suite, nsd):
    """No route but DNS; the MX hosts listen on the sink's port, by a route
    that names hosts: see below."""
    return make_suite(CONFIG.replace("  enabled: no", f"""\
  servers: [ "127.0.0.1:{nsd.port}" ]
  timeout: 3
  reverse_timeout: 3""").replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", """\
routes:
  viaroute.test: two.test:@SINK_PORT@
  bracket.test: "[mx2.test]:@SINK_PORT@"
  selfroute.test: selfmx.test:@SINK_PORT@
""").replace("hostname: mx.postern.test", "hostname: mx.postern.test"))


def send(postern, rcpt, sender="joe@nowhere.invalid"):
    with postern.client(postern.private_port) as c:
        code, text = c.mail(sender, [rcpt])
    assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


def test_the_best_mx_is_tried_first_then_the_next(routed):
    with Sink(routed.sink_port, host="127.0.0.2") as mx1:
        send(routed, "a@viaroute.test")
        mx1.wait(1)
    with Sink(routed.sink_port, host="127.0.0.3") as mx2:
        send(routed, "b@viaroute.test")
        mx2.wait(1)
        assert mx2.rcpts() == ["b@viaroute.test"]


def test_brackets_mean_no_mx(routed):
    with Sink(routed.sink_port, host="127.0.0.3") as mx2:
        send(routed, "a@bracket.test")
        mx2.wait(1)


@pytest.mark.parametrize("domain,status", [
    ("absent.test", "5.1.2"), ("null.test", "5.1.10|5.1.2"),
])
def test_domains_that_take_no_mail_bounce(routed, domain, status):
    mid = send(routed, "a@" + domain, sender="")
    line = routed.wait_log("to RID 0 - 5.")[0]
    assert "MID %d " % mid in line
    assert any(s in line for s in status.split("|")), line
    routed.wait_empty()


@pytest.mark.parametrize("domain", ["implicit.test", "two.test",
                                    "dangling.test"])
def test_lop_02_loopback_hosts_are_never_connected_to(routed, domain):
    """The zone's hosts are loopback addresses: reached by a route only."""
    send(routed, "a@" + domain, sender="")
    routed.wait_log("to RID 0 - 5.")
    assert not [l for l in routed.log() if "New SMTP DCID" in l]


@pytest.mark.parametrize("domain", ["loop1.test"])
def test_dns_02_cname_loops_end(routed, domain):
    mid = send(routed, "a@" + domain, sender="")
    wait_for("an outcome", lambda: [
        l for l in routed.log()
        if ("MID %d to RID" % mid in l or "DNS Temporary Failure" in l)])
    assert Client(routed.port).cmd("NOOP")[0] == 250


def test_a_reverse_name_counts_when_confirmed(routed):
    with Client(routed.port, source="127.0.0.5"):
        routed.wait_log("reverse dns host client.test verified yes")
    with Client(routed.port, source="127.0.0.6"):
        routed.wait_log("address 127.0.0.6 reverse dns host")
    with Client(routed.port, source="127.0.0.7"):
        routed.wait_log("address 127.0.0.7 reverse dns host")
    text = "\n".join(routed.log())
    assert "address 127.0.0.6 reverse dns host forged.test verified no" \
        in text or "address 127.0.0.6 reverse dns host unknown verified no" \
        in text
    assert "address 127.0.0.7 reverse dns host unknown verified no" in text


def test_dns_05_no_server_is_a_soft_failure(make_suite):
    dead = free_port()
    postern = make_suite(CONFIG.replace("  enabled: no", f"""\
  servers: [ "127.0.0.1:{dead}" ]
  timeout: 1
  reverse_timeout: 1""").replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", ""))
    send(postern, "a@somewhere.test")
    postern.wait_log("DNS Temporary Failure somewhere.test MX")
    wait_for("it to wait", lambda: len(postern.queued()) == 1)
