"""A clamd that knows a few words, and what it is made of.

A real one is in scanners.py; this one is asked thousands of times a minute,
and says what the test wants to hear.
"""
import email
import socket
import struct
import threading

from ports import free_port


class Server:
    """Answers one connection after another: answer(connection, its file)."""

    def __init__(self, port=None):
        self.asked, self.port = 0, port or free_port()
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            with c, c.makefile("rb") as f:
                self.asked += 1
                self.answer(c, f)

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


class Clamd(Server):
    """words: ((word, "name" or what else clamd answers), ...).  With decodes
    it looks into the parts of a mail, as the real one does."""

    def __init__(self, words, decodes=False):
        self.words, self.decodes = words, decodes
        super().__init__()

    def answer(self, c, f):
        assert f.read(10) == b"zINSTREAM\0"
        data = b""
        while True:
            (n,) = struct.unpack(">I", f.read(4))
            if n == 0:
                break
            data += f.read(n)
        if self.decodes:
            data = decoded(data)
        said = next((s for word, s in self.words if word in data), "OK")
        c.sendall(b"stream: %s\0" % said.encode())


def decoded(data):
    """With all that is in it."""
    out = [data]
    try:
        for part in email.message_from_bytes(data).walk():
            out.append(part.get_payload(decode=True) or b"")
    except (ValueError, LookupError, AttributeError, TypeError):
        pass    # Python's parser gives up on some: what was found counts
    return b"\n".join(out)
