"""certconfig: making, showing, asking; and what `make run` starts with."""
import json
import os
import subprocess

from conftest import CONFIG
from suite import BIN, TOP, Client, Suite, wait_for
from tls_kit import TlsClient, openssl


def suite(folder, config=CONFIG):
    return Suite(folder / "c", config, start=False)


def test_new_print_request(folder):
    s = suite(folder)
    assert "There are no certificates." in s.postern("certconfig")
    out = s.postern("certconfig", "new", "mail", "selfsigned",
                    "mx.postern.test", "*.postern.test", "192.0.2.7")
    assert "commit to put it in force" in out
    where = s.root / "etc/secrets"
    assert where.stat().st_mode & 0o777 == 0o700
    assert (where / "mail.key").stat().st_mode & 0o777 == 0o600
    text = (s.root / "etc/postern.yaml").read_text()
    assert text.endswith("certificates:\n  - name: mail\n")
    assert text.startswith(CONFIG.split("\n")[0])
    # what openssl says of them
    names = openssl("x509", "-in", where / "mail.crt", "-noout", "-ext",
                    "subjectAltName,extendedKeyUsage,basicConstraints")
    assert "DNS:mx.postern.test, DNS:*.postern.test, IP Address:192.0.2.7" \
        in names and "CA:FALSE" in names and "TLS Web Server" in names
    openssl("verify", "-CAfile", where / "mail.crt", "-verify_hostname",
            "a.postern.test", where / "mail.crt")
    print_ = s.postern("certconfig", "print", "mail")
    finger = openssl("x509", "-in", where / "mail.crt", "-noout",
                     "-fingerprint", "-sha256").split("=")[1].strip()
    assert finger in print_ and "ECDSA P-256" in print_
    row = s.postern("certconfig").splitlines()[1].split()
    assert row[0] == "mail" and row[-1] == "good"
    csr = s.postern("certconfig", "request", "mail")
    asked = openssl("req", "-noout", "-text", "-verify", text=csr)
    assert "DNS:*.postern.test" in asked
    key = openssl("pkey", "-in", where / "mail.key", "-pubout")
    assert openssl("req", "-noout", "-pubkey", text=csr) == key


def test_refused(folder):
    s = suite(folder)
    for words in (["new"], ["new", "x", "selfsigned"], ["print"], ["what"],
                  ["new", "../x", "selfsigned", "a.test"],
                  ["new", "x", "selfsigned", "a b"],
                  ["new", "x", "selfsigned", "a.test", "--days", "0"],
                  ["new", "x", "selfsigned", "DNS:a.test,DNS:b.test"],
                  ["request", "nobody"]):
        s.postern("certconfig", *words, ok=(1, 2))
        where = s.root / "etc/secrets"
        assert not where.exists() or not list(where.iterdir()), words
    s.postern("certconfig", "print", "nobody", ok=(1,))
    s.postern("certconfig", "new", "x", "selfsigned", "a.test")
    before = (s.root / "etc/secrets/x.crt").read_text()
    s.postern("certconfig", "new", "x", "selfsigned", "b.test", ok=(1,))
    assert (s.root / "etc/secrets/x.crt").read_text() == before
    s.postern("certconfig", "new", "x", "selfsigned", "b.test", "--replace")
    assert s.ask("certconfig", "print", "x")["host_names"] == "b.test"
    (s.root / "etc/secrets/x.key").chmod(0o644)
    assert "lets others use it" in s.postern("certconfig")


def test_it_is_used_without_a_restart(folder):
    """new, a listener that uses it, commit: TLS; --replace: at once."""
    s = suite(folder)
    try:
        s.start()
        with Client(s.port) as c:
            assert c.cmd("STARTTLS")[0] == 502
        s.postern("certconfig", "new", "mail", "selfsigned", "mx.test")
        path = s.root / "etc/postern.yaml"
        path.write_text(path.read_text().replace(
            "    max_concurrency: 1000\n    hat:\n",
            "    max_concurrency: 1000\n    certificate: mail\n    hat:\n"
            "      policies: [{name: $ACCEPTED, behaviour: ACCEPT, "
            "tls: preferred}]\n", 1))
        s.postern("commit", "TLS")
        crt = s.root / "etc/secrets/mail.crt"

        def shown():
            try:
                with TlsClient(s.port) as c:
                    return c.peer() == crt.read_text()
            except (OSError, AssertionError):
                return False

        wait_for("TLS", shown)
        s.postern("certconfig", "new", "mail", "selfsigned", "mx.test",
                  "--replace")
        wait_for("the new certificate", shown)
    finally:
        s.stop()


def test_the_root_of_make_run(folder):
    root = folder / "run"
    for _ in range(2):          # the second changes nothing
        r = subprocess.run(["tests/tools/make-root", str(root), str(BIN)],
                           cwd=TOP, capture_output=True, text=True,
                           timeout=60)
        assert r.returncode == 0, r.stderr
        made = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
        if _ == 1:
            assert made == before
        before = made
    out = subprocess.run([str(BIN / "postern"), "--root", str(root), "--json",
                          "certconfig"], capture_output=True, text=True)
    v = json.loads(out.stdout)
    assert [c["name"] for c in v] == ["gateway"] and v[0]["problem"] == ""
    assert os.uname().nodename in v[0]["host_names"]
