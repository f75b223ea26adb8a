"""A management controller: ipmi_sim, which speaks RMCP+ as those in hardware
do.

    with Bmc(folder, {"reset": ("hunter2", "operator")}) as bmc:
        bmc.port
        bmc.power()             # "1": on
        bmc.did()               # ["set power 1", "set reset 1"]
        bmc.lan()               # what its LAN channel was set to
"""
import contextlib
import pathlib
import subprocess

from ports import free_port
from suite import wait_for

CONF = """\
name "postern"
set_working_mc 0x20
startlan 1
  addr 127.0.0.1 %d
  priv_limit admin
  allowed_auths_operator md5
  allowed_auths_admin md5
  lan_config_program "%s/lan"
  guid a123456789abcdefa123456789abcdef
endlan
chassis_control "%s/chassis"
"""
COMMANDS = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""
CHASSIS = """\
#!/bin/sh
cd "${0%/*}"
case "$1 $2" in
"get power") echo "power:$(cat power)" ;;
"set power") echo "$3" > power; echo "$*" >> did ;;
*) echo "$*" >> did ;;
esac
"""
LAN = """\
#!/bin/sh
case "$1" in set) echo "$*" >> "${0%/*}/lan.set" ;; esac
"""


class Bmc:
    def __init__(self, folder, users):
        self.port = free_port()
        self.dir = d = pathlib.Path(folder)
        (d / "state").mkdir(parents=True)
        text = CONF % (self.port, d, d)
        for n, (name, (password, level)) in enumerate(users.items()):
            text += 'user %d true "%s" "%s" %s 10 md5\n' % (
                n + 2, name, password, level)
        (d / "lan.conf").write_text(text)
        (d / "commands").write_text(COMMANDS)
        (d / "power").write_text("0\n")
        for name, body in (("chassis", CHASSIS), ("lan", LAN)):
            (d / name).write_text(body)
            (d / name).chmod(0o755)
        self.proc = subprocess.Popen(
            ["/usr/bin/ipmi_sim", "-n", "-c", str(d / "lan.conf"), "-f",
             str(d / "commands"), "-s", str(d / "state")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for("the controller", self._listens)

    def _listens(self):
        assert self.proc.poll() is None
        want = ":%04X" % self.port
        udp = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
        return any(l.split()[1].endswith(want) for l in udp)

    def power(self):
        return (self.dir / "power").read_text().strip()

    def did(self):
        return self._lines("did")

    def lan(self):
        return dict(l.split()[1:3] for l in self._lines("lan.set"))

    def _lines(self, name):
        with contextlib.suppress(FileNotFoundError):
            return (self.dir / name).read_text().splitlines()
        return []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.wait(60)
