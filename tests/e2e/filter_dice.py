"""Filters at random, over the whole language.

What rules and actions there are, what they take and with what they are
compared comes from the program (showconfig --manual), as postern-filters(5)
has it: one that is new is used from the day it is there.  Only what a kind of
argument may look like is said here; a kind that is not fails the test.
"""
import re
import subprocess

# names of what the configurations of test_trace_pairs.py have
HEADERS = ["Subject", "From", "To", "X-One", "X-Two", "Content-Type",
           "Reply-To", "Received", "List-Id", "Comments", "MIME-Version",
           "X-Raw", "Content-Transfer-Encoding", "X-Empty"]
REGEXES = ["secret", "(?i)SECRET", "^a", "e$", "[0-9]{4}", ".", "^$", "x*",
           "\\.exe$", "(?i)\\.(zip|PDF|txt)$", "b\u00fcro", "gr\u00fc\u00dfe",
           "\u65e5\u672c", "\u8a71", "[\u3042-\u3093]", "^.{20}", "\\bplan\\b",
           "(a|b)*c", "joe|boss", "@example\\.com$", "\\s", "=\\?", "<[a-z]+",
           "(?i)content", "\u00df", "\U0001f600", "a{2,}", "(?!x)e"]
SMART = ["*credit", "*ssn", "*aba", "*cusip"]
TEXTS = ["", "plain", "gr\u00fc\u00dfe aus $RecvListener", "\u65e5\u672c\u8a9e",
         "$Subject", "[$EnvelopeFrom]", "$EnvelopeRecipients",
         "$filenames $filetypes $filesizes", "$MatchedContent", "$FilterName",
         "$dropped_filename|$dropped_filenames|$dropped_filetypes",
         "$Header['X-One'] $Header[\"To\"]", "$Group $Policy $RemoteIP",
         "$remotehost $RecvInt $Reputation $SMTPAuthID", "$Hostname $nothing",
         "$BodySize", "a, b <c@d.example>", "x" * 90, "two words " * 12,
         "tab\there", "$threat_level $Geolocation", "$", "100% \\ \" '",
         "\U0001f600", "$CertificateSigners"]
# What another run says otherwise: only where nothing looks at it again, and
# test_trace_pairs.py can make it neutral.
VARYING = ["<$MID>", "[$Date $Time]", "[$Timestamp]", "[$GMTimeStamp]"]
ADDRESSES = ["sec@copies.test", "sec@copies.test, audit@example.org",
             "$EnvelopeFrom", "$RecvListener",
             "$Header['Reply-To']", "audit@example.org,x@y.test"]
# copies of which are filtered again, by filters that leave them alone
SCANNED = "scan@copies.test"
NEVER = str((1 << 32) - 1)

KINDS = {
    "regex": REGEXES,
    "name": HEADERS,
    "text": TEXTS, "value": TEXTS, "replacement": TEXTS, "comment": TEXTS,
    "subject": TEXTS,
    "sender": ["", "robot@copies.test", "$EnvelopeFrom", "$Group"],
    "addresses": ADDRESSES,
    "address": ["other@example.com", "$EnvelopeFrom", "$Group",
                "new@branch.example.com"],
    "host": ["relay.test", "127.0.0.1", "[127.0.0.1]", "RELAY.test"],
    "dictionary": ["words", "japanese", "weights"],
    "quarantine": ["Policy", "Second"],
    "text resource": ["house", "html", "nihon"],
    "template": ["", "notice"],
    "profile": ["Default", "Quick"],
    "log": ["kept", "also"],
    "tag": ["red", "blue"],
    "listener": ["In", "Out", "^I", "t$"],
    "interface": ["A", "B"],
    "group": ["staff", "cn=people"],
    "sieve": ["+", "-"],
    "zone": ["bl.test"],
    "type/subtype": ["text/plain", "text/*", "*/*", "image/png",
                     "application/zip", "application/octet-stream",
                     "text/html", "application/x-msdownload", "image/*"],
    "MM/DD/YYYY hh:mm:ss": ["01/01/2001 00:00:00", "12/31/2037 23:59:59"],
}
NUMBERS = {         # where not any will do
    "header-repeats": [NEVER],  # a count of what came before
    "workqueue-count": ["1000000"],
    "reputation": ["-10.0", "0", "2.5"],
    "body-size": ["0", "400", "900", "1K", "2000", "1M"],
    "attachment-size": ["0", "10", "100", "500", "1K"],
    "drop-attachments-by-size": ["1", "50", "200", "1K"],
    "forged-email-detection": ["1", "50", "80", "100"],
}
RANGES = ["127.0.0.1", "127.1.", "10.0.0.0/8", "192.0.2.1-100", "2001:db8::/32"]
LISTED = ["127.0.0.2", "127.0.0.3"]
# a drawing is another one in the next run, unless there is nothing to draw
DRAWN = "1"


class Language:
    def __init__(self, postern):
        def manual(part):
            return subprocess.run([postern, "showconfig", "--manual", part],
                                  capture_output=True, text=True,
                                  check=True).stdout
        self.rules = [Rule(e) for e in entries(manual("rules"))]
        self.actions = [Rule(e) for e in entries(manual("actions"))]
        self.filetypes = [w for l in manual("filetypes").splitlines()
                          if not l.startswith(".B") and l != ".El"
                          for w in l.replace(".It ", "").split()]
        self.rules = [r for r in self.rules if not r.missing]
        self.actions = [a for a in self.actions if not a.missing]
        self.used = set()


def entries(page):
    """The lines of each entry."""
    found = []
    for line in page.splitlines():
        if line.startswith(".It "):
            found.append([])
        if found:
            found[-1].append(line)
    return found


class Rule:
    """A rule or an action: name, args: [(kind, optional)], what is right of a
    comparison, and the words of those kinds that have some."""

    def __init__(self, lines):
        head = lines[0].replace("\\ ", " ").replace("\\(dq", '"')
        self.name = re.match(r"\.It \\fB([^\\]+)\\fR", head).group(1)
        rest = head.partition("\\fR")[2]
        args, right = "", rest
        if rest.startswith("("):
            args, _, right = rest[1:].partition(")")
        self.args = [(m.group(2), m.group(1) == "[") for m in re.finditer(
            r"(\[?)(?:, )?\\fI(.*?)\\fR", args)]
        m = re.search(r"(==|<) \"?\\fI(.*?)\\fR", right)
        self.op, self.right = m.groups() if m else (None, None)
        self.alone = m is None or right.strip().startswith("[")
        self.missing = any(l.startswith("This version has no") for l in lines)
        self.final = "Final." in lines
        self.words, self.several = {}, set()
        for l in lines[1:]:
            m = re.match(r"The (.+?) is (one or more of )?(.+) or (.+)\.$", l)
            if m and m.group(1) in [a for a, _ in self.args] + [self.right]:
                self.words[m.group(1)] = m.group(3).split(", ") + [m.group(4)]
                if m.group(2):
                    self.several.add(m.group(1))


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace(
        "\n", " ")


def value(dice, lang, rule, kind, is_right):
    if kind in rule.words:
        words = rule.words[kind]
        if kind not in rule.several:
            return quoted(dice.choice(words))
        some = dice.sample(words, dice.randint(1, len(words)))
        if kind == "types":
            return "[%s]" % ", ".join(map(quoted, some))
        return quoted(",".join(some))
    if kind == "n":
        if rule.name == "random":
            return DRAWN if not is_right else dice.choice(["0", "1", "5"])
        return dice.choice(NUMBERS.get(
            rule.name, ["1", "2", "3"] if is_right or rule.right is None
            else ["1", "2", "5"]))
    if kind == "addresses" and rule.name == "remote-ip":
        return quoted(dice.choice(RANGES))
    if kind == "address" and rule.name == "dnslist":
        return quoted(dice.choice(LISTED))
    if kind == "regex" and "contain" in rule.name and not is_right \
            and "binary" not in rule.name and dice.may(10):
        return quoted(dice.choice(SMART))
    if kind == "type":
        return quoted(dice.choice(lang.filetypes))
    if kind == "addresses" and rule.name in ("bcc-scan", "notify-copy"):
        return quoted(SCANNED)
    if (kind == "subject" or rule.name == "log-entry") and dice.may(20):
        return quoted(dice.choice(VARYING))
    assert kind in KINDS, "nothing is known of the argument <%s> of %s: " \
        "tests/e2e/filter_dice.py must say what it looks like" % (
            kind, rule.name)
    return quoted(dice.choice(KINDS[kind]))


def arguments(dice, lang, rule):
    out = []
    for kind, optional in rule.args:
        if optional and dice.may(40):
            break
        out.append(value(dice, lang, rule, kind, False))
    return out


def test(dice, lang):
    rule = dice.choice(lang.rules)
    lang.used.add(rule.name)
    args = arguments(dice, lang, rule)
    text = spelled(dice, rule.name)
    if args:
        text += "(%s)" % ", ".join(args)
    if rule.op and not (rule.alone and dice.may(40)):
        op = dice.choice(["==", "!="] if rule.op == "==" else
                         ["==", "!=", "<", "<=", ">", ">="])
        text += " %s %s" % (op, value(dice, lang, rule, rule.right, True))
    return text


def spelled(dice, name):
    if dice.may(10):
        name = name.upper()
    return name.replace("-", "_") if dice.may(10) else name


def rule(dice, lang, depth=0):
    if depth > 2 or dice.may(55):
        return test(dice, lang)
    if dice.may(25):
        return "not (%s)" % rule(dice, lang, depth + 1)
    word = dice.choice([" and ", " or "])
    return "(%s)" % word.join(rule(dice, lang, depth + 1)
                              for _ in range(dice.randint(2, 3)))


def action(dice, lang, final_too=True):
    """Those that end the message are rare, or there would be nothing left to
    compare."""
    while True:
        a = dice.choice(lang.actions)
        if not a.final or (final_too and dice.may(15)):
            break
    lang.used.add(a.name)
    return "%s(%s)" % (spelled(dice, a.name),
                       ", ".join(arguments(dice, lang, a)))


def block(dice, lang, depth):
    out = []
    for _ in range(dice.randint(1, 3)):
        if depth < 2 and dice.may(15):
            out.append(if_statement(dice, lang, depth + 1))
        else:
            out.append(action(dice, lang) + ";")
    return "{ %s }" % " ".join(out)


def if_statement(dice, lang, depth=0):
    text = "if (%s) %s" % (rule(dice, lang), block(dice, lang, depth))
    if dice.may(30):
        text += " else " + (if_statement(dice, lang, depth + 1)
                            if depth < 2 and dice.may(20)
                            else block(dice, lang, depth))
    return text


def message_filter(dice, lang, name):
    return "%s%s %s" % (name, "!" if dice.may(4) else ":",
                        if_statement(dice, lang))


def content_filter(dice, lang, name):
    actions = [action(dice, lang, False) for _ in range(dice.randint(1, 3))]
    if dice.may(15):
        final = dice.choice([a for a in lang.actions if a.final])
        lang.used.add(final.name)
        actions.append("%s()" % final.name)
    return {"name": name, "match": dice.choice(["all", "any"]),
            "conditions": [test(dice, lang)
                           for _ in range(dice.randint(0, 2))],
            "actions": actions}
