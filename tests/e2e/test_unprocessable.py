"""A message that ends whoever is at it: three times, then it is held."""
import contextlib
import os
import signal

import pytest

from conftest import CONFIG
from suite import ROOT_USER, gateway_with, wait_for

# Expressions that come to their limits on each line: they keep a worker busy.
SLOW = CONFIG + """
scanning: {bypass_on_error: no, quarantine_on_error: no}
"""
FILTERS = "".join(
    'slow%d: if (subject == "slow" and only-body-contains("^(a|aa){%d,}$", 1)) '
    '{ no-op(); }\n' % (i, i + 1) for i in range(300))
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def gateway():
    with gateway_with(SLOW, FILTERS) as postern:
        yield postern


def worker_at(postern, mid, seconds):
    """The cleanup worker that has the message's file open and has worked for
    so long since; it is stopped."""
    began = {}

    def find():
        files = [p.stat() for p in (postern.root / "spool").glob(
            "incoming/*/%d" % mid)]
        for name, pid in postern.pids().items():
            with contextlib.suppress(OSError):
                if name.startswith("cleanup") and holds(pid, files):
                    began.setdefault(pid, cpu(pid))
                    if cpu(pid) - began[pid] > seconds * TICKS:
                        os.kill(pid, signal.SIGSTOP)
                        print("after", cpu(pid) - began[pid], "ticks")
                        return pid
        return None
    return wait_for("a worker at it", find)


def holds(pid, files):
    """Only root is told; others take the one that works."""
    folder = "/proc/%d/fd" % pid
    return not ROOT_USER or any(
        os.path.samestat(os.stat("%s/%s" % (folder, fd)), f)
        for fd in os.listdir(folder) for f in files)


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def send(postern, subject, body):
    with postern.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"],
                            b"Subject: " + subject + b"\r\n\r\n" + body)
        assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


@pytest.mark.long
def test_mim_12_poison_01_a_message_that_ends_workers_is_held(gateway):
    mid = send(gateway, b"slow", (b"a" * 60 + b"x\r\n") * 1000)
    for n in range(3):
        pid = worker_at(gateway, mid, 1)
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: pid not in gateway.pids().values())
    gateway.wait_log("MID %d: a worker ended while it was at it (3 of 3)" % mid)
    gateway.wait_log('MID %d quarantined to "Unprocessable"' % mid)
    gateway.wait_log("MID %d ended cleanup 3 times" % mid)
    # everybody else's mail goes its way, with the count over restarts
    send(gateway, b"other", b"hello\r\n")
    wait_for("the other one", lambda: len(gateway.sink.messages) == 1)
    gateway.stop()
    gateway.start()
    (held,) = gateway.ask("quarantine", "search", "Unprocessable")["messages"]
    assert held["mid"] == mid
    # Released, it runs as if it had just come: with filters that let it pass.
    file = gateway.root / "etc/filters/message_filters"
    file.write_text('seen: if (true) { insert-header("X-Seen", "yes"); }\n')
    gateway.postern("commit", "filters")
    gateway.postern("quarantine", "release", "Unprocessable", str(mid))
    wait_for("the released one", lambda: len(gateway.sink.messages) == 2)
    body = gateway.sink.messages[1].body
    assert b"X-Seen: yes\r\n" in body and b"Subject: slow\r\n" in body
    head = body.partition(b"\r\n\r\n")[0]
    assert head.count(b"Received:") == 1


@pytest.mark.long
def test_poison_01_a_worker_that_hangs_is_ended(gateway):
    """It gives no sign of life for a minute, whatever it hangs in; its message
    is counted as of one that died, and goes on with the next."""
    mid = send(gateway, b"slow", (b"a" * 60 + b"x\r\n") * 1000)
    pid = worker_at(gateway, mid, 0.3)
    gateway.wait_log("(pid %d) gave no sign of life for a minute: ended" % pid,
                     seconds=240)
    gateway.wait_log("MID %d: a worker ended while it was at it (1 of 3)" % mid)
    wait_for("its end", lambda: pid not in gateway.pids().values())
    wait_for("delivery", lambda: gateway.sink.messages, seconds=240)
