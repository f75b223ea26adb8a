"""Files of libpcap's format, read and written."""
import socket
import struct

MAGIC = 0xa1b2c3d4
RAW, ETHERNET, NULL, SLL, SLL2 = 101, 1, 0, 113, 276


def read(path):
    """(link, [(seconds, bytes)])"""
    data = open(path, "rb").read()
    magic, _, _, _, _, _, link = struct.unpack("=IHHiIII", data[:24])
    assert magic == MAGIC
    packets, at = [], 24
    while at < len(data):
        s, us, n, was = struct.unpack("=IIII", data[at:at + 16])
        assert n == was and at + 16 + n <= len(data)
        packets.append((s + us / 1e6, data[at + 16:at + 16 + n]))
        at += 16 + n
    return link, packets


def write(path, link, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHiIII", MAGIC, 2, 4, 0, 0, 65535, link))
        for when, data in packets:
            us = round(when * 1e6)
            f.write(struct.pack("=IIII", us // 1000000, us % 1000000,
                                len(data), len(data)) + data)


def tcp(client, server, port, seq, ack, flags, payload, v6=False):
    """One packet, without a link header. client, server: (address, port)."""
    segment = struct.pack(">HHIIBBHHH", port[0], port[1], seq & 0xffffffff,
                          ack & 0xffffffff, 5 << 4, flags, 65535, 0, 0)
    segment += payload
    if v6:
        return (struct.pack(">IHBB", 0x60000000, len(segment), 6, 64)
                + socket.inet_pton(socket.AF_INET6, client)
                + socket.inet_pton(socket.AF_INET6, server) + segment)
    return (struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000,
                        64, 6, 0)
            + socket.inet_aton(client) + socket.inet_aton(server) + segment)
