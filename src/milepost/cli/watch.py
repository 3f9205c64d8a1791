"""Doing something again whenever files change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

POLL_SECONDS = 0.4
"""Between two looks at the files; a change is acted on when one look later nothing more has changed."""

Snapshot = Mapping[str, tuple[int, int]]


def watch(look: Callable[[], Snapshot], act: Callable[[list[str]], None], wait: Callable[[], None]) -> None:
    """Act now, and again with the changed names whenever what ``look`` sees has changed and come to rest.

    Ends only by an exception, such as ``KeyboardInterrupt``.
    """
    acted_on = look()
    act([])
    seen = acted_on
    while True:
        wait()
        now = look()
        if now == seen != acted_on:
            changed = sorted(name for name in {*now, *acted_on} if now.get(name) != acted_on.get(name))
            acted_on = now
            act(changed)
        seen = now


def pause() -> None:
    """Sleep until the next look."""
    from time import sleep

    sleep(POLL_SECONDS)
