"""DNS-07: a zone whose signatures cost endless time to check stops nobody but
those who ask about it."""
import pytest

from keytrap import Keytrap
from test_sender_verify import CONFIG

COSTLY = "look-ups about costly.test cost too much"


@pytest.fixture
def trapped(make_suite):
    with Keytrap() as dns:
        postern = make_suite(
            CONFIG.replace("@NSD@", str(dns.port)).replace(
                "  timeout: 4\n",
                '  timeout: 20\n  trust_anchor: "%s"\n' % dns.anchor))
        postern.dns = dns
        yield postern


def test_dns_07_a_costly_zone_is_left_alone(trapped):
    lookupd = trapped.pids()["lookupd 0"]
    clients = [trapped.client(source="127.0.1.%d" % (n + 1))
               for n in range(40)]
    for n, c in enumerate(clients):
        c.send("MAIL FROM:<a@x%d.costly.test>\r\n" % n)
    trapped.wait_log(COSTLY)
    # what was asked before is answered within its time: none is good
    for c in clients:
        assert c.reply()[0] == 451
        c.close()
    with trapped.client() as c:
        assert c.cmd("MAIL FROM:<a@good.test>")[0] == 250
        c.cmd("RSET")
        assert c.cmd("MAIL FROM:<a@late.costly.test>")[0] == 451
        c.cmd("RSET")
        assert c.cmd("MAIL FROM:<a@good.test>")[0] == 250
    assert "late.costly.test." not in trapped.dns.asked
    assert trapped.pids()["lookupd 0"] == lookupd
    assert len([l for l in trapped.log() if COSTLY in l]) == 1


def test_dns_07_what_it_costs_below_the_bound(trapped):
    """One question is checked as far as the library goes, and found false."""
    with trapped.client() as c:
        assert c.cmd("MAIL FROM:<a@x.costly.test>")[0] == 451
        c.cmd("RSET")
        assert c.cmd("MAIL FROM:<a@good.test>")[0] == 250
    assert "x.costly.test." in trapped.dns.asked
    assert not [l for l in trapped.log() if COSTLY in l]
