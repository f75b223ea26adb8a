"""The feed of outbreak rules: fetched over HTTPS, checked, kept, used by the
work queue and by trace; what is wrong with it changes nothing."""
import itertools
import os
import shutil
import subprocess
import tempfile

import pytest

import twin
from conftest import CONFIG
from feedserver import Feed
from sink import Sink
from suite import BIN, Suite, wait_for
from test_outbreak import attached, clear, in_quarantine, rule, write
from twin import Session

CONFIGURED = CONFIG + """
outbreak_filters:
  enabled: yes
  adaptive: no
  url: @URL@
  public_key: @KEY@
  authorities: feed.pem
"""
HELD = rule("FEED_1", 4, "virus", {"attachment_ext": ["zip"]})
OTHER = rule("FEED_2", 4, "virus", {"attachment_ext": ["rar"]})
ZIP = attached(b"a file", b"a.zip")
numbers = itertools.count()


# each builds upon what the one before has left
pytestmark = pytest.mark.xdist_group("outbreak_feed")


@pytest.fixture(scope="module")
def fed():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    feed = Feed(folder)
    feed.publish(10, HELD)
    feed.start()
    config = CONFIGURED.replace("@URL@", feed.url).replace("@KEY@",
                                                           feed.public)
    with Suite(os.path.join(folder, "s"), config, start=False) as postern:
        write(postern, "tables/feed.pem", feed.cert.read_text())
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink, postern.feed = sink, feed
            yield postern
    feed.stop()
    shutil.rmtree(folder, ignore_errors=True)


def status(fed):
    return fed.ask("outbreakstatus")


def serial(fed):
    return status(fed)["feed"]["serial"]


def update(fed, *words):
    """What the command says, and its exit status."""
    r = subprocess.run([str(BIN / "postern"), "--root", str(fed.root),
                        "outbreakupdate", *words], capture_output=True,
                       text=True, timeout=60)
    return r.returncode, (r.stdout + r.stderr).strip()


def held_live(fed, body=ZIP):
    """Sends it; is it held? New rules are in force a moment after the update
    has ended."""
    before = mids(fed)
    s = Session("InboundMail", fed.port, name="", body=body,
                tag="feed%d" % next(numbers))
    assert twin.live(s).data[0] == 250
    return wait_for("an end", lambda: (
        mids(fed) - before and "held" or
        twin.arrived(fed.sink, s) and "delivered")) == "held"


def mids(fed):
    return {m["mid"] for m in in_quarantine(fed)}


def wait_kept(fed, serial, size=0):
    """What was fetched is written by the master, a moment later."""
    file = fed.root / "state/outbreak"
    part = b'"serial": %d,' % serial
    wait_for("the file", lambda: file.exists() and
             file.stat().st_size > size and part in file.read_bytes())


def held_in_trace(fed, body=ZIP):
    s = Session("InboundMail", fed.port, name="", body=body)
    (r,) = twin.trace(fed, s)["results"]
    return [q["quarantine"] for q in r["quarantines"]] == ["Outbreak"]


def test_fetched_at_the_start_and_used(fed):
    wait_for("the feed", lambda: serial(fed) == 10)
    s = status(fed)
    assert s["feed"]["error"] is None and s["feed"]["checked"] > 0
    assert s["rules"] == [{"level": 4, "rule": "FEED_1", "category": "virus",
                           "description": "about FEED_1", "from": "feed"}]
    fed.wait_log("outbreak rules: serial 10, 1 rules")
    assert "    4  FEED_1                      virus     about FEED_1\n" in \
        fed.postern("outbreakstatus")
    assert held_in_trace(fed)
    wait_for("the rules", lambda: held_live(fed))
    assert "a.zip" in fed.postern("quarantine", "show",
                                  str(in_quarantine(fed)[0]["mid"]))


def test_rules_that_change_let_go(fed):
    """What no rule matches any more leaves, once, as it came; what another
    rule matches stays, under the number that it has."""
    clear(fed)
    for name in b"one.zip", b"two.zip":
        assert held_live(fed, attached(b"about " + name, name))
    stays, goes = sorted(
        in_quarantine(fed), key=lambda m: m["subject"], reverse=True)
    fed.feed.publish(11, OTHER, rule("FEED_3", 3, "virus", {
        "filename_re": "^two"}))
    assert update(fed)[0] == 0
    fed.wait_log('MID %d released from quarantine "Outbreak" (rule update)'
                 % goes["mid"])
    (m,) = wait_for("delivery", lambda: [
        m for m in fed.sink.messages if b"Subject: about one.zip" in m.body])
    wait_for("an empty queue", lambda: fed.queued() == [])
    assert m.body.count(b"\nReceived:") + m.body.startswith(b"Received:") == 1
    assert in_quarantine(fed) == [stays]
    assert len([m for m in fed.sink.messages
                if b"about one.zip" in m.body]) == 1
    # nothing was judged, and told, a second time
    assert not [l for l in fed.log() if l.startswith(
        "MID %d rewritten" % stays["mid"])]
    fed.feed.publish(12, OTHER)
    assert update(fed)[0] == 0
    fed.wait_log('MID %d released from quarantine "Outbreak" (rule update)'
                 % stays["mid"])
    wait_for("an empty quarantine", lambda: in_quarantine(fed) == [])


def test_judged_anew_after_a_death(fed):
    """A qmgr that was not there when rules changed learns it at its start."""
    fed.feed.publish(13, HELD)
    assert update(fed)[0] == 0
    wait_for("one", lambda: held_live(fed))
    (m,) = in_quarantine(fed)
    fed.feed.publish(14, OTHER)
    gone = fed.kill("qmgr 0")
    assert update(fed)[0] == 0
    wait_for("a new qmgr", lambda: fed.pids().get("qmgr 0", gone) != gone)
    fed.wait_log('MID %d released from quarantine "Outbreak" (rule update)'
                 % m["mid"])


def test_only_what_has_changed_is_fetched(fed):
    matched = fed.feed.matched
    assert update(fed) == (0, "The rules have not changed.")
    assert fed.feed.matched == matched + 1
    assert update(fed, "force") == (0, "The rules have not changed.")
    assert fed.feed.matched == matched + 1
    fed.feed.publish(15, OTHER)
    assert update(fed) == (0, "The rules were updated.")
    assert serial(fed) == 15
    wait_for("other rules", lambda: not held_in_trace(fed))
    wait_for("other rules", lambda: not held_live(fed))


def test_what_people_are_told(fed):
    """Rules that come up to the threshold, or fall below it; a feed that
    nobody has made anew for a week."""
    fed.feed.publish(16, OTHER, dict(HELD, level=2))
    assert update(fed)[0] == 0
    fed.feed.publish(17, dict(HELD, level=5), generated="2024-01-01T00:00:00Z")
    assert update(fed)[0] == 0
    fed.wait_log("outbreak rules: FEED_1 is at level 5 now: about FEED_1")
    fed.wait_log("outbreak rules: FEED_2 is withdrawn")
    fed.wait_log("outbreak rules: the rules are older than 7 days")
    assert not [l for l in fed.log() if "FEED_1 is at level 2" in l]


def test_dns_08_what_is_wrong_is_not_taken(fed):
    """Each of these leaves the rules that there are."""
    feed = fed.feed
    feed.publish(20, HELD)
    assert update(fed)[0] == 0
    old = feed.body, feed.signature, feed.etag
    other = feed.make_key("other")
    cases = [
        (lambda: feed.publish(21, OTHER, key=other),
         "is not signed by the key that is configured"),
        (lambda: feed.publish(19, OTHER),
         "has serial 19, which is older than what is there (20)"),
        (lambda: feed.publish(22, raw=b"{ garbage"), "no JSON: line 1"),
        (lambda: feed.publish(23, dict(HELD, level=7)),
         'rule FEED_1: "level" must be 0 to 5'),
        (lambda: feed.publish(24, raw=b"x" * (6 << 20)),
         "more than 5242880 bytes"),
        (lambda: setattr(feed, "signature", b"?"), "is no Ed25519 signature"),
        (lambda: setattr(feed, "status", 503), "the server says 503"),
    ]
    for make, error in cases:
        feed.publish(30, OTHER)
        make()
        code, said = update(fed, "force")
        assert code == 1 and error in said, (said, error)
        assert serial(fed) == 20 and error in status(fed)["feed"]["error"]
        assert held_in_trace(fed)
    feed.status = 200
    feed.stop()
    code, said = update(fed)
    assert code == 1 and "outbreakupdate" not in said
    fed.wait_log("outbreak rules: could not be updated 3 times: ")
    assert status(fed)["feed"]["failures"] == len(cases) + 1
    wait_for("the rules", lambda: held_live(fed))
    feed.body, feed.signature, feed.etag = old
    feed.start()
    assert update(fed) == (0, "The rules have not changed.")
    assert status(fed)["feed"]["failures"] == 0


def test_kept_over_a_restart_without_the_server(fed):
    fed.feed.publish(40, HELD)
    assert update(fed)[0] == 0
    wait_kept(fed, 40)
    fed.feed.stop()
    try:
        fed.stop()
        fed.start()
        wait_for("what was kept", lambda: serial(fed) == 40)
        assert held_in_trace(fed)
        wait_for("the rules", lambda: held_live(fed))
        # whoever fetches dies, and has them again
        gone = fed.kill("lookupd 0")
        wait_for("a new lookupd",
                 lambda: fed.pids().get("lookupd 0", gone) != gone and
                 fed.postern("outbreakstatus", ok=(0, 4)))
        wait_for("what was kept", lambda: serial(fed) == 40)
    finally:
        fed.feed.start()


def test_a_server_that_nobody_vouches_for(fed):
    """... and rules for another key: not believed, also not those kept."""
    file = fed.root / "etc/postern.yaml"
    before = file.read_text()
    try:
        file.write_text(before.replace("  authorities: feed.pem\n", ""))
        fed.postern("commit", "no authority")
        code, said = update(fed)
        assert code == 1 and "certificate" in said
        other = fed.feed.public_of(fed.feed.make_key("new"))
        file.write_text(before.replace(fed.feed.public, other))
        fed.postern("commit", "another key")
        assert serial(fed) is None
        wait_for("other rules", lambda: not held_live(fed))
        assert not held_in_trace(fed)
    finally:
        file.write_text(before)
        fed.postern("commit", "as before")
    assert update(fed)[0] == 0
    wait_for("the rules again", lambda: held_in_trace(fed))


def test_a_feed_as_large_as_it_may_be(fed):
    many = [rule("BULK_%d" % i, 1, "scam", {"url_domain": [
        "%d.%s.test" % (i, "x" * 60) for _ in range(4)]})
        for i in range(9999)]
    fed.feed.publish(45, HELD, *many)
    assert len(fed.feed.body) > 4 << 20
    assert update(fed) == (0, "The rules were updated.")
    wait_kept(fed, 45, 4 << 20)
    wait_for("the rules", lambda: held_live(fed))
    assert "BULK_17" not in fed.postern("outbreakstatus")
    assert held_in_trace(fed)


def test_flushed(fed):
    fed.feed.publish(50, HELD)
    assert update(fed)[0] == 0
    assert fed.postern("outbreakflush") == \
        "The rules of the feed were dropped.\n"
    assert serial(fed) is None
    wait_for("no file", lambda: not (fed.root / "state/outbreak").exists())
    wait_for("other rules", lambda: not held_live(fed))
    fed.feed.publish(49, HELD)
    assert update(fed) == (0, "The rules were updated.")
    assert serial(fed) == 49
