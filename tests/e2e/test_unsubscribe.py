"""The global unsubscribe list: what is on it gets nothing (delivery-admin
1.11), and trace says so before."""
import re

from conftest import CONFIG
from sink import Sink
from suite import Client, wait_for

LIST = """
global_unsubscribe:
  entries:
    - user@
    - "@gone.example.com"
    - "@.below.test"
    - joe@example.net
"""
MAIL = b"Subject: x\r\nMessage-ID: <u@sender.test>\r\n\r\nx\r\n"
#       recipient, the entry it matches
RCPTS = [("ann@example.com", None),
         ("User@example.org", "user@"),
         ("user@example.com", "user@"),
         ("x@gone.example.com", "@gone.example.com"),
         ("x@sub.gone.example.com", None),
         ("x@below.test", None),
         ("x@a.b.below.test", "@.below.test"),
         ("joe@example.net", "joe@example.net"),
         ("joe@example.com", None)]
KEPT = {a for a, entry in RCPTS if entry is None}
HITS = {a: entry for a, entry in RCPTS if entry is not None}


def said(postern):
    return {a: entry for entry, a in re.findall(
        r"Global unsubscribe matched entry (\S+) RID \d+ Address (\S+) "
        r"Action dropped", "\n".join(postern.log()))}


def counter(postern, name):
    return postern.ask_quiet("status", "detail")["counters"][name]["uptime"]


def send(postern, rcpts, sender="s@sender.test"):
    with Client(postern.private_port) as c:
        assert c.mail(sender, rcpts, MAIL)[0] == 250


def test_what_is_on_the_list_is_dropped_and_trace_says_so(make_suite):
    postern = make_suite(CONFIG + LIST)
    report = postern.postern(
        "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--file", "-", "--sender", "s@sender.test",
        "--recipients", ",".join(a for a, _ in RCPTS), text=MAIL.decode())
    told = dict(re.findall(
        r"Global unsubscribe: (\S+) matches (\S+): dropped", report))
    with Sink(postern.sink_port) as sink:
        send(postern, [a for a, _ in RCPTS])
        postern.wait_empty()
        assert set(sink.rcpts()) == KEPT
    assert said(postern) == HITS == told
    assert not [m for m in sink.messages if m.sender == ""]
    assert counter(postern, "global_unsub_hits") == len(HITS)
    assert counter(postern, "deleted_recipients") == len(HITS)


def test_senders_are_told_and_waiting_mail_is_stopped(make_suite):
    """An entry counts for mail that is in the queue already; one may be a
    server."""
    postern = make_suite(CONFIG)
    with Sink(postern.sink_port, {"RCPT x@": "450 4.2.1 later"}) as sink:
        send(postern, ["x@a.test", "ann@a.test"])
        wait_for("the first attempt", lambda: sink.rcpts() == ["ann@a.test"])
        postern.wait_log("Delayed")
        postern.postern("unsubscribe", "new", "x@")
        postern.postern("unsubscribe", "setup", "enable", "bounce")
        postern.postern("commit", "stop it")
        postern.deliver("the notice", lambda: len(sink.messages) == 2)
        notice = sink.messages[1]
        assert notice.rcpts == ["s@sender.test"]
        assert b"5.7.1 - Global unsubscribe" in notice.body
        postern.wait_empty()
        postern.wait_log("matched entry x@ RID 0 Address x@a.test "
                         "Action bounced")
        # the sink's address: nothing can be delivered any more
        postern.postern("unsubscribe", "new", "127.0.0.1")
        postern.postern("unsubscribe", "setup", "enable", "drop")
        postern.postern("commit", "nothing at all")
        send(postern, ["ann@b.test"], "")
        postern.wait_log("matched entry 127.0.0.1 RID 0 Address ann@b.test "
                         "Action dropped")
        postern.wait_empty()
        assert len(sink.messages) == 2
        # and switched off
        postern.postern("unsubscribe", "setup", "disable")
        postern.postern("commit", "on again")
        send(postern, ["x@b.test", "ann@b.test"], "")
        wait_for("mail again", lambda: "ann@b.test" in sink.rcpts())
    assert counter(postern, "global_unsub_hits") == 2


def test_import_and_export(make_suite):
    postern = make_suite()
    etc = postern.root / "etc"
    (etc / "list.txt").write_text("# ours\na@example.com\n\n@b.test\n::1\n")
    (etc / "bad.txt").write_text("a@example.com\nnobody\n")
    postern.postern("unsubscribe", "import", "list.txt")
    assert sorted(postern.postern("unsubscribe", "print").split()) == \
        ["::1", "@b.test", "a@example.com"]
    bad = postern.postern("unsubscribe", "import", "bad.txt", ok=(1,))
    assert 'Error in line 2: "nobody" must be' in bad
    postern.postern("unsubscribe", "delete", "@B.test")
    postern.postern("unsubscribe", "export", "out.txt")
    assert sorted((etc / "out.txt").read_text().split()) == \
        ["::1", "a@example.com"]
    postern.postern("unsubscribe", "delete", "x@", ok=(1,))
    postern.postern("unsubscribe", "clear")
    assert postern.postern("unsubscribe", "print") == ""
