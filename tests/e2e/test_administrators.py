"""Administrators: made with userconfig, judged by keyd, seen by who; and what
they enter, in the logs. One gateway for all."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from suite import BIN, wait_for
from terminal import Terminal
from test_web import WEB, Gateway

LOGS = """\
  - name: cli_logs
    type: cli_audit
  - name: authentication
    type: authentication
"""
GOOD, BETTER = "correct horse", "battery staple"
LIMITS = """
administrators:
  lock_time: 1h
"""


@pytest.fixture(scope="module")
def web():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    g = Gateway(folder / "web", CONFIG + LOGS + WEB + LIMITS)
    yield g
    g.suite.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postern(web):
    return web.suite


def users(postern):
    return {u["name"]: u for u in postern.ask("userconfig", "list")["users"]}


def log_in(web, user, passphrase, status=303):
    """keyd hears of a change at once, but not at the same moment."""
    def tried():
        r = web.post("/login", user=user, passphrase=passphrase)
        return r and r[0] == status and r
    return wait_for("%d for %s" % (status, user), tried, every=0.3)


def logged(postern, log, part):
    return wait_for(part, lambda: [l for l in postern.log_so_far(log)
                                   if part in l])


def test_a_user_is_made_logs_in_and_is_thrown_out(web, postern):
    postern.postern("userconfig", "new", "zoe", "role=guest",
                    "full_name=Zoe Zed", text=GOOD + "\n")
    file = postern.root / "etc/secrets/administrators"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert GOOD not in file.read_text()
    answer = log_in(web, "zoe", GOOD)
    cookie = "Cookie: " + answer[1]["set-cookie"].split(";")[0]
    assert web.get("/system", cookie)[0] == 200
    (session,) = postern.ask("who")["sessions"]
    assert (session["user"], session["role"], session["remote"]) == (
        "zoe", "guest", "127.0.0.1")
    assert "zoe              guest " in postern.postern("who")
    logged(postern, "authentication", "The user zoe successfully logged on "
           "from 127.0.0.1 with privilege guest using an HTTPS connection.")
    log_in(web, "zoe", BETTER, 401)
    log_in(web, "zoe from 192.0.2.9", BETTER, 401)
    logged(postern, "authentication",
           "by the user (no name) from 127.0.0.1 failed ")
    logged(postern, "authentication", "by the user zoe from 127.0.0.1 failed "
           "using an HTTPS connection. Reason: wrong passphrase")

    # whoever is locked is out at once, not at the next log in
    postern.postern("userconfig", "lock", "zoe")
    wait_for("the end of the session",
             lambda: web.get("/system", cookie)[0] != 200)
    log_in(web, "zoe", GOOD, 401)
    postern.postern("userconfig", "unlock", "zoe")
    log_in(web, "zoe", GOOD)

    # a new passphrase: his own, who must know the old one
    postern.postern("passphrase", "zoe", text="wrong\n" + BETTER + "\n",
                    ok=(1,))
    postern.postern("passphrase", "zoe", text=GOOD + "\n" + BETTER + "\n")
    log_in(web, "zoe", BETTER)
    log_in(web, "zoe", GOOD, 401)
    postern.postern("userconfig", "passphrase", "zoe", "change=yes",
                    text=GOOD + "\n")
    assert users(postern)["zoe"]["state"] == "change"
    log_in(web, "zoe", GOOD, 403)
    postern.postern("passphrase", "zoe", text=GOOD + "\n" + BETTER + "\n")
    log_in(web, "zoe", BETTER)
    postern.postern("userconfig", "delete", "zoe")
    log_in(web, "zoe", BETTER, 401)
    assert "zoe" not in users(postern)


def test_adm_09_guessing_is_held_until_unlock(web, postern):
    postern.postern("userconfig", "new", "eve", "role=operator",
                    text=GOOD + "\n")
    log_in(web, "eve", GOOD)
    for _ in range(5):
        assert web.post("/login", user="eve", passphrase="guess")[0] == 401
    assert web.post("/login", user="eve", passphrase=GOOD)[0] == 401
    logged(postern, "authentication", "Log ins of the user eve from "
           "127.0.0.1 are refused for 1 hour")
    postern.postern("userconfig", "unlock", "eve")
    log_in(web, "eve", GOOD)
    postern.postern("userconfig", "delete", "eve")


def test_what_may_not_be(postern):
    def refused(*words, text="", status=1):
        r = subprocess.run([str(BIN / "postern"), "--root",
                            str(postern.root), *words], input=text,
                           capture_output=True, text=True, timeout=60)
        assert r.returncode == status, r
        return r.stderr
    new = ("userconfig", "new")
    before = users(postern)
    assert "at least 8" in refused(*new, "ann", "role=guest", text="short\n")
    assert "the user's name" in refused(
        *new, "annabella", "role=guest", text="Annabella\n")
    assert "already" in refused(*new, "admin", "role=guest", text=GOOD)
    assert "no user" in refused("userconfig", "edit", "ann", "role=guest")
    for name in "../x", "a b", "a:b", "Ann", "", "a" * 33, "é":
        refused(*new, name, "role=guest", text=GOOD, status=2)
    refused(*new, "ann", "role=guest", "full_name=a:b", text=GOOD, status=2)
    refused(*new, "ann", "role=guest", "full_name=a\nb", text=GOOD, status=2)
    assert users(postern) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_somebody_else_is_nobody_here(postern):
    def other(*words):
        return subprocess.run(
            ["setpriv", "--reuid", "nobody", "--regid", "nogroup",
             "--clear-groups", str(BIN / "postern"), "--root",
             str(postern.root), *words], input="", capture_output=True,
            text=True, timeout=60)
    if other("--version").returncode != 0 or other("whoami").returncode == 2:
        pytest.skip("that user cannot read these folders")
    assert "Role: none (neither root nor " in other("whoami").stdout
    for words in ["who"], ["userconfig", "list"], ["passphrase", "admin"]:
        assert other(*words).returncode == 3


def test_two_at_once_lose_nothing(postern):
    names = ["many%d" % i for i in range(8)]
    running = []
    for name in names:
        p = subprocess.Popen(
            [str(BIN / "postern"), "--root", str(postern.root), "userconfig",
             "new", name, "role=guest"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, text=True)
        p.stdin.write(GOOD + "\n")
        p.stdin.close()
        running.append(p)
    assert [p.wait(120) for p in running] == [0] * len(names)
    assert set(names) <= set(users(postern))
    for name in names:
        postern.postern("userconfig", "delete", name)


def test_a_shell_is_seen_and_what_is_entered_is_logged(postern):
    prompt = "mx.postern.test> "
    with Terminal(postern, prompt=prompt) as t:
        t.expect(prompt)
        t.say("whoami")
        assert "Role: administrator (" in t.expect(prompt)
        (shell,) = [s for s in postern.ask("who")["sessions"] if "pid" in s]
        assert shell["pid"] == t.proc.pid
        assert shell["what"] == "whoami"
        assert shell["terminal"].startswith("pts/")
        assert shell["role"] == "administrator"
        t.say("userconfig")
        t.expect("[]> ")
        t.say("new")
        t.expect("Enter the name of the new user:\n[]> ")
        t.say("tom")
        t.expect("Enter the full name:\n[]> ")
        t.say("Tom Tall")
        t.expect("[2]> ")
        t.say("3")
        for word in "short", GOOD:
            t.expect("New passphrase: ")
            t.send(word + "\n")
            t.expect("Again: ")
            t.send(word + "\n")
        assert "at least 8" in t.all
        t.expect("log in? [N]> ")
        t.say("")
        t.expect("User tom created.\n")
        t.expect("[]> ")
        t.interrupt()
        t.expect(prompt)
        assert users(postern)["tom"]["role"] == "readonly"
        t.say("bvconfig key sesame")
        t.expect(prompt)
        t.say("exit")
        t.end()
    wait_for("the end", lambda: "pid" not in str(postern.ask("who")))
    postern.postern("userconfig", "delete", "tom")
    logged(postern, "cli_logs", "User %s deleted the user tom" %
           postern.ask("whoami")["user"])
    lines = postern.log_so_far("cli_logs")
    entered = [l.split(" entered ")[1] for l in lines
               if "PID %d:" % shell["pid"] in l and " entered " in l]
    assert entered[:4] == [
        "'whoami'; prompt was '%s'" % prompt,
        "'userconfig'; prompt was '%s'" % prompt,
        "'new'; prompt was '[]> '",
        r"'tom'; prompt was 'Enter the name of the new user:\n[]> '"]
    assert "'******'; prompt was 'New passphrase: '" in entered
    assert "'bvconfig key ******'; prompt was '%s'" % prompt in entered
    everything = "\n".join(lines + postern.log_so_far())
    assert GOOD not in everything and "sesame" not in everything
