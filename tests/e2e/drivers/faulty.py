# SPDX-License-Identifier: MIT
"""A client that follows a redirect wrongly, in one way at a time: METHOD URL [--body FILE] FAULT

    right      as it should be, the measure of all others
    get        asks the target with GET and no body
    drop       keeps the method and sends no body
    change     keeps the method and sends other bytes of the same length
    replace    keeps the method and sends other bytes of another length
    truncate   sends the first half only, as an unread stream would leave it
    rechunk    sends the same content in the other framing: no fault at all
    ignore     does not follow
    retry      asks the old URL again instead, twice
    poll       asks for the target with GET just before it follows as it should

It takes the proxy from http_proxy, speaks to it by absolute-form on one connection, and prints the final status.
"""
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from arguments import Arguments  # noqa: E402
from lib.message import chunked, request  # noqa: E402
from lib.raw_client import RawClient  # noqa: E402


class Client:
    def __init__(self, given):
        proxy = urllib.parse.urlsplit(os.environ.get("http_proxy", given.url))
        self.absolute = "http_proxy" in os.environ
        self.connection = RawClient((proxy.hostname, proxy.port))

    def ask(self, method, url, body=None, rechunk=False):
        parts = urllib.parse.urlsplit(url)
        target = url if self.absolute else parts.path
        fields = ["User-Agent: faulty/1"]
        if rechunk:
            fields.append("Transfer-Encoding: chunked")
            body = chunked(body, 1000)
        return self.connection.exchange(request(method, target, *fields, body=body, host=parts.netloc))


def follow(client, given, target):
    """The final response, after the fault."""
    fault, method, body = given.given.fault, given.method, given.body or b""
    if fault == "right":
        return client.ask(method, target, given.body)
    if fault == "get":
        return client.ask("GET", target)
    if fault == "drop":
        return client.ask(method, target, b"")
    if fault == "change":
        return client.ask(method, target, bytes(byte ^ 1 for byte in body))
    if fault == "replace":
        return client.ask(method, target, b"something else" + body[:7] + body)
    if fault == "truncate":
        return client.ask(method, target, body[: len(body) // 2])
    if fault == "rechunk":
        return client.ask(method, target, body, rechunk=True)
    if fault == "poll":
        assert client.ask("GET", target).status == 200
        return client.ask(method, target, given.body)
    if fault == "retry":
        client.ask(method, given.url, given.body)
        return client.ask(method, given.url, given.body)
    raise SystemExit(f"faulty.py: what is the fault {fault}?")


def main():
    given = Arguments(extra=["fault"])
    client = Client(given)
    answer = client.ask(given.method, given.url, given.body)
    if given.given.fault != "ignore":
        target = urllib.parse.urljoin(given.url, answer.get("Location").decode("latin-1"))
        answer = follow(client, given, target)
    print(answer.status)


main()
