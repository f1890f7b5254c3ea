# SPDX-License-Identifier: MIT
"""Responses that two parsers could read in two ways become a 502 that names the cause; the upstream connection is
closed and nothing of what stands behind them reaches anybody (RFC 9112 §6.3, §11.1)."""
import pytest

from lib.raw import assert_own_answer, eventually, proxy_error, read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def response(*lines, body=b"", line=b"HTTP/1.1 200 OK\r\n"):
    return line + b"".join(lines) + b"\r\n" + body


# name: (response, what the cause must speak of)
HEADS = {
    "content_length_with_transfer_encoding": (
        response(b"Content-Length: 5\r\n", CHUNKED, body=b"0\r\n\r\n"),
        "coding|encoding",
    ),
    "transfer_encoding_with_content_length": (
        response(CHUNKED, b"Content-Length: 5\r\n", body=b"0\r\n\r\n"),
        "coding|encoding",
    ),
    "differing_content_lengths": (response(b"Content-Length: 5\r\nContent-Length: 6\r\n", body=b"hello"), "length"),
    "equal_content_lengths": (response(b"Content-Length: 5\r\nContent-Length: 5\r\n", body=b"hello"), "length"),
    "listed_content_length": (response(b"Content-Length: 5, 5\r\n", body=b"hello"), "length"),
    "signed_content_length": (response(b"Content-Length: +5\r\n", body=b"hello"), "length"),
    "negative_content_length": (response(b"Content-Length: -5\r\n", body=b"hello"), "length"),
    "hexadecimal_content_length": (response(b"Content-Length: 0x5\r\n", body=b"hello"), "length"),
    "empty_content_length": (response(b"Content-Length:\r\n", body=b"hello"), "length"),
    "overflowing_content_length": (response(b"Content-Length: 18446744073709551621\r\n", body=b"hello"), "length"),
    "chunked_not_final": (response(b"Transfer-Encoding: chunked, gzip\r\n", body=b"0\r\n\r\n"), "coding|encoding"),
    "coding_before_chunked": (response(b"Transfer-Encoding: gzip, chunked\r\n", body=b"0\r\n\r\n"), "coding|encoding"),
    "chunked_twice": (response(b"Transfer-Encoding: chunked, chunked\r\n", body=b"0\r\n\r\n"), "coding|encoding"),
    "chunked_in_two_fields": (response(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), "coding|encoding"),
    "identity_coding": (response(b"Transfer-Encoding: identity\r\n", body=b"hello"), "coding|encoding"),
    "unknown_coding": (response(b"Transfer-Encoding: xchunked\r\n", body=b"0\r\n\r\n"), "coding|encoding"),
    "empty_transfer_encoding": (response(b"Transfer-Encoding:\r\n", body=b"0\r\n\r\n"), "coding|encoding"),
    "transfer_encoding_on_http_1_0": (
        response(CHUNKED, body=b"0\r\n\r\n", line=b"HTTP/1.0 200 OK\r\n"),
        "1.0|coding|encoding",
    ),
    "bare_lf_after_the_status_line": (b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", "LF|line feed"),
    "bare_lf_after_a_field": (response(b"A: 1\nB: 2\r\n"), "LF|line feed"),
    "bare_lf_as_the_blank_line": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok", "LF|line feed"),
    "bare_lf_everywhere": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "LF|line feed"),
    "bare_cr_in_a_value": (response(b"A: 1\rB: 2\r\n"), "CR|carriage return"),
    "bare_cr_that_hides_a_field": (
        response(b"X: y\rTransfer-Encoding: chunked\r\n", body=b"0\r\n\r\n"),
        "CR|carriage return",
    ),
    "bare_cr_in_the_status_line": (response(line=b"HTTP/1.1 200 O\rK\r\n"), "CR|carriage return"),
    "nul_in_a_value": (response(b"A: 1\x002\r\n"), "NUL"),
    "nul_in_the_reason": (response(line=b"HTTP/1.1 200 O\x00K\r\n"), "NUL"),
    "folded_field": (response(b"A: 1\r\n 2\r\n"), "fold|space"),
    "space_before_the_first_field": (response(b" A: 1\r\n"), "fold|space"),
    "space_before_the_colon": (response(b"A : 1\r\n"), "name|space|colon"),
    "space_before_the_colon_of_content_length": (response(b"Content-Length : 2\r\n", body=b"ok"), "name|space|colon"),
    "empty_name": (response(b": 1\r\n"), "name"),
    "line_without_a_colon": (response(b"just words\r\n"), "name|colon"),
    "space_in_a_name": (response(b"A B: 1\r\n"), "name"),
    "control_byte_in_a_value": (response(b"A: 1\x012\r\n"), "value|control"),
    "control_byte_in_the_reason": (response(line=b"HTTP/1.1 200 O\x01K\r\n"), "."),
    "http_0_9": (b"<html>hello</html>", "."),
    "http_1_2": (response(line=b"HTTP/1.2 200 OK\r\n"), "version"),
    "http_2_0": (response(line=b"HTTP/2.0 200 OK\r\n"), "version"),
    "version_in_lower_case": (response(line=b"http/1.1 200 OK\r\n"), "."),
    "another_protocol": (b"ICY 200 OK\r\n\r\n", "."),
    "ssh_banner": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "."),
    "tls_alert": (b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", "."),
    "status_of_two_digits": (response(line=b"HTTP/1.1 20 OK\r\n"), "status|start line"),
    "status_of_four_digits": (response(line=b"HTTP/1.1 2000 OK\r\n"), "status|start line"),
    "status_0": (response(line=b"HTTP/1.1 000 OK\r\n"), "status"),
    "status_99": (response(line=b"HTTP/1.1 099 OK\r\n"), "status"),
    "status_600": (response(line=b"HTTP/1.1 600 OK\r\n"), "status"),
    "status_999": (response(line=b"HTTP/1.1 999 OK\r\n"), "status"),
    "status_that_is_no_number": (response(line=b"HTTP/1.1 2x0 OK\r\n"), "status|start line"),
    "signed_status": (response(line=b"HTTP/1.1 +200 OK\r\n"), "status|start line"),
    "two_spaces_before_the_status": (response(line=b"HTTP/1.1  200 OK\r\n"), "status|start line"),
    "tab_before_the_status": (response(line=b"HTTP/1.1\t200 OK\r\n"), "."),
    "request_instead_of_a_response": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "."),
    "connection_that_nominates_content_length": (
        response(b"Connection: Content-Length\r\n", b"Content-Length: 2\r\n", body=b"ok"),
        "Connection|nominat",
    ),
}

# name: (chunked body, ...)
CHUNKS = {
    "chunk_size_that_is_no_number": b"zz\r\nhello\r\n0\r\n\r\n",
    "empty_chunk_size": b"\r\nhello\r\n0\r\n\r\n",
    "signed_chunk_size": b"+5\r\nhello\r\n0\r\n\r\n",
    "prefixed_chunk_size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk_size_before_a_space": b"5 \r\nhello\r\n0\r\n\r\n",
    "overflowing_chunk_size": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "chunk_size_ended_by_a_bare_lf": b"5\nhello\r\n0\r\n\r\n",
    "nul_behind_a_chunk_size": b"5\x00\r\nhello\r\n0\r\n\r\n",
    "bare_lf_in_a_chunk_extension": b"5;a\nhello\r\n0\r\n\r\n",
    "chunk_longer_than_its_size": b"5\r\nhello!\r\n0\r\n\r\n",
    "chunk_shorter_than_its_size": b"5\r\nhell\r\n0\r\n\r\n",
    "chunk_ended_by_a_bare_lf": b"5\r\nhello\n0\r\n\r\n",
    "chunk_without_an_end": b"5\r\nhello0\r\n\r\n",
    "last_chunk_ended_by_a_bare_lf": b"5\r\nhello\r\n0\n\r\n",
    "trailer_ended_by_a_bare_lf": b"0\r\nA: 1\n\r\n",
    "folded_trailer": b"0\r\nA: 1\r\n 2\r\n\r\n",
    "trailer_without_a_colon": b"0\r\nwords\r\n\r\n",
    "content_length_as_a_trailer": b"0\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_response_is_a_502_for(begin, relay, upstream, name):
    raw, cause = HEADS[name]
    client, server, _ = begin("GET", "/x")
    server.send(raw + EVIL)
    if b"\r\n\r\n" not in raw:
        server.send_end()  # a head without an end: only the end of the stream, or its limit, tells
    response = client.read_response()
    assert_own_answer(response, 502, ("http_protocol_error", "http_response_incomplete"), cause)
    assert b"evil" not in response.body
    assert read_to_any_end(server)[0] == b"", "the connection was used again"
    if response.head.has_token("Connection", "close"):
        client.expect_end()
        client = relay.client()
    client.send(upstream.request("GET", "/next"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("name", CHUNKS)
def test_chunked_response_is_cut_for(begin, upstream, relay, name):
    """The head may be on its way already: then the client must see that the message is not whole."""
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n" + CHUNKS[name] + EVIL)
    rest = read_body_or_502(client)
    if rest is not None:
        assert b"evil" not in rest
        with pytest.raises((EOFError, ValueError)):
            read_chunks_strictly(rest)
    assert read_to_any_end(server)[0] == b""
    other = relay.client()
    other.send(upstream.request("GET", "/next"))
    upstream.accept().exchange_here(OK)
    assert other.read_response().body == b"ok"


@pytest.mark.parametrize("name", CHUNKS)
def test_fault_in_a_later_segment_of_a_response_cuts_it_for(begin, name):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n3\r\nabc\r\n")
    assert client.reader.read_head().start_line == b"HTTP/1.1 200 OK"
    assert client.reader.read_exactly(8) == b"3\r\nabc\r\n"
    server.send(CHUNKS[name] + EVIL)
    rest, _ = read_to_any_end(client)
    assert b"evil" not in rest
    with pytest.raises((EOFError, ValueError)):
        read_chunks_strictly(b"3\r\nabc\r\n" + rest)
    assert read_to_any_end(server)[0] == b""


def read_body_or_502(client):
    """The body's bytes; None after a whole 502, or after a reset that took even the head with it."""
    try:
        head = client.reader.read_head()
    except ConnectionResetError:
        return None
    if b" 502 " in head.start_line:
        assert b"error=http_protocol_error" in head.get("Proxy-Status")
        client.reader.read_exactly(int(head.get("Content-Length")))
        return None
    return read_to_any_end(client)[0]


def read_chunks_strictly(raw):
    """A whole chunked body by RFC 9112 §7.1 and nothing else; EOFError when it is cut, ValueError when malformed."""
    at = 0
    while True:
        line, at = take_line(raw, at)
        digits = line.partition(b";")[0]
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            raise ValueError(line)
        size = int(digits, 16)
        if size == 0:
            break
        if len(raw) < at + size + 2:
            raise EOFError
        if raw[at + size : at + size + 2] != b"\r\n":
            raise ValueError(raw[at:])
        at += size + 2
    while line:
        line, at = take_line(raw, at)
        name, colon, _ = line.partition(b":")
        if line and (not colon or not name or name != name.strip() or name.lower() == b"content-length"):
            raise ValueError(line)


def take_line(raw, at):
    end = raw.find(b"\n", at)
    if end < 0:
        raise EOFError
    if raw[end - 1 : end] != b"\r" or b"\0" in raw[at:end]:
        raise ValueError(raw[at:end])
    return raw[at : end - 1], end + 1


@pytest.mark.parametrize(
    "name", ["content_length_with_transfer_encoding", "bare_lf_after_a_field", "status_600", "http_2_0"]
)
def test_refused_response_is_told_in_the_log_with_its_cause(begin, relay, name):
    raw, _ = HEADS[name]
    client, server, _ = begin("GET", f"/logged-{name}")
    server.send(raw)
    response = client.read_response()
    told = (*proxy_error(response), 502)
    events = eventually(lambda: relay.proxy_errors(f"/logged-{name}"), "a proxy.error event")
    assert [(event["error"], event["detail"], event["status"]) for event in events] == [told]


def test_chunk_fault_is_told_in_the_log(begin, relay):
    client, server, _ = begin("GET", "/bad-chunk")
    server.send(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n3\r\nabc\r\n")
    client.reader.read_head()
    server.send(b"zz\r\n")
    read_to_any_end(client)
    events = eventually(lambda: relay.proxy_errors("/bad-chunk"), "a proxy.error event")
    assert events[0]["error"] == "http_protocol_error" and "chunk" in events[0]["detail"]


def test_fault_in_an_interim_response_is_a_502(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink : </a>\r\n\r\n" + OK)
    assert_own_answer(client.read_response(), 502, "http_protocol_error")


def test_fault_behind_an_interim_response_is_a_502(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert len(response.interim) == 1
    assert_own_answer(response, 502, "http_protocol_error")


def test_response_head_cut_short_is_a_502(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Len")
    server.close()
    assert_own_answer(client.read_response(), 502, ("http_response_incomplete", "connection_terminated"))


def test_origin_that_closes_without_an_answer_is_a_502(begin):
    client, server, _ = begin("POST", "/x", "Content-Length: 0")
    server.close()
    assert_own_answer(client.read_response(), 502, ("http_response_incomplete", "connection_terminated"))


def test_origin_that_resets_instead_of_answering_is_a_502(begin):
    client, server, _ = begin("POST", "/x", "Content-Length: 0")
    server.reset()
    assert_own_answer(client.read_response(), 502, ("http_response_incomplete", "connection_terminated"))


def test_refused_response_to_head_is_a_502_without_a_body(begin, upstream):
    client, server, _ = begin("HEAD", "/x")
    server.send(b"HTTP/1.1 600 OK\r\n\r\n")
    response = client.read_response("HEAD")
    assert response.status == 502 and proxy_error(response)[0] == "http_protocol_error"
    if not response.head.has_token("Connection", "close"):
        client.send(upstream.request("GET", "/next"))
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
