"""What trace says is what the gateway does: both are asked, and compared.

From the sender to the message; the host access table has a file of its own.
What may differ is listed in twin.neutral().
"""
import json
import re

import pytest

import twin
from sink import Sink
from suite import wait_for
from twin import Session

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
                    wait_for(name, lambda: any(
                        twin.neutral(m.body) == twin.promised(t)[2]
                        for m in sink.messages))


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
        postern.wait_empty()
        assert not sink.messages
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
    """t with the messages of the other, which have another date."""
    if isinstance(t, list) and isinstance(like, list) and \
            len(t) == len(like):
        return [without_time(*pair) for pair in zip(t, like)]
    if not isinstance(t, dict) or not isinstance(like, dict):
        return t
    t = {k: without_time(v, like.get(k)) for k, v in t.items()}
    if isinstance(t.get("message"), str):
        assert twin.neutral(t["message"].encode()) == twin.neutral(
            like["message"].encode())
        t["message"] = like["message"]
    return t


def test_the_same_again_is_the_same(make_suite):
    postern = make_suite(RAT)
    s = Session("InboundMail", postern.port, rcpts=("anna", "x@no.test"))
    one, two = (re.sub(r"with TEST; .*", "", twin.trace(
        postern, s, "--explain", text=True)) for _ in range(2))
    assert one == two
    assert one.count("Message going to:") == 1


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
        before = steady(postern)
        for _ in range(5):
            twin.trace(postern, s)
        twin.trace(postern, Session("InboundMail", 0, "127.9.0.1"))
        assert standing(postern) == before
        assert len(sink.messages) == 1


def test_every_byte_of_a_message_in_json(make_suite):
    every = bytes(set(range(1, 256)) - set(b"\r\n"))
    postern = make_suite(RAT, start=False)
    postern.filters('look: if (only-body-contains("^x.y", 1)) { no-op(); }\n')
    postern.start()
    t = twin.trace(postern, Session(
        "InboundMail", postern.port, rcpts=("anna",),
        body=b"Subject: x\r\n\r\nx\x7fy%s\r\n" % every), "--explain")
    # what the rule looked at is told as it was
    assert "\x7f" in json.dumps(t, ensure_ascii=False), t


def steady(postern):
    """What is the same twice in a row."""
    seen = [standing(postern)]

    def same():
        seen.append(standing(postern))
        return seen[-1] == seen[-2]
    wait_for("an end of the counting", same)
    return seen[-1]


def standing(postern):
    status = postern.ask_quiet("status", "detail")
    gauges = {k: v for k, v in status["gauges"].items()
              if k in ("inbound_conn", "active_recipients", "queue_messages",
                       "workqueue_messages", "destinations")}
    # time of the processor goes on, whoever asks
    counters = {k: v for k, v in status["counters"].items()
                if not k.startswith("cpu_")}
    hosts = [{k: v for k, v in h.items()} for h in
             postern.ask("tophosts")["hosts"]]
    log = [l for l in postern.log() if "Info: Version" not in l]
    return counters, status["ids"], gauges, hosts, log, \
        postern.queued()
