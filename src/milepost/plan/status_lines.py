"""A state for a task that has no place for one yet: a line ``**Status:** Done`` under its heading."""

from __future__ import annotations

from milepost.plan.grammar.labels import meaning
from milepost.plan.grammar.states import read_state, restate
from milepost.plan.model import Field, Plan, Task, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Edit, Span, apply
from milepost.source.lazy_regex import lazy_regex

_WORDS = {
    TaskState.NOT_STARTED: "Not Started",
    TaskState.IN_PROGRESS: "In Progress",
    TaskState.DONE: "Done",
    TaskState.BLOCKED: "Blocked",
    TaskState.DEFERRED: "Deferred",
}
_HEADING = lazy_regex(r" {0,3}#{1,6}[ \t]")
_LABEL = lazy_regex(
    r"(?P<before>[ \t]*(?:[-*+][ \t]+)?)(?P<open>\*\*|__)(?P<label>[^*_\r\n:：]+)"
    r"(?P<close>[:：](?:\*\*|__)|(?:\*\*|__)[ \t]*[:：])(?P<gap>[ \t]*)[^\r\n]*?(?P<after>[ \t]*\\?)$"
)
_LINE_END = lazy_regex(r"\r\n|\n|\r")


def insert_status(plan: Plan, task: Task, state: TaskState) -> list[Edit]:
    """Say the state of a task that is a heading, in a line like those that stand under it already.

    The line follows the example of the task's first label, its words that of another task's status. Nothing where the
    task is no heading, is made of parts that have states of their own, or would not be read so.
    """
    text = plan.source.text
    if (
        task.id in plan.parents
        or state not in _WORDS
        or not _HEADING.match(text, _line(plan, task.head_span.start).start)
    ):
        return []
    edit = _beside(plan, task, state) or _below(plan, task, state)
    again = read_plan(apply(plan.source, [edit]), plan.dialect).by_id.get(task.id)
    return [edit] if again and again.state is state else []


def _beside(plan: Plan, task: Task, state: TaskState) -> Edit | None:
    """A line before the first labelled one under the heading, spelled as it is."""
    for field in task.fields:
        line = _line(plan, field.span.start)
        found = _LABEL.match(plan.source.text, line.start, line.end)
        if found and _is_labelled(field):
            says = f"{found['before']}{found['open']}{_label(found['label'])}{found['close']}{found['gap'] or ' '}"
            return Edit(Span(line.start, line.start), f"{says}{_words(plan, state)}{found['after']}{_end(plan, line)}")
    return None


def _below(plan: Plan, task: Task, state: TaskState) -> Edit:
    """A paragraph right below the heading."""
    line = _line(plan, max(task.head_span.start, task.head_span.end - 1))
    end = _end(plan, line)
    follows = plan.source.text[line.end :].removeprefix(end)
    more = "" if not follows or _LINE_END.match(follows) else end
    return Edit(Span(line.end, line.end), f"{end}{end}**Status:** {_words(plan, state)}{more}")


def _is_labelled(field: Field) -> bool:
    return meaning(field.key) is not None


def _label(model: str) -> str:
    return "STATUS" if model.isupper() else "Status"


def _words(plan: Plan, state: TaskState) -> str:
    """The words for a state, in the manner of the first task that has some."""
    for one in plan.tasks:
        if one.written:
            said = restate(one.written.text, state)
            if read_state(said) is state:
                return said
    return _WORDS[state]


def _line(plan: Plan, place: int) -> Span:
    return plan.source.line_span(plan.source.position(place).line)


def _end(plan: Plan, line: Span) -> str:
    """How the line ends, or where it ends the document, how the first one does."""
    text = plan.source.text
    found = _LINE_END.match(text, line.end) or _LINE_END.search(text)
    return found.group() if found else "\n"
