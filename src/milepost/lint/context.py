"""What rules look at: a plan and everything computed from it, each thing computed once and only when asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from milepost.errors import PlanInvalid
from milepost.plan.coverage import unread_tasks
from milepost.plan.model import (
    Checkpoint,
    Claim,
    ClaimKind,
    Dependency,
    DependencyOrigin,
    Observation,
    ObservationKind,
    Phase,
    Plan,
    Task,
    TaskState,
)
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.dependencies import unite
from milepost.schedule.network import Network, find_cycle
from milepost.source import Span

if TYPE_CHECKING:
    from milepost.spec.model import RequirementsDocument
    from milepost.spec.traceability import Matrix

STATED = frozenset({DependencyOrigin.GRAPH, DependencyOrigin.FIELD})
"""The dependencies somebody wrote down."""

MOST_CYCLES = 20
"""More circles than these are not looked for: the first few have to be repaired anyway."""


class Context:
    """One plan under examination."""

    def __init__(
        self,
        plan: Plan,
        *,
        capacities: Mapping[int, int] | None = None,
        requirements: Sequence[RequirementsDocument] = (),
        elsewhere: Callable[[str], str] = lambda task: "",
    ) -> None:
        """Examine a plan; ``capacities`` says how many tasks each configured tier runs at once.

        ``elsewhere`` names another plan that has a task of an id, or nothing.

        ``requirements`` are the documents beside the plan that state what its tasks refer to.

        None means that nobody configured tiers: then no tier is unknown and none is too small.
        """
        self.plan = plan
        self.requirements = requirements
        self.elsewhere = elsewhere
        self.capacities = capacities

    @cached_property
    def network(self) -> Network:
        """The leaf tasks and the dependencies the plan states between them, without checkpoints.

        The order that a plan without dependencies is read in is an assumption of ours: it accuses nobody. A plan
        whose numbers are beyond all measure has an empty network.
        """
        return self._network(STATED, gates=False)

    @cached_property
    def gated_network(self) -> Network:
        """The network in which checkpoints hold back what comes after them."""
        return self._network(STATED | {DependencyOrigin.CHECKPOINT}, gates=True)

    @cached_property
    def critical_path(self) -> CriticalPath | None:
        """Dates and floats without checkpoints; None without a network, or when it runs in a circle."""
        return _computed(self.network)

    @cached_property
    def gated_critical_path(self) -> CriticalPath | None:
        """Dates and floats with checkpoints; None without a network, or when it runs in a circle."""
        return _computed(self.gated_network)

    @cached_property
    def stated(self) -> tuple[Dependency, ...]:
        """The dependencies the plan states, spread over the parts of the tasks they name."""
        return unite(self.plan, origins=STATED) if self.plan.dependencies else ()

    @cached_property
    def cycles(self) -> tuple[tuple[Dependency, ...], ...]:
        """Circles of stated dependencies that share none, each starting at its first task in plan order."""
        if self._runs_forward or not find_cycle(self.network):
            return ()
        doubtful = {found.text for found in self.observations(ObservationKind.DUPLICATE_ID)}
        links = {
            (one.predecessor, one.successor): one
            for one in self.stated
            if one.predecessor not in doubtful and one.successor not in doubtful
        }
        cycles: list[tuple[Dependency, ...]] = []
        while len(cycles) < MOST_CYCLES and (names := find_cycle(_plain_network(self.network.ids, links))):
            ends = zip(names, [*names[1:], names[0]], strict=True)
            cycles.append(tuple(links.pop(pair) for pair in ends))
        return tuple(cycles)

    @cached_property
    def states(self) -> list[TaskState]:
        """The state of each required leaf task."""
        return [task.state for task in self.plan.required]

    @cached_property
    def unread(self) -> tuple[Span, ...]:
        """Lines that look like tasks and were not read: as long as there are some, nothing is complete."""
        return tuple(unread_tasks(self.plan))

    @cached_property
    def matrix(self) -> Matrix:
        """The plan's tasks joined with the requirements beside it; without rows when there are none."""
        from milepost.spec.traceability import trace

        return trace(self.plan, self.requirements)

    @cached_property
    def fully_estimated(self) -> bool:
        """Whether every required leaf task has an effort, so that sums and paths mean something."""
        return bool(self.plan.required) and all(task.effort for task in self.plan.required)

    @cached_property
    def tasks_are_named(self) -> bool:
        """Whether every required leaf task states an id of its own, so that it is clear what a task is."""
        return all(task.id_span for task in self.plan.required)

    def claims(self, kind: ClaimKind) -> list[Claim]:
        """The claims of a kind that speak of the whole plan and are filled in.

        Those at the head of a phase speak of the phase. Of several others only those above all tasks are meant.
        """
        found = [claim for claim in self.plan.claims if claim.kind is kind and not self._heads_a_phase(claim)]
        if len(found) > 1:
            starts = [phase.span.start for phase in self.plan.phases if not self.is_titled(phase)]
            starts += self._task_starts
            first = min(starts, default=0)
            found = [claim for claim in found if claim.span.start < first]
        return [claim for claim in found if not self.noticed(claim.value_span, ObservationKind.PLACEHOLDER)]

    def observations(self, kind: ObservationKind) -> Iterator[Observation]:
        """What the reader noticed, of one kind."""
        return (found for found in self.plan.observations if found.kind is kind)

    def noticed(self, span: Span, *kinds: ObservationKind) -> bool:
        """Say whether the reader noticed something of these kinds that touches the span."""
        return any(self._touches(span, kind) for kind in kinds)

    def is_titled(self, phase: Phase) -> bool:
        """Whether a phase is the whole plan under its own title: tasks stand there before any other heading."""
        return self.plan.title_span is not None and phase.heading_span.contains(self.plan.title_span.start)

    def owner(self, offset: int) -> Task | None:
        """The task whose block holds the offset: the innermost one."""
        index = bisect_right(self._task_starts, offset) - 1
        if index < 0:
            return None
        task = self.plan.tasks[index]
        return task if offset <= task.span.end else None

    @cached_property
    def numbered_checkpoints(self) -> list[Checkpoint]:
        """The checkpoints with a number in their name: surely meant as such, unlike a heading "Gate Status"."""
        return [one for one in self.plan.checkpoints if any(char.isdigit() for char in one.name)]

    def _heads_a_phase(self, claim: Claim) -> bool:
        """Whether tasks of the phase around a claim follow it, or the phase has none."""
        for phase in self.plan.phases:
            if phase.span.contains(claim.span.start) and not self.is_titled(phase):
                index = bisect_right(self._task_starts, claim.span.start)
                return not phase.tasks or (index < len(self._task_starts) and self._task_starts[index] < phase.span.end)
        return False

    @property
    def _runs_forward(self) -> bool:
        """Whether tasks wait only for tasks above them: then nothing runs in a circle, whatever the network is."""
        places: dict[str, int] = {}
        for place, task in enumerate(self.plan.leaves):
            places.setdefault(task.id, place)
        last = len(places)
        return all(
            places.get(link.predecessor, last) < places.get(link.successor, -1) for link in self.plan.dependencies
        )

    def _network(self, origins: frozenset[DependencyOrigin], *, gates: bool) -> Network:
        try:
            return Network.from_plan(self.plan, gates=gates, origins=origins)
        except PlanInvalid:
            return Network.from_links([], [], [])

    def _touches(self, span: Span, kind: ObservationKind) -> bool:
        spans = self._noticed.get(kind, [])
        index = bisect_right(spans, span.end, key=lambda found: found.start)
        return index > 0 and spans[index - 1].end >= span.start

    @cached_property
    def _noticed(self) -> dict[ObservationKind, list[Span]]:
        spans: dict[ObservationKind, list[Span]] = {}
        for found in self.plan.observations:
            spans.setdefault(found.kind, []).append(found.span)
        return {kind: sorted(found) for kind, found in spans.items()}

    @cached_property
    def _task_starts(self) -> list[int]:
        return [task.span.start for task in self.plan.tasks]


def _computed(network: Network) -> CriticalPath | None:
    return compute(network) if len(network) and not find_cycle(network) else None


def _plain_network(ids: Sequence[str], links: Mapping[tuple[str, str], Dependency]) -> Network:
    number = {name: place for place, name in enumerate(ids)}
    return Network.from_links(
        ids, [0] * len(ids), [(number[one], number[other]) for one, other in links if {one, other} <= number.keys()]
    )
