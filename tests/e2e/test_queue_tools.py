"""Tools for what waits in the queue: shown, counted, deleted, bounced,
redirected; and what a crash leaves of it."""
import mailbox
import os
import signal
import subprocess

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import BIN, wait_for

BODY = b"Subject: waits\r\n\r\nFrom here\r\n..dots\r\nend\r\n"


def config(standby):
    return CONFIG.replace(
        "routes:\n", "routes:\n  standby.test: 127.0.0.1:%d\n" % standby)


@pytest.fixture
def filled(make_suite):
    """Three messages, delivery suspended; and a port for a standby host."""
    standby = free_port()
    postern = make_suite(config(standby))
    postern.standby = standby
    postern.postern("suspenddel", "0")
    with postern.client() as c:
        for sender, rcpts in (
                ("joe@sender.test", ["a@one.example.com", "b@one.example.com",
                                     "c@two.example.com"]),
                ("ann@sender.test", ["d@one.example.com"]),
                ("", ["e@two.example.com"])):
            assert c.mail(sender, rcpts, BODY)[0] == 250
    wait_for("three in the queue", lambda: recipients(postern) == 5)
    return postern


def recipients(postern, *selection):
    return postern.ask("showrecipients", *(selection or ["all"]))["recipients"]


def addresses(postern, *selection):
    return sorted(r["recipient"] for m in postern.ask(
        "showrecipients", *(selection or ["all"]))["messages"]
        for r in m["recipients"])


def test_delete(filled):
    assert filled.ask("deleterecipients", "host", "ONE.example.com") == {
        "done": "deleted", "recipients": 3, "messages": 2, "in_delivery": 0,
        "active_before": 5, "active_after": 2}
    assert addresses(filled) == ["c@two.example.com", "e@two.example.com"]
    assert filled.postern("deleterecipients", "sender", "<>") == \
        "1 message deleted.\nActive recipients: 2 before, 1 now.\n"
    assert filled.ask("deleterecipients", "mid", "1")["recipients"] == 1
    filled.wait_empty()
    for line in ("Deleted: MID 1 to [0, 1]", "Deleted: MID 2 to [0]",
                 "Deleted: MID 1 to [2]", "Message finished MID 1 done",
                 "3 recipients deleted by "):
        filled.wait_log(line)
    host = filled.ask_quiet("hoststatus", "one.example.com")
    assert host["counters"]["deleted_recipients"] == 3
    assert host["gauges"]["active_recipients"] == 0
    counters = filled.ask_quiet("status")["counters"]
    assert counters["deleted_recipients"]["uptime"] == 5
    assert counters["completed_recipients"]["uptime"] == 5


def test_bounce(filled):
    answer = filled.ask("bouncerecipients", "all")
    assert (answer["recipients"], answer["messages"]) == (5, 3)
    # notices to joe and ann, none to the null sender
    wait_for("two notices", lambda: addresses(filled) == [
        "ann@sender.test", "joe@sender.test"])
    for line in ("Bounced by admin: MID 1 to RID 2",
                 "Bounced: DCID 0 MID 1 to RID 0 - 5.0.0 - Bounced by an "
                 "administrator ('000', ",
                 "Double bounce: MID 3 to RID 0 - 5.0.0",
                 "Message finished MID 3 done",
                 "5 recipients bounced by "):
        filled.wait_log(line)
    counters = filled.ask_quiet("status")["counters"]
    assert counters["other_hard_bounces"]["uptime"] == 5
    assert counters["gen_bounce_recipients"]["uptime"] == 2
    with Sink(filled.sink_port) as sink:
        filled.postern("resumedel")
        sink.wait(2)
        text = next(m.body for m in sink.messages
                    if m.rcpts == ["joe@sender.test"]).decode()
        assert text.count("Final-Recipient: ") == 3
        assert "Bounced by an administrator" in text
    filled.wait_empty()


def test_redirect(filled):
    assert filled.ask("redirectrecipients", "standby.test")["recipients"] == 5
    # a host that has the name of nobody's domain: addresses stay
    assert addresses(filled, "host", "standby.test") == [
        "a@one.example.com", "b@one.example.com", "c@two.example.com",
        "d@one.example.com", "e@two.example.com"]
    filled.wait_log("MID 1 to RID [0, 1] redirected to standby.test")
    with Sink(filled.standby) as sink:
        filled.postern("resumedel")
        filled.wait_empty()
        assert sorted(sink.rcpts()) == [
            "a@one.example.com", "b@one.example.com", "c@two.example.com",
            "d@one.example.com", "e@two.example.com"]
    assert filled.ask_quiet("hoststatus", "standby.test")["counters"][
        "delivered_recipients"] == 5


def test_refused(filled):
    for words, error in (
            ("deleterecipients host none.test",
             'There are no messages for "none.test" in the queue.'),
            ("bouncerecipients mid 99", "MID 99 is not in the queue."),
            ("redirectrecipients /dev/null", "is no host to redirect to"),
            # nothing leaves that by itself
            ("redirectrecipients The.Euq.queue all",
             "is no host to redirect to"),
            ("redirectrecipients 300.1/8 all", "is no host to redirect to")):
        with pytest.raises(AssertionError, match="exit 1") as why:
            filled.postern(*words.split())
        assert error in str(why.value)
    assert recipients(filled) == 5


def test_orders_outlive_a_crash(filled):
    cleanups = frozen(filled, "cleanup ")
    try:
        # no notice can be queued; yet what was answered holds
        filled.ask("bouncerecipients", "mid", "1")
        filled.ask("redirectrecipients", "standby.test", "mid", "2")
        filled.ask("deleterecipients", "mid", "3")
        filled.kill("qmgr 0")
    finally:
        for pid in cleanups:
            os.kill(pid, signal.SIGCONT)
    filled.wait_log("Message finished MID 1 done")
    # the old one may have sent the notice, too: repeated, never lost
    wait_for("the notice", lambda: set(addresses(filled)) == {
        "d@one.example.com", "joe@sender.test"})
    assert addresses(filled, "host", "standby.test") == ["d@one.example.com"]
    with Sink(filled.standby) as standby, Sink(filled.sink_port) as sink:
        filled.postern("resumedel")
        filled.wait_empty()
        assert standby.rcpts() == ["d@one.example.com"]
        assert set(sink.rcpts()) == {"joe@sender.test"}


def frozen(postern, name):
    """Those programs stand still from now on; their pids."""
    pids = [pid for one, pid in postern.pids().items()
            if one.startswith(name)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    return pids


def test_dur_05_orders_that_are_not_carried_out(filled):
    """Answered, then everything dies, more than once: no notice could be
    queued, no file was changed, and yet all of it holds."""
    ledger = filled.root / "spool/deferred/.orders"
    with filled.client() as c:
        for i in range(200):
            assert c.mail("bulk@sender.test",
                          ["x%d@one.example.com" % i, "y@two.example.com"],
                          BODY)[0] == 250
    wait_for("all of them", lambda: recipients(filled) == 405)
    frozen(filled, "cleanup ")
    filled.ask("deleterecipients", "sender", "bulk@sender.test")
    filled.ask("bouncerecipients", "mid", "1")
    filled.ask("redirectrecipients", "other.test", "mid", "2")
    filled.ask("redirectrecipients", "standby.test", "mid", "2")
    for _ in range(3):
        assert ledger.stat().st_size > 0
        master = filled.master_pid()
        everybody = [master, *filled.pids().values()]
        for pid in everybody:
            os.kill(pid, signal.SIGKILL)
        wait_for("the end", lambda: not any(
            os.path.exists("/proc/%d" % pid) for pid in everybody[1:]))
        filled.proc.wait()
        filled.start()
        frozen(filled, "cleanup ")
    for pid in filled.pids().values():
        os.kill(pid, signal.SIGCONT)
    wait_for("the notice", lambda: set(addresses(filled)) == {
        "d@one.example.com", "e@two.example.com", "joe@sender.test"})
    # where one goes instead stands nowhere else, as long as it is there
    assert ledger.exists()
    with Sink(filled.standby) as standby, Sink(filled.sink_port) as sink:
        filled.postern("resumedel")
        filled.wait_empty()
        assert standby.rcpts() == ["d@one.example.com"]
        assert set(sink.rcpts()) == {"e@two.example.com", "joe@sender.test"}
    wait_for("no ledger", lambda: not ledger.exists())


def stopped_while_it_talks(pid):
    os.kill(pid, signal.SIGSTOP)
    for fd in os.listdir("/proc/%d/fd" % pid):
        if "socket:" in os.readlink("/proc/%d/fd/%s" % (pid, fd)):
            return True
    os.kill(pid, signal.SIGCONT)
    return False


def test_who_does_not_read_holds_up_nobody(filled):
    """A list that is not read to its end: other tools go on, and so does
    what they order."""
    with filled.client() as c:
        for i in range(200):
            rcpts = ["%s%d@three.example.com" % ("y" * 50, j)
                     for j in range(50)]
            assert c.mail("bulk@sender.test", rcpts, BODY)[0] == 250
    wait_for("most of them",
             lambda: recipients(filled) > 9000, 20)
    reader = subprocess.Popen(
        [str(BIN / "postern"), "--root", str(filled.root), "showrecipients",
         "all"], stdout=subprocess.DEVNULL)
    wait_for("a reader that stands still",
             lambda: stopped_while_it_talks(reader.pid))
    try:
        assert filled.ask("bouncerecipients", "mid", "1")["recipients"] == 3
        filled.wait_log("Bounced by admin: MID 1 to RID 2")
    finally:
        reader.kill()
        reader.wait()


def test_archive(filled):
    assert filled.postern("archivemessage", "1") == \
        "MID 1 has been saved in file oldmessage_1.mbox in the " \
        "configuration directory\n"
    path = filled.root / "etc/oldmessage_1.mbox"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert text.startswith("From joe@sender.test ")
    box = mailbox.mbox(path)
    assert len(box) == 1
    assert box[0]["Subject"] == "waits"
    assert box[0].get_payload() == ">From here\n..dots\nend\n"
    # once more: the file is replaced
    assert filled.ask("archivemessage", "1")["file"] == "oldmessage_1.mbox"
    assert path.read_text() == text
    with pytest.raises(AssertionError, match="MID 77 is not in the system"):
        filled.postern("archivemessage", "77")


def test_japanese(filled):
    """Domains and subjects as people write and read them."""
    with filled.client(filled.private_port) as c:
        for subject, shown in (
                ("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"),
                ("=?utf-8?B?" + "5pel5pys6Kqe" * 6 + "?=",
                 "日本語" * 5 + "..."),
                # in words of their own, as programs write them
                (" ".join("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?="
                          for _ in range(40)), "日本語" * 5 + "..."),
                ("=?utf-8?B?" + "5pel5pys6Kqe" * 5 + "5pel?=",
                 "日本語" * 5 + "日")):
            assert c.mail("joe@sender.test", ["y@日本語.example"],
                          b"Subject: %s\r\n\r\nx\r\n" % subject.encode())[
                              0] == 250
            wait_for(shown, lambda: ("        %s\n" % shown) in
                     filled.postern("showrecipients", "host",
                                    "日本語.example"))
    host = filled.ask("hoststatus", "日本語.example")
    assert host["host"] == "xn--wgv71a119e.example"
    assert host["gauges"]["active_recipients"] == 4
    filled.postern("delivernow", "日本語.example.")
    assert filled.ask("deleterecipients", "host", "日本語.example")[
        "recipients"] == 4
