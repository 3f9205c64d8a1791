"""Workers as people look at them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """A worker that serves a tier: where it runs (``name``), its version, how many attempts it takes at once (0: it
    did not say), its labels, the attempts that it is at (run and name), and when it last asked for one (seconds since
    1970).
    """

    tier: int
    name: str
    version: str
    capacity: int
    labels: tuple[str, ...]
    attempts: tuple[str, ...]
    seen_at: float

    def to_json(self) -> dict[str, Any]:
        """The line as plain JSON values."""
        return asdict(self)


def identity_of(name: str, version: str, capacity: int, labels: tuple[str, ...]) -> str:
    """How a worker is known to its server."""
    return " ".join([name, f"milepost/{version}", f"capacity={capacity}", *(f"[{label}]" for label in labels)])


def worker_line(tier: int, identity: str, attempts: tuple[str, ...], seen_at: float) -> WorkerLine:
    """What :func:`identity_of` said of a worker; of another program's only the name is known."""
    name, *words = identity.split(" ")
    version = next((word.removeprefix("milepost/") for word in words if word.startswith("milepost/")), "")
    capacity = next((word.removeprefix("capacity=") for word in words if word.startswith("capacity=")), "0")
    labels = tuple(part.partition("]")[0] for part in identity.split("[")[1:])
    return WorkerLine(tier, name, version, int(capacity) if capacity.isdecimal() else 0, labels, attempts, seen_at)
