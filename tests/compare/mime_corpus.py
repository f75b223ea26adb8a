"""Messages for comparing MIME parsers: real-looking ones, and broken ones.

Everything comes from one seed. A message is (trait, bytes, truth): the trait
names the one thing that is unusual or wrong in it ("valid": nothing); truth
is, for valid ones, the list of its leaves as (type, name, bytes, text).
"""
import base64
import quopri
import random

TEXTS = {
    "us-ascii": ["Hello,", "please find attached the report.", "-- ",
                 "From here on it is plain.", "Best regards", "a = b",
                 "", "--not a boundary", "x" * 60],
    "iso-8859-1": ["Grüße aus Köln", "déjà vu à Paris", "señor", "naïve ½"],
    "windows-1252": ["“quoted” – €5", "Grüße…"],
    "iso-8859-2": ["Příliš žluťoučký kůň", "Łódź"],
    "koi8-r": ["Привет, мир", "отчёт во вложении"],
    "windows-1251": ["Добрый день", "Счёт № 5"],
    "iso-2022-jp": ["お世話になっております。", "資料を添付いたします", "日本語の件名",
                    "カタカナとABC"],
    "shift_jis": ["御見積書", "ソ連の表示能力", "ﾊﾝｶｸｶﾅ"],
    "euc-jp": ["請求書のご送付", "よろしくお願いします"],
    "gb2312": ["您好,请查收附件", "会议纪要"],
    "big5": ["您好,請查收附件", "會議紀錄"],
    "euc-kr": ["안녕하세요", "첨부 파일을 확인하십시오"],
    "utf-8": ["絵文字 😀 と日本語", "Zażółć gęślą jaźń", "مرحبا", "ascii only"],
}
NAMES = ["report.pdf", "my file.doc", "a;b.txt", "見積書.xls", "Übersicht.pdf",
         "отчёт.docx", "semi;colon \"q\".gif", "x" * 90 + ".png", "日本" * 30 +
         ".zip", "tail .exe"]
BINARY = [("application", "pdf"), ("image", "gif"), ("application", "zip"),
          ("application", "octet-stream"), ("audio", "mpeg"),
          ("application", "msword"), ("image", "svg+xml")]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.serial = 0
        self.leaves = []

    def boundary(self):
        self.serial += 1
        n = self.rng.randrange(10**9)
        return self.rng.choice([
            "----=_Part_%d_%d" % (self.serial, n),
            "=_%x.%d" % (n, self.serial),
            "b%d" % self.serial,
            "Apple-Mail=_%X-%d" % (n, self.serial),
            "a (%d) b?%d" % (self.serial, n),
        ])

    # --- headers ---

    def fold(self, text):
        return self.rng.choice([" ", "\r\n\t", "\r\n "]) + text

    def parameter(self, name, value):
        """A parameter in one of the ways that are in use."""
        if value.isascii():
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            if len(value) > 70 and self.rng.random() < 0.7:
                return "; ".join(
                    '%s*%d="%s"' % (name, i // 40, value[i:i + 40])
                    for i in range(0, len(value), 40))
            return '%s="%s"' % (name, quoted)
        how = self.rng.randrange(3)
        if how == 0:
            return '%s="%s"' % (name, self.words(value))
        coded = [chr(b) if chr(b).isalnum() and b < 128 or b in b".-" else
                 "%%%02X" % b for b in value.encode()]
        if how == 1:
            return "%s*=utf-8''%s" % (name, "".join(coded))
        pieces = ["".join(coded[i:i + 16]) for i in range(0, len(coded), 16)]
        pieces[0] = "utf-8''" + pieces[0]
        return ";\r\n ".join(
            "%s*%d*=%s" % (name, i, p) for i, p in enumerate(pieces))

    def words(self, text, charset="utf-8"):
        out, i = [], 0
        while i < len(text):
            n = 10
            while n > 1 and i + n < len(text) and len(
                    text[i:i + n].encode(charset)) % 3 != 0:
                n -= 1  # padding within is a trait of its own
            out.append("=?%s?B?%s?=" % (charset, base64.b64encode(
                text[i:i + n].encode(charset)).decode()))
            i += n
        return "\r\n ".join(out)

    def common(self):
        rng = self.rng
        charset = rng.choice(sorted(TEXTS))
        subject = rng.choice(TEXTS[charset]) or "x"
        if not subject.isascii():
            subject = self.words(subject, charset)
        lines = ["Received: from a.example (a.example [192.0.2.%d])"
                 % rng.randrange(255),
                 "\tby mx.example with ESMTP; Mon, 3 Jun 2024 09:00:00 +0900",
                 "From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.com>",
                 "To: <someone@example.net>", "Subject: " + subject,
                 "Date: Mon, 3 Jun 2024 09:00:00 +0900",
                 "Message-ID: <%d@example.com>" % rng.randrange(10**9)]
        if rng.random() < 0.9:
            lines.append("MIME-Version: 1.0")
        return "\r\n".join(lines) + "\r\n"

    # --- parts: (header lines, body); no line end behind the body ---

    def text(self, subtype="plain", lines=None):
        rng = self.rng
        charset = rng.choice(sorted(TEXTS))
        if lines is None:
            lines = [rng.choice(TEXTS[charset] + TEXTS["us-ascii"])
                     for _ in range(rng.randrange(1, 8))]
            if subtype == "html":
                lines = ["<html><body>"] + ["<p>%s</p>" % x for x in lines] + [
                    "</body></html>"]
        text = "\r\n".join(lines)
        data = text.encode(charset)
        header = "Content-Type: text/%s;%s" % (
            subtype, self.fold('charset="%s"' % charset))
        encoding = rng.choice(["base64", "quoted-printable"] + (
            ["7bit", "8bit", None] if charset != "utf-8" else ["8bit"]))
        header, body = self.encoded(header, data, encoding)
        self.leaves.append(("text/" + subtype, "", data, text))
        return header, body

    def encoded(self, header, data, encoding):
        if encoding is None:
            return header + "\r\n", data
        header += "\r\nContent-Transfer-Encoding: %s\r\n" % encoding
        if encoding == "base64":
            data = base64.encodebytes(data).replace(b"\n", b"\r\n")
            if data.endswith(b"\r\n"):
                data = data[:-2]
        elif encoding == "quoted-printable":
            data = b"\r\n".join(
                quopri.encodestring(line).replace(b"\n", b"\r\n")
                for line in data.split(b"\r\n"))
        return header, data

    def attachment(self):
        rng = self.rng
        kind = rng.choice(BINARY)
        name = rng.choice(NAMES)
        data = rng.randbytes(rng.randrange(1, 400))
        header = "Content-Type: %s/%s" % kind
        if rng.random() < 0.6:
            header += ";" + self.fold(self.parameter("name", name))
        header += "\r\nContent-Disposition: %s;%s" % (
            rng.choice(["attachment", "inline"]),
            self.fold(self.parameter("filename", name)))
        header, body = self.encoded(header, data, "base64")
        self.leaves.append(("%s/%s" % kind, name, data, None))
        return header, body

    def message(self, depth):
        header, body = self.entity(depth)
        return ("Content-Type: message/rfc822\r\n"
                "Content-Disposition: attachment\r\n",
                (self.common() + header).encode() + b"\r\n" + body)

    def multipart(self, subtype, parts):
        b = self.boundary()
        out = self.rng.choice([b"", b"This is a multi-part message.\r\n"])
        for header, body in parts:
            out += b"--" + b.encode() + b"\r\n" + header.encode()
            out += b"\r\n" + body + b"\r\n"
        out += b"--" + b.encode() + b"--" + self.rng.choice([b"", b"\r\n"])
        return 'Content-Type: multipart/%s;%s\r\n' % (
            subtype, self.fold('boundary="%s"' % b)), out

    def entity(self, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.25:
            return self.text(rng.choice(["plain", "plain", "html"]))
        shape = rng.randrange(5)
        if shape == 0:
            return self.multipart("alternative", [
                self.text("plain"), self.text("html")])
        if shape == 1:
            return self.multipart("related", [
                self.text("html"), self.attachment()])
        if shape == 2:
            return self.multipart("report", [
                self.text(), self.status(), self.message(depth - 1)])
        if shape == 3:
            return self.multipart("mixed", [
                self.entity(depth - 1), self.message(depth - 1)])
        return self.multipart("mixed", [self.entity(depth - 1)] + [
            self.attachment() for _ in range(rng.randrange(1, 4))])

    def status(self):
        data = b"Final-Recipient: rfc822; a@example.net\r\nStatus: 5.1.1"
        self.leaves.append(("text/x-status", "", data, None))
        return "Content-Type: text/x-status\r\n", data

    def whole(self, entity):
        header, body = entity
        return (self.common() + header).encode() + b"\r\n" + body + b"\r\n"


# --- what is wrong, one thing each: takes a Maker, gives a message ---

def simple(m, header, body="text\r\n"):
    """A message with that header; body in Latin-1."""
    return (m.common() + header).encode("latin-1") + b"\r\n" + body.encode(
        "latin-1")


def mixed(m, *parts, boundary="bound", close=True, top=""):
    body = "".join("--%s\r\n%s\r\n" % (boundary, p) for p in parts)
    return simple(m, 'Content-Type: multipart/mixed; boundary="%s"\r\n%s' % (
        boundary, top), body + ("--%s--\r\n" % boundary if close else ""))


def pick(m, *of):
    return m.rng.choice(of)


HTML = "Content-Type: text/html\r\n"
TEXT = "\r\nsome text"
GIF = "Content-Type: image/gif; name=a.gif\r\n"
B64 = "Content-Transfer-Encoding: base64\r\n"
UU = "begin 644 a.gif\r\n#0V%T\r\n`\r\nend\r\n"


def attached(header, body="\r\nx"):
    return "Content-Disposition: attachment; " + header + "\r\n" + body


BROKEN = {
    # boundaries
    "never closed": lambda m: mixed(m, TEXT, HTML + "\r\nx", close=False),
    "boundary never comes": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary=b\r\n"),
    "only the closing boundary": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b--\r\ntext\r\n"),
    "multipart without boundary": lambda m: simple(
        m, "Content-Type: multipart/%s\r\n" % pick(m, "mixed", "related"),
        "--b\r\n\r\ntext\r\n--b--\r\n"),
    "parts behind the closing boundary": lambda m: mixed(
        m, TEXT) + b"--bound\r\n\r\nmore\r\n--bound--\r\n",
    "outer boundary ends the inner": lambda m: mixed(
        m, "Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n"
        "\r\ntext", HTML + "\r\nx"),
    "same boundary, nested": lambda m: mixed(
        m, "Content-Type: multipart/mixed; boundary=bound\r\n\r\n--bound\r\n"
        "\r\ninner\r\n--bound--", TEXT),
    "boundary begins like another": lambda m: mixed(
        m, "Content-Type: multipart/x; boundary=bound2\r\n\r\n--bound2\r\n"
        "\r\ninner\r\n--bound2--", TEXT),
    "blanks behind the boundary": lambda m: mixed(m, TEXT, TEXT).replace(
        b"--bound\r\n", pick(m, b"--bound \r\n", b"--bound\t \r\n")),
    "more behind the boundary": lambda m: mixed(m, TEXT, TEXT).replace(
        b"--bound\r\n", b"--boundx\r\n", 1),
    "boundary in a header": lambda m: mixed(m, "A: b\r\n--bound\r\n" + TEXT),
    "part without empty line": lambda m: mixed(m, GIF + "--bound\r\n" + TEXT),
    "part with nothing": lambda m: mixed(m, "--bound\r\n" + TEXT),
    "part without header": lambda m: mixed(m, "plain text, no colon", TEXT),
    "header ends at what is no field": lambda m: mixed(
        m, HTML + "no field here\r\n" + B64 + "\r\nZm9v", TEXT),
    "lone LF": lambda m: mixed(m, TEXT, HTML + "\r\nx").replace(
        b"\r\n", b"\n"),
    "two boundaries": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n",
        "--a\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n--a--\r\n"),
    "quote of the boundary not closed": lambda m: simple(
        m, 'Content-Type: multipart/mixed; boundary="b\r\n',
        "--b\r\n\r\ntext\r\n--b--\r\n"),
    "boundary by RFC 2231": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary*=us-ascii''b\r\n",
        "--b\r\n\r\ntext\r\n--b--\r\n"),
    "boundary behind a comment": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary=(c)b\r\n",
        "--b\r\n\r\ntext\r\n--b--\r\n"),
    # encodings
    "encoded multipart": lambda m: simple(
        m, "Content-Type: multipart/mixed; boundary=b\r\n" + B64,
        "LS1iDQoNCjENCi0tYi0tDQo=\r\n"),
    "multipart that only says it is encoded": lambda m: mixed(
        m, TEXT, HTML + "\r\nx", top=B64),
    "encoded message": lambda m: simple(
        m, "Content-Type: message/rfc822\r\n" + B64,
        "U3ViamVjdDogeA0KDQpoaQ0K\r\n"),
    "message that only says it is encoded": lambda m: simple(
        m, "Content-Type: message/rfc822\r\n" + B64,
        "Subject: x\r\n\r\nhi there\r\n"),
    "base64 with junk": lambda m: simple(
        m, GIF + B64, pick(m, "Zm9v!Ym Fy\r\n", "Zm9v\r\n#YmFy\r\n")),
    "base64 of another alphabet": lambda m: simple(m, GIF + B64, "Zm-9_v"),
    "base64 without padding": lambda m: simple(
        m, GIF + B64, pick(m, "Zm9vYg\r\n", "Zm9vYmE\r\n")),
    "base64 with a digit too many": lambda m: simple(
        m, GIF + B64, "Zm9vY\r\n"),
    "base64 with padding inside": lambda m: simple(
        m, GIF + B64, "Zg==Zm8=\r\n"),
    "base64 with text behind": lambda m: simple(
        m, GIF + B64, "Zg==\r\n____\r\nlist: x\r\n"),
    "quoted-printable not hexadecimal": lambda m: simple(
        m, "Content-Transfer-Encoding: quoted-printable\r\n",
        "a=XYb=4\r\nc==\r\n"),
    "quoted-printable, blanks at line ends": lambda m: simple(
        m, "Content-Transfer-Encoding: quoted-printable\r\n",
        "a \t\r\nb=20\r\nc= \r\nd\r\n"),
    "unknown encoding": lambda m: simple(
        m, "Content-Transfer-Encoding: %s\r\n" % pick(m, "x-none", "utf-8"),
        "a=41\r\n"),
    "encoding with a comment": lambda m: simple(
        m, GIF + "Content-Transfer-Encoding: base64 (x)\r\n", "Zm9v\r\n"),
    "encoding with a semicolon": lambda m: simple(
        m, GIF + "Content-Transfer-Encoding: base64;\r\n", "Zm9v\r\n"),
    "encoding in quotes": lambda m: simple(
        m, GIF + 'Content-Transfer-Encoding: "base64"\r\n', "Zm9v\r\n"),
    "two encodings": lambda m: simple(
        m, GIF + B64 + "Content-Transfer-Encoding: 7bit\r\n", "Zm9v\r\n"),
    "uuencoded part": lambda m: simple(
        m, GIF + "Content-Transfer-Encoding: x-uuencode\r\n", UU),
    "uuencoded in a text": lambda m: simple(
        m, "", "text\r\n" + UU + "more\r\n"),
    "8 bits in 7bit": lambda m: simple(m, "", "Gr\xfc\xdfe\r\n"),
    # types
    "two types": lambda m: simple(m, HTML + GIF),
    "type without subtype": lambda m: simple(
        m, "Content-Type: %s\r\n" % pick(m, "text", "image", "x")),
    "empty type": lambda m: simple(m, "Content-Type:\r\n"),
    "no semicolon": lambda m: simple(
        m, "Content-Type: text/html charset=utf-8\r\n"),
    "blanks and comments": lambda m: simple(
        m, "Content-Type: (a) text / (b) html ; charset = utf-8\r\n"),
    "blank before the colon": lambda m: mixed(
        m, "Content-Type : text/html\r\n\r\nx", TEXT),
    "no MIME-Version": lambda m: mixed(m, TEXT).replace(
        b"MIME-Version: 1.0\r\n", b""),
    "digest": lambda m: mixed(m, "\r\nSubject: x\r\n\r\none").replace(
        b"multipart/mixed", b"multipart/digest"),
    "mailbox line": lambda m: simple(
        m, "Content-Type: message/rfc822\r\n",
        "%sFrom joe Mon Jan 1\r\nSubject: x\r\nContent-Type: text/html\r\n"
        "\r\nhi\r\n" % pick(m, "", ">")),
    "message with nothing": lambda m: mixed(
        m, "Content-Type: message/rfc822\r\n", TEXT),
    # names
    "name with blanks, no quotes": lambda m: mixed(
        m, attached("filename=my file.doc")),
    "name with brackets, no quotes": lambda m: mixed(
        m, attached("filename=a (1).doc")),
    "path with backslashes": lambda m: mixed(
        m, attached('filename="C:\\tmp\\a.txt"')),
    "quote of the name not closed": lambda m: mixed(
        m, attached('filename="a.doc')),
    "more behind the quote": lambda m: mixed(
        m, attached('filename="a"b.doc')),
    "raw UTF-8 name": lambda m: mixed(
        m, attached('filename="\xc3\xa9.doc"')),
    "raw Latin-1 name": lambda m: mixed(m, attached('filename="\xe9.doc"')),
    "name in words": lambda m: mixed(
        m, attached('filename="=?iso-2022-jp?B?GyRCO3YbKEI=?=.doc"')),
    "padding within words": lambda m: mixed(
        m, attached('filename="=?utf-8?B?w5xi?= =?utf-8?B?ZQ==?= '
                    '=?utf-8?B?LmRvYw==?="')),
    "character cut between words": lambda m: mixed(
        m, attached('filename="=?utf-8?B?5Lo=?= =?utf-8?B?iw==?="')),
    "name in both forms": lambda m: mixed(
        m, attached("filename=x.doc; filename*=utf-8''y.doc")),
    "two names": lambda m: mixed(
        m, GIF + attached("filename=b.exe")),
    "one name twice": lambda m: mixed(
        m, attached("filename=a.doc; filename=b.exe")),
    "gap in the pieces": lambda m: mixed(
        m, attached("filename*0=a; filename*2=c")),
    "pieces out of order": lambda m: mixed(
        m, attached("filename*1=b; filename*0=a")),
    "not quite percent": lambda m: mixed(
        m, attached("filename*=utf-8''a%4G%.doc")),
    "percent cut between pieces": lambda m: mixed(
        m, attached("filename*0*=utf-8''%C; filename*1*=3%A9.doc")),
    "unknown charset of a name": lambda m: mixed(
        m, attached("filename*=nosuch''%C3%A9.doc")),
    "name without disposition": lambda m: mixed(
        m, "Content-Disposition: filename=a.doc\r\n\r\nx"),
    "name with blanks at its end": lambda m: mixed(
        m, attached('filename="a.exe  "')),
    "line end in a word of a name": lambda m: mixed(
        m, attached('filename="=?us-ascii?Q?a=0D=0Ab?="')),
}


def corpus(seed=20240611, valid=1200, each=12):
    out = []
    for i in range(valid):
        m = Maker(random.Random(seed + i))
        message = m.whole(m.entity(m.rng.randrange(5)))
        out.append(("valid", message, m.leaves))
    for trait in BROKEN:
        for i in range(each):
            m = Maker(random.Random("%d %s %d" % (seed, trait, i)))
            out.append((trait, BROKEN[trait](m), None))
    return out
