# SPDX-License-Identifier: MIT
#
# The load generator against origins that lie, close and change their minds: its counts and its errors must be right,
# since every figure of the bench rests on them.
"""Tests of tests/bench/load."""

import contextlib
import json
import socket
import ssl
import subprocess
import threading

import processes
import pytest


def response(body=b"k" * 1024, status=b"200 OK", fields=b""):
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n" + fields + b"\r\n" + body


def fine(request, number):
    return response()


def test_counts_are_exact_over_several_connections(run_load):
    status, report, origin = run_load(fine, "--requests", "101", "--connections", "7")
    assert status == 0
    assert (report["requests"], report["errors"], report["connections"]) == (101, 0, 7)
    assert report["body_bytes"] == 101 * 1024
    assert len(origin.requests) == 101


def test_requests_through_a_proxy_are_in_absolute_form(run_load):
    _, _, origin = run_load(fine, "--path", "/p")
    assert origin.requests[0].startswith(b"GET http://origin.test:80/p HTTP/1.1\r\nHost: origin.test:80\r\n")


def test_direct_requests_are_in_origin_form(run_load):
    _, _, origin = run_load(fine, "--path", "/p", "--direct")
    assert origin.requests[0].startswith(b"GET /p HTTP/1.1\r\nHost: origin.test:80\r\n")


def test_a_body_is_sent_whole(run_load):
    status, _, origin = run_load(fine, "--method", "POST", "--body", "300000", "--requests", "3")
    assert status == 0
    assert [len(r.partition(b"\r\n\r\n")[2]) for r in origin.requests] == [300000] * 3


def test_a_head_in_single_bytes_is_read(run_load):
    status, report, _ = run_load(lambda r, n: [bytes([b]) for b in response(b"abc")], "--expect-length", "3")
    assert (status, report["errors"]) == (0, 0)


def test_interim_responses_are_passed_over(run_load):
    status, _, _ = run_load(lambda r, n: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response())
    assert status == 0


def test_a_body_until_the_end_of_the_connection_counts(run_load):
    answer = [b"HTTP/1.1 200 OK\r\n\r\na", b"bc", None]
    status, report, origin = run_load(lambda r, n: answer, "--expect-length", "3", "--requests", "2")
    assert (status, report["body_bytes"], origin.connections) == (0, 6, 2)


def test_an_answer_without_end_is_given_up(run_load):
    status, report, _ = run_load(lambda r, n: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "--timeout", "1")
    assert (status, report["first_error"]) == (1, "not done after 1 s")


WRONG = {
    "another_status_is_an_error": (response(status=b"502 Bad Gateway"), "status 502 instead of 200"),
    "another_length_is_an_error": (response(b"k" * 1023), "1023 bytes of body instead of 1024"),
    "bytes_after_the_end_are_an_error": (response() + b"x", "response: bytes after its end"),
    "two_lengths_are_an_error": (response(fields=b"Content-Length: 1024\r\n"),
                                 "response: Content-Length is malformed or there are two"),
    "a_chunked_body_is_an_error": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                   "response: Transfer-Encoding, which the origin never sent"),
    "no_status_line_is_an_error": (b"hello, this is not HTTP\r\n\r\n", "response: no HTTP/1.x status line"),
    "an_endless_head_is_an_error": (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 9000, "response: head too large"),
    "half_a_body_is_an_error": ([response()[:-1], None], "recv: the connection ended inside a body"),
    "no_answer_is_an_error": (None, "recv: the connection ended before a response"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(run_load, name):
    answer, said = WRONG[name]
    status, report, _ = run_load(lambda r, n: answer, "--requests", "4")
    assert status == 1
    assert (report["requests"], report["errors"], report["first_error"]) == (4, 4, said)


def test_one_wrong_answer_among_many_is_counted_once(run_load):
    status, report, _ = run_load(lambda r, n: response(b"") if n == 13 else response(), "--requests", "40")
    assert status == 1
    assert (report["requests"], report["errors"]) == (40, 1)


def test_a_connection_that_says_close_is_not_used_again(run_load):
    status, report, _ = run_load(lambda r, n: response(fields=b"Connection: close\r\n"), "--requests", "5")
    assert (status, report["connections"]) == (0, 5)


def test_connection_per_request_asks_for_the_close(run_load):
    status, report, origin = run_load(fine, "--requests", "6", "--connections", "2", "--per-connection", "1")
    assert (status, report["connections"], origin.connections) == (0, 6, 6)
    assert all(b"\r\nConnection: close\r\n" in r for r in origin.requests)


def redirecting(request, number):
    if b"/redirect " in request.partition(b"\r\n")[0]:
        return response(b"", b"307 Temporary Redirect", b"Location: http://other.test:81/there\r\n")
    return response(b"posted\n")


FOLLOW = ("--method", "POST", "--path", "/redirect", "--body", "512", "--follow", "--expect-length", "7")


def test_a_redirect_is_followed_with_method_and_body(run_load):
    status, report, origin = run_load(redirecting, *FOLLOW, "--requests", "20", "--connections", "4")
    assert (status, report["requests"], report["errors"]) == (0, 20, 0)
    follow_ups = [r for r in origin.requests if b"/there " in r]
    assert len(follow_ups) == len(origin.requests) - len(follow_ups) == 10
    head, _, body = follow_ups[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST http://other.test:81/there HTTP/1.1\r\nHost: other.test:81\r\n")
    assert len(body) == 512


def test_a_redirect_that_does_not_come_is_an_error(run_load):
    status, report, _ = run_load(lambda r, n: response(b"posted\n"), *FOLLOW, "--requests", "4")
    assert (status, report["requests"]) == (1, 4)
    assert report["first_error"] == "status 200 instead of 307"


def test_a_location_that_changes_is_an_error(run_load):
    def answer(request, number):
        if b"/redirect " not in request.partition(b"\r\n")[0]:
            return response(b"posted\n")
        return response(b"", b"307 T", b"Location: http://other.test/%d\r\n" % number)

    status, report, _ = run_load(answer, *FOLLOW, "--requests", "4")
    assert (status, report["requests"]) == (1, 4)
    assert report["first_error"] == "Location was http://other.test/1 and is now http://other.test/3"


def tunnelling(request, number):
    return b"HTTP/1.1 200 OK\r\n\r\n" if request.startswith(b"CONNECT ") else response()


def test_inside_a_tunnel_requests_are_in_origin_form(run_load):
    status, _, origin = run_load(tunnelling, "--tunnel", "--requests", "3")
    assert status == 0
    assert origin.requests[0].startswith(b"CONNECT origin.test:80 HTTP/1.1\r\nHost: origin.test:80\r\n")
    assert origin.requests[1].startswith(b"GET /1k HTTP/1.1\r\n")
    assert len(origin.requests) == 4


def test_a_new_tunnel_for_each_request(run_load):
    status, report, origin = run_load(tunnelling, "--tunnel", "--requests", "3", "--per-connection", "1")
    assert (status, report["connections"], len(origin.requests)) == (0, 3, 6)


def test_a_refused_tunnel_is_an_error(run_load):
    status, report, _ = run_load(lambda r, n: response(b"", b"403 Forbidden"), "--tunnel", "--requests", "2")
    assert (status, report["errors"], report["first_error"]) == (1, 2, "CONNECT: not answered 200")


def test_held_connections_are_all_open_at_once(run_load):
    status, report, origin = run_load(fine, "--hold", "--connections", "50", "--opening", "4", stdin="")
    assert (status, report["requests"], report["connections"], origin.connections) == (0, 50, 50, 50)


def test_a_connection_that_cannot_be_held_is_an_error(run_load):
    status, report, _ = run_load(lambda r, n: response(fields=b"Connection: close\r\n"), "--hold", "--connections", "3",
                                 stdin="")
    assert (status, report["first_error"]) == (1, "the connection is not kept")


def opening(identities, of):
    """A context that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(getattr(identities, of))
    return context


OPENED = ("--tunnel", "--secure", "--requests", "5", "--connections", "2")


def test_tls_in_a_tunnel_asks_for_the_name_and_speaks_in_origin_form(run_load, identities):
    names = []
    context = opening(identities, "authority")
    context.sni_callback = lambda socket, name, _: names.append(name)
    status, report, origin = run_load(tunnelling, *OPENED, "--identity", identities.origin, context=context)
    assert (status, report["errors"], report["body_bytes"]) == (0, 0, 5 * 1024)
    assert set(names) == {"origin.test"}
    assert sum(r.startswith(b"GET /1k HTTP/1.1\r\nHost: origin.test:80\r\n") for r in origin.requests) == 5


def test_a_tunnel_that_was_passed_through_is_an_error(run_load, identities):
    status, report, _ = run_load(tunnelling, *OPENED, "--identity", identities.origin,
                                 context=opening(identities, "origin"))
    assert (status, report["errors"]) == (1, 5)
    assert report["first_error"] == "TLS: it was passed through: the certificate is the origin's own"


def test_a_peer_that_speaks_no_tls_is_an_error(load_binary):
    def speak():
        for _ in range(3):
            client, _ = listener.accept()
            with client, contextlib.suppress(ConnectionResetError):
                client.recv(1)
                client.sendall(b"220 ready, this is no TLS\r\n")
                while client.recv(65536):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=speak, daemon=True).start()
        done = subprocess.run([load_binary, "--peer", f"127.0.0.1:{listener.getsockname()[1]}", "--origin", "a.test:1",
                               "--secure", "--requests", "3"], capture_output=True, text=True, timeout=30, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["errors"], report["first_error"]) == (1, 3, "send: Protocol error")


def test_an_identity_that_cannot_be_read_is_told(load_binary):
    done = subprocess.run([load_binary, "--peer", "127.0.0.1:1", "--origin", "a:1", "--identity", "/nowhere.pem"],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and "No such file" in done.stderr


@pytest.fixture
def served(load_binary, identities):
    """served(options...): the load generator asks the origin that it is itself."""
    def run(*options, stdin=""):
        ports = [str(processes.free_port()) for _ in range(3)]
        authority = "127.0.0.1:" + ports[2 if "--secure" in options else 0]
        done = subprocess.run([load_binary, "--peer", authority, "--origin", authority, "--direct", "--serve", ports[0],
                               "--serve-opaque", ports[1], "--serve-secure", ports[2], "--identity", identities.origin,
                               "--timeout", "20", *options], input=stdin,
                              capture_output=True, text=True, timeout=40, check=False)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.mark.parametrize("options,bytes_each", [
    (("--path", "/1k"), 1024),
    (("--path", "/large/64k"), 65536),
    (("--path", "/post", "--method", "POST", "--body", "300000"), 7),
    (("--path", "/1k", "--per-connection", "1"), 1024),
])
@pytest.mark.parametrize("secure", [(), ("--secure",)], ids=["plain", "tls"])
def test_its_own_origin_answers(served, options, bytes_each, secure):
    status, report = served(*options, *secure, "--expect-length", str(bytes_each), "--requests", "50", "--connections", "3")
    assert (status, report["requests"], report["body_bytes"]) == (0, 50, 50 * bytes_each)


@pytest.mark.parametrize("secure", [(), ("--secure",)], ids=["plain", "tls"])
def test_its_own_origin_sends_half_a_gigabyte_to_a_byte(served, secure):
    status, report = served(*secure, "--path", "/large/512m", "--expect-length", str(512 << 20))
    assert (status, report["body_bytes"]) == (0, 512 << 20)


def test_its_own_origin_redirects(served):
    status, report = served(*FOLLOW, "--requests", "20", "--connections", "2", "--spin")
    assert (status, report["requests"], report["body_bytes"]) == (0, 20, 70)


def test_its_own_origin_does_not_answer_what_it_does_not_know(served):
    status, report = served("--path", "/nowhere")
    assert (status, report["first_error"]) == (1, "recv: the connection ended before a response")
