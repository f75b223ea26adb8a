"""Idle connections: what they cost, and that they hinder nobody.

5,000 sessions that greet and then sit there.  Memory of the programs is the
proportional set size of all of them together.  The kernel's share is read
from /proc/slabinfo and /proc/net/sockstat, which takes root; our clients are
on the same machine, so half of it is theirs.
"""
import os
import pathlib
import re
import resource
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Client, wait_for

MOST = 5000
PROBES = 200
BIG = (CONFIG.replace("max_connections: 2000",
                      "max_connections: %d" % (MOST + 1000))
       .replace("max_concurrency: 1000",
                "max_concurrency: %d" % (MOST + 1000)))
# what a connected socket is to the kernel
SLABS = ("TCP", "sock_inode_cache", "filp", "eventpoll_epi", "eventpoll_pwq")
DENTRY = 192    # one each; too many others come and go to count them


def pss(postern):
    total = 0
    for pid in postern.pids().values():
        text = pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    return total * 1024


def kernel():
    """Bytes of sockets, or None."""
    try:
        text = pathlib.Path("/proc/slabinfo").read_text()
    except OSError:
        return None
    total = 0
    for line in text.splitlines():
        f = line.split()
        if f[0] in SLABS:
            total += int(f[1]) * int(f[3])
    text = pathlib.Path("/proc/net/sockstat").read_text()
    pages = int(re.search(r"^TCP:.* mem (\d+)", text, re.M).group(1))
    return total + pages * resource.getpagesize()


def banners(postern):
    """Milliseconds from connect to the greeting: median, 99 %, worst."""
    times = []
    for _ in range(PROBES):
        start = time.perf_counter()
        c = postern.client(helo=None)
        times.append((time.perf_counter() - start) * 1000)
        c.close()
    times.sort()
    return times[PROBES // 2], times[PROBES * 99 // 100], times[-1]


def served(postern):
    start = time.monotonic()
    with postern.client() as c:
        assert c.mail()[0] == 250
    return time.monotonic() - start


@pytest.fixture
def n_idle():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    n = min(MOST, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n + 500), hard))
    yield n
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.alone
def test_lim_11_an_idle_connection_costs_at_most_8_kb(make_suite, n_idle):
    postern = make_suite(BIG)
    with Sink(postern.sink_port) as sink:
        for _ in range(20):
            served(postern)
        quiet = banners(postern)
        before, kernel_before = pss(postern), kernel()
        start = time.monotonic()
        clients = [Client(postern.port) for _ in range(n_idle)]
        took = time.monotonic() - start
        each = (pss(postern) - before) / n_idle
        print("%d idle connections, made in %.1f s: %.0f bytes each"
              % (n_idle, took, each))
        sockets = 0
        if kernel_before is not None:
            sockets = (kernel() - kernel_before) / n_idle / 2 + DENTRY
            print("  and %.0f of the kernel's" % sockets)
        loaded = banners(postern)
        for name, t in (("none", quiet), ("all", loaded)):
            print("  to the banner with %s: median %.2f ms, 99 %% in %.2f ms, "
                  "worst %.2f ms" % ((name,) + t))
        assert each + sockets <= 8192, (each, sockets)
        assert loaded[0] < 2 * quiet[0] + 1, (quiet, loaded)
        assert loaded[1] < max(100, 5 * quiet[1]), (quiet, loaded)
        assert min(served(postern) for _ in range(5)) < 1
        for c in clients:
            c.close()
    workers = [p for p in postern.pids().values()]
    assert len(workers) >= 6

    def gone():
        return sum(len(os.listdir("/proc/%d/fd" % p)) for p in workers) < n_idle
    if os.geteuid() == 0:
        wait_for("their descriptors to be closed", gone)
    assert served(postern) < 5
