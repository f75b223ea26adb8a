"""What a commit promises: everywhere or nowhere, and no session is lost."""
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import (BIN, FULL, PEERS, ROOT_USER, Client, wait_for,
                   wait_quiet)
from terminal import Terminal
from test_load import listens

PROMPT = "mx.postern.test> "


def commit(postern, *words, ok=0):
    r = subprocess.run([BIN / "postern", "--root", postern.root, "commit",
                        *words], capture_output=True, text=True, timeout=150)
    assert r.returncode == ok, (r.stdout, r.stderr)
    return r.stdout if ok == 0 else r.stderr


def current(postern):
    return int((postern.root / "state/revisions/current").read_text())


def takes(postern, rcpt):
    """Yes or no; who was just started, or is ended, may say 4xx or nothing."""
    def answer():
        try:
            with postern.client() as c:
                for line in "MAIL FROM:<s@client.test>", "RCPT TO:<%s>" % rcpt:
                    code = c.cmd(line)[0]
        except (ConnectionError, AssertionError, TypeError):
            return None
        return None if 400 <= code < 500 else code
    return wait_for("an answer", answer) == 250


def with_rcpt(domain):
    return CONFIG.replace("      - .example.com\n",
                          "      - .example.com\n      - %s\n" % domain)


def assert_old_one(postern, number=1):
    """The old revision is in force everywhere; the changes still wait."""
    assert current(postern) == number
    assert postern.ask("reload")["revision"] == number
    assert not takes(postern, "a@new.test")
    assert "new.test" in postern.postern("showchanges")
    assert {p.name for p in (postern.root / "state/revisions").iterdir()} \
        == {"current"} | {str(n + 1) for n in range(number)}


# --- refused -----------------------------------------------------------------

def test_one_program_does_not_answer(postern, sink):
    pid = postern.pids()["qmgr 0"]
    postern.configure(with_rcpt("new.test") + "system: { load_timeout: 3 }\n")
    os.kill(pid, signal.SIGSTOP)
    try:
        text = commit(postern, "why", ok=1)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert text == "not in force, and nothing was changed: " \
        "qmgr 0: does not answer\n"
    assert_old_one(postern)
    assert postern.pids()["qmgr 0"] == pid
    with postern.client() as c:
        assert c.mail()[0] == 250
    sink.wait(1)
    postern.configure(with_rcpt("new.test"))
    commit(postern, "again")
    assert takes(postern, "a@new.test")


def test_one_program_refuses(postern):
    """lookupd alone knows what a trust anchor is good for."""
    postern.configure(with_rcpt("new.test").replace(
        "dns:\n  enabled: no\n", "dns:\n  trust_anchor: \"this is none\"\n"))
    text = commit(postern, "why", ok=1)
    assert text.startswith("not in force, and nothing was changed: "
                           "lookupd 0: ")
    assert_old_one(postern)
    postern.configure(with_rcpt("new.test"))
    commit(postern, "again")
    assert takes(postern, "a@new.test")


def test_a_port_that_cannot_be_had(postern):
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        postern.configure(with_rcpt("new.test").replace(
            "  - name: OutboundMail", "  - name: Other\n    type: public\n"
            "    interface: Loopback\n    port: %d\n  - name: OutboundMail"
            % port))
        text = commit(postern, "why", ok=1)
        assert text == "not in force, and nothing was changed: listener " \
            "Other: bind 127.0.0.1:%d: Address already in use\n" % port
        assert_old_one(postern)
        with postern.client(postern.private_port) as c:
            assert c.cmd("NOOP")[0] == 250
    commit(postern, "again")
    with postern.client(port) as c:
        assert c.cmd("NOOP")[0] == 250


@pytest.mark.skipif(not ROOT_USER, reason="mounting needs root")
def test_the_disk_is_full(make_suite):
    postern = make_suite(start=False)
    state = postern.root / "state"
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=1000,mode=0700",
                    "none", state], check=True)
    try:
        postern.start()
        postern.configure(with_rcpt("new.test"))
        filler = state / "filler"
        fill(filler)
        text = commit(postern, "why", ok=4)
        assert "No space left on device" in text
        assert_old_one(postern)
        filler.unlink()
        commit(postern, "again")
        assert takes(postern, "a@new.test")
        # full at each stage: a byte more is left each time
        for left in range(4, 64, 4):
            postern.configure(with_rcpt("x%d.test" % left))
            fill(filler, left * 1024)
            r = subprocess.run([BIN / "postern", "--root", postern.root,
                                "commit", "left %d" % left],
                               capture_output=True, text=True, timeout=60)
            # whatever it said is true
            assert takes(postern, "a@x%d.test" % left) == \
                (r.returncode == 0), r
            assert postern.ask("reload")["revision"] == current(postern)
            filler.unlink()
        commit(postern, "room again")
    finally:
        postern.stop()
        subprocess.run(["umount", "-l", state], check=True)


def fill(path, left=0):
    """Takes all there is, but for so many bytes."""
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 1024)
        except OSError:
            pass
        f.truncate(max(0, f.tell() - left))


def test_programs_killed_during_commits(postern, sink):
    """Whatever dies: what commit says is what is in force, everywhere."""
    stop = threading.Event()
    every = len(postern.pids())

    def killer():
        n = 0
        while not stop.is_set():
            names = sorted(postern.pids())
            name = names[n % len(names)]
            n += 1
            try:
                postern.kill(name)
            except (KeyError, ProcessLookupError):
                pass
            time.sleep(0.7)
    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    committed = refused = 0
    for i in range(25):
        domain = "d%d.test" % i
        postern.configure(with_rcpt(domain))
        r = subprocess.run([BIN / "postern", "--root", postern.root, "commit",
                            domain], capture_output=True, text=True,
                           timeout=150)
        if r.returncode == 0:
            committed += 1
            last = domain
        else:
            refused += 1
            assert "nothing was changed" in r.stderr, r
    stop.set()
    thread.join()
    wait_for("all to be ready", lambda: all(
        p["state"] == "ready" for p in programs(postern, every)))
    assert committed > 0
    for _ in range(5):      # any worker
        assert takes(postern, "a@" + last)
    postern.submit()
    sink.wait(1)
    print("%d committed, %d refused" % (committed, refused))


def programs(postern, every):
    r = subprocess.run([BIN / "postern", "--root", postern.root, "--json",
                        "reload"], capture_output=True, text=True, timeout=60)
    if r.returncode != 0:
        return [{"state": "?"}]
    n = len(postern.pids())
    return [{"state": "ready"}] * n if n == every else [{"state": "down"}]


def test_the_tool_is_killed(postern):
    """The master goes on, or there is nothing; the next commit works."""
    for i, ms in enumerate((0, 2, 4, 6, 8, 10, 15, 20, 30, 50)):
        domain = "k%d.test" % i
        postern.configure(with_rcpt(domain))
        p = subprocess.Popen([BIN / "postern", "--root", postern.root,
                              "commit", domain], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        time.sleep(ms / 1000)
        p.kill()
        p.wait()
        wait_for("the master to be done", lambda: subprocess.run(
            [BIN / "postern", "--root", postern.root, "reload"],
            capture_output=True, timeout=60).returncode == 0)
        number = current(postern)
        text = (postern.root / "state/revisions" / str(number)
                / "postern.yaml").read_text()
        assert takes(postern, "a@" + domain) == (domain in text)
    postern.configure(with_rcpt("new.test"))
    commit(postern, "after all")
    assert takes(postern, "a@new.test")


# --- under load --------------------------------------------------------------

class Source(threading.Thread):
    """A hundred sessions that send, again and again, until the end."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.sent, self.said = port, 0, ""
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.is_set() and not self.said:
            r = subprocess.run(
                [PEERS / "smtp-source", "-4", "-M", "client.test", "-s",
                 "100", "-m", "500", "-l", "2000", "-f", "s@client.test",
                 "-t", "r@example.com", "127.0.0.1:%d" % self.port],
                capture_output=True, text=True, timeout=120)
            self.sent += 500
            self.said = r.stdout + r.stderr


@pytest.mark.long
def test_many_commits_while_a_hundred_sessions_send(postern):
    n = 50 if FULL else 12
    user = ["-u", "nobody"] if ROOT_USER else []
    sink = subprocess.Popen([PEERS / "smtp-sink", "-4", *user,
                             "127.0.0.1:%d" % postern.sink_port, "200"])
    try:
        wait_for("smtp-sink", lambda: listens(postern.sink_port))
        with Source(postern.port) as source:
            for i in range(n):
                postern.configure(CONFIG + "# change %d\n" % i)
                commit(postern, "change %d" % i)
        assert source.sent > 0 and source.said == "", source.said[:2000]
        wait_for("all to be delivered", lambda: postern.ask("status")[
            "counters"]["delivered_recipients"]["reset"] >= source.sent, 120)
        postern.wait_empty()
    finally:
        sink.kill()
        sink.wait()
    assert current(postern) == n + 1
    assert len(list((postern.root / "state/revisions").glob("[0-9]*"))) == 10


# --- listeners ---------------------------------------------------------------

def test_listeners_change_without_a_gap(postern):
    """Another name, another order, one address instead of all: whoever talks
    goes on talking, and no client is refused."""
    errors, stop = [], threading.Event()

    def knock():
        while not stop.is_set():
            try:
                with postern.client() as c:
                    assert c.cmd("NOOP")[0] == 250
            except (OSError, AssertionError) as e:
                errors.append(e)
    everywhere = CONFIG.replace("ip: 127.0.0.1\n", "ip: 0.0.0.0\n", 1)
    old = postern.client()
    threads = [threading.Thread(target=knock, daemon=True) for _ in range(3)]
    for t in threads:
        t.start()
    for text in (CONFIG.replace("InboundMail", "Entrance"),
                 CONFIG.replace("InboundMail", "Entrance").replace(
                     "max_concurrency: 1000", "max_concurrency: 900")):
        postern.configure(text)
        commit(postern, "another name")
    stop.set()
    for t in threads:
        t.join()
    assert not errors, errors[:3]
    # these have to let go of the port for a moment
    for text in (everywhere, CONFIG):
        postern.configure(text)
        commit(postern, "other addresses")
        with postern.client() as c:
            assert c.cmd("NOOP")[0] == 250
    assert old.mail()[0] == 250
    old.close()
    assert {l["name"] for l in listeners(postern)} == {
        "InboundMail", "OutboundMail"}


def listeners(postern):
    """By what listens, in the kernel's eyes."""
    out = []
    for name, port in (("InboundMail", postern.port),
                       ("OutboundMail", postern.private_port)):
        with Client(port) as c:
            assert c.cmd("NOOP")[0] == 250
            out.append({"name": name})
    return out


def test_descriptors_do_not_pile_up(postern):
    """A commit hands out what is new, not everything again."""
    def count():
        pids = postern.pids()
        return {n: len(os.listdir("/proc/%d/fd" % p))
                for n, p in pids.items()}
    postern.configure(CONFIG + "# 0\n")
    commit(postern, "0")
    wait_quiet()
    before = count()
    for i in range(10):
        postern.configure(CONFIG + "# %d\n" % (i + 1))
        commit(postern, "x")
    wait_for("as many as before", lambda: count() == before)


def test_what_needs_a_restart_says_so(postern):
    postern.configure(CONFIG + "system: { workers: 1, reserve: 1M }\n")
    r = subprocess.run([BIN / "postern", "--root", postern.root, "commit",
                        "fewer"], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0
    assert r.stderr == "system.workers takes effect when Postern is started " \
        "again.\n"


# --- two administrators ------------------------------------------------------

OTHER = CONFIG.replace("level: info", "level: debug")
MINE = with_rcpt("new.test")
BOTH = MINE.replace("level: info", "level: debug")


def left_behind(postern, theirs=OTHER, mine=MINE):
    """My working copy is from before their commit: as it is when a folder is
    brought back from elsewhere."""
    etc = postern.root / "etc"
    shutil.copytree(etc, postern.root / "kept")
    postern.configure(theirs)
    commit(postern, "theirs")
    shutil.rmtree(etc)
    (postern.root / "kept").rename(etc)
    postern.configure(mine)


def yaml(postern, text):
    return (text.replace("@PORT@", str(postern.port))
            .replace("@PRIVATE_PORT@", str(postern.private_port))
            .replace("@SINK_PORT@", str(postern.sink_port)))


def test_changes_of_others_are_not_undone(postern):
    left_behind(postern)
    text = commit(postern, "mine", ok=1)
    assert text.startswith("The working copy was made from revision 1. Since "
                           "then others committed:\n     Committed On")
    assert re.search(r"\n 1\. .* theirs\nSay --merge, --discard or "
                     r"--force\.\n$", text), text
    assert current(postern) == 2
    commit(postern, "--merge", "mine")
    assert (postern.root / "etc/postern.yaml").read_text() == \
        yaml(postern, BOTH)
    assert takes(postern, "a@new.test")
    assert postern.postern("showchanges") == "There are no changes.\n"


def test_discard_and_force(postern):
    left_behind(postern)
    assert commit(postern, "--discard") == "No changes to commit.\n"
    assert (postern.root / "etc/postern.yaml").read_text() == \
        yaml(postern, OTHER)
    assert current(postern) == 2
    postern.configure(MINE)
    assert "clearchanges" in commit(postern, "--discard", ok=2)
    left_behind(postern, CONFIG + "# again\n")
    commit(postern, "--force", "mine")
    assert (postern.root / "etc/postern.yaml").read_text() == \
        yaml(postern, MINE)
    assert current(postern) == 4


def test_the_question_about_others(postern):
    left_behind(postern, with_rcpt("theirs.test"))
    start = "The working copy was made from revision 1. Since then others " \
        "committed:\n"
    items = "Discard your changes\n%d. Commit yours all the same and so " \
        "undo theirs\n[1]> "
    with Terminal(postern, "commit") as t:
        t.expect(start)
        t.expect(" theirs\nThey cannot be merged with yours: both sides "
                 "changed listeners[InboundMail].\nWhat do you want to do?\n"
                 "1. " + items % 2)
        t.say("3")
        t.expect("Please enter a number between 1 and 2.\n[1]> ")
        t.say("2")
        t.answer(("Please enter some comments describing your changes:\n"
                  "[]> ", "mine"),
                 ("Do you want to save the current configuration for "
                  "rollback? [Y]> ", ""))
        t.expect("Changes committed: ")
        assert t.end()[1] == 0
    assert takes(postern, "a@new.test") and not takes(postern, "a@theirs.test")
    left_behind(postern, BOTH, "system: { reserve: 1M }\n" + MINE)
    with Terminal(postern, "commit") as t:
        t.expect("What do you want to do?\n1. Merge them with yours\n2. ")
        t.expect(items % 3)
        t.say("")
        t.expect("[]> ")
        t.say("")
        t.expect("[Y]> ")
        t.say("")
        t.expect("Changes committed: ")
        assert t.end()[1] == 0
    assert postern.ask("commitdetail")["changed"] == ["system.reserve"]
    text = (postern.root / "etc/postern.yaml").read_text()
    assert "level: debug" in text and "reserve: 1M" in text


# --- factory values ----------------------------------------------------------

def test_two_share_the_working_copy(postern):
    """Who commits hears what of it others changed with commands."""
    edits = postern.root / "etc/.edits"
    me = getpass.getuser()
    postern.postern("bounceconfig", "new", "slow", "max_queue_time=5d")
    postern.postern("bounceconfig", "edit", "slow", "max_retries=7")
    assert [(e["user"], e["command"]) for e in
            postern.ask("showchanges")["edits"]] == [(me, "bounceconfig")]
    said = subprocess.run([BIN / "postern", "--root", postern.root, "commit",
                           "mine"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and said.stderr == ""
    assert not edits.exists()
    # somebody else, and I
    postern.postern("bounceconfig", "edit", "slow", "max_retries=8")
    edits.write_text("1740996902000\tann\taliasconfig\n" + edits.read_text())
    theirs = "Changed by ann with aliasconfig: Mon Mar 03 10:15:02 2025\n"
    utc = {"TZ": "UTC"}
    with Terminal(postern, "showchanges", env=utc) as t:
        t.expect(theirs + "Changed by %s with bounceconfig: " % me)
        t.expect("\n--- postern.yaml\t")
        assert t.end()[1] == 0
    with Terminal(postern, "commit", env=utc) as t:
        t.answer(("This commits the changes of others, too:\n" + theirs +
                  "Please enter some comments describing your changes:\n"
                  "[]> ", "both"))
        t.expect("[Y]> ")
        t.say("")
        t.expect("Changes committed: ")
        assert t.end()[1] == 0
    # what is taken back was changed by nobody
    for back in (["clearchanges", "--yes"], ["rollbackconfig", "--yes", "1"]):
        postern.postern("bounceconfig", "new", "fast")
        assert edits.exists()
        postern.postern(*back)
        assert not edits.exists()
    postern.postern("rollbackconfig", "--yes", "--no-commit", "2")
    assert [e["command"] for e in postern.ask("showchanges")["edits"]] == \
        ["rollbackconfig"]
    edits.write_text("1740996902000\tann\taliasconfig\n")
    said = subprocess.run([BIN / "postern", "--root", postern.root, "commit",
                           "again"], capture_output=True, text=True,
                          env=dict(os.environ, **utc), timeout=60)
    assert said.returncode == 0
    assert said.stderr == "This commits the changes of others, too:\n" + theirs


def test_resetconfig(postern):
    assert "suspended first" in subprocess.run(
        [BIN / "postern", "--root", postern.root, "resetconfig", "--yes"],
        capture_output=True, text=True, timeout=60).stderr
    postern.postern("suspend", "0")
    with Terminal(postern, "resetconfig") as t:
        t.answer(("Are you sure you want to reset all configuration values? "
                  "[N]> ", ""))
        assert t.end() == ("", 1)
    with Terminal(postern, "resetconfig") as t:
        t.answer(("Are you sure you want to reset all configuration values? "
                  "[N]> ", "y"))
        rest, status = t.end()
        assert status == 0 and rest.endswith(
            "All settings have been restored to the factory defaults.\n")
    text = (postern.root / "etc/postern.yaml").read_text()
    assert "\nhostname: mx.postern.test\n" in text
    assert "\n  # Mail from the internet.\n" in text
    assert "Offline" in postern.postern("status")
    with pytest.raises((OSError, AssertionError)):
        Client(postern.port, timeout=2)
    postern.postern("rollbackconfig", "--yes", "1")
    postern.postern("resume")
    assert takes(postern, "a@example.com")
