"""The work queue: what trace says of a message is what comes out of it.

The messages that trace shows are compared, byte for byte, with those that the
next hop gets; what may differ is listed in twin.neutral().
"""
import base64
import io
import os
import re
import shutil
import socket
import tempfile
import threading
import zipfile

import pytest

import twin
from conftest import CONFIG
from ports import free_port
from sink import Sink
from spamd import Spamd
from suite import Suite, wait_for
from twin import Session

TRUSTED = "127.0.0.9"
WORK = CONFIG.replace("    rat:\n", "    footer: house\n    rat:\n", 1).replace(
    "      groups:\n", "      groups:\n        - {name: FRIENDS, policy: "
    "$TRUSTED, entries: %s}\n" % TRUSTED, 1) + """
text_resources:
  - name: house
safelist_blocklist: lists
blocklist_action: drop
anti_spam: {engine: spamd, servers: '127.0.0.1:@SPAMD@', timeout: 10s}
content_filters:
  incoming:
    - name: mark
      actions: ['insert-header("X-Board", "$EnvelopeFrom")',
                'edit-header-text("Subject", "budget", "plan")']
    - name: many
      conditions: ['rcpt-count > 1']
      actions: ['insert-header("X-Many", "yes")']
mail_policies:
  incoming:
    - name: board
      members: [{recipients: [ceo@example.com, cfo@example.com]}]
      content_filters: [mark, many]
      anti_spam: disabled
    - name: branch
      members: [{recipients: ['@branch.example.com']}]
"""
FILTERS = r"""
bare: if (header("X-Bare")) { strip-header("X-Bare"); strip-header("Subject"); bcc("copy@example.org", "", "copied@x.test"); }
tag: if (header("X-Tag-Me")) { insert-header("X-Tagged", "by $EnvelopeFrom"); }
else { insert-header("X-Plain", "$Subject"); }
strip: if (header("X-Secret")) { strip-header("X-Secret"); }
elsewhere: if (subject == "^elsewhere") { alt-rcpt-to("other@example.com"); }
gone: if (subject == "^drop") { drop(); }
back: if (subject == "^back") { bounce(); }
body: if (only-body-contains("secret", 1)) { insert-header("X-Body", "1"); }
kept_order: if (header("X-Typed") and attachment-type != "text/plain") { insert-header("X-No-Text", "1"); }
changed: if (header("X-Change")) { drop-attachments-by-name("^a"); if (attachment-filetype == "pdf") { insert-header("X-Still", "1"); } }
gone_all: if (header("X-All")) { drop-attachments-where-contains("."); }
named: if (attachment-filename == "(?i)[.]exe$") { drop-attachments-by-name("(?i)[.]exe$"); }
typed: if (attachment-filetype == "pdf") { insert-header("X-Pdf", "1"); }
opened: if (attachment-contains("secret", 1)) { insert-header("X-In", "1"); }
locked: if (attachment-protected) { insert-header("X-Locked", "1"); }
foot: if (subject == "^foot") { add-footer("house"); }
enough: if (subject == "^enough") { skip-filters(); }
late: if (true) { insert-header("X-Late", "1"); }
"""
LISTS = """\
anna@example.com       safe good@lists.test, block .lists.test
x@branch.example.com   block good@lists.test
ceo@example.com        block lists.test     # not scanned for spam
"""
TEXT = b"Subject: %s\r\n%s\r\n%s"
MIXED = (b"MIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n",
         b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
         b"secret gr\xc3\xbc\xc3\x9fe\r\n"
         b"--b\r\nContent-Type: image/png\r\n\r\n.dot\r\n--b--\r\n")


def attached(name, content):
    return (b"MIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"--b\r\n\r\ntext\r\n"
            b"--b\r\nContent-Type: application/octet-stream; name=%s\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n%s--b--\r\n" % (
                name, base64.encodebytes(content).replace(b"\n", b"\r\n")))


def packed(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, content in files.items():
            z.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


PDF = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n"
two = attached(b"a.zip", packed(**{"a.txt": b"x"})[:40])[1].replace(
    b"--b--", attached(b"b.bin", PDF)[1].partition(b"text\r\n")[2])
packed_parts = attached(b"x", b"")[0], two
ALL = ("anna@example.com", "cfo@example.com", "x@branch.example.com",
       "ceo@example.com")
FORGED = (b"X-Postern-Anti-Spam: verdict=negative\r\nA: b\r\n"
          b"Authentication-Results: mx.postern.test;\r\n spf=pass\r\n"
          b"Authentication-Results: mx.other.test; spf=pass\r\n"
          b"Return-Path: <boss@example.com>\r\nC: d\r\n")
CASES = {
    "a header": (b"hello", b"X-Tag-Me: 1\r\n", b"text\r\n", ALL[:1]),
    "without a body": (b"hello", b"X-Secret: 1\r\nA: b\r\n", b"", ALL[:1]),
    "three policies": (b"budget", b"X-Secret: 1\r\n", b"..\r\n.\r\n", ALL),
    "two of one": (b"budget", b"", b"x\r\n", ALL[1::2]),
    "another recipient": (b"elsewhere", b"", b"x\r\n", ALL[:2]),
    "dropped": (b"drop", b"", b"x\r\n", ALL),
    "bounced": (b"back", b"", b"x\r\n", ALL[:1]),
    "the body": (b"=?utf-8?q?gr=C3=BC=C3=9Fe?=", *MIXED, ALL[:1]),
    "a footer of a filter": (b"foot", *MIXED, ALL[:2]),
    "the rest is skipped": (b"enough", b"", b"x\r\n", ALL[:1]),
    "a type": (b"see", *attached(b"x.bin", PDF), ALL[:1]),
    "an archive": (b"see", *attached(b"x.zip", packed(
        **{"a.EXE": b"MZ", "b": PDF})), ALL[:1]),
    "text in an archive": (b"see", *attached(b"x.zip", packed(
        **{"a.txt": b"a secret\n"})), ALL[:1]),
    "a broken archive": (b"see", *attached(b"x.zip", packed(
        **{"a.txt": b"a secret\n"})[:60]), ALL[:1]),
    "IDT-03: forged": (b"hello", FORGED, b"x\r\n", ALL[:1]),
    "IDT-03: nothing but forged fields": (
        b"hello", b"Return-Path: <>\r\n", b"", ALL[:2]),
    "IDT-03: forged, split": (b"budget", FORGED, b"x\r\n", ALL),
    "IDT-03: forged, rewritten": (b"elsewhere", FORGED, b"x\r\n", ALL[:2]),
    "a header without an end": (b"see", b"X-All: 1\r\nContent-Type: "
                                b"message/rfc822\r\n//no field\r\n",
                                b"text\r\n", ALL[:1]),
    "no end at all": (b"see", b"X-All: 1\r\nContent-Type: x/y; name=z\r\n",
                      b"z", ALL[:2]),
    "no header is left": (b"x", b"X-Bare: 1\r\n//no field\r\n", b"A: b\r\n",
                          ALL[:1]),
    "no header is left, of two": (b"x", b"X-Bare: 1\r\n//no field\r\n",
                                  b"A: b\r\n", ALL[:2]),
    "nothing is left": (b"x", b"X-Bare: 1\r\n", b"", ALL[:2]),
    "what a filter had changed": (b"see", b"X-Change: 1\r\n" + packed_parts[0],
                                  packed_parts[1], ALL[:1]),
    "parts in their order": (b"see", b"X-Typed: 1\r\n" + packed_parts[0],
                             packed_parts[1], ALL[:1]),
    "a safelist": (b"cheap pills", b"From: <Good@lists.test>\r\n", b"x\r\n",
                   ALL[:1]),
    "a blocklist": (b"hello", b"From: x@a.lists.test\r\n", b"x\r\n", ALL[:1]),
    "lists of several": (b"cheap pills", b"From: good@lists.test\r\n",
                         b"x\r\n", ALL + ("ben@example.com",)),
    "spam": (b"cheap pills", b"", b"x\r\n", ALL),
}


@pytest.fixture(scope="module")
def work():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    spamd = Spamd()
    config = WORK.replace("@SPAMD@", str(spamd.port))
    with Suite(os.path.join(folder, "s"), config, start=False) as postern:
        for path, text in {"filters/message_filters": FILTERS,
                           "texts/house.txt": "Example Ltd.\n",
                           "tables/lists": LISTS}.items():
            file = postern.root / "etc" / path
            file.parent.mkdir(exist_ok=True)
            file.parent.chmod(0o755)
            file.write_text(text)
            file.chmod(0o644)
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink, postern.spamd = sink, spamd
            yield postern
    spamd.close()
    shutil.rmtree(folder, ignore_errors=True)


def promised(said):
    results = said.get("results", [])
    queued = [r for r in results if r["outcome"] == "queued"]
    copies = [c for r in results + [said.get("work_queue", {})]
              for c in r.get("copies", [])]
    return sorted((r["sender"], sorted(r["recipients"]),
                   twin.neutral(r["message"].encode()))
                  for r in queued + copies)


@pytest.mark.parametrize("name", CASES)
def test_trace_and_gateway_agree(work, name):
    subject, header, body, rcpts = CASES[name]
    s = Session("InboundMail", work.port, rcpts=rcpts, name="",
                body=TEXT % (subject, header, body))
    said = twin.trace(work, s)
    before = len(work.sink.messages)
    heard = twin.live(s)
    assert heard == twin.expected(s, said)
    wait_for("an empty queue", lambda: work.queued() == [])
    came = work.sink.messages[before:]
    notices = [m for m in came if m.sender == ""]
    mail = sorted((m.sender, sorted(m.rcpts), twin.neutral(m.body))
                  for m in came if m.sender != "")
    assert mail == promised(said)
    if said["outcome"] == "bounced in work queue":
        assert [m.rcpts for m in notices] == [[s.sender]] and not mail
    else:
        assert notices == []
    assert (said["outcome"] == "dropped in work queue") == (not came)


def test_idt_03_forged_fields_are_gone(work):
    """... before the first filter looks, where a mail comes from outside; and
    the first line of a header can go as well as others."""
    file = work.root / "etc" / "filters" / "message_filters"
    file.write_text('saw: if (header("X-Postern-AV") OR '
                    'header("Return-Path")) { insert-header("X-Saw", "1"); }')
    work.postern("commit", "who saw it")
    body = (b"X-Postern-AV: clean\r\nReturn-Path: <a@b.test>\r\n"
            b"Subject: x\r\n\r\ntext\r\n")
    try:
        for listener, port in ("InboundMail", work.port), \
                ("OutboundMail", work.private_port):
            s = Session(listener, port, body=body)
            said = twin.trace(work, s)
            before = len(work.sink.messages)
            twin.live(s)
            wait_for("an empty queue", lambda: work.queued() == [])
            (m,) = work.sink.messages[before:]
            assert [twin.neutral(m.body)] == [p[2] for p in promised(said)]
            outside = listener == "InboundMail"
            assert (b"\r\nX-Postern-AV: clean\r\n" not in m.body) == outside
            assert (b"\r\nReturn-Path:" not in m.body) == outside
            assert (b"X-Saw: 1" not in m.body) == outside
    finally:
        file.write_text(FILTERS)
        work.postern("commit", "as before")
    line = "forged header fields removed: X-Postern-AV, Return-Path"
    work.wait_log(line)
    assert line.replace("f", "F", 1) in twin.trace(
        work, Session("InboundMail", work.port, body=body), text=True)


def test_what_is_said_of_lists(work):
    """Nobody is asked, and log and trace say why."""
    s = Session("InboundMail", work.port, rcpts=ALL[:1], body=TEXT % (
        b"cheap pills", b"From: good@lists.test\r\n", b"x\r\n"))
    before = work.spamd.asked
    text = twin.trace(work, s, "--explain", text=True)
    assert "AntiSpam Evaluation:\n - Skipped (recipient's safelist)\n" \
        "   - Item: safe good@lists.test\n" in text
    assert "Entry at tables/lists:1" in text
    twin.live(s)
    work.wait_log("using engine: SLBL safelisted")
    s.body = TEXT % (b"x", b"From: good@a.lists.test\r\n", b"x\r\n")
    text = twin.trace(work, s, text=True)
    assert " - On the recipient's blocklist\n" in text
    assert "Message dropped by blocklist.\n" in text
    twin.live(s)
    work.wait_log("using engine: SLBL blocklisted")
    work.wait_log("Dropped by blocklist")
    wait_for("an empty queue", lambda: work.queued() == [])
    assert work.spamd.asked == before


def test_a_mail_flow_policy_switches_the_scanner_off(work):
    s = Session("InboundMail", work.port, source=TRUSTED,
                body=TEXT % (b"pills", b"", b"x\r\n"))
    assert "AntiSpam Evaluation:\n - Skipped (mail flow policy)\n" in \
        twin.trace(work, s, text=True)
    said = twin.trace(work, s)
    before, asked = len(work.sink.messages), work.spamd.asked
    twin.live(s)
    wait_for("an empty queue", lambda: work.queued() == [])
    (m,) = work.sink.messages[before:]
    assert [twin.neutral(m.body)] == [p[2] for p in promised(said)]
    assert b"Anti-Spam" not in m.body and work.spamd.asked == asked


def test_trace_asks_the_scanner(work):
    """... and nobody else: what was given is not asked for."""
    s = Session("InboundMail", work.port,
                body=TEXT % (b"pills", b"", b"x\r\n"))
    before = work.spamd.asked
    text = twin.trace(work, s, text=True)
    assert "AntiSpam Evaluation:\n - Positively Identified Spam" in text
    assert work.spamd.asked == before + 1
    text = twin.trace(work, s, "--spam", "12", text=True)
    assert "AntiSpam Evaluation:\n - Not Spam  (score 12)" in text
    assert work.spamd.asked == before + 1


def test_trace_draws(work):
    """random() is another number each time."""
    file = work.root / "etc" / "filters" / "message_filters"
    file.write_text("low: if (random(1000000) < 500000) { drop(); }\n")
    try:
        s = Session("InboundMail", work.port)
        outcomes = {twin.trace(work, s, "--spam", "0")["outcome"]
                    for _ in range(40)}
    finally:
        file.write_text(FILTERS)
    assert outcomes == {"queued", "dropped in work queue"}


def test_rspamd_is_told_that_it_is_a_trace(work):
    """... and mail is not marked so."""
    heads = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                c, _ = server.accept()
            except OSError:
                return
            with c, c.makefile("rb") as f:
                heads.append([])
                for line in iter(f.readline, b"\r\n"):
                    heads[-1].append(line)
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n"
                          b'{"score": 1.0, "required_score": 15}')
    threading.Thread(target=serve, daemon=True).start()
    file = work.root / "etc" / "postern.yaml"
    before = file.read_text()
    file.write_text(re.sub("engine: spamd, servers: '[^']*'",
                           "engine: rspamd, servers: '127.0.0.1:%d'"
                           % server.getsockname()[1], before))
    try:
        s = Session("InboundMail", work.port)
        twin.trace(work, s)
        work.postern("commit", "rspamd")
        twin.live(s)
        wait_for("an empty queue", lambda: work.queued() == [])
    finally:
        file.write_text(before)
        work.postern("commit", "spamd")
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    flags = b"Flags: no_log,no_stat\r\n"
    assert [flags in h for h in heads] == [True, False]
