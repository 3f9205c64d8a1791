"""States in words: ``✅ Complete``, ``[ ] Pending``, ``TODO``, ``in progress (waiting for review)``."""

from __future__ import annotations

import re

from milepost.plan.model import TaskState
from milepost.source.lazy_regex import lazy_regex

_WORDS: dict[TaskState, str] = {
    TaskState.NOT_STARTED: (
        r"not[ _-](?:yet[ _-])?(?:started|done|complete[d]?|begun)|unstarted|to[ _-]?do|pending|planned|queued|open"
        r"|backlog|ready[ _-]to[ _-]start|ready[ _-]for[ _-](?:implementation|development|dev|work)"
        r"|pendiente|pendente|por hacer|offen|geplant"
        r"|à faire|en attente|待办|待開始|待开始|未开始|未開始|未着手|не начато|запланировано|ожидает"
    ),
    TaskState.IN_PROGRESS: (
        r"in[ _-]?progress|in[ _-]?review|ready[ _-]for[ _-]review|work[ _-]in[ _-]progress|wip|doing|on[ _-]?going"
        r"|underway|started|current|partial(?:ly)?(?:[ _-](?:complete[d]?|done))?|en progreso|en curso|em andamento"
        r"|en cours|in arbeit|进行中|進行中|в работе|в процессе"
    ),
    TaskState.DONE: (
        r"complete[d]?|done|finished|implemented|closed|merged|resolved|shipped|validated|verified|100 ?%"
        r"|completad[oa]|terminad[oa]|hecho|conclu[ií]d[oa]|feito|erledigt|fertig|abgeschlossen|terminé|fini|已完成|完成|完了"
        r"|готово|выполнено|завершено|сделано"
    ),
    TaskState.BLOCKED: r"blocked|stuck|bloquead[oa]|blockiert|bloqué|阻塞|заблокировано",
    TaskState.DEFERRED: (
        r"deferred|postponed|on[ _-]hold|paused|skipped|cancell?ed|won['’]?t (?:do|fix)|dropped|discontinued|obsolete"
        r"|descontinuad[oa]|cancelad[oa]|aplazad[oa]|отложено|отменено|暂停|延期"
    ),
}
_SIGNS: dict[str, TaskState] = {
    **dict.fromkeys("✅✓✔☑🟢🎉", TaskState.DONE),
    **dict.fromkeys("🔄🚧🟡🏗🔵⚙▶", TaskState.IN_PROGRESS),
    **dict.fromkeys("⬜⏳⌛☐📋🔴⚪🔲🆕", TaskState.NOT_STARTED),
    **dict.fromkeys("🚫🔒⛔❌✗✘", TaskState.BLOCKED),
    **dict.fromkeys("⏸⏭📅⏩", TaskState.DEFERRED),
}
_BOX_STATES = {" ": TaskState.NOT_STARTED, "x": TaskState.DONE, "X": TaskState.DONE, "-": TaskState.IN_PROGRESS}
_NAMES: dict[TaskState, tuple[str, str, str]] = {
    TaskState.NOT_STARTED: ("⏳", " ", "Not Started"),
    TaskState.IN_PROGRESS: ("🔄", "-", "In Progress"),
    TaskState.DONE: ("✅", "x", "Complete"),
    TaskState.BLOCKED: ("🔒", "!", "Blocked"),
    TaskState.DEFERRED: ("⏸️", ">", "Deferred"),
}
_FILLER = r"[\s*_`~\"'“”!:–—([-]*"
_ANY_SIGN, _ANY_MARK = f"[{''.join(_SIGNS)}]", "[ xX-]"
SIGN = f"(?:{_ANY_SIGN}|⚠)"
"""The pattern of one sign, to be embedded in others."""

_SIGN = lazy_regex(rf"(?P<sign>{_ANY_SIGN})\ufe0f?")
_BOX = lazy_regex(rf"\[(?P<mark>{_ANY_MARK})\]")
_FIRST = lazy_regex(_FILLER)
_LEAD = lazy_regex(rf"(?:{_FILLER}(?:\[{_ANY_MARK}\]|(?:{_ANY_SIGN}|[⚠🎯🚀📝💡ℹ])\ufe0f?))*{_FILLER}")
_WORD = lazy_regex(
    "(?:" + "|".join(f"(?P<{state.name}>{words})" for state, words in _WORDS.items()) + r")(?!\w|[ -]by\b|[.'’]\w)",
    re.IGNORECASE,
)
_TODO_WORDS = lazy_regex(r"to[ -]?do|done|doing", re.IGNORECASE)


def find_state(text: str, start: int = 0, end: int | None = None) -> tuple[TaskState, int, int] | None:
    """Find the state a text starts with, and where the words and marks that say it start and end.

    Words count before signs, for ``🔄 Not Started`` has not started; a sign or a box alone is enough. None when the
    text starts with anything else.
    """
    end = len(text) if end is None else end
    lead, first = _LEAD.match(text, start, end), _FIRST.match(text, start, end)
    assert lead is not None
    assert first is not None
    box, sign = _BOX.search(text, start, lead.end()), _SIGN.search(text, start, lead.end())
    word = _WORD.match(text, lead.end(), end)
    if word and word.lastgroup:
        begin = min(first.end(), box.start()) if box else first.end()
        return TaskState[word.lastgroup], begin, word.end()
    if box:
        return _BOX_STATES[box["mark"]], box.start(), box.end()
    return (_SIGNS[sign["sign"]], sign.start(), sign.end()) if sign else None


def read_state(text: str) -> TaskState | None:
    """The state a text starts with; None when it starts with none."""
    found = find_state(text)
    return found[0] if found else None


def restate(text: str, state: TaskState) -> str:
    """Say another state in the manner of ``text``: its sign, its box and its word are replaced, where it has them."""
    sign, mark, name = _NAMES[state]
    text = _BOX.sub(f"[{mark}]", text, count=1)
    text = _SIGN.sub(sign, text, count=1)
    return _WORD.sub(lambda word: _in_manner_of(word.group(), name), text, count=1)


def _in_manner_of(model: str, name: str) -> str:
    if _TODO_WORDS.fullmatch(model):
        name = {"Not Started": "Todo", "Complete": "Done"}.get(name, name)
    if model.isupper():
        return name.upper()
    return name.lower() if model.islower() else name
