"""Names and addresses that mean something to a shell, to a path, to a format
or to a directory: here they are text (threats HDR-03, HDR-04, ADM-13)."""
import base64
import io
import os
import pathlib
import zipfile

import pytest

import twin
from conftest import CONFIG
from suite import gateway_with, wait_for
from terminal import Terminal
from twin import Session

MARK = "/var/tmp/postern-mark-%d" % os.getpid()
NAMES = ["`touch %s`" % MARK, "$(touch %s)" % MARK, "; touch %s;" % MARK,
         "../../../../.." + MARK, MARK, "a|touch %s" % MARK, "a\0b.exe",
         "%s%s%n%n", "-rf", "~/x", "n" * 4096, "'\"<>&", "con.txt", "a/b\\c"]
FILTERS = """
shown: if (attachment-filename != "^none$") {
  log-entry("names $filenames types $filetypes");
  insert-header("X-Names", "$filenames"); }
strip: if (attachment-filename == "mark") {
  drop-attachments-by-name("mark", "gone: $dropped_filename"); }
inside: if (attachment-filetype == "exe") { insert-header("X-Exe", "1"); }
copy: if (header("X-Copy")) { bcc("$EnvelopeFrom", "$EnvelopeRecipients");
  archive("kept"); quarantine("Policy"); }
"""
WORLD = CONFIG + """
scanning: {quarantine_on_error: no}
safelist_blocklist: lists
"""
# local parts, as they are written
LOCALS = ['"*)(uid=*"', "a'b", '"../../etc/passwd"', "%s%n%x", "$id",
          "`id`", "|id", "-oQ/tmp", '"a b"', '"a;b"', "a+b=c", "{}",
          '"$(touch${IFS}%s)"' % MARK, "x'or'1'='1", '"a\\"b"', "&whoami"]


@pytest.fixture(scope="module")
def world():
    with gateway_with(WORLD, FILTERS, {
            "lists": "anna@example.com\tsafe @good.test\n"}) as postern:
        yield postern


def names_below(folder):
    return {str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*")
            if "spool" not in p.parts and "log" not in p.parts}


def attached(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo(name.replace("\0", "") or "x"), b"MZ")
    quoted = name.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return (b"From: joe@client.test\r\nSubject: names\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/zip\r\n"
            b"Content-Disposition: attachment;\r\n filename=\"" +
            quoted.replace(b"\0", b"") + b"\"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(out.getvalue()).replace(b"\n", b"\r\n") +
            b"--b\r\nContent-Type: application/octet-stream;\r\n name*=utf-8''"
            + b"".join(b"%%%02X" % c for c in name.encode()[:600]) +
            b"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVo=\r\n--b--\r\n")


def test_hdr_03_names_of_attachments_are_text(world):
    before = names_below(world.root)
    for i, name in enumerate(NAMES):
        s = Session("InboundMail", world.port, name="", tag="n%d" % i,
                    body=attached(name))
        said = twin.trace(world, s)
        assert twin.live(s) == twin.expected(s, said), name
        (result,) = said["results"]
        came = wait_for("delivery", lambda: twin.arrived(world.sink, s))
        assert came[2] == twin.neutral(result["message"].encode()), name
    assert names_below(world.root) == before
    assert not os.path.exists(MARK)
    assert len([l for l in world.log() if "Custom Log Entry: names" in l]) == \
        len(NAMES)
    world.postern("tophosts")           # nobody has died over it
    assert not [l for l in world.log() if "ended by signal" in l]


def test_hdr_04_local_parts_are_text(world):
    for i, local in enumerate(LOCALS):
        address = "%s@example.com" % local
        s = Session("InboundMail", world.port, name="", tag="l%d" % i,
                    rcpts=(address,), sender=address)
        said = twin.trace(world, s)
        heard = twin.live(s)
        assert heard == twin.expected(s, said), local
        if heard.data is None:      # blanks, and signs that route
            assert heard.mail[0] in (501, 553) and \
                any(c in local for c in " %"), local
            continue
        sender, rcpts, _ = wait_for("delivery", lambda: twin.arrived(
            world.sink, s))
        assert (sender, rcpts) == (said["sender"]["result"],
                                   [said["recipients"][0]["result"]]), local
        assert rcpts[0].rpartition("@")[0].strip('"') == local.strip('"')
    assert not os.path.exists(MARK)


def test_hdr_04_through_copies_archives_and_quarantines(world):
    address = '"$(touch+%s)../*)(uid=*"@example.com' % MARK
    with world.client() as c:
        code, text = c.mail(address, [address],
                            b"Subject: s\r\nX-Copy: 1\r\n\r\nx\r\n")
    assert code == 250
    mid = text[0].split("Message ")[1].split()[0]
    world.wait_log('MID %s quarantined to "Policy"' % mid)
    (held,) = world.ask("quarantine", "search", "Policy", "rcpt=touch")[
        "messages"]
    assert (held["sender"], held["recipients"]) == (address, address)
    world.ask("quarantine", "copy", mid, address)
    world.ask("quarantine", "release", "Policy", mid)
    wait_for("all of it", lambda: len([
        m for m in world.sink.messages if m.rcpts == [address]]) >= 3)
    world.postern("slblconfig", "new", address, "safe " + address)
    assert {"from": address, "to": "safe " + address} in [
        {k: e[k] for k in ("from", "to")}
        for e in world.ask("slblconfig", "print")]
    assert not os.path.exists(MARK)


@pytest.fixture
def traps(tmp_path):
    """Programs that leave a mark, under the names that people escape by."""
    for name in ("sh", "bash", "less", "more", "vi", "nano", "ed", "id", "ls",
                 "cat", "man", "sensible-editor", "sensible-pager"):
        file = tmp_path / name
        file.write_text("#!/bin/sh\n: > %s\n" % MARK)
        file.chmod(0o755)
    return tmp_path


def test_adm_13_no_way_out_of_the_shell(world, traps):
    env = {"PATH": str(traps), "PAGER": str(traps / "less"),
           "EDITOR": str(traps / "vi"), "VISUAL": str(traps / "vi"),
           "SHELL": str(traps / "sh"), "MANPAGER": str(traps / "less"),
           "INPUTRC": str(traps / "rc"), "EDITRC": str(traps / "rc")}
    (traps / "rc").write_text("bind ^X ed-command\n")
    prompt = "mx.postern.test> "
    with Terminal(world, prompt=prompt, rows=8, env=env) as t:
        t.expect(prompt)
        for line in ("!ls", "!!", "`id`", "$(id)", "; id", "| id", "&& id",
                     "status; id", "status | less", "status > " + MARK,
                     "help !sh", "sh", "bash", "vi", "../../../bin/sh",
                     "/bin/sh"):
            t.say(line)
            out = t.expect(prompt)
            assert "uid=" not in out, line
        # at a page of a long output
        t.send("showconfig\n")
        for keys in ("!id\n", "|id\n", "v", ":e x\n", "!sh\n"):
            t.send(keys)
        t.send("q")
        t.to_prompt()
        for keys in ("\x18\x05", "\x1bv", "\x18", "\x1b!"):
            t.send(keys)
        t.to_prompt()
        t.send("exit\n")
        assert t.proc.wait(60) is not None
    assert not os.path.exists(MARK)
