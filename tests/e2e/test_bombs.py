"""Mail that is made to cost (BOM): bounded time and memory, an event, and
what is configured."""
import base64
import gzip
import io
import os
import re
import zipfile

import pytest

from conftest import CONFIG
from suite import gateway_with, wait_for

BOMBED = CONFIG + """
scanning: {max_expanded: 20M, timeout: 10s}
"""
FILTERS = r"""
file: if (attachment-filename == "\\.exe$" or attachment-filetype == "exe") {
  insert-header("X-Exe", "yes"); }
text: if (body-contains("needle", 1)) { insert-header("X-Text", "yes"); }
head: if (header("X-Long") == "(x+x+)+y$" or subject == "^(a|aa)+$") {
  insert-header("X-Head", "yes"); }
slow: if (only-body-contains("^(b|bb)+$", 1)) { insert-header("X-S", "1"); }
"""
TICKS = os.sysconf("SC_CLK_TCK")
MULTI = (b"Subject: hi\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n")


def attached(content, name=b"x.zip"):
    return (MULTI + b"\r\n--b\r\n\r\ntext\r\n"
            b"--b\r\nContent-Type: application/octet-stream; name=" + name +
            b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            base64.encodebytes(content).replace(b"\n", b"\r\n") + b"--b--\r\n")


def packed(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def nested_archives():
    data = packed(("zero", b"\0" * 10000000))
    for i in range(12):
        data = packed(*[("%d-%d.zip" % (i, k), data) for k in range(4)])
    return attached(data)


def many_archives():
    """Each within the limits, together not."""
    one = base64.encodebytes(gzip.compress(b"\0" * 4000000)).replace(
        b"\n", b"\r\n")
    part = (b"--b\r\nContent-Type: application/gzip; name=x.gz\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + one)
    return MULTI + b"\r\n" + part * 400 + b"--b--\r\n"


def nested_messages():
    return (b"Content-Type: message/rfc822\r\n\r\n" * 20000 +
            b"Subject: inner\r\n\r\ntext\r\n")


def nested_multiparts():
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                    b"--b%d\r\n" % (i, i) for i in range(20000))
    return b"MIME-Version: 1.0\r\n" + head + b"\r\ntext\r\n"


# What is sent, and what the log says of it.
BOMBS = {
    "nested archives": (nested_archives, "Size Limit Exceeded|Scan Depth"),
    "many archives": (many_archives, "Size Limit Exceeded"),
    "a gzip of 1 GB": (lambda: attached(gzip.compress(
        gzip.compress(b"\0" * (1 << 30), 1)), b"x.gz"),
        "Size Limit Exceeded"),
    "nested messages": (nested_messages, "Scan Depth Exceeded"),
    "nested multiparts": (nested_multiparts, "Scan Depth Exceeded"),
    "100,000 parts": (lambda: MULTI + b"\r\n" + (
        b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" * 100000) +
        b"--b--\r\n", "Size Limit Exceeded"),
    "an expression": (lambda: b"Subject: hi\r\n\r\n" +
                      (b"b" * 70 + b"x\r\n") * 20000, "Regex Limit Exceeded"),
    "an expression, header": (lambda: b"Subject: " + b"a" * 900 +
                              b"x\r\n\r\ntext\r\n", "Regex Limit Exceeded"),
    "base64 without end": (lambda: attached(os.urandom(6 << 20)),
                           "Size Limit Exceeded"),
}


@pytest.fixture(scope="module")
def gateway():
    with gateway_with(BOMBED, FILTERS) as postern:
        yield postern


def cost(postern):
    """CPU seconds of all programs; MB that each had at most."""
    cpu, most = 0, {}
    for name, pid in postern.pids().items():
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rpartition(")")[2].split()
        cpu += int(fields[11]) + int(fields[12])
        with open("/proc/%d/status" % pid) as f:
            hwm = re.search(r"VmHWM:\s+(\d+)", f.read())
        most[name] = int(hwm[1]) // 1024
    return cpu / TICKS, most


def reset(postern):
    for pid in postern.pids().values():
        with open("/proc/%d/clear_refs" % pid, "w") as f:
            f.write("5")


def send(postern, body):
    with postern.client(timeout=60) as c:
        return c.mail("s@client.test", ["anna@example.com"], body)


@pytest.mark.parametrize("name", BOMBS)
def test_bom_what_is_made_to_cost(gateway, name):
    make, error = BOMBS[name]
    body = make()
    reset(gateway)
    pids = gateway.pids()
    before, _ = cost(gateway)
    code, text = send(gateway, body)
    assert code == 250, text
    mid = int(text[0].split("Message ")[1].split()[0])
    gateway.wait_log('MID %d quarantined to "Policy"' % mid)
    after, most = cost(gateway)
    assert any(re.search(r"MID %d, message scanning error: (%s)" % (
        mid, error), l) for l in gateway.log())
    assert gateway.pids() == pids
    assert after - before < 2 + 0.2 * len(body) / 1e6
    assert max(most.values()) < 100 + 12 * len(body) / 1e6


def test_bom_a_header_without_end(gateway):
    for head in (b"X-Long: " + b"x" * 900 + b"\r\n", b"A: b\r\n"):
        body = head * ((10 << 20) // len(head)) + b"\r\ntext\r\n"
        reset(gateway)
        before, _ = cost(gateway)
        code, text = send(gateway, body)
        after, most = cost(gateway)
        assert code == 552 or code == 554, text
        assert after - before < 2 and max(most.values()) < 150
