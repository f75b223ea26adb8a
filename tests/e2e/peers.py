"""Next hops that are found in a signed zone, each broken in a way of its own.

    with World(folder) as world:
        world.postern.postern("smtpping", "silent.test")

DOMAINS says what there is. All have an address of their own in 203.0.113.0/24
(netns.py), and port 25; those that show a certificate have it from an
authority that world.env makes tools trust, and the gateway too.
"""
import os
import re
import socket
import ssl
import struct
import threading

from conftest import CONFIG
from netns import Network
from nsd import Nsd
from sink import Sink
from suite import Suite
from test_dane import key_of
from test_outgoing_tls import OFFERS, server
from tls_kit import certificate, openssl

NET = "203.0.113."
# domain: its address, what its certificate is
DOMAINS = {
    "good": (1, "good"),
    "dane": (2, "self"),            # TLSA that fits
    "mismatch": (3, "good"),        # TLSA that does not
    "bogus": (4, "good"),           # TLSA that is forged
    "dead": (5, None),              # nobody listens
    "expired": (6, "expired"),
    "name": (7, "other"),           # another name
    "self": (8, "self"),
    "busy": (9, None),              # 421
    "silent": (10, None),
    "reset": (11, None),
    "plain": (12, None),            # 220 to STARTTLS, and then no TLS
    "old": (13, "good"),            # TLS 1.0
    "none": (14, None),             # no STARTTLS
    "picky": (15, None),            # refuses the recipient
}
GOOD_NAMES = ("good.test", "mx-good.test", "two.test", "mismatch.test",
              "bogus.test", "old.test")
ZONE = """\
{domains}
two MX 10 mx-dead
two MX 20 mx-good
nullmx MX 0 .
nomx A {net}1
_25._tcp.mx-dane TLSA 3 1 1 {self}
_25._tcp.mx-mismatch TLSA 3 1 1 {zeros}
_25._tcp.mx-bogus TLSA 3 1 1 {marked}
"""


PLAIN = """\
x MX 10 mx
mx A %s1
_25._tcp.mx TLSA 3 1 1 %s
""" % (NET, "0" * 64)
DEFAULT = "  - { domain: Default, ip_preference: prefer_v4 }\n"


class Peer:
    """Does with each connection what the function says."""

    def __init__(self, host, do, port=25):
        self.do, self.open = do, []
        self.server = socket.create_server((host, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            self.open.append(c)
            threading.Thread(target=self._run, args=(c,), daemon=True).start()

    def _run(self, c):
        try:
            self.do(c)
        except OSError:
            pass

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for c in self.open:
            c.close()


def silent(c):
    c.recv(1)


def reset(c):
    c.sendall(b"220 reset.test ESMTP\r\n")
    c.recv(1000)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def plain(c):
    """Takes the first message of TLS for a command."""
    c.sendall(b"220 plain.test ESMTP\r\n")
    for answer in (b"250-plain.test\r\n250 STARTTLS\r\n", b"220 go\r\n",
                   b"500 what?\r\n"):
        c.recv(4096)
        c.sendall(answer)
    c.recv(4096)


def expired(folder, name, host):
    """A certificate of the authority "ca" that was good until yesterday."""
    certificate(folder, name, host)
    csr = openssl("req", "-new", "-key", folder / (name + ".key"), "-subj",
                  "/CN=" + host, "-addext", "subjectAltName=DNS:" + host)
    (folder / (name + ".csr")).write_text(csr)
    openssl("x509", "-req", "-in", folder / (name + ".csr"), "-CA",
            folder / "ca.crt", "-CAkey", folder / "ca.key", "-days", "-1",
            "-copy_extensions", "copy", "-CAcreateserial", "-out",
            folder / (name + ".crt"))


def certificates(d):
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "good", *GOOD_NAMES, issuer="ca")
    certificate(d, "other", "mx.elsewhere.example", issuer="ca")
    certificate(d, "self", "self.test", "dane.test")
    expired(d, "expired", "expired.test")


class World:
    def __init__(self, d, destinations=DEFAULT, config=CONFIG):
        self.d, self.destinations, self.config = d, destinations, config
        self.made, self.sinks = [], {}

    def __enter__(self):
        try:
            return self._make(self.d)
        except BaseException:
            self.__exit__()
            raise

    def _make(self, d):
        certificates(d)
        marked = "ab" * 32
        zone = ZONE.format(
            net=NET, self=key_of(d / "self.crt"), zeros="0" * 64,
            marked=marked, domains="\n".join(
                "%s MX 10 mx-%s\nmx-%s A %s%d" % (n, n, n, NET, at)
                for n, (at, _) in DOMAINS.items()))
        self._with(Network())
        nsd = self._with(Nsd(d, {"test": zone, "plain": PLAIN}, signed={
            "test": lambda text: re.sub(marked, "ac" * 32, text)}))
        self._peers()
        config = self.config.replace("  enabled: no", """\
  servers: [ "127.0.0.1:%d" ]
  timeout: 5
  trust_anchor: %s""" % (nsd.port, nsd.anchors["test"])).replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", "destinations:\n" + self.destinations)
        os.environ["SSL_CERT_FILE"] = str(d / "ca.crt")
        self.postern = self._with(Suite(d / "suite", config))
        return self

    def _with(self, what):
        self.made.append(what)
        return what.__enter__()

    def _peers(self):
        odd = {"silent": silent, "reset": reset, "plain": plain}
        for name, (at, cert) in DOMAINS.items():
            host = NET + str(at)
            if name in odd:
                self.sinks[name] = Peer(host, odd[name])
            elif name != "dead":
                self.sinks[name] = Sink(
                    25, self._behave(name), host=host,
                    extensions=OFFERS if cert else ("8BITMIME",),
                    tls=self._context(name, cert) if cert else None)

    def _behave(self, name):
        return {"busy": {"CONNECT": "421 4.3.2 too busy"},
                "picky": {"RCPT": "550 5.1.1 nobody of that name"}}.get(name)

    def _context(self, name, cert):
        c = server(self.d, cert)
        if name == "old":
            c.minimum_version = ssl.TLSVersion.TLSv1
            c.maximum_version = ssl.TLSVersion.TLSv1
            c.set_ciphers("DEFAULT@SECLEVEL=0")
        return c

    def __exit__(self, *_):
        os.environ.pop("SSL_CERT_FILE", None)
        for what in reversed(self.made):
            if isinstance(what, Network):
                for s in self.sinks.values():
                    s.close()
            what.__exit__()
