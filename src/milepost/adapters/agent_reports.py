"""What coding agents print, understood: their answer, what it cost, and the session to go on with.

Each prints lines of JSON (aider and Ollama: plain text) among others, which are passed over. Tokens are those
written and those read but for what came from a cache, which costs next to nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.adapters import shim
from milepost.adapters.run_folder import logs
from milepost.app.agent_presets import AgentTier
from milepost.execution.records import Attempt, TaskRecord

_MOST = 16_000_000
_LONGEST = 2000
_AIDER = re.compile(
    r"Tokens: (?P<sent>[\d.,]+k?) sent,.*?(?P<received>[\d.,]+k?) received\."
    r"(?: Cost: \$[\d.]+ message, \$(?P<cost>[\d.]+))?"
)
_OLLAMA = re.compile(r"^(?:prompt )?eval count:\s+(\d+) token", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(slots=True)
class AgentReport:
    """What an agent said of an attempt. ``cost`` in US dollars; None is what it does not tell."""

    answer: str = ""
    session: str = ""
    cost: float | None = None
    tokens: int | None = None
    error: str = ""

    def evidence(self) -> dict[str, object]:
        """What the ledger keeps of it."""
        told = {
            "report": self.answer.strip()[:_LONGEST],
            "session": self.session,
            "cost": self.cost,
            "tokens": self.tokens,
        }
        return {name: value for name, value in told.items() if value not in (None, "")}

    def count(self, *amounts: object) -> None:
        """Add tokens."""
        self.tokens = (self.tokens or 0) + sum(int(one) for one in amounts if isinstance(one, (int, float)))


def agent_report(agent: AgentTier | None, folder: Path) -> AgentReport:
    """What an agent printed into the log of a command's folder; nothing where none was at work."""
    return AgentReport() if agent is None else read_output(agent.preset.name, _text(folder))


def read_output(agent: str, text: str) -> AgentReport:
    """What the agent of a name says in its output."""
    report = AgentReport()
    if agent in _EVENTS:
        for event in _json_lines(text):
            try:
                _EVENTS[agent](report, event)
            except (AttributeError, KeyError, TypeError, ValueError):
                continue  # another version of the program: what is not understood is not told
    elif agent in _TEXTS:
        _TEXTS[agent](report, _CONTROL.sub("", text))
    return report


def _text(folder: Path) -> str:
    """The newest of a log."""
    pieces: list[bytes] = []
    left = _MOST
    for path in reversed(logs(folder / shim.OUTPUT)):
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - left))
                pieces.insert(0, file.read(left))
        except OSError:
            continue
        left = max(left - len(pieces[0]), 0)
    return b"".join(pieces).decode("utf-8", "replace")


def _json_lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):
        if line.startswith("{"):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event


def _claude(report: AgentReport, event: dict[str, Any]) -> None:
    if event["type"] == "system":
        report.session = event.get("session_id") or report.session
    if event["type"] != "result":
        return
    report.session = event.get("session_id") or report.session
    report.answer = str(event.get("result") or "")
    cost, usage = event.get("total_cost_usd"), event.get("usage") or {}
    report.cost = float(cost) if isinstance(cost, (int, float)) else None
    report.count(*(usage.get(f"{kind}_tokens") for kind in ("input", "cache_creation_input", "output")))
    if event.get("is_error") or event.get("subtype", "success") != "success":
        subtype = str(event.get("subtype", "error"))
        report.error = report.answer if subtype == "success" else subtype.replace("_", " ")


def _codex(report: AgentReport, event: dict[str, Any]) -> None:
    kind = event["type"]
    if kind == "thread.started":
        report.session = event["thread_id"]
    elif kind == "item.completed" and event["item"].get("type") == "agent_message":
        report.answer = event["item"]["text"]
    elif kind == "turn.completed":
        usage = event["usage"]
        report.count(usage["input_tokens"] - usage.get("cached_input_tokens", 0), usage["output_tokens"])
    elif kind == "turn.failed":
        report.error = event["error"]["message"]


def _gemini(report: AgentReport, event: dict[str, Any]) -> None:
    kind = event["type"]
    if kind == "init":
        report.session = event["session_id"]
    elif kind == "message" and event.get("role") == "assistant":
        report.answer = (report.answer if event.get("delta") else "") + event["content"]
    elif kind == "tool_use":
        report.answer = ""  # what was said before a tool was called was not the answer
    elif kind == "result":
        stats = event.get("stats") or {}
        report.count(stats.get("total_tokens"), -int(stats.get("cached") or 0))
        if event.get("status") not in (None, "success"):
            report.error = str((event.get("error") or {}).get("message") or event["status"])


def _opencode(report: AgentReport, event: dict[str, Any]) -> None:
    report.session = event.get("sessionID") or report.session
    part = event.get("part") or {}
    if event["type"] == "text":
        report.answer = part["text"]
        report.error = ""  # whatever went wrong before, it went on
    elif event["type"] == "step_finish":
        tokens = part.get("tokens") or {}
        written = (tokens.get("cache") or {}).get("write")
        report.count(tokens.get("input"), tokens.get("output"), tokens.get("reasoning"), written)
        report.cost = (report.cost or 0.0) + float(part.get("cost") or 0.0)
    elif event["type"] == "error":
        error = event["error"]
        report.error = str((error.get("data") or {}).get("message") or error.get("name"))


def _aider(report: AgentReport, text: str) -> None:
    for found in _AIDER.finditer(text):
        report.count(_thousands(found["sent"]), _thousands(found["received"]))
        report.cost = float(found["cost"]) if found["cost"] else report.cost
    report.answer = text[-_LONGEST:]


def _ollama(report: AgentReport, text: str) -> None:
    counts = _OLLAMA.findall(text)
    if counts:
        report.count(*map(int, counts))
    report.answer = text.partition("\ntotal duration:")[0]


def _thousands(text: str) -> float:
    number = text.replace(",", "")
    return float(number[:-1]) * 1000 if number.endswith("k") else float(number)


def session_to_resume(record: TaskRecord, attempt: Attempt, agent: AgentTier | None, own_folder: bool) -> str:
    """The session in which the attempt before failed, if the same agent can go on with it from here."""
    if agent is None or not agent.preset.resume or (own_folder and not agent.preset.portable):
        return ""
    before = next((one for one in record.attempts if one.no == attempt.no - 1), None)
    if before is None or before.tier != attempt.tier:
        return ""
    return str(before.evidence.get("session", ""))


_EVENTS: dict[str, Callable[[AgentReport, dict[str, Any]], None]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
_TEXTS: dict[str, Callable[[AgentReport, str], None]] = {"aider": _aider, "ollama": _ollama}
