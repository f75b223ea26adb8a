"""STARTTLS on a running suite: what is said, logged, delivered; threats 3.3.
Keys and certificates that come and go: test_tls_keys.py."""
import contextlib
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time

import pytest

from suite import FULL, Client, soon, wait_for, wait_quiet
from tls_kit import (TLS_CONFIG, TlsClient, certificate, context, make_tls,
                     own, prepare, secrets, shows, tls)

__all__ = ["make_tls", "tls"]       # fixtures


# --- what it is for ---

def test_a_message_under_tls(tls):
    with Client(tls.port) as c:
        assert "STARTTLS" in c.cmd("EHLO c.test")[1]
    with TlsClient(tls.port) as c:
        assert "STARTTLS" not in c.cmd("EHLO c.test")[1]
        assert c.cmd("STARTTLS")[0] == 503
        assert c.sock.version() == "TLSv1.3"
        body = b"Subject: hi\r\n\r\n" + b"x" * 70 + b"\r\n"
        assert c.mail(rcpts=["tls@example.com"], body=body * 5000)[0] == 250
        assert c.cmd("QUIT")[0] == 221
        assert c.sock.recv(1) == b""        # close_notify, not a cut
    wait_for("the message", lambda: "tls@example.com" in tls.sink.rcpts())
    m = [m for m in tls.sink.messages if m.rcpts == ["tls@example.com"]][0]
    assert b"with ESMTPS (version=TLSv1.3 cipher=TLS_" in m.body
    assert m.body.count(b"x" * 70) == 5000
    line = tls.wait_log("TLS success")[0]
    assert "TLS success protocol TLSv1.3 cipher TLS_AES_" in line


def test_tls_1_2(tls):
    with TlsClient(tls.port, context(version=ssl.TLSVersion.TLSv1_2)) as c:
        assert c.sock.version() == "TLSv1.2"
        assert "ECDHE-ECDSA" in c.sock.cipher()[0]
        assert c.mail()[0] == 250


def test_swaks(tls):
    r = subprocess.run(
        ["swaks", "--server", "127.0.0.1:%d" % tls.port, "--tls", "--from",
         "joe@example.org", "--to", "anna@example.com"],
        capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stdout
    assert "TLS started with cipher TLSv1.3" in r.stdout


def test_openssl_s_client(tls):
    r = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-brief", "-CAfile",
         str(tls.root / "etc/secrets/mx.crt"), "-verify_return_error",
         "-connect", "127.0.0.1:%d" % tls.port,
         "-verify_hostname", "mx.postern.test"],
        input="QUIT\r\n", capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    assert "Verification: OK" in r.stderr, r.stderr
    assert "Verified peername: mx.postern.test" in r.stderr


def test_names_and_kinds_of_keys(tls):
    other = context()
    rsa = context(version=ssl.TLSVersion.TLSv1_2)
    rsa.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    for name, tls_context, shown in [
            (None, None, "mx"), ("mx.postern.test", None, "mx"),
            ("A.Other.Test", None, "other"), ("unknown.test", None, "mx"),
            ("mx.postern.test", rsa, "mx-rsa"), (None, rsa, "mx-rsa"),
            ("a" * 60 + ".test", None, "mx")]:
        with TlsClient(tls.port, tls_context or other, name) as c:
            assert c.peer() == own(tls, shown), name


def test_resumption(tls):
    """Also at another worker; not at another listener (threats TLS-06)."""
    c13 = context()
    with TlsClient(tls.port, c13) as c:
        c.cmd("NOOP")       # the ticket has come with its answer
        session = c.sock.session
    assert session is not None
    reused = 0
    for _ in range(20):
        with TlsClient(tls.port, c13, session=session) as c:
            reused += c.sock.session_reused
            c.cmd("NOOP")
            session = c.sock.session
    assert reused == 20
    with TlsClient(tls.private_port, c13, session=session) as c:
        assert not c.sock.session_reused


# --- what must not be ---

@pytest.mark.parametrize("cut", ["STARTTLS\r\nEHLO injected\r\n",
                                 "STARTTLS\r|\nEHLO injected\r\n",
                                 "STARTTLS\r\n\x16\x03\x01"])
def test_tls_01_commands_in_the_clear(tls, cut):
    with Client(tls.port) as c:
        for part in cut.split("|"):
            c.send(part.encode("latin-1"))
            time.sleep(0.1)
        assert c.reply()[0] == 554
        assert c.reply() is None


def test_tls_01_between_220_and_handshake(tls):
    """What comes after the 220 is a handshake or nothing."""
    with Client(tls.port) as c:
        assert c.cmd("STARTTLS")[0] == 220
        c.send("EHLO injected\r\nMAIL FROM:<a@c.test>\r\n")
        assert b"250" not in c.file.read()
    tls.wait_log("TLS failed: wrong version number")


def test_tls_10_truncation(tls):
    """The end of TCP is not the end of a message."""
    with TlsClient(tls.port) as c:
        c.cmd("MAIL FROM:<cut@client.test>")
        c.cmd("RCPT TO:<cut@example.com>")
        assert c.cmd("DATA")[0] == 354
        c.send("Subject: cut\r\n\r\nhalf of it")
        os.close(os.dup(c.sock.fileno()))
        raw = socket.socket(fileno=os.dup(c.sock.fileno()))
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()
    tls.wait_log("Message aborted MID")
    tls.wait_empty()
    assert "cut@example.com" not in tls.sink.rcpts()


@pytest.mark.parametrize("polite", [True, False])
def test_stm_11_lost_at_each_step(tls, polite):
    """With and without close_notify: a message or nothing, and room again."""
    whole = (b"MAIL FROM:<x@client.test>\r\nRCPT TO:<lost@example.com>\r\n"
             b"DATA\r\n")
    body = b"Subject: lost\r\n\r\nx\r\n.\r\n"
    cuts = [*range(1, len(whole), 7), *range(len(whole), len(whole + body), 3)]
    for n in cuts:
        c = TlsClient(tls.port)
        c.send(whole[:n])
        if n > len(whole):
            for _ in range(3):
                c.reply()
            c.send(body[:n - len(whole)])
        if polite:
            try:
                c.sock.unwrap()
            except OSError:
                pass
        c.sock.shutdown(socket.SHUT_RDWR)
        c.close()
    wait_for("the last of them", lambda: no_connections(tls))
    last = "last%d@example.com" % polite
    with TlsClient(tls.port) as c:
        assert c.mail(rcpts=[last])[0] == 250
    wait_for("the last one", lambda: last in tls.sink.rcpts())
    tls.wait_empty()
    assert "lost@example.com" not in tls.sink.rcpts()


def no_connections(suite):
    """Nobody is connected to the listener any more."""
    port = ":%04X" % suite.port
    for line in open("/proc/net/tcp").readlines()[1:]:
        words = line.split()
        if words[1].endswith(port) and words[3] in ("01", "08"):
            return False
    return True


def test_tls_04_protocols_and_ciphers(tls):
    """openssl offers one thing at a time; none of these may be taken."""
    for words, ciphers in ((["-tls1"], "ALL"), (["-tls1_1"], "ALL"),
                           (["-tls1_2"], "AES128-SHA:AES256-GCM-SHA384"),
                           (["-tls1_2"], "ECDHE-ECDSA-AES128-SHA"),
                           (["-tls1_2"], "aNULL:eNULL"),
                           (["-tls1_2"], "kDHE")):
        r = subprocess.run(
            ["openssl", "s_client", "-starttls", "smtp", "-connect",
             "127.0.0.1:%d" % tls.port, *words, "-cipher",
             ciphers + ":@SECLEVEL=0"],
            input="QUIT\r\n", capture_output=True, text=True, timeout=60)
        assert "Cipher is (NONE)" in r.stdout, (words, ciphers)


def test_tls_04_a_listener_lowered_by_name(make_tls):
    """Others of the same gateway stay as they are."""
    suite = make_tls(TLS_CONFIG.replace(
        "    certificate: other\n",
        "    certificate: other\n    tls_min_version: 1.0\n"))
    for port, version, taken in ((suite.private_port, "-tls1", True),
                                 (suite.private_port, "-tls1_1", True),
                                 (suite.port, "-tls1", False)):
        r = subprocess.run(
            ["openssl", "s_client", "-starttls", "smtp", "-connect",
             "127.0.0.1:%d" % port, version, "-cipher", "ALL:@SECLEVEL=0"],
            input="QUIT\r\n", capture_output=True, text=True, timeout=60)
        assert ("Cipher is ECDHE-" in r.stdout) is taken, (port, version)
    suite.wait_log("TLS success protocol TLSv1 cipher ECDHE-ECDSA-AES")


def test_tls_required(tls):
    with Client(tls.private_port, helo=None) as c:
        assert c.cmd("HELO c.test")[0] == 530
        assert c.cmd("NOOP")[0] == 250
        assert "STARTTLS" in c.cmd("EHLO c.test")[1]
        r = c.cmd("MAIL FROM:<a@c.test>")
        assert r == (530, ["5.7.0 Must issue a STARTTLS command first"])
        assert c.cmd("QUIT")[0] == 221
    tls.wait_log("TLS was required but remote host did not initiate it")
    with TlsClient(tls.private_port) as c:
        assert c.peer() == own(tls, "other")
        assert c.mail()[0] == 250


def test_tls_mandatory_list_live_and_traced(tls):
    for sender, code in (("joe@partner.test", 530), ("joe@c.test", 250)):
        with Client(tls.port) as c:
            assert c.cmd("MAIL FROM:<%s>" % sender)[0] == code, sender
        with TlsClient(tls.port) as c:
            assert c.cmd("MAIL FROM:<%s>" % sender)[0] == 250, sender
        trace = ("trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
                 "--listener", "InboundMail", "--sender", sender,
                 "--recipients", "r@example.com", "--file", "-")
        report = tls.postern(*trace, "--tls", text="Subject: x\n\nx\n")
        assert "Message would be rejected" not in report
        report = tls.postern(*trace, text="Subject: x\n\nx\n", ok=(0, 1))
        assert ("Message would be rejected" in report) == (code == 530)
        assert ("TLS: Required of this sender (address list partners)"
                in report) == (code == 530)
    tls.wait_log("sender rejected, TLS is required")


def test_tls_05_handshakes_that_do_not_end(tls):
    """Others are served; too much input without an end is cut."""
    slow = []
    for _ in range(50):
        c = Client(tls.port)
        assert c.cmd("STARTTLS")[0] == 220
        c.send(b"\x16\x03\x01\x3f\xff\x01")
        slow.append(c)
    assert soon(2, lambda: one_mail(tls))
    for c in slow:
        c.close()
    # a ClientHello of 116 KB, in records of 4 KB
    with Client(tls.port) as c:
        assert c.cmd("STARTTLS")[0] == 220
        hello = b"\x01\x01\xd0\x00\x03\x03" + b"\0" * 100000
        with contextlib.suppress(ConnectionError):      # it is cut
            for i in range(0, len(hello), 4096):
                piece = hello[i:i + 4096]
                c.send(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") +
                       piece)
            c.file.read()
    tls.wait_log("TLS failed: the handshake has no end")


# --- limits, clients' certificates ---

def test_max_tls_connections(make_tls):
    t = make_tls(TLS_CONFIG.replace("certificates:",
                                    "tls: {max_connections: 5}\n\n"
                                    "certificates:", 1))
    held = [TlsClient(t.port) for _ in range(5)]
    with Client(t.port) as c:
        r = c.cmd("STARTTLS")
        assert r == (454, ["4.4.5 Too many TLS sessions at this time"])
        assert c.mail()[0] == 250
    held.pop().close()
    wait_for("room", lambda: shows(t, "mx"))
    t.kill("smtpd 0")           # what it held is free again
    for c in held:
        c.close()
    wait_for("all of it", lambda: five(t))


def five(t):
    held = []
    try:
        for _ in range(5):
            held.append(TlsClient(t.port))
    except (OSError, AssertionError):
        pass
    for c in held:
        c.close()
    return len(held) == 5


def test_client_certificates(folder):
    s = prepare(folder / "verify", TLS_CONFIG
                .replace("certificates:", "tls: {client_ca: clients.pem}\n\n"
                         "certificates:", 1)
                .replace("tls: preferred", "tls: preferred\n"
                         "          tls_verify: yes", 1)
                .replace("tls: required", "tls: required\n"
                         "          tls_verify: yes", 1))
    where = secrets(s.root)
    mine = folder / "mine"
    mine.mkdir()
    certificate(mine, "ca", "ca.test", ca=True)
    certificate(mine, "good", "client.test", issuer="ca")
    certificate(mine, "bad", "client.test")
    (where / "clients.pem").write_text((mine / "ca.crt").read_text())

    def tries(port, name, version):
        c = context(version=version)
        if name:
            c.load_cert_chain(mine / (name + ".crt"), mine / (name + ".key"))
        try:
            with TlsClient(port, c) as client:
                return client.mail()[0] == 250
        except OSError:
            return False
        except AssertionError:
            return False

    try:
        s.start()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            # (none, good, bad) where tls is preferred, where it is required
            assert [tries(s.port, n, version)
                    for n in (None, "good", "bad")] == [True, True, False]
            assert [tries(s.private_port, n, version)
                    for n in (None, "good", "bad")] == [False, True, False]
        s.wait_log("TLS failed: certificate of the client: ")
        s.wait_log("TLS failed: peer did not return a certificate")
    finally:
        s.stop()


def test_handshake_flood(tls):
    """Hundreds of clients that only shake hands; one that sends mail."""
    procs = [subprocess.Popen(
        [sys.executable, "-c", FLOOD, str(tls.port)]) for _ in range(3)]
    try:
        time.sleep(0.5)
        assert statistics.median(one_mail(tls) for _ in range(5)) < 3
    finally:
        for p in procs:
            p.wait(60)
    assert all(p.returncode == 0 for p in procs)


def one_mail(tls):
    """Seconds."""
    start = time.monotonic()
    with TlsClient(tls.port) as c:
        assert c.mail()[0] == 250
    return time.monotonic() - start


FLOOD = """
import socket, ssl, sys, time
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ctx.check_hostname = False
ctx.verify_mode = ssl.CERT_NONE
end = time.monotonic() + 4
while time.monotonic() < end:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"EHLO x\\r\\n")
        while f.readline()[3:4] == b"-":
            pass
        s.sendall(b"STARTTLS\\r\\n")
        if f.readline()[:3] == b"220":
            try:
                ctx.wrap_socket(s).close()
            except OSError:
                pass
"""


# --- what it costs, who has looked at it ---

def test_lim_11_idle_connections(make_tls):
    """64 KB each at most, in all programs (threats LIM-11)."""
    n = 400
    t = make_tls(TLS_CONFIG.replace("certificates:",
                                    "tls: {max_connections: 2000}\n\n"
                                    "certificates:", 1))
    warm = [TlsClient(t.port) for _ in range(20)]
    before = anonymous(t)
    held = [TlsClient(t.port) for _ in range(n)]
    wait_quiet()
    each = (anonymous(t) - before) * 1024 / n
    print("idle TLS connection: %d bytes" % each)
    for c in warm + held:
        c.close()
    assert each < 64 * 1024


def anonymous(suite):
    """KiB of all programs."""
    total = 0
    for pid in suite.pids().values():
        for line in open("/proc/%d/status" % pid):
            if line.startswith("RssAnon:"):
                total += int(line.split()[1])
    return total


@pytest.mark.long
def test_tls_04_testssl(tls, tmp_path):
    """testssl.sh: protocols, standard cipher categories, what is ours to get
    wrong; in full also what OpenSSL has fixed."""
    what = ["-p", "-s", *(["-f", "-U", "-S", "-E"] if FULL
                          else ["-R", "-C", "-Z"])]
    out = tmp_path / "findings.json"
    r = subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "batch",
         "--openssl-timeout", "10", "--jsonfile", str(out), "-t", "smtp",
         "--ip", "127.0.0.1", *what,
         "localhost:%d" % tls.port],
        capture_output=True, text=True, timeout=600)
    findings = json.loads(out.read_text())
    ran = {f["id"] for f in findings}
    assert {"TLS1_3", "cipherlist_NULL", "secure_client_renego", "CRIME_TLS",
            "fallback_SCSV"} <= ran, r.stdout + r.stderr
    worse = [f for f in findings
             if f["severity"] not in ("OK", "INFO", "LOW", "DEBUG")]
    for f in worse:
        print(f["severity"], f["id"], f["finding"])
    # the certificate is signed by itself, and for another name
    allowed = ("cert_chain_of_trust", "cert_trust", "cert_caIssuers",
               "cert_crlDistributionPoints", "cert_ocspURL",
               "cert_revocation", "OCSP_stapling", "cert_commonName",
               "cert_expirationStatus", "engine_problem", "service",
               # it hangs up before the ticket has come
               "sessionresumption")
    worse = [f for f in worse if not f["id"].startswith(allowed)]
    assert not worse, worse
    offered = {f["id"]: f["finding"] for f in findings}
    for old in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
        assert offered[old].startswith("not offered"), offered[old]
    for new in ("TLS1_2", "TLS1_3"):
        assert offered[new].startswith("offered"), offered[new]
