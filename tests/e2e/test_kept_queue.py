"""Queue files of every version that was ever used are read (threats DUR-17).

tests/e2e/kept/ has what stood in a spool: one archive for each version of the
format.  A new one is made, when the format has changed, with

    python3 tests/e2e/test_kept_queue.py tests/e2e/kept/spool-N.tar.xz
"""
import io
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for

KEPT = pathlib.Path(__file__).parent / "kept"
HELD = CONFIG + "\nsystem: {workers: 1}\n"
FILTERS = 'hold: if (subject == "^hold") { quarantine("Policy"); }\n'
BIG = b"\r\n" + (b"y" * 70 + b"\r\n") * 200
# who, where it stands, and of what size
MAIL = {"slot": (b"Subject: slot\r\n\r\nx\r\n", "incoming"),
        "file": (b"Subject: file\r\n" + BIG + BIG[2:] * 20, "incoming"),
        "tried": (b"Subject: tried\r\n" + BIG, "deferred"),
        "held": (b"Subject: hold\r\n" + BIG, "quarantine")}


def suite(folder):
    s = Suite(os.path.join(folder, "s"), HELD, start=False)
    s.filters(FILTERS)
    s.start()
    return s


def files(s):
    return [p for p in (s.root / "spool").rglob("*")
            if p.is_file() and p.name != "lock"]


@pytest.mark.parametrize("kept", sorted(KEPT.glob("*.tar.xz")),
                         ids=lambda p: p.name)
def test_dur_17_queue_files_of_all_versions(kept):
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    s = suite(folder)
    try:
        s.stop()
        put_back(s, kept)
        s.start()
        with Sink(s.sink_port) as sink:
            want = {n + "@example.com" for n in MAIL if n != "held"}
            s.deliver("what was queued", lambda: want <= set(sink.rcpts()))
            (held,) = s.ask("quarantine", "search", "Policy")["messages"]
            assert held["recipients"] == "held@example.com"
            s.ask("quarantine", "release", "Policy", "all")
            wait_for("what was held", lambda: "held@example.com" in
                     sink.rcpts())
            s.wait_empty()
            assert sorted(sink.rcpts()) == sorted(
                n + "@example.com" for n in MAIL)
            for m in sink.messages:
                name = m.rcpts[0].partition("@")[0]
                assert m.sender == "joe@kept.test"
                assert m.body.endswith(MAIL[name][0]), name
        assert not list((s.root / "spool/corrupt").iterdir())
    finally:
        s.stop()
        shutil.rmtree(folder, ignore_errors=True)


def put_back(s, kept):
    """As if it had always stood there: owners are those of this machine."""
    for f in files(s):
        f.unlink()
    with tarfile.open(kept) as tar:
        for member in tar:
            path = s.root / "spool" / member.name
            if not path.parent.exists():
                path.parent.mkdir()
                own(path.parent, path.parent.parent, 0o700)
            path.write_bytes(tar.extractfile(member).read())
            own(path, path.parent, member.mode)


def own(path, like, mode):
    st = like.stat()
    os.chown(path, st.st_uid, st.st_gid)
    path.chmod(mode)


def make(out):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        s = suite(folder)
        for name, (body, place) in MAIL.items():
            if place == "deferred":
                with Sink(s.sink_port, {"RCPT": "451 4.7.1 later"}):
                    send(s, name, body)
                    wait_for("it", lambda: list((s.root / "spool/deferred")
                                                .glob("*/[0-9]*")))
        for name, (body, place) in MAIL.items():
            if place != "deferred":
                send(s, name, body)
        s.wait_log('quarantined to "Policy"')
        wait_for("all", lambda: list((s.root / "spool/quarantine").glob(
            "*/[0-9]*")))
        s.stop()
        with tarfile.open(out, "w:xz") as tar:
            for f in sorted(files(s)):
                info = tarfile.TarInfo(str(f.relative_to(s.root / "spool")))
                info.mode = f.stat().st_mode & 0o777
                data = f.read_bytes()
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
                print(info.name, info.size)


def send(s, name, body):
    with s.client() as c:
        code, text = c.mail("joe@kept.test", [name + "@example.com"], body)
        assert code == 250, text


if __name__ == "__main__":
    make(sys.argv[1])
