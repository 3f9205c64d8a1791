"""Ways between a worker and its server that a test can cut: what is sent meanwhile arrives when they are healed.

A relay holds back what it was given; a network namespace, where one can be made, has its cable pulled, so that packets
are dropped and no side is told.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence

import pytest
from tests.engines.temporal_scene import AS_IT_IS

_NUMBERS = itertools.count(os.getpid())


class Relay:
    """Passes on what it gets, both ways; with ``tls`` it speaks that with who comes to it."""

    def __init__(self, target: tuple[str, int], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.tls = tls
        self.open = threading.Event()
        self.open.set()
        self.listener = socket.create_server((host, 0))
        self.sockets = [self.listener]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    prefix: Sequence[str] = AS_IT_IS
    """What starts a process that comes this way."""

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def cut(self) -> None:
        self.open.clear()

    def heal(self) -> None:
        self.open.set()

    def accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.join, args=(near,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def join(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            if self.tls is not None:
                near = self.tls.wrap_socket(near, server_side=True)
            with near, socket.create_connection(self.target) as far:
                self.sockets += [near, far]
                back = threading.Thread(target=self.pass_on, args=(far, near), daemon=True)
                back.start()
                self.pass_on(near, far)
                back.join()

    def pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.open.wait()
                sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.open.set()
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)


class Cable(Relay):
    """A relay into a network namespace of its own, at the other end of a cable that can be pulled."""

    def __init__(self, target: tuple[str, int]) -> None:
        number = next(_NUMBERS) % 4000
        self.name = f"milepost-{number}"
        self.ends = f"mp{number}a", f"mp{number}b"
        net = f"198.{18 + number // 2000}.{number % 2000 // 64}.{number % 64 * 4}"
        self.here, there = (f"{net.rpartition('.')[0]}.{int(net.rpartition('.')[2]) + host}" for host in (1, 2))
        near, far = self.ends
        try:
            ip("netns", "add", self.name)
            ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", self.name)
            ip("address", "add", f"{self.here}/30", "dev", near)
            ip("link", "set", near, "up")
            ip("-n", self.name, "address", "add", f"{there}/30", "dev", far)
            ip("-n", self.name, "link", "set", far, "up")
            ip("-n", self.name, "link", "set", "lo", "up")
            super().__init__(target, self.here)
        except (subprocess.CalledProcessError, OSError) as error:
            self.unplug()
            said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else error
            pytest.skip(f"no network namespace can be made here: {said}")
        self.prefix = ("ip", "netns", "exec", self.name, *AS_IT_IS)

    def cut(self) -> None:
        ip("-n", self.name, "link", "set", self.ends[1], "down")

    def heal(self) -> None:
        ip("-n", self.name, "link", "set", self.ends[1], "up")

    def close(self) -> None:
        super().close()
        self.unplug()

    def unplug(self) -> None:
        for command in (("link", "delete", self.ends[0]), ("netns", "delete", self.name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip(*command)


def ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True, capture_output=True, text=True)


KINDS = ("relay", "network namespace")


@contextlib.contextmanager
def link(kind: str, address: str) -> Iterator[Relay]:
    """A way of some kind to a server."""
    host, _, port = address.rpartition(":")
    if kind == "network namespace" and (shutil.which("ip") is None or os.geteuid()):
        pytest.skip("network namespaces need iproute2's `ip`, and root")
    made = Relay((host, int(port))) if kind == "relay" else Cable((host, int(port)))
    try:
        yield made
    finally:
        made.close()
