"""MTA-STS (RFC 8461): records in the DNS, policies over HTTPS, next hops with
and without the certificate that the policy wants."""
import http.server
import json
import os
import ssl
import threading

import pytest

from conftest import CONFIG
from netns import Network, possible
from nsd import Nsd
from sink import Sink
from suite import Suite, wait_for
from test_dane import how
from test_outgoing_tls import OFFERS, server
from tls_kit import certificate

# each test builds upon what the one before has left
pytestmark = [pytest.mark.skipif(not possible(), reason="makes a network"),
              pytest.mark.xdist_group("mta_sts")]

NET = "203.0.113."
# domain: its hop, what the policy says, what becomes of its mail
DOMAINS = {
    "good.test": (1, "enforce mx-good.test", "t"),
    "wild.test": (1, "enforce *.wild.test", "t"),
    "bad.test": (3, "enforce mx-bad.test", "-"),
    "strip.test": (6, "enforce mx-strip.test", "-"),
    "other.test": (1, "enforce mx.elsewhere.test", "-"),
    "try.test": (6, "testing mx-try.test", "c"),
    "trytls.test": (3, "testing mx-trytls.test", "t"),
    "plain.test": (6, None, "c"),
    "off.test": (3, "none mx-off.test", "c"),
    "forged.test": (6, "enforce mx-forged.test", "c"),
    "broken.test": (6, "broken", "c"),
}


# of each of these a policy is wanted at the same moment
MANY = ["many%d.test" % i for i in range(60)]


def mx_of(domain):
    name = domain[:-5]
    return "mx.wild" if name == "wild" else "mx-" + name


def zone():
    text = ""
    for domain, (hop, policy, _) in DOMAINS.items():
        name = domain[:-5]
        text += "%s MX 10 %s\n%s A %s%d\n" % (name, mx_of(domain),
                                             mx_of(domain), NET, hop)
        if policy:
            text += '_mta-sts.%s TXT "v=STSv1; id=1;"\n' % name
            text += "mta-sts.%s A %s%d\n" % (
                name, NET, 21 if name == "forged" else 20)
    for domain in MANY:
        name = domain[:-5]
        text += ('%s MX 10 mx-good\n_mta-sts.%s TXT "v=STSv1; id=1;"\n'
                 "mta-sts.%s A %s20\n" % (name, name, name, NET))
    return text


class Policies(http.server.BaseHTTPRequestHandler):
    asked = []
    gone = False
    lock = threading.Lock()
    now = most = 0
    hold = None  # an event: of MANY none is answered before

    def wait(self):
        """One less before it is answered: then the next may come."""
        with self.lock:
            Policies.now += 1
            Policies.most = max(self.now, self.most)
        self.hold.wait(20)
        with self.lock:
            Policies.now -= 1

    def do_GET(self):
        domain = self.headers["Host"].split(".", 1)[1]
        self.asked.append((domain, self.path))
        if domain in MANY:
            self.wait()
            self.send_error(404)
            return
        if self.gone:
            self.send_error(503)
            return
        mode, _, mx = DOMAINS[domain][1].partition(" ")
        body = ("version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: 86400\r\n"
                % (mode, mx)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def https(address, context):
    s = http.server.ThreadingHTTPServer((address, 443), Policies)
    s.socket = context.wrap_socket(s.socket, server_side=True)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    d = tmp_path_factory.mktemp("sts")
    certificate(d, "ca", "ca.test", ca=True)
    certificate(d, "hop", "mx-good.test", "*.wild.test", "mx-other.test",
                issuer="ca")
    certificate(d, "else", "mx.nobody.test", issuer="ca")
    certificate(d, "web", *["mta-sts." + n for n in list(DOMAINS) + MANY],
                    issuer="ca")
    certificate(d, "own", *["mta-sts." + n for n in DOMAINS])
    with Network(), Nsd(d, {"test": zone()}) as nsd:
        config = CONFIG.replace("  enabled: no", """\
  servers: [ "127.0.0.1:%d" ]
  timeout: 5""" % nsd.port).replace("""\
routes:
  ALL: 127.0.0.1:@SINK_PORT@
""", "destinations: [ { domain: Default, mta_sts: yes } ]\n")
        sinks = {NET + "1": Sink(25, host=NET + "1", extensions=OFFERS,
                                 tls=server(d, "hop")),
                 NET + "3": Sink(25, host=NET + "3", extensions=OFFERS,
                                 tls=server(d, "else")),
                 NET + "6": Sink(25, host=NET + "6")}
        webs = [https(NET + "20", server(d, "web")),
                https(NET + "21", server(d, "own"))]
        os.environ["SSL_CERT_FILE"] = str(d / "ca.crt")
        try:
            postern = Suite(d / "suite", config)
        finally:
            del os.environ["SSL_CERT_FILE"]
        yield postern, sinks
        postern.stop()
        for s in list(sinks.values()):
            s.close()
        for w in webs:
            w.shutdown()
            w.server_close()


def test_tls_03_policies(world):
    postern, sinks = world
    with postern.client(port=postern.private_port) as c:
        for domain in DOMAINS:
            assert c.mail("joe@nowhere.invalid", ["a@" + domain])[0] == 250
    for domain, (_, _, want) in DOMAINS.items():
        if want == "-":
            wait_for("an error of " + domain, lambda: postern.ask(
                "hoststatus", domain)["last_tls_error"])
        else:
            wait_for(domain, lambda: how(sinks, "a@" + domain) != "-")
    assert {d: how(sinks, "a@" + d) for d in DOMAINS} == \
        {d: w for d, (_, _, w) in DOMAINS.items()}
    for domain, why in (
            ("bad.test", "TLS required, certificate not verified: it has not "
             "the name mx-bad.test"),
            ("strip.test", "TLS required, remote host does not offer"),
            ("other.test", "DNS Soft Error looking up other.test (MX):  "
             "MTA-STS: no host is in the policy")):
        h = postern.ask_quiet("hoststatus", domain)
        assert h["last_tls_error"]["text"].startswith(why), h
        assert h["counters"]["hard_bounced_recipients"] == 0
    log = "\n".join(postern.log())
    for line in (" TLS verify success CN=mx-good.test\n",
                 " TLS verify failed: it has not the name mx-trytls.test\n",
                 "The MTA-STS policy of forged.test cannot be had: ",
                 "The MTA-STS policy of broken.test cannot be had: unknown "
                 "mode\n"):
        assert line in log, line
    assert all(path == "/.well-known/mta-sts.txt"
               for _, path in Policies.asked)


def test_dns_08_many_at_a_time(world):
    """Strangers may bring us to want any number of policies: 20 are fetched
    at a time, the others wait for their turn."""
    postern, sinks = world
    Policies.hold = threading.Event()
    Policies.most = 0
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@nowhere.invalid", ["a@" + d for d in MANY])[0] == 250

    def asked():
        return len([d for d, _ in Policies.asked if d in MANY])
    wait_for("20 fetches", lambda: asked() == 20)
    Policies.hold.set()
    wait_for("all of them", lambda: asked() == len(MANY))
    assert Policies.most == 20
    for domain in MANY:
        wait_for(domain, lambda: how(sinks, "a@" + domain) != "-")


# domain: the policy its sessions are counted for, what was wrong
REPORTS = {
    "good.test": ("sts", ""),
    "bad.test": ("sts", "certificate-host-mismatch"),
    "strip.test": ("sts", "starttls-not-supported"),
    "other.test": ("sts", "validation-failure"),
    "try.test": ("sts", "starttls-not-supported"),
    "trytls.test": ("sts", "certificate-host-mismatch"),
}
FETCHES = {"forged.test": "sts-webpki-invalid",
           "broken.test": "sts-policy-invalid"}


def test_reports_of_tls(world):
    """RFC 8460: what each policy has made of the sessions, or why it could
    not be had."""
    postern, _ = world

    def seen(domain):
        return {(p["policy"]["policy-type"], d["result-type"])
                for p in postern.ask("tlsreport")["policies"]
                if p["policy"]["policy-domain"] == domain
                for d in p["failure-details"] or [{"result-type": ""}]}
    for domain, want in REPORTS.items():
        wait_for("a report of " + domain, lambda: seen(domain))
        assert seen(domain) == {want}, domain
    for domain, why in FETCHES.items():
        assert ("sts", why) in seen(domain), seen(domain)


# domain, what the mail wants: the TLS of its connections, by whom, the name
TRACED = [
    ("good.test", "", "required_verify", "MTA-STS", ["mx-good.test"]),
    ("good.test", "REQUIRETLS", "required_verify", "MTA-STS",
     ["mx-good.test"]),
    ("trytls.test", "", "preferred_verify", "MTA-STS", ["mx-trytls.test"]),
    ("trytls.test", "REQUIRETLS", "required_verify", "MTA-STS",
     ["mx-trytls.test"]),
    ("plain.test", "REQUIRETLS", "required_verify", None, ["plain.test"]),
    ("strip.test", "No", "preferred", None, []),
]


def test_trace_says_whose_policy_it_is(world):
    """And a policy that is enforced stops no mail with TLS-Required: No."""
    postern, sinks = world
    for domain, says, level, by, names in TRACED:
        out = postern.postern(
            "--json", "trace", "--source-ip", "127.0.0.1", "--fqdn", "c.test",
            "--listener", "OutboundMail", "--file", "-", "--sender", "s@a.test",
            "--recipients", "t@" + domain, "--tls", "--lookup",
            "--mail-params", says if says == "REQUIRETLS" else "",
            text=("TLS-Required: No\n" if says == "No" else "")
            + "Subject: x\n\nx\n")
        (d,) = json.loads(out)["results"][0]["deliveries"]
        (a,) = d["way"]["attempts"]
        assert (a["tls"], a["tls_by"], a["tls_names"]) == (level, by, names), \
            (domain, says)
        assert a["requiretls"] == d["requiretls"] == (says == "REQUIRETLS")
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@nowhere.invalid", ["t@strip.test"],
                      b"TLS-Required: No\r\nSubject: x\r\n\r\nx\r\n"
                      )[0] == 250
    wait_for("it", lambda: how(sinks, "t@strip.test") == "c")


def test_tlsverify_says_so(world):
    """What it says of each policy is what delivery has done."""
    postern, _ = world
    letters = {"tls": "t", "clear": "c", "none": "-"}
    os.environ["SSL_CERT_FILE"] = str(postern.root.parents[1] / "ca.crt")
    try:
        said = {d: postern.ask("tlsverify", d, ok=(0, 4)) for d in DOMAINS}
    finally:
        del os.environ["SSL_CERT_FILE"]
    assert {d: letters[r["delivery"]] for d, r in said.items()} == \
        {d: w for d, (_, _, w) in DOMAINS.items()}
    for domain, state in (("good.test", "policy enforce, "),
                          ("try.test", "policy testing, "),
                          ("plain.test", "there is no policy")):
        assert said[domain]["policy"]["mta_sts_state"].startswith(state)
    assert "MTA-STS: no host is in the policy" in \
        said["other.test"]["delivery_reason"]


def test_a_policy_is_fetched_once(world):
    postern, sinks = world
    n = len([d for d, _ in Policies.asked if d == "good.test"])
    # forgets what was resolved, not the policies
    postern.postern("deliveryconfig", "setup", "idle_timeout=1")
    postern.postern("commit", "new connections")
    with postern.client(port=postern.private_port) as c:
        assert c.mail("joe@nowhere.invalid", ["b@good.test"])[0] == 250
    wait_for("good.test again", lambda: how(sinks, "b@good.test") == "t")
    assert len([d for d, _ in Policies.asked if d == "good.test"]) == n == 1


def test_tls_03_policies_outlive_lookupd(world):
    """Who keeps us from the web server after a restart wins nothing."""
    postern, sinks = world
    kept = postern.root / "state/mta-sts"
    wait_for("policies on the disk", lambda: kept.exists()
             and "bad.test 1 " in kept.read_text())
    why = "it has not the name mx-bad.test"

    def failures():
        return sum(why in l for l in postern.log_so_far())
    Policies.gone = True
    try:
        n, asked = failures(), len(Policies.asked)
        gone = postern.kill("lookupd 0")
        wait_for("another lookupd", lambda: postern.pids().get(
            "lookupd 0", gone) != gone)
        postern.postern("dnsflush", ok=(0, 1, 3, 4))
        postern.submit(port=postern.private_port,
                       sender="joe@nowhere.invalid", rcpts=["c@bad.test"])

        def again():
            postern.postern("delivernow", "all", ok=(0, 1, 3, 4))
            return failures() > n
        wait_for("another failure", again, every=0.3)
        assert how(sinks, "c@bad.test") == "-"
        assert len(Policies.asked) == asked
    finally:
        Policies.gone = False
