"""Machines of a test for logging in at: the accounts are those of a copy of
/etc that only processes in the mount namespace of the test see, and sshd is the
real one.  Root only.

    with Accounts(folder, {"support": "/home of it"}) as accounts:
        with Sshd(accounts, folder, 22) as sshd:
            accounts.run(["ssh", ...])
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from suite import wait_for

CONF = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {key}
PidFile none
UsePAM {pam}
PasswordAuthentication yes
KbdInteractiveAuthentication no
AllowTcpForwarding yes
GatewayPorts no
LoginGraceTime 20
MaxStartups 100
"""
HOMES = "/mnt"                  # an empty file system of theirs


class Accounts:
    def __init__(self, folder, homes):
        """homes: account -> folder, which becomes HOMES/account."""
        self.etc = pathlib.Path(folder) / "etc"
        self.etc.mkdir()
        for name in ("passwd", "group", "shadow", "gshadow", "login.defs",
                     "nsswitch.conf", "hosts", "ld.so.cache", "securetty",
                     "localtime", "environment", "host.conf", "services"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy2("/etc/" + name, self.etc / name)
        for name in ("pam.d", "security", "ssl", "alternatives", "ssh",
                     "default"):
            if pathlib.Path("/etc", name).is_dir():
                shutil.copytree("/etc/" + name, self.etc / name,
                                symlinks=True)
        # no pause after a wrong password
        auth = self.etc / "pam.d/common-auth"
        auth.write_text(auth.read_text().replace("pam_unix.so",
                                                 "pam_unix.so nodelay"))
        mounts = ["mount --bind %s /etc" % self.etc,
                  "mount -t tmpfs none %s" % HOMES,
                  "mount -t tmpfs none /run", "mkdir -m 755 /run/sshd"]
        for n, (name, home) in enumerate(homes.items()):
            self._append("passwd", "%s:x:%d:%d::%s/%s:/bin/sh" % (
                name, 64900 + n, 64900 + n, HOMES, name))
            self._append("group", "%s:x:%d:" % (name, 64900 + n))
            self._append("shadow", name + ":!:20000:0:99999:7:::")
            pathlib.Path(home).mkdir(exist_ok=True)
            mounts += ["mkdir -m 755 %s/%s" % (HOMES, name),
                       "mount --bind %s %s/%s" % (home, HOMES, name)]
        self.proc = subprocess.Popen(
            ["unshare", "-m", "sh", "-ec", "\n".join(mounts) +
             "\necho ready\nexec sleep infinity"], stdout=subprocess.PIPE,
            text=True)
        assert self.proc.stdout.readline() == "ready\n"

    def _append(self, name, line):
        with (self.etc / name).open("a") as f:
            f.write(line + "\n")

    def inside(self, argv):
        return ["nsenter", "-m", "-t", str(self.proc.pid), "--", *argv]

    def run(self, argv, **more):
        return subprocess.run(self.inside(argv), capture_output=True,
                              text=True, timeout=60, **more)

    def field(self, account, n):
        """Of its line in shadow."""
        for line in (self.etc / "shadow").read_text().splitlines():
            if line.startswith(account + ":"):
                return line.split(":")[n]
        raise KeyError(account)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.kill()
        self.proc.wait(10)
        self.proc.stdout.close()


def make_key(path):
    """Returns its public half: type and key."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "",
                    "-f", str(path)], check=True)
    return " ".join(pathlib.Path(str(path) + ".pub").read_text().split()[:2])


class Sshd:
    def __init__(self, accounts, folder, port, pam=True):
        self.port = port
        self.accounts = accounts
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(exist_ok=True)
        self.key = self.dir / "host_key"
        self.public = make_key(self.key)
        (self.dir / "conf").write_text(CONF.format(
            port=port, key=self.key, pam="yes" if pam else "no"))
        self.start()

    def start(self):
        self.log = (self.dir / "log").open("a")
        self.proc = subprocess.Popen(
            self.accounts.inside(["/usr/sbin/sshd", "-D", "-e", "-f",
                                  str(self.dir / "conf")]), stderr=self.log)
        wait_for("sshd", lambda: banner(self.port))

    def pause(self):
        os.kill(self.proc.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.proc.pid, signal.SIGCONT)

    def stop(self):
        """It and all that it serves: as when the machine is gone."""
        for pid in [self.proc.pid, *below(self.proc.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.proc.wait(10)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def below(pid):
    found = []
    with contextlib.suppress(OSError):
        tasks = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid))
        for child in map(int, tasks.read_text().split()):
            found += [child, *below(child)]
    return found


def banner(port):
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            return s.recv(200).decode()
    return ""
