# SPDX-License-Identifier: MIT
"""Rules that remember what a client was told before: several redirects of one run, in one order and over the wire."""
import pytest

from lib.message import redirect, request, response
from lib.raw_client import RawClient


@pytest.fixture
def ask(origin, start_proxy):
    """Sends GETs one behind the other on one connection; gives (rule, severity) of the findings, in their order."""
    proxy = start_proxy("--profile", "strict")

    def send(*paths):
        with RawClient(proxy.address) as client:
            for path in paths:
                client.exchange(request("GET", f"{origin.url}{path}", host=origin.authority))
        return [(event["rule"], event["severity"]) for event in proxy.stop().events("finding")]

    return send


def in_turn(*answers):
    """Answers the first request with the first, and so on; then with the last."""
    left = list(answers)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


def test_a_permanent_redirect_to_another_target_than_before_is_told_once(origin, ask):
    origin.on("/x", in_turn(redirect(301, "/a", "Cache-Control: private"), redirect(301, "/b", "Cache-Control: private")))
    found = ask("/x", "/a", "/x", "/b", "/x", "/b")
    assert found.count(("unstable-target", "warning")) == 1


def test_a_target_that_stays_is_not_unstable(origin, ask):
    origin.on("/x", redirect(302, "/a"))
    assert "unstable-target" not in dict(ask("/x", "/a", "/x", "/a"))


def test_a_permanent_redirect_that_may_be_kept_is_asked_for_again(origin, ask):
    origin.on("/old", redirect(301, "/new", "Cache-Control: max-age=86400"))
    found = ask(*["/old", "/new"] * 6)
    assert [severity for rule, severity in found if rule == "permanent-redirect-ignored"] == ["info", "warning"]


def test_a_permanent_redirect_that_may_not_be_kept_is_rightly_asked_for_again(origin, ask):
    origin.on("/old", redirect(301, "/new", "Cache-Control: no-store"))
    assert "permanent-redirect-ignored" not in dict(ask(*["/old", "/new"] * 6))


def test_a_client_that_asks_for_the_proxy_of_a_305_is_told(origin, ask):
    origin.on("/x", redirect(305, f"{origin.url}/proxy"))
    origin.on("/proxy", response(200))
    assert ("use-proxy-305", "error") in ask("/x", "/proxy")


def test_a_305_that_nobody_obeys_is_the_servers_alone(origin, ask):
    origin.on("/x", redirect(305, f"{origin.url}/proxy"))
    assert [severity for rule, severity in ask("/x", "/y") if rule == "use-proxy-305"] == ["warning"]
