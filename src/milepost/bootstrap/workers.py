"""Who makes attempts: the surroundings of a tier's commands, the engine with workers elsewhere, and such a worker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milepost import __version__
from milepost.adapters.surroundings import Surroundings, passed, resolve_secrets
from milepost.app.settings import Settings, TierSettings
from milepost.app.trust import allowed_commands
from milepost.bootstrap.ledgers import project_settings
from milepost.errors import EngineUnavailable, TransportRefused, TransportUnavailable, UsageError

if TYPE_CHECKING:
    from milepost.adapters.git_away import Route
    from milepost.adapters.isolation import Isolation
    from milepost.adapters.local_engine import LocalEngine
    from milepost.adapters.temporal_journeys import Depot
    from milepost.adapters.temporal_worker import Tell
    from milepost.app.temporal_settings import TemporalSettings
    from milepost.app.workers import WorkerLine


def surroundings_of(tier: TierSettings, settings: Settings) -> Surroundings:
    """What surrounds the commands of a tier on this machine.

    Raises:
        WorkerUnavailable: a secret that the settings refer to is missing.
    """
    patterns = settings.env_pass if tier.env_pass is None else tier.env_pass
    secrets = resolve_secrets(tier.secret_env, root=settings.root, wanted_by=f"tier {tier.rank}")
    return Surroundings({**passed(os.environ, patterns), **tier.env}, secrets, tier.cwd)


def isolation_of(settings: Settings, run: str, plan: str) -> Isolation | None:
    """The git worktrees in which attempts of a run work, where the settings ask for any."""
    from milepost.app.workspace_settings import WORKTREE, isolated_tiers

    tiers = isolated_tiers(settings)
    if not tiers:
        return None
    from milepost.adapters.git_workspace import GitWorkspace
    from milepost.adapters.isolation import Isolation

    workspace = GitWorkspace(settings.root.resolve(), run, Path(os.path.realpath(plan)))
    return Isolation(workspace, tiers, settings.workspace == WORKTREE)


def temporal_settings(settings: Settings) -> TemporalSettings:
    """Where the Temporal server of a project is."""
    from milepost.app.temporal_settings import TemporalSettings

    return settings.temporal or TemporalSettings()


def temporal_engine(settings: Settings) -> Callable[..., LocalEngine]:
    """What makes a Temporal engine, once it is told what any engine is told."""
    from milepost.adapters.temporal_engine import TemporalEngine
    from milepost.app.workspace_settings import isolated_tiers

    route = route_of(settings) if isolated_tiers(settings) else None
    return partial(TemporalEngine, temporal=temporal_settings(settings), route=route)


def route_of(settings: Settings) -> Route:
    """How commits travel between a run's home and its workers: by a git remote that is named, or else as blobs.

    Raises:
        TransportRefused: there is no such remote.
        TransportUnavailable: what the blob store needs is not installed.
    """
    root = settings.root.resolve()
    if settings.remote:
        from milepost.adapters.git_remotes import RemoteRoute, remote_address

        return RemoteRoute(remote_address(settings.remote, root))
    from milepost.adapters.git_bundles import BundleRoute
    from milepost.bootstrap.blobs import blobs_of

    return BundleRoute(blobs_of(settings), root / ".milepost" / "bundles")


def depot_of(settings: Settings) -> Depot:
    """What a worker of the project has for attempts that travel."""
    from milepost.adapters.git_away import clear_away
    from milepost.adapters.temporal_journeys import Depot
    from milepost.bootstrap.blobs import blobs_of

    clear_away(settings.root.resolve(), 0.0)
    try:
        return Depot(route_of(settings), blobs_of(settings), settings.blobs is not None)
    except (TransportRefused, TransportUnavailable) as error:
        return Depot(why_not=f"{error}; {error.remedy}")


def serve(
    place: str,
    tiers: Mapping[int, int],
    labels: tuple[str, ...],
    on_event: Tell,
    metrics: str = "",
    drain_seconds: float | None = None,
) -> None:
    """Work for the project that a file or folder belongs to, until a signal asks to end.

    ``tiers`` says how many attempts of which rank are taken at once, 0 for as many as the settings say; ``metrics`` is
    the address at which Prometheus finds the worker's, if any. After the signal what runs has ``drain_seconds``, or as
    long as it takes.

    Raises:
        UsageError: there is no such address.
        SettingsInvalid: a tier is not configured.
        EngineUnavailable: there is no server, or that address cannot be used.
        WorkerUnavailable: a secret that the settings refer to is missing.
    """
    from milepost.adapters.temporal_connection import connect, require_temporal
    from milepost.adapters.temporal_trust import signing_key

    require_temporal()
    from milepost.adapters.supervisors import own_name
    from milepost.adapters.telemetry import watching
    from milepost.adapters.temporal_worker import TierWorker
    from milepost.adapters.worker_telemetry import WorkerTelemetry
    from milepost.app.agent_settings import agent_tiers
    from milepost.app.temporal_settings import is_address
    from milepost.app.workers import identity_of

    if metrics and not is_address(metrics):
        raise UsageError(f"`{metrics}` is no address for metrics", remedy="write it as HOST:PORT, such as 0.0.0.0:9464")
    settings = project_settings(place)
    root = settings.root.resolve()
    temporal = temporal_settings(settings)
    served = {rank: count or settings.tier(rank, wanted_by="the worker").capacity for rank, count in tiers.items()}
    workers = {rank: surroundings_of(settings.tier(rank), settings) for rank in served}
    key = signing_key(temporal, root)

    def tell(message: str, about: Mapping[str, Any] | None = None) -> None:
        on_event(message, {"worker": own_name(), **(about or {})})

    async def work(telemetry: WorkerTelemetry) -> None:
        identity = identity_of(own_name(), __version__, sum(served.values()), labels)
        client = await connect(temporal, root, identity, metrics)
        telemetry.worker = client.identity
        runtime = client.service_client.config.runtime
        telemetry.own = runtime.metric_meter if metrics and runtime else None
        queues = ", ".join(temporal.tier_queue(root, rank) for rank in served)
        tell(f"{client.identity} serves {queues}")
        await TierWorker(
            client,
            temporal,
            root,
            served,
            allowed_commands(root),
            key,
            workers,
            settings.grace_seconds,
            round(settings.log_limit_mb * 1_000_000),
            tell,
            agent_tiers(settings),
            telemetry,
            depot_of(settings),
            drain_seconds,
        ).serve()

    with watching(os.environ, tell, WorkerTelemetry.of) as telemetry:
        asyncio.run(work(telemetry or WorkerTelemetry()))


def ask_server(settings: Settings) -> str:
    """Say which Temporal server of a project answers, and how far its clock is from ours.

    Raises:
        EngineUnavailable: none does, or it refuses us.
        WorkerUnavailable: a secret that the settings refer to is missing.
    """
    from milepost.adapters.temporal_connection import connect, require_temporal

    require_temporal()
    from temporalio.service import RPCError

    from milepost.adapters.supervisors import own_name
    from milepost.adapters.temporal_clocks import clock_ahead, off, server_time
    from milepost.adapters.temporal_trust import signing_key

    temporal, root = temporal_settings(settings), settings.root.resolve()
    signing_key(temporal, root)

    async def ask() -> str:
        client = await connect(temporal, root, own_name())
        try:
            ahead = clock_ahead(await server_time(client))
        except RPCError as error:
            raise EngineUnavailable(
                f"the Temporal server does not say what it does: {error.message}", place=temporal.address
            ) from None
        return f"{temporal.address} answers, namespace {temporal.namespace}" + (f"; {off(ahead)}" if ahead else "")

    return asyncio.run(ask())


def list_workers(place: str) -> tuple[list[WorkerLine], list[int]]:
    """The workers of the project that a file or folder belongs to, and the tiers of commands that nobody serves.

    Raises:
        EngineUnavailable: there is no server, or it does not answer.
    """
    from milepost.adapters.temporal_connection import connect, require_temporal

    require_temporal()
    from temporalio.service import RPCError

    from milepost.adapters.supervisors import own_name
    from milepost.adapters.temporal_queues import workers_of

    settings = project_settings(place)
    root = settings.root.resolve()
    temporal = temporal_settings(settings)
    queues = {rank: temporal.tier_queue(root, rank) for rank in sorted(settings.tiers)}

    async def ask() -> list[WorkerLine]:
        client = await connect(temporal, root, own_name())
        try:
            return await workers_of(client, queues, temporal.run_name(root, ""))
        except RPCError as error:
            raise EngineUnavailable(
                f"the Temporal server does not say who works: {error.message}", place=temporal.address
            ) from None

    found = asyncio.run(ask())
    served = {line.tier for line in found}
    by_command = [rank for rank in queues if settings.tiers[rank].driver != "manual"]
    return found, [rank for rank in by_command if rank not in served]
