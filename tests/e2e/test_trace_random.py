"""Configurations and sessions at random: trace and the gateway must agree.

POSTERN_SEED repeats a run.
"""
import os
import random
import time

import twin
from sink import Sink
from suite import free_port, wait_for
from twin import BANNER, Session, enough, events

ROUNDS, LISTENERS, SESSIONS = 6, 8, 5


class Dice(random.Random):
    def some(self, pool, most):
        return self.sample(pool, self.randint(0, min(most, len(pool))))

    def may(self, percent=50):
        return self.randrange(100) < percent


GROUP_ENTRIES = ["127.0.0.1", "127.1.", "127.1.2.3", "127.2.0.0/15",
                 "127.2-3.", "127.3.3.1-200", "127/10", "127.64.0.0/10",
                 "127.4.4.4 (a host)", ".test", "nx.domain", "serv.fail",
                 "not.double.verified", "sbrs[none]", "sbrs[-10.0:10.0]",
                 "SBO:12", "country[JP]", "dnslist[bl.test]"]
SOURCES = ["127.0.0.1", "127.1.2.3", "127.1.9.9", "127.2.0.1", "127.3.3.100",
           "127.3.4.4", "127.4.4.4", "127.70.1.1", "127.200.200.200"]
BEHAVIOURS = ["ACCEPT"] * 4 + ["RELAY", "REJECT", "TCPREFUSE", "CONTINUE"]
RAT_ENTRIES = ["example.com", ".example.com", "anna@example.com", "anna@",
               "bert@", "client.test", ".client.test", "[192.0.2.1]",
               "x@sub.example.com", "postmaster@"]
ADDRESSES_USED = ["anna@example.com", "Anna@Example.COM", "bert@example.com",
                  "anna", "bert@", "carl@sub", "x@sub.example.com",
                  "y@a.b.client.test", "joe@client.test", "postmaster",
                  "z@[192.0.2.1]", "z@[IPv6:::1]", "z@192.0.2.1",
                  '"a b"@example.com', '"ab"@example.com', "a%b@example.com",
                  "a!b@example.com", "<<anna@example.com>>",
                  "(hm)anna@example.com", "@r.test:anna@example.com",
                  "j\u00f6rg@example.com", "x@b\u00fccher.test", "a@b@c.test",
                  "anna@example.com.", "x@[tag:content]", "-@example.com"]
REPLIES = [None, None, "{code} no $Such thing", "{code}", "{code} a b c"]


def random_config(dice, ports):
    text = """\
hostname: mx%d.postern.test
dns: { enabled: no }
system: { workers: 1 }
receiving:
  delayed_reject: %s
  delayed_reject_code: %d
  delayed_reject_text: "%s"
interfaces:
  - { name: A, ip: 127.0.0.1 }
  - { name: B, ip: 127.0.0.2, hostname: b.postern.test }
bounce_profiles: [ { name: Default }, { name: Quick, max_queue_time: 60 } ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs:
  - { name: mail_logs, type: mail }
  - { name: mail_json, type: mail, format: json }
listeners:
""" % (dice.randrange(10), yes(dice.may(30)), dice.choice([450, 550]),
       dice.choice(["", "not for $RemoteIP"]))
    return text + "".join(random_listener(dice, i, p)
                          for i, p in enumerate(ports))


def random_listener(dice, i, port):
    kind = dice.choice(["public"] * 4 + ["private"] * 2 + ["sinkhole-queue"])
    rat = kind == "public"
    out = """\
  - name: L%d
    type: %s
    interface: A
    port: %d
    default_domain: "%s"
    received_header: %s
    bounce_profile: %s
    addresses:
      parser: %s
      allow_8bit_user: %s
      allow_8bit_domain: %s
      allow_partial: %s
      source_routes: %s
      unknown_literals: %s
      reject_characters: "%s"
    hat:
      defaults:
        max_concurrency: 1000
        max_message_size: %s
        smtp_banner_text: "%s"
      policies:
""" % (i, kind, port, dice.choice(["", "example.com", "client.test"]),
       yes(dice.may(70)), dice.choice(["Default", "Quick"]),
       dice.choice(["strict", "loose"]), yes(dice.may()), yes(dice.may()),
       yes(dice.may(80)), dice.choice(["reject", "strip"]),
       dice.choice(["reject", "accept"]), dice.choice(["", "@%!", "%"]),
       dice.choice(["1K", "10M"]), dice.choice(["", "L: " + BANNER]))
    policies = []
    for n in range(dice.randint(1, 4)):
        behaviour = dice.choice(BEHAVIOURS)
        policies.append(("$P%d" % n, behaviour))
        out += "        - { name: $P%d, behaviour: %s, " \
            "smtp_banner_text: \"%s\"" % (n, behaviour, dice.choice(
                ["", "P%d $Group" % n, "two\\nlines"]))
        if behaviour == "REJECT" and dice.may():
            out += ", smtp_banner_code: %d" % dice.choice([421, 554, 571])
        out += " }\n"
    out += "      groups:\n"
    for n in range(dice.randint(0, 6)):
        policy = dice.choice([p for p, _ in policies] + [
            "$ACCEPTED", "$BLOCKED", "REJECT", "ACCEPT", "RELAY"])
        name = "name: G%d, " % n if dice.may(80) else ""
        entries = dice.some(GROUP_ENTRIES, 4)
        if not name:
            entries = entries[:1]
        if not entries:
            continue
        out += "        - { %spolicy: %s, entries: [ %s ] }\n" % (
            name, policy, ", ".join('"%s"' % e for e in entries))
    final = [p for p, b in policies if b != "CONTINUE"] + ["$ACCEPTED"] * 3
    out += "        - { name: ALL, policy: %s }\n" % dice.choice(final)
    if rat:
        out += "    rat:\n"
        for e in dice.some(RAT_ENTRIES, 6):
            accept = dice.may(70)
            out += "      - %s: '%s'\n" % ("accept" if accept else "reject",
                                         e)
            reply = dice.choice(REPLIES)
            if reply:
                out += "        reply: \"%s\"\n" % reply.format(
                    code=dice.choice([250, 252] if accept
                                     else [450, 550, 571]))
        out += "      - %s: ALL\n" % ("accept" if dice.may(20) else "reject")
    return out


def yes(value):
    return "yes" if value else "no"


def random_session(dice, tag, listener, port):
    body = twin.BODY + twin.lines(dice.randrange(10))
    if dice.may(10):
        body = b"\r\nno header\r\n" + twin.lines(20)
    if dice.may(5):
        body = b"Received: by x\r\n" * 101 + body
    sender = dice.choice(["joe@client.test"] * 6 + ["<>"]
                         + ADDRESSES_USED)
    return Session(listener, port, dice.choice(SOURCES), sender,
                   tuple(dice.choice(ADDRESSES_USED)
                         for _ in range(dice.randint(1, 4))),
                   body, dice.may(20), tag)


def test_at_random(make_suite):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    dice = Dice(seed)
    ports = [free_port() for _ in range(LISTENERS)]
    end = time.monotonic() + 55
    postern = make_suite(random_config(dice, ports))
    outcomes, pairs = {}, 0
    with Sink(postern.sink_port, extensions=(
            "PIPELINING", "8BITMIME", "SMTPUTF8")) as sink:
        for n in range(ROUNDS):
            if n > 0:
                postern.configure(random_config(dice, ports))
                postern.postern("commit", "round %d" % n)
            for s, t in random_round(dice, postern, sink, n, ports):
                outcomes[t["outcome"]] = outcomes.get(t["outcome"], 0) + 1
                pairs += 1
            assert time.monotonic() < end, "%d pairs took too long" % pairs
    print(pairs, "pairs:", outcomes)
    assert pairs >= 200 and len(outcomes) >= 5, outcomes


def random_round(dice, postern, sink, n, ports):
    begun = len(hats(postern))
    done = []
    for i, port in enumerate(ports):
        for k in range(SESSIONS):
            s = random_session(dice, "%d-%d-%d" % (n, i, k), "L%d" % i, port)
            t = twin.trace(postern, s)
            h, want = twin.live(s), twin.expected(s, t)
            if t["connection"]["delayed"]:
                compare_delayed(h, want)
            else:
                assert h == want, (s, t)
            done.append((s, t))
    seen = wait_for("the sessions in the log", lambda: enough(
        hats(postern), begun + len(done)))[begun:]
    for (s, t), e in zip(done, seen):
        c = t["connection"]
        assert (e["group"] or None, e["entry"], e["policy"] or None,
                e["behaviour"]) == (c["group"], c["entry"], c["policy"],
                                    c["behavior"]), (s, e, c)
        if t["outcome"] == "queued" and not t["exceeds_maximum_size"]:
            wait_for("message %s" % s.tag, lambda: twin.arrived(sink, s) ==
                     twin.promised(t))
    return done


def compare_delayed(heard, want):
    """The sender is looked at there, but trace has ended before."""
    assert heard.connect == want.connect
    if heard.mail[0] == 250:
        for one in heard.rcpts:
            assert one in (want.rcpts[0], (501, one[1]), (553, one[1])), one


def hats(postern):
    return [e for e in events(postern) if e["event"] == "HAT"]
