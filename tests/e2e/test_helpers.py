"""Programs that mail does not need just now may be stopped, dead or out of
memory: the rest flows, and nothing that was accepted is lost (threats DUR-14,
DUR-15)."""
import os
import signal
import subprocess
import threading

import pytest

from conftest import CONFIG
from sink import Sink
from suite import ROOT_USER, wait_for

N = 30


def flows(postern, sink, name):
    """N messages, all accepted and delivered; temporary refusals for as long
    as a program takes to come back are none of them."""
    for i in range(N):
        postern.submit(rcpts=["%s%d@example.com" % (name, i)])
    want = {"%s%d@example.com" % (name, i) for i in range(N)}
    wait_for("all of them", lambda: want <= set(sink.rcpts()))


@pytest.mark.parametrize("victim", ["recorder", "lookupd", "keyd", "inspect"])
def test_dur_15_stopped_and_killed(make_suite, victim):
    postern = make_suite()
    with Sink(postern.sink_port) as sink:
        pid = postern.pids()[victim + " 0"]
        os.kill(pid, signal.SIGSTOP)
        try:
            flows(postern, sink, "stopped")
        finally:
            os.kill(pid, signal.SIGCONT)
        flows(postern, sink, "woken")
        os.kill(pid, signal.SIGKILL)
        flows(postern, sink, "killed")
        wait_for("a new one", lambda: postern.pids().get(
            victim + " 0", pid) != pid)
        flows(postern, sink, "after")
        if victim == "recorder":    # what it could not take is counted
            logged = len([l for l in postern.log()
                          if l.startswith("Message finished MID")])
            lost = [l for l in postern.log() if l.endswith("log lines lost")]
            assert logged == 4 * N or lost, logged


@pytest.mark.skipif(not ROOT_USER, reason="other accounts' processes can be "
                    "traced by root only")
@pytest.mark.parametrize("victim", ["smtpd", "cleanup", "qmgr", "smtp",
                                    "recorder"])
def test_dur_14_out_of_memory(make_suite, victim):
    """A program that can have no more memory ends, and another one takes its
    place; what was accepted comes."""
    postern = make_suite(CONFIG + "\nsystem: {workers: 1}\n")
    hold = threading.Event()
    hold.set()

    def wait(step):
        hold.wait()
        return "250 2.1.0 ok"
    with Sink(postern.sink_port, {"MAIL": wait}) as sink:
        flows(postern, sink, "before")
        if victim != "qmgr":        # which needs it for what waits
            if victim == "smtp":    # for conversations side by side
                hold.clear()
            try:
                accepted = starve(postern, victim + " 0")
            finally:
                hold.set()
    if victim == "qmgr":
        accepted = starve(postern, victim + " 0")
    with Sink(postern.sink_port) as after:
        flows(postern, after, "after")

        def arrived():
            # again: what was under way may have failed only by now
            postern.postern("delivernow", "all", ok=(0, 1))
            return set(accepted) <= set(sink.rcpts()) | set(after.rcpts())
        wait_for("what was accepted", arrived, 120, 0.5)


def is_traced(pid):
    try:
        return "TracerPid:\t0" not in open("/proc/%d/status" % pid).read()
    except OSError:
        return True             # and it has ended of it already


def starve(postern, name):
    """Every call for memory fails, until it ends; who was accepted."""
    pid, accepted = postern.pids()[name], []
    body = b"Subject: x\r\n\r\n" + (b"z" * 70 + b"\r\n") * 20000
    domains = 1
    if name == "smtp 0":            # many conversations, little to tell
        body, domains = body[:1000], 90
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", str(postern.root / "strace"),
         "-p", str(pid), "-e", "trace=mmap,brk,mremap",
         "-e", "inject=mmap,brk,mremap:error=ENOMEM"])
    try:
        wait_for("the tracer", lambda: is_traced(pid))
        for i in range(300):
            rcpts = ["r%d.%d@d%d.example.com" % (i, k, k % domains)
                     for k in range(90)]
            try:
                if postern.offer(rcpts=rcpts, body=body)[0] == 250:
                    accepted += rcpts
            except (OSError, IndexError, ValueError):
                pass                # it died over it
            if postern.pids().get(name, pid) != pid:
                print("died at message", i)
                break
        if postern.pids().get(name, pid) == pid:
            # what the recorder has is enough for it, if it is quick
            assert name == "recorder 0", "lives without memory"
            os.kill(pid, signal.SIGKILL)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(60)
    wait_for("a new one", lambda: postern.pids().get(name, pid) != pid)
    return accepted
