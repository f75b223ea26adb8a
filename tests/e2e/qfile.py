"""What the spool says of recipients, read without the gateway's own code.

    records = Records(spool, rb"r[0-9]+@[a-z]+\\.test")
    records.done()      addresses that are recorded as done with by now

The expression is what the test's recipients look like, and nothing else. Of a
message that is gone all recipients are done. While any message is in the work
queue nothing is learned of new ones: they may be parts of it that are taken
back.
"""
import pathlib
import re
import struct

from suite import queued

HEADER, RECORD = 64, 12
ROUTE, DONE = 2, 3
SLOT = queued.SLOT


class Records:
    def __init__(self, spool, addresses):
        self.spool = pathlib.Path(spool)
        # a text stands behind its length
        self.text = re.compile(rb"(?s)(.)(" + addresses + rb")")
        self.known = {}                 # MID: addresses by RID
        self.ended, self.missed = set(), set()

    def done(self):
        # a file may be seen in neither folder while it is moved
        here, found = set(queued.queued(self.spool)), {}
        for image in self._images():
            mid, = struct.unpack_from("<Q", image, 16)
            if mid in here:
                found[mid] = self._look(image)
        for mid, (rcpts, routed, ended) in found.items():
            if mid in self.known or all(r for _, r, _ in found.values()):
                self.known[mid] = rcpts
                self.ended.update(rcpts[rid] for rid in ended)
        gone = set(self.known) - here
        for mid in gone & self.missed:
            self.ended.update(self.known.pop(mid))
        self.missed = gone
        return self.ended

    def _images(self):
        """What left its slot for a file may stand there still: files last."""
        for path in (self.spool / "incoming").glob("slots.[0-9]"):
            data = path.read_bytes()
            for at in range(0, len(data), SLOT):
                if data[at:at + 8] == queued.MAGIC:
                    yield data[at:at + SLOT]
        for place in ("incoming", "deferred"):
            for path in (self.spool / place).glob("*/[0-9]*"):
                try:
                    yield path.read_bytes()
                except FileNotFoundError:
                    pass

    def _look(self, image):
        """Its recipients, has it a route, and who of them are done."""
        envelope, = struct.unpack_from("<I", image, 24)
        content, = struct.unpack_from("<Q", image, 32)
        rcpts = self._addresses(image[HEADER:HEADER + envelope])
        routed, ended = False, []
        for kind, payload in records(image, HEADER + envelope + content):
            if kind == ROUTE:
                # its last part is who it is for, if others than before
                whole = self._addresses(payload)
                nobody = payload.endswith(b"\1\0")
                routed, rcpts = True, [] if nobody else whole or rcpts
            elif kind == DONE:
                ended += numbers(payload)[2:]
        return rcpts, routed, ended

    def _addresses(self, data):
        return [m[2].decode() for m in self.text.finditer(data)
                if m[1][0] == len(m[2])]


def records(image, at):
    """(type, payload) of what stands behind the content."""
    while at + RECORD <= len(image):
        kind, n, _ = struct.unpack_from("<III", image, at)
        at += RECORD + n
        if kind == 0 or at > len(image):
            return
        yield kind, image[at - n:at]


def numbers(data):
    """LEB128, one after the other."""
    out, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            out.append(value)
            value = shift = 0
    return out
