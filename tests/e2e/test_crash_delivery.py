"""kill -9 of a program at each step of a delivery that is not simple.

A message has recipients at four servers and of two policies: some are taken,
one is put off in the transaction that takes another, one is refused (the
sender gets a notice), one has a server that is down. At each step of it one
of the programs is killed. Then every recipient arrives, or the sender is told,
at least once; and not once more after the spool had said that he is done with
(threats DUR-05).
"""
import os
import random
import re
import shutil
import signal
import tempfile
import threading
import time

import pytest

from conftest import CONFIG
from ports import free_port
from qfile import Records
from sink import Sink
from suite import FULL, Suite, wait_for

RCPT = rb"r[0-9]+[a-z]+@(?:fast|grey|hard|down)\.test"
HOPS = ("fast", "grey", "hard", "down", "back")


def config(ports):
    routes = "".join("  %s.test: 127.0.0.1:%d\n" % (h, ports[h]) for h in HOPS)
    return CONFIG.replace("      - example.com\n", "".join(
        "      - %s.test\n" % h for h in HOPS)).replace(
        "  ALL: 127.0.0.1:@SINK_PORT@\n", routes) + """
delivery:
  idle_timeout: 1
bounce_profiles:
  - name: Default
    initial_host_retry: 1
    max_host_retry: 1
mail_policies:
  incoming:
    - name: other
      members: [{recipients: ['@grey.test', '@down.test']}]
system:
  workers: 1
"""


class Gate:
    """Where a server waits with its reply, if it is closed."""

    def __init__(self):
        self.closed, self.held = False, []

    def __call__(self, reply):
        if self.closed:
            event = threading.Event()
            self.held.append(event)
            event.wait(60)
        return reply

    def let_go(self):
        held, self.held = self.held, []
        for event in held:
            event.set()

    def open(self):
        self.closed = False
        self.let_go()


class World:
    """The gateway, four servers and who gets the notices."""

    def __init__(self, folder):
        ports = {h: free_port() for h in HOPS}
        self.postern = Suite(os.path.join(folder, "s"), config(ports))
        self.at_rcpt, self.at_dot, self.at_notice = Gate(), Gate(), Gate()
        self.late = set()
        self.fast = Sink(ports["fast"], {
            "RCPT": lambda _: self.at_rcpt("250 2.1.5 ok"),
            "DOT": lambda _: self.at_dot("250 2.0.0 ok")})
        self.grey = Sink(ports["grey"], {"RCPT": self._grey})
        self.hard = Sink(ports["hard"], {"RCPT": "550 5.1.1 nobody"})
        self.back = Sink(ports["back"], {
            "DOT": lambda _: self.at_notice("250 2.0.0 ok")})
        self.down_port, self.down = ports["down"], None
        self.records = Records(self.postern.root / "spool", RCPT)
        self.seen = {}      # who is done: how often he had it by then
        self.sent = 0

    def close(self):
        for gate in (self.at_rcpt, self.at_dot, self.at_notice):
            gate.open()
        self.postern.stop()
        for sink in (self.fast, self.grey, self.hard, self.back, self.down):
            if sink is not None:
                sink.close()

    def _grey(self, step):
        addr = step.split()[1]
        if "late" not in addr or addr in self.late:
            return "250 2.1.5 ok"
        self.late.add(addr)
        return "451 4.7.1 later"

    # --- mail ---

    def send(self):
        """One message; its recipients by what becomes of them."""
        self.sent += 1
        n, to = self.sent, {}
        for what, host in (("a", "fast"), ("b", "fast"), ("now", "grey"),
                           ("late", "grey"), ("no", "hard"),
                           ("down", "down")):
            to[what] = "r%d%s@%s.test" % (n, what, host)

        def accepted():
            try:
                with self.postern.client() as c:
                    return c.mail("s%d@back.test" % n, to.values())[0] == 250
            except (OSError, AssertionError):
                return False
        wait_for("250", accepted)
        return to

    def arrived(self):
        out = {}
        for sink in (self.fast, self.grey, self.down):
            for r in sink.rcpts() if sink is not None else ():
                out[r] = out.get(r, 0) + 1
        return out

    def tried(self):
        """How often the server that refuses was asked, by recipient."""
        out = {}
        with self.hard.lock:
            for line in self.hard.commands:
                if line.startswith("RCPT"):
                    addr = line.split("<")[1].split(">")[0]
                    out[addr] = out.get(addr, 0) + 1
        return out

    def look(self):
        """Remembers what the spool says, and how often it had come by then."""
        for addr in self.records.done() - set(self.seen):
            self.seen[addr] = {**self.arrived(), **self.tried()}.get(addr, 0)
        return self.seen

    def wait_done(self, *addrs):
        wait_for("%s to be done" % ", ".join(addrs),
                 lambda: set(addrs) <= set(self.look()))

    def notices(self):
        with self.back.lock:
            return {r for m in self.back.messages for r in m.rcpts}

    def now(self):
        self.postern.postern("delivernow", "all", ok=(0, 1, 4))

    def resume(self):
        """A qmgr that is just starting does not answer yet."""
        def resumed():
            try:
                self.postern.postern("resumedel", ok=(0, 1))
                return True
            except AssertionError:
                return False
        wait_for("delivery to go on", resumed)

    # --- death ---

    def kill(self, victim):
        """And those whose reply was being waited for are let go: what a dead
        client sent is read before anything that comes after."""
        sinks = (self.fast, self.grey, self.back)
        before = {c for s in sinks for c in list(s.open)}
        name = victim + " 0"
        old = wait_for(name, lambda: self.postern.pids().get(name))
        os.kill(old, signal.SIGKILL)

        def over():
            for gate in (self.at_rcpt, self.at_dot, self.at_notice):
                gate.let_go()
            return victim == "cleanup" or not before & {
                c for s in sinks for c in list(s.open)}
        wait_for("the end of its connections", over)
        wait_for("another " + victim, lambda: self.postern.pids().get(
            name) not in (None, old))

    def check(self, messages):
        """All of them end, and nothing came again that was done."""
        if self.down is None:
            self.down = Sink(self.down_port)
        wanted = {to[what] for to in messages for what in to if what != "no"}

        def over():
            self.now()
            self.look()
            return not self.postern.queued()
        wait_for("the end of all mail", over, every=0.2)
        arrived = self.arrived()
        assert wanted <= set(arrived), wanted - set(arrived)
        for to in messages:
            n = re.match(r"r(\d+)", to["no"])[1]
            assert "s%s@back.test" % n in self.notices()
        for addr, times in {**arrived, **self.tried()}.items():
            assert times == self.seen.get(addr, times), (
                "%s came again after it was recorded as done" % addr)


@pytest.fixture(scope="module")
def world():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    os.chmod(folder, 0o755)
    w = World(folder)
    yield w
    w.close()
    shutil.rmtree(folder, ignore_errors=True)


def queued(w):
    """Accepted; nothing is tried yet."""
    w.postern.postern("suspenddel", "0")
    return w.send()


def envelope_said(w):
    w.at_rcpt.closed = True
    to = w.send()
    wait_for("RCPT", lambda: w.at_rcpt.held)
    return to


def content_said(w):
    """The other servers have answered meanwhile, or not."""
    w.at_dot.closed = True
    to = w.send()
    wait_for("the final dot", lambda: w.at_dot.held)
    return to


def partly_done(w):
    """Some are done, some wait; that is on disk."""
    to = w.send()
    w.wait_done(to["now"])
    return to


def told(w):
    """The notice is on its way to the sender."""
    w.at_notice.closed = True
    to = w.send()
    wait_for("a notice", lambda: w.at_notice.held)
    return to


def tried_again(w):
    """The second attempt of what was put off, under way or done."""
    to = partly_done(w)
    w.now()
    wait_for("it arrives", lambda: to["late"] in w.arrived())
    return to


STEPS = (queued, envelope_said, content_said, partly_done, told, tried_again)


@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.__name__)
def test_dur_05_killed_at_each_step(world, step):
    w, sent = world, []
    for victim in ("qmgr", "smtp", "cleanup"):
        sent.append(step(w))
        w.look()
        w.kill(victim)
        w.look()
        for gate in (w.at_rcpt, w.at_dot, w.at_notice):
            gate.open()
        w.resume()
    w.check(sent)


@pytest.mark.long
def test_dur_05_killed_at_any_moment(world):
    w, sent = world, []
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    dice = random.Random(seed)
    print("seed", seed)
    # each in turn: who dies again at once is started ever more slowly
    for victim in ("qmgr", "smtp", "cleanup") * (20 if FULL else 3):
        for _ in range(dice.randint(1, 4)):
            sent.append(w.send())
            w.look()
        time.sleep(dice.uniform(0, 1))
        w.look()
        w.kill(victim)
        if dice.random() < 0.5:
            w.now()
    w.check(sent)
