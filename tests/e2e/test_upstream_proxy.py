# SPDX-License-Identifier: MIT
"""--upstream-proxy: plain requests go on to it in absolute-form, CONNECT goes on as CONNECT, and what it refuses is never
mistaken for an origin's answer. The upstream proxy is in the test's own hands, byte by byte."""
import base64
import socket

import pytest

from lib.hopaudit import call, environment
from lib.message import redirect, response
from lib.raw import (
    FullBacklog,
    RawOrigin,
    assert_own_answer,
    eventually,
    names,
    own_pseudonym,
    proxy_error,
    read_to_any_end,
    without_via,
)
from lib.raw_client import proxy_authorization
from lib.upstream_proxy import GRANTED, plain_request

pytest_plugins = ("lib.relay_fixtures",)

OK = response(200, body=b"ok")
CLIENT_HELLO = b"\x16\x03\x01\x00\x05hello"
PORTAL = redirect(302, "http://portal.test/login?token=s3cret", body=b"<a href>")
PASSWORD = "hunter2!"


@pytest.fixture
def front(start_relay, upstream):
    """front(OPTION..., user="me:pw"): a relay whose upstream proxy is `upstream`."""

    def start(*options, user=None, **more):
        address = f"{user + '@' if user else ''}{upstream.authority}"
        return start_relay("--upstream-proxy", f"http://{address}", *options, **more)

    return start


def begin(relay, upstream, request):
    """A client whose request is on its way, the upstream proxy's end, and the head that it got."""
    client = relay.client()
    client.send(request)
    server = upstream.accept()
    return client, server, server.read_head()


def begin_connect(relay, upstream, authority="shop.test:443", *fields):
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *fields]
    return begin(relay, upstream, "".join(line + "\r\n" for line in lines).encode() + b"\r\n")


def refused_connect(relay, upstream, answer):
    """The client's answer when the upstream proxy gives this one to CONNECT."""
    client, server, _ = begin_connect(relay, upstream)
    server.send(answer)
    return client.read_response("CONNECT")


# Plain requests


def test_a_plain_request_goes_on_in_absolute_form(front, upstream):
    relay = front()
    asked = plain_request("POST", "http://shop.test/a%2fB?q=1", "X-A: 1", body=b"body")
    client, server, head = begin(relay, upstream, asked)
    assert without_via(head.raw) == asked[: -len(b"body")]
    assert server.read_body(head) == b"body"
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_userinfo_and_fragment_do_not_go_on(front, upstream):
    client, server, head = begin(front(), upstream, plain_request("GET", "http://me:pw@shop.test:81/x#part"))
    assert head.start_line == b"GET http://shop.test:81/x HTTP/1.1"
    server.send(OK)
    assert client.read_response().status == 200


def test_the_upstream_proxy_gets_our_credentials_and_never_the_clients(front, upstream):
    asked = plain_request("GET", "http://shop.test/x", proxy_authorization("checkout-test", "theirs"))
    client, server, head = begin(front(user="me:p%40ss"), upstream, asked)
    assert head.all("Proxy-Authorization") == [b"Basic " + base64.b64encode(b"me:p@ss")]
    server.send(OK)
    client.read_response()


def test_without_credentials_of_ours_none_are_sent(front, upstream):
    asked = plain_request("GET", "http://shop.test/x", proxy_authorization("checkout-test", "theirs"))
    client, server, head = begin(front(), upstream, asked)
    assert b"proxy-authorization" not in names(head)
    server.send(OK)
    client.read_response()


def test_requests_to_any_origin_share_a_connection_to_it(front, upstream):
    relay = front()
    client, server, _ = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    server.send(OK)
    client.read_response()
    other = relay.client()
    for url in ("http://other.test/y", "http://shop.test:81/z"):
        other.send(plain_request("GET", url))
        assert server.exchange_here(OK)[0].start_line == f"GET {url} HTTP/1.1".encode()
        assert other.read_response().status == 200
    assert upstream.is_untouched()


def test_a_redirect_of_a_plain_request_is_the_origins_and_its_follow_up_is_judged(front, upstream):
    relay = front()
    client, server, head = begin(relay, upstream, plain_request("POST", "http://shop.test/pay", body=b"amount=12"))
    server.read_body(head)
    server.send(redirect(307, "http://other.test/v2"))
    assert client.read_response().status == 307
    client.send(plain_request("POST", "http://other.test/v2", body=b"amount=12"))
    server.exchange_here(OK)
    assert client.read_response().body == b"ok"
    relay.hang_up()
    followed = relay.stop().one("redirect.followed")
    assert followed["verdicts"]["method"] == followed["verdicts"]["body"] == "pass"


@pytest.mark.parametrize("user", [None, "me:" + PASSWORD])
def test_a_407_is_a_502_that_says_whose_credentials_are_wanted(front, upstream, user):
    relay = front(user=user)
    client, server, _ = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    server.send(response(407, 'Proxy-Authenticate: Basic realm="corporate"', body=b"who are you"))
    answer = client.read_response()
    cause = "does not take the credentials" if user else "wants credentials"
    assert_own_answer(answer, 502, "proxy_configuration_error", cause)
    assert upstream.authority in proxy_error(answer)[1]
    assert answer.get("Proxy-Authenticate") is None and b"who are you" not in answer.body


def test_a_407_of_an_origin_that_is_reached_directly_is_its_own(front, upstream, start_origin):
    origin = start_origin()
    origin.on("/x", response(407, 'Proxy-Authenticate: Basic realm="odd"'))
    answer = front("--no-upstream-proxy", "127.0.0.1").client().exchange(plain_request("GET", origin.url + "/x"))
    assert answer.status == 407 and answer.get("Proxy-Authenticate")


# Who is reached directly


def test_a_host_that_is_listed_is_reached_directly_and_without_our_credentials(front, upstream, start_origin):
    origin = start_origin()
    origin.on("/x", OK)
    relay = front("--no-upstream-proxy", "a.test,127.0.0.1", user="me:" + PASSWORD)
    assert relay.client().exchange(plain_request("GET", origin.url + "/x")).body == b"ok"
    assert origin.requests[0].target == "/x" and b"proxy-authorization" not in names(origin.requests[0].head)
    assert relay.client().connect(origin.authority).status == 200
    assert upstream.is_untouched()


def test_loopback_is_no_exception(front, upstream):
    _, server, head = begin(front(), upstream, plain_request("GET", "http://localhost:8080/x"))
    assert head.start_line == b"GET http://localhost:8080/x HTTP/1.1"
    server.send(OK)


def test_our_own_listener_is_refused_and_not_asked_of_it(front, upstream):
    relay = front()
    answer = relay.client().exchange(plain_request("GET", f"http://{relay.authority}/x"))
    assert_own_answer(answer, 502, "proxy_loop_detected")
    assert_own_answer(relay.client().connect(relay.authority), 502, "proxy_loop_detected")
    assert upstream.is_untouched()


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_what_comes_back_to_us_through_it_is_refused(front, upstream, method):
    relay = front()
    if method == "CONNECT":
        client, server, head = begin_connect(relay, upstream)
    else:
        client, server, head = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    own_pseudonym(head)
    answer = relay.client().exchange(head.raw, method)
    assert_own_answer(answer, 502, "proxy_loop_detected")


def test_it_may_not_be_this_proxy_itself(tmp_path):
    origin = RawOrigin()
    origin.close()  # its port is free now
    options = ("--listen", origin.authority, "--upstream-proxy", f"http://me:{PASSWORD}@localhost:{origin.port}")
    done = call(tmp_path, "proxy", "--log", "-", *options)
    assert done.returncode == 125 and "is this proxy itself" in done.stderr and PASSWORD not in done.stderr


# CONNECT


def test_connect_goes_on_with_its_fields_and_our_credentials(front, upstream):
    relay = front(user="me:pw")
    fields = ("User-Agent: c/1", "X-Corp: 7", proxy_authorization("checkout-test"), "Proxy-Connection: keep-alive")
    client, server, head = begin_connect(relay, upstream, "shop.test:443", *fields)
    assert head.start_line == b"CONNECT shop.test:443 HTTP/1.1"
    assert names(head) == [b"host", b"user-agent", b"x-corp", b"via", b"proxy-authorization"]
    assert head.get("Host") == b"shop.test:443" and head.get("User-Agent") == b"c/1"
    assert head.get("Proxy-Authorization") == b"Basic " + base64.b64encode(b"me:pw")
    server.send(GRANTED)
    assert client.read_response("CONNECT").status == 200


@pytest.mark.parametrize(
    "granted",
    [
        GRANTED,
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 204 Go\r\nContent-Length: 5\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + GRANTED,
    ],
    ids=["200", "HTTP 1.0", "204", "behind a 103"],
)
def test_bytes_pass_in_both_directions_when_it_has_granted_the_tunnel(front, upstream, granted):
    client, server, _ = begin_connect(front(), upstream)
    server.send(granted)
    assert client.read_response("CONNECT").head.raw == GRANTED
    client.send(CLIENT_HELLO)
    assert server.reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO
    server.send(b"\x00down")
    assert client.reader.read_exactly(5) == b"\x00down"


def test_what_comes_right_behind_its_answer_is_the_tunnels(front, upstream):
    client, server, _ = begin_connect(front(), upstream)
    server.send(GRANTED + b"220 mail ready\r\n")
    assert client.read_response("CONNECT").status == 200
    assert client.reader.read_exactly(16) == b"220 mail ready\r\n"


def test_its_answer_may_come_in_pieces(front, upstream):
    client, server, _ = begin_connect(front(), upstream)
    for at in range(len(GRANTED)):
        server.send(GRANTED[at : at + 1])
    assert client.read_response("CONNECT").status == 200
    server.send(b"x")
    assert client.reader.read_exactly(1) == b"x"


def test_bytes_that_came_with_the_clients_connect_follow_its_grant(front, upstream):
    client = front().client()
    client.send(b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n" + CLIENT_HELLO)
    server = upstream.accept()
    server.read_head()
    assert server.reader.buffer == b""
    server.send(GRANTED)
    assert client.read_response("CONNECT").status == 200
    assert server.reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO


def test_a_connect_head_larger_than_a_socket_takes_is_sent_whole(front, upstream):
    large = [f"X-{number}: {'x' * 600_000}" for number in range(9)]
    upstream.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    relay = front("--limit-head", "8M", "--limit-field", "1M")
    client, server, head = begin_connect(relay, upstream, "shop.test:443", *large)
    assert [field for field in names(head) if field.startswith(b"x-")] == [f"x-{n}".encode() for n in range(9)]
    assert all(head.get(f"X-{number}") == b"x" * 600_000 for number in range(9))
    server.send(GRANTED)
    assert client.read_response("CONNECT").status == 200


def test_plain_http_in_the_tunnel_is_unchanged_and_audited(front, upstream):
    """The client has asked for a tunnel to this port, and the upstream proxy has granted it: what passes is theirs."""
    relay = front(user="me:pw")
    client, server, _ = begin_connect(relay, upstream, "shop.test:80")
    server.send(GRANTED)
    client.read_response("CONNECT")
    asked = b"GET /x HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\n\r\n"
    client.send(asked)
    assert server.read_head().raw == asked
    server.send(redirect(302, "/y"))
    assert client.read_response().status == 302
    client.send(b"GET /y HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    server.exchange_here(OK)
    assert client.read_response().body == b"ok"
    relay.hang_up()
    assert relay.stop().one("redirect.followed")["verdicts"]["method"] == "pass"


def test_a_tunnel_is_not_shared_with_plain_requests(front, upstream):
    relay = front()
    client, server, _ = begin_connect(relay, upstream)
    server.send(GRANTED)
    client.read_response("CONNECT")
    client.close()
    assert read_to_any_end(server)[0] == b""
    other, server, head = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    server.send(OK)
    assert other.read_response().body == b"ok"


# CONNECT that it refuses


def test_a_redirect_of_connect_is_a_502_and_its_location_stays_behind(front, upstream):
    answer = refused_connect(front(), upstream, PORTAL)
    assert_own_answer(answer, 502, "destination_unavailable", "answered CONNECT with 302.*not followed")
    assert upstream.authority in proxy_error(answer)[1]
    assert b"portal" not in answer.head.raw + answer.body and answer.get("Location") is None


def test_a_redirect_of_connect_is_told_in_the_log_and_expects_nothing(front, upstream):
    relay = front()
    refused_connect(relay, upstream, PORTAL)
    relay.hang_up()
    log = relay.stop()
    exchange, observed = log.one("exchange"), log.one("redirect.observed")
    assert exchange["request"]["exchange"] == observed["request"]["exchange"]
    assert observed["response"]["status"] == 302
    assert exchange["request"]["method"] == "CONNECT" and exchange["request"]["url"] == "https://shop.test:443"
    assert observed["expects"] is False and observed["target"].startswith("http://portal.test/login")
    assert "s3cret" not in log.raw.decode()
    assert log.one("proxy.error")["error"] == "destination_unavailable"
    assert log.events("redirect.followed") == []


@pytest.mark.parametrize("status", [400, 403, 404, 502, 599])
def test_any_other_refusal_is_a_502_that_names_it(front, upstream, status):
    answer = refused_connect(front(), upstream, response(status, "X-Squid-Error: ERR_ACCESS_DENIED", body=b"denied"))
    assert_own_answer(answer, 502, "destination_unavailable", f"answered CONNECT with {status}$")
    assert b"denied" not in answer.body and answer.get("X-Squid-Error") is None


def test_a_refusal_that_is_no_redirect_is_an_exchange_of_record_all(front, upstream):
    relay = front("--record-all")
    refused_connect(relay, upstream, response(403, body=b"denied"))
    relay.hang_up()
    exchange = relay.stop().one("exchange")
    assert (exchange["request"]["method"], exchange["response"]["status"]) == ("CONNECT", 403)


def test_a_407_to_connect_is_a_502_that_says_whose_credentials_are_wanted(front, upstream):
    answer = refused_connect(front(), upstream, response(407, 'Proxy-Authenticate: Basic realm="corporate"'))
    assert_own_answer(answer, 502, "proxy_configuration_error", "wants credentials")
    assert answer.get("Proxy-Authenticate") is None


@pytest.mark.parametrize(
    "rubbish",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\nA: b\n\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad field\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 65,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000,
    ],
    ids=["no HTTP", "bare LF", "version", "field", "101", "interim without end", "head too large"],
)
def test_rubbish_instead_of_an_answer_is_a_502(front, upstream, rubbish):
    answer = refused_connect(front(), upstream, rubbish)
    assert_own_answer(answer, 502, "http_protocol_error", f"upstream proxy {upstream.authority}")


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 20"], ids=["nothing", "half a head"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_an_end_instead_of_an_answer_is_a_502(front, upstream, begun, how):
    client, server, _ = begin_connect(front(), upstream)
    server.send(begun)
    getattr(server, how)()
    cause = f"upstream proxy {upstream.authority} ended without an answer"
    assert_own_answer(client.read_response("CONNECT"), 502, "connection_terminated", cause)


def test_silence_instead_of_an_answer_is_a_504_when_the_time_to_connect_is_over(front, upstream):
    client, server, _ = begin_connect(front("--timeout-connect", "300ms"), upstream)
    server.send(b"HTTP/1.1 2")
    cause = f"upstream proxy {upstream.authority} did not answer CONNECT in time"
    assert_own_answer(client.read_response("CONNECT"), 504, "connection_timeout", cause)
    assert read_to_any_end(server)[0] == b""


def test_a_client_that_leaves_meanwhile_takes_the_connection_with_it(front, upstream):
    client, server, _ = begin_connect(front(), upstream)
    client.close()
    assert read_to_any_end(server)[0] == b""


# Where it is not


def assert_unreached(relay, status, error, cause):
    for answer in (
        relay.client().exchange(plain_request("GET", "http://shop.test/x")),
        relay.client().connect("shop.test:443"),
    ):
        assert_own_answer(answer, status, error, cause)
        assert PASSWORD not in proxy_error(answer)[1]


def test_one_that_is_not_there_is_a_502_that_names_it(front, upstream):
    upstream.close()
    relay = front(user="me:" + PASSWORD)
    assert_unreached(relay, 502, "connection_refused", f"upstream proxy {upstream.authority}.*refused")


def test_one_that_can_not_be_reached_in_time_is_a_504_that_names_it(start_relay):
    hole = FullBacklog("127.0.0.1")
    try:
        address = f"127.0.0.1:{hole.port}"
        relay = start_relay("--upstream-proxy", f"http://me:{PASSWORD}@{address}", "--timeout-connect", "300ms")
        assert_unreached(relay, 504, "connection_timeout", f"upstream proxy {address} could not be reached")
    finally:
        hole.close()


def test_one_whose_name_resolve_gives_is_found_there(start_relay, upstream):
    resolve = ("--resolve", f"proxy.test=127.0.0.1:{upstream.port}")
    relay = start_relay("--upstream-proxy", "http://proxy.test:3128", *resolve)
    _, server, head = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    assert head.start_line == b"GET http://shop.test/x HTTP/1.1"
    server.send(OK)


def test_one_that_closes_a_plain_request_is_told_as_such(front, upstream):
    client, server, _ = begin(front(), upstream, plain_request("GET", "http://shop.test/x"))
    server.close()
    assert_own_answer(client.read_response(), 502, "connection_terminated", "the upstream proxy ended")


# The password


@pytest.mark.parametrize("where", ["flag", "variable", "file"])
def test_the_password_is_shown_nowhere(start_relay, upstream, tmp_path, where):
    url = f"http://me:{PASSWORD}@{upstream.authority}"
    options, variables = (), {}
    if where == "flag":
        options = ("--upstream-proxy", url)
    elif where == "variable":
        variables["HOPAUDIT_UPSTREAM_PROXY"] = url
    else:
        (tmp_path / "config").write_text(f"upstream-proxy = {url}\n")
        options = ("--config", str(tmp_path / "config"))
    relay = start_relay("--record-all", "--verbose", *options, env=environment(tmp_path, **variables))
    client, server, head = begin(relay, upstream, plain_request("GET", "http://shop.test/x"))
    coded = head.get("Proxy-Authorization").removeprefix(b"Basic ").decode()
    assert base64.b64decode(coded).decode() == f"me:{PASSWORD}"
    server.send(OK)
    client.read_response()
    refused_connect(relay, upstream, PORTAL)
    assert PASSWORD not in relay.proc("cmdline") and coded not in relay.proc("cmdline")
    relay.hang_up()
    relay.stop()
    for text in (relay.log_bytes().decode(), relay.stderr, relay.stdout):
        assert PASSWORD not in text and coded not in text


def test_the_proxy_variables_of_clients_are_not_obeyed(start_relay, upstream, start_origin, tmp_path):
    origin = start_origin()
    origin.on("/x", OK)
    names_of = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY")
    variables = {name: upstream.url for name in names_of}
    relay = start_relay(env=environment(tmp_path, **variables))
    assert relay.client().exchange(plain_request("GET", origin.url + "/x")).body == b"ok"
    assert upstream.is_untouched()
