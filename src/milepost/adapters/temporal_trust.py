"""Which orders a worker carries out: with a key those that were signed with it, else what was allowed on its machine.

The signature is an HMAC-SHA-256 over everything that decides what is executed, and on what, made with a key that the
submitter and the machine of the worker share. Whoever can only write to the server's queues cannot have anything
executed; without a key, nothing but what its machine allows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from milepost.adapters.surroundings import resolve_secrets
from milepost.adapters.temporal_messages import Order
from milepost.app.temporal_settings import TemporalSettings


def signing_key(settings: TemporalSettings, root: Path) -> bytes:
    """The key that orders are signed with; empty when there is none.

    Raises:
        WorkerUnavailable: the settings name a secret that is not there.
    """
    if not settings.signing_key:
        return b""
    found = resolve_secrets({"signing_key": settings.signing_key}, root=root, wanted_by="[temporal]")
    return found["signing_key"].encode("utf-8", "surrogateescape")


def sign(order: Order, key: bytes) -> Order:
    """Vouch for an order; without a key it stays as it is."""
    return replace(order, signature=_signature(order, key)) if key else order


def permits(order: Order, key: bytes, allowed: Callable[[str], bool]) -> bool:
    """Whether a worker with this key, or without one on a machine that allows these commands, carries an order out."""
    if key:
        return hmac.compare_digest(_signature(order, key), order.signature)
    return all(allowed(command) for command in (order.command, *order.verify) if command)


def refusal(order: Order, key: bytes, worker: str) -> str:
    """Why a worker does not carry an order out."""
    if key:
        why = "the order is signed with another key" if order.signature else "the order is not signed"
    else:
        why = "nobody has trusted it on that machine"
        why += ", and the worker has no key for the signature of the order" if order.signature else ""
    return f"the worker {worker} does not allow its command: {why}"


def _signature(order: Order, key: bytes) -> str:
    signed = [order.queue, order.run, order.task, order.attempt_no, order.tier, order.plan, order.command, order.verify]
    if order.tree or order.files:
        signed += [order.tree, order.files]
    return hmac.new(key, json.dumps(signed, sort_keys=True).encode("ascii"), hashlib.sha256).hexdigest()
