"""Commands through the shim: how they end, how they are ended, and what a crash leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from milepost.adapters import shim
from milepost.adapters.processes import Standing, abandon, kill, standing, stop
from milepost.adapters.subprocess_worker import CommandLost, CommandRunner, Ending, ShellCommand
from milepost.errors import WorkerUnavailable

DEADLINE = 60.0  # generous: it only turns a hang into a failure


def run(folder: Path, text: str, **env: str) -> Ending:
    async def one() -> Ending:
        async with CommandRunner() as runner:
            return await runner.run(ShellCommand(folder, text, folder.parent, {**os.environ, **env}))

    return asyncio.run(asyncio.wait_for(one(), DEADLINE))


def output(folder: Path) -> str:
    return (folder / shim.OUTPUT).read_text()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something other processes bring about."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    return shim.identity(pid) is not None


def written(path: Path) -> bool:
    return path.exists() and path.read_text().endswith("\n")


# How a command ends.


def test_a_command_that_succeeds(tmp_path: Path) -> None:
    end = run(tmp_path / "a", "echo out; echo err >&2")
    assert end.ok
    assert (end.exit_code, end.signal, end.error) == (0, None, "")
    assert output(tmp_path / "a") == "out\nerr\n"
    assert end.finished_at >= end.started_at
    assert end.max_rss_kib > 0


def test_a_shim_that_was_let_go_leaves_no_zombie(tmp_path: Path) -> None:
    """Servers run commands for as long as they live: each would leave one more."""

    async def one() -> None:
        async with CommandRunner() as runner:
            await runner.run(ShellCommand(tmp_path / "c", "true", tmp_path, dict(os.environ)))
            assert runner._process is not None
            shim_id = runner._process.pid
        await until(lambda: not Path(f"/proc/{shim_id}").exists())

    asyncio.run(one())


def test_a_command_that_fails(tmp_path: Path) -> None:
    end = run(tmp_path / "a", "exit 3")
    assert not end.ok
    assert str(end) == "ended with exit code 3"


def test_a_command_that_a_signal_kills(tmp_path: Path) -> None:
    end = run(tmp_path / "a", "kill -9 $$")
    assert (end.exit_code, end.signal, end.ok) == (None, 9, False)
    assert str(end) == "was killed by SIGKILL"


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    end = run(tmp_path / "a", "no-such-command-anywhere --now")
    assert str(end) == "ended with exit code 127 (command not found)"
    assert "no-such-command-anywhere" in output(tmp_path / "a")


def test_a_working_folder_that_does_not_exist(tmp_path: Path) -> None:
    async def one() -> Ending:
        async with CommandRunner() as runner:
            return await runner.run(ShellCommand(tmp_path / "a", "true", tmp_path / "gone"))

    end = asyncio.run(one())
    assert not end.ok
    assert str(end).startswith("could not be started: No such file or directory")
    assert "gone" in end.error


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkerUnavailable):
        run(tmp_path / "file" / "a", "true")


def test_a_command_has_its_folder_environment_no_input_and_default_signals(tmp_path: Path) -> None:
    text = "pwd; echo $COLOUR; cat; sed -n 's/^SigIgn:\\t//p' /proc/$$/status"
    end = run(tmp_path / "a", text, COLOUR="blue")
    assert end.ok
    *lines, ignored = output(tmp_path / "a").splitlines()
    assert lines == [str(tmp_path), "blue"]
    # Python ignores SIGPIPE (13) and SIGXFSZ (25); the mask's bits count from signal 1.
    assert int(ignored, 16) & (1 << 12 | 1 << 24) == 0


def test_many_commands_at_once_each_get_their_own_ending(tmp_path: Path) -> None:
    async def many() -> list[Ending]:
        async with CommandRunner() as runner:
            commands = [ShellCommand(tmp_path / str(n), f"exit {n}", tmp_path) for n in range(40)]
            return await asyncio.gather(*(runner.run(command) for command in commands))

    assert [end.exit_code for end in asyncio.run(many())] == list(range(40))


# Ending a command.


def stopped(folder: Path, text: str, ready: Path, end: Callable[[], Awaitable[None]]) -> Ending:
    async def scene() -> Ending:
        async with CommandRunner() as runner:
            task = asyncio.create_task(runner.run(ShellCommand(folder, text, folder.parent)))
            await until(lambda: written(ready))
            await end()
            return await asyncio.wait_for(task, DEADLINE)

    return asyncio.run(scene())


def test_stopping_asks_first(tmp_path: Path) -> None:
    text = "trap 'echo bye; exit 7' TERM; echo > ready; while :; do sleep 0.01; done"
    end = stopped(tmp_path / "a", text, tmp_path / "ready", lambda: stop([tmp_path / "a"], DEADLINE))
    assert end.exit_code == 7
    assert output(tmp_path / "a").endswith("bye\n")


def test_a_command_deaf_to_the_request_is_killed_after_its_grace(tmp_path: Path) -> None:
    text = "trap '' TERM; echo > ready; while :; do sleep 1; done"
    end = stopped(tmp_path / "a", text, tmp_path / "ready", lambda: stop([tmp_path / "a"], 0.05))
    assert end.signal == signal.SIGKILL


@pytest.mark.parametrize(
    "getting_away",
    [
        pytest.param("sh -c 'sleep 1000 & echo $! > child; wait' & wait", id="grandchild"),
        pytest.param("set -m; sleep 1000 & echo $! > child; wait", id="group of its own"),
        pytest.param("setsid sh -c 'echo $$ > child; exec sleep 1000' & wait", id="session of its own"),
        pytest.param("env -i sh -c 'echo $$ > child; exec sleep 1000' & wait", id="environment shed"),
    ],
)
def test_nothing_that_a_command_started_survives_it_when_stopped(tmp_path: Path, getting_away: str) -> None:
    stopped(tmp_path / "a", getting_away, tmp_path / "child", lambda: stop([tmp_path / "a"], 0.05))
    child = int((tmp_path / "child").read_text())
    assert not alive(child)


def test_stopping_one_command_leaves_the_others_alone(tmp_path: Path) -> None:
    async def scene() -> tuple[Ending, Ending]:
        async with CommandRunner() as runner:
            commands = [
                ShellCommand(tmp_path / name, f"echo > ready-{name}; until test -e go; do sleep 0.01; done", tmp_path)
                for name in "ab"
            ]
            one, two = (asyncio.create_task(runner.run(command)) for command in commands)
            await until(lambda: written(tmp_path / "ready-a") and written(tmp_path / "ready-b"))
            await stop([tmp_path / "a"], 0.05)
            (tmp_path / "go").touch()
            return await one, await two

    one, two = asyncio.run(scene())
    assert (one.signal, two.exit_code) == (signal.SIGTERM, 0)


def test_stopping_what_never_started_keeps_it_from_starting(tmp_path: Path) -> None:
    asyncio.run(stop([tmp_path / "a"], 0.0))
    assert standing(tmp_path / "a") is Standing.ABANDONED
    with pytest.raises(CommandLost):
        run(tmp_path / "a", "true")
    assert not (tmp_path / "a" / shim.OUTPUT).exists()


# After a crash.

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from milepost.adapters.subprocess_worker import CommandRunner, ShellCommand

async def main(folder, text):
    async with CommandRunner() as runner:
        await runner.run(ShellCommand(folder, text, folder.parent))

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def crashed_supervisor(folder: Path, text: str, ready: Path) -> None:
    """Have another process run a command, and kill that process once the command is ready."""
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(folder), text])
    asyncio.run(until(lambda: written(ready)))
    supervisor.kill()
    supervisor.wait()


def shim_of(folder: Path) -> int:
    return int(os.readlink(folder / shim.STARTED).split(":")[0])


def test_a_command_outlives_its_supervisor_and_is_watched_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    text = "echo > ready; until test -e go; do sleep 0.01; done; echo done >> marks; exit 5"
    crashed_supervisor(folder, text, tmp_path / "ready")
    assert standing(folder) is Standing.RUNNING
    (tmp_path / "go").touch()
    assert run(folder, text).exit_code == 5
    assert (tmp_path / "marks").read_text() == "done\n"


def test_a_command_that_ended_while_nobody_watched_is_adopted(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    text = "echo > ready; until test -e go; do sleep 0.01; done; echo done >> marks; exit 5"
    crashed_supervisor(folder, text, tmp_path / "ready")
    (tmp_path / "go").touch()
    asyncio.run(until(lambda: standing(folder) is Standing.ENDED))
    assert run(folder, text).exit_code == 5
    assert (tmp_path / "marks").read_text() == "done\n"
    asyncio.run(until(lambda: not alive(shim_of(folder))))  # nothing is left to do for it


def test_a_command_whose_shim_was_killed_is_lost_and_dead(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    text = "echo $$ > ready; exec sleep 1000"
    crashed_supervisor(folder, text, tmp_path / "ready")
    os.kill(shim_of(folder), signal.SIGKILL)
    asyncio.run(until(lambda: standing(folder) is Standing.DEAD))
    with pytest.raises(CommandLost, match="vanished"):
        run(folder, text)
    assert not alive(int((tmp_path / "ready").read_text()))


def test_a_shim_killed_under_a_living_supervisor_costs_only_what_it_ran(tmp_path: Path) -> None:
    async def scene() -> Ending:
        async with CommandRunner() as runner:
            task = asyncio.create_task(
                runner.run(ShellCommand(tmp_path / "a", "echo > ready; exec sleep 1000", tmp_path))
            )
            await until(lambda: written(tmp_path / "ready"))
            os.kill(shim_of(tmp_path / "a"), signal.SIGKILL)
            with pytest.raises(CommandLost):
                await task
            return await runner.run(ShellCommand(tmp_path / "b", "exit 4", tmp_path))

    assert asyncio.run(asyncio.wait_for(scene(), DEADLINE)).exit_code == 4


def test_an_abandoned_command_is_never_started(tmp_path: Path) -> None:
    assert abandon(tmp_path / "a")
    assert not abandon(tmp_path / "a")
    with pytest.raises(CommandLost, match="abandoned"):
        run(tmp_path / "a", "touch started")
    assert not (tmp_path / "started").exists()


def test_of_many_supervisors_that_want_a_command_exactly_one_starts_it(tmp_path: Path) -> None:
    async def many() -> list[Ending]:
        command = ShellCommand(tmp_path / "a", "echo once >> marks; exit 6", tmp_path)
        async with CommandRunner() as one, CommandRunner() as two, CommandRunner() as three:
            return await asyncio.gather(*(runner.run(command) for runner in (one, two, three)))

    assert [end.exit_code for end in asyncio.run(many())] == [6, 6, 6]
    assert (tmp_path / "marks").read_text() == "once\n"


def test_a_process_number_given_to_somebody_else_is_not_mistaken_for_the_shim(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    mine = shim.identity(os.getpid())
    assert mine is not None
    pid, start, boot = mine.split(":")
    shim.claim(str(folder), f"{pid}:{int(start) - 1}:{boot}")  # our number, but somebody who began earlier
    assert standing(folder) is Standing.DEAD
    asyncio.run(kill([folder]))  # and we are not killed for it


def test_a_process_of_an_earlier_boot_is_dead(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    mine = shim.identity(os.getpid())
    assert mine is not None
    shim.claim(str(folder), mine.rpartition(":")[0] + ":an-earlier-boot")
    assert standing(folder) is Standing.DEAD


def test_an_exit_record_that_cannot_be_written_is_kept_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, object]] = []
    refused, fine = tmp_path / "refused", tmp_path / "fine"
    (refused / shim.EXIT).mkdir(parents=True)  # stands in for a disk that refuses
    fine.mkdir()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            (refused / shim.EXIT).rmdir()

    ours = shim.Shim(channel=-1)
    monkeypatch.setattr(ours, "tell", told.append)
    monkeypatch.setattr(time, "sleep", pause)
    ours.record({str(folder): {"exit_code": 0} for folder in (refused, fine, tmp_path / "gone")})
    assert told == [
        {str(fine): {"exit_code": 0}, str(tmp_path / "gone"): None},
        {},
        {str(refused): {"exit_code": 0}},
    ]
    assert len(pauses) == 2
    assert json.loads((refused / shim.EXIT).read_text()) == {"exit_code": 0}


def test_a_record_that_lost_power_kept_from_its_place_counts_when_it_is_whole(tmp_path: Path) -> None:
    """A shim makes a record durable under another name before it puts it in its place."""
    for name, content in {"whole": '{"exit_code": 7}', "torn": '{"exit_c', "empty": ""}.items():
        folder = tmp_path / name
        folder.mkdir()
        shim.claim(str(folder), "1:1:an-earlier-boot")
        (folder / f"{shim.EXIT}.tmp").write_text(content)
    assert standing(tmp_path / "whole") is Standing.ENDED
    assert json.loads((tmp_path / "whole" / shim.EXIT).read_text()) == {"exit_code": 7}
    assert standing(tmp_path / "torn") is Standing.DEAD
    assert standing(tmp_path / "empty") is Standing.DEAD
