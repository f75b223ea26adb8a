"""QMQP: messages with many recipients in one go."""
import collections
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import qmqp
import test_rewriting as rewriting
import twin
from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import FULL, PEERS, wait_for, wait_quiet
from test_load import SmtpSink
from twin import Session

LISTENERS = """\
  - name: Generators
    type: private
    protocol: QMQP
    interface: Loopback
    port: @PRIVATE_PORT@
    max_concurrency: 1000
    hat:
      defaults: { max_concurrency: 1000, max_message_size: 100M,
                  max_rcpts_per_msg: 100000 }
      groups:
        - { name: GONE, policy: TCPREFUSE, entries: [ 127.3.0.0/16 ] }
        - { name: STRANGERS, policy: $BLOCKED, entries: [ 127.2.0.0/16 ] }
        - { name: ALL, policy: $ACCEPTED }
"""
BEFORE, _, AFTER = CONFIG.partition("  - name: OutboundMail\n")
QMQP = BEFORE + LISTENERS + "\nroutes:" + AFTER.partition("\nroutes:")[2]
WORKERS = "system: { workers: 1 }\n"


@pytest.fixture
def postern(make_suite):
    return make_suite(QMQP)


def test_a_message(postern):
    with Sink(postern.sink_port) as sink:
        kind, text = qmqp.send(postern.private_port,
                               b"Subject: hi\n\n.dot\nhello",
                               rcpts=["a@one.test", "b@two.test"])
        assert kind == "K" and text.startswith("ok:  Message "), text
        sink.wait(2)
    for m in sink.messages:
        head, _, body = m.body.partition(b"\r\nSubject: hi\r\n\r\n")
        assert body == b".dot\r\nhello\r\n"
        assert head.startswith(b"Received: from unknown (127.0.0.1)\r\n")
        assert b" with QMQP; " in head
    assert sorted(sink.rcpts()) == ["a@one.test", "b@two.test"]
    mid = text.split()[2]
    lines = postern.log()
    for part in ("New QMQP ICID", "RELAY SG None match ALL",
                 "Start MID %s ICID" % mid, "MID %s ICID" % mid,
                 "MID %s ready" % mid, "ICID 1 close"):
        assert any(part in l for l in lines), (part, lines)


def test_qmq_04_hosts_that_may_not(postern):
    port = postern.private_port
    big = b"x" * 79 + b"\n"
    # heard in the protocol, also by a client that writes all before it reads
    for n in (1, 100_000):
        assert qmqp.send(port, big * n, source="127.2.0.1") == (
            "D", "access refused for this host")
    # beyond the limit nothing is read
    with qmqp.connect(port, "127.2.0.1") as s:
        s.sendall(b"9999999999:")
        assert qmqp.answer(s) == ("D", "access refused for this host")
    assert qmqp.send(port, source="127.3.0.1") == "reset"
    assert any("REJECT SG STRANGERS" in l for l in postern.log())
    postern.wait_empty()


def test_lim_08_no_room_is_a_z(make_suite):
    postern = make_suite(QMQP.replace("max_concurrency: 1000\n",
                                      "max_concurrency: 2\n"))
    port = postern.private_port
    held = [qmqp.connect(port) for _ in range(2)]
    wait_for("no room", lambda: qmqp.send(port)[0] != "K")
    kind, text = qmqp.send(port)
    assert kind == "Z" and text.startswith("4.4.5 "), text
    for s in held:
        s.close()
    wait_for("room", lambda: qmqp.send(port)[0] == "K")


def test_qmq_05_who_does_not_wait_has_sent_it(postern):
    with Sink(postern.sink_port) as sink:
        with qmqp.connect(postern.private_port) as s:
            s.sendall(qmqp.request(b"a\n", "s@client.test", ["r@one.test"]))
        sink.wait(1)
        # closed for writing: that is how netcat does it
        with qmqp.connect(postern.private_port) as s:
            s.sendall(qmqp.request(b"a\n", "s@client.test", ["r@one.test"]))
            s.shutdown(1)
            assert qmqp.answer(s)[0] == "K"
        sink.wait(2)


def test_qmq_05_while_facts_are_waited_for(make_suite):
    """Nobody answers for the sender's domain: not now; and the answer is
    heard by who has closed his side for writing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", free_port()))
        postern = make_suite(QMQP.replace(
            "dns:\n  enabled: no\n",
            "dns:\n  servers: [ '127.0.0.1:%d' ]\n  timeout: 1\n"
            "  reverse_timeout: 0\n" % silent.getsockname()[1]).replace(
                "max_rcpts_per_msg: 100000",
                "max_rcpts_per_msg: 100000, envelope_sender_verify: yes"))
        with qmqp.connect(postern.private_port) as s:
            s.sendall(qmqp.request(b"a\n", "s@silent.test", ["r@one.test"]))
            s.shutdown(socket.SHUT_WR)
            kind, text = qmqp.answer(s)
    assert kind == "Z" and "#4.1.8 " in text, text


def test_receiving_control(make_suite):
    """More than an hour's recipients come back later, more than a message
    may have never."""
    postern = make_suite(QMQP.replace(
        "max_rcpts_per_msg: 100000",
        "max_rcpts_per_msg: 3, max_rcpts_per_hour: 5"))
    rcpts = ["r%d@one.test" % i for i in range(6)]
    port = postern.private_port
    assert qmqp.send(port, rcpts=rcpts[:4]) == (
        "D", "5.5.3 <r3@one.test>: Too many recipients")
    # those that were counted before the refusal stay counted
    kind, text = qmqp.send(port, rcpts=rcpts[:3])
    assert kind == "Z" and text.startswith("4.5.3 <r2@one.test>: "), text
    assert qmqp.send(port, source="127.0.0.9", rcpts=rcpts[:3])[0] == "K"


def test_idt_02_behind_a_balancer(make_suite):
    postern = make_suite(QMQP.replace(
        "    protocol: QMQP\n",
        "    protocol: QMQP\n    proxy_protocol: [ 127.0.0.1 ]\n"))
    request = qmqp.request(b"a\n", "s@client.test", ["r@one.test"])

    def send(header):
        with qmqp.connect(postern.private_port) as s:
            s.sendall(header + request)
            return qmqp.answer(s)

    with Sink(postern.sink_port) as sink:
        assert send(b"PROXY TCP4 198.51.100.7 192.0.2.1 1 628\r\n")[0] == "K"
        sink.wait(1)
        assert b"from unknown (198.51.100.7)" in sink.messages[0].body
    assert send(b"PROXY TCP4 127.2.0.7 192.0.2.1 1 628\r\n") == (
        "D", "access refused for this host")
    assert send(b"") in (None, "reset")
    assert qmqp.send(postern.private_port, source="127.0.0.5")[0] == "K"


def test_qmq_02_half_a_request_is_nothing(postern):
    whole = qmqp.request(b"a\n", "s@client.test", ["r@one.test"])
    for n in range(1, len(whole)):
        with qmqp.connect(postern.private_port) as s:
            s.sendall(whole[:n])
            s.shutdown(1)
            assert qmqp.answer(s) is None, n
    postern.wait_empty()
    assert not any(" ready " in l for l in postern.log())


def memory(postern, kinds=("qmqpd", "cleanup")):
    total = 0
    for name, pid in postern.pids().items():
        if name.split()[0] in kinds:
            for line in open("/proc/%d/status" % pid):
                if line.startswith("RssAnon"):
                    total += int(line.split()[1])
    return total


@pytest.mark.parametrize("rcpts", [1, 30_000])
def test_lim_03_big_messages_and_many_recipients(make_suite, folder, rcpts):
    """Content goes to its place while it comes; the envelope, which may be
    large, goes behind it."""
    postern = make_suite(QMQP + WORKERS)
    body = b"Subject: big\n\n" + b"0123456789" * 7 + b"\n"
    body *= 60_000_000 // len(body)
    if rcpts > 1:
        body = body[:200_000]
    addresses = [b"r%d@one.test" % i for i in range(rcpts)]
    sink = SmtpSink(postern.sink_port, folder)
    try:
        qmqp.send(postern.private_port)
        before = memory(postern)
        kind, text = qmqp.send(postern.private_port, body, rcpts=addresses)
        assert kind == "K", text
        if rcpts == 1:
            assert memory(postern) - before < 4000
        postern.wait_empty(120)
        got = sink.rcpts()
        assert set(got) == set(addresses) | {b"r@example.com"}
        assert set(got.values()) == {1}
    finally:
        sink.close()


# messages, sessions, size, recipients
RUNS = [(300, 10, 1000, 1), (200, 20, 5000, 10), (20, 4, 200000, 3)]


@pytest.mark.parametrize("run", RUNS, ids=lambda r: "%d-%ds-%db-%dr" % r)
def test_none_lost_none_doubled(make_suite, folder, run):
    n, sessions, size, rcpts = run
    postern = make_suite(QMQP)
    sink = SmtpSink(postern.sink_port, folder)
    try:
        r = subprocess.run(
            [str(PEERS / "qmqp-source"), "-4", "-M", "client.test", "-f",
             "s@client.test", "-t", "r@example.com", "-l", str(size), "-m",
             str(n), "-s", str(sessions), "-r", str(rcpts),
             "127.0.0.1:%d" % postern.private_port],
            capture_output=True, text=True, timeout=300)
        assert r.returncode == 0, r.stderr[-500:]
        postern.wait_empty(120)
        got = sink.rcpts()
        assert sum(got.values()) == n * rcpts, collections.Counter(got)
    finally:
        sink.close()


@pytest.mark.long
@pytest.mark.parametrize("victim", ["qmqpd 0", "cleanup 0", "master"])
def test_dur_01_k_is_kept(make_suite, victim):
    """Messages of all sizes while a program is killed again and again: what
    got a K arrives, whatever happened in between."""
    postern = make_suite(QMQP + WORKERS)
    acked, stop = set(), threading.Event()

    def client(number):
        i = 0
        while not stop.is_set():
            i += 1
            name = "m%d-%d" % (number, i)
            body = b"Subject: x\n\n" + b"y" * (i % 3 * 50_000) + b"\n"
            try:
                a = qmqp.send(postern.private_port, body,
                              rcpts=[name + "@one.test"])
            except OSError:
                time.sleep(0.05)
                continue
            if a is not None and a != "reset" and a[0] == "K":
                acked.add(name + "@one.test")

    threads = [threading.Thread(target=client, args=(i,)) for i in range(4)]
    with Sink(postern.sink_port) as sink:
        for t in threads:
            t.start()
        for _ in range(4 if FULL else 2):
            time.sleep(0.5)
            if victim == "master":
                pids = postern.pids().values()
                os.kill(postern.master_pid(), signal.SIGKILL)
                postern.proc.wait(60)
                # they end when they see that it is gone
                wait_for("the end of them all", lambda: not any(
                    os.path.exists("/proc/%d" % p) for p in pids))
                postern.start()
            else:
                wait_for(victim, lambda: victim in postern.pids())
                postern.kill(victim)
        wait_for("enough of them", lambda: len(acked) > 20)
        stop.set()
        for t in threads:
            t.join()
        wait_for("what was acknowledged",
                 lambda: acked <= set(sink.rcpts()))


# --- listeners come and go ---

def test_reload_adds_changes_and_removes(make_suite):
    postern = make_suite(CONFIG)
    assert not any(n.startswith("qmqpd") for n in postern.pids())
    port = free_port()
    more = LISTENERS.replace("@PRIVATE_PORT@", str(port))
    postern.configure(CONFIG.replace("\nroutes:", more + "\nroutes:"))
    postern.postern("commit", "more")
    with Sink(postern.sink_port) as sink:
        wait_for("K", lambda: accepts(port))
        sink.wait(1)
        # the same address for another protocol, and back
        smtp = more.replace("protocol: QMQP", "protocol: SMTP")
        postern.configure(CONFIG.replace("\nroutes:", smtp + "\nroutes:"))
        postern.postern("commit", "SMTP")
        with postern.client(port) as c:
            assert c.banner[0] == 220
        postern.configure(CONFIG.replace("\nroutes:", more + "\nroutes:"))
        postern.postern("commit", "QMQP")
        wait_for("K", lambda: accepts(port))
        for _ in range(5):
            assert accepts(port)
        postern.postern("suspendlistener", "Generators")
        assert not accepts(port)
        postern.postern("resumelistener", "Generators")
        wait_for("K", lambda: accepts(port))
        # it dies and comes back
        postern.kill("qmqpd 0")
        wait_for("K", lambda: accepts(port))
        postern.configure(CONFIG)
        postern.postern("commit", "fewer")
        assert not accepts(port)


def accepts(port):
    try:
        return qmqp.send(port)[0] == "K"
    except (OSError, TypeError):
        return False


def test_dur_13_stop(postern):
    """What is under way ends; nothing is left, nobody hangs."""
    with Sink(postern.sink_port):
        s = qmqp.connect(postern.private_port)
        s.sendall(b"100:")
        time.sleep(0.2)
        postern.stop()
        a = qmqp.answer(s)
        assert a is None or a == "reset" or a[0] == "Z", a
        s.close()


# --- trace ---

TRACED = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
receiving: { delayed_reject: yes }
interfaces: [ { name: Loopback, ip: 127.0.0.1 } ]
bounce_profiles: [ { name: Bulk } ]
listeners:
  - name: Generators
    type: private
    protocol: QMQP
    interface: Loopback
    port: @PORT@
    default_domain: example.com
    bounce_profile: Bulk
    hat:
      defaults: { max_message_size: 2K }
      groups:
        - { name: GONE, policy: TCPREFUSE, entries: [ 127.3.0.0/16 ] }
        - { name: STRANGERS, policy: $BLOCKED, entries: [ 127.2.0.0/16 ] }
        - { name: PASSED, policy: CONTINUE, entries: [ 127.4. ] }
        - { name: ALL, policy: $ACCEPTED }
  - name: Partners
    type: public
    protocol: QMQP
    interface: Loopback
    port: @PRIVATE_PORT@
    addresses: { parser: strict, source_routes: strip }
    hat:
      policies:
        - { name: $GO, behaviour: REJECT, smtp_banner_code: 450,
            smtp_banner_text: "$RemoteIP: come\\nback later" }
      groups:
        - { name: LATER, policy: $GO, entries: [ 127.5.0.0/16 ] }
        - { name: ALL, policy: $ACCEPTED }
    rat:
      - example.com
      - { reject: later@example.org, reply: 450 not yet }
      - { accept: ok@example.org, reply: 250 fine }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
SENDERS = ["joe@client.test", "", "joe", "joe@", "a b@client.test",
           "joe@192.0.2.1", "@a.test:joe@client.test", "j\u00f6rg@client.test"]
RCPTS = ["anna@example.com", "x@elsewhere.test", "bob", "later@example.org",
         "ok@example.org", "two@ats@example.com", "postmaster",
         "@a.test:anna@example.com", "anna@example.com."]
SOURCES = ["127.0.0.1", "127.2.0.1", "127.3.0.1", "127.4.0.1", "127.5.0.1"]


def test_trace_is_live(make_suite):
    postern = make_suite(TRACED)
    ports = {"Generators": postern.port, "Partners": postern.private_port}
    sessions = [Session(l, p, source=a) for l, p in ports.items()
                for a in SOURCES]
    sessions += [Session(l, p, sender=a) for l, p in ports.items()
                 for a in SENDERS]
    sessions += [Session(l, p, rcpts=(a,)) for l, p in ports.items()
                 for a in RCPTS]
    sessions += [Session(l, p, rcpts=tuple(r)) for l, p in ports.items()
                 for r in (RCPTS, RCPTS[::-1], RCPTS[2:5], RCPTS[:1] * 3)]
    sessions += [Session(l, p, body=twin.BODY + twin.lines(n))
                 for l, p in ports.items() for n in (20, 40)]
    # LIM-02, LOP-01
    sessions += [Session("Partners", ports["Partners"], body=b + twin.BODY)
                 for b in (b"X: y\r\n" * 5001, b"Received: x\r\n" * 101,
                           b"X: " + b"y" * 103_000 + b"\r\n")]
    sessions += [Session("Generators", postern.port, tag="t%d" % i, body=b,
                         rcpts=("anna@example.com", "bob@two.test"))
                 for i, b in enumerate((twin.BODY, b"no header\r\n",
                                        b"\r\n.\r\n..\r\n", b""))]
    kinds = set()
    with Sink(postern.sink_port) as sink:
        for s in sessions:
            t = twin.trace(postern, s)
            got = twin.live_qmqp(s)
            assert got == twin.expected_qmqp(s, t), (s, t)
            kinds.add(got[0])
            if s.tag:
                wait_for("it", lambda: twin.arrived(sink, s))
                wait_quiet()
                assert twin.arrived(sink, s) == twin.promised(t)
                assert b"with QMQP; " in sink.messages[-1].body
                assert t["bounce_profile"] == "Bulk"
                assert t["policy_table"] == "outbound"
    assert kinds == {"K", "Z", "D", "r"}


def test_trace_says_what_applies(make_suite):
    postern = make_suite(TRACED)
    s = Session("Generators", 0)
    t = twin.trace(postern, s)
    assert "greeting" not in t["connection"]
    shown = set(t["connection"]["parameters"])
    assert {"max_message_size", "max_rcpts_per_msg"} <= shown
    assert not shown & {"max_msgs_per_session", "tls", "smtp_auth"}
    text = twin.trace(postern, s, text=True)
    assert "Allow TLS" not in text and "Messages Per Connection" not in text
    assert "Outbound Recipient Policy Processing" in text
    refused = twin.trace(postern, Session("Generators", 0, "127.2.0.1"),
                         text=True)
    assert "Connection would be rejected: 554 access refused" in refused


REWRITTEN = rewriting.config().replace(
    "    type: public\n", "    type: public\n    protocol: QMQP\n").replace(
    "    type: private\n", "    type: private\n    protocol: QMQP\n")


def test_addresses_are_rewritten_as_by_smtp(make_suite):
    postern = make_suite(REWRITTEN, tables=rewriting.TABLES)
    inside, outside = postern.private_port, postern.port
    sessions = [
        Session(l, p, sender=sender, rcpts=(rcpt,) + more, tag="x%d" % i,
                body=rewriting.HEADER + b"\r\nHello.\r\n")
        for i, (l, p, sender, rcpt, more) in enumerate([
            ("InboundMail", outside, "joe@client.test", "joe@old.test", ()),
            ("InboundMail", outside, "joe@client.test", "a@b.old.test",
             ("admin@example.com", "carl@example.com")),
            ("InboundMail", outside, "joe@client.test", "chain", ()),
            ("InboundMail", outside, "good@bad.test", "x@one.test", ()),
            ("OutboundMail", inside, "joe@int.example.com", "x@two.test", ()),
            ("OutboundMail", inside, "boss", "y@two.test", ("z@three.test",)),
            ("OutboundMail", inside, "a@eng.int.example.com", "admin", ())])]
    sessions += [
        Session("InboundMail", outside, sender=s, rcpts=("anna@example.com",))
        for s in ("x@bad.test", "spammer@any.test")]
    sessions += [Session("InboundMail", outside, rcpts=("nobody",))]
    with Sink(postern.sink_port) as sink:
        for s in sessions:
            t = twin.trace(postern, s)
            assert twin.live_qmqp(s) == twin.expected_qmqp(s, t), (s, t)
            if s.tag:
                wait_for("it", lambda: twin.arrived(sink, s) ==
                         twin.promised(t))
