"""`postern queue check` and `queue repair`: a real spool, damaged in many ways.

Nothing that was accepted is lost: each recipient gets his message when the
gateway is started again, or it stands in spool/corrupt and the report names
it.  With the accounts of the programs when this runs as root.
"""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import BIN, ROOT_USER, Suite, wait_for

BIG = b"\r\n" + (b"y" * 70 + b"\r\n") * 800
SLOTS = "incoming/slots.0"


@pytest.fixture(scope="module")
def postern():
    """Stopped, with messages that wait: files and slots."""
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"),
               CONFIG + "\nsystem: {workers: 1}\n") as s:
        with Sink(s.sink_port, {"RCPT": "451 4.7.1 later"}):
            for i in range(12):
                s.submit(rcpts=["r%d@example.com" % i],
                         body=b"Subject: %d\r\n" % i + BIG)
            wait_for("all deferred", lambda: len(list(
                (s.root / "spool/deferred").glob("??/[0-9]*"))) == 12)
            s.stop()
        yield s
    shutil.rmtree(folder, ignore_errors=True)


def spool(s):
    return s.root / "spool"


def queue(s, *words, text=None, ok=(0, 1)):
    r = subprocess.run([str(BIN / "postern"), "--root", str(s.root), "queue",
                        *words], input=text, capture_output=True, text=True,
                       timeout=120)
    assert r.returncode in ok, (r.returncode, r.stdout, r.stderr)
    return r


def files(s):
    return sorted((spool(s) / "deferred").glob("??/[0-9]*"),
                  key=lambda p: int(p.name))


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0x20
    with open(path, "r+b") as f:
        f.write(data)


def test_a_queue_that_is_whole(postern):
    r = queue(postern, "check", ok=(0,))
    assert "The queue is in order." in r.stdout
    answer = json.loads(queue(postern, "check", "--json", ok=(0,)).stdout)
    assert answer["in_order"] and not answer["running"]
    assert answer["sums"]["messages"] == 12
    assert answer["sums"]["open_recipients"] == 12
    r = queue(postern, "repair", "--yes", ok=(0,))
    assert "The queue is in order." in r.stdout


def test_while_another_holds_the_lock(postern):
    """The master takes it before it looks at the spool."""
    with open(spool(postern) / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        r = queue(postern, "repair", "--yes", ok=(1,))
        assert "Another repair works on this queue" in r.stderr
        (spool(postern) / "lock").write_text("%d\n" % os.getpid())
        r = queue(postern, "repair", "--yes", ok=(1,))
        assert "process %d): stop it first" % os.getpid() in r.stderr
        answer = json.loads(queue(postern, "check", "--json").stdout)
        assert answer["running"]


def damage(s):
    """Returns the MIDs that are damaged before COMMIT."""
    v = files(s)
    flip(v[0], 100)                             # its envelope
    flip(v[1], 5000)                            # its content
    flip(v[2], v[2].stat().st_size - 5)         # its last record
    flip(v[3], v[3].stat().st_size - 100)       # one before it
    os.truncate(v[4], 400)
    shutil.move(v[5], v[5].parent.parent / "1e" / v[5].name)
    shutil.copy2(v[6], spool(s) / "incoming" / v[6].parent.name / v[6].name)
    os.link(v[7], s.root / "outside")
    os.link(v[8], spool(s) / "incoming" / v[8].parent.name / v[8].name)
    v[9].chmod(0o644)
    os.symlink("/etc/passwd", spool(s) / "incoming/00/100000")
    os.mkfifo(spool(s) / "quarantine/00/100001")
    (spool(s) / "deferred/.state.new").write_text("{")
    (spool(s) / "deferred/.state").write_text("{")
    (spool(s) / "incoming/00/64").write_bytes(b"")
    (spool(s) / "deferred/core").write_text("x")
    if ROOT_USER:
        # as after a restore by cp: root's, unreadable for the programs
        os.chown(v[10], 0, 0)
        v[10].chmod(0o600)
        # another's file, which must not be given away
        other = spool(s) / "incoming/03/200"
        other.write_text("secret\n")
        os.chown(other, 0, 0)
        other.chmod(0o600)
        os.rmdir(spool(s) / "quarantine/1f")
    return [int(v[i].name) for i in (0, 1, 4)]


def test_damage_is_found_and_mended(postern):
    lost = damage(postern)
    before = {p: p.read_bytes() for p in spool(postern).rglob("*")
              if p.is_file() and not p.is_symlink()}
    checked = queue(postern, "check", ok=(1,))
    print(checked.stdout)
    assert before == {p: p.read_bytes() for p in spool(postern).rglob("*")
                      if p.is_file() and not p.is_symlink()}
    for what in ("wrong checksum", "names", "belongs into folder",
                 "symbolic link", "a pipe", "mode", "cut off",
                 "paused", "two places"):
        assert what in checked.stdout, what
    r = queue(postern, "repair", "--yes", "--backup", ok=(0,))
    print(r.stdout)
    assert "The queue is in order." in r.stdout
    for mid in lost:
        assert "corrupt/%d.damaged" % mid in r.stdout
        assert (spool(postern) / "corrupt" / ("%d.damaged" % mid)).exists()
    (saved,) = (spool(postern) / "corrupt").glob("before-repair.*")
    name = "deferred-00-%d" % lost[0]
    if (saved / name).exists():
        assert (saved / name).read_bytes() == before[
            spool(postern) / "deferred/00" / str(lost[0])]
    assert "The queue is in order." in queue(postern, "check", ok=(0,)).stdout
    if ROOT_USER:
        aside = spool(postern) / "corrupt/200.stranger"
        assert aside.stat().st_uid == 0
        assert aside.stat().st_mode & 0o777 == 0o600


def test_the_rest_is_delivered(postern):
    """The damaged ones excepted, everybody gets his message."""
    with Sink(postern.sink_port) as sink:
        postern.start()
        want = {"r%d@example.com" % i for i in range(12) if i not in (0, 1, 4)}
        postern.deliver("what was mended", lambda: want <= set(sink.rcpts()))
        r = queue(postern, "check", "--json", ok=(0,))
        assert json.loads(r.stdout)["running"]
        r = queue(postern, "repair", "--yes", ok=(1,))
        assert "stop it first" in r.stderr
        postern.stop()
    assert "The queue is in order." in queue(postern, "check", ok=(0,)).stdout


def test_slots_without_state(postern):
    """What stands in them becomes files; a question must be answered."""
    postern.start()
    postern.submit(rcpts=["slot@example.com"], body=b"Subject: s\r\n\r\nx\r\n")
    postern.stop(how=9)
    (spool(postern) / (SLOTS + ".state")).unlink()
    assert "no state" in queue(postern, "check", ok=(1,)).stdout
    queue(postern, "repair", ok=(2,))
    r = subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root), "repairqueue",
         "--yes", "--json"], capture_output=True, text=True, timeout=120)
    answer = json.loads(r.stdout)
    assert r.returncode == 0 and answer["in_order"], answer
    with Sink(postern.sink_port) as sink:
        postern.start()
        postern.deliver("what was in a slot",
                        lambda: "slot@example.com" in sink.rcpts())
        postern.stop()


def test_what_stands_in_the_way(postern):
    """Of the things beside messages, what is no file, or is missing, costs
    nothing else, and a copy can be made all the same."""
    postern.start()
    postern.submit(rcpts=["way@example.com"], body=b"Subject: s\r\n\r\nx\r\n")
    postern.stop(how=9)
    (spool(postern) / (SLOTS + ".state")).unlink()
    os.mkfifo(spool(postern) / (SLOTS + ".state"))
    for name in (".orders", ".state"):
        (spool(postern) / "deferred" / name).unlink(missing_ok=True)
    os.mkfifo(spool(postern) / "deferred/.orders")
    os.symlink("/etc/passwd", spool(postern) / "deferred/.state")
    shutil.rmtree(spool(postern) / "corrupt")
    r = queue(postern, "repair", "--yes", "--backup", ok=(0,))
    assert "The queue is in order." in r.stdout
    with Sink(postern.sink_port) as sink:
        postern.start()
        postern.deliver("what was in a slot",
                        lambda: "way@example.com" in sink.rcpts())
        postern.stop()


@pytest.mark.skipif(not ROOT_USER, reason="needs the accounts")
def test_fil_02_a_planted_link_is_not_followed(postern):
    """Folders belong to the programs' accounts: a taken-over one may put
    anything there, and has nothing of it."""
    victim = postern.root / "victim"
    victim.write_bytes(b"POSTERNQ" + b"x" * 100)
    victim.chmod(0o600)
    os.symlink(victim, spool(postern) / "incoming/00/1")
    os.link(victim, spool(postern) / "incoming/00/2")
    os.rmdir(spool(postern) / "incoming/1f")
    os.symlink(postern.root, spool(postern) / "incoming/1f")
    before = victim.stat()
    queue(postern, "repair", "--yes", ok=(1,))
    after = victim.stat()
    assert (before.st_uid, before.st_mode, before.st_size) == (
        after.st_uid, after.st_mode, after.st_size)
    assert victim.read_bytes() == b"POSTERNQ" + b"x" * 100
    os.unlink(spool(postern) / "incoming/1f")
    queue(postern, "repair", "--yes", ok=(0,))
