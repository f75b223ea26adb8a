"""Disks that are full, read-only or lying: 4xx, and nothing is lost."""
import os
import re
import subprocess

import pytest

from conftest import CONFIG
from sink import Sink
from suite import ROOT_USER, Suite, wait_for

needs_mount = pytest.mark.skipif(not ROOT_USER, reason="mounting needs root")
SMALL = CONFIG + "\nsystem:\n  reserve: 1M\n"


@pytest.fixture
def small_disk(folder, request):
    """A suite whose spool lies on a file system of 12 MB."""
    options = getattr(request, "param", "size=12m")
    base = folder / "small"
    s = Suite(base, SMALL, start=False)
    spool = s.root / "spool"
    spool.mkdir(mode=0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options + ",mode=711",
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
        rcpt = "r%d@example.com" % i
        r = s.offer(rcpts=[rcpt], body=body)
        (accepted if r[0] == 250 else refused).append((rcpt, r))
    assert accepted and refused
    assert all(400 <= r[0] < 500 for _, r in refused), refused[0]
    # what was refused left nothing behind
    wait_for("the accepted ones alone",
             lambda: len(s.queued()) == len(accepted))
    with Sink(s.sink_port) as sink:
        s.deliver("all of them", lambda: len(sink.messages) >= len(accepted))
        s.wait_empty()
        assert sorted(sink.rcpts()) == sorted(r for r, _ in accepted)
        s.submit(body=body)             # there is room again
        sink.wait(len(accepted) + 1)


@needs_mount
@pytest.mark.parametrize("small_disk", ["size=256m,nr_inodes=1500"],
                         indirect=True)
def test_dur_10_no_inodes_are_a_4xx_and_delivery_goes_on(small_disk):
    s = small_disk
    body = b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 3000
    accepted = ["r%d@example.com" % i for i in range(4)]
    with Sink(s.sink_port, {"RCPT": "451 4.7.1 later"}):
        for rcpt in accepted:
            with s.client() as c:
                assert c.mail(rcpts=[rcpt], body=body)[0] == 250
        wait_for("the deferred files", lambda: len(list(
            (s.root / "spool/deferred").glob("*/[0-9]*"))) == 4)
    fill, n = s.root / "spool/fill", 0
    fill.mkdir()
    with pytest.raises(OSError):
        for n in range(10000):
            (fill / str(n)).touch()
    def refused():
        r = s.offer(body=body)
        return 400 <= r[0] < 500 and r
    wait_for("a refusal", refused)
    wait_for("a 452", lambda: (refused() or [0])[0] == 452)
    with Sink(s.sink_port) as sink:
        s.deliver("all of them", lambda: len(sink.messages) >= len(accepted))
        s.wait_empty()
        assert sorted(sink.rcpts()) == accepted
        for f in fill.iterdir():
            f.unlink()
        wait_for("room", lambda: not refused())
        sink.wait(len(accepted) + 1)
    assert not [l for l in s.log() if "ended by signal" in l]


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
        s.deliver("both", lambda: len(sink.messages) >= 2)
        assert sorted(sink.rcpts()) == ["after@example.com",
                                        "before@example.com"]


def remount(s, how):
    """Remounting fails while a file is open for writing: wait for that."""
    wait_for("remount " + how, lambda: subprocess.run(
        ["mount", "-o", "remount," + how, str(s.root / "spool")],
        capture_output=True).returncode == 0)


def accept(postern, n):
    mids = []
    for i in range(n):
        with postern.client() as c:
            code, text = c.mail(rcpts=["r%d@example.com" % i])
            assert code == 250
            mids.append(int(text[0].split("Message ")[1].split()[0]))
    return mids


def test_fil_01_corrupt_queue_files_are_set_aside(postern):
    with Sink(postern.sink_port, {"RCPT": "451 4.7.1 later"}):
        mids = accept(postern, 6)
        spool = postern.root / "spool/deferred"
        wait_for("six deferred files",
                 lambda: len(list(spool.glob("*/[0-9]*"))) == 6)
    postern.stop()
    paths = {int(p.name): p for p in spool.glob("*/[0-9]*")}
    damage(paths[mids[0]], 20, b"\xff" * 8)             # header
    damage(paths[mids[1]], 100, b"\x00" * 20)           # envelope
    content = paths[mids[2]].read_bytes().index(b"hello")
    damage(paths[mids[2]], content, b"HELLO")           # content
    data = paths[mids[3]].read_bytes()
    paths[mids[3]].write_bytes(data + b"\x04\x00\x00\x00\xff\xff\xff\xff")
    postern.start()
    with Sink(postern.sink_port) as sink:
        want = {"r%d@example.com" % i for i in (3, 4, 5)}
        postern.deliver("the whole ones", lambda: want <= set(sink.rcpts()))
        postern.wait_empty()
        assert set(sink.rcpts()) == want
        with postern.client() as c:
            assert c.mail(rcpts=["new@example.com"])[0] == 250
        wait_for("new mail", lambda: "new@example.com" in sink.rcpts())
    aside = list((postern.root / "spool/corrupt").iterdir())
    assert len(aside) == 3, aside
    wait_for("what is told of them", lambda: len(
        postern.wait_log("corrupt queue file")) == 3)


def test_fil_01_a_damaged_slot_is_told_and_never_used_again(postern):
    """No next hop: what was accepted waits where it was committed."""
    accept(postern, 4)
    wait_for("four queued messages", lambda: len(postern.queued()) == 4)
    postern.stop()
    damaged = 0
    for data in (postern.root / "spool/incoming").glob("slots.[0-9]"):
        raw = data.read_bytes()
        at = raw.find(b"hello")
        if at != -1 and not damaged:
            damage(data, at, b"HELLO")
            damaged += 1
    assert damaged == 1
    postern.start()
    with Sink(postern.sink_port) as sink:
        postern.deliver("the whole ones", lambda: len(sink.messages) >= 3)
        accept(postern, 4)
        wait_for("new mail", lambda: len(sink.messages) == 7)
        assert all(b"hello" in m.raw for m in sink.messages)
    assert postern.wait_log("corrupt queue file: slot")
    wait_for("one", lambda: len(postern.queued()) == 1)     # left as it is


def damage(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>)(.*)$")


def calls(trace):
    """Whole system calls: name, path of the descriptor, the rest, what came
    of it, and the line."""
    begun = {}
    for line in trace.read_text(errors="replace").splitlines():
        m = CALL.match(line)
        if not m:
            continue
        pid, name, how, rest = m.groups()
        if how == "(" and rest.endswith("<unfinished ...>"):
            begun[pid] = rest
            continue
        if how != "(":
            rest = begun.pop(pid, "") + rest
        path = rest.split("<", 1)[1].split(">", 1)[0] if "<" in rest else ""
        yield name, path, rest, rest.rpartition("= ")[2], line


needs_names = pytest.mark.skipif(
    not ROOT_USER, reason="the names of descriptors of a process that is not "
    "dumpable need root")


@needs_names
def test_dur_01_nothing_is_acknowledged_before_it_is_synced(make_suite,
                                                            folder):
    """One client, one message after the other: between the write of an image
    and the 250 stands a sync of the same file that returned 0, and of the
    folder when the file is new."""
    trace = folder / "strace"
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 +
                                                          b"\r\n") * 600
    postern = make_suite(wrap=["strace", "-f", "-y", "-s", "200", "-o", trace,
                               "-e", "trace=openat,pwritev,pwrite64,fsync,"
                               "fdatasync,sendto"])
    with Sink(postern.sink_port) as sink:
        for i in range(8):
            with postern.client() as c:
                args = {"body": big} if i % 2 else {}
                assert c.mail(rcpts=["r%d@example.com" % i], **args)[0] == 250
        sink.wait(8)
    postern.stop()
    owed, images, replies = set(), 0, 0
    for name, path, rest, done, line in calls(trace):
        if name.startswith("pwrite") and "POSTERNQ" in rest:
            images += 1
            owed.add(path)
            if "slots." not in path:
                owed.add(path.rpartition("/")[0])
        elif name in ("fsync", "fdatasync") and done.startswith("0"):
            owed.discard(path)
        elif name == "sendto" and "ok:  Message" in rest:
            replies += 1
            assert not owed, (owed, line)
    assert images == 8 and replies == 8, (images, replies)


@needs_names
def test_dur_06_what_was_unlinked_is_synced_soon(make_suite, folder):
    """Without anything that makes it: the folder of each file that goes is
    synced afterwards."""
    trace = folder / "strace"
    big = b"Subject: big\r\n\r\n" + (b"y" * 70 + b"\r\n") * 600
    postern = make_suite(wrap=["strace", "-f", "-y", "-s", "200", "-o", trace,
                               "-e", "trace=unlinkat,fsync,fdatasync"])
    with Sink(postern.sink_port) as sink, postern.client() as c:
        for i in range(5):
            assert c.mail(rcpts=["r%d@example.com" % i], body=big)[0] == 250
        sink.wait(5)
        postern.wait_empty()
        # each at once or a second later, long before the end
        wait_for("its folder to be synced",
                 lambda: not unsynced(trace) and gone(trace) == 5)
    postern.stop()


def unlinked(path, rest):
    """The file that an unlinkat was about, if it was a message."""
    m = re.search(r'<([^>]*/incoming/[0-9a-f]{2})>, "(\d+)"', rest)
    return m.groups() if m else None


def gone(trace):
    return len({unlinked(path, rest) for name, path, rest, done, _ in
                calls(trace) if name == "unlinkat" and unlinked(path, rest)})


def unsynced(trace):
    owed = set()
    for name, path, rest, done, _ in calls(trace):
        if name == "unlinkat" and unlinked(path, rest):
            owed.add(unlinked(path, rest)[0])
        elif name in ("fsync", "fdatasync") and done.startswith("0"):
            owed.discard(path)
    return owed


SPLIT = CONFIG + """
mail_policies:
  incoming:
    - name: board
      members: [{recipients: [ceo@example.com]}]
"""


@needs_names
def test_dur_04_the_parts_are_durable_before_the_whole_goes(make_suite,
                                                            folder):
    """Messages that are split, one after the other, too large for slots: the
    file that came in is removed when both parts, their folder, and what says
    that they stand for it, were synced."""
    trace = folder / "strace"
    body = b"Subject: big\r\n\r\n" + (b"y" * 70 + b"\r\n") * 600
    postern = make_suite(SPLIT, wrap=[
        "strace", "-f", "-y", "-s", "200", "-o", trace, "-e",
        "trace=openat,pwritev,pwrite64,write,writev,fsync,fdatasync,"
        "unlinkat"])
    whole = []
    with Sink(postern.sink_port) as sink:
        for i in range(3):
            with postern.client() as c:
                code, text = c.mail(rcpts=["ceo@example.com", "r@example.com"],
                                    body=body)
                assert code == 250
                whole.append(text[0].split("Message ")[1].split()[0])
            sink.wait(2 * i + 2)
            wait_for("an empty queue", lambda: postern.queued() == [])
    postern.stop()
    owed, images, removed = set(), 0, 0
    for name, path, rest, done, line in calls(trace):
        if "/incoming" not in path or not done.strip().split()[0].isdigit():
            continue
        if "write" in name:
            images += "POSTERNQ" in rest
            owed.add(path)
            if "POSTERNQ" in rest:
                owed.add(path.rpartition("/")[0])
        elif name in ("fsync", "fdatasync"):
            owed.discard(path)
        elif name == "unlinkat" and any('"%s"' % m in rest for m in whole):
            removed += 1
            # this one, its parts, and those before it
            assert not owed and images == 3 * removed, (owed, images, line)
    assert removed == 3 and images == 9, (removed, images)


def test_fil_02_planted_names_in_the_spool(postern):
    """What another program of the same account may put there: links, pipes,
    folders.  Nothing is followed, nobody waits, and mail goes on."""
    with Sink(postern.sink_port, {"RCPT": "451 4.7.1 later"}):
        accept(postern, 2)
        spool = postern.root / "spool/deferred"
        wait_for("two deferred files",
                 lambda: len(list(spool.glob("*/[0-9]*"))) == 2)
    postern.stop()
    good = next(spool.glob("*/[0-9]*"))
    secret = postern.root / "secret"
    secret.write_bytes(good.read_bytes())
    for place in "deferred", "incoming":
        folder = postern.root / "spool" / place / "00"
        (folder / "64000001").symlink_to(secret)
        os.mkfifo(folder / "64000002")
        (folder / "64000003").mkdir()
        os.link(secret, folder / "64000004")
        (folder / "64000005").symlink_to("/nowhere")
    before = secret.read_bytes()
    postern.start()
    with Sink(postern.sink_port) as sink:
        with postern.client() as c:
            assert c.mail(rcpts=["new@example.com"])[0] == 250
        postern.deliver("all mail", lambda: {
            "r0@example.com", "r1@example.com", "new@example.com"} <= set(
                sink.rcpts()))
    assert secret.read_bytes() == before
    for n in range(1, 6):
        assert postern.wait_log("MID 6400000%d set aside: corrupt" % n)
