"""Messages at random: structures, charsets, attachments, and what is broken.

All of them have lines that end with CRLF, as SMTP has them.
"""
import base64
import io
import zipfile

TEXTS = ["Hello.", "a secret plan for Joe", "b\u00fcro gr\u00fc\u00dfe \u00df",
         "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \u8a71\u984c \u8868",
         "4111 1111 1111 1111 and 078-05-1120", "aaaa bbb ac 2026",
         "From here on\n.\n..dots\n-- \nJoe", "\u20ac \u201cquoted\u201d \u2013",
         "\U0001f600 smile", "budget, plan", "boss@example.com <b@c.example>",
         "e\ne\ne", "", "x" * 200, "\u3042\u3044\u3046\u3048\u304a" * 20,
         "\uff8a\uff9d\uff76\uff78 \u2460 \u9ad9",
         "see http://www.evil.test/x?a=1&b=2 and HTTPS://good.test/.",
         "<http://user@evil.test:80/\u65e5\u672c> www.c.example/(a)"]
CHARSETS = ["us-ascii", "utf-8", "iso-8859-1", "iso-2022-jp", "shift_jis",
            "euc-jp", "windows-1252", "gb2312", "big5", "euc-kr", "koi8-r",
            "utf-16", "utf-7", "x-unknown", "cp932", "iso-8859-15", ""]
NAMES = ["a.exe", "letter.txt", "r\u00e9sum\u00e9.doc", "\u8868.zip", "x.PDF",
         "pic.png", "no name", "a;b\".txt", "../../etc/passwd", "a.tar.gz",
         "long" * 30 + ".txt", ""]
HTML = ["<p>a <b>secret</b> plan</p>", "<html><body>gr&uuml;&szlig;e"
        "<br>line</body></html>", "<script>x()</script><a href='x'>e</a>",
        "<a href=\"http://evil.test/?a=1&amp;b\">http://good.test</a>",
        "no tags", "<p>\u65e5\u672c", "<<<>>>", "<body>x</body></html>tail"]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    "hgGAWjR9awAAAABJRU5ErkJggg==")
HEADERS = ["From: Joe <joe@client.test>", "From: \"Boss\" <boss@example.com>",
           "To: anna@example.com, \"B, b\" <b@example.org>", "X-One: secret",
           "X-One: e", "X-Two: a\r\n\tfolded line e", "X-Empty:", "X-Two: ",
           "Reply-To: reply@client.test", "Comments: budget plan",
           "List-Id: <l.example>", "Message-ID: <1@client.test>",
           "Date: Sat, 1 Jan 2022 10:00:00 +0000", "Cc: team: a@b.test;",
           "Received: from a by b; Sat, 1 Jan 2022 10:00:00 +0000",
           "Sender: joe@client.test", "X-Long: " + "word " * 60,
           "Subject:", "SUBJECT: secret again", "bad header line",
           "X-Space : e", ": nothing", "X-Bad\x01: e"]


class Message:
    def __init__(self, dice):
        self.dice = dice

    def make(self):
        dice = self.dice
        header = [h.encode() for h in dice.some(HEADERS, 6)]
        if dice.may(85):
            header.append(self.subject())
        if dice.may(15):
            header.append(b"X-Raw: " + dice.choice(TEXTS).split("\n")[
                0].encode(dice.choice(["utf-8", "shift_jis", "latin-1"]),
                          "replace"))
        part = self.part(0)
        if part[0] and dice.may(90):
            header.append(b"MIME-Version: 1.0")
        message = lines(header + part[0]) + b"\r\n" + part[1]
        if dice.may(12):
            message = self.damaged(message)
        return crlf(message)

    def subject(self):
        dice = self.dice
        text = dice.choice(TEXTS).split("\n")[0]
        charset = dice.choice(CHARSETS[:8])
        if dice.may(30):
            return b"Subject: " + text.encode("ascii", "replace")
        raw = text.encode(charset, "replace")
        if dice.may(20):
            return b"Subject: " + raw
        if dice.may(50):
            word = b"B?" + base64.b64encode(raw)
        else:
            word = b"Q?" + b"".join(b"=%02X" % c for c in raw)
        return b"Subject: %s=?%s?%s?=" % (
            dice.choice([b"", b"Re: ", b"=?utf-8?q?a?= "]), charset.encode(),
            word)

    def part(self, depth):
        """(header lines, body)"""
        dice = self.dice
        kinds = [self.text] * 4 + [self.html] + [self.attachment] * 3
        if depth < 4:
            kinds += [self.multipart] * (6 if depth == 0 else 2)
            kinds += [self.attached]
        return dice.choice(kinds)(depth)

    def text(self, depth, subtype="plain", pool=TEXTS):
        dice = self.dice
        charset = dice.choice(CHARSETS)
        text = "\n".join(dice.choice(pool) for _ in range(dice.randint(0, 4)))
        if dice.may(70):
            text += "\n"
        if charset in ("", "us-ascii", "x-unknown"):
            raw = text.encode(dice.choice(["ascii", "utf-8", "latin-1"]),
                              "replace")
        else:
            raw = text.encode(charset, "replace")
        kind = "text/" + subtype
        header = []
        if charset or dice.may(50):
            header = [("Content-Type: %s%s%s" % (
                kind, dice.choice(["; charset=%s", "; charset=\"%s\"",
                                   ";\r\n charset=%s; format=flowed"])
                % charset if charset else "", "")).encode()]
        return self.encoded(header, raw, charset == "utf-16")

    def html(self, depth):
        return self.text(depth, "html", HTML)

    def encoded(self, header, raw, binary=False):
        dice = self.dice
        kind = dice.choice(["", "7bit", "8bit", "base64", "quoted-printable",
                            "BASE64", "x-uuencode", "strange"])
        if binary:
            kind = "base64"
        if kind.lower() == "base64":
            raw = base64.encodebytes(raw if dice.may(80)
                                     else raw.replace(b"\n", b"\r\n"))
        elif kind == "quoted-printable":
            raw = quoted(raw)
        if kind:
            header = header + [b"Content-Transfer-Encoding: " + kind.encode()]
        return header, crlf(raw)

    def attachment(self, depth):
        dice = self.dice
        name = dice.choice(NAMES)
        kind = dice.choice(["application/octet-stream", "image/png",
                            "application/zip", "text/plain", "bad",
                            "application/x-msdownload", "application/pdf",
                            "text/html; charset=shift_jis"])
        header = ["Content-Type: " + kind]
        if name and dice.may(50):
            header[0] += "; name=\"%s\"" % name.replace('"', '\\"')
        if dice.may(70):
            header.append("Content-Disposition: attachment")
            if name:
                header[1] += dice.choice([
                    "; filename=\"%s\"" % name.replace('"', '\\"'),
                    "; filename*=utf-8''" + "".join(
                        "%%%02X" % c for c in name.encode()),
                    "; filename=%s" % name])
        raw = self.file()
        header = [h.encode(dice.choice(["utf-8", "shift_jis"]), "replace")
                  for h in header]
        if dice.may(85):
            return header + [b"Content-Transfer-Encoding: base64"], \
                crlf(base64.encodebytes(raw))
        return self.encoded(header, raw, True)

    def file(self):
        dice = self.dice
        kind = dice.randrange(10)
        if kind == 0:
            return PNG
        if kind == 1:
            return b"MZ" + bytes(200)
        if kind == 2:
            return b"%PDF-1.4\n%\xe2\xe3\n1 0 obj << /JavaScript (secret) >>\n"
        if kind < 6:
            raw = packed(dice, 0)
            return raw[:dice.randrange(len(raw))] if dice.may(15) else raw
        if kind == 6:
            return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
        if kind == 7:
            return dice.randbytes(dice.randrange(300))
        if kind == 8:
            return dice.choice([b"", b"-----BEGIN PGP MESSAGE-----\n\nx\n",
                                b"GIF89a\1\0\1\0\0\0\0;", b"\x1f\x8b\x08"])
        return dice.choice(TEXTS).encode()

    def multipart(self, depth):
        dice = self.dice
        boundary = dice.choice(["b%d" % depth, "=_x", "b", "a b", "-" * 20])
        kind = dice.choice(["mixed"] * 4 + ["alternative"] * 2 + [
            "related", "signed", "encrypted", "report", "digest"])
        head = "Content-Type: multipart/%s; boundary=\"%s\"" % (kind, boundary)
        out = [dice.choice(["", "preamble\r\n"])]
        out = [out[0].encode()]
        for _ in range(dice.randint(0 if dice.may(5) else 1, 3)):
            header, body = self.part(depth + 1)
            if body and not body.endswith(b"\r\n"):
                body += b"\r\n"
            out.append(b"--%s\r\n%s\r\n%s" % (
                boundary.encode(), lines(header), body))
        if dice.may(90):
            out.append(b"--%s--\r\n" % boundary.encode())
        if dice.may(15):
            out.append(b"epilogue\r\n")
        return [head.encode()], b"".join(out)

    def attached(self, depth):
        header, body = self.part(depth + 1)
        return [b"Content-Type: message/rfc822"], lines(
            [b"Subject: inside secret", b"From: in@side.test"] + header) + \
            b"\r\n" + body

    def damaged(self, message):
        """A line lost, doubled, moved, cut, made long."""
        dice = self.dice
        parts = message.split(b"\r\n")
        for _ in range(dice.randint(1, 3)):
            i = dice.randrange(len(parts))
            how = dice.randrange(6)
            if how == 0:
                del parts[i:i + 1]
            elif how == 1:
                parts.insert(i, parts[i])
            elif how == 2:
                parts[i] = parts[i][:dice.randrange(len(parts[i]) + 1)]
            elif how == 3:
                parts.insert(i, b"")
            elif how == 4:
                parts[i] += dice.randbytes(5).replace(b"\r", b"").replace(
                    b"\n", b"").replace(b"\0", b"")
            else:
                parts[i] += b"long" * 300
            parts = parts or [b""]
        return b"\r\n".join(parts)


def packed(dice, depth):
    """An archive, perhaps with one inside."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(dice.randint(0, 3)):
            name = dice.choice(["a.txt", "b.exe", "d/e.pdf", "\u8868.txt"])
            content = dice.choice([b"a secret\n", b"MZ\0", b"%PDF-1.4\n",
                                   "\u65e5\u672c".encode("shift_jis")])
            if depth < 3 and dice.may(25):
                name, content = "in.zip", packed(dice, depth + 1)
            z.writestr(zipfile.ZipInfo("%d%s" % (i, name)), content)
    raw = out.getvalue()
    if dice.may(15):        # the bit that says "with a password"
        raw = raw.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\1\0")
    return raw


def quoted(raw):
    out = b""
    for line in raw.split(b"\n"):
        out += b"".join(b"=%02X" % c if c > 126 or c in b"=." or c < 32
                        else bytes([c]) for c in line) + b"\n"
    return out[:-1]


def lines(header):
    return b"".join(h + b"\r\n" for h in header)


def crlf(raw):
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"").replace(
        b"\n", b"\r\n")
    return raw if not raw or raw.endswith(b"\r\n") else raw + b"\r\n"
