"""Remote power with Debian's ipmitool, against a real controller: the one that
ipmi_sim is."""
import json
import os
import pathlib
import signal
import stat
import subprocess
import time

import pytest

from conftest import CONFIG
from ipmi import Bmc
from suite import BIN, Suite, wait_for
from terminal import Terminal

PASSWORD = 'hunter 2"#x'
USERS = {"reset": ("hunter2", "operator"),
         "root": ("calvin", "admin")}
REMOTE = CONFIG + """
remote_power:
  host: 127.0.0.1
  port: %d
  cipher_suite: 3
  user: reset
"""


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    with Bmc(tmp_path_factory.mktemp("bmc"), USERS) as b:
        yield b


@pytest.fixture(scope="module")
def postern(tmp_path_factory, bmc):
    with Suite(tmp_path_factory.mktemp("s"), REMOTE % bmc.port) as s:
        yield s


@pytest.fixture
def power(postern):
    """A run of the command: what it printed, on either output."""
    tools(postern)
    secret(postern, USERS["reset"][0])

    def run(*words, status=0):
        p = subprocess.run(line(postern, *words), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
        assert p.returncode == status, p
        return p.stdout + p.stderr

    return run


def line(postern, *words):
    return [str(BIN / "postern"), "--root", str(postern.root), "remotepower",
            *words]


def tools(postern):
    folder = postern.root / "bin"
    folder.mkdir(exist_ok=True)
    for name in ("ipmitool", "timeout"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("/usr/bin/" + name)


def secret(postern, text):
    postern.postern("remotepower", "secret", text=text + "\n")


def changed(postern, old, new):
    path = postern.root / "etc/postern.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return lambda: path.write_text(text)


AT_ONCE = ", without stopping its programs.\n"
MINUTES = "A restart takes at least 11 minutes.\n"
WORDS = [
    ("status", "Chassis Power is off\n", [], "0", None),
    ("on", "This will turn the power of this machine on.\n" + MINUTES +
     "Chassis Power Control: Up/On\n", ["set power 1"], "1", "on"),
    ("status", "Chassis Power is on\n", [], "1", None),
    ("cycle", "This will turn the power of this machine off and on again" +
     AT_ONCE + MINUTES + "Chassis Power Control: Cycle\n",
     ["set power 0", "set power 1"], "1", "cycle"),
    ("reset", "This will reset this machine" + AT_ONCE + MINUTES +
     "Chassis Power Control: Reset\n", ["set reset 1"], "1", "reset"),
    ("soft", "This will ask the system of this machine to shut down.\n"
     "Chassis Power Control: Soft\n", ["set shutdown 1"], "1",
     "soft shutdown"),
    ("off", "This will turn the power of this machine off at once" + AT_ONCE +
     "Chassis Power Control: Down/Off\n", ["set power 0"], "0", "off"),
]


def test_every_word(postern, power, bmc):
    for word, said, did, now, note in WORDS:
        before = len(bmc.did())
        assert power("--yes", word) == said
        # off and on again takes the controller a second
        wait_for(word, lambda: len(bmc.did()) == before + len(did))
        assert bmc.did()[before:] == did
        assert bmc.power() == now
        if note:
            postern.wait_log("remote power: " + note)
    # this controller has no such interrupt, and says so
    assert power("--yes", "diag", status=4).endswith(
        "127.0.0.1: Set Chassis Power Control to Diag failed: Invalid data "
        "field in request\n")
    assert json.loads(power("--json", "status")) == {
        "command": "status", "answer": "Chassis Power is off"}


def test_what_is_not_done(postern, power, bmc):
    before = bmc.did()
    # no other words, and none without being sure
    for word in ("identify", "policy", "selftest"):
        assert power(word, status=3) == "insufficient privileges\n"
    assert "--yes" in power("reset", status=2)
    with Terminal(postern, "remotepower", "off") as t:
        t.expect("without stopping its programs.\n")
        t.answer(('Are you sure you want the power command "off"? [N]> ',
                  ""))
        assert t.end()[1] == 1
    assert bmc.did() == before


def test_who_is_not_let_in(postern, power):
    secret(postern, "wrong")
    assert power("status", status=4) == (
        "127.0.0.1: it has another passphrase\n")
    secret(postern, USERS["reset"][0])
    back = changed(postern, "user: reset", "user: nobody")
    assert power("status", status=4) == "127.0.0.1: it has no such user\n"
    back()
    back = changed(postern, "cipher_suite: 3", "cipher_suite: 17")
    assert power("status", status=4) == (
        "127.0.0.1: it does not have this cipher suite\n")
    back()


FAILS = [
    ("Loading IANA PEN Registry...\n", "it does not answer in time"),
    ("", "it does not answer in time"),
    ("Loading IANA PEN Registry...\nsegment violation\nbye\n",
     "segment violation"),
    ("Address lookup for x failed\n", "there is no such host"),
    ("x\nSet Chassis Power Control to Up/On failed: Node busy\n",
     "Set Chassis Power Control to Up/On failed: Node busy"),
]


def test_what_else_may_be_said(postern, power):
    """By other controllers, and of other networks."""
    tool = postern.root / "bin/ipmitool"
    tool.unlink()
    for said, why in FAILS:
        tool.write_text("#!/bin/sh\nprintf '%%b' '%s'; exit 1\n" %
                        said.replace("\n", "\\n"))
        tool.chmod(0o755)
        assert power("status", status=4) == "127.0.0.1: %s\n" % why


def test_a_silent_controller(postern, power, bmc):
    """Its end is known; and who looks at the processes meanwhile sees no
    passphrase."""
    os.kill(bmc.proc.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        p = subprocess.Popen(line(postern, "status"), text=True,
                             stdin=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        seen = set()
        while p.poll() is None and time.monotonic() < began + 60:
            seen |= family(p.pid)
            time.sleep(0.05)
        said = p.stderr.read()
    finally:
        os.kill(bmc.proc.pid, signal.SIGCONT)
    assert (p.returncode, said) == (4, "127.0.0.1: it does not answer\n")
    assert any("lanplus" in s for s in seen)
    assert not any("hunter" in s for s in seen)


def family(pid):
    """The command lines of it and of all below it."""
    found = set()
    try:
        here = pathlib.Path("/proc/%d" % pid)
        found.add((here / "cmdline").read_text())
        for child in (here / ("task/%d/children" % pid)).read_text().split():
            found |= family(int(child))
    except OSError:
        pass                    # gone meanwhile
    return found


# "open" is the device of this machine: here it leads to the same controller
LOCAL = """\
#!/bin/sh
for a; do printf '%%s|' "$a"; done >> "${0%%/*}/../calls"
echo >> "${0%%/*}/../calls"
case "$2" in
open) shift 2; exec /usr/bin/ipmitool -I lanplus -H 127.0.0.1 -p %d -U root \\
    -C 3 -f "${0%%/*}/../admin" "$@" ;;
esac
exec /usr/bin/ipmitool "$@"
"""


def test_the_controller_is_set_up(postern, power, bmc):
    tool = postern.root / "bin/ipmitool"
    lan = ("lan", "mask=255.255.255.0", "gateway=127.0.0.254")
    assert power("--yes", *lan, status=4) == (
        "Remote power management is not available on this system.\n"
        "(there is no device /dev/ipmi0: no controller, or no driver for it)"
        "\n")
    device = postern.root / "dev/ipmi0"
    device.parent.mkdir()
    device.touch()
    tool.unlink()
    tool.write_text(LOCAL % bmc.port)
    tool.chmod(0o755)
    (postern.root / "admin").write_text("calvin\n")
    assert "mask=255.255.255.0 is needed" in power("--yes", "lan", status=2)
    assert "gateway" in power("--yes", "lan", "mask=255.0.0.0", "gateway=x",
                              status=2)
    assert "--yes" in power(*lan, status=2)
    assert bmc.lan() == {}
    back = changed(postern, "user: reset", "user: second")
    for password in (PASSWORD, "twenty bytes hunter2"):
        secret(postern, password)
        out = power("--yes", *lan)
        assert out.endswith(
            'The controller is set up; it has "second" as user 4.\n'), out
        assert bmc.lan() == {
            "ip_addr_src": "static", "ip_addr": "127.0.0.1",
            "subnet_mask": "255.255.255.0",
            "default_gw_ip_addr": "127.0.0.254"}
        # this controller remembers 16 bytes of one
        assert len(password) > 16 or (
            power("status").startswith("Chassis Power is o"))
    postern.wait_log("remote power: the controller set up")
    assert json.loads(power("--json", "--yes", *lan)) == {
        "command": "lan", "channel": 1, "user": 4}
    # an operator, and no more
    who = subprocess.run([str(tool), "-I", "open", "-c", "user", "list", "1"],
                         capture_output=True, text=True).stdout
    assert "4,second,true,true,true,OPERATOR" in who
    calls = (postern.root / "calls").read_text()
    assert "hunter" not in calls and "0x68" not in calls
    secret(postern, "x" * 21)
    assert "1 to 20 bytes" in power("--yes", *lan, status=1)
    with Terminal(postern, "remotepower") as t:
        assert "- LAN - Set the controller itself up" in t.expect("[]> ")
        t.say("lan")
        t.answer(("Enter the network mask:\n[255.255.255.0]> ", "none"),
                 ("Enter the network mask:\n[255.255.255.0]> ", ""),
                 ("Enter its gateway (none: leave empty):\n[]> ", ""),
                 ("Enter the number of its LAN channel:\n[1]> ", ""),
                 ("This will give the controller the address 127.0.0.1, and "
                  'let the user "second" change the power.\nAre you sure you '
                  'want the power command "lan"? [N]> ', "n"))
        assert t.end()[1] == 1
    back()


def test_menu_without_a_controller(make_suite):
    postern = make_suite(CONFIG)
    with Terminal(postern, "remotepower") as t:
        t.answer(("\nNo management controller is configured.\n\n"
                  "Choose the operation you want to perform:\n"
                  "- SETUP - Configure the management controller.\n[]> ",
                  "on"))
        assert t.expect("[]> ").startswith('Unknown option: "on"\n')
        t.say("setup")
        for answer in ("192.0.2.9", "admin"):
            t.expect("[]> ")
            t.say(answer)
        assert t.end()[1] == 0
    with Terminal(postern, "remotepower") as t:
        assert "- CYCLE - Turn the power off and on.\n" in t.expect("[]> ")
        t.say("")
        assert t.end()[1] == 0


def test_what_is_missing(postern, power):
    (postern.root / "etc/secrets/remote_power.secret").unlink()
    assert "remotepower secret" in power("status", status=1)
    secret(postern, "some")
    path = postern.root / "etc/secrets/remote_power.secret"
    assert path.read_text() == "some\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (postern.root / "bin/ipmitool").unlink()
    assert power("status", status=4) == (
        "Remote power management is not available on this system.\n"
        "(there is no program ipmitool; the package ipmitool has it)\n")
