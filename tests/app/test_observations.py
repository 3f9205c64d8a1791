"""What is told of a run to those who watch many systems."""

from __future__ import annotations

from tests.execution.run_examples import Story, gate, spec, task

from milepost.app.observations import RUN, Measurement, Span, measurements, spans
from milepost.execution import events as ev
from milepost.execution.commands import Approve, Claim, Complete, Fail, Reject, Reopen


def heard(story: Story, *commands: object) -> tuple[list[Span], list[Measurement]]:
    """What is told of the events that follow from commands."""
    events: list[ev.Event] = []
    for command in commands:
        events += story.tell(command)  # type: ignore[arg-type]
    found = [span for event in events for span in spans(event, story.state)]
    return found, [each for event in events for each in measurements(event, story.state)]


def test_a_task_that_failed_first_is_a_span_with_two_attempts_in_it() -> None:
    story = Story(spec(task("1"), task("2", "1")))
    found, figures = heard(
        story,
        Claim(10.0, "1", "ann"),
        Fail(12.0, "1", 1, "broke", {"exit_code": 3}),
        Claim(20.0, "1", "bob"),
        Complete(25.0, "1", 2, "bob", {"cost": 2.5, "tokens": 70}),
    )
    first, second, whole = found
    assert [span.name for span in found] == ["attempt 1", "attempt 1", "task 1"]
    assert (first.start, first.end, first.failed) == (10.0, 12.0, "broke")
    assert first.attributes["milepost.exit_code"] == 3
    assert (second.start, second.end, second.failed) == (20.0, 25.0, "")
    assert first.parent == second.parent == whole.key
    assert (whole.start, whole.end, whole.parent, whole.attributes["milepost.attempts"]) == (10.0, 25.0, RUN, 2)
    by_name = [(each.name, each.value) for each in figures]
    assert ("milepost.attempt.duration", 2.0) in by_name
    assert ("milepost.attempt.duration", 5.0) in by_name
    assert ("milepost.spent.money", 2.5 + 5 * 7.2 / 3600) in by_name  # what the worker reported, and the tier's price
    assert ("milepost.spent.tokens", 70.0) in by_name


def test_a_task_follows_what_it_waited_for() -> None:
    story = Story(spec(task("1"), task("2", "1")))
    before, _ = heard(story, Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    after, _ = heard(story, Claim(3.0, "2", "w"), Complete(4.0, "2", 1, "w"))
    task_span = next(span for span in after if span.name == "task 2")
    assert task_span.after == (before[-1].key,)
    run = after[-1]
    assert (run.name, run.key, run.parent, run.end) == ("run", RUN, None, 4.0)
    assert run.attributes["milepost.tasks"] == 2


def test_what_is_done_again_is_another_span() -> None:
    story = Story(spec(task("1"), task("2")))
    once, _ = heard(story, Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    again, _ = heard(story, Reopen(3.0, "1", "ann", "wrong"), Claim(4.0, "1", "w"), Complete(5.0, "1", 2, "w"))
    assert once[-1].key != again[-1].key
    assert (again[-1].start, again[-1].end) == (4.0, 5.0)
    assert again[0].parent == again[-1].key


def test_a_checkpoint_lasts_from_when_it_was_due() -> None:
    story = Story(spec(task("1"), gates=(gate("g", "1"),)))
    heard(story, Claim(1.0, "1", "w"), Complete(5.0, "1", 1, "w"))
    found, figures = heard(story, Reject(8.0, "g", "ann", "too dark"))
    assert [(span.start, span.end, span.failed) for span in found if span.key[0] == "checkpoint"] == [
        (5.0, 8.0, "too dark")
    ]
    assert figures == []
    found, figures = heard(story, Approve(9.0, "g", "ann"))
    assert [(span.start, span.end, span.failed) for span in found if span.key[0] == "checkpoint"] == [(5.0, 9.0, "")]
    assert [(each.name, each.value) for each in figures] == [("milepost.checkpoint.duration", 4.0)]


def test_work_by_hand_has_no_attempt() -> None:
    from milepost.execution.commands import MarkDone

    story = Story(spec(task("1"), task("2")))
    found, _ = heard(story, MarkDone(6.0, "1", "ann"))
    assert [(span.name, span.start, span.end) for span in found] == [("task 1", 6.0, 6.0)]
