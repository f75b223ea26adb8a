"""What the tests of this folder stand on: ports that nobody else takes."""
import subprocess
import sys

import pytest

import ports


@pytest.mark.parametrize("low,high,first,last", [
    (32768, 60999, 10000, 64000),       # as Linux has it
    (15000, 65535, 10000, 14000),
    (1024, 19999, 20000, 64000),
    (1024, 65535, 10000, 64000),        # no room: as good as it gets
])
def test_outside_of_the_range_of_outgoing_connections(low, high, first, last):
    found = ports.blocks(low, high)
    assert (found[0][0], found[-1][0]) == (first, last)
    everything = [p for b in found for p in b]
    assert len(set(everything)) == len(everything) and max(everything) < 65536
    if low > 1024 or high < 65535:
        assert not set(everything) & set(range(low, high + 1))


def test_each_process_has_its_own():
    here = {ports.free_port() for _ in range(10)}
    r = subprocess.run(
        [sys.executable, "-c", "import ports\n"
         "print(*(ports.free_port() for _ in range(10)))"],
        cwd=ports.__file__.rpartition("/")[0], capture_output=True, text=True)
    there = {int(p) for p in r.stdout.split()}
    assert len(here) == len(there) == 10, r.stderr
    assert not {p // ports.BLOCK for p in here} & {p // ports.BLOCK
                                                   for p in there}
