"""The next hop: an SMTP server that records, and misbehaves when told.

    with Sink(port) as sink:
        sink.wait(3)
        sink.messages[0].body

behave maps a step to a reply or a function: {"RCPT x@y": "550 5.1.1 no"},
steps are CONNECT, EHLO, HELO, MAIL, RCPT, DATA, DOT; the longest key that the
command starts with wins.  A reply of None closes the connection.

auth is (user, passphrase, mechanisms): AUTH is offered, under TLS only where
there is TLS, and mail taken from nobody else; logins says what was tried.

tls is an ssl.SSLContext: STARTTLS is done when it is said (offer it with
extensions); inject is what is said behind the 220, in the clear.
"""
import base64
import hashlib
import hmac
import os
import socket
import threading

from suite import wait_for


class Message:
    def __init__(self, sender, rcpts, raw, peer=None, tls=None, helo=None):
        self.sender, self.rcpts, self.raw = sender, rcpts, raw
        self.peer, self.tls, self.helo = peer, tls, helo

    @property
    def body(self):
        """As the recipient sees it: dots removed."""
        return b"".join(l[1:] if l.startswith(b".") else l
                        for l in self.raw.splitlines(keepends=True))


class Sink:
    def __init__(self, port, behave=None, extensions=("PIPELINING", "8BITMIME"),
                 host="127.0.0.1", tls=None, inject=b"", auth=None):
        self.auth, self.logins, self.shown = auth, [], []
        self.tls, self.inject, self.handshakes = tls, inject, []
        self.port, self.behave, self.extensions = port, behave or {}, extensions
        self.messages, self.commands, self.connections = [], [], 0
        self.lock = threading.Lock()
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind((host, port))
        self.server.listen(128)
        self.closing = False
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing = True
        # accept() in the other thread does not notice a plain close
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        with self.lock:
            for c in list(self.open):
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def wait(self, n, seconds=120):
        wait_for("%d messages at the sink (%d are there)"
                 % (n, len(self.messages)),
                 lambda: len(self.messages) >= n, seconds)
        return self.messages

    def rcpts(self):
        with self.lock:
            return [r for m in self.messages for r in m.rcpts]

    def _accept(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(c)
            threading.Thread(target=self._serve, args=(c,), daemon=True).start()

    def _answer(self, step, default):
        best = None
        for k, v in self.behave.items():
            if step.upper().startswith(k.upper()):
                if best is None or len(k) > len(best[0]):
                    best = (k, v)
        if best is None:
            return default
        return best[1](step) if callable(best[1]) else best[1]

    def _serve(self, c):
        try:
            self._session(c, c.makefile("rb"))
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(c)
            c.close()

    def _login(self, c, f, words):
        """The reply to AUTH, after the whole exchange."""
        user, secret, _ = self.auth

        def more(text):
            c.sendall(b"334 " + base64.b64encode(text.encode()) + b"\r\n")
            return base64.b64decode(f.readline()).decode()

        if words[0] == "PLAIN":
            said = base64.b64decode(words[1]).decode().split("\0")[1:]
        elif words[0] == "LOGIN":
            said = [more("Username:"), more("Password:")]
        else:
            said = self._scram(base64.b64decode(words[1]).decode(), more)
        right = said == [user, secret]
        with self.lock:
            self.logins.append((words[0], said[0], right,
                                hasattr(c, "version")))
        return "235 2.7.0 welcome" if right else "535 5.7.8 wrong"

    def _scram(self, first, more):
        """RFC 7677, with a salted password made here."""
        user, secret, _ = self.auth

        def mac(key, text):
            return hmac.digest(key, text.encode(), "sha256")

        bare = first.split(",", 2)[2]
        fields = dict(p.split("=", 1) for p in bare.split(","))
        salt = os.urandom(16)
        challenge = "r=%sabc,s=%s,i=4096" % (
            fields["r"], base64.b64encode(salt).decode())
        final = more(challenge)
        begun, proof = final.rsplit(",p=", 1)
        whole = ",".join((bare, challenge, begun))
        salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, 4096)
        stored = hashlib.sha256(mac(salted, "Client Key")).digest()
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof),
                                          mac(stored, whole)))
        if hashlib.sha256(key).digest() != stored:
            return [fields["n"], None]
        assert more("v=" + base64.b64encode(
            mac(mac(salted, "Server Key"), whole)).decode()) == ""
        return [fields["n"], secret]

    def _say(self, c, reply):
        if reply is None:
            return False
        c.sendall(reply.replace("\n", "\r\n").encode() + b"\r\n")
        return not reply.startswith("421")

    def _session(self, c, f):
        if not self._say(c, self._answer("CONNECT", "220 sink.test ESMTP")):
            return
        sender, rcpts, known, helo = None, [], False, None
        while True:
            line = f.readline()
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            verb = text.split(" ", 1)[0].upper()
            with self.lock:
                self.commands.append(text)
            ok = "250 2.0.0 ok"
            if verb in ("EHLO", "HELO"):
                helo = text[5:]
            if verb == "EHLO":
                words = ["sink.test"] + list(self.extensions)
                if self.auth and (not self.tls or hasattr(c, "version")):
                    words.append("AUTH " + " ".join(self.auth[2]))
                ok = "\n".join("250%s%s" % ("-" if i < len(words) - 1 else " ", w)
                               for i, w in enumerate(words))
            elif verb == "AUTH":
                ok = self._login(c, f, text.split(" ")[1:])
                known = ok.startswith("235")
            elif verb == "MAIL" and self.auth and not known:
                ok = "530 5.7.0 who are you"
            elif verb == "DATA":
                ok = "354 go ahead" if rcpts else "554 5.5.1 no recipients"
            elif verb == "QUIT":
                self._say(c, "221 2.0.0 bye")
                return
            step = text
            if verb in ("MAIL", "RCPT"):
                path = text.split("<", 1)[1].split(">", 1)[0] if "<" in text else ""
                step = "%s %s" % (verb, path)
            reply = self._answer(step, ok)
            if verb == "MAIL" and reply and reply[0] == "2":
                sender, rcpts = path, []
            elif verb == "RCPT" and reply and reply[0] == "2":
                rcpts.append(path)
            elif verb == "RSET":
                sender, rcpts = None, []
            if verb == "STARTTLS" and self.tls and reply.startswith("250"):
                c.sendall(b"220 2.0.0 go\r\n" + self.inject)
                # the file has read nothing beyond: the client waits
                c = self.tls.wrap_socket(c, server_side=True)
                with self.lock:
                    self.open.add(c)
                    self.handshakes.append((c.version(), c.session_reused))
                    self.shown.append(c.getpeercert() or {})
                f = c.makefile("rb")
                sender, rcpts = None, []
                continue
            if not self._say(c, reply):
                return
            if verb == "DATA" and reply.startswith("354"):
                raw = []
                while True:
                    line = f.readline()
                    if not line:
                        return
                    if line == b".\r\n":
                        break
                    raw.append(line)
                reply = self._answer("DOT", "250 2.0.0 queued")
                if reply and reply[0] == "2":
                    done = Message(sender, list(rcpts), b"".join(raw),
                                   c.getpeername()[0],
                                   getattr(c, "version", lambda: None)(),
                                   helo)
                    # who sees it may close us, which waits for the reply
                    with self.lock:
                        self.messages.append(done)
                        going_on = self._say(c, reply)
                else:
                    going_on = self._say(c, reply)
                sender, rcpts = None, []
                if not going_on:
                    return
