"""What coding agents print, made readable. The samples are written in the form in which each program prints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from milepost.adapters.agent_transcripts import READ, Transcript


def lines(*events: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events).encode()


def read(agent: str, printed: bytes, size: int = 1 << 16) -> str:
    """The readable form of what was printed, which comes in pieces of a size."""
    transcript = Transcript(agent)
    pieces = [transcript.feed(printed[at : at + size]) for at in range(0, len(printed), size)]
    return b"".join([*pieces, transcript.end()]).decode()


def of_claude(*parts: dict[str, Any], kind: str = "assistant") -> dict[str, Any]:
    return {"type": kind, "message": {"role": kind, "content": list(parts)}, "session_id": "s-1"}


CLAUDE = lines(
    {"type": "system", "subtype": "init", "session_id": "s-1", "model": "opus", "tools": ["Bash"]},
    of_claude({"type": "thinking", "thinking": "A letter…\n\nis short."}),
    of_claude(
        {"type": "text", "text": "I write it."}, {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}
    ),
    of_claude({"type": "tool_result", "content": "a\nb", "is_error": False}, kind="user"),
    of_claude({"type": "tool_use", "name": "Read", "input": {"file_path": "c", "limit": 3}}),
    of_claude({"type": "tool_result", "content": [{"type": "text", "text": "no c"}], "is_error": True}, kind="user"),
    of_claude({"type": "text", "text": "Done."}),
    {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "result": "Done.",
        "num_turns": 3,
        "duration_ms": 2198,
        "total_cost_usd": 0.0125,
    },
)
CLAUDE_READ = """\
session s-1 (opus)
· A letter…
· is short.
I write it.
→ Bash: ls
  a
  b
→ Read: c
  failed
  no c
Done.
ended: success, 3 turns, 2.2s, $0.0125
"""
COMMAND = {"id": "1", "type": "command_execution", "command": "make", "status": "in_progress", "aggregated_output": ""}
CODEX = lines(
    {"type": "thread.started", "thread_id": "t-1"},
    {"type": "turn.started"},
    {"type": "item.completed", "item": {"id": "0", "type": "reasoning", "text": "Hm."}},
    {"type": "item.started", "item": COMMAND},
    {"type": "item.completed", "item": {**COMMAND, "aggregated_output": "no rule\n", "exit_code": 2}},
    {
        "type": "item.completed",
        "item": {
            "id": "2",
            "type": "file_change",
            "changes": [{"path": "a", "kind": "add"}, {"path": "b", "kind": "update"}],
        },
    },
    {"type": "item.started", "item": {"id": "3", "type": "todo_list", "items": [{"text": "x", "completed": True}]}},
    {"type": "item.completed", "item": {"id": "4", "type": "agent_message", "text": "Done."}},
    {"type": "turn.completed", "usage": {"input_tokens": 2000, "cached_input_tokens": 0, "output_tokens": 100}},
)
CODEX_READ = """\
session t-1
· Hm.
→ command: make
  exit code 2
  no rule
→ change: add a, update b
  [x] x
Done.
ended: 2,000 tokens read, 100 written
"""
GEMINI = lines(
    {"type": "init", "session_id": "g-1", "model": "flash"},
    {"type": "message", "role": "user", "content": "Write it."},
    {"type": "message", "role": "assistant", "content": "Let me ", "delta": True},
    {"type": "message", "role": "assistant", "content": "look.", "delta": True},
    {"type": "tool_use", "tool_name": "read_file", "tool_id": "1", "parameters": {"limit": 3}},
    {"type": "tool_result", "tool_id": "1", "status": "error", "error": {"type": "x", "message": "no path"}},
    {"type": "message", "role": "assistant", "content": "Done.", "delta": True},
    {"type": "result", "status": "success", "stats": {"total_tokens": 2100, "duration_ms": 374}},
)
GEMINI_READ = """\
session g-1 (flash)
  asked:
  Write it.
Let me look.
→ read_file: {"limit": 3}
  no path
Done.
ended: success, 0.4s, 2,100 tokens
"""
OPENCODE = lines(
    {"type": "step_start", "sessionID": "o", "part": {"type": "step-start"}},
    {
        "type": "tool_use",
        "part": {"tool": "bash", "state": {"status": "completed", "input": {"command": "ls"}, "output": "a\n"}},
    },
    {
        "type": "tool_use",
        "part": {"tool": "edit", "state": {"status": "error", "input": {"filePath": "a"}, "error": "no a"}},
    },
    {"type": "step_finish", "part": {"type": "step-finish", "cost": 0.5}},
    {"type": "text", "part": {"type": "text", "text": "Done."}},
    {"type": "error", "error": {"name": "UnknownError", "data": {"message": "server error"}}},
)
OPENCODE_READ = """\
→ bash: ls
  a
→ edit: a
  no a
Done.
error: server error
"""
SAMPLES = [
    ("claude", CLAUDE, CLAUDE_READ),
    ("codex", CODEX, CODEX_READ),
    ("gemini", GEMINI, GEMINI_READ),
    ("opencode", OPENCODE, OPENCODE_READ),
]


@pytest.mark.parametrize(("agent", "printed", "expected"), SAMPLES, ids=[agent for agent, *_ in SAMPLES])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_what_was_said_and_called_and_what_came_of_it(agent: str, printed: bytes, expected: str, size: int) -> None:
    assert read(agent, printed, size) == expected


@pytest.mark.parametrize("agent", READ)
def test_what_is_not_understood_is_passed_on_untouched(agent: str) -> None:
    odd = b'plain \x1b[31mred\x1b[0m\n{"type": "novelty"}\n{broken\n[1]\n{"type": "item.completed", "item": null}\n\xff\xfe\n'
    assert Transcript(agent).feed(odd) == odd
    unended = Transcript(agent)
    assert (unended.feed(b'{"type": "novel'), unended.end()) == (b"", b'{"type": "novel')


def test_a_line_that_is_not_understood_stands_apart_from_what_is_said() -> None:
    said = {"type": "message", "role": "assistant", "content": "Let me", "delta": True}
    assert read("gemini", lines(said) + b"warning\n") == "Let me\nwarning\n"
    assert read("gemini", lines(said, {"type": "tool_use"})) == 'Let me\n{"type": "tool_use"}\n'
    assert read("gemini", lines(said)) == "Let me\n"


def test_a_long_result_is_cut_and_what_the_agent_says_is_not() -> None:
    found = "\n".join(map(str, range(20)))
    printed = lines(
        of_claude({"type": "tool_result", "content": found}, kind="user"),
        of_claude({"type": "text", "text": found}),
        of_claude({"type": "tool_result", "content": "x" * 400}, kind="user"),
    )
    shown = read("claude", printed).split("\n")
    assert shown[11:14] == ["  11", "  … 8 more lines", "0"]  # twelve of twenty
    assert shown[32] == "19"
    assert shown[33] == "  " + "x" * 300 + "…"


def test_what_json_hides_from_the_terminal_stays_harmless() -> None:
    text = "a\x1b]0;title\x07b\x1b[2Jc\u202ed\ud800"
    assert (
        read("claude", json.dumps(of_claude({"type": "text", "text": text})).encode() + b"\n") == "a�]0;title�bc�d�\n"
    )


def test_an_answer_that_was_not_said_before_is_shown() -> None:
    ended = {"type": "result", "subtype": "success", "is_error": True, "result": "Not logged in"}
    assert read("claude", lines(ended)) == "Not logged in\nended: error\n"
    assert read("claude", lines({"type": "result", "subtype": "error_max_turns"})) == "ended: error max turns\n"
    retry = {"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "error": "overloaded"}
    assert read("claude", lines(retry)) == "no answer, try 1 of 10: overloaded\n"
