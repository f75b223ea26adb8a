"""XCLIENT: whoever is trusted plays any client; and trace is asked what each
of them would hear."""
import random
import subprocess

import pytest

import twin
from sink import Sink
from suite import wait_for
from twin import Player, Session

CONFIG = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
interfaces: [ { name: Loopback, ip: 127.0.0.1 } ]
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    xclient: [ 127.0.0.1 ]
    hat:
      policies:
        - { name: $FEW, behaviour: ACCEPT,
            max_message_size: 1K, smtp_banner_text: "for $RemoteIP of $Group" }
        - { name: $STRANGE, behaviour: REJECT, smtp_banner_code: 521,
            smtp_banner_text: "$Hostname at $HATEntry is not welcome" }
      groups:
        - { name: GONE, policy: TCPREFUSE, entries: [ 192.0.2.128/25 ] }
        - { name: BLOCKLIST, policy: $STRANGE,
            entries: [ .bad.test, 203.0.113.0/24 ] }
        - { name: FRIENDS, policy: $RELAYED,
            entries: [ mx.good.test, "2001:db8::/32" ] }
        - { name: PASSED, policy: CONTINUE, entries: [ 198.51.100. ] }
        - { name: NAMELESS, policy: $FEW, entries: [ serv.fail ] }
        - { name: ALL, policy: $ACCEPTED }
    rat: [ example.com ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
NAMES = ["", "mx.good.test", "www.good.test", "a.bad.test", "c.client.test"]
NETS = ["192.0.2.%d", "203.0.113.%d", "198.51.100.%d", "10.1.2.%d",
        "2001:db8::%x", "2001:db9::%x"]
RCPTS = ["anna@example.com", "bob@example.com", "x@elsewhere.test",
         "not an address", "carol@example.com"]


def random_session(rng, port):
    return Session("InboundMail", port,
                   source=rng.choice(NETS) % rng.randrange(1, 255),
                   name=rng.choice(NAMES),
                   sender=rng.choice(["joe@client.test", "", "joe@"]),
                   rcpts=tuple(rng.sample(RCPTS, rng.randrange(1, 5))),
                   body=twin.BODY + rng.choice([b"", twin.lines(20)]))


@pytest.mark.parametrize("seed", [1, 2])
def test_idt_02_many_clients_in_one_connection(make_suite, seed):
    postern = make_suite(CONFIG)
    rng = random.Random(seed)
    outcomes, refused = {}, 0
    with Sink(postern.sink_port), Player(postern.port) as player:
        for _ in range(60):
            s = random_session(rng, postern.port)
            said = twin.trace(postern, s)
            assert player.live(s) == twin.expected(s, said), (s, said)
            outcomes[said["outcome"]] = outcomes.get(said["outcome"], 0) + 1
            refused += said["connection"]["refused"]
        # only who is refused at the door makes another connection necessary
        assert player.connections <= refused + 1
    assert len(outcomes) >= 3, outcomes


def test_idt_02_what_is_logged_and_passed_on(make_suite):
    postern = make_suite(CONFIG)
    s = Session("InboundMail", postern.port, source="198.51.100.9",
                name="c.client.test", tag="x")
    with Sink(postern.sink_port) as sink, Player(postern.port) as player:
        assert player.live(s).data[0] == 250
        t = twin.trace(postern, s)
        sink.wait(1)
        assert twin.arrived(sink, s) == twin.promised(t)
    postern.wait_log("XCLIENT 'ADDR=198.51.100.9 NAME=c.client.test'")
    lines = postern.log()
    new = [l for l in lines if "New SMTP ICID" in l]
    assert "address 127.0.0.1" in new[0]
    assert ("address 198.51.100.9 reverse dns host c.client.test verified yes"
            in new[1])
    assert any(twin.hat_line(t) in l for l in lines)


def test_idt_02_limits_count_for_whom_it_plays(make_suite):
    postern = make_suite(CONFIG.replace(
        "    rat:", "      defaults: { max_concurrency: 2 }\n    rat:"))
    with Player(postern.port) as a, Player(postern.port) as b, \
            Player(postern.port) as c, Sink(postern.sink_port):
        one = Session("InboundMail", postern.port, source="10.9.9.9")
        two = Session("InboundMail", postern.port, source="10.9.9.8")
        assert a.live(one).connect[0] == 220
        assert b.live(one).connect[0] == 220
        refused = c.live(one).connect
        assert refused == (421, ["4.4.5 Too many connections from your host"])
        assert c.live(two).connect[0] == 220
        assert a.live(two).connect[0] == 220
        assert c.live(one).connect[0] == 220


def test_idt_02_swaks(make_suite):
    postern = make_suite(CONFIG)

    def swaks(*words):
        return subprocess.run(
            ["swaks", "--server", "127.0.0.1:%d" % postern.port, "--helo",
             "client.test", "--from", "joe@client.test", *words],
            capture_output=True, text=True, timeout=60)

    with Sink(postern.sink_port) as sink:
        r = swaks("--to", "x@elsewhere.test", "--xclient-addr", "192.0.2.5",
                  "--xclient-name", "mx.good.test", "--xclient-helo",
                  "said.test", "--xclient-proto", "SMTP")
        assert r.returncode == 0, r.stdout
        sink.wait(1)
        assert sink.messages[0].body.startswith(
            b"Received: from mx.good.test (HELO said.test) (192.0.2.5)\r\n"
            b"  by mx.postern.test with SMTP; ")
        r = swaks("--to", "x@elsewhere.test", "--xclient-login", "joe")
        assert r.returncode == 0, r.stdout
        r = swaks("--to", "anna@example.com", "--xclient-addr", "203.0.113.9")
        assert "521" in r.stdout and r.returncode != 0, r.stdout


def test_idt_02_not_for_others(make_suite):
    postern = make_suite(CONFIG.replace("xclient: [ 127.0.0.1 ]",
                                        "xclient: [ 192.0.2.1 ]"))
    with postern.client() as c:
        code, lines = c.cmd("EHLO client.test")
        assert not any("XCLIENT" in l for l in lines)
        assert c.cmd("XCLIENT ADDR=192.0.2.1") == c.cmd("XCLIENS x")
        assert c.cmd("XCLIENT ADDR=192.0.2.1")[0] == 500
        assert c.mail()[0] == 250
    wait_for("the log", lambda: any("From: <s@client.test>" in l
                                    for l in postern.log_so_far()))
    assert not any("192.0.2.1 " in l for l in postern.log())
