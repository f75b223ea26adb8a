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
from config_dice import CLAMD, GATEWAYS, LISTS, RCPTS, SPAMD, TEXTS, WORDS, \
    make_case
from message_dice import Message
from ports import free_port
from shrink import shrink
from sink import Sink
from suite import BIN, FULL, wait_for
from twin import Player, Session

PAIRS = int(os.environ.get("POSTERN_PAIRS", 5000 if FULL else 200))
MESSAGES = 100 if FULL or "POSTERN_PAIRS" in os.environ else 50
PAIR_SECONDS = 60           # none may take longer, on any machine
SENDERS = ["joe@client.test"] * 4 + ["<>", "boss@example.com", "e@x.test",
                                     "user+tag@client.test", "secret@y.test"]
SOURCES = ["127.1.2.%d", "10.9.8.%d", "192.0.2.%d", "2001:db8::%x"]
# Mail that is relayed gets a Message-ID, whose length is another each time.
FIRST = [b"", b"Message-ID: <0@client.test>\r\n"]
COPIES = 'copies: if (rcpt-to == "^%s$") { skip-filters(); }\n' % (
    filter_dice.SCANNED)
# what the log says was done, and the step of trace that says the same
LOGGED = {"LOG_ENTRY": "log entry", "ATTACHMENT": "attachment",
          "SCAN_ERROR": "scanning error", "MID_WARNING": "warning",
          "MATCHED_ALL": "matched all recipients", "MID_SPLIT": "split",
          "MID_GENERATED": "copy", "MID_REWRITTEN": "rewritten"}
# likewise, of those that say more than a text
VERDICTS = {
    "anti-spam": {"negative": "spam negative", "suspect": "spam suspect",
                  "positive": "spam positive", "safelisted": "safelisted",
                  "blocklisted": "blocklisted"},
    "anti-virus": {"clean": "negative", "repaired": "repaired '%s'",
                   "encrypted": "encrypted", "unscannable": "unscannable '%s'",
                   "infected": "positive '%s'"}}
VERDICT_EVENTS = ("SPAM_VERDICT", "VIRUS_VERDICT", "OUTBREAK_VERDICT",
                  "OUTBREAK_THREAT")


class Dice(random.Random):
    def some(self, pool, most):
        return self.sample(pool, self.randint(0, min(most, len(pool))))

    def may(self, percent=50):
        return self.randrange(100) < percent

    def yes(self, percent=50):
        return "yes" if self.may(percent) else "no"


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
        # that a worker was at it for long depends on the machine
        if not (self.stamps and text.startswith("footer of listener ")) and \
                not text.startswith("filters and policies took "):
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
                told.held["spam", ""] += 1
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
        verdict(told, s)


def verdict(told, s):
    if s["step"] in VERDICTS:
        text = VERDICTS[s["step"]].get(s["verdict"])
        if text and s["step"] == "anti-spam":
            told.add_log("SPAM_VERDICT", text)
        elif text:
            told.add_log("VIRUS_VERDICT", text % escaped(s["text"][:500])
                         if "%" in text else text)
    elif s["step"] == "outbreak filters" and s["outcome"] == "judged":
        told.add_log("OUTBREAK_VERDICT",
                     "positive" if s.get("name") else "negative")
        if s.get("name"):
            told.add_log("OUTBREAK_THREAT", "%d %s %s" % (
                s["level"], s["text"], s["name"]))


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
    in brackets here, in the text of notices, in the header of those.  So is
    how long a scanner took."""
    body = twin.neutral(body)
    if b"Message-ID: <notice." in body:     # its lines are cut anywhere
        head, end, rest = body.partition(b"\r\n\r\n")
        body = head + end + rest.replace(b"=\r\n", b"")
    body = re.sub(rb"; scan=(3D)?\d+", b"; scan=N", body)
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
        # or what is held is judged anew, by the new rules
        self.postern.postern("quarantine", "delete", "Outbreak", "all",
                             ok=(0, 1))
        wait_for("an empty quarantine", lambda: not self.postern.ask(
            "quarantine", "search", "Outbreak")["messages"])
        for p in self.players.values():     # or they keep what was in force
            p.hang_up()
        self.postern.configure(config)
        self.write(case)
        self.rounds += 1
        self.postern.postern("commit", "round %d" % self.rounds)

    def write(self, case):
        files = {"filters/message_filters": COPIES + "\n".join(
            case["filters"]) + "\n"}
        files.update(("texts/" + n, t) for n, t in TEXTS.items())
        files.update(("tables/" + n, t) for n, t in WORDS.items())
        files["tables/mine.json"] = case["rules"]
        files["tables/lists"] = LISTS
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
        wait_for("an empty queue", lambda: not self.postern.queued())
        reports = report()
        for s, h, t in zip(sessions, heard, reports):
            assert "error" not in t, t
            if h != twin.expected(s, t):
                return "heard %s, trace says %s" % (h, twin.expected(s, t))
        said = told_by_trace(reports, case["config"])
        found = self.look(Told(case["config"]))
        end = time.monotonic() + 60
        while said.differs(found) and time.monotonic() < end:
            time.sleep(0.05)
            self.look(found)
        for what in Told.COUNTED:
            self.seen[what] += sum(getattr(said, what).values())
        self.seen["spam"] += said.held["spam", ""]
        self.seen["threats held"] += sum(
            n for (name, _), n in said.held.items() if name == "Outbreak")
        for (event, text), n in said.logged.items():
            if event == "VIRUS_VERDICT":
                self.seen["virus " + text.partition(" ")[0]] += n
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
            elif e["event"] == "OUTBREAK_THREAT":
                told.add_log(e["event"], "%d %s %s" % (
                    e["threat"], e["category"], e["rule"]))
            elif e["event"] in VERDICT_EVENTS:
                told.add_log(e["event"], e["text"])
            elif e["event"] == "QUARANTINED":
                told.held[e["quarantine"], e["text"]] += 1
            elif e["event"] == "SPAM_QUARANTINED":
                told.held["spam", ""] += 1
        for log in ("kept", "also", "antispam", "antivirus"):
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
        dict(world.seen)), SPAMD.asked, CLAMD.asked)
    assert world.slowest < PAIR_SECONDS
    if pairs >= 5000:
        for what in Told.COUNTED + (
                "spam", "threats held", "virus negative", "virus repaired",
                "virus encrypted", "virus unscannable", "virus positive"):
            assert world.seen[what], (what, world.seen)
        unused = {r.name for r in lang.rules + lang.actions} - lang.used
        assert not unused, unused
