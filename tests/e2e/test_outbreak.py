"""Outbreak filters: rules of the site, held and released, changed on leaving;
trace says what the gateway does."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest

import twin
from conftest import CONFIG
from sink import Sink
from suite import BIN, Suite, wait_for
from terminal import Terminal
from twin import Session

OUTBREAK = CONFIG + """
quarantine_space: 1M
text_resources: [{name: care}]
outbreak_filters: {enabled: yes, file: mine.json}
mail_policies:
  incoming:
    - name: changed
      members: [{recipients: [bert@example.com]}]
      outbreak:
        deliver_non_viral: yes
        modify: yes
        headers: yes
        disclaimer: care
        url_bypass: [good.test]
    - name: both
      members: [{recipients: [cleo@example.com]}]
      outbreak: {modify: yes, bypass_extensions: [pdf]}
    - name: never
      members: [{recipients: [dora@example.com]}]
      outbreak: disabled
"""
FILTERS = 'skip: if (subject == "^skip") { skip-vofcheck(); }\n'


def rule(name, level, category, match, **more):
    return dict(id=name, type="outbreak", level=level, category=category,
                description="about " + name, match=match, **more)


def rules(*v, serial=1):
    return json.dumps({"version": 1, "serial": serial, "rules": v,
                       "generated": "2024-06-11T12:05:00Z"})


MINE = rules(
    rule("MINE_1", 4, "virus", {"all": [
        {"attachment_ext": ["zip"]}, {"subject_re": "(?i)invoice"}]},
        hold_minutes=30),
    rule("MINE_2", 3, "phish", {"url_domain": ["evil.test"]}, subtype="form"),
    rule("MINE_3", 1, "scam", {"subject_re": "lottery"}))


def attached(subject, name, content=b"hello"):
    return (b"Subject: %s\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/x; name=%s"
            b"\r\nContent-Disposition: attachment\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n" % (
                subject, name, base64.encodebytes(content).replace(
                    b"\n", b"\r\n")))


def link(subject):
    return (b"Subject: %s\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/html; charset=utf-8\r\n\r\n"
            b"<p><a href=\"http://www.evil.test/?a&amp;b\">x</a> "
            b"http://good.test/</p>\r\n" % subject)


ANNA, BERT, CLEO, DORA = ("%s@example.com" % n
                          for n in ("anna", "bert", "cleo", "dora"))
CASES = {
    "nothing": (b"Subject: hello\r\n\r\nhttp://good.test/\r\n", [ANNA]),
    "a low level": (b"Subject: lottery\r\n\r\nx\r\n", [ANNA]),
    "a virus": (attached(b"invoice", b"a.zip"), [ANNA]),
    "skipped": (attached(b"skip invoice", b"a.zip"), [ANNA]),
    "too large": (attached(b"invoice", b"a.zip") + twin.lines(9000), [ANNA]),
    "a threat that is not held": (link(b"link"), [ANNA]),
    "changed": (link(b"link"), [BERT]),
    "a threat that is held": (link(b"link"), [CLEO]),
    "bypassed": (attached(b"my report", b"report.pdf"), [CLEO]),
    "disabled": (attached(b"invoice", b"a.zip"), [DORA]),
    "for all": (attached(b"invoice", b"a.zip"), [ANNA, BERT, CLEO, DORA]),
    "a link for all": (link(b"link"), [ANNA, BERT, CLEO, DORA]),
}


@pytest.fixture(scope="module")
def held():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), OUTBREAK, start=False) as postern:
        for path, text in {"filters/message_filters": FILTERS,
                           "texts/care.txt": "Take care: $threat_type!\n",
                           "tables/mine.json": MINE}.items():
            write(postern, path, text)
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink = sink
            yield postern
    shutil.rmtree(folder, ignore_errors=True)


def write(postern, path, text):
    file = postern.root / "etc" / path
    file.parent.mkdir(exist_ok=True)
    file.parent.chmod(0o755)
    file.write_text(text)
    file.chmod(0o644)


def in_quarantine(postern):
    return postern.ask("quarantine", "search", "Outbreak")["messages"]


def clear(postern):
    if in_quarantine(postern):
        postern.ask("quarantine", "delete", "Outbreak", "all")
    wait_for("an empty quarantine", lambda: not in_quarantine(postern))


def queued(said):
    return sorted((r["sender"], sorted(r["recipients"]),
                   twin.neutral(r["message"].encode()))
                  for r in said.get("results", [])
                  if r["outcome"] == "queued" and not r["quarantines"])


@pytest.mark.parametrize("name", CASES)
def test_trace_and_gateway_agree(held, name):
    body, rcpts = CASES[name]
    clear(held)
    s = Session("InboundMail", held.port, rcpts=tuple(rcpts), name="",
                body=body)
    said = twin.trace(held, s)
    before, old = len(held.sink.messages), len(held.log())
    assert twin.live(s) == twin.expected(s, said)
    wait_for("an empty queue", lambda: held.queued() == [])
    mail = sorted((m.sender, sorted(m.rcpts), twin.neutral(m.body))
                  for m in held.sink.messages[before:])
    assert mail == queued(said)

    holds = sorted((",".join(r["recipients"]), q["reason"])
                   for r in said["results"] for q in r["quarantines"])
    wait_for("what is held", lambda: len(in_quarantine(held)) == len(holds))
    assert sorted((m["recipients"].replace(" ", ","), m["reason"])
                  for m in in_quarantine(held)) == holds

    verdicts = ["positive" if step.get("name") else "negative"
                for r in said["results"] for step in r["steps"]
                if step["step"] == "outbreak filters" and
                step["outcome"] == "judged"]
    wait_for("the log", lambda: [
        l.rsplit(" ", 1)[1] for l in held.log()[old:]
        if "Outbreak Filters: verdict" in l] == verdicts)


def test_what_is_written(held):
    """The text of trace, and the log, word for word (workqueue 11, 14)."""
    clear(held)
    s = Session("InboundMail", held.port, rcpts=(ANNA,), name="",
                body=attached(b"invoice", b"a.zip"))
    text = twin.trace(held, s, text=True)
    part = text[text.index("Outbreak Filter Evaluation:"):]
    assert re.match(
        r"Outbreak Filter Evaluation:\n"
        r" - Threat level 4: MINE_1 \(virus\)\n"
        r" - Quarantined until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n"
        r' - Flagged for quarantine "Outbreak"\n'
        r"\nFooter Stamping:\n", part), part
    twin.live(s)
    held.wait_log("Threat Level=4 Category=virus Rule=MINE_1")
    (m,) = wait_for("what is held", lambda: in_quarantine(held))
    held.wait_log('MID %d quarantined to "Outbreak" (outbreak rule:MINE_1)'
                  % m["mid"])
    assert 29 * 60 < (m["expires"] - m["entered"]) / 1000 <= 30 * 60

    s.rcpts, s.body = (CLEO,), attached(b"my report", b"report.pdf")
    assert ("Outbreak Filter Evaluation:\n - Bypassed: report.pdf\n"
            " - No threat detected\n") in twin.trace(held, s, text=True)
    s.rcpts, s.body = (BERT,), link(b"link")
    assert ("Outbreak Filter Evaluation:\n - Threat level 3: MINE_2 (phish)\n"
            " - Action: Modify (1 link, subject, disclaimer)\n") in \
        twin.trace(held, s, text=True)
    s.rcpts, s.body = (ANNA,), attached(b"skip invoice", b"a.zip")
    assert "Evaluation:\n - Skipped (message filter)\n" in \
        twin.trace(held, s, text=True)
    s.rcpts = (DORA,)
    assert "Outbreak" not in twin.trace(held, s, text=True)


def test_changed_on_release(held):
    """A threat that was held as it came is changed when it leaves; it is not
    held again."""
    clear(held)
    s = Session("InboundMail", held.port, rcpts=(CLEO,), name="",
                body=link(b"late"))
    twin.live(s)
    (m,) = wait_for("what is held", lambda: in_quarantine(held))
    shown = held.postern("quarantine", "show", str(m["mid"]))
    assert "http://www.evil.test/" in shown
    held.ask("quarantine", "release", "Outbreak", str(m["mid"]))
    (m,) = wait_for("delivery", lambda: [
        x for x in held.sink.messages if b"late" in x.body])
    assert b"Subject: [Possible Phish Fraud] late\r\n" in m.body
    assert b"hxxp://www[.]evil[.]test/?a&amp;b" in m.body
    wait_for("an empty quarantine", lambda: in_quarantine(held) == [])


def test_managed_by_rule(held):
    """All that one rule holds, and nothing else."""
    clear(held)
    for rcpt, body in ((ANNA, attached(b"invoice 1", b"a.zip")),
                       (CLEO, attached(b"invoice 2", b"b.zip")),
                       (CLEO, link(b"a link"))):
        twin.live(Session("InboundMail", held.port, rcpts=(rcpt,), name="",
                          body=body))
    wait_for("all three", lambda: len(in_quarantine(held)) == 3)
    assert held.ask("outbreakmanage", "list") == {
        "rules": {"MINE_1": 2, "MINE_2": 1}}
    assert ("Rule                                      Messages\n"
            "MINE_1                                           2\n"
            "MINE_2                                           1\n") == \
        held.postern("outbreakmanage", "list")
    assert held.postern("outbreakmanage", "release", "MINE_1") == \
        "Released: 2 messages.\n"
    wait_for("both", lambda: [
        m for m in held.sink.messages if b"invoice 1" in m.body] and [
        m for m in held.sink.messages if b"invoice 2" in m.body])
    # on a terminal it asks, if there is something to ask about
    with Terminal(held, "outbreakmanage") as t:
        t.expect("MINE_2 ")
        t.expect("- RELEASE - Release the messages of a rule\n")
        t.expect("]> ")
        t.say("delete")
        t.expect("Enter the name of the rule:")
        t.say("mine_2")
        t.expect("Deleted: 1 message.\n")
    wait_for("an empty quarantine", lambda: in_quarantine(held) == [])
    with Terminal(held, "outbreakmanage") as t:
        t.expect("none\n")
        assert t.proc.wait(60) == 0


def test_managed_where_quarantines_are(held):
    """outbreakmanage is a part of quarantineconfig as well (10.5)."""
    clear(held)
    for subject in (b"invoice 3", b"invoice 4"):
        twin.live(Session("InboundMail", held.port, rcpts=(ANNA,), name="",
                          body=attached(subject, b"a.zip")))
    wait_for("both", lambda: len(in_quarantine(held)) == 2)
    listed = held.postern("outbreakmanage", "list")
    assert held.postern("quarantineconfig", "outbreakmanage", "list") == listed
    with Terminal(held, "quarantineconfig") as t:
        t.expect("- OUTBREAKMANAGE - Release or delete what an outbreak rule "
                 "holds.\n[]> ")
        t.say("outbreakmanage")
        t.expect("MINE_1 ")
        t.expect("[]> ")
        t.say("release")
        t.expect("Enter the name of the rule:")
        t.say("MINE_1")
        t.expect("Released: 2 messages.\n")
        t.expect("[]> ")
        t.say()
        assert t.end()[1] == 0
        assert "commit" not in t.all
    wait_for("both", lambda: [
        m for m in held.sink.messages if b"invoice 3" in m.body] and [
        m for m in held.sink.messages if b"invoice 4" in m.body])
    for words in ([], ["release"], ["list", "X"], ["keep", "X"],
                  ["release", "X", "y"]):
        held.postern("quarantineconfig", "outbreakmanage", *words, ok=(2,))


def test_told_how_full_it_is(held):
    clear(held)
    for subject in (b"invoice 5", b"invoice 6"):
        twin.live(Session(
            "InboundMail", held.port, rcpts=(ANNA,), name="",
            body=attached(subject, b"a.zip", os.urandom(370000))))
    wait_for("both", lambda: len(in_quarantine(held)) == 2)
    held.wait_log("The quarantine Outbreak is 95 % full")
    told = [re.sub(r"^\S+ \S+ \S+ \S+ \S+ ", "", l)
            for f in sorted((held.root / "log/mail_logs").glob("*.@*"))
            for l in f.read_text().splitlines() if "% full" in l]
    assert told == ["Warning: The quarantine Outbreak is 5 % full",
                    "Critical: The quarantines are 95 % full",
                    "Critical: The quarantine Outbreak is 95 % full"]
    clear(held)


def test_rules_that_are_wrong_are_not_committed(held):
    write(held, "tables/mine.json", MINE.replace('"level": 4', '"level": 9'))
    try:
        r = subprocess.run([str(BIN / "postern"), "--root", str(held.root),
                            "commit", "wrong"], capture_output=True,
                           text=True, timeout=60)
        assert r.returncode == 1
        said = r.stdout + r.stderr
        assert 'tables/mine.json:1' in said and \
            'rule MINE_1: "level" must be 0 to 5' in said
    finally:
        write(held, "tables/mine.json", MINE)
