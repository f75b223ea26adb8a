"""What an administrator watches: rates, hosts, who is connected, the DNS."""
import json
import re
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import wait_for, wait_quiet
from terminal import Terminal

HOST = "mx.postern.test> "
ROW = r"\d\d:\d\d:\d\d "


def test_rate(make_suite):
    postern = make_suite(CONFIG)
    with Sink(postern.sink_port), Terminal(postern, prompt=HOST) as t:
        t.expect(HOST)
        t.say("rate")
        t.answer(("Enter the number of seconds between displays.\n[10]> ",
                  "1"))
        t.expect("Hit Ctrl-C to return to the main prompt.\n\n"
                 "Time      Connections   Recipients           Recipients"
                 "           Queue\n"
                 "          In    Out     Received     Delta   Completed"
                 "    Delta   K-Used\n")
        with postern.client() as c:
            assert c.mail(rcpts=["a@example.com", "b@example.com"])[0] == 250
            rows = []       # until all of it is counted, whenever that is
            while not rows or rows[-1][:4] != [1, 1, 2, 2]:
                found = t.expect_like(
                    r"(?m)^" + ROW + r" +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) "
                    r"+(\d+) +(\d+)(?=\n)")
                n = list(map(int, found.groups()))
                rows.append([n[0], n[1], n[2], n[4]] + [n[3], n[5], n[6]])
            assert [sum(r[i] for r in rows) for i in (4, 5)] == [2, 2], rows
            assert rows[-1][6] == 0
        t.interrupt()
        t.expect("\n" + HOST)
        row = postern.ask("rate", "1", "1")
        assert row["recipients_received"] == row["recipients_completed"] == 2
        assert row["received_delta"] == row["completed_delta"] == 0
        t.say("hostrate")
        t.answer(("Recipient host:\n[]> ", "Example.com"),
                 ("Enter the number of seconds between displays.\n[10]> ",
                  "1"))
        t.expect("    Time    Host   CrtCncOut  ActvRcp  ActvRcp   DlvRcp  "
                 "HrdBncRcp  SftBncEvt\n")
        t.expect("0          0\n")
        with postern.client() as c:
            assert c.mail()[0] == 250
        # what becomes less while it is delivered was seen by the row before
        t.expect_like(r"    up +[01] +0 +(0|-1) +1 +0 +0\n")
        t.interrupt()
        t.expect("\n" + HOST)
        t.say("hostrate none.test 1")
        t.expect('No data for host "none.test".\n')


def test_topin(make_suite):
    postern = make_suite(CONFIG)
    with postern.client(source="127.0.0.7"), \
            postern.client(source="127.0.0.7"), \
            postern.client(source="127.0.0.8"), \
            postern.client(port=postern.private_port, source="127.0.0.7"):
        want = [("127.0.0.7", "InboundMail", 2), ("127.0.0.7", "OutboundMail", 1),
                ("127.0.0.8", "InboundMail", 1)]
        rows = postern.ask("topin")["connections"]
        assert [(r["ip"], r["listener"], r["connections"])
                for r in rows] == want
        assert len(postern.ask("topin", "2")["connections"]) == 2
        lines = postern.postern("topin").split("\n")
        assert lines[1] == ("#  Remote hostname            Remote IP addr.   "
                            "listener        Conn. In")
        assert lines[2] == ("1  127.0.0.7                  127.0.0.7         "
                            "InboundMail            2")
        assert postern.ask_quiet("status")["gauges"]["inbound_conn"] == 4
    wait_for("nobody", lambda: not postern.ask("topin")["connections"])


def test_counters_of_the_dns_have_three_columns(make_suite):
    postern = make_suite(CONFIG)
    text = postern.postern("dnsstatus").split("\n")
    assert text[1] == ("Counters:                               Reset"
                       "          Uptime        Lifetime")
    assert [re.sub(r"  +[\d,]+", "", l) for l in text[2:8]] == [
        "  DNS Requests", "  Network Requests", "  Cache Hits",
        "  Cache Misses", "  Cache Exceptions", "  Cache Expired"]


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_counters_survive_a_restart(make_suite, how):
    """Reset and lifetime go on, uptime begins anew."""
    postern = make_suite(CONFIG)

    def counter():
        c = postern.ask_quiet("status")["counters"]["recipients_received"]
        return c["reset"], c["uptime"], c["lifetime"]

    def one():
        before = counter()[1]
        with postern.client() as c:
            assert c.mail()[0] == 250
        wait_for("it is counted", lambda: counter()[1] == before + 1)

    with Sink(postern.sink_port):
        one()
        one()
        postern.postern("resetcounters")
        one()
        assert counter() == (1, 3, 3)
        postern.wait_empty()
        if how == "stop":
            postern.stop()
            postern.start()
            assert counter() == (1, 0, 3)
            one()
            assert counter() == (2, 1, 4)
        else:
            # the recorder alone: the sums are in shared memory
            postern.kill("recorder 0")
            wait_for("another recorder", lambda: "recorder 0" in
                     postern.pids() and postern.postern(
                         "status", ok=(0, 4)).startswith("Enter"))
            assert counter() == (1, 3, 3)
        assert postern.ask("status")["last_counter_reset"] is not None


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_counters_of_hosts_survive_a_restart(make_suite, how):
    """They count since the last reset, whatever was started anew since."""
    postern = make_suite(CONFIG)
    state = postern.root / "spool/deferred/.hosts"

    def ask(*words):
        """None: there is nothing to say, or nobody yet to say it."""
        text = postern.postern("--json", *words, ok=(0, 1, 4))
        return json.loads(text) if text else None

    def host(name):
        found = ask("hoststatus", name)
        return found and found["in_memory"] and tuple(
            found["counters"][c] for c in (
                "delivered_recipients", "fivexx_hard_bounces",
                "completed_recipients"))

    def again():
        if how == "stop":
            postern.stop()
            postern.start()
            return
        old = postern.kill("qmgr 0")
        wait_for("another qmgr", lambda: postern.pids().get(
            "qmgr 0") not in (None, old))

    with Sink(postern.sink_port, {"RCPT no": "550 5.1.1 nobody"}):
        with postern.client() as c:
            for to in ("a@example.com", "no@example.com", "b@x.example.com"):
                assert c.mail("", [to])[0] == 250
        postern.wait_empty()
        wait_for("the file", lambda: state.exists() and
                 b"x.example.com" in state.read_bytes())
        again()
        wait_for("its counters", lambda: host("example.com") == (1, 1, 2))
        assert host("x.example.com") == (1, 0, 1)
        top = {h["recipient_host"]: h["deliv_rcpts"] for h in
               postern.ask("tophosts", "deliv_rcpts")["hosts"]}
        assert top["example.com"] == top["x.example.com"] == 1
        before = state.stat().st_mtime_ns
        postern.postern("resetcounters")
        wait_for("the file", lambda: state.stat().st_mtime_ns != before)
        again()
        wait_for("an answer", lambda: ask("tophosts"))
        assert host("x.example.com") is False


def parsed(text):
    return {f.name: f for f in text_string_to_metric_families(text)}


def fetch(port, request):
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(request)
        out = b""
        while piece := s.recv(65536):
            out += piece
    head, _, body = out.decode().partition("\r\n\r\n")
    return head, body


def test_metrics(make_suite):
    port = free_port()
    postern = make_suite(CONFIG + "\nmetrics:\n  port: %d\n" % port)
    with Sink(postern.sink_port), postern.client() as c:
        assert c.mail()[0] == 250
        postern.wait_empty()
    wait_quiet()
    families = parsed(postern.postern("metrics"))
    counter = families["postern_delivered_recipients"]
    assert counter.type == "counter" and counter.documentation
    assert [(s.name, s.value) for s in counter.samples] == [
        ("postern_delivered_recipients_total", 1)]
    assert families["postern_active_recipients"].samples[0].value == 0
    assert families["postern_oldest_message_timestamp_seconds"].samples[
        0].value == 0
    assert all(f.documentation and f.type in ("counter", "gauge")
               for f in families.values())
    head, body = fetch(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "Content-Length: %d\r\n" % len(body) in head
    assert parsed(body).keys() == families.keys()
    for request, status in ((b"GET / HTTP/1.1\r\n\r\n", "404"),
                            (b"DELETE /metrics HTTP/1.0\r\n\r\n", "405"),
                            (b"x" * 4096, "400")):
        head, body = fetch(port, request)
        assert head.split()[1] == status and body == ""
    # it is no listener: nobody suspends it, and it is not shown as one
    postern.postern("suspend", "0")
    assert "200 OK" in fetch(port, b"GET /metrics HTTP/1.0\r\n\r\n")[0]
    assert families.keys() == parsed(postern.postern("metrics")).keys()
    values = parsed(postern.postern("metrics"))
    assert values["postern_delivery_suspended"].samples[0].value == 1
    postern.postern("resume")
    postern.configure(CONFIG)
    postern.postern("commit", "no metrics")
    with pytest.raises(OSError):
        fetch(port, b"GET /metrics HTTP/1.0\r\n\r\n")
