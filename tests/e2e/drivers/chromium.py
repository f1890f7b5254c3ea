# SPDX-License-Identifier: MIT
"""Headless Chromium: GET is a navigation, any other method a fetch() by a page of the same origin.

It is told of the proxy by its own option, and trusts what is in the NSS database of the user: the driver puts the extra
root there (certutil). `--header 'Cookie: a=b'` sets a cookie of the URL's host; other fields belong to fetch() alone.
Spoken to over the DevTools pipe: one JSON message after another, each behind a NUL.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

from arguments import Arguments

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-default-apps --disable-extensions --disable-dev-shm-usage
    --no-default-browser-check --metrics-recording-only --password-store=basic --remote-debugging-pipe
    --disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,HttpsUpgrades""".split()


def trust(certificate):
    """Into the user's NSS database, as the user would."""
    database = pathlib.Path.home() / ".pki/nssdb"
    commands = [["-A", "-t", "C,,", "-n", certificate, "-i", certificate]]
    if not database.exists():  # to make it twice would be asked for a password, for ever
        database.mkdir(parents=True)
        commands.insert(0, ["-N", "--empty-password"])
    for command in commands:
        subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True, capture_output=True, timeout=20)


class Chromium:
    def __init__(self, profile):
        proxy = os.environ.get("https_proxy")
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()

        # DevTools are spoken on the descriptors 3 and 4.
        start = f'exec chromium "$@" 3<&{to_browser} 4>&{to_us}'
        options = [*FLAGS, f"--user-data-dir={profile}", *([f"--proxy-server={proxy}"] if proxy else [])]
        self.process = subprocess.Popen(
            ["bash", "-c", start, "chromium", *options, "about:blank"],
            pass_fds=(to_browser, to_us),
            env={**os.environ, "TMPDIR": profile},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(to_browser)
        os.close(to_us)
        self.input, self.output = os.fdopen(from_us, "wb"), os.fdopen(from_browser, "rb")
        self.buffer, self.number, self.session = b"", 0, None

    def receive(self):
        while b"\0" not in self.buffer:
            data = self.output.read1(65536)
            if not data:
                sys.exit(f"Chromium ended: {self.process.stderr.read().decode(errors='replace')}")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.input.write(json.dumps(message).encode() + b"\0")
        self.input.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]

    def open_page(self):
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self.call("Page.enable")

    def navigate(self, url):
        failure = self.call("Page.navigate", url=url).get("errorText")
        if failure:
            sys.exit(failure)
        while self.evaluate("document.readyState") != "complete":
            pass

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")


FETCH = """fetch(%s, {method: %s, headers: %s, body: Uint8Array.from(atob(%s), (c) => c.charCodeAt(0))})
    .then(async (answer) => (await answer.arrayBuffer(), `${answer.status} ${answer.url}`))"""
NAVIGATED = "performance.getEntriesByType('navigation')[0].responseStatus + ' ' + location.href"


def act(browser, given):
    parts = urllib.parse.urlsplit(given.url)
    browser.open_page()
    cookie = given.headers.pop("Cookie", None)
    if cookie:
        name, _, value = cookie.partition("=")
        browser.call("Network.setCookie", url=given.url, name=name, value=value)
    if given.method == "GET":
        browser.navigate(given.url)
        return browser.evaluate(NAVIGATED)
    browser.navigate(f"{parts.scheme}://{parts.netloc}/")
    body = base64.b64encode(given.body or b"").decode()
    return browser.evaluate(FETCH % tuple(json.dumps(part) for part in (given.url, given.method, given.headers, body)))


def main():
    given = Arguments()
    if os.environ.get("NODE_EXTRA_CA_CERTS"):
        trust(os.environ["NODE_EXTRA_CA_CERTS"])
    # Not below TMPDIR, which may be deep: Chromium makes a socket there, and a socket's path is short.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as profile:
        browser = Chromium(profile)
        try:
            print(act(browser, given))
        finally:
            browser.process.terminate()
            browser.process.wait()


main()
