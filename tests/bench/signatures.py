#!/usr/bin/python3
"""What a DKIM signature costs: microseconds of CPU a message.

    signatures.py [MESSAGES [ROUNDS]]          (4000 2)

Messages of 5 KB are relayed to smtp-sink: unsigned, signed with an RSA key of
2048 bits, and with Ed25519, in turn.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))
from suite import Suite, wait_for         # noqa: E402
from test_dkim import SIGNED, make_keys   # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
WAYS = (("unsigned", SIGNED.replace("dkim_signing: yes", "dkim_signing: no"),
         "example.com"),
        ("rsa 2048", SIGNED, "example.com"),
        ("ed25519", SIGNED, "one.sub.example.com"))


def cpu(postern):
    used = {}
    for name, pid in postern.pids().items():
        stat = pathlib.Path("/proc/%d/stat" % pid).read_text()
        stat = stat.rpartition(")")[2].split()
        name = name.split()[0]
        used[name] = used.get(name, 0) + (int(stat[11]) + int(stat[12])) / TICKS
    return used


def delivered(postern):
    counters = postern.ask("status", "detail")["counters"]
    return counters["delivered_recipients"]["reset"]


def run(postern, domain, n):
    make_keys(postern)
    time.sleep(3)       # keyd looks for them once a second
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", "127.0.0.1:%d"
                             % postern.sink_port, "1000"],
                            stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        before = cpu(postern)
        subprocess.run(["smtp-source", "-s", "20", "-m", str(n), "-l", "5000",
                        "-f", "joe@" + domain, "-t", "r@far.test",
                        "127.0.0.1:%d" % postern.private_port], check=True)
        wait_for("delivery", lambda: delivered(postern) >= n, every=0.2)
        return {k: (v - before[k]) / n * 1e6 for k, v in cpu(postern).items()}
    finally:
        sink.kill()
        sink.wait()


def main(n=4000, rounds=2):
    folder = tempfile.mkdtemp(prefix="postern-bench.", dir="/var/tmp")
    os.chmod(folder, 0o755)
    try:
        for i in range(rounds):
            for name, config, domain in WAYS:
                with Suite(os.path.join(folder, "%s%d" % (name[:3], i)),
                           config) as postern:
                    used = run(postern, domain, n)
                print("%-9s %4.0f us, of this keyd %3.0f, smtp %2.0f" % (
                    name, sum(used.values()), used["keyd"], used["smtp"]))
    finally:
        shutil.rmtree(folder)


main(*map(int, sys.argv[1:]))
