# SPDX-License-Identifier: MIT
"""Who may ask the dashboard's server, and what it bears: other sites' pages, missing tokens, oversized and slow requests,
and more connections than it serves."""
import json
import re
import socket
import time

import pytest

from lib.message import redirect, request, response
from lib.raw_client import RawClient

pytest_plugins = ("lib.relay_fixtures",)

TOKEN = "0123456789abcdef"


@pytest.fixture
def dashboard(start_with_dashboard):
    return start_with_dashboard("--no-intercept")[1]


@pytest.fixture
def guarded(start_with_dashboard):
    """One that needs a token; the Control does not give it by itself."""
    control = start_with_dashboard("--no-intercept", "--dashboard-token", TOKEN)[1]
    assert control.token == TOKEN
    control.token = None
    return control


def problem(answer, status):
    assert answer.status == status, answer.text
    assert answer.fields["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    return answer.json["detail"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example:{port}", ""]
)
def test_a_host_that_is_not_ours_is_refused_whatever_is_asked(dashboard, host):
    host = host.format(port=dashboard.address[1])
    for target in ("/", "/healthz", "/metrics", "/api/v1/status"):
        answer = dashboard.get(target, Host=host)
        assert answer.status in ((421,) if host else (400, 421)), answer.text
        assert "hopaudit_" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "127.0.0.1"])
def test_addresses_and_localhost_are_ours(dashboard, host):
    assert dashboard.get("/metrics", Host=host.format(port=dashboard.address[1])).status == 200


def test_a_name_that_was_given_is_ours(start_with_dashboard):
    control = start_with_dashboard("--dashboard-host", "audit.corp.example")[1]
    assert control.get("/metrics", Host="audit.corp.example:9000").status == 200
    assert control.get("/metrics", Host="other.corp.example:9000").status == 421


@pytest.mark.parametrize(
    "fields",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://{host}.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Origin": "http://evil.example", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
    ],
)
def test_another_sites_page_is_refused(dashboard, fields):
    fields = {name: value.format(host=dashboard.host) for name, value in fields.items()}
    for ask in (dashboard.get, dashboard.post):
        assert "another site" in problem(ask("/api/v1/tags", **fields), 403)


def test_our_own_page_and_a_link_to_it_are_welcome(dashboard):
    assert dashboard.get("/metrics", Origin=f"http://{dashboard.host}", Sec_Fetch_Site="same-origin").status == 200
    assert dashboard.get("/metrics", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate").status == 200
    assert dashboard.get("/metrics", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
def test_what_a_form_can_send_changes_nothing(dashboard, kind):
    assert "application/json" in problem(dashboard.post("/api/v1/tags/a/reset", b"x=1", Content_Type=kind), 415)
    assert problem(dashboard.post("/api/v1/tags/a/reset", b"", Content_Type=kind), 415)


def test_every_answer_keeps_browsers_at_bay(dashboard):
    for answer in (dashboard.get("/healthz"), dashboard.get("/nothing"), dashboard.get("/", Host="evil.example")):
        policy = answer.fields["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert answer.fields["referrer-policy"] == "no-referrer"
        assert answer.fields["cache-control"] == "no-store"
        assert not [name for name in answer.fields if name.startswith("access-control-")]


def test_a_token_is_asked_for_everywhere_but_by_health_checks(guarded):
    assert guarded.get("/healthz").status == 200
    assert guarded.get("/readyz").status == 200
    for target in ("/metrics", "/api/v1/status", "/", "/nothing"):
        assert "token" in problem(guarded.get(target), 401)
    assert guarded.get("/metrics", Authorization="Bearer 0123456789abcdeX").status == 401
    assert guarded.get("/metrics", Authorization=f"Basic {TOKEN}").status == 401
    assert guarded.get("/metrics", Authorization=f"Bearer {TOKEN}").status == 200


def test_the_printed_link_becomes_a_cookie_and_leaves_the_address_bar(guarded):
    answer = guarded.get(f"/?token={TOKEN}")
    assert (answer.status, answer.fields["location"]) == (303, "/")
    cookie = answer.fields["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert guarded.get("/metrics", Cookie=cookie.split(";")[0]).status == 200
    assert guarded.get("/metrics", Cookie="a=b; " + cookie.split(";")[0] + "; c=d").status == 200
    assert guarded.get("/metrics", Cookie="hopaudit-token=wrong").status == 401
    assert guarded.get("/?token=wrong").status == 401


def test_the_link_leads_to_no_other_site(guarded):
    answer = guarded.get(f"//evil.example/?token={TOKEN}")
    assert (answer.status, answer.fields["location"]) == (303, "/")


def test_a_listener_beyond_loopback_has_a_token_of_its_own(start_with_dashboard):
    proxy, control = start_with_dashboard(dashboard="0.0.0.0:0")
    assert re.fullmatch("[0-9a-f]{32}", control.token)
    token, control.token = control.token, None
    assert control.get("/metrics").status == 401
    assert control.get("/metrics", Authorization=f"Bearer {token}").status == 200
    proxy.stop()
    assert f"/?token={token}\n" in proxy.stderr


def test_a_token_that_no_url_can_carry_is_refused(hopaudit):
    for token in ("short", "with spaces in it", 'quote"quote"', "x" * 65):
        told = hopaudit("proxy", "--dashboard-token", token)
        assert told.returncode == 2
        assert "8 to 64 letters, digits and -._~" in told.stderr
        assert token not in told.stderr


def test_an_oversized_head_or_content_is_refused_and_told_why(dashboard):
    assert problem(dashboard.get("/" + "x" * 20000), 431)
    assert problem(dashboard.get("/metrics", **{f"X{i}": "y" for i in range(70)}), 431)
    assert problem(dashboard.post("/api/v1/tags/a/expect", b"x" * (64 * 1024 + 1), Content_Type="application/json"), 413)


@pytest.mark.parametrize(
    "raw, status",
    [
        (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
        (b"GET / HTTP/3.0\r\nHost: 127.0.0.1\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /%zz/../x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
        (b"BREW /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
        (b"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
    ],
)
def test_what_is_no_request_of_ours_gets_a_problem(dashboard, raw, status):
    with RawClient(dashboard.address) as client:
        client.send(raw)
        answer = client.read_response()
    assert answer.status == status, answer.body
    assert json.loads(answer.body)["status"] == status


def test_requests_in_a_row_are_answered_in_a_row(dashboard):
    with RawClient(dashboard.address) as client:
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.send(one * 50 + b"HEAD /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n" + one)
        assert [client.read_response().body for _ in range(50)] == [b"ok\n"] * 50
        assert client.read_response("HEAD").get("Content-Length") == b"6"
        assert client.read_response().body == b"ok\n"


def test_a_client_that_has_said_all_still_gets_its_answers(dashboard):
    with RawClient(dashboard.address) as client:
        client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read_response().body == b"ok\n"


def test_an_expectation_of_100_is_met(dashboard):
    with RawClient(dashboard.address) as client:
        client.send(
            b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.reader.read_head().start_line == b"HTTP/1.1 100 Continue"
        client.send(b"{}")
        assert client.read_response().status == 404


def test_more_connections_than_are_served_push_out_the_idle_ones(dashboard):
    idle = [socket.create_connection(dashboard.address) for _ in range(80)]
    try:
        assert dashboard.get("/healthz").status == 200
        idle[0].settimeout(10)
        assert idle[0].recv(1) == b""  # the one that was idle longest
    finally:
        for each in idle:
            each.close()


def test_a_head_that_drips_is_cut_off_and_hinders_nobody(dashboard):
    """Five seconds a request: each byte alone would be in time."""
    with socket.create_connection(dashboard.address) as slow:
        slow.settimeout(0.5)
        began = time.monotonic()
        told = b""
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        while not told:
            assert time.monotonic() - began < 20
            slow.sendall(b"x")
            assert dashboard.get("/healthz").status == 200
            try:
                told = slow.recv(4096)
            except TimeoutError:
                continue
        assert told.startswith(b"HTTP/1.1 408 ")


def test_readers_that_take_nothing_keep_neither_the_relay_nor_others_waiting(
    start_with_dashboard, origin, connect
):
    """Full of pipelined requests for answers that nobody reads."""
    proxy, control = start_with_dashboard()
    origin.on("/a", redirect(302, "/b"))
    origin.on("/b", response(200))
    stalled = [socket.create_connection(control.address) for _ in range(20)]
    try:
        for each in stalled:
            each.setblocking(False)
            try:
                each.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000)
            except BlockingIOError:
                pass
        client = connect(proxy)
        for path in ("/a", "/b"):
            answer = client.exchange(request("GET", origin.url + path, host=origin.authority))
            assert answer.status in (302, 200)
        assert control.get("/healthz").status == 200
    finally:
        for each in stalled:
            each.close()
    assert len(proxy.stop().events("chain.finished")) == 1


def test_unknown_places_are_told_what_there_is(dashboard):
    assert "openapi.json" in problem(dashboard.get("/api/v2/chains"), 404)
    assert problem(dashboard.get("/assets/../../etc/passwd"), 404)
    answer = dashboard.post("/healthz")
    assert "GET" in answer.fields["allow"]
