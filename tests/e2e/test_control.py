"""Who asks a program that is just being started waits for it; who asks one
that keeps dying hears so, and when it starts next."""
import os
import re
import signal
import subprocess
import threading
import time

from suite import BIN, wait_for

FAILED = 4


def ask_qmgr(postern):
    return subprocess.Popen(
        [str(BIN / "postern"), "--root", str(postern.root), "delivernow",
         "all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(tool):
    out, err = tool.communicate(timeout=60)
    return tool.returncode, out + err


def kill_and_catch(postern):
    """A new qmgr that has not said yet that it is ready, and is stopped."""
    def caught():
        old = postern.kill("qmgr 0")
        pid = wait_for("a new one", lambda: child(postern, "qmgr", old),
                       every=0.001)
        os.kill(pid, signal.SIGSTOP)
        if state(postern, "qmgr") == "starting":
            return pid
        os.kill(pid, signal.SIGCONT)
        wait_for("qmgr", lambda: state(postern, "qmgr") == "ready")
        time.sleep(1)       # a quick death would be none of this test
        return None
    return wait_for("one that is starting", caught)


def child(postern, name, old):
    """Quicker than pids(): the master's children only."""
    master = postern.master_pid()
    with open("/proc/%d/task/%d/children" % (master, master)) as f:
        for pid in map(int, f.read().split()):
            try:
                with open("/proc/%d/comm" % pid) as comm:
                    if pid != old and comm.read() == "postern-%s\n" % name:
                        return pid
            except OSError:
                pass
    return None


def state(postern, name):
    return [p["state"] for p in postern.ask("diagnostic", "services", "status")
            ["programs"] if p["program"] == name][0]


def test_a_tool_waits_for_a_program_that_starts(postern):
    pid = kill_and_catch(postern)
    try:
        late, early = ask_qmgr(postern), ask_qmgr(postern)
        early.kill()        # nobody waits for it any more
        early.communicate()
        code, text = said(late)
        assert code == FAILED
        assert "qmgr is being started, but not ready yet" in text
        tool = ask_qmgr(postern)
        time.sleep(0.5)
        assert tool.poll() is None
    finally:
        os.kill(pid, signal.SIGCONT)
    assert said(tool)[0] == 0
    with postern.client() as c:
        assert c.mail()[0] == 250


def test_a_tool_that_comes_as_a_program_dies(postern):
    """Handed to it or not, it gets its answer from the next one."""
    for _ in range(3):
        wait_for("qmgr", lambda: state(postern, "qmgr") == "ready")
        time.sleep(1)       # else it is a quick death, the third of them
        postern.kill("qmgr 0")
        code, text = said(ask_qmgr(postern))
        assert code == 0, text


def test_a_tool_is_told_when_a_dying_program_starts_again(postern):
    over = threading.Event()

    def hunt():
        while not over.wait(0.01):
            pid = child(postern, "qmgr", 0)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        def refused():
            code, text = said(ask_qmgr(postern))
            return text if code == FAILED and "in a row" in text else None
        text = wait_for("a refusal", refused)
    finally:
        over.set()
        hunter.join()
    times, seconds = map(int, re.search(
        r"qmgr is not running: it died soon after its start, (\d+) times in a "
        r"row; it starts again in (\d+) s", text).groups())
    assert times >= 2 and 1 <= seconds <= 60
