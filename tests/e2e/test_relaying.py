"""Nobody relays through us who may not (threats 3.6, REL), and nobody is
what his own DNS says he is (IDT-08)."""
import pytest

import twin
from conftest import CONFIG
from nsd import Nsd
from ports import free_port
from sink import Sink
from suite import Client
from twin import Session

FOREIGN = "other.test"
LOOSE = CONFIG.replace(
    "    hat:\n      defaults:",
    "    addresses: { parser: loose, source_routes: strip,\n"
    "                 reject_characters: \"\" }\n    hat:\n      defaults:", 1)


def rcpt(postern, path):
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
        code, text = c.cmd("RCPT TO:%s" % path)
        return code, text[0].split()[0]


def test_rel_01_a_foreign_recipient(postern):
    assert rcpt(postern, "<v@other.test>") == (550, "5.1.0")


@pytest.mark.parametrize("path,reply", [
    ("<v%other.test@example.com>", (553, "5.1.3")),
    ("<other.test!v@example.com>", (553, "5.1.3")),
    ('<"v@other.test"@example.com>', (553, "5.1.3")),
    ("<v@other.test@example.com>", (501, "5.1.3")),
    ('<"v@other.test">', (553, "5.1.3")),
    (r"<v\@other.test@example.com>", (501, "5.1.3")),
    ("<@example.com:v@other.test>", (553, "5.1.3")),
    ("<@a,@example.com:v@other.test>", (553, "5.1.3")),
])
def test_rel_02_03_as_it_ships(postern, path, reply):
    assert rcpt(postern, path) == reply


@pytest.mark.parametrize("path,codes", [
    ("<@example.com:v@other.test>", (550,)),
    ("<@a,@example.com:v@other.test>", (501, 550)),
    ("<a@example.com> <v@other.test>", (501,)),
    ("<<v@other.test>>", (501, 550)),
    ("(<a@example.com>) v@other.test", (501, 550)),
    ("v@other.test (<a@example.com>)", (501, 550)),
    ("<a@example.com>v@other.test", (501,)),
    ("<v@other.test>a@example.com", (501, 550)),
])
def test_rel_03_04_the_loose_parser_judges_what_it_found(
        make_suite, path, codes):
    postern = make_suite(LOOSE)
    assert rcpt(postern, path)[0] in codes
    if 550 in codes:
        log = "\n".join(postern.log())
        assert "To: <a@example.com>" not in log


def test_rel_02_the_local_part_stays_opaque(make_suite):
    """With the list of refused characters emptied they are accepted, and go
    to example.com's route as they are."""
    other = free_port()
    postern = make_suite(LOOSE.replace(
        "routes:\n", "routes:\n  other.test: 127.0.0.1:%d\n" % other, 1))
    rcpts = ["v%other.test@example.com", "other.test!v@example.com",
             '"v@other.test"@example.com']
    with Sink(postern.sink_port) as sink, Sink(other) as stray, \
            postern.client() as c:
        assert c.mail(rcpts=rcpts)[0] == 250
        sink.wait(1)
        postern.wait_empty()
        assert sorted(sink.rcpts()) == sorted(rcpts)
        assert stray.connections == 0


def test_rel_10_nobody_is_trusted_by_where_he_stands(make_suite):
    """What a private listener comes with; and a public one relays for no
    address, not even its own."""
    config = CONFIG.split("    hat:\n      groups:\n        - name: RELAYLIST")
    assert len(config) == 2
    postern = make_suite(config[0] + "routes:" +
                         config[1].split("routes:", 1)[1])
    for source in ("127.0.0.1", "127.1.2.3"):
        with Client(postern.private_port, greet=False, source=source) as c:
            assert c.reply()[0] == 554
            assert c.reply() is None
        s = Session("OutboundMail", postern.private_port, source)
        t = twin.trace(postern, s)
        assert t["connection"]["policy"] == "$BLOCKED"
        assert twin.live(s).connect == twin.expected(s, t).connect
    assert rcpt(postern, "<v@other.test>") == (550, "5.1.0")


# --- names of clients ---------------------------------------------------------

# each leads back to its client; only the last two are names of hosts
NAMES = [r"quo\034te.evil", r"sp\032ace.evil", r"nul\000.evil",
         r"\036\040reboot\041.evil", r"semi\059colon.evil", r"sl\047ash.evil",
         r"utf\195\164.evil", r"new\010line.evil", r"at\064sign.evil",
         "under_score.evil", "plain-1.evil"]


def test_idt_08_names_that_are_none(make_suite, folder):
    zone = "".join("%s A 127.50.0.%d\n" % (n, i + 1)
                   for i, n in enumerate(NAMES))
    zone += ("x" * 60 + ".") * 3 + "evil A 127.50.0.50\n"
    reverse = "".join("%d.0.50 PTR %s.test.\n" % (i + 1, n)
                      for i, n in enumerate(NAMES))
    reverse += "50.0.50 PTR %sevil.test.\n" % (("x" * 60 + ".") * 3)
    # an address as a name: nothing can lead back from it
    reverse += "60.0.50 PTR 127.50.0.60.\n"
    config = CONFIG.replace(
        "dns:\n  enabled: no\n", "dns:\n  servers: [ \"127.0.0.1:@NSD@\" ]\n"
        "  timeout: 3\n  reverse_timeout: 3\n", 1).replace(
        "      groups:\n        - name: ALL",
        "      groups:\n        - { name: EVIL, policy: $ACCEPTED,\n"
        "            entries: .evil.test }\n"
        "        - { name: ADDRESS, policy: $TRUSTED, entries: 10.0.0.1 }\n"
        "        - name: ALL", 1)
    with Nsd(folder, {"test": zone, "127.in-addr.arpa": reverse}) as nsd:
        postern = make_suite(config.replace("@NSD@", str(nsd.port)))
        for i in [*range(1, len(NAMES) + 1), 50, 60]:
            s = Session("InboundMail", postern.port, "127.50.0.%d" % i)
            t = twin.trace(postern, s)
            good = i in (len(NAMES) - 1, len(NAMES), 50)
            c = t["connection"]
            assert c["group"] == ("EVIL" if good else None), i
            host = t["facts"]["reverse_name"]["value"]
            assert host.endswith(".evil.test") == good, (i, host)
            assert twin.live(s).connect == twin.expected(s, t).connect
            line = postern.wait_log("address 127.50.0.%d " % i)[0]
            assert line.endswith("verified yes" if good else
                                 "reverse dns host unknown verified no"), line
