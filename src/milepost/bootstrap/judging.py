"""Checkpoints judged by their commands on request, and people asked for their approval."""

from __future__ import annotations

from milepost.app.checkpoints import judge
from milepost.app.runs import RunSession
from milepost.app.trust import require_trusted
from milepost.bootstrap.projects import Project
from milepost.execution.commands import Command
from milepost.execution.events import Event
from milepost.execution.state import RunState


def judge_checkpoint(project: Project, session: RunSession, checkpoint: str, by: str) -> list[Event]:
    """Run the commands of a due checkpoint that have not passed, and record what each found.

    Raises:
        Refused: the checkpoint is not due, has passed, or the run's supervisor judges it.
        NotTrusted: nobody has allowed the commands on this machine.
        WorkerUnavailable: commands cannot be started here.
    """

    def evaluate(name: str) -> list[Command]:
        from milepost.adapters.judging import evaluate

        commands = [one.spec.command for one in session.state.checkpoints[name].criteria if one.spec.command]
        require_trusted(commands, project.settings.root, project.path)
        return evaluate(project.engine(session), name)

    if session.state.supervisor and not project.deserted(session.state):
        from milepost.errors import Refused

        raise Refused("a supervisor drives the run: it judges checkpoints by itself")
    return judge(session, checkpoint, by=by, now=project.now, evaluate=evaluate)


def ask_approval(project: Project, state: RunState, checkpoint: str, by: str) -> bool:
    """Have the configured command ask people for the approval of a checkpoint; gives whether there is one that does."""
    from milepost.adapters.notifying import notifications

    with notifications(project.settings, project.path, project.identity, state.run) as found:
        return found is not None and found.ask(project.now(), state, state.checkpoints[checkpoint], by)
