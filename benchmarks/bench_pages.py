"""Pages in a real Chromium: `python -m benchmarks.bench_pages [--peer FOLDER]`, FOLDER with dhtmlx-gantt from npm.

Main-thread CPU is Chromium's own count of thread time (`TaskDuration` in thread ticks), from the navigation on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.plans import Grid, plan
from milepost.schedule.layering import lay_out
from milepost.schedule.network import Network
from milepost.web.app import create_app
from milepost.web.pages.network import Node, draw
from milepost.web.portfolio import Portfolio
from milepost.web.serving import listen, make_server

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ROW = "{:<58} {:>10} {:>14}  {}"
FRAMES = 120
PEER = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="dhtmlxgantt.css">
<script src="dhtmlxgantt.js"></script><style>html,body,#gantt{height:100%;margin:0}</style><div id="gantt"></div>
<script src="data.js"></script><script>gantt.config.date_format="%Y-%m-%d %H:%i";gantt.config.readonly=true;
gantt.config.scale_unit="day";gantt.init("gantt");gantt.parse(DATA);document.body.dataset.drawn="1"</script>"""


def main() -> None:
    """Measure everything, one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_pages")
    parser.add_argument("--peer", type=Path, help="folder in which `npm install dhtmlx-gantt` was run")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    print(ROW.format("", "measured", "aim", ""))
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as name, sync_playwright() as started:
        folder = Path(name)
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        patient(browser)
        for size, grid in (("large", Grid(100, 100)), ("middle", Grid(40, 25)), ("small", Grid(5, 6))):
            (folder / size).mkdir()
            (folder / size / "tasks.md").write_text(plan(grid), encoding="utf-8")
        with serving(folder) as address:
            gantt(browser, address, folder, options.peer, options.times)
            network(browser, address, options.times)
            weight(browser, address)
        browser.close()


def patient(browser: Browser) -> None:
    """Have every page wait as long as a loaded machine takes."""
    browser.on("context", lambda context: context.set_default_timeout(300_000))


def gantt(browser: Browser, address: str, folder: Path, peer: Path | None, times: int) -> None:
    """First paint of and scrolling through 10,000 tasks."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(f"{address}/plans/large/gantt")
    page.wait_for_selector(".g-name", timeout=300_000)
    print(ROW.format("Gantt, 10,000 tasks: cold, all of it (wall s)", f"{time.perf_counter() - start:.1f}", "", ""))
    data = page.evaluate("async () => (await fetch('/plans/large/gantt/rows')).json()")
    page.close()
    scroll = "document.querySelector('#gantt').scrollTop += 700"
    ours = [chart(browser, f"{address}/plans/large/gantt", ".g-name", scroll) for _ in range(times)]
    first, frame = min(one[0] for one in ours), min(one[1] for one in ours)
    print(ROW.format("Gantt, 10,000 tasks: first paint, main thread ms", f"{first:.0f}", "≤ 150", ""), flush=True)
    print(
        ROW.format("Gantt, 10,000 tasks: a frame of scrolling, main thread ms", f"{frame:.2f}", "≤ 16", ""), flush=True
    )
    if peer is None:
        return
    there = folder / "peer"
    write_peer(there, peer, data)
    scroll = "gantt.scrollTo(null, gantt.getScrollState().y + 700)"
    theirs = [
        chart(browser, (there / "index.html").as_uri(), "[data-drawn]", scroll) for _ in range(max(times // 2, 1))
    ]
    other, other_frame = min(one[0] for one in theirs), min(one[1] for one in theirs)
    print(ROW.format("dhtmlx-gantt, the same tasks: first paint", f"{other:.0f}", f"× {other / first:.1f}", ""))
    print(ROW.format("dhtmlx-gantt, the same tasks: a frame", f"{other_frame:.2f}", f"× {other_frame / frame:.1f}", ""))


def chart(browser: Browser, address: str, drawn: str, scroll: str) -> tuple[float, float]:
    """Main-thread milliseconds up to the first paint of a chart, and for each frame of scrolling it."""
    page = browser.new_page(viewport={"width": 1360, "height": 860})
    count = counting(page)
    before = count()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(drawn, state="attached", timeout=120_000)
    frames(page, "0", 2)
    first = count() - before
    before = count()
    frames(page, scroll, FRAMES)
    each = (count() - before) / FRAMES
    page.close()
    return first, each


def frames(page: Page, act: str, number: int) -> None:
    """Do something in each of so many frames."""
    page.evaluate(
        f"() => new Promise((over) => {{ let left = {number}; const next = () => {{ {act}; left -= 1;"
        " if (left) requestAnimationFrame(next); else over(); }; requestAnimationFrame(next); })"
    )


def counting(page: Page) -> Callable[[], float]:
    """What tells the main thread's CPU milliseconds so far."""
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def count() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration")) * 1000

    return count


def write_peer(there: Path, peer: Path, data: dict[str, list[float]]) -> None:
    """The same tasks and drivers for dhtmlx-gantt."""
    there.mkdir()
    for name in ("dhtmlxgantt.js", "dhtmlxgantt.css"):
        (there / name).write_bytes((peer / "node_modules/dhtmlx-gantt/codebase" / name).read_bytes())
    begin = 1_767_600_000

    def stamp(seconds: float) -> str:
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(begin + seconds))

    tasks = [
        {"id": place + 1, "text": title, "start_date": stamp(begins), "end_date": stamp(max(ends, begins + 60))}
        for place, (title, begins, ends) in enumerate(zip(data["title"], data["start"], data["finish"], strict=True))
    ]
    pairs = [(before, here) for here, found in enumerate(data["drivers"]) for before in found]  # type: ignore[attr-defined]
    links = [{"id": n, "source": a + 1, "target": b + 1, "type": "0"} for n, (a, b) in enumerate(pairs)]
    (there / "data.js").write_text(f"const DATA = {json.dumps({'data': tasks, 'links': links})};")
    (there / "index.html").write_text(PEER)


def network(browser: Browser, address: str, times: int) -> None:
    """1,000 tasks laid out, drawn and shown."""
    grid = Grid(40, 25)
    number = {grid.task_id(phase, place): phase * 25 + place for phase in range(40) for place in range(25)}
    links = [
        (number[before], phase * 25 + place)
        for phase in range(40)
        for place in range(25)
        for before in grid.waits(phase, place)
    ]
    found = Network.from_links(list(number), [1800] * len(number), links)
    nodes = [Node(name, f"Do part {name}", "pending", False, False) for name in number]
    lanes = [place // 25 for place in range(len(number))]
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        draw(nodes, [f"Part {n}" for n in range(40)], lay_out(found, lanes), "/plans/middle")
        best = min(best, (time.process_time() - start) * 1000)
    print(ROW.format("Network, 1,000 tasks: laid out and drawn, CPU ms", f"{best:.1f}", "≤ 100", ""), flush=True)
    page = browser.new_page()
    page.goto(f"{address}/plans/middle/network")
    page.close()
    shown = min(shows(browser, f"{address}/plans/middle/network", "#graph[viewBox]") for _ in range(times))
    print(ROW.format("Network, 1,000 tasks: in the browser, main thread ms", f"{shown:.0f}", "≤ 200", ""), flush=True)


def shows(browser: Browser, address: str, drawn: str) -> float:
    """Main-thread milliseconds until a page is painted."""
    page = browser.new_page(viewport={"width": 1360, "height": 860})
    count = counting(page)
    before = count()
    page.goto(address)
    page.wait_for_selector(drawn)
    frames(page, "0", 2)
    taken = count() - before
    page.close()
    return taken


def weight(browser: Browser, address: str) -> None:
    """What the first load of a page carries, as it goes over the line."""
    for path in ("/", "/plans/small", "/plans/small/board", "/plans/small/gantt", "/plans/small/run"):
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        page.goto(address + path)
        page.wait_for_selector("#connection[data-state=live]")
        page.wait_for_selector("[aria-busy=true]", state="detached")
        print(ROW.format(f"{path}: first load, kB", f"{sum(sizes) / 1000:.1f}", "≤ 120", f"{len(sizes)} requests"))
        context.close()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of a folder's plans, in a thread."""
    server, sock = make_server(create_app(Portfolio([str(folder)]))), listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


if __name__ == "__main__":
    main()
