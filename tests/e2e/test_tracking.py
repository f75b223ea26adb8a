"""Message tracking: what it says became of mail is what the mail log says, by
search field and by message, over a death of the recorder."""
import csv
import io
import json
import os
import re
import signal

import pytest

from conftest import CONFIG
from suite import gateway_with, wait_for

FILTERS = """
hold: if (subject == "^hold") { quarantine("Policy"); }
spam: if (subject == "^spam") { alt-mailhost("the.euq.queue"); }
drop: if (subject == "^drop") { drop(); }
refuse: if (subject == "^refuse") { bounce(); }
copy: if (subject == "^copy") { bcc("copy@example.com"); }
change: if (subject == "^change") { edit-body-text("hello", "bye"); }
"""
TRACKED = CONFIG.replace("        - name: ALL\n          policy: $ACCEPTED\n", """\
        - name: NOTWANTED
          policy: $BLOCKED
          entries: 127.0.0.66
        - name: ALL
          policy: $ACCEPTED
""", 1) + """
spam_quarantine: {enabled: yes}
mail_policies:
  incoming:
    - name: board
      members: [{recipients: [ceo@example.com]}]
    - name: DEFAULT
"""
JAPANESE = "=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?="
ENDS = {"Delivered", "Bounced", "Dropped", "Aborted"}


@pytest.fixture(scope="module")
def tracked():
    with gateway_with(TRACKED, FILTERS) as postern:
        postern.sink.behave.update({
            "RCPT no@": "550 5.1.1 no such user",
            "RCPT later@": "451 4.2.0 later"})
        yield postern


def send(postern, subject, rcpts=("anna@example.com",), sender="s@client.test"):
    with postern.client() as c:
        code, text = c.mail(
            sender, list(rcpts),
            ("Subject: %s\r\nMessage-ID: <%s@x.test>\r\n\r\nhello\r\n"
             % (subject, len(subject))).encode())
    assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


def show(postern, mid):
    """Nothing while nothing is known about it."""
    said = postern.postern("--json", "tracking", "show", str(mid), ok=(0, 1))
    return json.loads(said) if said else {}


def becomes(postern, mid, state):
    """Waits until it has that state; the message."""
    def is_so():
        m = show(postern, mid)
        return m if m.get("state") == state else None
    return wait_for("MID %d: %s" % (mid, state), is_so)


def found(postern, *options):
    return [m["mid"] for m in postern.ask(
        "tracking", *options, ok=(0, 1))["messages"]]


def states(m):
    return {r["to"]: r["state"] for r in m.get("recipients", [])}


@pytest.mark.parametrize("subject, state", [
    ("plain", "Delivered"), ("hold", "Quarantined (Policy)"),
    ("spam", "Quarantined (Spam Quarantine)"), ("drop", "Dropped"),
    ("refuse", "Bounced"), ("copy", "Delivered"), ("change", "Delivered")])
def test_states_of_messages(tracked, subject, state):
    mid = send(tracked, subject)
    m = becomes(tracked, mid, state)
    assert (m["mid"], m["sender"], m["subject"]) == (mid, "s@client.test",
                                                     subject)
    assert m["sender_ip"] == "127.0.0.1" and m["size"] > 0
    (r,) = m["recipients"]
    assert r["to"] == "anna@example.com"
    assert (r["state"] in ENDS) == (not state.startswith("Quarantined"))
    if state == "Delivered":
        assert r["host"] == "127.0.0.1:%d" % tracked.sink_port
        assert r["response"].startswith("2.0.0")
    related = {(l["kind"], l["parent"]) for l in m["related"]}
    assert related == {"refuse": {("bounce", False)},
                       "copy": {("copy", False)},
                       "change": {("rewritten", False)}}.get(subject, set())
    if subject == "copy":
        (copy,) = m["related"]
        c = becomes(tracked, copy["mid"], "Delivered")
        assert states(c) == {"copy@example.com": "Delivered"}
        assert c["related"] == [{"mid": mid, "kind": "copy", "parent": True}]
    if subject == "refuse":
        bounce = becomes(tracked, m["related"][0]["mid"], "Delivered")
        assert bounce["sender"] == "" and bounce["icid"] == 0


def test_each_recipient_is_at_its_own_end(tracked):
    rcpts = ["anna@example.com", "no@example.com", "later@example.com",
             "ceo@example.com"]
    mid = send(tracked, "split", rcpts)
    tracked.wait_log("Delayed: DCID")
    def settled():
        m = show(tracked, mid)
        return m if set(states(m).values()) == {
            "Delivered", "Bounced", "Queued for delivery"} else None
    m = wait_for("three states", settled)
    assert m["state"] == "Partly delivered"
    assert states(m) == {"anna@example.com": "Delivered",
                         "no@example.com": "Bounced",
                         "later@example.com": "Queued for delivery",
                         "ceo@example.com": "Delivered"}
    assert "board" in m["mail_policy"] and m["direction"] == "inbound"
    assert [l["kind"] for l in m["related"]].count("split") >= 1
    # the parts are found as what they are parts of
    for part in {r["mid"] for r in m["recipients"]}:
        assert show(tracked, part)["mid"] == mid
    by = {r["to"]: r for r in m["recipients"]}
    assert "no such user" in by["no@example.com"]["response"]
    assert mid in found(tracked, "--event", "soft-bounced")
    assert mid in found(tracked, "--event", "hard-bounced,virus")
    assert mid in found(tracked, "--event", "pending")
    assert mid not in found(tracked, "--event", "spam,virus,dropped")


def test_released_and_deleted_from_quarantines(tracked):
    held = send(tracked, "hold me")
    becomes(tracked, held, "Quarantined (Policy)")
    tracked.ask("quarantine", "release", "Policy", str(held))
    m = becomes(tracked, held, "Delivered")
    assert [l["kind"] for l in m["related"]] == ["released"]
    assert show(tracked, m["related"][0]["mid"])["mid"] == held
    gone = send(tracked, "hold and delete")
    becomes(tracked, gone, "Quarantined (Policy)")
    tracked.ask("quarantine", "delete", "Policy", str(gone))
    becomes(tracked, gone, "Dropped")
    # of the spam quarantine each recipient goes by itself
    spam = send(tracked, "spam for two", ["anna@example.com",
                                          "bert@example.com"])
    becomes(tracked, spam, "Quarantined (Spam Quarantine)")
    box = "Spam Quarantine"
    tracked.ask("quarantine", "release", box, str(spam),
                "rcpt=bert@example.com")
    def half():
        m = show(tracked, spam)
        return states(m) == {"anna@example.com": "Quarantined",
                             "bert@example.com": "Delivered"} and m
    assert wait_for("one released", half)["state"] == "Partly delivered"
    tracked.ask("quarantine", "delete", box, str(spam))
    wait_for("an end of each", lambda: states(show(tracked, spam)) == {
        "anna@example.com": "Dropped", "bert@example.com": "Delivered"})


def test_search_fields(tracked):
    mid = send(tracked, JAPANESE, ["Chris@sub.example.com"],
               "anna.b@client.test")
    m = becomes(tracked, mid, "Delivered")
    assert m["subject"] == "こんにちは"
    for options in (["--subject", "んにち"], ["--subject-begins", "こん"],
                    ["--subject-is", "こんにちは"], ["--from", "ANNA.B@"],
                    ["--to", "chris@SUB"], ["--mid", str(mid)],
                    ["--ip", "127.0.0.1", "--to", "chris"],
                    ["--ip", "127.0.0.0/8", "--to", "chris"],
                    ["--message-id", "<%d@" % len(JAPANESE)],
                    ["--event", "delivered", "--to", "chris"],
                    ["--last", "1h", "--to", "chris"],
                    ["--since", "2020-01-01 00:00 +0900", "--to", "chris"]):
        assert found(tracked, *options) == [mid], options
    for options in (["--subject-is", "こん"], ["--subject-begins", "ちは"],
                    ["--from", "chris"], ["--to", "anna.b@"],
                    ["--ip", "127.0.0.2", "--to", "chris"],
                    ["--group", "NOTWANTED", "--to", "chris"],
                    ["--until", "2020-01-01", "--to", "chris"],
                    ["--event", "dropped", "--to", "chris"]):
        assert found(tracked, *options) == [], options
    assert len(found(tracked, "--limit", "2")) == 2
    table = list(csv.DictReader(io.StringIO(tracked.postern(
        "tracking", "--csv", "--to", "chris"))))
    assert [(t["mid"], t["state"], t["subject"]) for t in table] == [
        (str(mid), "Delivered", "こんにちは")]


def test_what_was_rejected_is_found(tracked):
    with tracked.client(source="127.0.0.66", greet=False) as c:
        assert c.reply()[0] == 554
    (m,) = wait_for("the connection", lambda: tracked.ask(
        "tracking", "--ip", "127.0.0.66", ok=(0, 1))["messages"])
    assert (m["mid"], m["state"]) == (None, "Rejected connection")
    assert m["sender_group"] == "NOTWANTED"
    assert m["mail_flow_policy"] == "$BLOCKED"
    assert len(found(tracked, "--event", "rejected", "--group",
                     "notwanted")) == 1
    with tracked.client() as c:
        assert c.mail("x@client.test", ["who@elsewhere.test"])[0] >= 500
    (m,) = wait_for("the recipient", lambda: tracked.ask(
        "tracking", "--to", "who@elsewhere", ok=(0, 1))["messages"])
    assert m["recipients"] == [] and m["rejected"] == "who@elsewhere.test"
    wait_for("its end", lambda: show(tracked, m["mid"])["state"] == "Aborted")


def test_the_story_is_that_of_the_mail_log(tracked):
    mid = send(tracked, "story")
    becomes(tracked, mid, "Delivered")
    tracked.wait_log("Message finished MID %d done" % mid)
    log = [l for l in tracked.log() if re.search(r"\bMID %d\b" % mid, l)]
    def same():
        said = [l["text"] for l in show(tracked, mid)["lines"]]
        return [l for l in said if re.search(r"\bMID %d\b" % mid, l)] == log
    wait_for("the same lines", same)
    times = [l["time"] for l in show(tracked, mid)["lines"]]
    assert times == sorted(times)


def ends_of_log(lines):
    """Of each (MID, RID) that ended in delivery or as a bounce: how."""
    ends = {}
    for line in lines:
        done = re.match(r"Message done DCID \d+ MID (\d+) to RID \[([\d, ]+)\]",
                        line)
        bounced = re.match(r"(?:Bounced: DCID \d+|Double bounce:) MID (\d+) "
                           r"to RID (\d+) ", line)
        if done:
            for rid in done[2].split(", "):
                ends[int(done[1]), int(rid)] = "Delivered"
        elif bounced:
            ends[int(bounced[1]), int(bounced[2])] = "Bounced"
    return ends


def test_all_ends_are_those_of_the_mail_log(tracked):
    """Whatever the tests before have left."""
    for i in range(20):
        send(tracked, "many %d" % i, ["r%d@example.com" % k
                                      for k in range(i % 4 + 1)])
    def agree():
        messages = tracked.ask("tracking", "--limit", "5000")["messages"]
        mine = {(r["mid"], r["rid"]): r["state"] for m in messages
                for r in m["recipients"]
                if r["state"] in ("Delivered", "Bounced")}
        return mine == ends_of_log(tracked.log_so_far()) or None
    wait_for("the same ends", agree)


def test_a_death_of_the_recorder(tracked):
    before = send(tracked, "before")
    becomes(tracked, before, "Delivered")
    gone = tracked.kill("recorder 0", signal.SIGKILL)
    wait_for("a new one", lambda: tracked.pids().get(
        "recorder 0", gone) != gone)
    after = send(tracked, "after")
    becomes(tracked, after, "Delivered")
    assert show(tracked, before)["state"] == "Delivered"
    answer = tracked.ask("tracking", "--mid", str(after))
    lost = [l for l in tracked.log() if l.endswith(" log lines lost")]
    assert (len([g for g in answer["incomplete"]
                 if g["why"] == "events were lost on the way"]) > 0) == (
        len(lost) > 0)


def test_switched_off_and_on(tracked):
    config = tracked.root / "etc/postern.yaml"
    was = config.read_text()
    config.write_text(was + "\ntracking: {enabled: no}\n")
    tracked.postern("commit", "off")
    wait_for("off", lambda: not tracked.ask("tracking", "status")["enabled"])
    unseen = send(tracked, "unseen")
    tracked.wait_log("Message finished MID %d done" % unseen)
    config.write_text(was + "\ntracking: {subject: no, quota: 5M}\n")
    tracked.postern("commit", "on, without subjects")
    wait_for("on", lambda: tracked.ask("tracking", "status")["enabled"])
    mid = send(tracked, "secret")
    m = becomes(tracked, mid, "Delivered")
    assert m["subject"] == ""
    assert "secret" not in str(m["lines"])
    assert found(tracked, "--subject", "unseen") == []
    assert [g["why"] for g in tracked.ask("tracking", "--mid", str(
        mid))["incomplete"]][-1:] == ["tracking was off"]
    assert "Tracking data incomplete from " in tracked.postern("tracking")
    wait_for("its share", lambda: tracked.ask(
        "diskquotaconfig", "print")["tracking"]["quota"] == 5 << 20)


def test_nobody_else_reads_it(tracked):
    folder = tracked.root / "log/.tracking"
    if not folder.exists():
        folder = next(tracked.root.glob("**/.tracking"))
    assert folder.stat().st_mode & 0o007 == 0
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o007 == 0
        assert not os.path.islink(file)


def has_ended(pid):
    """Whether or not anybody has asked how."""
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def gaps(postern):
    return postern.ask("tracking", "--last", "1d")["incomplete"]


def test_ends_of_the_whole_gateway(tracked):
    """In order: nothing is missing. Without a last word: that is said."""
    mid = send(tracked, "before the end", ["later@example.com"])
    becomes(tracked, mid, "Queued for delivery")
    before = gaps(tracked)
    tracked.stop()
    assert show(tracked, mid)["state"] == "Queued for delivery"
    tracked.start()
    assert gaps(tracked) == before
    recorder = tracked.pids()["recorder 0"]
    os.kill(recorder, signal.SIGSTOP)
    tracked.proc.kill()
    tracked.proc.wait()
    os.kill(recorder, signal.SIGKILL)
    wait_for("its end", lambda: has_ended(recorder))
    tracked.start()
    (gap,) = gaps(tracked)[len(before):]
    assert gap["why"] == "the gateway ended without warning"
    assert gap["from"] < gap["to"]
    tracked.sink.behave.clear()
    tracked.deliver("what waited", lambda: show(tracked, mid)["state"] ==
                    "Delivered")
