"""trace as people use it: the transcripts of receiving 2.7 to 2.9, on a pseudo
terminal."""
import re
import signal

import pytest

from terminal import Terminal
from tls_kit import certificate, secrets

PROMPT = "mail3.example.com> "

# receiving 2.7 to 2.9, as far as there are features
TRACED = """\
hostname: mail3.example.com
dns: { enabled: no }
interfaces:
  - { name: PublicNet, ip: 127.0.0.1 }
  - { name: PublicNet2, ip: 127.0.0.2 }
aliases: aliases
altsrchost: altsrchost
certificates: [ { name: mx } ]
exception_table: [ { reject: "@spam.test" } ]
listeners:
  - name: InboundMail
    type: public
    port: @PORT@
    certificate: mx
    domain_map: domain_map
    hat:
      policies: [ { name: $ACCEPTED, behaviour: ACCEPT, tls: preferred,
                    exception_table: yes } ]
      groups: [
        { name: BLOCKLIST, policy: $BLOCKED, entries: "sbrs[-10.0:-3.0]" },
        { name: UNKNOWNLIST, policy: $ACCEPTED, entries: [
          "sbrs[-1.0:10.0]", "sbrs[none]" ] },
        { name: ALL, policy: $ACCEPTED } ]
    rat:
      - accept: postmaster@example.com
        bypass_receiving_control: yes
        bypass_ldap_accept: yes
      - example.com
  - name: OutboundMail
    type: private
    port: @PRIVATE_PORT@
    default_domain: example.com
    bounce_profile: Quick
    masquerade: { table: masquerade, envelope_sender: yes }
    hat: { groups: [
      { name: RELAYLIST, policy: $RELAYED,
        entries: [ 192.0.2.140, .int.example.com ] } ] }
bounce_profiles: [ { name: Default }, { name: Quick } ]
routes: { ALL: "127.0.0.1:@SINK_PORT@" }
logs: [ { name: mail_logs, type: mail } ]
"""

TABLES = {
    "domain_map": "@legacy.example.net @example.com\n",
    "masquerade": "@.int.example.com @example.com\n",
    "aliases": "[example.com]\nhelpdesk: anna@example.net, "
               "ben@example.net\n",
    "altsrchost": "@eng.int.example.com PublicNet2\n",
}

QUESTIONS = [
    ("\nEnter the source IP\n[%s]> ", "192.0.2.140"),
    ("\nEnter the fully qualified domain name of the source IP\n[%s]> ",
     "ws7.int.example.com"),
    ("\nSelect the listener to trace behavior on:\n1. InboundMail\n"
     "2. OutboundMail\n[%s]> ", "2"),
    ("\nFetching default reputation values...\n"
     "Enter the SenderBase Org ID of the source IP. "
     "The actual ID is N/A.\n[%s]> ", ""),
    ("\nEnter the SenderBase Reputation Score of the source IP. "
     "The actual score is N/A.\n[%s]> ", ""),
    ("\nEnter the Envelope Sender address:\n[%s]> ",
     "joe@eng.int.example.com"),
    ("\nEnter the Envelope Recipient addresses. "
     "Separate multiple addresses by commas.\n[%s]> ",
     "helpdesk, zoe@example.org"),
    ("\nLoad message from disk? [%s]> ", "n"),
]
SEE = "Would you like to see the resulting message? [Y]> "
AGAIN = "\nRun through another debug session? [N]> "
FIRST = ("", "", "1", "N/A", "N/A", "", "", "Y")
LATER = ("192.0.2.140", "ws7.int.example.com", "2", "N/A", "N/A",
         "joe@eng.int.example.com", "helpdesk, zoe@example.org", "N")

RELAYED = """
HAT matched on sender group RELAYLIST, host 192.0.2.140
 - Applying $RELAYED policy (RELAY behavior).
   - Maximum Message Size: 100M (Default)
   - Maximum Number Of Connections From A Single IP: 600 (Default)
   - Maximum Number Of Messages Per Connection: 10,000 (Default)
   - Maximum Number Of Recipients Per Message: 100,000 (Default)
   - Maximum Recipients Per Hour: Disabled (Default)
   - Maximum Recipients Per Envelope Sender: Disabled (Default)
   - Directory Harvest Attack Prevention: Disabled (Default)
   - Use SenderBase For Flow Control: No (Default)
   - Spam Detection Enabled: No
   - Virus Detection Enabled: Yes (Default)
   - Allow TLS Connections: No (Default)
   - Allow SMTP Authentication: No (Default)
   - Envelope Sender DNS Verification Enabled: No (Default)
   - Domain Exception Table Enabled: No (Default)

Processing MAIL FROM:
 - Default Domain Processing: No Change
 - Masquerading: joe@eng.int.example.com masqueraded to joe@example.com

Processing Recipient List:
Processing helpdesk
 - Default Domain Processing: helpdesk changed to helpdesk@example.com
 - Domain Map: No Change
 - RAT: Not Applicable
 - Alias expansion: helpdesk@example.com expanded to anna@example.net, \
ben@example.net
Processing zoe@example.org
 - Default Domain Processing: No Change
 - Domain Map: No Change
 - RAT: Not Applicable
 - Alias expansion: No Change

Message Processing:
 - Virtual Gateway(tm) PublicNet2 Assigned (matched on @eng.int.example.com)
 - Bounce Profile Quick Assigned (listener)

Domain Masquerading/LDAP Processing:
 - From: joe@eng.int.example.com masqueraded to joe@example.com

No active message filters.

Outbound Recipient Policy Processing: (matched on policy DEFAULT)
Message going to:  anna@example.net, ben@example.net, zoe@example.org

AntiSpam Evaluation:
 - Skipped (mail flow policy)

AntiVirus Evaluation:
 - Scanning Disabled

Content Filter Processing:
 - Not Performed

Footer Stamping:
 - Not Performed

Message Enqueued for Delivery

"""
MESSAGE = ["From: Joe <joe@eng.int.example.com>", "To: helpdesk@example.com",
           "Subject: printer", "", "The printer is on fire."]
RESULT = """
Final text for messages matched on policy DEFAULT
Final Envelope Sender:  joe@example.com
Final Recipients:
 - anna@example.net
 - ben@example.net
 - zoe@example.org

Final Message Content:

Received: from ws7.int.example.com (HELO TEST) (192.0.2.140)
  by mail3.example.com with TEST; DATE
Message-ID: <NUMBER.0@mail3.example.com>
From: Joe <joe@example.com>
%s
""" % "\n".join(MESSAGE[1:])


# in the same shell: what is not answered stays from the session before
INBOUND = ("192.0.2.55", "mta1.example.net", "1", "34", "2.1",
           "news@example.net",
           "alice@example.com, bob@legacy.example.net, eve@example.org", "n")
INBOUND_MESSAGE = ["From: News <news@example.net>", "To: alice@example.com",
                   "Subject: March newsletter", "", "Hello."]
INBOUND_REPORT = """
HAT matched on sender group UNKNOWNLIST, host sbrs[-1.0:10.0]
 - Applying $ACCEPTED policy (ACCEPT behavior).
   - Maximum Message Size: 10M (Default)
   - Maximum Number Of Connections From A Single IP: 10 (Default)
   - Maximum Number Of Messages Per Connection: 10 (Default)
   - Maximum Number Of Recipients Per Message: 50 (Default)
   - Maximum Recipients Per Hour: Disabled (Default)
   - Maximum Recipients Per Envelope Sender: Disabled (Default)
   - Directory Harvest Attack Prevention: 25 (Default)
   - Use SenderBase For Flow Control: Yes (Default)
   - Spam Detection Enabled: Yes (Default)
   - Virus Detection Enabled: Yes (Default)
   - Allow TLS Connections: Preferred
   - Allow SMTP Authentication: No (Default)
   - Envelope Sender DNS Verification Enabled: No (Default)
   - Domain Exception Table Enabled: Yes

Processing MAIL FROM:
 - Default Domain Processing: No Change
 - Domain Exception Table: No Match

Processing Recipient List:
Processing alice@example.com
 - Default Domain Processing: No Change
 - Domain Map: No Change
 - RAT matched on example.com, behavior = ACCEPT
 - Alias expansion: No Change
Processing bob@legacy.example.net
 - Default Domain Processing: No Change
 - Domain Map: bob@legacy.example.net mapped to bob@example.com
 - RAT matched on example.com, behavior = ACCEPT
 - Alias expansion: No Change
Processing eve@example.org
 - Default Domain Processing: No Change
 - Domain Map: No Change
 - RAT matched on ALL, behavior = REJECT
 - Recipient would be rejected.

Message Processing:
 - No Virtual Gateway(tm) Assigned
 - No Bounce Profile Assigned

Domain Masquerading/LDAP Processing:
 - No Changes.

No active message filters.

Inbound Recipient Policy Processing: (matched on policy DEFAULT)
Message going to:  alice@example.com, bob@example.com

AntiSpam Evaluation:
 - Scanning Disabled

AntiVirus Evaluation:
 - Scanning Disabled

Content Filter Processing:
 - Not Performed

Footer Stamping:
 - Not Performed

Message Enqueued for Delivery

"""
REFUSED = ("2001:db8::bad", "dialup.example.test", "", "", "-7.5", "",
           "alice@example.com", "n")
REFUSED_MESSAGE = ["Subject: x", "", "x"]
REFUSED_REPORT = """
HAT matched on sender group BLOCKLIST, host sbrs[-10.0:-3.0]
 - Applying $BLOCKED policy (REJECT behavior).
 - Connection would be rejected: 554 mail3.example.com access refused for \
this host

"""


@pytest.fixture
def traced(make_suite):
    postern = make_suite(TRACED, tables=TABLES, start=False)
    certificate(secrets(postern.root), "mx", "mail3.example.com")
    postern.start()
    return postern


def ask_all(t, defaults, answers=(None,) * 8, message=MESSAGE):
    t.answer(*[(q % d, q_answer if a is None else a)
               for (q, q_answer), d, a in zip(QUESTIONS, defaults, answers)])
    t.answer(("\nEnter or paste the message body here. "
              "Enter '.' on a blank line to end.\n", message[0]))
    for line in message[1:] + ["."]:
        t.say(line)


def test_transcript_of_a_relayed_message(traced):
    with Terminal(traced, "trace") as t:
        ask_all(t, FIRST)
        t.answer((RELAYED + SEE, "y"))
        shown = t.expect(AGAIN)
        shown = re.sub(r"TEST; [^\n]+", "TEST; DATE", shown)
        # mail that is relayed gets a Message-ID; that of 2.7 has none
        assert re.sub(r"<[0-9a-f]+\.0@", "<NUMBER.0@", shown) == \
            RESULT
        t.say("y")
        # empty answers repeat it
        ask_all(t, LATER, ("",) * 8)
        t.answer((RELAYED + SEE, "n"), (AGAIN, ""))
        assert t.end() == ("\n", 0)


def test_transcripts_in_one_shell(traced):
    """Receiving 2.8 and 2.9, after 2.7: each command begins with the answers
    of the one before.

    Of 2.8 there are no filters, policies of recipients, scanners, footers and
    no reputation of domains yet: one policy takes all recipients, and what
    those sections print is not there. Owner and score are not looked up but
    given: so "the actual" ones are N/A, and the answers are what is offered
    in 2.9.
    """
    inbound = INBOUND[:-1] + ("N",)
    with Terminal(traced, prompt=PROMPT) as t:
        t.expect("Welcome to the Postern mail gateway\n")
        t.answer((PROMPT, "trace"))
        ask_all(t, FIRST)
        t.answer((RELAYED + SEE, "n"), (AGAIN, "n"), ("\n" + PROMPT, "trace"))
        ask_all(t, LATER, INBOUND, INBOUND_MESSAGE)
        t.answer((INBOUND_REPORT + SEE, "n"), (AGAIN, "n"),
                 ("\n" + PROMPT, "trace"))
        # the host is refused, and the command ends
        ask_all(t, inbound, REFUSED, REFUSED_MESSAGE)
        t.answer((REFUSED_REPORT + PROMPT, "trace"))
        # also of one that was refused
        ask_all(t, ("2001:db8::bad", "dialup.example.test", "1", "34", "-7.5",
                    "news@example.net", "alice@example.com", "N"),
                ("",) * 8, REFUSED_MESSAGE)
        t.answer((REFUSED_REPORT + PROMPT, "exit"))
        assert t.end() == ("", 0)


def test_answers_last_when_a_trace_is_abandoned(traced):
    with Terminal(traced, prompt=PROMPT) as t:
        t.expect("Welcome to the Postern mail gateway\n")
        t.answer((PROMPT, "trace"))
        ask_all(t, FIRST)
        t.expect("resulting message? [Y]> ")
        t.to_prompt()
        t.say("trace")
        ask_all(t, LATER, INBOUND[:6] + ("postmaster@example.com", ""))
        report = t.expect("Would you like to see the resulting message?")
        assert """
Processing postmaster@example.com
 - Default Domain Processing: No Change
 - Domain Map: No Change
 - RAT matched on postmaster@example.com, behavior = ACCEPT, bypass \
receiving control, bypass LDAP accept
 - Alias expansion: No Change

Message Processing:
""" in report
        t.to_prompt()


def test_wrong_answers_are_asked_again(traced):
    ip = QUESTIONS[0][0] % ""
    number = "Please enter a number between %s.\n"
    with Terminal(traced, "trace") as t:
        t.answer((ip, "192.0.2"), ('Invalid IP address: "192.0.2"\n'
                                   + ip[1:], ""),
                 ('Invalid IP address: ""\n' + ip[1:], "192.0.2.1"),
                 (QUESTIONS[1][0] % "", "a..b"),
                 ('Invalid domain name: "a..b"\n' + QUESTIONS[1][0][1:] % "",
                  "a.test"),
                 (QUESTIONS[2][0] % "1", "3"),
                 (number % "1 and 2" + "[1]> ", "x"),
                 (number % "1 and 2" + "[1]> ", ""),
                 (QUESTIONS[3][0] % "N/A", "-1"),
                 ("Please enter a number or N/A.\n" + QUESTIONS[3][0].split(
                     "...\n")[1] % "N/A", ""),
                 (QUESTIONS[4][0] % "N/A", "11"),
                 ("Please enter a number between -10.0 and 10.0, or N/A.\n"
                  + QUESTIONS[4][0][1:] % "N/A", "none"),
                 (QUESTIONS[5][0] % "", ""),
                 (QUESTIONS[5][0][1:] % "", "<>"),
                 (QUESTIONS[6][0] % "", " , "),
                 (QUESTIONS[6][0][1:] % "", "anna@example.com"),
                 (QUESTIONS[7][0] % "Y", "what"),
                 ("Please answer Yes or No.\nLoad message from disk? [Y]> ",
                  ""),
                 ("\nEnter the name of the file to load:\n[]> ", "/no/file"),
                 ("/no/file: No such file or directory\n"
                  "Enter the name of the file to load:\n[]> ",
                  str(traced.root / "etc/postern.yaml")))
        t.expect("HAT matched on sender group UNKNOWNLIST, host sbrs[none]\n")
        t.expect("resulting message? [Y]> ")
        t.send("\x04")
        rest, status = t.end()
        assert "Run through" not in rest


def test_the_input_ends(traced):
    with Terminal(traced, "trace") as t:
        t.expect("[]> ")
        t.send("\x04")
        rest, status = t.end()
        assert rest == "\nAbandoned; nothing was changed.\n" and status == 1
    with Terminal(traced, "trace") as t:
        t.expect("[]> ")
        t.interrupt()
        assert t.end()[1] == -signal.SIGINT
