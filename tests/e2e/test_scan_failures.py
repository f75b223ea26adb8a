"""What cannot be scanned: the configured action, in the log and in trace."""
import base64
import io
import os
import re
import shutil
import tempfile
import zipfile

import pytest

import twin
from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for
from twin import Session

SCANNING = """
scanning: {max_size: 200k, max_depth: 3, max_expanded: 1M, %s}
"""
FILTERS = r"""
names: if (subject == "file" and attachment-filename == "\\.exe$") {
  insert-header("X-Exe", "yes"); }
text: if (subject == "file" and attachment-contains("needle", 1)) {
  insert-header("X-Text", "yes"); }
slow: if (subject == "slow" and only-body-contains("^(a|aa)+$", 1)) {
  insert-header("X-Slow", "yes"); } else { insert-header("X-Else", "1"); }
strip: if (subject == "strip") { drop-attachments-by-name("\\.exe$"); }
final: if (true) { insert-header("X-Last", "yes"); }
"""


def packed(name, data, how=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as z:
        z.writestr(zipfile.ZipInfo(name), data, how)
    return out.getvalue()


def locked(name, data):
    """The flag in both of its headers is what a password leaves there."""
    z = bytearray(packed(name, data, zipfile.ZIP_STORED))
    z[6] |= 1
    z[z.index(b"PK\1\2") + 8] |= 1
    return bytes(z)


def nested(n):
    data = b"needle"
    for i in range(n):
        data = packed("%d.zip" % i if i else "a.txt", data)
    return data


def attached(content, subject=b"file", name=b"x.zip"):
    return (b"Subject: " + subject + b"\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\ntext\r\n"
            b"--b\r\nContent-Type: application/octet-stream; name=" + name +
            b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(content).replace(b"\n", b"\r\n") + b"--b--\r\n")


# Two multiparts with one boundary: which parts are there depends on who reads.
DOUBLE = (b"Subject: strip\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
          b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
          b"--b\r\nContent-Type: application/octet-stream; name=x.exe\r\n\r\n"
          b"MZ\r\n--b--\r\n")
CASES = {
    "nothing": (attached(packed("a.txt", b"hay")), []),
    "damaged": (attached(packed("a.txt", os.urandom(5000))[:4000]),
                ["Corrupt Data"]),
    "encrypted": (attached(locked("a.txt", b"needle")), ["Encrypted Data"]),
    "too large": (attached(b"x" * 300000), ["Size Limit Exceeded"]),
    "too much in it": (attached(packed("a", b"\0" * 2000000)),
                       ["Size Limit Exceeded"]),
    "too deep": (attached(nested(6)), ["Scan Depth Exceeded"]),
    "an expression": (b"Subject: slow\r\n\r\n" + b"a" * 50 + b"x\r\n",
                      ["Regex Limit Exceeded"]),
    "parts of two": (DOUBLE, ["Cannot Be Taken Apart"]),
}


def gateway(folder, name, settings):
    s = Suite(os.path.join(folder, name), CONFIG + SCANNING % settings,
              start=False)
    file = s.root / "etc/filters/message_filters"
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.write_text(FILTERS)
    file.chmod(0o644)
    s.start()
    return s


@pytest.fixture(scope="module")
def folder():
    path = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def safe(folder):
    with gateway(folder, "safe", "timeout: 30s") as postern, \
            Sink(postern.sink_port) as sink:
        postern.sink = sink
        yield postern


@pytest.fixture(scope="module")
def open_one(folder):
    with gateway(folder, "open", "quarantine_on_error: no, bypass_on_error: "
                 "no, assume_match: yes, not_taken_apart: drop") as postern, \
            Sink(postern.sink_port) as sink:
        postern.sink = sink
        yield postern


def both(postern, body):
    """The report of trace, its text, the message that came, and the log."""
    s = Session("InboundMail", postern.port, body=body, name="")
    said, text = twin.trace(postern, s), twin.trace(postern, s, text=True)
    before = len(postern.sink.messages)
    with postern.client(helo="TEST") as c:
        code, answer = c.mail(s.sender, s.rcpts, body)
    assert code == 250, answer
    mid = int(answer[0].split("Message ")[1].split()[0])
    wait_for("the end of its way", lambda: [
        l for l in postern.log()
        if "MID %d quarantined" % mid in l
        or "Message finished MID %d done" % mid in l])
    new = postern.sink.messages[before:]
    log = postern.log()
    for l in log:               # what was dropped from is another message
        m = re.search(r"MID %d rewritten to (\d+)" % mid, l)
        if m:
            postern.wait_log('MID %s quarantined' % m[1])
            log = [l.replace("MID %s " % m[1], "MID %d " % mid)
                   for l in postern.log()]
    return said, text, new, [l for l in log
                             if re.search(r"MID %d\b" % mid, l)]


def errors(log):
    return sorted({l.split("message scanning error: ")[1] for l in log
                   if "message scanning error: " in l})


def steps(said, kind):
    return sorted({s["text"] for r in said["results"] for s in r["steps"]
                   if s["step"] == kind})


@pytest.mark.parametrize("name", CASES)
def test_flt_05_what_cannot_be_scanned_is_held(safe, name):
    body, what = CASES[name]
    said, text, came, log = both(safe, body)
    assert errors(log) == what == steps(said, "scanning error")
    for error in what:
        assert " - Scanning Error: %s\n" % error in text
    held = said["results"][0]["quarantines"]
    if not what:
        assert held == [] and len(came) == 1
        return
    assert came == []
    assert [h["quarantine"] for h in held] == ["Policy"]
    assert ' - Flagged for quarantine "Policy"\n' in text
    assert any('quarantined to "Policy" (%s)' % held[0]["reason"] in l
               for l in log), log
    assert held[0]["reason"].endswith(", " + what[0])
    message = said["results"][0]["message"]
    # a filter that fails is the last; what cannot be scanned is no failure
    assert ("X-Last" in message) == (name != "an expression")
    assert ("X-Else" in message) == (name != "an expression")


@pytest.mark.parametrize("name", CASES)
def test_as_if_it_had_matched(open_one, name):
    body, what = CASES[name]
    said, _, came, log = both(open_one, body)
    assert errors(log) == what == steps(said, "scanning error")
    if name == "parts of two":
        assert said["outcome"] == "dropped in work queue" and came == []
        assert any("Dropped by filter 'strip'" in l for l in log)
        return
    (m,) = came
    assert said["results"][0]["quarantines"] == []
    assert twin.neutral(m.body) == twin.neutral(
        said["results"][0]["message"].encode())
    assert (b"X-Slow: yes" in m.body) == (name == "an expression")
    assert (b"X-Text: yes" in m.body) == (name not in (
        "nothing", "an expression"))
    assert b"X-Last: yes" in m.body
