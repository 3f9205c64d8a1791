"""Checkpoints judged by their commands on request."""

from __future__ import annotations

from milepost.app.checkpoints import judge
from milepost.app.runs import RunSession
from milepost.app.trust import require_trusted
from milepost.bootstrap.projects import Project
from milepost.execution.commands import Command
from milepost.execution.events import Event


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
