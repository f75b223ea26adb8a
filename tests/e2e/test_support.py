"""Requests for help: what they hold, and what they must not."""
import email
import email.policy
import json
import pathlib
import stat

from conftest import CONFIG
from sink import Sink
from suite import wait_for
from terminal import Terminal

SUPPORT = CONFIG + """
  - name: talk
    type: injection_debug
    hosts: [127.0.0.1]
    sessions: 10

support:
  recipients: help@support.test
  contact: \u5c71\u7530 \u592a\u90ce
  email: yamada@example.com
"""


def files_of(raw):
    m = email.message_from_bytes(raw, policy=email.policy.default)
    return m, {p.get_filename(): p.get_content()
               for p in m.iter_attachments()}


def answer(t, *pairs):
    for question, line in pairs:
        t.expect(question)
        if line is not None:
            t.say(line)


def test_a_request_is_sent_and_kept(make_suite):
    postern = make_suite(SUPPORT)
    with Sink(postern.sink_port) as sink:
        with postern.client() as c:
            assert c.mail("s@client.test", ["r@example.com"],
                          b"Subject: hi\r\n\r\nsecret words\r\n")[0] == 250
        postern.wait_log("Message finished MID 1")
        with Terminal(postern, "supportrequest") as t:
            t.expect("It holds no messages and no keys.\n")
            answer(
                t,
                ("send the support request to help@support.test? [Y]> ", ""),
                ("additional recipients? [N]> ", "y"),
                ("separated by commas.\n[]> ", "nobody"),
                ('Invalid email address: "nobody"\n', None),
                ("separated by commas.\n[]> ", "boss@example.com"),
                ("in one line.\n[]> ", "\u30e1\u30fc\u30eb\u304c\u5c4a\u304b\u306a\u3044"),
                ("End with a line that is a dot.\n", "since this morning"))
            t.say("-- all of it")
            t.say(".")
            answer(t,("existing support ticket? [N]> ", "y"),
                     ("ticket number.\n[]> ", "4711"),
                     ("4. 4 - a question\n[3]> ", "1"),
                     ("your user ID.\n[]> ", "yamada"),
                     ("support contract.\n[]> ", "C-1"),
                     ("contact person.\n[\u5c71\u7530 \u592a\u90ce]> ", ""),
                     ("email address.\n[yamada@example.com]> ", ""),
                     ("phone number.\n[]> ", "+81 3 5555 0100"))
            out, status = t.end()
        assert status == 0
        assert "sent to boss@example.com, help@support.test.\n" in out, out
        said = postern.ask("supportrequest", "print")
        assert (said["user_id"], said["contract_id"]) == ("yamada", "C-1")
        sent = wait_for("both", lambda: len(sink.messages) == 3
                        and sink.messages[1:])
    assert sorted(r for m in sent for r in m.rcpts) == [
        "boss@example.com", "help@support.test"]
    (saved,) = (postern.root / "state/support").glob("*.eml")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    kept, files = files_of(saved.read_bytes())
    mail, same = files_of(sent[0].body)
    assert files == same and kept["Subject"] == mail["Subject"] == (
        "Support request of mx.postern.test: \u30e1\u30fc\u30eb\u304c\u5c4a\u304b\u306a\u3044")
    form = mail.get_body().get_content().replace("\r\n", "\n")
    for line in ("Severity: 1 - mail does not flow\n", "Ticket: 4711\n",
                 "Contact: \u5c71\u7530 \u592a\u90ce\n", "Phone: +81 3 5555 0100\n",
                 "\nsince this morning\n-- all of it\n"):
        assert line in form, form
    assert "rates" in json.loads(files["status.json"])
    assert json.loads(files["tophosts.json"])["hosts"]
    assert json.loads(files["health.json"])["checks"]
    assert "Message finished MID " in files["mail_logs.log"]
    # conversations and messages stay here
    assert "talk.log" not in files
    assert b"secret words" not in saved.read_bytes()


def test_secrets_and_what_does_not_run(make_suite):
    postern = make_suite(SUPPORT + "\nauth_profiles:\n  - name: staff\n")
    secret = postern.root / "etc/secrets/staff.users"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("joe:{PLAIN}tiger\n")
    secret.chmod(0o600)
    path = pathlib.Path(postern.ask("supportrequest", "save", "it runs")[
        "file"])
    assert b"tiger" not in path.read_bytes()
    postern.stop()
    path = pathlib.Path(postern.ask("supportrequest", "save", "it stands",
                                    "description=nothing runs")["file"])
    mail, files = files_of(path.read_bytes())
    assert "is not running" in files["status.json"]
    assert "Begin Logfile" in files["mail_logs.log"]
    (config,) = [v for k, v in files.items() if k.endswith(".conf")]
    assert "name: staff" in config and "tiger" not in config
    # there is no queue to send it through
    out = postern.postern("supportrequest", "send", "help", ok=(4,))
    assert out == ""


def test_logs_are_those_of_the_log_folder(make_suite):
    """The folder is the recorder's, and the caller may be root."""
    postern = make_suite(SUPPORT)
    postern.wait_log("Begin Logfile")
    logs = postern.root / "log"
    (logs / "mail_logs").rename(postern.root / "elsewhere")
    (logs / "mail_logs").symlink_to(postern.root / "elsewhere")
    path = pathlib.Path(postern.ask("supportrequest", "save", "x")["file"])
    files = files_of(path.read_bytes())[1]
    assert "Begin Logfile" not in files["mail_logs.log"]
    assert "mail_logs" in files["mail_logs.log"]
    postern.postern("grep", "-e", "Begin", "mail_logs", ok=(4,))
