"""Access tables in files of their own: long ones, and what changes them."""
import random
import subprocess
import timeit

import pytest

import twin
from suite import BIN
from twin import Session

CONFIG = """\
hostname: mx.postern.test
system: { workers: 1 }
dns: { enabled: no }
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    hat_file: hat.txt
    rat_file: rat.txt
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
"""
END = "ALL\n    $ACCEPTED\n"
N = 100_000


def long_hat():
    """Addresses of which none is loopback, and three that are, far apart."""
    r = random.Random(4)
    lines = ["$NO\n    REJECT {\n        smtp_banner_code = 521\n"
             "        smtp_banner_text = \"no \\\"$HATEntry\\\" here\"\n"
             "    }\n"]
    for i in range(N):
        if i == 7:
            lines.append("127.40.0.1\n    $NO (early)\n")
        if i == N // 2:
            lines.append("MIDDLE:\n    127.40.0.2\n    10.1.1.1\n"
                         "        $NO\n")
        lines.append("%d.%d.%d.%d\n    REJECT\n" % (
            r.randrange(128, 224), *(r.randrange(256) for _ in range(3))))
    lines.append("127.40.0.3\n    TCPREFUSE\n")
    return "".join(lines) + END


def long_rat():
    lines = ["early@%s ACCEPT (250 first)\n" % "example.com"]
    lines += ["user%d@example%d.test ACCEPT\n" % (i, i % 97)
              for i in range(N)]
    return "".join(lines) + "example.com REJECT (550 not \\\\here)\n"


def compare(postern, s):
    t = twin.trace(postern, s)
    h = twin.live(s)
    assert h == twin.expected(s, t), s.source
    return t


def commit(postern, why):
    """What a commit complains of."""
    return subprocess.run(
        [BIN / "postern", "--root", postern.root, "commit", why],
        capture_output=True, text=True, timeout=60).stderr


@pytest.mark.long
def test_long_tables(make_suite):
    postern = make_suite(CONFIG, tables={"hat.txt": long_hat(),
                                         "rat.txt": long_rat()})
    for source, group, entry in [
            ("127.40.0.1", None, "127.40.0.1"),
            ("127.40.0.2", "MIDDLE", "127.40.0.2"),
            ("127.40.0.3", None, "127.40.0.3"),
            ("127.40.0.4", None, "ALL")]:
        t = compare(postern, Session(
            "InboundMail", postern.port, source,
            rcpts=("early@example.com", "USER%d@Example%d.test" % (
                N - 1, (N - 1) % 97), "late@example.com", "a@b.test")))
        c = t["connection"]
        assert (c["group"], c["entry"]) == (group, entry)
        assert c["entry_at"].startswith("tables/hat.txt:")
    accepted = [not r["refused"] for r in t["recipients"]]
    assert accepted == [True, True, False, False]
    # the last of a hundred thousand costs no more than the first
    times = {}
    for source in ("127.40.0.1", "127.40.0.2"):
        s = Session("InboundMail", postern.port, source)
        times[source] = min(timeit.repeat(lambda: twin.live(s), number=2,
                                          repeat=10))
    assert max(times.values()) < 10 * min(times.values())


def test_a_file_changes(make_suite):
    """A new text is committed like any change; a wrong one is not."""
    postern = make_suite(CONFIG, tables={
        "hat.txt": "127.41.0.1\n    REJECT\n" + END,
        "rat.txt": "example.com ACCEPT\n"})
    s = Session("InboundMail", postern.port, "127.41.0.1")
    assert compare(postern, s)["connection"]["refused"]
    hat = postern.root / "etc/tables/hat.txt"
    hat.write_text("127.41.0.1\n    REJECT\nALL\n    $NOBODY\n")
    said = commit(postern, "wrong")
    assert "tables/hat.txt:4:5: there is no policy \"$NOBODY\"" in said, said
    assert twin.live(s).connect[0] == 554
    hat.write_text("127.41.0.1\n    CONTINUE\n" + END)
    postern.postern("commit", "let them in")
    assert twin.live(s).connect[0] == 220
    compare(postern, s)


def test_warnings_at_commit(make_suite):
    postern = make_suite(CONFIG, tables={
        "hat.txt": "127.\n    $ACCEPTED\n" + END, "rat.txt": ""})
    (postern.root / "etc/tables/hat.txt").write_text(
        "127.\n    $ACCEPTED\n127.9.9.9\n    REJECT\n" + END)
    said = commit(postern, "hardly meant")
    assert "tables/hat.txt:3:1: warning: 127.9.9.9 is never reached: 127. " \
        "in line 1 stands before it" in said, said
