"""The web pages of administration: HTTPS, as a browser and as an attacker.

One gateway for all that leave it as it is: the fixture web.
"""
import base64
import hashlib
import html
import json
import pathlib
import re
import shutil
import socket
import ssl
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree as xml

import pytest

import browser
from conftest import CONFIG
from ports import free_port
from sink import Sink
from suite import Suite, wait_for
from test_packetcapture import CAPABLE, needs_right
from tls_kit import certificate, context, secrets

WEB = """
system: { secrets_interval: 1 }

certificates:
  - name: web
  - name: mx

web:
  enabled: yes
  port: @WEB_PORT@
  certificate: web
"""


PASS = "a pass/phrase & 1"
ROLES = {"admin": "administrator", "op": "operator", "look": "readonly",
         "guest": "guest", "desk": "helpdesk"}


def administrators(names=ROLES, state="enabled"):
    """The file of who may log in; all with the same passphrase."""
    salt = b"0123456789abcdef"
    key = hashlib.scrypt(PASS.encode(), salt=salt, n=2 ** 14, r=8, p=1,
                         maxmem=2 ** 26, dklen=32)
    return "".join(
        "%s:%s:%s:1764000000:$scrypt$ln=14,r=8,p=1$%s$%s:\n" % (
            name, role, state, base64.b64encode(salt).decode(),
            base64.b64encode(key).decode())
        for name, role in names.items())


class Gateway:
    """A suite with pages, and raw talk with them."""

    def __init__(self, folder, config=CONFIG + WEB):
        self.port = free_port()
        self.people = {}
        self.suite = Suite(folder, config.replace(
            "@WEB_PORT@", str(self.port)), start=False)
        where = secrets(self.suite.root)
        certificate(where, "web", "localhost", "IP:127.0.0.1")
        certificate(where, "mx", "mx.postern.test")
        self.administrators(administrators())
        self.suite.start()
        wait_for("pages", self.answers)

    def connect(self, tls=None):
        sock = socket.create_connection(("127.0.0.1", self.port), 30)
        return (tls or context()).wrap_socket(sock,
                                              server_hostname="localhost")

    def answers(self):
        try:
            return self.get("/style.css")[0] == 200
        except OSError:
            return False

    def raw(self, data, sock=None):
        """(status, {field: value}, body) or None where the end came."""
        own = sock is None
        sock = sock or self.connect()
        try:
            sock.sendall(data if isinstance(data, bytes) else data.encode())
            return read_answer(sock, head=data[:4] in ("HEAD", b"HEAD"))
        finally:
            if own:
                sock.close()

    def get(self, path, *fields):
        return self.raw(request("GET", path, self.port, *fields))

    def post(self, path, *fields, origin=None, **form):
        if origin is None:
            origin = "https://localhost:%d" % self.port
        return self.raw(request("POST", path, self.port,
                                *(["Origin: " + origin] if origin else []),
                                *fields, body=urllib.parse.urlencode(form)))

    def administrators(self, text):
        file = secrets(self.suite.root) / "administrators"
        new = file.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        new.rename(file)

    def person(self, user="admin"):
        """Somebody with a session, who may be in since an earlier test."""
        who = self.people.get(user)
        if who is None or who.get("/system")[0] != 200:
            who = self.people[user] = self.log_in(user)
        return who

    def log_in(self, user="admin"):
        """With a new session. keyd may just be reading its files."""
        def try_it():
            r = self.post("/login", user=user, passphrase=PASS)
            return r and r[0] == 303 and r
        return Person(self, wait_for("log in", try_it, every=0.5))


class Person:
    """What a browser keeps of one who has logged in."""

    def __init__(self, gateway, answer):
        self.gateway = gateway
        self.said = answer[1]["set-cookie"]
        self.cookie = "Cookie: " + self.said.split(";")[0]
        self.token = self.token_of(self.page(answer[1]["location"]))

    @staticmethod
    def token_of(text):
        return re.search(r'name="token" value="(\w+)"', text).group(1)

    def get(self, path):
        return self.gateway.get(path, self.cookie)

    def page(self, path, status=200):
        """Its text; redirections are followed."""
        r = self.get(path)
        while r[0] == 303:
            r = self.get(r[1]["location"])
        assert r[0] == status, r
        return r[2].decode()

    def do(self, path, **form):
        """A form, and the notice that the next page begins with."""
        r = self.gateway.post(path, self.cookie, token=self.token, **form)
        assert r[0] == 303, r
        text = self.page(r[1]["location"])
        m = re.search(r'<p class="notice[^>]*>([^<]*)<', text)
        return html.unescape(m.group(1))


def request(method, path, port, *fields, body=None):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost:%d" % port]
    lines += fields
    if body is not None:
        lines += ["Content-Length: %d" % len(body.encode()),
                  "Content-Type: application/x-www-form-urlencoded"]
    return "\r\n".join(lines) + "\r\n\r\n" + (body or "")


def read_answer(sock, head=False):
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = sock.recv(65536)
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    top, _, body = data.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name.lower()] = value
    size = 0 if head else int(fields["content-length"])
    while len(body) < size:
        more = sock.recv(65536)
        assert more, "cut off"
        body += more
    return int(first.split()[1]), fields, body


@pytest.fixture(scope="module")
def web():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.",
                                           dir="/var/tmp"))
    g = Gateway(folder / "web")
    yield g
    g.suite.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_adm_09_fields_that_browsers_obey(web):
    for path in ("/style.css", "/nothing/../etc"):
        _, fields, _ = web.get(path)
        csp = fields["content-security-policy"]
        assert "default-src 'none'" in csp and "script" not in csp
        assert "frame-ancestors 'none'" in csp
        assert "form-action 'self'" in csp
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cache-control"] == "no-store"
        assert fields["strict-transport-security"].startswith("max-age=")
        assert "server" not in fields


def test_tls_alone_and_not_old(web):
    with socket.create_connection(("127.0.0.1", web.port), 30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        got = plain.recv(100)
        assert not got.startswith(b"HTTP")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with web.connect(context(version=version)) as c:
            assert web.raw(request("GET", "/style.css", web.port), c)[0] == 200
            # the connection is kept, and HEAD has no body
            r = web.raw(request("HEAD", "/style.css", web.port), c)
            assert r[0] == 200 and int(r[1]["content-length"]) > 1000
            assert web.raw(request("GET", "/style.css", web.port), c)[0] == 200
    old = context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        web.connect(old)


@pytest.mark.parametrize("text, status", [
    ("GET / HTTP/1.1\r\nHost: x\r\nA: " + 20000 * "x", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("GET /style.css HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
    ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 501),
    ("GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("GET //style.css HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("POST /style.css HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
])
def test_adm_09_strange_requests(web, text, status):
    assert web.raw(text)[0] == status


def test_several_requests_at_once_are_answered_in_order(web):
    one = request("GET", "/style.css", web.port)
    with web.connect() as c:
        c.sendall((one + request("GET", "/none", web.port) + one).encode())
        data = b""
        while data.count(b"HTTP/1.1 ") < 3 or not data.endswith(b"}\n"):
            data += c.recv(65536)
        assert re.findall(rb"HTTP/1.1 (\d+) ", data) == [
            b"200", b"404", b"200"]


def test_all_that_was_asked_at_once_is_answered(web):
    """Also when the client takes nothing until it cannot send any more."""
    count, got = 2000, b""
    text = request("GET", "/style.css", web.port).encode() * count
    with web.connect() as c:
        size = len(web.raw(request("GET", "/style.css", web.port), c)[2])
        c.settimeout(1)
        sent = 0
        try:
            while sent < len(text):
                sent += c.send(text[sent:sent + 16384])
        except (TimeoutError, ssl.SSLWantWriteError):
            pass
        whole = sent // (len(text) // count)
        assert whole > 20
        c.settimeout(60)
        n = 0
        while n < whole * size:
            more = c.recv(65536)
            assert more, "cut off"
            n += len(more)
            got = (got + more)[-65536:]
        assert b"HTTP/1.1 200 OK" in got


@pytest.fixture(scope="module")
def slow(web):
    """A request that does not come to its end; it is looked at much later."""
    with web.connect() as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost:")
        yield c


def test_adm_09_slow_requests_hold_nobody_up(web):
    others = [web.connect() for _ in range(20)]
    try:
        for c in others:
            c.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert web.get("/style.css")[0] == 200
        # more than its share an address does not get
        with pytest.raises(OSError):
            for _ in range(60):
                others.append(web.connect())
    finally:
        for c in others:
            c.close()
    wait_for("pages", web.answers)


def test_a_new_certificate_is_shown(web):
    def shown():
        with web.connect() as c:
            return ssl.DER_cert_to_PEM_cert(c.getpeercert(True))
    where = secrets(web.suite.root)
    assert shown() == (where / "web.crt").read_text()
    certificate(where, "web", "localhost", "IP:127.0.0.1")
    def is_new():
        try:
            return shown() == (where / "web.crt").read_text()
        except OSError:     # one key had gone, the other not come
            return False
    wait_for("the new certificate", is_new)


def test_handshakes_outlive_keyd(web):
    web.suite.kill("keyd 0")
    wait_for("pages", web.answers)
    web.suite.kill("webd 0")
    wait_for("pages", web.answers)


def test_who_is_not_allowed_is_not_answered(make_suite, folder):
    g = Gateway(folder / "s" / "allowed", CONFIG + WEB)
    try:
        g.suite.configure(CONFIG + WEB.replace(
            "@WEB_PORT@", str(g.port)) + "  allowed: [192.0.2.0/24]\n")
        g.suite.postern("commit", "only from there")
        def refused():
            try:
                return g.connect().close() and False
            except OSError:
                return True
        wait_for("no answer", refused)
        g.suite.configure(CONFIG + WEB.replace(
            "@WEB_PORT@", str(g.port)).replace("enabled: yes", "enabled: no"))
        g.suite.postern("commit", "off")
        with pytest.raises(ConnectionRefusedError):
            g.connect()
    finally:
        g.suite.stop()


def test_adm_09_a_request_may_take_its_time(slow):
    """... but not for ever, see below."""
    slow.sendall(b" ")


# --- who may come in ---

def test_adm_09_cookies(web):
    who = web.log_in()
    for part in ("__Host-postern=", "Path=/", "Secure", "HttpOnly",
                 "SameSite=Strict"):
        assert part in who.said, who.said
    assert len(who.cookie.partition("=")[2]) == 64
    assert "Domain" not in who.said
    other = web.log_in()
    assert other.cookie != who.cookie and other.token != who.token


def test_adm_09_a_session_that_somebody_else_made_is_worth_nothing(web):
    fixed = "Cookie: __Host-postern=" + 64 * "a"
    r = web.post("/login", fixed, user="admin", passphrase=PASS)
    assert r[0] == 303 and 64 * "a" not in r[1]["set-cookie"]
    assert web.get("/delivery", fixed)[1]["location"] == "/login"


def test_without_a_session_there_is_the_log_in_alone(web):
    for path in ("/", "/delivery", "/delivery/host?name=x", "/system"):
        r = web.get(path)
        assert (r[0], r[1]["location"], r[2]) == (303, "/login", b""), path
    for path in ("/delivery/retry", "/delivery/delete", "/system/suspenddel"):
        r = web.post(path, scope="all", name="x", token=32 * "0")
        assert (r[0], r[1]["location"]) == (303, "/login"), path


def test_wrong_passphrases_all_look_alike(web):
    said = {web.post("/login", user=u, passphrase=p)[2]
            for u, p in (("admin", "x"), ("nobody", PASS), ("admin", ""),
                         ("a:b", "x"), ("<b>", "x"))}
    assert len(said) == 1 and b"wrong" in said.pop()


def test_log_out_ends_the_session_not_only_the_cookie(web):
    who = web.log_in()
    r = web.post("/logout", who.cookie, token=who.token)
    assert "Max-Age=0" in r[1]["set-cookie"]
    assert who.get("/delivery")[1]["location"] == "/login"
    web.suite.wait_log("GUI: User admin logged out from 127.0.0.1")


def test_who_is_logged_in(web):
    who = web.person("op")
    who.page("/system")
    (one,) = [s for s in web.suite.ask("who")["sessions"]
              if s["user"] == "op" and s["what"] == "System Status"][:1]
    assert one["role"] == "operator" and one["remote"] == "127.0.0.1"
    assert 0 <= one["idle"] < 600000
    assert abs(one["login"] / 1000 - time.time()) < 3600


def test_adm_09_forms_from_elsewhere_are_refused(web):
    who = web.person()
    here = "https://localhost:%d" % web.port
    for origin, fields, token in (
            ("", [], who.token), ("null", [], who.token),
            ("https://evil.test", [], who.token),
            ("http://localhost:%d" % web.port, [], who.token),
            ("https://localhost:1", [], who.token),
            (here, ["Sec-Fetch-Site: cross-site"], who.token),
            (here, [], ""), (here, [], 32 * "0"),
            (here, [], who.token[:-1])):
        r = web.post("/delivery/retry", who.cookie, *fields, origin=origin,
                     scope="all", token=token)
        assert r[0] == 403, (origin, fields, token)
    text = request("POST", "/delivery/retry", web.port, who.cookie,
                   "Origin: " + here, body="scope=all&token=" + who.token)
    assert web.raw(text)[0] == 303
    assert web.raw(text.replace("x-www-form-urlencoded", "x-other"))[0] == 403
    # another's token is none
    other = web.person("op")
    assert web.post("/delivery/retry", who.cookie, scope="all",
                    token=other.token)[0] == 403


def test_adm_06_every_page_as_every_role(web):
    looks = ["/delivery", "/delivery/host?name=x.test", "/system"]
    deeds = ["/delivery/retry", "/delivery/delete", "/delivery/bounce",
             "/delivery/redirect", "/system/suspenddel", "/system/resumedel",
             "/system/suspendlistener", "/system/resumelistener"]
    for user in ROLES:
        who = web.person(user)
        may = user in ("admin", "op")
        for path in looks:
            if user in ("guest", "desk") and path != "/system":
                assert who.get(path)[0] == 403, (user, path)
                continue
            text = who.page(path)
            assert ("Retry</button>" in text or "Retry All" in text
                    or "Suspend</button>" in text) == may, (user, path)
        for path in deeds:
            # refused, or done with what is not there
            r = web.post(path, who.cookie, token=who.token, scope="x.test",
                         name="x.test", wait="x")
            assert r[0] == (303 if may else 403), (user, path)
        for path in ("/delivery/delete", "/delivery/redirect"):
            assert who.get(path + "?name=x.test")[0] == (404 if may else 403)
    web.suite.wait_log("Administrator guest")


def test_who_is_no_administrator_any_more_is_out(web):
    who = web.log_in("op")
    try:
        web.administrators(administrators({"admin": "administrator"}))
        wait_for("the end of the session",
                 lambda: who.get("/system")[0] == 303)
        admin = web.log_in()
        web.administrators(administrators(state="change"))
        wait_for("the end of the session",
                 lambda: admin.get("/system")[0] == 303)
        assert b"must be changed" in web.post(
            "/login", user="op", passphrase=PASS)[2]
    finally:
        web.administrators(administrators())
    web.log_in("op")


# --- what pages show, and do ---

EVIL = "x\"><script>alert(1)</script>"


@pytest.fixture(scope="module")
def stuck(web):
    """Mail that waits: nobody listens where it goes."""
    with web.suite.client(web.suite.private_port) as c:
        for n in range(3):
            assert c.mail(rcpts=["r%d@stuck.test" % n,
                                 "r@other.test"])[0] == 250
    wait_for("a host that is down", lambda: all(
        h["down"] for h in web.suite.ask("tophosts")["hosts"]
        if not h["internal"]))
    return web


def rows(text):
    """The tables of a page, row by row, as texts."""
    return [[html.unescape(re.sub("<[^>]*>", " ", cell)).strip()
             for cell in re.findall("<td[^>]*>(.*?)</td>", row, re.S)]
            for row in re.findall("<tr>(.*?)</tr>", text, re.S)]


def test_delivery_status_shows_what_tophosts_shows(stuck):
    who = stuck.person("look")
    text = who.page("/delivery")
    shown = {r[0]: r[1:7] for r in rows(text) if len(r) > 6}
    for h in stuck.suite.ask("tophosts")["hosts"]:
        assert shown[h["recipient_host"]] == [
            "internal" if h["internal"] else h["host_up_down"]] + [
                format(h[k], ",") for k in (
                    "active_rcpts", "conn_out", "deliv_rcpts",
                    "soft_bounced", "hard_bounced")]
    assert shown["stuck.test"][:2] == ["down", "3"]
    names = [r[0] for r in rows(who.page("/delivery?sort=name"))
             if len(r) > 6]
    assert names == sorted(names) and "other.test" in names
    names = [r[0] for r in rows(who.page("/delivery?search=UCK.t"))
             if len(r) > 6]
    assert names == ["stuck.test"]
    r = who.get("/delivery?refresh=30&search=%22%0d%0aSet-Cookie:%20a")
    assert r[1]["refresh"] == (
        "30; url=/delivery?sort=active_rcpts&top=20&refresh=30&"
        "search=%22%0D%0ASet-Cookie%3A%20a&auto=1")
    assert "set-cookie" not in r[1]


def test_adm_09_nothing_that_is_shown_becomes_markup(stuck):
    who = stuck.person()
    for path in ("/delivery?search=", "/delivery/host?name=",
                 "/delivery/delete?name=", "/delivery/redirect?name="):
        status, _, body = who.get(path + urllib.parse.quote(EVIL))
        assert b"<script" not in body, path
        assert status in (200, 404), path
    said = who.do("/delivery/retry", scope=EVIL)
    assert said == 'There are no messages for "%s" in the queue.' % EVIL


def test_details_show_what_hoststatus_shows(stuck):
    who = stuck.person("look")
    text = html.unescape(who.page("/delivery/host?name=stuck.test"))
    h = stuck.suite.ask("hoststatus", "stuck.test")
    shown = {r[0]: r[1] for r in rows(text) if len(r) == 2}
    assert shown["Active Recipients"] == "3"
    assert shown["Completed Recipients"] == str(
        h["counters"]["completed_recipients"])
    assert h["smtp_routes"][0] in text
    assert h["last_error"]["text"] in text
    assert 'class="state down"' in text


def test_delete_bounce_and_redirect_ask_first(stuck):
    who = stuck.person()
    with stuck.suite.client(stuck.suite.private_port) as c:
        for n in range(4):
            c.mail(rcpts=["r@deed%d.test" % n, "r@deed%d.test" % n])
    for n, path, word in ((0, "delete", "deleted"), (1, "bounce", "bounced")):
        host = "deed%d.test" % n
        wait_for("mail for it", lambda: stuck.suite.ask(
            "hoststatus", host)["gauges"]["active_recipients"])
        text = who.page("/delivery/%s?name=%s" % (path, host))
        assert 'delivered to "%s"?' % host in html.unescape(text)
        assert re.search(r"concerns \d recipients in 1 messages", text)
        stuck.suite.deliver("all at rest", lambda: stuck.suite.ask(
            "hoststatus", host)["gauges"]["current_outbound_connections"]
            == 0)
        assert re.match(r"\d recipients in 1 messages %s\." % word,
                        who.do("/delivery/" + path, name=host))
        assert stuck.suite.ask("hoststatus", host)["gauges"][
            "active_recipients"] == 0
    assert "Redirect where?" in who.do("/delivery/redirect",
                                       name="deed2.test")
    assert "no host to redirect to" in who.do(
        "/delivery/redirect", name="deed2.test", target="/dev/null")
    assert "redirected." in who.do("/delivery/redirect", name="deed2.test",
                                   target="deed3.test")
    stuck.suite.wait_log("messages deleted. Destination: deed0.test.")
    stuck.suite.wait_log(
        "messages redirected. Destination: deed2.test, to deed3.test.")


def test_system_status_suspends_and_resumes(stuck):
    who = stuck.person("op")
    text = who.page("/system")
    assert "Online" in text and "InboundMail" in text
    shown = {r[0]: r[1:] for r in rows(text) if r}
    assert "Messages Received" in shown and len(
        shown["Messages Received"]) == 3
    assert who.do("/system/suspenddel", wait="0") == \
        "Mail delivery suspended."
    assert "Delivery is suspended (by op)." in who.page("/delivery")
    assert stuck.suite.ask("status")["system_status"] == \
        "Delivery suspended (by op)"
    assert who.do("/system/resumedel") == "Mail delivery resumed."
    assert who.do("/system/suspendlistener", name="InboundMail",
                  wait="0") == "Receiving suspended for InboundMail."
    assert "receiving suspended for InboundMail" in who.page("/system")
    assert who.do("/system/resumelistener", name="InboundMail") == \
        "Receiving resumed for InboundMail."
    assert "must be within" in who.do("/system/suspenddel", wait="1 day")
    assert "there is no listener" in who.do("/system/resumelistener",
                                            name="None")


def test_status_for_programs(stuck):
    def basic(user, password=PASS):
        return "Authorization: Basic " + base64.b64encode(
            ("%s:%s" % (user, password)).encode()).decode()
    status, fields, body = stuck.get("/xml/status", basic("guest"))
    assert status == 200 and fields["content-type"].startswith("text/xml")
    tree = xml.fromstring(body)
    assert tree.find("system").get("status") == "Online"
    assert int(tree.find("birth_time").get("timestamp")) > 1700000000
    values = {c.get("name"): c.get("reset")
              for c in tree.find("counters")}
    same = json.loads(stuck.get("/api/status", basic("desk"))[2])
    assert values == {k: str(v["reset"])
                      for k, v in same["counters"].items()}
    assert int(values["InjMsg"]) >= 3
    assert {f.get("name"): f.get("state") == "on"
            for f in tree.find("features")} == {
                f["name"]: f["on"] for f in same["features"]}
    assert {"name": "Anti-Spam", "on": False} in same["features"]
    gauges = {g.get("name"): int(g.get("current"))
              for g in tree.find("gauges")}
    assert gauges["ActvRcp"] == stuck.suite.ask("status")["gauges"][
        "active_recipients"]
    assert set(gauges) == set(same["gauges"])
    for fields in ([], [basic("guest", "wrong")], ["Authorization: Basic x"],
                   ["Authorization: Bearer x"]):
        r = stuck.get("/api/status", *fields)
        assert r[0] == 401 and r[1]["www-authenticate"].startswith("Basic")
    # a session is none here, and this is no session
    assert stuck.get("/api/status", stuck.person().cookie)[0] == 401
    assert stuck.get("/system", basic("guest"))[0] == 303


def test_the_programs_behind_pages_may_die(stuck):
    who = stuck.person()
    stuck.suite.kill("qmgr 0")
    # it is waited for, or said to be away
    assert who.get("/delivery")[0] in (200, 503)
    wait_for("the page", lambda: who.get("/delivery")[0] == 200)


def capture_in(b, g, folder):
    """Starts a capture, stops and downloads it."""
    b.click(b.link("Packet Capture"))
    wait_for("its page", lambda: b.url().path == "/capture")
    b.click(b.find("main form button"))
    wait_for("a capture", lambda: "Stop Capture" in b.page())
    name = re.search(r"File Name\s+(\S+)", b.page()).group(1)
    with g.suite.client() as c:
        c.mail()
    b.click(b.find("main form button"))
    wait_for("its end", lambda: "Start Capture" in b.page())
    b.click(b.link("Download"))
    wait_for("the file", lambda: (b.downloads / name).exists())
    assert (b.downloads / name).read_bytes()[:4] in (
        b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")


def evil_server(g):
    """A next hop whose answers would like to be markup; what it said is on
    the page of its host."""
    evil = "550 5.1.1 " + EVIL + "<img src=x onerror=alert(2)>\x1b[2J"
    with Sink(g.suite.sink_port, behave={"RCPT": evil}):
        with g.suite.client(g.suite.private_port) as c:
            assert c.mail(rcpts=["r@evil.test"])[0] == 250
        g.suite.deliver("a refusal", lambda: g.suite.ask(
            "hoststatus", "evil.test")["last_5xx_error"])


@pytest.mark.skipif(not browser.available(), reason="needs chromium")
def test_a_browser_retries_a_stuck_destination(make_suite, folder):
    g = Gateway(folder / "s" / "browser")
    try:
        with g.suite.client(g.suite.private_port) as c:
            assert c.mail(rcpts=["r@stuck.test"])[0] == 250
        wait_for("a host that is down", lambda: any(
            h["down"] for h in g.suite.ask("tophosts")["hosts"]))
        with browser.Browser(folder / "b") as b:
            b.go("https://localhost:%d/" % g.port)
            b.type("[name=user]", "admin")
            b.type("[name=passphrase]", PASS)
            b.click(b.find("main button"))
            wait_for("the first page", lambda: b.url().path == "/delivery")
            assert "stuck.test" in b.page() and "down" in b.page()
            with Sink(g.suite.sink_port) as sink:
                b.click(b.find("main .bar button"))
                wait_for("what was done", lambda: "Scheduling all messages "
                         "for delivery: 1 recipients." in b.page())
                sink.wait(1)
            # no script of ours, and none of anybody else
            assert b.run("return document.scripts.length") == 0
            def delivered():
                b.go("https://localhost:%d/delivery/host?name=stuck.test"
                     % g.port)
                return re.search(r"Delivered Recipients\s+1", b.page())
            wait_for("the page to say so", delivered)
            evil_server(g)
            b.go("https://localhost:%d/delivery/host?name=evil.test" % g.port)
            assert "<script>alert(1)</script>" in b.page()
            assert b.run("return document.querySelectorAll("
                         "'script, img').length") == 0
            if CAPABLE:
                capture_in(b, g, folder)
            b.click(b.find("header button"))
            wait_for("the end", lambda: b.url().path == "/login")
    finally:
        g.suite.stop()


# --- packet captures ---

def files(who):
    return [r[0] for r in rows(who.page("/capture")) if len(r) == 4]


@needs_right
def test_a_capture_of_a_page_goes_on_and_is_downloaded(web):
    who = web.person()
    assert "No packet capture is running" in who.page("/capture")
    assert "The size is" in who.do("/capture/settings", size="0")
    assert "Choose an interface" in who.do(
        "/capture/settings", size="1", duration="1h", filter="")
    assert who.do("/capture/settings", size="5", full="stop", duration="1h",
                  filter="tcp port %d" % web.suite.port,
                  interface="Loopback") == "The settings are saved."
    text = who.page("/capture")
    assert "5 MB" in text and "tcp port %d" % web.suite.port in text
    said = who.do("/capture/start")
    assert said.startswith("Success - Packet Capture has started: ")
    name = said.split()[-1]
    assert who.do("/capture/start") == \
        "A packet capture is already running."
    # another one sees it, the command line does not
    with web.suite.client() as c:
        assert c.mail()[0] == 250
    other = web.person("op")
    wait_for("packets", lambda: re.search(
        r"Packets</dt><dd>[1-9]", other.page("/capture")))
    assert name in other.page("/capture")
    state = web.suite.ask("packetcapture", "status")
    assert not state["running"]
    r = web.suite.postern("packetcapture", "start", "--detached", ok=(1,))
    assert "Success" not in r
    assert "is running" in who.do("/capture/delete", name=name)
    said = other.do("/capture/stop")
    assert said == "Success - Packet Capture has stopped: " + name
    wait_for("its end", lambda: "No packet capture is running"
             in who.page("/capture"))
    status, fields, body = who.get("/capture/download?name=" + name)
    assert status == 200 and int(fields["content-length"]) == len(body)
    assert fields["content-disposition"] == \
        'attachment; filename="%s"' % name
    assert b"MAIL FROM:<s@client.test>" in body
    parts = sorted((web.suite.root / "spool/captures").glob(name + ".*"))
    assert body == b"".join(p.read_bytes()[24 if i else 0:]
                            for i, p in enumerate(parts))
    for user in ("look", "guest", "desk"):
        assert web.person(user).get("/capture/download?name=" + name)[0] \
            == 403
    assert name in who.page("/capture/delete?name=" + name)
    assert who.do("/capture/delete", name=name) == "Deleted: " + name
    assert files(who) == []


@needs_right
def test_adm_03_captures_are_named_not_paths(web):
    who = web.person()
    secret = "../../etc/secrets/web.key"
    for name in (secret, "/etc/passwd", "..", "x/../y", "a\0b", "-rf", ""):
        q = urllib.parse.quote(name)
        r = who.get("/capture/download?name=" + q)
        assert r[0] in (303, 400), name
        r = web.post("/capture/delete", who.cookie, token=who.token,
                     name=name)
        assert r[0] in (303, 400), name
    assert (web.suite.root / "etc/secrets/web.key").exists()


@needs_right
def test_a_wrong_filter_starts_nothing(web):
    who = web.person()
    for filter in ("tcp prot 25", "--help", "port 25' ; rm"):
        assert who.do("/capture/settings", size="5", full="rotate",
                      duration="0", filter=filter,
                      interface="Loopback") == "The settings are saved."
        assert "syntax error" in who.do("/capture/start")
    assert who.do("/capture/settings", size="5", full="rotate",
                  duration="0", filter="", interface="None") == \
        "The settings are saved."
    assert 'no interface "None"' in who.do("/capture/start")
    assert who.do("/capture/settings", size="999999", full="rotate",
                  duration="0", filter="", interface="Loopback")
    assert "Captures take" in who.do("/capture/start")


@needs_right
def test_a_capture_of_the_command_line_is_not_seen(web):
    who = web.person()
    who.do("/capture/settings", size="5", full="rotate", duration="0",
           filter="", interface="Loopback")
    web.suite.postern("packetcapture", "start", "--detached")
    try:
        name = web.suite.ask("packetcapture", "status")["file"]
        text = who.page("/capture")
        assert "started on the command line" in text
        assert "Stop Capture" not in text
        assert "started on the command line" in who.do("/capture/start")
        assert who.do("/capture/stop") != \
            "Success - Packet Capture has stopped: " + name
        assert web.suite.ask("packetcapture", "status")["running"]
    finally:
        web.suite.postern("packetcapture", "stop")


@needs_right
def test_the_head_of_a_capture_has_no_body(web):
    who = web.person()
    who.do("/capture/settings", size="5", full="rotate", duration="0",
           filter="", interface="Loopback")
    name = who.do("/capture/start").split()[-1]
    wait_for("something in it", lambda: re.search(
        r"Packets</dt><dd>[1-9]", who.page("/capture")))
    for _ in range(40):
        who.page("/system")
    who.do("/capture/stop")
    wait_for("its end", lambda: "No packet capture is running"
             in who.page("/capture"))
    path = "/capture/download?name=" + name
    with web.connect() as c:
        r = web.raw(request("HEAD", path, web.port, who.cookie), c)
        assert r[0] == 200 and int(r[1]["content-length"]) > 24
        assert r[2] == b""
        # the next answer follows at once
        assert web.raw(request("GET", "/style.css", web.port), c)[0] == 200
        c.sendall((request("GET", path, web.port, who.cookie)
                   + request("GET", "/none", web.port)).encode())
        first = read_answer(c, head=True)
        assert first[0] == 200
        size, rest = int(first[1]["content-length"]), first[2]
        assert size > 3 * 65536         # it goes in pieces
        while len(rest) < size or b"404 Not Found" not in rest[size:]:
            more = c.recv(65536)
            assert more, "cut off"
            rest += more
    who.do("/capture/delete", name=name)


def test_adm_09_slow_requests_are_cut_off(web, slow):
    """Whoever sends a byte now and then."""
    def cut():
        try:
            slow.sendall(b"x")
            slow.settimeout(0.5)
            return slow.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True
    wait_for("the end of a slow request", cut, 60)


# --- last, for it locks out ---

def test_guessing_is_slow(web):
    # all within a minute, however slow the machine is
    text = request("POST", "/login", web.port,
                   "Origin: https://localhost:%d" % web.port,
                   body="user=admin&passphrase=x")
    guesses = []
    try:
        for _ in range(35):
            guesses.append(web.connect())
        for c in guesses:
            c.sendall(text.encode())
        assert 429 in [read_answer(c)[0] for c in guesses]
    finally:
        for c in guesses:
            c.close()
