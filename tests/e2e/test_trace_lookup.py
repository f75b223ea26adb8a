"""trace --lookup: the way to the next hops as the DNS says it now, without
connecting; and that the gateway goes the same way."""
import json
import pathlib
import re
import shutil
import tempfile

import pytest

from conftest import CONFIG
from netns import Network, possible
from nsd import Nsd
from sink import Sink
from suite import Suite, wait_for

pytestmark = [pytest.mark.skipif(not possible(), reason="makes a network"),
              pytest.mark.xdist_group("trace_lookup")]

NET = "203.0.113."
ZONE = """\
two MX 20 mx2
two MX 10 mx1
mx1 A {net}1
mx1 AAAA 2001:db9::1
mx2 A {net}2
dane MX 10 mx-dane
mx-dane A {net}3
_25._tcp.mx-dane TLSA 3 1 1 {digest}
must MX 10 mx1
implicit A {net}4
nullmx MX 0 .
selfmx MX 0 mx.postern
mx.postern A 127.0.0.9
null2 MX 0 .
implicit2 MX 6 b.implicit2
implicit2 MX 5 a.implicit2
a.implicit2 A {net}6
b.implicit2 A {net}7
verify MX 10 mx1
""".format(net=NET, digest="ab" * 32)
DIGEST = "030101" + "ab" * 32
MAIL = "Subject: x\nMessage-ID: <w@sender.test>\n\nx\n"
DESTINATIONS = """\
destinations:
  - { domain: Default, dane: opportunistic }
  - { domain: must.test, dane: mandatory }
  - { domain: verify.test, dane: off, tls: required_verify }
  - { domain: two.test, tls: preferred, ip_preference: prefer_v4 }
routes:
  routed.test: "[mx2.test]:2525"
  gone.test: /dev/null
  unused.test: "[mx2.test]:2525"
"""


@pytest.fixture(scope="module")
def world():
    d = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp"))
    with Network(), Nsd(d, {"test": ZONE}, signed={"test": None}) as nsd:
        config = CONFIG.replace("  enabled: no", """\
  servers: [ "127.0.0.1:%d" ]
  timeout: 5
  trust_anchor: %s""" % (nsd.port, nsd.anchors["test"])).replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", DESTINATIONS)
        with Suite(d, config) as postern:
            yield postern
    shutil.rmtree(d, ignore_errors=True)


def trace(postern, rcpt, *more):
    return postern.postern(
        *more, "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--file", "-", "--sender", "s@test.test",
        "--recipients", rcpt, "--lookup", text=MAIL)


def way(postern, domain):
    out = json.loads(trace(postern, "r@" + domain, "--json"))
    return out["results"][0]["deliveries"][0]["way"]


# domain, outcome, [(host, ip, port, tls, names, tlsa)]
WAYS = [
    ("two.test", "found", [
        ("mx1.test", NET + "1", 25, "preferred", [], []),
        ("mx1.test", "2001:db9::1", 25, "preferred", [], []),
        ("mx2.test", NET + "2", 25, "preferred", [], [])]),
    ("dane.test", "found", [
        ("mx-dane.test", NET + "3", 25, "required", [], [DIGEST])]),
    ("must.test", "waits", []),
    ("verify.test", "found", [
        ("mx1.test", "2001:db9::1", 25, "required_verify", ["verify.test"], []),
        ("mx1.test", NET + "1", 25, "required_verify", ["verify.test"], [])]),
    ("implicit.test", "found", [
        ("implicit.test", NET + "4", 25, "off", [], [])]),
    ("routed.test", "found", [
        ("mx2.test", NET + "2", 2525, "off", [], [])]),
    ("gone.test", "dropped", []),
    ("nullmx.test", "bounced", []),
    ("selfmx.test", "bounced", []),
    ("nowhere.test", "bounced", []),
]


def hops(w):
    return [(a["host"], a["ip"], a["port"], a["tls"], a["tls_names"],
             a["tlsa"]) for a in w["attempts"]]


def test_each_way(world):
    for domain, outcome, expected in WAYS:
        w = way(world, domain)
        assert (w["outcome"], hops(w)) == (outcome, expected), (domain, w)
        assert w["asked"] == (None if outcome == "dropped" else "lookupd")
        assert (w["reason"] is None) == (outcome == "found"), w
    assert [(m["preference"], m["host"]) for m in way(world, "two.test")["mx"]
            ] == [(10, "mx1.test"), (20, "mx2.test")]


# domain, what the mail says, [(tls, by, names, tlsa, REQUIRETLS)]
WISHES = [
    ("dane.test", "", "required", "DANE", [], [DIGEST], False),
    # a name counts where no record can be used
    ("dane.test", "REQUIRETLS", "required_verify", "DANE", ["dane.test"],
     [DIGEST], True),
    ("dane.test", "No", "preferred", None, [], [], False),
    ("implicit.test", "REQUIRETLS", "required_verify", None,
     ["implicit.test"], [], True),
    ("implicit.test", "No", "preferred", None, [], [], False),
    ("routed.test", "REQUIRETLS", "required_verify", None,
     ["routed.test", "mx2.test"], [], True),
]


@pytest.mark.parametrize("domain,says,tls,by,names,tlsa,asks", WISHES)
def test_what_mail_wants_of_tls(world, domain, says, tls, by, names, tlsa,
                                asks):
    out = world.postern(
        "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--file", "-", "--sender", "s@test.test",
        "--recipients", "r@" + domain, "--lookup", "--tls", "--mail-params",
        says if asks else "", text=(
            "TLS-Required: No\n" if says == "No" else "") + MAIL)
    (d,) = json.loads(out)["results"][0]["deliveries"]
    (a,) = d["way"]["attempts"]
    assert (a["tls"], a["tls_by"], a["tls_names"], a["tlsa"],
            a["requiretls"]) == (tls, by, names, tlsa, asks)


def test_as_people_read_it(world):
    out = trace(world, "a@two.test,b@nullmx.test,c@dane.test")
    out = re.sub(r"TTL \d+", "TTL 60", out)
    assert """\
   - MX: 10 mx1.test (TTL 60)
   - MX: 20 mx2.test (TTL 60)
   - 1. mx1.test, %s1 port 25, TLS preferred
   - 2. mx1.test, 2001:db9::1 port 25, TLS preferred
   - 3. mx2.test, %s2 port 25, TLS preferred
""" % (NET, NET) in out
    assert "   - Would be bounced: DNS Hard Error looking up nullmx.test (MX):" \
        "  Null MX\n" in out
    assert "   - 1. mx-dane.test, %s3 port 25, TLS required by DANE (1 TLSA " \
        "record)\n" % NET in out
    # nobody is asked who does not wish it
    plain = world.postern(
        "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--file", "-", "--sender", "s@test.test",
        "--recipients", "a@two.test", text=MAIL)
    assert "way" not in json.loads(plain)["results"][0]["deliveries"][0]


def test_the_gateway_goes_the_same_way(world):
    told = {d: way(world, d) for d, *_ in WAYS}
    with Sink(25, host=NET + "2") as sink:
        with world.client(world.private_port) as c:
            assert c.mail("", ["r@" + d for d in told])[0] == 250
        # mx1 does not answer: the next one does
        sink.wait(1)
        assert "r@two.test" in sink.rcpts()
    for domain, w in told.items():
        if w["outcome"] == "dropped":
            continue
        if w["outcome"] == "bounced":
            world.wait_log(w["reason"])
            continue
        host = wait_for("hosts of " + domain, lambda: [
            h for h in [world.ask("hoststatus", domain)]
            if h["ordered_ip_addresses"] or w["outcome"] == "waits"])[0]
        assert [a["ip"] for a in host["ordered_ip_addresses"]] == \
            [a["ip"] for a in w["attempts"]], domain


def test_hoststatus_of_a_host_without_mail(world):
    known = way(world, "implicit2.test")
    h = world.ask_quiet("hoststatus", "implicit2.test")
    assert not h["in_memory"] and h["lookup"] is None
    assert h["counters"]["completed_recipients"] == 0
    assert [a["ip"] for a in h["ordered_ip_addresses"]] == \
        [a["ip"] for a in known["attempts"]] == [NET + "6", NET + "7"]
    assert [(m["preference"], m["hostname"]) for m in h["mx_records"]] == \
        [(5, "a.implicit2.test"), (6, "b.implicit2.test")]
    out = world.postern("hoststatus", "Null2.test")
    assert out.startswith('Host "null2.test" is not currently in memory.\n')
    assert "DNS Hard Error looking up null2.test (MX):  Null MX\n" in out
    out = world.postern("hoststatus", "unused.test")
    assert "SMTP routes for this host:\n    [mx2.test]:2525\n" in out


def test_nothing_runs(world):
    """Then trace asks by itself, and finds the same."""
    told = {d: way(world, d) for d, *_ in WAYS}
    world.stop()
    for domain, w in told.items():
        alone = way(world, domain)
        assert alone["asked"] == (None if w["asked"] is None else "self")
        assert (alone["outcome"], hops(alone)) == (w["outcome"], hops(w)), domain
