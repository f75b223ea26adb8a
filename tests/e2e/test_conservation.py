"""When something runs short clients wait, and then are put off; the gateway
itself goes on."""
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Client, wait_for

BODY = b"Subject: x\r\n\r\nx\r\n"


def config(text):
    return CONFIG + "\nsystem:\n" + text


def degree(postern):
    return postern.ask("status")["gauges"]["resource_conservation"]


def fill(postern, n):
    """So many recipients wait."""
    with postern.client(port=postern.private_port) as c:
        while n > 0:
            part = min(n, 100)
            assert c.mail("joe@sender.test", [
                "r%d@example.com" % i for i in range(part)], BODY)[0] == 250
            n -= part


def test_a_queue_that_is_full(make_suite):
    postern = make_suite(config("  queue_limit: 200\n"))
    postern.postern("suspenddel", "0")
    fill(postern, 100)
    with postern.client() as open_one:
        fill(postern, 100)
        wait_for("no more mail", lambda: degree(postern) == 999)
        postern.wait_log("Resource conservation: recipients in the queue at "
                         "100 % (limit 100 %): no mail is accepted")
        # who is connected is put off, and so is who comes
        code, text = open_one.cmd("MAIL FROM:<a@b.test>")
        assert code == 452 and text == ["4.3.1 Resources low, try later"]
        with Client(postern.port, greet=False) as late:
            code, text = late.reply()
            assert code == 421 and "Resources low, try later" in text[0]
            assert late.reply() is None
        with Sink(postern.sink_port) as sink:
            postern.postern("resumedel")
            postern.wait_empty()
            assert len(sink.rcpts()) == 200
        wait_for("the end of it", lambda: degree(postern) == 0)
        postern.wait_log("Resource conservation has ended")
        assert open_one.cmd("MAIL FROM:<a@b.test>")[0] == 250


def test_clients_wait_when_a_queue_is_nearly_full(make_suite):
    postern = make_suite(config("  queue_limit: 600\n"))
    postern.postern("suspenddel", "0")
    with postern.client() as c:
        fill(postern, 481)
        wait_for("waiting", lambda: degree(postern) == 1)
        began = time.monotonic()
        c.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<r@example.com>\r\n")
        assert c.reply()[0] == 250
        assert time.monotonic() - began >= 1
        assert c.reply()[0] == 250
        began = time.monotonic()
        with postern.client() as other:
            assert other.banner[0] == 220
            assert time.monotonic() - began >= 1
        assert c.cmd("RSET")[0] == 250


def test_memory(make_suite):
    """The suite uses more than nothing, and less than the machine has."""
    postern = make_suite(CONFIG)
    g = postern.ask("status")["gauges"]
    assert g["ram_used"] > 1000000 and g["ram_utilization"] < 45
    assert g["resource_conservation"] == 0
    postern.configure(config("  memory: 4M\n"))
    postern.postern("commit", "little memory")
    wait_for("no more mail", lambda: degree(postern) == 999)
    postern.wait_log("Resource conservation: memory at ")
    assert "%" in postern.postern("status", "detail").split(
        "RAM Utilization")[1].split("\n")[0]
    postern.configure(CONFIG)
    postern.postern("commit", "as before")
    wait_for("the end of it", lambda: degree(postern) == 0)


def test_limits_in_the_wrong_order_are_refused(make_suite):
    postern = make_suite(CONFIG)
    postern.configure(config("  memory_start: 60\n  memory_halt: 60\n"))
    with pytest.raises(AssertionError, match="memory_halt"):
        postern.postern("commit", "wrong")
