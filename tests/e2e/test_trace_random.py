"""Configurations and sessions at random: trace and the gateway must agree on
every reply, rewritten address, policy, and on what arrives in the end.

POSTERN_SEED repeats a run; POSTERN_PAIRS says how many pairs (1,000 if not
said).  A pair that differs is made as small as it can be, and shown.
"""
import json
import os
import random
import subprocess
import threading
import time

import pytest

import twin
from nsd import Nsd
from ports import free_port
from shrink import shrink
from sink import Sink
from suite import BIN, FULL, wait_for
from twin import BANNER, Player, Session, events

PAIRS = int(os.environ.get("POSTERN_PAIRS", 2000 if FULL else 1000))
LISTENERS, SESSIONS = 8, 10
TESTER = "127.0.0.1"        # may always come, and says XCLIENT

ZONES = {
    "test": "client 60 A 192.0.2.1\nclient MX 10 client.test.\n"
            "only-a A 192.0.2.2\nnull MX 0 .\nno-address TXT x\n"
            "dangling MX 10 nowhere.test.\nmx1.client A 192.0.2.7\n",
    "bl.test": "".join("%d.2.1.127 A 127.0.0.2\n" % i
                       for i in range(0, 256, 3)),
    "broken.test": None,
    "127.in-addr.arpa": "".join("%d.2.1 PTR mx1.client.test.\n" % i
                                for i in range(0, 256, 4)),
}


class Dice(random.Random):
    def some(self, pool, most):
        return self.sample(pool, self.randint(0, min(most, len(pool))))

    def may(self, percent=50):
        return self.randrange(100) < percent

    def yes(self, percent=50):
        return "yes" if self.may(percent) else "no"


# --- configurations ---

GROUP_ENTRIES = ["127.0.0.9", "127.1.", "127.1.2.3", "127.2.0.0/15",
                 "127.2-3.", "127.3.3.1-200", "127.64.0.0/10", "10.0.0.0/8",
                 "127.4.4.4 (a host)", ".test", "mx1.client.test",
                 "2001:db8::/32", "nx.domain", "serv.fail",
                 "not.double.verified", "sbrs[none]", "sbrs[-10.0:10.0]",
                 "SBO:12", "country[JP]", "dnslist[bl.test]",
                 "dnslist[broken.test]"]
BEHAVIOURS = ["ACCEPT"] * 4 + ["RELAY", "REJECT", "TCPREFUSE", "CONTINUE"]
RAT_ENTRIES = ["example.com", ".example.com", "anna@example.com", "anna@",
               "bert@", "client.test", ".client.test", "[192.0.2.1]",
               "x@sub.example.com", "postmaster@", "mapped.test"]
ADDRESSES_USED = ["anna@example.com", "Anna@Example.COM", "bert@example.com",
                  "anna", "bert@", "carl@sub", "x@sub.example.com",
                  "y@a.b.client.test", "joe@client.test", "postmaster",
                  "z@[192.0.2.1]", "z@[IPv6:::1]", "z@192.0.2.1",
                  '"a b"@example.com', '"ab"@example.com', "a%b@example.com",
                  "a!b@example.com", "<<anna@example.com>>",
                  "(hm)anna@example.com", "@r.test:anna@example.com",
                  "j\u00f6rg@example.com", "x@b\u00fccher.test", "a@b@c.test",
                  "anna@example.com.", "x@[tag:content]", "-@example.com",
                  "any@old.test", "joe@old.test", "u@a.old.test",
                  "team@example.com", "nobody@example.com", "loop@example.com",
                  "chain@client.test", "list"]
SENDERS = ["joe@client.test"] * 6 + ["<>", "a@only-a.test", "b@null.test",
           "c@no-address.test", "d@dangling.test", "e@missing.test",
           "boss@int.client.test", "bad@bad.test", "good@bad.test",
           "spammer@client.test", "boss@client.test"] + ADDRESSES_USED
REPLIES = [None, None, "{code} no $Such thing", "{code}", "{code} a b c"]
DOMAIN_MAPS = ["joe@old.test anna@example.com", "@old.test @example.com",
               "@.old.test @sub.example.com", "anna@example.com b@mapped.test",
               "u@.old.test team@example.com", "@client.test x@mapped.test"]
MASQUERADES = ["boss the.boss@example.com", "boss@client.test b@c.example",
               "@int.client.test, @sub.example.com @client.test",
               "@.client.test @client.test", "joe@client.test j@x.example",
               "anna anna@masked.example"]
ALIASES = ["team@example.com: anna@example.com, bert@example.org",
           "anna: ann@client.test", "nobody@example.com: /dev/null",
           "loop@example.com: loop2@example.com\n"
           "loop2@example.com: loop@example.com, carl@example.net",
           "[ example.com, .client.test ]\nlist: bert, carl@example.net\n"
           "bert: nobody@example.com, x@sub.example.com",
           "[ client.test ]\nchain: joe, team@example.com\n"
           "joe: j1@example.org, j1@example.org",
           "[ sub.example.com ]\nx, y: x@example.net, list@example.com"]
GATEWAYS = ["127.1.2.3 B", "joe@client.test B", "boss@ Both",
            "@client.test A", "@.client.test B", "@example.com Both"]
LISTS = {"Some": ["joe@client.test", "@only-a.test"],
         "Others": ["boss@", "@.client.test", "bert@example.com"]}


def make_case(dice, ports, dns):
    """{"config": postern.yaml, "tables": {name: text}}"""
    tables = {name: table(dice, lines) for name, lines in (
        ("map1", DOMAIN_MAPS), ("map2", DOMAIN_MAPS), ("masq", MASQUERADES),
        ("aliases", ALIASES), ("gateways", GATEWAYS))}
    c = {
        "hostname": "mx%d.postern.test" % dice.randrange(10),
        "dns": {"enabled": dice.yes(70), "servers": ["127.0.0.1:%d" % dns],
                "timeout": 2, "reverse_timeout": dice.choice([0, 2, 2])},
        "system": {"workers": 1},
        "receiving": {
            "delayed_reject": dice.yes(30),
            "delayed_reject_code": dice.choice([450, 550]),
            "delayed_reject_text": dice.choice(["", "not for $RemoteIP"]),
            "add_message_id": dice.yes()},
        "interfaces": [
            {"name": "A", "ip": "127.0.0.1"},
            {"name": "B", "ip": "127.0.0.2", "hostname": "b.postern.test"}],
        "interface_groups": [{"name": "Both", "members": ["A", "B"]}],
        "bounce_profiles": [{"name": "Default"},
                            {"name": "Quick", "max_queue_time": 60}],
        "address_lists": [{"name": n, "entries": e}
                          for n, e in LISTS.items()],
        "exception_table": dice.some(
            [{"allow": "good@bad.test"}, {"reject": "@bad.test"},
             {"reject": "spammer@", "reply": "554 no <$EnvelopeSender>"},
             {"allow": "@.test"}, {"reject": "@null.test"}], 4),
        "auth_profiles": [{"name": "House"}],
        "routes": {"ALL": "127.0.0.1:@SINK_PORT@"},
        "logs": [{"name": "mail_logs", "type": "mail"},
                 {"name": "mail_json", "type": "mail", "format": "json"}],
        "listeners": [make_listener(dice, i, p)
                      for i, p in enumerate(ports)],
    }
    if dice.may(70):
        c["aliases"] = "aliases"
    if dice.may(60):
        c["altsrchost"] = "gateways"
    return {"config": c, "tables": tables}


def table(dice, lines):
    return "".join(l + "\n" for l in dice.some(lines, len(lines)))


def make_listener(dice, i, port):
    kind = dice.choice(["public"] * 4 + ["private"] * 2 + ["sinkhole-queue"])
    l = {
        "name": "L%d" % i, "type": kind, "interface": "A", "port": port,
        "xclient": [TESTER], "auth_profile": "House",
        "default_domain": dice.choice(["", "example.com", "client.test"]),
        "received_header": dice.yes(70),
        "bounce_profile": dice.choice(["Default", "Quick"]),
        "addresses": {
            "parser": dice.choice(["strict", "loose"]),
            "allow_8bit_user": dice.yes(), "allow_8bit_domain": dice.yes(),
            "allow_partial": dice.yes(80),
            "source_routes": dice.choice(["reject", "strip"]),
            "unknown_literals": dice.choice(["reject", "accept"]),
            "reject_characters": dice.choice(["", "@%!", "%"])},
        "hat": make_hat(dice)}
    if dice.may(40):
        l["domain_map"] = dice.choice(["map1", "map2"])
    if dice.may(40):
        l["masquerade"] = {"table": "masq", "envelope_sender": dice.yes(),
                           "from": dice.yes(80), "to": dice.yes(80),
                           "reply_to": dice.yes(20)}
    if kind == "public":
        l["rat"] = make_rat(dice)
    return l


def make_hat(dice):
    policies, groups = [], [{"policy": "ACCEPT", "entries": [TESTER]}]
    for n in range(dice.randint(1, 4)):
        behaviour = dice.choice(BEHAVIOURS)
        p = {"name": "$P%d" % n, "behaviour": behaviour,
             "smtp_banner_text": dice.choice(["", "P%d $Group" % n,
                                              "two\nlines"])}
        if behaviour == "REJECT" and dice.may():
            p["smtp_banner_code"] = dice.choice([421, 554, 571])
        if dice.may(30):
            p["envelope_sender_verify"] = "yes"
        if dice.may(30):
            p["sender_malformed_text"] = "<$EnvelopeSender> is too short"
        if dice.may(30):
            p["exception_table"] = "yes"
        if dice.may(8):
            p["smtp_auth"] = "required"
        if dice.may(15):
            p["override_hostname"] = dice.choice(["none", "o.postern.test"])
        policies.append(p)
    for n in range(dice.randint(0, 6)):
        policy = dice.choice([p["name"] for p in policies] + [
            "$ACCEPTED", "$BLOCKED", "REJECT", "ACCEPT", "RELAY"])
        entries = dice.some(GROUP_ENTRIES, 4)
        g = {"policy": policy, "entries": entries}
        if dice.may(80):
            g["name"] = "G%d" % n
        else:
            g["entries"] = entries[:1]
        if g["entries"]:
            groups.append(g)
    final = [p["name"] for p in policies if p["behaviour"] != "CONTINUE"]
    groups.append({"name": "ALL",
                   "policy": dice.choice(final + ["$ACCEPTED"] * 3)})
    return {"defaults": {"max_concurrency": 1000,
                         "max_msgs_per_session": 1000,
                         "dhap_limit": 0,
                         "max_message_size": dice.choice(["1K", "10M"]),
                         "smtp_banner_text": dice.choice(
                             ["", "L: " + BANNER])},
            "policies": policies, "groups": groups}


def make_rat(dice):
    rat = []
    for e in dice.some(RAT_ENTRIES, 6):
        accept = dice.may(70)
        r = {"accept" if accept else "reject": e}
        reply = dice.choice(REPLIES)
        if reply:
            r["reply"] = reply.format(code=dice.choice(
                [250, 252] if accept else [450, 550, 571]))
        rat.append(r)
    rat.append({"accept" if dice.may(20) else "reject": "ALL"})
    return rat


# --- sessions ---

HEADERS = [b"From: Joe <joe@client.test>", b"From: boss@int.client.test",
           b"To: anna@example.com, \"B, b\" <boss@client.test>",
           b"To: (x) joe@client.test (y),\r\n\tanna@masked.example",
           b"Cc: team: a@sub.example.com, b@x.client.test;",
           b"Reply-To: boss@client.test", b"Message-ID: <1@client.test>",
           b"Subject: twice", b"X-Y: joe@client.test",
           b"From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <joe@client.test>"]


def make_session(dice, tag, listener, port):
    header = b"\r\n".join(dice.some(HEADERS, 6) + [b"X-Z: z"]) + b"\r\n"
    body = header + b"\r\nHello.\r\n" + twin.lines(dice.randrange(10))
    if dice.may(8):
        body = b"\r\nno header\r\n" + twin.lines(20)
    if dice.may(4):
        body = b"Received: by x\r\n" * 101 + body
    return Session(listener, port, source(dice), dice.choice(SENDERS),
                   tuple(dice.choice(ADDRESSES_USED)
                         for _ in range(dice.randint(1, 4))),
                   body, dice.may(20), tag,
                   dice.choice(["", "", "mx1.client.test", "a.b.example"]))


def source(dice):
    """From networks that the entries speak of, seldom the same twice."""
    return dice.choice([
        "127.1.2.%d", "127.1.%d.3", "127.2.0.%d", "127.3.3.%d", "127.3.4.%d",
        "127.70.1.%d", "127.200.200.%d", "10.9.8.%d", "192.0.2.%d",
        "2001:db8::%x", "2001:db9::%x"]) % dice.randrange(2, 255)


# --- both, and the comparison ---

class World:
    def __init__(self, make_suite, folder, nsd):
        self.nsd = nsd
        self.ports = [free_port() for _ in range(LISTENERS)]
        self.make_suite, self.postern, self.sink = make_suite, None, None
        self.rounds, self.seen = 0, 0

    def configure(self, case):
        """False: that is no configuration."""
        text = json.dumps(case["config"])
        if self.postern is None:
            self.postern = self.make_suite(text, tables=case["tables"])
            self.sink = Sink(self.postern.sink_port, extensions=(
                "PIPELINING", "8BITMIME", "SMTPUTF8"))
            return True
        self.postern.configure(text)
        for name, lines in case["tables"].items():
            (self.postern.root / "etc/tables" / name).write_text(lines)
        self.rounds += 1
        try:
            self.postern.postern("commit", "round %d" % self.rounds)
        except AssertionError:
            return False
        return True

    def play(self, sessions):
        """[(what the client heard, what trace says, HAT event)]."""
        report = self.traces(sessions)
        heard = []
        players = {}
        for s in sessions:
            p = players.setdefault(s.port, Player(s.port))
            heard.append(p.live(s))
        for p in players.values():
            p.hang_up()
        return list(zip(heard, report(), self.hats(sessions, heard)))

    def traces(self, sessions):
        """Begins to trace; the function returned waits for the end."""
        lines = "".join(json.dumps({
            "source_ip": s.source, "fqdn": s.name, "listener": s.listener,
            "sender": s.sender or "<>", "recipients": ",".join(s.rcpts),
            "message": twin.stuff(s.content).decode("utf-8"),
            "smtputf8": s.smtputf8}) + "\n" for s in sessions)
        proc = subprocess.Popen(
            [str(BIN / "postern"), "--root", str(self.postern.root), "trace",
             "--sessions", "-"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        out = []
        reader = threading.Thread(
            target=lambda: out.append(proc.communicate(lines, 120)[0]))
        reader.start()

        def finish():
            reader.join()
            found = [json.loads(l) for l in out[0].splitlines()]
            assert len(found) == len(sessions), out
            return found
        return finish

    def hats(self, sessions, heard):
        """The HAT event of each session that got so far as to have one."""
        want = sum(h.connect != twin.RESET for h in heard)

        def look():
            mine = events(self.postern)[self.seen:]
            icids = {e["icid"] for e in mine if e["event"] == "NEW_ICID"
                     and e["ip"] != TESTER}
            by = [e for e in mine if e["event"] == "HAT"
                  and e["icid"] in icids]
            return (by, self.seen + len(mine)) if len(by) >= want else None
        by, self.seen = wait_for("%d sessions in the log" % want, look)
        assert len(by) == want
        by = iter(sorted(by, key=lambda e: e["icid"]))
        return [None if h.connect == twin.RESET else next(by) for h in heard]

    def differs(self, s, heard, t, hat):
        """Why; None: they agree."""
        if "error" in t:
            return "trace: " + t["error"]
        c, want = t["connection"], twin.expected(s, t)
        if c["delayed"]:
            if not delayed_ok(heard, want):
                return "heard %s, trace says %s" % (heard, want)
        elif heard != want:
            return "heard %s, trace says %s" % (heard, want)
        said = (c["group"], c["entry"], c["policy"], c["behavior"])
        if hat is not None and said != (
                hat["group"] or None, hat["entry"], hat["policy"] or None,
                hat["behaviour"]):
            return "log %s, trace says %s" % (hat, said)
        if t["outcome"] != "queued" or t["exceeds_maximum_size"]:
            return None
        promise = twin.promised(t)
        if not promise[1]:      # all of them went to /dev/null
            return None
        try:
            wait_for("arrival", lambda: twin.arrived(self.sink, s))
            wait_for("the rest", lambda: twin.arrived(self.sink, s) ==
                     promise)
        except AssertionError:
            return "arrived %s, trace says %s" % (
                twin.arrived(self.sink, s), promise)
        return None


def delayed_ok(heard, want):
    """The sender is looked at there, but trace has ended before."""
    if heard.connect != want.connect:
        return False
    if heard.mail[0] != 250:
        return True
    return all(one in (want.rcpts[0], (501, one[1]), (553, one[1]))
               for one in heard.rcpts)


def smallest(world, case, s, why):
    """As text, the smallest configuration and session that differ."""
    base = {"case": case, "session": dict(
        rcpts=list(s.rcpts), source=s.source, name=s.name, sender=s.sender,
        smtputf8=s.smtputf8, body=s.body.decode("latin-1"))}
    n = [0]

    def fails(small):
        n[0] += 1
        one = small.get("session", {})
        if not one.get("rcpts") or not small.get("case", {}).get("config"):
            return False
        if not world.configure({"tables": {}, **small["case"]}):
            return False
        again = Session(s.listener, s.port, one.get("source", "192.0.2.9"),
                        one.get("sender", "joe@client.test"),
                        tuple(one["rcpts"]),
                        one.get("body", "").encode("latin-1"),
                        one.get("smtputf8", False), "s%d" % n[0],
                        one.get("name", ""))
        try:
            return world.differs(again, *world.play([again])[0]) is not None
        except (AssertionError, OSError, KeyError):
            return False
    small = shrink(base, fails)
    return "%s\nsmallest after %d tries: %s" % (
        why, n[0], json.dumps(small, indent=1))


@pytest.mark.long
def test_at_random(make_suite, folder):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    dice = Dice(seed)
    outcomes, pairs = {}, 0
    begun = time.monotonic()
    with Nsd(folder, ZONES) as nsd:
        world = World(make_suite, folder, nsd)
        while pairs < PAIRS:
            case = make_case(dice, world.ports, nsd.port)
            assert world.configure(case), case
            world.sink.messages.clear()
            sessions = [make_session(
                dice, "%d-%d-%d" % (world.rounds, i, k), "L%d" % i, port)
                for i, port in enumerate(world.ports)
                for k in range(SESSIONS)]
            for s, both in zip(sessions, world.play(sessions)):
                why = world.differs(s, *both)
                assert why is None, smallest(world, case, s, why)
                outcome = both[1]["outcome"]
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                pairs += 1
        world.sink.close()
    print("%d pairs in %d configurations, %.0f s: %s" % (
        pairs, world.rounds + 1, time.monotonic() - begun, outcomes))
    assert len(outcomes) >= 6, outcomes


def test_shrinking():
    """A fault that needs three parts of a large case is shown by them."""
    case = {"config": {"listeners": [
        {"name": "L%d" % i, "rat": ["a%d" % k for k in range(5)]}
        for i in range(8)], "dns": {"on": 1}},
        "session": {"rcpts": list("abcdef"), "body": "1\n2\n3\nx\n4\n"}}

    def fails(c):
        rats = [r for l in c.get("config", {}).get("listeners", [])
                for r in l.get("rat", [])]
        one = c.get("session", {})
        return ("a3" in rats and "d" in one.get("rcpts", [])
                and "x\n" in one.get("body", ""))
    assert shrink(case, fails) == {
        "config": {"listeners": [{"rat": ["a3"]}]},
        "session": {"rcpts": ["d"], "body": "x\n"}}
