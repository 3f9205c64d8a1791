"""Figures, moments and states as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from milepost.execution.queries import outcome
from milepost.execution.records import TaskRecord, TaskStatus
from milepost.execution.state import RunState
from milepost.execution.wording import duration
from milepost.web.plan_view import PlanView

_DAY, _HOUR, _MINUTE = 8 * 3600, 3600, 60
_STATES = {"pending": "waiting", "ready": "ready", "running": "running", "done": "done"}


def digest(html: bytes) -> str:
    """An entity tag for the very same bytes."""
    return f'"{sha256(html).hexdigest()[:24]}"'


def working(seconds: float) -> str:
    """Working time, where a day has eight hours: ``45m``, ``2h 30m``, ``3d 4h``."""
    whole = round(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    if whole < _MINUTE:
        return f"{sign}{whole}s"
    if whole >= 2 * _DAY:
        days, hours = divmod(round(whole / _HOUR), 8)
        return f"{sign}{days}d {hours}h" if hours else f"{sign}{days}d"
    parts = ((whole // _HOUR, "h"), (whole % _HOUR // _MINUTE, "m"), (whole % _MINUTE, "s"))
    return sign + " ".join([f"{count}{unit}" for count, unit in parts if count][:2])


def money(amount: float) -> str:
    """An amount in the currency of the settings."""
    return f"{amount:,.2f}"


def share(value: float) -> str:
    """A share in percent; near its ends with a digit more, so that a little never looks like nothing."""
    return f"{value:.1%}" if 0 < value < 0.01 or 0.99 < value < 1 else f"{value:.0%}"


def moment(at: float | str | None, form: str = "day") -> Markup:
    """A moment (seconds since 1970, or ISO form) that the browser shows in its own zone.

    ``form``: ``day`` with the date, ``clock`` without, ``ago`` how long ago, ``since`` how long it has lasted.
    """
    if at is None:
        return Markup("")
    when = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
    plain = when.strftime("%Y-%m-%d %H:%M") if form == "day" else when.strftime("%H:%M:%S")
    stamp = when.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}" data-as="{}">{}</time>').format(stamp, form, plain)


def icon(name: str, kind: str = "", label: str = "") -> Markup:
    """A sign; with a ``label`` it is read out, else it is decoration."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" {}><use href="/assets/icons.svg#{}"/></svg>').format(kind, spoken, name)


def tag(state: str, text: str = "", sign: str = "") -> Markup:
    """A state as a coloured word with its sign."""
    known = {"passed": "gate-passed", "waiting": "clock", "active": "running", "finished": "done", "stuck": "blocked"}
    shown = icon(sign or known.get(state, state))
    return Markup('<span class="tag {}">{}{}</span>').format(state, shown, text or state)


def meter(parts: Mapping[str, float], label: str) -> Markup:
    """A bar of parts (class: amount), described by its label."""
    total = sum(parts.values()) or 1
    drawn, left = [], 0.0
    for kind, amount in parts.items():
        width = amount / total * 100
        if width and kind != "rest":
            drawn.append(f'<rect class="{escape(kind)}" x="{left:.2f}" width="{width:.2f}" height="8"/>')
        left += width
    return Markup(
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(label, Markup("".join(drawn)))


def standing(record: TaskRecord, now: float) -> str:
    """Where a task stands for people: ``ready`` is a pending one that nothing holds back."""
    if record.status is TaskStatus.PENDING:
        return "ready" if record.unmet == 0 and record.ready_at <= now else "pending"
    return record.status.value


def outcome_of(view: PlanView, state: RunState) -> str:
    """What becomes of a plan's run in a word; ``not run`` without one."""
    if not view.moment.run:
        return "not run"
    if state.paused_by and not state.finished:
        return "paused"
    return outcome(state, view.project.now()).value


def quoted(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def state_word(state: str) -> str:
    """The word for a task's standing."""
    return _STATES.get(state, state)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "working": working,
    "took": duration,
    "money": money,
    "share": share,
    "quoted": quoted,
    "state_word": state_word,
}
GLOBALS: Mapping[str, Callable[..., Any]] = {"moment": moment, "icon": icon, "tag": tag, "meter": meter}
