"""A run's report in each of its forms."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.cli.test_run_commands import PLAN


@pytest.fixture
def run(milepost: Milepost, project: Path) -> None:
    """A run in which a person failed once, and a checkpoint passed; with a title that tries to break out."""
    (project / "milepost.toml").write_text(
        '[tiers.3]\ndriver = "command"\ncost_per_hour = 36\nattempts = 1\n[tiers.2]\ndriver = "manual"\n'
    )
    (project / "tasks.md").write_text(PLAN.replace("# Shed", "# <script>alert(1)</script> | Shed"))
    milepost("run", "tasks.md", "--trust", "--no-wait")
    milepost("claim", "tasks.md", "1.2", "--by", "ann")
    milepost("fail", "tasks.md", "1.2", "nobody <b>home</b>", "--by", "ann")
    milepost("done", "tasks.md", "1.2", "--by", "bob")
    milepost("run", "tasks.md", "--approve", "1", "--by", "bob")


@pytest.mark.usefixtures("run")
def test_text_and_json_say_the_same(milepost: Milepost) -> None:
    text = milepost("report", "tasks.md").out
    assert "finished: 3/3 tasks done" in text
    assert "1.2  tier 3 → tier 2: it failed once: nobody <b>home</b>" in text
    data = milepost("report", "tasks.md", "--format", "json").json
    assert data["finished"]
    assert [task["done_by"] for task in data["tasks"]] == ["Tier 3", "bob", "Tier 3"]
    assert [item["to_tier"] for item in data["escalations"]] == [2]
    assert [criterion["by"] for criterion in data["checkpoints"][0]["criteria"]] == ["command", "bob"]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("name", "begins"), [("r.md", "# "), ("r.HTML", "<!doctype html>"), ("r.json", "{"), ("r.txt", "Run tasks.md#1")]
)
def test_the_name_of_the_file_says_what_to_write(milepost: Milepost, project: Path, name: str, begins: str) -> None:
    assert milepost("report", "tasks.md", "-o", name).code == 0
    assert (project / name).read_text().startswith(begins)
    assert milepost("report", "tasks.md", "-o", name, "--format", "text").code == 0
    assert (project / name).read_text().startswith("Run tasks.md#1")


def test_a_run_that_was_cancelled_has_not_finished(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text("# A\n\n- [ ] 1. One\n- [ ] 2. Two\n")
    milepost("done", "tasks.md", "1")
    milepost("cancel", "tasks.md", "--by", "ann Lee")
    assert "cancelled by ann Lee: 1/2 tasks done" in milepost("report", "tasks.md").out
    assert "- **State:** Cancelled by ann Lee, 1/2 tasks" in milepost("report", "tasks.md", "--format", "markdown").out
    assert '<b class="warn">cancelled by ann Lee</b>' in milepost("report", "tasks.md", "--format", "html").out
    data = milepost("report", "tasks.md", "--json").json
    assert (data["finished"], data["cancelled_by"]) == (False, "ann Lee")


def test_tasks_that_were_skipped_are_counted(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text("# A\n\n- [ ] 1. One\n- [ ] 2. Two\n")
    milepost("skip", "tasks.md", "1", "nobody needs it")
    milepost("done", "tasks.md", "2")
    assert "finished: 1/2 tasks done, 1 skipped in" in milepost("report", "tasks.md").out


@pytest.mark.usefixtures("run")
def test_markdown_is_one_table_row_a_task(milepost: Milepost) -> None:
    text = milepost("report", "tasks.md", "--format", "markdown").out
    rows = [line for line in text.split("\n") if line.startswith(("| 1.", "| 2."))]
    assert [row.count("|") for row in rows] == [10, 10, 10, 5]  # three tasks of nine cells, one escalation of four
    assert "3 → 2" in rows[1]
    assert "\\|" in text.split("\n")[0]


class Page(HTMLParser):
    """What a page holds: its tags, and the addresses it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.usefixtures("run")
def test_html_stands_alone_and_lets_nothing_break_out(milepost: Milepost, project: Path) -> None:
    assert milepost("report", "tasks.md", "--format", "html", "-o", "report.html").code == 0
    page = Page((project / "report.html").read_text())
    assert page.open == []  # every element is closed
    assert "script" not in page.tags
    assert page.addresses == []
    assert page.tags.count("b") == 5  # the five figures on top, none from the reason
    assert page.tags.count("rect") == 4  # 1.1 once, 1.2 twice, 2.1 once


def test_a_plan_never_run_has_no_report(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert "has not been run yet" in milepost("report", "tasks.md").err
