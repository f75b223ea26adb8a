"""What cannot be delivered: refused, deferred, expired, and who hears."""
import email
import email.policy
import re
import time

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Client, wait_for

BODY = (b"From: Joe <joe@sender.test>\r\nSubject: to be refused\r\n"
        b"Message-ID: <b1@sender.test>\r\n\r\nthe text\r\n")


def notices(sink):
    return [m for m in sink.messages if m.sender == ""]


def report(message):
    m = email.message_from_bytes(message.body, policy=email.policy.default)
    assert m.get_content_type() == "multipart/report"
    assert m.get_param("report-type") == "delivery-status"
    human, status, original = list(m.iter_parts())
    assert status.get_content_type() == "message/delivery-status"
    fields = [dict(p.items()) for p in status.get_payload()]
    return m, human, fields, original


def test_a_refused_recipient_bounces_and_the_other_arrives(make_suite):
    postern = make_suite()
    with Sink(postern.sink_port, {
            "RCPT ghost@example.com": "550 5.1.1 no such user"}) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test",
                          ["anna@example.com", "ghost@example.com"],
                          BODY)[0] == 250
        wait_for("the message and the notice",
                 lambda: len(sink.messages) == 2)
        postern.wait_empty()
        m = notices(sink)[0]
        assert m.rcpts == ["joe@sender.test"]
        top, human, fields, original = report(m)
        assert top["Auto-Submitted"] == "auto-replied"
        assert "MAILER-DAEMON@mx.postern.test" in top["From"]
        assert fields[0]["Reporting-MTA"] == "dns; mx.postern.test"
        assert len(fields) == 2
        assert fields[1]["Final-Recipient"] == "rfc822; ghost@example.com"
        assert fields[1]["Action"] == "failed"
        assert fields[1]["Status"].startswith("5.")
        assert "550" in fields[1]["Diagnostic-Code"]
        assert "no such user" in human.get_content()
        assert "the text" in original.as_string()
    text = "\n".join(postern.log())
    assert ("to RID 1 - 5.1.0 - Unknown address error "
            "('550', ['5.1.1 no such user']) []") in text
    assert "was generated for bounce of MID" in text
    s = str(postern.ask_quiet("status", "detail"))
    assert "hard_bounced" in s


def test_lop_04_a_notice_is_never_bounced(make_suite):
    postern = make_suite()
    with Sink(postern.sink_port, {"RCPT": "550 5.1.1 nobody here"}) as sink:
        with postern.client() as c:
            assert c.mail("", ["a@example.com"], BODY)[0] == 250
            assert c.mail("joe@sender.test", ["b@example.com"],
                          BODY)[0] == 250
        postern.wait_empty()
        postern.wait_log("Double bounce")
        assert not sink.messages
    assert len([l for l in postern.log()
                if "was generated for bounce" in l]) == 1


def test_dsn_options_are_honoured(make_suite):
    postern = make_suite()
    # the notice itself may pass
    with Sink(postern.sink_port, {"RCPT": "550 5.1.1 no",
                                  "RCPT joe@": "250 2.1.5 ok"}) as sink:
        with postern.client() as c:
            c.cmd("MAIL FROM:<joe@sender.test> RET=HDRS ENVID=QQ+2B314")
            c.cmd("RCPT TO:<never@example.com> NOTIFY=NEVER")
            c.cmd("RCPT TO:<f@example.com> NOTIFY=FAILURE "
                  "ORCPT=rfc822;orig@example.com")
            c.cmd("DATA")
            c.send(BODY + b".\r\n")
            assert c.reply()[0] == 250
        wait_for("the notice", lambda: notices(sink))
        _, human, fields, original = report(notices(sink)[0])
        assert fields[0]["Original-Envelope-Id"] == "QQ+314"
        assert len(fields) == 2
        assert fields[1]["Original-Recipient"] == "rfc822; orig@example.com" \
            or fields[1]["Original-Recipient"] == "rfc822;orig@example.com"
        assert "the text" not in original.as_string()
        assert original.get_content_type() == "text/rfc822-headers"


def test_dsn_options_are_passed_on(make_suite):
    postern = make_suite()
    with Sink(postern.sink_port, extensions=("PIPELINING", "DSN")) as sink:
        with postern.client() as c:
            c.cmd("MAIL FROM:<joe@sender.test> RET=FULL ENVID=abc")
            c.cmd("RCPT TO:<f@example.com> NOTIFY=SUCCESS,DELAY "
                  "ORCPT=rfc822;o+2Br@example.com")
            c.cmd("DATA")
            c.send(BODY + b".\r\n")
            assert c.reply()[0] == 250
        sink.wait(1)
        mail = [x for x in sink.commands if x.startswith("MAIL")][0]
        rcpt = [x for x in sink.commands if x.startswith("RCPT")][0]
        assert "RET=FULL" in mail and "ENVID=abc" in mail
        assert "NOTIFY=SUCCESS,DELAY" in rcpt
        assert "ORCPT=rfc822;o+2Br@example.com" in rcpt


def test_a_4xx_is_tried_again(make_suite):
    postern = make_suite()
    with Sink(postern.sink_port, {"RCPT": "451 4.7.1 later"}) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["a@example.com"],
                          BODY)[0] == 250
        postern.wait_log("Delayed: DCID")
        postern.wait_log("pending till")
        wait_for("it to wait", lambda: len(postern.queued()) == 1)
        out = postern.postern("showrecipients", "all")
        assert "a@example.com" in out and "to be refused" in out
        sink.behave.clear()
        postern.postern("delivernow", "example.com")
        postern.deliver("it", lambda: sink.messages)
        postern.wait_empty()


def test_expired_mail_bounces_just_before_the_next_attempt(make_suite):
    postern = make_suite(CONFIG + """
bounce_profiles:
  - name: Default
    max_queue_time: 4
    initial_retry: 60
""")
    with Sink(postern.sink_port, {"RCPT a@": "451 4.7.1 later"}) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["a@example.com"],
                          BODY)[0] == 250
        postern.wait_log("Delayed: DCID")
        time.sleep(4.2)
        postern.deliver("the notice", lambda: notices(sink))
        _, _, fields, _ = report(notices(sink)[0])
        assert fields[1]["Status"] == "5.4.7"
        assert len([c for c in sink.commands if "a@example.com" in c]) == 1


def test_a_host_that_is_down_is_probed_not_flooded(make_suite):
    postern = make_suite()
    for i in range(20):
        with postern.client() as c:
            assert c.mail(rcpts=["r%d@example.com" % i], body=BODY)[0] == 250
    postern.wait_log("Connection Error: DCID")
    time.sleep(1)
    errors = [l for l in postern.log() if "Connection Error" in l]
    assert len(errors) <= 3, errors
    h = postern.ask_quiet("hoststatus", "example.com")
    assert "'down'" in str(h)
    assert "*" in postern.postern("tophosts", "active_rcpts")
    with Sink(postern.sink_port) as sink:
        postern.postern("delivernow", "all")
        sink.wait(20)
        postern.wait_empty()
    assert "'up'" in str(postern.ask_quiet("hoststatus", "example.com"))


def test_lop_01_a_message_with_101_received_lines_is_refused(postern):
    head = b"".join(b"Received: by %d; x\r\n" % i for i in range(101))
    with postern.client() as c:
        r = c.mail(body=head + BODY)
        assert r[0] == 554 and "5.4.6" in r[1][0]
        assert c.mail(body=head[22 * 3:] + BODY)[0] == 250


def test_a_connection_lost_mid_way_comes_back(make_suite):
    postern = make_suite()
    state = {"n": 0}

    def once(step):
        state["n"] += 1
        return None if state["n"] == 1 else "250 2.0.0 ok"
    with Sink(postern.sink_port, {"DOT": once}) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["a@example.com"],
                          BODY)[0] == 250
        wait_for("the first attempt", lambda: state["n"] >= 1)
        wait_for("the message", lambda: postern.postern(
            "delivernow", "all", ok=(0, 1)) is not None and sink.messages,
            every=0.5)
        postern.wait_empty()
        assert len(sink.messages) == 1


def test_bac_04_a_hostile_reply_is_cleaned(make_suite):
    postern = make_suite()
    bad = "550 5.1.1 \x1b[2Jno\x07 \x80 " + "x" * 900
    with Sink(postern.sink_port, {"RCPT ghost@": bad}) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["ghost@example.com"],
                          BODY)[0] == 250
        wait_for("the notice", lambda: notices(sink))
        raw = notices(sink)[0].body
        assert b"\x1b" not in raw and b"\x07" not in raw
        report(notices(sink)[0])
        assert all(len(l) <= 998 for l in raw.splitlines())
    assert not [l for l in postern.log() if "\x1b" in l]


LANGUAGES = """
text_resources:
  - name: ours
    type: bounce
bounce_profiles:
  - name: Default
  - name: ja
    language: japanese
    copy_remote_status: yes
  - name: both
    language: both
    dsn_format: no
  - name: own
    language: japanese
    text: ours
    subject: "配信できませんでした"
    from: postmaster@sender.test
destinations:
  - domain: ja.test
    bounce_profile: ja
  - domain: both.test
    bounce_profile: both
  - domain: own.test
    bounce_profile: own
"""
OURS = """$Hostname より $MID について ($5 $Hostnam)
件名: $Subject
宛先: $BOUNCEDRECIPIENT
理由: $BounceReason ($remotehost)
"""


REFUSED = ("From: Joe <joe@sender.test>\r\n"
           "Subject: =?iso-2022-jp?B?GyRCOGYwJzsiGyhC?=\r\n"
           "Message-ID: <b1@sender.test>\r\n\r\nthe text\r\n").encode()


def test_notices_in_the_language_of_the_profile(make_suite):
    """Every server takes them, and a parser that is not ours reads them."""
    postern = make_suite(CONFIG + LANGUAGES, start=False)
    texts = postern.root / "etc/texts"
    texts.mkdir(mode=0o755)
    (texts / "ours.txt").write_text(OURS)
    postern.start()
    with Sink(postern.sink_port, {"RCPT": "554 5.2.2 mailbox full",
                                  "RCPT joe.": "250 2.1.5 ok"}) as sink:
        with Client(postern.private_port) as c:
            for domain in "ja", "both", "own":
                assert c.mail("joe.%s@sender.test" % domain,
                              ["x@%s.test" % domain], REFUSED)[0] == 250
            assert c.mail("joe.two@sender.test",
                          ["x@ja.test", "y@ja.test", "x@own.test"],
                          REFUSED)[0] == 250
        wait_for("all notices", lambda: len(sink.messages) == 5)
        got = {m.rcpts[0][4:].split("@")[0]: m for m in notices(sink)}
        two = [report(m) for m in notices(sink) if "two" in m.rcpts[0]]
    # one of each profile
    assert sorted((str(top["Subject"]), len(fields) - 1)
                  for top, _, fields, _ in two) == \
        [("配信できませんでした", 1), ("配信状況通知 (失敗)", 2)]

    top, human, fields, _ = report(got["ja"])
    assert max(got["ja"].body) < 0x80
    assert top["Subject"] == "配信状況通知 (失敗)"
    assert top["From"].addresses[0].display_name == "メール配信システム"
    assert human["Content-Language"] == "ja"
    text = human.get_content().replace("\r\n", "\n")
    assert text.startswith("これは mx.postern.test のメールシステムからの"
                           "お知らせです。\n\nあなたのメールは、以下の宛先に"
                           "配信できませんでした。\n")
    assert "<x@ja.test>\n    5.2.2 - " in text and "の応答:\n    554 " in text
    assert fields[1]["Status"] == "5.2.2"

    both = email.message_from_bytes(got["both"].body,
                                    policy=email.policy.default)
    assert both["Subject"] == "Delivery Status Notification (Failure)"
    text = both.get_content().replace("\r\n", "\n")
    first = text.index("This is the mail system at mx.postern.test.")
    assert first < text.index("これは mx.postern.test の") \
        < text.index("<x@both.test>\n    5.1.0 - ") < text.index("the text")

    top, human, fields, _ = report(got["own"])
    assert top["Subject"] == "配信できませんでした"
    assert top["From"].addresses[0].addr_spec == "postmaster@sender.test"
    mid = re.search(r"MID (\d+) ICID \d+ From: <joe.own@", "\n".join(
        postern.log())).group(1)
    assert human.get_content().replace("\r\n", "\n") == """mx.postern.test より %s について ($5 $Hostnam)
件名: 御挨拶
宛先: x@own.test
理由: 5.1.0 - Unknown address error
    554 5.2.2 mailbox full (127.0.0.1)
""" % mid
