"""The section ``[temporal]`` of the settings: where the server is, and who may give its workers orders."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.settings_tables import TableReader

ENGINES = ("local", "temporal")
SECRET_KINDS = ("env:", "file:")
SHORTEST_HEARTBEAT = 1.0
_SECRETS = ("api_key", "signing_key")
TEMPORAL_KEYS: dict[str, tuple[type, ...]] = {
    "address": (str,),
    "namespace": (str,),
    "project": (str,),
    "heartbeat_seconds": (int, float),
    "tls": (bool,),
    "tls_ca": (str,),
    "tls_cert": (str,),
    "tls_key": (str,),
    "tls_domain": (str,),
    "api_key": (str,),
    "signing_key": (str,),
}


@dataclass(frozen=True, slots=True)
class TemporalSettings:
    """How to reach a Temporal server.

    ``project`` names the task queues (empty: the folder's name and a digest of its path on this machine). A worker
    that is silent for ``heartbeat_seconds`` is taken for dead. ``tls_ca``, ``tls_cert`` and ``tls_key`` are paths of
    PEM files, from the project's folder; ``tls_domain`` is the name the server's certificate has to bear. ``api_key``
    and ``signing_key`` refer to secrets: ``env:NAME`` or ``file:PATH``.
    """

    address: str = "localhost:7233"
    namespace: str = "default"
    project: str = ""
    heartbeat_seconds: float = 10.0
    tls: bool = False
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    tls_domain: str = ""
    api_key: str = ""
    signing_key: str = ""

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is to be encrypted: asked for, or needed by what else is stated."""
        return self.tls or bool(self.tls_ca or self.tls_cert or self.tls_domain or self.api_key)

    def tier_queue(self, root: Path, tier: int) -> str:
        """The task queue of a tier's workers."""
        return f"{self._prefix(root)}/tier-{tier}"

    def run_name(self, root: Path, run: str) -> str:
        """The name of a run's workflow, and of the task queue of its home."""
        return f"{self._prefix(root)}/run/{run}"

    def _prefix(self, root: Path) -> str:
        if self.project:
            return f"milepost/{self.project}"
        where = f"{os.uname().nodename}:{os.path.realpath(root)}"
        return f"milepost/{root.name}-{hashlib.sha256(where.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def read_temporal(reader: TableReader, table: Any) -> TemporalSettings:
    """Read the section ``[temporal]``.

    Raises:
        SettingsInvalid: it holds something that is not understood, or a secret itself in place of a reference.
    """
    values = reader.section("temporal", table, TEMPORAL_KEYS)
    _require_address(reader, values)
    for key in _SECRETS:
        if key in values and not values[key].startswith(SECRET_KINDS):
            raise reader.invalid(
                f"`{key}` of [{reader.prefix}temporal] is no reference",
                "temporal",
                key,
                f'say where it is: {key} = "env:NAME" or {key} = "file:PATH"; never the secret itself',
            )
    if ("tls_cert" in values) != ("tls_key" in values):
        raise reader.invalid(
            "a client's certificate and its key belong together",
            "temporal",
            "tls_cert" if "tls_cert" in values else "tls_key",
            "state both tls_cert and tls_key, or neither",
        )
    if values.get("heartbeat_seconds", SHORTEST_HEARTBEAT) < SHORTEST_HEARTBEAT:
        raise reader.invalid(
            f"a heartbeat of {values['heartbeat_seconds']:g} seconds is too short: workers would pass for dead",
            "temporal",
            "heartbeat_seconds",
            f"give {SHORTEST_HEARTBEAT:g} or more",
        )
    return TemporalSettings(**values)


def read_engine(reader: TableReader, values: Mapping[str, Any]) -> str:
    """The engine that ``[run]`` names, or else the local one.

    Raises:
        SettingsInvalid: there is none of that name.
    """
    engine: str = values.get("engine", ENGINES[0])
    if engine not in ENGINES:
        raise reader.invalid(f"there is no engine `{engine}`", "run", "engine", "use " + " or ".join(ENGINES))
    return engine


def _require_address(reader: TableReader, values: Mapping[str, Any]) -> None:
    address = values.get("address", TemporalSettings().address)
    if not is_address(address):
        raise reader.invalid(
            f"`{address}` is no address", "temporal", "address", 'write it as "HOST:PORT", such as "localhost:7233"'
        )


def is_address(text: str) -> bool:
    """Whether a text names a host and a port of it."""
    host, _, port = text.rpartition(":")
    return bool(host) and "/" not in host and port.isdecimal() and 0 < int(port) < 65536
