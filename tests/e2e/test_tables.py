"""Tables of addresses: compiled by commit, shared by the programs."""
import os
import pathlib
import subprocess

import pytest

from conftest import CONFIG
from suite import BIN
from test_limits import cpu, cpu_of

ENTRIES = 400000
MESSAGE = "Subject: x\n\nx\n"
ALIASES = CONFIG + "aliases: aliases.txt\n"


@pytest.fixture
def world(make_suite):
    """A gateway with a small alias table, and its sink."""
    from sink import Sink
    suite = make_suite(ALIASES, start=False)
    table(suite, "joe@example.com: joseph@example.com\n")
    suite.start()
    sink = Sink(suite.sink_port)
    yield suite, sink
    sink.close()


def table(suite, text, name="aliases.txt"):
    folder = suite.root / "etc/tables"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / name).write_text(text)
    (folder / name).chmod(0o644)


def revision(suite, name):
    state = suite.root / "state/revisions"
    return state / (state / "current").read_text().strip() / name


def send(suite, rcpt):
    with suite.client() as c:
        assert c.mail(rcpts=(rcpt,))[0] == 250


def memory(pid, field):
    """KB."""
    text = pathlib.Path("/proc/%d/status" % pid).read_text()
    return int(text.split(field + ":")[1].split()[0])


def worked(suite):
    """Seconds of a processor, of the gateway and the tools: that others work
    as well does not count."""
    now = os.times()
    return (cpu(suite) + cpu_of(suite.master_pid()) + now.children_user +
            now.children_system)


@pytest.mark.long
def test_a_table_of_400_000_entries(world):
    suite, sink = world
    small = {n: memory(p, "RssAnon") for n, p in suite.pids().items()}
    table(suite, "".join(
        "first.last%d@example.com: u%d@mail.example.com\n" % (i, i)
        for i in range(ENTRIES)))
    began = worked(suite)
    suite.postern("commit", "everybody")
    committed = worked(suite) - began
    for i in (0, 123456, ENTRIES - 1):
        send(suite, "First.Last%d@example.com" % i)
    sink.wait(3)
    assert [m.rcpts for m in sink.messages] == [
        ["u%d@mail.example.com" % i] for i in (0, 123456, ENTRIES - 1)]
    # no program has it in memory of its own
    for name, pid in suite.pids().items():
        grown = memory(pid, "RssAnon") - small[name]
        assert grown < 8192, (name, grown)

    # another change compiles nothing anew, and goes back fast as well
    inode = revision(suite, "tables/aliases.txt.db").stat().st_ino
    suite.configure(ALIASES.replace("mx.postern.test", "mx2.postern.test"))
    began = worked(suite)
    suite.postern("commit", "a new name")
    again = worked(suite) - began
    assert revision(suite, "tables/aliases.txt.db").stat().st_ino == inode

    # a start takes what was compiled
    suite.stop()
    began = os.times().children_user + os.times().children_system
    suite.start()
    started = worked(suite) - began
    send(suite, "first.last7@example.com")
    sink.wait(4)
    assert sink.messages[3].rcpts == ["u7@mail.example.com"]
    print("commit %.1f s, without a change of the table %.1f s, start %.1f s"
          % (committed, again, started))
    assert committed < 30 and again < 15 and started < 10


def test_a_broken_line_leaves_the_old_table_in_force(world):
    suite, sink = world
    table(suite, "joe@example.com: fred@example.com\nfred: |/bin/sh\n")
    said = subprocess.run(
        [str(BIN / "postern"), "--root", str(suite.root), "commit", "oops"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1
    assert "tables/aliases.txt:2:7:" in said.stderr
    send(suite, "joe@example.com")
    sink.wait(1)
    assert sink.messages[0].rcpts == ["joseph@example.com"]
    table(suite, "joe@example.com: fred@example.com\n")
    suite.postern("commit", "better")
    send(suite, "joe@example.com")
    sink.wait(2)
    assert sink.messages[1].rcpts == ["fred@example.com"]


def test_trace_reads_the_text_and_what_was_compiled(world):
    suite, _ = world
    table(suite, "joe@example.com: fred@example.com\n")

    def trace(*words):
        return suite.postern(
            "trace", "--source-ip", "192.0.2.9", "--fqdn", "client.test",
            "--sender", "s@client.test", "--recipients", "joe@example.com",
            "--listener", "InboundMail", "--file", "-", *words,
            text=MESSAGE)
    assert "fred@example.com" in trace()
    assert "joseph@example.com" in trace("--committed")
