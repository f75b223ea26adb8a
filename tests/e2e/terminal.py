"""`postern` as a person has it: on a pseudo terminal.

    with Terminal(postern, "trace") as t:
        t.expect("Enter the source IP\n[]> ")
        t.say("192.0.2.1")

What was typed is echoed, as on a screen; ends of lines are "\n" here. prompt
is that of the shell: there the line editor echoes, once it is at it. argv:
another command line than that of postern with these words.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from suite import BIN, wait_for


class Terminal:
    def __init__(self, postern, *words, rows=1000, prompt=None, argv=None,
                 env=None, cwd=None):
        self.prompt = prompt
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, 200, 0, 0))

        def control():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # a job in the background has it ignored
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.proc = subprocess.Popen(
            argv or [str(BIN / "postern"), "--root", str(postern.root),
                     *words],
            stdin=other, stdout=other, stderr=other, preexec_fn=control,
            env=dict(os.environ, TERM="dumb", **(env or {})), cwd=cwd)
        os.close(other)
        self.fd = main
        self.text = ""      # not expected yet
        self.all = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        os.close(self.fd)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:         # the other side is closed
            return False
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        self.text += text
        self.all += text
        return bool(data)

    def expect(self, what, seconds=120):
        """Reads up to that text and returns what came before it."""
        end = time.monotonic() + seconds
        while what not in self.text:
            assert self._read(end - time.monotonic()), \
                "no %r in:\n%s" % (what, self.text)
        before, _, self.text = self.text.partition(what)
        if self.prompt and what.endswith(self.prompt):
            wait_for("the line editor", lambda: not termios.tcgetattr(
                self.fd)[3] & termios.ECHO, every=0.002)
        return before

    def expect_like(self, pattern, seconds=120):
        """The same for a regular expression; returns the match."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert self._read(end - time.monotonic()), \
                "nothing like %r in:\n%s" % (pattern, self.text)
        self.text = self.text[found.end():]
        return found

    def send(self, text):
        os.write(self.fd, text.encode())

    def say(self, line=""):
        self.send(line + "\n")
        self.expect(line + "\n")    # the echo

    def answer(self, *pairs):
        """(question, answer), ...: nothing else may stand between."""
        for question, line in pairs:
            before = self.expect(question)
            assert before == "", (question, before)
            self.say(line)

    def interrupt(self):
        self.send("\x03")

    def to_prompt(self):
        """Ctrl-C; once more when it came before the editor listened."""
        for _ in range(10):
            self.interrupt()
            try:
                return self.expect(self.prompt, 1)
            except AssertionError:
                continue
        raise AssertionError("no prompt:\n" + self.text)

    def end(self, seconds=120):
        """Everything up to the end; the exit status."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        rest, self.text = self.text, ""
        return rest, self.proc.wait(seconds)
