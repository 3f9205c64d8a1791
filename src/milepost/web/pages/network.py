"""The network as a drawing: layers from left to right, a lane for each phase, the lines that no others imply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from milepost.app.schedules import ScheduleReport
from milepost.bootstrap.outlooks import current_schedule
from milepost.schedule.layering import Layered, lay_out
from milepost.schedule.network import Network
from milepost.web.pages.words import quoted, standing
from milepost.web.plan_view import PlanView

SHOWN = 1500
"""Nodes up to which a network is drawn whole; of a larger one the page shows a phase."""

COLUMN, ROW = 196, 44
_WIDE, _HIGH, _LEFT, _HEAD = 156, 32, 20, 30
_ROOM = 22
_PART = 4
_TALL = 800
_FIRST = 1800
_SIGNS = {
    "done": "M9 16l4 4 7-8",
    "passed": "M9 16l4 4 7-8",
    "running": "M14 11v10l7-5z",
    "ready": "M9 16a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
    "blocked": "M9 11l10 10M19 11l-10 10",
    "skipped": "M9 21l10-10",
    "open": "M14 10l6 6-6 6-6-6z",
    "pending": "M11 16h6",
}


class Lane(NamedTuple):
    """A phase with its place in the drawing, in pixels."""

    title: str
    top: int
    height: int


def gather(view: PlanView, phase: str) -> Mapping[str, Any]:
    """What the page shows: all of the network, or one phase of it.

    Raises:
        PlanInvalid: the dependencies form a cycle.
    """
    report = view.computed("schedule", lambda: current_schedule(view.project))
    large = len(report.rows) > SHOWN
    if large and phase not in report.phases:
        phase = next(iter(report.phases), "")
    picture, count = view.computed("network", lambda: _draw(view, report, phase), phase)
    return {"picture": picture, "count": count, "phases": report.phases, "phase": phase, "large": large}


def _draw(view: PlanView, report: ScheduleReport, phase: str) -> tuple[Markup, int]:
    settings = view.project.settings
    network = Network.from_plan(view.project.plan, gates=True, default_effort=settings.default_effort)
    homes = {row.id: row.phase for row in report.rows}
    if phase:
        network = part_of(network, [here for here, name in enumerate(network.ids) if homes.get(name) == phase])
    order = {name: place for place, name in enumerate([*report.phases, ""])}
    lanes = [order.get(homes.get(name, ""), 0) for name in network.ids]
    rows = {row.id: row for row in report.rows}
    now = view.project.now()
    tasks = view.state.tasks
    gates = view.state.checkpoints
    nodes = []
    for activity in network.activities:
        row = rows[activity.id]
        if activity.checkpoint:
            state = "passed" if activity.id in gates and gates[activity.id].passed else "open"
        else:
            state = standing(tasks[activity.id], now) if activity.id in tasks else "pending"
        nodes.append(Node(activity.id, row.title, state, activity.checkpoint, row.critical))
    titles = [*report.phases.values(), "No phase"]
    return draw(nodes, titles, lay_out(network, lanes), f"/plans/{view.id}"), len(nodes)


class Node(NamedTuple):
    """A task or checkpoint as it is drawn."""

    id: str
    title: str
    state: str
    checkpoint: bool
    critical: bool


def part_of(network: Network, kept: Sequence[int]) -> Network:
    """The network of some activities and the links between them."""
    number = {here: place for place, here in enumerate(kept)}
    before = network.predecessors
    links = [(number[there], number[here]) for here in kept for there in before.of(here) if there in number]
    activities = [network.activities[here] for here in kept]
    return Network.from_links(activities, [network.durations[here] for here in kept], links)


def draw(nodes: Sequence[Node], titles: Sequence[str], layered: Layered, base: str) -> Markup:
    """The drawing, for the browser to move and zoom; nodes are links to their tasks."""
    lanes = _lanes(layered, titles)
    width, height = layered.width * COLUMN + 2 * _LEFT, (lanes[-1].top + lanes[-1].height if lanes else 0) + _ROOM
    xs = [_LEFT + column * COLUMN for column in layered.columns]
    levels = _levels(layered)
    ys = [levels[row] for row in layered.rows]
    size = f'viewBox="0 0 {width} {height}" data-width="{width}" data-height="{height}"'
    words = f"Network of {len(nodes)} tasks and checkpoints"
    parts = [f'<svg id="graph" class="graph" {size} role="group" aria-label="{words}"><g class="n-move">']
    for place, lane in enumerate(lanes):
        even = " n-even" if place % 2 else ""
        parts.append(
            f'<rect class="n-lane{even}" x="0" y="{lane.top}" width="{width}" height="{lane.height}"/>'
            f'<text class="n-title" x="{_LEFT}" y="{lane.top + 19}">{escape(lane.title)}</text>'
        )
    critical = [node.critical for node in nodes]
    for before, after in layered.links:
        x, y, end, level = xs[before] + _WIDE, ys[before] + _HIGH // 2, xs[after], ys[after] + _HIGH // 2
        bend = max(min((end - x) // 2, 90), 14)
        kind = ' class="n-critical"' if critical[before] and critical[after] else ""
        curve = f"M{x} {y}C{x + bend} {y} {end - bend} {level} {end} {level}"
        parts.append(f'<path{kind} data-l="{before} {after}" d="{curve}"/>')
    drawn: dict[tuple[int, int], list[str]] = {}
    for place, node in enumerate(nodes):
        part = (layered.columns[place] // _PART, ys[place] // _TALL)
        drawn.setdefault(part, []).append(_node(place, node, xs[place], ys[place], base))
    later: list[str] = []
    parts += [_part(*part, found, later) for part, found in sorted(drawn.items())]
    parts.append("</g></svg>")
    if later:
        text = json.dumps(later, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        parts.append(f'<script type="application/json" id="graph-later">{text}</script>')
    return Markup("".join(parts))


def _node(place: int, node: Node, x: int, y: int, base: str) -> str:
    name = node.title if node.checkpoint else f"{node.id} {node.title}"
    room = 19
    shown = escape(name if len(name) <= room else f"{name[: room - 1]}…")
    kind = f"n-node s-{node.state}{' n-gate' if node.checkpoint else ''}{' n-critical' if node.critical else ''}"
    where = f"{base}/checkpoints#{quoted(node.id)}" if node.checkpoint else f"{base}/tasks/{quoted(node.id)}"
    words = f"{name}, {node.state}{', critical' if node.critical else ''}"
    at = f'transform="translate({x} {y})"'
    return (
        f'<a class="{kind}" href="{where}" data-n="{place}" {at} aria-label="{escape(words)}">'
        f'<rect width="{_WIDE}" height="{_HIGH}" rx="{2 if node.checkpoint else 7}"/>'
        f'<path class="n-sign" d="{_SIGNS.get(node.state, _SIGNS["pending"])}"/>'
        f'<text x="28" y="20">{shown}</text></a>'
    )


def _part(column: int, band: int, nodes: Sequence[str], later: list[str]) -> str:
    """A part of the drawing; what no screen shows at first comes as text, which costs a browser next to nothing."""
    x, y = _LEFT + column * _PART * COLUMN, band * _TALL
    at = f'data-at="{x} {y} {x + _PART * COLUMN} {y + _TALL}"'
    if x <= _FIRST and y <= _FIRST:
        return f"<g {at}>{''.join(nodes)}</g>"
    later.append("".join(nodes))
    return f'<g {at} data-later="{len(later) - 1}" display="none"></g>'


def _lanes(layered: Layered, titles: Sequence[str]) -> list[Lane]:
    found = []
    for place, top in enumerate(_all_lanes(layered)):
        rows = layered.tops[place + 1] - layered.tops[place]
        if rows:
            found.append(Lane(titles[place], top, rows * ROW + _HEAD + 6))
    return found


def _all_lanes(layered: Layered) -> list[int]:
    """The top of each lane in pixels; one without rows takes no room."""
    tops, at = [], 0
    for place in range(len(layered.tops) - 1):
        tops.append(at)
        rows = layered.tops[place + 1] - layered.tops[place]
        at += rows * ROW + _HEAD + 6 if rows else 0
    return tops


def _levels(layered: Layered) -> list[int]:
    """Where each row is, in pixels."""
    tops = _all_lanes(layered)
    return [
        tops[lane] + _HEAD + (row - layered.tops[lane]) * ROW
        for lane in range(len(tops))
        for row in range(layered.tops[lane], layered.tops[lane + 1])
    ]
