"""A spamd that knows a few words."""
from clamd import Server


class Spamd(Server):
    """Says what scores gives for the words that are in a mail, and counts how
    often it was asked."""

    def __init__(self, scores=((b"pills", b"True ; 12.0"),)):
        self.scores = scores
        super().__init__()

    def answer(self, c, f):
        mail = f.read()
        said = next((s for word, s in self.scores if word in mail),
                    b"False ; 1.0")
        c.sendall(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 7\r\n"
                  b"Spam: %s / 5.0\r\n\r\nA,B,C\r\n" % said)
