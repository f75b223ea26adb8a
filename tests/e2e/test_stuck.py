"""Mail that waits for a host: what an administrator does, step by step, from
the first look to the last message. The DNS and the connection are looked at
with the tools of the system."""
import re
import subprocess

from conftest import CONFIG
from nsd import Nsd
from sink import Sink
from suite import wait_for
from terminal import Terminal

HOST = "mx.postern.test> "
ZONE = """\
ns A 127.0.0.1
xmail MX 5 in1.xmail
xmail MX 10 in2.xmail
in1.xmail A 127.0.0.2
in2.xmail A 127.0.0.3
"""


def test_a_stuck_destination_comes_back(make_suite, folder):
    with Nsd(folder, {"test": ZONE}) as nsd:
        postern = make_suite(CONFIG.replace(
            "  enabled: no", '  servers: [ "127.0.0.1:%d" ]' % nsd.port)
            .replace("  ALL: 127.0.0.1:@SINK_PORT@",
                     "  xmail.test: xmail.test:@SINK_PORT@"))
        with Terminal(postern, prompt=HOST) as t:
            t.expect(HOST)
            walk(postern, nsd, t)


def run(t, line):
    t.say(line)
    return t.expect(HOST)


def walk(postern, nsd, t):
    with postern.client(postern.private_port) as c:
        for i in range(3):
            assert c.mail("joe@sender.test", ["user%d@xmail.test" % i])[
                0] == 250
    wait_for("both hosts to be down", lambda: postern.ask(
        "hoststatus", "xmail.test")["host_up_down"] == "down")

    # 1: what waits, and where
    out = run(t, "tophosts active_rcpts")
    assert re.search(r"\n1\*  xmail\.test +3 +0 +0 +0 +0\n", out), out

    # 2: the host
    out = run(t, "hoststatus xmail.test")
    assert "Host mail status for: 'xmail.test'\n" in out
    assert re.search(r"\nHost up/down: +down\n", out), out
    for label, n in (("Active Recipients", 3), ("Delivered Recipients", 0),
                     ("Soft Bounced Events", 0),
                     ("Current Outbound Connections", 0)):
        assert re.search(r"%s +%d\n" % (label, n), out), (label, out)
    assert re.search(r"\nNext Retry +\w{3} \w{3} \d\d ", out), out
    assert re.search(r"\n    5 +127\.0\.0\.2 \(down\)\n", out), out
    assert re.search(r"\n    10 +127\.0\.0\.3 \(down\)\n", out), out

    # 3: the DNS, and the connection
    answer = subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(nsd.port), "mx", "xmail.test"],
        capture_output=True, text=True, timeout=60).stdout
    assert re.search(r"xmail\.test\.\s+\d+\s+IN\s+MX\s+5 in1\.xmail\.test\.",
                     answer), answer
    telnet = ["telnet", "127.0.0.2", str(postern.sink_port)]
    refused = subprocess.run(telnet, stdin=subprocess.DEVNULL, timeout=20,
                             capture_output=True, text=True)
    assert "Connection refused" in refused.stdout + refused.stderr

    # 4: the host is back; nothing is tried before its time
    with Sink(postern.sink_port, host="127.0.0.2") as sink:
        with Terminal(postern, argv=telnet) as other:
            other.expect("Connected to 127.0.0.2")
            other.expect("220 ")
        assert not sink.messages

        # 5: now
        assert run(t, "delivernow all") == \
            "Scheduling all messages for delivery.\n"
        sink.wait(3)
        postern.wait_empty()
        out = run(t, "hoststatus xmail.test")
        assert re.search(r"\nHost up/down: +up\n", out), out
        assert re.search(r"Delivered Recipients +3\n", out), out
        out = run(t, "tophosts deliv_rcpts")
        assert re.search(r"\n1   xmail\.test +0 +\d +3 +0 +0\n", out), out
