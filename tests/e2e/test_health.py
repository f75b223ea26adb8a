"""How the gateway and its machine are: `process_status`, `tcpservices`,
`date`."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import CONFIG
from suite import BIN, Suite, wait_for


@pytest.fixture(scope="module")
def postern(tmp_path_factory):
    with Suite(tmp_path_factory.mktemp("s"), CONFIG) as s:
        yield s


def run(postern, *words, status=0, env=None):
    p = subprocess.run([str(BIN / "postern"), "--root", str(postern.root),
                        *words], stdin=subprocess.DEVNULL, text=True,
                       capture_output=True, timeout=60, env=env)
    assert p.returncode == status, p
    return p.stdout + p.stderr


# --- programs ---

def processes(postern):
    now = json.loads(run(postern, "--json", "process_status"))
    return {"%s %d" % (p["program"], p["worker"]): p
            for p in now["programs"]}


def test_process_status(postern):
    all = processes(postern)
    assert all["master 0"]["pid"] == postern.master_pid()
    assert {"recorder 0", "lookupd 0", "qmgr 0", "smtpd 0"} <= set(all)
    for one in all.values():
        assert one["state"] == "ready" and one["restarts"] == 0
        assert 0 <= one["cpu"] < 100.0 * os.cpu_count()
        assert one["cpu_time"] >= 0 and one["memory"] > 100000
        assert abs(one["started"] / 1000 - time.time()) < 600
        with open("/proc/%d/comm" % one["pid"]) as comm:
            assert comm.read().startswith("postern-")


def test_process_status_counts_restarts(postern):
    before = processes(postern)["lookupd 0"]
    os.kill(before["pid"], signal.SIGKILL)
    after = wait_for("it", lambda: anew(postern, before["pid"]))
    assert after["restarts"] == 1
    assert after["started"] > before["started"]
    assert re.search(r"(?m)^lookupd 0 +%d ready .* 1 [A-Z][a-z]+ " %
                     after["pid"], run(postern, "process_status"))


def test_process_status_says_what_is_not_ready(postern):
    master, pid = postern.master_pid(), 0
    for _ in range(10):         # it is started again ever more slowly
        pid = wait_for("it", lambda: running(postern, "inspect", pid))
        os.kill(pid, signal.SIGKILL)
        p = None if wait_briefly(postern, "inspect", pid) else subprocess.run(
            [str(BIN / "postern"), "--root", str(postern.root),
             "process_status"], capture_output=True, text=True, timeout=60)
        if p and p.returncode == 1:
            break
    assert p.returncode == 1, p
    assert re.search(r"(?m)^inspect 0 +\d+ (down|starting) ", p.stdout), p
    assert postern.master_pid() == master
    wait_for("inspect", lambda: subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root),
         "process_status"], capture_output=True).returncode == 0)


def anew(postern, old):
    p = subprocess.run([str(BIN / "postern"), "--root", str(postern.root),
                        "--json", "process_status"], capture_output=True,
                       text=True)
    if p.returncode != 0:
        return None
    one = [p for p in json.loads(p.stdout)["programs"]
           if p["program"] == "lookupd"][0]
    return one if one["pid"] != old else None


def running(postern, name, old):
    pid = [p["pid"] for p in postern.ask("diagnostic", "services", name,
                                         "status")["programs"]][0]
    return pid if pid not in (0, old) else None


def wait_briefly(postern, name, old):
    """Whether it is there again so soon that nobody could see it away."""
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        if running(postern, name, old):
            return True
        time.sleep(0.02)
    return False


# --- who listens ---

def test_tcpservices(postern):
    text = run(postern, "tcpservices")
    assert re.search(r"(?m)^postern-\S+ +\d+ \S+ +tcp4  127\.0\.0\.1\.%d$" %
                     postern.port, text), text
    listed = json.loads(run(postern, "--json", "tcpservices"))["services"]
    ports = [s["local"]["port"] for s in listed]
    assert postern.port in ports and postern.private_port in ports
    again = json.loads(run(postern, "--json", "diagnostic", "network",
                           "tcpservices"))["services"]
    assert postern.port in [s["local"]["port"] for s in again]


# --- the clock ---

def test_date(postern, tmp_path):
    env = dict(os.environ, TZ="Asia/Tokyo")
    now = json.loads(run(postern, "--json", "date", env=env))
    assert abs(now["time"] / 1000 - time.time()) < 60
    assert (now["zone"], now["offset"]) == ("JST", 9 * 3600)
    assert now["synchronized"] in (True, False, None)
    text = run(postern, "date", env=env)
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4} JST\n", text)
    p = subprocess.run([str(BIN / "postern"), "--root", str(tmp_path),
                        "date"], capture_output=True, text=True)
    assert p.returncode == 0, p         # nothing runs there
