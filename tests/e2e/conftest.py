"""Fixtures: a running suite with an ordinary configuration, and a sink; and
the order of the tests when several processes share them (make e2e).

Any test may run beside any other.  Two marks help:
    @pytest.mark.long       begins early, so that nobody waits for it at the end
    @pytest.mark.alone      has the machine for itself, after all the others
"""
import fcntl
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from sink import Sink
from suite import Suite

CONFIG = """\
hostname: mx.postern.test

receiving:
  max_connections: 2000

dns:
  enabled: no

interfaces:
  - name: Loopback
    ip: 127.0.0.1

listeners:
  - name: InboundMail
    type: public
    interface: Loopback
    port: @PORT@
    max_concurrency: 1000
    hat:
      defaults:
        max_concurrency: 1000
        max_msgs_per_session: 10000
        max_rcpts_per_msg: 100
        dhap_limit: 0
      groups:
        - name: ALL
          policy: $ACCEPTED
    rat:
      - example.com
      - .example.com
      - reject: ALL

  - name: OutboundMail
    type: private
    interface: Loopback
    port: @PRIVATE_PORT@
    hat:
      groups:
        - name: RELAYLIST
          policy: $RELAYED
          entries: 127.0.0.0/8
        - name: ALL
          policy: $BLOCKED

routes:
  ALL: 127.0.0.1:@SINK_PORT@

# other tests make the machine busy
health:
  cpu: off
  swap: off

logs:
  - name: mail_logs
    type: mail
    level: info
"""

LONG, ALONE = "long", "alone"


def pytest_configure(config):
    config.addinivalue_line("markers", LONG + ": begins early")
    config.addinivalue_line("markers", ALONE + ": nothing else runs meanwhile")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    def place(item):
        return 0 if item.get_closest_marker(LONG) else \
            2 if item.get_closest_marker(ALONE) else 1
    items.sort(key=place)
    # one process takes them all: two would wait for each other
    for item in items:
        if item.get_closest_marker(ALONE):
            item.add_marker(pytest.mark.xdist_group(ALONE))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """The processes share a lock, this file; who is to be alone does not."""
    with open(__file__) as lock:
        if "PYTEST_XDIST_WORKER" in os.environ:
            fcntl.flock(lock, fcntl.LOCK_EX if item.get_closest_marker(ALONE)
                        else fcntl.LOCK_SH)
        yield


@pytest.fixture
def folder():
    """Below /var/tmp: a real file system, where fsync means something, that
    the programs' accounts can reach."""
    path = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    yield pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_suite(folder):
    """make_suite(config) starts one; it is stopped after the test."""
    made = []

    def make(config=CONFIG, **kw):
        s = Suite(folder / ("s%d" % len(made)), config, **kw)
        made.append(s)
        return s

    (folder / "s").mkdir()
    yield make
    for s in made:
        s.stop()


@pytest.fixture
def postern(make_suite):
    return make_suite()


@pytest.fixture
def sink(postern):
    with Sink(postern.sink_port) as s:
        yield s
