"""The dialogues of the manual pages are true: each is run, and compared.

A dialogue stands in EXAMPLES between `.Bd -literal` and `.Ed`: lines that
begin with "# " are typed at a root shell, what follows is what the terminal
shows; what stands behind a prompt "[...]> " is the answer. A line "..."
stands for any lines. The gateway is that of the pages: see CONFIG.

PAGES_WRITE=1 writes what differs into the pages instead, for whoever writes
one: there the answers alone have to be given, as lines "[]> answer".
"""
import os
import pathlib
import re
import shlex
import subprocess

import pytest

from sink import Sink
from suite import BIN, TOP, Suite, wait_for
from terminal import Terminal
from test_packetcapture import CAPABLE

PAGES = sorted((TOP / "docs/man").glob("postern*.1"))
WRITE = os.environ.get("PAGES_WRITE")

# without CPU and swap in its health: other tests make the machine busy
CONFIG = """\
hostname: mail3.example.com

dns:
  enabled: no

interfaces:
  - name: PublicNet
    ip: 127.0.0.10
  - name: PrivateNet
    ip: 127.0.0.20

listeners:
  - name: InboundMail
    type: public
    interface: PublicNet
    port: @PORT@
    rat:
      - example.com
      - .example.com

  - name: OutboundMail
    type: private
    interface: PrivateNet
    port: @PRIVATE_PORT@
    hat:
      groups:
        - name: RELAYLIST
          policy: $RELAYED
          entries: 10.1.0.0/16

routes:
  example.com: 127.0.0.30:@SINK_PORT@

health:
  cpu: off
  swap: off

logs:
  - name: mail_logs
    type: mail
    level: info
"""
# These change what others would see: each has a gateway of its own.
ALONE = {"postern-commit", "postern-healthcheck", "postern-deleterecipients",
         "postern-displayalerts",
         "postern-loadconfig", "postern-resetconfig",
         "postern-saveconfig", "postern-showrecipients", "postern-suspend",
         "postern-tracking"}
PROMPT = re.compile(r"^(.*\[[^][]*\]> )(.*)$")
DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d "
                  r"\d\d:\d\d:\d\d \d{4}(?: [A-Z]{3,5}| [+-]\d\d)?")
VARIES = [
    (re.compile(r"\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b"), "FINGERPRINT"),
    (DATE, "DATE"),
    (re.compile(r"\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "DATE"),
    (re.compile(r"\d{8}T\d{6}(?:-\d+)?|\b\d{8}-\d{6}\b"), "STAMP"),
    (re.compile(r"\b\d+ secs?\b|\b\d+ mins? \d+ secs?\b|\b\d+[smh] ago\b"),
     "AGE"),
    (re.compile(r"\b\d+ms\b"), "AGE"),
    (re.compile(r"\b(?:\d+[dhm] )*\d+s\b"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "CLOCK"),
    (re.compile(r"\d+(?:\.\d+)?%"), "PERCENT"),
    (re.compile(r"\b[0-9A-F]{12}-[0-9A-F]{8}\b"), "SERIAL"),
    (re.compile(r"\bMessage \d+ accepted"), "Message N accepted"),
    (re.compile(r"\bICID \d+|\bDCID \d+"), "CONNECTION"),
    (re.compile(r"\b1[7-9]\d{11}\b"), "TIME"),
    (re.compile(r" {2,}"), "  "),
]
# These speak of hosts, neighbours and connections that a test machine has not,
# or change the machine's own tables: the tests of these commands run them
# against zones, servers and networks of their own.
ELSEWHERE = {"postern-diagnostic", "postern-remotepower",
             "postern-techsupport", "postern-netstat", "postern-nslookup",
             "postern-ping", "postern-smtpping", "postern-telnet",
             "postern-tlsverify"}
# Where every number may be another one.
NUMBERS = {"postern-dnsflush", "postern-metrics", "postern-process_status",
           "postern-rate", "postern-status", "postern-tcpservices",
           "postern-tophosts", "postern-version"}


class Typed:
    """A line of a shell, and what then was on the screen."""

    def __init__(self, line):
        self.line, self.screen = line, []

    @property
    def command(self):
        return self.line.replace("\\\n", "")

    @property
    def answers(self):
        return [m.group(2) for m in map(PROMPT.match, self.screen) if m]


def plain(line):
    """A line of mdoc in a literal block, as it is shown."""
    return line.replace("\\e", "\\").replace("\\&", "")


def roff(line):
    line = line.replace("\\", "\\e")
    return "\\&" + line if line[:1] in (".", "'") else line


def blocks(lines):
    """(first, behind the last line, [Typed]) of each dialogue."""
    section, at = None, None
    for i, line in enumerate(lines):
        if line.startswith(".Sh "):
            section = line[4:]
        if section == "EXAMPLES" and line.startswith(".Bd -literal"):
            at = i + 1
        elif line == ".Ed" and at is not None:
            block = dialogue(map(plain, lines[at:i]))
            if block:
                yield at, i, block
            at = None


def dialogue(lines):
    typed = []
    for line in lines:
        if typed and typed[-1].line.endswith("\\"):
            typed[-1].line += "\n" + line
        elif re.match(r"# \S", line):
            typed.append(Typed(line[2:]))
        elif typed:
            # editors take blanks at ends of lines away
            typed[-1].screen.append(re.sub(r"\]>$", "]> ", line))
    return typed


class Place:
    """The gateway of the pages, and its names there."""

    def __init__(self, folder):
        self.suite = Suite(folder, CONFIG)
        self.sink = Sink(self.suite.sink_port,
                         {"RCPT later@": "451 4.7.1 try again later"},
                         host="127.0.0.30")
        with self.suite.client(host="127.0.0.10") as c:
            assert c.mail("joe@example.net", ["later@example.com"],
                          b"From: joe@example.net\r\nTo: later@example.com"
                          b"\r\nSubject: lunch\r\n\r\nAt noon?\r\n")[0] == 250
        self.suite.wait_deferred(1)
        bin = folder / "bin"
        bin.mkdir()
        tool = bin / "postern"
        tool.write_text("#!/bin/sh\nexec %s --root %s \"$@\"\n" % (
            shlex.quote(str((BIN / "postern").resolve())),
            shlex.quote(str(self.suite.root))))
        tool.chmod(0o755)
        self.env = {"PATH": "%s:%s" % (bin, os.environ["PATH"])}
        s, root = self.suite, self.suite.root
        self.names = [
            ("127.0.0.30:%d" % s.sink_port, "10.1.1.20:25"),
            ("127.0.0.10:%d" % s.port, "192.0.2.10:25"),
            ("127.0.0.30", "10.1.1.20"),
            ("127.0.0.20", "10.1.1.10"),
            ("127.0.0.10", "192.0.2.10"),
            ("Port %d" % s.port, "Port 25"),
            ("Port %d" % s.private_port, "Port 25"),
            ("port %d" % s.port, "port 25"),
            ("port: %d" % s.port, "port: 25"),
            ("port: %d" % s.private_port, "port: 25"),
            ("%s/etc/" % root, "/etc/postern/"),
            ("%s/state/" % root, "/var/lib/postern/"),
            (str(root), "/"),
        ]

    def close(self):
        self.sink.close()
        self.suite.stop()

    def shown(self, text):
        for here, there in self.names:
            text = text.replace(here, there)
        return text

    def meant(self, line):
        for here, there in self.names[:5]:
            line = line.replace(there, here)
        return line.replace("/etc/postern/", "%s/etc/" % self.suite.root)

    def type(self, typed):
        """What is on the screen, as the page has it."""
        with Terminal(self.suite, argv=["sh", "-c", self.meant(typed.command)],
                      env=self.env, cwd=self.suite.root / "etc") as t:
            for answer in typed.answers:
                t.expect("]> ")
                t.say(self.meant(answer))
            t.end()
            text = self.shown(t.all).rstrip("\n")
        return text.split("\n") if text else []


def same(want, have, numbers):
    """Whether the lines of a page are those of a screen; "..." is any."""
    pattern = "\n".join(
        "<any>" if l == "..." else re.escape(blur(l, numbers)) for l in want)
    pattern = pattern.replace("<any>\n", "(?:.*\n)*?")
    pattern = pattern.replace("\n<any>", "(?:\n.*)*?")
    have = "\n".join(blur(l, numbers) for l in have)
    return re.fullmatch(pattern, have) is not None


def blur(line, numbers):
    for pattern, name in VARIES:
        line = pattern.sub(name, line)
    if numbers:
        line = re.sub(r" *\d[\d,.-]*", " N", line)
    return line.rstrip()


def check(place, page):
    lines = page.read_text().split("\n")
    wrong, written = [], []
    for at, end, block in blocks(lines):
        new = []
        for typed in block:
            have, want = place.type(typed), list(typed.screen)
            while want and not want[-1]:
                want.pop()
            true = same(want or [""], have or [""], page.stem in NUMBERS)
            if not true:
                wrong.append("\n".join(["# " + typed.line] + have
                                       + ["--- the page has"] + want))
            new += ("# " + typed.line).split("\n") + (want if true else have)
        written.insert(0, (at, end, new))
    if not WRITE:
        assert not wrong, "\n\n".join(wrong)
        return
    for at, end, new in written:
        lines[at:end] = map(roff, new)
    page.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    import shutil
    import tempfile
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-pages.",
                                           dir="/var/tmp"))
    place = Place(folder)
    yield place
    place.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.stem not in ELSEWHERE],
    ids=lambda p: p.stem)
def test_dialogues(page, shared, folder):
    if page.stem == "postern-packetcapture" and not CAPABLE:
        pytest.skip("CAP_NET_RAW is missing here: nothing can be captured")
    if page.stem in ALONE:
        place = Place(folder)
        try:
            check(place, page)
        finally:
            place.close()
        return
    before = (shared.suite.root / "etc/postern.yaml").read_text()
    try:
        check(shared, page)
    finally:
        shared.suite.postern("clearchanges", "--yes")
    assert (shared.suite.root / "etc/postern.yaml").read_text() == before
