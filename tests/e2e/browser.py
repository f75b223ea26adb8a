"""A real browser: Chromium without a screen, told what to do by WebDriver.

    with Browser(folder) as b: b.go("https://..."); b.click("button")

It is bounded in time, and ended by its process group.
"""
import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse

from ports import free_port
from suite import wait_for

KEY = "element-6066-11e4-a52e-4f735466cecf"     # of the WebDriver standard
SECONDS = 60


def available():
    return shutil.which("chromium") and shutil.which("chromedriver")


class Browser:
    def __init__(self, folder, width=1280, height=900):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir(exist_ok=True)
        self.port = free_port()
        self.session = None
        self.proc = subprocess.Popen(
            ["chromedriver", "--port=%d" % self.port],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env=dict(os.environ, HOME=str(self.folder)))
        try:
            wait_for("chromedriver", self._ready, SECONDS)
            self.session = self._call("POST", "/session", {"capabilities": {
                "alwaysMatch": {
                    "browserName": "chrome",
                    "acceptInsecureCerts": True,
                    "timeouts": {"implicit": 10000, "pageLoad": 30000},
                    "goog:chromeOptions": {
                        "binary": shutil.which("chromium"),
                        "args": ["--headless=new", "--no-sandbox",
                                 "--disable-gpu", "--disable-dev-shm-usage",
                                 "--no-first-run", "--disable-extensions",
                                 "--window-size=%d,%d" % (width, height),
                                 "--user-data-dir=%s"
                                 % (self.folder / "profile")],
                        "prefs": {"download.default_directory":
                                  str(self.downloads),
                                  "download.prompt_for_download": False},
                    }}}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.session:
                self._call("DELETE", "", {})
        except (OSError, AssertionError, http.client.HTTPException):
            pass
        try:
            os.killpg(self.proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.proc.wait(SECONDS)

    def _ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        if self.session:
            path = "/session/" + self.session + path
        c = http.client.HTTPConnection("127.0.0.1", self.port,
                                       timeout=SECONDS)
        try:
            c.request(method, path, json.dumps(body) if method == "POST"
                      else None, {"Content-Type": "application/json"})
            value = json.loads(c.getresponse().read())["value"]
        finally:
            c.close()
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    # --- what a person does ---

    def go(self, url):
        self._call("POST", "/url", {"url": url})

    def url(self):
        return urllib.parse.urlsplit(self._call("GET", "/url"))

    def find(self, css):
        return self._call("POST", "/element", {
            "using": "css selector", "value": css})[KEY]

    def all(self, css):
        return [e[KEY] for e in self._call("POST", "/elements", {
            "using": "css selector", "value": css})]

    def link(self, text):
        return self._call("POST", "/element", {
            "using": "link text", "value": text})[KEY]

    def text(self, element):
        return self._call("GET", "/element/%s/text" % element)

    def type(self, css, text):
        e = self.find(css)
        self._call("POST", "/element/%s/clear" % e, {})
        self._call("POST", "/element/%s/value" % e, {"text": text})

    def click(self, element):
        self._call("POST", "/element/%s/click" % element, {})

    def page(self):
        """All its text; of the next page, if that is just coming."""
        def text():
            try:
                return self.text(self.find("body"))
            except AssertionError as why:
                if "stale" not in str(why):
                    raise
                return None
        return wait_for("the page", text, SECONDS)

    def run(self, script):
        return self._call("POST", "/execute/sync",
                          {"script": script, "args": []})

    def picture(self, path):
        pathlib.Path(path).write_bytes(
            base64.b64decode(self._call("GET", "/screenshot")))

    def size(self, width, height):
        self._call("POST", "/window/rect", {"width": width,
                                            "height": height})
