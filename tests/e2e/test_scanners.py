"""Real scanners: SpamAssassin, rspamd, ClamAV; also stopped, and in tongues."""
import os
import re
import shutil
import signal
import socket
import tempfile
import threading

import pytest

from conftest import CONFIG
from ports import free_port
from scanners import EICAR, GTUBE, Clamd, Rspamd, Spamd
from sink import Sink
from suite import Suite, wait_for

SPAM = """
anti_spam: {engine: %s, servers: '127.0.0.1:%d', timeout: 50s}
"""
VIRUS = """
anti_virus: {engine: clamd, servers: '127.0.0.1:%d', timeout: 50s}
mail_policies:
  incoming:
    - name: DEFAULT
      anti_virus: {unscannable: {action: deliver}}
"""


@pytest.fixture(scope="module")
def folder():
    path = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    yield path
    shutil.rmtree(path, ignore_errors=True)


def gateway(folder, name, text):
    return Suite(os.path.join(folder, name), CONFIG + text)


def send(postern, sink, data):
    """The message as the sink has it, or None; and what the log says."""
    before = len(sink.messages)
    with postern.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"], data)
        assert code == 250, text
    mid = int(text[0].split("Message ")[1].split()[0])
    wait_for("the end of MID %d" % mid, lambda: postern.queued() == [])
    new = sink.messages[before:]
    return (new[0].body if new else None,
            [l for l in postern.log() if "MID %d " % mid in l])


def test_spamassassin(folder):
    with Spamd(folder) as spamd, \
            gateway(folder, "sa", SPAM % ("spamd", spamd.port)) as postern, \
            Sink(postern.sink_port) as sink:
        body, log = send(postern, sink, b"Subject: hi\r\n\r\nhello\r\n")
        assert b"X-Postern-Anti-Spam-Filtered: true\r\n" in body
        assert b"Subject: hi\r\n" in body
        assert any("using engine: SpamAssassin spam negative" in l
                   for l in log)
        body, log = send(postern, sink,
                         b"Subject: hi\r\n\r\n" + GTUBE + b"\r\n")
        assert b"Subject: [SPAM] hi\r\n" in body
        assert b"verdict=positive" in body and b"GTUBE" in body
        assert any("using engine: SpamAssassin spam positive" in l
                   for l in log)
        told = postern.ask("antispamstatus")
        assert told["answers"] and told["last_contact"] is not None
        assert re.match(r"SpamAssassin [0-9.]+ ", told["engine"])
        assert "updates its rules itself" in postern.postern("antispamupdate")


def test_rspamd(folder):
    with Rspamd(folder) as rspamd, \
            gateway(folder, "rs", SPAM % ("rspamd", rspamd.port)) as postern, \
            Sink(postern.sink_port) as sink:
        body, log = send(postern, sink,
                         b"Subject: hi\r\n\r\n" + GTUBE + b"\r\n")
        assert b"Subject: [SPAM] hi\r\n" in body and b"engine=rspamd" in body
        body, log = send(postern, sink, b"Subject: hi\r\n\r\nhello\r\n")
        assert b"Subject: hi\r\n" in body and b"verdict=negative" in body
        assert re.match(r"rspamd [0-9.]+$",
                        postern.ask("antispamstatus")["engine"])


MIXED = (b"Subject: hi\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
         b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/x-test; "
         b"name=x.com\r\n\r\n" + EICAR + b"\r\n--b--\r\n")


def test_clamav(folder):
    with Clamd(folder) as clamd, \
            gateway(folder, "av", VIRUS % clamd.port) as postern, \
            Sink(postern.sink_port) as sink:
        body, log = send(postern, sink, b"Subject: hi\r\n\r\nhello\r\n")
        assert b"X-Postern-AV: engine=\"ClamAV\"; verdict=clean" in body
        assert any("antivirus negative" in l for l in log)
        # The part that is infected goes, and the rest comes.
        body, log = send(postern, sink, MIXED)
        assert EICAR not in body and b"hello\r\n" in body
        assert b"x.com" in body and b"Eicar-Test-Signature" in body
        assert b"[WARNING: VIRUS REMOVED] hi" in body
        # The message itself: nothing is left of it.
        body, log = send(postern, sink, b"Subject: hi\r\n\r\n" + EICAR)
        assert body is None or EICAR not in body
        told = postern.ask("antivirusstatus")
        assert re.match(r"ClamAV [0-9.]+$", told["engine"])
        assert "reads its signatures anew" in postern.postern(
            "antivirusupdate")


def test_a_scanner_that_is_stopped_or_gone(folder):
    """Mail does not wait for ever, and says that nobody looked."""
    with Clamd(folder) as clamd, gateway(
            folder, "slow", VIRUS.replace("50s", "1s") % clamd.port) \
            as postern, Sink(postern.sink_port) as sink:
        clamd.signal(signal.SIGSTOP)
        body, _ = send(postern, sink, b"Subject: hi\r\n\r\nhello\r\n")
        told = postern.ask("antivirusstatus", ok=(1,))
        assert (told["answers"], told["error"]) == (False, "timeout")
        postern.postern("antivirusupdate", ok=(1,))
        clamd.signal(signal.SIGCONT)
        assert b"[WARNING: A/V UNSCANNABLE] hi" in body


def test_a_scanner_in_tongues(folder):
    """What is no answer of a scanner is none."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        def babble():
            while True:
                try:
                    c, _ = server.accept()
                except OSError:
                    return
                with c:
                    c.sendall(os.urandom(1000) + b"\0\r\n\r\n")
        threading.Thread(target=babble, daemon=True).start()
        with gateway(folder, "babel", SPAM % ("spamd", port) + VIRUS % port) \
                as postern, Sink(postern.sink_port) as sink:
            body, log = send(postern, sink, b"Subject: hi\r\n\r\nhello\r\n")
            assert b"[WARNING: A/V UNSCANNABLE] hi" in body
            assert b"X-Postern-Anti-Spam" not in body
        server.shutdown(socket.SHUT_RDWR)
