"""A feed of outbreak rules: an HTTPS server on loopback, with a certificate
and a signing key of its own."""
import base64
import http.server
import json
import pathlib
import ssl
import threading

from ports import free_port
from tls_kit import openssl


class Feed:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key = self.make_key("feed")
        self.public = self.public_of(self.key)
        self.cert = self.folder / "server.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=feed",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                self.folder / "server.key", "-out", self.cert)
        self.port = free_port()
        self.body = self.signature = b""
        self.asked, self.matched, self.etag = 0, 0, ""
        self.status = 200
        self.server = None

    @property
    def url(self):
        return "https://127.0.0.1:%d/rules.json" % self.port

    def make_key(self, name):
        key = self.folder / (name + ".key")
        openssl("genpkey", "-algorithm", "ed25519", "-out", key)
        return key

    def public_of(self, key):
        raw = self.folder / "public.der"
        openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", raw)
        return base64.b64encode(raw.read_bytes()[-32:]).decode()

    def sign(self, body, key=None):
        text, sig = self.folder / "body", self.folder / "body.sig"
        text.write_bytes(body)
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", key or self.key,
                "-in", text, "-out", sig)
        return sig.read_bytes()

    def publish(self, serial, *rules, key=None, raw=None,
                generated="2026-11-22T10:00:00Z"):
        """raw: what is signed and served in place of a set."""
        self.body = raw if raw is not None else json.dumps({
            "version": 1, "serial": serial, "rules": rules,
            "generated": generated}).encode()
        self.signature = base64.b64encode(self.sign(self.body, key)) + b"\n"
        self.etag = '"%d-%d"' % (serial, len(self.body))

    def start(self):
        feed = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                sig = self.path.endswith(".sig")
                feed.asked += not sig
                status = feed.status
                if not sig and self.headers.get("If-None-Match") == feed.etag:
                    feed.matched += 1
                    status = 304
                body = b"" if status != 200 else \
                    feed.signature if sig else feed.body
                self.send_response(status)
                if not sig:
                    self.send_header("ETag", feed.etag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.folder / "server.key")
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self.port), Handler)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True,
            do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       daemon=True)
        self.thread.start()
        return self

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
        self.server = None
