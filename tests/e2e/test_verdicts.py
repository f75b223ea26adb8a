"""What a policy makes of a scanner's answer, or of none: trace and gateway."""
import os
import re
import shutil
import signal
import tempfile

import pytest

import twin
from clamd import Clamd, Server
from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Suite, wait_for
from twin import Session

CONFIGURED = CONFIG + """
text_resources:
  - {name: box, type: virus-container}
  - {name: told, type: virus-notification}
anti_spam: {engine: spamd, servers: '127.0.0.1:@SPAMD@', timeout: 5s,
            on_failure: requeue, always_scan_up_to: 1k}
anti_virus: {engine: clamd, servers: '127.0.0.1:@CLAMD@', timeout: 5s}
mail_policies:
  incoming:
    - name: waits
      members: [{recipients: [patient@example.com]}]
      anti_spam: {suspected: {enabled: no}}
    - name: DEFAULT
      anti_spam: disabled
      anti_virus:
        container: box
        infected:
          action: attachment
          archive: yes
          notify_sender: yes
          notify_recipients: yes
          notify_others: 'soc@example.com, audit@example.com'
        encrypted: {notify_recipients: yes, notify_text: told}
        unscannable: {action: quarantine, notify_others: soc@example.com}
        repaired: {notify_sender: yes}
"""
TEXTS = {"box.txt": "Beware of $AV_VIRUSES.\n",
         "told.txt": "$AV_VERDICT: $AV_ENCRYPTED_PARTS, $Subject\n"}
MIXED = (b"Subject: two parts\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
         b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/x-test; "
         b"name=x.com\r\n\r\nEVIL\r\n--b--\r\n")
CASES = {
    "clean": (b"Subject: hi\r\n\r\nhello\r\n", [], 1),
    "infected": (b"Subject: x EVIL\r\n\r\nhello\r\n", [
        ["joe@client.test"], ["anna@example.com"],
        ["soc@example.com", "audit@example.com"]], 1),
    "repaired": (MIXED, [["joe@client.test"]], 1),
    "encrypted": (b"Subject: pw\r\n\r\nLOCK\r\n", [["anna@example.com"]], 1),
    "unscannable": (b"Subject: big\r\n\r\nLIMIT\r\n",
                    [["soc@example.com"]], 0),
}


VIRUSES = ((b"EVIL", "Evil.Test FOUND"),
           (b"LOCK", "Heuristics.Encrypted.Zip FOUND"),
           (b"LIMIT", "Heuristics.Limits.Exceeded FOUND"))


class Spamd(Server):
    seen = b""

    def answer(self, c, f):
        Spamd.seen = f.read()
        c.sendall(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 1\r\n"
                  b"Spam: False ; 1.0 / 5.0\r\n\r\nA")


@pytest.fixture(scope="module")
def gateway():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    clamd, spam_port = Clamd(VIRUSES), free_port()
    text = CONFIGURED.replace("@SPAMD@", str(spam_port)).replace(
        "@CLAMD@", str(clamd.port))
    with Suite(os.path.join(folder, "s"), text, start=False) as postern:
        (postern.root / "etc/texts").mkdir()
        (postern.root / "etc/texts").chmod(0o755)
        for name, what in TEXTS.items():
            file = postern.root / "etc/texts" / name
            file.write_text(what)
            file.chmod(0o644)
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink, postern.spam_port = sink, spam_port
            yield postern
    clamd.close()
    shutil.rmtree(folder, ignore_errors=True)


def neutral(body):
    return re.sub(rb"; scan=\d+", b"", twin.neutral(body))


def notified(gateway):
    return len([l for l in gateway.log_so_far()
                if " by antivirus notification" in l])


def live(gateway, s):
    with gateway.client(helo="TEST") as c:
        code, text = c.mail(s.sender, s.rcpts, s.body)
        assert code == 250, text
    return int(text[0].split("Message ")[1].split()[0])


@pytest.mark.parametrize("name", CASES)
def test_who_is_told_of_a_virus(gateway, name):
    body, told, delivered = CASES[name]
    s = Session("InboundMail", gateway.port, body=body, name="")
    said = twin.trace(gateway, s)["results"][0]
    before = len(gateway.sink.messages)
    logged = notified(gateway)
    live(gateway, s)
    wait_for("all of it", lambda: len(gateway.sink.messages) - before ==
             len(told) + delivered)
    came = gateway.sink.messages[before:]
    notices = [m for m in came if m.sender == ""]
    mail = [m for m in came if m.sender != ""]

    assert sorted(m.rcpts for m in notices) == sorted(told)
    assert sorted(c["recipients"] for c in said["copies"]) == sorted(told)
    assert all(c["kind"] == "notify" and c["sender"] == ""
               for c in said["copies"])
    assert [neutral(m.body) for m in mail] == [
        neutral(said["message"].encode())][:delivered]
    wait_for("the log", lambda: notified(gateway) - logged == len(told))
    for m in notices:
        assert b"\r\nSubject: Anti-Virus Notification: " in m.body
        assert b"\r\nAuto-Submitted: auto-generated\r\n" in m.body
    if name == "infected":
        assert [x["text"] for x in said["steps"]
                if x["step"] == "service action"] == [
            "Notify Sender", "Notify Recipients", "Notify Others",
            "Deliver as Attachment"]
        (m,) = mail
        assert b"Beware of Evil.Test.\r\n" in m.body
        assert b"\r\nSubject: [WARNING: VIRUS DETECTED] x EVIL\r\n" in m.body
        assert b"\r\n\r\nSubject: x EVIL\r\n\r\nhello\r\n" in m.body
        kept = b"".join(f.read_bytes() for f in
                        (gateway.root / "log/antivirus").glob("*"))
        assert b"\nSubject: x EVIL\n" in kept and b"X-Postern-AV" not in kept
    if name == "encrypted":
        assert b"encrypted: <None>, pw\r\n" in notices[0].body
    if name == "unscannable":
        assert [q["quarantine"] for q in said["quarantines"]] == ["Virus"]
        gateway.wait_log('quarantined to "Virus"')


def test_mail_waits_for_the_engine(gateway):
    s = Session("InboundMail", gateway.port, rcpts=("patient@example.com",),
                name="", body=b"Subject: later\r\nMIME-Version: 1.0\r\n"
                b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: image/png\r\n\r\n" +
                b"PICTURE\r\n" * 500 + b"--b--\r\n")
    assert twin.trace(gateway, s)["outcome"] == "waits in work queue"
    assert "\nMessage Waits in the Work Queue\n" in \
        twin.trace(gateway, s, text=True)
    before = len(gateway.sink.messages)
    mid = live(gateway, s)
    gateway.wait_log("MID %d using engine: SpamAssassin unavailable, tried "
                     "again later" % mid)
    assert len(gateway.sink.messages) == before
    # it waits on disk, too, and a new cleanup asks again
    for name, pid in gateway.pids().items():
        if name.startswith("cleanup"):
            os.kill(pid, signal.SIGKILL)
    spamd = Spamd(gateway.spam_port)
    wait_for("delivery", lambda: (gateway.postern("workqueue", "resume"), [
        m for m in gateway.sink.messages[before:]
        if m.rcpts == ["patient@example.com"]])[1])
    assert b"hello" in spamd.seen and b"PICTURE" not in spamd.seen
    (m,) = gateway.sink.messages[before:]
    assert b"X-Postern-Anti-Spam: engine=SpamAssassin; verdict=negative" in \
        m.body
    spamd.close()


def test_cpu_is_told_apart(gateway):
    """What we spend on scanners and quarantines is not the MTA's."""
    live(gateway, Session("InboundMail", gateway.port, name="",
                          body=CASES["unscannable"][0]))
    gateway.wait_log('quarantined to "Virus"')

    def used(name):
        return gateway.ask("status")["counters"]["cpu_" + name]["uptime"]
    for name in ("anti_virus", "quarantine"):
        wait_for(name, lambda: used(name) > 0)
    wait_for("the rest", lambda: used("mta") > used("anti_virus"))
    gauges = gateway.ask("status")["gauges"]
    shown = ["mta", "anti_spam", "anti_virus", "quarantine", "reporting"]
    assert gauges["cpu_total"] == sum(gauges["cpu_" + n] for n in shown)
    text = gateway.postern("status", "detail")
    for label in ("Anti-Spam", "Anti-Virus", "Quarantine"):
        assert re.search(r"(?m)^      %s +\d+%%$" % label, text), text
    assert re.search(r'(?m)^postern_cpu_seconds_total\{component='
                     r'"anti_virus"\} 0\.0*[1-9]', gateway.postern("metrics"))
