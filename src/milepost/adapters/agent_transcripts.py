"""What coding agents print, made readable: what they said, which tools they called, what came of it.

A line that is understood becomes some lines of text; any other is passed on as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_LINES, _WIDTH = 12, 300
"""How much is shown of what a tool gave; what the agent itself says is never cut."""

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TELLING = ("command", "file_path", "filePath", "path", "pattern", "query", "url", "prompt", "description")
"""What of a tool's input says most, the first that is there."""


class Transcript:
    """Makes readable what an agent prints, piece by piece as it comes."""

    def __init__(self, agent: str) -> None:
        """Read what the agent of a name prints (one of :data:`READ`)."""
        self._understand = READ[agent]
        self._rest = b""
        self._story = Story()

    def feed(self, piece: bytes) -> bytes:
        """The readable form of the lines that end in a piece; the beginning of one waits for its end."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        return b"".join(self._line(line + b"\n") for line in lines)

    def end(self) -> bytes:
        """What is left of a line that never ended."""
        rest, self._rest = self._rest, b""
        return self._line(rest) if rest else self._close()

    def _line(self, line: bytes) -> bytes:
        told = self._told(line) if line.startswith(b"{") else None
        if told is None:
            return self._close() + line
        text = _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("", "".join(told)))
        return text.encode("utf-8", "replace")

    def _told(self, line: bytes) -> list[str] | None:
        """What an event says; None where it is none that is understood."""
        open_before = self._story.open
        try:
            event = json.loads(line)
            found = self._understand(self._story, event)
            return None if found is None else list(found)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._story.open = open_before  # another version of the program: nothing of it was told
            return None

    def _close(self) -> bytes:
        return "".join(self._story.close()).encode()


class Story:
    """What was told: the last that was said, the calls that began, and whether the line of a speech is still open."""

    def __init__(self) -> None:
        self.said = ""
        self.begun: set[str] = set()
        self.open = False

    def close(self) -> Iterator[str]:
        """End the line that a piece of speech left open."""
        if self.open:
            self.open = False
            yield "\n"

    def say(self, text: str, *, goes_on: bool = False) -> Iterator[str]:
        """What the agent says, whole; with ``goes_on`` the next piece follows on the same line."""
        if not goes_on:
            yield from self.close()
            text = text.strip("\n")
        self.said = self.said + text if self.open else text
        if text:
            yield text if goes_on else f"{text}\n"
            self.open = goes_on and not text.endswith("\n")

    def note(self, text: str) -> Iterator[str]:
        """A line of our own."""
        yield from self.close()
        yield f"{' '.join(text.split())}\n"

    def think(self, text: str) -> Iterator[str]:
        """What the agent thinks."""
        yield from self.close()
        yield from (f"· {line}\n" for line in text.strip().split("\n") if line.strip())

    def call(self, tool: str, given: object) -> Iterator[str]:
        """That a tool is called."""
        yield from self.close()
        first, *more = _cut(_gist(given)).split("\n")
        yield f"→ {tool}: {first}\n" if first else f"→ {tool}\n"
        yield from (f"  {line}\n" for line in more)

    def result(self, text: object, failed: str = "") -> Iterator[str]:
        """What a tool gave; ``failed`` says how it went wrong."""
        yield from self.close()
        if failed:
            yield f"  {failed}\n"
        shown = _cut(_text(text))
        yield from (f"  {line}\n" for line in shown.split("\n") if shown)


Told = Iterator[str] | None


def _claude(story: Story, event: dict[str, Any]) -> Told:
    kind, part = event["type"], event.get("subtype")
    if kind == "system" and part == "init":
        return story.note(_session(event))
    if kind == "system" and part == "api_retry":
        return story.note(f"no answer, try {event['attempt']} of {event['max_retries']}: {event['error']}")
    if kind in ("assistant", "user"):
        content = event["message"]["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        known = all(each["type"] in _CLAUDE_PARTS for each in parts)
        return (text for each in parts for text in _CLAUDE_PARTS[each["type"]](story, each)) if known else None
    return _claude_end(story, event) if kind == "result" else None


def _claude_end(story: Story, event: dict[str, Any]) -> Iterator[str]:
    if event.get("result") and event["result"].strip() != story.said.strip():
        yield from story.say(event["result"])
    how = str(event["subtype"]).replace("_", " ")
    yield from story.note(_ended("error" if event.get("is_error") and how == "success" else how, event))


_CLAUDE_PARTS: dict[str, Callable[[Story, dict[str, Any]], Iterator[str]]] = {
    "text": lambda story, part: story.say(part["text"]),
    "thinking": lambda story, part: story.think(part["thinking"]),
    "tool_use": lambda story, part: story.call(part["name"], part["input"]),
    "tool_result": lambda story, part: story.result(part.get("content"), "failed" if part.get("is_error") else ""),
}


def _codex(story: Story, event: dict[str, Any]) -> Told:
    kind = event["type"]
    if kind.startswith("item."):
        return _codex_item(story, kind, event["item"])
    if kind == "turn.started":
        return iter(())
    if kind == "thread.started":
        return story.note(f"session {event['thread_id']}")
    if kind == "turn.completed":
        usage = event["usage"]
        return story.note(f"ended: {usage['input_tokens']:,} tokens read, {usage['output_tokens']:,} written")
    if kind == "turn.failed":
        return story.note(f"ended: {event['error']['message']}")
    return story.note(f"error: {event['message']}") if kind == "error" else None


def _codex_item(story: Story, kind: str, item: dict[str, Any]) -> Told:
    over = kind == "item.completed"
    match item["type"]:
        case "agent_message":
            return story.say(item["text"]) if over else iter(())
        case "reasoning":
            return story.think(item["text"]) if over else iter(())
        case "command_execution":
            code = item.get("exit_code")
            failed = f"exit code {code}" if code else ""
            return _codex_tool(story, over, item, "command", item["command"], (item.get("aggregated_output"), failed))
        case "mcp_tool_call":
            failed = str((item.get("error") or {}).get("message") or "")
            name = f"{item['server']}.{item['tool']}"
            return _codex_tool(story, over, item, name, item.get("arguments"), (item.get("result"), failed))
        case "file_change":
            changes = ", ".join(f"{each['kind']} {each['path']}" for each in item["changes"])
            failed = "failed" if item.get("status") == "failed" else ""
            return _codex_tool(story, over, item, "change", changes, ("", failed))
        case "web_search":
            return _codex_tool(story, over, item, "web search", item["query"], ("", ""))
        case "todo_list":
            boxes = "\n".join(f"[{'x' if each['completed'] else ' '}] {each['text']}" for each in item["items"])
            return iter(()) if over else story.result(boxes)
        case "error":
            return story.note(f"error: {item['message']}")
    return None


def _codex_tool(
    story: Story, over: bool, item: dict[str, Any], name: str, given: object, found: tuple[object, str]
) -> Iterator[str]:
    """A call of a tool: told when it begins, and what came of it when it is over."""
    if item.get("id") not in story.begun:
        yield from story.call(name, given)
    story.begun.add(item.get("id", ""))
    if over:
        yield from story.result(*found)


def _gemini(story: Story, event: dict[str, Any]) -> Told:
    match event["type"]:
        case "init":
            return story.note(_session(event))
        case "message" if event["role"] == "assistant":
            return story.say(event["content"], goes_on=bool(event.get("delta")))
        case "message":
            return story.result(event["content"], "asked:")
        case "tool_use":
            return story.call(event["tool_name"], event["parameters"])
        case "tool_result":
            why = (event.get("error") or {}).get("message") or event["status"]
            return story.result(event.get("output"), "" if event["status"] == "success" else str(why))
        case "error":
            return story.note(f"{event.get('severity', 'error')}: {event['message']}")
        case "result":
            why = f": {event['error']['message']}" if event.get("error") else ""
            return story.note(_ended(f"{event['status']}{why}", event.get("stats") or {}))
    return None


def _opencode(story: Story, event: dict[str, Any]) -> Told:
    part = event.get("part") or {}
    match event["type"]:
        case "text":
            return story.say(part["text"])
        case "reasoning":
            return story.think(part["text"])
        case "tool_use":
            return _opencode_tool(story, part["tool"], part["state"])
        case "step_start" | "step_finish":
            return iter(())
        case "error":
            error = event["error"]
            return story.note(f"error: {(error.get('data') or {}).get('message') or error['name']}")
    return None


def _opencode_tool(story: Story, tool: str, state: Mapping[str, Any]) -> Iterator[str]:
    yield from story.call(tool, state.get("input"))
    failed = str(state.get("error") or "failed") if state.get("status") == "error" else ""
    yield from story.result(state.get("output"), failed)


READ: dict[str, Callable[[Story, dict[str, Any]], Told]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
"""The agents whose lines are understood; others print plain text."""


def _session(event: Mapping[str, Any]) -> str:
    """With which session and model an agent works."""
    return f"session {event['session_id']}" + (f" ({event['model']})" if event.get("model") else "")


def _ended(how: str, facts: Mapping[str, Any]) -> str:
    """How an agent ended, and what is told of its work."""
    turns, took, tokens, cost = map(facts.get, ("num_turns", "duration_ms", "total_tokens", "total_cost_usd"))
    told = [
        how,
        f"{turns} {'turn' if turns == 1 else 'turns'}" if turns else "",
        f"{took / 1000:.1f}s" if took else "",
        f"{tokens:,} tokens" if tokens else "",
        f"${cost:.4g}" if cost else "",
    ]
    return f"ended: {', '.join(each for each in told if each)}"


def _gist(given: object) -> str:
    """What of a tool's input says most."""
    if isinstance(given, Mapping):
        for name in _TELLING:
            if isinstance(given.get(name), str) and given[name].strip():
                return str(given[name])
    return _text(given) if given else ""


def _text(found: object) -> str:
    """A tool's result as text: a string, parts of a message, or plain JSON."""
    if isinstance(found, Mapping) and isinstance(found.get("content"), list):
        found = found["content"]
    if isinstance(found, list) and all(isinstance(each, Mapping) and "type" in each for each in found):
        return "\n".join(str(each["text"]) if "text" in each else f"({each['type']})" for each in found)
    return found if isinstance(found, str) else "" if found is None else json.dumps(found, ensure_ascii=False)


def _cut(text: str) -> str:
    """The first lines of a text, and how many more there are."""
    lines = text.strip("\n").split("\n")
    shown = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in lines[:_LINES]]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"… {left} more {'line' if left == 1 else 'lines'}"] if left > 0 else [])])
