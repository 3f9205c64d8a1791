"""What is kept of a plan: used only when it is whole, the user's own, and of the very same plan."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from milepost import bootstrap
from milepost.app.extracts import Extract, ExtractStore, extract
from milepost.app.kept_specs import KeptSpec
from milepost.app.kept_values import to_bytes
from milepost.app.plans import load_plan
from milepost.app.settings import load_settings
from milepost.bootstrap import Project, open_project
from milepost.execution.policy import RunSpec

PLAN = """\
# Shop - Implementation Plan

**Status:** Not Started

### **Phase 1: All**

- [ ] **1** Lay out
  - _Run: make layout_
- [x] **2** Build
  - _Depends: 1_
- [ ]* **3** Polish
- [ ] **4** Ship
  - [ ] **4.1** Pack 📦
  - [ ] **4.2** Send

**Progress:** 1/4 tasks complete
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "shop").mkdir()
    path = tmp_path / "shop" / "tasks.md"
    path.write_text(PLAN, encoding="utf-8")
    return path


def store(plan: Path) -> Path:
    return plan.parent.parent / "state" / "milepost" / "plans"


def kept(plan: Path) -> Path:
    """The file that holds the extract."""
    (found,) = store(plan).glob("*.extract")
    return found


def obeyed(plan: Path) -> Path:
    """The file that holds what its runs obey."""
    (found,) = store(plan).glob("*.spec")
    return found


def is_read(plan: Path) -> bool:
    """Whether opening the plan has to read it; gives the extract its chance to be kept."""
    project = open_project(str(plan))
    found = "plan" in project.__dict__
    assert project.extract == fresh(plan)
    return found


def fresh(plan: Path) -> Extract:
    return extract(load_plan(str(plan)), load_settings(str(plan)), "tasks.md")


def test_a_plan_that_did_not_change_is_not_read_again(plan: Path) -> None:
    assert is_read(plan)
    assert not is_read(plan)


def test_an_extract_says_what_the_plan_says(plan: Path) -> None:
    is_read(plan)
    known = open_project(str(plan)).extract
    assert known.title == "Shop"
    assert known.ticks.done == ("2",)
    assert {name: apart.why for name, apart in known.apart.items()} == {
        "3": "is optional and takes no part in runs",
        "4": "is made of parts and done when they are",
    }
    assert [task.id for task in known.spec.tasks] == ["1", "2", "4.1", "4.2"]
    assert known.spec.tasks[2].title == "Pack 📦"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plan: plan.write_text(PLAN.replace("Ship", "Shop")), id="document"),
        pytest.param(
            lambda plan: (plan.parent / "milepost.toml").write_text('[tiers.3]\ndriver = "manual"\ncapacity = 9\n'),
            id="settings",
        ),
        pytest.param(lambda plan: kept(plan).write_bytes(kept(plan).read_bytes()[:-9]), id="torn"),
        pytest.param(
            lambda plan: kept(plan).write_bytes(kept(plan).read_bytes().replace(b"Shop", b"Shed")), id="edited"
        ),
        pytest.param(
            lambda plan: obeyed(plan).write_bytes(obeyed(plan).read_bytes().replace(b"make", b"fake", 1)),
            id="specification edited",
        ),
        pytest.param(lambda plan: obeyed(plan).write_bytes(obeyed(plan).read_bytes()[:-9]), id="specification torn"),
        pytest.param(lambda plan: obeyed(plan).write_bytes(b""), id="specification empty"),
        pytest.param(lambda plan: obeyed(plan).unlink(), id="specification gone"),
        pytest.param(lambda plan: kept(plan).write_bytes(b""), id="empty"),
        pytest.param(lambda plan: kept(plan).write_bytes(b"\xff\n\xff\n"), id="binary"),
        pytest.param(lambda plan: store(plan).chmod(0o777), id="folder that others can write to"),
    ],
)
def test_whatever_is_different_or_wrong_has_the_plan_read(plan: Path, change: Callable[[Path], object]) -> None:
    assert is_read(plan)
    change(plan)
    assert is_read(plan)


def test_a_version_of_milepost_believes_only_its_own(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_read(plan)
    monkeypatch.setattr("milepost.app.extracts.__version__", "999")
    assert is_read(plan)


def test_a_python_believes_only_its_own(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_read(plan)
    monkeypatch.setattr("milepost.app.kept_values.WRITER", "999 cpython-399 9")
    assert is_read(plan)
    assert not is_read(plan)


def test_values_of_another_shape_are_no_extract(plan: Path, tmp_path: Path) -> None:
    """Its checksum is right, so only building it can tell."""
    known = fresh(plan)
    keeper = ExtractStore(tmp_path / "own")
    none = KeptSpec(to_bytes({"plan": 1}), "0")
    none.__dict__["payload"] = b"{}"
    keeper.put("any.md", "k", Extract(known.title, known.ticks, {}, 0, none))
    assert keeper.get("any.md", "k") is None
    keeper.put("any.md", "k", known)
    assert keeper.get("any.md", "k") == known
    assert keeper.get("other.md", "k") is None


def test_a_store_that_cannot_be_written_troubles_nobody(plan: Path) -> None:
    store(plan).parent.mkdir(parents=True)
    store(plan).write_text("in the way")
    assert is_read(plan)
    assert is_read(plan)


def test_a_folder_of_somebody_else_is_not_used(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_read(plan)
    mine = os.geteuid()
    monkeypatch.setattr("milepost.app.extracts.os.geteuid", lambda: mine + 1)
    assert is_read(plan)


def begin(plan: Path) -> Project:
    """Finish task 1 by hand and bring the document up to date, as commands do."""
    project = open_project(str(plan))
    session = project.open_run("ann")
    from milepost.app.tasks import mark_done

    mark_done(session, "1", by="ann", now=1.0)
    project.keep_extract(project.sync(session))
    return project


def test_our_own_ticks_have_no_plan_read(plan: Path) -> None:
    begin(plan)
    assert "[x] **1**" in plan.read_text(encoding="utf-8")
    assert not is_read(plan)
    assert open_project(str(plan)).extract.ticks.done == ("1", "2")


def test_an_edit_by_somebody_else_before_our_tick_has_the_plan_read(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = Project.sync

    def edited(self: Project, *args: object, **more: object) -> object:
        plan.write_text(PLAN.replace("Lay out", "Draw"), encoding="utf-8")
        return sync(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bootstrap.Project, "sync", edited)
    begin(plan)
    assert is_read(plan)


def test_old_extracts_are_cleared_away(plan: Path) -> None:
    is_read(plan)
    keeper = ExtractStore(store(plan))
    size = sum(file.stat().st_size for file in store(plan).iterdir())
    assert keeper.prune(kept(plan).stat().st_mtime - 1) == 0
    assert keeper.prune(kept(plan).stat().st_mtime + 1, dry_run=True) == size
    assert not is_read(plan)
    assert keeper.prune(kept(plan).stat().st_mtime + 1) == size
    assert is_read(plan)


def test_the_payload_of_events_is_kept_beside_it(plan: Path) -> None:
    assert is_read(plan)
    known = open_project(str(plan)).extract
    keeper = ExtractStore(store(plan))
    found = keeper.payload(str(plan), known.kept_spec)
    assert found is not None
    assert RunSpec.from_payload(json.loads(found[0])) == found[1].spec == known.spec


@pytest.mark.parametrize("raw", [None, b"", b"{}", b"\xff"])
def test_a_payload_that_is_not_that_of_the_plan_is_not_used(plan: Path, raw: bytes | None) -> None:
    assert is_read(plan)
    known = open_project(str(plan)).extract
    (file,) = store(plan).glob("*.payload")
    file.unlink() if raw is None else file.write_bytes(raw)
    assert ExtractStore(store(plan)).payload(str(plan), known.kept_spec) is None
    begin(plan)
    begin(plan)  # whose first event is parsed then
