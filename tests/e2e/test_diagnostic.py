"""`diagnostic`: the disk, the programs, the way back, packets; on a gateway
that runs.  The network's part is in test_network_tools.py."""
import json
import os
import re
import smtplib
import subprocess
import time

import pytest

import netns
from conftest import CONFIG
from suite import BIN, Suite, wait_for
from terminal import Terminal
from test_packetcapture import needs_right


@pytest.fixture(scope="module")
def postern(tmp_path_factory):
    with Suite(tmp_path_factory.mktemp("s"), CONFIG) as s:
        yield s


def line(postern, *words):
    return [str(BIN / "postern"), "--root", str(postern.root), *words]


def run(postern, *words, status=0):
    p = subprocess.run(line(postern, "diagnostic", *words),
                       stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=90)
    assert p.returncode == status, p
    return p.stdout + p.stderr


# --- the disk ---

def test_disk_usage(postern):
    text = run(postern, "disk_usage")
    for title in ("Logs, archives", "Quarantines", "Packet captures",
                  "Queue"):
        assert re.search(r"(?m)^%s +[0-9]+ MB" % title, text), text
    assert re.search(r"(?m)^Spam quarantine +off$", text), text
    spool = postern.root / "spool"
    assert re.search(r"(?m)^%s +[0-9]+ MB +[0-9]+ MB +[0-9]+ %%$" % spool,
                     text)
    now = postern.ask("diagnostic", "disk_usage")
    assert set(now["services"]) == {"logs", "tracking", "quarantines",
                                    "spam_quarantine", "captures"}
    assert now["services"]["captures"] == {"used": 0, "quota": 2 << 30}
    disk = os.statvfs(spool)
    (one,) = [f for f in now["file_systems"] if f["folder"] == str(spool)]
    assert one["size"] == disk.f_blocks * disk.f_frsize
    assert one["used"] + one["free"] == one["size"]
    assert now["queue"] == 0
    with smtplib.SMTP("127.0.0.1", postern.port) as s:      # nobody takes it
        s.sendmail("a@b.test", "c@example.com", "x\r\n" * 20000)
    wait_for("it", lambda: postern.ask("diagnostic",
                                       "disk_usage")["queue"] > 60000)
    with Terminal(postern, "diagnostic") as t:
        assert "- DISK_USAGE - Check Disk Usage.\n" in t.expect("[]> ")
        t.say("disk")
        assert "Logs, archives" in t.expect("[]> ")
        t.say("")
        assert t.end()[1] == 0


# --- the programs ---

def workers(postern, name):
    return {p["worker"]: p["pid"] for p in postern.ask(
        "diagnostic", "services", name, "status")["programs"]}


@pytest.mark.parametrize("name", ["smtpd", "qmgr", "recorder", "lookupd",
                                  "keyd", "cleanup", "inspect", "smtp"])
def test_restart(postern, name):
    before = workers(postern, name)
    others = workers(postern, "smtp" if name != "smtp" else "qmgr")
    assert before and all(before.values())
    text = run(postern, "services", "--yes", name, "restart")
    after = workers(postern, name)
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert re.search(r"(?m)^%s +0 +%d ready$" % (name, after[0]), text), text
    assert workers(postern, "smtp" if name != "smtp" else "qmgr") == others
    assert postern.postern("status")
    if name != "recorder":
        postern.wait_log("restart of " + name)
        postern.wait_log("was told to restart")
    with smtplib.SMTP("127.0.0.1", postern.port) as s:
        assert s.noop()[0] == 250


def test_what_is_not_restarted(postern):
    before = workers(postern, "smtpd")
    assert "--yes" in run(postern, "services", "smtpd", "restart", status=2)
    for words in (["smtpd"], ["master", "restart"], ["smtpd", "stop"],
                  ["smtpd", "restart", "now"]):
        assert "Usage: diagnostic" in run(postern, "services", "--yes",
                                          *words, status=2)
    assert run(postern, "services", "--yes", "qmqpd", "restart",
               status=1).strip() == "that does not run"
    with Terminal(postern, "diagnostic", "services") as t:
        assert "- SMTPD - Receives mail.\n" in t.expect("[]> ")
        t.say("smtpd")
        t.answer(("\nChoose the operation you want to perform:\n"
                  "- RESTART - Restart the service.\n"
                  "- STATUS - View the status of the service.\n[]> ",
                  "restart"),
                 ("Are you sure you want to restart the service? [N]> ", ""))
        t.expect("[]> ")
        t.say("smtpd")
        t.expect("[]> ")
        t.say("status")
        assert re.search(r"smtpd +0 +%d ready\n" % before[0],
                         t.expect("[]> "))
        t.say("")
        assert t.end()[1] == 0
    assert workers(postern, "smtpd") == before


# --- the way back ---

QUESTIONS = [
    ("\nThis resets all settings to the values of a new installation. Mail in "
     "the queue\nand the logs stay.\nAre you sure you want to continue? "
     "[N]> ", "y"),
    ("Are you really sure? [N]> ", "y"),
    ("Type the word RELOAD to go on:\n[]> ", "reload")]


def test_reload_of_the_working_copy(make_suite):
    postern = make_suite(CONFIG)
    path = postern.root / "etc/postern.yaml"
    text = path.read_text()
    for words in (["reload"], ["reload", "reload"], ["reload", "RELOAD", "x"]):
        assert "Usage: diagnostic" in run(postern, *words, status=2)
    for n in range(3):
        with Terminal(postern, "diagnostic", "reload") as t:
            t.answer(*QUESTIONS[:n])
            t.answer((QUESTIONS[n][0], "reload" if n == 2 else ""))
            out, status = t.end()
            assert status == 1, out
    assert path.read_text() == text
    # the working copy alone: what runs stays as it is
    out = run(postern, "reload", "RELOAD")
    assert out == ("The working copy has the initial values; \"commit\" puts "
                   "them in force.\n")
    assert path.read_text() != text
    assert "hostname: mx.postern.test" in path.read_text()
    assert "max_connections: 2000" not in path.read_text()
    with smtplib.SMTP("127.0.0.1", postern.port) as s:
        assert s.noop()[0] == 250
    postern.postern("clearchanges", "--yes")
    assert path.read_text() == text


@pytest.mark.skipif(not netns.possible(), reason="its ports are 25 and 587")
def test_reload_at_once(tmp_path):
    with netns.Network(), Suite(tmp_path, CONFIG) as postern:
        with smtplib.SMTP("127.0.0.1", postern.port) as s:
            s.sendmail("a@b.test", "c@example.com", "Subject: k\r\n\r\nx\r\n")
        with Terminal(postern, "diagnostic", "reload") as t:
            t.answer(*QUESTIONS[:2], (QUESTIONS[2][0], "RELOAD"),
                     ("Do you want to commit this configuration at once? [N]> ",
                      "y"))
            out, status = t.end()
        assert (status, out) == (0, "Committed the changes successfully.\n")
        assert "Factory values" in postern.postern("rollbackconfig", "list")
        # the mail is still there
        assert postern.ask("diagnostic", "disk_usage")["queue"] > 0
        with smtplib.SMTP("127.0.0.1", 25) as s:
            assert s.noop()[0] == 250


# --- packets ---

@needs_right
def test_tcpdump(postern):
    def dump(*words):
        p = subprocess.Popen(line(postern, *words, "diagnostic", "network",
                                  "tcpdump", "count=5", "time=60s", "tcp",
                                  "port", str(postern.port)),
                             stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for("the capture", lambda: p.poll() is not None or postern.ask(
            "packetcapture", "status")["running"])
        return p

    with dump() as p:
        assert "already running" in run(postern, "network", "tcpdump",
                                        status=1)
        with smtplib.SMTP("127.0.0.1", postern.port) as s:
            s.noop()
        out, err = p.communicate(timeout=60)
    assert p.returncode == 0, err
    lines = out.splitlines()
    assert lines[-1] == "5 packets" and len(lines) == 6
    stamp = r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}"
    assert re.fullmatch(
        stamp + r" IP 127\.0\.0\.1\.[0-9]+ > 127\.0\.0\.1\.%d: Flags \[S\], "
        r"seq [0-9]+, ack 0, length 0" % postern.port, lines[0]), lines
    assert re.fullmatch(
        stamp + r" IP 127\.0\.0\.1\.%d > 127\.0\.0\.1\.[0-9]+: "
        r"Flags \[S\.\], .*" % postern.port, lines[1])
    # nothing is kept
    assert postern.ask("packetcapture", "files")["files"] == []
    with dump("--json") as p:
        with smtplib.SMTP("127.0.0.1", postern.port) as s:
            s.noop()
        out, _ = p.communicate(timeout=60)
    packets = json.loads(out)["packets"]
    assert len(packets) == 5 and "Flags [S]" in packets[0]["text"]
    assert abs(packets[0]["at"] / 1000 - time.time()) < 60
    # when the time is over, with what there was
    assert run(postern, "network", "tcpdump", "time=1s", "tcp", "port", "1"
               ) == "0 packets\n"


@needs_right
def test_tcpdump_that_is_interrupted(postern):
    """Shows what there was, and keeps nothing."""
    with Terminal(postern, "diagnostic", "network", "tcpdump", "count=1000",
                  "time=60s", "tcp", "port", str(postern.port)) as t:
        t.expect("Press Ctrl-C to stop.\n")
        with smtplib.SMTP("127.0.0.1", postern.port) as s:
            s.noop()
        wait_for("packets", lambda: postern.ask("packetcapture", "status")
                 .get("packets", 0) > 5)
        t.interrupt()
        out, status = t.end()
    assert status == 0 and "Flags [S]" in out and " packets\n" in out, out
    assert postern.ask("packetcapture", "files")["files"] == []


def test_tcpdump_refused(postern):
    r = run(postern, "network", "tcpdump", "interface=Nowhere", status=1)
    assert r == 'There is no interface "Nowhere".\n'
    for words, why in ((["count=0"], "count is a number within 1..1000"),
                       (["time=1h"], "time"),
                       (["tcp", "prot", "25"], "syntax error")):
        out = run(postern, "network", "tcpdump", *words,
                  status=1 if words[0] == "tcp" else 2)
        assert why in out
