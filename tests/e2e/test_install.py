"""`make install`: what is put where, with which rights, and that it runs."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

import suite
from conftest import CONFIG
from sink import Sink
from suite import ROOT_USER, TOP, Suite

# two that install at the same time would make the same pages
pytestmark = pytest.mark.xdist_group("install")

PROGRAMS = ("master recorder lookupd keyd cleanup inspect qmgr smtpd qmqpd "
            "smtp capture webd").split()
FILES = {
    "etc/postern/postern.yaml": 0o640,
    "usr/lib/sysusers.d/postern.conf": 0o644,
    "usr/lib/systemd/system/postern.service": 0o644,
    "usr/lib/tmpfiles.d/postern.conf": 0o644,
    "usr/sbin/postern": 0o755,
    "usr/share/man/man1/postern.1": 0o644,
    **{"usr/share/man/man1/postern-%s.1" % c: 0o644 for c in re.findall(
        r"(?m)^\tC\((\w+)\)", (TOP / "admin/commands.h").read_text())},
    "usr/share/man/man5/postern.yaml.5": 0o644,
    "usr/share/man/man5/postern-filters.5": 0o644,
    "etc/postern/filters/message_filters": 0o640,
    **{"etc/postern/tables/%s.txt" % t: 0o640
       for t in "aliases altsrchost domain_map hat masquerade rat "
       "safelist_blocklist".split()},
    **{"usr/lib/postern/postern-" + p: 0o755 for p in PROGRAMS},
    **{"usr/share/man/man8/postern-%s.8" % p: 0o644 for p in PROGRAMS},
}
UNIT = "usr/lib/systemd/system/postern.service"
# one tree for all, and no two makes at a time
pytestmark = pytest.mark.xdist_group("install")


def make(*words):
    """A make of its own, not a part of the one that runs the tests; whoever
    installs may have any umask."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VARIANT")}
    r = subprocess.run(["make", "-s", "-C", str(TOP), *words], env=env,
                       capture_output=True, text=True, umask=0o077,
                       timeout=600)
    assert r.returncode == 0, r.stdout + r.stderr


def run(*words, ok=(0,)):
    r = subprocess.run([str(w) for w in words], capture_output=True,
                       text=True, timeout=60)
    assert r.returncode in ok, (words, r.stdout, r.stderr)
    return r


def files(top):
    return {str(p.relative_to(top)): p.lstat().st_mode & 0o7777
            for p in top.rglob("*") if not p.is_dir()}


def rights(unit):
    """The capabilities that the unit leaves, as setpriv wants them."""
    text = unit.read_text()
    names = re.search(r"(?m)^CapabilityBoundingSet=(.*)$", text).group(1)
    return ",".join(["-all"] + ["+" + n[4:].lower() for n in names.split()])


def allowed_calls(unit):
    """The unit's SystemCallFilter, groups spelled out."""
    known = {}
    group = None
    for line in run("systemd-analyze", "syscall-filter").stdout.splitlines():
        words = re.sub(r"\x1b\[[0-9;]*m", "", line).split()
        if words and not line.startswith(" "):
            group = known.setdefault(words[0], set())
        elif words and words[0] != "#":
            group.add(words[0])
    todo = re.search(r"(?m)^SystemCallFilter=(.*)$",
                     unit.read_text()).group(1).split() + ["@default"]
    calls = set()
    while todo:
        name = todo.pop()
        if name.startswith("@"):
            todo += known[name]
        else:
            calls.add(name)
    return calls


@pytest.fixture(scope="module")
def tree():
    """An installed tree."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="postern-install.",
                                         dir="/var/tmp"))
    path.chmod(0o755)
    make("install", "DESTDIR=%s" % path, "PREFIX=/usr")
    yield path
    shutil.rmtree(path)


def test_files_and_modes(tree):
    assert files(tree) == FILES
    modes = {str(p.relative_to(tree)): p.stat().st_mode & 0o7777
             for p in tree.rglob("*") if p.is_dir()}
    assert modes.pop("etc/postern") == 0o750
    assert modes.pop("etc/postern/tables") == 0o750
    assert modes.pop("etc/postern/filters") == 0o750
    assert modes.pop("etc/postern/secrets") == 0o700
    assert set(modes.values()) == {0o755}, modes


def test_each_command_has_its_page(tree):
    """Under its own name, also where one page documents several."""
    man = tree / "usr/share/man"
    for name, title in (("hoststatus", "POSTERN-TOPHOSTS"),
                        ("listenerconfig", "POSTERN-LISTENERCONFIG")):
        r = run("man", "-M", man, "-P", "cat", "postern-" + name)
        assert r.stdout.startswith(title + "(1)"), r.stdout[:80]


def test_the_unit_is_accepted(tree, folder):
    """With the programs it starts in their place, that is, below the folder."""
    text = (tree / UNIT).read_text()
    programs = re.findall(r"(?m)^Exec\w+=(\S+)", text)
    assert len(programs) == 2
    for p in programs:
        assert os.access(str(tree) + p, os.X_OK), p
    unit = folder / "postern.service"
    unit.write_text(re.sub(r"(?m)^(Exec\w+=)", r"\g<1>%s" % tree, text))
    r = run("systemd-analyze", "verify", "--man=no", unit)
    assert not r.stderr.strip(), r.stderr


def exposure(unit):
    r = run("systemd-analyze", "security", "--offline=true", "--no-pager",
            unit)
    return float(re.search(r"exposure level for \S+ ([\d.]+)",
                           r.stdout).group(1))


def test_the_exposure_is_what_the_document_says(tree):
    said = re.search(r"Overall exposure level: ([\d.]+)",
                     (TOP / "docs/security.md").read_text()).group(1)
    assert exposure(tree / UNIT) <= float(said)


def accounts():
    text = (TOP / "lib/sandbox/profiles.c").read_text()
    tool = (TOP / "admin/tunnel.c").read_text()
    return set(re.findall(r'\.account = "(.*?)"', text)) | set(
        re.findall(r'define ACCOUNT +"(.*?)"', tool))


@pytest.mark.skipif(not ROOT_USER, reason="giving files away needs root")
def test_accounts_and_folders(folder, tree):
    """As INSTALL says, in a tree of its own."""
    shutil.copytree(tree, folder / "t")
    top = folder / "t"
    run("systemd-sysusers", "--root=%s" % top)
    users = {l.split(":")[0]: l.split(":")
             for l in (top / "etc/passwd").read_text().splitlines()}
    groups = {l.split(":")[0]: int(l.split(":")[2])
              for l in (top / "etc/group").read_text().splitlines()}
    ours = {u for u in users if u.startswith("postern-")}
    assert ours == accounts()
    assert all(users[u][6].endswith("/nologin") for u in ours)
    run("systemd-tmpfiles", "--root=%s" % top, "--create",
        top / "usr/lib/tmpfiles.d/postern.conf")
    log = int(users["postern-log"][2])
    for name, mode, uid, gid in (
            ("var/spool/postern", 0o711, 0, 0),
            ("var/lib/postern", 0o700, 0, 0),
            ("var/log/postern", 0o750, log, groups["postern-adm"]),
            ("etc/postern", 0o750, 0, groups["postern-adm"]),
            ("etc/postern/postern.yaml", 0o640, 0, groups["postern-adm"]),
            ("etc/postern/filters", 0o750, 0, groups["postern-adm"]),
            ("etc/postern/filters/message_filters", 0o640, 0,
             groups["postern-adm"]),
            ("etc/postern/tables", 0o750, 0, groups["postern-adm"]),
            ("etc/postern/tables/aliases.txt", 0o640, 0,
             groups["postern-adm"])):
        st = (top / name).stat()
        assert (st.st_mode & 0o7777, st.st_uid, st.st_gid) == \
            (mode, uid, gid), name


def test_an_existing_configuration_stays(folder, tree):
    shutil.copytree(tree, folder / "t")
    conf = folder / "t/etc/postern/postern.yaml"
    conf.write_text("mine")
    make("install", "DESTDIR=%s" % (folder / "t"), "PREFIX=/usr")
    assert conf.read_text() == "mine"
    make("uninstall", "DESTDIR=%s" % (folder / "t"), "PREFIX=/usr")
    assert set(files(folder / "t")) == {n for n in FILES
                                        if n.startswith("etc/postern/")}


def test_the_installed_tree_runs(tree, folder, monkeypatch):
    """With the capabilities of the unit, where we can take others away."""
    bin = folder / "bin"
    bin.mkdir()
    (bin / "postern").symlink_to(tree / "usr/sbin/postern")
    (bin / "postern-master").symlink_to(tree / "usr/lib/postern/postern-master")
    monkeypatch.setattr(suite, "BIN", bin)
    wrap = ["setpriv", "--no-new-privs"]
    if ROOT_USER:
        wrap += ["--bounding-set", rights(tree / UNIT)]
    with Suite(folder / "s", CONFIG, wrap=wrap) as postern, \
            Sink(postern.sink_port) as sink:
        # of a process that is not dumpable only root may read it
        for pid in postern.pids().values() if ROOT_USER else ():
            exe = os.readlink("/proc/%d/exe" % pid)
            assert exe.startswith(str(tree / "usr/lib/postern/"))
        with postern.client() as c:
            assert c.mail()[0] == 250
        sink.wait(1)
        assert postern.ask("status")
        # a second start finds folders that belong to others
        postern.stop()
        postern.start()
        with postern.client() as c:
            assert c.mail()[0] == 250
        sink.wait(2)


def test_the_unit_allows_the_calls_that_are_made(tree, folder):
    """What its filter does not name would kill the program that calls it."""
    trace = folder / "trace"
    with Suite(folder / "s", CONFIG,
               wrap=["strace", "-f", "-qq", "-e", "signal=none", "-o",
                     trace]) as postern, Sink(postern.sink_port) as sink:
        with postern.client() as c:
            assert c.mail()[0] == 250
        sink.wait(1)
        postern.postern("reload")
        postern.postern("status")
        postern.stop()
    made = set(re.findall(r"(?m)^\d+ +(\w+)\(", trace.read_text()))
    assert {"chroot", "seccomp", "execve", "fchown"} <= made or not ROOT_USER
    assert not made - allowed_calls(tree / UNIT)


def test_the_shipped_configuration_is_good(tree, folder):
    (folder / "etc").mkdir()
    shutil.copy(tree / "etc/postern/postern.yaml", folder / "etc")
    r = run(tree / "usr/sbin/postern", "--root", folder, "showconfig",
            "--working")
    assert "InboundMail" in r.stdout and not r.stderr
