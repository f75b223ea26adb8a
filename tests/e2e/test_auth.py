"""AUTH: users of our own, users of another server, and what comes of it."""
import base64
import hashlib
import hmac
import os
import smtplib
import socket
import subprocess
import threading
import time

import pytest

from ports import free_port
from sink import Sink
from suite import wait_for

CONFIG = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { secrets_interval: 1 }
interfaces:
  - { name: Net, ip: 127.0.0.1 }
auth_profiles:
  - { name: House, users: house.users }
  - { name: Other, type: forward, servers: "127.0.0.1:@OTHER@", tls: off,
      timeout: 6 }
listeners:
  - name: In
    port: @PORT@
    auth_profile: House
    hat: { defaults: { smtp_auth: on, auth_require_tls: off } }
    rat: [ example.com ]
  - name: Submit
    type: private
    port: @PRIVATE_PORT@
    auth_profile: Other
    hat:
      defaults: { smtp_auth: required, auth_require_tls: off }
      groups: [ { name: ALL, policy: $ACCEPTED } ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""


class Other(threading.Thread):
    """A mail server that knows one user, and can be told to be busy."""

    def __init__(self):
        super().__init__(daemon=True)
        self.port = free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.mode = "ok"
        self.asked, self.over = [], threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            with conn, conn.makefile("rwb") as f:
                conn.settimeout(60)
                try:
                    self.talk(f)
                except OSError:
                    pass

    def talk(self, f):
        def say(line):
            f.write(line.encode() + b"\r\n")
            f.flush()
        say("220 other")
        for line in f:
            words = line.decode().split()
            if words[0] == "EHLO":
                say("250-other\r\n250 AUTH PLAIN")
            elif words[0] == "AUTH":
                _, user, password = base64.b64decode(words[2]).split(b"\0")
                self.asked.append(user.decode())
                if self.mode == "mute":
                    self.over.wait(60)
                    return
                say("454 busy" if self.mode == "busy" else
                    "235 yes" if (user, password) == (b"ann", b"secret")
                    else "535 no")
            else:
                say("221 bye")
                return

    def close(self):
        self.over.set()
        self.listener.close()


@pytest.fixture
def other():
    o = Other()
    yield o
    o.close()


@pytest.fixture
def postern(make_suite, other):
    s = make_suite(CONFIG.replace("@OTHER@", str(other.port)), start=False)
    secrets = s.root / "etc/secrets"
    secrets.mkdir(mode=0o700)
    for name, password in (("joe", "pencil"), ("jörg", "bleistift ü")):
        s.postern("smtpauthconfig", "user", "House", name, text=password + "\n")
    s.start()
    s.wait_log("users of profile House: 2")
    return s


def login(port, user, password, *mechanisms):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as c:
        c.ehlo("c.test")
        for m in mechanisms or c.esmtp_features["auth"].split():
            if m == "PLAIN":
                text = "\0%s\0%s" % (user, password)
                code, _ = c.docmd("AUTH", "PLAIN " + b64(text))
            elif m == "LOGIN":
                c.docmd("AUTH", "LOGIN")
                c.docmd(b64(user))
                code, _ = c.docmd(b64(password))
            else:
                continue
            yield m, code
            c.docmd("RSET")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def test_our_own_users(postern):
    assert [c for _, c in login(postern.port, "jörg", "bleistift ü")][0] == 235
    assert dict(login(postern.port, "joe", "pencil", "PLAIN")) == {
        "PLAIN": 235}
    assert dict(login(postern.port, "joe", "pencil", "LOGIN")) == {
        "LOGIN": 235}
    assert dict(login(postern.port, "joe", "wrong", "PLAIN", "LOGIN")) == {
        "PLAIN": 535, "LOGIN": 535}
    log = "\n".join(postern.log())
    assert "succeeded for user: joe using AUTH mechanism: LOGIN with " \
        "profile: House" in log
    assert ") failed for user: joe using AUTH mechanism: PLAIN" in log
    assert "pencil" not in log and "wrong" not in log


def say_scram(c, user, password):
    """The sums are python's."""
    first = "n=%s,r=fyko+d2lbbFgONRv9qkxdawL" % user
    code, text = c.docmd("AUTH", "SCRAM-SHA-256 " + b64("n,," + first))
    assert code == 334
    challenge = base64.b64decode(text).decode()
    f = dict(p.split("=", 1) for p in challenge.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(),
                                 base64.b64decode(f["s"]), int(f["i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    last = "c=biws,r=" + f["r"]
    message = ",".join((first, challenge, last)).encode()
    mask = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, mask))
    code, text = c.docmd(b64(last + ",p=" + base64.b64encode(proof).decode()))
    if code != 334:
        return code
    server = hmac.digest(salted, b"Server Key", "sha256")
    assert base64.b64decode(text) == b"v=" + base64.b64encode(
        hmac.digest(server, message, "sha256"))
    return c.docmd("")[0]


def test_scram(postern):
    with smtplib.SMTP("127.0.0.1", postern.port, timeout=60) as c:
        c.ehlo("c.test")
        assert say_scram(c, "joe", "wrong") == 535
        assert say_scram(c, "joe", "pencil") == 235
    with smtplib.SMTP("127.0.0.1", postern.port, timeout=60) as c:
        c.ehlo("c.test")
        code, text = c.docmd("AUTH", "SCRAM-SHA-256 " + b64("n,,n=no,r=x"))
        assert code == 334 and b"i=100000" in base64.b64decode(text)
        assert c.docmd("*")[0] == 501


def swaks(port, *more):
    return subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(port), "--from",
         "joe@example.com", "--to", "x@elsewhere.test", "--helo", "c.test",
         *more], capture_output=True, text=True, timeout=60)


def test_rel_11_swaks_relays(postern):
    with Sink(postern.sink_port) as sink:
        r = swaks(postern.port)
        assert "550" in r.stdout and r.returncode != 0
        for m in "PLAIN", "LOGIN":
            r = swaks(postern.port, "--auth", m, "--auth-user", "joe",
                      "--auth-password", "pencil")
            assert r.returncode == 0, r.stdout
            assert "235 2.7.0" in r.stdout
        r = swaks(postern.port, "--auth", "PLAIN", "--auth-user", "joe",
                  "--auth-password", "pen")
        assert r.returncode != 0
        got = wait_for("two messages",
                       lambda: sink.messages if len(sink.messages) == 2
                       else None)
        assert b"with ESMTPA" in got[0].body


def test_another_server_knows(postern, other):
    def codes(user, password):
        return [c for _, c in login(postern.private_port, user, password)]
    assert codes("ann", "secret")[0] == 235
    assert codes("ann", "Secret") == [535, 535]
    with smtplib.SMTP("127.0.0.1", postern.private_port, timeout=60) as c:
        c.ehlo("c.test")
        assert c.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        assert c.mail("ann@example.com")[0] == 530
    other.mode = "busy"
    assert codes("bob", "secret")[0] == 454
    other.mode = "mute"
    begun = time.monotonic()
    assert codes("bob", "secret")[0] == 454
    assert 5 < time.monotonic() - begun < 40
    assert set(other.asked) == {"ann", "bob"}


@pytest.mark.long
def test_users_change_without_commit(postern):
    postern.postern("smtpauthconfig", "user", "House", "joe",
                    text="eraser\n")
    wait_for("the users again", lambda: sum(
        "users of profile House: 2" in l for l in postern.log_so_far()) == 2)
    assert [c for _, c in login(postern.port, "joe", "eraser", "PLAIN")] == [
        235]
    # a mistake in the file leaves those in force who were there
    users = postern.root / "etc/secrets/house.users"
    users.write_text(users.read_text() + "tim:secret\n")
    wait_for("the complaint",
             lambda: "secret of tim is none that can be used"
             in "\n".join(postern.log_so_far()), seconds=90)
    assert [c for _, c in login(postern.port, "joe", "eraser", "PLAIN")] == [
        235]
    assert "eraser" not in "\n".join(postern.log())
    assert oct(users.stat().st_mode & 0o777) == "0o600"


def test_keyd_is_killed(postern):
    for _ in range(2):
        pid = postern.pids()["keyd 0"]
        os.kill(pid, 9)
        codes = [c for _, c in login(postern.port, "joe", "pencil",
                                     "PLAIN")]
        assert codes[0] in (235, 454)
        wait_for("another keyd", lambda: postern.pids().get(
            "keyd 0") not in (None, pid))
    # 454 is no failure, and makes nobody wait
    wait_for("the users", lambda: [c for _, c in login(
        postern.port, "joe", "pencil", "PLAIN")] == [235])
