"""`trace --pcap` of what is more than plain SMTP: requests of QMQP, connections
by way of a balancer, logins with SCRAM; and what it says of a conversation
that is not whole.  Said by real clients to the running gateway first."""
import base64
import json
import pathlib
import shutil
import smtplib
import subprocess
import tempfile

import pytest

import qmqp
from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import PEERS, Client, Suite
from test_auth import say_scram
from test_proxy import v1, v2
from test_trace_pcap import FILTERS, Relay, agrees, neutral, replay, \
    same_ends, save

QMQP_PORT = free_port()
LISTENERS = """\
  - name: Generators
    type: private
    protocol: QMQP
    interface: Loopback
    port: %d
    hat:
      defaults: { max_message_size: 1M }
      groups:
        - { name: STRANGERS, policy: $BLOCKED, entries: [ 127.2.0.0/16 ] }
        - { name: ALL, policy: $ACCEPTED }

  - name: Submission
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    auth_profile: House
    hat:
      defaults: { smtp_auth: required, auth_require_tls: off }
      groups: [ { name: ALL, policy: $ACCEPTED } ]
""" % QMQP_PORT
BEFORE, _, AFTER = CONFIG.partition("  - name: OutboundMail\n")
MIXED = (BEFORE + LISTENERS + "\nroutes:" + AFTER.partition("\nroutes:")[2]) \
    .replace("interfaces:", "auth_profiles: [ { name: House } ]\n"
             "interfaces:", 1) \
    .replace("    interface: Loopback\n    port: @PORT@\n",
             "    interface: Loopback\n    port: @PORT@\n"
             "    proxy_protocol: [ 127.0.0.1 ]\n") \
    .replace("        - name: ALL\n          policy: $ACCEPTED\n",
             "        - { name: BAD, policy: $BLOCKED,"
             " entries: [ 203.0.113.0/24 ] }\n"
             "        - name: ALL\n          policy: $ACCEPTED\n", 1)


@pytest.fixture(scope="module")
def gateway():
    place = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                          dir="/var/tmp"))
    s = Suite(place / "r", MIXED, start=False)
    s.filters(FILTERS)
    where = s.root / "etc/secrets"
    where.mkdir(mode=0o700, exist_ok=True)
    s.postern("smtpauthconfig", "user", "House", "joe", text="pencil\n")
    s.start()
    with Sink(s.sink_port):
        yield s
    s.stop()
    shutil.rmtree(place, ignore_errors=True)


def qmqp_source(port, *words):
    r = subprocess.run(
        [str(PEERS / "qmqp-source"), "-4", "-M", "client.test", "-f",
         "s@client.test", *words, "127.0.0.1:%d" % port],
        capture_output=True, text=True, timeout=60)
    return r.returncode


def test_qmqp(gateway, tmp_path):
    """What was answered with K has the fate that the log tells, what was
    answered with D is refused in the same words."""
    with Relay(QMQP_PORT) as relay:
        assert qmqp_source(relay.port, "-t", "r@example.com", "-l", "3000",
                           "-r", "3", "-m", "2") == 0
        said = [qmqp.send(relay.port, b"Subject: %s\n\n.dot\n..\n" % s, rcpts=r)
                for s, r in (
                    (b"drop it", ["a@one.test"]),
                    (b"mark it", ["a@one.test", "b@two.test"]),
                    (b"x", ["a@one.test", "not an address", "b@two.test"]))]
        talks = list(relay.talks)
    assert [kind for kind, _ in said] == ["K", "K", "D"]
    talks.append([(True, b"20:nonsense")])
    for step in (65536, 7):
        out = replay(gateway, save(tmp_path / "q", talks, QMQP_PORT, step))
        sessions = out["sessions"]
        assert len(sessions) == 6
        for s in sessions[:5]:
            assert (s["kind"], s["listener"], s["end"], s["left_out"]) == (
                "qmqp", "Generators", "answered", None)
            last = s["steps"][-1]
            assert last["captured"] and \
                neutral(last["reply"]) == neutral(last["captured"])
        for s in sessions[:4]:
            same_ends(gateway, s)
        assert [m["outcome"] for s in sessions for m in s["messages"]] == [
            "queued", "queued", "dropped in work queue", "queued",
            "no recipients"]
        marked = sessions[3]["messages"][0]
        assert marked["recipients"] == ["<a@one.test>", "<b@two.test>"]
        assert "\r\nX-Mark: yes\r\n" in marked["trace"]["message"]
        assert marked["trace"]["message"].endswith("\r\n.dot\r\n..\r\n")
        assert len(sessions[0]["messages"][0]["recipients"]) == 3
        refused = sessions[4]["messages"][0]["trace"]["recipients"]
        assert [r["refused"] for r in refused] == [False, True, False]
        assert sessions[5]["steps"][-1]["reply"].startswith("D5.5.2 malformed")
    text = gateway.postern("trace", "--pcap", tmp_path / "q")
    assert " C: recipient <b@two.test>\n C: (end of the request)\n S: K" in text
    assert "No recipients remain: by QMQP a refusal of one is that of all." \
        in text


def test_qmqp_strangers_are_told_at_the_end(gateway, tmp_path):
    said = qmqp.send(QMQP_PORT, rcpts=["a@one.test"], source="127.2.0.1")
    assert said[0] == "D"
    answer = qmqp.ns("".join(said).encode())
    talk = [(True, qmqp.request(b"Subject: hi\n\nhello\n", "s@client.test",
                                ["a@one.test"])), (False, answer)]
    (s,) = replay(gateway, save(tmp_path / "d", [talk], QMQP_PORT, 11,
                                client="127.2.0.1"))["sessions"]
    assert s["steps"][-1]["reply"] == s["steps"][-1]["captured"]
    (m,) = s["messages"]
    assert not m["accepted"] and m["outcome"] == "connection refused"
    assert m["trace"]["connection"]["group"] == "STRANGERS"


def test_qmqp_that_is_not_whole(gateway, tmp_path):
    whole = qmqp.request(b"Subject: x\n\nx\n", "s@c.test", ["r@example.com"])
    talk = [(True, whole[:20]), (True, whole[20:30]), (True, whole[30:])]
    (s,) = replay(gateway, save(tmp_path / "g", [talk], QMQP_PORT, 65536,
                                lose=4))["sessions"]
    assert s["end"] == "packets missing" and s["messages"] == []
    assert s["left_out"] == {
        "bytes_from_client": len(whole) - 30, "missing": 10,
        "place": "in the content of a message",
        "commands_answered_before": 0, "messages_accepted_before": 0}
    (s,) = replay(gateway, save(tmp_path / "e", [talk[:1]], QMQP_PORT,
                                65536))["sessions"]
    assert s["end"] == "connection lost"


def balanced(port, version, client, to="r@example.com"):
    family = {"1": "TCP4", "2": "AF_INET"}[version]
    subprocess.run(
        ["swaks", "--server", "127.0.0.1:%d" % port, "--helo", "c.test",
         "--from", "s@client.test", "--to", to, "--header",
         "Subject: mark it", "--proxy-version", version, "--proxy-family",
         family, "--proxy-source", client, "--proxy-source-port", "4711",
         "--proxy-dest", "192.0.2.10", "--proxy-dest-port", "25"],
        capture_output=True, text=True, timeout=60)


def test_idt_02_balancers(gateway, tmp_path):
    """Who the header names is the client, there as here."""
    with Relay(gateway.port) as relay:
        balanced(relay.port, "1", "198.51.100.7")
        balanced(relay.port, "2", "198.51.100.8", "no@elsewhere.test")
        balanced(relay.port, "2", "203.0.113.9")
        talks = list(relay.talks)
    for step in (65536, 3):
        out = replay(gateway, save(tmp_path / "p", talks, gateway.port, step))
        for s, client in zip(out["sessions"], ("198.51.100.7", "198.51.100.8",
                                               "203.0.113.9")):
            assert s["proxy"]["client"] == client + ":4711"
            assert s["proxy"]["server"] == "192.0.2.10:25"
            assert s["proxy"]["header"] == "good"
            agrees(s, s["end"])
            same_ends(gateway, s)
        one, two, three = out["sessions"]
        assert (one["end"], two["end"]) == ("quit", "quit")
        assert "(198.51.100.7)" in one["messages"][0]["trace"]["message"]
        assert two["messages"][0]["outcome"] == "no recipients"
        assert three["connection_refused"]
        assert three["messages"] == [] or \
            three["messages"][0]["outcome"] == "connection refused"
    text = gateway.postern("trace", "--pcap", tmp_path / "p")
    assert " - PROXY header of 127.0.0.1: the client is 198.51.100.7:4711, " \
        "at 192.0.2.10:25\n" in text


def test_early_behind_a_balancer(gateway, tmp_path):
    with Relay(gateway.port) as relay:
        with Client(relay.port, greet=False) as c:
            c.send(v1() + b"EHLO early.test\r\n")
            assert c.reply()[0] == 554
        talk = relay.talks[0]
    (s,) = replay(gateway, save(tmp_path / "e", [talk], gateway.port,
                                1000))["sessions"]
    agrees(s, "closed")


def test_idt_02_only_of_those_who_are_trusted(gateway, tmp_path):
    """To others it is a command like any other; of the balancer it must be
    there, and whole."""
    with Relay(gateway.private_port) as relay:
        with Client(relay.port) as c:
            c.send(v1())
            assert c.reply()[0] == 500
            c.cmd("QUIT")
        untrusted = relay.talks[0]
    (s,) = replay(gateway, save(tmp_path / "u", [untrusted],
                                gateway.private_port, 1000))["sessions"]
    assert s["proxy"] is None
    agrees(s)
    for talk, header, why in (
            ([(True, b"EHLO c.test\r\n")], "missing or malformed",
             "closed without a word"),
            ([(True, v2()[:20])], "not whole", "is not whole"),
            ([(True, b"PROXY UNKNOWN\r\n")], "of the balancer itself", None)):
        path = save(tmp_path / "b", [talk], gateway.port, 1000)
        (s,) = replay(gateway, path)["sessions"]
        assert s["proxy"]["header"] == header
        assert ("steps" in s) == (why is None)
        text = gateway.postern("trace", "--pcap", path)
        assert why is None or why in text


def test_scram(gateway, tmp_path):
    """Said as PLAIN, and right if it was right."""
    with Relay(gateway.private_port) as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=60) as c:
            c.ehlo("c.test")
            assert say_scram(c, "joe", "wrong") == 535
            assert say_scram(c, "joe", "pencil") == 235
            c.sendmail("s@client.test", ["far@elsewhere.test"],
                       "Subject: x\r\n\r\nx\r\n")
        talks = list(relay.talks)
    path = save(tmp_path / "s", talks, gateway.private_port, 1000)
    (s,) = replay(gateway, path)["sessions"]
    assert s["end"] == "quit"
    for step in s["steps"]:
        if step["reply"] is not None:
            assert neutral(step["reply"]) == neutral(step["captured"]), step
    assert [x["reply"][:3] for x in s["steps"]
            if x["reply"] and x["reply"][:3] in ("235", "535")] == \
        ["535", "235"]
    same_ends(gateway, s)
    (m,) = s["messages"]
    assert m["trace"]["connection"]["authenticated"] == "joe"
    assert base64.b64encode(b"n,,n=joe").decode()[:8] not in json.dumps(s)
    # where nobody may log in, its lines are no commands
    text = (gateway.root / "etc/postern.yaml").read_text()
    (gateway.root / "etc/postern.yaml").write_text(
        text.replace("smtp_auth: required, ", ""))
    (s,) = replay(gateway, path)["sessions"]
    (gateway.root / "etc/postern.yaml").write_text(text)
    assert [x["client"] for x in s["steps"]].count("(secret)") == 3
    assert s["end"] == "quit"


def test_a_gap_is_told_with_what_was_decided(gateway, tmp_path):
    with Relay(gateway.private_port) as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=60) as c:
            c.ehlo("c.test")
            assert say_scram(c, "joe", "pencil") == 235
            for _ in range(2):
                c.sendmail("s@client.test", ["far@elsewhere.test"],
                           "Subject: x\r\n\r\n" + 300 * "x" + "\r\n")
        talk = relay.talks[0]
    at = [i for i, (client, data) in enumerate(talk) if client and
          data.startswith(b"Subject")][1]
    talk[at:at + 1] = [(True, talk[at][1][:100]), (True, talk[at][1][100:150]),
                       (True, talk[at][1][150:])]
    path = save(tmp_path / "g", [talk], gateway.private_port, 65536,
                lose=3 + at + 1)
    (s,) = replay(gateway, path)["sessions"]
    before = sum(len(d) for c, d in talk[:at + 1] if c)
    left = sum(len(d) for c, d in talk[at + 2:] if c)
    assert s["end"] == "packets missing"
    assert s["left_out"] == {
        "bytes_from_client": left, "missing": 50,
        "place": "in the content of a message",
        "commands_answered_before": len([
            x for x in s["steps"] if x["client"] and x["reply"]]),
        "messages_accepted_before": 1}
    text = gateway.postern("trace", "--pcap", path)
    assert " - Packets are missing here, in the content of a message: 50 " \
        "bytes from the client, after %d.\n - Decided before it: " % before \
        in text
    assert " messages accepted 1; bytes behind it %d, which were not " \
        "replayed.\n" % left in text
