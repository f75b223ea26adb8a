"""The configuration as one text: saved, shown, mailed, loaded."""
import email
import getpass
import json
import os
import re
import subprocess

import pytest

from conftest import CONFIG
from sink import Sink
from suite import BIN, wait_for
from terminal import Terminal

SECRET = "planted-9f3a\n"
PROMPT = "mx.postern.test> "
LOADED = "Values have been loaded.\n" \
    "Be sure to run \"commit\" to make these settings active.\n"
HEAD = "Postern-Configuration: 1\nKind: %s\n\n"


def plant(postern, name="mx.key", text=SECRET):
    folder = postern.root / "etc/secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o600)


def saved(postern, *words):
    out = postern.postern("saveconfig", *words)
    m = re.fullmatch(r'File written on machine "mx\.postern\.test" to the '
                     r'location (/\S+/state/configuration/(PST-V-[0-9A-F-]+-'
                     r'\d{8}T\d{6}(-\d+)?\.conf))\n', out)
    assert m, out
    path = postern.root / "state/configuration" / m.group(2)
    assert str(path) == m.group(1)
    assert path.stat().st_mode & 0o777 == 0o600
    return m.group(2), path.read_text()


def test_saved_and_loaded_again(postern):
    table = postern.root / "etc/tables/t"
    table.parent.mkdir()
    table.write_text("=== not a mark\n.\nno end")
    table.chmod(0o644)
    postern.postern("commit", "a table")
    name, text = saved(postern, "mask")
    assert "\n=== tables/t no-newline\n\\=== not a mark\n\\.\nno end\n" in text
    assert "\nRevision: 2\n" in text and "\nComment: a table\n" in text
    postern.configure(CONFIG.replace("mx.postern.test", "other.test"))
    table.unlink()
    assert postern.postern("loadconfig", name) == LOADED
    assert table.read_text() == "=== not a mark\n.\nno end"
    assert postern.postern("showchanges") == "There are no changes.\n"
    # nothing but the working copy has changed
    assert postern.ask("commitdetail")["revision"] == 2
    # through a pipe, with the line ends of another system
    table.unlink()
    assert postern.postern("loadconfig", "-", text=text.replace(
        "\n", "\r\n")) == LOADED
    assert postern.postern("showchanges") == "There are no changes.\n"


def test_secrets_in_saved_files(postern, folder):
    plant(postern)
    key = postern.root / "etc/secrets/mx.key"
    masked, text = saved(postern, "mask")
    assert "=== secrets/mx.key masked\n*****\n" in text
    r = subprocess.run([BIN / "postern", "--root", postern.root, "loadconfig",
                        masked], capture_output=True, text=True, timeout=60)
    assert r.returncode == 1 and re.fullmatch(
        r"line \d+: file contains masked passphrases\n", r.stderr)
    plain, text = saved(postern, "plain")
    assert "=== secrets/mx.key\n" + SECRET in text
    machine, text = saved(postern, "encrypt")
    assert SECRET.strip() not in text and "\nKey: machine\n" in text
    (folder / "k").write_text("a key that nobody guesses")
    own, text = saved(postern, "encrypt", "--key", folder / "k")
    assert SECRET.strip() not in text and "\nKey: file\n" in text
    for name, words in (plain, []), (machine, []), \
            (own, ["--key", folder / "k"]):
        key.unlink()
        assert postern.postern("loadconfig", name, *words) == LOADED
        assert key.read_text() == SECRET
        assert key.stat().st_mode & 0o777 == 0o600
    postern.postern("loadconfig", own, ok=(1,))
    (folder / "k").write_text("another key, of that length")
    postern.postern("loadconfig", own, "--key", folder / "k", ok=(1,))
    # what is in use is replaced only when somebody says so
    plant(postern, text="newer\n")
    assert postern.postern("loadconfig", plain) == LOADED
    assert key.read_text() == "newer\n"
    assert postern.postern("loadconfig", "--secrets", plain) == LOADED
    assert key.read_text() == SECRET


def test_adm_11_no_command_tells_a_secret(postern, sink):
    plant(postern)
    out = [postern.postern(*words.split()) for words in (
        "showconfig", "showconfig mask", "showconfig --working",
        "showconfig --normal", "showconfig --defaults", "showchanges",
        "commitdetail", "rollbackconfig list", "saveconfig mask",
        "saveconfig encrypt", "mailconfig a@example.com",
        "mailconfig a@example.com mask", "mailconfig a@example.com encrypt")]
    out += [p.read_text() for p in (
        postern.root / "state").rglob("*") if p.is_file()]
    out += postern.log()
    sink.wait(3)
    for m in sink.messages:
        out += [str(p.get_payload(decode=True)) for p in
                email.message_from_bytes(m.body).walk()]
    assert len(out) > 20
    assert not [o for o in out if SECRET.strip() in o]
    assert SECRET in postern.postern("showconfig", "plain")


def test_adm_03_names_of_saved_files(postern):
    folder = postern.root / "state/configuration"
    saved(postern, "mask")
    (folder / "link").symlink_to(postern.root / "etc/postern.yaml")
    for name in ("../../etc/postern.yaml", "/etc/passwd", "..", ".hidden",
                 "a/b", "x" * 300, "a\nb", "link", ""):
        r = subprocess.run([BIN / "postern", "--root", postern.root,
                            "loadconfig", "--", name], capture_output=True,
                           text=True, timeout=60)
        assert r.returncode in (1, 2) and r.stdout == "", name
        assert postern.postern("showchanges") == "There are no changes.\n"


def test_mistakes_name_line_and_element(postern):
    def refused(text):
        r = subprocess.run([BIN / "postern", "--root", postern.root,
                            "loadconfig", "-"], input=text,
                           capture_output=True, text=True, timeout=60)
        assert r.returncode == 1 and r.stdout == "", r
        assert postern.postern("showchanges") == "There are no changes.\n"
        return r.stderr
    assert refused("hello\n").startswith(
        '-:1:1: the first line must be "Postern-Configuration: 1"\n')
    assert refused(HEAD % "full" + "=== postern.yaml\nhostname: a.test\n"
                   "lissteners: []\n=== end\n").startswith(
        '-:6:1: unknown key "lissteners"; did you mean "listeners"?\n')
    assert '=== etc/passwd' not in refused(
        HEAD % "part" + "=== etc/passwd\nx\n=== end\n")
    assert "cut short" in refused(HEAD % "part" + "=== texts/x\nabc\n")


def test_a_part(postern):
    assert postern.postern("loadconfig", "-", text=HEAD % "part" + """\
=== postern.yaml
routes:
  ALL: "[192.0.2.1]"
  example.net: mail.example.net
=== texts/hello
Hello
=== end
""") == LOADED
    diff = postern.postern("showchanges")
    assert "+  example.net: mail.example.net\n" in diff
    assert "+++ texts/hello\tworking copy\n" in diff
    assert sum(l.startswith("-  ") for l in diff.splitlines()) == 1
    postern.postern("commit", "a part")
    assert set(postern.ask("commitdetail")["changed"]) == {
        "routes.ALL", "routes.example.net", "texts/hello"}


# --- mail --------------------------------------------------------------------

def test_mailconfig(postern, sink):
    plant(postern)
    out = postern.postern("mailconfig", "a@example.com, b@example.org",
                          "plain")
    assert out == "The configuration file has been sent to a@example.com, " \
        "b@example.org.\n"
    sink.wait(2)
    for got in sink.messages:
        assert got.sender == ""
        m = email.message_from_bytes(got.body)
        assert m["Subject"] == "Configuration of mx.postern.test " \
            "(Postern 0.1.0)"
        assert m["Auto-Submitted"] == "auto-generated"
        assert m["To"].replace("\r\n\t", " ") == \
            "<a@example.com>, <b@example.org>"
        assert all(len(l) < 998 for l in got.body.split(b"\r\n"))
        file = m.get_payload()[1]
        assert re.fullmatch(r"PST-V-.*\.conf", file.get_filename())
        text = file.get_payload(decode=True).decode()
        assert "=== secrets/mx.key\n" + SECRET in text
    # it is the whole: on a fresh machine it brings everything back
    (postern.root / "etc/secrets/mx.key").unlink()
    postern.configure("hostname: fresh.test\n")
    assert postern.postern("loadconfig", "-", text=text) == LOADED
    assert postern.postern("showchanges") == "There are no changes.\n"
    log = postern.wait_log("From: <>")
    assert re.fullmatch(r"MID \d+ ICID 0 From: <>", log[0])


def test_mailconfig_goes_the_way_of_all_mail(postern):
    """Nobody is there: it waits, as any mail."""
    postern.postern("mailconfig", "a@example.com")
    wait_for("it to wait", lambda: postern.ask(
        "showrecipients", "all")["messages"])
    wait_for("it alone", lambda: len(postern.queued()) == 1)
    with Sink(postern.sink_port) as sink:
        postern.deliver("it", lambda: sink.messages)
    postern.postern("mailconfig", "nobody", ok=(2,))
    postern.postern("mailconfig", "a@example.com,b@", ok=(2,))
    postern.postern("mailconfig", "<>", ok=(2,))
    postern.stop()
    postern.postern("mailconfig", "a@example.com", ok=(4,))


# --- what people see ---------------------------------------------------------

@pytest.fixture
def shell(postern):
    with Terminal(postern, prompt=PROMPT) as t:
        t.expect(PROMPT)
        yield t


def test_transcripts(postern, sink, shell):
    plant(postern)
    # the seeds' mailconfig
    shell.say("mailconfig")
    question = "Please enter the email address to which you want to send " \
        "the configuration file.\nSeparate multiple addresses with " \
        "commas.\n[]> "
    shell.answer((question, "nobody"),
                 ('Invalid email address: "nobody"\n' + question,
                  "user@example.com"),
                 ("Do you want to include passphrases? A file without "
                  "passphrases cannot be loaded with loadconfig. [N]> ", "y"),
                 ("The configuration file has been sent to "
                  "user@example.com.\n" + PROMPT, "saveconfig"))
    shell.answer(("Choose the passphrase option:\n"
                  "1. Mask passphrases (Files with masked passphrases "
                  "cannot be loaded)\n2. Encrypt passphrases\n"
                  "3. Plain passphrases\n[1]> ", "2"))
    out = shell.expect(PROMPT)
    name = re.fullmatch(r'File written on machine "mx\.postern\.test" to the '
                        r"location \S+/(PST-V-\S+\.conf)\n", out).group(1)
    shell.say("loadconfig")
    ask = "Enter the name of the file to import:\n[]> "
    shell.answer(("1. Paste via CLI\n2. Load from file\n[1]> ", "2"),
                 (ask, "nothing.conf"),
                 ('File "nothing.conf" was not found in the configuration '
                  "directory.\n" + ask, name),
                 (LOADED + PROMPT, "showconfig"))
    shell.answer(("Do you want to include passphrases? A file without "
                  "passphrases cannot be loaded with loadconfig. [N]> ", ""))
    out = shell.expect(PROMPT)
    assert out.startswith("Postern-Configuration: 1\nKind: full\n")
    assert out.endswith("=== secrets/mx.key masked\n*****\n=== end\n")
    shell.say("loadconfig")
    shell.answer(("1. Paste via CLI\n2. Load from file\n[1]> ", ""))
    shell.expect("Enter '.' on a blank line to end.\n")
    for line in (HEAD % "part" + "=== texts/x\nhello\n=== end\n.").split("\n"):
        shell.say(line)
    shell.expect(LOADED + PROMPT)
    assert (postern.root / "etc/texts/x").read_text() == "hello\n"
    plant(postern, text="newer\n")
    shell.say("loadconfig " + name)
    shell.answer(("secrets/mx.key differs from the one in use. Do you want "
                  "to replace it now? [N]> ", ""),
                 (LOADED + PROMPT, "version"))
    shell.expect(PROMPT)
    assert (postern.root / "etc/secrets/mx.key").read_text() == "newer\n"
    sink.wait(1)
    assert sink.messages[0].rcpts == ["user@example.com"]


# --- the history -------------------------------------------------------------

def test_the_history_has_every_commit(postern):
    postern.configure(CONFIG + "# one\n")
    postern.postern("commit", "one")
    postern.configure(CONFIG.replace("level: info", "level: debug"))
    postern.postern("commit", "two", "n")
    folder = postern.root / "state/history"
    lines = [json.loads(l) for l in (folder / "log").read_text().splitlines()]
    assert [(l["number"], l["user"], l["comment"], l["objects"])
            for l in lines] == [
        (1, "system", "first start", []),
        (2, getpass.getuser(), "one", ["postern.yaml"]),
        (3, getpass.getuser(), "two", ["logs[mail_logs]"])]
    assert {p.name for p in folder.iterdir()} == {
        "log", "1.conf", "2.conf", "3.conf"}
    # any of them can be loaded
    assert postern.postern("loadconfig", "-", text=(
        folder / "2.conf").read_text()) == LOADED
    assert (postern.root / "etc/postern.yaml").read_text().endswith("# one\n")
    assert os.stat(folder).st_mode & 0o077 == 0
