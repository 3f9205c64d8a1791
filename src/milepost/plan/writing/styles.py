"""How each dialect spells a plan, as data: one writer serves them all."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.plan.dialects import kiro, openspec, plain, reference, speckit
from milepost.plan.model import TaskState

_BOXES = frozenset({TaskState.NOT_STARTED, TaskState.DONE})


@dataclass(frozen=True, slots=True)
class Style:
    """A dialect's spelling.

    ``phases``: how a phase's heading is written, with ``{id}`` and ``{title}``; empty where phases are tasks with
    parts. ``head`` and ``top_head``: a task's first line behind its box, nested and not. ``stem``: what ids start
    with. ``nests``: whether tasks have parts; ``named``: whether tasks have ids. ``states``: those the dialect's own
    tools know. ``own``: what its own tools understand beside tasks, states and phases.
    """

    dialect: str
    title: str
    phases: str
    head: str
    top_head: str
    overview: bool = False
    nests: bool = True
    named: bool = True
    grouped: bool = False
    starred: bool = True
    marked: bool = False
    stem: str = ""
    states: frozenset[TaskState] = _BOXES
    own: frozenset[str] = frozenset()


_ALL = frozenset(
    {"requirements", "estimates", "dependencies", "tiers", "commands", "dates", "scores", "checkpoints", "criteria",
     "parallel", "optional", "files", "priority", "people"}
)  # fmt: skip

STYLES: dict[str, Style] = {
    "reference": Style(
        reference.NAME,
        title="# {} - Implementation Plan",
        phases="### **Phase {id}: {title}**",
        head="**{id}** {title}",
        top_head="**{id}** {title}",
        overview=True,
        states=frozenset(TaskState) - {TaskState.UNKNOWN},
        own=_ALL,
    ),
    "kiro": Style(
        kiro.NAME,
        title="# Implementation Plan: {}",
        phases="",
        head="{id} {title}",
        top_head="{id}. {title}",
        states=_BOXES | {TaskState.IN_PROGRESS},
        own=frozenset({"requirements", "optional"}),
    ),
    "spec-kit": Style(
        speckit.NAME,
        title="# Tasks: {}",
        phases="## Phase {id}: {title}",
        head="{id} {title}",
        top_head="{id} {title}",
        nests=False,
        grouped=True,
        starred=False,
        marked=True,
        stem="T",
        own=frozenset({"parallel", "stories"}),
    ),
    "openspec": Style(
        openspec.NAME,
        title="# Tasks: {}",
        phases="## {id}. {title}",
        head="{id} {title}",
        top_head="{id} {title}",
        grouped=True,
        starred=False,
    ),
    "plain": Style(
        plain.NAME,
        title="# {}",
        phases="## {title}",
        head="{title}",
        top_head="{title}",
        nests=False,
        named=False,
    ),
}
"""Styles by the name people give a dialect."""
