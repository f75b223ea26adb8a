"""Alerts: who is told of what, by a way that needs no queue."""
import email
import email.policy
import os
import re
import signal

from conftest import CONFIG
from sink import Sink
from suite import wait_for

ALERTS = CONFIG + """
alerts:
  from: postern@gateway.test
  use_smtp_routes: yes
alert_recipients:
  - address: all@ops.test
  - address: critical@ops.test
    system: critical
"""


def alerts_of(sink, rcpt):
    return [email.message_from_bytes(m.body, policy=email.policy.default)
            for m in list(sink.messages) if m.rcpts == [rcpt]]


def kill(postern, name):
    pid = postern.kill(name)
    wait_for("another " + name,
             lambda: postern.pids().get(name) not in (None, pid))


def test_they_arrive_while_the_queue_stands(make_suite):
    postern = make_suite(ALERTS)
    with Sink(postern.sink_port) as sink:
        qmgr = postern.pids()["qmgr 0"]
        os.kill(qmgr, signal.SIGSTOP)
        try:
            kill(postern, "smtp 0")
            (m,) = wait_for("the alert", lambda: alerts_of(
                sink, "all@ops.test"))
        finally:
            os.kill(qmgr, signal.SIGCONT)
        (raw,) = [x for x in sink.messages if x.rcpts == ["all@ops.test"]]
        assert raw.sender == "postern@gateway.test"
    assert re.match(r"Warning <System> \S+: smtp 0 \(pid \d+\) ",
                    m["Subject"]), m["Subject"]
    assert m["From"] == "postern@gateway.test" and m["To"] == "all@ops.test"
    assert m["Auto-Submitted"] == "auto-generated"
    text = m.get_content().replace("\r\n", "\n")
    assert text.startswith("The Warning message is:\n\nsmtp 0 (pid ")
    assert re.search(r"\nAlert: COMMON\.APP_FAILURE\nVersion: \S+\n"
                     r"Serial Number: [0-9A-F]{12}-[0-9A-F]{8}\n"
                     r"Timestamp: \w{3}, \d\d \w{3} \d{4} ", text), text
    # that is no mail of the queue, and not for those who want the worst only
    assert postern.ask_quiet("status")["counters"][
        "messages_received"]["lifetime"] == 0
    assert not alerts_of(sink, "critical@ops.test")
    subject = str(m["Subject"])
    for line in ("Internal SMTP system attempting to send a message to "
                 "all@ops.test with subject '%s' (attempt #1)." % subject,
                 "Internal SMTP system successfully sent a message to "
                 "all@ops.test with subject '%s'." % subject,
                 'A System/Warning alert was sent to all@ops.test with '
                 'subject "%s".' % subject):
        assert line in postern.log(), line


def test_equal_ones_are_held_back(make_suite):
    postern = make_suite(ALERTS)
    with Sink(postern.sink_port) as sink:
        kill(postern, "smtp 0")
        wait_for("the first", lambda: alerts_of(sink, "all@ops.test") and
                 postern.ask("displayalerts")["waiting"] == 0)
        # another one, and what a restart must not forget
        kill(postern, "recorder 0")
        kill(postern, "smtp 0")
        postern.postern("workqueue", "pause", "night shift")
        wait_for("that of the work queue", lambda: alerts_of(
            sink, "critical@ops.test"))
        wait_for("three", lambda: len(alerts_of(sink, "all@ops.test")) >= 3
                 and postern.ask("displayalerts")["waiting"] == 0)
        got = sorted(str(m["Subject"]) for m in alerts_of(
            sink, "all@ops.test"))
    assert len(got) == 3, got
    assert re.match(r"Critical <System> \S+: work queue paused, 0 msgs, "
                    r"night shift \(", got[0])
    assert ": recorder 0 (pid" in got[1] and ": smtp 0 (pid" in got[2]
    shown = postern.ask("displayalerts")
    assert [a["id"] for a in shown["alerts"]] == [
        "MAIL.WORKQ_PAUSED", "COMMON.APP_FAILURE", "COMMON.APP_FAILURE"]
    assert [a["recipients"] for a in shown["alerts"]] == [2, 1, 1]
    assert shown["waiting"] == 0
    text = postern.postern("displayalerts").splitlines()
    assert len(text) == 5 and re.match(
        r"\w{3} \w{3} \d\d [\d:]{8} \d{4} \w+  Critical <System> work queue "
        r"paused, 0 msgs, night shift", text[2]), text


def test_they_wait_for_lookupd(make_suite):
    """Who brings them is the one that died."""
    postern = make_suite(ALERTS)
    with Sink(postern.sink_port) as sink:
        kill(postern, "lookupd 0")
        (m,) = wait_for("the alert", lambda: alerts_of(sink, "all@ops.test"))
    assert ": lookupd 0 (pid" in m["Subject"]


def test_not_taken(make_suite):
    """Refused for good: given up at once, and said so; the alert is shown."""
    postern = make_suite(ALERTS)
    with Sink(postern.sink_port, {"RCPT all": "550 5.1.1 nobody"}):
        kill(postern, "smtp 0")
        (line,) = postern.wait_log("Internal SMTP giving up on message to "
                                   "all@ops.test")
    assert line.endswith(": 550 5.1.1 nobody."), line
    wait_for("nothing more to be sent", lambda: postern.ask(
        "displayalerts")["waiting"] == 0)


def test_logs_over_their_quota(make_suite):
    """The oldest closed files go, with an alert; archives stay."""
    postern = make_suite(ALERTS + "log_settings:\n  quota: 1M\n", start=False)
    logs, kept = (postern.root / "log" / n for n in ("mail_logs", "kept"))
    postern.start()
    folder = logs.stat()
    for i in range(4):
        f = logs / ("mail_logs.@2025010%dT000000.s" % (i + 1))
        f.write_bytes(b"x\n" * 200000)
    kept.mkdir()
    os.chown(kept, folder.st_uid, folder.st_gid)
    archive = kept / "kept.@20240101T000000.s"
    archive.write_bytes(b"x\n" * 10000)
    with Sink(postern.sink_port) as sink:
        # it looks once a minute, and when it begins
        kill(postern, "recorder 0")
        wait_for("the alert", lambda: [
            m for m in alerts_of(sink, "all@ops.test")
            if "the 2 oldest closed files were removed" in m["Subject"]])
    assert archive.exists()
    assert sorted(p.name for p in logs.glob("*.s"))[0] == (
        "mail_logs.@20250103T000000.s")
    quota = postern.ask("diskquotaconfig", "print")["logs"]
    assert quota["quota"] == 1 << 20 and 800000 < quota["used"] < 950000
    # a number alone is GB
    postern.postern("diskquotaconfig", "set", "logs", "3")
    assert postern.ask("diskquotaconfig", "print")["logs"]["quota"] == 3 << 30
