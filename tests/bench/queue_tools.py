#!/usr/bin/python3
"""What a long queue costs: memory, start, delivery, and each queue tool.

    queue_tools.py [RECIPIENTS [DOMAINS [PER_MESSAGE]]]  (1000000 10000 1000)

Recipients wait for domains whose host refuses connections, a thousand to a
message (or one), each at another domain: as many parcels as recipients. Beside them
messages to a host that works come and go. CPU is that of the queue manager.
The longest stall is how long it did not answer another admin tool. At the end
all are bounced, and the notices delivered; and others deleted. Where each
message has one recipient, most of the bounces are overtaken by the deletion.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))
from conftest import CONFIG           # noqa: E402
from ports import free_port           # noqa: E402
from sink import Sink                 # noqa: E402
from suite import BIN, Suite, wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
LIVE = 2000      # messages to the host that works


class Bench:
    def __init__(self, postern, n, domains, each):
        self.postern, self.n, self.domains = postern, n, domains
        self.each = each

    def pid(self):
        return self.postern.pids()["qmgr 0"]

    def cpu(self, pid=None):
        f = pathlib.Path("/proc/%d/stat" % (pid or self.pid())).read_text()
        f = f.rpartition(")")[2].split()
        return (int(f[11]) + int(f[12])) / TICKS

    def cpu_of_all(self):
        return sum(self.cpu(pid) for pid in self.postern.pids().values())

    def memory(self):
        text = pathlib.Path("/proc/%d/status" % self.pid()).read_text()
        return int(text.split("RssAnon:")[1].split()[0]) * 1024

    def gauges(self):
        return self.postern.ask("status")["gauges"]

    def fill(self):
        """Twenty clients at a time: a sync serves what came together."""
        firsts = list(range(0, self.n, self.each))
        clients = [threading.Thread(target=self.send, args=(firsts[i::20],))
                   for i in range(20)]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        self.wait_active(self.n)

    def send(self, firsts):
        with self.postern.client(port=self.postern.private_port) as c:
            for first in firsts:
                rcpts = range(first, min(first + self.each, self.n))
                c.send("MAIL FROM:<joe%d@sender.test>\r\n"
                       % (first // self.each) + self.to(rcpts[:100]))
                assert c.reply()[0] == 250
                for at in range(0, len(rcpts), 100):
                    for _ in rcpts[at:at + 100]:
                        assert c.reply()[0] == 250
                    c.send(self.to(rcpts[at + 100:at + 200]) or "DATA\r\n")
                assert c.reply()[0] == 354
                c.send("Subject: waits\r\n\r\nx\r\n.\r\n")
                assert c.reply()[0] == 250

    def to(self, rcpts):
        return "".join("RCPT TO:<user%d@d%d.test>\r\n"
                       % (i, i % self.domains) for i in rcpts)

    def wait_active(self, n):
        wait_for("%d recipients in the queue" % n, lambda: self.gauges()[
            "active_recipients"] == n, 600, 0.2)

    def stalls(self, stop, out):
        """Asks, as often as it can; in seconds, the longest answer."""
        words = [str(BIN / "postern"), "--root", str(self.postern.root)]
        while not stop.is_set():
            at = time.monotonic()
            subprocess.run(words + ["workqueue", "status"],
                           stdout=subprocess.DEVNULL)
            out.append(time.monotonic() - at)

    def tool(self, *words):
        stop, waits = threading.Event(), []
        other = threading.Thread(target=self.stalls, args=(stop, waits))
        other.start()
        cpu, at = self.cpu(), time.monotonic()
        r = subprocess.run([str(BIN / "postern"), "--root",
                            str(self.postern.root), *words],
                           capture_output=True, text=True)
        wall = time.monotonic() - at
        cpu = self.cpu() - cpu
        stop.set()
        other.join()
        print("| %s | %.2f | %.2f | %.0f | %s |" % (
            " ".join(words), cpu, wall, max(waits) * 1000,
            r.stdout.strip().split("\n")[0][:50] if r.returncode == 0
            else "exit %d" % r.returncode), flush=True)

    def carried_out(self, *words):
        """That tool, and all that follows from it."""
        orders = self.postern.root / "spool/deferred/.orders"
        cpu, at = self.cpu(), time.monotonic()
        self.tool(*words)
        wait_for("all of it", lambda: not orders.exists(), 1800, 0.2)
        print("| ... until it is carried out | %.2f | %.2f | | |" % (
            self.cpu() - cpu, time.monotonic() - at), flush=True)

    def bounce_all(self, sink):
        """And the notices, until the last one is delivered."""
        before, said = len(sink.messages), self.gauges()["active_recipients"]
        cpu, every, at = self.cpu(), self.cpu_of_all(), time.monotonic()
        self.tool("bouncerecipients", "all")
        stop, waits = threading.Event(), []
        other = threading.Thread(target=self.stalls, args=(stop, waits))
        other.start()
        wait_for("all notices", lambda: not self.postern.queued(), 1800, 1)
        stop.set()
        other.join()
        cpu, every = self.cpu() - cpu, self.cpu_of_all() - every
        print("%d recipients bounced, %d notices: %.1f s, CPU of the queue "
              "manager %.2f s, of all programs %.2f s, longest stall %.0f ms"
              % (said, len(sink.messages) - before, time.monotonic() - at,
                 cpu, every, max(waits) * 1000))

    def live(self, sink):
        """CPU of the queue manager for a message that comes and goes."""
        before, cpu = len(sink.messages), self.cpu()
        idle = time.monotonic()
        time.sleep(3)
        background = (self.cpu() - cpu) / (time.monotonic() - idle)
        cpu, at = self.cpu(), time.monotonic()
        with self.postern.client(port=self.postern.private_port) as c:
            for i in range(LIVE):
                assert c.mail("a@sender.test", ["b@live.test"])[0] == 250
        sink.wait(before + LIVE, 120)
        used = self.cpu() - cpu - background * (time.monotonic() - at)
        print("CPU of the queue manager per message: %.0f us "
              "(background %.1f %%)" % (used / LIVE * 1e6, background * 100))


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    domains = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    each = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    folder = tempfile.mkdtemp(prefix="postern-bench.", dir="/var/tmp")
    sink_port = free_port()
    text = CONFIG.replace(
        "routes:\n", "routes:\n  live.test: 127.0.0.1:%d\n"
        "  sender.test: 127.0.0.1:%d\n" % (sink_port, sink_port))
    text = text.replace("""\
    hat:
      groups:
        - name: RELAYLIST""", """\
    hat:
      defaults:
        max_rcpts_per_msg: 10000
        max_msgs_per_session: 1000000
      groups:
        - name: RELAYLIST""")
    try:
        with Suite(os.path.join(folder, "s"), text) as postern, \
                Sink(sink_port) as sink:
            run(Bench(postern, n, domains, each), sink)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(b, sink):
    postern = b.postern
    postern.postern("suspenddel", "0")
    empty, at = b.memory(), time.monotonic()
    b.fill()
    print("%d recipients at %d domains, taken in %.0f s" % (
        b.n, b.domains, time.monotonic() - at))
    print("memory: %.0f bytes a recipient" % ((b.memory() - empty) / b.n))
    postern.stop()
    at = time.monotonic()
    postern.start(expect_ready=False)
    wait_for("all to be read", postern.is_ready, 1800, 0.2)
    b.wait_active(b.n)
    print("start: %.1f s, CPU %.2f s, then %.0f bytes a recipient" % (
        time.monotonic() - at, b.cpu(), (b.memory() - empty) / b.n))
    postern.postern("resumedel")
    wait_for("all hosts to be down", lambda: sum(
        h["down"] for h in postern.ask("tophosts", "active_rcpts", "100")[
            "hosts"]) >= min(b.domains, 90), 120, 1)
    b.live(sink)
    print("| tool | CPU s | s | longest stall, ms | says |")
    print("|---|---|---|---|---|")
    for words in ("status detail", "tophosts", "hoststatus d1.test",
                  "oldmessage",
                  "showrecipients host d1.test",
                  "showrecipients sender joe1@sender.test",
                  "showrecipients mid 2", "showrecipients all",
                  "delivernow d1.test", "delivernow all", "suspenddel 0",
                  "resumedel", "suspenddel 0",
                  "redirectrecipients d1.test host d2.test",
                  "deleterecipients host d1.test",
                  "bouncerecipients host d3.test",
                  "redirectrecipients standby.test",
                  "delivernow standby.test", "hoststatus standby.test",
                  "resumedel"):
        b.tool(*words.split())
    if b.each == 1:  # a notice for each would take an hour
        b.tool("bouncerecipients", "all")
    else:
        b.bounce_all(sink)
        postern.postern("suspenddel", "0")
        b.fill()
    b.carried_out("deleterecipients", "all")


if __name__ == "__main__":
    main()
