"""nslookup, dig and dnscheck, as the founding documents show them, against a
real NSD."""
import json
import re
import shutil
import signal
import socket
import subprocess

import pytest

import netns
from conftest import CONFIG
from nsd import Nsd
from suite import BIN, ROOT_USER, Suite
from terminal import Terminal

PROMPT = "mail3.example.com> "
ZONE = """\
@ 172800 A 192.0.34.166
mail3 A 127.0.0.1
mail3 MX 10 mail3
www CNAME @
two MX 10 mx1
two MX 20 mx2
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
_25._tcp.mx1 TLSA 3 1 1 0102
text TXT "v=spf1 -all"
odd A 127.0.0.9
many TXT """ + " ".join('"%s"' % (c * 250) for c in "abcdefgh") + "\n"
REVERSE = "1.0.0 PTR mail3.example.com.\n9.0.0 PTR odd.example.com.\n"
INTERFACES = """\
  - name: Management
    ip: 127.0.0.1
  - name: PrivateNet
    ip: 127.0.0.9
    hostname: mail4.example.com
  - name: Loopback
    ip: 127.0.0.1
"""


@pytest.fixture(scope="module")
def nsd(tmp_path_factory):
    with Nsd(tmp_path_factory.mktemp("dns"), {
            "example.com": ZONE, "signed": "www A 192.0.2.7\n",
            "127.in-addr.arpa": REVERSE, "down": None},
            signed={"signed": None}) as n:
        yield n


@pytest.fixture(scope="module")
def postern(tmp_path_factory, nsd):
    config = (CONFIG.replace("mx.postern.test", "mail3.example.com")
              .replace("  enabled: no", f"""\
  servers: [ "127.0.0.1:{nsd.port}" ]
  timeout: 3
  reverse_timeout: 3
  trust_anchor: "{nsd.anchors["signed"]}\"""")
              .replace("  - name: Loopback\n    ip: 127.0.0.1\n", INTERFACES))
    with Suite(tmp_path_factory.mktemp("s"), config) as s:
        yield s


def run(postern, *words):
    return subprocess.run(
        [str(BIN / "postern"), "--root", str(postern.root), *words],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def lines(postern, *words, status=0):
    r = run(postern, *words)
    assert r.returncode == status, (r.stdout, r.stderr)
    return (r.stdout + r.stderr).splitlines()


@pytest.fixture
def shell(postern):
    # a busy machine has many sockets
    with Terminal(postern, prompt=PROMPT, rows=60000) as t:
        t.expect(PROMPT)
        yield t


# --- nslookup ---

TYPES = "".join("%d. %s\n" % (i + 1, t) for i, t in enumerate(
    "A CNAME MX NS PTR SOA TXT AAAA TLSA".split()))


def test_nslookup_as_in_the_transcript(shell):
    """But for the time to live: the gateway keeps nothing over a day."""
    shell.say("nslookup")
    shell.answer(
        ("\nPlease enter the host or IP to resolve.\n[]> ", "example.com"),
        ("\nChoose the query type:\n" + TYPES + "[1]> ", "1"))
    assert shell.expect(PROMPT) == "\nA=192.0.34.166 TTL=2d\n"


@pytest.mark.parametrize("words,want", [
    ("www.example.com", "A=192.0.34.166 TTL=1m"),
    ("www.example.com cname", "CNAME=example.com TTL=1m"),
    ("two.example.com MX", "MX=mx1.example.com PREF=10 TTL=1m\n"
     "MX=mx2.example.com PREF=20 TTL=1m"),
    ("example.com NS", "NS=ns.test TTL=1m"),
    ("example.com SOA", "SOA=ns.test MAIL=root.test SERIAL=1 REFRESH=3600 "
     "RETRY=600 EXPIRE=86400 MINIMUM=60 TTL=1m"),
    ("text.example.com TXT", 'TXT="v=spf1 -all" TTL=1m'),
    ("mx1.example.com AAAA", "AAAA=2001:db8::1 TTL=1m"),
    ("mx1.example.com TLSA", "TLSA=3 1 1 0102 TTL=1m"),
    ("_25._tcp.mx1.example.com tlsa", "TLSA=3 1 1 0102 TTL=1m"),
    ("127.0.0.1", "PTR=mail3.example.com TTL=1m"),
    ("127.0.0.1 PTR", "PTR=mail3.example.com TTL=1m"),
    ("www.signed", "A=192.0.2.7 TTL=1m\nDNSSEC: secure"),
])
def test_nslookup_line(postern, words, want):
    """A test before may have asked it: then some seconds are over."""
    said = lines(postern, "nslookup", *words.split())
    assert [of_a_minute(l) for l in said] == want.split("\n")


def of_a_minute(line):
    return re.sub(r"TTL=[1-5]?\ds", "TTL=1m", line)


@pytest.mark.parametrize("words,status,want", [
    ("nohost.example.com", 1,
     "DNS error: NXDomain looking up nohost.example.com A"),
    ("example.com MX", 1, "DNS error: NoData looking up example.com MX"),
    ("a.down", 4, "DNS error: ServFail looking up a.down A"),
    ("127.0.0.1 MX", 1,
     "127.0.0.1 is an address: only its name (PTR) can be looked up"),
    ("a b c", 2, "Usage: nslookup [HOST|ADDRESS [TYPE]]"),
])
def test_nslookup_refused(postern, words, status, want):
    r = run(postern, "nslookup", *words.split())
    assert (r.returncode, r.stdout) == (status, "")
    assert r.stderr.splitlines()[-1] == want


def test_nslookup_answers_from_the_gateways_cache(postern, nsd):
    """The name server may be gone: dig sees that, nslookup does not."""
    lines(postern, "nslookup", "mx1.example.com")
    nsd.signal(signal.SIGSTOP)
    try:
        j = json.loads(run(postern, "nslookup", "mx1.example.com",
                           "--json").stdout)
        assert j["outcome"] == "found" and j["dnssec"] == "insecure"
    finally:
        nsd.signal(signal.SIGCONT)
    flushed = lines(postern, "dnsflush")
    assert flushed[0] == "Flushing DNS cache."
    assert re.fullmatch("[1-9][0-9]* answers? deleted", flushed[1])
    assert lines(postern, "dnsflush")[1] == "0 answers deleted"


# --- dig ---

def test_dig_as_in_the_transcript(shell):
    shell.say("dig mx two.example.com")
    assert shell.expect(PROMPT) == """
;; QUESTION SECTION:
;two.example.com.               IN      MX

;; ANSWER SECTION:
two.example.com.        60      IN      MX      10 mx1.example.com.
two.example.com.        60      IN      MX      20 mx2.example.com.
"""


def test_dig_asks(shell, nsd):
    shell.say("dig")
    shell.answer(
        ("\nPlease enter the name to look up.\n[]> ", "www.signed"),
        ("\nEnter the query type.\n[A]> ", ""),
        ("\nEnter the name server to ask.\n[default]> ",
         "127.0.0.1:%d" % nsd.port))
    assert "www.signed.             60      IN      A       192.0.2.7\n" in \
        shell.expect(PROMPT)


@pytest.mark.parametrize("words,want", [
    ("+short mx1.example.com", ["192.0.2.1"]),
    ("+short -x 127.0.0.1", ["mail3.example.com."]),
    ("+short www.example.com", ["example.com.", "192.0.34.166"]),
    ("+short mx1.example.com AAAA", ["2001:db8::1"]),
    ("-s Management +short -t mx1.example.com", ["192.0.2.1"]),
    ("@SERVER -s PrivateNet +short mx1.example.com", ["192.0.2.1"]),
])
def test_dig_line(postern, nsd, words, want):
    words = words.replace("SERVER", "127.0.0.1:%d" % nsd.port)
    assert lines(postern, "dig", *words.split()) == want


def test_dig_over_tcp_when_the_answer_was_cut(postern):
    cut = json.loads(run(postern, "dig", "-u", "txt", "many.example.com",
                         "--json").stdout)
    assert "tc" in cut["flags"] and cut["answer"] == []
    whole = json.loads(run(postern, "dig", "txt", "many.example.com",
                           "--json").stdout)
    assert len(whole["answer"][0]["data"]) > 2000


def test_dig_with_signatures(postern):
    j = json.loads(run(postern, "dig", "www.signed", "+dnssec",
                       "--json").stdout)
    assert [r["type"] for r in j["answer"]] == ["A", "RRSIG"]
    assert j["answer"][1]["data"].startswith("A 13 2 60 ")


@pytest.mark.parametrize("words,status,want", [
    ("@127.0.0.1:1 example.com", 4,
     "127.0.0.1:1: no answer: Connection refused"),
    ("@127.0.0.1:1 -t example.com", 4,
     "127.0.0.1:1: it cannot be reached: Connection refused"),
    ("-s Nowhere example.com", 1, 'There is no interface "Nowhere"; there '
     "are: auto, Management, PrivateNet, Loopback"),
    ("a..b", 2, '"a..b" cannot be a name'),
    ("-x example.com", 2, "-x needs an address"),
])
def test_dig_refused(postern, words, status, want):
    assert lines(postern, "dig", *words.split(), status=status) == [want]


def test_dig_trace(postern, tmp_path):
    """From a root of our own over a delegation with glue."""
    with Nsd(tmp_path, {".": "ns.test. A 127.0.0.1\n"
                             "zone. NS ns2.zone.\n"
                             "ns2.zone. A 127.0.0.2\n"}) as top, \
            Nsd(tmp_path, {"zone": "www A 192.0.2.77\n"}, host="127.0.0.2",
                port=top.port):
        out = "\n".join(lines(
            postern, "dig", "@127.0.0.1:%d" % top.port, "-p", str(top.port),
            "+trace", "www.zone"))
    steps = out.strip().split("\n\n")
    assert steps[0].startswith(
        ".                       60      IN      NS      ns.test.\n")
    assert "\n;; Received " in steps[0]
    assert steps[1].startswith(
        "zone.                   60      IN      NS      ns2.zone.\n")
    assert "from 127.0.0.1:%d(ns.test) in " % top.port in steps[1]
    assert steps[2].startswith(
        "www.zone.               60      IN      A       192.0.2.77\n")
    assert "from 127.0.0.2:%d(ns2.zone) in " % top.port in steps[2]
    assert len(steps) == 3


@pytest.mark.skipif(not netns.possible(), reason="name servers on port 53")
def test_dig_trace_over_three_servers(tmp_path):
    """As on the internet: a root, a TLD and a zone, each on its own machine,
    at port 53."""
    root = ("ns.test. A 203.0.113.1\n"
            "net. NS a.nic.net.\na.nic.net. A 203.0.113.2\n")
    net = ("a.nic A 203.0.113.2\n"
           "example NS ns.example\nns.example A 203.0.113.3\n")
    config = CONFIG.replace("  enabled: no",
                            '  servers: [ "203.0.113.1:53" ]')
    with netns.Network(), \
            Nsd(tmp_path, {".": root}, host="203.0.113.1", port=53), \
            Nsd(tmp_path, {"net": net}, host="203.0.113.2", port=53), \
            Nsd(tmp_path, {"example.net": "ns A 203.0.113.3\n"},
                host="203.0.113.3", port=53):
        (tmp_path / "s").mkdir()
        s = Suite(tmp_path / "s", config, start=False)
        with s:
            s.start()
            j = json.loads(run(s, "dig", "--json", "+trace", "ns.example.net",
                               "A").stdout)
            out = "\n".join(lines(s, "dig", "+trace", "ns.example.net"))
            brief = lines(s, "dig", "+trace", "+short", "ns.example.net")
            gone = "\n".join(lines(s, "dig", "+trace", "no.example.net"))
    assert [(m["server"], m.get("server_name")) for m in j] == [
        ("203.0.113.1:53", None), ("203.0.113.1:53", "ns.test"),
        ("203.0.113.2:53", "a.nic.net"), ("203.0.113.3:53", "ns.example.net")]
    steps = out.strip().split("\n\n")
    for step, begins in zip(steps, (".  ", "net.  ", "example.net.  ",
                                    "ns.example.net.  ")):
        assert step.startswith(begins), out
    assert len(steps) == 4
    assert "IN      A       203.0.113.3\n" in steps[3]
    assert "from 203.0.113.3:53(ns.example.net) in " in steps[3]
    assert brief[-1] == "203.0.113.3"
    assert "from 203.0.113.3:53(ns.example.net) in " in gone
    assert "SOA" in gone.strip().split("\n\n")[-1]


def test_a_server_with_an_ipv6_address(tmp_path):
    """lookupd opens other sockets then, and sets other options on them."""
    with Nsd(tmp_path, {"example.com": "www A 192.0.2.9\n"}, host="::1") as n:
        (tmp_path / "s").mkdir()
        with Suite(tmp_path / "s", CONFIG.replace(
                "  enabled: no", '  servers: [ "[::1]:%d" ]' % n.port)) as s:
            (said,) = lines(s, "nslookup", "www.example.com")
            assert of_a_minute(said) == "A=192.0.2.9 TTL=1m"
            assert lines(s, "dig", "+short", "www.example.com") == [
                "192.0.2.9"]
            assert "was ended" not in s.output()


# that every resolver knows; "b" has had several
A_ROOT, *ROOTS = """198.41.0.4 170.247.170.2 199.9.14.201 192.33.4.12
199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 192.36.148.17
192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33""".split()


@pytest.mark.skipif(not netns.possible(), reason="the root is at its address")
def test_from_the_root(tmp_path):
    """No servers anywhere: the gateway and `dig` go down from the root, also
    to servers whose addresses lie elsewhere."""
    root = ("net. NS a.nic.net.\na.nic.net. A 203.0.113.2\n"
            "org. NS a.nic.net.\ntest. NS ns.test.\n"
            "ns.test. A %s\n" % A_ROOT)
    net = ("a.nic A 203.0.113.2\n"
           "example NS ns.example\nns.example A 203.0.113.3\n")
    none = tmp_path / "resolv.conf"
    none.write_text("")
    (tmp_path / "s").mkdir()
    alone = ["unshare", "-m", "sh", "-ec",
             'mount --bind %s /etc/resolv.conf; exec "$@"' % none, "x"]
    with netns.Network() as network:
        network.add(A_ROOT, *ROOTS)
        with Nsd(tmp_path, {".": root}, host=A_ROOT, port=53, more=ROOTS), \
                Nsd(tmp_path, {"net": net,
                               "org": "example NS ns.example.net.\n"},
                    host="203.0.113.2", port=53), \
                Nsd(tmp_path, {"example.net": "ns A 203.0.113.3\n",
                               "example.org": "www A 192.0.2.80\n"},
                    host="203.0.113.3", port=53):
            s = Suite(tmp_path / "s", CONFIG.replace(
                "  enabled: no", "  timeout: 5"), start=False)
            s.wrap = alone
            with s:
                s.start()

                def ask(*words):
                    return subprocess.run(
                        [*alone, str(BIN / "postern"), "--root", str(s.root),
                         *words], capture_output=True, text=True,
                        timeout=60).stdout

                assert of_a_minute(ask("nslookup", "www.example.org")) == (
                    "A=192.0.2.80 TTL=1m\n")
                assert ask("dig", "+short", "www.example.org") == (
                    "192.0.2.80\n")
                j = json.loads(ask("dig", "--json", "+trace",
                                   "www.example.org"))
                assert "was ended" not in s.output()
    assert [(m["server"], m.get("server_name")) for m in j] == [
        (None, None), (A_ROOT + ":53", "ns.test"),
        ("203.0.113.2:53", "a.nic.net"), ("203.0.113.3:53", "ns.example.net")]
    assert j[3]["answer"][0]["data"] == "192.0.2.80"


# --- dnscheck ---

def test_dnscheck(postern, nsd):
    assert lines(postern, "dnscheck", "Management") == [
        "Management (127.0.0.1), HELO mail3.example.com:",
        "This is a private address; others may see another one.",
        "PASS  DNS PTR record: 127.0.0.1 is mail3.example.com.",
        "PASS  DNS A record: mail3.example.com has the address 127.0.0.1.",
        "PASS  HELO match: HELO says mail3.example.com, as the PTR record "
        "does.",
        "PASS  Mail server for late bounces: mail for mail3.example.com goes "
        "to mail3.example.com.",
        "Ports in use: out 25 (delivery), out %d (DNS)." % nsd.port]


def test_dnscheck_fails(postern):
    out = lines(postern, "dnscheck", "PrivateNet", status=1)
    assert out[2:6] == [
        "PASS  DNS PTR record: 127.0.0.9 is odd.example.com.",
        "PASS  DNS A record: odd.example.com has the address 127.0.0.9.",
        "FAIL  HELO match: HELO says mail4.example.com, and the address is "
        "odd.example.com.",
        "FAIL  Mail server for late bounces: mail4.example.com has no MX "
        "record (NXDomain): late bounces may not come back."]


def test_dnscheck_asks(shell):
    shell.say("dnscheck")
    shell.answer(("\nWhich interface do you want to check?\n1. All\n"
                  "2. Management\n3. PrivateNet\n4. Loopback\n[1]> ", "2"))
    assert shell.expect(PROMPT).count("PASS") == 4


def test_without_a_gateway(tmp_path):
    (tmp_path / "s").mkdir()
    s = Suite(tmp_path / "s", CONFIG, start=False)
    for words in (["nslookup", "example.com"], ["dnscheck"]):
        r = run(s, *words)
        assert r.returncode == 4 and r.stdout == ""
        assert r.stderr.startswith(
            ("Postern is not running", "No configuration is in force."))


# --- netstat ---

KINDS = ("1. List of active sockets.\n2. State of network interfaces.\n"
         "3. Contents of routing tables.\n4. Size of the listen queues.\n"
         "5. Packet traffic information.\n")
CHOOSE = "\nChoose the information you want to display:\n" + KINDS + "[1]> "
VERSION = "Select the IP version:\n1. IPv4\n2. IPv6\n3. Both\n[3]> "


def test_netstat_as_in_the_transcript(shell, postern):
    with socket.create_connection(("127.0.0.1", postern.port)) as s:
        ours = s.getsockname()[1]
        shell.say("netstat")
        shell.answer((CHOOSE, "1"), (VERSION, "1"),
                     ("Show network addresses as numbers? [N]> ", "y"))
        out = shell.expect(PROMPT).split("\n")
    assert out[:3] == [
        "", "Active Internet connections (including servers)",
        "Proto Recv-Q Send-Q  Local Address          Foreign Address"
        "        (state)"]
    assert "tcp4       0      0  %-22s %-22s LISTEN" % (
        "127.0.0.1.%d" % postern.port, "*.*") in out
    # what the other side has sent already may be in the queue
    assert any(re.fullmatch(
        r"tcp4 +\d+ +0  127\.0\.0\.1\.%d +127\.0\.0\.1\.%d +ESTABLISHED"
        % (ours, postern.port), line) for line in out), out


def test_netstat_asks_for_the_others(shell):
    shell.say("netstat")
    shell.answer((CHOOSE, "2"),
                 ("Show the number of bytes in and out? [N]> ", "y"),
                 ("Show the number of dropped packets? [N]> ", "n"))
    out = shell.expect(PROMPT)
    assert re.match(r"\nName +Mtu Address +Ipkts +Ierrs +Ibytes +Opkts +Oerrs"
                    r" +Obytes +Coll\n", out)
    assert re.search(r"\nlo +\d+ 00:00:00:00:00:00 ", out)
    shell.say("netstat")
    shell.answer((CHOOSE, "3"), (VERSION, "3"),
                 ("Show network addresses as numbers? [N]> ", "y"))
    assert shell.expect(PROMPT).startswith("\nRouting tables\n")
    shell.say("netstat")
    shell.answer((CHOOSE, "4"))
    assert re.search(r"\ntcp4  0/\d+ +127\.0\.0\.1\.\d+ *\n",
                     shell.expect(PROMPT))
    shell.say("netstat")
    shell.answer((CHOOSE, "5"))
    before = shell.expect("[1]> ")
    assert before.startswith(
        "Select the network interface:\n1. All\n2. lo\n")
    shell.say("2")
    shell.expect("Enter the number of seconds between displays.\n[10]> ")
    shell.say("1")
    shell.expect("Hit Ctrl-C to return to the main prompt.\n\n")
    assert shell.expect("colls\n").split()[:3] == ["input", "lo", "output"]
    shell.interrupt()
    shell.expect(PROMPT)


def test_netstat_for_programs(postern):
    j = json.loads(run(postern, "netstat", "sockets", "-n",
                       "--json").stdout)
    local = [s["local"] for s in j["sockets"] if s["state"] == "LISTEN"]
    assert {"address": "127.0.0.1", "port": postern.port} in local
    j = json.loads(run(postern, "netstat", "interfaces", "--json").stdout)
    lo = [i for i in j["interfaces"] if i["name"] == "lo"][0]
    assert "127.0.0.1/8" in lo["addresses"] and lo["in_bytes"] > 0
    j = json.loads(run(postern, "netstat", "listen", "--json").stdout)
    # a queue as long as the listener is to have
    assert all(s["send_q"] > 0 for s in j["listen_queues"])
    j = json.loads(run(postern, "netstat", "routes", "--json").stdout)
    assert isinstance(j["routes"], list)
    j = json.loads(run(postern, "netstat", "traffic", "lo", "1", "1",
                       "--json").stdout)
    assert j["interface"] == "lo" and j["in_packets"] == 0
    # names come from the gateway
    j = json.loads(run(postern, "netstat", "listen", "v4", "--json").stdout)
    mine = [s for s in j["listen_queues"]
            if s["local"]["port"] == postern.port][0]
    assert mine["local"]["host"] == "mail3.example.com"


# --- telnet ---

WHICH = ("%s\n1. Auto\n2. Management (127.0.0.1/8: mail3.example.com)\n"
         "3. PrivateNet (127.0.0.9: mail4.example.com)\n"
         "4. Loopback (127.0.0.1/8: mail3.example.com)\n[1]> ")


def test_telnet_as_in_the_transcript(shell, postern):
    """From one interface to a listener of another."""
    shell.say("telnet")
    shell.answer(
        (WHICH % "\nPlease select which interface you want to telnet from.",
         "3"),
        ("\nEnter the remote hostname or IP address.\n[]> ",
         "mail3.example.com"),
        ("\nEnter the remote port.\n[25]> ", str(postern.port)))
    assert shell.expect("220 mail3.example.com") == (
        "\nTrying 127.0.0.1...\nConnected to mail3.example.com.\n"
        "Escape character is '^]'.\n")
    shell.expect("\n")
    shell.say("EHLO there")
    assert shell.expect("250 ").startswith("250-mail3.example.com\n")
    shell.expect("\n")
    shell.send("\x1d")
    shell.expect("telnet> ")
    shell.say("status")
    shell.expect("Connected.\nEscape character is '^]'.\n")
    shell.say("NOOP")
    shell.expect("250 ")
    shell.send("\x1d")
    shell.expect("telnet> ")
    shell.say("quit")
    assert shell.expect(PROMPT) == "Connection closed.\n"
    # the terminal is as it was
    shell.say("telnet auto 127.0.0.1 %d" % postern.port)
    shell.expect("220 mail3.example.com")
    shell.interrupt()
    assert shell.expect(PROMPT).endswith("Connection closed.\n")
    shell.say("version")
    shell.expect(PROMPT)
    # where it came from
    postern.wait_log("address 127.0.0.9 ")


def test_telnet_line(postern):
    """As a part of a script: a line, an answer."""
    with subprocess.Popen(
            [str(BIN / "postern"), "--root", str(postern.root), "telnet",
             "PrivateNet", "mail3.example.com", str(postern.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1) as p:
        assert [p.stdout.readline() for _ in range(3)] == [
            "Trying 127.0.0.1...\n", "Connected to mail3.example.com.\n",
            "Escape character is '^]'.\n"]
        assert p.stdout.readline().startswith("220 ")
        p.stdin.write("QUIT\n")
        assert p.stdout.readline().startswith("221 ")
        assert p.stdout.read() == "Connection closed by foreign host.\n"
        assert p.wait(60) == 0


@pytest.mark.parametrize("words,want", [
    ("127.0.0.1 1",
     "telnet: Unable to connect to remote host: Connection refused"),
    ("nohost.example.com",
     "telnet: cannot resolve nohost.example.com: Unknown host"),
    ("PrivateNet 2001:db8::1",
     "telnet: 2001:db8::1 is an IPv6 address"),
])
def test_telnet_refused(postern, words, want):
    r = run(postern, "telnet", *words.split())
    assert r.returncode in (1, 4) and r.stderr == want + "\n"


# --- ping, traceroute ---

def may_ping():
    """The right to send echo requests; loopback needs nothing else."""
    return run_alone("ping", "127.0.0.1", "1").returncode == 0


def run_alone(*words):
    return subprocess.run([str(BIN / "postern"), "--root", str(BIN), *words],
                          capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


needs_right = pytest.mark.skipif(not may_ping(), reason="may not ping")


@needs_right
def test_ping_as_in_the_transcript(shell):
    shell.say("ping")
    shell.answer(
        (WHICH % "\nWhich interface do you want to send the pings from?",
         "3"),
        ("\nPlease enter the host you wish to ping.\n[]> ",
         "mail3.example.com"))
    assert shell.expect("64 bytes from ") == (
        "\nPress Ctrl-C to stop.\n"
        "PING mail3.example.com (127.0.0.1): 56 data bytes\n")
    shell.expect(" ms\n")
    shell.interrupt()
    out = shell.expect(PROMPT)
    assert re.search(
        r"\n--- mail3\.example\.com ping statistics ---\n"
        r"(\d+) packets transmitted, \1 packets received, 0% packet loss\n"
        r"round-trip min/avg/max/stddev = (\d+\.\d{3}/){3}\d+\.\d{3} ms\n",
        out), out


@needs_right
def test_ping_line(postern):
    out = lines(postern, "ping", "PrivateNet", "127.0.0.1", "1")
    assert out[0] == "PING 127.0.0.1 (127.0.0.1): 56 data bytes"
    assert re.fullmatch(r"64 bytes from 127\.0\.0\.1: icmp_seq=0 ttl=64 "
                        r"time=\d+\.\d{3} ms", out[1])
    assert out[4] == ("1 packets transmitted, 1 packets received, "
                      "0% packet loss")
    j = json.loads(run(postern, "ping", "127.0.0.1", "1", "--json").stdout)
    assert j["received"] == 1 and j["replies"][0]["seq"] == 0
    assert j["min_us"] == j["max_us"] > 0


@pytest.mark.parametrize("words,status,want", [
    ("ping nohost.example.com", 1,
     "ping: cannot resolve nohost.example.com: Unknown host"),
    ("ping6 mail3.example.com", 1,
     "ping6: cannot resolve mail3.example.com: Unknown host"),
    ("ping ::1", 1, "ping: ::1 is an IPv6 address"),
    ("ping a.down", 4, "ping: cannot resolve a.down: the DNS gives no answer "
     "(ServFail)"),
    ("telnet a.down", 4, "telnet: cannot resolve a.down: the DNS gives no "
     "answer (ServFail)"),
    ("ping Nowhere 127.0.0.1", 1, 'There is no interface "Nowhere"; there '
     "are: auto, Management, PrivateNet, Loopback"),
    ("telnet Nowhere 127.0.0.1 25", 1, 'There is no interface "Nowhere"; there '
     "are: auto, Management, PrivateNet, Loopback"),
    ("traceroute Nowhere 127.0.0.1", 1, 'There is no interface "Nowhere"; '
     "there are: auto, Management, PrivateNet, Loopback"),
    ("traceroute nohost.example.com", 1,
     "traceroute: cannot resolve nohost.example.com: Unknown host"),
    ("traceroute6 127.0.0.1", 1, "traceroute6: 127.0.0.1 is an IPv4 address"),
])
def test_ping_refused(postern, words, status, want):
    assert lines(postern, *words.split(), status=status) == [want]


@pytest.mark.skipif(not ROOT_USER, reason="takes rights away")
def test_ping_without_the_right(postern, folder):
    """A message, not a silence; traceroute needs none."""
    tool = folder / "postern"
    shutil.copy(BIN / "postern", tool)
    tool.chmod(0o755)

    def as_nobody(*words):
        return subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534",
             "--clear-groups", str(tool), "--root", str(folder), *words],
            capture_output=True, text=True, timeout=60, cwd="/",
            stdin=subprocess.DEVNULL)
    group = open("/proc/sys/net/ipv4/ping_group_range").read().split()
    if int(group[0]) > 65534 or int(group[1]) < 65534:
        r = as_nobody("ping", "127.0.0.1", "1")
        assert r.returncode == 3 and r.stdout == ""
        assert r.stderr.startswith(
            "ping: you have no right to send echo requests: ")
    assert as_nobody("traceroute", "127.0.0.1").returncode == 0


def test_traceroute_as_in_the_transcript(shell):
    shell.say("traceroute")
    shell.answer(
        (WHICH % "\nWhich interface do you want to trace from?", "1"),
        ("\nPlease enter the host to which you want to trace the route.\n"
         "[]> ", "127.0.0.1"))
    out = shell.expect(PROMPT)
    assert re.fullmatch(
        r"\nPress Ctrl-C to stop\.\n"
        r"traceroute to 127\.0\.0\.1 \(127\.0\.0\.1\), 64 hops max, "
        r"44 byte packets\n"
        r" 1 mail3\.example\.com \(127\.0\.0\.1\)( \d+\.\d{3} ms){3}\n",
        out), out


@pytest.mark.skipif(not netns.possible(), reason="makes a network")
@pytest.mark.parametrize("command", ["ping", "traceroute"])
def test_there_is_no_way(folder, command):
    """It is said at once, not after all hops."""
    with netns.Network():
        r = subprocess.run([str(BIN / "postern"), "--root", str(folder),
                            command, "198.51.100.7"], capture_output=True,
                           text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert r.returncode == 4
    assert r.stderr.startswith(command + ": ")
    assert r.stderr.endswith("Network is unreachable\n")


# --- diagnostic ---

TOP = ("\nChoose the operation you want to perform:\n"
       "- DISK_USAGE - Check Disk Usage.\n"
       "- NETWORK - Network Utilities.\n"
       "- SERVICES - Service Utilities.\n"
       "- RELOAD - Reset configuration to the initial manufacturer values.\n"
       "[]> ")
NETWORK = ("\nChoose the operation you want to perform:\n"
           "- FLUSH - Flush all network related caches.\n"
           "- ARPSHOW - Show system ARP cache.\n"
           "- NDPSHOW - Show system NDP cache.\n"
           "- SMTPPING - Test a remote SMTP server.\n"
           "- TCPDUMP - Dump ethernet packets.\n"
           "- TCPSERVICES - Show which processes listen on which ports.\n"
           "- DNSCHECK - Check what the DNS says of our own addresses.\n"
           "[]> ")


def test_diagnostic_dialogue(shell, postern):
    shell.say("diagnostic")
    shell.answer((TOP, "network"), (NETWORK, "tcpservices"))
    out = shell.expect(NETWORK)
    assert out.startswith("\nCOMMAND ")
    listens = [line.split() for line in out.split("\n")
               if "127.0.0.1.%d " % postern.port in line + " "]
    # the master owns the listening sockets, and smtpd has them
    assert {"postern-master", "postern-smtpd"} & {w[0] for w in listens}
    shell.say("dnscheck")
    shell.expect("[1]> ")
    shell.say("2")
    assert shell.expect(NETWORK).count("PASS") == 4
    shell.say("smtpping")
    shell.expect("> ")
    shell.interrupt()
    shell.expect(PROMPT)
    shell.say("diagnostic services status")
    assert re.search(r"\nlookupd +0 +\d+ ready\n", shell.expect(PROMPT))


def test_diagnostic_line(postern):
    assert lines(postern, "diagnostic", "dns", "flush")[0] == \
        "Flushing DNS cache."
    r = run(postern, "diagnostic", "network", "smtpping")
    assert r.returncode == 2 and "Usage: smtpping " in r.stderr
    for words in (["network"], ["network", "nothing"], ["disk"],
                  ["network", "flush", "x"]):
        r = run(postern, "diagnostic", *words)
        assert r.returncode == 2 and "Usage: diagnostic " in r.stderr
