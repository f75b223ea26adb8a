"""A network of one's own, in which 203.0.113.0/24 is this machine: next hops
that are found in the DNS have addresses there, and port 25.

    with Network():
        Sink(25, host="203.0.113.1")

All that is started from the thread inside of it lives there. Root only.
"""
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C
IFF_UP = 1
libc = ctypes.CDLL(None, use_errno=True)


def check(rc):
    if rc != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def ifreq(name, ip):
    return struct.pack("16sH2x4s16x", name, socket.AF_INET,
                       socket.inet_aton(ip))


def possible():
    """Is it root, and may it?"""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(CLONE_NEWNET) == 0 else 1)
    return os.waitpid(pid, 0)[1] == 0


class Network:
    def __enter__(self):
        self.old = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.unshare(CLONE_NEWNET))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            flags = struct.pack("16sH22x", b"lo", 0)
            flags = fcntl.ioctl(s, SIOCGIFFLAGS, flags)
            up = struct.unpack("16sH22x", flags)[1] | IFF_UP
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", up))
            # on lo the whole prefix is local
            fcntl.ioctl(s, SIOCSIFADDR, ifreq(b"lo:1", "203.0.113.1"))
            fcntl.ioctl(s, SIOCSIFNETMASK, ifreq(b"lo:1", "255.255.255.0"))
        return self

    def add(self, *ips):
        """More addresses of this machine."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for n, ip in enumerate(ips):
                name = b"lo:%d" % (n + 2)
                fcntl.ioctl(s, SIOCSIFADDR, ifreq(name, ip))
                fcntl.ioctl(s, SIOCSIFNETMASK,
                            ifreq(name, "255.255.255.255"))

    def __exit__(self, *_):
        check(libc.setns(self.old, CLONE_NEWNET))
        os.close(self.old)
