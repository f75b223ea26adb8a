"""The web pages of administration: HTTPS, as a browser and as an attacker.

One gateway for all that leave it as it is: the fixture web.
"""
import pathlib
import re
import shutil
import socket
import ssl
import tempfile
import time

import pytest

from conftest import CONFIG
from ports import free_port
from suite import Suite, wait_for
from tls_kit import certificate, context, secrets

WEB = """
certificates:
  - name: web
  - name: mx

web:
  enabled: yes
  port: @WEB_PORT@
  certificate: web
"""


class Gateway:
    """A suite with pages, and raw talk with them."""

    def __init__(self, folder, config=CONFIG + WEB):
        self.port = free_port()
        self.suite = Suite(folder, config.replace(
            "@WEB_PORT@", str(self.port)), start=False)
        where = secrets(self.suite.root)
        certificate(where, "web", "localhost", "IP:127.0.0.1")
        certificate(where, "mx", "mx.postern.test")
        self.suite.start()
        wait_for("pages", self.answers)

    def connect(self, tls=None):
        sock = socket.create_connection(("127.0.0.1", self.port), 30)
        return (tls or context()).wrap_socket(sock,
                                              server_hostname="localhost")

    def answers(self):
        try:
            return self.get("/style.css")[0] == 200
        except OSError:
            return False

    def raw(self, data, sock=None):
        """(status, {field: value}, body) or None where the end came."""
        own = sock is None
        sock = sock or self.connect()
        try:
            sock.sendall(data if isinstance(data, bytes) else data.encode())
            return read_answer(sock, head=data[:4] in ("HEAD", b"HEAD"))
        finally:
            if own:
                sock.close()

    def get(self, path, *fields):
        return self.raw(request("GET", path, self.port, *fields))


def request(method, path, port, *fields, body=None):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost:%d" % port]
    lines += fields
    if body is not None:
        lines += ["Content-Length: %d" % len(body.encode()),
                  "Content-Type: application/x-www-form-urlencoded"]
    return "\r\n".join(lines) + "\r\n\r\n" + (body or "")


def read_answer(sock, head=False):
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = sock.recv(65536)
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    top, _, body = data.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name.lower()] = value
    size = 0 if head else int(fields["content-length"])
    while len(body) < size:
        more = sock.recv(65536)
        assert more, "cut off"
        body += more
    return int(first.split()[1]), fields, body


@pytest.fixture(scope="module")
def web():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    g = Gateway(folder / "web")
    yield g
    g.suite.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_adm_09_fields_that_browsers_obey(web):
    for path in ("/style.css", "/nothing/../etc"):
        _, fields, _ = web.get(path)
        csp = fields["content-security-policy"]
        assert "default-src 'none'" in csp and "script" not in csp
        assert "frame-ancestors 'none'" in csp
        assert "form-action 'self'" in csp
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cache-control"] == "no-store"
        assert fields["strict-transport-security"].startswith("max-age=")
        assert "server" not in fields


def test_tls_alone_and_not_old(web):
    with socket.create_connection(("127.0.0.1", web.port), 30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        got = plain.recv(100)
        assert not got.startswith(b"HTTP")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with web.connect(context(version=version)) as c:
            assert web.raw(request("GET", "/style.css", web.port), c)[0] == 200
            # the connection is kept, and HEAD has no body
            r = web.raw(request("HEAD", "/style.css", web.port), c)
            assert r[0] == 200 and int(r[1]["content-length"]) > 1000
            assert web.raw(request("GET", "/style.css", web.port), c)[0] == 200
    old = context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        web.connect(old)


@pytest.mark.parametrize("text, status", [
    ("GET / HTTP/1.1\r\nHost: x\r\nA: " + 20000 * "x", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("GET /style.css HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
    ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 501),
    ("GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("GET //style.css HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("POST /style.css HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
])
def test_adm_09_strange_requests(web, text, status):
    assert web.raw(text)[0] == status


def test_several_requests_at_once_are_answered_in_order(web):
    one = request("GET", "/style.css", web.port)
    with web.connect() as c:
        c.sendall((one + request("GET", "/none", web.port) + one).encode())
        data = b""
        while data.count(b"HTTP/1.1 ") < 3 or not data.endswith(b"}\n"):
            data += c.recv(65536)
        assert re.findall(rb"HTTP/1.1 (\d+) ", data) == [
            b"200", b"404", b"200"]


def test_adm_09_slow_requests_hold_nobody_up(web):
    slow = [web.connect() for _ in range(20)]
    try:
        for c in slow:
            c.sendall(b"GET / HTTP/1.1\r\nHost:")
        begin = time.monotonic()
        assert web.get("/style.css")[0] == 200
        # more than its share an address does not get
        more = []
        try:
            with pytest.raises(OSError):
                for _ in range(60):
                    more.append(web.connect())
        finally:
            for c in more:
                c.close()
        # who sends a byte now and then is cut off all the same
        def cut():
            try:
                slow[0].sendall(b"x")
                slow[0].settimeout(1)
                return slow[0].recv(1) == b""
            except (TimeoutError, socket.timeout):
                return False
            except OSError:
                return True
        wait_for("the end of a slow request", cut, 60)
        assert time.monotonic() - begin > 5
    finally:
        for c in slow:
            c.close()


def test_a_new_certificate_is_shown(web):
    def shown():
        with web.connect() as c:
            return ssl.DER_cert_to_PEM_cert(c.getpeercert(True))
    where = secrets(web.suite.root)
    assert shown() == (where / "web.crt").read_text()
    certificate(where, "web", "localhost", "IP:127.0.0.1")
    wait_for("the new certificate",
             lambda: shown() == (where / "web.crt").read_text())


def test_handshakes_outlive_keyd(web):
    web.suite.kill("keyd 0")
    wait_for("pages", web.answers)
    web.suite.kill("webd 0")
    wait_for("pages", web.answers)


def test_who_is_not_allowed_is_not_answered(make_suite, folder):
    g = Gateway(folder / "s" / "allowed", CONFIG + WEB)
    try:
        g.suite.configure(CONFIG + WEB.replace(
            "@WEB_PORT@", str(g.port)) + "  allowed: [192.0.2.0/24]\n")
        g.suite.postern("commit", "only from there")
        def refused():
            try:
                return g.connect().close() and False
            except OSError:
                return True
        wait_for("no answer", refused)
        g.suite.configure(CONFIG + WEB.replace(
            "@WEB_PORT@", str(g.port)).replace("enabled: yes", "enabled: no"))
        g.suite.postern("commit", "off")
        with pytest.raises(ConnectionRefusedError):
            g.connect()
    finally:
        g.suite.stop()
