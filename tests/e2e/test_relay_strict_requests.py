# SPDX-License-Identifier: MIT
"""Requests that two parsers could read in two ways are refused, the connection is closed, and what stands behind them
is never run (RFC 9112 §2.2, §5, §6, §11.2)."""
import re

import pytest

from lib.raw import assert_refused, eventually, proxy_error, read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

SMUGGLED = b"GET {url}/smuggled HTTP/1.1\r\nHost: {authority}\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def post(*lines, body=b"", line=b"POST {url}/first HTTP/1.1\r\n", host=b"Host: {authority}\r\n"):
    return line + host + b"".join(lines) + b"\r\n" + body


def get(line=b"GET {url}/first HTTP/1.1\r\n", host=b"Host: {authority}\r\n", fields=b""):
    return line + host + fields + b"\r\n"


# name: (request, status, what the cause must speak of)
HEADS = {
    # two framings in one message
    "content_length_with_transfer_encoding": (
        post(b"Content-Length: 5\r\n", CHUNKED, body=b"0\r\n\r\n"),
        400,
        "transfer-encoding|coding",
    ),
    "transfer_encoding_with_content_length": (
        post(CHUNKED, b"Content-Length: 5\r\n", body=b"0\r\n\r\n"),
        400,
        "transfer-encoding|coding",
    ),
    "content_length_0_with_transfer_encoding": (
        post(b"Content-Length: 0\r\n", CHUNKED, body=b"0\r\n\r\n"),
        400,
        "transfer-encoding|coding",
    ),
    # content-length
    "differing_content_lengths": (
        post(b"Content-Length: 5\r\n", b"Content-Length: 6\r\n", body=b"hello"),
        400,
        "length",
    ),
    "equal_content_lengths": (post(b"Content-Length: 5\r\n", b"Content-Length: 5\r\n", body=b"hello"), 400, "length"),
    "listed_content_length": (post(b"Content-Length: 5, 5\r\n", body=b"hello"), 400, "length"),
    "signed_content_length": (post(b"Content-Length: +5\r\n", body=b"hello"), 400, "length"),
    "negative_content_length": (post(b"Content-Length: -1\r\n"), 400, "length"),
    "hexadecimal_content_length": (post(b"Content-Length: 0x5\r\n", body=b"hello"), 400, "length"),
    "content_length_with_a_space": (post(b"Content-Length: 1 1\r\n", body=b"hello"), 400, "length"),
    "content_length_with_a_unit": (post(b"Content-Length: 5b\r\n", body=b"hello"), 400, "length"),
    "fractional_content_length": (post(b"Content-Length: 5.0\r\n", body=b"hello"), 400, "length"),
    "empty_content_length": (post(b"Content-Length:\r\n", body=b"hello"), 400, "length"),
    "overflowing_content_length": (post(b"Content-Length: 18446744073709551621\r\n", body=b"hello"), 400, "length"),
    "content_length_2_to_the_63": (post(b"Content-Length: 9223372036854775808\r\n", body=b"hello"), 400, "length"),
    "content_length_in_other_digits": (post(b"Content-Length: \xd9\xa5\r\n", body=b"hello"), 400, "length"),
    # transfer-encoding
    "chunked_not_final": (
        post(b"Transfer-Encoding: chunked, gzip\r\n", body=b"0\r\n\r\n"),
        (400, 501),
        "coding|encoding",
    ),
    "coding_before_chunked": (
        post(b"Transfer-Encoding: gzip, chunked\r\n", body=b"0\r\n\r\n"),
        (400, 501),
        "coding|encoding",
    ),
    "chunked_twice": (
        post(b"Transfer-Encoding: chunked, chunked\r\n", body=b"0\r\n\r\n"),
        (400, 501),
        "coding|encoding",
    ),
    "chunked_in_two_fields": (post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), (400, 501), "coding|encoding"),
    "coding_in_a_second_field": (
        post(CHUNKED, b"Transfer-Encoding: identity\r\n", body=b"0\r\n\r\n"),
        (400, 501),
        "coding|encoding",
    ),
    "identity_coding": (post(b"Transfer-Encoding: identity\r\n"), (400, 501), "coding|encoding"),
    "unknown_coding": (post(b"Transfer-Encoding: xchunked\r\n", body=b"0\r\n\r\n"), (400, 501), "coding|encoding"),
    "quoted_chunked": (post(b'Transfer-Encoding: "chunked"\r\n', body=b"0\r\n\r\n"), (400, 501), "coding|encoding"),
    "chunked_with_a_parameter": (
        post(b"Transfer-Encoding: chunked;q=1\r\n", body=b"0\r\n\r\n"),
        (400, 501),
        "coding|encoding",
    ),
    "chunked_behind_a_vertical_tab": (post(b"Transfer-Encoding: \x0bchunked\r\n", body=b"0\r\n\r\n"), (400, 501), "."),
    "empty_transfer_encoding": (post(b"Transfer-Encoding:\r\n"), (400, 501), "coding|encoding"),
    "transfer_encoding_on_http_1_0": (
        post(CHUNKED, body=b"0\r\n\r\n", line=b"POST {url}/first HTTP/1.0\r\n"),
        400,
        "1.0|coding|encoding",
    ),
    # lines
    "bare_lf_after_the_start_line": (get(line=b"GET {url}/first HTTP/1.1\n"), 400, "LF|line feed"),
    "bare_lf_after_a_field": (get(fields=b"A: 1\nB: 2\r\n"), 400, "LF|line feed"),
    "bare_lf_as_the_blank_line": (b"GET {url}/first HTTP/1.1\r\nHost: {authority}\r\n\n", 400, "LF|line feed"),
    "bare_cr_in_a_value": (get(fields=b"A: 1\rB: 2\r\n"), 400, "CR|carriage return"),
    "bare_cr_in_a_name": (get(fields=b"A\rB: 2\r\n"), 400, "CR|carriage return"),
    "bare_cr_that_hides_a_field": (
        post(b"X: y\rTransfer-Encoding: chunked\r\n", body=b"0\r\n\r\n"),
        400,
        "CR|carriage return",
    ),
    "bare_cr_in_the_start_line": (get(line=b"GET {url}/first\rHTTP/1.1\r\n"), 400, "CR|carriage return"),
    "two_cr_before_lf": (get(fields=b"A: 1\r\r\n"), 400, "CR|carriage return"),
    "nul_in_a_value": (get(fields=b"A: 1\x002\r\n"), 400, "NUL"),
    "nul_in_a_name": (get(fields=b"A\x00: 1\r\n"), 400, "NUL"),
    "nul_in_the_start_line": (get(line=b"GET {url}/fi\x00rst HTTP/1.1\r\n"), 400, "NUL"),
    "folded_field": (get(fields=b"A: 1\r\n 2\r\n"), 400, "fold|space"),
    "field_folded_by_a_tab": (get(fields=b"A: 1\r\n\t2\r\n"), 400, "fold|space"),
    "space_before_the_first_field": (get(line=b"GET {url}/first HTTP/1.1\r\n X: y\r\n"), 400, "fold|space"),
    "line_of_spaces": (get(fields=b"   \r\n"), 400, "fold|space"),
    # field names and values
    "space_before_the_colon": (get(fields=b"A : 1\r\n"), 400, "name|space|colon"),
    "tab_before_the_colon": (get(fields=b"A\t: 1\r\n"), 400, "name|space|colon"),
    "space_before_the_colon_of_content_length": (
        post(b"Content-Length : 5\r\n", body=b"hello"),
        400,
        "name|space|colon",
    ),
    "space_before_the_colon_of_transfer_encoding": (
        post(b"Transfer-Encoding : chunked\r\n", body=b"0\r\n\r\n"),
        400,
        "name|space|colon",
    ),
    "space_in_a_name": (get(fields=b"A B: 1\r\n"), 400, "name"),
    "empty_name": (get(fields=b": 1\r\n"), 400, "name"),
    "line_without_a_colon": (get(fields=b"just words\r\n"), 400, "name|colon"),
    "name_with_a_slash": (get(fields=b"A/B: 1\r\n"), 400, "name"),
    "name_with_a_raw_byte": (get(fields=b"A\xe9: 1\r\n"), 400, "name"),
    "control_byte_in_a_value": (get(fields=b"A: 1\x012\r\n"), 400, "value|control"),
    "delete_in_a_value": (get(fields=b"A: 1\x7f2\r\n"), 400, "value|control"),
    "vertical_tab_in_a_value": (get(fields=b"A: 1\x0b2\r\n"), 400, "value|control"),
    # host
    "missing_host": (get(host=b""), 400, "Host"),
    "duplicate_host": (get(host=b"Host: {authority}\r\nHost: {authority}\r\n"), 400, "Host"),
    "duplicate_host_that_differs": (get(host=b"Host: {authority}\r\nhost: other\r\n"), 400, "Host"),
    "duplicate_host_on_http_1_0": (
        get(line=b"GET {url}/first HTTP/1.0\r\n", host=b"Host: {authority}\r\nHost: {authority}\r\n"),
        400,
        "Host",
    ),
    "listed_host": (get(host=b"Host: {authority}, other\r\n"), 400, "Host"),
    "host_with_a_space": (get(host=b"Host: a b\r\n"), 400, "Host"),
    "host_with_userinfo": (get(host=b"Host: u@{authority}\r\n"), 400, "Host"),
    "host_with_a_path": (get(host=b"Host: {authority}/x\r\n"), 400, "Host"),
    "host_with_a_scheme": (get(host=b"Host: http://{authority}\r\n"), 400, "Host"),
    "host_with_a_bad_port": (get(host=b"Host: a:b\r\n"), 400, "Host"),
    "connection_that_nominates_host": (get(fields=b"Connection: Host\r\n"), 400, "Connection|nominat"),
    "connection_that_nominates_content_length": (
        post(b"Connection: Content-Length\r\n", b"Content-Length: 5\r\n", body=b"hello"),
        400,
        "Connection|nominat",
    ),
    # versions and start lines
    "http_0_9": (b"GET {url}/first\r\n\r\n", (400, 505), "."),
    "http_0_9_with_a_version": (get(line=b"GET {url}/first HTTP/0.9\r\n"), 505, "version"),
    "http_1_2": (get(line=b"GET {url}/first HTTP/1.2\r\n"), 505, "version"),
    "http_2_0": (get(line=b"GET {url}/first HTTP/2.0\r\n"), 505, "version"),
    "http_1_10": (get(line=b"GET {url}/first HTTP/1.10\r\n"), (400, 505), "."),
    "version_in_lower_case": (get(line=b"GET {url}/first http/1.1\r\n"), (400, 505), "."),
    "version_of_another_protocol": (get(line=b"GET {url}/first RTSP/1.0\r\n"), (400, 505), "."),
    "version_without_a_dot": (get(line=b"GET {url}/first HTTP/11\r\n"), (400, 505), "."),
    "two_spaces_before_the_version": (get(line=b"GET {url}/first  HTTP/1.1\r\n"), 400, "."),
    "two_spaces_before_the_target": (get(line=b"GET  {url}/first HTTP/1.1\r\n"), 400, "."),
    "tab_in_the_start_line": (get(line=b"GET\t{url}/first\tHTTP/1.1\r\n"), 400, "."),
    "space_behind_the_version": (get(line=b"GET {url}/first HTTP/1.1 \r\n"), (400, 505), "."),
    "space_in_the_target": (get(line=b"GET {url}/first /second HTTP/1.1\r\n"), 400, "."),
    "space_before_the_method": (get(line=b" GET {url}/first HTTP/1.1\r\n"), 400, "."),
    "method_that_is_no_token": (get(line=b"G(T {url}/first HTTP/1.1\r\n"), 400, "method"),
    "method_with_a_raw_byte": (get(line=b"G\xe9T {url}/first HTTP/1.1\r\n"), 400, "method"),
    "start_line_without_a_target": (get(line=b"GET HTTP/1.1\r\n"), 400, "."),
    "response_instead_of_a_request": (get(line=b"HTTP/1.1 200 OK\r\n"), 400, "."),
    # CONNECT
    "connect_with_content_length": (
        post(b"Content-Length: 5\r\n", line=b"CONNECT {authority} HTTP/1.1\r\n", body=b"hello"),
        400,
        "CONNECT",
    ),
    "connect_with_transfer_encoding": (
        post(CHUNKED, line=b"CONNECT {authority} HTTP/1.1\r\n", body=b"0\r\n\r\n"),
        400,
        "CONNECT",
    ),
    "connect_to_a_url": (get(line=b"CONNECT {url}/ HTTP/1.1\r\n"), 400, "."),
    "connect_without_a_port": (get(line=b"CONNECT localhost HTTP/1.1\r\n"), 400, "."),
    "connect_with_an_empty_port": (get(line=b"CONNECT localhost: HTTP/1.1\r\n"), 400, "."),
    "connect_to_port_0": (get(line=b"CONNECT localhost:0 HTTP/1.1\r\n"), 400, "."),
    "connect_with_userinfo": (get(line=b"CONNECT u:p@{authority} HTTP/1.1\r\n"), 400, "."),
    "connect_with_a_path": (get(line=b"CONNECT {authority}/ HTTP/1.1\r\n"), 400, "."),
}

# name: (chunked body, what the cause must speak of)
CHUNKS = {
    "chunk_size_that_is_no_number": (b"zz\r\nhello\r\n0\r\n\r\n", "chunk"),
    "empty_chunk_size": (b"\r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_of_an_extension_only": (b";x=1\r\nhello\r\n0\r\n\r\n", "chunk"),
    "negative_chunk_size": (b"-5\r\nhello\r\n0\r\n\r\n", "chunk"),
    "signed_chunk_size": (b"+5\r\nhello\r\n0\r\n\r\n", "chunk"),
    "prefixed_chunk_size": (b"0x5\r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_behind_a_space": (b" 5\r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_before_a_space": (b"5 \r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_before_a_tab": (b"5\t\r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_with_underscores": (b"0_5\r\nhello\r\n0\r\n\r\n", "chunk"),
    "overflowing_chunk_size": (b"10000000000000005\r\nhello\r\n0\r\n\r\n", "chunk"),
    "chunk_size_2_to_the_63": (b"8000000000000000\r\nhello", "chunk"),
    "chunk_size_ended_by_a_bare_lf": (b"5\nhello\r\n0\r\n\r\n", "chunk|LF"),
    "chunk_size_ended_by_a_bare_cr": (b"5\rhello\r\n0\r\n\r\n", "chunk|CR"),
    "nul_behind_a_chunk_size": (b"5\x00\r\nhello\r\n0\r\n\r\n", "chunk|NUL"),
    "bare_lf_in_a_chunk_extension": (b"5;a\nhello\r\n0\r\n\r\n", "chunk|LF|extension"),
    "bare_cr_in_a_chunk_extension": (b"5;a\rb\r\nhello\r\n0\r\n\r\n", "chunk|CR|extension"),
    "nul_in_a_chunk_extension": (b"5;a\x00b\r\nhello\r\n0\r\n\r\n", "chunk|NUL|extension"),
    "control_byte_in_a_chunk_extension": (b"5;a\x01b\r\nhello\r\n0\r\n\r\n", "chunk|extension"),
    "chunk_longer_than_its_size": (b"5\r\nhello!\r\n0\r\n\r\n", "chunk"),
    "chunk_shorter_than_its_size": (b"5\r\nhell\r\n0\r\n\r\n", "chunk"),
    "chunk_ended_by_a_bare_lf": (b"5\r\nhello\n0\r\n\r\n", "chunk|LF"),
    "chunk_ended_by_a_bare_cr": (b"5\r\nhello\r0\r\n\r\n", "chunk|CR"),
    "chunk_without_an_end": (b"5\r\nhello0\r\n\r\n", "chunk"),
    "last_chunk_ended_by_a_bare_lf": (b"5\r\nhello\r\n0\n\r\n", "chunk|LF"),
    "trailer_ended_by_a_bare_lf": (b"0\r\nA: 1\n\r\n", "trailer|LF"),
    "trailer_section_ended_by_a_bare_lf": (b"0\r\nA: 1\r\n\n", "trailer|LF"),
    "folded_trailer": (b"0\r\nA: 1\r\n 2\r\n\r\n", "trailer|fold|space"),
    "trailer_with_a_space_before_the_colon": (b"0\r\nA : 1\r\n\r\n", "trailer|name"),
    "trailer_without_a_colon": (b"0\r\nwords\r\n\r\n", "trailer|name"),
    "trailer_with_a_nul": (b"0\r\nA: \x00\r\n\r\n", "trailer|NUL"),
    "content_length_as_a_trailer": (b"0\r\nContent-Length: 5\r\n\r\n", "trailer"),
    "transfer_encoding_as_a_trailer": (b"0\r\nTransfer-Encoding: chunked\r\n\r\n", "trailer"),
    "host_as_a_trailer": (b"0\r\nHost: other\r\n\r\n", "trailer"),
}


def fill(raw, upstream):
    return raw.replace(b"{url}", upstream.url.encode()).replace(b"{authority}", upstream.authority.encode())


def assert_told_in_the_log(relay, response):
    """A proxy.error event with the cause that the client was told."""
    told = (*proxy_error(response), response.status)
    eventually(
        lambda: [e for e in relay.events("proxy.error") if (e["error"], e["detail"], e["status"]) == told],
        f"a proxy.error event that tells {told}",
    )


@pytest.mark.parametrize("name", HEADS)
def test_request_is_refused_for(relay, upstream, name):
    raw, status, cause = HEADS[name]
    client = relay.client()
    client.send(fill(raw + SMUGGLED, upstream))
    assert_refused(client, status, cause=cause)
    assert upstream.is_untouched(), "the refused request, or what stood behind it, was sent on"


@pytest.mark.parametrize("name", CHUNKS)
def test_chunked_request_is_refused_for(relay, upstream, name):
    """Its head may have been forwarded before the fault came; then the origin gets no whole message."""
    body, cause = CHUNKS[name]
    client = relay.client()
    client.send(fill(post(CHUNKED) + body + SMUGGLED, upstream))
    assert_refused(client, 400, cause=cause)
    assert_never_whole(upstream)


@pytest.mark.parametrize("name", CHUNKS)
def test_fault_in_a_later_segment_is_refused_for(begin, upstream, name):
    body, cause = CHUNKS[name]
    client, server, _ = begin("POST", "/first", "Transfer-Encoding: chunked", raw_body=b"3\r\nabc\r\n")
    assert server.reader.read_exactly(8) == b"3\r\nabc\r\n"
    client.send(body + fill(SMUGGLED, upstream))
    assert_refused(client, 400, cause=cause)
    assert_cut_short(server)


def assert_never_whole(upstream):
    while not upstream.is_untouched():
        body = read_to_any_end(upstream.accept())[0].partition(b"\r\n\r\n")[2]
        assert_no_end(body)


def assert_cut_short(server):
    assert_no_end(read_to_any_end(server)[0])


def assert_no_end(body):
    assert b"smuggled" not in body, body
    assert not re.search(rb"(^|\r\n)0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*\r\n", body), f"a whole body: {body!r}"


def test_refusal_is_told_in_the_log_with_its_cause(start_relay, upstream):
    relay = start_relay()
    for name in ("content_length_with_transfer_encoding", "bare_lf_after_a_field", "http_2_0", "missing_host"):
        raw, status, cause = HEADS[name]
        client = relay.client()
        client.send(fill(raw, upstream))
        assert_told_in_the_log(relay, assert_refused(client, status, cause=cause))


def test_fault_in_a_request_at_a_byte_at_a_time_is_refused_all_the_same(relay, upstream):
    raw, status, cause = HEADS["content_length_with_transfer_encoding"]
    client = relay.client()
    for byte in fill(raw, upstream).partition(b"\r\n\r\n")[0] + b"\r\n\r\n":
        client.send(bytes([byte]))
    assert_refused(client, status, cause=cause)
    assert upstream.is_untouched()


def test_refused_request_behind_a_good_one_lets_the_good_one_finish(relay, upstream):
    raw, status, cause = HEADS["bare_lf_after_a_field"]
    client = relay.client()
    client.send(upstream.request("GET", "/good") + fill(raw + SMUGGLED, upstream))
    server = upstream.accept()
    head, _ = server.read_request()
    assert head.start_line == b"GET /good HTTP/1.1"
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
    assert client.read_response().body == b"good"
    assert_refused(client, status, cause=cause)


def test_refusal_of_a_head_request_has_no_body(relay, upstream):
    client = relay.client()
    client.send(fill(b"HEAD {url}/x HTTP/1.1\r\nHost: a b\r\n\r\n", upstream))
    assert_refused(client, 400, method="HEAD")


def test_connect_refused_for_a_body_leaves_no_tunnel(relay, upstream):
    raw, status, cause = HEADS["connect_with_content_length"]
    client = relay.client()
    client.send(fill(raw, upstream))
    assert_refused(client, status, cause=cause, method="CONNECT")
    assert upstream.is_untouched()
