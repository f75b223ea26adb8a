"""A way over two routers, in networks of our own: traceroute, ping, and the
caches of neighbours that `diagnostic` shows and flushes.

    gateway 203.0.113.1 -- .2 router .5 -- .6 router .9 -- 203.0.113.10 host
"""
import contextlib
import json
import re
import shutil
import subprocess

import pytest

import netns
from conftest import CONFIG
from nsd import Nsd
from suite import BIN, Suite

pytestmark = pytest.mark.skipif(
    not netns.possible() or shutil.which("ip") is None or
    shutil.which("unshare") is None, reason="no network of one's own")

NAMES = "2 PTR gw.example.com.\n10 PTR host.example.com.\n"


def sh(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


class Node:
    """A process in a network of its own, to whose end of a line we speak."""
    def __init__(self, stack):
        self.proc = stack.enter_context(subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        stack.callback(self.proc.stdin.close)
        assert self.proc.stdout.readline() == b"ready\n"
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        sh("nsenter", "-t", str(self.proc.pid), "-n", "ip", *words)

    def forward(self):
        sh("nsenter", "-t", str(self.proc.pid), "-n", "sh", "-c",
           "echo 1 >/proc/sys/net/ipv4/ip_forward")


def join(a, b, name, left, right):
    """A line from a (None: us) to b."""
    (a.ip if a else lambda *w: sh("ip", *w))(
        "link", "add", name, "type", "veth", "peer", "name", name,
        "netns", str(b.proc.pid))
    for node, address in ((a, left), (b, right)):
        ip = node.ip if node else lambda *w: sh("ip", *w)
        ip("addr", "add", address, "dev", name)
        ip("link", "set", name, "up")


@pytest.fixture
def far(folder):
    """The gateway, three hops from a host."""
    with netns.Network(), contextlib.ExitStack() as stack:
        if subprocess.run(["ip", "link", "add", "try0", "type", "veth"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            pytest.skip("no lines between networks")
        sh("ip", "link", "del", "try0")
        sh("ip", "addr", "flush", "dev", "lo")
        sh("ip", "addr", "add", "127.0.0.1/8", "dev", "lo")
        r1, r2, host = (Node(stack) for _ in range(3))
        join(None, r1, "v0", "203.0.113.1/30", "203.0.113.2/30")
        join(r1, r2, "v1", "203.0.113.5/30", "203.0.113.6/30")
        join(r2, host, "v2", "203.0.113.9/30", "203.0.113.10/30")
        for r in (r1, r2):
            r.forward()
        sh("ip", "route", "add", "203.0.113.0/24", "via", "203.0.113.2")
        r1.ip("route", "add", "203.0.113.8/30", "via", "203.0.113.6")
        r2.ip("route", "add", "203.0.113.0/30", "via", "203.0.113.5")
        host.ip("route", "add", "default", "via", "203.0.113.9")
        (folder / "s").mkdir()
        nsd = stack.enter_context(Nsd(folder, {
            "example.com": "host A 203.0.113.10\n",
            "113.0.203.in-addr.arpa": NAMES}))
        yield stack.enter_context(Suite(folder / "s", CONFIG.replace(
            "  enabled: no",
            '  servers: [ "127.0.0.1:%d" ]' % nsd.port).replace(
            "interfaces:\n",
            "interfaces:\n  - { name: Public, ip: 203.0.113.1 }\n")))


def run(postern, *words):
    r = subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root), *words],
        capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL)
    assert r.stderr == "", r.stderr
    return r.stdout


def test_hops(far):
    ms = r"( \d+\.\d{3} ms){3}"
    out = run(far, "traceroute", "Public", "host.example.com")
    assert re.fullmatch(
        r"traceroute to host\.example\.com \(203\.0\.113\.10\), "
        r"64 hops max, 44 byte packets\n"
        r" 1 gw\.example\.com \(203\.0\.113\.2\)" + ms + r"\n"
        r" 2 203\.0\.113\.6 \(203\.0\.113\.6\)" + ms + r"\n"
        r" 3 host\.example\.com \(203\.0\.113\.10\)" + ms + r"\n",
        out), out
    # a network to which the first router knows no way
    j = json.loads(subprocess.run(
        [str(BIN / "postern"), "--root", str(far.root), "traceroute",
         "203.0.113.77", "--json"], capture_output=True, text=True,
        timeout=120).stdout)
    assert not j["reached"] and len(j["hops"]) == 1
    assert {p["mark"] for p in j["hops"][0]["probes"] if p} == {"!N"}
    out = run(far, "ping", "Public", "host.example.com", "1")
    assert "64 bytes from 203.0.113.10: icmp_seq=0 ttl=62 " in out
    # the neighbour that all of this went over
    out = run(far, "diagnostic", "network", "arpshow")
    assert re.search(r"\? \(203\.0\.113\.2\) at ([0-9a-f]{2}:){5}[0-9a-f]{2} "
                     r"on v0 .*\[ethernet\]\n", out)
    sh("ip", "neigh", "add", "2001:db8::77", "lladdr", "02:00:00:00:00:77",
       "dev", "v0", "nud", "stale")
    assert re.search(r"\n2001:db8::77 +02:00:00:00:00:77 +v0 expired +S \n",
                     run(far, "diagnostic", "network", "ndpshow"))
    out = run(far, "diagnostic", "network", "flush")
    assert re.fullmatch(
        r"Flushing DNS cache\.\n[1-9]\d* answers? deleted\n"
        r"Flushing call-ahead cache\.\n0 answers deleted\n"
        r"Flushing system ARP cache\.\n"
        r"203\.0\.113\.2 \(203\.0\.113\.2\) deleted\n"
        r"Flushing system NDP cache\.\n"
        r"(?s:.*)2001:db8::77%v0 deleted\n(?s:.*)"
        r"Network reset complete\.\n", out), out
    assert "2001:db8::77" not in run(far, "diagnostic", "network", "ndpshow")
    j = json.loads(run(far, "netstat", "routes", "v4", "--json"))
    ours = [r for r in j["routes"] if r["destination"] == "203.0.113.0/24"]
    assert ours[0]["gateway"] == "203.0.113.2" and "G" in ours[0]["flags"]
    assert ours[0]["gateway_host"] == "gw.example.com"
