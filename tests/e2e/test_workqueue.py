"""The work queue: filters, mail policies, splits, copies, bounces, footers."""
import base64
import io
import os
import re
import signal
import tempfile
import shutil
import zipfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for

WORK = CONFIG.replace("    rat:\n", "    footer: house\n    rat:\n", 1) + """
text_resources:
  - name: house
content_filters:
  incoming:
    - name: mark
      actions: ['insert-header("X-Board", "yes")']
    - name: count
      conditions: ['rcpt-count > 1']
      actions: ['insert-header("X-Many", "yes")']
mail_policies:
  incoming:
    - name: board
      members: [{recipients: [ceo@example.com, cfo@example.com]}]
      content_filters: [mark, count]
    - name: branch
      members: [{recipients: ['@.example.com']}]
"""
FILTERS = r"""
tag: if (header("X-Tag-Me")) { insert-header("X-Tagged", "by $EnvelopeFrom"); }
bcc: if (subject == "^copy") { bcc("audit@example.com", "$Subject"); }
elsewhere: if (subject == "^elsewhere") { alt-rcpt-to("other@example.com"); }
gone: if (subject == "^drop") { drop(); }
back: if (subject == "^back") { bounce(); }
said: if (subject == "^say") { log-entry("seen $EnvelopeFrom"); }
keep: if (subject == "^keep") { archive("kept"); }
exe: if (subject == "^inspect" and attachment-filetype == "exe") {
  insert-header("X-Exe", "yes"); }
name: if (subject == "^inspect" and attachment-filename == "\\.scr$") {
  insert-header("X-Name", "yes"); }
text: if (subject == "^inspect" and
          attachment-contains("passphrase & more", 1)) {
  insert-header("X-Text", "yes"); }
strip: if (subject == "^strip") { drop-attachments-by-name("\\.scr$"); }
body: if (only-body-contains("secret", 1)) { insert-header("X-Body", "1"); }
"""


@pytest.fixture(scope="module")
def work():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), WORK, start=False) as postern:
        prepare(postern)
        with Sink(postern.sink_port) as sink:
            postern.sink = sink
            yield postern
    shutil.rmtree(folder, ignore_errors=True)


def prepare(postern):
    for path, text in {"filters/message_filters": FILTERS,
                       "texts/house.txt": "Example Ltd.\n"}.items():
        file = postern.root / "etc" / path
        file.parent.mkdir()
        file.parent.chmod(0o755)
        file.write_text(text)
        file.chmod(0o644)
    postern.start()


def send(work, subject, rcpts=("anna@example.com",), header=b"",
         body=b"hello\r\n", sender="s@client.test", port=None):
    """Sends one; the messages that came out of it, and its MID."""
    before = len(work.sink.messages)
    with work.client(port) as c:
        code, text = c.mail(sender, rcpts, b"Subject: " + subject.encode() +
                            b"\r\n" + header + b"\r\n" + body)
        assert code == 250, text
    mid = int(text[0].split("Message ")[1].split()[0])
    wait_for("the end of MID %d" % mid, lambda: work.queued() == [])
    return work.sink.messages[before:], mid


def story(work, mid):
    return [l for l in work.log() if re.search(r"MID %d\b" % mid, l)]


def test_a_message_of_one_policy_stays_one(work):
    (m,), mid = send(work, "plain", port=work.private_port)
    assert b"X-" not in m.body and m.body.endswith(b"\r\n\r\nhello\r\n")
    assert ("MID %d matched all recipients for per-recipient policy DEFAULT "
            "in the outbound table" % mid) in story(work, mid)


def test_a_split_over_policies(work):
    to = ("cfo@example.com", "x@a.example.com", "anna@example.com",
          "ceo@example.com")
    out, mid = send(work, "split", to)
    by_rcpt = {r: m for m in out for r in m.rcpts}
    assert set(by_rcpt) == set(to) and len(out) == 3
    board = by_rcpt["ceo@example.com"]
    assert board is by_rcpt["cfo@example.com"]
    assert b"\r\nX-Board: yes\r\n" in board.body
    assert b"\r\nX-Many: yes\r\n" in board.body
    assert b"X-Board" not in by_rcpt["anna@example.com"].body
    lines = story(work, mid)
    parts = [re.match(r"MID \d+ was split creating MID (\d+) due to a "
                      r"per-recipient policy (\w+) in the inbound table", l)
             for l in lines]
    assert [p[2] for p in parts if p] == ["board", "branch", "DEFAULT"]
    assert "Message finished MID %d done" % mid in lines
    # each goes on by itself, and is stamped
    for m in out:
        assert b"\r\nExample Ltd.\r\n" in m.body
        assert m.body.count(b"\r\nReceived:") + m.body.startswith(
            b"Received:") == 1


def test_footers_are_the_listeners(work):
    (m,), mid = send(work, "foot")
    assert m.body.endswith(b"hello\r\n\r\nExample Ltd.\r\n")
    assert any("rewritten to" in l and "footer of listener 'InboundMail'" in l
               for l in story(work, mid))


def test_header_edits_keep_the_mid(work):
    (m,), mid = send(work, "tag", header=b"X-Tag-Me: 1\r\n",
                     port=work.private_port)
    assert b"X-Tag-Me: 1\r\nX-Tagged: by s@client.test\r\n\r\n" in m.body
    assert "MID %d queued for delivery" % mid in story(work, mid)


def test_a_blind_copy(work):
    out, mid = send(work, "copy of this", port=work.private_port)
    assert sorted(m.rcpts for m in out) == [["anna@example.com"],
                                            ["audit@example.com"]]
    copy = [m for m in out if m.rcpts == ["audit@example.com"]][0]
    assert copy.sender == ""
    assert copy.body.endswith(b"\r\n\r\nhello\r\n")
    assert any(re.match(r"MID \d+ generated based on MID %d by bcc filter "
                        r"'bcc'" % mid, l) for l in story(work, mid))


def test_another_recipient(work):
    (m,), mid = send(work, "elsewhere", ("anna@example.com", "b@example.com"),
                     port=work.private_port)
    assert m.rcpts == ["other@example.com"]
    assert any(re.match(r"MID %d rewritten to \d+ by alt-rcpt-to-filter "
                        r"filter 'elsewhere'" % mid, l)
               for l in story(work, mid))


def test_dropped(work):
    out, mid = send(work, "drop me")
    assert out == []
    assert "Message aborted MID %d Dropped by filter 'gone'" % mid in (
        story(work, mid))
    assert "Message finished MID %d done" % mid in story(work, mid)


def test_bounced(work):
    (m,), mid = send(work, "back with it", sender="anna@example.com",
                     port=work.private_port)
    assert m.sender == "" and m.rcpts == ["anna@example.com"]
    assert b"back with it" in m.body and b"5.7.1" in m.body
    lines = story(work, mid)
    assert "Message aborted MID %d Bounced by filter 'back'" % mid in lines
    assert "Message finished MID %d done" % mid in lines
    assert not any("queued for delivery" in l for l in lines)
    # nobody is told of a bounce that bounces (LOP-04)
    out, mid = send(work, "back with it", sender="", port=work.private_port)
    assert out == []


def test_log_entries_and_bodies(work):
    (m,), mid = send(work, "say it", body=b"a secret\r\n.and a dot\r\n",
                     port=work.private_port)
    assert "MID %d Custom Log Entry: seen s@client.test" % mid in (
        story(work, mid))
    assert b"\r\nX-Body: 1\r\n\r\na secret\r\n.and a dot\r\n" in m.body


def test_archived(work):
    (m,), mid = send(work, "keep it", ("anna@example.com", "b@example.com"),
                     body=b"one\r\nFrom here on\r\n.\r\n",
                     port=work.private_port)

    def kept():
        files = list((work.root / "log/kept").glob("kept.@*.current"))
        return files and files[0].read_text()
    text = wait_for("the archive", lambda: (kept() or "").endswith(
        "\n.\n\n") and kept())
    assert re.match(r"From s@client\.test \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\n"
                    r"X-Postern-RCPT-TO: anna@example\.com\n"
                    r"X-Postern-RCPT-TO: b@example\.com\n"
                    r"(?:Message-ID: .*\n)?Subject: keep it\n\none\n>From here on\n\.\n\n$", text)
    assert "kept" in work.postern("rollovernow", "kept")
    assert kept() == []


def test_a_split_outlives_every_death(make_suite):
    """Killed while messages are split: each recipient once, of its policy."""
    postern = make_suite(WORK, start=False)
    prepare(postern)
    accepted = []
    with Sink(postern.sink_port) as sink:
        for i in range(6):
            with postern.client() as c:
                for j in range(5):
                    to = ["u%d.%d@example.com" % (i, j),
                          "u%d.%d@a.example.com" % (i, j), "ceo@example.com"]
                    text = b"Subject: x\r\n\r\n%d.%d\r\n" % (i, j)
                    # a death that is just noticed is a 451: try again
                    wait_for("250", lambda: c.mail(
                        "s@client.test", to, text)[0] == 250)
                    accepted.append((i, j))
            victim = ("cleanup 0", "qmgr 0", "smtp 0")[i % 3]
            os.kill(wait_for(victim, lambda: postern.pids().get(victim)),
                    signal.SIGKILL)
            # a death closes connections; the next client finds it alive
            wait_for(victim, lambda: postern.pids().get(victim))
        wait_for("all of it", lambda: len(set(sink.rcpts())) >=
                 2 * len(accepted) + 1)
        postern.wait_empty()
    for i, j in accepted:
        text = b"\r\n%d.%d\r\n" % (i, j)
        got = [m for m in sink.messages if text in m.body]
        assert {r for m in got for r in m.rcpts} == {
            "u%d.%d@example.com" % (i, j), "u%d.%d@a.example.com" % (i, j),
            "ceo@example.com"}
        for m in got:
            assert (b"X-Board" in m.body) == ("ceo@example.com" in m.rcpts)
            assert len(m.rcpts) == 1


def attach(name, data):
    """A message with a file, and the fields that make it one."""
    text = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return {"header": b"MIME-Version: 1.0\r\n"
                      b"Content-Type: multipart/mixed; boundary=b\r\n",
            "body": b"--b\r\n\r\nhello\r\n--b\r\n"
                    b"Content-Type: application/octet-stream\r\n"
                    b"Content-Disposition: attachment; filename=\"" +
                    name.encode() + b"\"\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n" + text +
                    b"--b--\r\n"}


def zipped(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(name, data)
    return out.getvalue()


def test_what_is_in_an_attachment(work):
    program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + bytes(200)
    nested = zipped(("inner.zip", zipped(("setup.exe", program))))
    office = zipped(("[Content_Types].xml", b"<Types/>"),
                    ("word/document.xml", b"<w:t>the pass</w:t>"
                     b"<w:t>phrase &amp; more</w:t>"))
    cases = [
        ("picture.gif", program, b"X-Exe"),
        ("a.zip", nested, b"X-Exe"),
        ("b.bin", zipped(("evil.scr", b"hello")), b"X-Name"),
        ("letter.docx", office, b"X-Text"),
        ("plain.zip", zipped(("notes.txt", b"nothing")), None),
    ]
    for name, data, field in cases:
        (m,), mid = send(work, "inspect", **attach(name, data))
        found = {f for f in (b"X-Exe", b"X-Name", b"X-Text")
                 if f + b": yes\r\n" in m.body}
        assert found == ({field} if field else set()), (name, found)
    (m,), mid = send(work, "strip", **attach("c.zip", cases[2][1]))
    assert b"c.zip" not in m.body.split(b"\r\n\r\n", 1)[1] or \
        b"application/octet-stream" not in m.body, m.body
