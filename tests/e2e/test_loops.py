"""LOP-03: two gateways that think of each other as the next hop."""
import pytest

from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for

ROUTES = "routes:\n  ALL: 127.0.0.1:@SINK_PORT@\n"


def facing(other, sink):
    return CONFIG.replace(
        ROUTES, "routes:\n  client.test: 127.0.0.1:%d\n"
        "  ALL: 127.0.0.1:%d\n" % (sink, other))


@pytest.fixture
def pair(folder):
    a = Suite(folder / "a", CONFIG, start=False)
    b = Suite(folder / "b", facing(a.port, a.sink_port), start=False)
    a.configure(facing(b.port, a.sink_port))
    with a, b:
        a.start()
        b.start()
        yield a, b


def test_lop_03_two_gateways_route_at_each_other(pair):
    a, b = pair
    with Sink(a.sink_port) as sink:
        with a.client() as c:
            assert c.mail(sender="joe@client.test")[0] == 250
        wait_for("the bounce", lambda: sink.messages)
        wait_for("empty queues",
                 lambda: a.queued() == [] and b.queued() == [])
        bounce, = sink.messages
    assert bounce.sender == "" and bounce.rcpts == ["joe@client.test"]
    assert b"5.4.6" in bounce.body
    # a hundred hops were made, and none after that
    hops = sum(l.startswith("Start MID") for s in pair for l in s.log())
    assert 100 <= hops <= 110, hops
