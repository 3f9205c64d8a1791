"""What coding agents print, understood. The samples are written in the form in which each program prints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from milepost.adapters.agent_reports import AgentReport, read_output
from milepost.app.agent_presets import AGENTS


def lines(*events: dict[str, Any]) -> str:
    """Events among other output, as a log holds them."""
    return "warning: something\n" + "\n".join(json.dumps(event) for event in events) + "\n{broken\n[1]\n"


def test_claude() -> None:
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 90_000,
        "output_tokens": 50,
    }
    result = {"type": "result", "subtype": "success", "is_error": False, "result": "Done.\nAll of it."}
    text = lines(
        {"type": "system", "subtype": "init", "session_id": "s-1"},
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "Working"}]}, "session_id": "s-1"},
        {**result, "session_id": "s-1", "total_cost_usd": 0.25, "usage": usage},
    )
    # 10 + 200 + 50: what came from the cache is not counted
    assert read_output("claude", text) == AgentReport("Done.\nAll of it.", "s-1", 0.25, 260)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"subtype": "success", "is_error": True, "result": "Not logged in"}, "Not logged in"),
        ({"subtype": "error_max_budget_usd", "is_error": True}, "error max budget usd"),
    ],
)
def test_claude_fails(event: dict[str, Any], error: str) -> None:
    report = read_output("claude", lines({"type": "result", "session_id": "s", "total_cost_usd": 0, **event}))
    assert (report.error, report.session, report.cost) == (error, "s", 0.0)


def test_codex() -> None:
    text = lines(
        {"type": "thread.started", "thread_id": "t-1"},
        {"type": "turn.started"},
        {"type": "error", "message": "Reconnecting... 1/5"},
        {"type": "item.completed", "item": {"id": "1", "type": "agent_message", "text": "First."}},
        {"type": "item.completed", "item": {"id": "2", "type": "command_execution", "command": "ls"}},
        {"type": "item.completed", "item": {"id": "3", "type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": {"input_tokens": 1000, "cached_input_tokens": 900, "output_tokens": 20}},
    )
    assert read_output("codex", text) == AgentReport("Done.", "t-1", None, 120)


def test_codex_fails() -> None:
    text = lines({"type": "turn.failed", "error": {"message": "stream disconnected"}})
    assert read_output("codex", text).error == "stream disconnected"


def test_gemini() -> None:
    stats = {"total_tokens": 500, "input_tokens": 450, "output_tokens": 50, "cached": 300, "duration_ms": 7}
    text = lines(
        {"type": "init", "session_id": "g-1", "model": "m"},
        {"type": "message", "role": "user", "content": "the brief"},
        {"type": "message", "role": "assistant", "content": "Let me look.", "delta": True},
        {"type": "tool_use", "tool_name": "read_file", "tool_id": "1", "parameters": {}},
        {"type": "tool_result", "tool_id": "1", "status": "success"},
        {"type": "message", "role": "assistant", "content": "Do", "delta": True},
        {"type": "message", "role": "assistant", "content": "ne.", "delta": True},
        {"type": "result", "status": "success", "stats": stats},
    )
    assert read_output("gemini", text) == AgentReport("Done.", "g-1", None, 200)


def test_gemini_fails() -> None:
    text = lines({"type": "result", "status": "error", "error": {"type": "x", "message": "no quota"}})
    assert read_output("gemini", text).error == "no quota"


def test_opencode() -> None:
    tokens = {"total": 0, "input": 100, "output": 20, "reasoning": 5, "cache": {"read": 4000, "write": 50}}
    step = {"type": "step_finish", "sessionID": "ses_1", "part": {"type": "step-finish", "cost": 0.5, "tokens": tokens}}
    text = lines(
        {"type": "step_start", "sessionID": "ses_1", "part": {"type": "step-start"}},
        {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": "Looking."}},
        step,
        {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": "Done."}},
        step,
    )
    # two steps of 100 + 20 + 5 + 50
    assert read_output("opencode", text) == AgentReport("Done.", "ses_1", 1.0, 350)


def test_opencode_fails() -> None:
    error = {"name": "UnknownError", "data": {"message": "Unexpected server error"}}
    text = lines({"type": "error", "sessionID": "ses_1", "error": error})
    assert read_output("opencode", text).error == "Unexpected server error"
    went_on = lines({"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": "Done."}})
    assert read_output("opencode", text + went_on).error == ""


def test_aider() -> None:
    text = (
        "Aider v0.86\nfirst answer\nTokens: 2.5k sent, 133 received. Cost: $0.04 message, $0.04 session.\n"
        "second answer\nTokens: 1,200 sent, 1.1k cache hit, 67 received. Cost: $0.06 message, $0.10 session.\n"
        "Applied edit to a.py\n"
    )
    report = read_output("aider", text)
    assert (report.cost, report.tokens) == (0.10, 2500 + 133 + 1200 + 67)
    assert report.answer.endswith("Applied edit to a.py\n")


def test_aider_with_a_model_without_a_price() -> None:
    report = read_output("aider", "Tokens: 2k sent, 100 received.\n")
    assert (report.cost, report.tokens) == (None, 2100)


def test_ollama() -> None:
    text = (
        "\x1b[?25l\x1b[2KThe answer.\n\ntotal duration:       1.2s\nload duration:        3ms\n"
        "prompt eval count:    26 token(s)\nprompt eval duration: 1ms\neval count:           298 token(s)\n"
    )
    report = read_output("ollama", text)
    assert (report.answer.strip(), report.tokens, report.cost) == ("The answer.", 324, None)


@pytest.mark.parametrize("agent", [name for name in AGENTS if name not in ("aider", "ollama")])
@pytest.mark.parametrize(
    "event", [{}, {"type": 1}, {"type": "result"}, {"type": "turn.completed"}, {"type": "text"}, {"type": "error"}]
)
def test_what_another_version_prints_is_passed_over(agent: str, event: dict[str, Any]) -> None:
    report = read_output(agent, lines(event, {"type": "item.completed", "item": None}, {"type": "init"}))
    assert report.answer == ""
    assert report.session == ""


def test_evidence_holds_what_is_known() -> None:
    assert AgentReport().evidence() == {}
    assert AgentReport("x" * 5000, "s", 0.0, 0).evidence() == {
        "report": "x" * 2000,
        "session": "s",
        "cost": 0.0,
        "tokens": 0,
    }
