# SPDX-License-Identifier: MIT
"""What a server does wrong with its redirects, as far as the relay has its part in it: a Location that it refuses, and
304s that are none."""
import pytest

from lib.message import redirect, request, response
from lib.raw_client import RawClient


def ask(proxy, origin, path, *fields):
    """The status that the client gets."""
    with RawClient(proxy.address) as client:
        return client.exchange(request("GET", f"{origin.url}{path}", *fields, host=origin.authority)).status


def findings(log):
    return [(event["rule"], event["severity"], event["fault"]) for event in log.events("finding")]


@pytest.mark.parametrize("value", (b"/a\rb", b"/a\x00b", b"/a\x1bb", b"/a\nSet-Cookie: x=1", b"/a\r\n b\x07"))
def test_a_control_byte_in_location_is_refused_and_told(value, origin, proxy):
    origin.on("/x", b"HTTP/1.1 302 Found\r\nLocation: " + value + b"\r\nContent-Length: 0\r\n\r\n")
    assert ask(proxy, origin, "/x") == 502
    log = proxy.stop()
    if b"\r\n" in value:
        assert findings(log) == []  # a folded line: what the value is, is not known
        return
    assert findings(log) == [("location-control-chars", "error", "server")]
    observed = log.one("redirect.observed")
    assert observed["response"]["status"] == 302
    assert observed["expects"] is False
    assert log.one("proxy.error")["status"] == 502
    assert log.one("chain.finished")["final_status"] == 502


def test_a_refused_response_that_is_no_redirect_is_none(origin, proxy):
    origin.on("/x", b"HTTP/1.1 200 OK\r\nLocation: /a\rb\r\nContent-Length: 0\r\n\r\n")
    origin.on("/y", b"HTTP/1.1 302 Found\r\nLocation: /z\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n")
    assert ask(proxy, origin, "/x") == 502
    assert ask(proxy, origin, "/y") == 502
    log = proxy.stop()
    assert log.events("redirect.observed") == []
    assert findings(log) == []


def test_a_tab_in_location_is_passed_on_and_told(origin, proxy):
    origin.on("/x", redirect(302, "/a\tb"))
    assert ask(proxy, origin, "/x") == 302
    assert findings(proxy.stop()) == [("location-control-chars", "error", "server")]


def test_an_ordinary_304_leaves_no_trace(origin, proxy):
    origin.on("/x", response(304, length=False))
    assert ask(proxy, origin, "/x", 'If-None-Match: "1"') == 304
    log = proxy.stop()
    assert log.events("exchange") == []
    assert findings(log) == []


@pytest.mark.parametrize(
    "fields, answer, rule, severity",
    (
        ((), b"\r\n", "304-unconditional", "error"),
        (('If-None-Match: "1"',), b"Location: /y\r\n\r\n", "location-on-304", "warning"),
        (('If-None-Match: "1"',), b"Content-Length: 5\r\n\r\nhello", "304-with-content", "error"),
    ),
)
def test_a_304_that_is_misused_is_told(fields, answer, rule, severity, origin, proxy):
    origin.on("/x", b"HTTP/1.1 304 Not Modified\r\n" + answer)
    assert ask(proxy, origin, "/x", *fields) == 304
    log = proxy.stop()
    assert findings(log) == [(rule, severity, "server")]
    assert log.one("redirect.observed")["expects"] is False
    assert log.one("chain.finished")["final_status"] == 304


def test_a_304_with_the_length_of_what_it_stands_for_is_right(origin, proxy):
    origin.on("/x", response(304, "Content-Length: 5", length=False))
    assert ask(proxy, origin, "/x", 'If-None-Match: "1"') == 304
    assert findings(proxy.stop()) == []
