"""One session twice: through the running gateway, and through trace.

    session = Session("InboundMail", port, source="127.1.2.3", ...)
    said = trace(postern, session)
    assert live(session) == expected(session, said)

What trace says is turned into what a client must then hear, byte for byte.
"""
import base64
import dataclasses
import json
import re
import tempfile

import qmqp
from suite import Client, stuff

BODY = (b"From: Joe <joe@client.test>\r\nTo: anna@example.com\r\n"
        b"Subject: twice\r\n\r\nHello.\r\n")
RESET = "reset"
# every variable of a banner, and one that there is not
BANNER = "$Group|$HATEntry|$Hostname|$RemoteIP|$OrgID|$Other"


@dataclasses.dataclass
class Session:
    listener: str
    port: int
    source: str = "127.0.0.1"
    sender: str = "joe@client.test"
    rcpts: tuple = ("anna@example.com",)
    body: bytes = BODY
    smtputf8: bool = False
    tag: str = ""
    name: str = ""              # of the client; empty: looked up
    login: tuple = ()           # user, password: of who authenticates

    @property
    def content(self):
        """The body with a header line by which the sink's copy is found."""
        tag = b"X-Tag: %s\r\n" % self.tag.encode() if self.tag else b""
        return tag + self.body


@dataclasses.dataclass
class Heard:
    """Replies: (code, [line, ...]), RESET, or None where it did not come
    so far."""
    connect: object = None
    mail: object = None
    rcpts: list = dataclasses.field(default_factory=list)
    data: object = None


# --- trace ---

def trace(postern, s, *more, text=False):
    """The report of `postern trace`, as --json has it or as text."""
    with tempfile.NamedTemporaryFile() as f:
        # a message file is as SMTP has it: dots at the start are doubled
        f.write(stuff(s.content))
        f.flush()
        words = ["trace", "--source-ip", s.source, "--listener", s.listener,
                 "--sender=" + (s.sender or "<>"),
                 "--recipients=" + ",".join(s.rcpts), "--file", f.name]
        if s.smtputf8:
            words.append("--smtputf8")
        if s.name:
            words += ["--fqdn", s.name]
        if s.login:
            words += ["--auth-user", s.login[0]]
        out = postern.postern(*([] if text else ["--json"]), *words, *more,
                              ok=(0, 1))
    return out if text else json.loads(out)


def expected(s, t):
    """What a client hears of whom trace says this."""
    c = t["connection"]
    if c["tcp_refused"]:
        return Heard(RESET)
    if c["refused"] and not c["delayed"]:
        return Heard(wire(c["reply"]))
    h = Heard(wire(c["greeting"]))
    if c["delayed"]:
        h.mail = (250, ["2.1.0 sender <%s> ok" % s.sender])
        h.rcpts = [wire(c["reply"]) for _ in s.rcpts]
    elif t["sender"]["refused"]:
        h.mail = wire(t["sender"]["reply"])
        return h
    else:
        h.mail = (250, ["2.1.0 sender <%s> ok" % given(t["sender"])])
        for r in t["recipients"]:
            h.rcpts.append(wire(r["reply"]) if "reply" in r else
                           (250, ["2.1.5 recipient <%s> ok" % given(r)]))
    if not any(r[0] < 300 for r in h.rcpts):
        h.data = (554, ["5.5.1 no valid recipients"])
    elif t.get("exceeds_maximum_size"):
        h.data = (552, ["5.3.4 message size exceeds limit"])
    elif t["outcome"] == "message refused":
        h.data = wire(t["reply"])
    else:
        h.data = (250, ["2.0.0 ok:  Message N accepted"])
    return h


def given(point):
    """The address as the parser made it of what was written."""
    for step in point["steps"]:
        if step["step"] == "default domain":
            return step.get("from", "")
    raise AssertionError(point)


def wire(reply):
    status = reply["status"] + " " if reply["status"] else ""
    return reply["code"], [status + l for l in reply["text"].split("\n")]


# --- live ---

def live(s):
    h = Heard()
    try:
        c = Client(s.port, greet=False, source=s.source)
        h.connect = c.reply() or RESET
    except ConnectionResetError:
        h.connect = RESET
    if h.connect == RESET or h.connect[0] != 220:
        return h
    with c:
        return talk(c, s, h)


def talk(c, s, h):
    """From EHLO on."""
    assert c.cmd("EHLO TEST")[0] == 250
    if s.login:
        c.cmd("AUTH PLAIN " + base64.b64encode(
            ("\0%s\0%s" % s.login).encode()).decode())
    h.mail = c.cmd(b"MAIL FROM:" + path(s.sender)
                   + (b" SMTPUTF8" if s.smtputf8 else b"") + b"\r\n")
    if h.mail[0] != 250:
        return h
    h.rcpts = [c.cmd(b"RCPT TO:" + path(r) + b"\r\n") for r in s.rcpts]
    h.data = c.cmd("DATA")
    if h.data[0] == 354:
        c.send(stuff(s.content) + b".\r\n")
        code, text = c.reply()
        h.data = code, [re.sub(r"Message \d+ ", "Message N ", l)
                        for l in text]
    return h


# --- QMQP: the same session as one request ---

def live_qmqp(s):
    body = s.content.replace(b"\r\n", b"\n")
    a = qmqp.send(s.port, body, s.sender, s.rcpts, source=s.source)
    if isinstance(a, tuple) and a[0] == "K":
        return "K", re.sub(r"Message \d+ ", "Message N ", a[1])
    return a


def expected_qmqp(s, t):
    """One answer for all, of whom trace says this."""
    c = t["connection"]
    if c["tcp_refused"]:
        return "reset"
    if c["refused"]:
        return one_answer(c["reply"])
    if t["sender"]["refused"]:
        return one_answer(t["sender"]["reply"], s.sender)
    no = [one_answer(r["reply"], r["given"]) for r in t["recipients"]
          if r["refused"]]
    for kind in "DZ":
        for a in no:
            if a[0] == kind:
                return a
    if t.get("exceeds_maximum_size"):
        return "D", "5.3.4 message size exceeds limit"
    if t["outcome"] == "message refused":
        return one_answer(t["reply"])
    return "K", "ok:  Message N accepted"


def one_answer(reply, address=None):
    words = [reply["status"]] if reply["status"] else []
    if address is not None:
        words.append("<%s>:" % address)
    return "D" if reply["code"] >= 500 else "Z", " ".join(
        words + [reply["text"].replace("\n", " ")])


class Player:
    """Plays any client, one after another, over one connection: XCLIENT.
    The listener must trust 127.0.0.1."""

    def __init__(self, port):
        self.port, self.client, self.connections = port, None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def hang_up(self):
        if self.client is not None:
            self.client.close()
        self.client = None

    def live(self, s):
        """As live(), from whatever address and name the session has."""
        if self.client is None:
            self.client = Client(self.port, helo=None)
            self.connections += 1
        c, h = self.client, Heard()
        c.send("RSET\r\nXCLIENT ADDR=%s%s%s\r\n" % (
            "IPV6:" if ":" in s.source else "", s.source,
            " NAME=" + s.name if s.name else ""))
        try:
            c.reply()
            h.connect = c.reply() or RESET
        except ConnectionResetError:
            h.connect = RESET
        if h.connect == RESET or h.connect[0] != 220:
            self.hang_up()
            return h
        return talk(c, s, h)


def path(address):
    """People type addresses without brackets; so does trace take them."""
    text = address if address.startswith("<") else "<%s>" % address
    return text.encode("utf-8", "surrogateescape")


def events(postern):
    """What the subscription mail_json has, oldest first."""
    lines = []
    for f in sorted((postern.root / "log/mail_json").glob("*.@*")):
        lines += f.read_text().splitlines()
    return [json.loads(l) for l in lines]


def enough(found, n):
    return found if len(found) >= n else None


def hat_line(t):
    """What the mail log says of the connection."""
    c = t["connection"]
    return "%s SG %s match %s SBRS" % (c["behavior"], c["group"] or "None",
                                       c["entry"])


# --- what arrives ---

def arrived(sink, s):
    """(sender, recipients, body) of that session's message at the sink;
    one message per destination makes one again."""
    mark = b"X-Tag: %s\r\n" % s.tag.encode()
    with sink.lock:
        parts = [m for m in sink.messages
                 if mark in m.body.partition(b"\r\n\r\n")[0] + b"\r\n"]
    if not parts:
        return None
    bodies = {neutral(m.body) for m in parts}
    senders = {m.sender for m in parts}
    assert len(bodies) == 1 and len(senders) == 1, (senders, bodies)
    return (senders.pop(), sorted(r for m in parts for r in m.rcpts),
            bodies.pop())


def promised(t):
    return (t["sender"]["result"],
            sorted(a for r in t["recipients"] if not r["refused"]
                   for a in r.get("expanded", [r["result"]])),
            neutral(t["message"].encode()))


def neutral(body):
    """Without what must differ: the Received line's protocol and date, and
    the numbers of a Message-ID that is ours."""
    body = re.sub(rb"\A(Received: [^\n]*\n +by \S+ with )\S+; [^\r\n]*",
                  rb"\1X; DATE", body, count=1)
    return re.sub(rb"(?m)^(Message-ID: <)[0-9a-f]+\.[0-9]+@", rb"\1N@", body,
                  count=1)


def lines(n, size=70):
    return b"".join(b"%0*d\r\n" % (size - 2, i) for i in range(n))
