"""Bounce verification (delivery-admin 1.12, threats BAC-05): senders leave
with a tag, bounces come back to it, all others are refused. Trace says the
same before, with the same keys."""
import hashlib
import hmac
import json
import re
import subprocess
import time

from conftest import CONFIG
from sink import Sink
from suite import BIN, Client, wait_for

KEY = "the first key"
DESTINATIONS = """
system: { secrets_interval: 1 }
destinations:
  - domain: Default
  - domain: far.test
    bounce_verification: yes
"""
MAIL = b"Subject: x\r\nMessage-ID: <v@sender.test>\r\n\r\nx\r\n"
JOE = "joe@example.com"


def tag(address, key=KEY, day=0):
    """As others would make it."""
    ddd = "%03d" % ((int(time.time()) // 86400 + day) % 1000)
    of_day = hmac.new(key.encode(), b"prvs" + ddd.encode(), hashlib.sha256)
    mac = hmac.new(of_day.digest(), address.lower().encode(), hashlib.sha256)
    local, domain = address.rsplit("@", 1)
    return "prvs=%s=%s%s@%s" % (local, ddd, mac.hexdigest()[:7].upper(), domain)


def rcpt(postern, sender, address, port=None):
    """The reply to a recipient, once keyd is there."""
    def reply():
        with Client(port or postern.port) as c:
            assert c.cmd("MAIL FROM:<%s>" % sender)[0] == 250
            r = c.cmd("RCPT TO:<%s>" % address)
            return r if r[0] != 451 else None
    return wait_for("a verdict", reply)


def relay(postern, sender, rcpts):
    with Client(postern.private_port) as c:
        assert c.mail(sender, rcpts, MAIL)[0] == 250


def trace(postern, sender, rcpts, listener, *more):
    out = postern.postern(
        "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", listener, "--file", "-", "--sender", sender,
        "--recipients", rcpts, *more, text=MAIL.decode(), ok=(0, 1))
    return json.loads(out)


def key_in_use(postern, key=KEY):
    """Until keyd has it."""
    wait_for("keyd to have the key", lambda: [
        rcpt(postern, "", a)[0] for a in (JOE, tag(JOE, key))] == [550, 250])


def test_bac_05_bounces_and_what_trace_says_of_them(make_suite):
    postern = make_suite(CONFIG + DESTINATIONS)
    # without a key nothing is tagged, and nothing is invalid
    assert rcpt(postern, "", JOE)[0] == 250
    postern.postern("bvconfig", "key", KEY)
    key_in_use(postern)
    cases = [  # sender, recipient, code, what it becomes
        ("", tag(JOE), 250, JOE),
        ("", tag(JOE).lower(), 250, JOE),
        ("", tag(JOE, day=-7), 250, JOE),
        ("", tag(JOE, day=-8), 550, None),
        ("", JOE, 550, None),
        ("", tag(JOE, key="purged"), 550, None),
        ("", tag(JOE).replace("joe", "ann"), 550, None),
        ("", "prvs=joe@example.com", 550, None),
        ("", "x" * 49 + "@example.com", 250, "x" * 49 + "@example.com"),
        ("a@b.test", JOE, 250, JOE),
        ("a@b.test", tag(JOE, day=-300), 250, JOE),
    ]
    for sender, address, code, result in cases:
        got = rcpt(postern, sender, address)
        told = trace(postern, sender or "<>", address, "InboundMail")
        point = told["recipients"][0]
        assert got[0] == code, (sender, address, got)
        assert point["refused"] == (code == 550), (address, point)
        assert point.get("result") == result, (address, point)
        if code == 550:
            assert got[1] == ["5.7.1 " + point["reply"]["text"]]
    assert postern.wait_log("invalid bounce, rcpt address <%s> rejected by "
                            "bounce verification." % JOE)
    counters = postern.ask_quiet("status", "detail")["counters"]
    assert counters["rejected_recipients"]["uptime"] >= 5
    # what it is worth can be said instead
    for verdict, refused in (("valid", False), ("forged", True)):
        told = trace(postern, "<>", "prvs=joe=1230000000@example.com",
                     "InboundMail", "--bounce-tag", verdict)
        assert told["recipients"][0]["refused"] == refused
    with Sink(postern.sink_port) as sink:
        with Client(postern.port) as c:
            assert c.mail("", [tag(JOE)], MAIL)[0] == 250
        sink.wait(1)
        assert sink.rcpts() == [JOE]


def test_bac_05_senders_are_tagged_and_come_back(make_suite):
    postern = make_suite(CONFIG + DESTINATIONS)
    postern.postern("bvconfig", "key", KEY)
    key_in_use(postern)
    told = trace(postern, JOE, "a@far.test,b@near.test", "OutboundMail")
    ways = {d["domain"]: d["sender"] for d in told["results"][0]["deliveries"]}
    text = postern.postern(
        "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test", "--listener",
        "OutboundMail", "--file", "-", "--sender", JOE, "--recipients",
        "a@far.test", "--explain", text=MAIL.decode())
    assert "Envelope sender: tagged as " + ways["far.test"] in text
    with Sink(postern.sink_port) as sink:
        relay(postern, JOE, ["a@far.test", "b@near.test"])
        relay(postern, "", ["null@far.test"])
        relay(postern, ways["far.test"], ["tagged@far.test"])
        # came in from outside: its bounces would not come back to us
        with Client(postern.port) as c:
            assert c.mail("x@elsewhere.test", ["in@example.com"], MAIL)[0] == 250
        sink.wait(5)
    senders = {m.rcpts[0]: m.sender for m in sink.messages}
    assert senders == {"a@far.test": ways["far.test"], "b@near.test": JOE,
                       "null@far.test": "", "tagged@far.test": ways["far.test"],
                       "in@example.com": "x@elsewhere.test"}
    assert ways == {"far.test": tag(JOE), "near.test": JOE} \
        or ways["far.test"] == tag(JOE, day=-1)
    assert rcpt(postern, "", senders["a@far.test"])[0] == 250


def test_keys_are_replaced_retired_and_purged(make_suite):
    postern = make_suite(CONFIG + DESTINATIONS)
    old, new = "the first key", "the second key"
    postern.postern("bvconfig", "key", text=old + "\n")
    key_in_use(postern, old)
    postern.postern("bvconfig", "key", new)
    key_in_use(postern, new)
    assert rcpt(postern, "", tag(JOE, old))[0] == 250
    listed = postern.ask("bvconfig", "list")
    assert [k["status"] for k in listed["keys"]] == ["retired", "current"]
    path = postern.root / "etc/secrets/bounce.keys"
    assert path.stat().st_mode & 0o777 == 0o600
    assert old not in json.dumps(listed)
    assert postern.postern("bvconfig", "purge", "one_month") == \
        "0 keys removed.\n"
    assert postern.postern("bvconfig", "purge", "all") == "1 key removed.\n"
    wait_for("the purged key to be forgotten", lambda: rcpt(
        postern, "", tag(JOE, old))[0] == 550)
    assert rcpt(postern, "", tag(JOE, new))[0] == 250
    # what is wrong in the file leaves the keys that were there
    path.write_text("rubbish\n")
    postern.wait_log("bounce.keys: line 1")
    assert rcpt(postern, "", tag(JOE, new))[0] == 250
    postern.postern("bvconfig", "key", "", ok=(2,))


def test_invalid_bounces_are_marked(make_suite):
    postern = make_suite(CONFIG + DESTINATIONS)
    postern.postern("bvconfig", "key", KEY)
    key_in_use(postern)
    postern.postern("bvconfig", "setup", "action", "add_header", "X-Bounce",
                    "not ours")
    postern.postern("commit", "mark them")
    wait_for("the new action", lambda: rcpt(postern, "", JOE)[0] == 250)
    told = trace(postern, "<>", JOE, "InboundMail")
    assert told["results"][0]["message"].count("X-Bounce: not ours\r\n") == 1
    with Sink(postern.sink_port) as sink:
        with Client(postern.port) as c:
            assert c.mail("", [JOE], MAIL)[0] == 250
        with Client(postern.port) as c:
            assert c.mail("", [tag(JOE)], MAIL)[0] == 250
        sink.wait(2)
    marked = [b"X-Bounce: not ours\r\n" in m.raw for m in sink.messages]
    assert sorted(marked) == [False, True]
    lines = postern.log()
    assert [l for l in lines if re.search(
        r"MID \d+ ICID \d+ invalid bounce, tagging$", l)]


def test_a_commit_says_what_is_missing(make_suite):
    postern = make_suite(CONFIG)

    def commit():
        r = subprocess.run([str(BIN / "postern"), "--root", str(postern.root),
                            "commit", "x"], capture_output=True, text=True)
        return r.returncode, r.stderr

    secrets = postern.root / "etc/secrets"
    postern.postern("destconfig", "edit", "Default", "bounce_verification=yes")
    status, text = commit()
    assert status == 0 and "warning: there is no folder %s" % secrets in text
    secrets.mkdir(mode=0o700)
    postern.postern("deliveryconfig", "setup", "idle_timeout=30")
    status, text = commit()
    assert status == 0 and "there is no file secrets/bounce.keys" in text
    postern.postern("bvconfig", "key", KEY)
    (secrets / "bounce.keys").chmod(0o644)
    postern.postern("deliveryconfig", "setup", "idle_timeout=31")
    status, text = commit()
    assert status == 1 and "others may use it; make it 0600" in text


def test_our_own_notices_pass(make_suite):
    """What bounces here goes to the sender as he was, and is no invalid
    bounce; what bounces there comes back to the tag."""
    postern = make_suite(CONFIG + DESTINATIONS)
    postern.postern("bvconfig", "key", KEY)
    key_in_use(postern)
    no = {"RCPT a@far.test": "550 5.1.1 no"}
    with Sink(postern.sink_port, behave=no) as sink:
        relay(postern, JOE, ["a@far.test"])
        sink.wait(1)
        postern.wait_empty()
    assert [(m.sender, m.rcpts) for m in sink.messages] == [("", [JOE])]
