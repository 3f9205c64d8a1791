"""``milepost schedule`` on instances of scheduling libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from milepost.cli.main import run

HEAD = """\
jobs (incl. supersource/sink ):  4
RESOURCES
  - renewable                 :  1   R
  - nonrenewable              :  {nonrenewable}   N
  - doubly constrained        :  0   D
****
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
"""
SINGLE = (
    HEAD.format(nonrenewable=0)
    + """\
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1
----
  1      1     0       0
  2      1     4       3
  3      1     5       3
  4      1     0       0
****
RESOURCEAVAILABILITIES:
  R 1
    3
****
"""
)
MULTI = (
    HEAD.format(nonrenewable=1)
    + """\
   1        1          2           2   3
   2        2          1           4
   3        2          1           4
   4        1          0
****
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  N 1
----
  1      1     0       0    0
  2      1     2       1    6
         2     7       1    1
  3      1     3       1    6
         2     9       1    1
  4      1     0       0    0
****
RESOURCEAVAILABILITIES:
  R 1  N 1
    2    {money}
****
"""
)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    path = tmp_path / "hand.sm"
    path.write_text(SINGLE)
    return path


def report(path: Path, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> dict[str, object]:
    assert run(["schedule", str(path), "--json", *options]) == code
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_jobs_that_need_all_of_a_resource_come_one_after_the_other(
    instance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4 and 5 units of time, each with all 3 of R1: 9, which the work alone proves ((4 · 3 + 5 · 3) / 3)."""
    found = report(instance, capsys)
    assert (found["makespan"], found["lower_bound"], found["gap"], found["proven"]) == (9, 9, 0, True)
    assert found["resources"] == [{"name": "R1", "renewable": True, "capacity": 3, "used": 3}]


def test_the_text_shows_the_schedule_and_how_good_it_is(instance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schedule", str(instance), "--ascii"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "hand.sm: 4 activities"
    assert lines[1] == "makespan 9, the shortest possible; no schedule is shorter than 9"
    assert lines[2] == "  R1: 3 of 3 at most at once"
    assert sum("#" in line for line in lines) == 2, "a bar for each job that takes time"


@pytest.mark.parametrize(
    ("money", "makespan", "modes"),
    [
        (12, 3, [1, 1, 1, 1]),
        (7, 7, [1, 2, 1, 1]),
        (2, 9, [1, 2, 2, 1]),
    ],
)
def test_modes_are_chosen_within_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], money: int, makespan: int, modes: list[int]
) -> None:
    """Side by side: with 12 of N1 both jobs can be quick (max(2, 3) = 3); with 7 only one, best the one that is the
    slower otherwise (max(7, 3) = 7); with 2 none (max(7, 9) = 9).
    """
    path = tmp_path / "hand.mm"
    path.write_text(MULTI.format(money=money))
    found = report(path, capsys)
    assert found["makespan"] == makespan
    assert [row["mode"] for row in found["rows"]] == modes  # type: ignore[attr-defined]


def test_no_choice_of_modes_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two jobs need at least 1 of N1 each, and there is 1: every single mode fits, no two of them do."""
    path = tmp_path / "hand.mm"
    path.write_text(MULTI.format(money=1))
    found = report(path, capsys, code=1)
    assert (found["makespan"], found["gap"], found["rows"]) == (None, None, [])
    assert run(["schedule", str(path)]) == 1
    assert "no schedule found yet" in capsys.readouterr().out


def test_an_instance_is_known_by_its_headings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "instance.txt"
    path.write_text(SINGLE)
    assert report(path, capsys)["makespan"] == 9


def test_a_picture_of_an_instance(instance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bar for each of the two jobs that take time, a mark for the two that take none, and the background."""
    assert run(["schedule", str(instance), "--svg", str(tmp_path / "out.svg")]) == 0
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert len(root.findall("{*}rect")) == 3
    assert len(root.findall("{*}polygon")) == 2


def test_time_to_search_may_be_given(instance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(instance, capsys, "--optimize", "0.2")["makespan"] == 9


def test_a_bad_instance_is_explained_with_its_line(instance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Line 10 is that of job 2, which now is said to precede job 9."""
    instance.write_text(
        SINGLE.replace("   2        1          1           4\n", "   2        1          1           9\n")
    )
    assert run(["schedule", str(instance)]) == 3
    assert f"{instance}:10" in capsys.readouterr().err


def test_a_missing_instance_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schedule", str(tmp_path / "none.sm")]) == 3
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--audit"], ["--no-gates"], ["--tier", "1=2"], ["--early"], ["--start", "2026-01-05"]]
)
def test_what_only_plans_have_is_refused(instance: Path, capsys: pytest.CaptureFixture[str], option: list[str]) -> None:
    assert run(["schedule", str(instance), *option]) == 2
    assert "an instance has no" in capsys.readouterr().err


def test_plans_do_not_load_what_instances_need(tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text("- [ ] **1.1** Do it\n")
    code = "import sys; from milepost.cli.main import run; run(['schedule', 'tasks.md']); "
    code += "print([name for name in sys.modules if name.split('.')[0] in ('numba', 'numpy', 'pandas', 'ortools')"
    code += " or name in ('milepost.exchange.psplib', 'milepost.schedule.path_kernels')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"
