import threading
import time

import pytest

from pipeline.detection.sources.ahead import ahead


def test_items_come_in_order():
    assert list(ahead(range(100), size=3)) == list(range(100))


def test_the_thread_works_while_an_item_is_used():
    made = []
    items = ahead((made.append(item) or item for item in range(10)), size=4)
    assert next(items) == 0
    until = time.monotonic() + 5
    while len(made) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    assert made[:5] == [0, 1, 2, 3, 4]
    time.sleep(0.05)
    assert len(made) <= 6
    items.close()


def test_what_the_iterable_raises_is_raised_here():
    def items():
        yield 1
        raise ValueError("a reason")

    results = ahead(items(), size=2)
    assert next(results) == 1
    with pytest.raises(ValueError, match="a reason"):
        next(results)


def test_closing_ends_the_thread():
    before = threading.active_count()
    results = ahead(iter(int, 1), size=2)
    next(results)
    assert threading.active_count() == before + 1
    results.close()
    assert threading.active_count() == before


def test_a_live_source_is_not_held_up_and_a_burst_is_kept_in_order():
    made = []
    items = ahead((made.append(item) or [item] for item in range(20)), 4,
                  merge=lambda dropped, kept: kept.extend(dropped))
    until = time.monotonic() + 5
    first = next(items)
    while len(made) < 20 and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.01)
    taken = [first, *items]
    assert sorted(number for item in taken for number in item) == list(range(20))
    assert [item[0] for item in taken][-4:] == [16, 17, 18, 19]
