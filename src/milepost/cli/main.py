"""The ``milepost`` command: a table of subcommands, each imported only when it is called."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from milepost import __version__
from milepost.errors import InputError, MilepostError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# section -> command -> one line of help; the module is milepost.cli.<name with _>, its click command `command`.
SECTIONS = {
    "Plans": {
        "init": "Write a new spec folder to start from.",
        "check": "Check every claim of a plan.",
        "explain": "Explain a rule.",
        "rules": "List all rules.",
        "fmt": "Bring plans to canonical form.",
        "convert": "Convert a plan into another dialect.",
        "trace": "Trace each requirement to its tasks and their state.",
    },
    "Time and cost": {
        "schedule": "Compute dates, floats, the critical path and a tiered schedule.",
        "assign": "Choose a tier for every task, by time and cost.",
        "forecast": "Forecast when a plan will end.",
        "what-if": "Compare a plan with a changed one.",
        "baseline": "Keep a schedule to measure progress against.",
    },
    "Runs": {
        "trust": "Allow a plan's commands to run on this machine.",
        "tiers": "Show the tiers, and test their agents.",
        "run": "Execute a plan on its tiers.",
        "status": "Show where a plan's run stands.",
        "pause": "Start nothing new until resumed.",
        "resume": "Let a paused run go on.",
        "cancel": "End a run before its end.",
        "budget": "Show or extend what a run may spend.",
    },
    "Tasks": {
        "next": "Show the tasks that can start now.",
        "claim": "Take a task.",
        "heartbeat": "Say that you are still at a claimed task.",
        "done": "Complete a claimed task.",
        "fail": "Report that a claimed task failed.",
        "block": "Mark a task as blocked, with a reason.",
        "unblock": "Let a blocked task go on.",
        "skip": "Decide that a task will not be done.",
        "reopen": "Have a finished task done again.",
    },
    "Checkpoints": {
        "approve": "Sign off a checkpoint.",
        "recheck": "Have the commands of a checkpoint judge again.",
        "reject": "Refuse a checkpoint.",
    },
    "Records": {
        "log": "Show what happened, or an attempt's output.",
        "report": "Report on a plan's run.",
        "sync": "Write the truth back into the plan.",
        "runs": "List the runs of a project.",
        "ledger": "Verify, export, import or back up the ledger.",
    },
    "People and agents": {
        "serve": "Serve plans as web pages and an HTTP API.",
        "token": "Make, list and revoke tokens for the HTTP API.",
        "mcp": "Serve plans as tools for agents.",
        "agents": "Set up coding agents to work on plans.",
    },
    "Many machines": {
        "worker": "Take tasks of a Temporal server's runs.",
        "workers": "List the workers that serve a project's tiers.",
        "temporal": "Start a Temporal server on this machine.",
    },
    "Housekeeping": {
        "doctor": "Look whether everything is in order.",
        "gc": "Clear away what finished runs left on disk.",
        "clean": "Delete the branches of attempts that were merged.",
        "git": "Have git merge plans without conflicts.",
        "merge-driver": "Merge two versions of a plan (called by git).",
        "completion": "Print a script that completes commands in your shell.",
    },
}

COMMANDS = {name: about for section in SECTIONS.values() for name, about in section.items()}


class LazyGroup(click.Group):
    """A group that knows its commands' help lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"milepost.cli.{cmd_name}".replace("-", "_"))
        command: click.Command = module.command
        command.name = cmd_name
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table by section, importing none."""
        widest = max(map(len, COMMANDS))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), about) for name, about in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the table, importing none."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem

        return [CompletionItem(name, help=about) for name, about in COMMANDS.items() if name.startswith(incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else " `milepost --help` lists them."
            ctx.fail(f"There is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 findings or unfinished, 2 wrong usage, 3 unreadable input.",
)
@click.version_option(__version__, "-V", "--version", prog_name="milepost", message="%(prog)s %(version)s")
def group() -> None:
    """Makes a Markdown implementation plan run.

    Read it, check every claim in it, schedule it, execute it on tiers of workers, hold it at its checkpoints,
    and write the truth back.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    # A plan is many small objects that live to the end: looking for garbage among them is a quarter of the time.
    gc.set_threshold(200_000, 50, 100)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding has no sign for is written as \\uNNNN
            with contextlib.suppress(OSError):  # what it holds already cannot be written: whoever writes next hears it
                stream.reconfigure(errors="backslashreplace")
    code = run(args)
    if (
        "temporalio" in sys.modules
    ):  # its threads may be on their way into Python: met by its end they abort the process
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    gc.freeze()  # the interpreter would search all that is left for garbage once more, before it throws it away
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command and give its exit code; no exception of Milepost's own escapes."""
    try:
        result: Any = group.main(args=args, prog_name="milepost", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except MilepostError as error:
        _tell(error, args)
        return exit_code(error)
    except BrokenPipeError as error:
        # The reader of our output went away (`| head`); python would complain once more at exit.
        if not _output_is_cut_off():
            _tell(MilepostError(f"another process went away: {error.strerror or error}"), args)
        sys.stdout = None
        return 1
    except OSError as error:
        # Of a file on the way somebody has told more by now; what is left is a disk that is full, or our own output.
        place = str(error.filename or ("" if _output_can_be_written() else "standard output"))
        _tell(MilepostError(error.strerror or str(error), place=place), args)
        if not _output_can_be_written():
            sys.stdout = None  # python would try once more at exit, and change the exit code
        return 1
    return result if isinstance(result, int) else 0


def _output_is_cut_off() -> bool:
    """Whether nobody reads any more what we print: of that nobody needs to be told, of any other pipe somebody does."""
    import select

    watched = select.poll()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            watched.register(stream.fileno(), 0)
    return any(happened & select.POLLERR for _, happened in watched.poll(0))


def _output_can_be_written() -> bool:
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _tell(error: MilepostError, args: list[str] | None) -> None:
    """Print an error, and where JSON was asked for an object that says the same."""
    from milepost.cli.text import say

    with contextlib.suppress(OSError):
        say(describe(error), err=True)
    if "--json" in (sys.argv[1:] if args is None else args):
        from milepost.cli.options import say_json

        told = {"code": error.code, "message": str(error), "place": error.place, "remedy": error.remedy}
        with contextlib.suppress(OSError):
            say_json({"error": told})


def exit_code(error: MilepostError) -> int:
    """The exit code of an error: 2 usage, 3 unreadable input, else 1."""
    if isinstance(error, UsageError):
        return 2
    return 3 if isinstance(error, InputError) else 1


def describe(error: MilepostError) -> str:
    """Say in up to three lines what went wrong, where, and what to do."""
    from milepost.cli.text import printable

    lines = [f"error[{error.code}]: {error}"]
    if error.place:
        lines.append(f"  --> {error.place}")
    if error.remedy:
        lines.append(f"  help: {error.remedy}")
    return printable("\n".join(lines))
