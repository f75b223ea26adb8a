"""`listenerconfig` on a terminal: bounce profiles, recipients, hosts, setup."""
from terminal import Terminal
from test_listenerconfig import config, listener, run, seeded

__all__ = ["seeded"]        # a fixture


def test_transcript_of_bounceconfig(seeded):
    before = config(seeded)
    with Terminal(seeded, "bounceconfig") as t:
        t.answer(
            ("""
Current bounce profiles:
1. Default

Choose the operation you want to perform:
- NEW - Create a new profile.
- EDIT - Modify a profile.
- DELETE - Remove a profile.
[]> """, "new"),
            ("\nPlease create a name for the profile:\n[]> ", "patient"),
            ("\nMaximum number of retries:\n[100]> ", ""),
            ("\nMaximum seconds in the queue before a hard bounce:\n"
             "[259200]> ", "432000"),
            ("\nSeconds to wait before the first retry:\n[60]> ", "x"),
            ("Invalid value: must be a time in seconds, or such as 30s, 5m, "
             "12h, 3d.\nSeconds to wait before the first retry:\n[60]> ", ""),
            ("\nMaximum seconds between retries:\n[3600]> ", ""),
            ("\nSend a message for each hard bounce? (Yes/No/Default) [Y]> ",
             ""),
            ("\nUse DSN format? (Yes/No/Default) [Y]> ", "n"),
            ("\nSend delay warnings? (Yes/No/Default) [N]> ", "y"),
            ("\nMinimum seconds between warnings:\n[14400]> ", ""),
            ("\nMaximum warnings per recipient:\n[1]> ", "2"),
            ("\nSend bounces and warnings to an alternate address? [N]> ",
             "y"),
            ("\nEnter the alternate address:\n[]> ", "nobody"),
            ('Invalid email address: "nobody"\n'
             "Enter the alternate address:\n[]> ", "ops@example.com"),
            ("\nSign these messages? (Yes/No/Default) [N]> ", "y"),
            ("\nLanguage of these messages:\n1. english\n2. japanese\n"
             "3. both\n4. Default\n[4]> ", ""),
            ("\nCurrent bounce profiles:\n1. Default\n2. patient\n", ""))
        assert t.end()[1] == 0
    assert config(seeded) == before + """\
bounce_profiles:
  - name: patient
    max_queue_time: 5d
    dsn_format: no
    delay_warning: yes
    warning_count: 2
    alternate: ops@example.com
    sign: yes
"""
    seeded.postern("listenerconfig", "edit", "InboundMail", "bounceconfig",
                   "patient")
    out = run(seeded, "bounceconfig", "delete", "patient", ok=(1,))
    assert out == ('The profile "patient" is used by listener '
                   '"InboundMail".\n')
    out = run(seeded, "bounceconfig", "delete", "Default", ok=(1,))
    assert out == 'The profile "Default" cannot be deleted.\n'
    run(seeded, "bounceconfig", "edit", "patient", "max_retries=7",
        "alternate=default")
    run(seeded, "bounceconfig", "edit", "Default", "max_retries=9")
    assert ("bounce_profiles:\n  - name: Default\n    max_retries: 9\n"
            in config(seeded))
    out = run(seeded, "bounceconfig", "edit", "patient", "max_retry=1m",
              "initial_retry=1h", ok=(1,))
    assert "initial_retry" in out
    assert "max_retries=7\n" in run(seeded, "bounceconfig", "print",
                                    "patient")


def say_all(t, *lines):
    """Each to the next prompt."""
    for line in lines:
        t.expect("]> ")
        t.say(line)


def test_dialogue_of_recipients(seeded):
    with Terminal(seeded, "listenerconfig") as t:
        say_all(t, "edit", "InboundMail", "rcptaccess", "new")
        t.expect("[]> ")
        t.say("example.com, a@@b")
        t.answer(
                 ('Invalid recipient: "a@@b": write example.com, '
                  '.example.com, user@example.com, user@, [192.0.2.1] or '
                  "ALL\nEnter the recipient addresses. Separate multiple "
                  "addresses with commas.\n[example.com, a@@b]> ",
                  "example.com, joe@example.com"),
                 ("\nSelect the action to apply to these addresses.\n"
                  "1. Accept\n2. Reject\n[1]> ", ""),
                 ("\nWould you like to specify a custom SMTP response? "
                  "[N]> ", "y"),
                 ("\nEnter the SMTP code to use in the response.\n[250]> ",
                  "251"),
                 ("\nEnter your custom SMTP response.\n[]> ", "welcome"),
                 ("\nWould you like to bypass receiving control for this "
                  "entry? [N]> ", "y"),
                 ("\nWould you like to bypass LDAP ACCEPT for this entry? "
                  "[N]> ", ""),
                 ("\nThere are currently 1 recipients.\n", "new"))
        say_all(t, "joe@example.com, .example.org", "2", "", "", "")
        t.expect("\nThere are currently 2 recipients.\n")
        say_all(t, "edit")
        t.answer(("\n1. example.com, joe@example.com ACCEPT\n"
                  "2. .example.org REJECT\n3. ALL REJECT\n\n"
                  "Enter the number of the entry to edit.\n[]> ", "1"))
        say_all(t, "", "", "")
        t.answer(("\nEnter the SMTP code to use in the response.\n[251]> ",
                  ""),
                 ("\nEnter your custom SMTP response.\n[welcome]> ", ""))
        say_all(t, "n", "n", "edit", "3", "1")
        t.answer(("\nThis makes the listener an open relay: it would take "
                  "mail for anybody from anybody. Are you sure? [N]> ", ""))
        say_all(t, "", "", "", "move", "2", "1", "delete")
        t.expect("[]> ")
        t.say("3")
        t.expect("The default entry cannot be removed or moved.\n")
        say_all(t, "print")
        t.expect("\n.example.org REJECT\n"
                 "example.com ACCEPT (251 welcome)\n"
                 "joe@example.com ACCEPT (251 welcome)\nALL REJECT\n")
        say_all(t, "clear", "y")
        t.expect("\nThere are currently 0 recipients.\n")
        say_all(t, "", "", "")
        assert t.end()[1] == 0
    assert "    rat: []\n" in config(seeded)


def test_dialogue_of_hosts(seeded):
    with Terminal(seeded, "listenerconfig") as t:
        say_all(t, "edit", "OutboundMail", "hostaccess", "new")
        t.answer(("\nChoose what to work on.\n1. New Sender Group\n"
                  "2. New Policy\n[1]> ", "2"),
                 ("\nEnter a name for this policy.\n[]> ", "$BLOCKED"),
                 ('The name "$BLOCKED" is already in use.\nEnter a name for '
                  "this policy.\n[]> ", "mine"),
                 ("\nChoose the behavior of this policy.\n1. ACCEPT\n"
                  "2. RELAY\n3. REJECT\n4. TCPREFUSE\n5. CONTINUE\n[1]> ",
                  "2"),
                 ("\nMaximum message size: Largest message, counted as it is "
                  'received. "default": as the listener.\n[100M]> ', "1x"),
                 ("Invalid value: must be a size in bytes, such as 1k, 20M "
                  "or 1048576.\nMaximum message size: Largest message, "
                  'counted as it is received. "default": as the listener.\n'
                  "[100M]> ", "50M"))
        while "Use the domain exception table?" not in t.expect("]> "):
            t.say()
        t.say("y")
        t.expect("Consider untagged bounces to be valid? (Yes/No/Default) "
                 "[N]> ")
        t.say("y")
        t.expect("\nThere are currently 6 policies defined.\n"
                 "There are currently 2 sender groups.\n")
        say_all(t, "new", "1", "PARTNERS", "10.1., [x]")
        t.expect('Invalid sender entry: "[x]"')
        say_all(t, "10.1., .partner.example", "取引先")
        t.expect("\n1. $mine\n")
        say_all(t, "1")
        t.expect("There are currently 3 sender groups.\n")
        say_all(t, "edit", "1", "PARTNERS", "delete", "10.1.", "comment",
                "none", "rename", "RELAYLIST")
        t.expect('The name "RELAYLIST" is already in use.\n')
        say_all(t, "PARTNER", "", "move", "PARTNER", "1", "move", "3")
        t.expect("The default entry cannot be removed or moved.\n")
        say_all(t, "delete", "2", "$mine")
        t.expect("Policy $mine is used by sender group(s): PARTNER.\n")
        say_all(t, "print")
        t.expect("PARTNER:\n    .partner.example\n        $mine\n")
        say_all(t, "", "", "")
        assert t.end()[1] == 0
    text = config(seeded)
    assert ("hat: { groups: [ { name: PARTNER, policy: $mine, entries: "
            "[ .partner.example ] }, { name: RELAYLIST,") in text
    assert ("policies: [ { name: $mine, behaviour: RELAY, max_message_size: "
            "50M, exception_table: yes, untagged_bounces: yes } ] }") in text
    seeded.postern("commit", "hosts")


def test_dialogue_of_setup(seeded):
    before = config(seeded)
    with Terminal(seeded, "listenerconfig") as t:
        say_all(t, "setup")
        t.answer(("\nEnter the global limit for concurrent connections to be "
                  "allowed across all listeners.\n[300]> ", "20000"),
                 ("Please enter a number between 1 and 10000.\nEnter the "
                  "global limit for concurrent connections to be allowed "
                  "across all listeners.\n[300]> ", "500"))
        while "message recipients? [N]> " not in t.expect("]> ") + "]> ":
            t.say()
        t.say("y")
        t.answer(("\nEnter the SMTP code to use in the response.\n[550]> ",
                  "554"),
                 ("\nEnter your custom SMTP response.\n[]> ", "not you"))
        say_all(t, "edit", "1", "setup", "defaultdomain", "a b")
        t.expect('Invalid domain name: "a b"\n')
        say_all(t, "example.com", "address", "2", "", "", "n", "", "", "none",
                "", "", "")
        assert t.end()[1] == 0
    text = config(seeded)
    assert """\
receiving:
  max_connections: 500
  delayed_reject: yes
  delayed_reject_code: 554
  delayed_reject_text: "not you"
""" in text
    assert ("    default_domain: example.com\n    addresses:\n"
            "      parser: loose\n      allow_partial: no\n"
            '      reject_characters: ""\n') in text
    out = listener(seeded, "setup")
    assert "max_connections=500\n" in out
    assert "parser=loose\n" in listener(seeded, "edit", "InboundMail",
                                        "setup")
    assert text.startswith(before[:before.index("listeners:")])
