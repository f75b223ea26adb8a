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

log_settings:
  headers: [subject]
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
        proc.wait(10)


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
    done = shared.wait_log("Message done DCID")[-1]
    assert done.endswith("RID [0, 1] [('subject', 'of <deliveries>')]")
