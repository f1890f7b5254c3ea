# SPDX-License-Identifier: MIT
"""Targets, methods and Host: what is asked of the proxy and what the origin is asked (RFC 9112 §3, RFC 9110 §7.2)."""
import pytest

from lib.raw import RawOrigin, assert_own_answer, assert_refused, eventually, names, without_via

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def ask(relay, upstream, target, method=b"GET", *fields, host=None):
    """The head that the origin sees for this target, as bytes in absolute-form with `{}` for its authority."""
    client = relay.client()
    authority = upstream.authority.encode()
    lines = b"".join(field + b"\r\n" for field in fields)
    target = target.replace(b"{}", authority)
    client.send(method + b" " + target + b" HTTP/1.1\r\nHost: " + (host or authority) + b"\r\n" + lines + b"\r\n")
    head, _ = upstream.accept().exchange_here(OK)
    assert client.read_response(method.decode()).status == 200
    return head


# from absolute-form to origin-form


@pytest.mark.parametrize(
    "asked, forwarded",
    [
        (b"http://{}/", b"/"),
        (b"http://{}", b"/"),
        (b"http://{}?q", b"/?q"),
        (b"http://{}?", b"/?"),
        (b"http://{}/?", b"/?"),
        (b"HTTP://{}/x", b"/x"),
        (b"http://{}/a/b;p=1?x=1&y=2?z", b"/a/b;p=1?x=1&y=2?z"),
        (b"http://{}//double//slash/", b"//double//slash/"),
        (b"http://{}/a/../b/./c/..", b"/a/../b/./c/.."),
        (b"http://{}/%7Euser/%7euser/%2F%2f%00%zz%", b"/%7Euser/%7euser/%2F%2f%00%zz%"),
        (b"http://{}/http://other/", b"/http://other/"),
        (b"http://{}/a:b@c", b"/a:b@c"),
        (b"http://{}/?http://u:p@h/", b"/?http://u:p@h/"),
        (b"http://{}/*", b"/*"),
    ],
)
def test_target_goes_on_in_origin_form_byte_for_byte(relay, upstream, asked, forwarded):
    assert ask(relay, upstream, asked).start_line == b"GET " + forwarded + b" HTTP/1.1"


@pytest.mark.parametrize("byte", [*range(0x80, 0x100, 9), *b"\"<>\\^`{|}'[]!$"])
def test_raw_byte_in_a_target_is_kept(relay, upstream, byte):
    raw = bytes([byte])
    head = ask(relay, upstream, b"http://{}/a" + raw + b"b?c" + raw)
    assert head.start_line == b"GET /a" + raw + b"b?c" + raw + b" HTTP/1.1"


@pytest.mark.parametrize(
    "asked, forwarded",
    [
        (b"http://{}/p#part", b"/p"),
        (b"http://{}/p?q#part?not=query", b"/p?q"),
        (b"http://{}#part", b"/"),
        (b"http://{}?q#", b"/?q"),
        (b"http://{}/#/route", b"/"),
    ],
)
def test_fragment_is_accepted_and_not_forwarded(relay, upstream, asked, forwarded):
    assert ask(relay, upstream, asked).start_line == b"GET " + forwarded + b" HTTP/1.1"


@pytest.mark.parametrize("userinfo", [b"user:pass@", b"user@", b":@", b"@", b"a%40b:c%2Fd@"])
def test_userinfo_is_accepted_and_not_forwarded(relay, upstream, userinfo):
    head = ask(relay, upstream, b"http://" + userinfo + b"{}/p")
    assert head.start_line == b"GET /p HTTP/1.1"
    assert head.all("Host") == [upstream.authority.encode()]
    assert head.get("Authorization") is None, "the relay adds no credentials of its own making"


def test_fragment_and_userinfo_are_noted_in_the_log_without_the_secret(start_relay, upstream):
    relay = start_relay("--record-all")
    ask(relay, upstream, b"http://alice:sesame@{}/noted#part")
    urls = eventually(
        lambda: [e["request"]["url"] for e in relay.events("exchange") if "/noted" in e["request"]["url"]],
        "the exchange's event",
    )
    assert urls[0].endswith("#part") and "@" in urls[0]
    assert b"sesame" not in relay.log_bytes()


def test_ipv6_literal_is_an_origin(relay):
    upstream = RawOrigin("::1")
    try:
        head = ask(relay, upstream, b"http://{}/six?x")
        assert head.start_line == b"GET /six?x HTTP/1.1"
        assert head.all("Host") == [upstream.authority.encode()]
    finally:
        upstream.close()


def test_ipv6_literal_in_another_spelling_is_the_same_origin(relay):
    upstream = RawOrigin("::1")
    try:
        client = relay.client()
        client.send(b"GET http://[0:0::0001]:%d/six HTTP/1.1\r\nHost: [0:0::0001]:%d\r\n\r\n" % ((upstream.port,) * 2))
        head, _ = upstream.accept().exchange_here(OK)
        assert head.all("Host") == [b"[0:0::0001]:%d" % upstream.port]
        assert client.read_response().status == 200
    finally:
        upstream.close()


# methods


@pytest.mark.parametrize(
    "method",
    [
        b"GET",
        b"PATCH",
        b"PURGE",
        b"M-SEARCH",
        b"BREW",
        b"get",
        b"Connect",
        b"QUERY",
        b"x",
        b"!#$%&'*+-.^_`|~09azAZ",
        b"A" * 200,
    ],
)
def test_any_method_token_passes(relay, upstream, method):
    assert ask(relay, upstream, b"http://{}/m", method).start_line == method + b" /m HTTP/1.1"


def test_methods_are_case_sensitive_so_head_in_lower_case_has_a_body(relay, upstream):
    client = relay.client()
    client.send(upstream.request("head", "/x"))
    server = upstream.accept()
    server.exchange_here(OK)
    assert client.read_response("head").body == b"ok"


# OPTIONS, TRACE and Max-Forwards


def test_options_for_a_whole_server_becomes_an_asterisk(relay, upstream):
    assert ask(relay, upstream, b"http://{}", b"OPTIONS").start_line == b"OPTIONS * HTTP/1.1"


@pytest.mark.parametrize(
    "asked, forwarded",
    [(b"http://{}/", b"/"), (b"http://{}?q", b"/?q"), (b"http://{}/a", b"/a"), (b"http://{}/*", b"/*")],
)
def test_options_with_a_path_or_a_query_keeps_it(relay, upstream, asked, forwarded):
    assert ask(relay, upstream, asked, b"OPTIONS").start_line == b"OPTIONS " + forwarded + b" HTTP/1.1"


@pytest.mark.parametrize("method", [b"OPTIONS", b"TRACE"])
def test_max_forwards_is_counted_down(relay, upstream, method):
    head = ask(relay, upstream, b"http://{}/x", method, b"max-forwards:  10", b"X-After: y")
    assert head.all("Max-Forwards") == [b"9"]
    assert names(head)[:3] == [b"host", b"max-forwards", b"x-after"]


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PURGE"])
def test_max_forwards_of_another_method_is_left_alone(relay, upstream, method):
    assert ask(relay, upstream, b"http://{}/x", method, b"Max-Forwards: 0").all("Max-Forwards") == [b"0"]


def test_options_that_may_go_no_further_is_answered_here(relay, upstream):
    client = relay.client()
    client.send(upstream.request("OPTIONS", "/x", "Max-Forwards: 0"))
    response = client.read_response("OPTIONS")
    assert response.status in (200, 204)
    assert upstream.is_untouched()


def test_trace_that_may_go_no_further_is_answered_with_the_request_as_received(relay, upstream):
    client = relay.client()
    asked = upstream.request(
        "TRACE", "/x", "Max-Forwards: 0", "X-Odd:  y", "Authorization: Basic c2VjcmV0", "Cookie: a=b"
    )
    client.send(asked)
    response = client.read_response("TRACE")
    assert response.status == 200 and response.get("Content-Type") == b"message/http"
    lines = response.body.split(b"\r\n")
    assert lines[0] == asked.split(b"\r\n")[0]
    assert any(line.startswith(b"X-Odd:") and line.endswith(b"y") for line in lines)
    assert b"c2VjcmV0" not in response.body and b"a=b" not in response.body, "RFC 9110 §9.3.8: no credentials"
    assert upstream.is_untouched()


def test_trace_at_its_last_forward_is_forwarded_with_zero(relay, upstream):
    assert ask(relay, upstream, b"http://{}/x", b"TRACE", b"Max-Forwards: 1").all("Max-Forwards") == [b"0"]


# Host


@pytest.mark.parametrize("written", ["LOCALHOST:{port}", "localhost:{port}", "localhost:0{port}"])
def test_host_that_means_the_same_authority_is_kept_as_written(relay, upstream, written):
    host = written.format(port=upstream.port).encode()
    target = b"http://localhost:%d/x" % upstream.port
    assert ask(relay, upstream, target, host=host).all("Host") == [host]


@pytest.mark.parametrize("host", [b"other.example", b"127.0.0.1:1", b"127.0.0.1"])
def test_target_wins_over_host_in_the_same_place(relay, upstream, host):
    client = relay.client()
    client.send(b"GET %s/x HTTP/1.1\r\nFirst: 1\r\nhost:%s\r\nLast: 2\r\n\r\n" % (upstream.url.encode(), host))
    head, _ = upstream.accept().exchange_here(OK)
    assert head.all("Host") == [upstream.authority.encode()]
    assert names(head)[:3] == [b"first", b"host", b"last"]


def test_empty_host_is_replaced_by_the_target_s(relay, upstream):
    client = relay.client()
    client.send(b"GET %s/x HTTP/1.1\r\nHost:\r\n\r\n" % upstream.url.encode())
    head, _ = upstream.accept().exchange_here(OK)
    assert head.all("Host") == [upstream.authority.encode()]


def test_start_line_and_host_are_all_that_changes(relay, upstream):
    client = relay.client()
    lines = b"A: 1\r\nHost: " + upstream.authority.encode() + b"\r\nB: 2\r\n\r\n"
    client.send(b"GET " + upstream.url.encode() + b"/x HTTP/1.1\r\n" + lines)
    head, _ = upstream.accept().exchange_here(OK)
    assert without_via(head.raw) == b"GET /x HTTP/1.1\r\n" + lines


# what no proxy can forward


def test_origin_form_request_to_the_proxy_itself_is_told_that_this_is_a_proxy(relay):
    client = relay.client()
    client.send(b"GET /x HTTP/1.1\r\nHost: %s\r\n\r\n" % relay.authority.encode())
    response = client.read_response()
    assert_own_answer(response, 400, "http_request_error", "proxy")


@pytest.mark.parametrize(
    "target",
    [b"https://h/", b"ftp://h/", b"ws://h/", b"urn:x:y", b"mailto:a@h", b"file:///etc/passwd", b"gopher://h:70/"],
)
def test_scheme_that_cannot_be_forwarded_is_a_501(relay, target):
    client = relay.client()
    client.send(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    assert_own_answer(client.read_response(), (400, 501), "http_request_error")


@pytest.mark.parametrize(
    "target",
    [
        b"http:///x",
        b"http:/x",
        b"http://",
        b"http://:80/",
        b"http://h:port/",
        b"http://h:65536/",
        b"http://h:-1/",
        b"http://[::1/",
        b"http://[::g]/",
        b"http://[]/",
        b"http://::1/",
        b"http://h\\@other/",
        b"http://h%zz/",
        b"http://h h/",
        b"//h/",
        b"h",
        b"*",
        b"?q",
        b"#f",
    ],
)
def test_target_without_a_usable_authority_is_a_400(relay, target):
    client = relay.client()
    client.send(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    assert_own_answer(client.read_response(), 400, "http_request_error")


@pytest.mark.parametrize("byte", [*range(0x01, 0x0A), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
def test_control_byte_in_a_target_is_a_400(relay, upstream, byte):
    client = relay.client()
    client.send(
        b"GET %s/a%cb HTTP/1.1\r\nHost: %s\r\n\r\n" % (upstream.url.encode(), byte, upstream.authority.encode())
    )
    assert_refused(client, 400)
    assert upstream.is_untouched()


def test_http_2_preface_is_refused(relay):
    client = relay.client()
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert_refused(client, (400, 505))
