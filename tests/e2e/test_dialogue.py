"""What people see: dialogues and the shell, on a pseudo terminal."""
import getpass
import re
import time

import pytest

from conftest import CONFIG
from sink import Sink
from suite import wait_for
from terminal import Terminal

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
        postern.wait_deferred(1)
        postern.wait_deferred(2)
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
    wait_for("both", lambda: len(filled.queued()) == 2)
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
        ["3", "the.cpq.host", "0"], ["4", "the.encryption.queue", "0"],
        ["5", "the.euq.queue", "0"], ["6", "the.euq.release.queue", "0"]]
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
    out = run(shell, "hoststatus no.such.host")
    assert out.startswith('\nHost "no.such.host" is not currently in memory.'
                          "\n\nHost mail status for: 'no.such.host'\n")
    assert "\n    Completed Recipients                              0\n" in out


def test_removemessage(shell, filled):
    # it may just be tried again, and cannot be read then
    wait_for("it to lie still", lambda: filled.postern(
        "showmessage", "1", ok=(0, 1, 4)))
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
    wait_for("both", lambda: filled.queued() == [1, 2])
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
                  "3. All.\n4. By message ID.\n[1]> ", "3"))
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


def test_orders_about_recipients(shell, filled):
    how = ("Please select how you would like to %s messages:\n"
           "1. By recipient host.\n2. By Envelope From address.\n"
           "3. All.\n4. By message ID.\n[1]> ")
    warning = ("WARNING: the target must be able to take a large volume of "
               "mail, otherwise messages bounce and may be lost.\n")
    where = ("Please enter the hostname or IP address of the machine you "
             "want to send all mail to.\n[]> ")
    sure = (warning + 'Are you sure you want to redirect all mail in the '
            'queue to "standby.example.com"? [N]> ')
    filled.postern("suspenddel", "0")
    shell.say("redirectrecipients")
    shell.answer(
        (where, ""), (where, "standby.example.com"), (sure, ""),
        (HOST, "redirectrecipients"),
        (where, "standby.example.com"), (sure, "y"),
        ("Redirecting messages, please wait.\n2 recipients redirected.\n"
         "Active recipients: 2 before, 2 now.\n" + HOST, "bouncerecipients"),
        (how % "bounce", "2"),
        ("Please enter the Envelope From address for the messages you wish to "
         "bounce.\n[]> ", "<>"),
        ("Active recipients: 1, of messages: 1\nAre you sure you want to "
         'bounce all messages from "<>"? [N]> ', "yes"),
        ("Bouncing messages, please wait.\n1 message bounced.\n"
         "Active recipients: 2 before, 1 now.\n" + HOST, "deleterecipients"),
        (how % "delete", "1"),
        ("Please enter the hostname for the messages you wish to delete.\n"
         "[]> ", "nowhere.test"),
        ('There are no messages for "nowhere.test" in the queue.\n' + HOST,
         "deleterecipients"),
        (how % "delete", "3"),
        ("Active recipients: 1, of messages: 1\n"
         "Are you sure you want to delete all messages being delivered (all "
         "active recipients)? [N]> ", "n"),
        (HOST, "deleterecipients"),
        (how % "delete", "4"),
        ("Please enter the MID of the message you wish to delete.\n[]> ",
         "1"),
        ("Active recipients: 1, of messages: 1\nAre you sure you want to "
         "delete all messages with MID 1? [N]> ", "Y"),
        ("Deleting messages, please wait.\n1 message deleted.\n"
         "Active recipients: 1 before, 0 now.\n" + HOST, "exit"))
    filled.wait_empty()


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
