"""`listenerconfig` on a terminal and as a line; what it makes takes mail."""
import subprocess

import pytest

from ports import free_port
from suite import BIN
from terminal import Terminal

SEED = """\
# 設定ファイル: comments survive what commands do
hostname: mail3.example.com
dns: { enabled: no }

interfaces:
  - name: Management      # 管理用
    ip: 127.0.0.42
  - { name: PrivateNet, ip: 127.0.0.1 }
  - name: PublicNet
    ip: 127.0.0.2

listeners:
  # インターネットから
  - name: InboundMail
    interface: PublicNet
    port: @PORT@

  # from inside
  - name: OutboundMail
    type: private
    interface: PrivateNet
    port: @PRIVATE_PORT@
    hat: { groups: [ { name: RELAYLIST, policy: $RELAYED,
      entries: 127.0.0.0/8 } ] }
logs: [ { name: mail_logs, type: mail } ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
"""

MENU = """
Choose the operation you want to perform:
- NEW - Create a new listener.
- EDIT - Modify a listener.
- DELETE - Remove a listener.
- SETUP - Change global settings.
[]> """


def config(suite):
    return (suite.root / "etc/postern.yaml").read_text()


@pytest.fixture
def seeded(make_suite):
    return make_suite(SEED)


def test_transcript_of_the_sinkhole(seeded):
    """The example of the founding document, question by question."""
    port, private = seeded.port, seeded.private_port
    new_port = str(free_port())
    before = config(seeded)
    with Terminal(seeded, "listenerconfig") as t:
        t.answer(
            ("""
Currently configured listeners:
1. InboundMail (on PublicNet, 127.0.0.2) SMTP Port %d Public
2. OutboundMail (on PrivateNet, 127.0.0.1) SMTP Port %d Private
""" % (port, private) + MENU, "new"),
            ("""
Please select the type of listener you want to create.
1. Private
2. Public
3. Sinkhole
[2]> """, "3"),
            ("\nDo you want messages to be queued onto disk? [N]> ", "y"),
            ("""
Please create a name for this listener (Ex: "OutboundMail"):
[]> """, "Sinkhole_1"),
            ("""
Please choose an IP interface for this Listener.
1. Management (127.0.0.42: mail3.example.com)
2. PrivateNet (127.0.0.1/8: mail3.example.com)
3. PublicNet (127.0.0.2: mail3.example.com)
[1]> """, "1"),
            ("""
Choose a protocol.
1. SMTP
2. QMQP
[1]> """, "1"),
            ("""
Please enter the IP port for this listener.
[25]> """, new_port),
            ("""
Please specify the systems allowed to relay email through Postern.
Hostnames such as "example.com" are allowed.
Partial hostnames such as ".example.com" are allowed.
IP addresses, IP address ranges, and partial IP addressed are allowed.
Separate multiple entries with commas.
[]> """, "yoursystem.example.com, 10.1.2.29, badmail.tst, .tst, 127.0.0."),
            ("""
Do you want to enable rate limiting per host? (Rate limiting defines
the maximum number of recipients per hour you are willing to receive from a \
remote
domain.) [N]> """, "n"),
            ("""
Default Policy Parameters
=========================
Maximum Message Size: 100M
Maximum Number Of Connections From A Single IP: 600
Maximum Number Of Messages Per Connection: 10,000
Maximum Number Of Recipients Per Message: 100,000
Maximum Number Of Recipients Per Hour: Disabled
Use SenderBase for Flow Control: No
Spam Detection Enabled: No
Virus Detection Enabled: Yes
Allow TLS Connections: No
Allow SMTP Authentication: No
Require TLS To Offer SMTP authentication: No

Would you like to change the default host access policy? [N]> """, "n"),
            ("""
Listener Sinkhole_1 created.
Defaults have been set for a Sinkhole Queuing listener.
Use the listenerconfig->EDIT command to customize the listener.

Currently configured listeners:
1. Sinkhole_1 (on Management, 127.0.0.42) SMTP Port %s Sinkhole Queuing
2. InboundMail (on PublicNet, 127.0.0.2) SMTP Port %d Public
3. OutboundMail (on PrivateNet, 127.0.0.1) SMTP Port %d Private
""" % (new_port, port, private) + MENU, ""))
        assert t.end() == (
            "The working copy was changed; commit to put it in force.\n", 0)
    text = config(seeded)
    made = """\
  - name: Sinkhole_1
    type: sinkhole-queue
    interface: Management
    port: %s
    hat:
      groups:
        - name: RELAYLIST
          policy: $RELAYED
          entries:
            - yoursystem.example.com
            - 10.1.2.29
            - badmail.tst
            - .tst
            - 127.0.0.
        - name: ALL
          policy: $BLOCKED

""" % new_port
    assert made in text
    assert text.replace(made, "") == before
    seeded.postern("commit", "a sinkhole")
    with seeded.client(port=int(new_port), host="127.0.0.42") as c:
        c.mail()
        assert c.cmd("QUIT")[0] == 221
    seeded.wait_log("MID 1 ready")
    seeded.wait_empty()


def listener(suite, *words, ok=(0,)):
    return run(suite, "listenerconfig", *words, ok=ok)


def run(suite, *words, ok=(0,)):
    """What it says, errors too."""
    r = subprocess.run([str(BIN / "postern"), "--root", str(suite.root),
                        *words], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                       text=True, timeout=60)
    assert r.returncode in ok, (words, r.returncode, r.stdout)
    return r.stdout


def test_a_public_listener_in_lines(seeded):
    """The same without questions; then mail goes through it."""
    port = str(free_port())
    before = config(seeded)
    listener(seeded, "new", "In2", "public", "PrivateNet", "SMTP", port,
             "accept=example.com,.example.com", "rate=1000",
             "max_message_size=20M")
    listener(seeded, "edit", "In2", "limits", "77", "20")
    listener(seeded, "edit", "In2", "setup", "default_domain=example.com",
             "parser=loose")
    out = listener(seeded, "edit", "In2", "hostaccess", "new", "policy",
                   "slow", "ACCEPT", "max_rcpts_per_hour=20")
    assert "commit" in out
    listener(seeded, "edit", "In2", "hostaccess", "new", "group", "PARTNERS",
             "policy=$slow", "entries=127.0.0.0/8,country[DE,JP]", "at=1",
             "comment=取引先")
    listener(seeded, "edit", "In2", "hostaccess", "edit", "group", "PARTNERS",
             "add=.partner.example", "remove=country[DE,JP]")
    listener(seeded, "edit", "In2", "rcptaccess", "new",
             "former@example.com,gone@example.com", "reject",
             "reply=550 has left")
    listener(seeded, "edit", "In2", "rcptaccess", "move",
             "gone@example.com", "1")
    made = """\
  - name: In2
    type: public
    interface: PrivateNet
    port: %s
    max_concurrency: 77
    backlog: 20
    default_domain: example.com
    rat:
      - reject:
          - former@example.com
          - gone@example.com
        reply: "550 has left"
      - example.com
      - .example.com
    hat:
      defaults:
        max_rcpts_per_hour: 1000
        max_message_size: 20M
      policies:
        - name: $slow
          behaviour: ACCEPT
          max_rcpts_per_hour: 20
      groups:
        - name: PARTNERS
          policy: $slow
          comment: "取引先"
          entries:
            - 127.0.0.0/8
            - .partner.example
        - name: ALLOWLIST
""" % port
    now = config(seeded)
    assert now.startswith(before[:before.index("listeners:")])
    assert made in now
    assert "    addresses:\n      parser: loose\n" in now
    shown = listener(seeded, "edit", "In2", "hostaccess", "print")
    assert "PARTNERS:\n    127.0.0.0/8\n    .partner.example\n" in shown
    seeded.postern("commit", "another one")
    with seeded.client(port=int(port)) as c:
        c.cmd("MAIL FROM:<a@client.test>")
        assert c.cmd("RCPT TO:<x@example.com>")[0] == 250
        assert c.cmd("RCPT TO:<gone@example.com>") == (550, ["has left"])
        assert c.cmd("RCPT TO:<y@other.test>")[0] == 550
    listener(seeded, "edit", "In2", "hostaccess", "reset")
    listener(seeded, "delete", "In2")
    assert config(seeded) == before


def test_lines_that_are_wrong(seeded):
    before = config(seeded)
    for words, text in [
            (["new", "InboundMail", "public"],
             'The name "InboundMail" is already in use.'),
            (["new", "X", "open"], "TYPE must be public, private"),
            (["new", "X", "public", "Nowhere"],
             'There is no interface "Nowhere".'),
            (["new", "X", "public", "PublicNet", "SMTP", str(seeded.port)],
             'Port %d on PublicNet is already used by listener "InboundMail".'
             % seeded.port),
            (["new", "X", "private", "PublicNet", "SMTP", "99999"],
             "PORT must be within 1..65535, not 99999"),
            (["new", "X", "private", "PublicNet", "SMTP", "2525",
              "relay=10.0.0.300"], 'Invalid sender entry: "10.0.0.300"'),
            (["new", "X", "private", "PublicNet", "SMTP", "2525",
              "relay=ALL"], "ALL is reserved for the default entry."),
            (["new", "X", "public", "PublicNet", "SMTP", "2525",
              "accept=@x"], 'Invalid recipient: "@x"'),
            (["new", "X", "public", "PublicNet", "SMTP", "2525",
              "max_mesage_size=1"], "did you mean"),
            (["delete", "X"], 'There is no listener "X".'),
            (["edit", "OutboundMail", "rcptaccess", "print"], "has no"),
            (["edit", "InboundMail", "limits", "0"],
             "max_concurrency: 0 is not within 1..10000"),
            (["edit", "InboundMail", "hostaccess", "delete", "group", "ALL"],
             "The default entry cannot be removed or moved."),
            (["edit", "InboundMail", "hostaccess", "delete", "policy",
              "$BLOCKED"],
             "Policy $BLOCKED is used by sender group(s): BLOCKLIST."),
            (["edit", "InboundMail", "hostaccess", "new", "group", "X",
              "policy=$NONE"], 'There is no policy "$NONE"; there are '),
            (["edit", "InboundMail", "rcptaccess", "new", "a@example.com",
              "accept", "reply=550 no"], "The reply must be a code within "),
            (["edit", "InboundMail", "rcptaccess", "delete", "ALL"],
             "The default entry cannot be removed or moved."),
            (["edit", "InboundMail", "hostaccess", "import", "none.txt"],
             'File "none.txt" was not found in the configuration directory.'),
            (["edit", "InboundMail", "hostaccess", "import", "../x"],
             "is no name of a file"),
            (["edit", "InboundMail", "hostaccess", "export", ".x"],
             "is no name of a file"),
            (["frob"], "frob")]:
        out = listener(seeded, *words, ok=(1, 2))
        assert text in out, (words, out)
    assert config(seeded) == before


def test_import_and_export(seeded):
    etc = seeded.root / "etc"
    listener(seeded, "edit", "InboundMail", "hostaccess", "export", "hat.txt")
    text = (etc / "hat.txt").read_text()
    assert text.startswith("# File exported by the CLI at ")
    (etc / "hat.txt").write_text(text.replace(
        "ALLOWLIST:\n", "MINE:\n    192.0.2.1\n        $TRUSTED\nALLOWLIST:\n"))
    listener(seeded, "edit", "InboundMail", "hostaccess", "import", "hat.txt")
    assert "MINE:\n    192.0.2.1\n" in listener(
        seeded, "edit", "InboundMail", "hostaccess", "print")
    before = config(seeded)
    (etc / "bad.txt").write_text("X:\n  10.0.0.300\n    $TRUSTED\nY\n")
    out = listener(seeded, "edit", "InboundMail", "hostaccess", "import",
                   "bad.txt", ok=(1,))
    assert "Error in line 2: " in out
    assert out.rstrip().endswith("Import failed; no changes were made.")
    (etc / "rat.txt").write_text(
        "postmaster@example.com ACCEPT {\n"
        '    bypass_receiving_control = "on"\n}\n'
        "example.com ACCEPT (250 welcome)\n")
    listener(seeded, "edit", "InboundMail", "rcptaccess", "import", "rat.txt")
    assert listener(seeded, "edit", "InboundMail", "rcptaccess", "print") == (
        "postmaster@example.com ACCEPT {\n"
        '    bypass_receiving_control = "on"\n}\n'
        "example.com ACCEPT (250 welcome)\nALL REJECT\n")
    assert config(seeded) != before


def test_access_tables_in_files_of_their_own(make_suite):
    """They are shown and imported, and changed by whoever writes them."""
    hat = "# made by a script\nSUSPECTS:\n    192.0.2.0/24\n        " \
        "$THROTTLED\nALL\n    $ACCEPTED\n"
    seeded = make_suite(SEED.replace(
        "    port: @PORT@\n",
        "    port: @PORT@\n    hat_file: in.hat\n    rat_file: in.rat\n"),
        tables={"in.hat": hat, "in.rat": "example.com ACCEPT\nALL REJECT\n"})
    tables, before = seeded.root / "etc/tables", config(seeded)

    def edit(*words, ok=(0,)):
        return listener(seeded, "edit", "InboundMail", *words, ok=ok)
    for table, words in (("hat", "hostaccess new group X policy=$BLOCKED"),
                         ("hat", "hostaccess edit policy $TRUSTED use_sb=on"),
                         ("hat", "hostaccess default use_sb=off"),
                         ("hat", "hostaccess move group SUSPECTS 1"),
                         ("hat", "hostaccess clear"),
                         ("hat", "hostaccess reset"),
                         ("rat", "rcptaccess new example.org"),
                         ("rat", "rcptaccess delete example.com"),
                         ("rat", "rcptaccess clear")):
        assert edit(*words.split(), ok=(1,)) == \
            "The table is the file tables/in.%s: change it there, or import " \
            "another.\n" % table
    assert (tables / "in.hat").read_text() == hat
    assert "SUSPECTS:\n    192.0.2.0/24\n" in edit("hostaccess", "print")
    assert edit("rcptaccess", "print") == "example.com ACCEPT\nALL REJECT\n"
    # what has nothing to do with it works
    edit("limits", "200", "40")
    assert config(seeded) != before and "hat_file: in.hat" in config(seeded)
    # another table takes the place of the file, or none does
    etc = seeded.root / "etc"
    (etc / "new").write_text("example.org ACCEPT\nALL REJECT\n")
    edit("rcptaccess", "import", "new")
    assert (tables / "in.rat").read_text() == (etc / "new").read_text()
    (etc / "bad").write_text("example.org MAYBE\n")
    assert "Import failed" in edit("rcptaccess", "import", "bad", ok=(1,))
    assert (tables / "in.rat").read_text() == (etc / "new").read_text()
    assert "    rat:" not in config(seeded)
    edit("hostaccess", "export", "out")
    assert "SUSPECTS:\n" in (etc / "out").read_text()
    with Terminal(seeded, "listenerconfig") as t:
        for word in ("edit", "InboundMail", "rcptaccess"):
            t.expect("[]> ")
            t.say(word)
        t.answer(("\nThe table is the file tables/in.rat: change it there, or "
                  "import another.\nThere are currently 2 recipients.\n\n"
                  "Choose the operation you want to perform:\n"
                  "- PRINT - Display the table.\n"
                  "- IMPORT - Import a table from a file.\n"
                  "- EXPORT - Export the table to a file.\n[]> ", "print"))
        t.expect("example.org ACCEPT\nALL REJECT\n")
        t.answer(("\nThe table is the file tables/in.rat: change it there, or "
                  "import another.\nThere are currently 2 recipients.\n\n"
                  "Choose the operation you want to perform:\n"
                  "- PRINT - Display the table.\n"
                  "- IMPORT - Import a table from a file.\n"
                  "- EXPORT - Export the table to a file.\n[]> ", ""))
        for word in ("hostaccess", "", "", ""):
            t.expect("[]> ")
            t.say(word)
        assert t.end()[1] == 0
    seeded.postern("commit", "another table")
    with seeded.client(host="127.0.0.2") as c:
        assert c.cmd("MAIL FROM:<a@b.test>")[0] == 250
        assert c.cmd("RCPT TO:<x@example.org>")[0] == 250
        assert c.cmd("RCPT TO:<x@example.com>")[0] == 550


def test_tables_of_a_listener(seeded):
    etc = seeded.root / "etc"
    before = config(seeded)
    out = listener(seeded, "edit", "InboundMail", "domainmap", "new",
                   "@.example.net", "@example.com")
    assert out.startswith(
        "Entry mapping @.example.net to @example.com created.\n")
    name = etc / "tables/InboundMail-domainmap"
    name.write_text("# 表\n" + name.read_text())
    listener(seeded, "edit", "InboundMail", "domainmap", "new",
             "joe@example.net", "mary@example.com")
    listener(seeded, "edit", "InboundMail", "domainmap", "edit",
             "@.example.net", "@example.org")
    assert name.read_text() == ("# 表\n@.example.net\t@example.org\n"
                                "joe@example.net\tmary@example.com\n")
    assert listener(seeded, "edit", "InboundMail", "domainmap", "print") == (
        "@.example.net --> @example.org\n"
        "joe@example.net --> mary@example.com\n")
    bad = listener(seeded, "edit", "InboundMail", "domainmap", "new",
                   "192.0.2.1", "example.com", ok=(1, 2))
    assert "192.0.2.1" in bad
    listener(seeded, "edit", "InboundMail", "domainmap", "delete",
             "joe@example.net")
    listener(seeded, "edit", "InboundMail", "domainmap", "clear")
    assert not name.exists()
    assert config(seeded) == before

    with Terminal(seeded, "listenerconfig") as t:
        t.expect("[]> ")
        t.say("edit")
        t.answer(("\nEnter the name or number of the listener you wish to "
                  "edit.\n[]> ", "2"))
        t.expect("[]> ")
        t.say("masquerade")
        t.expect("\nDomain Masquerading Table\n"
                 "There are currently 0 entries.\n"
                 "Masqueraded headers: To, From, Cc\n")
        t.expect("[]> ")
        t.say("new")
        t.expect("[]> ")
        t.say("@int.example.com")
        t.answer(("\nEnter the masqueraded address or domain.\n[]> ",
                  "@example.com"),
                 ("Entry mapping @int.example.com to @example.com created.\n"
                  "\nDomain Masquerading Table\n"
                  "There are currently 1 entries.\n"
                  "Masqueraded headers: To, From, Cc\n"
                  "\nChoose the operation you want to perform:\n"
                  "- NEW - Create a new entry.\n"
                  "- DELETE - Remove an entry.\n"
                  "- PRINT - Display all entries.\n"
                  "- IMPORT - Import all entries from a file.\n"
                  "- EXPORT - Export all entries to a file.\n"
                  "- CLEAR - Remove all entries.\n"
                  "- CONFIG - Configure masqueraded headers.\n[]> ",
                  "config"),
                 ("\nDo you wish to masquerade Envelope Sender? [N]> ", "y"),
                 ("\nDo you wish to masquerade From headers? [Y]> ", ""),
                 ("\nDo you wish to masquerade To headers? [Y]> ", ""),
                 ("\nDo you wish to masquerade CC headers? [Y]> ", ""),
                 ("\nDo you wish to masquerade Reply-To headers? [N]> ", ""))
        t.expect("[]> ")
        t.say()
        t.expect("[]> ")
        t.say()
        t.expect("[]> ")
        t.say()
        assert t.end()[1] == 0
    assert ("    masquerade:\n      table: OutboundMail-masquerade\n"
            "      envelope_sender: yes\n") in config(seeded)


def test_edit_menu_and_limits(seeded):
    with Terminal(seeded, "listenerconfig") as t:
        t.expect("[]> ")
        t.say("edit")
        t.answer(
            ("\nEnter the name or number of the listener you wish to edit.\n"
             "[]> ", "9"),
            ("Please enter a number between 1 and 2.\nEnter the name or "
             "number of the listener you wish to edit.\n[]> ", "nobody"),
            ('There is no listener "nobody".\nEnter the name or '
             "number of the listener you wish to edit.\n[]> ",
             "InboundMail"),
            ("""
Name: InboundMail
Type: Public
Interface: PublicNet (127.0.0.2) TCP Port %d
Protocol: SMTP
Default Domain: <none configured>
Max Concurrency: 300 (TCP Queue: 50)
Domain Map: Disabled
TLS: No
SMTP Authentication: Disabled
Bounce Profile: Default
Use SenderBase For Reputation Filters and IP Profiling: Yes
Footer: None
Heading: None
SMTP Call-Ahead: Disabled
LDAP: Off

Choose the operation you want to perform:
- NAME - Change the name of the listener.
- INTERFACE - Change the interface.
- CERTIFICATE - Choose the certificate.
- LIMITS - Change the injection limits.
- SETUP - Configure general options.
- HOSTACCESS - Modify the Host Access Table.
- RCPTACCESS - Modify the Recipient Access Table.
- BOUNCECONFIG - Choose the bounce profile to use for this listener.
- MASQUERADE - Configure the domain masquerading table.
- DOMAINMAP - Configure domain mappings.
- LDAPACCEPT - Configure the recipient acceptance query.
- SMTPAUTH - Configure SMTP authentication.
[]> """ % seeded.port, "limits"),
            ("""
Enter the maximum number of concurrent connections allowed on this listener.
[300]> """, "0"),
            ("""\
Please enter a number between 1 and 10000.
Enter the maximum number of concurrent connections allowed on this listener.
[300]> """, "30"),
            ("""
Enter the TCP listen queue size.
[50]> """, ""))
        t.expect("[]> ")
        t.say("frob")
        t.expect('Unknown option: "frob"\n')
        t.expect("[]> ")
        t.say("hostaccess")
        t.expect("""
There are currently 5 policies defined.
There are currently 5 sender groups.

Choose the operation you want to perform:
- NEW - Create a new entry.
- EDIT - Modify an entry.
- DELETE - Remove an entry.
- MOVE - Move an entry.
- DEFAULT - Set the defaults.
- PRINT - Display the table.
- IMPORT - Import a table from a file.
- EXPORT - Export the table to a file.
- CLEAR - Remove all entries.
""")
        t.send("\x04")
        rest, status = t.end()
        assert status == 1
        assert "Abandoned; what was done before is kept.\n" in rest
    assert "    max_concurrency: 30\n" in config(seeded)
