"""The terms on which workers work: what they see, what is kept of their output, what they may report."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path

import pytest
from tests.adapters.stage import Stage, task
from tests.adapters.test_commands import DEADLINE

from milepost.adapters import shim
from milepost.adapters.local_engine import Ended
from milepost.adapters.run_folder import RunFolder, last_lines, log_digest
from milepost.adapters.subprocess_worker import CommandRunner, Ending, ShellCommand
from milepost.adapters.surroundings import Surroundings, passed, resolve_secrets
from milepost.adapters.worker_reports import wish
from milepost.errors import WorkerUnavailable
from milepost.execution import events as ev
from milepost.execution.policy import Budget, CheckpointSpec, CriterionSpec, TierPolicy
from milepost.execution.queries import Outcome


def logged(folder: Path, text: str, *, limit: int = 1000, secrets: tuple[str, ...] = ()) -> Ending:
    async def one() -> Ending:
        async with CommandRunner() as runner:
            return await runner.run(ShellCommand(folder, text, folder.parent, os.environ, limit, secrets))

    return asyncio.run(asyncio.wait_for(one(), DEADLINE))


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / shim.OLDER_OUTPUT, folder / shim.OUTPUT) if path.exists())


# Output


def test_a_log_within_its_limit_is_whole(tmp_path: Path) -> None:
    assert logged(tmp_path / "a", "seq 100").dropped_bytes == 0
    assert kept(tmp_path / "a").split() == [b"%d" % number for number in range(1, 101)]


def test_of_a_longer_output_the_end_is_kept_within_the_limit(tmp_path: Path) -> None:
    end = logged(tmp_path / "a", "seq 1000; exit 3")
    everything = "".join(f"{number}\n" for number in range(1, 1001)).encode()
    tail = kept(tmp_path / "a")
    assert end.exit_code == 3
    assert 500 <= len(tail) <= 1000  # the limit, of which up to a half is free after a rotation
    assert everything.endswith(tail)
    assert end.dropped_bytes == len(everything) - len(tail)


def test_a_flood_fills_no_disk(tmp_path: Path) -> None:
    end = logged(tmp_path / "a", "head -c 200000000 /dev/zero", limit=1_000_000)
    assert end.ok
    assert len(kept(tmp_path / "a")) <= 1_000_000
    assert end.dropped_bytes + len(kept(tmp_path / "a")) == 200_000_000


def test_what_a_disk_refuses_is_dropped_and_the_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a" / shim.OUTPUT).mkdir(parents=True)  # stands in for a disk that refuses
    end = logged(tmp_path / "a", "seq 1000; echo fine > fine")
    assert end.ok
    assert end.dropped_bytes == sum(len(str(number)) + 1 for number in range(1, 1001))
    assert (tmp_path / "fine").read_text() == "fine\n"


def test_a_command_that_says_nothing_leaves_no_log(tmp_path: Path) -> None:
    assert logged(tmp_path / "a", "true").ok
    assert not (tmp_path / "a" / shim.OUTPUT).exists()
    assert last_lines(tmp_path / "a" / shim.OUTPUT) == []
    assert log_digest(tmp_path / "a" / shim.OUTPUT) == hashlib.sha256().hexdigest()


def test_a_daemon_that_keeps_the_output_open_holds_nothing_up_and_lives_on(tmp_path: Path) -> None:
    """It goes on writing after the command's end; what it writes then is nobody's output any more."""

    async def scene() -> None:
        async with CommandRunner() as runner:
            daemon = "setsid sh -c 'while :; do echo noise; test -e stop && break; sleep 0.01; done; echo > gone' &"
            command = ShellCommand(tmp_path / "a", f"{daemon} echo said", tmp_path)
            assert (await runner.run(command)).ok
            size = len(kept(tmp_path / "a"))
            assert (await runner.run(ShellCommand(tmp_path / "b", "sleep 0.1", tmp_path))).ok
            (tmp_path / "stop").touch()
            while not (tmp_path / "gone").exists():
                await asyncio.sleep(0.01)
            assert len(kept(tmp_path / "a")) == size

    asyncio.run(asyncio.wait_for(scene(), DEADLINE))


@pytest.mark.parametrize("pause", ["", "sleep 0.05"])
def test_secrets_are_masked_also_when_they_arrive_in_pieces(tmp_path: Path, pause: str) -> None:
    pieces = f"printf 'a hunter'; {pause or ':'}; printf '2two b hunt'; {pause or ':'}; printf 'er2two c hunter'"
    logged(tmp_path / "a", pieces, secrets=("hunter2two", "r2tw"))
    assert kept(tmp_path / "a") == b"a *** b *** c hunter"


# Surroundings


def test_a_command_sees_only_the_variables_it_is_passed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "very secret")
    monkeypatch.setenv("LC_TIME", "C")
    stage.begin(task("1", "env > told"))
    stage.run()
    names = {line.partition("=")[0] for line in stage.lines("told")}
    assert {"PATH", "LC_TIME", "MILEPOST_TASK", "MILEPOST_RESULT"} <= names
    assert "API_TOKEN" not in names


def test_patterns_choose_variables_by_name() -> None:
    environment = {"PATH": "p", "LC_ALL": "l", "HTTP_PROXY": "h", "TOKEN": "t"}
    assert passed(environment, ["PATH", "LC_*", "*_PROXY"]) == {"PATH": "p", "LC_ALL": "l", "HTTP_PROXY": "h"}
    assert passed(environment, ["*"]) == environment


def test_a_secret_reaches_the_command_and_nobody_else(stage: Stage) -> None:
    """The command fails with exit code 7 only if it got the secret's ten characters."""
    leak = """test ${#TOKEN} = 10 && echo leaked $TOKEN && echo "{\\"summary\\": \\"$TOKEN\\"}" > $MILEPOST_RESULT; exit 7"""
    stage.begin(task("1", leak), tiers=(TierPolicy(3, "Tier 3", 2, 1),))
    engine = stage.engine()
    engine.workers = {3: Surroundings({"PATH": os.environ["PATH"]}, {"TOKEN": "opensesame"})}
    engine.run()
    evidence = stage.events(ev.AttemptFailed)[0].evidence
    assert (evidence["output"], evidence["report"]) == ("leaked ***", "***")
    assert "opensesame" not in json.dumps([str(event) for event in stage.ledger.read("plan#1")])
    written = [path for path in stage.root.rglob("*") if path.is_file() and path.name != "result.json"]
    assert not [path for path in written if b"opensesame" in path.read_bytes()]


def test_secrets_are_fetched_from_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_TOKEN", "from a variable")
    (tmp_path / "key").write_text("from a file\n")
    found = resolve_secrets({"A": "env:CI_TOKEN", "B": "file:key"}, root=tmp_path, wanted_by="tier 1")
    assert found == {"A": "from a variable", "B": "from a file"}


@pytest.mark.parametrize("reference", ["env:NO_SUCH_VARIABLE", "file:missing", "file:short"])
def test_a_secret_that_is_missing_or_cannot_be_masked_is_refused(tmp_path: Path, reference: str) -> None:
    (tmp_path / "short").write_text("abc\n")
    with pytest.raises(WorkerUnavailable, match="the secret A of tier 1"):
        resolve_secrets({"A": reference}, root=tmp_path, wanted_by="tier 1")


def test_each_line_of_a_long_secret_is_masked() -> None:
    key = Surroundings({}, {"KEY": "-----BEGIN-----\nabcdef\n--"})
    assert key.masked({"line": "got abcdef, --", "n": 1}) == {"line": "got ***, --", "n": 1}


@pytest.mark.parametrize(("cwd", "expected"), [("project", "."), ("plan", "specs"), ("attempt", "work")])
def test_a_command_works_in_the_folder_its_tier_says(stage: Stage, cwd: str, expected: str) -> None:
    (stage.root / "specs").mkdir()
    stage.begin(task("1", f"pwd > {stage.root}/told", verify=(f"pwd > {stage.root}/verified",)))
    engine = stage.engine()
    engine.plan_path = str(stage.root / "specs" / "tasks.md")
    engine.workers = {3: Surroundings({"PATH": os.environ["PATH"]}, {}, cwd)}
    engine.run()
    attempt = RunFolder(stage.root, "plan#1").attempt("1", 1)
    folder = attempt / "work" if expected == "work" else (stage.root / expected).resolve()
    assert stage.lines("told") == stage.lines("verified") == [str(folder)]


# Limits


def test_a_task_without_an_estimate_ends_at_the_time_limit(stage: Stage) -> None:
    stage.begin(task("1", "exec sleep 1000"), tiers=(TierPolicy(3, "Tier 3", 2, 1),))
    engine = stage.engine()
    engine.time_limit = 0.2
    assert engine.run() == Ended(Outcome.STUCK)
    assert stage.events(ev.AttemptOverran)[0].limit == 0.2


def test_a_criterion_ends_at_the_time_limit_and_has_failed(stage: Stage) -> None:
    endless = CriterionSpec("ends", "exec sleep 1000")
    stage.begin(task("1", "true"), checkpoints=(CheckpointSpec("c1", "Checkpoint 1", ("1",), criteria=(endless,)),))
    engine = stage.engine()
    engine.time_limit = 0.2
    assert engine.run() == Ended(Outcome.STUCK)
    assert stage.events(ev.CriterionFailed)[0].evidence["error"] == "it ran past 0.2s and was stopped"


# Reports


def test_what_a_worker_reports_is_evidence_and_counts_against_budgets(stage: Stage) -> None:
    report = """echo '{"tokens": 900, "cost": 0.5, "summary": "done well"}' > $MILEPOST_RESULT"""
    stage.begin(task("1", report), budget=Budget(tokens=1000))
    stage.run()
    evidence = stage.events(ev.TaskCompleted)[0].evidence
    assert (evidence["tokens"], evidence["cost"], evidence["report"]) == (900, 0.5, "done well")
    assert [event.measure for event in stage.events(ev.BudgetWarned)] == ["tokens"]  # 900 of 1,000 is above 0.8


@pytest.mark.parametrize("wrong", ["no json", "[1]", '{"tokens": "many", "cost": -1}', '{"cost": Infinity}'])
def test_a_report_that_makes_no_sense_costs_nothing_and_fails_nothing(stage: Stage, wrong: str) -> None:
    stage.begin(task("1", f"echo '{wrong}' > $MILEPOST_RESULT"))
    assert stage.run() == Ended(Outcome.FINISHED)
    assert not {"tokens", "cost"} & set(stage.events(ev.TaskCompleted)[0].evidence)


@pytest.mark.parametrize("ask", ["echo '🚨 ESCALATE TO TIER 2: too hard for me'", "exit 79"])
def test_a_worker_may_ask_for_a_stronger_tier(stage: Stage, ask: str) -> None:
    stage.begin(task("1", f"if test $MILEPOST_TIER = 3; then {ask}; fi"))
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.kinds("1") == ["AttemptStarted", "AttemptFailed", "TaskEscalated", "AttemptStarted", "TaskCompleted"]
    why = "too hard for me" if "echo" in ask else "it ended with exit code 79"
    assert stage.events(ev.TaskEscalated)[0].reason == f"its worker asked for it: {why}"


@pytest.mark.parametrize(
    "line", ["ESCALATE TO TIER 2: no siren", "🚨 ESCALATE TO TIER 3: my own", "a 🚨 ESCALATE TO TIER 2"]
)
def test_what_only_looks_like_asking_is_none(line: str) -> None:
    end = Ending(0, None, "", 0.0, 0.0, 0.0, 0.0, 0)
    assert wish([line], end, 3) is None
    assert wish(["- 🚨 **ESCALATE TO TIER 1:** stuck**", "bye"], end, 3) == "stuck"
    assert wish(["    🚨 ESCALATE TO TIER 1: REASON"], end, 3) is None
