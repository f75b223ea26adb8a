"""Idle connections: what they cost, and that they hinder nobody.

smtp-sized sessions that greet and then sit there; memory is the proportional
set size of all programs together."""
import os
import pathlib
import re
import resource
import time

from conftest import CONFIG
from sink import Sink
from suite import Client

N = 2000
BIG = (CONFIG.replace("max_connections: 2000", "max_connections: 6000")
       .replace("max_concurrency: 1000", "max_concurrency: 6000"))


def pss(postern):
    total = 0
    for pid in postern.pids().values():
        text = pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    return total * 1024


def served(postern):
    start = time.monotonic()
    with postern.client() as c:
        assert c.mail()[0] == 250
    return time.monotonic() - start


def test_lim_11_an_idle_connection_costs_at_most_8_kb(make_suite):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, N + 500), hard))
    postern = make_suite(BIG)
    with Sink(postern.sink_port) as sink:
        served(postern)
        before = pss(postern)
        clients = [Client(postern.port) for _ in range(N)]
        after = pss(postern)
        each = (after - before) / N
        print("idle connection: %.0f bytes" % each)
        assert each <= 8192, each
        times = [served(postern) for _ in range(5)]
        assert min(times) < 1, times
        for c in clients:
            c.close()
    assert len(postern.pids()) >= 6
