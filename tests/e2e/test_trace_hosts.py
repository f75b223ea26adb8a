"""Which policy a client meets: what trace says is what the gateway does.

Clients have addresses of their own in 127.0.0.0/8; their names come from a
real NSD.
"""
import re
import socket

import pytest

import twin
from nsd import Nsd
from suite import wait_for, wait_quiet
from twin import BANNER, Session, enough, events

ZONE = """\
ns A 127.0.0.1
mail.partner A 127.20.0.1
deep.mail.partner A 127.20.0.2
partner A 127.20.0.3
xpartner A 127.20.0.4
forged A 127.0.0.77
one A 127.0.0.78
second A 127.20.0.7
shout A 127.20.0.8
"""
REVERSE = """\
1.0.20 PTR mail.partner.test.
2.0.20 PTR deep.mail.partner.test.
3.0.20 PTR partner.test.
4.0.20 PTR xpartner.test.
5.0.20 PTR forged.test.
6.0.20 PTR nowhere.test.
7.0.20 PTR one.test.
7.0.20 PTR second.test.
8.0.20 PTR SHOUT.Test.
"""
ZONES = {"test": ZONE, "127.in-addr.arpa": REVERSE,
         "21.127.in-addr.arpa": None}

# --- host access table -------------------------------------------------------

HAT = """\
hostname: mx.postern.test
system: { workers: 1 }
dns:
  servers: [ "127.0.0.1:@NSD@" ]
  timeout: 3
  reverse_timeout: 3
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
  - { name: Six, ip: "::1", hostname: six.postern.test }
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    hat:
      defaults:
        max_concurrency: 1000
        smtp_banner_text: "%(banner)s"
      policies:
        - { name: $ONE, behaviour: ACCEPT,
            smtp_banner_text: "one %(banner)s" }
        - { name: $TWO, behaviour: RELAY, smtp_banner_text: "two",
            max_message_size: 20K }
        - { name: $NO, behaviour: REJECT, smtp_banner_code: 550,
            smtp_banner_text: "go away $RemoteIP" }
      groups:
        - { name: GONE, policy: TCPREFUSE, entries: 127.1.1.1 }
        - { name: LATER, policy: CONTINUE,
            entries: [ 127.2.0.0/16, .partner.test, nx.domain ] }
        - { name: ADDRESS, policy: $ONE,
            entries: [ 127.2.3.4 (one host), "::1" ] }
        - { name: RANGE, policy: $TWO, entries: [ 127.3.1.10-20 ] }
        - { name: RANGE3, policy: $ONE, entries: [ 127.4.5-6. ] }
        - { name: PARTIAL, policy: $TWO, entries: [ "127.5." ] }
        - { name: PARTIAL3, policy: $ONE, entries: [ 127.6.7 ] }
        - { name: CIDR, policy: $TWO, entries: [ 127.8.0.0/15 ] }
        - { name: SHORTCIDR, policy: $ONE, entries: [ 127.10/16 ] }
        - { name: NO, policy: $NO, entries: 127.11.0.0/16 }
        - { name: BLOCKED, policy: $BLOCKED, entries: 127.12.0.0/16 }
        - { policy: REJECT, entries: 127.13.0.1 }
        - { policy: ACCEPT, entries: 127.13.0.2,
            parameters: { smtp_banner_text: "inline", dhap_limit: 3 } }
        - { name: RANKS, policy: $ONE, entries: [
            nx.domain, "sbrs[none]", 127.14.0.0/16 ] }
        - { name: HOST, policy: $TWO, entries: mail.partner.test }
        - { name: DOMAIN, policy: $ONE, entries: .partner.test }
        - { name: SECOND, policy: $TWO, entries: [
            second.test, shout.test ] }
        - { name: FORGED, policy: $ONE, entries: [ forged.test, one.test ] }
        - { name: UNSURE, policy: $TWO, entries: not.double.verified }
        - { name: FAILED, policy: $ONE, entries: serv.fail }
        - { name: SCORED, policy: $NO, entries: [
            "sbrs[-10.0:10.0]", "SBO:0", "country[DE,JP]",
            "dnslist[list.test]" ] }
        - { name: ALL, policy: $ACCEPTED }
    rat: [ example.com ]
  - name: Six
    type: public
    interface: Six
    port: @PORT@
    hat:
      groups:
        - { name: V4, policy: $BLOCKED, entries: [ 127., 0.0.0.0/0 ] }
        - { name: OTHER, policy: $BLOCKED, entries: "2001:db8::/32" }
        - { name: SIX, policy: $THROTTLED, entries: "::/64" }
    rat: [ example.com ]
  - name: OutboundMail
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    hat:
      groups:
        - { name: RELAYLIST, policy: $RELAYED, entries: 127.2.0.0/16 }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
""" % {"banner": BANNER}

# client, group, entry, policy; for RESET there is no more to see
HAT_CASES = [
    ("127.1.1.1", "GONE", "127.1.1.1", ""),
    ("127.2.3.4", "ADDRESS", "127.2.3.4", "$ONE"),
    ("127.2.3.5", "RANKS", "sbrs[none]", "$ONE"),
    ("127.3.1.10", "RANGE", "127.3.1.10-20", "$TWO"),
    ("127.3.1.20", "RANGE", "127.3.1.10-20", "$TWO"),
    ("127.3.1.21", "RANKS", "sbrs[none]", "$ONE"),
    ("127.4.6.255", "RANGE3", "127.4.5-6.", "$ONE"),
    ("127.5.0.0", "PARTIAL", "127.5.", "$TWO"),
    ("127.6.7.9", "PARTIAL3", "127.6.7", "$ONE"),
    ("127.9.255.254", "CIDR", "127.8.0.0/15", "$TWO"),
    ("127.10.200.1", "SHORTCIDR", "127.10/16", "$ONE"),
    ("127.11.0.1", "NO", "127.11.0.0/16", "$NO"),
    ("127.12.0.1", "BLOCKED", "127.12.0.0/16", "$BLOCKED"),
    ("127.13.0.1", "", "127.13.0.1", ""),
    ("127.13.0.2", "", "127.13.0.2", ""),
    # an address goes before a score, whatever the order in the file
    ("127.14.9.9", "RANKS", "127.14.0.0/16", "$ONE"),
]
# with the groups that everybody falls into taken away
NAME_CASES = [
    ("127.20.0.1", "HOST", "mail.partner.test", "$TWO"),
    ("127.20.0.2", "DOMAIN", ".partner.test", "$ONE"),
    ("127.20.0.3", "", "ALL", "$ACCEPTED"),
    ("127.20.0.4", "", "ALL", "$ACCEPTED"),
    ("127.20.0.5", "UNSURE", "not.double.verified", "$TWO"),
    ("127.20.0.6", "UNSURE", "not.double.verified", "$TWO"),
    ("127.20.0.7", "SECOND", "second.test", "$TWO"),
    ("127.20.0.8", "SECOND", "shout.test", "$TWO"),
    ("127.20.0.9", "", "ALL", "$ACCEPTED"),
    ("127.21.0.1", "FAILED", "serv.fail", "$ONE"),
]


@pytest.fixture
def nsd(folder):
    with Nsd(folder, ZONES) as n:
        yield n


def without_ranks(text):
    return re.sub(r"        - \{ name: RANKS.*?\}\n", "", text, flags=re.S)


def compare_hosts(postern, cases, port, listener="InboundMail"):
    for source, group, entry, policy in cases:
        s = Session(listener, port, source)
        t = twin.trace(postern, s)
        c = t["connection"]
        assert (c["group"] or "", c["entry"], c["policy"] or "") == (
            group, entry, policy), source
        h, want = twin.live(s), twin.expected(s, t)
        assert h.connect == want.connect, source
        line = postern.wait_log(twin.hat_line(t))
        assert line, source
    wait_quiet()
    hats = wait_for("the events of all sessions", lambda: enough(
        [e for e in events(postern) if e["event"] == "HAT"], len(cases)))
    for case, e in zip(cases, hats[-len(cases):]):
        assert (e["group"] or "", e["entry"], e["policy"]) == case[1:], case


def test_addresses_of_hosts(make_suite, nsd):
    postern = make_suite(HAT.replace("@NSD@", str(nsd.port)))
    compare_hosts(postern, HAT_CASES, postern.port)
    passed = twin.trace(postern, Session("InboundMail", 0, "127.2.3.4"))
    steps = [(n["group"], n["entry"]) for n in passed["connection"]["steps"]
             if n["step"] == "sender group passed"]
    assert steps == [("LATER", "127.2.0.0/16")]
    compare_hosts(postern, [("127.2.3.4", "RELAYLIST", "127.2.0.0/16",
                             "$RELAYED"),
                            ("127.5.0.1", "", "ALL", "$BLOCKED")],
                  postern.private_port, "OutboundMail")


def test_names_of_hosts(make_suite, nsd):
    postern = make_suite(without_ranks(HAT).replace("@NSD@", str(nsd.port)))
    compare_hosts(postern, NAME_CASES, postern.port)
    for source, *_ in NAME_CASES:
        host = twin.trace(postern, Session("InboundMail", 0, source))[
            "facts"]["reverse_name"]
        assert host["source"] == "looked up"
        line = postern.wait_log("address %s reverse dns host" % source)[0]
        verified = "verified yes" in line
        assert verified == ("." in host["value"] and
                            host["value"] not in CLASSES), (line, host)
        if verified:
            assert " host %s " % host["value"] in line
    # a name that is given is taken for granted (2.3)
    given = twin.trace(postern, Session("InboundMail", 0, "127.20.0.9"),
                       "--fqdn", "mail.partner.test")
    assert given["connection"]["group"] == "HOST"
    assert given["facts"]["reverse_name"]["source"] == "given"


CLASSES = {"nx.domain", "serv.fail", "not.double.verified"}


def test_six(make_suite, nsd):
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6")
    postern = make_suite(HAT.replace("@NSD@", str(nsd.port)))
    t = twin.trace(postern, Session("Six", 0, "::1"))
    with socket.create_connection(("::1", postern.port), 10) as s, \
            s.makefile("rb") as f:
        line = f.readline().decode().rstrip("\r\n")
    code, text = twin.wire(t["connection"]["greeting"])
    assert line == "%d %s" % (code, text[0])
    assert (t["connection"]["group"], t["connection"]["policy"]) == (
        "SIX", "$THROTTLED")
    postern.wait_log(twin.hat_line(t))


@pytest.mark.parametrize("dns", ["enabled: no", "reverse_timeout: 0"])
def test_without_look_ups(make_suite, dns):
    config = re.sub(r"dns:\n(  .*\n)+", "dns:\n  %s\n" % dns,
                    without_ranks(HAT))
    postern = make_suite(config)
    for source in ("127.20.0.1", "127.2.3.4"):
        s = Session("InboundMail", postern.port, source)
        t = twin.trace(postern, s)
        assert twin.live(s).connect == twin.expected(s, t).connect
        postern.wait_log(twin.hat_line(t))
    assert t["connection"]["group"] == "ADDRESS"


# --- delayed rejection -------------------------------------------------------

@pytest.mark.parametrize("keys,reply", [
    ("delayed_reject: yes", (550, ["5.7.1 access refused for this host"])),
    ("delayed_reject: yes\n  delayed_reject_code: 451\n"
     "  delayed_reject_text: 'not you, $RemoteIP'",
     (451, ["not you, 127.11.0.1"])),
])
def test_rejection_of_the_recipients(make_suite, nsd, keys, reply):
    config = HAT.replace("@NSD@", str(nsd.port)) + "receiving:\n  %s\n" % keys
    postern = make_suite(config)
    s = Session("InboundMail", postern.port, "127.11.0.1",
                rcpts=("a@example.com", "b@elsewhere.test"))
    t = twin.trace(postern, s)
    assert twin.live(s) == twin.expected(s, t)
    assert twin.live(s).rcpts == [reply, reply]
    text = twin.trace(postern, s, text=True)
    assert " - Connection would be accepted; every recipient rejected: %d" \
        % reply[0] in text
    assert "Processing MAIL FROM" not in text
