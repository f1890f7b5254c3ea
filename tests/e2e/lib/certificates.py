# SPDX-License-Identifier: MIT
"""Certificates of the tests' own, made in memory: an authority, what it issues, and a zoo of those that must be refused.

    root = Authority("shop root")
    root.issue("shop.test", "127.0.0.1").write(folder / "shop.pem")   the chain and its key, in one file
"""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.utcnow().replace(microsecond=0)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
VALID = (NOW - HOUR, NOW + 30 * DAY)
EXPIRED = (NOW - 30 * DAY, NOW - HOUR)
FUTURE = (NOW + DAY, NOW + 30 * DAY)


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(bits):
    return rsa.generate_private_key(65537, bits)


class Identity:
    """A key with its certificate, and the certificates between it and the root (which a server sends along)."""

    def __init__(self, key, certificate, between=()):
        self.key, self.certificate, self.between = key, certificate, tuple(between)

    @property
    def certificate_pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def chain_pem(self):
        return b"".join(
            certificate.public_bytes(serialization.Encoding.PEM) for certificate in (self.certificate, *self.between)
        )

    def write(self, path):
        """Chain and key into one file, as ssl.SSLContext.load_cert_chain() reads it."""
        path.write_bytes(self.chain_pem + self.key_pem)
        path.chmod(0o600)
        return path


class Authority(Identity):
    """Issues certificates; `parent` makes it an intermediate one."""

    def __init__(self, name, parent=None, validity=VALID):
        key = ec_key()
        super().__init__(key, _sign(parent, name, key, validity, _authority_extensions()))
        self.parent = parent

    def issue(self, *names, key=None, validity=VALID, usage=ExtendedKeyUsageOID.SERVER_AUTH, is_ca=False):
        """A certificate for DNS names and addresses."""
        key = key or ec_key()
        extensions = _authority_extensions() if is_ca else _leaf_extensions(names, usage)
        certificate = _sign(self, names[0], key, validity, extensions)
        # What lies between the leaf and the root: this authority, unless it is the root, and those above it.
        between, authority = [], self
        while authority.parent:
            between.append(authority.certificate)
            authority = authority.parent
        return Identity(key, certificate, between)

    def write_certificate(self, path):
        path.write_bytes(self.certificate_pem)
        return path


def self_signed(*names, validity=VALID):
    key = ec_key()
    return Identity(key, _sign(None, names[0], key, validity, _leaf_extensions(names, ExtendedKeyUsageOID.SERVER_AUTH)))


def issued_by_a_leaf(leaf, *names):
    """A chain in which `leaf`, which is no authority, plays one."""
    key = ec_key()
    extensions = _leaf_extensions(names, ExtendedKeyUsageOID.SERVER_AUTH)
    return Identity(key, _sign(leaf, names[0], key, VALID, extensions), (leaf.certificate, *leaf.between))


def _sign(issuer, name, key, validity, extensions):
    signing_key = issuer.key if issuer else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing_key, hashes.SHA256())


def _authority_extensions():
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return [(x509.BasicConstraints(ca=True, path_length=None), True), (usage, True)]


def _leaf_extensions(names, usage):
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
        (x509.ExtendedKeyUsage([usage]), False),
    ]


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
