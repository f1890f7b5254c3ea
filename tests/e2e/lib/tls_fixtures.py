# SPDX-License-Identifier: MIT
"""Fixtures of the tests over TLS: `trust` (one root for the session), `start_tls_origin` (an origin of a name),
`tls_relay` (a relay that trusts the root) and `hosts` (these names, for a client that goes around the relay)."""
import pathlib
import shutil
import subprocess

import pytest

from lib.certificates import Authority
from lib.hopaudit import environment
from lib.relay import Relay, files_replaced
from lib.tls import TlsClient, TlsOrigin, client_context, server_context

pytest_plugins = ("lib.relay_fixtures",)

NAMES = ("shop.test", "other.test")


class Trust:
    """The root that the origins' certificates hang from, and the files in which clients and the relay are told of it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = Authority("hopaudit test root")
        self.ca_file = self.root.write_certificate(folder / "root.pem")

    def identity_file(self, *names, **options):
        path = self.folder / f"{names[0]}-{len(list(self.folder.iterdir()))}.pem"
        return self.root.issue(*names, **options).write(path)

    @property
    def java_store(self):
        """A trust store of its own kind, by the JDK's own tool."""
        path = self.folder / "trust.p12"
        if not path.exists():
            keytool = shutil.which("keytool")
            assert keytool, "keytool is not installed; scripts/test --all installs it"
            command = [keytool, "-importcert", "-noprompt", "-alias", "root", "-file", self.ca_file, "-keystore", path]
            subprocess.run([*command, "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
        return path

    def variables(self, java=False):
        """What a user exports so that each client trusts the root, without hopaudit."""
        names = (
            "SSL_CERT_FILE",
            "CURL_CA_BUNDLE",
            "REQUESTS_CA_BUNDLE",
            "NODE_EXTRA_CA_CERTS",
            "GIT_SSL_CAINFO",
            "PERL_LWP_SSL_CA_FILE",
        )
        variables = {name: str(self.ca_file) for name in names}
        if java:
            variables["JAVA_TOOL_OPTIONS"] = (
                f"-Djavax.net.ssl.trustStore={self.java_store} -Djavax.net.ssl.trustStoreType=PKCS12 "
                "-Djavax.net.ssl.trustStorePassword=changeit"
            )
        return variables


class TlsRelay(Relay):
    """A relay that trusts the tests' root, and what a client needs to trust it."""

    def __init__(self, folder, trust, *options, **popen):
        for name in NAMES:
            options = ("--resolve", f"{name}=127.0.0.1", *options)
        super().__init__(folder, "--intercept", "--workers", "1", "--upstream-ca", str(trust.ca_file), *options, **popen)

    def new_client(self, **options):
        """One that its thread closes."""
        return TlsClient(self.address, **options)

    def client(self, **options):
        self.clients.append(self.new_client(**options))
        return self.clients[-1]

    @property
    def ca_file(self):
        return self.folder / "home/.config/hopaudit/ca.pem"

    def context(self, **options):
        return client_context(self.ca_file, **options)


@pytest.fixture(scope="session")
def trust(tmp_path_factory):
    return Trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture
def start_tls_origin(trust):
    """start_tls_origin(NAME, identity=FILE, host=ADDRESS, **options of server_context): its name resolves where `hosts`
    is used. Without a name it is known by its address."""
    origins = []

    def start(name="shop.test", identity=None, host="127.0.0.1", **options):
        context = server_context(identity or trust.identity_file(*filter(None, (name, host))), **options)
        origins.append(TlsOrigin(context, host, name=name))
        return origins[-1]

    yield start
    for origin in origins:
        origin.stop()
    for origin in origins:
        assert origin.errors == [], f"a script of the origin failed: {origin.errors}"


@pytest.fixture
def shop(start_tls_origin):
    return start_tls_origin("shop.test")


@pytest.fixture
def start_tls_relay(tmp_path, trust):
    relays = []

    def start(*options, **popen):
        folder = tmp_path / f"tls-relay{len(relays)}"
        folder.mkdir()
        popen.setdefault("env", environment(folder, **popen.pop("variables", {})))
        relays.append(TlsRelay(folder, trust, *options, **popen))
        return relays[-1]

    yield start
    for relay in relays:
        relay.hang_up()
        if relay.running:
            relay.stop()
        else:
            relay.wait(relay.expected_status)


@pytest.fixture
def tls_relay(start_tls_relay):
    return start_tls_relay()


@pytest.fixture(scope="module")
def shared_tls_relay(tmp_path_factory, trust):
    """Runs on for the whole file."""
    relay = TlsRelay(tmp_path_factory.mktemp("relay"), trust)
    yield relay
    relay.hang_up()
    relay.stop()


@pytest.fixture
def hosts(tmp_path):
    """For `preexec_fn` of a client that goes to the origins directly: their names are loopback's (needs root)."""
    path = pathlib.Path(tmp_path / "hosts")
    path.write_text(f"127.0.0.1 localhost {' '.join(NAMES)}\n")
    return files_replaced({"/etc/hosts": path})
