# SPDX-License-Identifier: MIT
"""Upstream connections: reused only when an exchange really ended, never for bytes that nobody asked for, retried only
where RFC 9110 §9.2.2 allows it."""
import select

import pytest

from lib.message import request
from lib.raw import RawOrigin, assert_own_answer, eventually, read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


def pooled(begin, method="GET"):
    """A client and the origin's end of an upstream connection that now lies in the pool."""
    client, server, _ = begin(method, "/first")
    server.send(OK)
    assert client.read_response().body == b"ok"
    return client, server


def ask(client, upstream, method="GET", *fields, body=None, path="/again"):
    client.send(upstream.request(method, path, *fields, body=body))


# reuse


def test_upstream_connection_is_reused_by_the_same_client(begin, upstream):
    client, server = pooled(begin)
    for _ in range(10):
        ask(client, upstream)
        server.exchange_here(OK)
        assert client.read_response().body == b"ok"
    assert upstream.is_untouched()


def test_upstream_connection_is_reused_by_another_client(begin, relay, upstream):
    _, server = pooled(begin)
    other = relay.client()
    ask(other, upstream)
    server.exchange_here(OK)
    assert other.read_response().body == b"ok" and upstream.is_untouched()


def test_upstream_connection_is_not_shared_by_two_exchanges(begin, relay, upstream):
    client, server = pooled(begin)
    other = relay.client()
    ask(client, upstream, path="/one")
    one, _ = server.read_request()
    ask(other, upstream, path="/two")
    second = upstream.accept()
    two, _ = second.exchange_here(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo")
    assert (one.start_line, two.start_line) == (b"GET /one HTTP/1.1", b"GET /two HTTP/1.1")
    assert other.read_response().body == b"two"
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
    assert client.read_response().body == b"one"


def test_upstream_connection_is_not_reused_for_another_port(begin, upstream):
    client, _ = pooled(begin)
    other_origin = RawOrigin()
    try:
        ask(client, other_origin)
        head, _ = other_origin.accept().exchange_here(OK)
        assert head.all("Host") == [other_origin.authority.encode()]
        assert client.read_response().body == b"ok"
    finally:
        other_origin.close()


def test_upstream_connection_goes_with_a_client_that_leaves_within_a_response(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
    client.reader.read_head()
    client.reset()
    assert read_to_any_end(server)[0] == b""


# stale connections


def test_stale_connection_is_replaced_before_anybody_notices(begin, upstream):
    """The origin closed its end before the request came: the relay has seen it, or sees it when it looks."""
    client, server = pooled(begin)
    server.close()
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
def test_idempotent_request_is_retried_once_on_a_new_connection(begin, upstream, method, how):
    client, server = pooled(begin)
    ask(client, upstream, method)
    first = server.read_head()
    getattr(server, how)()
    second, _ = upstream.accept().exchange_here(OK)
    assert second.raw == first.raw
    assert client.read_response(method).status == 200


def test_request_is_retried_no_more_than_once(begin, upstream):
    client, server = pooled(begin)
    ask(client, upstream)
    server.read_head()
    server.close()
    second = upstream.accept()
    second.read_head()
    second.close()
    assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    assert upstream.is_untouched()


def test_request_on_a_fresh_connection_is_not_retried(begin, upstream):
    client, server, _ = begin("GET", "/x")
    server.close()
    assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    assert upstream.is_untouched()


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    "method, body", [("POST", b"pay"), ("POST", b""), ("PATCH", b"x"), ("PURGE", None), ("get", None)]
)
def test_request_that_is_not_idempotent_is_never_sent_twice(begin, upstream, method, body, how):
    client, server = pooled(begin)
    ask(client, upstream, method, body=body)
    ready = select.select([server.socket, upstream.listener], [], [], 20)[0]
    if server.socket not in ready:
        server = upstream.accept()  # it did not trust the pooled connection: right as well
    server.read_request()
    getattr(server, how)()
    assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    assert upstream.is_untouched(), "the request was sent a second time"


def test_request_is_not_retried_once_a_response_has_begun(begin, upstream):
    client, server = pooled(begin)
    ask(client, upstream)
    server.read_head()
    server.send(b"HTTP/1.1 2")
    server.close()
    assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    assert upstream.is_untouched()


def test_request_is_not_retried_after_an_interim_response(begin, upstream):
    client, server = pooled(begin)
    ask(client, upstream)
    server.read_head()
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    assert client.reader.read_head().start_line.startswith(b"HTTP/1.1 103")
    server.close()
    assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    assert upstream.is_untouched()


def test_put_with_content_is_not_replayed_in_part(begin, upstream):
    """A retry would need a body that has already gone by; if one comes it must hold all of it."""
    client, server = pooled(begin)
    client.send(upstream.request("PUT", "/x", "Content-Length: 8") + b"half")
    ready = select.select([server.socket, upstream.listener], [], [], 20)[0]
    if server.socket not in ready:
        server = upstream.accept()
    server.read_head()
    assert server.reader.read_exactly(4) == b"half"
    server.close()
    response = client.read_response()
    assert response.status == 502 and upstream.is_untouched()


def test_post_that_gets_an_answer_from_a_closing_origin_is_relayed(begin):
    client, server, _ = begin("POST", "/x", "Content-Length: 3", raw_body=b"pay")
    server.reader.read_exactly(3)
    server.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy")
    server.close()
    response = client.read_response()
    assert response.status == 503 and response.body == b"busy"


# bytes that nobody asked for


@pytest.mark.parametrize(
    "answer, body",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
    ids=["content_length", "chunked", "204", "304", "empty"],
)
@pytest.mark.parametrize("extra", [EVIL, b"x", b"\r\n"])
def test_bytes_after_a_response_never_reach_anybody(begin, relay, upstream, answer, body, extra):
    client, server, _ = begin("GET", "/x")
    server.send(answer + extra)
    assert client.read_response().body == body
    assert read_to_any_end(server)[0] == b"", "the connection was used again"
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    other = relay.client()
    ask(other, upstream)
    relay.next_request(upstream, upstream.accepted[-1], OK)
    assert other.read_response().body == b"ok"


def test_body_of_a_response_to_head_never_reaches_anybody(begin, upstream):
    client, server, _ = begin("HEAD", "/x")
    server.send(EVIL)
    assert client.read_response("HEAD").status == 200
    assert read_to_any_end(server)[0] == b""
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_body_of_a_204_with_content_length_never_reaches_anybody(begin, upstream):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 42\r\n\r\n" + EVIL)
    assert client.read_response().status in (204, 502)
    assert read_to_any_end(server)[0] == b""
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_bytes_on_an_idle_pooled_connection_end_it(begin, upstream):
    client, server = pooled(begin)
    server.send(EVIL)
    assert read_to_any_end(server)[0] == b""
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_bytes_on_an_idle_pooled_connection_never_become_the_next_answer(begin, relay, upstream):
    """No waiting: the bytes are in the relay's socket when the request comes, seen by its loop or not."""
    for _ in range(50):
        client, server = pooled(begin)
        server.send(EVIL)
        ask(client, upstream)
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
        server.close()
        for made in upstream.accepted:
            made.close()
        client.close()


def test_408_on_an_idle_pooled_connection_is_nobody_s_answer(begin, upstream):
    """What servers send before they close an idle connection (RFC 9110 §15.5.9)."""
    client, server = pooled(begin)
    server.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    server.close()
    ask(client, upstream)
    upstream.accept().exchange_here(OK)
    assert client.read_response().status == 200


def test_bytes_before_any_request_are_no_answer(begin, relay, upstream):
    """An origin that speaks as soon as it is connected to: the relay cannot tell in general, but the client must get
    one whole message and nothing else."""
    client, server, _ = begin("GET", "/x")
    server.send(OK + EVIL)
    assert client.read_response().body == b"ok"
    client.send_end()
    client.expect_end()


def test_responses_are_never_swapped_between_clients(relay, upstream):
    """Many clients, one pool, answers out of order: each gets its own."""
    clients = [relay.client() for _ in range(16)]
    for round_number in range(5):
        for number, client in enumerate(clients):
            ask(client, upstream, path=f"/{round_number}/{number}")
        servers = {}
        while len(servers) < len(clients):
            sockets = [server.socket for server in upstream.accepted if server not in servers.values()]
            ready = select.select([upstream.listener, *sockets], [], [], 20)[0]
            assert ready
            for one in ready:
                server = (
                    upstream.accept()
                    if one is upstream.listener
                    else next(server for server in upstream.accepted if server.socket is one)
                )
                servers[server.read_head().start_line.split(b" ")[1]] = server
        for path in sorted(servers, reverse=True):
            servers[path].send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
        for number, client in enumerate(clients):
            assert client.read_response().body == b"/%d/%d" % (round_number, number)


# half-close


def test_client_that_half_closes_after_its_request_gets_its_answer(begin):
    client, server, _ = begin("GET", "/x")
    client.send_end()
    server.send(OK)
    assert client.read_response().body == b"ok"
    client.expect_end()


def test_client_that_half_closes_after_pipelined_requests_gets_all_answers(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/1") + upstream.request("GET", "/2"))
    client.send_end()
    server = upstream.accept()
    server.exchange_here(OK)
    assert client.read_response().body == b"ok"
    relay.next_request(upstream, server, OK)
    assert client.read_response().body == b"ok"
    client.expect_end()


def test_client_that_half_closes_behind_its_body_gets_its_answer(begin):
    client, server, head = begin("POST", "/x", "Content-Length: 4", raw_body=b"body")
    client.send_end()
    assert server.read_body(head) == b"body"
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    assert client.read_response().body == b"ok"
    client.expect_end()


def test_origin_that_half_closes_behind_a_whole_response_is_relayed(begin):
    client, server, _ = begin("GET", "/x")
    server.send(OK)
    server.send_end()
    assert client.read_response().body == b"ok"
    assert read_to_any_end(server)[0] == b""


def test_pool_keeps_no_connection_that_the_origin_closed(begin, relay):
    client, server = pooled(begin)
    before = relay.descriptors()
    server.close()
    eventually(lambda: relay.descriptors() < before, "the closed upstream connection's descriptor to go")


def test_request_for_the_same_origin_in_other_words_uses_the_same_connection(begin, upstream):
    client, server = pooled(begin)
    client.send(request("GET", f"HTTP://{upstream.authority}/other?words", host=upstream.authority))
    server.exchange_here(OK)
    assert client.read_response().body == b"ok" and upstream.is_untouched()
