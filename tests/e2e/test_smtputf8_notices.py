"""Notices about mail of SMTPUTF8 (RFC 6533), taken apart by Python's email
package, addresses by the grammar of the RFC; and ORCPT on its way through."""
import email
import email.policy
import re

from conftest import CONFIG
from sink import Sink

SENDER, RCPT = "差出人@example.com", "宛先+a=b@far.test"
EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN")
BODY = "Subject: 件名\r\nMessage-ID: <u8@sender.test>\r\n\r\n本文\r\n"

# RFC 6533 section 3: utf-8-addr-unitext
UNICODE = (r"\\x\{(?:[2-9A-F][0-9A-F]|[1-9A-F][0-9A-F]{2}|[0-9A-F]{4}|"
           r"[1-9A-F][0-9A-F]{4}|10[0-9A-F]{4})\}")
QUCHAR = r"[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e\x80-\U0010ffff]"
UNITEXT = re.compile("(?:%s|%s)+" % (UNICODE, QUCHAR))
ASCII = re.compile(r"(?:%s|[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e])+"
                   % UNICODE)


def typed(field, grammar):
    """The address that it stands for."""
    kind, addr = field.split("; ", 1)
    if kind == "rfc822":
        return addr
    assert kind == "utf-8" and grammar.fullmatch(addr), field
    return re.sub(UNICODE, lambda m: chr(int(m.group()[3:-1], 16)), addr)


def say(c, line, code):
    r = c.cmd(line)
    assert r[0] == code, (line, r)


def send(postern, sender, rcpts, body, utf8=True):
    """rcpts: (address, parameters)"""
    with postern.client(postern.private_port) as c:
        say(c, "MAIL FROM:<%s> RET=FULL%s" % (
            sender, " SMTPUTF8" if utf8 else ""), 250)
        for addr, more in rcpts:
            say(c, "RCPT TO:<%s>%s" % (addr, more), 250)
        say(c, "DATA", 354)
        say(c, body.encode() + b".\r\n", 250)


def notice(sink, sender):
    m = [m for m in sink.messages if m.sender == ""][0]
    assert m.rcpts == [sender]
    return email.message_from_bytes(m.body, policy=email.policy.SMTPUTF8)


def status(part):
    """Of the message and of its recipients."""
    blocks = part.get_payload(decode=False)
    if part.get_content_type() == "message/delivery-status":
        return blocks[0], blocks[1:]
    # to the package it is a message with the rest as its text
    rest = blocks[0].get_payload(decode=True)
    return blocks[0], [
        email.message_from_bytes(b, policy=email.policy.SMTPUTF8)
        for b in rest.strip().split(b"\r\n\r\n")]


def test_a_notice_about_mail_of_smtputf8(make_suite):
    postern = make_suite(CONFIG)
    no = {"RCPT 宛先": "550 5.1.1 宛先不明", "RCPT ascii": "550 5.1.1 no"}
    with Sink(postern.sink_port, behave=no, extensions=EXTENSIONS) as sink:
        send(postern, SENDER, [
            (RCPT, " ORCPT=utf-8;元@far.test"),
            ("ascii+x@far.test", " ORCPT=utf-8;\\x{5143}\\x{2B}@far.test")],
            BODY)
        sink.wait(1)
        said = [c for c in sink.commands if c.startswith("RCPT")]
        mail = [c for c in sink.commands if c.startswith("MAIL FROM:<>")]
    top = notice(sink, SENDER)
    assert "SMTPUTF8" in mail[0], mail
    assert said[0].endswith(" ORCPT=utf-8;元@far.test"), said
    assert said[1].endswith(" ORCPT=utf-8;\\x{5143}\\x{2B}@far.test"), said
    assert top.get_content_type() == "multipart/report"
    assert top.get_param("report-type") == "delivery-status"
    assert SENDER in top["To"]
    human, report, original = top.iter_parts()
    assert human.get_content_type() == "text/plain"
    assert RCPT in human.get_content()
    assert report.get_content_type() == "message/global-delivery-status"
    assert report["Content-Transfer-Encoding"] == "8bit"
    assert original.get_content_type() == "message/global"
    assert original.get_payload(0)["Subject"] == "件名"
    whole, rcpts = status(report)
    assert whole["Reporting-MTA"] == "dns; mx.postern.test"
    assert [(typed(r["Final-Recipient"], UNITEXT),
             typed(r["Original-Recipient"], UNITEXT), r["Action"], r["Status"])
            for r in rcpts] == [
        (RCPT, "元@far.test", "failed", "5.1.0"),
        ("ascii+x@far.test", "元+@far.test", "failed", "5.1.0")]
    assert rcpts[1]["Diagnostic-Code"] == "smtp; 550 5.1.1 no"


def test_a_notice_in_ascii(make_suite):
    """The address was UTF-8 once, and the message is none of SMTPUTF8."""
    postern = make_suite(CONFIG)
    no = {"RCPT r@": "550 5.1.1 no"}
    with Sink(postern.sink_port, behave=no, extensions=EXTENSIONS) as sink:
        send(postern, "s@example.com", [
            ("r@far.test", " ORCPT=utf-8;\\x{5143}@far.test")],
            "Subject: x\r\nMessage-ID: <u7@sender.test>\r\n\r\nx\r\n",
            utf8=False)
        sink.wait(1)
    top = notice(sink, "s@example.com")
    _, report, original = top.iter_parts()
    assert report.get_content_type() == "message/delivery-status"
    assert original.get_content_type() == "message/rfc822"
    _, rcpts = status(report)
    assert typed(rcpts[0]["Original-Recipient"], ASCII) == "元@far.test"
    assert rcpts[0]["Final-Recipient"] == "rfc822; r@far.test"
    assert sink.messages[0].raw.isascii()
