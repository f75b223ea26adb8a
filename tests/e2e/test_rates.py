"""Limits hold exactly: many connections at once, over several workers, and
across commits and deaths; not one recipient more, not one less."""
import collections
import os
import signal
import socket
import threading

from suite import Client, wait_for

CONFIG = """\
hostname: mx.postern.test
system: { workers: 4 }
receiving: { max_connections: 2000 }
dns: { enabled: no }
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
address_lists:
  - { name: Friends, entries: [ friend@client.test ] }
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    max_concurrency: 1000
    hat:
      defaults:
        max_concurrency: 1000
        max_msgs_per_session: 10000
        max_rcpts_per_msg: 1000
        dhap_limit: 0
@LIMITS@
      groups:
        - { name: ALL, policy: $ACCEPTED }
    rat:
      - { accept: vip@example.com, bypass_receiving_control: yes }
      - example.com
routes: { ALL: /dev/null }
logs:
  - { name: mail_logs, type: mail }
"""


def limits(**keys):
    return CONFIG.replace("@LIMITS@", "\n".join(
        "        %s: %s" % kv for kv in keys.items()))


class Flood:
    """n connections that say the same lines, all at once."""

    def __init__(self, port, n, lines, sender=None, source=None):
        self.codes = collections.Counter()
        self.texts = collections.Counter()
        self.lock = threading.Lock()
        self.start = threading.Barrier(n)
        self.threads = [threading.Thread(
            target=self._one, args=(port, lines, sender, source))
            for _ in range(n)]
        for t in self.threads:
            t.start()

    def join(self):
        for t in self.threads:
            t.join(60)
            assert not t.is_alive()
        return self

    def _one(self, port, lines, sender, source):
        n = 0
        try:
            with ready(port, sender or "s@client.test", source) as c:
                self.start.wait(60)
                c.send("".join(l + "\r\n" for l in lines))
                while n < len(lines):
                    r = c.reply()
                    if r is None:
                        break
                    n += 1
                    with self.lock:
                        self.codes[r[0]] += 1
                        self.texts[" ".join(r[1])] += 1
        except (ConnectionError, socket.timeout, AssertionError):
            self.start.abort()


def ready(port, sender, source):
    """A client whose MAIL was taken: who was just started may say 4xx."""
    def begun():
        c = None
        try:
            c = Client(port, source=source)
            if c.cmd("MAIL FROM:<%s>" % sender)[0] == 250:
                return c
        except (ConnectionError, TypeError):
            pass
        if c is not None:
            c.close()
        return None
    return wait_for("250", begun)


def workers(postern):
    return {pid for name, pid in postern.pids().items()
            if name.startswith("smtpd")}


def kill_one(postern, pid):
    os.kill(pid, signal.SIGKILL)
    wait_for("another worker", lambda: len(workers(postern) - {pid}) == 4)


RCPTS = ["RCPT TO:<a%d@example.com>" % i for i in range(40)]


def test_lim_16_recipients_of_a_host(make_suite):
    postern = make_suite(limits(max_rcpts_per_hour=100))
    f = Flood(postern.port, 20, RCPTS).join()
    assert f.codes == {250: 100, 452: 700}
    assert f.texts["4.5.3 Too many recipients received this hour"] == 700
    # another host has its own hundred; what is exempted goes on
    with postern.client(source="127.0.0.2") as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<x@example.com>")[0] == 250
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<x@example.com>")[0] == 452
        assert c.cmd("RCPT TO:<x@other.test>")[0] == 452
        assert c.cmd("RCPT TO:<vip@example.com>")[0] == 250
    # one line for each connection that was limited
    lines = [l for l in postern.log() if "limit of recipients per host" in l]
    assert len(lines) <= 21
    assert len({l.split("ICID ")[1].split()[0] for l in lines}) == len(lines)


def test_lim_16_recipients_of_a_sender(make_suite):
    postern = make_suite(limits(max_rcpts_per_sender=50,
                                sender_exceptions="Friends"))
    floods = [Flood(postern.port, 8, RCPTS, "News@client.test",
                    "127.0.0.%d" % n) for n in (1, 2)]
    codes = sum((f.join().codes for f in floods), collections.Counter())
    assert codes == {250: 50, 452: 590}
    friend = Flood(postern.port, 4, RCPTS, "friend@client.test").join()
    assert friend.codes == {250: 160}
    alerts = [l for l in postern.wait_log("System is rate limiting")
              if "System is rate limiting" in l]
    assert len(alerts) == 1
    # as the parser keeps the address
    assert "Envelope Sender <News@client.test> due to high volume" \
        in alerts[0]


def test_lim_16_both_limits_and_nothing_lost(make_suite):
    """Of the host's hundred, none is used up by who fails at the sender's."""
    postern = make_suite(limits(max_rcpts_per_hour=100,
                                max_rcpts_per_sender=30))
    floods = [Flood(postern.port, 5, RCPTS, s)
              for s in ("a@client.test", "b@client.test")]
    codes = sum((f.join().codes for f in floods), collections.Counter())
    assert codes[250] == 60
    floods = [Flood(postern.port, 3, RCPTS, s)
              for s in ("c@client.test", "d@client.test")]
    codes = sum((f.join().codes for f in floods), collections.Counter())
    assert codes[250] == 40


def test_lim_16_harvesting(make_suite):
    postern = make_suite(limits(dhap_limit=25).replace(
        "        dhap_limit: 0\n", ""))
    f = Flood(postern.port, 10,
              ["RCPT TO:<a%d@other.test>" % i for i in range(20)]).join()
    assert f.texts["5.1.0 Address rejected."] == 25
    # each of the others was told so once, and the connection was closed
    assert f.texts["5.7.1 Too many invalid recipients"] <= 10
    assert set(f.codes) == {550}
    with postern.client() as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<a@example.com>")[0] == 250
        assert c.cmd("RCPT TO:<a@other.test>") == (
            550, ["5.7.1 Too many invalid recipients"])
        assert c.reply() is None
    assert postern.wait_log("Potential Directory Harvest Attack from "
                            "host=('127.0.0.1', 'None'), dhap_limit=25")
    with postern.client(source="127.0.0.2") as c:
        c.cmd("MAIL FROM:<s@client.test>")
        assert c.cmd("RCPT TO:<a@other.test>")[1] == [
            "5.1.0 Address rejected."]


def test_connections_of_a_host(make_suite):
    postern = make_suite(CONFIG.replace("@LIMITS@\n", "").replace(
        "max_concurrency: 1000\n        max_msgs",
        "max_concurrency: 7\n        max_msgs"))
    heard = collections.Counter()
    held, lock = [], threading.Lock()
    start = threading.Barrier(40)

    def connect():
        start.wait(30)
        c = Client(postern.port, greet=False)
        code = c.reply()[0]
        with lock:
            heard[code] += 1
            held.append(c)

    threads = [threading.Thread(target=connect) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    # those who were refused counted until their connection was closed
    assert heard[220] == 7 and heard[421] == 33
    for c in held:
        c.close()


def test_counts_outlive_a_commit_and_a_worker(make_suite):
    postern = make_suite(limits(max_rcpts_per_hour=100))
    taken = Flood(postern.port, 4, RCPTS[:10]).join().codes[250]
    assert taken == 40
    postern.configure(limits(max_rcpts_per_hour=60))
    postern.postern("commit", "less")
    flood = Flood(postern.port, 12, RCPTS)
    kill_one(postern, min(workers(postern)))
    flood.join()
    # who was killed may have counted one for each that it was about to
    # answer: never more than the limit
    assert taken + flood.codes[250] <= 60
    rest = Flood(postern.port, 12, RCPTS).join()
    assert taken + flood.codes[250] + rest.codes[250] <= 60
    assert rest.codes[452] > 0
    for _ in range(2):
        again = Flood(postern.port, 4, RCPTS).join()
        assert again.codes == {452: 160}


def test_a_death_loses_no_count(make_suite):
    """With nobody in the middle of a command the number is exact."""
    postern = make_suite(limits(max_rcpts_per_hour=30))
    assert Flood(postern.port, 4, RCPTS[:5]).join().codes[250] == 20
    for pid in workers(postern):
        kill_one(postern, pid)
    rest = Flood(postern.port, 4, RCPTS).join()
    assert rest.codes[250] == 10
