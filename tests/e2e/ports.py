"""Ports that are still free when the test comes to open them.

The kernel gives the ports of its local range to outgoing connections, any of
them at any moment; ours lie outside of it.  Each test process has a block of
them for itself, beside all others on this machine.  What holds the block is an
abstract socket of its name: it lives in the same network namespace as the
ports, and ends with the process.
"""
import contextlib
import itertools
import pathlib
import socket

FIRST, END, BLOCK = 10000, 65536, 1000
RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")

_ports = None


def free_port():
    """A port for a server of this test, on any address, TCP and UDP."""
    global _ports
    if _ports is None:
        _ports = itertools.cycle(_own_block())
    for _ in range(BLOCK):
        port = next(_ports)
        if _is_free(port):
            return port
    raise RuntimeError("all %d ports of this process are in use" % BLOCK)


def blocks(low, high):
    """The blocks outside of the kernel's range low..high; all, if that range
    leaves no room."""
    every = [range(p, p + BLOCK) for p in range(FIRST, END - BLOCK, BLOCK)]
    return [b for b in every if b[-1] < low or b[0] > high] or every


def _own_block():
    low, high = map(int, RANGE.read_text().split())
    for block in blocks(low, high):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            s.bind("\0postern-test-ports-%d" % block[0])
        except OSError:
            s.close()
            continue
        _own_block.lock = s         # until this process ends
        return block
    raise RuntimeError("too many test processes: no ports are left")


def _is_free(port):
    with contextlib.ExitStack() as stack:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            s = stack.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == socket.SOCK_STREAM:
                # connections that are only waiting for their end do not count
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("", port))
            except OSError:
                return False
    return True
