"""A real name server, NSD, on a port of its own.

    with Nsd(folder, {"test": ZONE, "127.in-addr.arpa": REVERSE}) as nsd:
        nsd.port

It listens at the addresses in `more`, too.  A zone that is None is configured
but not there: it answers SERVFAIL.
Zones in `signed` are signed, by a key of their own whose DS record is in
nsd.anchors; the value is done to the text of the signed zone, or None.
"""
import os
import pathlib
import subprocess

from ports import free_port
from suite import wait_for

HEAD = """\
$TTL 60
@ SOA ns.test. root.test. 1 3600 600 86400 60
  NS ns.test.
"""


def sign(d, zone, change):
    """Its file is the signed one then; returns the DS record."""
    def run(*words):
        return subprocess.run(words, cwd=d, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    key = run("ldns-keygen", "-k", "-a", "ECDSAP256SHA256", zone)
    run("ldns-signzone", "-o", zone, "-f", zone + ".signed", zone + ".zone",
        key)
    text = (d / (zone + ".signed")).read_text()
    (d / (zone + ".zone")).write_text(change(text) if change else text)
    return (d / (key + ".ds")).read_text().split(";")[0].strip()


class Nsd:
    def __init__(self, folder, zones, signed={}, host="127.0.0.1", port=None,
                 more=()):
        self.port = port or free_port()
        d = pathlib.Path(folder) / ("nsd" + host)
        d.mkdir()
        text = f"""\
server:
    ip-address: {host}@{self.port}
    username: ""
    chroot: ""
    zonesdir: "{d}"
    pidfile: "{d}/pid"
    database: ""
    xfrdfile: "{d}/xfrd"
    zonelistfile: "{d}/zones.list"
    logfile: "{d}/log"
    server-count: 1
remote-control:
    control-enable: no
"""
        text = text.replace("    username:", "".join(
            f"    ip-address: {ip}@{self.port}\n" for ip in more) +
            "    username:")
        for name, records in zones.items():
            text += f'zone:\n    name: {name}\n    zonefile: "{name}.zone"\n'
            if records is not None:
                (d / (name + ".zone")).write_text(HEAD + records)
        self.anchors = {name: sign(d, name, change)
                        for name, change in signed.items()}
        (d / "nsd.conf").write_text(text)
        self.proc = subprocess.Popen(
            ["/usr/sbin/nsd", "-d", "-c", str(d / "nsd.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = d / "log"
        wait_for("nsd", lambda: log.exists() and
                 "started" in log.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def signal(self, how):
        """To it and to all its children: SIGSTOP makes it silent."""
        todo = [self.proc.pid]
        while todo:
            pid = todo.pop()
            tasks = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid))
            todo += [int(p) for p in tasks.read_text().split()]
            os.kill(pid, how)

    def close(self):
        self.proc.terminate()
        self.proc.wait(60)
