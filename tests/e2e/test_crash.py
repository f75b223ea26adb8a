"""kill -9: what got its 250 arrives, whatever dies when.

A recipient may arrive twice only where a remote 250 was in flight, or within
the second before a death (threats DUR-05); never not at all.
"""
import fcntl
import os
import random
import signal
import threading
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import FULL, Client, wait_for

IN_FLIGHT = 60    # connections to the sink, two messages on each
PROGRAMS = ["smtpd 0", "cleanup 0", "qmgr 0", "smtp 0", "recorder 0",
            "lookupd 0", "keyd 0", "smtpd 1", "cleanup 1", "smtp 1"]
ROUNDS = int(os.environ.get("POSTERN_KILL_ROUNDS",
                            30 if FULL else len(PROGRAMS)))


class Load(threading.Thread):
    """Sends messages one after the other, each with a recipient of its own,
    and remembers which got their 250."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port, self.tag = port, name
        self.accepted, self.tried, self.stop = [], 0, False

    def run(self):
        while not self.stop:
            try:
                with Client(self.port, timeout=10) as c:
                    for _ in range(20):
                        if self.stop:
                            break
                        self.tried += 1
                        rcpt = "%s.%d@example.com" % (self.tag, self.tried)
                        r = c.mail("s@client.test", [rcpt],
                                   b"Subject: x\r\n\r\n" + b"body\r\n" * 200)
                        if r is None or r[0] == 421:
                            break
                        if r[0] == 250:
                            self.accepted.append(rcpt)
            except (OSError, AssertionError):
                time.sleep(0.02)


def run_load(postern, n, work):
    loads = [Load(postern.port, "l%d" % i) for i in range(n)]
    for l in loads:
        l.start()
    try:
        work()
    finally:
        for l in loads:
            l.stop = True
        for l in loads:
            l.join(20)
    return [r for l in loads for r in l.accepted]


def check_all_arrived(postern, sink, accepted, deaths):
    assert accepted, "the load got nothing through at all"
    wanted = set(accepted)
    wait_for("every accepted message at the sink",
             lambda: wanted <= set(sink.rcpts()), 90, 0.2)
    postern.wait_empty(90)
    got = sink.rcpts()
    twice = len(got) - len(set(got))
    print("%d messages, %d deaths, %d came twice"
          % (len(got), deaths, twice))
    # what the sink had taken, and nobody could be told any more
    assert twice <= deaths * IN_FLIGHT, "%d of %d came twice" % (
        twice, len(got))


def wait_until_gone(pids):
    wait_for("the end of every program",
             lambda: not any(os.path.exists("/proc/%d" % p) for p in pids))


@pytest.mark.long
def test_each_program_killed_in_turn_under_load(make_suite):
    postern = make_suite(CONFIG + "\nsystem:\n  workers: 2\n")
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    dice = random.Random(seed)
    print("seed", seed)

    def kills():
        for i in range(ROUNDS):
            time.sleep(dice.uniform(0.05, 0.5))
            victim = PROGRAMS[i % len(PROGRAMS)]
            pid = wait_for(victim, lambda: postern.pids().get(victim))
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)

    with Sink(postern.sink_port) as sink:
        accepted = run_load(postern, 4, kills)
        check_all_arrived(postern, sink, accepted, ROUNDS)


@pytest.mark.long
@pytest.mark.parametrize("round", range(int(os.environ.get(
    "POSTERN_ALL_ROUNDS", 5 if FULL else 2))))
def test_all_killed_at_once_and_started_again(make_suite, round):
    postern = make_suite()
    dice = random.Random(round)

    def kill_all():
        time.sleep(dice.uniform(0.5, 1.5))
        pids = [postern.master_pid()] + list(postern.pids().values())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        postern.proc.wait()
        # a killed program has its listener until the kernel is done with it
        wait_until_gone(pids)
        postern.start()
        time.sleep(0.5)

    with Sink(postern.sink_port) as sink:
        accepted = run_load(postern, 4, kill_all)
        check_all_arrived(postern, sink, accepted, 1)


def test_dur_13_programs_end_when_the_master_is_killed(make_suite):
    postern = make_suite()
    pids = postern.pids()
    assert len(pids) >= 6
    os.kill(postern.master_pid(), signal.SIGKILL)
    postern.proc.wait()
    wait_until_gone(pids.values())
    postern.start()
    with Sink(postern.sink_port) as sink, postern.client() as c:
        assert c.mail()[0] == 250
        sink.wait(1)


def test_ipc_06_a_program_that_keeps_dying(make_suite):
    """It is started ever more slowly, with an alert at the third quick death;
    mail goes on meanwhile."""
    postern = make_suite()

    def alert():
        return any("lookupd 0 keeps dying; it is started ever more slowly" in l
                   for l in postern.log_so_far())
    with Sink(postern.sink_port) as sink:
        gone, gaps, killed = 0, [], time.monotonic()
        # one that was found late has lived for too long: its death is none
        while pid := wait_for("lookupd, or the alert", lambda: alert() and -1
                              or running(postern, gone)):
            if pid == -1:
                break
            gaps.append(time.monotonic() - killed)
            assert len(gaps) < 20
            killed, gone = time.monotonic(), pid
            os.kill(pid, signal.SIGKILL)
            with postern.client() as c:
                assert c.mail()[0] == 250
        # 1 s after the first of them, 2 s after the second, then the third
        assert gaps[-2] > 0.9 and gaps[-1] > 1.9, gaps
        sink.wait(len(gaps))


@pytest.mark.long
def test_a_machine_that_was_paused(make_suite):
    """That nobody was heard for a minute is nobody's fault then."""
    postern = make_suite()
    before = postern.pids()
    every = [*before.values(), postern.master_pid()]
    for pid in every:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(65)
    # the master first: what the others say comes after it has looked
    for pid in reversed(every):
        os.kill(pid, signal.SIGCONT)
    time.sleep(6)           # it looks after them every five seconds
    assert postern.pids() == before
    with postern.client() as c:
        assert c.mail()[0] == 250


@pytest.mark.long
def test_a_queue_that_takes_minutes_to_read(make_suite):
    """Whoever reads it is not taken for one that hangs: it would be ended, and
    begin anew, and so on. (Nobody may read the folder as long as we have it.)"""
    postern = make_suite(start=False)
    postern.start()
    postern.stop()
    folder = os.open(postern.root / "spool/deferred", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    postern.start(expect_ready=False)
    wait_for("its start", lambda: "qmgr 0" in postern.pids())
    before = postern.pids()["qmgr 0"]
    time.sleep(75)          # it would have a minute
    assert "qmgr is being started, but not ready yet: it reads the queue" in \
        failing(postern, "tophosts")
    assert postern.pids()["qmgr 0"] == before and not postern.is_ready()
    os.close(folder)
    wait_for("ready", postern.is_ready)
    with postern.client() as c:
        assert c.mail()[0] == 250
    assert postern.pids()["qmgr 0"] == before


def failing(postern, *words):
    with pytest.raises(AssertionError, match="exit 4") as why:
        postern.postern(*words)
    return str(why.value)


def running(postern, gone):
    pid = postern.pids().get("lookupd 0", gone)
    return pid if pid != gone else None


def test_a_message_id_is_never_used_twice(make_suite):
    postern = make_suite()
    seen = []
    for _ in range(3):
        with postern.client() as c:
            for _ in range(3):
                code, text = c.mail()
                assert code == 250
                seen.append(int(text[0].split("Message ")[1].split()[0]))
        pids = [postern.master_pid()] + list(postern.pids().values())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        postern.proc.wait()
        # a killed program has its listener until the kernel is done with it
        wait_until_gone(pids)
        postern.start()
    assert len(set(seen)) == len(seen) and seen == sorted(seen)


def test_starting_twice_on_one_spool_is_refused(make_suite):
    postern = make_suite()
    import subprocess
    from suite import BIN
    r = subprocess.run([BIN / "postern-master", "--root", postern.root],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 1
    assert "another Postern works on the spool" in r.stderr
    with postern.client() as c:
        assert c.cmd("NOOP")[0] == 250
