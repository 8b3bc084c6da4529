"""Keys and certificates made on the spot."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Made:
    key: bytes
    pem: bytes
    public_key: Any
    fingerprint: bytes
    signing_key: Any
    subject: Any


def certificate(
    name: str,
    issuer: Made | None = None,
    *,
    address: str = "127.0.0.1",
    authority: bool = False,
    password: bytes = b"",
    days: int = 1,
) -> Made:
    """For this address, signed by `issuer` or by itself."""
    pytest.importorskip("cryptography", reason="the extra `entra` is not installed here")
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    signer = issuer.signing_key if issuer else key
    signers_public_key = issuer.public_key if issuer else key.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signers_public_key), critical=False)
        .sign(signer, hashes.SHA256())
    )
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return Made(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection),
        made.public_bytes(serialization.Encoding.PEM),
        key.public_key(),
        made.fingerprint(hashes.SHA256()),
        key,
        subject,
    )
