"""A Japanese mail, read at the end by a parser that is not ours."""
import base64
import email
import email.policy
import os
import shutil
import tempfile
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from conftest import CONFIG
from sink import Sink
from suite import Suite, wait_for

FOOTER = "株式会社サンプル\n東京都千代田区１−１\n"
FILTERS = """
stock: if (subject == "株価.*速報" and body-contains("東証", 1)) {
    insert-header("X-Subject", "件名は $Subject");
    add-footer("house");
}
"""
CHARSETS = ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"]


@pytest.fixture(scope="module")
def gateway():
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), CONFIG +
               "text_resources:\n  - name: house\n", start=False) as postern:
        for path, text in {"filters/message_filters": FILTERS,
                           "texts/house.txt": FOOTER}.items():
            file = postern.root / "etc" / path
            file.parent.mkdir()
            file.parent.chmod(0o755)
            file.write_text(text)
            file.chmod(0o644)
        postern.start()
        with Sink(postern.sink_port) as sink:
            postern.sink = sink
            yield postern
    shutil.rmtree(folder, ignore_errors=True)


def through(gateway, message):
    before = len(gateway.sink.messages)
    with gateway.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"],
                            message.as_bytes().replace(b"\n", b"\r\n"))
        assert code == 250, text
    gateway.sink.wait(before + 1)
    return email.message_from_bytes(gateway.sink.messages[before].body,
                                    policy=email.policy.default)


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_text(gateway, charset):
    subject = "株価の本日の速報です、よろしくお願いします"
    m = Message()
    m["Subject"] = Header(subject, charset)
    m["MIME-Version"] = "1.0"
    m["Content-Type"] = "text/plain; charset=" + charset
    m["Content-Transfer-Encoding"] = "base64"
    m.set_payload(base64.encodebytes(
        "東証の終値です。\r\n".encode(charset)).decode())
    out = through(gateway, m)
    assert out.get_content_charset() == charset
    assert out.get_content().replace("\r\n", "\n") == \
        "東証の終値です。\n\n" + FOOTER
    assert out["Subject"] == subject
    assert out["X-Subject"] == "件名は " + subject


def test_two_versions(gateway):
    """Each version gets the footer in its own charset."""
    m = MIMEMultipart("alternative")
    m["Subject"] = Header("株価速報", "iso-2022-jp")
    m.attach(MIMEText("東証\n", "plain", "iso-2022-jp"))
    m.attach(MIMEText("<html><body><p>東証</p></body></html>\n", "html",
                      "utf-8"))
    out = through(gateway, m)
    plain, html = out.iter_parts()
    assert plain.get_content_charset() == "iso-2022-jp"
    # the last line end is the boundary's
    assert plain.get_content().replace("\r\n", "\n") + "\n" == \
        "東証\n\n" + FOOTER
    assert "株式会社サンプル<br>" in html.get_content()


def test_another_subject_is_left_alone(gateway):
    m = MIMEText("東証\n", "plain", "iso-2022-jp")
    m["Subject"] = Header("為替速報", "iso-2022-jp")
    out = through(gateway, m)
    assert out["X-Subject"] is None
    assert out.get_content().replace("\r\n", "\n") == "東証\n"
