"""SMTP call-ahead: the next hop says who exists, while the client waits."""
import collections
import threading

import pytest

import twin
from ports import free_port
from sink import Sink
from suite import wait_for
from terminal import Terminal
from twin import Session

CONFIG = """\
hostname: mx.postern.test
system: { workers: 1 }
dns: { enabled: no }
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
callahead_profiles:
  - { name: Next, servers: "127.0.0.1:@AHEAD@", sender: probe@postern.test,
      timeout: 3, max_connections: 2 }
  - { name: Mild, timeout: 2, failure_code: 250, temporary_code: 250 }
aliases: aliases
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    call_ahead: Next
    hat:
      defaults: { dhap_limit: 0, max_rcpts_per_hour: 1000 }
      groups: [ { name: ALL, policy: $ACCEPTED } ]
    rat:
      - { accept: vip@example.com, bypass_callahead: yes }
      - example.com
  - name: Routed
    type: public
    interface: Loopback
    port: @PRIVATE_PORT@
    call_ahead: Mild
    hat:
      defaults: { dhap_limit: 0 }
      groups: [ { name: ALL, policy: $ACCEPTED } ]
    rat: [ example.com ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
"""
ALIASES = """\
[example.com]
team: anna@example.com, gone@example.com, away@elsewhere.test
nobody: gone@example.com, gone2@example.com
"""
BEHAVE = {
    "RCPT gone": "550 5.1.1 never heard of him",
    "RCPT full": "452 4.2.2 mailbox full",
}


@pytest.fixture
def ahead(make_suite, folder):
    port = free_port()
    with Sink(port, dict(BEHAVE)) as server:
        postern = make_suite(CONFIG.replace("@AHEAD@", str(port)),
                             tables={"aliases": ALIASES})
        yield postern, server


def asked(server):
    with server.lock:
        return [c for c in server.commands if c.startswith("RCPT")]


def test_answers(ahead):
    postern, server = ahead
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<anna@example.com>")[0] == 250
        assert c.cmd("RCPT TO:<gone@example.com>") == (
            550, ["5.1.1 never heard of him"])
        assert c.cmd("RCPT TO:<full@example.com>") == (
            451, ["4.4.3 recipient cannot be verified"])
        assert c.cmd("RCPT TO:<vip@example.com>")[0] == 250
        assert c.cmd("RCPT TO:<x@other.test>")[0] == 550
    assert asked(server) == ["RCPT TO:<%s@example.com>" % u
                             for u in ("anna", "gone", "full")]
    assert "MAIL FROM:<probe@postern.test>" in server.commands
    assert not [x for x in server.commands if x.startswith("DATA")]
    assert postern.wait_log("To: <gone@example.com> Rejected by Call-Ahead")


def test_answers_are_kept(ahead):
    postern, server = ahead
    for _ in range(3):
        with postern.client() as c:
            c.cmd("MAIL FROM:<s@client.test>")
            assert c.cmd("RCPT TO:<anna@example.com>")[0] == 250
            assert c.cmd("RCPT TO:<gone@example.com>") == (
                550, ["5.1.1 never heard of him"])
            assert c.cmd("RCPT TO:<full@example.com>")[0] == 451
    assert collections.Counter(asked(server)) == {
        "RCPT TO:<anna@example.com>": 1, "RCPT TO:<gone@example.com>": 1,
        "RCPT TO:<full@example.com>": 3}


def test_aliases(ahead):
    postern, server = ahead
    with Sink(postern.sink_port) as sink, postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<team@example.com>")[0] == 250
        assert c.cmd("RCPT TO:<nobody@example.com>")[0] == 550
        assert sorted(asked(server)) == sorted(
            "RCPT TO:<%s@example.com>" % u for u in ("anna", "gone",
                                                     "gone2"))
        assert c.cmd("DATA")[0] == 354
        c.send(b"Subject: x\r\n\r\nhi\r\n.\r\n")
        assert c.reply()[0] == 250
        wait_for("both", lambda: sorted(sink.rcpts()) == [
            "anna@example.com", "away@elsewhere.test"])
    assert postern.wait_log("To: <gone@example.com> Rejected by Call-Ahead")


def test_nobody_answers(ahead):
    postern, server = ahead
    server.close()
    with postern.client() as c, postern.client(postern.private_port) as d:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<anna@example.com>")[0] == 451
        # where the profile names no server, those of the route are asked;
        # there is none, and the profile is content with that
        d.cmd("MAIL FROM:<s@client.test>")
        assert d.cmd("RCPT TO:<anna@example.com>")[0] == 250
        with Sink(postern.sink_port, dict(BEHAVE)):
            assert d.cmd("RCPT TO:<gone@example.com>")[0] == 550
            assert d.cmd("RCPT TO:<full@example.com>")[0] == 250


def test_a_silent_server_takes_its_time_and_no_more(ahead):
    postern, server = ahead
    gate = threading.Event()
    server.behave["RCPT slow"] = lambda _: gate.wait(20) and "250 ok"
    with postern.client() as c, postern.client() as other:
        c.send("MAIL FROM:<s@client.test>\r\nRCPT TO:<slow@example.com>\r\n"
               "RCPT TO:<anna@example.com>\r\n")
        assert c.reply()[0] == 250
        assert c.silent(0.5)
        other.cmd("MAIL FROM:<s@client.test>")
        assert other.cmd("RCPT TO:<ben@example.com>")[0] == 250
        assert c.reply()[0] == 451
        assert c.reply()[0] == 250
    gate.set()


def test_connections_to_the_server(ahead):
    """Two at a time, however many ask; all are answered."""
    postern, server = ahead
    lock, now, most = threading.Lock(), [0], [0]

    def count(_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.1)
        with lock:
            now[0] -= 1
        return "250 ok"

    server.behave["RCPT many"] = count
    clients = [postern.client() for _ in range(10)]
    for i, c in enumerate(clients):
        c.send("MAIL FROM:<s@client.test>\r\n"
               "RCPT TO:<many%d@example.com>\r\n" % i)
    for c in clients:
        assert c.reply()[0] == 250 and c.reply()[0] == 250
        c.close()
    assert most[0] == 2


def test_trace_asks_only_when_told_to(ahead):
    postern, server = ahead
    s = Session("InboundMail", postern.port, rcpts=(
        "anna@example.com", "gone@example.com", "vip@example.com",
        "team@example.com", "full@example.com"))

    def lines(*more):
        return [l for l in twin.trace(postern, s, *more, text=True)
                .splitlines() if "Call-Ahead" in l]

    name = " - SMTP Call-Ahead: Next: "
    assert lines() == [
        name + "not contacted", name + "not contacted", name + "Bypassed",
        name + "anna@example.com: not contacted",
        name + "gone@example.com: not contacted", name + "not contacted"]
    assert server.connections == 0
    assert lines("--call-ahead") == [
        name + "accepted", name + "rejected (550)", name + "Bypassed",
        name + "anna@example.com: accepted",
        name + "gone@example.com: rejected (550)",
        name + "temporary failure (452)"]
    assert "DATA" not in server.commands
    t = twin.trace(postern, s, "--call-ahead")
    assert t["facts"]["next_hop"]["gone@example.com"] == {
        "value": "not known", "known": True, "source": "looked up"}
    with Sink(postern.sink_port):
        assert twin.live(s) == twin.expected(s, t)


def test_trace_asks_whether_it_may(ahead):
    postern, server = ahead
    ask = "Contact the call-ahead server? [N]> "
    for word, result in (("", "not contacted"), ("y", "rejected (550)")):
        with Terminal(postern, "trace") as t:
            for line in ("127.0.0.1", "x.test", "1", "", "",
                         "joe@client.test", "gone@example.com"):
                t.expect("]> ")
                t.say(line)
            t.expect(ask)
            t.say(word)
            t.expect("Load message from disk? [Y]> ")
            t.say("n")
            t.expect("to end.\n")
            for line in ("Subject: x", "", "x", "."):
                t.say(line)
            t.expect("SMTP Call-Ahead: Next: %s\n" % result)
            t.expect("debug session? [N]> " if result[0] == "r"
                     else "resulting message? [Y]> ")
