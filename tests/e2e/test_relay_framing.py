# SPDX-License-Identifier: MIT
"""Bodies keep the framing and the bytes with which they came; a broken body stays visibly broken (RFC 9112 §6-§8)."""
import pytest

from lib.raw import (
    assert_nothing_more,
    assert_own_answer,
    eventually,
    read_to_any_end,
    without_via,
)

pytest_plugins = ("lib.relay_fixtures",)

CHUNKED = "Transfer-Encoding: chunked"
ODD_CHUNKS = (
    b"5;name=value\r\nhello\r\n"
    b'1;a;b="quoted \\" \xe9; text"\r\n-\r\n'
    b"00A\r\n0123456789\r\n"
    b"a;x\r\nabcdefghij\r\n"
    b"0000;last=yes\r\n"
)
TRAILERS = b"X-Digest: sha=1\r\nx-digest: sha=2\r\nEmpty:\r\nX-Raw: \xc3\xa9\xff\r\n"


# requests


def test_request_chunk_sizes_and_extensions_pass_byte_for_byte(begin):
    body = ODD_CHUNKS + b"\r\n"
    client, server, head = begin("POST", "/x", CHUNKED, raw_body=body)
    assert head.all("Transfer-Encoding") == [b"chunked"]
    assert server.read_body(head) == body
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert client.read_response().body == b"ok"


def test_request_trailers_pass_byte_for_byte(begin):
    body = ODD_CHUNKS + TRAILERS + b"\r\n"
    _, server, head = begin("POST", "/x", "Trailer: X-Digest", CHUNKED, raw_body=body)
    assert head.get("Trailer") == b"X-Digest"
    assert server.read_body(head) == body


def test_request_body_is_relayed_as_it_comes(begin):
    client, server, head = begin("PUT", "/x", CHUNKED)
    for chunk in (b"1\r\na\r\n", b"2;slow\r\nbc\r\n"):
        client.send(chunk)
        assert server.reader.read_exactly(len(chunk)) == chunk
    client.send(b"0\r\n\r\n")
    assert server.reader.read_exactly(5) == b"0\r\n\r\n"
    server.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert client.read_response().status == 204


def test_request_chunk_split_at_every_byte_arrives_whole(begin):
    body = b"b;e=1\r\nhello world\r\n0\r\nT: 1\r\n\r\n"
    client, server, head = begin("POST", "/x", CHUNKED)
    for byte in body:
        client.send(bytes([byte]))
    assert server.read_body(head) == body
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 200


def test_content_length_body_passes_with_every_byte_value(begin):
    body = bytes(range(256)) * 1024
    client, server, head = begin("POST", "/x", f"Content-Length: {len(body)}", raw_body=body)
    assert head.all("Content-Length") == [b"%d" % len(body)] and head.get("Transfer-Encoding") is None
    assert server.read_body(head) == body
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 200


def test_content_length_zero_is_kept(begin):
    _, _, head = begin("POST", "/x", "Content-Length: 0")
    assert head.all("Content-Length") == [b"0"]


def test_request_without_framing_gets_none(begin):
    _, _, head = begin("POST", "/x")
    assert head.get("Content-Length") is None and head.get("Transfer-Encoding") is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_any_method_may_have_a_body(begin, method):
    client, server, head = begin(method, "/x", "Content-Length: 4", raw_body=b"body")
    assert server.read_body(head) == b"body"
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response(method).status == 200


def test_pipelined_requests_are_answered_in_order(relay, upstream):
    client = relay.client()
    client.send(b"".join(upstream.request("GET", f"/{n}") for n in range(20)))
    server = upstream.accept()
    for n in range(20):
        if server is None:
            server = upstream.accept()
        head, _ = server.read_request()
        assert head.start_line == b"GET /%d HTTP/1.1" % n
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d" % n)
        assert client.read_response().body == b"%02d" % n


def test_pipelined_request_behind_a_body_is_not_taken_for_its_rest(relay, upstream):
    client = relay.client()
    first = upstream.request("POST", "/1", CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n")
    second = upstream.request("POST", "/2", body=b"second")
    client.send(first + second)
    server = upstream.accept()
    head, body = server.exchange_here(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
    assert (head.start_line, body) == (b"POST /1 HTTP/1.1", b"3\r\nabc\r\n0\r\n\r\n")
    assert client.read_response().body == b"1"
    head, body = relay.next_request(upstream, server, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
    assert (head.start_line, body) == (b"POST /2 HTTP/1.1", b"second")
    assert client.read_response().body == b"2"


def test_empty_lines_before_a_request_are_skipped(relay, upstream):
    client = relay.client()
    client.send(b"\r\n\r\n" + upstream.request("GET", "/x"))
    head, _ = upstream.accept().exchange_here(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert head.start_line == b"GET /x HTTP/1.1"
    assert client.read_response().status == 204


# responses


def test_response_chunk_sizes_and_extensions_pass_byte_for_byte(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + ODD_CHUNKS + b"\r\n")
    response = client.read_response()
    assert response.raw_body == ODD_CHUNKS + b"\r\n"
    assert without_via(response.head.raw) == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_response_trailers_pass_byte_for_byte(begin):
    client, server, _ = begin("GET", "/x")
    head = b"HTTP/1.1 200 OK\r\nTrailer: X-Digest\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.send(head + ODD_CHUNKS + TRAILERS + b"\r\n")
    response = client.read_response()
    assert response.raw_body == ODD_CHUNKS + TRAILERS + b"\r\n"
    assert without_via(response.head.raw) == head


def test_response_chunk_split_at_every_byte_arrives_whole(begin):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb;e=1\r\nhello world\r\n0\r\nT: 1\r\n\r\n"
    client, server, _ = begin("GET", "/x")
    for byte in answer:
        server.send(bytes([byte]))
    assert client.read_response().raw_body == b"b;e=1\r\nhello world\r\n0\r\nT: 1\r\n\r\n"


def test_response_body_is_relayed_as_it_comes(begin):
    client, server, _ = begin("GET", "/events")
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert client.reader.read_head().start_line == b"HTTP/1.1 200 OK"
    for chunk in (b"1\r\na\r\n", b"2;slow\r\nbc\r\n"):
        server.send(chunk)
        assert client.reader.read_exactly(len(chunk)) == chunk


def test_content_length_response_passes_with_every_byte_value(begin):
    body = bytes(range(256)) * 4096
    client, server, _ = begin("GET", "/x")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    server.send(head[:20])
    server.send(head[20:] + body)
    response = client.read_response()
    assert response.body == body and without_via(response.head.raw) == head


def test_close_delimited_response_ends_with_the_connection(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nfirst, ")
    assert client.reader.read_head().all("X") == [b"y"]
    assert client.reader.read_exactly(7) == b"first, "
    server.send(b"last")
    server.close()
    assert read_to_any_end(client) == (b"last", "end")


def test_close_delimited_response_is_announced_as_the_connection_s_last(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n\r\nall")
    server.close()
    response = client.read_response()
    assert response.body == b"all"
    assert response.head.has_token("Connection", "close")


def test_request_pipelined_behind_a_close_delimited_response_is_not_run(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/1") + upstream.request("GET", "/2"))
    server = upstream.accept()
    server.read_request()
    server.send(b"HTTP/1.1 200 OK\r\n\r\nall")
    server.close()
    assert client.read_response().body == b"all"
    assert upstream.is_untouched()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["content_length", "chunked", "unframed"],
)
def test_response_to_head_has_no_body_whatever_it_declares(begin, upstream, head):
    client, server, seen = begin("HEAD", "/x")
    assert seen.start_line == b"HEAD /x HTTP/1.1"
    server.send(head)
    assert without_via(client.read_response("HEAD").head.raw) == head
    client.send(upstream.request("GET", "/next"))
    server.exchange_here(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")
    assert client.read_response().body == b"next"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
        b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["204", "304", "304_with_the_length_of_the_200"],
)
def test_204_and_304_end_with_their_head(begin, upstream, head):
    client, server, _ = begin("GET", "/x")
    server.send(head)
    assert without_via(client.read_response().head.raw) == head
    client.send(upstream.request("GET", "/next"))
    server.exchange_here(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")
    assert client.read_response().body == b"next"


def test_205_keeps_its_framing(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    response = client.read_response()
    assert response.status == 205 and response.raw_body == b"0\r\n\r\n"


@pytest.mark.parametrize("status", [200, 299, 306, 399, 418, 499, 599])
def test_any_final_status_and_reason_pass(begin, status):
    client, server, _ = begin("GET", "/x")
    head = b"HTTP/1.1 %d Caf\xc3\xa9 \tau lait\r\nContent-Length: 0\r\n\r\n" % status
    server.send(head)
    assert without_via(client.read_response().head.raw) == head


def test_empty_reason_passes(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")
    assert without_via(client.read_response().head.raw) == b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"


# messages cut short


def test_origin_that_dies_within_a_content_length_body_leaves_it_short(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    server.close()
    assert client.reader.read_head().get("Content-Length") == b"10"
    rest, _ = read_to_any_end(client)
    assert b"hello".startswith(rest)


@pytest.mark.parametrize(
    "cut", [b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b"5\r\nhello\r\n0\r\nT: 1\r\n"]
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_origin_that_dies_within_a_chunked_body_leaves_it_without_its_end(begin, cut, how):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + cut)
    assert client.reader.read_head().has_token("Transfer-Encoding", "chunked")
    getattr(server, how)()
    rest, _ = read_to_any_end(client)
    assert cut.startswith(rest), rest


def test_origin_that_resets_a_close_delimited_body_resets_the_client(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
    client.reader.read_head()
    assert client.reader.read_exactly(5) == b"hello"
    server.reset()
    assert read_to_any_end(client) == (b"", "reset")


def test_client_that_dies_within_a_content_length_body_leaves_it_short(begin):
    client, server, _ = begin("POST", "/x", "Content-Length: 10", raw_body=b"hello")
    assert server.reader.read_exactly(5) == b"hello"
    client.close()
    assert read_to_any_end(server)[0] == b""


@pytest.mark.parametrize("cut", [b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n"])
@pytest.mark.parametrize("how", ["close", "reset", "send_end"])
def test_client_that_dies_within_a_chunked_body_leaves_it_without_its_end(begin, cut, how):
    client, server, _ = begin("POST", "/x", CHUNKED, raw_body=cut)
    getattr(client, how)()
    rest, _ = read_to_any_end(server)
    assert cut.startswith(rest), rest


def test_cut_response_is_told_in_the_log(begin, relay):
    client, server, _ = begin("GET", "/cut-short")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    server.close()
    client.reader.read_head()
    read_to_any_end(client)
    eventually(lambda: relay.proxy_errors("/cut-short"), "a proxy.error event of the response that was cut short")


# HTTP/1.0


def ask_1_0(relay, upstream, *fields, method=b"GET"):
    client = relay.client()
    lines = b"".join(field + b"\r\n" for field in fields)
    client.send(method + b" " + upstream.url.encode() + b"/old HTTP/1.0\r\n" + lines + b"\r\n")
    server = upstream.accept()
    return client, server, server.read_head()


def test_http_1_0_client_is_served_and_the_connection_closed(relay, upstream):
    client, server, head = ask_1_0(relay, upstream)
    assert head.start_line == b"GET /old HTTP/1.1", "a proxy sends its own version (RFC 9110 §6.2)"
    assert head.all("Host") == [upstream.authority.encode()]
    assert head.all("Via")[-1].startswith(b"1.0 "), "Via tells the version that was received"
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert response.body == b"ok" and response.head.start_line == b"HTTP/1.1 200 OK"
    assert_nothing_more(client)


@pytest.mark.parametrize(
    "field", [b"Connection: keep-alive", b"Connection: Keep-Alive", b"Proxy-Connection: keep-alive"]
)
def test_http_1_0_client_may_keep_the_connection(relay, upstream, field):
    client, server, head = ask_1_0(relay, upstream, field)
    assert head.get("Proxy-Connection") is None
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
    response = client.read_response()
    assert response.body == b"1" and response.head.has_token("Connection", "keep-alive")
    client.send(b"GET " + upstream.url.encode() + b"/old HTTP/1.0\r\n" + field + b"\r\n\r\n")
    relay.next_request(upstream, server, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
    assert client.read_response().body == b"2"


def test_chunked_response_to_an_http_1_0_client_is_unchunked_and_close_delimited(relay, upstream):
    client, server, _ = ask_1_0(relay, upstream, b"Connection: keep-alive")
    server.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\n"
    )
    head = client.reader.read_head()
    assert head.get("Transfer-Encoding") is None and head.get("Content-Length") is None
    assert not head.has_token("Connection", "keep-alive")
    assert read_to_any_end(client) == (b"hello world", "end")


@pytest.mark.parametrize("how", ["close", "reset"])
def test_cut_chunked_response_to_an_http_1_0_client_ends_in_a_reset(relay, upstream, how):
    client, server, _ = ask_1_0(relay, upstream)
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    client.reader.read_head()
    assert client.reader.read_exactly(5) == b"hello"
    getattr(server, how)()
    assert read_to_any_end(client) == (b"", "reset"), "a clean end would make the cut body look whole"


def test_interim_responses_are_kept_from_an_http_1_0_client(relay, upstream):
    client, server, _ = ask_1_0(relay, upstream)
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert response.interim == [] and response.body == b"ok"


def test_http_1_0_post_with_content_length_is_relayed(relay, upstream):
    client, server, head = ask_1_0(relay, upstream, b"Content-Length: 4", method=b"POST")
    client.send(b"body")
    assert server.read_body(head) == b"body"
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert client.read_response().status == 200


def test_http_1_0_origin_is_relayed_in_our_version(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.0 200 Fine\r\nContent-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert response.head.start_line == b"HTTP/1.1 200 Fine" and response.body == b"ok"
    assert response.head.all("Via")[-1].startswith(b"1.0 ")


def test_http_1_0_origin_s_connection_is_not_reused_unless_it_says_keep_alive(begin, relay, upstream):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert client.read_response().body == b"ok"
    assert read_to_any_end(server)[0] == b""
    client.send(upstream.request("GET", "/next"))
    upstream.accept().exchange_here(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nnext")
    assert client.read_response().body == b"next"


def test_http_1_0_origin_that_keeps_alive_is_reused(begin, upstream):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
    assert client.read_response().body == b"ok"
    client.send(upstream.request("GET", "/next"))
    server.exchange_here(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nnext")
    assert client.read_response().body == b"next"


def test_http_1_0_origin_s_close_delimited_response_is_relayed(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")
    server.close()
    assert client.read_response().body == b"all of it"


def test_refused_connection_is_a_502_that_says_so(relay, upstream):
    port = upstream.port
    upstream.close()
    client = relay.client()
    client.send(b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (port, port))
    assert_own_answer(client.read_response(), 502, "connection_refused")
