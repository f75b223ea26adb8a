"""Certificates for tests, a client that can say STARTTLS, and gateways that
offer it: the fixtures tls and make_tls."""
import pathlib
import shutil
import ssl
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Client, Suite, wait_for


def openssl(*words, text=None):
    r = subprocess.run(["openssl", *map(str, words)], input=text,
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def secrets(root):
    folder = pathlib.Path(root) / "etc/secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def certificate(folder, name, *hosts, rsa=0, days=90, issuer=None, ca=False):
    """NAME.crt and NAME.key in folder; signed by itself or by issuer."""
    folder = pathlib.Path(folder)
    key = (["-newkey", "rsa:%d" % rsa] if rsa
           else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    new = folder / (name + ".new")
    newkey = folder / (name + ".newkey")
    openssl("req", "-x509", *key, "-nodes", "-days", days, "-subj",
            "/CN=%s" % hosts[0], "-addext", "subjectAltName=" + ",".join(
                h if h.startswith("IP:") else "DNS:" + h for h in hosts),
            *(["-addext", "basicConstraints=critical,CA:%s"
               % ("TRUE" if ca else "FALSE")]),
            *(["-CA", str(folder / (issuer + ".crt")),
               "-CAkey", str(folder / (issuer + ".key"))] if issuer else []),
            "-keyout", newkey, "-out", new)
    newkey.chmod(0o600)
    new.chmod(0o600)
    newkey.rename(folder / (name + ".key"))
    new.rename(folder / (name + ".crt"))
    return folder / (name + ".crt")


def context(**kw):
    """One that takes any certificate."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if "version" in kw:
        c.minimum_version = c.maximum_version = kw["version"]
    return c


class TlsClient(Client):
    """With STARTTLS said and EHLO again, unless told otherwise."""

    def __init__(self, port, tls=None, name=None, again="client.test",
                 session=None, **kw):
        super().__init__(port, **kw)
        self.starttls(tls or context(), name, session)
        if again:
            assert self.cmd("EHLO " + again)[0] == 250

    def starttls(self, tls, name=None, session=None):
        r = self.cmd("STARTTLS")
        assert r is not None and r[0] == 220, r
        self.file.close()
        self.sock = tls.wrap_socket(self.sock, server_hostname=name,
                                    session=session)
        self.file = self.sock.makefile("rb")

    def peer(self):
        """The certificate shown, PEM."""
        return ssl.DER_cert_to_PEM_cert(self.sock.getpeercert(True))


TLS_CONFIG = CONFIG.replace("interfaces:", """\
certificates:
  - name: mx
  - name: mx-rsa
  - name: other

address_lists:
  - name: partners
    entries: ["@partner.test"]

interfaces:""", 1).replace("""\
    port: @PORT@
    max_concurrency: 1000
    hat:
      defaults:
""", """\
    port: @PORT@
    max_concurrency: 1000
    certificate: mx
    hat:
      policies:
        - name: $ACCEPTED
          behaviour: ACCEPT
          tls: preferred
          tls_mandatory_list: partners
      defaults:
""", 1).replace("""\
    port: @PRIVATE_PORT@
    hat:
""", """\
    port: @PRIVATE_PORT@
    certificate: other
    hat:
      policies:
        - name: $RELAYED
          behaviour: RELAY
          tls: required
""", 1)
WATCHFUL = TLS_CONFIG + "\nsystem: { secrets_interval: 1 }\n"


def prepare(folder, config=TLS_CONFIG):
    s = Suite(folder, config, start=False)
    where = secrets(s.root)
    certificate(where, "mx", "mx.postern.test")
    certificate(where, "mx-rsa", "mx.postern.test", rsa=2048)
    certificate(where, "other", "*.other.test", "other.test")
    return s


@pytest.fixture(scope="module")
def tls():
    """One for the tests that leave it as it is."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    s = prepare(folder / "tls")
    s.start()
    # keyd has the keys a moment after all programs run
    wait_for("TLS", lambda: shows(s, "mx"))
    with Sink(s.sink_port) as s.sink:
        yield s
    s.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_tls(folder):
    """make_tls(config) starts one of its own."""
    made = []

    def make(config=TLS_CONFIG):
        s = prepare(folder / ("t%d" % len(made)), config)
        made.append(s)
        s.start()
        wait_for("TLS", lambda: shows(s, "mx"))
        return s

    yield make
    for s in made:
        s.stop()


def own(suite, name="mx"):
    return (suite.root / "etc/secrets" / (name + ".crt")).read_text()


def shows(suite, name):
    try:
        with TlsClient(suite.port) as c:
            return c.peer() == own(suite, name)
    except (OSError, AssertionError):
        return False
