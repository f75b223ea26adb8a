"""What each running program may do, read from /proc: DESIGN section 2.

What it tries in vain is in tests/unit/test_sandbox.c.
"""
import os
import pathlib
import re

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import BIN, ROOT_USER
from tls_kit import certificate, secrets

QMQP = """\
  - name: Generators
    type: private
    protocol: QMQP
    interface: Loopback
    port: @QMQP_PORT@

"""

WEB = """
certificates:
  - name: web
web:
  enabled: yes
  port: @WEB_PORT@
  certificate: web
"""

# which kinds of descriptors a program may hold besides /dev/null, its
# standard output, the channels (sockets without a name) and its loop
EXPECTED = {
    "recorder": {"file"},           # logs, their folder
    "lookupd": {"inet"},
    "cleanup": {"file"},            # spool
    "qmgr": {"file"},
    "smtpd": {"listen"},
    "qmqpd": {"listen"},
    "smtp": set(),
    "keyd": set(),
    "inspect": set(),
    "webd": {"listen"},
}


def status(pid):
    text = pathlib.Path("/proc/%d/status" % pid).read_text()
    return dict(l.split(":\t", 1) for l in text.splitlines() if ":\t" in l)


def inet_sockets():
    inodes = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in open("/proc/net/" + name).readlines()[1:]:
            inodes.add(line.split()[9])
    return inodes


def test_fil_04_every_program_is_confined(make_suite):
    postern = make_suite(CONFIG.replace(
        "routes:\n", QMQP.replace("@QMQP_PORT@", str(free_port()))
        + "routes:\n") + WEB.replace("@WEB_PORT@", str(free_port())),
        start=False)
    certificate(secrets(postern.root), "web", "localhost")
    postern.start()
    with Sink(postern.sink_port) as sink:
        with postern.client() as c:
            c.mail()
        sink.wait(1)
    uids = {}
    inet = inet_sockets()
    for name, pid in postern.pids().items():
        kind = name.split()[0]
        s = status(pid)
        assert s["NoNewPrivs"] == "1", name
        assert s["Seccomp"] == "2", name
        assert int(s["CapEff"], 16) == 0 and int(s["CapPrm"], 16) == 0, name
        if ROOT_USER:
            ids = s["Uid"].split()
            assert len(set(ids)) == 1 and ids[0] != "0", name
            assert s["Groups"].strip() == "", name
            assert int(s["CapBnd"], 16) == 0, name
            uids.setdefault(kind, set()).add(ids[0])
            assert os.readlink("/proc/%d/root" % pid) == str(
                postern.root / "empty"), name
        else:       # they are not dumpable: the rest only root may read
            with pytest.raises(PermissionError):
                open("/proc/%d/maps" % pid)
            continue
        for m in open("/proc/%d/maps" % pid):
            assert "wx" not in m.split()[1], (name, m)
        kinds = set()
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                link = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            except FileNotFoundError:
                continue
            if link == "/dev/null" or link.endswith("/output"):
                continue
            if link.startswith("anon_inode:") or link.startswith("/memfd:"):
                continue
            if link.startswith("socket:"):
                inode = re.search(r"\d+", link).group()
                if inode in inet:
                    kinds.add("listen" if kind in ("smtpd", "qmqpd",
                                                   "webd") else "inet")
                continue
            if link.startswith("pipe:"):
                continue
            if link == "/proc/%d/statm" % pid:  # how much memory it has
                continue
            if kind == "smtp" and link.endswith("/ca-certificates.crt"):
                continue    # authorities: read when first asked about one
            assert link.startswith(str(postern.root)), (name, link)
            kinds.add("file")
        if kind == "smtp":          # the connection it keeps for a while
            kinds.discard("inet")
        assert kinds <= EXPECTED[kind], (name, kinds)
    if ROOT_USER:
        flat = [u for v in uids.values() for u in v]
        assert all(len(v) == 1 for v in uids.values()), uids
        assert uids["smtpd"] == uids["qmqpd"]
        assert len(set(flat)) == len(EXPECTED) - 1, uids


@pytest.mark.skipif(not ROOT_USER, reason="programs get accounts of their "
                    "own from root only")
def test_folders_belong_to_who_works_in_them(postern):
    modes = {"spool": 0o711, "log": 0o750, "state": 0o700, "empty": 0o555}
    for name, mode in modes.items():
        assert (postern.root / name).stat().st_mode & 0o777 == mode, name
    smtpd = status(postern.pids()["smtpd 0"])["Uid"].split()[0]
    for name in ("spool/incoming", "spool/deferred", "log", "state"):
        st = (postern.root / name).stat()
        assert st.st_mode & 0o007 == 0, name
        assert st.st_uid != int(smtpd), name


def test_priv_02_nothing_is_setuid():
    for p in BIN.glob("postern*"):
        assert p.stat().st_mode & 0o6000 == 0, p


def test_a_program_by_hand_says_what_it_is():
    import subprocess
    for name in EXPECTED:
        r = subprocess.run([BIN / ("postern-" + name)], capture_output=True,
                           text=True, close_fds=True, timeout=60)
        assert r.returncode == 2 and "postern-master" in r.stderr, name
