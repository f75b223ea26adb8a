"""smtproutes, destconfig, deliveryconfig: changed by commands, in force after
a commit, seen by the next hop."""
import time

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import wait_for
from terminal import Terminal


def sent(postern, to, n=1):
    with postern.client() as c:
        for i in range(n):
            assert c.mail("joe@sender.test", [to],
                          b"Subject: %d\r\n\r\nx\r\n" % i)[0] == 250


def test_routes_by_command(make_suite):
    postern = make_suite(CONFIG)
    other = free_port()
    route = "127.0.0.1:%d" % other
    said = postern.postern("smtproutes", "new", "Sub.Example.COM",
                           "[%s]:1/pri=20" % "127.0.0.1", route + "/pri=5")
    assert said.startswith("Mapping for sub.example.com to [127.0.0.1]:1/pri="
                           "20, %s/pri=5 created.\n" % route)
    postern.postern("smtproutes", "new", "void.example.com", "/dev/null")
    for words, why in (
            (("new", "sub.example.com", route), "use edit"),
            (("new", "x.test", "USEDNS", route), "USEDNS"),
            (("new", "x.test", "a.test/pri=70000"), "/pri=70000"),
            (("new", "x.test", "a_b!"), "a_b!"),
            (("edit", "none.test", route), "no route for none.test"),
            (("delete", "none.test"), "no route for none.test")):
        r = postern.postern("smtproutes", *words, ok=(1, 2))
        assert r == ""
    assert "void.example.com             /dev/null\n" in \
        postern.postern("smtproutes", "print")
    postern.postern("smtproutes", "export", "routes.txt")
    before = postern.postern("smtproutes", "print")
    postern.postern("smtproutes", "clear")
    assert postern.postern("smtproutes", "print") == ""
    postern.postern("smtproutes", "import", "routes.txt")
    assert postern.postern("smtproutes", "print") == before
    (postern.root / "etc/bad.txt").write_text("a.test: b.test\nno colon\n"
                                              "a.test: c.test\n")
    postern.postern("smtproutes", "import", "bad.txt", ok=(1,))
    assert postern.postern("smtproutes", "print") == before
    postern.postern("commit", "routes")
    with Sink(other) as sink, Sink(postern.sink_port) as main:
        sent(postern, "a@sub.example.com")
        sent(postern, "a@example.com")
        sent(postern, "a@void.example.com")
        sink.wait(1)
        main.wait(1)
        postern.wait_log("dropped by SMTP route /dev/null")
        postern.wait_empty()
        assert sink.rcpts() == ["a@sub.example.com"]
        assert main.rcpts() == ["a@example.com"]
    assert ("void.example.com", "/dev/null") in [
        (r["domain"], r["destinations"])
        for r in postern.ask("smtproutes", "print")]


def test_routes_in_a_dialogue(make_suite):
    postern = make_suite(CONFIG)
    with Terminal(postern, "smtproutes") as t:
        t.expect("[]> ")
        t.say("new")
        t.expect("for the default):\n[]> ")
        t.say("a..b")
        t.expect("[]> ")
        t.say(".New.Test")
        t.expect("are understood):\n[]> ")
        t.say("mx.test:0")
        assert "within 1..65535" in t.expect("[]> ")
        t.say("mx.test:26, [mx2.test]/pri=7")
        t.expect("created.")
        t.expect("[]> ")
        t.say("edit")
        t.expect("[]> ")
        t.say(".new.test")
        t.expect("[mx.test:26, [mx2.test]/pri=7]> ")
        t.say("USEDNS")
        t.expect("Mapping for .new.test to USEDNS created.")
        t.expect("[]> ")
        t.say("")
        t.expect("commit to put it in force")
    assert ".new.test                    USEDNS\n" in \
        postern.postern("smtproutes", "print")


def test_destinations_by_command(make_suite):
    postern = make_suite(CONFIG)
    postern.postern("deliveryconfig", "setup", "idle_timeout=30")
    postern.postern("destconfig", "new", "example.com", "recipient_limit=3",
                    "recipient_window=60", "max_connections=1",
                    "ip_preference=require_v4")
    postern.postern("destconfig", "new", "example.com", ok=(1,))
    postern.postern("destconfig", "edit", "example.com",
                    "recipient_window=10", ok=(2,))
    postern.postern("destconfig", "delete", "Default", ok=(1,))
    assert ("example.com          On         Default            Default"
            "        Default\n") in postern.postern("destconfig", "list")
    assert "recipient_window=1m\n" in \
        postern.postern("destconfig", "print", "example.com")
    postern.postern("commit", "limits")
    with Sink(postern.sink_port) as sink:
        sent(postern, "a@example.com", 5)
        sink.wait(3)
        wait_for("the other two to wait", lambda: postern.ask(
            "hoststatus", "example.com")["gauges"]["unattempted_recipients"]
                 == 2)
        time.sleep(0.5)
        assert len(sink.messages) == 3 and sink.connections == 1
        host = postern.ask("hoststatus", "example.com")
        assert host["gauges"]["unattempted_recipients"] == 2
        assert host["counters"]["soft_bounced_events"] == 0
        postern.postern("delivernow", "all")
        sink.wait(5)
        wait_for("an empty queue", lambda: postern.queued() == [])
    postern.postern("destconfig", "clear")
    assert [d["domain"] for d in postern.ask("destconfig", "list")] == \
        ["Default"]


def test_trace_says_where(make_suite):
    """trace = live: route, limits and TLS of each domain."""
    other = free_port()
    postern = make_suite(CONFIG.replace("routes:\n", """\
routes:
  void.example.com: /dev/null
  other.example.com: 127.0.0.1:%d
""" % other) + """\
destinations:
  - { domain: Default, max_connections: 7 }
  - { domain: other.example.com, tls: required }
""")
    (postern.root / "message").write_text("Subject: x\n\nx\n")
    words = ["--source-ip", "127.0.0.1", "--listener", "InboundMail",
             "--fqdn", "", "--reputation", "none", "--sender",
             "joe@sender.test", "--recipients", "a@other.example.com,"
             "a@void.example.com,b@other.example.com",
             "--file", postern.root / "message"]
    report = postern.ask("trace", *words)
    d = report["results"][0]["deliveries"]
    assert [(x["domain"], x["route"], x["tls"], x["max_connections"])
            for x in d] == [
        ("other.example.com", "127.0.0.1:%d" % other, "required", "7"),
        ("void.example.com", "/dev/null", "off", "7")]
    assert " - void.example.com: by route /dev/null, ip_preference=" in \
        postern.postern("trace", "--explain", *words)
    with Sink(other) as sink:
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["a@other.example.com",
                                              "a@void.example.com"])[0] == 250
        postern.wait_log("dropped by SMTP route /dev/null")
        wait_for("the error", lambda: postern.ask(
            "hoststatus", "other.example.com")["last_tls_error"])
        assert sink.messages == []
