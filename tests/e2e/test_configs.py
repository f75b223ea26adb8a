"""The dialogues about lists and tables of the whole system, and their lines."""
import subprocess

import pytest

from nsd import Nsd
from suite import BIN
from terminal import Terminal

CONFIG = """\
# 設定
hostname: mail3.example.com
dns: { enabled: no }
interfaces:
  - { name: PublicNet, ip: 127.0.0.1 }    # 外
  - { name: Second, ip: 127.0.0.2, hostname: second.example.com }
listeners:
  - name: InboundMail
    port: @PORT@
    rat: [ example.com, .example.net ]    # 受信
    hat: { groups: [ { name: ALL, policy: $ACCEPTED } ] }
  - name: OutboundMail
    type: private
    port: @PRIVATE_PORT@
    hat: { groups: [ { name: ALL, policy: $RELAYED } ] }
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""


@pytest.fixture
def suite(make_suite):
    return make_suite(CONFIG)


def config(suite):
    return (suite.root / "etc/postern.yaml").read_text()


def run(suite, *words, ok=(0,)):
    """What it says, errors too."""
    r = subprocess.run([str(BIN / "postern"), "--root", str(suite.root),
                        *words], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                       text=True, timeout=60)
    assert r.returncode in ok, (words, r.returncode, r.stdout)
    return r.stdout.replace(
        "The working copy was changed; commit to put it in force.\n", "")


def leave(t):
    t.expect("[]> ")
    t.say()
    rest, status = t.end()
    assert status == 0, rest


def test_aliasconfig(suite):
    with Terminal(suite, "aliasconfig") as t:
        t.answer(("""
Alias Table
There are currently 0 entries.

Choose the operation you want to perform:
- NEW - Create a new entry.
- EDIT - Modify an entry.
- DELETE - Remove an entry.
- PRINT - Display all entries.
- IMPORT - Import all entries from a file.
- EXPORT - Export all entries to a file.
- CLEAR - Remove all entries.
[]> """, "new"),
                 ("""
How do you want your aliases to apply?
1. Globally
2. Add a new domain context
[1]> """, "2"),
                 ("""
Enter the new domain context. Separate multiple domains with commas.
Partial domains such as ".example.com" are allowed.
[]> """, "example.com, .example.net"),
                 ("""
Enter the alias(es) to match on. Separate multiple aliases with commas.
[]> """, "partygoers"),
                 ("""
Enter address(es) for the alias. Separate multiple addresses with commas.
[]> """, "wilma@example.com, fred@example.com"),
                 ("""\
Adding alias partygoers: wilma@example.com, fred@example.com

Do you want to add another alias? [N]> """, "y"),
                 ("""
Enter the alias(es) to match on. Separate multiple aliases with commas.
[]> """, "nobody"),
                 ("""
Enter address(es) for the alias. Separate multiple addresses with commas.
[]> """, "/dev/null"),
                 ("""\
Adding alias nobody: /dev/null

Do you want to add another alias? [N]> """, ""))
        leave(t)
    table = suite.root / "etc/tables/aliases"
    run(suite, "aliasconfig", "new", "admin@example.com", "root@example.com")
    run(suite, "aliasconfig", "new", "help", "joe@example.com",
        "context=example.com,.example.net")
    run(suite, "aliasconfig", "new", "help", "mary@example.com",
        "context=example.org")
    run(suite, "aliasconfig", "edit", "help", "eve@example.com",
        "context=example.org")
    assert table.read_text() == """\
admin@example.com: root@example.com
[ example.com, .example.net ]
partygoers: wilma@example.com, fred@example.com
nobody: /dev/null
help: joe@example.com

[ example.org ]
help: eve@example.com
"""
    assert "aliases: aliases\n" in config(suite)
    bad = run(suite, "aliasconfig", "new", "x", ":include:/etc/passwd",
              ok=(2,))
    assert "include" in bad
    (suite.root / "etc/bad").write_text("a@example.com b\nx:\n")
    bad = run(suite, "aliasconfig", "import", "bad", ok=(1,))
    assert bad.startswith("Error in line 1: ")
    assert "Error in line 2: " in bad
    assert bad.endswith("Import failed; no changes were made.\n")
    run(suite, "aliasconfig", "delete", "help", "context=example.org")
    run(suite, "aliasconfig", "export", "aliases.txt")
    assert (suite.root / "etc/aliases.txt").read_text() == table.read_text()
    # and it works
    suite.postern("commit", "aliases")
    with suite.client() as c:
        assert c.mail(rcpts=["partygoers@example.com"])[0] == 250
    suite.wait_log("fred@example.com")
    run(suite, "aliasconfig", "clear")
    assert config(suite) == CONFIG.replace("@PORT@", str(suite.port)).replace(
        "@PRIVATE_PORT@", str(suite.private_port)).replace(
        "@SINK_PORT@", str(suite.sink_port))


def test_altsrchost(suite):
    run(suite, "interfaceconfig", "groups", "new", "Both",
        "members=PublicNet,Second")
    with Terminal(suite, "altsrchost") as t:
        t.expect("\nVirtual Gateways\nThere are currently 0 entries.\n")
        t.expect("[]> ")
        t.say("new")
        t.expect("[]> ")
        t.say("@example.com")
        t.answer(("""
Which interface do you want to send messages from?
1. PublicNet
2. Second
3. Both
[1]> """, "2"),
                 ("Mapping for @example.com on interface Second created.\n"
                  "\nVirtual Gateways\nThere are currently 1 entries.\n", ""))
        assert t.end()[1] == 0
    assert run(suite, "altsrchost", "add", "192.0.2.140", "Both") == \
        "Mapping for 192.0.2.140 on interface Both created.\n"
    assert run(suite, "altsrchost", "print") == (
        "@example.com --> Second\n192.0.2.140 --> Both\n")
    assert "Nowhere" in run(suite, "altsrchost", "new", "a@b.example",
                            "Nowhere", ok=(1,))
    assert run(suite, "interfaceconfig", "delete", "Second", ok=(1,)) == (
        'The interface "Second" is used by interface group "Both", '
        'altsrchost "@example.com".\n')
    assert run(suite, "interfaceconfig", "groups", "delete", "Both",
               ok=(1,)) == ('The interface group "Both" is used by altsrchost '
                            '"192.0.2.140".\n')
    run(suite, "altsrchost", "delete", "192.0.2.140")
    run(suite, "interfaceconfig", "groups", "delete", "Both")
    assert run(suite, "altsrchost", "print") == "@example.com --> Second\n"


def test_interfaceconfig(suite):
    before = config(suite)
    with Terminal(suite, "interfaceconfig") as t:
        t.answer(("""
Currently configured interfaces:
1. PublicNet (127.0.0.1/8: mail3.example.com)
2. Second (127.0.0.2: second.example.com)

Choose the operation you want to perform:
- NEW - Create a new interface.
- EDIT - Modify an interface.
- DELETE - Remove an interface.
- GROUPS - Define interface groups.
[]> """, "new"),
                 ('\nPlease enter a name for this IP interface (Ex: '
                  '"InternalNet"):\n[]> ', "Second"),
                 ('The name "Second" is already in use.\n'
                  'Please enter a name for this IP interface (Ex: '
                  '"InternalNet"):\n[]> ', "Third"),
                 ("\nIP Address (Ex: 192.0.2.10):\n[]> ", "1.2.3"),
                 ('Invalid IP address: "1.2.3"\n'
                  "IP Address (Ex: 192.0.2.10):\n[]> ", "127.0.0.3"),
                 ('\nHostname ("none": that of the system):\n[]> ', "a b"),
                 ('Invalid domain name: "a b"\n'
                  'Hostname ("none": that of the system):\n[]> ', ""))
        leave(t)
    third = "  - name: Third\n    ip: 127.0.0.3\n"
    assert config(suite) == before.replace(
        "listeners:\n", third + "listeners:\n")
    run(suite, "interfaceconfig", "edit", "Third", "hostname=x.example.com")
    assert "hostname=x.example.com\n" in run(suite, "interfaceconfig",
                                             "print", "Third")
    run(suite, "interfaceconfig", "delete", "Third")
    assert config(suite) == before
    assert 'used by listener "InboundMail"' in run(
        suite, "interfaceconfig", "delete", "PublicNet", ok=(1,))


def test_addresslistconfig(suite):
    with Terminal(suite, "addresslistconfig") as t:
        t.answer(("\nNo address lists configured.\n"
                  "\nChoose the operation you want to perform:\n"
                  "- NEW - Create a new address list.\n"
                  "- EDIT - Modify an address list.\n"
                  "- DELETE - Remove an address list.\n[]> ", "new"),
                 ("\nEnter a name for the address list:\n[]> ", "vip"),
                 ('\nEnter a description for the address list ("none": '
                  'without):\n[]> ', "大切"),
                 ("\nDo you want to enter only full email addresses? [N]> ",
                  ""),
                 ("\nEnter a comma separated list of addresses:\n"
                  "(Ex: user@example.com, user@, @example.com, "
                  "@.example.com, @[192.0.2.1])\n[]> ",
                  "a@example.com, @example.net"))
        leave(t)
    assert """\
address_lists:
  - name: vip
    description: "大切"
    entries:
      - a@example.com
      - "@example.net"
""" in config(suite)
    run(suite, "addresslistconfig", "edit", "vip", "entries_add=@x.example",
        "entries_remove=@example.net")
    assert run(suite, "addresslistconfig", "print", "vip").endswith(
        "entries:\na@example.com\n@x.example\n")
    assert '"a b c" must be user@example.com' in run(
        suite, "addresslistconfig", "edit", "vip", "entries_add=a b c",
        ok=(1,))
    run(suite, "listenerconfig", "edit", "InboundMail", "hostaccess",
        "default", "sender_exceptions=vip")
    assert run(suite, "addresslistconfig", "delete", "vip", ok=(1,)) == \
        'The address list "vip" is used by listener "InboundMail".\n'


def test_exceptionconfig(suite):
    before = config(suite)
    run(suite, "exceptionconfig", "new", "@bad.example,joe@", "reject",
        "reply=554 go away")
    run(suite, "exceptionconfig", "new", "joe@bad.example", "allow", "at=1")
    assert config(suite) == before + """\
exception_table:
  - allow: joe@bad.example
  - reject:
      - "@bad.example"
      - "joe@"
    reply: "554 go away"
"""
    for address, found in [
            ("joe@bad.example", "joe@bad.example (line 19): Allow"),
            ("eve@bad.example", "@bad.example (line 21): Reject"),
            ("joe@good.example", "joe@ (line 22): Reject")]:
        assert run(suite, "exceptionconfig", "find", address) == \
            "%s matches %s\n" % (address, found)
    with Terminal(suite, "exceptionconfig") as t:
        t.expect("There are currently 2 entries in the domain exception "
                 "table.\n")
        t.expect("[]> ")
        t.say("find")
        t.answer(("\nEnter the email address to look for:\n[]> ", "@x"),
                 ('Invalid email address: "@x"\n'
                  "Enter the email address to look for:\n[]> ",
                  "a@ok.example"))
        assert t.expect("[]> ").startswith("a@ok.example matches no entry.\n")
        t.say("edit")
        t.answer(("""
1. joe@bad.example Allow
2. @bad.example, joe@ Reject 554 go away

Enter the number of the entry to edit.
[]> """, "2"),
                 ("""
Enter a domain, sub-domain, user, or email address for which you wish to \
provide an exception:
(Ex: @example.com, @.example.com, user@, user@example.com)
[@bad.example, joe@]> """, "@bad.example"),
                 ("""
Choose a policy for this domain exception:
1. Allow
2. Reject
[2]> """, ""),
                 ("\nWould you like to specify a custom SMTP response? "
                  "[Y]> ", ""),
                 ("\nEnter the SMTP code to use in the response.\n[554]> ",
                  "200"),
                 ("Please enter a number between 400 and 599.\n"
                  "Enter the SMTP code to use in the response.\n[554]> ",
                  "550"),
                 ("\nEnter your custom SMTP response.\n[go away]> ", ""))
        leave(t)
    assert run(suite, "exceptionconfig", "print") == (
        "1. joe@bad.example Allow\n2. @bad.example Reject 550 go away\n")
    assert "nonsense" in run(suite, "exceptionconfig", "new", "nonsense",
                             "allow", ok=(2,))
    run(suite, "exceptionconfig", "delete", "joe@bad.example")
    run(suite, "exceptionconfig", "clear")
    assert config(suite) == before


def test_smtpauthconfig(suite):
    with Terminal(suite, "smtpauthconfig") as t:
        t.expect("No SMTP Authentication profiles configured.\n")
        t.expect("[]> ")
        t.say("new")
        t.answer(("\nEnter a name for this profile:\n[]> ", "relay"),
                 ("\nChoose the type of profile:\n1. local\n2. forward\n"
                  "3. outgoing\n[1]> ", "2"),
                 ("\nEnter the servers to forward to. Separate multiple "
                  "servers with commas.\n[]> ", "127.0.0.1:2500"))
        t.expect("[3]> ")
        t.say()
        t.answer(("\nEnter the seconds that an answer may take:\n[30]> ",
                  ""),
                 ("\nCurrently configured SMTP Authentication profiles:\n"
                  "1. relay (forward: 127.0.0.1:2500)\n", ""))
        assert t.end()[1] == 0
    run(suite, "smtpauthconfig", "new", "staff")
    assert """\
auth_profiles:
  - name: relay
    type: forward
    servers:
      - "127.0.0.1:2500"
  - name: staff
""" in config(suite)
    run(suite, "listenerconfig", "edit", "OutboundMail", "smtpauth", "staff")
    assert run(suite, "smtpauthconfig", "delete", "staff", ok=(1,)) == \
        'The profile "staff" is used by listener "OutboundMail".\n'
    run(suite, "listenerconfig", "edit", "OutboundMail", "smtpauth", "none")
    run(suite, "smtpauthconfig", "delete", "staff")
    assert "staff" not in config(suite)


def test_callaheadconfig(suite):
    with Terminal(suite, "callaheadconfig") as t:
        t.expect("No SMTP call-ahead profiles configured.\n")
        t.expect("[]> ")
        t.say("new")
        t.answer(("\nEnter a name for this profile:\n[]> ", "ask"),
                 ("\nEnter the servers to ask, separated by commas. (None: "
                  "those that the mail would be delivered to.)\n[]> ",
                  "127.0.0.1:2500"),
                 ('\nEnter the MAIL FROM address ("none": <>):\n[]> ', ""),
                 ("\nEnter the validation request timeout, in seconds:\n"
                  "[30]> ", "10"),
                 ("\nEnter the SMTP code for recipients that cannot be "
                  "validated (250: accept):\n[451]> ", "250"),
                 ("\nEnter the SMTP code for temporary failures (250: "
                  "accept):\n[451]> ", ""),
                 ("\nEnter the maximum number of connections per server:\n"
                  "[5]> ", ""),
                 ("\nEnter the number of cached responses:\n[10000]> ", ""),
                 ("\nEnter how long they are kept, in seconds:\n[900]> ",
                  ""),
                 ("\nCurrently configured SMTP call-ahead profiles:\n"
                  "1. ask (127.0.0.1:2500)\n", ""))
        assert t.end()[1] == 0
    assert """\
callahead_profiles:
  - name: ask
    timeout: 10
    failure_code: 250
    servers:
      - "127.0.0.1:2500"
""" in config(suite)
    with Terminal(suite, "listenerconfig") as t:
        for word in ("edit", "1", "setup", "callahead"):
            t.expect("[]> ")
            t.say(word)
        t.answer(("\ncall_ahead: SMTP call-ahead of a public listener: which of "
                  "the\ncallahead_profiles says whether recipients exist. "
                  "Empty: nobody is asked.\n1. None\n2. ask\n[1]> ", "2"))
        for _ in range(3):
            t.expect("[]> ")
            t.say()
        assert t.end()[1] == 0
    assert "    call_ahead: ask\n" in config(suite)
    assert run(suite, "callaheadconfig", "delete", "ask", ok=(1,)) == \
        'The profile "ask" is used by listener "InboundMail".\n'
    run(suite, "listenerconfig", "edit", "InboundMail", "setup",
        "call_ahead=default")
    run(suite, "callaheadconfig", "delete", "ask")


def test_dnslistconfig(suite):
    run(suite, "dnslistconfig", "setup", "dnslist_timeout=10")
    assert "dns: { enabled: no, dnslist_timeout: 10 }\n" in config(suite)
    assert run(suite, "dnslistconfig", "setup") == "dnslist_timeout=10\n"
    assert "is not within" in run(suite, "dnslistconfig", "setup",
                                  "dnslist_timeout=100", ok=(2,))
    assert "flush" in run(suite, "dnslistconfig", "flush").lower()
    assert "cannot be asked" in run(suite, "dnslistconfig", "test",
                                    "192.0.2.1", "list.example", ok=(4,))
    assert 'Invalid IP address: "x"' in run(
        suite, "dnslistconfig", "test", "x", "list.example", ok=(2,))
    with Terminal(suite, "dnslistconfig") as t:
        t.expect("[]> ")
        t.say("setup")
        t.answer(("\nEnter the timeout for queries of DNS lists, in seconds."
                  "\n[10]> ", "99"),
                 ("Invalid value: 99 is not within 1..1m.\nEnter the timeout "
                  "for queries of DNS lists, in seconds.\n[10]> ", "5"))
        leave(t)
    assert "dnslist_timeout: 5 }" in config(suite)


def test_dnslistconfig_asks_a_list(make_suite, folder):
    zones = {"list.test": "2.0.0.127 A 127.0.0.2\n1.2.0.192 A 127.0.0.2\n"
             "3.2.0.192 A 8.8.8.8\n",
             "broken.test": None}
    with Nsd(folder, zones) as nsd:
        suite = make_suite(CONFIG.replace(
            "dns: { enabled: no }",
            'dns: { servers: [ "127.0.0.1:%d" ], timeout: 3 }' % nsd.port))
        assert run(suite, "dnslistconfig", "test", "192.0.2.1",
                   "list.test") == "192.0.2.1 is on list.test.\n"
        assert run(suite, "dnslistconfig", "test", "192.0.2.2",
                   "list.test") == "192.0.2.2 is not on list.test.\n"
        assert run(suite, "dnslistconfig", "test", "192.0.2.3",
                   "list.test") == "192.0.2.3 is not on list.test.\n" \
            "It answered with no address in 127.0.0.0/8.\n"
        with Terminal(suite, "dnslistconfig") as t:
            t.expect("[]> ")
            t.say("test")
            t.answer(('\nEnter the DNS list to query (Ex: '
                      '"list.example.net"):\n[]> ', "a..b"),
                     ('Invalid domain name: "a..b"\n'
                      'Enter the DNS list to query (Ex: '
                      '"list.example.net"):\n[]> ', "list.test"),
                     ("\nEnter the IP address to query for:\n[]> ",
                      "192.0.2.1"),
                     ("192.0.2.1 is on list.test.\n", ""))
            assert t.end()[1] == 0


def test_slblconfig(suite):
    with Terminal(suite, "slblconfig") as t:
        t.expect("\nEnd-User Safelist/Blocklist\nThere are currently 0 "
                 "entries.\n")
        t.expect("[]> ")
        t.say("new")
        t.expect("\nEnter the address of the recipient:\n[]> ")
        t.say("anna@example.com")
        t.expect("[]> ")
        t.say("safe friend@example.net, block example.net")
        t.expect("Lists of anna@example.com: ")
        t.expect("There are currently 1 entries.\n")
        t.expect("[]> ")
        t.say("")
        assert t.end()[1] == 0
    assert run(suite, "slblconfig", "print") == (
        "anna@example.com: safe friend@example.net, block @example.net\n")
    assert "write safe or block" in run(
        suite, "slblconfig", "new", "b@example.com", "friend@x.test",
        ok=(1, 2))
    run(suite, "slblconfig", "edit", "anna@example.com", "block .a.test")
    assert run(suite, "slblconfig", "print") == (
        "anna@example.com: block @.a.test\n")
    run(suite, "slblconfig", "delete", "anna@example.com")
    assert run(suite, "slblconfig", "print") == ""


DESTINATIONS = """\
# all that must be there
[DEFAULT]
ip_sort_pref = PREFER_V4
max_host_concurrency = 200
max_messages_per_connection = 20
recipient_minutes = 30
recipient_limit = 0
limit_type = 0
limit_apply = system
table_tls = on
bounce_validation = 0
send_tls_req_alert = 1

[partner.example]
table_tls = require_verify
recipient_limit = 1000
recipient_minutes = 60
limit_type = MXIP
limit_apply = VG
[.big.example]
max_host_concurrency = 10
limit_type = host
limit_apply = 0
dane = none
bounce_profile = Default
"""


def test_destconfig_files(suite):
    etc = suite.root / "etc"
    (etc / "dest.txt").write_text(DESTINATIONS)
    run(suite, "destconfig", "import", "dest.txt")
    text = config(suite)
    for part in ("ip_preference: prefer_v4", "domain: partner.example",
                 "tls: required_verify", "recipient_limit: 1000",
                 "limit_per: address", "limit_for: gateway",
                 "domain: .big.example", "tls_alert: yes"):
        assert part in text, part
    run(suite, "destconfig", "export", "out.txt")
    out = (etc / "out.txt").read_text()
    for line in ("[DEFAULT]\nip_sort_pref = PREFER_V4\n",
                 "recipient_minutes = 30\n", "send_tls_req_alert = 1\n",
                 "\n[partner.example]\nrecipient_minutes = 60\n"
                 "recipient_limit = 1000\nlimit_type = MXIP\n"
                 "limit_apply = VG\ntable_tls = require_verify\n",
                 "\n[.big.example]\nmax_host_concurrency = 10\n"):
        assert line in out, out
    # what was exported says the same again
    run(suite, "destconfig", "import", "out.txt")
    run(suite, "destconfig", "export", "again.txt")
    assert (etc / "again.txt").read_text() == out
    before = config(suite)
    for change, error in (
            (("table_tls = on\n", ""), "[DEFAULT] table_tls is missing"),
            (("= require_verify", "= strong"),
             "[partner.example] table_tls: "),
            (("recipient_minutes = 60\n", ""),
             "[partner.example] recipient_limit needs recipient_minutes"),
            (("limit_type = host\n", ""),
             "[.big.example] max_host_concurrency needs limit_type"),
            (("[.big.example]", "[partner.example]"),
             "[partner.example] there is such a section already"),
            (("[.big.example]", "[big example]"), "[big example] "),
            (("dane = none", "dance = none"),
             "[.big.example] there is no parameter \"dance\""),
            (("dane = none", "certificate = x"),
             "[.big.example] certificate stands in [DEFAULT] only"),
            (("= 20\n", "= many\n"),
             "[DEFAULT] max_messages_per_connection: "),
            (("[DEFAULT]\n", "[other.example]\n"),
             "there is no section [DEFAULT]")):
        assert change[0] in DESTINATIONS
        (etc / "bad.txt").write_text(DESTINATIONS.replace(*change, 1))
        said = run(suite, "destconfig", "import", "bad.txt", ok=(1,))
        assert error in said and "no changes were made" in said, said
        assert config(suite) == before


def test_destconfig_words(suite):
    run(suite, "destconfig", "setup", "tls_alert=no")
    assert "tls_alert: no" in config(suite)
    run(suite, "destconfig", "default", "max_connections=77")
    assert "max_connections: 77" in config(suite)
    run(suite, "destconfig", "new", "a.example", "tls=required")
    said = run(suite, "destconfig", "detail", "a.example")
    assert "required" in said and "77" in said
    said = run(suite, "destconfig", "detail", "all")
    assert "a.example" in said and "Default" in said
    run(suite, "destconfig", "detail", "no.example", ok=(1,))
    with Terminal(suite, "destconfig") as t:
        t.expect("- EXPORT - Export tables to a file.\n[]> ")
        t.say("setup")
        t.expect("fails? [N]> ")
        t.say("y")
        t.expect("[1]> ")
        t.say("")
        t.expect("[]> ")
        # a word of the file has a name for people
        t.say("edit")
        t.expect("[]> ")
        t.say("a.example")
        t.answer(("\nSelect the IP address preference:\n1. IPv6 Preferred\n"
                  "2. IPv6 Required\n3. IPv4 Preferred\n4. IPv4 Required\n"
                  "5. Default\n[5]> ", "4"))
        for _ in range(3):          # how much
            t.expect("]> ")
            t.say("")
        t.expect("no limit):\n[0]> ")
        t.say("0")                  # then no window is asked for
        t.answer(("\nSelect how you want to apply the limits:\n1. One limit "
                  "applies to the entire domain\n2. Separate limit for each "
                  "mail exchanger IP address\n3. Default\n[3]> ", ""),
                 ("\nSelect how the limits will be enforced:\n1. System Wide"
                  "\n2. Per Virtual Gateway\n3. Default\n[3]> ", ""))
        t.expect("6. Required (Verify Hosted Domains)\n7. Default\n[3]> ")
        t.say("5")
        for _ in range(3):
            t.expect("]> ")
            t.say("")
        t.expect("1. None (that of the message)\n2. Default\n"
                 "3. As the entry Default\n[3]> ")
        t.say("")
        t.expect("a.example            Default    Required - Verify  "
                 "Default        Default\n")
        t.expect("[]> ")
    assert "require_v4" in config(suite)
    run(suite, "destconfig", "clear")
    run(suite, "destconfig", "default", "max_connections=default",
        "ip_preference=default")
