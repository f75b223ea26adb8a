"""Archives as programs write them, looked into by inspect in its cage."""
import base64
import pathlib
import re

import pytest

from conftest import CONFIG
from suite import gateway_with, wait_for

FILTERS = r"""
name: if (attachment-filename == "^a\\.txt$") { insert-header("X-Name", "1"); }
text: if (attachment-contains("^hello", 1)) { insert-header("X-Text", "1"); }
title: if (attachment-contains("title", 1)) { insert-header("X-Title", "1"); }
exe: if (attachment-filetype == "exe") { insert-header("X-Exe", "1"); }
lock: if (attachment-protected) { insert-header("X-Locked", "1"); }
bad: if (attachment-corrupt) { insert-header("X-Corrupt", "1"); }
"""
SEEDS = pathlib.Path(__file__).parents[1] / "fuzz/corpus/inspect"
# What each is found to have; 7z and cab were made by 7-Zip and gcab.
CASES = {
    "zip": "Name Text Exe",
    "7z": "Name Text Exe",
    "7z-locked": "Name Locked",
    "7z-locked-list": "Locked",
    "cab": "Name Text Exe",
    "rar4": "Name Text",
    "rar5": "Name Text",
    "targz": "Name Text Exe",
    "bz2": "Text",
    "gz": "Text",
    "docx": "Name Text Title Exe",
    "zip-locked": "Name Locked Exe",
    "zip-short": "Corrupt Name Text",
    "nested": "",
}


@pytest.fixture(scope="module")
def gateway():
    with gateway_with(CONFIG + "\nscanning: {quarantine_on_error: no, "
                      "max_depth: 4}\n", FILTERS) as postern:
        yield postern


def attached(content):
    return (b"Subject: hi\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\ntext\r\n"
            b"--b\r\nContent-Type: application/octet-stream; name=x.bin\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(content).replace(b"\n", b"\r\n") + b"--b--\r\n")


@pytest.mark.parametrize("name", CASES)
def test_mim_09_what_is_in_it(gateway, name):
    content = (SEEDS / name).read_bytes()[1:]   # the first is the fuzzer's
    pids = gateway.pids()
    before = len(gateway.sink.messages)
    with gateway.client() as c:
        code, text = c.mail("s@client.test", ["anna@example.com"],
                            attached(content))
        assert code == 250, text
    wait_for("delivery", lambda: len(gateway.sink.messages) > before)
    head = gateway.sink.messages[before].body.partition(b"\r\n\r\n")[0]
    found = re.findall(r"(?m)^X-(\w+): 1\r$", head.decode() + "\r")
    assert sorted(found) == sorted(CASES[name].split())
    assert gateway.pids() == pids               # nobody died over it
