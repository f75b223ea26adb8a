"""Quarantines: held by a filter, kept over a crash, released, delivered once."""
import email.header
import re

import pytest

from conftest import CONFIG
from suite import gateway_with, wait_for
from terminal import Terminal

FILTERS = """
policy_violation: if (subject == "^hold") { quarantine("Policy"); }
brief: if (subject == "^brief") { quarantine("Brief"); }
full: if (subject == "^full") { quarantine("Full"); }
words: if (only-body-contains("secret [a-z]+")) { quarantine("Policy"); }
away: if (subject == "^away") { alt-mailhost("away.test"); quarantine("Policy"); }
spam: if (subject == "^spam") { alt-mailhost("the.euq.queue"); }
both: if (subject == "^both") { quarantine("Brief"); quarantine("Policy"); }
"""
HELD = CONFIG.replace("routes:\n", """routes:
  away.test: 127.0.0.1:@SINK_PORT@
""") + """
quarantines:
  - {name: Brief, retention: 2s, action: release}
  - name: Full
    action: release
    subject: prepend
    subject_text: "[early] "
    header: X-Early
    header_value: for want of room
    strip_attachments: yes
quarantine_space: 2M
spam_quarantine:
  enabled: yes
"""


@pytest.fixture(scope="module")
def held():
    with gateway_with(HELD, FILTERS) as postern:
        yield postern


def send(held, subject, size=5, rcpts=("anna@example.com",)):
    body = b"hello\r\n" * size
    with held.client() as c:
        code, text = c.mail("s@client.test", list(rcpts),
                            b"Subject: " + subject.encode() +
                            b"\r\n\r\n" + body)
        assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


def delivered(held, subject):
    return [m for m in held.sink.messages
            if b"\r\nSubject: " + subject.encode() + b"\r\n" in m.body]


def ask(held, *words):
    return held.ask("quarantine", *words)


def files(held):
    return [p.name for p in held.root.glob("spool/quarantine/*/*")]


@pytest.mark.parametrize("size", [5, 20000])
def test_held_and_released_when_its_time_is_over(held, size):
    subject = "brief %d" % size
    mid = send(held, subject, size)
    held.wait_log('MID %d quarantined to "Brief" (message filter:brief)' % mid)
    held.wait_log('MID %d released from quarantine "Brief" (expired)' % mid)
    held.wait_log("MID %d released from all quarantines" % mid)
    held.wait_log("MID %d rewritten to " % mid)
    wait_for("delivery", lambda: delivered(held, subject))
    held.wait_log("Message finished MID %d done" % mid)
    (m,) = delivered(held, subject)
    assert m.body.endswith(b"\r\n\r\n" + b"hello\r\n" * size)
    assert m.body.count(b"\nReceived:") + m.body.startswith(b"Received:") == 1
    wait_for("an empty quarantine", lambda: files(held) == [])


def test_commands_release_delete_delay_and_move(held):
    mids = [send(held, "hold %d" % i) for i in range(3)]
    for mid in mids:
        held.wait_log('MID %d quarantined to "Policy" (message '
                      'filter:policy_violation)' % mid)
    found = ask(held, "search", "Policy", "subject=HOLD", "since=1h")
    assert [m["mid"] for m in found["messages"]] == mids
    first = found["messages"][0]
    # with the Received line that it got
    assert first["bytes"] > len(b"Subject: hold 0\r\n\r\n" + b"hello\r\n" * 5)
    gauges = held.ask_quiet("status")["gauges"]
    assert gauges["quarantine_messages"] == 3
    assert gauges["kilobytes_in_quarantine"] == 1
    assert "    Messages In Quarantine                  3\n" in \
        held.postern("status")
    assert "3  Policy                   1     0.0         3  10d        " \
        "Delete\n" in held.postern("quarantineconfig", "list")
    # what is held is not queued for delivery
    assert not [l for l in held.log() for m in mids
                if l == "MID %d queued for delivery" % m]
    assert (first["sender"], first["recipients"], first["subject"]) == (
        "s@client.test", "anna@example.com", "hold 0")
    assert ask(held, "search", "Policy", "rcpt=bert")["found"] == 0
    assert "hold 1" in held.postern("quarantine", "show", str(mids[1]))
    later = ask(held, "delay", "Policy", str(mids[0]), "1d")["expires"]
    assert later == first["expires"] + 86400 * 1000
    assert ask(held, "move", "Policy", str(mids[1]), "Virus")["to"] == "Virus"
    assert ask(held, "search", "Virus")["messages"][0]["mid"] == mids[1]
    ask(held, "delete", "Virus", str(mids[1]))
    held.wait_log("MID %d deleted from all quarantines" % mids[1])

    # nothing of it is forgotten by a death of qmgr
    wait_for("the file", lambda: sorted(files(held)) == sorted(
        str(m) for m in (mids[0], mids[2])))
    gone = held.kill("qmgr 0")
    wait_for("a new qmgr", lambda: held.pids().get("qmgr 0", gone) != gone and
             "Policy" in held.postern("quarantine", "list", ok=(0, 4)))
    after = ask(held, "search", "Policy")["messages"]
    assert [m["mid"] for m in after] == [mids[0], mids[2]]
    assert after[0]["expires"] == later

    ask(held, "release", "Policy", "all")
    wait_for("delivery", lambda: delivered(held, "hold 0") and
             delivered(held, "hold 2"))
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert len(delivered(held, "hold 0")) == 1
    assert delivered(held, "hold 1") == []


def test_removed_like_any_other_message(held):
    mid = send(held, "both of them")
    held.wait_log('MID %d quarantined to "Policy"' % mid)
    gone = held.ask("removemessage", "--yes", str(mid))
    assert gone["deleted_recipients"] == 1
    held.wait_log("MID %d deleted from all quarantines" % mid)
    spam = send(held, "spam of two", rcpts=["a@example.com", "b@example.com"])
    held.wait_log("Message finished MID %d done" % spam)
    listed = {q["name"]: q for q in ask(held, "list")["quarantines"]}
    assert listed["Spam Quarantine"]["messages"] == 2
    assert listed["Spam Quarantine"]["bytes"] < 400
    assert held.ask("removemessage", "--yes", str(spam))[
        "deleted_recipients"] == 2
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert delivered(held, "both of them") == []


def test_deleted_in_one_is_never_delivered(held):
    mid = send(held, "both")
    held.wait_log('MID %d quarantined to "Policy"' % mid)
    ask(held, "delete", "Policy", str(mid))
    held.wait_log('MID %d released from quarantine "Brief"' % mid)
    held.wait_log("MID %d deleted from all quarantines" % mid)
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert delivered(held, "both") == []


def in_quarantine_queue(held):
    """How many recipients have gone through it."""
    (host,) = [h for h in held.ask_quiet("tophosts")["hosts"]
               if h["recipient_host"] == "the.euq.queue"]
    return host["deliv_rcpts"]


def test_spam_of_each_recipient(held):
    """10.6: a filter may send mail there; each recipient has an entry."""
    name = "Spam Quarantine"
    who = ["anna@example.com", "bert@example.com", "cleo@example.com"]
    before = in_quarantine_queue(held)
    mid = send(held, "spam =?utf-8?q?=C3=BCber?= alles", rcpts=who)
    held.wait_log("Message finished MID %d done" % mid)
    lines = [l for l in held.log() if re.search(r"MID %d\b" % mid, l)]
    rcid = re.search(r"RCID (\d+)", "\n".join(lines)).group(1)
    assert [l for l in lines if "RPC" in l or "ISQ" in l or "queued" in l] == [
        "MID %d queued for delivery" % mid,
        "RPC Delivery start RCID %s MID %d to local Postern Spam Quarantine"
        % (rcid, mid),
        "ISQ: Quarantined MID %d" % mid,
        "RPC Message done RCID %s MID %d" % (rcid, mid)]
    found = ask(held, "search", name, "subject=\u00fcber")["messages"]
    assert [m["recipients"] for m in found] == who
    assert found[0]["subject"] == "spam \u00fcber alles"
    assert held.ask_quiet("status")["gauges"]["spam_quarantine_messages"] == 1
    assert in_quarantine_queue(held) == before + 3
    hosts = {h["recipient_host"]: h
             for h in held.ask_quiet("tophosts")["hosts"]}
    assert hosts["the.euq.release.queue"]["active_rcpts"] == 0
    assert hosts["the.encryption.queue"]["active_rcpts"] == 0

    gone = ask(held, "release", name, str(mid), "rcpt=bert@example.com")
    assert gone["messages"] == 1
    wait_for("delivery", lambda: delivered(held, "spam =?utf-8?q?=C3=BCber?= "
                                                 "alles"))
    held.wait_log("ISQ: Reinjected MID %d as MID " % mid)
    assert [m["recipients"] for m in ask(held, "search", name)["messages"]] \
        == [who[0], who[2]]
    # what each of them has decided survives
    gone = held.kill("qmgr 0")
    wait_for("a new qmgr", lambda: held.pids().get("qmgr 0", gone) != gone and
             "Policy" in held.postern("quarantine", "list", ok=(0, 4)))
    assert ask(held, "delete", name, "all", "rcpt=anna@example.com")[
        "messages"] == 1
    ask(held, "release", name, "all")
    (first, second) = wait_for("both", lambda: (
        lambda v: v if len(v) == 2 else None)(delivered(
            held, "spam =?utf-8?q?=C3=BCber?= alles")))
    assert [first.rcpts, second.rcpts] == [[who[1]], [who[2]]]
    wait_for("an empty quarantine", lambda: files(held) == [])
    hosts = held.ask_quiet("hoststatus", "the.euq.release.queue")
    assert hosts["gauges"]["active_recipients"] == 0


def test_released_with_its_sender_on_the_safelist(held):
    name = "Spam Quarantine"
    mids = [send(held, "spam of friends %d" % i,
                 rcpts=["dora@example.com", "emil@example.com"])
            for i in range(2)]
    for mid in mids:
        held.wait_log("Message finished MID %d done" % mid)
    held.postern("slblconfig", "new", "emil@example.com", "block bad.test")
    said = held.postern("quarantine", "release", name, str(mids[0]),
                        "rcpt=emil@example.com", "safelist")
    assert said.startswith("Quarantine Spam Quarantine: messages released: 1")
    assert "commit to put it in force" in said
    held.postern("quarantine", "release", name, "all", "safelist")
    listed = {e["from"]: e["to"] for e in held.ask("slblconfig", "print")}
    assert listed == {
        "emil@example.com": "safe s@client.test, block @bad.test",
        "dora@example.com": "safe s@client.test"}
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert held.postern("quarantine", "release", "Policy", "1", "safelist",
                        ok=(2,)) == ""
    # in the dialogue it is a question, as is for whom
    mid = send(held, "spam of others",
               rcpts=["dora@example.com", "fred@example.com"])
    held.wait_log("Message finished MID %d done" % mid)
    with Terminal(held, "quarantine") as t:
        t.expect("[]> ")
        t.say("release")
        number = re.search(r"(\d+)\. Spam Quarantine\n",
                           t.expect("[1]> ")).group(1)
        t.say(number)
        t.answer(('Enter the MID to release, or "all".\n[]> ', str(mid)),
                 ("Enter the recipient it is done for (empty: all).\n[]> ",
                  "fred@example.com"),
                 ("Put the sender on the safelist of whom it is released "
                  "for? [N]> ", "y"))
        t.expect("messages released: 1\n")
        t.expect("[]> ")
        t.say("delete")
        t.expect("[1]> ")
        t.say(number)
        t.answer(('Enter the MID to delete, or "all".\n[]> ', "all"),
                 ("Enter the recipient it is done for (empty: all).\n[]> ",
                  ""))
        t.expect("messages deleted: 1\n")
        t.expect("[]> ")
        t.say()
        assert t.end()[1] == 0
    listed = {e["from"]: e["to"] for e in held.ask("slblconfig", "print")}
    assert listed["fred@example.com"] == "safe s@client.test"
    wait_for("an empty quarantine", lambda: files(held) == [])


def test_where_a_filter_sent_it_survives(held):
    mid = send(held, "away")
    held.wait_log('MID %d quarantined to "Policy"' % mid)
    ask(held, "release", "Policy", str(mid))
    wait_for("delivery", lambda: delivered(held, "away"))
    host = held.ask_quiet("hoststatus", "away.test")
    assert host["counters"]["delivered_recipients"] == 1


def test_shown_with_what_was_found(held):
    with held.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"],
                            b"Subject: words\r\n\r\nthe secret plan\r\n")
    mid = int(text[0].split("Message ")[1].split()[0])
    held.wait_log('MID %d quarantined to "Policy" (message filter:words)'
                  % mid)
    wait_for("the file", lambda: str(mid) in files(held))
    shown = held.postern("quarantine", "show", mid)
    assert "\n  Matched:  secret plan\n" in shown
    assert "\nthe secret plan\n" in shown
    # on a terminal with marks; otherwise it is said where they would be
    with Terminal(held, "quarantine", "show", str(mid)) as t:
        assert "\nthe [[secret plan]]\n" in t.end()[0]
    lines = shown.partition("\nReceived:")[2].splitlines()
    assert ask(held, "show", str(mid))["marks"] == [
        {"line": lines.index("the secret plan") + 1, "column": 5,
         "text": "secret plan"}]
    ask(held, "delete", "Policy", str(mid))


def test_copied_and_forwarded_while_it_stays(held):
    mid = send(held, "hold =?utf-8?q?caf=C3=A9?=")
    held.wait_log('MID %d quarantined to "Policy"' % mid)
    ask(held, "copy", str(mid), "boss@example.com,dora@example.com")
    (m,) = wait_for("the copy", lambda: [
        m for m in held.sink.messages if "boss@example.com" in m.rcpts])
    assert m.sender == "" and "dora@example.com" in m.rcpts
    assert m.body.endswith(b"\r\n\r\n" + b"hello\r\n" * 5)
    with Terminal(held, "quarantine") as t:
        for answer in ("forward", str(mid), "nobody", "eve@example.com", ""):
            t.expect("]> ")
            t.say(answer)
        assert t.end()[1] == 0
        assert 'Invalid email address: "nobody"\n' in t.all
        assert "has been forwarded to eve@example.com.\n" in t.all
    (m,) = wait_for("the other", lambda: [
        m for m in held.sink.messages if "eve@example.com" in m.rcpts])
    mail = email.message_from_bytes(m.body)
    assert str(email.header.make_header(email.header.decode_header(
        mail["Subject"]))) == "Held: hold caf\u00e9"
    inner = mail.get_payload()[1].get_payload(0)
    assert inner.get_payload() == "hello\r\n" * 5
    assert ask(held, "search", "Policy")["found"] == 1
    held.postern("quarantine", "copy", "999999", "a@example.com", ok=(1,))
    ask(held, "delete", "Policy", str(mid))


MIXED = b"""Subject: %s\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
%s\r
--b\r
Content-Type: application/octet-stream; name=secret.bin\r
\r
0123456789\r
--b--\r
"""


def test_released_early_for_want_of_room(held):
    """10.1, 10.2: changed only when it leaves before its time."""
    big = b"\r\n".join([b"x" * 70] * 16000)
    mids = []
    with held.client() as c:
        for name in (b"full one", b"full two"):
            code, text = c.mail("s@client.test", ["anna@example.com"],
                                MIXED % (name, big))
            assert code == 250, text
            mids.append(int(text[0].split("Message ")[1].split()[0]))
    held.wait_log('MID %d released from quarantine "Full" (queue full) t='
                  % mids[0])
    wait_for("delivery", lambda: delivered(held, "[early] full one"))
    (m,) = delivered(held, "[early] full one")
    assert b"\r\nX-Early: for want of room\r\n" in m.body
    assert b"when the quarantine Full was full" in m.body
    assert b"0123456789" not in m.body and big in m.body
    wait_for("the other one", lambda: [m["mid"] for m in ask(
        held, "search", "Full")["messages"]] == [mids[1]])
    ask(held, "release", "Full", str(mids[1]))
    wait_for("delivery", lambda: delivered(held, "full two"))
    (m,) = delivered(held, "full two")
    assert b"X-Early" not in m.body and b"0123456789" in m.body


def kill(held, program):
    gone = held.kill(program)
    wait_for("a new " + program,
             lambda: held.pids().get(program, gone) != gone)


@pytest.mark.parametrize("victim", ["qmgr 0", "cleanup 0", "both"])
def test_dur_18_killed_while_mail_is_released(held, victim):
    """Nothing is lost and nothing doubled, however often one of them dies:
    of a quarantine, and of what was spam for three."""
    name = "dies " + victim
    n = 12
    who = ["anna@example.com", "bert@example.com", "cleo@example.com"]
    for i in range(n):
        # in slots, and in files
        send(held, "hold %s %d" % (name, i), 5 if i % 3 else 8000)
        send(held, "spam %s %d" % (name, i), 5 if i % 3 else 8000, who)
    wait_for("all of it", lambda: (
        ask(held, "search", "Policy", "subject=" + name)["found"] == n and
        ask(held, "search", "Spam Quarantine", "subject=" + name)["found"]
        == 3 * n))
    held.postern("suspenddel", "0")
    for rcpt in who[:2]:
        # what is not on the disk when qmgr dies was not released
        ask(held, "release", "Spam Quarantine", "all", "rcpt=" + rcpt)
        ask(held, "release", "Policy", "all")
        if rcpt == who[1]:
            wait_for("the first", lambda: len(files(held)) < 2 * n)
        if victim != "cleanup 0":
            kill(held, "qmgr 0")
        if victim != "qmgr 0":
            kill(held, "cleanup 0")
        wait_for("qmgr", lambda: "Policy" in held.postern(
            "quarantine", "list", ok=(0, 4)))
    ask(held, "release", "Spam Quarantine", "all")
    ask(held, "release", "Policy", "all")
    wait_for("an empty quarantine", lambda: files(held) == [])
    held.postern("resumedel")
    wait_for("an empty queue", lambda: held.queued() == [])
    for i in range(n):
        one = delivered(held, "hold %s %d" % (name, i))
        assert len(one) == 1, (i, [m.rcpts for m in one])
        spam = delivered(held, "spam %s %d" % (name, i))
        assert sorted(r for m in spam for r in m.rcpts) == who
