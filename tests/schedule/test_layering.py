"""Networks laid out in layers and lanes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule.layering import lay_out
from milepost.schedule.network import Network


def _network(count: int, links: list[tuple[int, int]]) -> Network:
    return Network.from_links([str(number) for number in range(count)], [3600] * count, links)


def test_an_activity_stands_right_of_all_it_waits_for() -> None:
    # 0 → 1 → 2 and 0 → 2: 2 is two columns right of 0 though a link leads there directly
    found = lay_out(_network(3, [(0, 1), (1, 2), (0, 2)]), [0, 0, 0])
    assert found.columns == [0, 1, 2]
    assert found.width == 3


def test_links_that_others_imply_are_left_out() -> None:
    found = lay_out(_network(4, [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 3)]), [0] * 4)
    assert sorted(found.links) == [(0, 1), (1, 2), (2, 3)]


def test_lanes_follow_each_other() -> None:
    # lane 0 holds two activities of one column, lane 1 one: 2 rows and 1 row
    found = lay_out(_network(3, [(0, 2), (1, 2)]), [0, 0, 1])
    assert found.tops == [0, 2, 3]
    assert sorted(found.rows[:2]) == [0, 1]
    assert found.rows[2] == 2
    assert found.height == 3


def test_neighbours_stand_beside_each_other() -> None:
    # 0 and 1 lead crosswise to 3 and 2: drawn without a crossing, 3 stands beside 0 and 2 beside 1
    found = lay_out(_network(4, [(0, 3), (1, 2)]), [0] * 4)
    assert found.rows[3] == found.rows[0]
    assert found.rows[2] == found.rows[1]


def test_nothing_is_laid_out_as_nothing() -> None:
    found = lay_out(_network(0, []), [])
    assert (found.width, found.height, found.links) == (0, 0, [])


def test_a_cycle_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="cycle"):
        lay_out(_network(2, [(0, 1), (1, 0)]), [0, 0])


@given(st.data())
def test_nobody_stands_on_anybody_else(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    lanes = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    links = data.draw(st.lists(pairs, unique=True, max_size=80)) if count > 1 else []
    found = lay_out(_network(count, links), lanes)
    assert len(set(zip(found.columns, found.rows, strict=True))) == count
    assert all(found.columns[before] < found.columns[after] for before, after in links)
    assert all(found.tops[lane] <= row < found.tops[lane + 1] for lane, row in zip(lanes, found.rows, strict=True))
