"""Filters and messages that are made to cost, or to do harm where they are
looked at (threats FLT-03, FLT-04, ADM-10)."""
import os
import signal
import subprocess

import pytest

from conftest import CONFIG
from sink import Sink
from suite import BIN, ROOT_USER, wait_for

GOOD = b"one: if (true) { no-op(); }\n"


def commit(postern):
    r = subprocess.run([str(BIN / "postern"), "--root", str(postern.root),
                        "commit", "x"], capture_output=True, timeout=120)
    return r.returncode, (r.stdout + r.stderr).decode()


PATTERNS = {
    "64 KiB that grow": (b"(a|b)" * 13000, "regular expression is too large"),
    "64 KiB": (b"a" * 65536, "regular expression is too large"),
    "more": (b"a" * 70000, "longer than the limit"),
    "nested": (b"(" * 300 + b")" * 300, "too deeply nested"),
    "look-behind without end": (b"(?<=a+)b", "not fixed length"),
    "not UTF-8": (b"a\xff\xfe", "expected text in UTF-8"),
}


def test_flt_03_patterns_are_compiled_at_commit(postern):
    for name, (pattern, error) in PATTERNS.items():
        postern.filters(GOOD + b'two:\n  if (body-contains("' +
                      pattern + b'")) { drop(); }\n')
        code, said = commit(postern)
        assert code == 1 and error in said, (name, said)
        # file, line, column
        assert said.startswith("filters/message_filters:3:21: filter 'two': ")
        assert len(said) < 1000, name
    postern.filters(GOOD + b'two: if (body-contains("(?<=ab)c")) '
                  b'{ drop(); }\n')
    assert commit(postern)[0] == 0
    with Sink(postern.sink_port) as sink:
        for body, drops in ((b"xabc", True), (b"xac", False)):
            with postern.client() as c:
                code, _ = c.mail(body=b"Subject: x\r\n\r\n" + body + b"\r\n")
                assert code == 250
        sink.wait(1)
        postern.wait_log("Dropped by filter 'two'")


FIELDS = 4990       # a header may have 5000
MANY = CONFIG.replace("max_rcpts_per_msg: 100", "max_rcpts_per_msg: 10000") + \
    "\nsystem: {workers: 1}\nscanning: {quarantine_on_error: no}\n"


def test_flt_04_a_thousand_filters_many_fields_many_recipients(make_suite):
    """What grows with one of the three does not grow with their product."""
    postern = make_suite(MANY, start=False)
    postern.filters(b"".join(
        b'f%d: if (header("X-%d") == "^v%d$" and addr-count("To") < 2 and '
        b'rcpt-to == "^r%d@example") { insert-header("Y-%d", "$Subject"); }\n'
        % (i, 4 * i, 4 * i, i, i) for i in range(1000)))
    postern.start()
    fields = b"".join(b"X-%d: v%d\r\n" % (i, i) for i in range(FIELDS))
    rcpts = ["r%d@example.com" % i for i in range(10000)]
    with Sink(postern.sink_port) as sink:
        cpu = cpu_of(postern.pids()["cleanup 0"])
        with postern.client() as c:
            code, text = c.mail(rcpts=rcpts, body=b"Subject: many\r\n" +
                                fields + b"\r\nx\r\n")
            assert code == 250, text
        with postern.client() as c:
            assert c.mail(rcpts=["last@example.com"])[0] == 250
        wait_for("the last one", lambda: "last@example.com" in sink.rcpts())
        mid = text[0].split("Message ")[1].split()[0]
        postern.wait_log("MID %s queued for delivery" % mid)
        spent = cpu_of(postern.pids()["cleanup 0"]) - cpu
        took = [l for l in postern.log() if "filters and policies took" in l]
        print("%.1f s" % spent, took)
        assert spent < 30, spent
        assert (spent > 2) <= bool(took)
        m = wait_for("some of it", lambda: [
            m for m in sink.messages if b"\r\nSubject: many" in m.body])[0]
        head = m.body.partition(b"\r\n\r\n")[0]
        assert head.count(b"\r\nY-") == 1000


def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not ROOT_USER, reason="whoever is not root has one "
                    "account")
def test_adm_10_trace_as_root_looks_in_a_child_without_rights(make_suite):
    """A message that keeps whoever looks at it busy: that is a child with
    another account, in a cage; its death is told, and is no death of root."""
    postern = make_suite(CONFIG + "\nscanning: {bypass_on_error: no}\n",
                         start=False)
    postern.filters(b"".join(
        b'slow%d: if (only-body-contains("^(a|aa){%d,}$", 1)) { no-op(); }\n'
        % (i, i + 1) for i in range(300)))
    message = postern.root / "message"
    message.write_bytes(b"Subject: slow\r\n\r\n" + (b"a" * 60 + b"x\r\n") *
                        1000)
    proc = subprocess.Popen(
        [str(BIN / "postern"), "--root", str(postern.root), "trace",
         "--source-ip", "192.0.2.1", "--fqdn", "a.test", "--sender", "a@b.test",
         "--recipients", "anna@example.com", "--file", str(message)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        child = wait_for("the child at it", lambda: busy_child(proc.pid))
        with open("/proc/%d/status" % child) as f:
            status = dict(l.split(":\t", 1) for l in f.read().splitlines()
                          if ":\t" in l)
        assert "0" not in status["Uid"].split()
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert os.readlink("/proc/%d/root" % child) != "/"
        assert cpu_of(proc.pid) < 1
        os.kill(child, signal.SIGSEGV)
        out, err = proc.communicate(timeout=60)
    finally:
        proc.kill()
    assert proc.returncode == 4 and \
        b"the process that looked at the message died" in err, (out, err)


def busy_child(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return next((child for child in map(int, f.read().split())
                     if cpu_of(child) > 0.3), None)
