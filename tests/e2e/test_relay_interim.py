# SPDX-License-Identifier: MIT
"""1xx, Expect, early answers and Upgrade: whatever comes before its time, or instead (RFC 9110 §10.1.1, §15.2)."""
import pytest

from lib.raw import assert_nothing_more, assert_own_answer, eventually, names, read_to_any_end, without_via

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def same_interim(head, expected):
    """1xx heads may or may not carry our Via."""
    return head.raw == expected or without_via(head.raw) == expected


# interim responses


@pytest.mark.parametrize(
    "interim",
    [
        CONTINUE,
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nlink: </b.js>\r\n\r\n",
        b"HTTP/1.1 199 Unheard Of\r\nX: y\r\n\r\n",
    ],
    ids=["100", "102", "103", "199"],
)
def test_interim_response_is_relayed_at_once(begin, interim):
    client, server, _ = begin("GET", "/x")
    server.send(interim)
    assert same_interim(client.reader.read_head(), interim)
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_several_interim_responses_are_relayed_in_order_with_the_final_one(begin):
    client, server, _ = begin("GET", "/x")
    hints = [b"HTTP/1.1 103 Early Hints\r\nLink: </%d>\r\n\r\n" % n for n in range(5)]
    server.send(CONTINUE + b"".join(hints) + OK)
    response = client.read_response()
    assert response.body == b"ok" and len(response.interim) == 6
    for head, expected in zip(response.interim, [CONTINUE, *hints]):
        assert same_interim(head, expected)


def test_interim_response_that_declares_a_body_has_none(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + OK)
    response = client.read_response()
    assert response.status == 200 and response.body == b"ok"


def test_interim_response_before_the_answer_to_head_is_relayed(begin):
    client, server, _ = begin("HEAD", "/x")
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    response = client.read_response("HEAD")
    assert response.status == 200 and len(response.interim) == 1


def test_endless_interim_responses_are_refused(begin):
    """They are heads like others: somebody must bound them. A relay that forwards each at once holds nothing."""
    client, server, _ = begin("GET", "/x")
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    for _ in range(20):
        server.send(hint)
        assert client.reader.read_head().start_line == b"HTTP/1.1 103 Early Hints"
    server.send(OK)
    assert client.read_response().body == b"ok"


# Expect: 100-continue


def test_expect_is_forwarded_and_100_comes_from_the_origin(begin):
    client, server, head = begin("POST", "/x", "Expect: 100-continue", "Content-Length: 4")
    assert head.all("Expect") == [b"100-continue"]
    server.send(CONTINUE)
    assert same_interim(client.reader.read_head(), CONTINUE)
    client.send(b"body")
    assert server.read_body(head) == b"body"
    server.send(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("status", [200, 307, 401, 413, 417])
def test_100_is_never_synthesised(begin, status):
    client, server, _ = begin("POST", "/x", "Expect: 100-continue", "Content-Length: 4")
    server.send(b"HTTP/1.1 %d Whatever\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n" % status)
    response = client.read_response()
    assert response.status == status and response.interim == []


def test_client_that_expects_100_may_send_its_body_unasked(begin):
    client, server, head = begin("POST", "/x", "Expect: 100-continue", "Content-Length: 4", raw_body=b"body")
    assert server.read_body(head) == b"body"
    server.send(OK)
    response = client.read_response()
    assert response.body == b"ok" and response.interim == []


def test_request_refused_before_its_body_leaves_no_reusable_connections(begin, upstream, relay):
    """The origin still waits for four bytes, and so does the relay: no later request may be taken for them."""
    client, server, _ = begin("POST", "/x", "Expect: 100-continue", "Content-Length: 4")
    server.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 417
    other = relay.client()
    other.send(upstream.request("GET", "/other"))
    head, _ = upstream.accept().exchange_here(OK)
    assert head.start_line == b"GET /other HTTP/1.1"
    assert other.read_response().body == b"ok"
    client.close()
    assert read_to_any_end(server)[0] == b""


# a final response while the request's body is still coming


def test_client_may_finish_its_body_after_an_early_answer(begin):
    client, server, head = begin("POST", "/x", "Content-Length: 8", raw_body=b"half")
    assert server.reader.read_exactly(4) == b"half"
    server.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 307
    client.send(b"rest")
    assert server.reader.read_exactly(4) == b"rest"


def test_both_connections_go_on_when_the_exchange_really_ended(begin, upstream, relay):
    client, server, _ = begin("POST", "/x", "Content-Length: 8", raw_body=b"half")
    assert server.reader.read_exactly(4) == b"half"
    server.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    response = client.read_response()
    client.send(b"rest")
    assert server.reader.read_exactly(4) == b"rest"
    if response.head.has_token("Connection", "close"):
        client = relay.client()
    client.send(upstream.request("GET", "/next"))
    head, _ = relay.next_request(upstream, server, OK)
    assert head.start_line == b"GET /next HTTP/1.1"
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("how", ["close", "reset", "send_end"])
@pytest.mark.parametrize("framing", ["Content-Length: 8", "Transfer-Encoding: chunked"])
def test_upstream_whose_request_was_cut_short_by_an_early_answer_is_not_reused(begin, upstream, relay, how, framing):
    client, server, _ = begin("POST", "/x", framing, raw_body=b"4\r\nh")
    server.reader.read_exactly(4)
    server.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 307
    getattr(client, how)()
    other = relay.client()
    other.send(upstream.request("GET", "/y"))
    head, _ = upstream.accept().exchange_here(OK)
    assert head.start_line == b"GET /y HTTP/1.1"
    assert other.read_response().body == b"ok"
    assert read_to_any_end(server)[0] == b"", "the old connection got bytes that are not its request's"


def test_origin_that_answers_early_and_closes_is_relayed(begin):
    client, server, _ = begin("POST", "/x", "Content-Length: 100000000", raw_body=b"x" * 1000)
    server.reader.read_exactly(1000)
    server.send(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
    server.close()
    response = client.read_response()
    assert response.status == 413 and response.body == b"big"
    assert response.head.has_token("Connection", "close")


def test_early_answer_reaches_a_client_that_only_sends(begin):
    """The client writes 8 MiB and reads nothing before; the relay must not lose the answer to a reset."""
    body = b"x" * (8 << 20)
    client, server, _ = begin("POST", "/x", f"Content-Length: {len(body)}")
    server.send(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
    server.close()
    try:
        client.send(body)
    except (BrokenPipeError, ConnectionResetError):
        pass
    response = client.read_response()
    assert response.status == 403 and response.body == b"no"


def test_early_answer_does_not_stop_a_chunked_body(begin):
    client, server, head = begin("POST", "/x", "Transfer-Encoding: chunked", raw_body=b"3\r\none\r\n")
    server.reader.read_exactly(8)
    server.send(OK)
    assert client.read_response().body == b"ok"
    client.send(b"3\r\ntwo\r\n0\r\nT: 1\r\n\r\n")
    assert server.read_body(head) == b"3\r\ntwo\r\n0\r\nT: 1\r\n\r\n"


# Upgrade

WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def test_upgrade_is_tunnelled_after_a_101_that_was_asked_for(begin):
    client, server, head = begin("GET", "/chat", *WEBSOCKET)
    assert head.has_token("Connection", "upgrade") and head.all("Upgrade") == [b"websocket"]
    server.send(SWITCH + b"\x81\x02hi")
    answer = client.reader.read_head()
    assert answer.start_line == b"HTTP/1.1 101 Switching Protocols"
    assert answer.has_token("Connection", "upgrade") and answer.all("Upgrade") == [b"websocket"]
    assert client.reader.read_exactly(4) == b"\x81\x02hi"
    said = b"\x00\r\n\xff GET http://x/ HTTP/1.1\r\n\r\n"
    client.send(said)
    assert server.reader.read_exactly(len(said)) == said
    server.send(b"\x88\x00")
    assert client.reader.read_exactly(2) == b"\x88\x00"


def test_upgraded_connection_ends_with_either_end(begin):
    client, server, _ = begin("GET", "/chat", *WEBSOCKET)
    server.send(SWITCH)
    client.reader.read_head()
    client.send(b"bye")
    client.send_end()
    assert read_to_any_end(server) == (b"bye", "end")
    server.send(b"so long")
    server.close()
    assert read_to_any_end(client) == (b"so long", "end")


def test_bytes_sent_before_the_101_arrive_behind_it(begin):
    client, server, _ = begin("GET", "/chat", *WEBSOCKET, raw_body=b"early")
    server.send(SWITCH)
    client.reader.read_head()
    assert server.reader.read_exactly(5) == b"early"


def test_upgrade_that_the_origin_ignores_is_an_ordinary_exchange(begin, upstream):
    client, server, _ = begin("GET", "/chat", *WEBSOCKET)
    server.send(OK)
    assert client.read_response().body == b"ok"
    client.send(upstream.request("GET", "/next"))
    server.exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_upgrade_after_an_interim_response_is_tunnelled(begin):
    client, server, _ = begin("GET", "/chat", *WEBSOCKET)
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + SWITCH)
    assert client.reader.read_head().start_line.startswith(b"HTTP/1.1 103 ")
    assert client.reader.read_head().start_line.startswith(b"HTTP/1.1 101 ")
    server.send(b"ping")
    assert client.reader.read_exactly(4) == b"ping"


@pytest.mark.parametrize(
    "fields",
    [(), ("Upgrade: websocket",), ("Connection: close",)],
    ids=["nothing_asked", "upgrade_without_connection", "close"],
)
def test_unasked_101_is_a_502(begin, upstream, fields):
    client, server, _ = begin("GET", "/x", *fields)
    server.send(SWITCH + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    response = client.read_response()
    assert_own_answer(response, 502, "http_protocol_error")
    assert read_to_any_end(server)[0] == b""


def test_101_to_a_protocol_that_was_not_offered_is_a_502(begin):
    client, server, _ = begin("GET", "/x", *WEBSOCKET)
    server.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: rfb\r\n\r\n")
    assert_own_answer(client.read_response(), 502, "http_protocol_error")
    assert read_to_any_end(server)[0] == b""


def test_101_without_upgrade_is_a_502(begin):
    client, server, _ = begin("GET", "/x", *WEBSOCKET)
    server.send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    assert_own_answer(client.read_response(), 502, "http_protocol_error")


def test_upgrade_not_nominated_by_connection_is_not_forwarded(begin):
    _, _, head = begin("GET", "/x", "Upgrade: websocket")
    assert head.get("Upgrade") is None and not head.has_token("Connection", "upgrade")


def test_upgrade_in_an_http_1_0_request_is_ignored(relay, upstream):
    client = relay.client()
    client.send(b"GET %s/x HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % upstream.url.encode())
    head, _ = upstream.accept().exchange_here(OK)
    assert head.get("Upgrade") is None
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("offer", ["h2c", "H2C", "websocket, h2c", "h2c, websocket"])
def test_h2c_is_never_offered_to_the_origin(begin, offer):
    client, server, head = begin(
        "GET", "/x", "Connection: Upgrade, HTTP2-Settings", f"Upgrade: {offer}", "HTTP2-Settings: AAMAAABkAAQAAP__"
    )
    assert not head.has_token("Upgrade", "h2c")
    assert b"http2-settings" not in names(head) and not head.has_token("Connection", "http2-settings")
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_101_to_h2c_is_a_502(begin):
    client, server, _ = begin("GET", "/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM")
    server.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert_own_answer(client.read_response(), 502, "http_protocol_error")


def test_upgrade_is_told_in_the_log(begin, relay):
    client, server, _ = begin("GET", "/chat", *WEBSOCKET)
    server.send(SWITCH)
    client.reader.read_head()
    client.close()
    assert_nothing_more(server)
    kinds = eventually(
        lambda: [event for event in relay.events("tunnel") if event.get("kind") == "upgrade"], "a tunnel event"
    )
    assert kinds
