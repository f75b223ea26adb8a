"""Quarantines: held by a filter, kept over a crash, released, delivered once."""
import os
import shutil
import signal
import tempfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for

FILTERS = """
policy_violation: if (subject == "^hold") { quarantine("Policy"); }
brief: if (subject == "^brief") { quarantine("Brief"); }
both: if (subject == "^both") { quarantine("Brief"); quarantine("Policy"); }
"""
HELD = CONFIG + """
quarantines:
  - {name: Brief, retention: 2s, action: release}
"""


@pytest.fixture(scope="module")
def held():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), HELD, start=False) as postern:
        file = postern.root / "etc/filters/message_filters"
        file.parent.mkdir()
        file.parent.chmod(0o755)
        file.write_text(FILTERS)
        file.chmod(0o644)
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink = sink
            yield postern
    shutil.rmtree(folder, ignore_errors=True)


def send(held, subject, size=5):
    body = b"hello\r\n" * size
    with held.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"],
                            b"Subject: " + subject.encode() +
                            b"\r\n\r\n" + body)
        assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


def delivered(held, subject):
    return [m for m in held.sink.messages
            if b"\r\nSubject: " + subject.encode() + b"\r\n" in m.body]


def files(held):
    return [p.name for p in held.root.glob("spool/quarantine/*/*")]


@pytest.mark.parametrize("size", [5, 20000])
def test_held_and_released_when_its_time_is_over(held, size):
    subject = "brief %d" % size
    mid = send(held, subject, size)
    held.wait_log('MID %d quarantined to "Brief" (message filter:brief)' % mid)
    held.wait_log('MID %d released from quarantine "Brief" (expired)' % mid)
    held.wait_log("MID %d released from all quarantines" % mid)
    held.wait_log("MID %d rewritten to " % mid)
    wait_for("delivery", lambda: delivered(held, subject))
    held.wait_log("Message finished MID %d done" % mid)
    (m,) = delivered(held, subject)
    assert m.body.endswith(b"\r\n\r\n" + b"hello\r\n" * size)
    assert m.body.count(b"\nReceived:") + m.body.startswith(b"Received:") == 1
    assert files(held) == []
