# SPDX-License-Identifier: MIT
"""What every end-to-end test may ask for. HOPAUDIT_BIN names the binary; run one test by its name:

    HOPAUDIT_BIN=build/hopaudit /usr/bin/python3 -m pytest tests/e2e -k a_post_keeps_its_body
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib import hopaudit as process  # noqa: E402
from lib.control import Control  # noqa: E402
from lib.nginx import Nginx  # noqa: E402
from lib.origin import RecordingOrigin  # noqa: E402
from lib.raw_client import RawClient  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "all: needs a client of the large set (`scripts/test --all` installs them)")
    config.addinivalue_line("markers", "threads: several workers share something; also run under ThreadSanitizer")


@pytest.fixture
def start_origin():
    """A function that starts a RecordingOrigin; a mistake in a test's own script fails that test."""
    origins = []

    def start(**options):
        origins.append(RecordingOrigin(**options))
        return origins[-1]

    yield start
    for origin in origins:
        origin.stop()
    for origin in origins:
        assert origin.errors == [], f"a script of the origin failed: {origin.errors}"


@pytest.fixture
def origin(start_origin):
    return start_origin()


@pytest.fixture
def start_proxy(tmp_path):
    """A function that starts a `hopaudit proxy`. What the test does not stop is stopped, and checked, after it."""
    proxies = []

    def start(*options, **more):
        folder = tmp_path / f"proxy{len(proxies)}"
        folder.mkdir()
        proxies.append(process.Hopaudit(folder, *options, **more))
        return proxies[-1]

    yield start
    running = [proxy for proxy in proxies if proxy.running]
    try:
        for proxy in running:
            proxy.stop()
    finally:
        for proxy in proxies:
            proxy.kill()


@pytest.fixture
def proxy(start_proxy):
    return start_proxy()


@pytest.fixture
def start_with_dashboard(start_proxy):
    """A function that starts a `hopaudit proxy` with a dashboard; gives both: the proxy, and its Control."""

    def start(*options, dashboard="127.0.0.1:0", **more):
        proxy = start_proxy("--dashboard", dashboard, "--ready-file", "ready.json", *options, **more)
        return proxy, Control.of(proxy.folder / "ready.json")

    return start


@pytest.fixture
def connect():
    """A function that opens a RawClient to an address, an origin or a proxy; closed after the test."""
    clients = []

    def open_client(peer, **options):
        address = peer if isinstance(peer, tuple) else getattr(peer, "address", None) or (peer.host, peer.port)
        clients.append(RawClient(address, **options))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def start_nginx(tmp_path):
    servers = []

    def start(server):
        servers.append(Nginx(tmp_path / f"nginx{len(servers)}", server))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def run(tmp_path):
    """`hopaudit run` in the test's folder: run(command, *options) -> lib.hopaudit.Run."""

    def in_folder(command, *options, **more):
        return process.run(more.pop("folder", tmp_path), command, *options, **more)

    return in_folder


@pytest.fixture
def hopaudit(tmp_path):
    """Any other command of hopaudit: hopaudit("explain", "307")."""

    def call(*arguments, **more):
        return process.call(tmp_path, *arguments, **more)

    return call
