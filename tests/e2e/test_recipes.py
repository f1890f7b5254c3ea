# SPDX-License-Identifier: MIT
"""scripts/recipes: what real servers' redirect helpers answer, and what hopaudit says of it, in passing (`run`) and when
it asks itself (`inspect`)."""
import json
import shutil
import socket
import subprocess
import sys
import time

import pytest

from lib import drivers
from lib.hopaudit import PATIENCE
from lib.log import REPOSITORY

pytest_plugins = ("lib.tls_fixtures",)
pytestmark = pytest.mark.all

RECIPES = REPOSITORY / "scripts/recipes"


def compiled_go(folder):
    subprocess.run(["go", "build", "-o", folder / "redirects", RECIPES / "redirects.go"], check=True, cwd=folder,
                   env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
    return [folder / "redirects"]


SERVERS = {
    "express": lambda folder: ["node", RECIPES / "express_app.cjs"],
    "flask": lambda folder: [sys.executable, RECIPES / "flask_app.py"],
    "django": lambda folder: [sys.executable, RECIPES / "django_app.py"],
    "fastapi": lambda folder: [sys.executable, RECIPES / "fastapi_app.py"],
    "java": lambda folder: ["java", RECIPES / "Redirects.java"],
    "go": compiled_go,
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """One of the recipes, started as its first line says. It can't be given a bound socket, so it is asked by
    connecting whether it is there."""

    def __init__(self, command, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = open(folder / "server.out", "w+", encoding="utf-8")
        program = shutil.which(str(command[0]))
        assert program, f"{command[0]} is not installed; scripts/test --all installs it"
        self.process = subprocess.Popen([program, *command[1:], str(self.port)], stdout=self.output, cwd=folder,
                                        stderr=subprocess.STDOUT, env={"PATH": "/usr/bin:/bin", "HOME": str(folder),
                                                                       **drivers.NODE_VARIABLES})
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, (folder / "server.out").read_text()
            time.sleep(0.02)

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.output.close()


@pytest.fixture
def start(tmp_path, start_nginx):
    servers = []

    def start_server(name):
        if name == "nginx":
            server = start_nginx((RECIPES / "nginx.conf").read_text())
            server.url = f"http://127.0.0.1:{server.port}"
            return server
        servers.append(Server(SERVERS[name](tmp_path), tmp_path))
        return servers[-1]

    yield start_server
    for server in servers:
        server.stop()


ALL = (*SERVERS, "nginx")


def follow(run, url):
    return run(["curl", "-sL", "-o", "answer", "-d", "amount=12", url]).expect(0)


def faults(log):
    return [(f["rule"], f["severity"]) for f in log.events("finding") if f["fault"] == "server"]


@pytest.mark.parametrize("name", ALL)
def test_a_helper_used_rightly_keeps_the_payment_and_is_no_fault(name, start, run, hopaudit):
    server = start(name)
    log = follow(run, f"{server.url}/pay")
    followed = log.one("redirect.followed")
    assert followed["request"]["method"] == followed["follow"]["request"]["method"] == "POST"
    assert log.one("redirect.observed")["response"]["status"] == 307
    assert set(followed["verdicts"].values()) == {"pass"} and faults(log) == []
    seen = json.loads(hopaudit("inspect", "--json", "-d", "amount=12", f"{server.url}/pay").stdout)
    assert seen["verdict"] == "ok" and [step["method"] for step in seen["steps"]] == ["POST", "POST"]


@pytest.mark.parametrize("name", ALL)
def test_a_302_to_a_post_is_told_and_what_each_client_makes_of_it(name, start, run, hopaudit):
    server = start(name)
    assert ("use-303", "info") in faults(follow(run, f"{server.url}/pay-302"))
    seen = json.loads(hopaudit("inspect", "--json", "-d", "amount=12", f"{server.url}/pay-302").stdout)
    assert [step["method"] for step in seen["steps"]] == ["POST", "GET"]
    arrivals = {client["client"]: client["arrives"] for client in seen["clients"]}
    assert arrivals["curl"] == "changed" and arrivals["urllib3"] == "whole"


@pytest.mark.parametrize("name, status", (("django", 301), ("go", 301)))
def test_a_trailing_slash_that_costs_the_content_is_an_error(name, status, start, run, hopaudit):
    server = start(name)
    log = run(["curl", "-sL", "-o", "answer", "-d", "amount=12", f"{server.url}/orders"]).expect(3)
    assert log.one("redirect.observed")["response"]["status"] == status
    assert ("canonicalization-drops-body", "error") in faults(log)
    inspected = hopaudit("inspect", "-d", "amount=12", f"{server.url}/orders")
    assert inspected.returncode == 3 and "canonicalization-drops-body" in inspected.stdout


@pytest.mark.parametrize("name, status", (("flask", 308), ("fastapi", 307)))
def test_a_trailing_slash_that_keeps_the_content_is_none(name, status, start, run):
    log = follow(run, f"{start(name).url}/orders")
    assert log.one("redirect.observed")["response"]["status"] == status
    assert log.one("redirect.followed")["verdicts"]["body"] == "pass"
    assert [severity for _, severity in faults(log) if severity != "info"] == []


def behind_tls(start_nginx, trust, upstream):
    """nginx as a TLS terminator before a server that does not know of it."""
    port, identity = free_port(), trust.identity_file("shop.test")
    start_nginx(
        f"""
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {identity};
        ssl_certificate_key {identity};
        location / {{ proxy_pass {upstream}; proxy_set_header Host $http_host; }}
        """
    )
    return f"https://shop.test:{port}"


def test_a_server_behind_a_tls_terminator_that_names_http_is_an_error(start, start_nginx, trust, run, hopaudit):
    shop = behind_tls(start_nginx, trust, start("fastapi").url)
    options = ("--resolve", "shop.test=127.0.0.1", "--upstream-ca", str(trust.ca_file))
    log = run(["curl", "-sL", "-o", "answer", "-d", "amount=12", f"{shop}/orders"], *options)
    assert ("https-to-http-redirect", "error") in faults(log.log), faults(log.log)
    inspected = hopaudit("inspect", *options, "-d", "amount=12", f"{shop}/orders")
    assert inspected.returncode == 3 and "https-to-http-redirect" in inspected.stdout


def test_nginx_names_its_own_port_where_nobody_else_knows_it(start, run):
    server = start("nginx")
    log = run(["curl", "-sL", "-o", "answer", f"{server.url}/files"]).expect(0)
    assert log.one("redirect.observed")["target"] == f"http://127.0.0.1:{server.port}/files/"
