"""Keys and certificates that come, go and break; and where keys are."""
import os
import re
import signal
import time

import pytest

from suite import ROOT_USER, Client, wait_for
from tls_kit import (WATCHFUL, TlsClient, certificate, context, make_tls,
                     openssl, own, prepare, secrets, shows, tls)

__all__ = ["make_tls", "tls"]       # fixtures


@pytest.mark.long
def test_certificates_that_change(make_tls):
    t = make_tls(WATCHFUL)
    where = secrets(t.root)
    assert shows(t, "mx")
    with TlsClient(t.port) as old:
        certificate(where, "mx", "mx.postern.test", days=5)
        wait_for("the new certificate", lambda: shows(t, "mx"))
        assert old.mail()[0] == 250     # it goes on as it began
    t.wait_log("certificate mx expires in 4 days")
    # a key that does not fit: the old pair stays
    good = own(t)
    certificate(where, "new", "mx.postern.test")
    (where / "new.crt").rename(where / "mx.crt")
    t.wait_log("the private key is not that of the certificate; "
               "the one before it stays in use")
    with TlsClient(t.port) as c:
        assert c.peer() == good
    (where / "new.key").rename(where / "mx.key")
    wait_for("the newest certificate", lambda: shows(t, "mx"))
    # others may read it: not used; and nothing at all
    (where / "mx.key").chmod(0o640)
    t.wait_log("secrets/mx.key: its mode 0640 lets others use it")
    (where / "mx.key").unlink()
    t.wait_log("secrets/mx.key: No such file or directory")
    assert shows(t, "mx")


def test_no_certificate_at_hand(make_tls, folder):
    s = prepare(folder / "none")
    try:
        (secrets(s.root) / "mx.key").write_text("nonsense\n")
        s.start()
        s.wait_log("certificate mx: secrets/mx.key: no private key in PEM "
                   "form")
        with Client(s.port) as c:
            assert "STARTTLS" not in c.cmd("EHLO c.test")[1]
            assert c.cmd("STARTTLS")[0] == 454
            assert c.mail()[0] == 250
    finally:
        s.stop()


@pytest.mark.long
def test_key_03_secrets_that_others_may_read(folder):
    s = prepare(folder / "open", WATCHFUL)
    where = secrets(s.root)
    try:
        for what, mode, good in ((where, 0o755, 0o700),
                                 (where / "mx.key", 0o640, 0o600)):
            what.chmod(mode)
            s.start(expect_ready=False)     # no first revision of that
            assert s.proc.wait(60) != 0
            assert "has mode %04o" % mode in s.output()
            what.chmod(good)
        s.start()
        wait_for("TLS", lambda: shows(s, "mx"))
        (where / "mx.key").chmod(0o604)
        path = s.root / "etc/postern.yaml"
        path.write_text(path.read_text() + "# changed\n")
        s.postern("commit", "loose", ok=(1, 2))
        (where / "mx.key").chmod(0o600)
        s.postern("commit", "tight")
        where.chmod(0o750)
        s.wait_log("it must belong to uid")
        assert shows(s, "mx")               # what it has it keeps
    finally:
        s.stop()


@pytest.mark.long
def test_keyd_dies_during_handshakes(make_tls):
    """Handshakes fail or succeed, none hangs; soon all is as before."""
    t = make_tls()
    end = time.monotonic() + 120
    good = bad = kills = 0
    kill_at = time.monotonic() + 0.5
    while (kills < 2 or good < 5) and time.monotonic() < end:
        if time.monotonic() > kill_at and "keyd 0" in t.pids():
            t.kill("keyd 0")
            kills += 1
            kill_at += 1.5
        try:
            with TlsClient(t.port, timeout=5) as c:
                assert c.cmd("NOOP")[0] == 250
            good += 1
        except (OSError, AssertionError):
            bad += 1
            time.sleep(0.02)
    assert good >= 5 and kills >= 2, (good, bad, kills)
    wait_for("TLS again", lambda: shows(t, "mx"))
    with TlsClient(t.port) as c:
        assert c.mail()[0] == 250


def test_keyd_is_gone(make_tls):
    """One that keeps dying is away for a second, or for two, or for four: 454
    meanwhile."""
    def kill():
        """It may go in the moment that we look."""
        try:
            t.kill("keyd 0")
        except (KeyError, ProcessLookupError):
            return False
        return True

    def refused():
        """smtpd hears of it a moment later."""
        with Client(t.port) as c:
            return c.cmd("STARTTLS") == (
                454, ["4.7.0 TLS is not available for the moment"]) \
                and c.mail()[0] == 250

    def was_away():
        wait_for("the next keyd", kill)
        while "keyd 0" not in t.pids():
            if refused():
                return True
        return False                # we were too slow
    t = make_tls()
    t.kill("keyd 0")
    assert any(was_away() for _ in range(6)), "it was never away"
    wait_for("TLS again", lambda: shows(t, "mx"))


def test_keyd_does_not_answer(make_tls):
    t = make_tls()
    pid = t.pids()["keyd 0"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with Client(t.port) as c:
            assert c.cmd("STARTTLS")[0] == 220
            c.sock.settimeout(1)
            with pytest.raises(OSError):
                context().wrap_socket(c.sock)
        with Client(t.port) as c:       # others do not wait for it
            assert c.mail()[0] == 250
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for("TLS again", lambda: shows(t, "mx"))


@pytest.mark.long
@pytest.mark.skipif(not ROOT_USER, reason="the memory of a process that is "
                    "not dumpable is for root only")
def test_key_01_no_key_outside_of_keyd(tls):
    """Neither the key's numbers nor its PEM, in the memory of any other."""
    with TlsClient(tls.port) as c:
        assert c.mail()[0] == 250
    where = secrets(tls.root)
    found = {}
    for name in ("mx", "mx-rsa"):
        pem = (where / (name + ".key")).read_text()
        lines = [l.encode() for l in pem.splitlines() if "-" not in l]
        needles = [lines[1]] + private_numbers(where / (name + ".key"))
        for program, pid in tls.pids().items():
            for n in needles:
                if in_memory(pid, n):
                    found.setdefault(program.split()[0], set()).add(name)
    assert found == {"keyd": {"mx", "mx-rsa"}}


def private_numbers(key):
    """As they lie in memory: of the most significant byte first or last."""
    text = openssl("pkey", "-in", key, "-text", "-noout")
    part = text.split("priv:" if "priv:" in text else "prime1:")[1]
    digits = re.match(r"[\s0-9a-f:]+", part).group()
    number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
    return [number, number[::-1]]


def in_memory(pid, needle):
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            area, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in area.split("-"))
            try:
                mem.seek(start)
                if needle in mem.read(end - start):
                    return True
            except (OSError, ValueError, OverflowError):
                continue        # not backed by memory
    return False
