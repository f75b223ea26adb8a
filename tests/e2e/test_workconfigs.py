"""The dialogues about the work queue, and their lines: what is asked again,
what is written, and that it can be committed.

One suite for all, since its configuration goes back after each test.
"""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from suite import BIN, Suite, wait_for
from terminal import Terminal


@pytest.fixture(scope="module")
def one():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-work.",
                                           dir="/var/tmp"))
    s = Suite(folder, CONFIG)
    yield s
    s.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def suite(one):
    yield one
    one.postern("clearchanges", "--yes")


def etc(suite, name):
    return (suite.root / "etc" / name).read_text()


def run(suite, *words, ok=(0,)):
    r = subprocess.run([str(BIN / "postern"), "--root", str(suite.root),
                        *words], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                       text=True, timeout=60)
    assert r.returncode in ok, (words, r.returncode, r.stdout)
    return r.stdout.replace(
        "The working copy was changed; commit to put it in force.\n", "")


def talk(suite, command, *answers):
    """Says these one after another, texts of several lines where one is
    asked for; returns the screen."""
    with Terminal(suite, *command.split()) as t:
        for answer in answers:
            lines = answer.split("\n")
            t.expect("]> " if len(lines) == 1 else ".\n")
            for line in lines:
                t.say(line)
        # the echo may bring along what comes then
        over = "The working copy was changed"
        while over not in t.text:
            wait_for("what comes then", lambda: t._read(0.05) is None
                     or "]> " in t.text or over in t.text)
            if "]> " in t.text:
                t.expect("]> ")
                t.say()
        rest, status = t.end()
        assert status == 0, t.all
        return t.all


def test_texts(suite):
    screen = talk(suite, "textconfig",
                  "new", "", "legal", "",
                  "Ours.\n  indented\n.",
                  "new", "2", "legal", "notice", "Too big.\n.",
                  "edit", "1", "2", "<p>Ours.</p>\n.")
    assert 'The name "legal" is already in use.\n' in screen
    assert ("Current Text Resources:\n1. legal (Message Disclaimer)\n"
            "2. notice (Notification Template)\n") in screen
    assert etc(suite, "texts/legal.txt") == "Ours.\n  indented\n"
    assert etc(suite, "texts/legal.html") == "<p>Ours.</p>\n"
    run(suite, "listenerconfig", "edit", "InboundMail", "setup",
        "footer=legal")
    assert run(suite, "textconfig", "delete", "legal", ok=(1,)).strip() == \
        'The text resource "legal" is used by listener "InboundMail".'
    run(suite, "textconfig", "export", "notice", "out.txt")
    run(suite, "textconfig", "delete", "notice")
    assert not (suite.root / "etc/texts/notice.txt").exists()
    run(suite, "textconfig", "import", "again", "out.txt",
        "type=notification")
    assert run(suite, "textconfig", "print", "again") == "Too big.\n"
    bad = run(suite, "textconfig", "edit", "again", "text=a\x01", ok=(1,))
    assert "texts/again.txt:1:1: is not UTF-8 text" in bad


def test_dictionaries(suite):
    screen = talk(suite, "dictionaryconfig",
                  "new", "bad name", "names", "n", "maybe", "n", "",
                  "smith,5\npass(word\npass(word|phrase)\nword,11\n*credit\n")
    assert "Please answer Yes or No.\n" in screen
    assert "Invalid term: missing closing parenthesis" in screen
    assert "Invalid term: the weight 11 is not within 1..10" in screen
    assert etc(suite, "tables/names.txt") == \
        "smith,5\npass(word|phrase)\n*credit\n"
    assert "  - name: names\n    ignore_case: no\n" in \
        etc(suite, "postern.yaml")
    (suite.root / "etc/latin").write_bytes(b"# x\ncaf\xe9,2\n(\n")
    bad = run(suite, "dictionaryconfig", "edit", "names", "import", "latin",
              "encoding=iso-8859-1", ok=(2,))
    assert bad.startswith("Error in line 3: missing closing parenthesis")
    (suite.root / "etc/latin").write_bytes(b"# x\ncaf\xe9,2\n")
    assert run(suite, "dictionaryconfig", "edit", "names", "import", "latin",
               ok=(2,)) == "The file is not in utf-8.\n"
    run(suite, "dictionaryconfig", "edit", "names", "import", "latin",
        "encoding=iso-8859-1")
    assert etc(suite, "tables/names.txt") == "# x\ncafé,2\n"
    run(suite, "dictionaryconfig", "edit", "names", "new", "a=b,3")
    run(suite, "dictionaryconfig", "edit", "names", "delete", "café")
    run(suite, "dictionaryconfig", "rename", "names", "others")
    assert run(suite, "dictionaryconfig", "edit", "others", "print") == \
        "a=b,3\n"
    run(suite, "policyconfig", "incoming", "filters", "new", "f", "drop()")
    run(suite, "policyconfig", "incoming", "filters", "edit", "f",
        "condition", 'dictionary-match("others", 2)')
    assert run(suite, "dictionaryconfig", "delete", "others", ok=(1,)) == \
        'The content dictionary "others" is used by content filter "f".\n'


def test_scanners(suite):
    screen = talk(suite, "antispamconfig",
                  "setup", "2", "scan.example.com:784, 192.0.2.9",
                  "2M", "1M", "3M", "121", "90", "2")
    assert "Invalid value: 1M is not within 2M..1G.\n" in screen
    assert "Please answer" not in screen
    assert "Invalid value: 121 is not within 1..2m.\n" in screen
    assert ("Anti-spam scanning: Enabled, spamd at scan.example.com:784, "
            "192.0.2.9\n") in screen
    screen = talk(suite, "antivirusconfig",
                  "setup", "3", "", "av", "", "")
    assert "Anti-virus scanning: Enabled, ICAP at 127.0.0.1\n" in screen
    assert 'anti_virus:\n  engine: icap\n  service: av\n' in \
        etc(suite, "postern.yaml")
    screen = talk(suite, "scanconfig", "new", "a/b/c", "new",
                  "application/zip", "delete", "9", "1", "setup", "2", "51",
                  "10", "", "", "", "", "", "", "", "", "", "")
    assert "must be a MIME type such as image/png or image/*" in screen
    assert ("There are currently 5 attachment type mappings configured to "
            "be SCANNED.\n") in screen
    assert run(suite, "scanconfig", "print") == \
        "image/*\nvideo/*\nImage\nMedia\napplication/zip\n"
    (suite.root / "etc/types").write_text("# mine\ntext/*\n\n")
    run(suite, "scanconfig", "import", "types")
    assert run(suite, "scanconfig", "print") == "text/*\n"
    run(suite, "scanconfig", "clear")
    assert "  types: none\n" in etc(suite, "postern.yaml")


def test_quarantines(suite):
    screen = talk(suite, "quarantineconfig",
                  "new", "Virus", "Legal", "15", "0d", "15d", "2", "n", "2",
                  '"[late] "', "n", "y",
                  "edit", "Outbreak", "", "", "", "", "",
                  "delete", "Policy", "y")
    assert "must be a number with d, h or m behind it, such as 15d" in screen
    assert "0d is not within 1m..3650d" in screen
    assert 'The quarantine "Policy" is used by Postern itself.\n' in screen
    assert "1  Legal                    -       -         -  15d        Release\n" in screen
    assert '    subject_text: "[late] "\n' in etc(suite, "postern.yaml")
    run(suite, "euqconfig", "setup", "enabled=yes", "max_size=2G")
    assert run(suite, "euqconfig", "setup", "retention=0",
               ok=(2,)).strip().endswith("0 is not within 1m..3650d")


def test_policies(suite):
    screen = talk(suite, "policyconfig",
                  "", "new", "default", "board", "", "2", "example.com",
                  "ceo@example.com,cfo@example.com", "2", "", "n",
                  "edit", "1", "antispam", "edit", "95", "2", "", "3",
                  "[junk]", "n", "n", "n", "", "96", "60", "3", "", "", "",
                  "n", "n", "n")
    assert 'The name "default" is already in use.\n' in screen
    assert 'Invalid email address: "example.com"\n' in screen
    assert "Please enter a number between 25 and 95.\n" in screen
    assert """\
    - name: board
      members:
        - recipients:
            - ceo@example.com
            - cfo@example.com
          match: all
      anti_spam:
        positive:
          score: 95
          action: drop
          subject: append
          subject_text: "[junk]"
        suspected:
          score: 60
          action: bounce
""" in etc(suite, "postern.yaml")
    run(suite, "policyconfig", "incoming", "edit", "board", "antispam",
        "disabled")
    run(suite, "policyconfig", "incoming", "edit", "board", "outbreak",
        "bypass_extensions=pdf,doc", "threshold=4")
    run(suite, "policyconfig", "incoming", "new", "late",
        "senders=@late.example", "not_recipients=ceo@example.com")
    assert run(suite, "policyconfig", "incoming", "search",
               "ceo@example.com").split("\n")[1:4] == \
        ["1. board", "2. late", "3. DEFAULT"]
    assert run(suite, "policyconfig", "incoming", "move", "late", "3",
               ok=(2,)) == "The position must be within 1..2.\n"
    assert "no member 2" in run(suite, "policyconfig", "incoming", "edit",
                                "late", "deletemember", "2", ok=(1,))
    run(suite, "policyconfig", "incoming", "clear")
    assert run(suite, "policyconfig", "incoming", "list").count("\n") == 5


def test_content_filters(suite):
    new = ["policyconfig", "outgoing", "filters"]
    run(suite, *new, "new", "notes", 'log-entry("seen")')
    run(suite, *new, "new", "ends", "drop()")
    run(suite, *new, "edit", "ends", "action", 'log-entry("late")')
    run(suite, *new, "edit", "ends", "condition", "rcpt-count > 5")
    run(suite, *new, "edit", "ends", "match=any", "active=no")
    assert run(suite, *new, "print", "ends") == """\
Filter: ends (inactive)
Conditions: if one or more is true
   1. rcpt-count > 5
Actions:
   1. log-entry("late")
   2. drop()
"""
    assert "drop() must stay the last action" in run(
        suite, *new, "edit", "ends", "move", "1", "2", ok=(1,))
    assert "filter 'ends': condition 2: expected " in run(
        suite, *new, "edit", "ends", "condition", "rcpt-count >", ok=(1,))
    run(suite, "policyconfig", "outgoing", "edit", "DEFAULT", "filters",
        "ends,notes")
    run(suite, *new, "rename", "notes", "marks")
    assert "content_filters:\n        - ends\n        - marks\n" in \
        etc(suite, "postern.yaml")
    run(suite, *new, "delete", "ends")
    run(suite, *new, "delete", "marks")
    assert "content_filters: disabled\n" in etc(suite, "postern.yaml")


def test_commit(one):
    """What commands make can be committed, and mail goes on."""
    try:
        run(one, "textconfig", "new", "legal", "text=Ours.\n")
        run(one, "dictionaryconfig", "new", "names", "terms=smith;jones,2")
        run(one, "quarantineconfig", "new", "Legal", "retention=1d")
        run(one, "policyconfig", "incoming", "filters", "new", "hold",
            'quarantine("Legal")')
        run(one, "policyconfig", "incoming", "filters", "edit", "hold",
            "condition", 'dictionary-match("names", 2)')
        run(one, "policyconfig", "incoming", "filters", "edit", "hold",
            "action", 'add-footer("legal")')
        run(one, "policyconfig", "incoming", "new", "board",
            "recipients=ceo@example.com")
        run(one, "policyconfig", "incoming", "edit", "board", "filters",
            "hold")
        text = run(one, "commit", "the work queue")
        assert "committed" in text.lower(), text
        assert "warning" not in text, text
        with one.client() as c:
            assert c.mail(rcpts=["joe@example.com"])[0] == 250
    finally:
        one.postern("clearchanges", "--yes")
