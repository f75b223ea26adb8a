"""Filters and messages at random: what trace says becomes of a message is what
the gateway makes of it.

A configuration has message filters, mail policies and content filters over the
whole language (filter_dice.py); with each message (message_dice.py) it is a
pair.  Compared are the replies; every message that arrives, byte for byte,
with its envelope and the address it is sent from; notices; quarantines;
archives; and what the log says was done.

    POSTERN_SEED     repeats a run
    POSTERN_PAIRS    how many pairs; if not said 5,000 of the long form
                     (POSTERN_LOAD=full), else a few hundred

A pair that differs is made as small as it can be, and shown.  What differs
between two runs of anything is made neutral, and nothing else: see neutral().
"""
import base64
import collections
import json
import os
import random
import re
import subprocess
import threading
import time

import pytest

import filter_dice
import twin
from message_dice import Message
from ports import free_port
from shrink import shrink
from sink import Sink
from spamd import Spamd
from suite import BIN, FULL, wait_for
from twin import Player, Session

PAIRS = int(os.environ.get("POSTERN_PAIRS", 5000 if FULL else 200))
MESSAGES = 100 if FULL or "POSTERN_PAIRS" in os.environ else 50
PAIR_SECONDS = 20           # none may take longer, on any machine
TESTER = "127.0.0.1"
SENDERS = ["joe@client.test"] * 4 + ["<>", "boss@example.com", "e@x.test",
                                     "user+tag@client.test", "secret@y.test"]
RCPTS = ["anna@example.com", "bert@example.com", "x@branch.example.com",
         "y@branch.example.com", "carl@example.org", "boss@example.com"]
SOURCES = ["127.1.2.%d", "10.9.8.%d", "192.0.2.%d", "2001:db8::%x"]
TEXTS = {"house.txt": "Example Ltd. $EnvelopeFrom\n",
         "html.txt": "a text\n", "html.html": "<p><i>a text</i> gr&uuml;n</p>",
         "nihon.txt": "\u65e5\u672c\u8a9e\u306e\u8a71\n",
         "notice.txt": "$FilterName: $Subject\n$AllHeaders\n$filenames\n"}
WORDS = {"words.txt": "secret\nplan\nboss\n# none\nJoe Boss\n",
         "japanese.txt": "\u65e5\u672c\n\u8a71\u984c\nb\u00fcro\n",
         "weights.txt": "secret,5\n[0-9]{4},2\n*credit,10\ne\n"}
SPAMD = Spamd(((b"plan", b"True ; 12.0"), (b"secret", b"True ; 6.5")))
GATEWAYS = {"A": "127.0.0.1", "B": "127.0.0.2"}
# Mail that is relayed gets a Message-ID, whose length is another each time.
FIRST = [b"", b"Message-ID: <0@client.test>\r\n"]
COPIES = 'copies: if (rcpt-to == "^%s$") { skip-filters(); }\n' % (
    filter_dice.SCANNED)
# what the log says was done, and the step of trace that says the same
LOGGED = {"LOG_ENTRY": "log entry", "ATTACHMENT": "attachment",
          "SCAN_ERROR": "scanning error", "MID_WARNING": "warning",
          "MATCHED_ALL": "matched all recipients", "MID_SPLIT": "split",
          "MID_GENERATED": "copy", "MID_REWRITTEN": "rewritten"}


class Dice(random.Random):
    def some(self, pool, most):
        return self.sample(pool, self.randint(0, min(most, len(pool))))

    def may(self, percent=50):
        return self.randrange(100) < percent

    def yes(self, percent=50):
        return "yes" if self.may(percent) else "no"


# --- configurations ---

def make_case(dice, lang, ports):
    filters = {f: [filter_dice.content_filter(dice, lang, "%s%d" % (f[0], i))
                   for i in range(dice.randint(0, 4))]
               for f in ("incoming", "outgoing")}
    return {
        "filters": [filter_dice.message_filter(dice, lang, "f%d" % i)
                    for i in range(dice.randint(3, 8))],
        "config": {
            "hostname": "mx.postern.test",
            "dns": {"enabled": "no"},
            "system": {"workers": 1},
            "receiving": {"add_message_id": "no"},
            # counted by the hour, which trace does not
            "delivery": {"bounce_rate": 1000000},
            "scanning": {
                "list": dice.choice(["skip", "only"]),
                "types": dice.choice(["none", "image/*", ["Image", "text/html"]]),
                "max_depth": dice.choice([1, 5]),
                "max_size": dice.choice(["500", "5M"]),
                "assume_match": dice.yes(20),
                "quarantine_on_error": dice.yes(),
                "not_taken_apart": dice.choice(["deliver", "quarantine",
                                                "bounce", "drop"]),
                "bypass_on_error": dice.yes(),
                "charset": dice.choice(["us-ascii", "shift_jis", "utf-8"])},
            "locale": {
                "header_in_body_charset": dice.yes(),
                "impose_body_charset": dice.yes(),
                "try_footer_charset": dice.yes(),
                "stamp_signed": dice.choice(["skip", "wrap", "force"])},
            "quarantines": [{"name": "Second", "retention": "5d"}],
            "bounce_profiles": [{"name": "Default"}, {"name": "Quick"}],
            "interfaces": [{"name": n, "ip": ip}
                           for n, ip in GATEWAYS.items()],
            "text_resources": [
                {"name": "house"}, {"name": "html", "html": "html.html"},
                {"name": "nihon"}, {"name": "notice", "type": "notification"}],
            "dictionaries": [
                {"name": w.partition(".")[0], "ignore_case": dice.yes(),
                 "whole_words": dice.yes()} for w in WORDS],
            "anti_spam": {"engine": dice.choice(["off", "spamd"]),
                          "servers": "127.0.0.1:%d" % SPAMD.port},
            "spam_quarantine": {"enabled": dice.yes()},
            "content_filters": filters,
            "mail_policies": {f: make_policies(dice, [c["name"] for c in v])
                              for f, v in filters.items()},
            "listeners": [make_listener(dice, *l) for l in zip(
                ("In", "Out"), ("public", "private"), ports)],
            "routes": {"ALL": "127.0.0.1:@SINK_PORT@"},
            "logs": [{"name": "mail_logs", "type": "mail"},
                     {"name": "mail_json", "type": "mail", "format": "json"}],
        }}


def make_policies(dice, names):
    members = [{"recipients": dice.sample(RCPTS, 2)},
               {"recipients": ["@branch.example.com"]},
               {"senders": ["joe@client.test"]},
               {"not_senders": ["@client.test"]},
               {"recipients": RCPTS[:2], "match": "all"}]
    out = [{"name": "copies", "content_filters": "disabled",
            "anti_spam": "disabled",
            "members": [{"recipients": [filter_dice.SCANNED]}]}]
    for i in range(dice.randint(0, 3)):
        out.append({"name": "p%d" % i, "members": [dice.choice(members)]})
    out.append({"name": "DEFAULT"})
    for p in out[1:]:
        p["content_filters"] = dice.some(names, 3) or "disabled"
        p["anti_spam"] = dice.choice(["disabled", "enabled", {
            "positive": make_verdict(dice), "suspected": make_verdict(dice)}])
    return out


def make_verdict(dice):
    v = {"action": dice.choice(["deliver", "deliver", "quarantine", "drop",
                                "bounce"]),
         "archive": dice.yes(), "subject": dice.choice([
             "none", "prepend", "append"]), "subject_text": "[S] "}
    if dice.may(20):
        v.update(header="X-Verdict", header_value="one")
    if dice.may(15):
        v["alternate_recipient"] = "spam@example.com"
    if dice.may(15):
        v["alternate_host"] = "relay.test"
    return v


def make_listener(dice, name, kind, port):
    policy = "$ACCEPTED" if kind == "public" else "$RELAYED"
    l = {"name": name, "type": kind, "interface": "A", "port": port,
         "xclient": [TESTER], "received_header": dice.yes(80),
         "hat": {"defaults": {"max_concurrency": 1000, "dhap_limit": 0,
                              "max_msgs_per_session": 10000},
                 "groups": [{"name": "NET", "policy": policy,
                             "entries": ["192.0.2.0/24"]},
                            {"name": "ALL", "policy": policy}]}}
    if kind == "public":
        l["rat"] = ["example.com", ".example.com", "copies.test",
                    {"reject": "ALL"}]
    for place in ("heading", "footer"):
        if dice.may(10):
            l[place] = dice.choice(["house", "html", "nihon"])
    return l


def make_session(dice, ports):
    i = dice.randrange(2)
    return Session(["In", "Out"][i], ports[i],
                   dice.choice(SOURCES) % dice.randrange(2, 250),
                   dice.choice(SENDERS), tuple(dice.some(RCPTS, 4)
                                               or RCPTS[:1]),
                   FIRST[i] + Message(dice).make())


# --- what trace says ---

class Told:
    """What comes of some messages: everything counted.  A copy that is
    filtered again gets the heading and footer of its listener again; that
    trace does not follow, so it is compared without its text there."""

    COUNTED = ("mail", "bounced", "held", "archived", "logged")

    def __init__(self, config):
        self.stamps = any("heading" in l or "footer" in l
                          for l in config["listeners"])
        self.mail = collections.Counter()
        self.bounced = collections.Counter()
        self.held = collections.Counter()
        self.archived = collections.Counter()
        self.logged = collections.Counter()

    def differs(self, other):
        """What is in one alone, as text; None: they agree."""
        out = []
        for what in Told.COUNTED:
            mine, theirs = getattr(self, what), getattr(other, what)
            out += ["trace only, %s: %s" % (what, x)
                    for x in (mine - theirs).elements()]
            out += ["live only, %s: %s" % (what, x)
                    for x in (theirs - mine).elements()]
        return "\n".join(out) or None

    def add_mail(self, sender, rcpts, gateway, body):
        body = neutral(body)
        if self.stamps and rcpts == [filter_dice.SCANNED] and \
                not body.startswith(b"From: Mail Delivery System"):
            body = b"stamped again"
        self.mail[sender, tuple(sorted(rcpts)), gateway, body] += 1

    def add_log(self, event, text):
        if not (self.stamps and text.startswith("footer of listener ")):
            # the log cuts what is long
            self.logged[event, neutral_text(text)[:300]] += 1


def told_by_trace(reports, config):
    told = Told(config)
    for t in reports:
        work = t.get("work_queue", {})
        steps(told, work.get("before_split", []))
        beside(told, t, work)
        for r in t.get("results", []):
            steps(told, r["steps"])
            beside(told, t, r)
            if r["outcome"] == "bounced":
                if r["sender"]:
                    told.bounced[r["sender"]] += 1
            elif r["outcome"] == "queued" and r["quarantines"]:
                for q in r["quarantines"]:
                    told.held[q["quarantine"], q["reason"]] += 1
            elif r["outcome"] == "queued" and r["spam_quarantine"]:
                told.held["spam"] += 1
            elif r["outcome"] == "queued":
                pieces(told, r["sender"], r["recipients"], message(r),
                       r["alternate_host"], r["virtual_gateway"])
    return told


def steps(told, v):
    names = {step: event for event, step in LOGGED.items()}
    for s in v:
        if s["step"] in names:
            event = names[s["step"]]
            text = s.get("name" if event in ("ATTACHMENT", "MATCHED_ALL",
                                             "MID_SPLIT") else "text", "")
            told.add_log(event, escaped(text))


def escaped(text):
    """As the log writes what could deceive who reads it; so does trace write
    what is not UTF-8."""
    if re.search(r"\\x[89a-f][0-9a-f]", text):
        return text
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return re.sub("[\0-\x1f\x7f]", lambda m: "\\x%02x" % ord(m.group()), text)


def beside(told, t, r):
    for c in r.get("copies", []):
        if c["kind"] == "duplicate-quarantine":
            told.held[c["quarantine"], c["reason"]] += 1
            continue
        if c["kind"] == "bcc-scan":
            told.logged["MATCHED_ALL", "copies"] += 1
        pieces(told, c["sender"], c["recipients"], message(c),
               c.get("alternate_host"),
               None if c["kind"] == "notify" else t["virtual_gateway"])
    for a in r.get("archives", []):
        told.archived[a["log"], mbox(message(a), a["recipients"])] += 1


def message(o):
    if "message_base64" in o:
        return base64.b64decode(o["message_base64"])
    return o["message"].encode()


def mbox(content, rcpts):
    """As it stands in the file."""
    content = b"".join(b"X-Postern-RCPT-TO: %s\r\n" % r.encode()
                       for r in rcpts) + content
    content = content.replace(b"\r\n", b"\n")
    return neutral(re.sub(rb"(?m)^(>*From )", rb">\1", content)).rstrip(b"\n")


def pieces(told, sender, rcpts, body, host, gateway):
    """One for each destination."""
    by = collections.defaultdict(list)
    for r in rcpts:
        by[host or r.rpartition("@")[2].lower()].append(r)
    for some in by.values():
        told.add_mail(sender, some, GATEWAYS[gateway or "A"], body)


def neutral(body):
    """Without what two runs do not have in common: twin.neutral() knows the
    Received line and the Message-ID that are ours; the number of a message,
    which trace uses none of, and the time, are wherever a filter writes them:
    in brackets here, in the text of notices, in the header of those."""
    body = twin.neutral(body)
    body = re.sub(rb"(?m)^(Message-ID: <notice\.)\d+", rb"\1N", body)
    if b"Message-ID: <notice." in body:
        body = re.sub(rb"(?m)^Date: [^\r\n]*", rb"Date: T", body, count=1)
        body = re.sub(rb"(?m)^MID: \d+", rb"MID: N", body, count=1)
    return neutral_text(body.decode("latin-1")).encode("latin-1")


def neutral_text(text):
    text = re.sub(r"<\d+>", "<N>", text)
    return re.sub(r"\[[\w ,/+-]*\d\d:\d\d:\d\d[\w +()-]*\]", "[T]", text)


# --- what happens ---

class World:
    def __init__(self, make_suite):
        self.ports = [free_port() for _ in GATEWAYS]
        self.make_suite, self.postern, self.sink = make_suite, None, None
        self.rounds, self.players = 0, {}
        self.at = collections.Counter()     # of files, what was read
        self.slowest, self.seen = 0, collections.Counter()

    def configure(self, case):
        config = json.dumps(case["config"], ensure_ascii=False)
        if self.postern is None:
            self.postern = self.make_suite(config, start=False)
            self.write(case)
            self.postern.start()
            self.sink = Sink(self.postern.sink_port, extensions=(
                "PIPELINING", "8BITMIME", "SMTPUTF8"))
            return
        self.postern.configure(config)
        self.write(case)
        self.rounds += 1
        self.postern.postern("commit", "round %d" % self.rounds)

    def write(self, case):
        files = {"filters/message_filters": COPIES + "\n".join(
            case["filters"]) + "\n"}
        files.update(("texts/" + n, t) for n, t in TEXTS.items())
        files.update(("tables/" + n, t) for n, t in WORDS.items())
        for name, text in files.items():
            file = self.postern.root / "etc" / name
            file.parent.mkdir(exist_ok=True)
            file.parent.chmod(0o755)
            file.write_text(text)
            file.chmod(0o644)

    def pairs(self, case, sessions):
        """Why they differ; None: they do not."""
        self.look(Told(case["config"]))
        report = self.traces(sessions)
        heard = [self.live(s) for s in sessions]
        wait_for("an empty queue", lambda: not self.postern.queued(), 60)
        reports = report()
        for s, h, t in zip(sessions, heard, reports):
            assert "error" not in t, t
            if h != twin.expected(s, t):
                return "heard %s, trace says %s" % (h, twin.expected(s, t))
        said = told_by_trace(reports, case["config"])
        found = self.look(Told(case["config"]))
        end = time.monotonic() + 3
        while said.differs(found) and time.monotonic() < end:
            time.sleep(0.05)
            self.look(found)
        for what in Told.COUNTED:
            self.seen[what] += sum(getattr(said, what).values())
        self.seen["spam"] += said.held["spam"]
        return said.differs(found)

    def live(self, s):
        begun = time.monotonic()
        p = self.players.setdefault(s.port, Player(s.port))
        h = p.live(s)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return h

    def traces(self, sessions):
        lines = "".join(json.dumps({
            "source_ip": s.source, "listener": s.listener,
            "sender": s.sender, "recipients": ",".join(s.rcpts),
            "message_base64": base64.b64encode(
                twin.stuff(s.content)).decode()}) + "\n" for s in sessions)
        proc = subprocess.Popen(
            [str(BIN / "postern"), "--root", str(self.postern.root), "trace",
             "--sessions", "-"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        found = []

        def read():
            threading.Thread(target=self.feed, args=(proc, lines)).start()
            begun = time.monotonic()
            for line in proc.stdout:
                found.append(json.loads(line))
                self.slowest = max(self.slowest, time.monotonic() - begun)
                begun = time.monotonic()
        reader = threading.Thread(target=read)
        reader.start()

        def finish():
            reader.join(PAIR_SECONDS * len(sessions))
            if reader.is_alive():
                proc.kill()
            assert proc.wait() == 0 and len(found) == len(sessions), \
                "after %d of %d" % (len(found), len(sessions))
            return found
        return finish

    @staticmethod
    def feed(proc, lines):
        with proc.stdin:
            proc.stdin.write(lines)

    def look(self, told):
        """What has happened since the last time."""
        with self.sink.lock:
            came, self.sink.messages[:] = self.sink.messages[:], []
        for m in came:
            report = re.match(rb"(?s).*?^Content-Type: multipart/report;\s+"
                              rb"report-type=delivery-status", m.body.
                              partition(b"\r\n\r\n")[0], re.M)
            if report and m.sender == "":
                told.bounced[m.rcpts[0]] += 1
            else:
                told.add_mail(m.sender, m.rcpts, m.peer, m.body)
        for e in map(json.loads, self.news("mail_json")):
            if e["event"] in LOGGED:
                text = next(e[k] for k in ("policy", "by", "text") if k in e)
                told.add_log(e["event"], text)
            elif e["event"] == "QUARANTINED":
                told.held[e["quarantine"], e["text"]] += 1
            elif e["event"] == "SPAM_QUARANTINED":
                told.held["spam"] += 1
        for log in ("kept", "also", "antispam"):
            for one in re.split(rb"(?m)^From \S.*\n",
                                self.news(log, False))[1:]:
                told.archived[log, neutral(one).rstrip(b"\n")] += 1
        return told

    def news(self, log, lines=True):
        out = b""
        for f in sorted((self.postern.root / "log" / log).glob("*.@*")):
            with open(f, "rb") as file:
                i = os.fstat(file.fileno()).st_ino  # names change
                file.seek(self.at[i])
                text = file.read()
            if lines:           # whole ones
                text = text[:text.rfind(b"\n") + 1]
            self.at[i] += len(text)
            out += text
        return out.splitlines() if lines else out


def smallest(world, case, sessions, why):
    """As text, the smallest configuration and message that differ."""
    for s in sessions:
        alone = world.pairs(case, [s])
        if alone is not None:
            break
    else:
        return "only together: " + why
    first = FIRST[s.listener == "Out"]
    config = dict(case["config"])
    some = {k: config.pop(k) for k in ("scanning", "locale",
                                       "content_filters")}
    policies = config["mail_policies"]
    config["mail_policies"] = {k: v[:1] for k, v in policies.items()}
    some["policies"] = {k: v[1:] for k, v in policies.items()}
    base = {"filters": case["filters"], "config": some, "listener": {
        k: v for k, v in config["listeners"][s.listener == "Out"].items()
        if k in ("received_header", "heading", "footer")},
        "rcpts": list(s.rcpts), "message": s.body[len(first):].decode("latin-1")}
    last = [alone]

    def fails(small):
        if not small.get("rcpts"):
            return False
        again = Session(s.listener, s.port, s.source, s.sender,
                        tuple(small["rcpts"]),
                        first + small.get("message", "").encode("latin-1"))
        listeners = [{k: v for k, v in l.items() if k not in base["listener"]}
                     for l in config["listeners"]]
        for l in listeners:
            l.update(small.get("listener", {}))
        try:
            now = {"filters": small.get("filters", []), "config": {
                **config, **small.get("config", {}), "listeners": listeners}}
            more = now["config"].pop("policies", {})
            now["config"]["mail_policies"] = {
                k: v + more.get(k, [])
                for k, v in config["mail_policies"].items()}
            world.configure(now)
            found = world.pairs(now, [again])
        except (AssertionError, OSError, KeyError, TypeError):
            return False
        last[0] = found or last[0]
        return found is not None
    small = shrink(base, fails)
    fails(small)
    return "%s\nof %s, sender %s from %s: %s" % (
        last[0], s.listener, s.sender, s.source,
        json.dumps(small, indent=1, ensure_ascii=False))


@pytest.mark.long
def test_trace_is_what_happens(make_suite):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    dice = Dice(seed)
    lang = filter_dice.Language(str(BIN / "postern"))
    world, pairs = World(make_suite), 0
    begun = time.monotonic()
    while pairs < PAIRS:
        case = make_case(dice, lang, world.ports)
        world.configure(case)
        sessions = [make_session(dice, world.ports) for _ in range(MESSAGES)]
        why = world.pairs(case, sessions)
        if why is not None:
            pytest.fail(smallest(world, case, sessions, why), pytrace=False)
        pairs += MESSAGES
    world.sink.close()
    print("%d pairs in %d configurations, %.0f s, the slowest %.1f s: %s" % (
        pairs, world.rounds + 1, time.monotonic() - begun, world.slowest,
        dict(world.seen)), SPAMD.asked)
    assert world.slowest < PAIR_SECONDS
    if pairs >= 5000:
        assert len(world.seen) == len(Told.COUNTED) + 1, world.seen
        unused = {r.name for r in lang.rules + lang.actions} - lang.used
        assert not unused, unused
