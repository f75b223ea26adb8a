"""We log in at next hops (spec delivery-admin 1.3): each mechanism, in each
setting; what goes wrong keeps mail waiting and says so; nothing is told to
whoever has not the right certificate (threats OUT-08)."""
import base64
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import BIN, Suite, wait_for
from test_outgoing_tls import OFFERS, server
from tls_kit import certificate, secrets

SECRET = "correct horse, battery"
USER = "gateway@sender.test"
JOE = (USER, SECRET)


@pytest.fixture(scope="module")
def hops(tmp_path_factory):
    d = tmp_path_factory.mktemp("ca")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "host", "IP:127.0.0.1", issuer="ca")
    certificate(d, "other", "*.hop.test", issuer="ca")
    tls = {"extensions": OFFERS, "tls": server(d, "host")}
    made = {
        "plain": Sink(free_port(), auth=JOE + (["PLAIN"],), **tls),
        "login": Sink(free_port(), auth=JOE + (["LOGIN", "GSSAPI"],), **tls),
        "scram": Sink(free_port(),
                      auth=JOE + (["PLAIN", "SCRAM-SHA-256"],), **tls),
        "wrong": Sink(free_port(), auth=(USER, "another", ["PLAIN"]), **tls),
        "liar": Sink(free_port(), auth=(USER, "another", ["SCRAM-SHA-256"]),
                     **tls),
        "busy": Sink(free_port(), {"AUTH": "454 4.7.0 later"},
                     auth=JOE + (["PLAIN"],), **tls),
        "none": Sink(free_port(), **tls),
        "odd": Sink(free_port(), auth=JOE + (["GSSAPI"],), **tls),
        "stranger": Sink(free_port(), auth=JOE + (["PLAIN"],),
                         extensions=OFFERS, tls=server(d, "other")),
        "clear": Sink(free_port(), auth=JOE + (["PLAIN"],)),
        "bare": Sink(free_port(), auth=JOE + (["LOGIN"],)),
    }
    made["ca"] = d / "ca.crt"
    yield made
    del made["ca"]
    for s in made.values():
        s.close()


PROFILE = {"bare": "open"}


@pytest.fixture(scope="module")
def postern(hops):
    routes = "".join(
        '  %s.hop.test: "127.0.0.1:%d, auth=%s"\n'
        % (h, s.port, PROFILE.get(h, "smart"))
        for h, s in hops.items() if h != "ca")
    config = CONFIG.replace("hostname:", "system: { workers: 1, "
                            "secrets_interval: 1 }\nhostname:", 1)
    config = config.replace("interfaces:", """\
auth_profiles:
  - { name: smart, type: outgoing, user: "%s" }
  - { name: open, type: outgoing, user: "%s", tls: preferred,
      secret: smart.secret }

interfaces:""" % (USER, USER), 1).replace("routes:\n", "routes:\n" + routes)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    os.environ["SSL_CERT_FILE"] = str(hops["ca"])
    try:
        s = Suite(folder / "auth", config, start=False)
        assert s.postern("smtpauthconfig", "secret", "smart",
                         text=SECRET + "\n") == \
            "Profile smart has a new passphrase.\n"
        s.start()
    finally:
        del os.environ["SSL_CERT_FILE"]
    yield s
    s.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sent(postern, hops):
    """One message to all, and each has it or is down."""
    rcpts = ["a@%s.hop.test" % h for h in hops if h != "ca"]
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@sender.test", rcpts)[0] == 250
    for h in ("plain", "login", "scram", "bare"):
        wait_for("mail at " + h, lambda: hops[h].messages)
    for h in ("wrong", "liar", "busy", "none", "odd", "stranger", "clear"):
        wait_for(h + " is down", lambda: postern.ask(
            "hoststatus", h + ".hop.test")["host_up_down"] == "down")


@pytest.mark.parametrize("hop,mechanism", [
    ("plain", "PLAIN"), ("login", "LOGIN"), ("scram", "SCRAM-SHA-256"),
    ("bare", "LOGIN")])
def test_we_log_in(postern, hops, sent, hop, mechanism):
    assert hops[hop].logins == [(mechanism, USER, True, hop != "bare")]
    assert hops[hop].rcpts() == ["a@%s.hop.test" % hop]
    assert postern.wait_log("AUTH success mechanism %s profile %s"
                            % (mechanism, PROFILE.get(hop, "smart")))


@pytest.mark.parametrize("hop,error", [
    ("wrong", "535 AUTH PLAIN: 5.7.8 wrong"),
    ("liar", "535 AUTH SCRAM-SHA-256: 5.7.8 wrong"),
    ("busy", "454 AUTH PLAIN: 4.7.0 later"),
    ("none", "remote host does not offer AUTH"),
    ("odd", "remote host offers no AUTH mechanism that we know")])
def test_what_is_refused_waits(postern, hops, sent, hop, error):
    h = postern.ask_quiet("hoststatus", hop + ".hop.test")
    assert h["last_error"]["text"] == error
    assert h["counters"]["soft_bounced_events"] == 0
    assert h["counters"]["hard_bounced_recipients"] == 0
    assert h["gauges"]["active_recipients"] == 1
    assert hops[hop].messages == []
    postern.wait_log("AUTH failed profile smart: " + error.split(" ", 1)[1]
                     if error[0] in "45" else
                     "AUTH failed profile smart: " + error)
    postern.wait_log("Mail to %s.hop.test waits: login at 127.0.0.1 failed: "
                     % hop)


def test_out_08_nobody_else_hears_it(postern, hops, sent):
    for hop in ("stranger", "clear"):
        assert hops[hop].logins == [], hop
        assert [c for c in hops[hop].commands if c.startswith("AUTH")] == []


def test_aud_the_passphrase_is_nowhere(postern, hops, sent):
    log = "\n".join(postern.log())
    plain = base64.b64encode(("\0%s\0%s" % JOE).encode()).decode()
    for text in (SECRET, plain, base64.b64encode(SECRET.encode()).decode()):
        assert text not in log and text not in postern.output()
        assert text not in postern.postern("showconfig")
        for hop in ("wrong", "liar", "busy"):
            assert text not in postern.postern("hoststatus",
                                               hop + ".hop.test")


def test_a_new_passphrase_counts_at_once(postern, hops, sent):
    postern.postern("smtpauthconfig", "secret", "smart", text="another\n")

    def again():
        postern.postern("delivernow", "wrong.hop.test", ok=(0, 1))
        return hops["wrong"].messages
    wait_for("mail at wrong", again, every=0.2)
    assert hops["wrong"].logins[-1][2]
    postern.postern("smtpauthconfig", "secret", "smart", text=SECRET + "\n")


def test_trace_tells_it(postern, hops, sent, tmp_path):
    """What trace says of it is what the session had."""
    mail = tmp_path / "mail"
    mail.write_text("Subject: x\n\nx\n")
    for hop, profile, level in (("plain", "smart", "required_verify"),
                                ("bare", "open", "preferred")):
        words = ("trace", "--source-ip", "127.0.0.1", "--listener", "OutboundMail",
                 "--sender", "joe@sender.test",
                 "--recipients", "a@%s.hop.test" % hop,
                 "--file", str(mail))
        d = postern.ask(*words)["results"][0]["deliveries"][0]
        assert (d["auth"], d["tls_demanded"], d["tls"]) == \
            (profile, level, "off")
        text = postern.postern("trace", "--explain", *words[1:])
        assert "auth=%s" % profile in text
        assert "TLS demanded: %s (by the login at the route)" % level \
            in text


def test_a_profile_in_use_stays(postern, sent):
    assert "used by route \"plain.hop.test\"" in refused(
        postern, "smtpauthconfig", "delete", "smart")


def test_keyd_gone(postern, hops, sent):
    """Mail waits for it, and goes when it is back."""
    postern.kill("keyd 0")
    n = len(hops["plain"].messages)
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@sender.test", ["b@plain.hop.test"])[0] == 250

    def again():
        postern.postern("delivernow", "plain.hop.test", ok=(0, 1))
        return len(hops["plain"].messages) > n
    wait_for("mail at plain", again, every=0.2)


def refused(s, *words):
    r = subprocess.run([str(BIN / "postern"), "--root", str(s.root), *words],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode in (1, 2, 4), r
    return r.stderr


def test_commands(make_suite):
    s = make_suite(CONFIG, start=False)
    etc = s.root / "etc"
    s.postern("smtpauthconfig", "new", "smart", "type=outgoing",
              "user=me@here.test")
    assert "1. smart (outgoing: me@here.test)" in s.postern(
        "smtpauthconfig", "list")
    s.postern("smtpauthconfig", "secret", "smart", text="pass, phrase\n")
    assert (secrets(s.root) / "smart.secret").read_text() == "pass, phrase\n"
    assert (secrets(s.root) / "smart.secret").stat().st_mode & 0o777 == 0o600
    s.postern("smtproutes", "new", "example.com", "relay.test:587",
              "auth=smart")
    assert "relay.test:587, auth=smart" in s.postern("smtproutes", "print")
    for words, text in (
            (("smtpauthconfig", "edit", "smart", "type=local"),
             "is not of type: outgoing"),
            (("smtproutes", "new", "b.test", "relay.test", "auth=no"),
             "there is no profile"),
            (("smtpauthconfig", "new", "x", "type=outgoing"),
             "does not say as whom"),
            (("smtpauthconfig", "secret", "no"), "There is no profile"),
            (("smtpauthconfig", "users", "smart"),
             "users of \"smart\" are those of another server")):
        assert text in refused(s, *words), words
    s.postern("smtpauthconfig", "new", "house")
    assert "is not an outgoing profile" in refused(
        s, "smtpauthconfig", "secret", "house")
    (etc / "routes.txt").write_text("example.org: a.test, auth=smart\n")
    s.postern("smtproutes", "import", "routes.txt")
    s.postern("smtproutes", "export", "out.txt")
    assert (etc / "out.txt").read_text() == \
        "example.org: a.test, auth=smart\n"
