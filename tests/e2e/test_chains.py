# SPDX-License-Identifier: MIT
"""Chains and their ends: loops, a Location that is not there, and what lies beyond what we can see."""
import pytest

from lib import drivers
from lib.message import redirect, request, response
from lib.raw_client import RawClient


def walk(proxy, origin, *steps):
    """One client on one connection: each step is (method, path) or (method, path, body)."""
    with RawClient(proxy.address) as client:
        for method, path, *body in steps:
            url = f"{origin.url}{path}"
            client.exchange(request(method, url, body=body[0] if body else None, host=origin.authority))


def errors(log):
    return [(event["rule"], event["fault"]) for event in log.events("finding") if event["severity"] == "error"]


def test_a_loop_of_two_is_found_before_a_third_request(origin, proxy):
    origin.on("/a", redirect(302, "/b"))
    origin.on("/b", redirect(302, "/a"))
    walk(proxy, origin, ("GET", "/a"), ("GET", "/b"))
    log = proxy.stop()
    assert errors(log) == [("redirect-loop", "server")]
    assert log.one("chain.finished")["outcome"] == "loop"
    assert log.one("chain.finished")["verdict"] == "error"


def test_a_loop_that_the_client_walks_is_found_once(origin, proxy):
    origin.on("/a", redirect(302, "/b"))
    origin.on("/b", redirect(302, "/a"))
    walk(proxy, origin, *[("GET", path) for path in ("/a", "/b") * 4])
    log = proxy.stop()
    assert errors(log) == [("redirect-loop", "server")]
    assert [event["outcome"] for event in log.events("chain.finished")] == ["loop"]


@pytest.mark.parametrize("location", ("/x", "x", "./y/../x", "http://{authority}/x"))
def test_a_redirect_to_itself_is_a_loop(location, origin, proxy):
    origin.on("/x", redirect(307, location.format(authority=origin.authority)))
    walk(proxy, origin, ("POST", "/x", b"card"), ("POST", "/x", b"card"))
    log = proxy.stop()
    assert errors(log) == [("redirect-to-self", "server")]


def test_a_loop_fails_a_run(origin, run):
    origin.on("/a", redirect(307, "/b"))
    origin.on("/b", redirect(307, "/a"))
    done = run(drivers.REQUESTS.command("GET", f"{origin.url}/a"))
    log = done.expect(1)  # requests raises TooManyRedirects, and the command's own status goes first
    assert errors(log) == [("redirect-loop", "server")]
    assert "redirect-loop" in done.stderr


def test_a_form_that_redirects_to_its_own_page_is_no_loop(origin, proxy):
    def page(seen):
        return redirect(303, "/form") if seen.method == "POST" else response(200)

    origin.on("/form", page)
    walk(proxy, origin, ("POST", "/form", b"name=x"), ("GET", "/form"))
    log = proxy.stop()
    assert log.events("finding") == [] or [event["severity"] for event in log.events("finding")] == ["info"]
    assert log.one("chain.finished")["outcome"] == "completed"


def test_a_redirect_to_itself_that_sets_a_cookie_is_no_certain_loop(origin, proxy):
    def page(seen):
        if seen.head.get("Cookie") is None:
            return response(302, "Location: /x", "Set-Cookie: sid=8f3c9a1e")
        return response(200)

    origin.on("/x", page)
    with RawClient(proxy.address) as client:
        client.exchange(request("GET", f"{origin.url}/x", host=origin.authority))
        client.exchange(request("GET", f"{origin.url}/x", "Cookie: sid=8f3c9a1e", host=origin.authority))
    log = proxy.stop()
    assert errors(log) == []
    assert log.one("chain.finished")["outcome"] == "completed"


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_redirect_without_location_is_the_servers_error(status, origin, proxy):
    origin.on("/x", response(status))
    walk(proxy, origin, ("GET", "/x"))
    log = proxy.stop()
    assert errors(log) == [("location-missing", "server")]
    assert log.one("redirect.observed")["response"]["status"] == status
    assert log.one("redirect.observed")["expects"] is False
    assert log.events("redirect.closed") == []


@pytest.mark.parametrize("status", (200, 201, 304))
def test_an_answer_that_is_no_redirect_is_not_logged_as_one(status, origin, proxy):
    origin.on("/x", response(status, "Location: /y", length=status != 304))
    walk(proxy, origin, ("GET", "/x"), ("GET", "/y"))
    log = proxy.stop()
    # A 304 with a Location is worth a note; it asks for nothing, and who follows it all the same is told of.
    assert [event["expects"] for event in log.events("redirect.observed")] == ([False] if status == 304 else [])
    assert errors(log) == ([("304-unconditional", "server")] if status == 304 else [])
    assert [event["exchange"] for event in log.events("redirect.followed")] == ([1] if status == 304 else [])
    assert ("unknown-3xx-followed" in log.rules()) == (status == 304)


def test_a_redirect_to_https_leaves_what_we_can_see(origin, start_origin, start_proxy, connect):
    proxy = start_proxy("--no-intercept")
    secure = start_origin()

    def opaque(conversation):
        conversation.close()

    secure.on_head("*", opaque)
    origin.on("/x", redirect(302, f"https://{secure.authority}/x"))
    walk(proxy, origin, ("GET", "/x"))
    tunnel = connect(proxy)
    assert tunnel.connect(secure.authority).status == 200
    hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"  # as a TLS client begins
    tunnel.send(hello)
    secure.wait_until(lambda seen: seen.connections_accepted == 1)
    tunnel.close()
    log = proxy.stop()
    closed = log.one("redirect.closed")
    assert (closed["outcome"], closed["tunnel"]) == ("left_visibility", "opened")
    assert closed["match"]["score"] >= 20 + 10  # the authority, and that there was no tunnel to it before
    assert [event["rule"] for event in log.events("finding")] == ["upgrade-not-permanent", "follow-up-opaque"]
    assert log.one("chain.finished")["outcome"] == "left_visibility"
    assert log.one("tls.passed_through")["reason"] == "--no-intercept"
    assert errors(log) == []


def test_a_tunnel_that_was_open_before_the_redirect_leaves_the_follow_up_unknown(
    origin, start_origin, start_proxy, connect
):
    proxy = start_proxy("--no-intercept", "--window", "200ms")
    secure = start_origin()
    secure.on_head("*", lambda conversation: conversation.reader.read_to_end())
    origin.on("/x", redirect(302, f"https://{secure.authority}/x"))
    tunnel = connect(proxy)
    assert tunnel.connect(secure.authority).status == 200
    tunnel.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
    secure.wait_until(lambda seen: seen.connections_accepted == 1)
    walk(proxy, origin, ("GET", "/x"))
    proxy.wait_for_event("redirect.closed")
    tunnel.close()
    log = proxy.stop()
    closed = log.one("redirect.closed")
    assert (closed["outcome"], closed["tunnel"]) == ("left_visibility", "open_before")
    assert [event["rule"] for event in log.events("finding")] == ["upgrade-not-permanent", "follow-up-not-visible"]


def test_a_window_that_is_over_closes_the_expectation_without_the_end_of_the_run(origin, start_proxy, connect):
    proxy = start_proxy("--window", "200ms")
    origin.on("/old", redirect(307, "/new"))
    client = connect(proxy)
    client.exchange(request("POST", f"{origin.url}/old", body=b"x", host=origin.authority))
    proxy.wait_for_event("redirect.closed")
    closed = proxy.log.one("redirect.closed")
    assert closed["outcome"] == "not_followed" and "window" in closed["reason"]


def test_evidence_that_was_given_up_for_memory_makes_a_verdict_less_exact_and_not_wrong(origin, start_proxy):
    """Forty bodies of 50 KB wait for follow-ups that all cut them short, and the audit may keep 1 MiB of them. Where
    the first body's beginning is still known the cut is told; elsewhere only that the content is another."""
    proxy = start_proxy("--audit-memory", "1M")
    for number in range(40):
        origin.on(f"/a/{number}", redirect(307, f"/b/{number}"))
        origin.on(f"/b/{number}", response(200))
    content = [bytes([65 + number]) * 50_000 for number in range(40)]
    steps = [("PUT", f"/a/{number}", content[number]) for number in range(40)]
    steps += [("PUT", f"/b/{number}", content[number][:20_000]) for number in range(40)]
    walk(proxy, origin, *steps)
    log = proxy.stop()
    forgotten = log.one("run.finished")["totals"]["forgotten"]
    assert 0 < forgotten < 40
    rules = [rule for rule, _ in errors(log)]
    assert (rules.count("body-changed"), rules.count("body-truncated"), len(rules)) == (forgotten, 40 - forgotten, 40)


def test_a_right_follow_up_stays_right_when_its_evidence_was_given_up(origin, start_proxy):
    proxy = start_proxy("--audit-memory", "1M")
    for number in range(40):
        origin.on(f"/a/{number}", redirect(307, f"/b/{number}"))
        origin.on(f"/b/{number}", response(200))
    walk(proxy, origin, *[("PUT", f"/{step}/{number}", b"x" * 50_000) for step in "ab" for number in range(40)])
    log = proxy.stop()
    assert log.one("run.finished")["totals"]["forgotten"] > 0
    assert errors(log) == []
    assert {event["verdicts"]["body"] for event in log.events("redirect.followed")} <= {"pass", "unverifiable"}
    assert len(log.events("redirect.followed")) == 40


def test_a_late_follow_up_revises_what_was_said(origin, start_proxy, connect):
    proxy = start_proxy("--window", "300ms")
    origin.on("/old", redirect(307, "/new"))
    origin.on("/new", response(200))
    client = connect(proxy)
    client.exchange(request("POST", f"{origin.url}/old", body=b"x", host=origin.authority))
    proxy.wait_for_event("redirect.closed")
    client.exchange(request("POST", f"{origin.url}/new", body=b"x", host=origin.authority))
    log = proxy.stop()
    revised = log.one("match.revised")
    assert revised["from"] == 0 and revised["to"] != 0
    assert log.one("redirect.followed")["match"]["state"] == "revised"
    assert log.one("redirect.followed")["verdicts"]["body"] == "pass"


def test_an_early_redirect_is_proven_by_the_part_that_was_sent(origin, proxy, connect):
    """The origin answers after 3 of 6 bytes and the client then stops: the follow-up's first 3 bytes can still be held
    against it, the rest can't."""

    def early(conversation):
        conversation.read_some(3)
        conversation.send(redirect(307, "/v2/up", "Connection: close"))

    origin.on_head("/up", early)
    origin.on("/v2/up", response(200))
    with RawClient(proxy.address) as client:
        client.send(request("PUT", f"{origin.url}/up", "Content-Length: 6", body=b"abc", host=origin.authority))
        assert client.read_response().status == 307
    with RawClient(proxy.address) as client:
        answer = client.exchange(request("PUT", f"{origin.url}/v2/up", body=b"abcdef", host=origin.authority))
        assert answer.status == 200
    log = proxy.stop()
    assert log.one("redirect.followed")["verdicts"]["method"] == "pass"
    assert log.one("redirect.followed")["verdicts"]["body"] == "unverifiable"
    assert errors(log) == []
    assert log.one("chain.finished")["unverifiable"] >= 1


def test_an_early_redirect_whose_follow_up_begins_otherwise_is_a_changed_body(origin, proxy):
    """What the first request had sent until then is known to the byte, and the follow-up's beginning is not that."""

    def early(conversation):
        conversation.read_some(3)
        conversation.send(redirect(307, "/v2/up", "Connection: close"))

    origin.on_head("/up", early)
    origin.on("/v2/up", response(200))
    with RawClient(proxy.address) as client:
        client.send(request("PUT", f"{origin.url}/up", "Content-Length: 6", body=b"abc", host=origin.authority))
        assert client.read_response().status == 307
    with RawClient(proxy.address) as client:
        client.exchange(request("PUT", f"{origin.url}/v2/up", body=b"ABCdef", host=origin.authority))
    log = proxy.stop()
    assert log.one("redirect.followed")["verdicts"]["body"] == "fail"
    assert errors(log) == [("body-changed", "client")]


def test_a_client_that_sends_on_after_an_early_redirect_is_held_to_its_whole_body(origin, proxy, connect):
    """The body comes to its end after the redirect, and the follow-up lacks its second half."""
    answered = []

    def early(conversation):
        conversation.read_some(3)
        conversation.send(redirect(307, "/v2/up"))
        answered.append(conversation.read_some(3))

    origin.on_head("/up", early)
    origin.on("/v2/up", response(200))
    client = connect(proxy)
    client.send(request("PUT", f"{origin.url}/up", "Content-Length: 6", body=b"abc", host=origin.authority))
    assert client.read_response().status == 307
    client.send(b"def")
    origin.wait_until(lambda seen: answered or seen.connections_open == 0, "the second half")
    with RawClient(proxy.address) as other:
        other.exchange(request("PUT", f"{origin.url}/v2/up", body=b"abc", host=origin.authority))
    log = proxy.stop()
    assert answered, "the relay did not pass the second half on"
    assert errors(log) == [("body-truncated", "client")]


def test_an_expectation_of_100_that_is_answered_by_a_redirect_is_unverifiable_and_no_error(origin, proxy, connect):
    def early(conversation):
        conversation.send(redirect(307, "/v2/up"))
        conversation.close()

    origin.on_head("/up", early)
    origin.on("/v2/up", response(200))
    with RawClient(proxy.address) as client:
        client.send(
            request("PUT", f"{origin.url}/up", "Expect: 100-continue", "Content-Length: 6", host=origin.authority)
        )
        assert client.read_response().status == 307
    with RawClient(proxy.address) as client:
        client.exchange(request("PUT", f"{origin.url}/v2/up", body=b"abcdef", host=origin.authority))
    log = proxy.stop()
    assert log.one("redirect.followed")["verdicts"]["body"] == "unverifiable"
    assert errors(log) == []
