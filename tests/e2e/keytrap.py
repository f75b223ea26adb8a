"""A name server whose answers are dear to check: a signed zone with many keys
of one tag, and many signatures of that tag, none of which is good.

    with Keytrap() as dns:
        dns.port, dns.anchor        what dns.trust_anchor must be
        dns.asked                   names below costly.test, in order

good.test exists, and is not signed.  Whatever else: there is none such.
"""
import socket
import socketserver
import struct
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ports import free_port

ZONE = "costly.test."
TTL, ALGORITHM = 60, 8          # RSA, SHA-256
A, SOA, MX, OPT, RRSIG, DNSKEY = 1, 6, 15, 41, 46, 48
KEYS, SIGNATURES = 4, 60
BITS = 3072                     # the exponent as long as the modulus


class Keytrap:
    def __init__(self):
        self.port, self.asked = free_port(), []
        key = rsa.generate_private_key(65537, 2048)
        n = key.public_key().public_numbers()
        own = dnskey(257, n.e, n.n)
        keys = [own] + [colliding(tag(own), i) for i in range(KEYS)]
        self.anchor = "%s DNSKEY 257 3 %d %s" % (
            ZONE, ALGORITHM, base64(own[4:]))
        signed = b"".join(name(ZONE) + struct.pack(
            ">HHIH", DNSKEY, 1, TTL, len(k)) + k for k in sorted(keys))
        head = signature_head(DNSKEY, 2, tag(own))
        self.keys = [(DNSKEY, k) for k in keys] + [(RRSIG, head + key.sign(
            head + signed, padding.PKCS1v15(), hashes.SHA256()))]
        self.signatures = [(RRSIG, signature_head(MX, 3, tag(own)) +
                            bytes([i + 1]) * (BITS // 8))
                           for i in range(SIGNATURES)]
        self.servers = [kind(("127.0.0.1", self.port), handler)
                        for kind, handler in (
                            (Udp, handles(self, False)),
                            (Tcp, handles(self, True)))]
        for s in self.servers:
            threading.Thread(target=s.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in self.servers:
            s.shutdown()
            s.server_close()

    def answer(self, query, tcp):
        end = query.index(b"\0", 12) + 5
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        qname = ".".join(labels) + "."
        kind, = struct.unpack(">H", query[end - 4:end - 2])
        records, code = self.records(qname, kind)
        rrs = b"".join(b"\xc0\x0c" + struct.pack(
            ">HHIH", t, 1, TTL, len(d)) + d for t, d in records)
        soa = b"" if records else name("test.") + struct.pack(
            ">HHIH", SOA, 1, TTL, 22) + b"\0\0" + struct.pack(
                ">5I", 1, 1, 1, 1, TTL)
        flags, n = 0x8580 | code, len(records)
        if not tcp and len(rrs) > 1000:
            flags, n, rrs = flags | 0x200, 0, b""
        return query[:2] + struct.pack(
            ">5H", flags, 1, n, bool(soa), 1) + query[12:end] + rrs + soa + \
            b"\0" + struct.pack(">HHIH", OPT, 1232, 0x8000, 0)

    def records(self, qname, kind):
        mx = [(MX, b"\0\x0a" + name("mx.good.test."))]
        if qname == ZONE and kind == DNSKEY:
            return self.keys, 0
        if qname.endswith("." + ZONE) and kind == MX:
            self.asked.append(qname)
            return mx + self.signatures, 0
        if qname == "good.test." and kind == MX:
            return mx, 0
        if qname == "mx.good.test." and kind == A:
            return [(A, bytes([192, 0, 2, 1]))], 0
        return [], 0 if qname.endswith("good.test.") else 3


class Udp(socketserver.ThreadingUDPServer):
    allow_reuse_address = daemon_threads = True


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def handles(dns, tcp):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            if not tcp:
                query, s = self.request
                s.sendto(dns.answer(query, False), self.client_address)
                return
            with self.request.makefile("rb") as f:
                while (n := f.read(2)):
                    text = dns.answer(f.read(int.from_bytes(n, "big")), True)
                    self.request.sendall(struct.pack(">H", len(text)) + text)
    return Handler


# --- records ---

def base64(b):
    import base64
    return base64.b64encode(b).decode()


def name(text):
    return b"".join(bytes([len(l)]) + l.encode()
                    for l in text.split(".") if l) + b"\0"


def dnskey(flags, e, n):
    e, n = (x.to_bytes((x.bit_length() + 7) // 8, "big") for x in (e, n))
    size = bytes([len(e)]) if len(e) < 256 else b"\0" + struct.pack(
        ">H", len(e))
    return struct.pack(">HBB", flags, 3, ALGORITHM) + size + e + n


def tag(rdata):
    """RFC 4034, appendix B."""
    n = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(rdata))
    return (n + (n >> 16 & 0xffff)) & 0xffff


def colliding(want, seed):
    """A key with that tag, which is no key of anybody."""
    rest = bytearray(dnskey(256, (1 << BITS - 1) | (seed << 64) | 1,
                            (1 << BITS) - 1 - (seed << 70)))
    at = len(rest) - 20 & ~1
    rest[at:at + 2] = b"\0\0"
    # words are added, and what is carried once more
    for word in (want - tag(rest)) & 0xffff, (want - tag(rest) - 1) & 0xffff:
        rest[at:at + 2] = struct.pack(">H", word)
        if tag(rest) == want:
            break
    assert tag(rest) == want
    return bytes(rest)


def signature_head(kind, labels, keytag):
    return struct.pack(">HBBIIIH", kind, ALGORITHM, labels, TTL, 0x7ffffff0,
                       0x10000, keytag) + name(ZONE)
