# SPDX-License-Identifier: MIT
"""Real clients through `hopaudit run`: the origin sees what it sees without the proxy, and the verdict is right.

Every client is called twice, directly and through the proxy, against one origin; what it says must be the same, too.
"""
import pytest

from lib import drivers
from lib.compare import HOP_BY_HOP, as_seen, exactly
from lib.message import redirect, response

BODY = b"amount=12&card=\0\xff\r\n" * 3
LARGE = bytes(range(256)) * 1200  # 300 KiB, more than any buffer that a client or a relay fills at once


@pytest.fixture
def body_file(tmp_path):
    def write(content):
        path = tmp_path / "body"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def both_ways(tmp_path, run, origin):
    """both_ways(driver, method, url, *arguments) -> (requests seen directly, requests seen through the proxy, log)"""

    def call(driver, method, url, *arguments, status=200):
        origin.forget()
        alone = driver.call(tmp_path, method, url, *arguments)
        direct = origin.requests
        origin.forget()
        behind = run(driver.command(method, url, *arguments), variables=drivers.NODE_VARIABLES)
        log = behind.expect(0)
        assert int(alone.stdout.split()[0]) == status, alone.stdout
        assert behind.stdout == alone.stdout
        return direct, origin.requests, log

    return call


def assert_same(driver, direct, through):
    """The recorded requests differ in nothing but what a proxy must change."""
    if driver.tunnels:
        assert [exactly(request) for request in through] == [exactly(request) for request in direct]
        return
    ignored = HOP_BY_HOP | driver.greets_proxies
    assert [as_seen(request, ignored) for request in through] == [as_seen(request, ignored) for request in direct]
    for request in through:
        assert len(request.head.all("Via")) == 1 and request.head.get("Via").startswith(b"1.1 hopaudit")
        assert request.head.get("Proxy-Connection") is None and request.head.get("Proxy-Authorization") is None


def assert_right_hop(log, method, status, source, target, length):
    """One redirect, rightly followed, and nothing else to say."""
    observed, followed = log.one("redirect.observed"), log.one("redirect.followed")
    follow = followed["follow"]["request"]
    assert (observed["request"]["method"], observed["request"]["url"]) == (method, source)
    assert (observed["response"]["status"], observed["target"]) == (status, target)
    assert (follow["method"], follow["url"]) == (method, target)
    assert (followed["verdicts"]["method"], followed["verdicts"]["body"]) == ("pass", "pass"), log.tell()
    assert follow["content"]["length"] == length
    assert followed["match"]["confidence"] == "high"
    assert log.one("redirect.closed")["outcome"] == "followed"
    chain = log.one("chain.finished")
    assert (chain["outcome"], chain["hops"], chain["final_status"]) == ("completed", 1, 200)
    assert chain["verdict"] in ("none", "info")
    assert [event for event in log.events("finding") if event["severity"] != "info"] == []
    finished = log.one("run.finished")
    assert (finished["totals"]["redirects"], finished["totals"]["findings"]["error"], finished["lost"]) == (1, 0, 0)


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
@pytest.mark.parametrize("status", (307, 308))
def test_a_post_keeps_its_body(driver, status, origin, both_ways, body_file):
    origin.on("/submit", redirect(status, "/v2/submit", body=b"moved"))
    origin.on("/v2/submit", response(200, body=b"paid"))
    direct, through, log = both_ways(driver, "POST", f"{origin.url}/submit", "--body", body_file(BODY))
    assert [(request.method, request.target, request.body) for request in through] == [
        ("POST", "/submit", BODY),
        ("POST", "/v2/submit", BODY),
    ]
    assert_same(driver, direct, through)
    assert_right_hop(log, "POST", status, f"{origin.url}/submit", f"{origin.url}/v2/submit", len(BODY))


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_large_put_keeps_its_body(driver, origin, both_ways, body_file):
    origin.on("/up", redirect(308, f"{origin.url}/down?x=1"))
    origin.on("/down", response(200))
    direct, through, log = both_ways(driver, "PUT", f"{origin.url}/up", "--body", body_file(LARGE))
    assert [(request.method, len(request.body)) for request in through] == [("PUT", len(LARGE))] * 2
    assert_same(driver, direct, through)
    assert_right_hop(log, "PUT", 308, f"{origin.url}/up", f"{origin.url}/down?x=1", len(LARGE))


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_target_that_the_client_spells_in_its_own_way_is_still_the_target(driver, origin, both_ways, body_file):
    """Some clients decode %7E before they ask, which names the same resource (RFC 3986 §6.2.2.2)."""
    origin.on("/old", redirect(307, "/a/../new?who=%7eann"))
    origin.on("/new", response(200))
    direct, through, log = both_ways(driver, "POST", f"{origin.url}/old", "--body", body_file(BODY))
    assert_same(driver, direct, through)
    followed = log.one("redirect.followed")
    spelled = followed["follow"]["request"]["url"] == followed["target"]
    assert followed["match"]["level"] == ("E0" if spelled else "E1")
    assert followed["verdicts"]["body"] == "pass"
    assert [event for event in log.events("finding") if event["severity"] != "info"] == []


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_get_with_its_own_headers_is_followed(driver, origin, both_ways):
    origin.on("/old", redirect(307, "new/place"))
    origin.on("/new/place", response(200, body=b"here"))
    direct, through, log = both_ways(
        driver, "GET", f"{origin.url}/old", "--header", "X-Trace: a  b", "--header", "X-Empty: ,;=\t~"
    )
    assert [request.target for request in through] == ["/old", "/new/place"]
    assert through[1].head.get("X-Trace") == b"a  b"
    assert_same(driver, direct, through)
    assert_right_hop(log, "GET", 307, f"{origin.url}/old", f"{origin.url}/new/place", 0)


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_redirect_to_another_origin_is_followed_there(driver, origin, start_origin, both_ways, body_file):
    other = start_origin()
    origin.on("/submit", redirect(307, f"{other.url}/submit"))
    other.on("/submit", response(200))
    direct, through, log = both_ways(driver, "POST", f"{origin.url}/submit", "--body", body_file(BODY))
    assert_same(driver, direct, through)
    assert_same(driver, other.requests[:1], other.requests[1:])
    # urllib3 sends the first origin's Host to a proxy: host-header-stale, for information.
    assert_right_hop(log, "POST", 307, f"{origin.url}/submit", f"{other.url}/submit", len(BODY))


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
@pytest.mark.parametrize("size", (len(BODY), 2 * 1024 * 1024))  # from 1 MiB on curl asks for a 100 first
def test_a_redirect_by_nginx_keeps_the_body(driver, size, tmp_path, origin, start_nginx, run, body_file):
    origin.on("/v2/submit", response(200, body=b"paid"))
    nginx = start_nginx(
        "location = /submit { return 307 /v2/submit; }\n"
        f"location / {{ proxy_pass {origin.url}; proxy_set_header Host $http_host; proxy_set_header X-Via $http_via; }}"
    )
    body = (LARGE * 7)[:size]
    log = run(
        driver.command("POST", f"{nginx.url}/submit", "--body", body_file(body)), variables=drivers.NODE_VARIABLES
    ).expect(0)
    seen = origin.requests
    assert [(request.method, request.body, request.head.get("Host")) for request in seen] == [
        ("POST", body, nginx.authority.encode())
    ]
    assert (seen[0].head.get("X-Via") is None) == driver.tunnels
    assert log.one("redirect.followed")["verdicts"]["method"] == "pass"
    # nginx answers from the head alone. Where the client stopped sending its first body then, nothing can be proven.
    allowed = {"pass"} if size == len(BODY) else {"pass", "unverifiable"}
    assert log.one("redirect.followed")["verdicts"]["body"] in allowed
    assert log.one("chain.finished")["outcome"] == "completed"
    assert [event for event in log.events("finding") if event["severity"] != "info"] == []


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_chain_of_three_hops_is_one_chain(driver, origin, both_ways, body_file):
    origin.on("/1", redirect(307, "/2"))
    origin.on("/2", redirect(308, "/3"))
    origin.on("/3", redirect(307, "/4"))
    origin.on("/4", response(200))
    direct, through, log = both_ways(driver, "POST", f"{origin.url}/1", "--body", body_file(BODY))
    assert_same(driver, direct, through)
    # A match may wait for whose process the client is, the next one not.
    assert sorted(event["hop"] for event in log.events("redirect.followed")) == [1, 2, 3]
    assert {event["chain"] for event in log.events("redirect.followed")} == {log.one("chain.finished")["chain"]}
    assert [event["outcome"] for event in log.events("redirect.closed")] == ["followed"] * 3
    chain = log.one("chain.finished")
    assert (chain["hops"], chain["outcome"], chain["first_url"], chain["last_url"]) == (
        3,
        "completed",
        f"{origin.url}/1",
        f"{origin.url}/4",
    )


@pytest.mark.parametrize("driver", [driver for driver in drivers.ALL if driver.tunnels], ids=str)
def test_plain_http_inside_a_tunnel_is_recognised_and_audited(driver, origin, both_ways, body_file):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    _, _, log = both_ways(driver, "POST", f"{origin.url}/submit", "--body", body_file(BODY))
    assert log.one("redirect.followed")["request"]["path"] == "tunnel"
    assert log.one("run.finished")["totals"]["tunnels"] == 0  # opaque ones
    assert [event["kind"] for event in log.events("tunnel") if event["kind"] == "opaque"] == []


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_post_that_a_303_turns_into_get_is_right(driver, origin, both_ways, body_file):
    origin.on("/form", redirect(303, "/done"))
    origin.on("/done", response(200))
    direct, through, log = both_ways(driver, "POST", f"{origin.url}/form", "--body", body_file(BODY))
    assert [(request.method, request.body) for request in through] == [("POST", BODY), ("GET", b"")]
    assert_same(driver, direct, through)
    assert log.one("redirect.followed")["verdicts"]["method"] == "pass"
    assert [event for event in log.events("finding") if event["severity"] != "info"] == []
