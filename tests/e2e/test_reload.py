"""Changes of the configuration while mail flows."""
import signal
import os
import threading

from conftest import CONFIG
from ports import free_port
from suite import Client, wait_for


def test_a_change_counts_only_after_commit(postern, sink):
    assert_rcpt(postern, "a@new.test", 550)
    postern.configure(CONFIG.replace("      - .example.com\n",
                                     "      - .example.com\n"
                                     "      - new.test\n"))
    assert_rcpt(postern, "a@new.test", 550)
    assert "+      - new.test" in postern.postern("showchanges")
    out = postern.postern("commit", "take mail for new.test")
    assert "committed" in out.lower()
    assert_rcpt(postern, "a@new.test", 250)
    assert postern.postern("showchanges") == "There are no changes.\n"


def assert_rcpt(postern, rcpt, code):
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<%s>" % rcpt)[0] == code


def test_clearchanges_brings_the_committed_file_back(postern):
    before = (postern.root / "etc/postern.yaml").read_text()
    postern.configure(CONFIG + "# a thought\n")
    postern.postern("clearchanges", ok=(2,))    # nobody to ask
    assert (postern.root / "etc/postern.yaml").read_text() != before
    postern.postern("clearchanges", "--yes")
    assert (postern.root / "etc/postern.yaml").read_text() == before


def test_a_wrong_configuration_changes_nothing(postern, sink):
    postern.configure(CONFIG.replace("type: public", "type: pubic"))
    postern.postern("commit", "oops", ok=(1,))
    assert_rcpt(postern, "a@example.com", 250)
    with postern.client() as c:
        assert c.mail()[0] == 250
    sink.wait(1)


def test_a_session_survives_a_commit(postern, sink):
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<a@example.com>")[0] == 250
        postern.configure(CONFIG.replace("      - example.com\n", ""))
        postern.postern("commit", "no more example.com")
        # it began under the old configuration and ends under it
        assert c.cmd("DATA")[0] == 354
        c.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        assert c.reply()[0] == 250
    assert_rcpt(postern, "a@example.com", 550)
    sink.wait(1)


def test_listeners_come_and_go(postern):
    port = free_port()
    postern.configure(CONFIG.replace(
        "  - name: OutboundMail", """\
  - name: Extra
    type: public
    interface: Loopback
    port: %d
    rat:
      - extra.test
  - name: OutboundMail""" % port))
    postern.postern("commit", "one more listener")
    with postern.client(port) as c:
        assert c.cmd("NOOP")[0] == 250
    postern.configure(CONFIG)
    postern.postern("commit", "and away again")

    def gone():
        try:
            Client(port, timeout=2).close()
            return False
        except (OSError, AssertionError):
            return True
    wait_for("the listener to close", gone)


def commit(postern, why):
    """SIGHUP puts in force what there is: who comes meanwhile is told so, and
    the working copy is as it was."""
    wait_for("a commit", lambda: "committed" in postern.postern(
        "commit", why, ok=(0, 1)))


def test_hup_and_fifty_commits_under_load(postern, sink):
    errors, sent, stop = [], [0], threading.Event()

    def load():
        while not stop.is_set():
            try:
                with postern.client() as c:
                    for _ in range(5):
                        r = c.mail()
                        if r[0] != 250:
                            errors.append(r)
                        sent[0] += 1
            except Exception as e:      # whatever it is, the test fails
                errors.append(e)
    threads = [threading.Thread(target=load, daemon=True) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(10):
        postern.configure(CONFIG + "# change %d\n" % i)
        commit(postern, "change %d" % i)
        os.kill(postern.master_pid(), signal.SIGHUP)
    stop.set()
    for t in threads:
        t.join(20)
    assert not errors, errors[:3]
    sink.wait(sent[0])


def test_suspended_listeners_stay_so_over_a_restart(postern):
    postern.postern("suspendlistener", "InboundMail", "1")

    def refused():
        try:
            Client(postern.port, timeout=2).close()
            return False
        except (OSError, AssertionError):
            return True
    wait_for("the listener to refuse", refused)
    with postern.client(postern.private_port) as c:
        assert c.cmd("NOOP")[0] == 250
    postern.stop()
    postern.start()
    assert refused()
    postern.postern("resumelistener", "InboundMail")
    with postern.client() as c:
        assert c.cmd("NOOP")[0] == 250
