"""Configurations at random: message filters, mail policies, content filters,
scanners, outbreak rules, quarantines."""
import re

import filter_dice
import rule_dice
from clamd import Clamd
from spamd import Spamd

TESTER = "127.0.0.1"
RCPTS = ["anna@example.com", "bert@example.com", "x@branch.example.com",
         "y@branch.example.com", "carl@example.org", "boss@example.com"]
TEXTS = {"house.txt": "Example Ltd. $EnvelopeFrom\n",
         "html.txt": "a text\n", "html.html": "<p><i>a text</i> gr&uuml;n</p>",
         "nihon.txt": "\u65e5\u672c\u8a9e\u306e\u8a71\n",
         "box.txt": "in a box: $AV_VIRUSES\n",
         "sorry.txt": "$AV_VIRUSES in $Subject\n$AV_INFECTED_PARTS\n",
         "notice.txt": "$FilterName: $Subject\n$AllHeaders\n$filenames\n"}
WORDS = {"words.txt": "secret\nplan\nboss\n# none\nJoe Boss\n",
         "japanese.txt": "\u65e5\u672c\n\u8a71\u984c\nb\u00fcro\n",
         "weights.txt": "secret,5\n[0-9]{4},2\n*credit,10\ne\n"}
LISTS = ("bert@example.com\tsafe joe@client.test\n"
         "boss@example.com\tblock joe@client.test, safe @y.test\n")
SPAMD = Spamd(((b"plan", b"True ; 12.0"), (b"secret", b"True ; 6.5")))
GATEWAYS = {"A": "127.0.0.1", "B": "127.0.0.2"}
# what is in the messages of message_dice.py
CLAMD = Clamd(((b"<script", "Js.Test-1 FOUND"), (b"MZ\0", "Win.Test-2 FOUND"),
               (b"budget", "Heuristics.Encrypted.Test FOUND"),
               (b"smile", "Heuristics.Limits.Exceeded.Test FOUND"),
               (b"GIF89a", "Gif.Test-3 FOUND")), decodes=True)


def make_case(dice, lang, ports):
    filters = {f: [filter_dice.content_filter(dice, lang, "%s%d" % (f[0], i))
                   for i in range(dice.randint(0, 4))]
               for f in ("incoming", "outgoing")}
    messages = [filter_dice.message_filter(dice, lang, "f%d" % i)
                for i in range(dice.randint(3, 8))]
    # the field says how long the scan took: that is a size of its own
    sized = re.search("(?i)body[-_]?size", str((messages, filters)))
    return {
        "filters": messages,
        "rules": rule_dice.rules(dice),
        "config": {
            "hostname": "mx.postern.test",
            "dns": {"enabled": "no"},
            "system": {"workers": 1},
            "receiving": {"add_message_id": "no"},
            # counted by the hour, which trace does not
            "delivery": {"bounce_rate": 1000000},
            "scanning": {
                "list": dice.choice(["skip", "only"]),
                "types": dice.choice(["none", "image/*",
                                      ["Image", "text/html"]]),
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
                {"name": "nihon"}, {"name": "notice", "type": "notification"},
                {"name": "box", "type": "virus-container"},
                {"name": "sorry", "type": "virus-notification"}],
            "dictionaries": [
                {"name": w.partition(".")[0], "ignore_case": dice.yes(),
                 "whole_words": dice.yes()} for w in WORDS],
            "anti_spam": {"engine": dice.choice(["off", "spamd"]),
                          "servers": "127.0.0.1:%d" % SPAMD.port},
            "spam_quarantine": {"enabled": dice.yes()},
            "anti_virus": {"engine": dice.choice(["off", "clamd"]),
                           "servers": "127.0.0.1:%d" % CLAMD.port},
            "outbreak_filters": make_outbreak(dice),
            "safelist_blocklist": "lists",
            "blocklist_action": dice.choice(["quarantine", "drop"]),
            "content_filters": filters,
            "mail_policies": {
                f: make_policies(dice, [c["name"] for c in v], sized)
                for f, v in filters.items()},
            "listeners": [make_listener(dice, *l) for l in zip(
                ("In", "Out"), ("public", "private"), ports)],
            "routes": {"ALL": "127.0.0.1:@SINK_PORT@"},
            "logs": [{"name": "mail_logs", "type": "mail"},
                     {"name": "mail_json", "type": "mail", "format": "json"}],
        }}


def make_policies(dice, names, sized):
    members = [{"recipients": dice.sample(RCPTS, 2)},
               {"recipients": ["@branch.example.com"]},
               {"senders": ["joe@client.test"]},
               {"not_senders": ["@client.test"]},
               {"recipients": RCPTS[:2], "match": "all"}]
    out = [{"name": "copies", "content_filters": "disabled",
            "anti_spam": "disabled", "anti_virus": "disabled",
            "outbreak": "disabled",
            "members": [{"recipients": [filter_dice.SCANNED]}]}]
    for i in range(dice.randint(0, 3)):
        out.append({"name": "p%d" % i, "members": [dice.choice(members)]})
    out.append({"name": "DEFAULT"})
    for p in out[1:]:
        p["content_filters"] = dice.some(names, 3) or "disabled"
        p["anti_spam"] = dice.choice(["disabled", "enabled", {
            "positive": make_verdict(dice), "suspected": make_verdict(dice)}])
        p["anti_virus"] = dice.choice(["disabled", "enabled"] + [
            make_virus(dice)] * 3)
        if sized and p["anti_virus"] != "disabled":
            p["anti_virus"] = dict(make_virus(dice), header="no")
        p["outbreak"] = dice.choice(["disabled", "enabled"] + [
            make_threat(dice)] * 3)
    return out


def make_virus(dice):
    """What a policy makes of the answers of the virus scanner."""
    v = {"repair": dice.yes(), "drop_infected": dice.yes(),
         "header": dice.yes()}
    if dice.may(30):
        v["container"] = "box"
    for kind in ("repaired", "encrypted", "unscannable", "infected"):
        one = make_verdict(dice, "attachment")
        for who in ("notify_sender", "notify_recipients"):
            if dice.may(20):
                one[who] = "yes"
        if dice.may(20):
            one["notify_others"] = "audit@example.org, soc@example.com"
        if dice.may(20):
            one["notify_text"] = "sorry"
        if kind == "repaired":
            one.pop("alternate_recipient", None)
            one.pop("alternate_host", None)
        v[kind] = one
    return v


def make_outbreak(dice):
    how = dice.choice(["defang", "text", "redirect"])
    return {"enabled": dice.yes(70), "file": "mine.json",
            "adaptive": dice.yes(), "max_size": dice.choice(["1K", "512K"]),
            "rewrite": how, "rewrite_text": "" if how == "defang" else
            "https://click.example.com/?u="}


def make_threat(dice):
    """What a policy makes of outbreak rules."""
    v = {"threshold": dice.randint(1, 5), "deliver_non_viral": dice.yes(),
         "modify": dice.yes(70), "modify_threshold": dice.randint(1, 5),
         "subject": dice.choice(["none", "prepend", "append"]),
         "headers": dice.yes(),
         "rewrite_urls": dice.choice(["off", "unsigned", "all"])}
    if dice.may(30):
        v["subject_text"] = "[$threat_level $threat_category] "
    if dice.may(20):
        v["alternate_host"] = "relay.test"
    if dice.may(20):
        v["bypass_extensions"] = dice.some(["exe", "zip", "txt"], 2) or ["pdf"]
    if dice.may(20):
        v["url_bypass"] = dice.choice([["good.test"], [".example"]])
    if dice.may(30):
        v["disclaimer"] = dice.choice(["house", "html", "nihon"])
    return v


def make_verdict(dice, last="bounce"):
    v = {"action": dice.choice(["deliver", "deliver", "quarantine", "drop",
                                last]),
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
    if kind == "public" and dice.may(15):
        # no directory answers here: it is an error to both
        l["ldap_accept"] = {"query": "people.accept",
                            "unreachable": dice.choice(
                                ["accept"] * 3 + ["reject"])}
    for place in ("heading", "footer"):
        if dice.may(10):
            l[place] = dice.choice(["house", "html", "nihon"])
    return l
