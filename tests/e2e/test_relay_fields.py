# SPDX-License-Identifier: MIT
"""Fields: what a proxy must take out and add, and that everything else keeps order, case, duplicates and bytes
(RFC 9110 §7.6)."""
import select

import pytest

from lib.message import request
from lib.raw import OWN_VIA, own_pseudonym, names, without_via

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answered_with(begin, *fields):
    """The head that the client gets when the origin answers with these field lines (as bytes)."""
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n" + b"".join(f + b"\r\n" for f in fields) + b"Content-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert response.body == b"ok"
    return response.head


# kept

ODD_FIELDS = [
    b"Accept: */*",
    b"zEbRa: 1",
    b"accept: again",
    b"ACCEPT: and again",
    b"X-Empty:",
    b'X-Quoted: "a, b"; c="\\""',
    b"X-Latin: caf\xe9 \x80\xff",
    b"X-Tab: a\tb",
    b"X-Two-Spaces: a  b",
    b"!#$%&'*+-.^_`|~: odd name",
    b"Cookie: a=b; c=d",
    b"Cookie: e=f",
    b"X-Percent: %41%zz%",
    b"Trailer: X-Sum",
    b"X_Under: score",
    b"Cache-Control: no-cache",
    b"Pragma: no-cache",
    b"Authorization: Basic YTpi",
    b"Range: bytes=0-1",
    b'If-None-Match: "x"',
]


def test_request_fields_keep_order_case_duplicates_and_bytes(relay, upstream):
    lines = b"".join(line + b"\r\n" for line in ODD_FIELDS)
    host = b"Host: " + upstream.authority.encode() + b"\r\n"
    client = relay.client()
    client.send(b"GET " + upstream.url.encode() + b"/x HTTP/1.1\r\n" + lines + host + b"Z: last\r\n\r\n")
    head, _ = upstream.accept().exchange_here(OK)
    assert without_via(head.raw) == b"GET /x HTTP/1.1\r\n" + lines + host + b"Z: last\r\n\r\n"


def test_response_fields_keep_order_case_duplicates_and_bytes(begin):
    kept = [line for line in ODD_FIELDS if not line.startswith(b"Cookie")]
    kept += [
        b"Set-Cookie: a=b; Path=/",
        b"set-cookie: c=d, e",
        b"Set-Cookie: a=b; Path=/",
        b"Location: /one",
        b"Location: /two?\xc3\xa9 and a space",
        b"Server: x",
        b"Date: Tue, 15 Nov 1994 08:12:31 GMT",
        b'Warning: 199 - "old"',
        b'WWW-Authenticate: Basic realm="a"',
        b'WWW-Authenticate: Digest nonce="b"',
        b"Proxy-Status: other; error=dns_error",
    ]
    head = answered_with(begin, *kept)
    lines = b"".join(line + b"\r\n" for line in kept)
    assert without_via(head.raw) == b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 2\r\n\r\n"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_location_is_relayed_byte_for_byte(begin, status):
    client, server, _ = begin("POST", "/x", "Content-Length: 0")
    location = b"  HTTP://User:Pw@H:80/a/../%7e?q=\xff b#f  "
    server.send(b"HTTP/1.1 %d R\r\nLocation:%s\r\nContent-Length: 0\r\n\r\n" % (status, location))
    assert client.read_response().head.all("Location") == [location.strip()]


def test_value_keeps_its_inner_white_space_whatever_surrounds_it(begin):
    _, _, head = begin("GET", "/x", "X-Padded: \t a  \t b \t ")
    assert head.all("X-Padded") == [b"a  \t b"]


def test_nothing_is_added_but_via(begin, upstream):
    _, _, head = begin("GET", "/x", "A: b")
    assert without_via(head.raw) == b"GET /x HTTP/1.1\r\nHost: %s\r\nA: b\r\n\r\n" % upstream.authority.encode()


# taken out


@pytest.mark.parametrize(
    "fields",
    [
        ["Connection: keep-alive"],
        ["Connection: close"],
        ["Proxy-Connection: keep-alive"],
        ["Keep-Alive: timeout=5"],
        ["TE: gzip", "Connection: TE"],
        ["TE: gzip;q=0.5"],
        ["Upgrade: foo"],
        ["Connection: X-Gone", "X-Gone: 1"],
        ["X-Gone: 1", "connection: x-gone, X-GONE-TOO", "X-Gone-Too: 2", "x-gone: 3"],
        ["Connection: close", "Connection: X-Gone", "X-Gone: 1"],
        ["Connection: ,, X-Gone ,", "X-Gone: 1"],
        ["Connection:\tX-Gone\t", "X-Gone: 1"],
        ["Proxy-Authorization: Basic dGFnOg=="],
    ],
)
def test_hop_by_hop_field_of_a_request_goes_no_further(begin, upstream, fields):
    _, _, head = begin("GET", "/x", "A: 1", *fields, "B: 2")
    expected = b"GET /x HTTP/1.1\r\nHost: %s\r\nA: 1\r\nB: 2\r\n\r\n" % upstream.authority.encode()
    assert without_via(head.raw) == expected


@pytest.mark.parametrize(
    "fields",
    [
        [b"Connection: keep-alive"],
        [b"Keep-Alive: timeout=5, max=100"],
        [b"Connection: Keep-Alive", b"Keep-Alive: timeout=5"],
        [b"Proxy-Connection: keep-alive"],
        [b"Upgrade: h2c", b"Connection: Upgrade"],
        [b"Upgrade: h2c"],
        [b"Connection: X-Gone", b"X-Gone: 1", b"x-gone: 2"],
        [b"X-Gone: 1", b"Connection: x-gone"],
    ],
)
def test_hop_by_hop_field_of_a_response_goes_no_further(begin, fields):
    head = answered_with(begin, b"A: 1", *fields, b"B: 2")
    assert without_via(head.raw) == b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 2\r\n\r\n"


def test_nominated_field_of_an_interim_response_goes_no_further(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 103 Early Hints\r\nConnection: X-Gone\r\nX-Gone: 1\r\nLink: </a>\r\n\r\n" + OK)
    interim = client.read_response().interim
    assert len(interim) == 1 and [n for n in names(interim[0]) if n != b"via"] == [b"link"]


@pytest.mark.parametrize("te", ["trailers", "gzip, trailers", "trailers, deflate;q=0.5"])
def test_te_says_at_most_what_the_relay_itself_can_do(begin, te):
    """Trailers are relayed, so that it may ask for them; a coding of the client's choice it could not undo. Whoever
    sends TE must name it in Connection (RFC 9110 §10.1.4)."""
    _, _, head = begin("GET", "/x", f"TE: {te}", "Connection: TE")
    assert head.all("TE") in ([], [b"trailers"])
    assert head.has_token("Connection", "TE") == (head.get("TE") is not None)


def test_nominated_transfer_encoding_does_not_lose_its_framing(begin):
    _, server, head = begin(
        "POST", "/x", "Connection: Transfer-Encoding", "Transfer-Encoding: chunked", raw_body=b"0\r\n\r\n"
    )
    assert head.all("Transfer-Encoding") == [b"chunked"]
    assert server.read_body(head) == b"0\r\n\r\n"


@pytest.mark.parametrize("nominated", ["Cache-Control", "Cookie", "Authorization"])
def test_client_may_nominate_an_end_to_end_field(begin, nominated):
    """Odd, and legal: what Connection names is meant for us alone."""
    _, _, head = begin("GET", "/x", f"Connection: {nominated}", f"{nominated}: v")
    assert head.get(nominated) is None


# connections are per hop


def test_close_of_the_client_is_not_passed_on(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/1", "Connection: close"))
    server = upstream.accept()
    head, _ = server.exchange_here(OK)
    assert not head.has_token("Connection", "close")
    response = client.read_response()
    assert response.head.has_token("Connection", "close")
    client.expect_end()
    other = relay.client()
    other.send(upstream.request("GET", "/2"))
    server.exchange_here(OK)
    assert other.read_response().body == b"ok"


def test_close_of_the_origin_is_not_passed_on(begin, upstream):
    client, server, _ = begin("GET", "/1")
    server.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    response = client.read_response()
    assert response.body == b"ok" and response.get("Connection") is None
    server.expect_end()
    client.send(upstream.request("GET", "/2"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_proxy_connection_close_on_http_1_1_closes(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/1", "Proxy-Connection: close"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    client.expect_end()


# Via


def test_via_names_this_process_and_no_other(begin, start_relay, upstream):
    client, server, head = begin("GET", "/x")
    server.send(OK)
    response = client.read_response()
    assert own_pseudonym(head) == own_pseudonym(response.head)
    client = start_relay().client()
    client.send(upstream.request("GET", "/x"))
    other, _ = upstream.accept().exchange_here(OK)
    assert own_pseudonym(other) != own_pseudonym(head)


def test_via_is_added_behind_the_ones_that_are_there(begin):
    client, server, head = begin("GET", "/x", "Via: 1.0 fred, 1.1 p.example (Apache/1.1)", "A: b", "VIA: 1.1 third")
    assert head.all("Via")[:-1] == [b"1.0 fred, 1.1 p.example (Apache/1.1)", b"1.1 third"]
    assert OWN_VIA.fullmatch(head.all("Via")[-1])
    assert head.raw.count(b"hopaudit-") == 1 and head.fields[-1][0] == b"Via"
    server.send(b"HTTP/1.1 200 OK\r\nVia: 1.1 cdn\r\nContent-Length: 2\r\n\r\nok")
    seen = client.read_response().head.all("Via")
    assert seen[0] == b"1.1 cdn" and OWN_VIA.fullmatch(seen[1]) and len(seen) == 2


@pytest.mark.parametrize("via", ["1.1 {}", "1.0 fred, 1.1 {} (comment), 1.1 last", "HTTP/1.1 {}", "1.1 {}\t,1.0 x"])
def test_loop_shown_by_via_is_refused(begin, relay, upstream, via):
    client, server, head = begin("GET", "/x")
    server.send(OK)
    client.read_response()
    pseudonym = own_pseudonym(head)
    client.send(request("GET", upstream.url + "/loop", "Via: " + via.format(pseudonym), host=upstream.authority))
    response = client.read_response()
    assert response.status in (502, 508)
    assert b"error=proxy_loop_detected" in response.get("Proxy-Status")
    assert not select.select([server.socket, upstream.listener], [], [], 0)[0], "it was forwarded all the same"


def test_via_of_another_hopaudit_is_no_loop(begin):
    client, server, _ = begin("GET", "/x", "Via: 1.1 hopaudit-00000000")
    server.send(OK)
    assert client.read_response().body == b"ok"
