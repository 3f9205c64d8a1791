"""The rules of a run, one by one."""

import dataclasses
import json

import pytest
from tests.execution.run_examples import TIERS, Story, gate, spec, task

from milepost.app.event_lines import event_line
from milepost.errors import Refused, UnknownName
from milepost.execution import events as ev
from milepost.execution.commands import (
    Approve,
    Block,
    Claim,
    Complete,
    ExpireLeases,
    Fail,
    Heartbeat,
    Join,
    Lose,
    MarkDone,
    Overrun,
    Recheck,
    RecordCriterion,
    RefuseCompletion,
    Reopen,
    Revise,
    Settle,
    Start,
    Unblock,
)
from milepost.execution.decisions import decide
from milepost.execution.evolution import fold
from milepost.execution.policy import Budget, RunSpec, TaskSpec, Wait
from milepost.execution.queries import Outcome, due_criteria, next_wake, outcome, startable
from milepost.execution.records import TaskStatus
from milepost.execution.state import RunState


def kinds(events: list[ev.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_nothing_happens_before_a_run_started() -> None:
    with pytest.raises(Refused, match="no run yet"):
        decide(RunState(), Join(0.0, "s"))


def test_a_retry_waits_also_after_the_plan_changed() -> None:
    tiers = (dataclasses.replace(TIERS[2], attempts=3, backoff=60.0),)
    story = Story(spec(task("1"), tiers=tiers))
    story.tell(Claim(1.0, "1", "w"), Fail(2.0, "1", 1, "broke"))
    story.tell(Revise(3.0, spec(task("1"), task("2"), tiers=tiers)))
    with pytest.raises(Refused, match="waits"):
        story.tell(Claim(61.0, "1", "w"))
    story.tell(Claim(62.0, "1", "w"))


def test_a_run_starts_once() -> None:
    story = Story(spec(task("1")))
    with pytest.raises(Refused, match="started already"):
        story.tell(Start(1.0, "again", spec(task("1"))))


def test_a_task_waits_for_its_predecessor() -> None:
    story = Story(spec(task("1"), task("2", "1")))
    with pytest.raises(Refused, match="waits for task 1"):
        story.tell(Claim(1.0, "2", "w"))
    story.tell(Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    assert kinds(story.tell(Claim(3.0, "2", "w"))) == ["AttemptStarted"]


def test_a_start_to_start_wait_ends_when_the_other_starts_and_its_lag_is_over() -> None:
    follower = TaskSpec("2", "Task 2", 3, waits=(Wait("1", "start", 5),), commands={3: "true"})
    story = Story(spec(task("1"), follower))
    assert [record.spec.id for record in startable(story.state, 0.0)] == ["1"]
    story.tell(Claim(10.0, "1", "w"))
    with pytest.raises(Refused, match="lag"):
        story.tell(Claim(12.0, "2", "w"))
    assert next_wake(story.state, 12.0) == 15.0  # started at 10, lag 5
    assert [record.spec.id for record in startable(story.state, 15.0)] == ["2"]


def test_a_task_is_not_started_before_its_date_whatever_else_it_waited_for() -> None:
    later = dataclasses.replace(task("2", "1"), not_before=100.0)
    story = Story(spec(task("1"), later))
    story.tell(Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    assert startable(story.state, 99.0) == []
    assert next_wake(story.state, 99.0) == 100.0
    with pytest.raises(Refused, match="waits 1s more, the plan has it begin no sooner"):
        story.tell(Claim(99.0, "2", "w"))
    assert [record.spec.id for record in startable(story.state, 100.0)] == ["2"]


def test_a_new_date_in_the_plan_holds_for_tasks_that_have_not_started() -> None:
    story = Story(spec(dataclasses.replace(task("1"), not_before=100.0)))
    story.tell(Revise(5.0, spec(dataclasses.replace(task("1"), not_before=50.0))))
    assert next_wake(story.state, 5.0) == 50.0
    story.tell(Revise(6.0, spec(task("1"))))
    assert [record.spec.id for record in startable(story.state, 6.0)] == ["1"]


def test_a_gate_holds_back_what_comes_after_it_until_somebody_approves() -> None:
    story = Story(spec(task("1"), task("2", gates=["A"]), gates=[gate("A", "1")]))
    with pytest.raises(Refused, match="not due yet: it waits for task 1"):
        story.tell(Approve(1.0, "A", "ann"))
    story.tell(Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    assert outcome(story.state, 2.0) is Outcome.WAITING
    with pytest.raises(Refused, match="waits for Checkpoint A"):
        story.tell(Claim(3.0, "2", "w"))
    assert kinds(story.tell(Approve(4.0, "A", "ann"))) == ["CriterionPassed", "CheckpointPassed"]
    assert kinds(story.tell(Claim(5.0, "2", "w"))) == ["AttemptStarted"]
    with pytest.raises(Refused, match="passed already"):
        story.tell(Approve(6.0, "A", "ann"))


def test_a_mixed_gate_needs_the_command_and_the_person() -> None:
    story = Story(spec(task("1"), gates=[gate("A", "1", criteria=["$ pytest", "reviewed"])]))
    assert due_criteria(story.state) == []
    story.tell(MarkDone(1.0, "1", "me"))
    assert [(due.number, due.command) for due in due_criteria(story.state)] == [(0, "pytest")]
    assert kinds(story.tell(Approve(2.0, "A", "ann"))) == ["CriterionPassed"]
    assert kinds(story.tell(RecordCriterion(3.0, "A", 0, False, "s"))) == ["CriterionFailed"]
    assert outcome(story.state, 3.0) is Outcome.STUCK
    story.tell(Join(4.0, "s"))  # a new supervisor evaluates again what failed before
    assert [due.number for due in due_criteria(story.state)] == [0]
    passed = story.tell(RecordCriterion(5.0, "A", 0, True, "s"))
    assert kinds(passed) == ["CriterionPassed", "CheckpointPassed", "RunFinished"]


def test_what_failed_at_a_gate_is_judged_again_when_somebody_asks() -> None:
    story = Story(spec(task("1"), gates=[gate("A", "1", criteria=["$ pytest", "$ ruff"])]))
    with pytest.raises(Refused, match="not due yet"):
        story.tell(Recheck(0.0, "A", "ann"))
    story.tell(
        MarkDone(1.0, "1", "me"), RecordCriterion(2.0, "A", 0, False, "s"), RecordCriterion(2.0, "A", 1, True, "s")
    )
    assert kinds(story.tell(Recheck(3.0, "A", "ann"))) == ["CheckpointRechecked"]
    assert [due.command for due in due_criteria(story.state)] == ["pytest"]
    with pytest.raises(Refused, match="no command of Checkpoint A has failed"):
        story.tell(Recheck(4.0, "A", "ann"))


def test_gates_without_criteria_open_one_after_the_other() -> None:
    gates = [gate("A", "1", criteria=[]), gate("B", gates=["A"], criteria=[])]
    story = Story(spec(task("1"), task("2", gates=["B"]), gates=gates))
    events = story.tell(Claim(1.0, "1", "w"), Complete(2.0, "1", 1, "w"))
    assert kinds(events) == ["AttemptStarted", "TaskCompleted", "CheckpointPassed", "CheckpointPassed"]
    assert [record.spec.id for record in startable(story.state, 2.0)] == ["2"]


def test_a_gate_that_waits_for_nothing_and_asks_nothing_passes_at_the_start() -> None:
    story = Story(spec(task("1", gates=["A"]), gates=[gate("A", criteria=[])]))
    assert kinds(story.events) == ["RunStarted", "CheckpointPassed"]


def test_a_tier_takes_no_more_than_its_capacity() -> None:
    story = Story(spec(*(task(str(n), tier=2) for n in range(1, 4))))
    story.tell(Claim(1.0, "1", "w"), Claim(1.0, "2", "w"))
    assert startable(story.state, 1.0) == []
    with pytest.raises(Refused, match="works on 2 at once and is busy with 1, 2"):
        story.tell(Claim(1.0, "3", "w"))


def test_a_task_is_tried_again_then_escalates_then_is_blocked() -> None:
    story = Story(spec(task("1")))
    seen = []
    for number in range(1, 6):  # two tries on tier 3, two on tier 2, one on tier 1 (TIERS)
        story.tell(Claim(float(number), "1", "w"))
        seen.append(kinds(story.tell(Fail(number + 0.5, "1", number, "broken"))))
    again, up, out = ["AttemptFailed"], ["AttemptFailed", "TaskEscalated"], ["AttemptFailed", "TaskBlocked"]
    assert seen == [again, up, again, up, out]
    assert outcome(story.state, 9.0) is Outcome.STUCK
    story.tell(Unblock(10.0, "1", "ann"))
    assert kinds(story.tell(Claim(11.0, "1", "w"))) == ["AttemptStarted"]
    assert story.state.tasks["1"].attempts[-1].no == 6


def test_an_overrun_escalates_at_once_and_tells_what_it_cost() -> None:
    story = Story(spec(task("1", effort=1800)))
    story.tell(Claim(0.0, "1", "w"))
    assert story.state.attempt_limit(story.state.tasks["1"]) == 3600  # twice 1,800 s at speed 1
    _, escalated = story.tell(Overrun(3600.0, "1", 1, 3600.0))
    assert escalated == ev.TaskEscalated(3600.0, "1", 3, 2, "it ran past 1h", 7.2)  # an hour at 7.2


def test_a_worker_may_ask_for_a_stronger_tier() -> None:
    story = Story(spec(task("1")))
    events = story.tell(Claim(1.0, "1", "w"), Fail(2.0, "1", 1, "too hard for me", escalate=True))
    assert kinds(events) == ["AttemptStarted", "AttemptFailed", "TaskEscalated"]
    with pytest.raises(Refused, match="is for tier 2, not for tier 3"):
        story.tell(Claim(3.0, "1", "w", tier=3))


def test_a_lost_attempt_is_no_failure_of_the_task() -> None:
    story = Story(spec(task("1")))
    for number in range(1, 8):
        story.tell(Claim(number, "1", "w"), Lose(number, "1", number, "the machine stopped"))
    assert (story.state.tasks["1"].tries, story.state.tasks["1"].tier) == (0, 3)


def test_a_late_report_of_a_lost_attempt_is_refused() -> None:
    story = Story(spec(task("1", effort=None)))
    story.tell(Claim(0.0, "1", "ann", lease=60.0), Heartbeat(50.0, "1", 1, 60.0))
    assert story.tell(ExpireLeases(109.0)) == []  # the heartbeat at 50 holds until 110
    assert kinds(story.tell(ExpireLeases(110.0))) == ["AttemptLost"]
    for late in (Complete(111.0, "1", 1, "ann"), Fail(111.0, "1", 1, "x"), Heartbeat(111.0, "1", 1, 60.0)):
        with pytest.raises(Refused, match=r"any more: it is pending \(lost: its lease ran out\)"):
            story.tell(late)
    story.tell(Claim(112.0, "1", "bob"))
    with pytest.raises(Refused, match="bob holds it now, by attempt 2"):
        story.tell(Complete(113.0, "1", 1, "ann"))


def test_a_claim_past_its_limit_escalates_however_alive_its_worker_is() -> None:
    story = Story(spec(task("1", effort=1800)))  # twice 1,800 s at speed 1
    story.tell(Claim(0.0, "1", "ann", lease=60.0), Heartbeat(50.0, "1", 1, 9000.0))
    assert next_wake(story.state, 60.0) == 3600.0
    assert story.tell(ExpireLeases(3599.0)) == []
    assert kinds(story.tell(ExpireLeases(3600.0))) == ["AttemptOverran", "TaskEscalated"]
    with pytest.raises(Refused, match=r"it is pending \(overran: ran past 1h\)"):
        story.tell(Complete(3601.0, "1", 1, "ann"))
    story.tell(Claim(3602.0, "1", "bob", 2))
    with pytest.raises(Refused, match="bob holds it now, by attempt 2"):
        story.tell(Complete(3603.0, "1", 1, "ann"))


def test_a_silent_worker_loses_its_claim_before_the_limit_and_nothing_escalates() -> None:
    story = Story(spec(task("1", effort=1800)))
    story.tell(Claim(0.0, "1", "ann", lease=60.0))
    assert kinds(story.tell(ExpireLeases(4000.0))) == ["AttemptLost"]  # the lease ended first, whoever looked when
    assert story.state.tasks["1"].tier == 3


def test_a_task_for_people_alone_has_all_the_time_they_need() -> None:
    story = Story(spec(TaskSpec("1", "Task 1", 3, effort=10, human=True)))
    story.tell(Claim(0.0, "1", "ann", lease=9000.0))
    assert story.tell(ExpireLeases(8999.0)) == []


def test_claims_that_end_together_exhaust_a_budget_together() -> None:
    run = dataclasses.replace(spec(task("1", effort=None), task("2", effort=None)), budget=Budget(hours=1.5))
    story = Story(run)
    story.tell(Claim(0.0, "1", "ann", lease=3600.0), Claim(0.0, "2", "bob", lease=3600.0))
    ended = story.tell(ExpireLeases(3600.0))  # an hour each, of one and a half
    assert kinds(ended) == ["AttemptLost", "AttemptLost", "BudgetExhausted"]


def test_a_tier_that_has_spent_its_budget_passes_its_tasks_on_where_the_policy_says_so() -> None:
    for escalate in (False, True):
        tiers = (*TIERS[:2], dataclasses.replace(TIERS[2], budget=Budget(tokens=5, escalate=escalate)))
        story = Story(spec(task("1"), task("2"), tiers=tiers))
        story.tell(Claim(0.0, "1", "w"), Complete(1.0, "1", 1, "w", {"tokens": 6}))
        assert outcome(story.state, 1.0) is (Outcome.ACTIVE if escalate else Outcome.WAITING)
        moved = story.tell(ExpireLeases(2.0))
        if not escalate:
            assert moved == []
            continue
        assert moved == [ev.TaskEscalated(2.0, "2", 3, 2, "the tokens budget of Tier 3 is spent", 0.0)]
        assert [record.spec.id for record in startable(story.state, 2.0)] == ["2"]


def test_why_a_completion_was_refused_is_kept_and_changes_nothing() -> None:
    story = Story(spec(task("1")))
    story.tell(Claim(0.0, "1", "ann", lease=60.0))
    evidence = {"verify": [{"command": "pytest", "exit_code": 1}]}
    refused = story.tell(RefuseCompletion(1.0, "1", 1, "ann", "`pytest` failed", evidence))
    assert refused == [ev.CompletionRefused(1.0, "1", 1, "ann", "`pytest` failed", evidence)]
    assert kinds(story.tell(Complete(2.0, "1", 1, "ann"))) == ["TaskCompleted", "RunFinished"]


def test_a_report_on_a_finished_task_is_told_who_finished_it() -> None:
    story = Story(spec(task("1")))
    story.tell(Claim(0.0, "1", "ann"), Complete(1.0, "1", 1, "ann"))
    with pytest.raises(Refused, match="does not hold task 1 any more: it is done, by ann"):
        story.tell(Heartbeat(2.0, "1", 1, 60.0))
    with pytest.raises(Refused, match="nobody has made an attempt 2 at task 1: it is done, by ann"):
        story.tell(Heartbeat(2.0, "1", 2, 60.0))


def test_who_reports_by_a_number_that_nobody_has_is_told_who_holds_the_task_and_what_to_do() -> None:
    story = Story(spec(task("1")))
    story.tell(Claim(0.0, "1", "ada"))
    with pytest.raises(
        Refused, match="nobody has made an attempt 2 at task 1: ada holds it now, by attempt 1"
    ) as caught:
        story.tell(Complete(1.0, "1", 2, "bob"))
    assert caught.value.remedy == "report as attempt 1 if you are ada; else take another task that can start"


def test_a_held_task_is_not_given_to_another() -> None:
    story = Story(spec(task("1")))
    story.tell(Claim(0.0, "1", "ann"))
    with pytest.raises(Refused, match="held by ann"):
        story.tell(Claim(1.0, "1", "bob"))


def test_blocking_ends_the_attempt() -> None:
    story = Story(spec(task("1"), task("2", "1")))
    story.tell(Claim(0.0, "1", "w"), Block(1.0, "1", "needs a decision", "ann"))
    assert story.state.running[3] == 0
    with pytest.raises(Refused, match="is blocked: needs a decision"):
        story.tell(Claim(2.0, "1", "w"))
    with pytest.raises(Refused, match="not blocked"):
        story.tell(Unblock(3.0, "2", "ann"))
    assert story.tell(Block(3.0, "1", "again", "ann")) == []


def test_the_last_task_ends_the_run_and_reopening_one_takes_that_back() -> None:
    story = Story(spec(task("1"), task("2", "1")))
    story.tell(MarkDone(1.0, "1", "me"))
    assert kinds(story.tell(MarkDone(2.0, "2", "me"))) == ["TaskCompleted", "RunFinished"]
    assert story.tell(MarkDone(3.0, "2", "me")) == []
    story.tell(Reopen(4.0, "1", "ann", "the spec changed"))
    assert not story.state.finished
    assert kinds(story.tell(MarkDone(5.0, "1", "me"))) == ["TaskCompleted", "RunFinished"]


def test_a_finished_run_whose_plan_gains_nothing_new_stays_finished_when_it_was() -> None:
    story = Story(spec(task("1"), task("2", "1"), gates=[gate("A", "2", criteria=())]))
    story.tell(MarkDone(1.0, "1", "me"), MarkDone(2.0, "2", "me"))
    reworded = dataclasses.replace(task("1"), digest="another text")
    for at, edited in ((3.0, spec(reworded, task("2", "1"))), (4.0, spec(reworded))):
        assert kinds(story.tell(Revise(at, edited), Settle(at))) == ["PlanRevised"]
        assert story.state.finished_at == 2.0
        assert "after the run had finished" in event_line(story.events[-1], story.state)
    more = spec(reworded, task("3"))
    assert kinds(story.tell(Revise(5.0, more), Settle(5.0))) == ["PlanRevised"]
    assert not story.state.finished
    assert "going on with its new text" in event_line(story.events[-1], story.state)
    assert kinds(story.tell(MarkDone(6.0, "3", "me")))[-1] == "RunFinished"
    assert kinds(story.tell(Revise(7.0, spec(reworded, task("3"), gates=[gate("B", "3", criteria=["ok"])])))) == [
        "PlanRevised"
    ]
    assert not story.state.finished


def test_unknown_names_are_told_with_the_nearest_known_one() -> None:
    story = Story(spec(task("1.1"), gates=[gate("A", "1.1")]))
    with pytest.raises(UnknownName) as caught:
        story.tell(Claim(0.0, "1.l", "w"))
    assert caught.value.remedy == "did you mean 1.1?"
    with pytest.raises(UnknownName, match="no checkpoint Z"):
        story.tell(Approve(0.0, "Z", "ann"))
    story.tell(MarkDone(1.0, "1.1", "me"))
    with pytest.raises(UnknownName, match="no criterion 2"):
        story.tell(RecordCriterion(2.0, "A", 1, True, "s"))


def test_an_edited_plan_keeps_what_is_known_of_the_tasks_that_stay() -> None:
    story = Story(spec(task("1"), task("2", "1"), task("3")))
    story.tell(MarkDone(1.0, "1", "me"), Claim(2.0, "3", "w"))
    edited = spec(task("1"), task("2", "1"), task("4", "2"))
    assert kinds(story.tell(Revise(3.0, edited))) == ["PlanRevised"]
    assert story.tell(Revise(4.0, edited)) == []
    assert story.state.tasks["1"].status is TaskStatus.DONE
    assert story.state.tasks["3"].retired  # it runs, so its end is waited for, but it counts for nothing
    story.tell(Fail(5.0, "3", 1, "nobody wants me"))
    assert list(story.state.tasks) == ["1", "2", "4"]
    assert kinds(story.tell(MarkDone(6.0, "2", "me"), MarkDone(7.0, "4", "me")))[-1] == "RunFinished"


def test_a_task_that_comes_back_is_the_one_it_was_and_another_of_its_name_is_not() -> None:
    again = TaskSpec("1", "Task 1", 3, digest="another text", commands={3: "true"})
    story = Story(spec(task("1"), task("2")))
    story.tell(Claim(1.0, "1", "ann"), Complete(2.0, "1", 1, "ann"), Revise(3.0, spec(task("2"))))
    with pytest.raises(UnknownName, match="task 1 is no longer in the plan"):
        story.tell(Complete(4.0, "1", 1, "ann"))
    story.tell(Revise(5.0, spec(task("1"), task("2"))))
    assert story.state.tasks["1"].over
    story.tell(Revise(6.0, spec(task("2"))), Revise(7.0, spec(again, task("2"))))
    assert not story.state.tasks["1"].over
    story.tell(Claim(8.0, "1", "bob"))
    with pytest.raises(Refused, match="bob holds it now, by attempt 2"):  # what ann believes to hold was the other task
        story.tell(Complete(9.0, "1", 1, "ann"))


def test_dispatch_follows_the_order_of_urgency() -> None:
    urgent = TaskSpec("9", "Task 9", 3, order=1, commands={3: "true"})
    later = TaskSpec("1", "Task 1", 3, order=2, commands={3: "true"})
    assert [record.spec.id for record in startable(Story(spec(later, urgent)).state, 0.0)] == ["9", "1"]


def test_a_task_without_a_command_waits_for_somebody_to_claim_it() -> None:
    story = Story(spec(TaskSpec("1", "Task 1", 3)))
    assert startable(story.state, 0.0) == []
    assert outcome(story.state, 0.0) is Outcome.WAITING


def test_events_and_specifications_survive_json() -> None:
    story = Story(spec(task("1"), task("2", "1"), gates=[gate("A", "1", criteria=["$ true", "ok"])]))
    story.tell(Claim(1.0, "1", "w"), Fail(2.0, "1", 1, "no", {"exit_code": 1}))
    story.tell(Claim(3.0, "1", "w"), Complete(4.0, "1", 2, "w", {"exit_code": 0}))
    for event in story.events:
        payload = json.loads(json.dumps(ev.to_payload(event)))
        again = ev.from_payload(type(event).__name__, payload)
        assert json.loads(json.dumps(ev.to_payload(again))) == payload
    stored = json.loads(json.dumps(story.state.spec.to_payload()))
    assert RunSpec.from_payload(stored) == story.state.spec


def test_every_event_type_is_known_and_can_be_folded() -> None:
    from milepost.execution.evolution import _EVOLVE

    assert set(_EVOLVE) == set(ev.EVENTS.values())
    assert set(ev.EVENTS) == {kind.__name__ for kind in ev.Event.__subclasses__()}
    assert fold([]).version == 0
