"""Addresses are rewritten: what arrives, byte for byte, and what trace says.

Spec receiving 4.10, 6.2 to 6.5, 3.7.
"""
import re
import signal

import pytest

import twin
from sink import Sink
from suite import wait_for
from twin import Session

CONFIG = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
interfaces:
  - { name: Loopback, ip: 127.0.0.1, hostname: in.postern.test }
  - { name: Second, ip: 127.0.0.2, hostname: two.postern.test }
  - { name: Third, ip: 127.0.0.3 }
interface_groups: [ { name: Both, members: [ Second, Third ] } ]
aliases: aliases
altsrchost: altsrchost
exception_table:
  - allow: good@bad.test
  - reject: "@bad.test"
  - reject: spammer@
    reply: 554 <$EnvelopeSender> is not welcome
@RECEIVING@
listeners:
  - name: InboundMail
    type: public
    port: @PORT@
    default_domain: example.com
    domain_map: domain_map
    hat: { groups: [ { name: ALL, policy: $ACCEPTED } ], defaults: {
      max_msgs_per_session: 1000, max_concurrency: 100,
      max_rcpts_per_msg: 1000, exception_table: yes } }
    rat: [ example.com, .example.com ]
  - name: OutboundMail
    type: private
    port: @PRIVATE_PORT@
    default_domain: int.example.com
    masquerade: { table: masquerade, envelope_sender: yes, reply_to: yes }
    hat: { groups: [ { name: RELAYLIST, policy: $RELAYED,
                       entries: 127.0.0.0/8 } ] }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
TABLES = {
    "domain_map": "joe@old.test joseph@example.com\n"
                  "@old.test @example.com\n@.old.test @sub.example.com\n"
                  "@one.test postmaster@example.com\n",
    "masquerade": "boss the.boss@example.com\n"
                  "@int.example.com, @.int.example.com @example.com\n"
                  "ALL @default.example.com\n",
    "aliases": "admin@example.com: anna@example.com, ben@example.org\n"
               "[ example.com, int.example.com ]\n"
               "all: admin@example.com\n"
               "chain: all, carl@example.net, anna@example.com\n"
               "nobody: /dev/null\n"
               "some: /dev/null, anna@example.com\n"
               "loop: pool\npool: loop, anna@example.com\n"
               "long: l1\nl1: l2\nl2: l3\nl3: l4\nl4: l5\nl5: l6\n"
               "l6: l7\nl7: l8\nl8: l9\nl9: l10\nl10: anna@example.com\n",
    "altsrchost": "joe@int.example.com Second\n@eng.int.example.com Third\n"
                  "127.5.0.1 Both\n",
}


def config(receiving=""):
    return CONFIG.replace("@RECEIVING@", receiving and
                          "receiving: { %s }" % receiving)


@pytest.fixture
def rewriting(make_suite):
    return make_suite(config(), tables=TABLES)


# --- what arrives ------------------------------------------------------------

HEADER = (b"From: \"Blogs, Joe\" <joe@int.example.com> (me)\r\n"
          b"..Odd: yes\r\n"
          b"To: Anna (x@int.example.com) <anna@A.Int.Example.Com>,\r\n"
          b"\tGroup: boss, b@elsewhere.test;,\r\n"
          b" =?utf-8?Q?J=C3=B6rg,_<x@int.example.com>?= <j@int.example.com>"
          b"\r\n"
          b"Subject: joe@int.example.com\r\n"
          b"cc: mary\r\n"
          b"Reply-To: joe\r\n @int.example.com\r\n"
          b"Sender: joe@int.example.com\r\n"
          b"Message-ID: <1@int.example.com>\r\n"
          b"X-Last: 1\r\n\r\n")
CHANGED = (b"From: \"Blogs, Joe\" <joe@example.com> (me)\r\n"
           b"..Odd: yes\r\n"
           b"To: Anna (x@int.example.com) <anna@example.com>,\r\n"
           b"\tGroup: the.boss@example.com, b@elsewhere.test;,\r\n"
           b" =?utf-8?Q?J=C3=B6rg,_<x@int.example.com>?= <j@example.com>"
           b"\r\n"
           b"Subject: joe@int.example.com\r\n"
           b"cc: mary@default.example.com\r\n"
           b"Reply-To: joe\r\n @example.com\r\n"
           b"Sender: joe@int.example.com\r\n"
           b"Message-ID: <1@int.example.com>\r\n"
           b"X-Last: 1\r\n\r\n")
# in a slot; a file; a file that was written before its end came
BODIES = {"small": b"From: joe@int.example.com\r\n.\r\n..x\r\n",
          "file": b"..y\r\n" + b"z" * 70 + b"\r\n" * 20000,
          "large": twin.lines(5000)}


def without_received(body):
    assert body.startswith(b"Received: from ")
    return body.split(b"\r\n", 2)[2]


@pytest.mark.parametrize("size", BODIES)
def test_only_addresses_change(rewriting, size):
    body = BODIES[size]
    with Sink(rewriting.sink_port) as sink, \
            rewriting.client(rewriting.private_port) as c:
        for _ in range(3):
            r = c.mail("joe@int.example.com", ["x@y.test"], HEADER + body)
            assert r[0] == 250
        sink.wait(3)
        rewriting.wait_empty()
    for m in sink.messages:
        assert m.sender == "joe@example.com" and m.rcpts == ["x@y.test"]
        assert without_received(m.body) == CHANGED + body
        assert m.peer == "127.0.0.2"
    assert [l for l in rewriting.log() if "From: <joe@int.example.com>" in l]


def test_another_server_sees_smtputf8(rewriting):
    """8-bit names and addresses pass through the rewriting of others."""
    text = "From: J\u00f6 <j\u00f6@int.example.com>\r\nTo: b\u00fc@a.test\r\n"
    with Sink(rewriting.sink_port, extensions=(
            "PIPELINING", "8BITMIME", "SMTPUTF8")) as sink, \
            rewriting.client(rewriting.private_port) as c:
        assert c.cmd("MAIL FROM:<j\u00f6@int.example.com> SMTPUTF8")[0] == 250
        assert c.cmd("RCPT TO:<x@y.test>")[0] == 250
        assert c.cmd("DATA")[0] == 354
        c.send(text.encode() + b"Message-ID: <x>\r\n\r\nx\r\n.\r\n")
        assert c.reply()[0] == 250
        m = sink.wait(1)[0]
    assert m.sender == "j\u00f6@example.com"
    assert without_received(m.body).decode().startswith(
        "From: J\u00f6 <j\u00f6@example.com>\r\nTo: b\u00fc@a.test\r\n")


def test_rcpt_replies_name_what_was_given(rewriting):
    with rewriting.client() as c:
        c.cmd("MAIL FROM:<a@client.test>")
        for given in ("chain@example.com", "joe@OLD.test", "chain",
                      "nobody@example.com"):
            code, text = c.cmd("RCPT TO:<%s>" % given)
            assert (code, text[0].lower()) == (
                250, "2.1.5 recipient <%s> ok" % given.lower())


# --- aliases that lead nowhere -----------------------------------------------

def test_dev_null(rewriting):
    with Sink(rewriting.sink_port) as sink, rewriting.client() as c:
        assert c.mail("a@client.test", ["nobody@example.com"]) == (
            250, ["2.0.0 ok:  Message 1 accepted"])
        # what is wrong with a message is wrong also when nobody gets it
        assert c.cmd("MAIL FROM:<a@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<nobody@example.com>")[0] == 250
        assert c.cmd("DATA")[0] == 354
        assert c.cmd(b"a: b\n\r\n.\r\n")[0] == 554
        assert c.cmd("MAIL FROM:<a@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<nobody@example.com>")[0] == 250
        assert c.cmd(b"BDAT 6\r\na: b\r\n")[0] == 250
        assert c.cmd("BDAT 0 LAST")[0] == 250
        assert c.mail("a@client.test", ["some@example.com",
                                        "nobody@example.com"])[0] == 250
        assert c.cmd("MAIL FROM:<a@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<x@elsewhere.test>")[0] == 550
        assert c.cmd("DATA")[0] == 554
        sink.wait(1)
        rewriting.wait_empty()
        assert sink.rcpts() == ["anna@example.com"]
    rewriting.wait_log("To: <nobody@example.com> dropped by alias table")
    rewriting.wait_log("Message finished MID 1 done")


def test_dropped_messages_are_counted(rewriting):
    def counted():
        c = rewriting.ask_quiet("status", "detail")["counters"]
        return {k: c[k]["lifetime"] if isinstance(c[k], dict) else c[k]
                for k in ("messages_received", "recipients_received",
                          "dropped_messages")}

    before = counted()
    with rewriting.client() as c:
        assert c.mail("a@client.test", ["nobody@example.com"])[0] == 250
    wait_for("the counters", lambda: counted() != before)
    after = counted()
    assert {k: after[k] - before[k] for k in after} == {
        "messages_received": 1, "recipients_received": 0,
        "dropped_messages": 1}
    rewriting.wait_empty()


def test_too_long_a_chain_is_warned_of(rewriting):
    with Sink(rewriting.sink_port) as sink, rewriting.client() as c:
        assert c.mail("a@client.test", ["long@example.com"])[0] == 250
        assert sink.wait(1)[0].rcpts == ["long@example.com"]
    assert rewriting.wait_log(
        "MID 1 alias <long@example.com> (tables/aliases:9) is not expanded: "
        "a chain of more than 10 aliases")


# --- exceptions --------------------------------------------------------------

def test_exception_table(rewriting):
    with rewriting.client() as c:
        assert c.cmd("MAIL FROM:<good@bad.test>")[0] == 250
        c.cmd("RSET")
        assert c.cmd("MAIL FROM:<x@bad.test>") == (
            553, ["5.7.1 Envelope sender <x@bad.test> rejected"])
        assert c.cmd("MAIL FROM:<spammer@any.test>") == (
            554, ["<spammer@any.test> is not welcome"])
        assert c.cmd("MAIL FROM:<x@good.test>")[0] == 250
    rewriting.wait_log("Address: <x@bad.test> sender rejected, "
                       "domain exception table")
    # the listener for our own hosts does not ask it
    with rewriting.client(rewriting.private_port) as c:
        assert c.cmd("MAIL FROM:<x@bad.test>")[0] == 250


# --- trace = live ------------------------------------------------------------

INNER = HEADER + b"Hello.\r\n"
NO_ID = (b"From: mary@a.int.example.com\r\nTo: unparsable ones\r\n"
         b"Subject: x\r\n\r\nHello.\r\n")
SESSIONS = {
    "masquerade": dict(sender="joe@int.example.com", body=INNER),
    "bare sender": dict(sender="joe", body=NO_ID),
    "null sender": dict(sender="", body=NO_ID),
    "user name": dict(sender="boss@elsewhere.test", body=twin.BODY),
    "no header": dict(sender="x@y.test", body=b"\r\nbody\r\n"),
    "no header at all": dict(sender="x@y.test", body=b"no field\r\nTo: boss"
                                                     b"\r\n"),
    "aliases": dict(sender="x@eng.int.example.com",
                    rcpts=("chain", "loop@example.com", "long@example.com",
                           "x@y.test", "some@example.com", "pool")),
    "gateway of a group": dict(source="127.5.0.1", sender="x@y.test"),
    "dropped": dict(rcpts=("nobody",)),
    "8-bit": dict(sender="j\u00f6@int.example.com", smtputf8=True,
                  body="To: j\u00f6@int.example.com\r\n\r\nx\r\n".encode()),
    "long header": dict(sender="joe@int.example.com", body=(
        b"To: " + b",\r\n ".join(b"u%d@int.example.com" % i
                                 for i in range(2000)) +
        b"\r\nCc: boss\r\n\r\nx\r\n")),
    "too long a header": dict(sender="joe@int.example.com", body=b"".join(
        b"To: " + b",\r\n ".join(b"user.number.%d.of.many@int.example.com" % i
                                 for i in range(2200)) + b"\r\n"
        for _ in range(4)) + b"\r\nx\r\n"),
}
INBOUND = {
    "domain map": dict(rcpts=("joe@old.test", "Mary@old.test", "x@a.old.test",
                              "x@one.test", "x@two.test", "anna",
                              "chain@old.test")),
    "mapped, then dropped": dict(rcpts=("nobody@old.test",)),
    "aliases": dict(rcpts=("chain", "loop@example.com", "some@example.com",
                           "x@elsewhere.test", "nobody@example.com")),
    "allowed": dict(sender="good@bad.test"),
    "rejected": dict(sender="x@bad.test"),
    "rejected by name": dict(sender="Spammer@x.test"),
    "no masquerade": dict(body=INNER),
}


@pytest.mark.parametrize("receiving", [
    "", "add_message_id: yes, received_hostname: gateway"])
def test_trace_is_live(make_suite, receiving):
    postern = make_suite(config(receiving), tables=TABLES)
    cases = [(name, Session("OutboundMail", postern.private_port, **kw))
             for name, kw in SESSIONS.items()]
    cases += [(name, Session("InboundMail", postern.port, **kw))
              for name, kw in INBOUND.items()]
    with Sink(postern.sink_port, extensions=(
            "PIPELINING", "8BITMIME", "SMTPUTF8")) as sink:
        for i, (name, s) in enumerate(cases):
            if not s.body.startswith((b"\r\n", b"no field")):
                s.tag = "t%d" % i
            t = twin.trace(postern, s)
            assert twin.live(s) == twin.expected(s, t), name
            if t["outcome"] != "queued":
                assert name.split()[-1] in ("dropped", "rejected", "name"), t
                continue
            if s.tag:
                wait_for(name, lambda: (twin.arrived(sink, s) or (0, []))[1]
                         == twin.promised(t)[1])
                assert twin.arrived(sink, s) == twin.promised(t), name
            else:
                wait_for(name, lambda: any(
                    twin.neutral(m.body) == twin.promised(t)[2]
                    for m in sink.messages))
        postern.wait_empty()
    gateway = "two.postern.test" if receiving else "in.postern.test"
    masqueraded = [m for m in sink.messages if b"X-Tag: t0\r\n" in m.body]
    assert re.search(rb"\n +by %s with" % gateway.encode(),
                     masqueraded[0].body)
    assert any(re.search(r"MID \d+ rewritten to \d+ by a header edit", l)
               for l in postern.log())


# --- what else shows a message -----------------------------------------------

def test_showmessage_and_notice_have_the_changed_header(rewriting):
    small = HEADER.replace(b"..Odd", b".Odd")
    with Sink(rewriting.sink_port, behave={
            "RCPT x@y.test": "451 later"}) as sink:
        with rewriting.client(rewriting.private_port) as c:
            assert c.mail("joe@int.example.com", ["x@y.test"],
                          HEADER + b"..body\r\n")[0] == 250
        rewriting.wait_log("Delayed:")
        # not while it is being moved
        shown = wait_for("the message", lambda: rewriting.postern(
            "showmessage", "1", ok=(0, 1)))
        assert without_received(shown.replace("\n", "\r\n").encode()) == \
            CHANGED + b"..body\r\n"
        sink.behave["RCPT x@y.test"] = "550 no"
        rewriting.deliver("the notice", lambda: sink.messages)
        notice = sink.messages[0]
    assert notice.rcpts == ["joe@example.com"]
    assert CHANGED + b"..body\r\n" in notice.body
    assert small not in notice.body


# --- deaths ------------------------------------------------------------------

@pytest.mark.parametrize("victim", ["cleanup 0", "qmgr 0"])
def test_recovery_gives_the_same(rewriting, victim):
    """What was decided before a death, and what is decided after it."""
    def send(n):
        with rewriting.client(rewriting.private_port) as c:
            for i in range(n):
                body = b"x" * 70 + b"\r\n"
                assert c.mail("joe@int.example.com", ["x@y.test"], HEADER
                              + body * (1500 * (i % 2) + 1))[0] == 250

    send(4)  # has ROUTE, and nobody to take it
    rewriting.wait_log("MID 4 queued for delivery")
    rewriting.postern("workqueue", "pause", "test")
    send(4)  # has none
    rewriting.kill(victim, signal.SIGKILL)
    rewriting.wait_log(victim + " ")
    with Sink(rewriting.sink_port) as sink:
        # 4: that program is not there, just now
        wait_for("qmgr", lambda: "Operational" in rewriting.postern(
            "workqueue", "resume", ok=(0, 4)) + rewriting.postern(
            "workqueue", "status", ok=(0, 4)))
        rewriting.deliver("all of them", lambda: len(sink.messages) >= 8)
        rewriting.wait_empty()
    for m in sink.messages:
        assert m.sender == "joe@example.com"
        assert without_received(m.body).startswith(CHANGED)
