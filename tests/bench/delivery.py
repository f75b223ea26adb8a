#!/usr/bin/python3
"""What the delivery of queued mail costs, beside Postfix and OpenSMTPD.

    delivery.py [--messages 4000] [--domains 50] [--rounds 3]
                [--opensmtpd FOLDER_OF_smtpd] [--only SERVER,...]

Mail is queued while delivery is held; then it is let go, and CPU (of all
processes of a server, from a control group) and time are taken until the
queue is empty. All of it goes to one domain, or to many, each with an address
of its own, in the clear or with TLS that nobody verifies; twenty connections
to each at most, kept from one message to the next. The next hop is a Postern
that takes everything and keeps nothing. Servers take turns; each figure is
the median of the rounds. Needs root, and smtp-source; Postfix is found on the
PATH, OpenSMTPD there or in the folder given.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))
sys.dont_write_bytecode = True
from ports import free_port              # noqa: E402
from suite import PEERS, Suite, wait_for  # noqa: E402
from tls_kit import certificate, secrets  # noqa: E402

FANOUT, CLIENTS, SIZE = 20, 10, 5120
NEXT_HOP = """\
hostname: sink.bench.test
receiving: {max_connections: 5000}
tls: {max_connections: 5000}
dns: {enabled: no, reverse_timeout: 0}
certificates: [{name: sink}]
interfaces: [{name: Any, ip: 0.0.0.0}]
listeners:
  - name: Sink
    type: sinkhole-noqueue
    interface: Any
    port: @PORT@
    certificate: sink
    max_concurrency: 5000
    backlog: 1024
    hat:
      defaults: {tls: preferred, max_concurrency: unlimited,
                 max_msgs_per_session: unlimited}
      policies: [{name: $ALL, behaviour: ACCEPT}]
      groups: [{name: ALL, policy: $ALL}]
logs: [{name: mail_logs, level: critical}]
"""
POSTERN = """\
hostname: mx.bench.test
dns: {enabled: no, reverse_timeout: 0}
interfaces: [{name: Loopback, ip: 127.0.0.1}]
listeners:
  - name: Relay
    type: private
    interface: Loopback
    port: @PORT@
    hat:
      defaults: {max_msgs_per_session: unlimited, max_concurrency: unlimited}
      groups:
        - {name: RELAYLIST, policy: $RELAYED, entries: 127.0.0.0/8}
destinations:
  - {domain: Default, max_connections: %d, max_messages: 1000, tls: %s}
logs: [{name: mail_logs, max_size: 100M}]
routes:
%s
"""
MAIN_CF = """\
compatibility_level = 3.6
queue_directory = %(d)s/spool
data_directory = %(d)s/data
maillog_file = %(d)s/log
maillog_file_prefixes = /
myhostname = mx.bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
transport_maps = regexp:%(d)s/transport
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtp_dns_support_level = disabled
smtp_host_lookup = native
in_flow_delay = 0
default_process_limit = 200
default_destination_concurrency_limit = %(fanout)d
initial_destination_concurrency = %(fanout)d
qmgr_message_active_limit = 20000
smtp_connection_cache_destinations = static:all
smtp_tls_security_level = %(tls)s
smtp_tls_connection_reuse = yes
defer_transports = smtp
"""
MASTER_CF = """\
127.0.0.1:%d inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SMTPD_CONF = """\
smtp limit max-mails 1000000 max-rcpt 1000
mta limit max-conn-per-host %(fanout)d max-conn-per-route %(fanout)d \
max-conn-per-connector 1000 max-conn-per-relay 1000 conn-delay-route 0 \
conn-delay-relay 0 reconn-delay-route 0 session-mail-max 1000 \
task-hiwat 100000
listen on 127.0.0.1 port %(port)d hostname mx.bench.test
"""


class Cpu:
    """A control group of one server's processes."""

    def __init__(self):
        for root, self.file in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"),
                                ("/sys/fs/cgroup", "cpu.stat")):
            self.path = pathlib.Path(root) / ("bench.%d" % os.getpid())
            with contextlib.suppress(OSError):
                self.path.mkdir(exist_ok=True)
                if (self.path / self.file).exists():
                    break
        else:
            sys.exit("no control group to count CPU in")
        # whoever runs this is in it, and all of its children
        self.wrap = ["sh", "-c", 'echo $$ >"$0" && exec "$@"',
                     str(self.path / "cgroup.procs")]

    def seconds(self):
        text = (self.path / self.file).read_text()
        if self.file == "cpuacct.usage":
            return int(text) / 1e9
        return int(text.split("usage_usec ")[1].split()[0]) / 1e6

    def close(self):
        self.path.rmdir()


class Shape:
    """How many domains, and with TLS or not."""

    def __init__(self, domains, tls, port):
        self.domains, self.tls, self.port = domains, tls, port

    def hops(self):
        return [("d%d.test" % i, "127.0.1.%d" % (i + 1))
                for i in range(self.domains)]


class Postern:
    name = "Postern"

    def __init__(self, folder, shape, cpu):
        routes = "".join("  %s: %s:%d\n" % (d, ip, shape.port)
                         for d, ip in shape.hops())
        self.suite = Suite(folder, POSTERN % (
            FANOUT, "preferred" if shape.tls else "off", routes),
            wrap=cpu.wrap)
        self.port = self.suite.port
        self.suite.postern("suspenddel", "0")

    def release(self):
        self.suite.postern("resumedel")

    def queued(self):
        return len(self.suite.queued())

    def stop(self):
        self.suite.stop()


class Postfix:
    name = "Postfix"

    def __init__(self, folder, shape, cpu):
        self.etc, self.port = folder, free_port()
        for sub in ("spool", "data"):
            (folder / sub).mkdir(parents=True)
        shutil.chown(folder / "data", "postfix")
        (folder / "main.cf").write_text(MAIN_CF % {
            "d": folder, "fanout": FANOUT, "tls": "may" if shape.tls
            else "none"})
        (folder / "master.cf").write_text(MASTER_CF % self.port)
        (folder / "transport").write_text("".join(
            "/@%s$/ smtp:[%s]:%d\n" % (d.replace(".", "\\."), ip, shape.port)
            for d, ip in shape.hops()))
        subprocess.run(cpu.wrap + ["postfix", "-c", str(folder), "start"],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def release(self):
        main = self.etc / "main.cf"
        main.write_text(main.read_text().replace("= smtp\n", "=\n"))
        for words in (["postfix", "-c", str(self.etc), "reload"],
                      ["postqueue", "-c", str(self.etc), "-f"]):
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=60)

    def queued(self):
        return sum(len(files) for q in ("incoming", "active", "deferred")
                   for _, _, files in os.walk(self.etc / "spool" / q))

    def stop(self):
        subprocess.run(["postfix", "-c", str(self.etc), "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=60)


class Opensmtpd:
    """Its folders and accounts are compiled in: it gets private ones."""
    name = "OpenSMTPD"
    where = None
    UID = 64100

    def __init__(self, folder, shape, cpu):
        self.dir, self.port = folder, free_port()
        folder.mkdir()
        text = SMTPD_CONF % {"fanout": FANOUT, "port": self.port}
        for d, ip in shape.hops():
            text += ('action "%s" relay host "smtp%s://%s:%d"\n'
                     'match from any for domain "%s" action "%s"\n' % (
                         d, "" if shape.tls else "+notls", ip, shape.port,
                         d, d))
        (folder / "smtpd.conf").write_text(text)
        self._folders()
        self.out = open(folder / "output", "wb")
        self.proc = subprocess.Popen(
            ["unshare", "--mount", *cpu.wrap, "sh", str(folder / "run")],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        wait_for("smtpd", lambda: self.proc.poll() is None and
                 self._ctl("pause", "mta") == 0, 20, 0.2)

    def _folders(self):
        lines = []
        for name, path in (("var-spool", "/var/spool"), ("var-lib", "/var/lib"),
                           ("run-files", "/run")):
            (self.dir / name).mkdir()
            lines.append("mount --bind %s %s\n" % (self.dir / name, path))
        (self.dir / "var-lib/opensmtpd/empty").mkdir(parents=True)
        spool = self.dir / "var-spool/smtpd"
        spool.mkdir(mode=0o711)
        for sub in ("incoming", "queue", "temporary", "purge", "corrupt"):
            (spool / sub).mkdir(mode=0o700)
            os.chown(spool / sub, self.UID + 1, 0)
        (spool / "offline").mkdir()
        (spool / "offline").chmod(0o770)
        os.chown(spool / "offline", 0, self.UID + 1)
        for name, line in (
                ("passwd", "%s:x:%d:%d::/nonexistent:/usr/sbin/nologin\n"),
                ("group", "%s:x:%d:\n")):
            text = pathlib.Path("/etc/" + name).read_text()
            for i, user in enumerate(("opensmtpd", "opensmtpq")):
                ids = (self.UID + i,) * (line.count("%") - 1)
                text += line % (user, *ids)
            (self.dir / name).write_text(text)
            lines.append("mount --bind %s /etc/%s\n" % (self.dir / name, name))
        (self.dir / "run").write_text(
            "set -e\n%sexec %s/smtpd -d -f %s/smtpd.conf\n" % (
                "".join(lines), self.where, self.dir))

    def _ctl(self, *words):
        return subprocess.run(
            ["nsenter", "-t", str(self.proc.pid), "-m", "--", "setpriv",
             "--regid=%d" % (self.UID + 1), "--clear-groups",
             "%s/smtpctl" % self.where, *words], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60).returncode

    def release(self):
        assert self._ctl("resume", "mta") == 0

    def queued(self):
        return sum(len([d for d in dirs if len(d) == 8]) for _, dirs, _ in
                   os.walk(self.dir / "var-spool/smtpd/queue"))

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            self.proc.wait(20)
        self.out.close()


class NextHop:
    def __init__(self, folder):
        self.suite = Suite(folder, NEXT_HOP, start=False)
        certificate(secrets(self.suite.root), "sink", "sink.bench.test")
        self.suite.start()
        self.port = self.suite.port

    def seen(self):
        """Messages, and connections."""
        s = self.suite.ask("status")
        return (s["counters"]["recipients_received"]["uptime"],
                s["ids"]["icid"])


def fill(server, shape, n):
    source = PEERS / "smtp-source"
    source = str(source) if source.exists() else "smtp-source"
    for domain, _ in shape.hops():
        subprocess.run(
            [source, "-d", "-s", str(min(CLIENTS, n // shape.domains)), "-m",
             str(n // shape.domains), "-l", str(SIZE), "-f", "s@bench.test",
             "-t", "r@" + domain, "127.0.0.1:%d" % server.port], check=True,
            timeout=300)
    wait_for("all of it in the queue", lambda: server.queued() == n, 120, 0.2)


def measure(make, folder, shape, cpu, hop, n):
    server = make(folder, shape, cpu)
    try:
        fill(server, shape, n)
        time.sleep(2)               # what it still does about it
        messages, connections = hop.seen()
        used, at = cpu.seconds(), time.monotonic()
        server.release()
        wait_for("all of it at the next hop", lambda: hop.seen()[0] >=
                 messages + n, 300, 0.05)
        took = time.monotonic() - at
        wait_for("an empty queue", lambda: server.queued() == 0, 60, 0.1)
        time.sleep(0.5)
        used = cpu.seconds() - used
        assert hop.seen()[0] == messages + n, "it came twice"
        return used / n * 1e6, n / took, hop.seen()[1] - connections
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def servers(args):
    out = [Postern]
    if shutil.which("postfix"):
        out.append(Postfix)
    ctl = shutil.which("smtpctl")
    Opensmtpd.where = args.opensmtpd or (ctl and os.path.dirname(ctl))
    if Opensmtpd.where:
        out.append(Opensmtpd)
    return [s for s in out if not args.only or s.name.lower() in
            args.only.lower().split(",")]


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--messages", type=int, default=4000)
    ap.add_argument("--domains", type=int, default=50)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--opensmtpd", type=os.path.abspath)
    ap.add_argument("--only")
    args = ap.parse_args()
    args.messages -= args.messages % args.domains
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench.", dir="/var/tmp"))
    folder.chmod(0o755)
    hop, cpu = NextHop(folder / "hop"), Cpu()
    try:
        print("| domains | TLS | server | us CPU a message | messages/s | "
              "connections |\n|---|---|---|---|---|---|")
        for tls in (False, True):
            for domains in (1, args.domains):
                compare(args, Shape(domains, tls, hop.port), folder, cpu, hop)
    finally:
        hop.suite.stop()
        cpu.close()
        shutil.rmtree(folder, ignore_errors=True)


def compare(args, shape, folder, cpu, hop):
    found = {s: [] for s in servers(args)}
    for _ in range(args.rounds):
        for s in found:
            found[s].append(measure(s, folder / s.name, shape, cpu, hop,
                                    args.messages))
    for s, runs in found.items():
        print("| %d | %s | %s | %.0f | %.0f | %.0f |" % (
            shape.domains, "yes" if shape.tls else "no", s.name,
            *(statistics.median(r[i] for r in runs) for i in range(3))),
            flush=True)


if __name__ == "__main__":
    main()
