"""Support access, with programs that write down what they were called with;
test_support_ssh.py has the real ones."""
import base64
import signal
import stat
import subprocess
import termios

from conftest import CONFIG
from suite import BIN, wait_for
from terminal import Terminal

SEED = "correct horse battery"
REMOTE = CONFIG + """
remote_access:
  host: support.example.org
  host_key: ssh-ed25519 AAAAC3Nz
"""
RECORD = """#!/bin/sh
{ printf '%s' "${0##*/}"; for a; do printf '|%s' "$a"; done
  echo; } >> "${0%/*}/../calls"
"""


def programs(postern, **bodies):
    folder = postern.root / "bin"
    folder.mkdir(exist_ok=True)
    for name, body in bodies.items():
        (folder / name).write_text(RECORD + body + "\n")
        (folder / name).chmod(0o755)


def accounts(postern, **more):
    programs(postern, chage="", usermod="",
             chpasswd='cat > "${0%/*}/../password"', **more)


def calls(postern):
    path = postern.root / "calls"
    return [l.split("|") for l in path.read_text().splitlines()] \
        if path.exists() else []


def credential(serial):
    raw = subprocess.run(
        ["openssl", "kdf", "-keylen", "20", "-kdfopt", "digest:SHA256",
         "-kdfopt", "key:" + SEED, "-kdfopt", "salt:" + serial, "-kdfopt",
         "info:postern support access", "-binary", "HKDF"],
        stdout=subprocess.PIPE, check=True).stdout
    return base64.b32encode(raw).decode()


def test_the_dialogue_of_support_access(make_suite):
    postern = make_suite(REMOTE)
    accounts(postern)
    serial = postern.ask("version")["serial"]
    with Terminal(postern, "techsupport") as t:
        menu = t.expect("[]> ")
        assert menu.strip() == (
            "Service Access currently disabled.\n"
            "Serial Number: %s\n"
            "Choose the operation you want to perform:\n"
            "- SSHACCESS - Allow a support representative to log in, without "
            "a tunnel.\n"
            "- TUNNEL - Allow a support representative to log in through a "
            "secure tunnel.\n"
            "- STATUS - Display the current techsupport status." % serial)
        t.say("sshaccess")
        t.expect("Are you sure you want to enable service access? [N]> ")
        t.say("y")
        t.expect("Enter a temporary seed string (at least 16 characters):\n"
                 "[]> ")
        t.send(SEED + "\n")
        out, status = t.end()
    assert status == 0
    assert out.startswith(
        "********\nService access has been ENABLED. Give the seed string to "
        "your support representative.\nIt ends at "), out
    # those who help make the same password
    assert (postern.root / "password").read_text() == "support:%s\n" % (
        credential(serial))
    now = postern.ask("techsupport", "status")
    assert now["enabled"] and not now["tunnel"]
    days, rest = divmod(now["expires"], 86400000)
    assert rest == 0
    assert 6 * 86400000 < now["expires"] - now["since"] <= 7 * 86400000
    assert calls(postern) == [["chage", "-E", str(days), "support"],
                              ["chpasswd"]]
    state = postern.root / "state/techsupport.json"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert SEED not in state.read_text()
    postern.wait_log("support access enabled, with a password")
    with Terminal(postern, "techsupport") as t:
        assert "- DISABLE - " in t.expect("[]> ")
        t.say("disable")
        t.expect("disable service access? [N]> ")
        t.say("y")
        assert "DISABLED" in t.end()[0]
    assert calls(postern)[-1] == ["usermod", "-L", "-e", "1", "support"]
    assert not postern.ask("techsupport", "status")["enabled"]
    postern.wait_log("support access disabled")


def test_seeds_and_keys(make_suite, tmp_path):
    postern = make_suite(REMOTE)
    accounts(postern)
    # too short, and none
    postern.postern("techsupport", "--yes", "sshaccess", text="short\n",
                    ok=(1,))
    postern.postern("techsupport", "--yes", "sshaccess", text="", ok=(2,))
    assert calls(postern) == []
    out = postern.postern("techsupport", "--yes", "--generate", "--no-expiry",
                          "sshaccess")
    assert "Seed string: " in out and "until it is disabled" in out
    assert calls(postern)[0] == ["chage", "-E", "-1", "support"]
    assert "expires never" in postern.postern("techsupport", "status")
    # a key, which may do no more than log in; never with options of its own
    key = tmp_path / "helper.pub"
    key.write_text('command="sh" ssh-ed25519 AAAA helper\n')
    postern.postern("techsupport", "--yes", "--key", str(key), "sshaccess",
                    ok=(1,))
    key.write_text("ssh-ed25519 AAAA helper\n")
    postern.postern("techsupport", "--yes", "--key", str(key), "sshaccess")
    # the password of before is good no more
    assert calls(postern)[-1] == ["usermod", "-p", "*", "support"]
    keys = postern.root / "support/.ssh/authorized_keys"
    assert keys.read_text().startswith('restrict,pty,expiry-time="')
    assert keys.read_text().endswith('" ssh-ed25519 AAAA helper\n')
    postern.postern("techsupport", "--yes", "disable")
    assert not keys.exists()
    made = postern.ask("techsupport", "--yes", "--generate", "sshaccess")
    assert made["enabled"] and len(made["seed"]) >= 16
    assert "seed" not in postern.ask("techsupport", "status")
    # what fails is closed again
    programs(postern, chpasswd='echo "no such account"; exit 1')
    postern.postern("techsupport", "--yes", "--generate", "sshaccess",
                    ok=(4,))
    assert calls(postern)[-1][:2] == ["usermod", "-L"]
    assert not postern.ask("techsupport", "status")["enabled"]


def test_no_support_host(make_suite):
    postern = make_suite(CONFIG)
    p = subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root), "techsupport",
         "tunnel"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (p.returncode, p.stderr) == (1, "no support host configured\n")
    with Terminal(postern, "techsupport") as t:
        assert "- SETUP - " in t.expect("[]> ")
        t.say("")
        assert t.end()[1] == 0


def test_an_interrupted_passphrase_leaves_the_terminal_lit(make_suite):
    postern = make_suite(REMOTE)
    with Terminal(postern, "remotepower", "secret") as t:
        t.expect("Password: ")
        wait_for("no echo", lambda: not lit(t.fd))
        t.interrupt()
        wait_for("echo", lambda: lit(t.fd))
        assert t.end()[1] == -signal.SIGINT
    # half of a passphrase is another one
    p = subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root), "remotepower",
         "secret"], input=2000 * "x" + "\n", capture_output=True, text=True)
    assert p.returncode == 1 and "That is too long" in p.stderr
    assert not (postern.root / "etc/secrets/remote_power.secret").exists()


def test_what_is_done_at_once_is_not_said_to_be_undone(make_suite):
    postern = make_suite(REMOTE)
    with Terminal(postern, "bvconfig") as t:
        t.expect("[]> ")
        t.say("key")
        t.expect("[]> ")
        t.say("a key")
        t.expect("- SETUP - ")
        t.expect("[]> ")
        t.send("\x04")
        assert "what was done before is kept" in t.end()[0]


def lit(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)
