"""Addresses at the door: docs/decisions/addresses.md, with every byte."""
import pytest

from conftest import CONFIG
from suite import Client

# a byte in the local part, in the domain, at the ends, in quotes
PLACES = [b"<%sa@c.test>", b"<a%sb@c.test>", b"<a@c%s.test>", b"<a@c.test%s>",
          b'<"a%sb"@c.test>']
LINE_BREAKERS = b"\r\n\0"
OTHERS = bytes(b for b in range(33) if b not in LINE_BREAKERS) + b"<>\x7f"


@pytest.fixture
def loose(make_suite):
    return make_suite(CONFIG.replace(
        "    hat:\n      defaults:",
        "    addresses: { parser: loose }\n    hat:\n      defaults:", 1))


@pytest.mark.parametrize("parser", ["postern", "loose"])
@pytest.mark.parametrize("verb,status", [(b"MAIL FROM:", "5.1.7"),
                                         (b"RCPT TO:", "5.1.3")])
def test_rel_06_bytes_that_no_address_has(parser, verb, status, request):
    port = request.getfixturevalue(parser).port

    def say(path):
        with Client(port) as c:
            if verb == b"RCPT TO:":
                assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
            return c.cmd(verb + path + b"\r\n")
    for place in PLACES:
        for byte in OTHERS:
            code, text = say(place % bytes([byte]))
            assert (code, text[0][:5]) == (501, status), (place, byte)
        for byte in LINE_BREAKERS:
            code, text = say(place % bytes([byte]))
            assert (code, text[0][:5]) == (500, "5.5.2"), (place, byte)


@pytest.mark.parametrize("rcpt,code", [
    ("v@127.0.0.1", 501), ("v@[127.0.0.1]", 550), ("v@[IPv6:::1]", 550),
    ("v@[IPv6:::ffff:127.0.0.1]", 550), ("v@[0x7f.1]", 501),
    ("v@[127.1]", 501), ("v@[::1]", 501), ("v@2130706433", 501)])
def test_rel_05_literals(postern, rcpt, code):
    with postern.client() as c:
        assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
        assert c.cmd("RCPT TO:<%s>" % rcpt)[0] == code


@pytest.mark.parametrize("address", [
    "j\u00f6rg@client.test", "joe@b\u00fccher.test"])
def test_stm_07_not_ascii_needs_smtputf8(postern, address):
    with postern.client() as c:
        code, text = c.cmd("MAIL FROM:<%s>" % address)
        assert code == 553 and text[0].startswith("5.6.7 ")
        assert c.cmd("MAIL FROM:<s@client.test>")[0] == 250
        code, text = c.cmd("RCPT TO:<%s>" % address.replace(
            "client.test", "example.com"))
        assert code == 553 and text[0].startswith("5.6.7 ")
        c.cmd("RSET")
        assert c.cmd("MAIL FROM:<%s> SMTPUTF8" % address)[0] == 250
        assert c.cmd("RCPT TO:<j\u00f6rg@example.com>")[0] == 250
    with postern.client(postern.private_port) as c:
        assert c.cmd("MAIL FROM:<%s>" % address)[0] == 250


@pytest.mark.parametrize("address", [
    b"j\xf6rg", b"\xc0\xaf", b"\xed\xa0\x80", b"a\xef\xbc\xa0b",
    b"a\xe2\x80\xaeb"])
def test_stm_07_bad_utf_8_is_no_address(postern, address):
    with postern.client() as c:
        code, text = c.cmd(b"MAIL FROM:<" + address
                           + b"@client.test> SMTPUTF8\r\n")
        assert code == 501 and text[0].startswith("5.1.7 ")
