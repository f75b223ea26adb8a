"""Logs of all types, written of the mail between Postfix's smtp-source and its
smtp-sink; and the commands that people look at them with."""
import contextlib
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

from conftest import CONFIG
from suite import PEERS, ROOT_USER, wait_for
from test_load import listens

STAMP = r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} "
LOGS = CONFIG + """\
  - name: bounces
    type: bounces
    bytes: 20
  - name: delivery
    type: delivery
  - name: status
    type: status
  - name: one_domain
    type: domain_debug
    domain: debug.example.com
  - name: few_sessions
    type: domain_debug
    domain: few.example.com
    sessions: 1
  - name: one_client
    type: injection_debug
    hosts: [127.0.0.9, .client.test]

log_settings:
  headers: [subject]
  status_interval: 1s
"""


def source(postern, *more, n=1, rcpt="r@example.com", ok=True):
    """Postfix's smtp-source."""
    r = subprocess.run(
        [str(PEERS / "smtp-source"), "-4", "-M", "client.test", "-f",
         "s@client.test", "-t", rcpt, "-m", str(n), *more,
         "127.0.0.1:%d" % postern.port],
        capture_output=True, text=True, timeout=60)
    assert r.returncode == 0 or not ok, r.stderr


@contextlib.contextmanager
def smtp_sink(port, *options):
    """Postfix's smtp-sink."""
    user = ["-u", "nobody"] if ROOT_USER else []
    proc = subprocess.Popen(
        [str(PEERS / "smtp-sink"), "-4", *user, *options,
         "127.0.0.1:%d" % port, "100"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("smtp-sink", lambda: listens(port))
        yield
    finally:
        proc.terminate()
        proc.wait(60)


def text(postern, name):
    return "".join(f.read_text() for f in sorted(
        (postern.root / "log" / name).glob("*.@*")))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One suite for all; what a test looks for has a recipient of its own."""
    from suite import Suite
    with Suite(tmp_path_factory.mktemp("logs"), LOGS) as postern:
        yield postern


def test_bounce_log(shared):
    with smtp_sink(shared.sink_port, "-f", "rcpt"):
        source(shared, "-S", "of bounces", rcpt="gone@example.com")
        wait_for("the line", lambda: "gone@example.com" in
                 text(shared, "bounces"))
        shared.wait_empty()
    line = [l for l in text(shared, "bounces").splitlines()
            if "gone@example.com" in l][0]
    assert re.fullmatch(
        STAMP + r"Info: Bounced: \d+:0 From:<s@client\.test> "
        r"To:<gone@example\.com> "
        r'Reason: "5\.1\.0 - Unknown address error" '
        r"""Response: "\('500', \['.*'\]\)" """
        r"Headers: \['subject: of bounces'\] Message: .{20,80}", line), line


def test_delivery_log(shared):
    with smtp_sink(shared.sink_port):
        source(shared, "-S", "of <deliveries>", "-r", "2",
               rcpt="here@example.com")
        wait_for("the record", lambda: "here@example.com" in
                 text(shared, "delivery"))
    root = ET.fromstring("<log>" + text(shared, "delivery") + "</log>")
    record = [r for r in root if any(
        "here@example.com" in c.get("to") for c in r.iter("rcpt"))][0]
    assert record.tag == "success"
    assert record.get("from") == "s@client.test"
    assert record.get("ip") == record.get("source_ip") == "127.0.0.1"
    assert record.get("code") == "250"
    assert "Ok" in record.get("reply")
    assert [(r.get("rid"), r.get("attempts")) for r in record.iter("rcpt")] \
        == [("0", "1"), ("1", "1")]
    assert [(h.get("name"), h.get("value")) for h in record.iter("header")] \
        == [("subject", "of <deliveries>")]
    (done,) = shared.wait_log("RID [0, 1] [('subject', 'of <deliveries>')]")
    assert done.startswith("Message done DCID ")
    assert done.endswith("RID [0, 1] [('subject', 'of <deliveries>')]")


def test_status_log(shared):
    wait_for("two lines", lambda: text(shared, "status").count("Status:") > 1)
    line = [l for l in text(shared, "status").splitlines()
            if "Status:" in l][-1]
    assert re.match(STAMP + "Info: Status: CPULd ", line), line
    words = line.split("Status: ")[1].split()
    values = dict(zip(words[::2], words[1::2]))
    assert len(values) == 64 and list(values)[-1] == "InjBytes"
    assert int(values["InjMsg"]) >= 0 and values["LogAvail"].endswith("G")
    assert int(values["QKFre"]) > 0 and int(values["RAMUsd"]) > 0


def test_domain_debug_log(shared):
    with smtp_sink(shared.sink_port):
        for rcpt in ("a@elsewhere.example.com", "b@debug.example.com",
                     "c@debug.example.com"):
            source(shared, rcpt=rcpt)
            shared.wait_empty()     # or one is told in the midst of another
        wait_for("the second one", lambda: re.search(
            r"c@debug(.|\n)*Sent: '\.'\n.*Rcvd: '250",
            text(shared, "one_domain")))
    lines = [l.split("Info: ")[1] for l in
             text(shared, "one_domain").splitlines() if "'" in l]
    assert "elsewhere" not in str(lines)
    dcid = lines[0].split()[0]
    lines = [l.split(" ", 1)[1] for l in lines if l.startswith(dcid)]
    assert lines[0].startswith("Rcvd: '220 ")
    assert lines[1] == "Sent: 'EHLO mx.postern.test'"
    assert "Rcvd: '250-" in "".join(lines)
    at = lines.index("Sent: '.'")
    assert lines[at - 6:at - 3] == [
        "Sent: 'MAIL FROM:<s@client.test>'",
        "Sent: 'RCPT TO:<b@debug.example.com>'", "Sent: 'DATA'"]
    assert lines[at - 1].startswith("Rcvd: '354 "), "no content"
    assert re.match("Rcvd: '250 2.0.0 Ok", lines[at + 1])


def test_domain_debug_log_holds_so_many_sessions(shared):
    for i in range(2):
        with smtp_sink(shared.sink_port):      # a connection of its own
            source(shared, rcpt="r%d@few.example.com" % i)
            shared.wait_log("To: <r%d@few.example.com>" % i)
            shared.wait_empty()
    wait_for("the dot", lambda: "Sent: '.'" in text(shared, "few_sessions"))
    assert text(shared, "few_sessions").count("Sent: 'EHLO") == 1
    assert "r1@few" not in text(shared, "few_sessions")


def test_injection_debug_log(shared):
    with smtp_sink(shared.sink_port), \
            shared.client(source="127.0.0.9") as c:
        assert c.cmd("NOOP")[0] == 250
        assert c.mail(rcpts=["d@example.com"], body=b"Subject: x\r\n\r\n"
                      b"\\\xe9'\r\n..\r\n")[0] == 250
        c.cmd("QUIT")
        shared.wait_empty()
    with shared.client(source="127.0.0.8") as c:
        c.cmd("NOOP")
    wait_for("the end", lambda: "'221 " in text(shared, "one_client"))
    lines = [l.split("Info: ")[1].split(" ", 1)[1] for l in
             text(shared, "one_client").splitlines() if "'" in l]
    assert "127.0.0.8" not in str(lines)
    assert re.match(r"Sent to '127.0.0.9': '220 .*\\015\\012'", lines[0])
    sent = [l[23:] for l in lines if l.startswith("Rcvd from '127.0.0.9': ")]
    assert sent == [
        r"'EHLO client.test\015\012'", r"'NOOP\015\012'",
        r"'MAIL FROM:<s@client.test>\015\012'",
        r"'RCPT TO:<d@example.com>\015\012'", r"'DATA\015\012'",
        r"'Subject: x\015\012'", r"'\015\012'",
        r"'\134\351\047\015\012'", r"'...\015\012'", r"'.\015\012'",
        r"'QUIT\015\012'"]
    at = lines.index(r"Rcvd from '127.0.0.9': 'DATA\015\012'")
    assert lines[at + 1].startswith("Sent to '127.0.0.9': '354 ")


@pytest.mark.parametrize("said, shown", [
    (["AUTH PLAIN AHUAc2VjcmV0"], [r"AUTH PLAIN ***\015\012"]),
    (["auth login", "c2VjcmV0", "HELP"],
     [r"auth login\015\012", r"***\015\012", r"HELP\015\012"]),
    (["AUTH LOGIN c2VjcmV0", "c2VjcmV0IQ==", "NOOP", "c2VjcmV0"],
     [r"AUTH LOGIN ***\015\012", r"***\015\012", r"NOOP\015\012",
      r"c2VjcmV0\015\012"]),
    (["AUTH " + "x" * 2000], [r"AUTH " + "x" * 40 + r"\015\012"]),
])
def test_no_credentials_that_were_not_asked_for(shared, said, shown):
    """Who says AUTH where it is not offered sends passwords all the same."""
    before = text(shared, "one_client")
    with shared.client(source="127.0.0.9") as c:
        for line in said:
            c.cmd(line)
        c.cmd("RSET")
    wait_for("RSET", lambda: "'RSET" in text(
        shared, "one_client")[len(before):])
    lines = re.findall(r"Rcvd from '127.0.0.9': '(.*)'",
                       text(shared, "one_client")[len(before):])
    assert lines[1:-1] == shown


# --- looking at logs ---

def run(postern, *words, ok=(0,)):
    return postern.postern(*words, ok=ok)


def test_grep_and_findevent_over_files(shared):
    with smtp_sink(shared.sink_port, "-f", "rcpt"):
        source(shared, "-S", "Chain 4711", rcpt="chain@example.com")
        shared.wait_log("To: <chain@example.com>")
        shared.wait_empty()
    shared.log()
    run(shared, "rollovernow", "mail_logs")
    assert len(list((shared.root / "log/mail_logs").glob("*.@*"))) > 1
    found = run(shared, "grep", "-i", "SUBJECT 'chain", "mail_logs")
    assert found.count("\n") == 1 and "Subject 'Chain 4711'" in found

    def count(*words):
        return int(run(shared, "grep", *words, "mail_logs"))
    # lines may come in between
    wait_for("all lines", lambda: count("-v", "-c", "MID") + count(
        "-c", "MID") == count("-c", ""))
    mids = shared.ask("findevent", "-t", "^chain@")["messages"]
    assert [m["subject"] for m in mids] == ["Chain 4711"]
    mid = mids[0]["mid"]
    def tell():
        story = run(shared, "findevent", "-m", str(mid), "mail_logs")
        return story.count("DCID") and \
            len(re.findall("New SMTP DCID", story)) == \
            len(re.findall(r"DCID \d+ close", story)) and story
    story = wait_for("the ends of its connections", tell)
    bounce = re.search(r"MID (\d+) was generated for bounce of MID %d" % mid,
                       story).group(1)
    for part in ("Start MID %d ICID" % mid, "New SMTP ICID", "New SMTP DCID",
                 "Start MID %s ICID 0" % bounce,
                 "Message finished MID %s done" % bounce):
        assert part in story, part
    assert len(set(re.findall(r"Start MID (\d+)", story))) == 2
    assert story == run(shared, "findevent", "-m", bounce)
    day = re.search(r"@(\d{8})T", str(list(
        (shared.root / "log/mail_logs").glob("*.@*"))[0])).group(1)
    assert str(mid) in run(shared, "findevent", "-d", day, "-t", "^chain@")
    run(shared, "findevent", "-d", "19990101", "-t", "^chain@", ok=(1,))
    run(shared, "findevent", "-d", "1999-1-1", "-t", "^chain@", ok=(2,))
    run(shared, "findevent", "-c", "-t", "^chain@", ok=(1,))


def test_tail_goes_on_over_rollovers(shared):
    from terminal import Terminal
    with Terminal(shared, "tail", "mail_logs") as t:
        t.expect("Press Ctrl-C to stop.")
        for i in range(3):
            run(shared, "rollovernow", "mail_logs")
            run(shared, "resetcounters")
            t.expect("Begin Logfile")
            t.expect("Counters reset by")
        t.interrupt()
        t.proc.wait(60)
        assert t.all.count("End Logfile") >= 2


def test_grep_that_follows(shared):
    from terminal import Terminal
    with Terminal(shared, "grep") as t:
        t.expect("Enter the number of the log you wish to grep.\n[]> ")
        t.say("mail_logs")
        t.expect("Enter the regular expression to grep.\n[]> ")
        t.say("counters RESET")
        for answer in ("", "", "y", ""):
            t.expect("]> ")
            t.say(answer)
        wait_for("a new line", lambda: (run(shared, "resetcounters"),
                                        t._read(0.5),
                                        "Counters reset by" in t.text)[-1])
        t.interrupt()


def test_logconfig_to_a_log_that_is_written(shared):
    """From the dialogue to the file, and away again."""
    from terminal import Terminal
    with Terminal(shared, "logconfig") as t:
        t.expect("[]> ")
        t.say("new")
        for answer in ("fresh", "1", "", "2", "", "5", "", ""):
            t.expect("]> ")
            t.say(answer)
        t.expect("fresh               Text Mail Logs        Manual Download  "
                 "None\n")
        t.expect("[]> ")
        t.say("")
        t.expect("commit to put it in force.")
    run(shared, "logconfig", "setup", "subject=no")
    run(shared, "commit", "one log more")
    wait_for("its file", lambda: '"Begin Logfile"' in text(shared, "fresh"))
    with smtp_sink(shared.sink_port):
        source(shared, "-S", "not shown", rcpt="fresh@example.com")
        shared.wait_empty()
    wait_for("the message", lambda: "fresh@example.com" in
             text(shared, "fresh"))
    shared.log()
    logs = text(shared, "fresh") + text(shared, "mail_logs")
    assert "Subject 'not shown" not in logs and '"SUBJECT"' not in logs
    run(shared, "logconfig", "delete", "fresh")
    run(shared, "logconfig", "setup", "subject=yes")
    run(shared, "commit", "and away")
    wait_for("its end", lambda: '"End Logfile"' in text(shared, "fresh"))


def test_debug_log_counts_anew_when_it_is_changed(shared):
    def sessions():
        return text(shared, "one_client").count("Sent to '127.0.0.9': '220 ")
    run(shared, "logconfig", "edit", "one_client", "sessions=1")
    run(shared, "commit", "only one")
    before = sessions()
    def connect():
        for _ in range(3):
            with shared.client(source="127.0.0.9") as c:
                c.cmd("NOOP")
        shared.log()
    connect()
    assert sessions() == before + 1
    # that was all, for the next ones, too
    shared.stop()
    shared.start()
    connect()
    assert sessions() == before + 1
