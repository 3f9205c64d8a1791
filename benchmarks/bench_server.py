"""The HTTP server: `python -m benchmarks.bench_server`.

CPU is that of the server (user + system, from the system's own account, over many requests). Beside it the floor: the
same framework and server sending the same bytes from memory, with nothing to look up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import http.client
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measure import MILEPOST
from benchmarks.plans import SETTINGS, Grid, plan
from milepost.app.runs import RunSession
from milepost.app.tasks import block, unblock
from milepost.bootstrap import open_project

ROW = "{:<54} {:>12} {:>12} {:>8}   {}"
TICKS = os.sysconf("SC_CLK_TCK")
FLOOR = """
import sys, socket, uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
body, app = open(sys.argv[1], "rb").read(), FastAPI()
@app.get("/plan")
def plan(): return Response(body, media_type="application/json")
@app.get("/none")
def none(): return Response(status_code=304)
sock = socket.socket(); sock.bind(("127.0.0.1", 0)); sock.listen(100)
print(f"at http://127.0.0.1:{sock.getsockname()[1]}/", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[sock])
"""


class Server:
    """A server in a process of its own, asked over one connection."""

    def __init__(self, command: list[str], place: Path) -> None:
        self._child = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        self.address = next(word for word in line.split() if word.startswith("http"))
        self.host = urlsplit(self.address).netloc
        self._line = http.client.HTTPConnection(self.host, timeout=120)

    def get(self, path: str, **headers: str) -> tuple[int, bytes, str]:
        self._line.request("GET", path, headers=headers)
        answer = self._line.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")

    @property
    def cpu(self) -> float:
        """Milliseconds of user and system time so far."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICKS

    @property
    def memory(self) -> float:
        """The most memory it ever used, in MB."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def each(self, path: str, times: int, **headers: str) -> float:
        """Milliseconds of CPU for each of so many requests."""
        before = self.cpu
        for _ in range(times):
            self.get(path, **headers)
        return (self.cpu - before) / times

    def close(self) -> None:
        self._line.close()
        self._child.send_signal(signal.SIGTERM)
        self._child.communicate(timeout=60)


@contextlib.contextmanager
def serving(command: list[str], place: Path) -> Iterator[Server]:
    server = Server(command, place)
    try:
        yield server
    finally:
        server.close()


def serve(place: Path) -> list[str]:
    return [*MILEPOST, "serve", str(place), "--port", "0", "--rate", "100000"]


def cold_start(place: Path, times: int) -> str:
    """From the start of the process to the first answer."""
    found = []
    for _ in range(times):
        with serving(serve(place), place) as server:
            assert server.get("/api/v1/plans")[0] == 200
            found.append(server.cpu)
    bare = []
    (place / "body").write_bytes(b"{}")
    for _ in range(times):
        with serving([sys.executable, "-c", FLOOR, str(place / "body")], place) as server:
            server.get("/plan")
            bare.append(server.cpu)
    return row("cold start to the first answer, CPU ms", min(found), min(bare), "<= 1500")


def plans(place: Path, size: int, times: int) -> Iterator[str]:
    """A plan of many tasks, warm: whole, and known to the client."""
    path = f"/api/v1/plans/{place.name}"
    with serving(serve(place), place) as server:
        _, body, etag = server.get(path)
        whole = server.each(path, times)
        known = server.each(path, times * 10, **{"If-None-Match": etag})
        assert server.get(path, **{"If-None-Match": etag})[0] == 304
    (place / "body").write_bytes(body)
    with serving([sys.executable, "-c", FLOOR, str(place / "body")], place) as server:
        server.get("/plan")
        floor, floor_known = server.each("/plan", times), server.each("/none", times * 10)
    yield row(f"GET plan of {size:,} tasks ({len(body) / 1e6:.1f} MB), warm, CPU ms", whole, floor, "<= 20")
    yield row("  with ETag, CPU ms", known, floor_known, "<= 2")
    yield f"  ({len(gzip.compress(body)) / 1e3:.0f} kB gzipped)"


class Looker(asyncio.Protocol):
    """Follows a stream until so many events came, with as little work as possible: 200 of them share this process."""

    def __init__(self, request: bytes, count: int, ready: asyncio.Semaphore) -> None:
        self._request, self._count, self._ready = request, count, ready
        self._rest = b""
        self.ids: list[int] = []
        self.delays: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        *frames, self._rest = (self._rest + data).split(b"\n\n")
        for frame in frames:
            if (place := frame.find(b"id: ")) >= 0:
                moment = frame.index(b'"at":') + 5
                self.ids.append(int(frame[place + 4 : frame.index(b"\n", place)]))
                self.delays.append(now - float(frame[moment : frame.index(b",", moment)]))
            elif b"retry" in frame:
                self._ready.release()
        if len(self.ids) >= self._count and not self.done.done():
            self.done.set_result(None)


def append(place: Path, count: int, rate: float) -> None:
    """Have so many events happen, so many a second."""
    project = open_project(str(place / "tasks.md"))
    session = RunSession(project.ledger, project.ledger.streams()[-1].name)
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        if number % 2:
            unblock(session, "1.1", by="bench", now=time.time())
        else:
            block(session, "1.1", "for a moment", by="bench", now=time.time())
    project.close()


async def follow(server: Server, place: Path, version: int, clients: int, seconds: int, rate: int) -> list[float]:
    """Everybody follows while events are appended; gives all delays in seconds, and fails where one is missing."""
    count, ready, loop = seconds * rate, asyncio.Semaphore(0), asyncio.get_running_loop()
    path = f"/api/v1/plans/{place.name}/runs/1/events/stream?after={version}"
    request = f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
    host, _, port = server.host.partition(":")
    looking = [
        (await loop.create_connection(lambda: Looker(request, count, ready), host, int(port)))[1]
        for _ in range(clients)
    ]
    for _ in range(clients):
        await ready.acquire()
    appender = multiprocessing.get_context("spawn").Process(target=append, args=(place, count, rate))
    appender.start()
    for looker in looking:
        await looker.done
    appender.join()
    expected = list(range(version + 1, version + count + 1))
    assert all(looker.ids == expected for looker in looking), "an event was missed, came twice or out of order"
    return [delay for looker in looking for delay in looker.delays]


def streams(place: Path, clients: int, seconds: int, rate: int = 50) -> Iterator[str]:
    """Many open streams while events are appended."""
    project = open_project(str(place / "tasks.md"))
    version = project.open_run("bench").state.version
    project.close()
    with serving(serve(place), place) as server:
        server.get("/api/v1/plans")
        before = server.cpu
        delays = sorted(asyncio.run(follow(server, place, version, clients, seconds, rate)))
        spent, memory = server.cpu - before, server.memory
    yield f"{clients} streams, {rate} events/s for {seconds} s: each client got each event once, in order"
    yield row("  delay p50 / p99, ms", at(delays, 0.5), at(delays, 0.99), "p99 <= 250", ratio=False)
    yield row("  server memory, MB / share of one core, %", memory, spent / seconds / 10, "<= 150 MB", ratio=False)


def at(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)] * 1000


def row(name: str, found: float, floor: float, aim: str, *, ratio: bool = True) -> str:
    times = f"{found / floor:.1f}x" if ratio and floor else ""
    return ROW.format(name, f"{found:.2f}", f"{floor:.2f}", times, aim)


def make(place: Path, size: int) -> Path:
    place.mkdir()
    width = max(10, size // 100)
    (place / "tasks.md").write_text(plan(Grid(phases=size // width, width=width)), encoding="utf-8")
    (place / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"), encoding="utf-8")
    return place


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_server")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        small, large = make(Path(folder) / "small", 100), make(Path(folder) / "large", options.tasks)
        print(f"load {os.getloadavg()[0]:.1f}")
        print(ROW.format("", "milepost", "floor", "ratio", "aim"))
        print(cold_start(small, options.times))
        for line in (
            *plans(large, options.tasks, options.times * 4),
            *streams(small, options.clients, options.seconds),
        ):
            print(line)


if __name__ == "__main__":
    main()
