"""A run told to the command that the settings name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator

from milepost.adapters.notify_hook import NotifyHook
from milepost.adapters.surroundings import passed
from milepost.app.notifications import Notifications
from milepost.app.settings import Settings
from milepost.execution.events import Event
from milepost.execution.state import RunState

Hear = Callable[[Event, RunState, str], None]
"""Hears of an event, with the state after it and a line on it."""


@contextlib.contextmanager
def notifying(settings: Settings, path: str, identity: str, run: str, besides: Collection[str]) -> Iterator[Hear]:
    """Tell of the run of the plan at a path, if there is a command to tell; of no approval of those in ``besides``."""
    with notifications(settings, path, identity, run, besides) as found:
        yield found.see if found else lambda event, state, message: None


@contextlib.contextmanager
def notifications(
    settings: Settings, path: str, identity: str, run: str, besides: Collection[str] = ()
) -> Iterator[Notifications | None]:
    """What tells the configured command of a run; None where there is none."""
    notify = settings.notify
    if notify is None:
        yield None
        return
    env = {**passed(os.environ, settings.env_pass), "MILEPOST_PLAN": path, "MILEPOST_RUN": run}
    log = str(settings.root / ".milepost" / "notify.log")
    hook = NotifyHook(notify.command, notify.time_limit, env=env, cwd=str(settings.root), log=log)
    try:
        yield Notifications(notify, identity, hook.send, besides)
    finally:
        hook.close()
