"""Disks that are full, read-only or lying: 4xx, and nothing is lost."""
import os
import pathlib
import subprocess

import pytest

from conftest import CONFIG
from sink import Sink
from suite import ROOT_USER, Suite, wait_for

needs_mount = pytest.mark.skipif(not ROOT_USER, reason="mounting needs root")
SMALL = CONFIG + "\nsystem:\n  reserve: 1M\n"


@pytest.fixture
def small_disk(folder):
    """A suite whose spool lies on a file system of 12 MB."""
    base = folder / "small"
    s = Suite(base, SMALL, start=False)
    spool = s.root / "spool"
    spool.mkdir(mode=0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=711",
                    "tmpfs", str(spool)], check=True)
    try:
        s.start()
        yield s
        s.stop()
    finally:
        subprocess.run(["umount", str(spool)], check=True)


@needs_mount
def test_dur_09_a_full_disk_is_a_4xx_and_delivery_goes_on(small_disk):
    s = small_disk
    accepted, refused = [], []
    body = b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 3000
    for i in range(80):
        with s.client() as c:
            rcpt = "r%d@example.com" % i
            r = c.mail(rcpts=[rcpt], body=body)
            (accepted if r[0] == 250 else refused).append((rcpt, r))
    assert accepted and refused
    assert all(400 <= r[0] < 500 for _, r in refused), refused[0]
    # what was refused left nothing behind
    assert len(s.queued()) == len(accepted)
    with Sink(s.sink_port) as sink:
        s.postern("delivernow", "all")
        sink.wait(len(accepted), 60)
        s.wait_empty()
        assert sorted(sink.rcpts()) == sorted(r for r, _ in accepted)
        with s.client() as c:           # there is room again
            assert c.mail(body=body)[0] == 250
        sink.wait(len(accepted) + 1)


@needs_mount
def test_dur_11_a_read_only_spool_is_a_4xx(small_disk):
    s = small_disk
    with s.client() as c:
        assert c.mail(rcpts=["before@example.com"])[0] == 250
    remount(s, "ro")
    try:
        with s.client() as c:
            r = c.mail()
            assert 400 <= r[0] < 500, r
        assert len(s.pids()) >= 6
    finally:
        remount(s, "rw")
    with s.client() as c:
        assert c.mail(rcpts=["after@example.com"])[0] == 250
    with Sink(s.sink_port) as sink:
        s.postern("delivernow", "all")
        sink.wait(2)
        assert sorted(sink.rcpts()) == ["after@example.com",
                                        "before@example.com"]


def remount(s, how):
    """Remounting fails while a file is open for writing: wait for that."""
    wait_for("remount " + how, lambda: subprocess.run(
        ["mount", "-o", "remount," + how, str(s.root / "spool")],
        capture_output=True).returncode == 0)


def test_fil_01_corrupt_queue_files_are_set_aside(postern):
    mids = []
    for i in range(6):
        with postern.client() as c:
            code, text = c.mail(rcpts=["r%d@example.com" % i])
            assert code == 250
            mids.append(int(text[0].split("Message ")[1].split()[0]))
    wait_for("six queued messages", lambda: len(postern.queued()) == 6)
    postern.stop()
    paths = {int(p.name): p for place in ("incoming", "deferred")
             for p in (postern.root / "spool" / place).glob("*/[0-9]*")}
    damage(paths[mids[0]], 20, b"\xff" * 8)             # header
    damage(paths[mids[1]], 300, b"\x00" * 40)           # envelope
    paths[mids[2]].write_bytes(b"")                     # empty: a draft
    data = paths[mids[3]].read_bytes()
    paths[mids[3]].write_bytes(data + b"\x04\x00\x00\x00\xff\xff\xff\xff")
    postern.start()
    with Sink(postern.sink_port) as sink:
        postern.postern("delivernow", "all", ok=(0, 1))
        want = {"r%d@example.com" % i for i in (3, 4, 5)}
        wait_for("the whole ones", lambda: want <= set(sink.rcpts()))
        postern.wait_empty()
        assert set(sink.rcpts()) == want
        with postern.client() as c:
            assert c.mail(rcpts=["new@example.com"])[0] == 250
        wait_for("new mail", lambda: "new@example.com" in sink.rcpts())
    aside = list((postern.root / "spool/corrupt").iterdir())
    assert len(aside) == 2, aside
    assert len(postern.wait_log("corrupt queue file")) == 2


def damage(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


def test_dur_01_nothing_is_acknowledged_before_it_is_synced(make_suite,
                                                            folder):
    """The system calls of cleanup: the file's sync and its folder's sync
    stand between its writing and its acknowledgement."""
    trace = folder / "strace"
    postern = make_suite(wrap=["strace", "-f", "-y", "-s", "64", "-o", trace,
                               "-e", "trace=pwritev,pwrite64,pwritev2,fsync,"
                               "fdatasync,syncfs,unlinkat,sendmsg"])
    with Sink(postern.sink_port) as sink:
        for i in range(5):
            with postern.client() as c:
                assert c.mail(rcpts=["r%d@example.com" % i])[0] == 250
        sink.wait(5)
    postern.stop(seconds=60)
    written, synced, folders, n = {}, set(), 0, 0
    for line in trace.read_text(errors="replace").splitlines():
        if "spool/incoming" not in line and "ok:  Message" not in line:
            continue
        path = line.split("<", 1)[1].split(">", 1)[0] if "<" in line else ""
        if "pwrite" in line and "POSTERN" in line:
            written[path] = True
            n += 1
        elif "sync(" in line and path.rsplit("/", 1)[-1].isdigit():
            assert path in written or path.count("/"), line
            synced.add(path)
        elif "sync(" in line:
            folders += 1
    assert n == 5, n
    assert set(written) <= synced, (written, synced)
    assert folders >= 1
