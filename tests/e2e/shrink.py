"""The smallest case that still fails.

    small = shrink(case, fails, seconds=40)

case is made of dicts, lists, texts and numbers; fails(case) says whether it
shows the fault.  Parts are left out as long as it does: whole branches before
their twigs, of lists half at a time before one by one, lines of texts last.
"""
import copy
import time


def shrink(case, fails, seconds=40):
    end = time.monotonic() + seconds
    shorter = True
    while shorter and time.monotonic() < end:
        shorter = False
        depth = 1
        while depth <= deepest(case):
            for part in list(parts(case, depth)):
                if time.monotonic() >= end:
                    return case
                smaller = without(case, part)
                if smaller is not None and fails(smaller):
                    case, shorter = smaller, True
            depth += 1
    return case


def deepest(case):
    if isinstance(case, dict):
        return 1 + max(map(deepest, case.values()), default=0)
    if isinstance(case, list):
        return 1 + max(map(deepest, case), default=0)
    return int(isinstance(case, str))


def parts(case, depth, at=()):
    """What could be left out at that depth: (path to the whole, which)."""
    if depth > 1 and isinstance(case, (dict, list)):
        keys = case if isinstance(case, dict) else range(len(case))
        for k in reversed(list(keys)):
            yield from parts(case[k], depth - 1, at + (k,))
    elif depth == 1 and isinstance(case, dict):
        for k in case:
            yield at, [k]
    elif depth == 1 and isinstance(case, list):
        yield from ((at, some) for some in pieces(len(case)))
    elif depth == 1 and isinstance(case, str) and "\n" in case:
        yield from ((at, some) for some in pieces(len(case.splitlines())))


def pieces(n):
    """Positions: the halves, the quarters ... single ones, from the end."""
    size = n
    while size >= 1:
        for start in reversed(range(0, n, size)):
            yield list(range(start, min(n, start + size)))
        size //= 2


def without(case, part):
    """A copy without that part; None: it is not there any more."""
    path, which = part
    case = copy.deepcopy(case)
    try:
        place = case
        for step in path[:-1]:
            place = place[step]
        whole = place[path[-1]] if path else case
        if isinstance(whole, str):
            lines = whole.splitlines(keepends=True)
            place[path[-1]] = "".join(
                l for i, l in enumerate(lines) if i not in which)
            return case if which[-1] < len(lines) else None
        for k in sorted(which, reverse=True):
            del whole[k]
    except (KeyError, IndexError, TypeError):
        return None
    return case
