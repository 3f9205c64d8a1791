"""A real server behind TLS: what fits works, and what does not is said."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.engines.conftest import SETTINGS
from tests.engines.links import Relay
from tests.engines.temporal_scene import Server, WorkerProcess
from tests.engines.test_both_engines import of, plan_of

pytest.importorskip("cryptography")
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass
class Authority:
    """Makes certificates in a folder."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self.builder(self.subject, self.key).add_extension(constraints, critical=True)
        self.path = self.write(f"{self.name}.pem", certificate.sign(self.key, hashes.SHA256()))

    def builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder(self.subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
        )

    def write(self, name: str, certificate: x509.Certificate) -> Path:
        path = self.folder / name
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for this machine under a name, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self.builder(subject, key).add_extension(names, critical=False)
        secret = self.folder / f"{name}.key"
        form = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        return self.write(f"{name}.pem", certificate.sign(self.key, hashes.SHA256())), secret


@dataclass
class Behind:
    """A server behind TLS, with the certificates that go with it."""

    address: str
    ours: Authority
    others: Authority
    client: tuple[Path, Path]


def behind_tls(server: Server, folder: Path, *, wants_client: bool) -> Iterator[Behind]:
    ours, others = Authority(folder, "ours"), Authority(folder, "others")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.issue("temporal.example"))
    context.set_alpn_protocols(["h2"])
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ours.path)
    host, _, port = server.address.rpartition(":")
    relay = Relay((host, int(port)), tls=context)
    yield Behind(relay.address, ours, others, ours.issue("client"))
    relay.close()


@pytest.fixture(scope="module")
def tls(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    yield from behind_tls(server, tmp_path_factory.mktemp("tls"), wants_client=False)


@pytest.fixture(scope="module")
def mutual(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    yield from behind_tls(server, tmp_path_factory.mktemp("mutual"), wants_client=True)


@pytest.fixture
def settings(project: Path) -> Callable[..., None]:
    """Write a plan, and settings for the server at an address."""

    def write(address: str, **more: object) -> None:
        lines = [f'{key} = "{value}"' if value is not True else f"{key} = true" for key, value in more.items()]
        temporal = "\n".join([f'[temporal]\naddress = "{address}"\nheartbeat_seconds = 1', *lines])
        (project / "milepost.toml").write_text(SETTINGS.format(engine="temporal", run="") + f"\n{temporal}\n")
        (project / "tasks.md").write_text(plan_of("1.1 true"))

    return write


def test_a_run_and_its_worker_over_tls(
    milepost: Milepost,
    project: Path,
    settings: Callable[..., None],
    tls: Behind,
    workers: Callable[..., WorkerProcess],
) -> None:
    settings(tls.address, tls_ca=tls.ours.path)
    worker = workers(project, "--tier", "3").ready()
    assert milepost("run", "tasks.md", "--trust").code == 0
    assert len(of(milepost, "TaskCompleted")) == 1
    assert f":{worker.process.pid}" in milepost("workers").out
    assert worker.end() == 0


def test_a_server_that_wants_a_certificate_gets_one(
    milepost: Milepost, settings: Callable[..., None], mutual: Behind
) -> None:
    certificate, key = mutual.client
    settings(mutual.address, tls_ca=mutual.ours.path, tls_cert=certificate, tls_key=key)
    said = milepost("workers")
    assert "nobody serves tier 3" in said.out


@pytest.mark.parametrize(
    ("more", "message", "remedy"),
    [
        ({}, "it ended the talk", "set tls = true"),
        ({"tls": True}, "its certificate is not trusted", "name the authority's certificate: tls_ca"),
        ({"tls_ca": "others.pem"}, "its certificate is not trusted", "name the authority's certificate: tls_ca"),
        (
            {"tls_ca": "ours.pem", "tls_domain": "elsewhere.example"},
            "its certificate is for another name",
            "set tls_domain",
        ),
        ({"tls_ca": "ours.key"}, "is no PEM file", "-----BEGIN"),
    ],
    ids=["plain text", "no authority", "another authority", "another name", "no certificate"],
)
def test_tls_that_does_not_fit(
    milepost: Milepost,
    settings: Callable[..., None],
    tls: Behind,
    more: dict[str, object],
    message: str,
    remedy: str,
) -> None:
    (tls.ours.folder / "ours.key").write_text("nothing\n")
    paths = {key: tls.ours.folder / str(value) for key, value in more.items() if key == "tls_ca"}
    settings(tls.address, **{**more, **paths})
    said = milepost("run", "tasks.md", "--trust")
    assert (said.code, message in said.err, remedy in said.err) == (1, True, True), said.err


def test_a_server_that_wants_a_certificate_gets_none(
    milepost: Milepost, settings: Callable[..., None], mutual: Behind
) -> None:
    settings(mutual.address, tls_ca=mutual.ours.path)
    said = milepost("workers")
    assert said.code == 1
    assert "wants a client's certificate" in said.err  # it says so, or it ends the talk, whichever comes first
    assert "set tls_cert and tls_key" in said.err
