"""Which fact to assume next: what conflicts needed most, and lately (Moskewicz and others, 2001)."""

from __future__ import annotations

from milepost.schedule.clause_state import QUEUED, TAKEN, Queue, State
from milepost.schedule.compiling import lean

_HUGE = 1e100

_NEVER, _TAKEN = -1, -2


@lean
def _settle(queue: Queue, place: int) -> None:
    """Move a fact up until it is no heavier than the one above it."""
    heap, weights = queue.heap, queue.weights
    fact = heap[place]
    while place > 0:
        above = heap[(place - 1) >> 1]
        if weights[fact] <= weights[above]:
            break
        heap[place] = above
        queue.places[above] = place
        place = (place - 1) >> 1
    heap[place] = fact
    queue.places[fact] = place


@lean
def enqueue(state: State, queue: Queue, fact: int) -> None:
    """Put a fact into the queue."""
    place = state.now[QUEUED]
    state.now[QUEUED] = place + 1
    queue.heap[place] = fact
    _settle(queue, place)


@lean
def take(state: State, queue: Queue) -> int:
    """Take the heaviest fact; the queue must not be empty."""
    heap, weights, now = queue.heap, queue.weights, state.now
    heaviest = heap[0]
    now[QUEUED] -= 1
    count = now[QUEUED]
    if count:
        fact, place = heap[count], 0
        while 2 * place + 1 < count:
            below = 2 * place + 1
            if below + 1 < count and weights[heap[below + 1]] > weights[heap[below]]:
                below += 1
            if weights[heap[below]] <= weights[fact]:
                break
            heap[place] = heap[below]
            queue.places[heap[place]] = place
            place = below
        heap[place] = fact
        queue.places[fact] = place
    queue.places[heaviest] = _TAKEN
    queue.taken[now[TAKEN]] = heaviest
    now[TAKEN] += 1
    return int(heaviest)


@lean
def restore(state: State, queue: Queue, count: int) -> None:
    """Put back what was taken, but for the first ``count``."""
    while state.now[TAKEN] > count:
        state.now[TAKEN] -= 1
        enqueue(state, queue, queue.taken[state.now[TAKEN]])


@lean
def favour(state: State, queue: Queue, fact: int) -> None:
    """Make a fact heavier."""
    weights = queue.weights
    weights[fact] += weights[-1]
    if weights[fact] > _HUGE:
        for place in range(len(weights)):
            weights[place] /= _HUGE
    if queue.places[fact] >= 0:
        _settle(queue, queue.places[fact])
    elif queue.places[fact] == _NEVER:
        enqueue(state, queue, fact)


@lean
def fade(queue: Queue) -> None:
    """Make what conflicts needed so far count less, against what they will need."""
    queue.weights[-1] /= 0.95
