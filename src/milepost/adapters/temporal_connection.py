"""The connection to a Temporal server, and in our own words why there is none."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from milepost.adapters.surroundings import resolve_secrets
from milepost.app.observations import DURATIONS
from milepost.app.temporal_settings import TemporalSettings
from milepost.errors import EngineUnavailable

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime
    from temporalio.service import RPCError, TLSConfig

PATIENCE = 10.0
"""Seconds that a server has for its first answer."""


def require_temporal() -> None:
    """Check that the extra is installed.

    Raises:
        EngineUnavailable: it is not.
    """
    if importlib.util.find_spec("temporalio") is None:
        raise EngineUnavailable(
            "the Temporal engine needs temporalio, which is not installed", remedy="pip install 'milepost[temporal]'"
        )


async def connect(settings: TemporalSettings, root: Path, identity: str, metrics: str = "") -> Client:
    """Connect to the server, and see that it has the namespace; ``metrics`` is where Prometheus finds ours, if given.

    Raises:
        EngineUnavailable: no server answers, it speaks another protocol, or refuses us.
        WorkerUnavailable: a secret of the settings is missing.
    """
    require_temporal()
    from temporalio.client import Client
    from temporalio.service import RPCError

    secrets = {"api_key": settings.api_key} if settings.api_key else {}
    api_key = resolve_secrets(secrets, root=root, wanted_by="[temporal]").get("api_key")
    try:
        async with asyncio.timeout(PATIENCE):
            client = await Client.connect(
                settings.address,
                namespace=settings.namespace,
                api_key=api_key,
                tls=_tls(settings, root) if settings.uses_tls else False,
                identity=identity,
                runtime=_quiet_runtime(metrics),
            )
            await _require_namespace(client)
    except TimeoutError:
        raise _unreachable(settings, f"no answer within {PATIENCE:g}s") from None
    except RuntimeError as error:
        raise _unreachable(settings, str(error)) from None
    except RPCError as error:
        raise _refused(settings, error) from None
    return client


def _tls(settings: TemporalSettings, root: Path) -> TLSConfig:
    from temporalio.service import TLSConfig

    return TLSConfig(
        server_root_ca_cert=_pem(root, "tls_ca", settings.tls_ca),
        client_cert=_pem(root, "tls_cert", settings.tls_cert),
        client_private_key=_pem(root, "tls_key", settings.tls_key),
        domain=settings.tls_domain or None,
    )


def _pem(root: Path, key: str, path: str) -> bytes | None:
    if not path:
        return None
    try:
        found = (root / Path(path).expanduser()).read_bytes()
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EngineUnavailable(
            f"the file that `{key}` of [temporal] names cannot be read: {reason}",
            place=path,
            remedy="paths are read from the project's folder",
        ) from None
    if b"-----BEGIN " not in found:
        raise EngineUnavailable(
            f"the file that `{key}` of [temporal] names is no PEM file",
            place=path,
            remedy="certificates and keys are expected as text that begins with `-----BEGIN`",
        )
    return found


async def _require_namespace(client: Client) -> None:
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    request = DescribeNamespaceRequest(namespace=client.namespace)
    await client.workflow_service.describe_namespace(request, timeout=timedelta(seconds=PATIENCE))


def _quiet_runtime(metrics: str) -> Runtime:
    """The process's runtime; it leaves the telling of failures to us."""
    from temporalio.runtime import LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter

    global _runtime
    if _runtime is None:
        logging.getLogger("temporalio").addHandler(logging.NullHandler())
        logging.getLogger("temporalio").propagate = False
        only_errors = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
        told = PrometheusConfig(bind_address=metrics, histogram_bucket_overrides=_BUCKETS) if metrics else None
        try:
            telemetry = TelemetryConfig(logging=only_errors, metrics=told, attach_service_name=False)
            _runtime = Runtime(telemetry=telemetry)
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"metrics cannot be offered: {error}", place=metrics) from None
    return _runtime


_runtime: Runtime | None = None

_BUCKETS = {"milepost_worker_attempt_duration": [float(limit) for limit in DURATIONS]}


_START = "start one with `milepost temporal dev`, or correct `address` in [temporal]"
_CAUSES = (
    ("InvalidContentType", "what answers there does not speak TLS", "leave out the tls settings and api_key"),
    ("NotValidForName", "its certificate is for another name", "set tls_domain to the name that the certificate bears"),
    ("NotValidYet", "its certificate is not valid yet", "see that this machine's clock is right"),
    ("Expired", "its certificate has expired", "have it renewed, or see that this machine's clock is right"),
    ("InvalidCertificate", "its certificate is not trusted", "name the authority's certificate: tls_ca"),
    ("peer certificate", "its certificate is not trusted", "name the authority's certificate: tls_ca, tls_domain"),
    ("CertificateRequired", "it wants a client's certificate", "set tls_cert and tls_key"),
    ("Connection refused", "connection refused", _START),
    ("dns error", "there is no such host", "correct `address` in [temporal]"),
)
_CUT_OFF = ("transport error", "ConnectionReset", "BrokenPipe", "UnexpectedEof")
_WITHOUT_CERTIFICATE = (
    "correct `address` in [temporal]; a server that wants a client's certificate ends the talk like this: "
    "set tls_cert and tls_key"
)
_WITHOUT_TLS = "correct `address` in [temporal]; a server that speaks only TLS ends the talk like this: set tls = true"


def _unreachable(settings: TemporalSettings, detail: str) -> EngineUnavailable:
    """No conversation came about."""
    cut_off = any(sign in detail for sign in _CUT_OFF)
    remedy = _START if settings.uses_tls else _WITHOUT_TLS
    if cut_off and settings.uses_tls and not settings.tls_cert:
        remedy = _WITHOUT_CERTIFICATE
    said = "it ended the talk" if cut_off else detail.removeprefix("Failed client connect: ")
    otherwise = (said, remedy)
    reason, remedy = next(((why, help) for sign, why, help in _CAUSES if sign in detail), otherwise)
    return EngineUnavailable(f"no Temporal server can be reached: {reason}", place=settings.address, remedy=remedy)


def _refused(settings: TemporalSettings, error: RPCError) -> EngineUnavailable:
    from temporalio.service import RPCStatusCode

    if error.status is RPCStatusCode.NOT_FOUND:
        return EngineUnavailable(
            f"the Temporal server has no namespace `{settings.namespace}`",
            place=settings.address,
            remedy="correct `namespace` in [temporal], or have the namespace made: "
            f"`temporal operator namespace create -n {settings.namespace}`",
        )
    if error.status in (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED):
        return EngineUnavailable(
            f"the Temporal server refuses us: {error.message}",
            place=settings.address,
            remedy="check api_key, or tls_cert and tls_key, in [temporal]",
        )
    return _unreachable(settings, error.message)
