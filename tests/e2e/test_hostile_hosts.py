"""Servers that are slow, break off, put off or send away: the mail of all
others goes on as if they were not there (threats OUT-03), and hoststatus and
tophosts say what each of them does."""
import socket
import struct
import threading
import time

import pytest

from conftest import CONFIG
from nsd import Nsd
from ports import free_port
from sink import Sink
from suite import wait_for

N = 40                                  # messages to each of them
HOSTS = ("drip", "stall", "reset", "cut", "grey", "once", "bye", "good",
         "many")
MX, EACH = 20, 50                       # of many.test: 1,000 addresses


class Server:
    """One that speaks as no library would: talk(socket) for each client."""

    def __init__(self, port, talk):
        self.talk, self.connections, self.closing = talk, 0, False
        self.server = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _serve(self, c):
        with c:
            try:
                self.talk(self, c)
            except OSError:
                pass

    def close(self):
        self.closing = True
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


def drip(server, c, text=b"220-" + b"x" * 10000):
    """A byte now and then, and no end."""
    for byte in text:
        c.sendall(bytes([byte]))
        time.sleep(0.1)
        if server.closing:
            return


def stall(server, c):
    """The same to the end of a message."""
    f = c.makefile("rb")
    c.sendall(b"220 stall.test ESMTP\r\n")
    for line in f:
        if line.startswith(b"DATA"):
            c.sendall(b"354 go ahead\r\n")
        elif line == b".\r\n":
            drip(server, c, b"250-" + b"x" * 10000)
            return
        elif line[:4] in (b"EHLO", b"MAIL", b"RCPT"):
            c.sendall(b"250 ok\r\n")


def reset(_, c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(server, c):
    """Resets when it has heard a recipient."""
    f = c.makefile("rb")
    c.sendall(b"220 cut.test ESMTP\r\n")
    for line in f:
        if line.startswith(b"RCPT"):
            f.close()
            reset(server, c)
            return
        c.sendall(b"250 ok\r\n")


def once():
    """421 to the second MAIL of a connection."""
    of = threading.local()

    def mail(_):
        if getattr(of, "had", 0):
            return "421 4.7.0 one message for each connection"
        of.had = 1
        return "250 2.1.0 ok"
    return {"MAIL": mail}


def bye():
    """421 behind each message, without being asked."""
    return {"DOT": "250 2.0.0 ok\n421 4.3.2 and good bye"}


class Grey:
    """Puts off whom it does not know yet."""

    def __init__(self):
        self.known = set()

    def __call__(self, step):
        if step in self.known:
            return "250 2.1.5 ok"
        self.known.add(step)
        return "451 4.7.1 greylisted"


def config(nsd, ports):
    routes = "".join("  %s.test: %s:%d\n" % (
        h, "many.test" if h == "many" else "127.0.0.1", p)
        for h, p in ports.items())
    return CONFIG.replace(
        "  enabled: no", '  servers: [ "127.0.0.1:%d" ]' % nsd.port).replace(
        "  ALL: 127.0.0.1:@SINK_PORT@\n", routes) + """
delivery:
  reply_timeout: 5
destinations:
  - domain: good.test
    max_connections: 1
"""


def zone():
    text = "".join("many MX 10 mx%d.many\n" % i for i in range(MX))
    for i in range(MX):
        text += "".join("mx%d.many A 127.%d.%d.1\n" % (i, i + 1, j + 1)
                        for j in range(EACH))
    return text


@pytest.fixture
def world(make_suite, folder):
    ports = {h: free_port() for h in HOSTS}
    servers = {h: Server(ports[h], t) for h, t in (
        ("drip", drip), ("stall", stall), ("reset", reset), ("cut", cut))}
    servers.update({h: Sink(ports[h], b) for h, b in (
        ("grey", {"RCPT": Grey()}), ("once", once()), ("bye", bye()),
        ("good", {}))})
    with Nsd(folder, {"test": zone()}) as nsd:
        postern = make_suite(config(nsd, ports))
        yield postern, servers
        postern.stop()
    for s in servers.values():
        s.close()


def send(postern, host, n):
    with postern.client(postern.private_port) as c:
        for i in range(n):
            assert c.mail("joe@sender.test", ["r%d@%s.test" % (i, host)])[
                0] == 250


def test_out_03_hostile_servers_cost_nobody_else(world):
    postern, servers = world
    hostile = [h for h in HOSTS if h != "good"]
    postern.postern("suspenddel", "0")
    for host in hostile:
        send(postern, host, N)
    send(postern, "good", 5 * N)
    postern.postern("resumedel")

    # theirs comes in the order in which it was sent, at the first attempt,
    # over one connection, while the others have mail still
    servers["good"].wait(5 * N)
    assert servers["good"].rcpts() == [
        "r%d@good.test" % i for i in range(5 * N)]
    waiting = hosts(postern)
    for host in ("drip", "stall", "reset", "cut", "grey", "many"):
        assert waiting[host]["active_rcpts"] == N, (host, waiting[host])
    status = postern.ask_quiet("hoststatus", "good.test")
    assert status["host_up_down"] == "up"
    assert status["counters"]["soft_bounced_events"] == 0
    assert status["counters"]["delivered_recipients"] == 5 * N

    # those who send away after each message have all of theirs: once each
    for host in ("once", "bye"):
        servers[host].wait(N)
        assert sorted(servers[host].rcpts()) == sorted(
            "r%d@%s.test" % (i, host) for i in range(N))
        wait_for("the end of it", lambda: hosts(postern)[host][
            "active_rcpts"] == 0)
        check(postern, host, "up", soft=0, delivered=N, active=0)
        assert servers[host].connections >= N

    # who puts off is up; each recipient was put off once
    wait_for("all to be put off", lambda: hosts(postern)["grey"][
        "soft_bounced"] == N)
    check(postern, "grey", "up", soft=N, delivered=0, active=N,
          error="451 4.7.1 greylisted")

    # slow ones have their time and no more, whatever trickles in
    check(postern, "drip", "down", soft=0, delivered=0, active=N,
          error="timed out waiting for greeting")
    check(postern, "reset", "down", soft=0, delivered=0, active=N,
          error="reset by peer")
    check(postern, "cut", "down", soft=0, delivered=0, active=N,
          error="reset by peer")
    many = check(postern, "many", "down", soft=0, delivered=0, active=N,
                 error="refused")
    assert len(many["ordered_ip_addresses"]) == 20 * 20   # threats OUT-06
    assert all(a["down"] for a in many["ordered_ip_addresses"])
    for host in ("drip", "reset", "cut", "many"):
        assert hosts(postern)[host]["down"]
    # the whole message was said: these were attempts, and are soft
    wait_for("the time for the end of a message", lambda: hosts(postern)[
        "stall"]["soft_bounced"] > 0)

    # what was put off is taken when it comes again
    postern.deliver("it", lambda: len(servers["grey"].messages) >= N)
    check(postern, "grey", "up", soft=N, delivered=N, active=0)


def hosts(postern):
    return {h["recipient_host"].split(".")[0]: h for h in postern.ask(
        "tophosts", "active_rcpts", "100")["hosts"]}


def check(postern, host, state, soft, delivered, active, error=None):
    """What hoststatus says in the end."""
    def get():
        s = postern.ask("hoststatus", host + ".test")
        found = (s["host_up_down"], s["counters"]["soft_bounced_events"],
                 s["counters"]["delivered_recipients"],
                 s["gauges"]["active_recipients"])
        said = s["last_error"]["text"] if s["last_error"] else ""
        seen.append((found, said))
        return found == (state, soft, delivered, active) and (
            error is None or error.lower() in said.lower()) and s
    seen = []
    try:
        return wait_for("%s to be %s" % (host, state), get, every=0.1)
    except AssertionError:
        raise AssertionError("%s: %s" % (host, seen[-1]))
