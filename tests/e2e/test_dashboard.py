# SPDX-License-Identifier: MIT
"""The dashboard in a browser (`scripts/test --all`): on live traffic, on a saved log, and on made-up chains that no traffic
can give. What is done and seen there is in tests/browser/cases; screenshots are left in build/artifacts."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

from lib import hopaudit as process
from lib.message import redirect, response

pytestmark = pytest.mark.all

ROOT = pathlib.Path(__file__).parents[2]
RUN = ROOT / "tests/browser/run.mjs"
SECONDS = 300  # a browser on a busy machine


@pytest.fixture
def browser():
    """browser(case, **given): runs one case of tests/browser/cases to its end."""
    modules = ROOT / "build/node/node_modules/playwright-core"
    assert modules.exists(), "tests/browser has modules of its own, which scripts/test --all installs"

    def run(case, **given):
        ended = subprocess.run(["node", RUN, case, json.dumps(given)], capture_output=True, text=True, timeout=SECONDS)
        assert ended.returncode == 0, ended.stderr

    return run


@pytest.fixture
def start_dashboard(start_proxy, tmp_path):
    """A function that starts a proxy with a dashboard: (proxy, URL of the dashboard)."""

    def start(*options):
        ready = tmp_path / "ready.json"
        proxy = start_proxy("--dashboard", "127.0.0.1:0", "--ready-file", str(ready), *options)
        return proxy, json.loads(ready.read_text())["dashboard"]

    return start


class Review:
    """A running `hopaudit review LOG`; its URL as it prints it."""

    def __init__(self, folder, log):
        self.process = subprocess.Popen(
            [process.binary(), "review", "--dashboard", "127.0.0.1:0", str(log)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
            env=process.environment(folder),
        )
        self.lines = []
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._told.wait(process.PATIENCE) and self.url, f"no URL was told: {self.lines}"

    @property
    def url(self):
        found = re.search(r"http://[0-9.]+:\d+", "".join(self.lines))
        return found.group() if found else None

    def stop(self):
        self.process.send_signal(2)
        status = self.process.wait(process.PATIENCE)
        self._reader.join(process.PATIENCE)
        assert status == 0, "".join(self.lines)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if self.url:
                self._told.set()
        self._told.set()


def ask(proxy, url, method="GET", body=None, tag=None, **headers):
    """One request through the proxy, as it is written here; its response."""
    host, port = proxy.address
    connection = http.client.HTTPConnection(host, port, timeout=process.PATIENCE)
    connection.putrequest(method, url, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": url.split("/")[2], **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    if tag:
        import base64

        connection.putheader("Proxy-Authorization", "Basic " + base64.b64encode(f"{tag}:".encode()).decode())
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.fixture
def site(origin):
    """/pay redirects by 307, /old by 301, /done by 303, /loop to itself; all else answers."""
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/old", redirect(301, "/new"))
    origin.on("/done", redirect(303, "/thanks"))
    origin.on("/loop", redirect(302, "/loop"))
    origin.on("*", response(200, body=b"ok"))
    return origin


def play(proxy, site):
    """Some traffic of each kind: good, lossy, and in a loop."""
    for tag in ("checkout", "search", None):
        ask(proxy, site.url + "/pay", "POST", b"amount=12", tag, User_Agent="lossy/1.0", Content_Type="text/plain")
        ask(proxy, site.url + "/v2/pay", tag=tag, User_Agent="lossy/1.0")
        for start, end in (("/old", "/new"), ("/old", "/new")):
            ask(proxy, site.url + start, tag=tag, User_Agent="steady/2.1")
            ask(proxy, site.url + end, tag=tag, User_Agent="steady/2.1")
    ask(proxy, site.url + "/done", "POST", b"a=b", User_Agent="form/3")
    ask(proxy, site.url + "/thanks", User_Agent="form/3")
    for _ in range(3):
        ask(proxy, site.url + "/loop", User_Agent="dizzy/1")


@pytest.fixture
def saved(start_proxy, site, tmp_path):
    """A function that gives the URL of a review of a log with such traffic."""
    reviews = []

    def start(traffic=play):
        proxy = start_proxy()
        traffic(proxy, site)
        log = proxy.stop()
        reviews.append(Review(tmp_path, log.path))
        return reviews[-1].url

    yield start
    for review in reviews:
        review.stop()


def test_chains_appear_while_they_happen(start_dashboard, site, browser):
    proxy, url = start_dashboard()
    browser("live", url=url, proxy=proxy.url(), origin=site.url)


@pytest.mark.parametrize("case", ["filter", "facets", "links", "keyboard", "theme"])
def test_a_saved_log_is_reviewed(case, saved, browser):
    browser(case, url=saved())


@pytest.mark.parametrize("dress", ["light", "dark", "middle", "narrow", "narrow-dark"])
def test_it_looks_well_and_is_accessible(dress, saved, browser):
    browser("looks", url=saved(), dress=dress)


ATTACKS = (
    "<script>window.__hacked=1</script>",
    "\"><img src=x onerror=window.__hacked=2>",
    "javascript:window.__hacked=3//",
    "\u202egnp.exe\u2066\u200d",
    "x" * 3000,
)


def test_what_traffic_injects_is_text(saved, site, browser):
    def attack(proxy, site):
        for number, text in enumerate(ATTACKS):
            raw = text.encode()
            site.on(f"/{number}", b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nX-Attack: " + raw
                    + b"\r\nLocation: /to?" + raw + b"\r\n\r\n")
            for _ in range(2):
                raw_request(proxy, site, f"/{number}?".encode() + raw, raw)
            raw_request(proxy, site, b"/to?" + raw, raw, method=b"GET")

    browser("injected", url=saved(attack), words=["window.__hacked=2", "\\u{202e}"])


def raw_request(proxy, site, target, text, method=b"POST"):
    """A request whose URL, tag, User-Agent and fields hold a text as it is, which http.client refuses to send."""
    import base64
    import socket

    with socket.create_connection(proxy.address, timeout=process.PATIENCE) as connection:
        connection.sendall(
            method + b" " + site.url.encode() + target.replace(b" ", b"+") + b" HTTP/1.1\r\nHost: "
            + site.authority.encode() + b"\r\nUser-Agent: " + text + b"\r\nX-Attack: " + text
            + b"\r\nCookie: a=" + text.replace(b";", b",") + b"\r\nReferer: " + text
            + b"\r\nProxy-Authorization: Basic " + base64.b64encode(text[:60] + b":")
            + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        while connection.recv(65536):
            pass


@pytest.mark.parametrize("case", ["words", "many", "million", "hostile", "importing"])
def test_the_page_by_itself(case, browser):
    browser(case)
