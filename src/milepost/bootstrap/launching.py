"""Runs started on somebody's behalf, driven by a process of their own."""

from __future__ import annotations

from milepost.adapters.supervisors import has_died
from milepost.app.runs import RunSession, require_runnable
from milepost.app.trust import commands_of, require_trusted
from milepost.bootstrap.ledgers import run_folder
from milepost.bootstrap.projects import Project


def launch(project: Project, by: str, *, new: bool = False) -> RunSession:
    """Begin a plan's run, or go on with it, and have a process drive it that outlives this one.

    One that a living process drives already is left to it.

    Raises:
        PlanInvalid: the plan has errors.
        NotTrusted: it has commands that nobody on this machine has allowed.
        Refused: another plan stood here, or this one was moved.
        WorkerUnavailable: the process cannot be started, or ended at once.
    """
    from milepost.adapters.detached_run import start_run

    settings = project.settings
    capacities = {rank: tier.capacity for rank, tier in settings.tiers.items()} if settings.path else None
    require_runnable(project.plan, capacities)
    require_trusted(commands_of(project.spec, settings), settings.root, project.path)
    session = project.open_run(by, new=new)
    state = session.state
    if state.finished or (state.supervisor and not has_died(state.supervisor)):
        return session
    before = state.version

    def joined() -> bool:
        session.refresh()
        now = session.state
        return now.finished or (now.version > before and bool(now.supervisor) and not has_died(now.supervisor))

    start_run(project.path, by, run_folder(settings.root, session.stream) / "supervisor.log", joined)
    return session
