#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Is what hopaudit says of real clients true? Each is sent through one proxy with every redirect status, method, kind of
content, to the same and to another origin, with and without credentials; what the log says of each hop is compared with
what recording origins saw, by rules written down here once more, without a look at hopaudit's.

    HOPAUDIT_BIN=build/hopaudit tests/e2e/exactness.py [--clients curl,go] [--thin N] [--seed S]

Prints, for each client, how many verdicts were right, wrong and unverifiable, and each wrong one; exit status 1 if there
is one. --thin takes each Nth case only."""
import argparse
import collections
import concurrent.futures
import itertools
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib import drivers  # noqa: E402
from lib.hopaudit import Hopaudit  # noqa: E402
from lib.message import redirect, response  # noqa: E402
from lib.origin import RecordingOrigin  # noqa: E402

STATUSES = (301, 302, 303, 307, 308)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SMALL = b"amount=12&card=\0\xff\r\n" * 3
LARGE = bytes(range(256)) * 800
EVERYBODY = {driver.name: driver for driver in (*drivers.ALL, drivers.URLLIB, drivers.FAULTY, *drivers.LARGE_SET)}
USUAL = tuple(driver.name for driver in (*drivers.ALL, drivers.URLLIB))
# What the origins can tell; other rules are not judged here.
JUDGED = {
    "method-not-preserved",
    "head-became-get",
    "method-rewritten-nonpost",
    "post-rewritten-to-get",
    "see-other-not-get",
    "body-dropped",
    "body-truncated",
    "body-changed",
    "body-sent-on-rewritten-get",
    "body-sent-cross-origin",
    "authorization-cross-origin",
    "api-key-cross-origin",
    "redirect-not-followed",
}


class Case:
    """One call of one client: /x/N of one origin redirects to /y/N of the same or the other."""

    def __init__(self, number, client, status, method, kind, far, secret):
        self.number, self.client, self.status, self.method = number, client, status, method
        self.kind, self.far = kind, far
        self.secret = f"s3cr3t-{number:06d}-0123456789abcdef" if secret else None

    def __str__(self):
        far = " to another origin" if self.far else ""
        secret = " with credentials" if self.secret else ""
        return f"{self.client}: {self.method} ({self.kind}) -{self.status}->{far}{secret}, number {self.number}"


def cases(names, thin, seed):
    """Content goes with methods that have it; credentials where they may leak or stay."""
    every = []
    for client, status, method, far in itertools.product(names, STATUSES, METHODS, (False, True)):
        kinds = ["none"] if method in ("GET", "HEAD", "DELETE") else ["small", "large"]
        if kinds != ["none"] and EVERYBODY[client].streams:
            kinds.append("stream")
        for kind, secret in itertools.product(kinds, (False, True)):
            every.append((client, status, method, kind, far, secret))
    random.Random(seed).shuffle(every)
    return [Case(number, *what) for number, what in enumerate(every[::thin], 1)]


class Origins:
    def __init__(self):
        self.near, self.far = RecordingOrigin(), RecordingOrigin()
        self.near.on("*", self.answer)
        self.far.on("*", lambda request: response(200, body=b"" if request.method == "HEAD" else b"here"))
        self.cases = {}

    def url(self, case):
        return f"http://near.test:{self.near.port}/x/{case.number}"

    def answer(self, request):
        _, kind, number = request.path.split("/")
        if kind == "y":
            return response(200, body=b"" if request.method == "HEAD" else b"here")
        case = self.cases[int(number)]
        there = f"http://far.test:{self.far.port}" if case.far else ""
        return redirect(case.status, f"{there}/y/{number}", body=b"" if request.method == "HEAD" else b"moved")

    def seen(self, case):
        first = self.near.of(f"/x/{case.number}")
        return first, (self.far if case.far else self.near).of(f"/y/{case.number}")


def same_secret(name, first, then):
    value = first.head.get(name)
    return value is not None and value == then.head.get(name)


def truth(case, first, then):
    """(followed, method right, content right or None, the rules that must be found), from what the origins saw."""
    if not then:
        return False, None, None, {"redirect-not-followed"}
    r, f = first[-1], then[-1]
    status, method, follow = case.status, r.method, f.method
    rules = set()
    kept = method == follow
    get = follow in ("GET", "HEAD")
    if status == 303:
        right = get
    elif status in (307, 308):
        right = kept
    else:
        right = kept or (method == "POST" and follow == "GET")
    if method == "HEAD" and follow == "GET":
        rules.add("head-became-get")
    elif status in (307, 308) and not kept:
        rules.add("method-not-preserved")
    elif status in (301, 302) and not kept:
        rules.add("post-rewritten-to-get" if method == "POST" else "method-rewritten-nonpost")
    elif status == 303 and not get:
        rules.add("see-other-not-get")
    content = None
    if right and kept and status != 303:
        content = r.body == f.body
        if not content:
            prefix = f.body and r.body.startswith(f.body)
            rules.add("body-dropped" if not f.body else "body-truncated" if prefix else "body-changed")
    elif not kept and get and f.body:
        rules.add("body-sent-on-rewritten-get")
    if f.body:
        rules.discard("post-rewritten-to-get")
    if case.far:
        if same_secret("Authorization", r, f):
            rules.add("authorization-cross-origin")
        if same_secret("X-Api-Key", r, f):
            rules.add("api-key-cross-origin")
        if kept and status != 303 and r.body and f.body:
            rules.add("body-sent-cross-origin")
    return True, right, content, rules


class Said:
    """What the log says of each number."""

    def __init__(self, log):
        self.hops = collections.defaultdict(lambda: {"rules": set(), "verdicts": {}, "outcome": None, "count": 0, "cut": False})
        number_of = {}
        urls = {event["request"]["exchange"]: event["request"]["url"] for event in log.events("exchange")}
        for event in log.events():
            kind = event["type"]
            if kind == "redirect.observed":
                exchange = event.get("exchange") or event["request"]["exchange"]
                number_of[event["redirect"]] = int(urls[exchange].rpartition("/")[2])
                self.hops[number_of[event["redirect"]]]["count"] += 1
            elif kind == "redirect.followed":
                self.hops[number_of[event["redirect"]]]["verdicts"] = event["verdicts"]
                self.hops[number_of[event["redirect"]]]["cut"] = not self._content(event)["complete"]
            elif kind == "redirect.closed":
                self.hops[number_of[event["redirect"]]]["outcome"] = event["outcome"]
            elif kind == "finding" and "redirect" in event:
                ids = {event["rule"], *event.get("also", "").split()}
                self.hops[number_of[event["redirect"]]]["rules"] |= ids & JUDGED

    @staticmethod
    def _content(followed):
        """Of the follow-up's request."""
        follow = followed["follow"]
        return follow.get("content") or follow["request"]["content"]


def judge(case, origins, said):
    """("right" | "wrong" | "unverifiable" | "not asked", why)"""
    first, then = origins.seen(case)
    if not first:
        return "not asked", ""
    followed, method, content, rules = truth(case, first, then)
    hop = said.hops[case.number]
    if hop["count"] != len(first):
        return "wrong", f"{hop['count']} redirects in the log, {len(first)} at the origin"
    if hop["cut"] and not followed:
        return "unverifiable", ""  # the client broke off within its second request, before any of it left the proxy
    if (hop["outcome"] == "followed") != followed:
        return "wrong", f"outcome {hop['outcome']}"
    if not followed:
        return ("right", "") if hop["rules"] == rules else ("wrong", f"{hop['rules']}, not {rules}")
    verdicts = hop["verdicts"]
    if verdicts.get("method") != ("pass" if method else "fail"):
        return "wrong", f"method {verdicts.get('method')}, and it was {'right' if method else 'not'}"
    if content is not None and verdicts.get("body") == "unverifiable":
        return "unverifiable", ""
    if content is not None and verdicts.get("body") != ("pass" if content else "fail"):
        return "wrong", f"body {verdicts.get('body')}, and it was {'right' if content else 'not'}"
    if hop["rules"] != rules:
        return "wrong", f"found {sorted(hop['rules'])}, not {sorted(rules)}"
    return "right", ""


def call(case, origins, proxy, folder, bodies):
    arguments = []
    if case.kind != "none":
        arguments += ["--body", bodies["large" if case.kind != "small" else "small"]]
    if case.kind == "stream":
        arguments += ["--stream"]
    if case.secret:
        arguments += ["--header", f"Authorization: Bearer {case.secret}", "--header", f"X-Api-Key: k{case.secret}"]
    home = folder / f"of-{threading.get_ident()}"
    home.mkdir(exist_ok=True)
    driver = EVERYBODY[case.client]
    host, port = proxy.address
    java = f"-Dhttp.proxyHost={host} -Dhttp.proxyPort={port} -Dhttp.nonProxyHosts="
    variables = {**proxy.variables(), "HOPAUDIT_PROXY": proxy.url(), "JAVA_TOOL_OPTIONS": java}
    try:
        driver.call(home, case.method, origins.url(case), *arguments, variables=variables, check=False)
    except subprocess.TimeoutExpired:
        pass  # what it asked by then is judged


def measure(names, thin=1, seed=1, tell=print):
    """Runs all of it; returns the counts of each client and the wrong cases."""
    counts = {name: collections.Counter() for name in names}
    wrong = []
    chosen = cases(names, thin, seed)
    origins = Origins()
    origins.cases = {case.number: case for case in chosen}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bodies = {}
        for kind, data in (("small", SMALL), ("large", LARGE)):
            bodies[kind] = folder / kind
            bodies[kind].write_bytes(data)
        resolve = [part for host in ("near.test", "far.test") for part in ("--resolve", f"{host}=127.0.0.1")]
        proxy = Hopaudit(folder, *resolve, "--workers", "2")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
            list(pool.map(lambda case: call(case, origins, proxy, folder, bodies), chosen))
        said = Said(proxy.stop())
    for case in chosen:
        verdict, why = judge(case, origins, said)
        counts[case.client][verdict] += 1
        if verdict == "wrong":
            first, then = origins.seen(case)
            wrong.append(f"{case}: {why}; the origins saw {first} and {then}")
    origins.near.stop()
    origins.far.stop()
    for client in names:
        tell(f"{client:20}" + "".join(f"{counts[client][what]:6} {what}" for what in ("right", "wrong", "unverifiable")))
    total = sum(counts.values(), collections.Counter())
    tell(f"{'all':20}" + "".join(f"{total[what]:6} {what}" for what in ("right", "wrong", "unverifiable", "not asked")))
    return total, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default=",".join(USUAL))
    parser.add_argument("--thin", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    names = given.clients.split(",")
    unknown = [name for name in names if name not in EVERYBODY]
    if unknown:
        parser.error(f"there is no client {', '.join(unknown)}; there are {', '.join(EVERYBODY)}")
    _, wrong = measure(names, given.thin, given.seed)
    for line in wrong:
        print("wrong:", line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
