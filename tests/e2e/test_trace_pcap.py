"""`trace --pcap`: captured conversations of real clients with the running
gateway, said once more, get the same replies and the same end.

A relay between client and gateway writes down what was said; of that packets
are made, of every size, repeated and in another order.
"""
import json
import random
import re
import socket
import subprocess
import threading

import pytest

import pcaps
from conftest import CONFIG
from sink import Sink
from suite import BIN, PEERS, Client, wait_for
from test_packetcapture import needs_right, state

FILTERS = """\
drop_it: if (subject == "^drop") { drop(); }
bounce_it: if (subject == "^bounce") { bounce(); }
mark_it: if (subject == "^mark") { insert-header("X-Mark", "yes"); }
"""
LINKS = {pcaps.RAW: b"", pcaps.NULL: b"\2\0\0\0",
         pcaps.ETHERNET: b"\0" * 12 + b"\x08\0",
         pcaps.SLL: b"\0" * 14 + b"\x08\0",
         pcaps.SLL2: b"\x08\0" + b"\0" * 18}


class Relay:
    """Passes connections on and remembers them: a list of (from the client?,
    bytes) each."""

    def __init__(self, port):
        self.to, self.talks = port, []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.sock.accept()[0]
            except OSError:
                return
            talk = []
            self.talks.append(talk)
            server = socket.create_connection(("127.0.0.1", self.to))
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.copy, args=(*pair, talk),
                                 daemon=True).start()

    @staticmethod
    def copy(source, to, is_client, talk):
        while True:
            try:
                data = source.recv(65536)
                if data:
                    talk.append((is_client, data))
                    to.sendall(data)
                    continue
                to.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def packets(talk, number, server_port, step, v6=False, client="127.0.0.1"):
    """The packets of one conversation, in pieces of `step` bytes."""
    ends = ("2001:db8::1", "2001:db8::2") if v6 else (client, "127.0.0.1")
    port = 40000 + number
    seq = {True: 0xfffffff0 + number, False: 77}    # across the end of it
    made = []

    def add(is_client, flags, payload=b""):
        a, b = (port, server_port), (server_port, port)
        made.append(pcaps.tcp(
            *(ends if is_client else ends[::-1]), a if is_client else b,
            seq[is_client], seq[not is_client], flags, payload, v6))
        seq[is_client] += len(payload) + bool(flags & 3)

    add(True, 2)
    add(False, 0x12)
    add(True, 0x10)
    for is_client, data in talk:
        for at in range(0, len(data), step):
            add(is_client, 0x18, data[at:at + step])
    add(True, 0x11)
    add(False, 0x11)
    add(True, 0x10)
    return made


def stir(made, dice):
    """Some twice, and neighbours in another order."""
    out = []
    for p in made:
        out.append(p)
        if dice.random() < 0.1:
            out.append(p)
    for i in range(len(out) - 1):
        if dice.random() < 0.3:
            out[i], out[i + 1] = out[i + 1], out[i]
    return out


def save(path, talks, port, step, link=pcaps.RAW, dice=None, lose=None,
         v6=False, client="127.0.0.1"):
    made = []
    for n, talk in enumerate(talks):
        one = packets(talk, n, port, step, v6, client)
        if lose is not None:
            del one[lose]
        made += stir(one, dice) if dice else one
    pcaps.write(path, link, [(1.7e9 + i / 1000, LINKS[link] + p)
                             for i, p in enumerate(made)])
    return path


def replay(postern, path, *more):
    return json.loads(postern.postern("--json", "trace", "--pcap", path,
                                      *more))


def neutral(text):
    return re.sub(r"Message \d+ ", "Message N ", text)


def agrees(session, end="quit"):
    """Each reply is the captured one."""
    for step in session["steps"]:
        assert neutral(step["reply"]) == neutral(step["captured"]), step
    assert session["end"] == end and not session["gaps"]


def logged(postern, mid):
    """What became of a message, by the mail log."""
    text = "\n".join(f.read_text() for f in
                     (postern.root / "log/mail_logs").glob("*.@*"))
    if "MID %d queued for delivery" % mid in text:
        return "queued"
    if re.search(r"MID %d .*dropped by filter|Message aborted MID %d Dropped"
                 % (mid, mid), text):
        return "dropped in work queue"
    if re.search(r"(bounced|Bounced).* MID %d |MID %d .*bounced by"
                 % (mid, mid), text):
        return "bounced in work queue"
    return None


def mids(session):
    """Of the messages that the live gateway accepted, in order."""
    return [int(m) for s in session["steps"]
            for m in re.findall(r"Message (\d+) accepted",
                                s["captured"] or "")]


def same_ends(postern, session):
    accepted = [m for m in session["messages"] if m["accepted"]]
    live = mids(session)
    assert len(accepted) == len(live)
    for m, mid in zip(accepted, live):
        assert wait_for("the log", lambda: logged(postern, mid)) == \
            m["outcome"]


@pytest.fixture
def gateway(make_suite):
    postern = make_suite(CONFIG, start=False)
    folder = postern.root / "etc/filters"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    (folder / "message_filters").write_text(FILTERS)
    (folder / "message_filters").chmod(0o644)
    postern.start()
    with Sink(postern.sink_port):
        yield postern


def swaks(port, *more):
    subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(port),
                    "--from", "joe@client.test", *more],
                   capture_output=True, timeout=60)


def everyday(port):
    """Good and bad, one command at a time and all at once."""
    swaks(port, "--to", "anna@example.com", "--header", "Subject: mark it")
    swaks(port, "--to", "anna@example.com,bob@example.com", "--header",
          "Subject: drop it")
    swaks(port, "--to", "anna@example.com", "--header", "Subject: bounce it",
          "--pipeline")
    swaks(port, "--to", "nobody@elsewhere.test")
    swaks(port, "--to", "anna@example.com", "--from", "bad@b..test")
    subprocess.run([PEERS / "smtp-source", "-4", "-M", "client.test", "-m",
                    "3", "-d", "-s", "1", "-l", "3000", "-f",
                    "joe@client.test", "-t", "anna@example.com",
                    "127.0.0.1:%d" % port], timeout=60, check=True)
    with Client(port) as c:     # all of it in one packet, twice
        c.send("MAIL FROM:<a@client.test> SIZE=100\r\n"
               "RCPT TO:<x@nowhere.test>\r\nRCPT TO:<anna@example.com>\r\n"
               "BDAT 19\r\nSubject: chunks\r\n\r\nBDAT 8 LAST\r\n..dots\r\n"
               "NOOP\r\nNONSENSE\r\nMAIL FROM:<b@client.test>\r\n"
               "RCPT TO:<y@nowhere.test>\r\nRSET\r\nQUIT\r\n")
        while c.reply()[0] != 221:
            pass


def test_every_cut(gateway, tmp_path):
    dice = random.Random(5)
    with Relay(gateway.port) as relay:
        everyday(relay.port)
        talks = relay.talks
    # whole, and against the log
    out = replay(gateway, save(tmp_path / "whole", talks, gateway.port, 1460))
    assert out["link"] == "RAW" and out["other_connections"] == 0
    assert len(out["sessions"]) == len(talks) == 7
    for s in out["sessions"]:
        assert s["listener"] == "InboundMail"
        agrees(s)
        same_ends(gateway, s)
    outcomes = [m["outcome"] for s in out["sessions"] for m in s["messages"]]
    assert set(outcomes) == {"queued", "dropped in work queue",
                             "bounced in work queue", "no recipients",
                             "sender refused"}
    marked = out["sessions"][0]["messages"][0]["trace"]["message"]
    assert "\r\nX-Mark: yes\r\n" in marked
    chunks = out["sessions"][-1]["messages"][0]["trace"]["message"]
    assert chunks.endswith("Subject: chunks\r\n\r\n..dots\r\n")

    def what(o):
        return [([(p["client"], neutral(p["reply"])) for p in s["steps"]],
                 [m["outcome"] for m in s["messages"]])
                for s in o["sessions"]]
    # cut, repeated, in another order, on other networks
    for step, link in ((1, pcaps.RAW), (2, pcaps.NULL), (7, pcaps.ETHERNET),
                       (64, pcaps.SLL), (500, pcaps.SLL2)):
        o = replay(gateway, save(tmp_path / "cut", talks, gateway.port, step,
                                 link, dice))
        assert what(o) == what(out), step
    # a filter picks one
    o = replay(gateway, tmp_path / "whole", "--filter", "port 40003")
    assert what(o) == what(out)[3:4]
    text = gateway.postern("trace", "--pcap", tmp_path / "whole")
    assert " C: RCPT TO:<nobody@elsewhere.test>\n S: 550 " in text
    assert "Message 1 of session 2: dropped in work queue\n" in text
    assert "Processing filter 'drop_it':" in text


def test_what_is_missing_is_named(gateway, tmp_path):
    with Relay(gateway.port) as relay:
        swaks(relay.port, "--to", "anna@example.com")
        talk = relay.talks[0]
    client = [i for i, (c, _) in enumerate(talk) if c]
    for k in range(1, len(client)):
        # three packets of the handshake go before
        path = save(tmp_path / "lost", [talk], gateway.port, 65536,
                    lose=3 + client[k])
        (s,) = replay(gateway, path)["sessions"]
        before = sum(len(d) for c, d in talk[:client[k]] if c)
        assert s["gaps"][0] == {"from": "client", "at": before,
                                "bytes": len(talk[client[k]][1])}
        assert s["end"] == "packets missing"
        assert not any(m["accepted"] for m in s["messages"]) or k > 4
    # without the handshake
    one = packets(talk, 0, gateway.port, 1000)[5:]
    pcaps.write(tmp_path / "middle", pcaps.RAW,
                [(1.7e9, p) for p in one])
    (s,) = replay(gateway, tmp_path / "middle")["sessions"]
    assert s["kind"] == "its beginning is missing" and "steps" not in s


def test_it_follows_the_client_where_servers_part(gateway, tmp_path):
    """Another configuration refuses what was accepted then: what the client
    sent as content is not taken for commands, and the other way round."""
    with Relay(gateway.port) as relay:
        with Client(relay.port) as c:
            c.cmd("MAIL FROM:<joe@client.test>")
            c.cmd("RCPT TO:<anna@example.com>")
            c.cmd("DATA")
            assert c.cmd("Subject: x\r\n\r\nMAIL FROM:<evil@client.test>\r\n"
                         ".")[0] == 250
            c.cmd("MAIL FROM:<second@client.test>")
            c.cmd("RCPT TO:<bob@other.test>")
            c.cmd("DATA")
            c.cmd("RSET")
            c.cmd("MAIL FROM:<third@client.test>")
            c.cmd("RCPT TO:<bob@other.test>")
            c.cmd("QUIT")
        talk = relay.talks[0]
    path = save(tmp_path / "a", [talk], gateway.port, 1000)
    text = (gateway.root / "etc/postern.yaml").read_text()
    (gateway.root / "etc/postern.yaml").write_text(text.replace(
        "      - example.com\n      - .example.com\n",
        "      - other.test\n"))
    (s,) = replay(gateway, path)["sessions"]
    assert [m["sender"] for m in s["messages"]] == [
        "<joe@client.test>", "<second@client.test>", "<third@client.test>"]
    assert [m["outcome"] for m in s["messages"]] == [
        "no recipients", "given up by the client", "given up by the client"]
    assert s["end"] == "quit"
    (s,) = replay(gateway, path, "--committed")["sessions"]
    agrees(s)


def test_tls_and_others(gateway, tmp_path):
    hello = b"\x16\x03\x01\x02\0" + bytes(512)
    talks = [[(True, hello)],
             [(False, b"220 mx ESMTP\r\n"), (True, b"EHLO a.test\r\n"),
              (False, b"250-mx\r\n250 STARTTLS\r\n"), (True, b"STARTTLS\r\n"),
              (False, b"220 go\r\n"), (True, hello)],
             [(True, b"EHLO early.test\r\n"), (False, b"554 no\r\n")]]
    out = replay(gateway, save(tmp_path / "t", talks, gateway.port, 1000))
    tls, starttls, early = out["sessions"]
    assert tls["kind"] == "under TLS from the beginning"
    assert starttls["end"] == "starttls"
    assert early["steps"][0]["reply"].startswith("554 ")
    assert early["end"] == "closed"
    # not mail
    out = replay(gateway, save(tmp_path / "o", [[(True, b"GET / HTTP/1.0")]],
                               8080, 1000))
    assert out["sessions"] == [] and out["other_connections"] == 1


def refused(postern, *words):
    r = subprocess.run([BIN / "postern", "--root", postern.root, "trace",
                        *words], capture_output=True, text=True, timeout=60)
    return r.returncode, r.stderr


def test_wrong_files_and_filters(gateway, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"nothing of the kind")
    code, said = refused(gateway, "--pcap", path)
    assert code == 1 and "unknown file format" in said
    code, said = refused(gateway, "--pcap", tmp_path / "none")
    assert code == 1 and "No such file" in said
    pcaps.write(path, 147, [])
    code, said = refused(gateway, "--pcap", path)
    assert "not understood" in said
    pcaps.write(path, pcaps.RAW, [])
    code, said = refused(gateway, "--pcap", path, "--filter", "tcp prt 25")
    assert code == 2 and 'The filter "tcp prt 25" is wrong: ' in said
    code, said = refused(gateway, "--pcap", path, "--listener", "None")
    assert code == 0    # nobody asks for it


@needs_right
def test_what_packetcapture_wrote(gateway, tmp_path):
    gateway.postern("packetcapture", "setup", "ports=%d" % gateway.port)
    gateway.postern("packetcapture", "start", "--detached")
    name = state(gateway)["file"]
    everyday(gateway.port)
    # the last packets are on their way
    gateway.postern("packetcapture", "stop")
    gateway.postern("packetcapture", "download", name, tmp_path / "c")
    out = replay(gateway, tmp_path / "c")
    piped = subprocess.run(
        "%s --root %s packetcapture download %s - | %s --root %s --json trace "
        "--pcap -" % (BIN / "postern", gateway.root, name, BIN / "postern",
                      gateway.root), shell=True, capture_output=True,
        timeout=60)
    assert json.loads(piped.stdout)["packets"] == out["packets"]
    assert out["link"] == "EN10MB" and len(out["sessions"]) == 7
    for s in out["sessions"]:
        agrees(s)
        same_ends(gateway, s)


def test_ipv6(gateway, tmp_path):
    with Relay(gateway.port) as relay:
        swaks(relay.port, "--to", "anna@example.com")
        talk = relay.talks[0]
    (s,) = replay(gateway, save(tmp_path / "6", [talk], gateway.port, 100,
                                v6=True))["sessions"]
    assert s["client"] == "[2001:db8::1]:40000"
    agrees(s)
