"""openrelaycheck: the tricks of threats REL, tried by a stranger on listeners
that refuse them, that read them loosely, and that are open."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from conftest import CONFIG
from sink import Sink
from suite import BIN, Suite
from test_relaying import LOOSE

pytestmark = pytest.mark.xdist_group("openrelaycheck")
OPEN = CONFIG.replace("      - reject: ALL", "      - ALL")


@pytest.fixture(scope="module")
def ships():
    """As it ships."""
    d = pathlib.Path(tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp"))
    with Suite(d / "s", CONFIG) as postern:
        yield postern
    shutil.rmtree(d, ignore_errors=True)


def check(postern, *words, ok=0):
    r = postern.ask("openrelaycheck", *words, ok=(ok,))
    return r["relays"], {l["listener"]: l for l in r["listeners"]}


def results(listener):
    return {t["trick"]: t["result"] for t in listener["tricks"]}


def test_rel_as_it_ships(ships):
    postern = ships
    with Sink(postern.sink_port) as sink:
        relays, all = check(postern)
        assert not relays and list(all) == ["InboundMail"]
        public = all["InboundMail"]
        assert (public["own"], public["foreign"]) == ("example.com",
                                                      "example.net")
        # in a local part it is a letter like any other
        opaque = ("full-width percent sign",)
        for t in public["tricks"]:
            assert t["result"] == ("accepted_own" if t["trick"] in opaque
                                   else "refused"), t
            assert t["code"] // 100 == (2 if t["trick"] in opaque else 5), t
        assert {t["id"] for t in public["tricks"]} >= {
            "REL-0%d" % i for i in (1, 2, 3, 4, 5, 6, 8)} | {"REL-11"}
        # each came from somewhere else, and all that could got to RCPT
        assert len({t["source"] for t in public["tricks"]}) == len(
            public["tricks"])
        early = [t["trick"] for t in public["tricks"] if not t["at_rcpt"]]
        assert len(early) <= 3, early
        assert sink.connections == 0 and not postern.queued()
    assert not [l for l in postern.log() if l.startswith("Start MID")
                and "ready" in l]


def test_rel_02_a_loose_parser_is_no_relay(make_suite):
    got = results(check(make_suite(LOOSE))[1]["InboundMail"])
    assert got["percent hack"] == got["bang path"] == "accepted_own"
    assert got["quoted local part"] == "accepted_own"
    assert got["source route"] == got["a foreign recipient"] == "refused"
    assert "relays" not in got.values()


def test_an_open_relay(make_suite):
    postern = make_suite(OPEN)
    relays, all = check(postern, ok=1)
    got = results(all["InboundMail"])
    assert relays and got["a foreign recipient"] == "relays"
    assert got["source route"] == "refused"
    r = subprocess.run([str(BIN / "postern"), "--root", str(postern.root),
                        "openrelaycheck"], capture_output=True, text=True)
    assert r.returncode == 1 and r.stderr == ""
    lines = r.stdout.splitlines()
    assert lines[0].startswith("Listener InboundMail (127.0.0.1 port ")
    assert lines[1].startswith("REL-01  a foreign recipient ")
    assert "RELAYS: 250 " in lines[1]
    assert lines[-1].endswith("It relays for strangers.")


def test_who_may_relay_does(ships):
    """A private listener, by name: from addresses that it trusts."""
    relays, all = check(ships, "OutboundMail", ok=1)
    assert relays and list(all) == ["OutboundMail"]
    relays, all = check(ships, "InboundMail", "--source", "127.0.0.7",
                        "--target", "other.test", "--from", "a@b.test")
    assert {t["source"] for t in all["InboundMail"]["tricks"]} == {"127.0.0.7"}
    assert all["InboundMail"]["tricks"][0]["recipient"] == "<v@other.test>"


@pytest.mark.parametrize("words,status,part", [
    (("None",), 1, 'There is no SMTP listener "None".'),
    (("--source", "here"), 2, "--source is an IP address"),
    (("--target", "[127.0.0.1]"), 2, "--target is a domain"),
])
def test_wrong_use(ships, words, status, part):
    r = subprocess.run([str(BIN / "postern"), "--root", str(ships.root),
                        "openrelaycheck", *words], capture_output=True,
                       text=True)
    assert r.returncode == status and part in r.stderr and r.stdout == ""


def test_nobody_answers(ships):
    ships.stop()
    got = results(check(ships, ok=4)[1]["InboundMail"])
    assert set(got.values()) == {"not_tried"}
