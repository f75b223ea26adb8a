"""DKIM signatures at delivery (delivery-admin 1.13): what leaves verifies with
a verifier that is not ours, and says what trace said before."""
import base64
import json
import re
import subprocess
import time

import dkim

from conftest import CONFIG
from nsd import Nsd
from sink import Sink
from suite import BIN, wait_for

SIGNED = CONFIG.replace("policy: $RELAYED", "policy: $SIGNED").replace("""\
  - name: OutboundMail
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    hat:
""", """\
  - name: OutboundMail
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    hat:
      policies:
        - { name: $SIGNED, behaviour: RELAY, dkim_signing: yes }
""") + """
system: { secrets_interval: 1 }
dkim_keys:
  - { name: r }
  - { name: small, file: other.key }
  - { name: e, type: ed25519 }
  - { name: lost }
dkim_profiles:
  - { name: Main, domain: example.com, selector: s1, key: r }
  - { name: Below, domain: example.com, selector: s2, key: small,
      senders: ["@.example.com"], header: simple, body: simple,
      identity: "@sub.example.com", valid: 7d }
  - { name: Anna, domain: example.com, selector: s3, key: e,
      senders: ["anna@example.com", "@one.sub.example.com"],
      protect: no, timestamp: no, fields: [Subject, From] }
  - { name: Keyless, domain: keyless.test, selector: s }
  - { name: Lost, domain: lost.test, selector: s, key: lost }
"""
KEYS = {"r.dkim": ("s1", "rsa", "RSA", "rsa_keygen_bits:2048"),
        "other.key": ("s2", "rsa", "RSA", "rsa_keygen_bits:1024"),
        "e.dkim": ("s3", "ed25519", "ED25519", None)}
BIG = b"".join(b"%d  a line with  blanks  \t%s\r\n" % (i, b"x" * (i % 90))
               for i in range(60000))
BODIES = {
    "plain": b"one\r\ntwo\r\n",
    "empty": b"",
    "empty lines": b"\r\n\r\n\r\n",
    "blanks": b" a  b \t c \r\n\t\r\n \r\nend  \r\n\r\n\r\n",
    "dots": b".\r\n..\r\n.a\r\n.. b\r\nc.\r\n",
    "no line end": b"a\r\nb",
    "japanese": "日本語の  本文です。\r\n".encode() * 3,
    "iso-2022-jp": "日本語の本文\r\n".encode("iso-2022-jp"),
    "large": BIG,
}


def make_keys(postern):
    """As anybody makes them; the records that publish them."""
    records = {}
    for file, (selector, kind, algorithm, option) in KEYS.items():
        path = postern.root / "etc" / "secrets" / file
        path.parent.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(["openssl", "genpkey", "-algorithm", algorithm, "-out",
                        str(path), *(["-pkeyopt", option] if option else [])],
                       check=True, capture_output=True)
        path.chmod(0o600)
        der = subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout",
                              "-outform", "DER"], check=True,
                             capture_output=True).stdout
        public = der[-32:] if kind == "ed25519" else der
        records["%s._domainkey.example.com." % selector] = (
            b"v=DKIM1; k=%s; p=%s" % (kind.encode(), base64.b64encode(public)))
    return records


def verifies(raw, records):
    return dkim.verify(raw, dnsfunc=lambda name, timeout=5: records.get(
        name.decode() if isinstance(name, bytes) else name))


def mail(sender, body=BODIES["plain"], more=b""):
    return (b"From: =?utf-8?B?5pel5pys?= <%s>\r\nTo: Joe\r\n <joe@far.test>\r\n"
            b"Subject:  two \t words \r\n\tand more\r\n%sDate: Sat, 21 Nov 2026 "
            b"10:00:00 +0900\r\nMessage-ID: <%d@x.test>\r\n\r\n%s"
            % (sender.encode(), more, time.time_ns(), body))


def send(postern, sink, raw, sender="bounces@elsewhere.test",
         rcpts=("joe@far.test",)):
    n = len(sink.messages)
    with postern.client(postern.private_port) as c:
        assert c.mail(sender, rcpts, raw)[0] == 250
    return sink.wait(n + 1)[n]


def traced(postern, raw, sender="bounces@elsewhere.test"):
    out = postern.postern(
        "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--file", "-", "--sender", sender,
        "--recipients", "joe@far.test", text=raw.decode(), ok=(0, 1))
    return [d["dkim"] for r in json.loads(out)["results"]
            for d in r["deliveries"]]


def lines(postern, since=0):
    return re.findall(r"MID \d+ DKIM: (.*)", "\n".join(postern.log()[since:]))


def signed_at(message):
    """The tags of the signature, which is the first field."""
    field = re.match(rb"DKIM-Signature:((?:[^\r]|\r\n[ \t])*)\r\n",
                     message.body).group(1).decode()
    return dict(re.sub(r"\s", "", t).split("=", 1)
                for t in field.split(";"))


def ready(postern, sink):
    """Until keyd has the keys."""
    wait_for("a signature", lambda: b"DKIM-Signature" in send(
        postern, sink, mail("joe@example.com")).body)


def test_what_leaves_verifies(make_suite):
    postern = make_suite(SIGNED)
    records = make_keys(postern)
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        for what, body in BODIES.items():
            for sender, selector in (("joe@example.com", "s1"),
                                     ("ann@sub.example.com", "s2"),
                                     ("Anna@Example.COM", "s3")):
                got = send(postern, sink, mail(sender, body))
                tags = signed_at(got)
                assert tags["s"] == selector, (what, sender, tags)
                assert verifies(got.body, records), (what, sender, got.body[:900])
                broken = got.body.replace(b"two", b"2wo", 1)
                assert not verifies(broken, records), (what, sender)
        # a second From is noticed where that was wished for
        got = send(postern, sink, mail("joe@example.com"))
        forged = b"From: other@example.net\r\n" + got.body
        assert verifies(got.body, records) and not verifies(forged, records)


def test_who_is_signed_for_and_trace_says_it_before(make_suite):
    postern = make_suite(SIGNED)
    records = make_keys(postern)
    lost = "cannot sign - the key lost cannot be used"
    cases = [  # From, more fields, envelope, what is logged
        ("joe@example.com", b"", "x@y.test",
         "signing with Main - matches joe@example.com"),
        ("JOE@Example.COM", b"", "",
         "signing with Main - matches JOE@example.com"),
        ("a@b.sub.example.com", b"", "x@y.test",
         "signing with Below - matches a@b.sub.example.com"),
        ("a@one.sub.example.com", b"", "x@y.test",
         "signing with Anna - matches a@one.sub.example.com"),
        ("a@other.test", b"Sender: b@example.com\r\n", "x@y.test",
         "signing with Main - matches b@example.com"),
        ("a@other.test", b"", "c@example.com",
         "signing with Main - matches c@example.com"),
        ("a@other.test", b"", "x@y.test",
         "cannot sign - no profile matches a@other.test"),
        ("a@keyless.test", b"", "x@y.test",
         "cannot sign - no signing key specified for profile Keyless"),
    ]
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        before = postern.ask("status", "detail")["counters"]["dkim_signed_msgs"]
        signed = 0
        for sender, more, envelope, says in cases:
            raw, at = mail(sender, more=more), len(postern.log())
            told = traced(postern, raw, envelope or "<>")
            assert told == [says], (sender, told)
            got = send(postern, sink, raw, envelope)
            wait_for(says, lambda: lines(postern, at) == [says])
            assert verifies(got.body, records) == says.startswith("signing")
            assert (b"DKIM-Signature" in got.body) == says.startswith("signing")
            signed += says.startswith("signing")
        # the configuration is right, and the file is not there
        at = len(postern.log())
        assert b"DKIM-Signature" not in send(postern, sink,
                                             mail("a@lost.test")).body
        wait_for(lost, lambda: lines(postern, at) == [lost])
        wait_for("the counter", lambda: postern.ask("status", "detail")[
            "counters"]["dkim_signed_msgs"]["reset"] == before["reset"] + signed)
        # what comes in by another policy is nobody's to sign
        at = len(postern.log())
        with postern.client(postern.port) as c:
            assert c.mail("x@y.test", ("joe@example.com",),
                          mail("joe@example.com"))[0] == 250
        n = len(sink.messages)
        sink.wait(n)
        postern.wait_empty()
        assert b"DKIM-Signature" not in sink.messages[-1].body
        assert lines(postern, at) == []


FILTERS = """\
quiet: if (subject == "^quiet") { skip-dkim-sign(); }
stamp: if (subject == "^stamp") { insert-header("X-Late", "yes"); }
tell: if (subject == "^tell") { notify("admin@example.com"); }
"""
MORE = """
bounce_profiles:
  - { name: Default, sign: yes }
dkim: { sign_system_mail: yes }
"""


def test_filters_notices_and_what_we_write(make_suite):
    """Signed is what comes out of the filters; and mail of ours as far as it
    is wished for."""
    config = SIGNED.replace("domain: example.com, selector: s1",
                            "domain: example.com, selector: s1, "
                            'senders: ["@example.com", "@mx.postern.test"], '
                            "fields: [From, To, Subject, X-Late]") + MORE
    postern = make_suite(config, start=False)
    records = make_keys(postern)
    postern.filters(FILTERS)
    postern.start()
    behave = {"RCPT no@": "550 5.1.1 nobody"}
    with Sink(postern.sink_port, behave) as sink:
        ready(postern, sink)

        def about(subject):
            return mail("joe@example.com").replace(b" two \t words", subject)
        got = send(postern, sink, about(b" stamp"))
        assert b"X-Late: yes" in got.body and verifies(got.body, records)
        assert not verifies(got.body.replace(b"X-Late: yes", b"X-Late: no"),
                            records)
        got = send(postern, sink, about(b" quiet"))
        assert b"DKIM-Signature" not in got.body
        assert traced(postern, about(b" quiet")) == [None]
        n = len(sink.messages)
        send(postern, sink, about(b" tell"))
        for m in sink.wait(n + 2)[n:]:
            assert verifies(m.body, records), m.body
        # a bounce, to somebody who will look whether it is ours
        n = len(sink.messages)
        with postern.client(postern.private_port) as c:
            assert c.mail("back@far.test", ("no@far.test",),
                          about(b" x"))[0] == 250
        bounce = sink.wait(n + 1)[n]
        assert bounce.sender == "" and verifies(bounce.body, records)
        assert b"multipart/report" in bounce.body
        # until the next commit
        file = postern.root / "etc/postern.yaml"
        postern.configure(file.read_text().replace("sign: yes", "sign: no")
                          .replace("sign_system_mail: yes",
                                   "sign_system_mail: no"))
        postern.postern("commit", "unsigned")
        n = len(sink.messages)
        with postern.client(postern.private_port) as c:
            assert c.mail("back@far.test", ("no@far.test",),
                          about(b" tell"))[0] == 250
        for m in sink.wait(n + 2)[n:]:
            assert b"From: joe" not in m.body
            assert not m.body.startswith(b"DKIM"), m.body


def test_one_signature_for_many_servers(make_suite):
    """And what is deferred has another the next day, but no server sees two."""
    postern = make_suite(SIGNED)
    records = make_keys(postern)
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        n, at = len(sink.messages), len(postern.log())
        with postern.client(postern.private_port) as c:
            assert c.mail("x@y.test", ["r@d%d.test" % i for i in range(8)],
                          mail("joe@example.com", BIG))[0] == 250
        got = sink.wait(n + 8)[n:]
        assert all(verifies(m.body, records) for m in got)
        assert all(m.body.count(b"DKIM-Signature") == 1 for m in got)
        wait_for("all lines", lambda: len(lines(postern, at)) == 8)


def test_messages_behind_each_other_on_a_connection(make_suite):
    """The next one is begun while the signature of this one is made."""
    postern = make_suite(SIGNED + "destinations:\n"
                         "  - { domain: Default, max_connections: 1 }\n")
    records = make_keys(postern)
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        n = len(sink.messages)
        postern.postern("suspenddel", "0")
        with postern.client(postern.private_port) as c:
            for i in range(60):
                sender = ("joe@example.com", "anna@example.com",
                          "a@other.test")[i % 3]
                body = (BODIES["plain"], BIG[:200000])[i % 5 == 0]
                assert c.mail("x@y.test", ["r%d@far.test" % i],
                              mail(sender, body))[0] == 250
        postern.postern("resumedel")
        for m in sink.wait(n + 60)[n:]:
            assert verifies(m.body, records) == (b"other.test" not in m.body)


def test_keyd_gone_is_a_delay_and_not_an_unsigned_message(make_suite):
    postern = make_suite(SIGNED)
    records = make_keys(postern)
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        n = len(sink.messages)
        for i in range(20):
            if i in (3, 12):
                wait_for("keyd", lambda: "keyd 0" in postern.pids())
                postern.kill("keyd 0")
            postern.submit(port=postern.private_port, sender="x@y.test",
                           rcpts=["r%d@d%d.test" % (i, i)],
                           body=mail("joe@example.com"))
        postern.postern("delivernow", "all", ok=(0, 1))

        def all_there():
            postern.postern("delivernow", "all", ok=(0, 1))
            return len(sink.messages) >= n + 20
        wait_for("all messages", all_there, every=1)
        for m in sink.messages[n:]:
            assert verifies(m.body, records), m.body[:600]


def test_setting_it_up_with_the_command(make_suite, folder):
    """Key, profile, policy, record: each step as the page says it, and what
    the DNS has is looked at before anybody signs."""
    def record(name, text):
        parts = " ".join('"%s"' % text[i:i + 200]
                         for i in range(0, len(text), 200))
        return "%s._domainkey IN TXT %s\n" % (name, parts)
    postern = make_suite(CONFIG)

    def dkim_config(*words, ok=(0,)):
        return postern.postern("domainkeysconfig", *words, ok=ok)
    dkim_config("keys", "new", "one")
    dkim_config("keys", "new", "two", "type=ed25519")
    for name in ("good", "other", "typed", "gone", "twice", "none"):
        key = "two" if name == "typed" else "one"
        dkim_config("profiles", "new", name, "domain=example.com",
                    "selector=" + name, "key=" + key)
    texts = {name: postern.ask("domainkeysconfig", "profiles", "dnstxt",
                               name)["text"]
             for name in ("good", "other", "typed")}
    assert texts["good"] == texts["other"] != texts["typed"]
    public = texts["good"].split("p=")[1]
    zone = "".join((
        record("good", texts["good"] + "; t=s"),
        record("other", texts["good"].replace(public[60:64], "AAAA")),
        record("typed", texts["good"]),
        record("gone", "v=DKIM1; p="),
        record("twice", texts["good"]), record("twice", "v=DKIM1; p=AAAA")))
    says = {"good": (0, "has the key of profile good"),
            "other": (1, "it is another key"),
            "typed": (1, "it is of another type"),
            "gone": (1, "revoked"), "twice": (1, "several"),
            "none": (1, "there is none")}
    with Nsd(folder, {"example.com": zone}) as nsd:
        file = postern.root / "etc/postern.yaml"
        file.write_text(file.read_text().replace(
            "dns:\n  enabled: no", "dns:\n  servers: [ \"127.0.0.1:%d\" ]" % nsd.port))
        for name in says:
            if name != "good":
                dkim_config("profiles", "delete", name)
        postern.postern("listenerconfig", "edit", "OutboundMail", "hostaccess",
                        "default", "dkim_signing=yes")
        postern.postern("commit", "signed")
        for name, (status, text) in says.items():
            if name != "good":
                dkim_config("profiles", "new", name, "domain=example.com",
                            "selector=" + name,
                            "key=" + ("two" if name == "typed" else "one"))
            out = dkim_config("profiles", "test", name, ok=(status,))
            assert text in out, (name, out)
        assert 'used by DKIM profile "good"' in subprocess.run(
            [BIN / "postern", "--root", postern.root, "domainkeysconfig",
             "keys", "delete", "one"], capture_output=True, text=True).stderr
    with Sink(postern.sink_port) as sink:
        ready(postern, sink)
        got = send(postern, sink, mail("joe@example.com"))
        assert verifies(got.body, {"good._domainkey.example.com.":
                                   texts["good"].encode()})
