"""Facts that nobody can look up yet: given to trace, or not to be had.

Where nobody gives them trace must say what the gateway does without them.
"""
import json

import pytest

import twin
from sink import Sink
from suite import Suite, wait_for
from twin import Session

CONFIG = """\
hostname: mx.postern.test
dns: { enabled: no }
system: { workers: 1 }
receiving: { delayed_reject: yes }
interfaces: [ { name: Loopback, ip: 127.0.0.1 } ]
auth_profiles: [ { name: House, users: house.users } ]
aliases: aliases
address_lists: [ { name: Friends, entries: [ "@friend.test" ] } ]
sdr: { enabled: yes, block: poor, exceptions: Friends }
listeners:
  - name: Strict
    interface: Loopback
    port: @PORT@
    auth_profile: House
    ldap_accept: { query: corp.accept }
    hat:
      defaults: { max_msgs_per_session: 1000, smtp_auth: on,
                  auth_require_tls: off }
      policies:
        - { name: $COVERED, behaviour: ACCEPT, auth_require_tls: on }
      groups:
        - { name: HOME, policy: $TRUSTED, entries: "country[CH,LI]" }
        - { name: COVERED, policy: $COVERED, entries: 127.8.0.0/16 }
        - { name: BAD, policy: $BLOCKED, entries: 127.7.0.0/16 }
        - { name: ALL, policy: $ACCEPTED }
    rat:
      - { accept: vip@example.com, bypass_ldap_accept: yes }
      - example.com
  - name: Mild
    interface: Loopback
    port: @PRIVATE_PORT@
    ldap_accept: { query: corp.accept, unreachable: accept, code: 554,
                   text: nobody of that name }
    hat: { groups: [ { name: ALL, policy: $ACCEPTED } ] }
    rat: [ example.com ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""
ALIASES = "[example.com]\nteam: anna@example.com, ben@example.com\n"
RCPTS = ("anna@example.com", "vip@example.com", "team@example.com",
         "x@elsewhere.test")


@pytest.fixture(scope="module")
def postern(tmp_path_factory):
    with Suite(tmp_path_factory.mktemp("facts"), CONFIG, start=False,
               tables={"aliases": ALIASES}) as p:
        (p.root / "etc/secrets").mkdir(mode=0o700)
        p.postern("smtpauthconfig", "user", "House", "joe", text="pencil\n")
        p.start()
        p.wait_log("users of profile House: 1")
        yield p


@pytest.fixture(scope="module", autouse=True)
def sink(postern):
    with Sink(postern.sink_port) as s:
        yield s


@pytest.mark.parametrize("listener,codes", [
    ("Strict", [451, 250, 451, 550]), ("Mild", [250, 250, 250, 550])])
def test_a_directory_that_is_not_there(postern, listener, codes):
    port = postern.port if listener == "Strict" else postern.private_port
    s = Session(listener, port, rcpts=RCPTS)
    t = twin.trace(postern, s)
    heard = twin.live(s)
    assert heard == twin.expected(s, t)
    assert [r[0] for r in heard.rcpts] == codes
    if listener == "Strict":
        postern.wait_log("To: <anna@example.com> Rejected by LDAPACCEPT")


def lines(report, mark):
    return [l for l in report.splitlines() if mark in l]


def test_what_the_directory_is_said_to_answer(postern):
    s = Session("Strict", 0, rcpts=RCPTS)
    say = "--ldap-accept=Anna@example.com=fail, pass"
    name = " - LDAP Accept: corp.accept: "
    assert lines(twin.trace(postern, s, say, text=True), "LDAP Acc") == [
        name + "anna@example.com: FAIL (550 #5.1.1 recipient not found)",
        name + "vip@example.com: Bypassed",
        name + "anna@example.com: FAIL (550 #5.1.1 recipient not found)",
        name + "ben@example.com: PASS"]
    t = twin.trace(postern, s, say)
    assert [r["refused"] for r in t["recipients"]] == [
        True, False, False, True]
    assert t["recipients"][2]["expanded"] == ["ben@example.com"]
    assert t["facts"]["directory"]["anna@example.com"] == {
        "value": "not known", "known": True, "source": "given"}
    s.rcpts = ("anna@example.com",)
    for say, want in (
            ("error", "Server unreachable (451 #4.4.3 Temporary recipient "
             "validation error)"),
            ("anna@example.com=pass, fail", "PASS")):
        assert lines(twin.trace(postern, s, "--ldap-accept", say, text=True),
                     "LDAP Acc") == [name + "anna@example.com: " + want]
    s.listener = "Mild"
    assert lines(twin.trace(postern, s, "--ldap-accept", "fail", text=True),
                 "LDAP Acc") == [
        name + "anna@example.com: FAIL (554 nobody of that name)"]


def test_the_country(postern):
    s = Session("Strict", 0)
    for code, group in (("ch", "HOME"), ("LI", "HOME"), ("DE", None),
                        ("N/A", None)):
        t = twin.trace(postern, s, "--country", code)
        assert t["connection"]["group"] == group, code
    assert twin.trace(postern, s, "--country", "ch")["facts"]["country"] == {
        "value": "CH", "known": True, "source": "given"}


@pytest.mark.parametrize("listener,source,offered,said", [
    ("Strict", "127.0.0.1", True, "succeeded (RELAY behavior)"),
    ("Strict", "127.7.0.1", True, "succeeded (RELAY behavior)"),
    ("Strict", "127.8.0.1", False, "Not Offered (without TLS)"),
    ("Mild", "127.0.0.1", False, "Not Offered")])
def test_who_authenticates(postern, sink, listener, source, offered, said):
    """Also of a host that is rejected, at the recipients (4.3)."""
    port = postern.port if listener == "Strict" else postern.private_port
    s = Session(listener, port, source, rcpts=("x@elsewhere.test",),
                login=("joe", "pencil"), tag=source + listener)
    t = twin.trace(postern, s)
    assert twin.live(s) == twin.expected(s, t)
    assert t["outcome"] == ("queued" if offered else "no recipients")
    assert t["connection"]["authenticated"] == ("joe" if offered else None)
    if offered:
        wait_for("the message", lambda: twin.arrived(sink, s) ==
                 twin.promised(t))
    text = twin.trace(postern, s, text=True)
    assert " - SMTP Authentication: joe: %s\n" % said in text
    if offered:
        assert "\nOutbound Recipient Policy Processing:" in text
    if listener == "Strict" and not offered:
        assert "joe: succeeded" in twin.trace(postern, s, "--tls", text=True)


# verdict, action, and what the block says
VERDICTS = [
    ("", True, ["N/A", "N/A", "N/A"]),
    ("awful, 1, Phishing", False, ["Awful", "0 years 0 months 1 day",
                                   "Phishing"]),
    ("Poor", False, ["Poor", "N/A", "N/A"]),
    ("tainted, 31", True, ["Tainted", "0 years 1 month 1 day", "N/A"]),
    ("Neutral, 4475", True, ["Neutral", "12 years 3 months 4 days", "N/A"]),
]


@pytest.mark.parametrize("verdict,accepted,block", VERDICTS)
def test_the_reputation_of_the_sender(postern, verdict, accepted, block):
    s = Session("Mild", postern.private_port)
    more = ["--sdr", verdict] if verdict else []
    t = twin.trace(postern, s, *more)
    if not verdict:
        assert twin.live(s) == twin.expected(s, t)
    assert t["outcome"] == ("queued" if accepted else "message refused")
    assert t["sender_domain_reputation"]["accepted"] is accepted
    text = twin.trace(postern, s, *more, text=True)
    assert text.partition("\nSender Domain Reputation:\n")[2].startswith(
        " - Reputation: %s\n - Domain Age: %s\n - Category: %s\n"
        " - Action: Message %s\n" % (*block, "Accepted" if accepted
                                     else "Dropped"))
    refused = (" - Message would be rejected: 550 #5.7.1 domain of the "
               "sender has a bad reputation\n")
    assert (refused in text) is not accepted
    (question,) = t["facts"]["sender_domain_reputation"]
    assert question.endswith(", helo: TEST, env-from: client.test, "
                             "header-from: client.test, reply-to: None")


def test_a_sender_whose_reputation_does_not_matter(postern):
    s = Session("Mild", postern.private_port, sender="joe@friend.test")
    text = twin.trace(postern, s, "--sdr", "Awful", text=True)
    assert (" - Reputation: N/A\n - Domain Age: N/A\n - Category: N/A\n"
            " - Action: Message Accepted (exception @friend.test)\n") in text
    assert "Message Enqueued for Delivery\n" in text


def test_in_a_file_of_sessions(postern, tmp_path):
    session = {"source_ip": "192.0.2.1", "listener": "Strict",
               "sender": "joe@client.test", "recipients": "anna@example.com",
               "message": "Subject: x\n\nx\n", "country": "CH",
               "ldap_accept": "pass", "tls": True}
    wrong = [("tls", "x", "wrong kind"), ("country", "CHE", "two letters"),
             ("ldap_accept", "anna@example.com", "Please enter ADDRESS=pass"),
             ("sdr", "bad", "Please enter Awful"),
             ("sdr", "Good, young", "Please enter Awful"),
             ("ldap_accept", "=pass", "Please enter ADDRESS=pass"),
             ("ldap_accept", "fail, a@b=perhaps", "Please enter ADDRESS=pass")]
    (tmp_path / "s").write_text("\n".join(
        json.dumps(s) for s in [session] + [
            dict(session, **{key: value}) for key, value, _ in wrong]))
    one, *others = [json.loads(l) for l in postern.postern(
        "trace", "--sessions", tmp_path / "s").splitlines()]
    assert one["outcome"] == "queued"
    assert one["connection"]["group"] == "HOME"
    assert len(others) == len(wrong)
    for (_, value, why), said in zip(wrong, others):
        assert why in said["error"], value
