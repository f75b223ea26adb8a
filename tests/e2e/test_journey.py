"""A message in, durable, queued, out: the gateway's main job."""
import re

from suite import stuff

BODY = (b"From: Joe <joe@example.org>\r\n"
        b"To: anna@example.com\r\n"
        b"Subject: a journey\r\n"
        b"Message-ID: <1@example.org>\r\n"
        b"\r\n"
        b"first line\r\n"
        b".a dot at the start\r\n"
        b"..two of them\r\n"
        b"last line\r\n")


def test_a_message_arrives_as_it_was_sent(postern, sink):
    with postern.client() as c:
        code, text = c.mail("joe@example.org", ["anna@example.com"], BODY)
    assert code == 250
    mid = int(re.search(r"Message (\d+) accepted", text[0]).group(1))
    m = sink.wait(1)[0]
    assert m.sender == "joe@example.org"
    assert m.rcpts == ["anna@example.com"]
    head, rest = m.body.split(b"From: Joe", 1)
    assert b"From: Joe" + rest == BODY
    assert m.raw.endswith(stuff(BODY))
    # one trace line was added, in front
    assert re.fullmatch(
        rb"Received: from unknown \(HELO client\.test\) \(127\.0\.0\.1\)\r\n"
        rb"\s+by mx\.postern\.test with ESMTP; [^\r\n]+\r\n", head), head
    postern.wait_empty()
    lines = postern.wait_log("Message finished MID %d done" % mid)
    assert len(lines) == 1


def test_the_log_tells_the_story_in_order(postern, sink):
    with postern.client() as c:
        c.mail("joe@example.org", ["anna@example.com", "x@sub.example.com"],
               BODY)
        assert c.cmd("RCPT TO:<a@b.test>")[0] == 503
        c.cmd("MAIL FROM:<>")
        assert c.cmd("RCPT TO:<a@elsewhere.test>")[0] == 550
        c.cmd("QUIT")
    sink.wait(1)
    postern.wait_log("Message finished")
    text = "\n".join(postern.log())
    order = [r"New SMTP ICID (\d+) interface Loopback \(127\.0\.0\.1\) "
             r"address 127\.0\.0\.1 reverse dns host unknown verified no",
             r"ICID \d+ ACCEPT SG None match ALL SBRS",
             r"Start MID \d+ ICID \d+",
             r"MID \d+ ICID \d+ From: <joe@example\.org>",
             r"MID \d+ ICID \d+ RID 0 To: <anna@example\.com>",
             r"MID \d+ ICID \d+ RID 1 To: <x@sub\.example\.com>",
             r"MID \d+ Message-ID '<1@example\.org>'",
             r"MID \d+ Subject 'a journey'",
             r"MID \d+ ready \d+ bytes from <joe@example\.org>",
             r"MID \d+ queued for delivery"]
    at = 0
    for line in order:
        m = re.compile(line).search(text, at)
        assert m, "missing or out of order: %s\n%s" % (line, text)
        at = m.end()
    for line in [r"New SMTP DCID \d+ interface \S+ address 127\.0\.0\.1 "
                 r"port %d" % postern.sink_port,
                 r"Delivery start DCID \d+ MID \d+ to RID \[0, 1\]|"
                 r"Delivery start DCID \d+ MID \d+ to RID \[0\]",
                 r"Message done DCID \d+ MID \d+ to RID \[",
                 r"MID \d+ RID \[.*\] Response '2\.0\.0 queued'",
                 r"Message finished MID \d+ done",
                 r"MID \d+ ICID \d+ To: <a@elsewhere\.test> Rejected by RAT",
                 r"ICID \d+ close"]:
        assert re.search(line, text), "missing: %s\n%s" % (line, text)


def test_counters_follow(postern, sink):
    with postern.client() as c:
        for i in range(5):
            assert c.mail(rcpts=["a%d@example.com" % i, "b@example.com"],
                          body=BODY)[0] == 250
        c.cmd("MAIL FROM:<x@client.test>")
        c.cmd("RCPT TO:<no@elsewhere.test>")
    sink.wait(5)
    postern.wait_empty()
    s = postern.ask_quiet("status", "detail")
    text = str(s)
    for key, value in [("messages_received", 5), ("recipients_received", 10),
                       ("rejected_recipients", 1),
                       ("delivered_recipients", 10),
                       ("completed_recipients", 10)]:
        assert counter(s, key) == value, (key, text)


def counter(status, key):
    """The lifetime value of a counter, wherever it stands in the tree."""
    found = []

    def walk(o):
        if isinstance(o, dict):
            for k, v in o.items():
                if k == key and isinstance(v, dict) and "lifetime" in v:
                    found.append(v["lifetime"])
                walk(v)
        elif isinstance(o, list):
            for v in o:
                walk(v)
    walk(status)
    assert found, key
    return found[0]


def test_relay_is_for_private_listeners_only(postern, sink):
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<a@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<v@other.test>")[0] == 550
        assert c.cmd("RCPT TO:<v%other.test@example.com>")[0] == 553
    with postern.client(postern.private_port) as c:
        assert c.mail("a@client.test", ["v@other.test"], BODY)[0] == 250
    assert sink.wait(1)[0].rcpts == ["v@other.test"]
