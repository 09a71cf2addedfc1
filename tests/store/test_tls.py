"""The short way over TLS trusts whom boto3 trusts, and nobody else."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from s3dedup.errors import EndpointError
from s3dedup.store import PageRequest, S3Store
from s3dedup.store.client import tls_settings
from s3dedup.store.wire import Place, Wire, WireError
from tests.fakes3 import FakeS3
from tests.steps import finish
from tests.store.helpers import listed, open_store, read, warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def certificate(directory: Path, address: str) -> Path:
    """A certificate that vouches for itself, and its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now, names = datetime.now(UTC), x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    unlocked = serialization.NoEncryption()
    path = directory / f"{address}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The certificate of the server."""
    return certificate(tmp_path, "127.0.0.1")


@pytest.fixture
def fake(bundle: Path) -> Iterator[FakeS3]:
    """The fake AWS, over TLS."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(bundle)
    with FakeS3(tls=tls) as server:
        yield server


@pytest.mark.parametrize("setting", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_with_the_ca_bundle_of_the_environment_everything_goes_the_short_way(
    setting: str, fake: FakeS3, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, str(bundle))
    body = bytes(range(256)) * 4096
    row = listed(fake.put("b", "k", body))
    with closing(open_store(fake)) as store:
        warm(store, row)
        monkeypatch.setattr(S3Store, "_ask_boto3", lambda *_: pytest.fail("boto3 was asked"))
        assert store.head("b", row, layout=False).size == len(body)
        assert read(store, row) == read(store, row) == body


def test_pages_that_come_in_many_records_go_the_short_way_too(
    fake: FakeS3, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    for number in range(500):
        fake.put("b", f"{number:0200}", b"")
    with closing(open_store(fake)) as store:
        expected = finish(store.page(PageRequest("b")))
        monkeypatch.setattr(S3Store, "_list_boto3", lambda *_: pytest.fail("boto3 was asked"))
        assert len(expected) > 1 << 17
        assert finish(store.page(PageRequest("b"))) == finish(store.page(PageRequest("b"))) == expected


def test_without_it_nobody_is_trusted(fake: FakeS3) -> None:
    row = listed(fake.put("b", "k", b"content"))
    with closing(open_store(fake)) as store, pytest.raises(EndpointError, match=r"cannot be reached.*CERTIFICATE"):
        store.head("b", row, layout=False)
    assert not fake.log


def connect(fake: FakeS3, verify: bool | str) -> None:
    """Connect as the short way does."""
    host, _, port = fake.endpoint_url.partition("://")[2].partition(":")
    Wire(Place(host, int(port), tls_settings(verify), 5, 5)).close()


def test_the_short_way_by_itself_trusts_the_bundle_only(fake: FakeS3, bundle: Path, tmp_path: Path) -> None:
    connect(fake, str(bundle))
    connect(fake, verify=False)
    for other in (True, str(certificate(tmp_path, "127.0.0.2"))):
        with pytest.raises(WireError, match="CERTIFICATE_VERIFY_FAILED"):
            connect(fake, other)


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    elsewhere, tls = certificate(tmp_path, "127.0.0.2"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(elsewhere)
    with FakeS3(tls=tls) as fake, pytest.raises(WireError, match="IP address mismatch"):
        connect(fake, str(elsewhere))
