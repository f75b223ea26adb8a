"""Support access with a real sshd: who gets in, who does no more, and the
tunnel.  The accounts are those of a copy of /etc that this test alone sees."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import netns
from conftest import CONFIG
from sshd import Accounts, Sshd, banner, below, make_key
from suite import BIN, Suite, wait_for
from test_techsupport import SEED, credential

pytestmark = pytest.mark.skipif(not netns.possible(), reason="root only")
HERE, THERE = 22, 2225
REMOTE = CONFIG + """
remote_access:
  host: 127.0.0.1
  port: %d
  host_key: %s
"""


class World:
    """This machine with its sshd, and a support host with another, which know
    each other over loopback."""

    def __init__(self, folder):
        self.dir = folder
        self.net = netns.Network()

    def __enter__(self):
        d = self.dir
        self.unchanged = shadow()
        self.net.__enter__()
        self.postern = Suite(d, CONFIG)
        self.accounts = Accounts(d, {
            "support": self.postern.root / "support", "tunnel": d / "there"})
        self.here = Sshd(self.accounts, d / "here", HERE)
        self.there = Sshd(self.accounts, d / "bastion", THERE)
        self.postern.configure(REMOTE % (THERE, self.there.public))
        programs = self.postern.root / "bin"
        programs.mkdir(exist_ok=True)
        for path in ("/usr/bin/chage", "/usr/sbin/chpasswd",
                     "/usr/sbin/usermod", "/usr/bin/ssh"):
            (programs / path.rpartition("/")[2]).symlink_to(path)
        return self

    def __exit__(self, *_):
        self.there.stop()
        self.here.stop()
        self.accounts.__exit__()
        self.postern.stop()
        self.net.__exit__()
        assert shadow() == self.unchanged       # not this machine's

    def support(self, *words, status=0, text=""):
        p = self.accounts.run(
            [str(BIN / "postern"), "--root", str(self.postern.root),
             "techsupport", *words], input=text)
        assert p.returncode == status, p
        return p.stdout + p.stderr

    def status(self):
        return json.loads(self.support("--json", "status"))

    def ssh(self, *options, password=None, port=HERE, command=("id", "-un")):
        """What logging in at the account gives."""
        env = dict(os.environ)
        if password is not None:
            ask = self.dir / "ask"
            ask.write_text("#!/bin/sh\necho '%s'\n" % password)
            ask.chmod(0o755)
            env.update(SSH_ASKPASS=str(ask), SSH_ASKPASS_REQUIRE="force",
                       DISPLAY=":0")
            options += ("-o", "PreferredAuthentications=password", "-o",
                        "NumberOfPasswordPrompts=1")
        else:
            options += ("-o", "BatchMode=yes")
        return self.accounts.run(
            ["ssh", "-F", "/dev/null", "-p", str(port), "-o",
             "StrictHostKeyChecking=no", "-o",
             "UserKnownHostsFile=/dev/null", *options, "support@127.0.0.1",
             *command], env=env, stdin=subprocess.DEVNULL)


def shadow():
    return hashlib.sha256(b"".join(
        pathlib.Path("/etc", n).read_bytes()
        for n in ("passwd", "shadow", "group"))).digest()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("ssh")) as w:
        yield w


def lets_in(p):
    assert (p.returncode, p.stdout) == (0, "support\n"), p
    return True


def refuses(p):
    assert p.returncode == 255 and p.stdout == "", p
    return True


def eight_days_later(world):
    """The dates that were written, as they will look then."""
    shadow_file = world.accounts.etc / "shadow"
    text = shadow_file.read_text()
    day = int(world.accounts.field("support", 7))
    assert time.time() / 86400 - 1 < day <= time.time() / 86400 + 7
    shadow_file.write_text(re.sub(
        r"(?m)^(support:.*:)%d:$" % day, r"\g<1>%d:" % (day - 8), text))
    assert shadow_file.read_text() != text


@pytest.mark.parametrize("pam", [True, False])
def test_who_has_the_key(world, tmp_path, pam):
    key = tmp_path / "key"
    (tmp_path / "key.text").write_text(make_key(key) + "\n")
    enable = ("--yes", "--key", str(tmp_path / "key.text"), "sshaccess")
    with Sshd(world.accounts, tmp_path / "sshd", THERE + 1, pam=pam) as sshd:
        def log_in(*more):
            return world.ssh("-i", str(key), *more, port=sshd.port)

        assert refuses(log_in())
        world.support(*enable)
        assert lets_in(log_in())
        # to log in, and no more
        p = log_in("-o", "ExitOnForwardFailure=yes", "-R",
                   "0:127.0.0.1:%d" % HERE)
        assert refuses(p) and "remote port forwarding failed" in p.stderr
        world.support("--yes", "disable")
        assert refuses(log_in())
        # it ends by itself: the account, and the key alone
        world.support(*enable)
        assert lets_in(log_in())
        eight_days_later(world)
        assert refuses(log_in())
        world.support(*enable)
        keys = world.postern.root / "support/.ssh/authorized_keys"
        until = re.search('expiry-time="([0-9]{8})', keys.read_text())[1]
        keys.write_text(keys.read_text().replace(until, "20240101"))
        assert refuses(log_in())
        world.support("--yes", "disable")


def test_who_has_the_seed(world):
    serial = world.status()["serial"]
    good = credential(serial)
    assert refuses(world.ssh(password=good))
    world.support("--yes", "sshaccess", text=SEED + "\n")
    assert lets_in(world.ssh(password=good))
    assert refuses(world.ssh(password=SEED))
    world.support("--yes", "disable")
    assert refuses(world.ssh(password=good))
    world.support("--yes", "sshaccess", text=SEED + "\n")
    assert lets_in(world.ssh(password=good))
    eight_days_later(world)
    assert refuses(world.ssh(password=good))
    # a key takes the place of the password
    world.support("--yes", "sshaccess", text=SEED + "\n")
    world.support("--yes", "--key", str(world.there.key) + ".pub",
                  "sshaccess")
    assert refuses(world.ssh(password=good))
    world.support("--yes", "disable")


# --- the tunnel ---

@pytest.fixture(scope="module")
def keyed(world):
    """With what logs in at the support host."""
    folder = world.postern.root / "etc/secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "techsupport.key"
    public = make_key(path)
    ssh = world.dir / "there/.ssh"
    ssh.mkdir(mode=0o755)
    (ssh / "authorized_keys").write_text(public + "\n")
    world.accounts.run(["usermod", "-p", "*", "tunnel"])
    return world


def tunnel(world, *more, status=0):
    return world.support("--yes", "--key", str(world.there.key) + ".pub",
                         *more, "tunnel", status=status)


def keeper(world):
    state = json.loads((world.postern.root / "state/techsupport.json")
                       .read_text())
    return state["tunnel"]["pid"]


def test_through_the_tunnel(keyed):
    world = keyed
    out = tunnel(world)
    now = world.status()
    port = now["tunnel_port"]
    assert "its port %d leads here" % port in out
    assert now["tunnel"] and now["port"] == THERE
    assert 0 < now["tunnel_expires"] - now["tunnel_since"] == 7 * 86400000
    assert "connected to 127.0.0.1 port %d since " % THERE in (
        world.support("status"))
    # from there one sees the SSH server of this machine
    assert banner(port).startswith("SSH-2.0-")
    keys = subprocess.run(["ssh-keyscan", "-t", "ed25519", "-p", str(port),
                           "127.0.0.1"], capture_output=True, text=True)
    assert world.here.public in keys.stdout
    # nobody's process, with nobody's rights
    pid = keeper(world)
    for p in [pid, *below(pid)]:
        status = pathlib.Path("/proc/%d/status" % p).read_text()
        assert "\nUid:\t65534\t65534\t65534\t65534\n" in status
        assert re.search(r"\nGroups:\s*\n", status)
        assert "\nNoNewPrivs:\t1\n" in status
        assert re.search(r"\nCapPrm:\t0+\n", status)
    assert len(below(pid)) == 1
    assert world.support("--yes", "tunnel", status=1) == (
        "There is a tunnel already.\n")
    # the support host goes, and comes back
    world.there.stop()
    wait_for("the loss", lambda: world.status()["tunnel_port"] == 0)
    assert "trying to connect to 127.0.0.1" in world.support("status")
    world.there.start()
    port = wait_for("it again", lambda: world.status()["tunnel_port"])
    assert banner(port).startswith("SSH-2.0-")
    assert keeper(world) == pid
    world.support("--yes", "disable")
    wait_for("its end", lambda: banner(port) == "" and dead(pid))
    wait_for("what is left", lambda: {
        p.name for p in (world.postern.root / "state/tunnel").iterdir()}
             == {"known_hosts", "log"})
    assert not world.status()["tunnel"]


def dead(pid):
    try:
        status = pathlib.Path("/proc/%d/status" % pid).read_text()
    except OSError:
        return True
    return "\nState:\tZ" in status


def test_the_tunnel_ends(keyed):
    """After seven days, or when that was said."""
    for wrong in ("0", "8d", "soon"):
        assert "--for " + wrong in tunnel(keyed, "--for", wrong, status=2)
    tunnel(keyed, "--for", "6s")
    port = keyed.status()["tunnel_port"]
    wait_for("its end", lambda: not keyed.status()["tunnel"])
    wait_for("the connection's", lambda: banner(port) == "")
    wait_for("that of the key", lambda: not (
        keyed.postern.root / "state/tunnel/key").exists())
    keyed.support("--yes", "disable")


def test_interrupted_while_it_begins(keyed):
    """It is there all the same, and disable ends it."""
    keyed.there.pause()
    words = keyed.accounts.inside(
        [str(BIN / "postern"), "--root", str(keyed.postern.root),
         "techsupport", "--yes", "--generate", "tunnel"])
    p = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL,
                         preexec_fn=lambda: signal.signal(
                             signal.SIGINT, signal.SIG_DFL))
    wait_for("the record", lambda: keyed.status()["tunnel"])
    os.kill(p.pid, signal.SIGINT)
    assert p.wait(60) != 0
    keyed.there.resume()
    port = wait_for("it", lambda: keyed.status()["tunnel_port"])
    assert banner(port).startswith("SSH-2.0-")
    keyed.support("--yes", "disable")
    wait_for("its end", lambda: banner(port) == "")


def test_a_support_host_that_is_not_the_one(keyed, tmp_path):
    path = keyed.postern.root / "etc/postern.yaml"
    text = path.read_text()

    def refused(old, new, why):
        path.write_text(text.replace(old, new))
        assert old in text
        out = tunnel(keyed, status=4)
        path.write_text(text)
        assert "the tunnel could not be made: " in out and why in out, out
        assert not keyed.status()["tunnel"]

    refused(keyed.there.public, keyed.here.public,
            "Host key verification failed.")
    refused("port: %d" % THERE, "port: %d" % (THERE + 5),
            "Connection refused")
    # another account there, another key of ours
    refused("  port: %d\n" % THERE, "  port: %d\n  account: root\n" % THERE,
            "Permission denied")
    secret = keyed.postern.root / "etc/secrets/techsupport.key"
    was = secret.read_text()
    (tmp_path / "other").unlink(missing_ok=True)
    make_key(tmp_path / "other")
    secret.write_text((tmp_path / "other").read_text())
    refused("port: %d" % THERE, "port: %d" % THERE, "Permission denied")
    secret.unlink()
    assert "techsupport.key" in tunnel(keyed, status=1)
    secret.write_text(was)
    keyed.support("--yes", "disable")
