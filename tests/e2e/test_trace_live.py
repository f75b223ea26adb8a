"""What trace says is what the gateway does: both are asked, and compared.

Clients have addresses of their own in 127.0.0.0/8; their names come from a
real NSD.  What differs between the two is listed in twin.neutral().
"""
import json
import os
import random
import re
import socket
import time

import pytest

import twin
from conftest import CONFIG
from nsd import Nsd
from sink import Sink
from suite import free_port, wait_for
from twin import Session

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

BANNER = "$Group|$HATEntry|$Hostname|$RemoteIP|$OrgID|$Other"

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
    hats = wait_for("the events of all sessions", lambda: enough(
        [e for e in events(postern) if e["event"] == "HAT"], len(cases)))
    for case, e in zip(cases, hats[-len(cases):]):
        assert (e["group"] or "", e["entry"], e["policy"]) == case[1:], case


def enough(found, n):
    return found if len(found) >= n else None


def events(postern):
    lines = []
    for f in sorted((postern.root / "log/mail_json").glob("*.@*")):
        lines += f.read_text().splitlines()
    return [json.loads(l) for l in lines]


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


# --- senders -----------------------------------------------------------------

LONG = "x" * 64
SENDERS = """\
joe@client.test
JOE@Client.Test
joe
joe@
joe@host
<>
none
"quoted local"@client.test
"quoted.local"@client.test
"a\\b"@client.test
joe@client.test.
joe@under_score.test
joe@-hyphen.test
joe@client..test
joe@192.0.2.1
joe@[192.0.2.1]
joe@[IPv6:2001:db8::1]
joe@[192.0.2.256]
joe@[X-unknown:thing]
@a.test,@b.test:joe@client.test
joe%other@client.test
joe!other@client.test
two@ats@client.test
.joe@client.test
joe blogs@client.test
(comment)joe@client.test
<<joe@client.test>>
j\u00f6rg@client.test
joe@b\u00fccher.test
joe@\uff21.test
joe\uff20client.test
postmaster
""".splitlines() + [LONG + "@client.test", LONG + "x@client.test",
                    "joe@" + ".".join([LONG[1:]] * 5) + ".test"]

ADDRESSES = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
interfaces: [ { name: Loopback, ip: 127.0.0.1 } ]
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    default_domain: example.com
    addresses:
      @RULES@
    hat: { groups: [ { name: ALL, policy: $ACCEPTED, } ], defaults: {
      max_msgs_per_session: 1000, max_concurrency: 100 } }
    rat: [ example.com, .example.com, client.test, "[192.0.2.1]" ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
RULES = {
    "shipped": "parser: strict",
    "loose": "parser: loose\n      source_routes: strip\n"
             "      reject_characters: ''\n      unknown_literals: accept",
    "closed": "allow_partial: no\n      allow_8bit_user: no\n"
              "      allow_8bit_domain: no\n      reject_characters: '@%!x'",
    "open": "allow_8bit_user: yes\n      allow_8bit_domain: yes\n"
            "      parser: loose",
}


def agree(postern, sessions):
    """All of them, traced and live; what trace said of each."""
    said = []
    for s in sessions:
        t = twin.trace(postern, s)
        assert twin.live(s) == twin.expected(s, t), (s, t)
        said.append(t)
    return said


@pytest.mark.parametrize("rules", RULES)
def test_senders(make_suite, rules):
    postern = make_suite(ADDRESSES.replace("@RULES@", RULES[rules]))
    with Sink(postern.sink_port):
        sessions = [Session("InboundMail", postern.port, sender=a,
                            smtputf8=utf8)
                    for a in SENDERS if a != "none"
                    for utf8 in ([False, True] if not a.isascii()
                                 else [False])]
        said = agree(postern, sessions)
    refused = sum(t["outcome"] == "sender refused" for t in said)
    assert 0 < refused < len(said)
    none = twin.trace(postern, Session("InboundMail", 0, sender="none"))
    assert none["sender"]["result"] == ""


@pytest.mark.parametrize("sender,result", [
    ("joe", "joe@example.com"), ("joe@", "joe@example.com"),
    ("joe@host", "joe@host.example.com"), ("", ""),
    ("joe@client.test", "joe@client.test")])
def test_default_domain_of_senders(make_suite, sender, result):
    postern = make_suite(ADDRESSES.replace("@RULES@", RULES["shipped"]))
    with Sink(postern.sink_port) as sink:
        s = Session("InboundMail", postern.port, sender=sender, tag="d")
        t = agree(postern, [s])[0]
        assert t["sender"]["result"] == result
        sink.wait(1)
        assert twin.arrived(sink, s) == twin.promised(t)


# --- recipients --------------------------------------------------------------

RAT = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
interfaces: [ { name: Loopback, ip: 127.0.0.1 } ]
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    default_domain: example.com
    hat: { groups: [
      { name: RELAYED, policy: $RELAYED, entries: 127.9.0.0/16 },
      { name: ALL, policy: $ACCEPTED } ], defaults: {
      max_msgs_per_session: 1000, max_concurrency: 100,
      max_rcpts_per_msg: 1000 } }
    rat:
      - reject: former@example.com
        reply: 551 has left, ask info@example.org
      - reject: slow@example.com
        reply: 451 not today
      - reject: plain@example.com
      - accept: vip@example.com
        reply: 250 welcome, vip
        bypass_receiving_control: yes
        bypass_ldap_accept: yes
        bypass_callahead: yes
      - accept: abuse@
      - reject: noreply@
        reply: 550
      - accept: example.com
      - reject: secret.example.com
      - accept: .example.com
      - accept: "[192.0.2.7]"
      - accept: [ one.test, two.test ]
        reply: 252 taken
      - accept: Mixed.Test
  - name: OutboundMail
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    default_domain: example.com
    hat: { groups: [ { name: RELAYLIST, policy: $RELAYED,
                       entries: 127.0.0.0/8 } ] }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
# recipient: entry, code
RAT_CASES = [
    ("anna@example.com", "example.com", 250),
    ("ANNA@EXAMPLE.COM", "example.com", 250),
    ("anna", "example.com", 250),
    ("anna@", "example.com", 250),
    ("anna@sub", ".example.com", 250),
    ("postmaster", "example.com", 250),
    ("former@example.com", "former@example.com", 551),
    ("Former@Example.Com", "former@example.com", 551),
    ("slow@example.com", "slow@example.com", 451),
    ("plain@example.com", "plain@example.com", 550),
    ("vip@example.com", "vip@example.com", 250),
    ("abuse@elsewhere.test", "abuse@", 250),
    ("Abuse@example.com", "abuse@", 250),
    ("noreply@one.test", "noreply@", 550),
    ("x@secret.example.com", "secret.example.com", 550),
    ("x@y.secret.example.com", ".example.com", 250),
    ("x@deep.sub.example.com", ".example.com", 250),
    ("x@notexample.com", "ALL", 550),
    ("x@[192.0.2.7]", "[192.0.2.7]", 250),
    ("x@[192.0.2.8]", "ALL", 550),
    ("x@one.test", "one.test", 252),
    ("x@two.test", "two.test", 252),
    ("x@mixed.test", "Mixed.Test", 250),
    ("x@elsewhere.test", "ALL", 550),
    ("x%example.com@elsewhere.test", None, 553),
    ("x@192.0.2.7", None, 501),
    ("x y@example.com", None, 501),
    ("x@example.com@example.com", None, 501),
    ("@example.com:x@example.com", None, 553),
]


def test_recipients(make_suite):
    postern = make_suite(RAT)
    with Sink(postern.sink_port) as sink:
        s = Session("InboundMail", postern.port, tag="rat",
                    rcpts=tuple(c[0] for c in RAT_CASES))
        t = agree(postern, [s])[0]
        for case, r in zip(RAT_CASES, t["recipients"]):
            entries = [n["entry"] for n in r["steps"] if "entry" in n]
            assert entries == ([case[1]] if case[1] else []), case
            assert r.get("reply", {"code": 250})["code"] == case[2], case
        wait_for("the message", lambda: twin.arrived(sink, s) ==
                 twin.promised(t))
        # one by one it is the same, whoever stands before
        alone = [twin.trace(postern, Session("InboundMail", 0, rcpts=(c[0],)))
                 for c in RAT_CASES]
        for together, one in zip(t["recipients"], alone):
            assert together == one["recipients"][0]
    for line in ["To: <former@example.com> Rejected by RAT",
                 "To: <x@elsewhere.test> Rejected by RAT"]:
        postern.wait_log(line)
    text = twin.trace(postern, s, text=True)
    assert (' - RAT matched on vip@example.com, behavior = ACCEPT, '
            'bypass receiving control, bypass LDAP accept, '
            'bypass SMTP call-ahead, response = "250 welcome, vip"\n') in text
    assert (' - RAT matched on former@example.com, behavior = REJECT, '
            'response = "551 has left, ask info@example.org"\n'
            ' - Recipient would be rejected.\n') in text


@pytest.mark.parametrize("listener,source", [
    ("OutboundMail", "127.1.0.1"), ("InboundMail", "127.9.0.1")])
def test_relayed_recipients(make_suite, listener, source):
    postern = make_suite(RAT)
    port = (postern.port if listener == "InboundMail"
            else postern.private_port)
    with Sink(postern.sink_port) as sink:
        s = Session(listener, port, source, tag="r",
                    rcpts=("x@elsewhere.test", "former@example.com", "anna"))
        t = agree(postern, [s])[0]
        wait_for("the message", lambda: twin.arrived(sink, s) ==
                 twin.promised(t))
    assert "RAT: Not Applicable" in twin.trace(postern, s, text=True)


def test_nobody_is_left(make_suite):
    postern = make_suite(RAT)
    s = Session("InboundMail", postern.port, rcpts=("x@elsewhere.test",))
    t = agree(postern, [s])[0]
    assert t["outcome"] == "no recipients"
    assert twin.trace(postern, s, text=True).endswith(
        " - Recipient would be rejected.\nNo recipients remain.\n")


# --- content -----------------------------------------------------------------

def lines(n, size=70):
    return b"".join(b"%0*d\r\n" % (size - 2, i) for i in range(n))


CONTENTS = {
    "ordinary": twin.BODY,
    "headers only": b"Subject: x\r\n",
    "no header": b"\r\njust text\r\n",
    "no header at all": b"just text, it seems\r\nand more\r\n",
    "dots": b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\n...\r\nend\r\n",
    "empty lines": b"Subject: x\r\n\r\n\r\n\r\n",
    "tabs and blanks": b"Subject: x\r\n\ty\r\n\r\n\t x \t\r\n",
    "long lines": b"Subject: x\r\n\r\n" + b"y" * 990 + b"\r\n",
    "utf-8": "Subject: h\u00e9\r\n\r\n\u65e5\u672c\r\n".encode(),
    "received": b"Received: by a; 1 Jan 2025 00:00:00 +0000\r\n" * 3
                + twin.BODY,
    "too many hops": b"Received: by a\r\n" * 101 + twin.BODY,
    "no last line end": b"Subject: x\r\n\r\nno end",
}


@pytest.mark.parametrize("received", ["yes", "no"])
def test_the_resulting_message(make_suite, received):
    postern = make_suite(RAT.replace(
        "    port: @PORT@\n", "    port: @PORT@\n    received_header: %s\n"
        % received))
    with Sink(postern.sink_port) as sink:
        for name, body in CONTENTS.items():
            for tag in ("", name.replace(" ", "-")):
                s = Session("InboundMail", postern.port, body=body, tag=tag)
                if not tag and s.body != s.content:
                    continue
                t = agree(postern, [s])[0]
                if name == "too many hops":
                    assert t["outcome"] == "message refused"
                    continue
                if tag:
                    wait_for(name, lambda: twin.arrived(sink, s))
                    assert twin.arrived(sink, s) == twin.promised(t), name
                else:
                    n = len(sink.messages)
                    wait_for(name, lambda: any(
                        twin.neutral(m.body) == twin.promised(t)[2]
                        for m in sink.messages), 5)


@pytest.mark.parametrize("size,fits", [(4096, True), (4097, False)])
def test_the_limit_of_the_size(make_suite, size, fits):
    """Trace only remarks upon it, and goes on (receiving 2.2)."""
    postern = make_suite(RAT.replace("max_rcpts_per_msg: 1000",
                                     "max_message_size: 4K"))
    body = b"Subject: x\r\n\r\n"
    body += b"y" * (size - len(body) - 2) + b"\r\n"
    assert len(body) == size
    with Sink(postern.sink_port):
        s = Session("InboundMail", postern.port, body=body)
        t = agree(postern, [s])[0]
    assert t["size"] == size and t["exceeds_maximum_size"] is not fits
    assert t["outcome"] == "queued"
    remark = " - Message size %d exceeds the maximum message size.\n" % size
    assert (remark in twin.trace(postern, s, text=True)) is not fits


@pytest.mark.parametrize("kind", ["sinkhole-queue", "sinkhole-noqueue"])
def test_sinkholes(make_suite, kind):
    postern = make_suite(RAT.replace("type: private", "type: " + kind))
    with Sink(postern.sink_port) as sink:
        s = Session("OutboundMail", postern.private_port, tag="hole",
                    rcpts=("x@elsewhere.test",))
        t = agree(postern, [s])[0]
        assert t["outcome"] == "dropped by sinkhole"
        postern.wait_log("Message finished")
        assert not sink.messages and not postern.queued()
    text = twin.trace(postern, s, text=True)
    assert "Message would be deleted by the sinkhole listener.\n" in text
    assert "Enqueued" not in text


# --- trace itself (receiving 2.10) ------------------------------------------

def test_a_change_shows_before_it_counts(make_suite):
    postern = make_suite(RAT)
    s = Session("InboundMail", postern.port, rcpts=("x@new.test",))
    before = agree(postern, [s])[0]
    assert before["outcome"] == "no recipients"
    postern.configure(RAT.replace("      - accept: abuse@\n",
                                  "      - accept: abuse@\n"
                                  "      - new.test\n"))
    pending = twin.trace(postern, s)
    assert pending["outcome"] == "queued"
    heard = twin.live(s)
    assert heard == twin.expected(s, before) != twin.expected(s, pending)
    assert twin.trace(postern, s, "--committed") == without_time(
        before, twin.trace(postern, s, "--committed"))
    postern.postern("commit", "new.test")
    with Sink(postern.sink_port):
        assert agree(postern, [s])[0]["outcome"] == "queued"
    committed = twin.trace(postern, s, "--committed")
    assert committed == without_time(pending, committed)


def without_time(t, like):
    """t with the message of the other, which has another date."""
    if "message" in t:
        assert twin.neutral(t["message"].encode()) == twin.neutral(
            like["message"].encode())
        t = dict(t, message=like["message"])
    return t


def test_the_same_again_is_the_same(make_suite):
    postern = make_suite(RAT)
    s = Session("InboundMail", postern.port, rcpts=("anna", "x@no.test"))
    one, two = (re.sub(r"with TEST; .*", "", twin.trace(
        postern, s, "--explain", text=True)) for _ in range(2))
    assert one == two
    assert one.count("Message Going to:") == 1


def test_trace_moves_nothing(make_suite):
    postern = make_suite(RAT)
    with Sink(postern.sink_port) as sink:
        s = Session("InboundMail", postern.port,
                    rcpts=("anna", "x@elsewhere.test"))
        twin.live(s)
        sink.wait(1)
        postern.wait_empty()
        # what is counted late has been counted, what is written is written
        wait_for("the end of the session",
                 lambda: postern.wait_log("Message finished")
                 and postern.wait_log("ICID 1 close"))
        before = standing(postern)
        for _ in range(5):
            twin.trace(postern, s)
        twin.trace(postern, Session("InboundMail", 0, "127.9.0.1"))
        assert standing(postern) == before
        assert len(sink.messages) == 1


def standing(postern):
    status = postern.ask("status", "detail")
    gauges = {k: v for k, v in status["gauges"].items()
              if k in ("inbound_conn", "active_recipients", "queue_messages",
                       "workqueue_messages", "destinations")}
    hosts = [{k: v for k, v in h.items()} for h in
             postern.ask("tophosts")["hosts"]]
    log = [l for l in postern.log() if "Info: Version" not in l]
    return status["counters"], status["ids"], gauges, hosts, log, \
        postern.queued()


# --- at random ---------------------------------------------------------------

ROUNDS, LISTENERS, SESSIONS = 6, 8, 5


class Dice(random.Random):
    def some(self, pool, most):
        return self.sample(pool, self.randint(0, min(most, len(pool))))

    def may(self, percent=50):
        return self.randrange(100) < percent


GROUP_ENTRIES = ["127.0.0.1", "127.1.", "127.1.2.3", "127.2.0.0/15",
                 "127.2-3.", "127.3.3.1-200", "127/10", "127.64.0.0/10",
                 "127.4.4.4 (a host)", ".test", "nx.domain", "serv.fail",
                 "not.double.verified", "sbrs[none]", "sbrs[-10.0:10.0]",
                 "SBO:12", "country[JP]", "dnslist[bl.test]"]
SOURCES = ["127.0.0.1", "127.1.2.3", "127.1.9.9", "127.2.0.1", "127.3.3.100",
           "127.3.4.4", "127.4.4.4", "127.70.1.1", "127.200.200.200"]
BEHAVIOURS = ["ACCEPT"] * 4 + ["RELAY", "REJECT", "TCPREFUSE", "CONTINUE"]
RAT_ENTRIES = ["example.com", ".example.com", "anna@example.com", "anna@",
               "bert@", "client.test", ".client.test", "[192.0.2.1]",
               "x@sub.example.com", "postmaster@"]
ADDRESSES_USED = ["anna@example.com", "Anna@Example.COM", "bert@example.com",
                  "anna", "bert@", "carl@sub", "x@sub.example.com",
                  "y@a.b.client.test", "joe@client.test", "postmaster",
                  "z@[192.0.2.1]", "z@[IPv6:::1]", "z@192.0.2.1",
                  '"a b"@example.com', '"ab"@example.com', "a%b@example.com",
                  "a!b@example.com", "<<anna@example.com>>",
                  "(hm)anna@example.com", "@r.test:anna@example.com",
                  "j\u00f6rg@example.com", "x@b\u00fccher.test", "a@b@c.test",
                  "anna@example.com.", "x@[tag:content]", "-@example.com"]
REPLIES = [None, None, "{code} no $Such thing", "{code}", "{code} a b c"]


def random_config(dice, ports):
    text = """\
hostname: mx%d.postern.test
dns: { enabled: no }
system: { workers: 1 }
receiving:
  delayed_reject: %s
  delayed_reject_code: %d
  delayed_reject_text: "%s"
interfaces:
  - { name: A, ip: 127.0.0.1 }
  - { name: B, ip: 127.0.0.2, hostname: b.postern.test }
bounce_profiles: [ { name: Default }, { name: Quick, max_queue_time: 60 } ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
listeners:
""" % (dice.randrange(10), yes(dice.may(30)), dice.choice([450, 550]),
       dice.choice(["", "not for $RemoteIP"]))
    return text + "".join(random_listener(dice, i, p)
                          for i, p in enumerate(ports))


def random_listener(dice, i, port):
    kind = dice.choice(["public"] * 4 + ["private"] * 2 + ["sinkhole-queue"])
    rat = kind == "public"
    out = """\
  - name: L%d
    type: %s
    interface: A
    port: %d
    default_domain: "%s"
    received_header: %s
    bounce_profile: %s
    addresses:
      parser: %s
      allow_8bit_user: %s
      allow_8bit_domain: %s
      allow_partial: %s
      source_routes: %s
      unknown_literals: %s
      reject_characters: "%s"
    hat:
      defaults:
        max_concurrency: 1000
        max_message_size: %s
        smtp_banner_text: "%s"
      policies:
""" % (i, kind, port, dice.choice(["", "example.com", "client.test"]),
       yes(dice.may(70)), dice.choice(["Default", "Quick"]),
       dice.choice(["strict", "loose"]), yes(dice.may()), yes(dice.may()),
       yes(dice.may(80)), dice.choice(["reject", "strip"]),
       dice.choice(["reject", "accept"]), dice.choice(["", "@%!", "%"]),
       dice.choice(["1K", "10M"]), dice.choice(["", "L: " + BANNER]))
    policies = []
    for n in range(dice.randint(1, 4)):
        behaviour = dice.choice(BEHAVIOURS)
        policies.append(("$P%d" % n, behaviour))
        out += "        - { name: $P%d, behaviour: %s, " \
            "smtp_banner_text: \"%s\"" % (n, behaviour, dice.choice(
                ["", "P%d $Group" % n, "two\\nlines"]))
        if behaviour == "REJECT" and dice.may():
            out += ", smtp_banner_code: %d" % dice.choice([421, 554, 571])
        out += " }\n"
    out += "      groups:\n"
    for n in range(dice.randint(0, 6)):
        policy = dice.choice([p for p, _ in policies] + [
            "$ACCEPTED", "$BLOCKED", "REJECT", "ACCEPT", "RELAY"])
        name = "name: G%d, " % n if dice.may(80) else ""
        entries = dice.some(GROUP_ENTRIES, 4)
        if not name:
            entries = entries[:1]
        if not entries:
            continue
        out += "        - { %spolicy: %s, entries: [ %s ] }\n" % (
            name, policy, ", ".join('"%s"' % e for e in entries))
    final = [p for p, b in policies if b != "CONTINUE"] + ["$ACCEPTED"] * 3
    out += "        - { name: ALL, policy: %s }\n" % dice.choice(final)
    if rat:
        out += "    rat:\n"
        for e in dice.some(RAT_ENTRIES, 6):
            accept = dice.may(70)
            out += "      - %s: '%s'\n" % ("accept" if accept else "reject",
                                         e)
            reply = dice.choice(REPLIES)
            if reply:
                out += "        reply: \"%s\"\n" % reply.format(
                    code=dice.choice([250, 252] if accept
                                     else [450, 550, 571]))
        out += "      - %s: ALL\n" % ("accept" if dice.may(20) else "reject")
    return out


def yes(value):
    return "yes" if value else "no"


def random_session(dice, tag, listener, port):
    body = twin.BODY + lines(dice.randrange(10))
    if dice.may(10):
        body = b"\r\nno header\r\n" + lines(20)
    if dice.may(5):
        body = b"Received: by x\r\n" * 101 + body
    sender = dice.choice(["joe@client.test"] * 6 + ["<>"]
                         + ADDRESSES_USED)
    return Session(listener, port, dice.choice(SOURCES), sender,
                   tuple(dice.choice(ADDRESSES_USED)
                         for _ in range(dice.randint(1, 4))),
                   body, dice.may(20), tag)


def test_at_random(make_suite):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    dice = Dice(seed)
    ports = [free_port() for _ in range(LISTENERS)]
    end = time.monotonic() + 55
    postern = make_suite(random_config(dice, ports))
    outcomes, pairs = {}, 0
    with Sink(postern.sink_port, extensions=(
            "PIPELINING", "8BITMIME", "SMTPUTF8")) as sink:
        for n in range(ROUNDS):
            if n > 0:
                postern.configure(random_config(dice, ports))
                postern.postern("commit", "round %d" % n)
            for s, t in random_round(dice, postern, sink, n, ports):
                outcomes[t["outcome"]] = outcomes.get(t["outcome"], 0) + 1
                pairs += 1
            assert time.monotonic() < end, "%d pairs took too long" % pairs
    print(pairs, "pairs:", outcomes)
    assert pairs >= 200 and len(outcomes) >= 5, outcomes


def random_round(dice, postern, sink, n, ports):
    begun = len(hats(postern))
    done = []
    for i, port in enumerate(ports):
        for k in range(SESSIONS):
            s = random_session(dice, "%d-%d-%d" % (n, i, k), "L%d" % i, port)
            t = twin.trace(postern, s)
            h, want = twin.live(s), twin.expected(s, t)
            if t["connection"]["delayed"]:
                compare_delayed(h, want)
            else:
                assert h == want, (s, t)
            done.append((s, t))
    seen = wait_for("the sessions in the log", lambda: enough(
        hats(postern), begun + len(done)))[begun:]
    for (s, t), e in zip(done, seen):
        c = t["connection"]
        assert (e["group"] or None, e["entry"], e["policy"] or None,
                e["behaviour"]) == (c["group"], c["entry"], c["policy"],
                                    c["behavior"]), (s, e, c)
        if t["outcome"] == "queued" and not t["exceeds_maximum_size"]:
            wait_for("message %s" % s.tag, lambda: twin.arrived(sink, s) ==
                     twin.promised(t))
    return done


def compare_delayed(heard, want):
    """The sender is looked at there, but trace has ended before."""
    assert heard.connect == want.connect
    if heard.mail[0] == 250:
        for one in heard.rcpts:
            assert one in (want.rcpts[0], (501, one[1]), (553, one[1])), one


def hats(postern):
    return [e for e in events(postern) if e["event"] == "HAT"]
