# SPDX-License-Identifier: MIT
"""The tools of these tests, held against each other without a proxy: an origin that recorded wrongly, or a client that
read too much, would make every other test lie."""
import threading

import pytest

from lib import drivers
from lib.message import chunked, redirect, request, response


def test_the_origin_records_exact_bytes_of_head_and_body(origin, connect):
    origin.on("/a", response(200, body=b"fine"))
    sent = request("POST", "/a?x=1", "X-Odd:  two  spaces ", "x-ODD: again", body=b"\0\r\n\xff", host=origin.authority)
    answer = connect(origin).exchange(sent)
    recorded = origin.of("/a")[0]
    assert recorded.head.raw + recorded.raw_body == sent
    assert recorded.head.all("X-Odd") == [b"two  spaces", b"again"]
    assert recorded.complete and answer.status == 200 and answer.body == b"fine"


def test_the_origin_keeps_chunks_and_content_apart(origin, connect):
    origin.on("/a", response(204, length=False))
    body = b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
    connect(origin).exchange(request("POST", "/a", "Transfer-Encoding: chunked", body=body, host=origin.authority))
    recorded = origin.of("/a")[0]
    assert (recorded.raw_body, recorded.body, recorded.trailers) == (body, b"hello world", [(b"X-Sum", b"1")])


def test_a_client_reads_one_response_at_a_time_of_pipelined_ones(origin, connect):
    origin.on("/1", redirect(307, "/2"))
    origin.on("/2", response(200, "Transfer-Encoding: chunked", body=chunked(b"second", 4), length=False))
    client = connect(origin)
    client.send(request("GET", "/1", host="o") + request("GET", "/2", host="o"))
    first, second = client.read_response(), client.read_response()
    assert (first.status, first.get("Location"), second.body) == (307, b"/2", b"second")
    assert client.reader.buffer == b""


def test_a_script_may_answer_before_the_body_has_come(origin, connect):
    answered = threading.Event()

    def early(conversation):
        conversation.read_some(3)
        conversation.send(redirect(307, "/b"))
        conversation.wait_for(answered)
        conversation.read_some(3)
        conversation.request.complete = True

    origin.on_head("/a", early)
    client = connect(origin)
    client.send(request("POST", "/a", "Content-Length: 6", body=b"abc", host="o"))
    assert client.read_response().status == 307
    assert not origin.of("/a")[0].complete
    answered.set()
    client.send(b"def")
    origin.wait_until(lambda seen: seen.of("/a")[0].complete)
    assert origin.of("/a")[0].body == b"abcdef"


def test_a_client_sees_the_end_of_the_stream(origin, connect):
    origin.on_head("/a", lambda conversation: conversation.close())
    client = connect(origin)
    client.send(request("GET", "/a", host="o"))
    client.expect_end()


def test_an_expectation_of_100_is_answered_by_the_origin(origin, connect):
    origin.on("/a", response(200))
    client = connect(origin)
    client.send(request("POST", "/a", "Expect: 100-continue", "Content-Length: 2", host="o"))
    assert client.reader.read_head().start_line == b"HTTP/1.1 100 Continue"
    client.send(b"hi")
    assert client.read_response().status == 200
    assert origin.of("/a")[0].body == b"hi"


def test_nginx_redirects_and_passes_bodies_on(origin, start_nginx, connect):
    origin.on("/v2/pay", response(200, body=b"paid"))
    nginx = start_nginx(f"location = /pay {{ return 307 /v2/pay; }} location / {{ proxy_pass {origin.url}; }}")
    client = connect(("127.0.0.1", nginx.port))
    first = client.exchange(request("POST", "/pay", body=b"card", host=nginx.authority))
    assert (first.status, first.get("Location")) == (307, f"{nginx.url}/v2/pay".encode())
    second = client.exchange(request("POST", "/v2/pay", body=b"card", host=nginx.authority))
    assert second.body == b"paid" and origin.of("/v2/pay")[0].body == b"card"


# The clients, without a proxy.

BODY = b"hello \0\xff world"


@pytest.fixture
def body(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def shop(origin):
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/v2/pay", response(200, body=b"paid"))
    return origin


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_every_client_follows_a_307_with_its_body_by_itself(driver, shop, tmp_path, body):
    done = driver.call(tmp_path, "POST", f"{shop.url}/pay", "--body", body, "--header", "X-Trace: 7")
    assert done.stdout.split()[0] == "200"
    assert [(seen.method, seen.path, seen.body) for seen in shop.requests] == [
        ("POST", "/pay", BODY),
        ("POST", "/v2/pay", BODY),
    ]
    assert [seen.head.get("X-Trace") for seen in shop.requests] == [b"7"] * 2


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_a_client_that_fails_is_seen_to_fail(driver, origin, tmp_path):
    origin.on_head("/x", lambda conversation: conversation.close())
    assert driver.call(tmp_path, "GET", f"{origin.url}/x", check=False).returncode != 0


FOLLOW_UPS = {
    "right": [("POST", "/v2/pay", BODY)],
    "get": [("GET", "/v2/pay", b"")],
    "drop": [("POST", "/v2/pay", b"")],
    "change": [("POST", "/v2/pay", bytes(byte ^ 1 for byte in BODY))],
    "truncate": [("POST", "/v2/pay", BODY[: len(BODY) // 2])],
    "rechunk": [("POST", "/v2/pay", BODY)],
    "ignore": [],
    "retry": [("POST", "/pay", BODY)] * 2,
    "poll": [("GET", "/v2/pay", b""), ("POST", "/v2/pay", BODY)],
}


@pytest.mark.parametrize("fault", FOLLOW_UPS)
def test_the_faulty_client_has_the_fault_that_it_is_asked_for(fault, shop, tmp_path, body):
    drivers.FAULTY.call(tmp_path, "POST", f"{shop.url}/pay", "--body", body, fault)
    seen = [(request.method, request.path, request.body) for request in shop.requests]
    assert seen == [("POST", "/pay", BODY), *FOLLOW_UPS[fault]]
    chunks = [request.head.get("Transfer-Encoding") for request in shop.requests]
    assert (b"chunked" in chunks) == (fault == "rechunk")
