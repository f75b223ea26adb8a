"""How the gateway and its machine are: `healthcheck`, `process_status`,
`ipcheck`, `tcpservices`, `date`."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import CONFIG
from sink import Sink
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


# --- health ---

HEALTH = CONFIG.replace("  cpu: off\n", "  cpu: off\n  workqueue: 2\n")


def test_healthcheck_now_and_of_late(make_suite):
    postern = make_suite(HEALTH)
    check = json.loads(run(postern, "--json", "healthcheck"))
    assert check["healthy"] and check["problems"] == []
    assert [c["check"] for c in check["checks"]] == [
        "workqueue", "cpu", "swap", "conservation"]
    assert [c["threshold"] for c in check["checks"]] == [2, None, None, 0]
    # what is too much now, and whose decision it was
    postern.postern("workqueue", "pause", "a test")
    with postern.client() as c:
        for _ in range(3):
            assert c.mail()[0] == 250
    wait_for("them", lambda: postern_check(postern)["checks"][0][
        "now"] == 3)
    assert postern_check(postern)["checks"][0]["over_now"]
    text = run(postern, "healthcheck", status=1)
    assert re.search(r"\n- Work queue: Paused by \S+: a test\n", text), text
    assert "\n- Work queue: above 2 messages" in text, text
    assert "; NOW 3\n" in text, text
    assert text.endswith("\nVerdict: NOT healthy: 2 problems.\n"), text
    with Sink(postern.sink_port):
        postern.postern("workqueue", "resume")
        wait_for("all to go", lambda: postern_check(postern)["checks"][0][
            "now"] == 0)
    # what was before a restart is known after it, and what is damaged is not
    postern.stop()
    kept = postern.root / "log/.state/health.json"
    assert json.loads(kept.read_text())["version"] == 1
    minute = int(time.time() / 60)
    kept.write_text(json.dumps({"version": 1, "minutes": [
        [minute - 90, 9, 99, 0, 30], [minute - 30, 7, 20, 0, 0],
        [minute - 29, 2, 20, 0, 0], ["x"]]}))
    postern.start()
    check = postern_check(postern)
    queue, cpu, swap, conserved = check["checks"]
    assert (queue["highest"], queue["over"]) == (9, 2), check
    assert queue["last_over"] == (minute - 30) * 60000
    assert (cpu["highest"], cpu["over"]) == (99, 0)       # off
    assert (conserved["highest"], conserved["over"]) == (30, 1)
    text = run(postern, "healthcheck", "24h", status=1)
    assert re.search(r"\n- Work queue: above 2 messages in 2 of \d minutes, "
                     r"last \w{3} [ \d]\d \d\d:\d\d(; now 0)?\n", text), text
    assert not postern.postern("healthcheck", "10", ok=(0,)).count("above")


def test_healthcheck_of_what_does_not_run(tmp_path):
    p = subprocess.run([str(BIN / "postern"), "--root", str(tmp_path),
                        "healthcheck"], capture_output=True, text=True)
    assert p.returncode == 4, p


def postern_check(postern):
    return postern.ask("healthcheck", "24h", ok=(0, 1))


# --- addresses ---

def test_ipcheck_of_what_is_in_force(make_suite):
    postern = make_suite(CONFIG)
    (one,) = postern.ask("ipcheck")["interfaces"]
    assert (one["devices"], one["problems"], one["remarks"]) == (
        [{"name": "lo", "up": True}], [], [])
    assert {(l["listener"], l["listening"]) for l in one["listeners"]} == {
        ("InboundMail", True), ("OutboundMail", True)}
    postern.postern("suspendlistener", "InboundMail", "1")
    text = run(postern, "ipcheck")
    assert "\n    - listener InboundMail is suspended: nobody listens" in text
    postern.postern("resumelistener", "InboundMail")
    # what is about to be in force: the port of somebody else, an address that
    # nobody has, and one twice
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = CONFIG.replace("listeners:\n", """\
  - name: Other
    ip: 198.51.100.77
  - name: Twice
    ip: 127.0.0.1

listeners:
  - name: Late
    type: public
    interface: Other
    port: 2525
    rat: [example.com]
  - name: Taken
    type: public
    interface: Twice
    port: %d
    rat: [example.com]
""" % other.getsockname()[1], 1)
        before = (postern.root / "etc/postern.yaml").read_text()
        postern.configure(config)
        check = postern.ask("ipcheck", "--working", ok=(1,))
        (postern.root / "etc/postern.yaml").write_text(before)
    assert check["working"] and check["running"] and not check["passed"]
    loop, gone, twice = check["interfaces"]
    assert loop["problems"] == []
    assert loop["remarks"] == ['the interface "Twice" has the same address']
    assert gone["problems"] == ["this machine does not have the address: no "
                                "device has it"]
    assert gone["error"] and gone["devices"] == []
    (taken,) = [p for p in twice["problems"]]
    assert re.fullmatch(r"listener Taken: port \d+ is taken by \S+ "
                        r"\(pid %d\)" % os.getpid(), taken), taken


def test_ipcheck_of_what_does_not_run(make_suite):
    postern = make_suite(CONFIG)
    postern.stop()
    text = run(postern, "ipcheck")
    assert text.startswith("The gateway does not run: nobody listens.\n")
    assert text.endswith("\nVerdict: the address can be used.\n")
