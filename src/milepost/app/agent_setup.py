"""Instructions and client configuration for coding agents, put into what a project has already."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milepost.app.documents import read_document, replace_file, unified_diff
from milepost.errors import InputError, PlanUnreadable
from milepost.source import SourceText

if TYPE_CHECKING:
    from milepost.app.settings import Settings

BEGIN = "<!-- milepost:begin -->"
END = "<!-- milepost:end -->"
INSTRUCTIONS = "AGENTS.md"

_SECTION = """\
{begin}
## Milepost

The plans in this project are run by Milepost. Its tools are offered over MCP (server `milepost`); without MCP the same
is done by `milepost next`, `claim`, `heartbeat`, `done`, `fail` and `block`.

1. `next_tasks` shows what can start; `claim_task` gives you a task: keep its `attempt_no`.
2. `get_brief` has everything about it. Do that task and nothing else; stay within the files it names.
3. While you work, `heartbeat` before your lease ends. If it is refused, the task is not yours any more: stop.
4. `complete_task` runs the task's verification; when that fails, put it right and call again.
5. If you cannot do it: `fail_task` with what you tried (`escalate` for a stronger worker), or `block_task` when a
   person has to decide something.
6. Never tick boxes in a plan yourself, never sign off a checkpoint; change plans with `edit_plan`.
{end}
"""


@dataclass(frozen=True, slots=True)
class Client:
    """A program that runs agents: where its project configuration is, under which key servers stand there.

    ``mention`` is how it is told to take a variable of its own (``%s``) for a server, ``env_key`` where. ``kind`` is
    what it calls a server that it starts, where it wants that said; ``one_list``: the program and its arguments stand
    in one list.
    """

    name: str
    title: str
    path: str
    key: str
    mention: str
    kind: str = ""
    one_list: bool = False
    env_key: str = "env"


CLIENTS = {
    client.name: client
    for client in (
        Client("claude", "Claude Code", ".mcp.json", "mcpServers", "${%s:-}"),
        Client("cursor", "Cursor", ".cursor/mcp.json", "mcpServers", "${env:%s}"),
        Client("vscode", "VS Code", ".vscode/mcp.json", "servers", "${env:%s}", "stdio"),
        Client("gemini", "Gemini CLI", ".gemini/settings.json", "mcpServers", "${%s}"),
        Client("opencode", "opencode", "opencode.json", "mcp", "{env:%s}", "local", True, "environment"),
    )
}

CODEX = "codex"
"""Codex has no configuration for a project; what belongs into the user's is shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file before (None: there is none) and after."""

    path: str
    before: SourceText | None
    after: SourceText

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before is None or self.before.text != self.after.text

    @property
    def diff(self) -> str:
        """The change as ``diff -u`` shows it."""
        return unified_diff(self.before or SourceText("", path=self.path), self.after)


def variables_of(settings: Settings) -> tuple[str, ...]:
    """The variables that settings refer to and a server needs: that of the ledger, those of secrets of tiers."""
    references = [settings.ledger, *(each for tier in settings.tiers.values() for each in tier.secret_env.values())]
    return tuple(dict.fromkeys(str(each[4:]) for each in references if each.startswith("env:")))


def prepare(root: str, clients: Sequence[str], command: Sequence[str], variables: Sequence[str] = ()) -> list[Change]:
    """Work out the files of a project's folder that tell agents of Milepost; nothing is written.

    ``command`` starts the MCP server, ``variables`` are the names of those that it has to be handed.

    Raises:
        InputError: a configuration that is there cannot be read.
    """
    found = [_instructions(os.path.normpath(os.path.join(root, INSTRUCTIONS)))]
    return found + [_configuration(root, CLIENTS[name], command, variables) for name in clients if name in CLIENTS]


def write(changes: Sequence[Change]) -> None:
    """Write what changes.

    Raises:
        DocumentUnwritable: a file cannot be written.
    """
    for change in changes:
        if change.changed:
            target = Path(change.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, change.after.to_bytes(), shown=change.path)


def codex_lines(command: Sequence[str], folder: str, variables: Sequence[str] = ()) -> str:
    """What belongs into the user's configuration of Codex."""
    program, *words = command
    return (
        "[mcp_servers.milepost]\n"
        f"command = {json.dumps(program)}\n"
        f"args = {json.dumps(list(words))}\n"
        f"cwd = {json.dumps(folder)}\n" + (f"env_vars = {json.dumps(list(variables))}\n" if variables else "")
    )


def _instructions(path: str) -> Change:
    """The file with instructions for agents, with our section between its marks; all else stays as it is."""
    before = _existing(path)
    source = before or SourceText("", path=path)
    newline = source.newline
    section = _SECTION.format(begin=BEGIN, end=END).replace("\n", newline)
    text = source.text
    start = text.find(BEGIN)
    end = text.find(END, start + 1)
    if start >= 0 and end >= 0:
        after = text[end + len(END) :]
        new = text[:start] + section.rstrip("\r\n") + after
    else:
        gap = "" if not text else newline if text.endswith(newline) else newline * 2
        new = text + gap + section
    return Change(path, before, source.with_text(new))


def _configuration(root: str, client: Client, command: Sequence[str], variables: Sequence[str]) -> Change:
    """A client's configuration with our server in it; all that is there stays, in its order."""
    path = os.path.normpath(os.path.join(root, client.path))
    before = _existing(path)
    data = _parsed(before) if before else {}
    program, *words = command
    entry: dict[str, Any] = {"type": client.kind} if client.kind else {}
    entry |= {"command": list(command)} if client.one_list else {"command": program, "args": list(words)}
    servers = data.setdefault(client.key, {})
    if not isinstance(servers, dict):
        raise InputError(f"`{client.key}` is no object", place=path, remedy="put it right, then try again")
    stated = servers.get("milepost")
    known = stated if isinstance(stated, Mapping) else {}
    given = known.get(client.env_key, {})
    if variables and isinstance(given, Mapping):
        entry[client.env_key] = {**{name: client.mention % name for name in variables}, **given}
    if known and all(known.get(key) == value for key, value in entry.items()) and before:
        return Change(path, before, before)
    servers["milepost"] = {**known, **entry}
    source = before or SourceText("", path=path)
    text = json.dumps(data, indent=_indent(source.text), ensure_ascii=False) + "\n"
    return Change(path, before, source.with_text(text.replace("\n", source.newline)))


def _indent(text: str) -> int | str:
    """How the lines of a JSON text are indented."""
    for line in text.split("\n"):
        blank = line[: len(line) - len(line.lstrip(" \t"))]
        if blank and line.strip():
            return "\t" if blank.startswith("\t") else len(blank)
    return 2


def _existing(path: str) -> SourceText | None:
    if not os.path.lexists(path):
        return None
    try:
        return read_document(path)
    except PlanUnreadable as error:
        if os.path.isfile(path) and not Path(path).read_bytes().strip():
            return SourceText("", path=path)
        raise InputError(str(error), place=path, remedy="move it away, or put it right") from None


def _parsed(source: SourceText) -> dict[str, Any]:
    if not source.text.strip():
        return {}
    try:
        data = json.loads(source.text)
    except ValueError as error:
        raise InputError(
            f"it is no plain JSON: {error}",
            place=source.path,
            remedy="a file with comments is left alone: add the server by hand, as `--dry-run` of another client shows",
        ) from None
    if not isinstance(data, dict):
        raise InputError("it is no JSON object", place=source.path, remedy="put it right, then try again")
    return data
