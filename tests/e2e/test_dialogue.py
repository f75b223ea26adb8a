"""What people see: dialogues and the shell, on a pseudo terminal."""
import getpass
import re
import signal
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import wait_for
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
   - Maximum Recipients Per Hour: Disabled
   - Maximum Recipients Per Envelope Sender: Disabled (Default)
   - Directory Harvest Attack Prevention: Disabled
   - Use SenderBase For Flow Control: No (Default)
   - Spam Detection Enabled: No
   - Virus Detection Enabled: Yes
   - Allow TLS Connections: No
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

No message filters.

Outbound Recipient Policy Processing: (matched on DEFAULT policy)
Message Going to: anna@example.net, ben@example.net, zoe@example.org

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

No message filters.

Inbound Recipient Policy Processing: (matched on DEFAULT policy)
Message Going to: alice@example.com, bob@example.com

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


# --- the shell ---------------------------------------------------------------

HOST = "mx.postern.test> "


@pytest.fixture
def filled(make_suite):
    """A queue with something in it."""
    postern = make_suite(CONFIG)
    with Sink(postern.sink_port, {"RCPT later@": "451 4.7.1 later"}):
        with postern.client() as c:
            assert c.mail("joe@sender.test", ["later@example.com"],
                          b"Subject: waits\r\n\r\nx\r\n")[0] == 250
            assert c.mail("", ["later@sub.example.com"],
                          b"Subject: too\r\n\r\nx\r\n")[0] == 250
        wait_for("both to be deferred", lambda: len(
            [l for l in postern.log() if "pending till" in l]) == 2)
        yield postern


@pytest.fixture
def shell(filled):
    with Terminal(filled, prompt=HOST) as t:
        assert re.fullmatch(r"Postern \S+ for Email\nWelcome to the Postern "
                            r"mail gateway\n", t.expect(HOST))
        yield t


def run(t, line):
    """One command; what it printed, up to the next prompt."""
    t.say(line)
    return t.expect(HOST)


def test_commands_in_the_shell(shell):
    assert run(shell, "status").startswith(
        '\nEnter "status detail" for more information.\n\n'
        "Status as of:                  ")
    assert "Rates (Events Per Hour):" in run(shell, "STATUS detail")
    assert run(shell, "") == ""
    assert run(shell, "# a comment") == ""
    assert run(shell, "sttus") == \
        "Unknown command: sttus\nDid you mean: status?\n"
    assert run(shell, "help 'status").startswith("a quotation is not closed")
    assert run(shell, "commit") == "No changes to commit.\n"
    assert run(shell, "showchanges") == "There are no changes.\n"
    assert "\n=== postern.yaml\nhostname: mx.postern.test\n" in \
        run(shell, "showconfig mask")
    assert '"revision": 1' in run(shell, "showconfig --json")
    shell.say("exit")
    assert shell.end() == ("", 0)


def test_the_end_of_the_input_leaves(shell):
    time.sleep(0.2)     # until it reads
    shell.send("\x04")
    assert shell.end()[1] == 0


def test_history_and_completion(shell):
    run(shell, "version")
    shell.send("\x1b[A")        # up
    shell.expect("version")
    shell.send("\n")
    assert "Product: Postern Mail Gateway" in shell.expect(HOST)
    shell.send("showrec\t")
    shell.expect("showrecipients ")
    shell.send("all\n")
    assert "later@example.com" in shell.expect(HOST)
    shell.send("help toph\t")
    shell.expect("help tophosts ")
    shell.send("\n")
    assert "Usage: tophosts [active_rcpts" in shell.expect(HOST)
    shell.send("resume\t\t")
    assert "resumelistener" in shell.expect("resumelistener ") + \
        "resumelistener"
    shell.to_prompt()


def test_ctrl_c_comes_back_to_the_prompt(shell, filled):
    shell.send("half a comma")
    shell.expect("half a comma")
    shell.to_prompt()
    shell.say("removemessage")
    shell.expect("Enter the MID to remove.\n[]> ")
    shell.interrupt()
    shell.expect("\n" + HOST)
    shell.say("workqueue rate 1")
    shell.expect("Time        Pending        In       Out\n")
    shell.interrupt()
    shell.expect("\n" + HOST)
    assert len(filled.queued()) == 2
    assert "Online" in run(shell, "status")


def test_tophosts(shell):
    shell.say("tophosts")
    shell.answer(("\nSort results by:\n\n1. Active Recipients\n"
                  "2. Connections Out\n3. Delivered Recipients\n"
                  "4. Soft Bounced Events\n5. Hard Bounced Recipients\n"
                  "[1]> ", "6"),
                 ("Please enter a number between 1 and 5.\n[1]> ", ""))
    lines = shell.expect(HOST).split("\n")
    assert re.match(r"Status as of:                 \w{3} \w{3} \d\d ",
                    lines[1])
    assert lines[2:7] == [
        "Hosts marked with '*' were down as of the last delivery attempt.",
        "",
        "                              Active  Conn.     Deliv.       Soft"
        "       Hard",
        "#   Recipient Host            Recip.    Out     Recip.    Bounced"
        "    Bounced", ""]
    assert [re.split(" +", l)[:3] for l in lines[7:-1]] == [
        ["1", "example.com", "1"], ["2", "sub.example.com", "1"],
        ["3", "the.encryption.queue", "0"], ["4", "the.euq.queue", "0"],
        ["5", "the.euq.release.queue", "0"]]
    # numbers end where their headings end
    heads = [m.end() for m in re.finditer(
        r"Active|Conn\.|Deliv\.|Soft|Hard", lines[4])]
    cells = [m.end() for m in re.finditer(r"(?<= )[\d,]+(?= |$)", lines[7])]
    assert cells == heads, (lines[4], lines[7])


def test_hoststatus(shell):
    shell.say("hoststatus")
    shell.answer(("Recipient host:\n[]> ", ""),
                 ("Recipient host:\n[]> ", "example.com"))
    out = shell.expect(HOST)
    assert out.startswith("\nHost mail status for: 'example.com'\n"
                          "Status as of:         ")
    assert "\nHost up/down:         up\n\nCounters:\n  Queue\n" \
        "    Soft Bounced Events                               1\n" in out
    assert run(shell, "hoststatus no.such.host") == \
        '\nHost "no.such.host" is not currently in memory.\n'


def test_removemessage(shell, filled):
    shell.say("removemessage")
    shell.answer(("Enter the MID to remove.\n[]> ", "abc"),
                 ("Please enter a number between 1 and 9223372036854775807.\n"
                  "Enter the MID to remove.\n[]> ", "1"))
    shown = shell.expect("Remove this message? [N]> ")
    assert re.match(r"MID 1: (\d+ mins? )?\d+ secs? old\n"
                    r"Received: from unknown [^\n]+\n  by [^\n]+\n"
                    r"Subject: waits\n$", shown), shown
    shell.say("")
    shell.expect(HOST)
    assert filled.queued() == [1, 2]
    shell.say("removemessage 1")
    shell.expect("Remove this message? [N]> ")
    shell.say("y")
    assert shell.expect(HOST) == "MID 1 has been removed (recipients: 1).\n"
    assert run(shell, "removemessage 1") == "MID 1 is not in the system.\n"
    wait_for("it to go", lambda: filled.queued() == [2])
    filled.wait_log("Message finished MID 1")


def test_workqueue(shell, filled):
    status = r"Status as of:    [^\n]+\nStatus:          %s\n" \
        r"Messages:        %d\n"
    menu = "Choose the operation you want to perform:\n" \
        "- STATUS - Display work queue status\n- %s the work queue\n" \
        "- RATE - Display work queue statistics over time\n[]> "
    shell.say("workqueue")
    out = shell.expect(menu % "PAUSE - Pause")
    assert re.fullmatch(status % ("Operational", 0), out), out
    shell.say("resume")
    shell.answer(('Unknown option: "resume"\n'
                                  + menu % "PAUSE - Pause", "pause"),
                 ("Manually pause work queue? This will only affect "
                  "unprocessed messages. [N]> ", "y"),
                 ("Reason for pausing work queue:\n[]> ",
                  "checking LDAP server"))
    paused = "Paused by %s: checking LDAP server" % getpass.getuser()
    assert re.fullmatch(status % (paused, 0), shell.expect(HOST))
    with filled.client() as c:
        assert c.mail(rcpts=["x@example.com"])[0] == 250
    wait_for("one in the work queue",
             lambda: filled.ask("workqueue", "status")["messages"] == 1)
    assert "\nWork queue:                    %s\n" % paused in \
        run(shell, "status")
    shell.say("workqueue")
    assert re.fullmatch(status % (paused, 1),
                        shell.expect(menu % "RESUME - Resume"))
    shell.say("res")
    shell.answer(("Manually resume work queue? [Y]> ", ""))
    assert "Status:          Operational\n" in shell.expect(HOST)
    wait_for("an empty work queue",
             lambda: filled.ask("workqueue", "status")["messages"] == 0)


def test_suspend_and_resume(shell, filled):
    seconds = "Enter the number of seconds to wait before abruptly closing " \
        "connections.\n[30]> "
    shell.say("suspendlistener")
    shell.answer(("Choose the listener(s) you wish to suspend. Separate "
                  "multiple entries with commas.\n1. All\n2. InboundMail\n"
                  "3. OutboundMail\n[1]> ", "4"),
                 ("Please enter a number between 1 and 3.\n[1]> ", "2"),
                 (seconds, "0"),
                 ("Waiting for listeners to exit...\nReceiving suspended for "
                  "InboundMail.\n" + HOST, "suspendlistener InboundMail"),
                 ('Listener "InboundMail" is already suspended.\n' + HOST,
                  "suspendlistener Nobody"),
                 ('There is no listener "Nobody".\n' + HOST, "status"))
    assert "\nSystem status:                 Online (receiving suspended " \
        "for InboundMail)\n" in shell.expect(HOST)
    shell.say("resumelistener")
    shell.answer(
                 ("Choose the listener(s) you wish to resume. Separate "
                  "multiple entries with commas.\n1. All\n2. InboundMail\n"
                  "[1]> ", ""),
                 ("Receiving resumed for InboundMail.\n" + HOST,
                  "resumelistener all"),
                 ("No listeners are suspended.\n" + HOST, "suspenddel"),
                 (seconds, "86401"),
                 ("Please enter a number between 0 and 86400.\n" + seconds,
                  "0"),
                 ("Waiting for outgoing deliveries to finish...\n"
                  "Mail delivery suspended.\n" + HOST, "resumedel"),
                 ("Mail delivery resumed.\n" + HOST, "suspend 0"))
    shell.expect("Mail delivery suspended.\n" + HOST)
    assert "System status:                 Offline" in run(shell, "status")
    assert run(shell, "resume") == (
        "Receiving resumed for InboundMail, OutboundMail.\n"
        "Mail delivery resumed.\n")


def test_commit(shell, filled):
    filled.configure(CONFIG.replace("      - .example.com\n",
                                    "      - .example.com\n"
                                    "      - new.test\n"))
    assert "+      - new.test\n" in run(shell, "showchanges")
    shell.say("commit")
    shell.answer(("Please enter some comments describing your changes:\n"
                  "[]> ", "mail for new.test"),
                 ("Do you want to save the current configuration for "
                  "rollback? [Y]> ", ""))
    assert re.fullmatch(r"Changes committed: \w{3} \w{3} \d\d \d\d:\d\d:\d\d "
                        r"\d{4} \w+\n", shell.expect(HOST))
    assert re.fullmatch(
        r"Committed:  [^\n]+\nUser:       %s\n"
        r"Comment:    mail for new\.test\nRevision:   2\n"
        r"Changed:    listeners\[InboundMail\]\n" % getpass.getuser(),
        run(shell, "commitdetail"))
    assert "-      - new.test\n" not in run(shell, "showchanges 1")
    assert "+      - new.test\n" in run(shell, "diff 1")
    shell.say("commit")
    assert shell.expect(HOST) == "No changes to commit.\n"
    shell.say("rollbackconfig")
    when = r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}"
    out = shell.expect("Enter the number of the config to revert to.\n[]> ")
    assert re.fullmatch(
        r"Previous commits:\n"
        r"     Committed On               User       Description\n"
        r"-------------------------------------------------------------\n"
        r" 1\. %s    %-10s mail for new\.test\n"
        r" 2\. %s    system     first start\n"
        % (when, getpass.getuser(), when), out), out
    shell.say("3")
    shell.answer(("Please enter a number between 1 and 2.\nEnter the number "
                  "of the config to revert to.\n[]> ", "2"),
                 ("Are you sure you want to roll back the configuration? "
                  "[N]> ", "y"))
    assert re.fullmatch(r"Reverted to %s system first start\n" % when,
                        shell.expect("Do you want to commit this "
                                     "configuration now? [N]> "))
    shell.say("y")
    assert shell.expect(HOST) == "Committed the changes successfully.\n"
    filled.wait_log("User %s commit changes: Reverted to 1: first start"
                    % getpass.getuser())
    shell.say("rollbackconfig")
    shell.expect("[]> ")
    shell.say("")
    shell.expect(HOST)
    assert "new.test" not in run(shell, "showconfig mask")
    filled.configure(CONFIG + "# more\n")
    shell.say("clear")
    shell.answer(("Are you sure you want to clear all changes since the last "
                  "commit? [Y]> ", "n"))
    shell.expect(HOST)
    assert "+# more" in run(shell, "showchanges")
    filled.configure(CONFIG.replace("type: public", "type: pubic"))
    out = run(shell, "commit typo")
    assert re.match(r"postern\.yaml:15:11: listeners\[0\]\.type: must be "
                    r"public, ", out), out


def test_the_other_questions(shell):
    shell.say("showrecipients")
    shell.answer(("Please select how you would like to show messages:\n"
                  "1. By recipient host.\n2. By Envelope From address.\n"
                  "3. All.\n[1]> ", "3"))
    out = shell.expect(HOST)
    assert out.startswith("""\
Showing messages, please wait.

MID/      Bytes/   Sender/                   Subject
[RID]     [Atmps]  Recipient

1         21       joe@sender.test           waits
 [0]       [1]     later@example.com

2         """), out
    shell.say("delivernow")
    shell.answer(("Please choose an option for scheduling immediate "
                  "delivery.\n1. By recipient domain\n2. All messages\n"
                  "[1]> ", ""),
                 ("Please enter the domain to schedule delivery for.\n[]> ",
                  "example.com"),
                 ("Scheduling all messages to example.com for delivery.\n"
                  + HOST, "delivernow nowhere.test"),
                 ('There are no messages for "nowhere.test" in the queue.\n'
                  + HOST, "showmessage 99"),
                 ("MID 99 is not in the system.\n" + HOST, "exit"))


def test_long_output_comes_in_pages(filled):
    with Terminal(filled, "help", rows=10) as t:
        first = t.expect("-Press Enter for more, q to stop- ")
        assert first.count("\n") == 9
        t.say("")
        assert t.expect("-Press Enter for more").count("\n") == 9
        t.expect("- ")
        t.say("q")
        assert t.end() == ("", 0)


@pytest.mark.parametrize("subject", ["\x1b[2J\x1b]0;owned\x07", "\x9b31m",
                                     "a\rb", "\u202egnp.exe"])
def test_adm_04_nothing_moves_the_terminal(make_suite, subject):
    postern = make_suite(CONFIG)
    with postern.client() as c:
        assert c.mail("", ["x@example.com"], b"Subject: x" + subject.replace(
            "\r", "").encode() + b"\r\n\r\n" + subject.replace(
            "\r", "").encode() + b"\r\n")[0] == 250
    for words in (["showmessage", "1"], ["showrecipients", "all"],
                  ["removemessage", "1"], ["oldmessage"]):
        with Terminal(postern, *words) as t:
            if words[0] == "removemessage":
                t.expect("Remove this message? [N]> ")
                t.say("")
            t.end()
            assert not set(t.all) & set("\x1b\x07\x9b\u202e"), words
