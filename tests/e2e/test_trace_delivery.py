"""trace = live, from the queue to the next hop: for each case of a table what
trace says of the delivery (which hop, from which interface, TLS, certificate,
login, commands, limits, who is left out, whose notice) is compared with what
the next hops then see."""
import json
import os
import pathlib
import re
import shutil
import ssl
import tempfile

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Suite, wait_for
from test_outgoing_tls import OFFERS, server
from test_requiretls import asks
from tls_kit import TlsClient, certificate, secrets

JOE = "joe@sender.test"
SECRET = "correct horse"
FULL = OFFERS + ("REQUIRETLS", "DSN", "SMTPUTF8")
FILTERS = """\
free: if (subject == "^free") { insert-header("TLS-Required", "No"); }
bound: if (subject == "^bound") { strip-header("TLS-Required"); }
profile: if (subject == "^profile") { bounce-profile("filtered"); }
aside: if (subject == "^aside") { bounce-profile("aside"); }
quiet: if (subject == "^quiet") { bounce-profile("quiet"); }
leave: if (subject == "^leave") { alt-src-host("Second"); }
other: if (subject == "^other") { alt-mailhost("plain.hop.test"); }
"""
NO = "TLS-Required: No\n"
#  name: (recipients, subject, and what else there is)
CASES = {
    "route": (["a@plain.hop.test"], "x", {}),
    "parameters": (["a@plain.hop.test", "b@plain.hop.test"], "x", {
        "mail": "BODY=8BITMIME RET=HDRS ENVID=q+2B1 SIZE=100",
        "rcpt": "NOTIFY=FAILURE,DELAY ORCPT=rfc822;c+2B1@x.test"}),
    "8-bit content": (["a@plain.hop.test"], "x", {"body": "gr\u00fc\u00df"}),
    "SMTPUTF8": (["j\u00f6rg@plain.hop.test"], "x", {"mail": "SMTPUTF8"}),
    "TLS and certificate": (["a@full.hop.test"], "x", {}),
    "TLS verified": (["a@must.hop.test"], "x", {}),
    "REQUIRETLS": (["a@full.hop.test"], "x", {"mail": "REQUIRETLS"}),
    "REQUIRETLS before No": (["a@full.hop.test"], "x",
                             {"mail": "REQUIRETLS", "header": NO}),
    "off": (["a@off.hop.test"], "x", {}),
    "TLS-Required: No": (["a@off.hop.test"], "x", {"header": NO}),
    "a filter says No": (["a@off.hop.test"], "free", {}),
    "a filter takes No": (["a@off.hop.test"], "bound", {"header": NO}),
    "login": (["a@login.hop.test"], "x", {}),
    "gateway of the sender": (["a@plain.hop.test"], "x",
                              {"sender": "vg@sender.test"}),
    "gateway of a filter": (["a@plain.hop.test"], "leave", {}),
    "other host": (["a@elsewhere.hop.test", "b@full.hop.test"], "other", {}),
    "priorities": (["a@pair.hop.test"], "x", {}),
    "limits": (["%s@few.hop.test" % c for c in "abc"], "x", {}),
    "two domains": (["a@plain.hop.test", "a@full.hop.test"], "x", {}),
    "unsubscribed": (["gone@plain.hop.test", "a@plain.hop.test"], "x", {}),
    "unsubscribed server": (["a@silent.hop.test", "a@plain.hop.test"], "x",
                            {}),
    "bounce profile": (["a@refuse.hop.test"], "x", {}),
    "... of a filter": (["a@refuse.hop.test"], "profile", {}),
    "... of the destination": (["a@own.hop.test"], "profile", {}),
    "notices elsewhere": (["a@refuse.hop.test"], "aside", {}),
    "no notices": (["a@refuse.hop.test"], "quiet", {}),
    "NOTIFY=NEVER": (["a@refuse.hop.test"], "x", {"rcpt": "NOTIFY=NEVER"}),
    "NOTIFY=DELAY": (["a@refuse.hop.test"], "x", {"rcpt": "NOTIFY=DELAY"}),
    "NOTIFY=FAILURE": (["a@refuse.hop.test"], "x",
                       {"rcpt": "NOTIFY=FAILURE,DELAY"}),
    "no sender": (["a@refuse.hop.test"], "x", {"sender": ""}),
}


@pytest.fixture(scope="module")
def hops(tmp_path_factory):
    d = tmp_path_factory.mktemp("ca")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "hop", "*.hop.test", "IP:127.0.0.1", issuer="ca")
    ca = d / "ca.crt"
    plain = ("PIPELINING", "8BITMIME", "DSN", "SMTPUTF8")
    made = {
        "plain": Sink(free_port(), extensions=plain),
        "full": Sink(free_port(), extensions=FULL, tls=asks(ca, d, "hop")),
        "login": Sink(free_port(), extensions=OFFERS, tls=server(d, "hop"),
                      auth=("us", SECRET, ["PLAIN"])),
        "busy": Sink(free_port(), {"CONNECT": "421 4.3.2 later"}),
        "silent": Sink(free_port(), host="127.0.0.3"),
        "refuse": Sink(free_port(), {"RCPT": "550 5.1.1 nobody"}),
    }
    yield d, made
    for s in made.values():
        s.close()


def configuration(made):
    def at(name, host="127.0.0.1"):
        return "%s:%d" % (host, made[name].port)
    routes = {"plain": at("plain"), "few": at("plain"), "full": at("full"),
              "must": at("full"), "off": at("full"),
              "login": at("login") + ", auth=smart",
              "pair": at("plain") + "/pri=10, " + at("busy") + "/pri=0",
              "silent": at("silent", "127.0.0.3"),
              "refuse": at("refuse"), "own": at("refuse")}
    return CONFIG.replace("interfaces:", """\
system: { workers: 1 }
delivery: { idle_timeout: 1, certificate: gateway }
certificates: [ { name: mx }, { name: gateway } ]
auth_profiles: [ { name: smart, type: outgoing, user: us } ]
altsrchost: altsrchost.txt
global_unsubscribe: { entries: [ gone@, 127.0.0.3 ] }
bounce_profiles:
  - { name: Default, from: default@notices.test }
  - { name: house, from: house@notices.test }
  - { name: filtered, from: filtered@notices.test }
  - { name: own, from: own@notices.test }
  - { name: aside, from: aside@notices.test, alternate: desk@notices.test }
  - { name: quiet, notify: no }

interfaces:
  - { name: Second, ip: 127.0.0.2, hostname: second.postern.test }""", 1) \
        .replace("""\
    port: @PRIVATE_PORT@
    hat:
""", """\
    port: @PRIVATE_PORT@
    certificate: mx
    bounce_profile: house
    hat:
      defaults: { tls: preferred }
""", 1).replace("routes:\n", "routes:\n" + "".join(
            '  %s.hop.test: "%s"\n' % r for r in routes.items())) + """\
destinations:
  - { domain: .hop.test, tls: preferred }
  - { domain: must.hop.test, tls: required_verify }
  - { domain: off.hop.test, tls: off }
  - { domain: few.hop.test, max_recipients: 1, max_messages: 2 }
  - { domain: own.hop.test, bounce_profile: own }
"""


@pytest.fixture(scope="module")
def postern(hops):
    folder, made = hops
    place = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                          dir="/var/tmp"))
    s = Suite(place / "d", configuration(made), start=False)
    s.filters(FILTERS)
    s.table("altsrchost.txt", "vg@sender.test Second\n")
    where = secrets(s.root)
    certificate(where, "mx", "mx.postern.test")
    certificate(folder, "gateway", "gw.sender.test", issuer="ca")
    for end in (".crt", ".key"):
        shutil.copy(folder / ("gateway" + end), where / ("gateway" + end))
        (where / ("gateway" + end)).chmod(0o600)
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.crt")
    try:
        s.postern("smtpauthconfig", "secret", "smart", text=SECRET + "\n")
        s.start()
    finally:
        del os.environ["SSL_CERT_FILE"]

    def offers():
        try:
            with TlsClient(s.private_port):
                return True
        except (OSError, AssertionError):
            return False
    wait_for("TLS", offers)
    with Sink(s.sink_port) as s.sink:
        yield s
    s.stop()
    shutil.rmtree(place, ignore_errors=True)


def predict(postern, rcpts, message, sender, more):
    out = postern.postern(
        "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
        "--listener", "OutboundMail", "--tls", "--sender",
        sender or "<>",
        "--recipients", ",".join(rcpts), "--mail-params", more.get("mail", ""),
        "--rcpt-params", more.get("rcpt", ""), "--lookup", "--file", "-",
        text=message)
    (result,) = json.loads(out)["results"]
    return result


def send(postern, rcpts, message, sender, more):
    with TlsClient(postern.private_port) as c:
        assert c.cmd("MAIL FROM:<%s> %s" % (sender,
                                            more.get("mail", "")))[0] == 250
        for r in rcpts:
            c.send("RCPT TO:<%s> %s\r\n" % (r, more.get("rcpt", "")))
            assert c.reply()[0] == 250
        assert c.cmd("DATA")[0] == 354
        c.send(message.replace("\n", "\r\n").encode() + b".\r\n")
        assert c.reply()[0] == 250


def the_sink(made, port):
    (found,) = [s for s in made.values() if s.port == port]
    return found


def envelopes(commands):
    """MAIL and RCPT as they were said; without sizes."""
    return [re.sub(" SIZE=[0-9]+", "", c) for c in commands
            if c.startswith(("MAIL", "RCPT"))]


def check_hop(d, sink, since, before, connections):
    """What one next hop saw of a delivery."""
    way = d["way"]["attempts"]
    taken = way[-1]
    wanted = len(d["commands"]) - 1
    limit = int(d["max_recipients"] or 50)

    wait_for("mail at " + d["domain"], lambda: sum(
        len(m.rcpts) for m in sink.messages[since:]) >= wanted)
    got = sink.messages[since:]
    said = envelopes(sink.commands)[before:]
    assert {c for c in said if c[0] == "M"} == {d["commands"][0]}
    assert sorted(c for c in said if c[0] == "R") == sorted(d["commands"][1:])
    assert all(len(m.rcpts) <= limit for m in got)
    # one may have been there already
    assert sink.connections - connections >= \
        -(-len(got) // int(d["max_messages"])) - 1
    assert d["domain"] != "few.hop.test" or \
        sink.connections - connections >= 2
    offers = "STARTTLS" in sink.extensions
    for m in got:
        assert (m.tls is not None) == (d["tls_demanded"] != "off" and offers)
        assert taken["source"] in (None, m.peer) and m.helo == taken["helo"]
    if d["certificate"] and sink.tls and \
            sink.tls.verify_mode == ssl.CERT_REQUIRED:
        assert ("DNS", "gw.sender.test") in sink.shown[-1]["subjectAltName"]
    if d["auth"]:
        assert sink.logins[-1][1:] == ("us", True, True)
    else:
        assert not sink.logins


@pytest.mark.parametrize("name", CASES)
def test_as_trace_says(postern, hops, name):
    rcpts, subject, more = CASES[name]
    made = hops[1]
    sender = more.get("sender", JOE)
    message = "%sSubject: %s\n\n%s\n" % (more.get("header", ""), subject,
                                         more.get("body", "x"))
    result = predict(postern, rcpts, message, sender, more)
    sinks = {id(s): s for s in [postern.sink, *made.values()]}
    messages = {k: len(s.messages) for k, s in sinks.items()}
    said = {k: len(envelopes(s.commands)) for k, s in sinks.items()}
    connections = {k: s.connections for k, s in sinks.items()}
    send(postern, rcpts, message, sender, more)
    refused, left_out = [], []
    for d in result["deliveries"]:
        left_out += d["unsubscribed"]
        if not d["commands"]:
            continue
        sink = the_sink(made, d["way"]["attempts"][-1]["port"])
        if sink is made["refuse"]:
            refused.append(d)
            continue
        for hop in d["way"]["attempts"][:-1]:
            assert the_sink(made, hop["port"]) is made["busy"]
            wait_for("the first one tried",
                     lambda: made["busy"].connections
                     > connections[id(made["busy"])])
        check_hop(d, sink, messages[id(sink)], said[id(sink)],
                  connections[id(sink)])
    for d in refused:
        n = messages[id(postern.sink)]
        (told,) = d["failure_notices"].values()
        if told is None:
            postern.wait_empty()
            assert len(postern.sink.messages) == n
            continue
        wait_for("the notice", lambda: len(postern.sink.messages) > n)
        notice = postern.sink.messages[-1]
        assert notice.rcpts == [told]
        assert "<%s@notices.test>" % (
            "default" if d["bounce_profile_in_force"] == "Default"
            else d["bounce_profile_in_force"]) in re.search(
                rb"From: .*(?:\r\n .*)*", notice.body).group().decode()
    for addr in left_out:
        postern.wait_log("Address %s Action dropped" % addr)
    got = [r for k, s in sinks.items() if s is not postern.sink
           for m in s.messages[messages[k]:] for r in m.rcpts]
    assert sorted(got) == sorted(
        set(rcpts) - set(left_out) - {r for d in refused for r in rcpts})


def test_in_a_file_of_sessions(postern):
    lines = [{"source_ip": "127.0.0.1", "fqdn": "c.test", "tls": True,
              "listener": "OutboundMail", "sender": JOE, "recipients":
              "a@full.hop.test", "message": "Subject: x\n\nx\n",
              "mail_params": p, "rcpt_params": "NOTIFY=NEVER"}
             for p in ("REQUIRETLS", "REQUIRE")]
    one, two = map(json.loads, postern.postern(
        "trace", "--sessions", "-",
        text="".join(json.dumps(x) + "\n" for x in lines)).splitlines())
    (d,) = one["results"][0]["deliveries"]
    assert d["commands"] == ["MAIL FROM:<%s> REQUIRETLS" % JOE,
                             "RCPT TO:<a@full.hop.test> NOTIFY=NEVER"]
    assert two["sender"]["reply"]["code"] == 555


def test_words_of_the_server_on_the_list(postern, tmp_path):
    mail = tmp_path / "m"
    mail.write_text("Subject: x\n\nx\n")
    text = postern.postern(
        "trace", "--source-ip", "127.0.0.1", "--listener", "OutboundMail",
        "--sender", JOE, "--recipients", "a@silent.hop.test", "--lookup",
        "--file", mail)
    assert "   - Global unsubscribe: server 127.0.0.3: dropped\n" in text
    assert "Says: " not in text
