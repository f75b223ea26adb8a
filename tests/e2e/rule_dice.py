"""Outbreak rules at random, of all the tests that there are."""
import json

TESTS = {
    "attachment_ext": [["exe"], ["zip", "pdf"], ["txt"], ["doc", "gz"]],
    "attachment_filetype": [["zip"], ["Executable"], ["png", "pdf"]],
    "attachment_size": [[0, 50], [51, 400], [0, 100000], [300, 900]],
    "filename_re": ["(?i)letter|long", "^a", "\\.", "\u8868"],
    "archive_member_ext": [["exe"], ["pdf", "txt"], ["zip"]],
    "sha256": [["0" * 64]],
    "subject_re": ["secret", "(?i)plan", "^$", "\u65e5", "."],
    "body_re": ["secret", "[0-9]{4}", "gr\u00fc", "Joe"],
    "from_domain": [["client.test"], ["example.com"], ["y.test", "x.test"]],
    "url_domain": [["evil.test"], ["good.test", "c.example"]],
    "url_re": ["evil", "^https://", "\\?a=1"],
    "remote_ip": [["127.0.0.0/8", "10.0.0.0/8"], ["192.0.2.0/24"],
                  ["2001:db8::/32"]],
    "has_url": [True, False],
    "engine_symbol": [["A"], ["Js.Test-1", "Win.Test-2"], ["NONE"]],
}


def rules(dice):
    """The text of such a file."""
    return json.dumps({
        "version": 1, "serial": dice.randint(1, 1000),
        "generated": "2024-06-11T12:05:00Z",
        "rules": [rule(dice, "RULE_%d" % i)
                  for i in range(dice.randint(0, 6))]})


def rule(dice, name):
    one = {"id": name, "type": dice.choice(["outbreak"] * 3 + ["adaptive"]),
           "level": dice.randint(0, 5), "description": "about " + name,
           "category": dice.choice(["virus", "phish", "scam", "malware"]),
           "match": test(dice)}
    if dice.may(30):
        one["hold_minutes"] = dice.randint(10, 2000)
    if dice.may(30):
        one["subtype"] = dice.choice(["form", "trojan"])
    if dice.may(10):
        one["expires"] = dice.choice(["2024-06-13T00:00:00Z",
                                      "2099-01-01T00:00:00Z"])
    return one


def test(dice, depth=0):
    if depth > 2 or dice.may(50):
        name = dice.choice(list(TESTS))
        return {name: dice.choice(TESTS[name])}
    if dice.may(20):
        return {"not": test(dice, depth + 1)}
    return {dice.choice(["all", "any"]): [
        test(dice, depth + 1) for _ in range(dice.randint(1, 3))]}
