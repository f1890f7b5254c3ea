# SPDX-License-Identifier: MIT
"""Names: hosts file and resolv.conf honoured, off the loop, addresses tried with a stagger, failures told apart.

The relay runs with a hosts file and a resolv.conf of the test's own (a mount namespace: these tests need root)."""
import socket
import time

import pytest

from lib.message import request
from lib.nameserver import A, AAAA, NXDOMAIN, SERVFAIL, Nameserver, Silence
from lib.raw import FullBacklog, RawOrigin, assert_own_answer
from lib.relay import files_replaced

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def nameserver():
    server = Nameserver({})
    yield server
    server.close()


@pytest.fixture
def named_relay(start_relay, tmp_path, nameserver):
    """named_relay(OPTION..., hosts=TEXT): a relay that asks `nameserver` and reads this hosts file."""

    def start(*options, hosts="127.0.0.1 localhost\n"):
        (tmp_path / "hosts").write_text(hosts)
        (tmp_path / "resolv.conf").write_text(f"nameserver {nameserver.address}\noptions timeout:1 attempts:2\n")
        replaced = {"/etc/hosts": tmp_path / "hosts", "/etc/resolv.conf": tmp_path / "resolv.conf"}
        return start_relay(*options, preexec_fn=files_replaced(replaced))

    return start


def get(client, name, port, path="/x"):
    client.send(request("GET", f"http://{name}:{port}{path}", host=f"{name}:{port}"))


def test_name_is_resolved_by_the_server_of_resolv_conf(named_relay, nameserver, upstream):
    nameserver.table["shop.test"] = ["127.0.0.1"]
    client = named_relay().client()
    get(client, "shop.test", upstream.port)
    head, _ = upstream.accept().exchange_here(OK)
    assert head.all("Host") == [b"shop.test:%d" % upstream.port]
    assert client.read_response().body == b"ok"
    assert ("shop.test", A) in nameserver.asked


def test_hosts_file_comes_before_the_name_server(named_relay, nameserver, upstream):
    nameserver.table["shop.test"] = ["127.0.0.99"]
    client = named_relay(hosts="127.0.0.1 localhost\n127.0.0.1\tmain.test shop.test # alias\n").client()
    get(client, "shop.test", upstream.port)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    assert nameserver.asked == []


def test_hosts_file_is_asked_without_regard_to_case(named_relay, upstream):
    client = named_relay(hosts="127.0.0.1 Shop.Test\n").client()
    get(client, "sHOP.tEST", upstream.port)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_name_that_has_only_an_ipv6_address_is_reached(named_relay, nameserver):
    upstream = RawOrigin("::1")
    nameserver.table["six.test"] = ["::1"]
    try:
        client = named_relay().client()
        get(client, "six.test", upstream.port)
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
        assert ("six.test", AAAA) in nameserver.asked
    finally:
        upstream.close()


@pytest.mark.parametrize("answer", [NXDOMAIN, SERVFAIL, []], ids=["nxdomain", "servfail", "no_address"])
def test_name_that_does_not_exist_is_a_502(named_relay, nameserver, answer):
    nameserver.table["none.test"] = answer
    client = named_relay("--timeout-connect", "5s").client()
    get(client, "none.test", 80)
    assert_own_answer(client.read_response(), 502, "dns_error", "none.test|name")


def test_name_server_that_does_not_answer_is_a_504(named_relay, nameserver):
    nameserver.table["slow.test"] = Silence
    client = named_relay("--timeout-connect", "700ms").client()
    get(client, "slow.test", 80)
    assert_own_answer(client.read_response(), 504, "dns_timeout")


def test_name_server_that_does_not_listen_is_an_error_of_names(named_relay, nameserver, upstream):
    relay = named_relay("--timeout-connect", "700ms")
    address = nameserver.address
    nameserver.close()
    try:
        client = relay.client()
        get(client, "shop.test", upstream.port)
        assert_own_answer(client.read_response(), (502, 504), ("dns_error", "dns_timeout"))
    finally:
        nameserver.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nameserver.socket.bind((address, 53))


def test_slow_lookup_holds_nobody_else_up(named_relay, nameserver, upstream):
    """One worker, one lookup that never ends: everybody else is served meanwhile."""
    nameserver.table["slow.test"] = Silence
    nameserver.table["shop.test"] = ["127.0.0.1"]
    relay = named_relay("--timeout-connect", "15s")
    waiting = relay.client()
    get(waiting, "slow.test", upstream.port)
    started = time.monotonic()
    for name in ("127.0.0.1", "shop.test"):
        client = relay.client()
        get(client, name, upstream.port)
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
    assert time.monotonic() - started < 10, "they waited for the other's lookup"


def test_client_that_leaves_during_a_lookup_is_forgotten(named_relay, nameserver):
    nameserver.table["slow.test"] = Silence
    relay = named_relay("--timeout-connect", "10s")
    get(relay.client(), "none.test", 80)  # now it has the socket with which it asks
    assert relay.clients[0].read_response().status == 502
    relay.hang_up()
    before = relay.descriptors()
    clients = [relay.client() for _ in range(20)]
    for client in clients:
        get(client, "slow.test", 80)
    for client in clients:
        client.reset()
    relay.wait_for_descriptors(before)


def test_second_address_is_tried_when_the_first_refuses(named_relay, nameserver):
    upstream = RawOrigin("127.0.0.3")
    nameserver.table["two.test"] = ["127.0.0.2", "127.0.0.3"]
    try:
        client = named_relay().client()
        get(client, "two.test", upstream.port)
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
    finally:
        upstream.close()


def test_second_address_is_tried_soon_when_the_first_is_dead(named_relay, nameserver):
    """RFC 8305: a quarter of a second, not a connection timeout."""
    dead = FullBacklog("127.0.0.2")
    upstream = RawOrigin("127.0.0.3", dead.port)
    nameserver.table["two.test"] = ["127.0.0.2", "127.0.0.3"]
    try:
        client = named_relay("--timeout-connect", "20s").client()
        started = time.monotonic()
        get(client, "two.test", upstream.port)
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
        assert time.monotonic() - started < 5
    finally:
        dead.close()
        upstream.close()


def test_ipv4_address_is_tried_soon_when_the_ipv6_one_refuses(named_relay, nameserver, upstream):
    nameserver.table["dual.test"] = ["::1", "127.0.0.1"]
    client = named_relay().client()
    get(client, "dual.test", upstream.port)
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_all_addresses_refused_is_a_502(named_relay, nameserver, upstream):
    nameserver.table["two.test"] = ["127.0.0.2", "127.0.0.3", "::1"]
    client = named_relay().client()
    get(client, "two.test", upstream.port)
    assert_own_answer(client.read_response(), 502, "connection_refused")


def test_all_addresses_dead_is_a_504(named_relay, nameserver):
    dead = FullBacklog("127.0.0.2")
    nameserver.table["dead.test"] = ["127.0.0.2"]
    try:
        client = named_relay("--timeout-connect", "700ms").client()
        get(client, "dead.test", dead.port)
        assert_own_answer(client.read_response(), 504, "connection_timeout")
    finally:
        dead.close()


def test_tunnel_to_a_name_is_resolved_likewise(named_relay, nameserver, upstream):
    nameserver.table["shop.test"] = ["127.0.0.1"]
    relay = named_relay()
    assert relay.client().connect(f"shop.test:{upstream.port}").status == 200
    upstream.accept()
    assert_own_answer(relay.client().connect("none.test:443"), 502, "dns_error")


def test_resolve_gives_a_name_to_an_address_and_another_port(start_relay, upstream):
    relay = start_relay("--resolve", f"shop.test:80=127.0.0.1:{upstream.port}")
    client = relay.client()
    client.send(request("GET", "http://shop.test/x", host="shop.test"))
    head, _ = upstream.accept().exchange_here(OK)
    assert head.all("Host") == [b"shop.test"]
    assert client.read_response().body == b"ok"
