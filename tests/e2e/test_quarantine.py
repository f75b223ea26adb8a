"""Quarantines: held by a filter, kept over a crash, released, delivered once."""
import os
import shutil
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


def ask(held, *words):
    return held.ask("quarantine", *words)


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


def test_commands_release_delete_delay_and_move(held):
    mids = [send(held, "hold %d" % i) for i in range(3)]
    for mid in mids:
        held.wait_log('MID %d quarantined to "Policy" (message '
                      'filter:policy_violation)' % mid)
    found = ask(held, "search", "Policy", "subject=HOLD", "since=1h")
    assert [m["mid"] for m in found["messages"]] == mids
    first = found["messages"][0]
    # with the Received line that it got
    assert first["bytes"] > len(b"Subject: hold 0\r\n\r\n" + b"hello\r\n" * 5)
    gauges = held.ask("status")["gauges"]
    assert gauges["quarantine_messages"] == 3
    assert gauges["kilobytes_in_quarantine"] == 1
    assert "    Messages In Quarantine                  3\n" in \
        held.postern("status")
    assert "2  Policy                   1     0.0         3  10d        " \
        "Delete\n" in held.postern("quarantineconfig", "list")
    # what is held is not queued for delivery
    assert not [l for l in held.log() for m in mids
                if l == "MID %d queued for delivery" % m]
    assert (first["sender"], first["recipients"], first["subject"]) == (
        "s@client.test", "anna@example.com", "hold 0")
    assert ask(held, "search", "Policy", "rcpt=bert")["found"] == 0
    assert "hold 1" in held.postern("quarantine", "show", str(mids[1]))
    later = ask(held, "delay", "Policy", str(mids[0]), "1d")["expires"]
    assert later == first["expires"] + 86400 * 1000
    assert ask(held, "move", "Policy", str(mids[1]), "Virus")["to"] == "Virus"
    assert ask(held, "search", "Virus")["messages"][0]["mid"] == mids[1]
    ask(held, "delete", "Virus", str(mids[1]))
    held.wait_log("MID %d deleted from all quarantines" % mids[1])

    # nothing of it is forgotten by a death of qmgr
    wait_for("the file", lambda: sorted(files(held)) == sorted(
        str(m) for m in (mids[0], mids[2])))
    gone = held.kill("qmgr 0")
    wait_for("a new qmgr", lambda: held.pids().get("qmgr 0", gone) != gone and
             "Policy" in held.postern("quarantine", "list", ok=(0, 4)))
    after = ask(held, "search", "Policy")["messages"]
    assert [m["mid"] for m in after] == [mids[0], mids[2]]
    assert after[0]["expires"] == later

    ask(held, "release", "Policy", "all")
    wait_for("delivery", lambda: delivered(held, "hold 0") and
             delivered(held, "hold 2"))
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert len(delivered(held, "hold 0")) == 1
    assert delivered(held, "hold 1") == []


def test_deleted_in_one_is_never_delivered(held):
    mid = send(held, "both")
    held.wait_log('MID %d quarantined to "Policy"' % mid)
    ask(held, "delete", "Policy", str(mid))
    held.wait_log('MID %d released from quarantine "Brief"' % mid)
    held.wait_log("MID %d deleted from all quarantines" % mid)
    wait_for("an empty quarantine", lambda: files(held) == [])
    assert delivered(held, "both") == []
