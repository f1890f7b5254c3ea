# SPDX-License-Identifier: MIT
"""`hopaudit inspect`: each fault of the lab is found and named, what is right is told as right, and nothing secret is."""
import json

import pytest

from lib.lab import Lab
from lib.message import redirect, response


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def inspect(hopaudit):
    """inspect(URL, OPTION...): (the inspection, the exit status)."""

    def look(url, *options):
        ended = hopaudit("inspect", "--json", *options, url)
        return json.loads(ended.stdout), ended.returncode

    return look


def rules(seen):
    return [finding["rule"] for step in seen["steps"] for finding in step["findings"]]


def signal(seen, step, topic):
    return " | ".join(s["text"] for s in seen["steps"][step]["signals"] if s["topic"] == topic)


FAULTS = (
    ("/status/307?location=space", "location-not-uri"),
    ("/status/307?location=non-ascii", "location-not-uri"),
    ("/status/307?location=latin-1", "location-not-uri"),
    ("/status/307?location=percent", "location-not-uri"),
    ("/status/302?location=twice-same", "location-multiple"),
    ("/status/302?location=no-host", "location-invalid"),
    ("/status/302?location=one-slash", "location-invalid"),
    ("/status/302?location=ftp", "location-non-http-scheme"),
    ("/status/302?location=scheme-relative", "location-relative-risky"),
    ("/status/307?location=relative-path", "location-relative-risky"),
    ("/status/302?location=query", "location-relative-risky"),
    ("/status/302?hops=3", "redirect-chain"),
    ("/status/305", "use-proxy-305"),
    ("/status/304", "304-unconditional"),
    ("/status/302?hsts=10", "hsts-header-over-http"),
    ("/status/301?cache=none", "permanent-redirect-uncontrolled"),
    ("/status/301?cache=no-store", "permanent-redirect-not-sticky"),
    ("/status/307?location=twice", "location-multiple"),
    ("/status/302?location=missing", "location-missing"),
    ("/status/302?location=empty", "location-empty"),
    ("/status/302?location=invalid", "location-invalid"),
    ("/status/302?location=control", "location-control-chars"),
    ("/status/301?location=backslash", "location-backslash"),
    ("/status/302?location=userinfo", "location-userinfo"),
    ("/status/302?location=javascript", "location-non-http-scheme"),
    ("/status/302?loop=self", "redirect-to-self"),
    ("/status/302?loop=pair", "redirect-loop"),
    ("/status/302?loop=slash", "redirect-loop"),
    ("/status/302?hops=12", "redirect-chain-too-long"),
    ("/status/307?cache=max-age=31536000", "temporary-redirect-sticky"),
)


@pytest.mark.parametrize("path, rule", FAULTS, ids=[path for path, _ in FAULTS])
def test_each_fault_of_the_lab_is_found_and_named(path, rule, lab, inspect):
    seen, _ = inspect(lab.url(path), "--profile", "strict")
    assert rule in rules(seen), rules(seen)


RIGHT = (
    "location=absolute", "location=relative", "location=fragment", "location=padded", "location=dots",
    "location=upper-case", "location=encoded-slash", "location=long", "retry-after=5", "cors=any", "vary=Accept-Language",
    "origin=foreign", "early=keep", "early=close", "connection=close",
)  # fmt: skip


@pytest.mark.parametrize("query", RIGHT)
def test_what_of_the_lab_is_no_fault_is_none(query, lab, inspect):
    seen, _ = inspect(lab.url(f"/status/307?{query}"), "--profile", "strict")
    assert rules(seen) == [] and seen["steps"][-1]["status"] == 200


def test_what_is_right_is_no_finding(lab, inspect):
    seen, status = inspect(lab.url("/status/307?location=relative"))
    assert (rules(seen), status, seen["verdict"]) == ([], 0, "ok")
    assert [(step["method"], step["status"]) for step in seen["steps"]] == [("GET", 307), ("GET", 200)]
    assert signal(seen, 0, "stability") == "asked again, it answered the same"
    assert signal(seen, 0, "location") == "a path"


def test_a_fault_is_status_3_and_a_dead_server_125(lab, inspect, hopaudit):
    assert inspect(lab.url("/status/302?loop=self"))[1] == 3
    assert inspect(lab.url("/status/302?loop=self"), "--fail-on", "never")[1] == 0
    ended = hopaudit("inspect", "http://127.0.0.1:1/")
    assert ended.returncode == 125 and "127.0.0.1" in ended.stderr
    ended = hopaudit("inspect", "ftp://shop.test/")
    assert ended.returncode == 2 and "ftp://shop.test/" in ended.stderr


def test_a_post_is_followed_by_the_book_and_each_client_told_of(lab, inspect):
    kept, _ = inspect(lab.url("/status/307"), "-d", "amount=12")
    assert [(step["method"], step["content"]) for step in kept["steps"]] == [("POST", True), ("POST", True)]
    assert {client["arrives"] for client in kept["clients"]} <= {"whole", "not"}
    changed, _ = inspect(lab.url("/status/302"), "-d", "amount=12")
    assert [(step["method"], step["content"]) for step in changed["steps"]] == [("POST", True), ("GET", False)]
    arrivals = {client["client"]: client["text"] for client in changed["clients"]}
    assert arrivals["curl"] == "arrives as GET, without its content (changed by the 302)"
    assert arrivals["urllib3"] == "arrives as it was sent"


def test_a_login_by_cookie_is_no_loop(lab, inspect):
    seen, status = inspect(lab.url("/status/302?loop=cookie"))
    assert status == 0 and seen["steps"][-1]["status"] == 200


def test_credentials_stay_at_their_origin(start_origin, inspect):
    here, there = start_origin(), start_origin()
    here.on("/a", redirect(307, f"{there.url}/b"))
    there.on("/b", response(200))
    seen, _ = inspect(f"{here.url}/a", "-H", "Authorization: Bearer secret-secret-1", "-H", "X-Team: blue")
    got = there.requests[0]
    assert got.head.get("Authorization") is None and got.head.get("X-Team") == b"blue"
    assert "Authorization and Cookie were not sent on" in signal(seen, 1, "credentials")


def test_secrets_are_hidden_in_all_that_is_printed(start_origin, hopaudit):
    shop = start_origin()
    shop.on("/a", redirect(302, "/b?access_token=s3cret-s3cret-s3cret"))
    shop.on("/b", response(200))
    for options in ((), ("--json",), ("--html",)):
        ended = hopaudit("inspect", *options, f"{shop.url}/a?api_key=k3y-k3y-k3y-k3y-k3y")
        assert "access_token=~" in ended.stdout
        assert "s3cret" not in ended.stdout and "k3y-k3y" not in ended.stdout


def test_vary_is_probed_when_asked(start_origin, inspect):
    shop = start_origin()

    def by_language(got):
        language = "de" if got.head.get("Accept-Language") == b"de" else "en"
        return redirect(302, f"/{language}", *(["Vary: Accept-Language"] if got.path == "/told" else []))

    shop.on("/told", by_language)
    shop.on("/untold", by_language)
    shop.on("/en", response(200))
    told, _ = inspect(f"{shop.url}/told", "--vary")
    untold, _ = inspect(f"{shop.url}/untold", "--vary")
    assert "another Accept-Language gives 302 /de, and Vary says so" in signal(told, 0, "vary")
    assert "Vary does not say so" in signal(untold, 0, "vary")
    assert "User-Agent" not in signal(untold, 0, "vary")


def test_a_target_that_changes_is_told_and_a_post_is_not_sent_twice(start_origin, inspect):
    shop = start_origin()
    places = iter(range(100))
    shop.on("/moving", lambda got: redirect(302, f"/{next(places)}"))
    seen, _ = inspect(f"{shop.url}/moving")
    assert "asked again at once, it answered 302 /" in signal(seen, 0, "stability")
    before = len(shop.requests)
    inspect(f"{shop.url}/moving", "-X", "POST", "--max-hops", "1")
    assert [got.method for got in shop.requests[before:]].count("POST") == 1


def test_the_page_needs_nothing_else_and_shows_strangers_text_as_text(start_origin, hopaudit):
    shop = start_origin()
    shop.on("/x", response(302, "Location: /<script>alert(1)</script>", reason="<script>alert(2)</script>"))
    page = hopaudit("inspect", "--html", f"{shop.url}/x").stdout
    assert page.startswith("<!doctype html>") and "<script" not in page and "http-equiv" not in page
    assert "src=" not in page and "href=" not in page and "&#60;script" in page
