#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How often does hopaudit cry wolf? Ordinary traffic of ordinary clients, none of which does anything wrong, through one
proxy in the default profile: every error and warning is a false alarm.

    HOPAUDIT_BIN=build/hopaudit tests/e2e/false_alarms.py [--rounds N] [--list]

Prints what was played and how many errors, warnings and notes were found; exit status 1 if there was an error or a
warning. --list prints the notes too, by rule."""
import argparse
import asyncio
import collections
import concurrent.futures
import http.cookiejar
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import aiohttp  # noqa: E402
import httpx  # noqa: E402
import requests  # noqa: E402
import urllib3  # noqa: E402

from lib import drivers  # noqa: E402
from lib.hopaudit import Hopaudit  # noqa: E402
from lib.message import response  # noqa: E402
from lib.origin import RecordingOrigin  # noqa: E402

FORM = b"user=ann&password=correct-horse-battery"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def to(status, location, *fields, body=b"moved"):
    return response(status, f"Location: {location}", "Content-Type: text/plain", *fields, body=body)


class Site:
    """Two hosts as they are found in the wild: a shop that redirects for every usual reason, and a login server."""

    def __init__(self):
        self.shop, self.login = RecordingOrigin(), RecordingOrigin()
        self.shop.on("*", self.answer_shop)
        self.login.on("*", self.answer_login)
        self.at = f"http://shop.test:{self.shop.port}"
        self.sso = f"http://login.test:{self.login.port}"

    def stop(self):
        self.shop.stop()
        self.login.stop()

    def answer_shop(self, request):
        path, _, query = request.target.partition("?")
        cookie = request.head.get("Cookie") or b""
        routes = {
            "/old": lambda: to(301, "/new"),
            "/docs": lambda: to(301, "/docs/"),
            "/docs/": lambda: self.page(request),
            "/relative/page": lambda: to(302, "../new?from=relative"),
            "/cart": lambda: to(303, "/cart/items", "Cache-Control: no-store"),
            "/api/v1/pay": lambda: to(307, "/api/v2/pay"),
            "/api/v1/put": lambda: to(308, "/api/v2/put"),
            "/latest": lambda: to(302, "/release/7", "Cache-Control: no-cache"),
            "/cdn": lambda: to(302, f"{self.sso}/asset?v=1"),
            "/form": lambda: to(302, "/form/done"),
            "/login": lambda: to(302, "/account", "Set-Cookie: sid=0123456789abcdef0123; HttpOnly; Path=/"),
            "/account": lambda: self.page(request) if b"sid=" in cookie else to(302, "/login?next=%2Faccount"),
            "/visit": lambda: self.page(request)
            if b"seen=" in cookie
            else to(302, "/visit", "Set-Cookie: seen=1; Path=/"),
            "/oauth/start": lambda: to(
                302,
                f"{self.sso}/authorize?response_type=code&client_id=shop&state=af0ifjsldkj"
                f"&redirect_uri={urllib.parse.quote(self.at + '/oauth/callback', safe='')}",
            ),
            "/oauth/callback": lambda: to(302, "/account", "Set-Cookie: sid=fedcba98765432100123; HttpOnly; Path=/"),
            "/conditional": lambda: response(304, 'ETag: "1"') if request.head.get("If-None-Match") else self.page(request),
        }
        return routes.get(path, lambda: self.page(request))()

    def answer_login(self, request):
        path, _, query = request.target.partition("?")
        if path == "/authorize":
            back = urllib.parse.parse_qs(query)["redirect_uri"][0]
            return to(302, f"{back}?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj", "Cache-Control: no-store")
        return self.page(request)

    @staticmethod
    def page(request):
        body = b"" if request.method == "HEAD" else b"<!doctype html><title>here</title>"
        return response(200, "Content-Type: text/html; charset=utf-8", 'ETag: "1"', body=body)


# what is played; each takes the site and the proxy's URL


def every_client_follows(site, proxy, folder):
    for driver in (*drivers.ALL, drivers.URLLIB):
        home = folder / driver.name
        home.mkdir(exist_ok=True)
        (home / "body").write_bytes(FORM)
        variables = {name: proxy for name in ("http_proxy", "HTTP_PROXY")}
        for path in ("/old", "/docs", "/relative/page", "/latest", "/cdn"):
            driver.call(home, "GET", site.at + path, variables=variables, check=False)
        driver.call(home, "HEAD", site.at + "/new", variables=variables, check=False)
        driver.call(home, "POST", site.at + "/form", "--body", home / "body", variables=variables, check=False)
        driver.call(home, "POST", site.at + "/cart", "--body", home / "body", variables=variables, check=False)
        if driver is not drivers.URLLIB:  # it refuses a POST that is answered 307, and says so: that is a warning
            driver.call(home, "POST", site.at + "/api/v1/pay", "--body", home / "body", variables=variables, check=False)
            driver.call(home, "PUT", site.at + "/api/v1/put", "--body", home / "body", variables=variables, check=False)


def form_logins(site, proxy, folder):
    with requests.Session() as session:
        session.proxies = {"http": proxy}
        session.headers["User-Agent"] = BROWSER
        session.get(site.at + "/account")
        session.post(site.at + "/login", data=FORM, headers={"Referer": site.at + "/login?next=%2Faccount"})
        session.get(site.at + "/account")
        session.get(site.at + "/visit")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    for path in ("/account", "/account", "/visit"):
        opener.open(site.at + path, timeout=20).read()
    jar = folder / "cookies"
    for path in ("/account", "/visit", "/account"):
        command = ["curl", "-sS", "-L", "-o", folder / "page", "-x", proxy, "-b", jar, "-c", jar, site.at + path]
        subprocess.run(command, check=True, timeout=30)


def oauth_flows(site, proxy, folder):
    with httpx.Client(proxies={"http://": proxy}, follow_redirects=True) as client:
        client.get(site.at + "/oauth/start", headers={"Accept": "text/html", "User-Agent": BROWSER})
    with requests.Session() as session:
        session.proxies = {"http": proxy}
        session.get(site.at + "/oauth/start", headers={"Accept": "text/html"})
        session.post(site.sso + "/token", data={"grant_type": "authorization_code", "code": "SplxlOBeZQQYbYS6WxSbIA"})


def bare_site(site, proxy, folder):
    """A site of 301s, asked again and again by a client that keeps connections."""
    pool = urllib3.ProxyManager(proxy, maxsize=2)
    for _ in range(4):
        for path in ("/old", "/docs"):
            pool.request("GET", site.at + path).data


def identical_in_parallel(site, proxy, folder):
    def one(_):
        with requests.Session() as session:
            session.proxies = {"http": proxy}
            session.get(site.at + "/latest")
            session.post(site.at + "/api/v1/pay", data=FORM)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))

    async def many():
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(fetch(session) for _ in range(24)))

    async def fetch(session):
        async with session.get(site.at + "/old", proxy=proxy) as answer:
            await answer.read()

    asyncio.run(many())


def pollers_beside_the_client(site, proxy, folder):
    """Something asks for the targets all the time, while a client is redirected to them."""
    over = threading.Event()

    def poll(agent):
        with requests.Session() as session:
            session.proxies = {"http": proxy}
            session.headers["User-Agent"] = agent
            while not over.is_set():
                session.get(site.at + "/new")
                session.head(site.at + "/api/v2/pay")

    threads = [threading.Thread(target=poll, args=(agent,)) for agent in ("poller/1", "python-requests/2.28.1")]
    for thread in threads:
        thread.start()
    try:
        with requests.Session() as session:
            session.proxies = {"http": proxy}
            for _ in range(10):
                session.get(site.at + "/old")
                session.post(site.at + "/api/v1/pay", data=FORM)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def prefetchers(site, proxy, folder):
    """HEAD before GET, targets known already, conditional requests, a redirect looked at and not followed."""
    with requests.Session() as session:
        session.proxies = {"http": proxy}
        for path in ("/old", "/latest", "/docs"):
            session.head(site.at + path, allow_redirects=True)
            session.get(site.at + path)
            session.get(site.at + path, allow_redirects=False)
        session.get(site.at + "/conditional")
        session.get(site.at + "/conditional", headers={"If-None-Match": '"1"'})
        session.get(site.at + "/new", headers={"Range": "bytes=0-3"})


PLAYED = (
    every_client_follows,
    form_logins,
    oauth_flows,
    bare_site,
    identical_in_parallel,
    pollers_beside_the_client,
    prefetchers,
)


def measure(rounds=1, tell=print, also=()):
    """Plays all; returns the findings of the log."""
    site = Site()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        hosts = [part for host in ("shop.test", "login.test") for part in ("--resolve", f"{host}=127.0.0.1")]
        proxy = Hopaudit(folder, *hosts, "--workers", "4", "--window", "2s")
        for _ in range(rounds):
            for play in (*PLAYED, *also):
                play(site, proxy.url(), folder)
        log = proxy.stop()
        findings = log.events("finding")
        redirects = log.one("run.finished")["totals"]["redirects"]
    site.stop()
    counts = collections.Counter(finding["severity"] for finding in findings)
    tell(
        f"{redirects} redirects: {counts['error']} errors, {counts['warning']} warnings, {counts['info']} notes "
        f"({', '.join(play.__name__ for play in (*PLAYED, *also))})"
    )
    return redirects, findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    _, findings = measure(given.rounds)
    alarms = [finding for finding in findings if finding["severity"] != "info"]
    for finding in alarms:
        print(f"{finding['severity']}: {finding['rule']}: {finding['method']} {finding['url']}: {finding['message']}")
    if given.list:
        for (rule, message), count in sorted(
            collections.Counter((f["rule"], f["message"]) for f in findings if f["severity"] == "info").items()
        ):
            print(f"{count:6} {rule}: {message}")
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
