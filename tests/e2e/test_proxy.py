"""Behind a load balancer: PROXY headers, by hand, by swaks, by haproxy."""
import contextlib
import socket
import struct
import subprocess

import pytest

from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import PEERS, Client, wait_for

BEHIND = CONFIG.replace(
    "    interface: Loopback\n    port: @PORT@\n",
    "    interface: Loopback\n    port: @PORT@\n"
    "    proxy_protocol: [ 127.0.0.1, 127.1.0.0/16 ]\n").replace(
    "        - name: ALL\n          policy: $ACCEPTED\n",
    "        - { name: BAD, policy: $BLOCKED, entries: [ 203.0.113.0/24 ] }\n"
    "        - name: ALL\n          policy: $ACCEPTED\n").replace(
    "        max_concurrency: 1000\n        max_msgs",
    "        max_concurrency: 2\n        max_msgs")
SIGN = b"\r\n\r\n\0\r\nQUIT\n"


def v1(client="198.51.100.7"):
    return b"PROXY TCP4 %s 192.0.2.10 4711 25\r\n" % client.encode()


def v2(client="198.51.100.7", values=b""):
    body = (socket.inet_aton(client) + socket.inet_aton("192.0.2.10")
            + struct.pack(">HH", 4711, 25) + values)
    return SIGN + b"\x21\x11" + struct.pack(">H", len(body)) + body


def connect(postern, header, source=None):
    c = Client(postern.port, greet=False, source=source)
    c.send(header)
    return c


def gone(c):
    """Closed, without a word."""
    try:
        return c.reply() is None
    except ConnectionError:
        return True


@pytest.mark.parametrize("header", [v1(), v2(), v2(values=b"\x04\0\3abc")])
def test_idt_02_the_client_is_who_the_header_says(make_suite, header):
    postern = make_suite(BEHIND)
    with Sink(postern.sink_port) as sink:
        with connect(postern, header) as c:
            assert c.reply()[0] == 220
            assert c.cmd("EHLO c.test")[0] == 250
            assert c.mail()[0] == 250
        sink.wait(1)
        assert b"(HELO c.test) (198.51.100.7)" in sink.messages[0].body
    line = postern.wait_log("New SMTP ICID")[0]
    assert "interface Loopback (192.0.2.10) address 198.51.100.7" in line
    postern.wait_log("ACCEPT SG None match ALL")


def test_idt_02_byte_by_byte(make_suite):
    postern = make_suite(BEHIND)
    for header in (v1(), v2()):
        with connect(postern, b"") as c:
            for i in range(len(header)):
                c.send(header[i:i + 1])
            assert c.reply()[0] == 220
            assert c.cmd("EHLO c.test")[0] == 250


def test_idt_02_table_and_limits_hold_for_the_client(make_suite):
    postern = make_suite(BEHIND)
    with connect(postern, v1("203.0.113.9")) as c:
        assert c.reply()[0] == 554
    with contextlib.ExitStack() as held:
        for _ in range(2):
            c = held.enter_context(connect(postern, v1()))
            assert c.reply()[0] == 220
        with connect(postern, v2()) as c:
            assert c.reply() == (
                421, ["4.4.5 Too many connections from your host"])
        with connect(postern, v2("198.51.100.8")) as c:
            assert c.reply()[0] == 220


def test_smg_07_early_talkers_behind_a_balancer(make_suite):
    postern = make_suite(BEHIND)
    with connect(postern, v1() + b"EHLO c.test\r\n") as c:
        assert c.reply()[0] == 554


@pytest.mark.parametrize("header", [
    SIGN + b"\x20\0\0\0", b"PROXY UNKNOWN\r\n", SIGN + b"\x21\0\0\0"])
def test_idt_02_a_balancer_that_looks_whether_we_are_there(make_suite, header):
    postern = make_suite(BEHIND)
    with connect(postern, header, source="127.1.2.3") as c:
        assert c.reply()[0] == 220
        assert c.cmd("QUIT")[0] == 221
    assert "address 127.1.2.3" in postern.wait_log("New SMTP ICID")[0]
    # one that only connects leaves no trace
    with connect(postern, b""):
        pass
    assert len([l for l in postern.log() if "New SMTP" in l]) == 1


@pytest.mark.parametrize("header", [
    b"EHLO c.test\r\n", b"PROXY TCP4 1.2.3.4\r\n", SIGN + b"\x21\x12\0\0",
    b"PROXY UNKNOWN" + b" " * 200, SIGN + b"\x21\x11\xff\xff"])
def test_idt_02_malformed(make_suite, header):
    postern = make_suite(BEHIND)
    with connect(postern, header) as c:
        assert gone(c)
    postern.wait_log("listener InboundMail: the PROXY header of 127.0.0.1 "
                     "is malformed; connection closed")
    assert not any("ICID" in l for l in postern.log())


def test_idt_02_no_header(make_suite):
    postern = make_suite(BEHIND)
    with connect(postern, b"PROXY TCP4 ") as c:
        assert c.silent()
        assert gone(c)          # after five seconds
    postern.wait_log("the PROXY header of 127.0.0.1 did not come in time")


def test_idt_01_not_from_others(make_suite):
    postern = make_suite(BEHIND)
    with Client(postern.port, source="127.2.0.1") as c:
        assert c.cmd(v1())[0] == 500
        assert c.mail()[0] == 250
    assert "address 127.2.0.1" in postern.wait_log("New SMTP ICID")[0]


def test_idt_02_stop_and_many_that_wait(make_suite):
    postern = make_suite(BEHIND)
    waiting = [connect(postern, b"PROX") for _ in range(20)]
    with connect(postern, v1()) as c:
        assert c.reply()[0] == 220
    postern.stop()
    assert all(gone(c) for c in waiting)


@pytest.mark.parametrize("version", ["1", "2"])
def test_idt_02_swaks(make_suite, version):
    postern = make_suite(BEHIND)
    family = {"1": "TCP4", "2": "AF_INET"}[version]
    with Sink(postern.sink_port) as sink:
        r = subprocess.run(
            ["swaks", "--server", "127.0.0.1:%d" % postern.port, "--helo",
             "c.test", "--from", "s@client.test", "--to", "r@example.com",
             "--proxy-version", version, "--proxy-family", family,
             "--proxy-source", "198.51.100.7", "--proxy-source-port", "4711",
             "--proxy-dest", "192.0.2.10", "--proxy-dest-port", "25"],
            capture_output=True, text=True, timeout=60)
        assert r.returncode == 0, r.stdout
        sink.wait(1)
        assert b"(198.51.100.7)" in sink.messages[0].body


HAPROXY = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen v1
  bind 127.0.0.1:%(v1)d
  server postern 127.0.0.1:%(port)d send-proxy
listen v2
  bind 127.0.0.1:%(v2)d
  server postern 127.0.0.1:%(port)d send-proxy-v2 check inter 200ms
listen v2crc
  bind 127.0.0.1:%(v2crc)d
  server postern 127.0.0.1:%(port)d send-proxy-v2 proxy-v2-options crc32c,unique-id
"""


def test_idt_02_haproxy(make_suite, folder):
    postern = make_suite(BEHIND)
    ports = {n: free_port() for n in ("v1", "v2", "v2crc")}
    conf = folder / "haproxy.cfg"
    conf.write_text(HAPROXY % dict(ports, port=postern.port))
    proxy = subprocess.Popen([str(PEERS / "haproxy"), "-db", "-f", str(conf)],
                             stdout=subprocess.DEVNULL)
    try:
        for i, (name, port) in enumerate(ports.items()):
            source = "127.7.0.%d" % (i + 1)
            wait_for("haproxy", lambda: up(port))
            with Client(port, source=source) as c:
                assert c.mail()[0] == 250, name
            assert "(127.0.0.1) address %s" % source in postern.wait_log(
                "address 127.7.0.%d" % (i + 1))[0]
    finally:
        proxy.terminate()
        proxy.wait(60)


def up(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
