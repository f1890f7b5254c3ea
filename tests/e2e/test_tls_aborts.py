# SPDX-License-Identifier: MIT
"""Clients that leave in each state of the handshake: nothing of them stays, and the next one is served."""
import ssl

import pytest

from lib.message import request, response
from lib.raw import eventually, read_to_any_end
from lib.relay import Growth
from lib.tls import Handshake, client_hello

pytest_plugins = ("lib.tls_fixtures",)

OK = response(200, body=b"ok")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def after_the_connect(client, context):
    pass


def after_one_byte(client, context):
    client.send(b"\x16")


def after_the_record_head(client, context):
    client.send(client_hello(context, "shop.test")[:5])


def after_half_a_hello(client, context):
    hello = client_hello(context, "shop.test")
    client.send(hello[: len(hello) // 2])


def but_for_the_last_byte_of_the_hello(client, context):
    client.send(client_hello(context, "shop.test")[:-1])


def after_the_hello(client, context):
    client.send(client_hello(context, "shop.test"))


def after_the_servers_flight(client, context):
    handshake = Handshake(client, context, name="shop.test")
    client.send(handshake.step())
    handshake.receive()


def within_its_own_last_flight(client, context):
    handshake = Handshake(client, context, name="shop.test")
    client.send(handshake.step())
    while True:
        handshake.receive()
        flight = handshake.step()
        if flight:
            client.send(flight[: len(flight) // 2])
            return


def after_the_handshake(client, context):
    Handshake(client, context, name="shop.test").finish()


def within_a_request_head(client, context):
    handshake = Handshake(client, context, name="shop.test")
    handshake.finish()
    handshake.write(b"GET /x HTTP/1.1\r\nHo")


def within_a_record(client, context):
    handshake = Handshake(client, context, name="shop.test")
    handshake.finish()
    handshake.tls.write(b"GET /x HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    client.send(handshake.outgoing.read()[:-3])


STATES = (
    after_the_connect,
    after_one_byte,
    after_the_record_head,
    after_half_a_hello,
    but_for_the_last_byte_of_the_hello,
    after_the_hello,
    after_the_servers_flight,
    within_its_own_last_flight,
    after_the_handshake,
    within_a_request_head,
    within_a_record,
)


def serve_one(relay, origin):
    """The relay is as it should be."""
    client = relay.client().tunnel(origin.authority).secure(relay.context(), "shop.test")
    assert client.exchange(request("GET", "/x", host=origin.authority)).body == b"ok"
    client.close()


@pytest.mark.parametrize("how", ("close", "reset"))
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_client_that_leaves_within_the_handshake_leaves_nothing(state, version, how, shop, shared_tls_relay):
    shop.on("/x", response(200, "Connection: close", body=b"ok"))
    serve_one(shared_tls_relay, shop)
    shared_tls_relay.hang_up()
    eventually(lambda: shop.connections_open == 0, "the origin's connections to end")
    with_nobody = shared_tls_relay.descriptors()
    for _ in range(3):
        client = shared_tls_relay.client().tunnel(shop.authority)
        state(client, shared_tls_relay.context(minimum=version, maximum=version))
        getattr(client, how)()
    shared_tls_relay.wait_for_descriptors(with_nobody)
    eventually(lambda: shop.connections_open == 0, "the origin's connections to end")
    serve_one(shared_tls_relay, shop)
    assert shop.errors == [] and [seen.path for seen in shop.requests if seen.path != "/x"] == []


def test_a_thousand_clients_that_leave_cost_no_memory(shop, tls_relay):
    shop.on("/x", OK)
    context = tls_relay.context()
    hello = client_hello(context, "shop.test")

    def leave():
        client = tls_relay.client().tunnel(shop.authority)
        client.send(hello)
        client.socket.recv(1)
        client.reset()

    for _ in range(100):
        leave()
    growth = Growth(tls_relay)
    for _ in range(1000):
        leave()
    serve_one(tls_relay, shop)
    growth.at_most(1024)


def test_a_client_that_falls_silent_within_its_hello_is_not_waited_for(shop, start_tls_relay):
    """What it sent goes on as bytes, the origin decides."""
    relay = start_tls_relay("--timeout-head", "300ms")
    client = relay.client().tunnel(shop.authority)
    client.send(client_hello(relay.context(), "shop.test")[:20])
    (event,) = eventually(lambda: [event for event in relay.events("tunnel") if event["kind"] == "opaque"], "the event")
    assert "ClientHello" in event["reason"]


def test_a_client_that_falls_silent_after_the_servers_flight_is_hung_up_on(shop, start_tls_relay):
    relay = start_tls_relay("--timeout-head", "300ms")
    client = relay.client().tunnel(shop.authority)
    after_the_servers_flight(client, relay.context())
    read_to_any_end(client)
    eventually(lambda: shop.connections_open == 0, "the origin's connection to end")
