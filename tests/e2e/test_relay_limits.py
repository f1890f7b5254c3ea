# SPDX-License-Identifier: MIT
"""Every limit of the one table, each reached: what is at the limit passes, what is over it is refused and says so."""
import select

import pytest

from lib.message import request
from lib.raw import (
    Client,
    RawOrigin,
    assert_own_answer,
    assert_refused,
    eventually,
    read_to_any_end,
    send_until_stuck,
)
from lib.relay import Growth

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = "Transfer-Encoding: chunked"


def passes(relay, upstream, raw, answer=OK, method="GET"):
    client = relay.client()
    client.send(raw)
    upstream.accept().exchange_here(answer)
    response = client.read_response(method)
    assert response.status == 200, response.head.raw


def refused(relay, upstream, raw, status, cause=""):
    client = relay.client()
    client.send(raw)
    assert_refused(client, status, cause=cause)
    assert upstream.is_untouched()


def response_refused(relay, upstream, answer):
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    server = upstream.accept()
    server.read_head()
    server.send(answer)
    assert_own_answer(
        client.read_response(),
        502,
        ("http_protocol_error", "http_response_header_section_size", "http_response_header_size"),
    )
    assert read_to_any_end(server)[0] == b""


# heads


def test_target_over_its_limit_is_a_414(start_relay, upstream):
    relay = start_relay("--limit-target", "1K")
    prefix = len(upstream.url)
    passes(relay, upstream, upstream.request("GET", "/".ljust(1024 - prefix, "x")))
    refused(relay, upstream, upstream.request("GET", "/".ljust(1025 - prefix, "x")), 414, "target")


def test_target_that_never_ends_is_refused_before_its_end(start_relay, upstream):
    relay = start_relay("--limit-target", "1K", "--limit-head", "8K")
    client = relay.client()
    client.send(b"GET " + upstream.url.encode() + b"/" + b"x" * 20_000)
    assert_refused(client, (414, 431))


def test_field_line_over_its_limit_is_a_431(start_relay, upstream):
    relay = start_relay("--limit-field", "1K")
    for length, check in ((1000, passes), (1100, refused)):
        raw = upstream.request("GET", "/x", "A: " + "b" * length)
        check(relay, upstream, raw, *(() if check is passes else (431, "field|head")))


def test_head_over_its_limit_is_a_431(start_relay, upstream):
    relay = start_relay("--limit-head", "4K")
    for total, check in ((4096, passes), (4097, refused)):
        raw = upstream.request("GET", "/x", *[f"A{n}: " + "b" * 300 for n in range(10)], "Pad: ")
        raw = raw[:-4] + b"p" * (total - len(raw)) + raw[-4:]
        assert len(raw) == total
        check(relay, upstream, raw, *(() if check is passes else (431, "head")))


def test_head_that_never_ends_is_refused_before_its_end(start_relay, upstream):
    relay = start_relay("--limit-head", "4K")
    client = relay.client()
    client.send(upstream.request("GET", "/x")[:-2] + b"A: b\r\n" * 2000)
    assert_refused(client, 431, cause="head")


def test_field_that_never_ends_is_refused_before_its_end(start_relay, upstream):
    relay = start_relay("--limit-head", "4K")
    client = relay.client()
    client.send(upstream.request("GET", "/x")[:-2] + b"A: " + b"b" * 10_000)
    assert_refused(client, 431, cause="head|field")


def test_more_fields_than_the_limit_are_a_431(start_relay, upstream):
    relay = start_relay("--limit-fields", "10")
    fields = [f"A{n}: b" for n in range(9)]  # and Host
    passes(relay, upstream, upstream.request("GET", "/x", *fields))
    refused(relay, upstream, upstream.request("GET", "/x", *fields, "One-More: x"), 431, "field")


def test_response_head_over_its_limit_is_a_502(start_relay, upstream):
    relay = start_relay("--limit-head", "4K")
    fields = b"".join(b"A%d: " % n + b"b" * 300 + b"\r\n" for n in range(10))
    passes(
        relay, upstream, upstream.request("GET", "/x"), b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    )
    for upper in upstream.accepted:
        upper.close()
    response_refused(relay, upstream, b"HTTP/1.1 200 OK\r\n" + fields * 2 + b"Content-Length: 2\r\n\r\nok")


def test_response_head_that_never_ends_is_a_502(start_relay, upstream):
    response_refused(start_relay("--limit-head", "4K"), upstream, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000)


def test_status_line_that_never_ends_is_a_502(start_relay, upstream):
    response_refused(start_relay("--limit-head", "4K"), upstream, b"HTTP/1.1 200 " + b"O" * 20_000)


def test_response_field_over_its_limit_is_a_502(start_relay, upstream):
    answer = b"HTTP/1.1 200 OK\r\nA: " + b"b" * 2000 + b"\r\nContent-Length: 2\r\n\r\nok"
    response_refused(start_relay("--limit-field", "1K"), upstream, answer)


def test_more_response_fields_than_the_limit_are_a_502(start_relay, upstream):
    answer = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 11 + b"Content-Length: 2\r\n\r\nok"
    response_refused(start_relay("--limit-fields", "10"), upstream, answer)


# chunked bodies


def chunked_request_is_refused(relay, upstream, body, status):
    client = relay.client()
    client.send(upstream.request("POST", "/x", CHUNKED) + body)
    assert_refused(client, status)


def test_trailer_section_over_its_limit_is_a_431(start_relay, upstream):
    relay = start_relay("--limit-trailer", "1K")
    passes(
        relay, upstream, upstream.request("POST", "/x", CHUNKED) + b"0\r\nA: " + b"b" * 900 + b"\r\n\r\n", method="POST"
    )
    for body in (b"0\r\nA: " + b"b" * 1100 + b"\r\n\r\n", b"0\r\n" + b"A: b\r\n" * 400, b"0\r\nA: " + b"b" * 20_000):
        chunked_request_is_refused(relay, upstream, body, (400, 431))


def test_chunk_extension_over_its_limit_is_a_400(start_relay, upstream):
    relay = start_relay("--limit-chunk-extension", "1K")
    passes(relay, upstream, upstream.request("POST", "/x", CHUNKED) + b"0;" + b"b" * 900 + b"\r\n\r\n", method="POST")
    for body in (b"1;" + b"b" * 1100 + b"\r\nx\r\n0\r\n\r\n", b"1;" + b"b" * 20_000):
        chunked_request_is_refused(relay, upstream, body, 400)


def test_chunk_size_with_endless_zeros_is_refused(start_relay, upstream):
    """Nothing says how many zeros a size may begin with; something must."""
    relay = start_relay("--limit-chunk-extension", "1K")
    client = relay.client()
    client.send(upstream.request("POST", "/x", CHUNKED) + b"0" * 100_000)
    assert_refused(client, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"0\r\nA: " + b"b" * 1100 + b"\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 400,
        b"1;" + b"b" * 1100 + b"\r\nx\r\n0\r\n\r\n",
    ],
)
def test_chunked_response_over_its_limits_is_cut(start_relay, upstream, body):
    relay = start_relay("--limit-trailer", "1K", "--limit-chunk-extension", "1K")
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    server = upstream.accept()
    server.read_head()
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    client.reader.read_head()
    assert client.reader.read_exactly(8) == b"3\r\nabc\r\n"
    server.send(body)
    rest, _ = read_to_any_end(client)
    assert not rest.endswith(b"\r\n\r\n")
    assert read_to_any_end(server)[0] == b""


# what waits


def test_pipelined_bytes_over_their_limit_wait_in_the_client(start_relay, upstream):
    """The limit and the sockets' own buffers, and no more, while the first request is being answered."""
    relay = start_relay("--limit-pipeline", "4K")
    client = relay.client()
    client.send(upstream.request("GET", "/first"))
    server = upstream.accept()
    server.read_head()
    growth = Growth(relay)
    later = upstream.request("GET", "/later", "Pad: " + "x" * 900)
    sent = send_until_stuck(client, later * 64)
    assert sent < 8 << 20, "all that the sockets themselves hold is far less"
    growth.at_most(1024)
    server.send(OK)
    assert client.read_response().body == b"ok"
    whole = sent // len(later)
    for _ in range(whole):
        head, _ = relay.next_request(upstream, upstream.accepted[-1], OK)
        assert head.start_line == b"GET /later HTTP/1.1"
        assert client.read_response().body == b"ok"


def test_bytes_waiting_for_one_peer_pause_their_source(start_relay, upstream):
    """A client that does not read: the origin can send what the limit and the sockets hold, and then no more."""
    relay = start_relay("--limit-buffered", "64K")
    client = relay.client(receive_buffer=16384)
    client.send(upstream.request("GET", "/big"))
    server = upstream.accept()
    server.read_head()
    growth = Growth(relay)
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    sent = send_until_stuck(server, bytes(1 << 20))
    assert sent < 48 << 20
    growth.at_most(64 + 1024)
    client.reader.read_head()
    client.reader.read_exactly(sent)


# connections


def served(client, upstream):
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    return client.read_response().body == b"ok"


def test_clients_over_the_limit_wait_until_one_leaves(start_relay, upstream):
    relay = start_relay("--limit-clients", "4")
    inside = [relay.client() for _ in range(4)]
    for client in inside:
        assert served(client, upstream)
    waiting = relay.client()
    waiting.send(upstream.request("GET", "/waiting"))
    for client in inside:
        assert served(client, upstream)  # the relay went round, and did not take the fifth
    assert upstream.is_untouched()
    inside[0].close()
    upstream.accept().exchange_here(OK)
    assert waiting.read_response().body == b"ok"


def test_clients_over_the_limit_of_all_workers_wait(start_relay, upstream):
    relay = start_relay("--limit-clients", "4", "--workers", "2")
    waiting = [relay.client() for _ in range(12)]
    for client in waiting:
        client.send(upstream.request("GET", "/x"))
    while waiting:
        held = [upstream.accept() for _ in range(4)]
        assert not select.select([upstream.listener], [], [], 0.2)[0], "a fifth was let in"
        for server in held:
            server.exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        for _ in held:
            client = next_readable(waiting)
            assert client.read_response().body == b"ok"
            client.close()
            waiting.remove(client)


def next_readable(clients):
    ready = select.select([client.socket for client in clients], [], [], 20)[0]
    assert ready, "no client was answered"
    return next(client for client in clients if client.socket is ready[0])


def test_connections_of_one_address_over_the_limit_are_refused(start_relay, upstream):
    relay = start_relay("--limit-per-client", "3")
    inside = [relay.client() for _ in range(3)]
    for client in inside:
        assert served(client, upstream)
    over = relay.client()
    try:
        over.send(upstream.request("GET", "/over"))
    except OSError:
        pass
    answer, _ = read_to_any_end(over)
    assert answer == b"" or b"error=connection_limit_reached" in answer, answer
    assert upstream.is_untouched()
    assert served(relay.client(source="127.0.0.77"), upstream), "another address is another client"
    inside[0].close()
    eventually(lambda: served_at_all(relay, upstream), "a place for the same address")


def served_at_all(relay, upstream):
    client = relay.client()
    try:
        client.send(
            request("GET", f"http://{upstream.authority}/x", "Max-Forwards: 0", host=upstream.authority).replace(
                b"GET ", b"OPTIONS ", 1
            )
        )
        return client.read_response("OPTIONS").status == 200
    except (OSError, EOFError):
        return False
    finally:
        client.close()


def test_tunnels_over_the_limit_are_a_503(start_relay, upstream):
    relay = start_relay("--limit-tunnels", "2")
    inside = [(relay.client(), None) for _ in range(2)]
    for number, (client, _) in enumerate(inside):
        assert client.connect(upstream.authority).status == 200
        inside[number] = (client, upstream.accept())
    assert_own_answer(relay.client().connect(upstream.authority), 503, "connection_limit_reached", "tunnel")
    assert served(relay.client(), upstream), "requests are served all the same"
    for end in inside[0]:
        end.close()
    eventually(lambda: relay.client().connect(upstream.authority).status == 200, "a place for a tunnel")


def answer_at_once(relay, upstreams):
    """One exchange with each origin, all at the same time, so that each needs a connection of its own."""
    pairs = []
    for upstream in upstreams:
        client = relay.client()
        client.send(upstream.request("GET", "/x"))
        server = upstream.accept()
        server.read_head()
        pairs.append((client, server))
    for client, server in pairs:
        server.send(OK)
        assert client.read_response().body == b"ok"
    return [server for _, server in pairs]


def still_open(servers):
    return len(servers) - len(select.select([server.socket for server in servers], [], [], 0)[0])


def test_idle_connections_of_one_origin_over_the_limit_are_closed(start_relay, upstream):
    relay = start_relay("--limit-pool-per-origin", "3")
    servers = answer_at_once(relay, [upstream] * 8)
    eventually(lambda: still_open(servers) == 3, "all but three connections to be closed")


def test_idle_connections_over_the_limit_are_closed(start_relay):
    origins = [RawOrigin() for _ in range(8)]
    try:
        relay = start_relay("--limit-pool", "3")
        servers = answer_at_once(relay, origins)
        eventually(lambda: still_open(servers) == 3, "all but three connections to be closed")
        client = relay.client()
        client.send(origins[-1].request("GET", "/x"))
        servers[-1].exchange_here(OK)  # the latest are kept
        assert client.read_response().body == b"ok"
    finally:
        for origin in origins:
            origin.close()


def test_limits_are_options_that_say_what_they_allow(hopaudit):
    for option in (
        "target field head fields trailer chunk-extension pipeline "
        "clients per-client tunnels pool pool-per-origin buffered"
    ).split():
        told = hopaudit("proxy", "--listen", "127.0.0.1:0", f"--limit-{option}", "many")
        assert told.returncode == 2 and f"limit-{option}" in told.stderr and "many" in told.stderr, told.stderr


def test_one_client_may_come_from_many_addresses(start_relay, upstream):
    """The limit for one address is no limit for all."""
    relay = start_relay("--limit-per-client", "1")
    clients = [Client(relay.address, source=f"127.0.1.{n}") for n in range(1, 20)]
    for client in clients:
        assert served(client, upstream)
        client.close()
