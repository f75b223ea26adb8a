"""`filters`: message filters by dialogue, by line, and in an editor."""
import subprocess

import pytest

from conftest import CONFIG
from suite import BIN
from terminal import Terminal

MENU = ("\nChoose the operation you want to perform:\n"
        "- NEW - Create a new filter.\n"
        "%s- IMPORT - Import a filter script from a file.\n%s[]> ")
EMPTY = MENU % ("", "")
FULL = MENU % (
    "- DELETE - Remove a filter.\n",
    "- EXPORT - Export filters to a file.\n"
    "- MOVE - Move a filter to a different position.\n"
    "- SET - Set a filter attribute.\n"
    "- LIST - List the filters.\n"
    "- DETAIL - Get detailed information on the filters.\n"
    "- LOGCONFIG - List the logs that filters archive to.\n"
    "- ROLLOVERNOW - Roll over a filter log file.\n")
ENTER = "\nEnter filter script.  Enter '.' on its own line to end.\n"
THREE = ('one: if (true) {\n    drop();\n}\n\n'
         'two! if (body-contains("x", 1)) {\n    bounce();\n}\n\n'
         'three: if (valid) {\n    no-op();\n}\n')


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    import os
    import shutil
    import tempfile
    from suite import Suite
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), CONFIG) as postern:
        yield postern
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postern(suite):
    yield suite
    run(suite, "clearchanges --yes")


def run(postern, words, **kw):
    return subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root)] + words.split(),
        capture_output=True, text=True, timeout=60,
        **(kw or {"stdin": subprocess.DEVNULL}))


def source(postern):
    path = postern.root / "etc/filters/message_filters"
    return path.read_text() if path.exists() else None


def write(postern, text):
    (postern.root / "etc/filters").mkdir(mode=0o750, exist_ok=True)
    path = postern.root / "etc/filters/message_filters"
    path.write_text(text)
    path.chmod(0o640)


def say(t, *lines):
    for line in lines:
        t.say(line)


def test_dialogue(postern):
    with Terminal(postern, "filters") as t:
        assert t.expect("[]> ") == EMPTY[:-4]
        t.say("new")
        assert t.expect("to end.\n") == ENTER[:-len("to end.\n")]
        say(t, "# of no use", "one: if true", "{ drop }", "two!",
            "if body-contains('x') { bounce(); }", ".")
        assert t.expect(FULL) == "2 filters added.\n"
        t.say("new 1")
        t.expect(ENTER)
        say(t, "zero: if (subject > 'x') { drop(); }", ".")
        assert t.expect(FULL) == (
            "Syntax error in filter 'zero' at line 1, column 19: expected == "
            "or !=, found >\n"
            "    zero: if (subject > 'x') { drop(); }\n"
            "                      ^\n")
        t.say("new one")
        t.expect(ENTER)
        say(t, "one: if (valid) { drop(); }", ".")
        assert t.expect(FULL) == "Filter name already in use: one\n"
        t.say("new one")
        t.expect(ENTER)
        say(t, "all: if (valid) { drop(); }", ".")
        assert t.expect(FULL).startswith("all is a reserved word\n")
        t.say("new last")
        t.expect(ENTER)
        say(t, "three: if valid { no-op(); }", ".")
        assert t.expect(FULL) == "1 filters added.\n"
        t.say("set 5 active")
        assert t.expect(FULL) == "No such filter: 5\n"
        t.say("move two 2")
        assert t.expect(FULL) == "Filters are already in that order.\n"
        t.say("list 2-")
        assert t.expect(FULL) == ("\nNum Active Valid Name\n"
                                  "  2   N      Y   two\n"
                                  "  3   Y      Y   three\n")
        t.say()
        rest, status = t.end()
        assert status == 0
        assert rest == ("The working copy was changed; commit to put it in "
                        "force.\n")
    assert source(postern) == THREE


def test_abandoned(postern):
    """Half a script is none."""
    with Terminal(postern, "filters") as t:
        t.expect(EMPTY)
        t.say("new")
        t.expect(ENTER)
        t.say("one: if true { drop(); }")
        t.send("\x04")
        assert t.end()[1] == 1
    assert source(postern) is None


def test_lines(postern):
    assert run(postern, "filters new - last",
               input=THREE).stdout.startswith("3 filters added.\n")
    for words, says, names in (
            ("move 3 1", "1 filters moved.", "three one two"),
            ("move 1-2 last", "2 filters moved.", "two three one"),
            ("move two last", "1 filters moved.", "three one two"),
            ("move 1 2", "1 filters moved.", "one three two"),
            ("delete -2", "2 filters deleted.", "two")):
        r = run(postern, "filters " + words)
        assert (r.returncode, r.stdout.split("\n")[0]) == (0, says), words
        assert [l.split()[3] for l in run(postern, "filters list")
                .stdout.split("\n")[1:-1]] == names.split(), words
    for words, says in (
            ("delete 2", "No such filter: 2"),
            ("delete 2-1", "Invalid range: 2-1"),
            ("detail 0", "No such filter: 0"),
            ("move 1 3", "Sequence number out of range: 3"),
            ("move 1 five", "No such filter: five"),
            ("export x all encoding=klingon", "Unknown encoding: klingon"),
            ("rollovernow", "No filter archives to a log."),
            ("rollovernow mail_logs", 'No filter archives to "mail_logs".')):
        r = run(postern, "filters " + words)
        assert (r.returncode, r.stderr) == (1, says + "\n"), words


def test_comments_stay(postern):
    write(postern, "# what all of this is\n\n# about one\none:\nif true { "
          "drop(); }\n\n# in between\n\ntwo: if valid { drop(); }\n# end\n")
    assert run(postern, "filters set one inactive").returncode == 0
    assert "\n# about one\none!\nif true" in source(postern)
    assert run(postern, "filters move two 1").returncode == 0
    assert source(postern) == (
        "# what all of this is\n\ntwo: if valid { drop(); }\n\n# about one\n"
        "one!\nif true { drop(); }\n\n# in between\n\n# end\n")
    assert run(postern, "filters delete all").returncode == 0
    assert source(postern) == \
        "# what all of this is\n\n# in between\n\n# end\n"


def test_encodings(postern):
    text = 'a: if (subject == "caf\u00e9") {\n    drop();\n}\n'
    latin = postern.root / "etc/latin"
    latin.write_bytes(text.encode("latin-1"))
    r = run(postern, "filters import latin")
    assert r.returncode == 1 and "expected text in UTF-8" in r.stderr
    r = run(postern, "filters import latin encoding=ISO-8859-1")
    assert r.stdout.startswith("1 filters imported.\n")
    assert source(postern) == text
    r = run(postern, "filters export ascii all encoding=US-ASCII")
    assert r.returncode == 1
    assert r.stderr == "The filters have characters that US-ASCII has not.\n"
    latin.unlink()
    assert run(postern, "filters export latin a encoding=ISO-8859-1").stdout \
        == "1 filters exported.\n"
    assert latin.read_bytes() == text.encode("latin-1")
    latin.unlink()


def test_commit(postern):
    """What is broken is not committed; what is not valid any more is, and
    says why."""
    write(postern, 'a: if (subject == "(") { drop(); }\n')
    r = run(postern, "commit broken")
    assert r.returncode != 0 and "filters/message_filters:1:19: " in r.stderr
    r = run(postern, "filters list")
    assert r.returncode != 0 and "filters/message_filters:1:19: " in r.stderr
    write(postern, 'a: if true { quarantine("Gone"); }\n')
    assert run(postern, "commit it").returncode == 0
    r = run(postern, "--json filters list")
    assert '"why_not_valid": "no such quarantine: Gone"' in r.stdout
    write(postern, THREE)
    assert run(postern, "commit three").returncode == 0
    assert run(postern, "filters delete all").returncode == 0
    assert source(postern) is None
    assert run(postern, "commit none").returncode == 0
