"""What pages are made of, without a browser; and plans that want to be more than text, with one."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup
from playwright.sync_api import Page, expect
from tests.web.browser import keep, visit
from tests.web.conftest import Running

from milepost.app.forecast_reports import TaskForecast
from milepost.schedule.forecast import Histogram
from milepost.schedule.layering import lay_out
from milepost.schedule.network import Network
from milepost.web.pages import charts, words
from milepost.web.pages.network import Node, draw, part_of
from milepost.web.pages.site import PAGES, WEB

HOSTILE = """# <img src=x onerror=alert(1)> & "Sons"

## Phase 1: <script>alert(2)</script>

- [ ] **1.1** </script><svg onload=alert(3)> 'quoted' "twice" 🗼
  - <b>a step</b> {{ 7 * 7 }}
  - _Estimated: 1 hour_
- [ ] **1.2** <a href="javascript:alert(4)">click</a>
  - _Depends: 1.1_

## Checkpoint 1

- [ ] <i>somebody</i> looked
"""


@pytest.mark.parametrize(
    ("path", "heading", "words"),
    [
        ("/plans/nowhere", "There is no such plan here", "no plan is served as nowhere"),
        ("/plans/lighthouse/nothing", "There is no such page", "nothing is at /plans/lighthouse/nothing"),
        ("/nothing", "There is no such page", "nothing is at /nothing"),
    ],
)
def test_who_asks_in_a_browser_for_what_is_not_there_is_led_to_the_plans(
    looked_at: Running, path: str, heading: str, words: str
) -> None:
    in_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    found = httpx.get(looked_at.address + path, headers=in_browser, timeout=60)
    assert found.status_code == 404
    assert f"<h1>{heading}</h1>" in found.text
    assert words in found.text
    assert '<a href="/">All plans that are served here</a>' in found.text
    assert "/api/" not in found.text


def test_programs_are_told_of_what_is_not_there_as_a_problem(looked_at: Running) -> None:
    browser = {"Accept": "text/html"}
    for path, headers in (("/nothing", {}), ("/api/v1/nothing", browser), ("/api/v1/plans/nowhere", browser)):
        found = httpx.get(looked_at.address + path, headers=headers, timeout=60)
        assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")
    assert found.json()["remedy"] == "GET /api/v1/plans lists those that are"
    assert httpx.get(f"{looked_at.address}/plans", timeout=60).headers["location"] == "/"


def test_a_plan_that_cannot_be_read_is_not_called_missing(served: Running) -> None:
    served.site.plan.write_text("Nothing to do here.\n")
    found = httpx.get(f"{served.address}/plans/lighthouse", timeout=60)
    assert "<h1>This plan cannot be read</h1>" in found.text
    assert "no task was found in it" in found.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    # a working day has eight hours
    [(0, "0s"), (45, "45s"), (5400, "1h 30m"), (57_600, "2d"), (100_800, "3d 4h"), (-3600, "−1h"), (59.6, "1m")],
)
def test_working_time_in_words(seconds: float, text: str) -> None:
    assert words.working(seconds) == text


def test_a_meter_shares_its_width() -> None:
    # 1 of 4 done: a quarter; 2 running from there: half; the rest is not drawn
    drawn = words.meter({"done": 1, "running": 2, "rest": 1}, "1 of 4")
    assert re.findall(r'class="(\w+)" x="([\d.]+)" width="([\d.]+)"', drawn)[:2] == [
        ("done", "0.00", "25.00"),
        ("running", "25.00", "50.00"),
    ]
    assert 'aria-label="1 of 4"' in drawn


def test_moments_are_told_in_utc_until_the_browser_shows_its_own_zone() -> None:
    assert words.moment(0, "clock") == Markup(
        '<time datetime="1970-01-01T00:00:00.000+00:00" data-as="clock">00:00:00</time>'
    )
    assert words.moment(None) == ""


def test_the_distribution_marks_the_chosen_end() -> None:
    # 4 samples: 1 within a minute, 3 within two; the curve ends at the top (16) above the last bin
    drawn = charts.distribution(Histogram(0, 60, [1, 3]), 4, 100, 80)
    assert drawn.count('class="c-bar') == 2
    assert "P80 1m 40s" in drawn
    assert "1m to 2m: 75%" in drawn
    assert re.search(r'c-curve" points="[^"]* 716\.0,16\.0"', drawn)


def test_the_tornado_leaves_out_what_weighs_nothing() -> None:
    heavy = TaskForecast("1", "Dig & <lay>", 1, 3600, 600, 0.9, 0.5, 0.45, 0.0)
    light = TaskForecast("2", "Wave", 1, 3600, 600, 0.0, 0.0, 0.0, 0.0)
    drawn = charts.tornado([heavy, light])
    assert "Dig &amp; &lt;lay&gt;" in drawn
    assert "Wave" not in drawn
    assert charts.tornado([light]) == ""


def test_a_network_is_drawn_with_links_to_its_tasks() -> None:
    network = Network.from_links(["1/a", "2"], [60, 60], [(0, 1)])
    nodes = [Node("1/a", "<First>", "done", False, True), Node("2", "Gate", "open", True, True)]
    drawn = draw(nodes, ["Lane & one"], lay_out(network, [0, 0]), "/plans/x")
    assert 'href="/plans/x/tasks/1%2Fa"' in drawn
    assert 'href="/plans/x/checkpoints#2"' in drawn
    assert "&lt;First&gt;" in drawn
    assert "Lane &amp; one" in drawn
    assert drawn.count("data-l=") == 1


def test_a_part_of_a_network_keeps_the_links_inside() -> None:
    found = part_of(Network.from_links(["1", "2", "3"], [60] * 3, [(0, 1), (1, 2)]), [1, 2])
    assert found.ids == ("2", "3")
    assert list(found.predecessors.of(1)) == [0]


def test_every_page_has_its_own_key_and_a_template() -> None:
    assert len({page.key for page in PAGES}) == len(PAGES)
    for page in PAGES:
        assert (WEB / "templates" / f"{page.name or 'overview'}.html").is_file()


def test_signs_that_templates_name_are_drawn() -> None:
    signs = set(re.findall(r'<symbol id="([\w-]+)"', (WEB / "assets" / "icons.svg").read_text()))
    for template in (WEB / "templates").glob("*.html"):
        named = set(re.findall(r'icon\("([\w-]+)"', template.read_text()))
        assert named <= signs, template.name


def test_modules_import_only_modules_that_are_there() -> None:
    assets = WEB / "assets"
    for module in assets.glob("*.js"):
        for name in re.findall(r'(?:from |import\(|: )"\./([\w.]+)"', module.read_text()):
            assert (assets / name).is_file(), f"{module.name} imports {name}"


def test_nothing_is_asked_of_another_site() -> None:
    for file in [*(WEB / "assets").iterdir(), *(WEB / "templates").iterdir()]:
        found = re.findall(r"https?://[^\s\"'<>)]+", file.read_text())
        assert set(found) <= {"http://www.w3.org/2000/svg"}, file.name


def test_rows_of_the_chart_lie_within_its_axis(reader: httpx.Client) -> None:
    rows = reader.get("/plans/lighthouse/gantt/rows").json()
    # 5 tasks and a checkpoint; 1.1 was done by ada, 1.2 is held by grace, so both have attempts
    assert rows["id"][:3] == ["1.1", "1.2", "1.3"]
    assert (len(rows["id"]), sum(rows["gate"])) == (6, 1)
    assert rows["state"][:3] == ["done", "running", "ready"]
    assert rows["drivers"][rows["id"].index("2.2")] == [rows["id"].index("2.1")]
    assert set(rows["actual"]) == {"0", "1"}
    assert all(
        0 <= begin <= end <= rows["axis"]["end"] for begin, end in zip(rows["start"], rows["finish"], strict=True)
    )
    assert rows["axis"]["p50"] <= rows["axis"]["p80"]


def test_what_a_plan_says_is_shown_as_text_and_nothing_else(page: Page, served: Running) -> None:
    folder: Path = served.site.root / "specs" / "hostile"
    folder.mkdir()
    (folder / "tasks.md").write_text(HOSTILE)
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    for path in ("/", *(f"/plans/hostile/{one.name}".rstrip("/") for one in PAGES), "/plans/hostile/tasks/1.1"):
        visit(page, served.address + path)
        assert page.locator("main img, main script, main b[onclick], main a[href^=javascript]").count() == 0, path
    expect(page.locator("main")).to_contain_text("{{ 7 * 7 }}")
    expect(page.locator("h1")).to_have_text("</script><svg onload=alert(3)> 'quoted' \"twice\" 🗼")
    page.keyboard.press("/")
    page.keyboard.type("click")
    expect(page.get_by_role("option").first).to_contain_text('<a href="javascript:alert(4)">click</a>')
    keep(page, "hostile")
    assert said == []


def test_search_finds_and_goes_there_with_the_keyboard(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse")
    page.keyboard.press("Control+k")
    page.keyboard.type("lamp")
    expect(page.get_by_role("option").first).to_contain_text("Hang the lamp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(looked_at.address + "/plans/lighthouse/tasks/2.2")
    visit(page, page.url)
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page).to_have_url(looked_at.address + "/plans/lighthouse/forecast")
    visit(page, page.url)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("search and commands")
    keep(page, "keys")


def test_a_date_for_the_chosen_confidence(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse/forecast")
    before = page.locator("#answer .figure").text_content() or ""
    page.locator("#confidence").fill("99")
    expect(page.locator("#answer .figure")).not_to_have_text(before)
    expect(page.locator("#picture")).to_contain_text("P99")
    expect(page).to_have_url(looked_at.address + "/plans/lighthouse/forecast?confidence=99")
