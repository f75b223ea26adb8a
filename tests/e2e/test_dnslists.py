"""DNS lists in a host access table: trace asks them as the gateway does."""
import twin
from nsd import Nsd
from sink import Sink
from suite import wait_for
from twin import Session

# An address in 127.0.0.0/8 means that the client is listed; other addresses,
# SERVFAIL and silence do not.
ZONES = {
    "list.test": "2.0.0.127 A 127.0.0.2\n1.0.30.127 A 127.0.0.2\n2.0.30.127 TXT only-text\n"
                 "4.0.30.127 A 203.0.113.7\n4.0.30.127 A 127.9.9.9\n",
    "parked.test": "* A 203.0.113.7\n",
    "broken.test": None,
    "all.test": "* A 127.0.0.2\n",
    "dead.test": "",
    "127.in-addr.arpa": "",
}
CONFIG = """\
hostname: mx.postern.test
system: { workers: 1 }
dns:
  servers: [ "127.0.0.1:@NSD@" ]
  timeout: 3
  reverse_timeout: 3
interfaces:
  - { name: Loopback, ip: 127.0.0.1 }
listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    hat:
      policies:
        - { name: $NO, behaviour: REJECT,
            smtp_banner_text: "$Group lists $RemoteIP: $HATEntry" }
      groups:
        - { name: BROKEN, policy: $BLOCKED,
            entries: "dnslist[broken.test]" }
        - { name: OFF, policy: $BLOCKED, entries: [
            "dnslist[all.test]", "dnslist[dead.test]" ] }
        - { name: SEEN, policy: CONTINUE, entries: "dnslist[List.test]" }
        - { name: PARKED, policy: $BLOCKED,
            entries: "dnslist[parked.test]" }
        - { name: KNOWN, policy: $ACCEPTED, entries: 127.30.0.3 }
        - { name: LISTED, policy: $NO, entries: [
            nx.domain, "dnslist[list.test]" ] }
    rat: [ example.com ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
"""
CASES = [
    ("127.30.0.1", "LISTED", "dnslist[list.test]", True),
    ("127.30.0.2", "LISTED", "nx.domain", False),
    ("127.30.0.3", "KNOWN", "127.30.0.3", False),
    ("127.30.0.4", "LISTED", "dnslist[list.test]", True),
]


def test_dns_06_dns_lists(make_suite, folder):
    with Nsd(folder, ZONES) as nsd:
        postern = make_suite(CONFIG.replace("@NSD@", str(nsd.port)))
        for source, group, entry, listed in CASES:
            s = Session("InboundMail", postern.port, source)
            t = twin.trace(postern, s)
            c = t["connection"]
            assert (c["group"], c["entry"]) == (group, entry), source
            facts = t["facts"]["dns_list"]
            assert facts["list.test"] == {
                "value": listed, "known": True, "source": "looked up"}
            assert facts["parked.test"] == {
                "value": False, "known": True, "source": "looked up"}
            assert facts["broken.test"]["known"] is False
            passed = [n["group"] for n in c["steps"]
                      if n["step"] == "sender group passed"]
            assert passed == (["SEEN"] if listed else []), source
            h, want = twin.live(s), twin.expected(s, t)
            assert h.connect == want.connect, source
            assert wait_for("HAT line", lambda: postern.wait_log(
                twin.hat_line(t))), source
        warning = "DNS list parked.test answers with addresses outside " \
            "127.0.0.0/8: these count as not listed"
        assert wait_for("warning", lambda: postern.wait_log(warning))
        assert postern.wait_log("DNS list all.test is switched off: "
                                "it lists 127.0.0.1, so it lists everybody")
        assert postern.wait_log("DNS list dead.test is switched off: "
                                "it does not list 127.0.0.2")
        told = [line for line in postern.log() if "DNS list" in line]
        assert len(told) == 3, told
        text = twin.trace(postern, Session(
            "InboundMail", postern.port, "127.30.0.1"), "--explain",
            text=True)
        assert "HAT matched on sender group LISTED, host " \
            "dnslist[list.test]\n" in text
        assert " - DNS list list.test: listed (looked up)\n" in text
        assert " - DNS list broken.test: cannot be said" in text
        assert " - DNS list parked.test: not listed: its answer is not in " \
            "127.0.0.0/8 (looked up)\n" in text
        told = postern.ask("reputationstatus", ok=(1,))
        assert told["ip_reputation"] == {"service": None,
                                         "listeners": ["InboundMail"]}
        assert {one["zone"]: one["state"].split(":")[0][:21]
                for one in told["dns_lists"]} == {
            "list.test": "works", "all.test": "not used",
            "dead.test": "not used", "broken.test": "does not answer",
            "parked.test": "answers with addresse"}
        assert "  all.test: not used: it lists 127.0.0.1, and so everybody\n" \
            in postern.postern("reputationstatus", ok=(1,))


FILTERS = """
any: if (dnslist("codes.test")) { insert-header("X-Listed", "yes"); }
one: if (dnslist("codes.test") == "127.0.0.10") {
    insert-header("X-Code", "10");
}
none: if (dnslist("codes.test") != "127.0.0.4") {
    insert-header("X-Other", "yes");
}
"""


def test_filters_compare_what_a_list_says(make_suite, folder):
    """Of several codes each counts; trace shows the same message."""
    zones = dict(ZONES, **{"codes.test": "2.0.0.127 A 127.0.0.2\n"
                           "3.0.30.127 A 127.0.0.4\n"
                           "3.0.30.127 A 127.0.0.10\n"})
    with Nsd(folder, zones) as nsd:
        postern = make_suite(CONFIG.replace("@NSD@", str(nsd.port)),
                             start=False)
        file = postern.root / "etc/filters/message_filters"
        file.parent.mkdir()
        file.parent.chmod(0o755)
        file.write_text(FILTERS)
        file.chmod(0o644)
        postern.start()
        with Sink(postern.sink_port) as sink:
            s = Session("InboundMail", postern.port, "127.30.0.3")
            traced = twin.trace(postern, s, text=True)
            twin.live(s)
            body = sink.wait(1)[0].body
        for field in ("X-Listed: yes", "X-Code: 10"):
            assert field.encode() + b"\r\n" in body
            assert field in traced
        assert b"X-Other" not in body and "X-Other" not in \
            traced.split("Final Message Content:")[1]
