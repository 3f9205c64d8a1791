from __future__ import annotations

import pytest

from milepost.errors import PlanUnreadable
from milepost.exchange.psplib import read_instance
from milepost.schedule.network import Link
from milepost.schedule.problem import Mode, Resource

SINGLE = """\
************************************************************************
file with basedata            : by hand
projects                      :  1
jobs (incl. supersource/sink ):  4
horizon                       :  9
RESOURCES
  - renewable                 :  2   R
  - nonrenewable              :  0   N
  - doubly constrained        :  0   D
************************************************************************
PROJECT INFORMATION:
pronr.  #jobs rel.date duedate tardcost  MPM-Time
    1      2      0        7        3        7
************************************************************************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     4       3    0
  3      1     5       1    2
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    3    2
************************************************************************
"""

MULTI = (
    "jobs  (incl. supersource/sink ):\t3\n"
    "RESOURCES\n- renewable                 : 1 R\n- nonrenewable              : 1 N\n"
    "- doubly constrained        : 0 D\n****\n"
    "PRECEDENCE RELATIONS:\njobnr.\t#modes\t#successors\tsuccessors\n1\t1\t1\t\t2 \n2\t2\t1\t\t3 \n3\t1\t0\n****\n"
    "REQUESTS/DURATIONS\njobnr.\tmode\tdur\tR1\tN1\t\n----\n"
    "1\t1\t0\t0\t0\t\n2\t1\t2\t8\t5\t\n\t2\t6\t4\t1\t\n3\t1\t0\t0\t0\t\n****\n\n"
    " RESOURCE AVAILABILITIES \n\tR 1\tN 1\n\t9\t7\n\n****\n"
)


def test_single_mode() -> None:
    found = read_instance(SINGLE)
    assert found.names == ("1", "2", "3", "4")
    assert found.links == (Link(0, 1), Link(0, 2), Link(1, 3), Link(2, 3))
    assert found.modes == ((Mode(0, (0, 0)),), (Mode(4, (3, 0)),), (Mode(5, (1, 2)),), (Mode(0, (0, 0)),))
    assert found.resources == (Resource("R1", 3), Resource("R2", 2))


def test_multi_mode_with_a_nonrenewable_resource() -> None:
    found = read_instance(MULTI)
    assert found.resources == (Resource("R1", 9), Resource("N1", 7, renewable=False))
    assert found.modes[1] == (Mode(2, (8, 5)), Mode(6, (4, 1)))


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("jobs (incl", "tasks (incl", None, "how many jobs"),
        ("REQUESTS/DURATIONS:", "REQUESTS:", None, "no section REQUESTS/DURATIONS"),
        ("  4      1     0       0    0\n", "", 27, "ends too early"),
        ("    3    2\n", "    3    2    5\n", 32, "goes on after its last number"),
        ("   2        1          1           4\n", "   2        1          1           9\n", 18, "holds 9"),
        ("   3        1          1           4\n", "   5        1          1           4\n", 19, "number 3 comes next"),
        ("constrained        :  0", "constrained        :  1", None, "doubly constrained"),
        ("   4        1          0\n", "   4        1          1           2\n", 18, "2 → 4 → 2"),
        ("  3      1     5       1    2\n", "  3      1     5       1    4\n", 27, "job 3 no way"),
        ("   3        1          1           4\n", "   3        0          1           4\n", 19, "holds 0"),
    ],
)
def test_broken_files_are_explained(old: str, new: str, line: int | None, message: str) -> None:
    """The lines are those of the changed text above, counted from 1; of what is missing, the last line before it."""
    assert SINGLE.count(old) == 1
    with pytest.raises(PlanUnreadable, match=message) as caught:
        read_instance(SINGLE.replace(old, new), name="x.sm")
    assert caught.value.place == ("x.sm" if line is None else f"x.sm:{line}")


@pytest.mark.parametrize("text", ["", "nonsense", "1 2 3\n", "\x00" * 100])
def test_other_files_are_no_instances(text: str) -> None:
    with pytest.raises(PlanUnreadable):
        read_instance(text)
