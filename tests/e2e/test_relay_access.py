# SPDX-License-Identifier: MIT
"""Who may use the relay and where it may go: its own listeners never, an open proxy never, and the rest as told."""
import base64
import ipaddress
import os
import pathlib
import socket

import pytest

from lib.hopaudit import environment
from lib.message import request
from lib.raw import Client, RawOrigin, assert_own_answer, eventually, proxy_error
from lib.raw_client import proxy_authorization
from lib.relay import Relay, files_replaced

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSALS = ("destination_ip_prohibited", "http_request_denied", "proxy_loop_detected")


def machine_addresses():
    """This machine's addresses beyond loopback, IPv4 first."""
    found = set()
    for family, far in ((socket.AF_INET, "192.0.2.99"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))  # sends nothing
                found.add(probe.getsockname()[0])
            except OSError:
                pass
    return sorted(found, key=lambda address: (":" in address, address))


# its own listeners

OWN_SPELLINGS = [
    "127.0.0.1",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::ffff:0.0.0.0]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "%31%32%37.0.0.1",
    "①②⑦.0.0.1",
]


@pytest.fixture(scope="module")
def careful_relay(tmp_path_factory):
    """Some of the spellings are names to it: nobody outside is asked for them."""
    folder = tmp_path_factory.mktemp("careful")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    replaced = files_replaced({"/etc/resolv.conf": folder / "resolv.conf"})
    options = ("--workers", "1", "--timeout-connect", "1s", "--resolve", "me.test=127.0.0.1")
    relay = Relay(folder, *options, preexec_fn=replaced)
    yield relay
    try:
        relay.hang_up()
        relay.stop()
    finally:
        relay.kill()


def assert_never_came_back(relay, raw, method):
    """Refused by the relay that was asked, with nothing forwarded: a loop would show as a second connection of the
    relay to itself, hence as a second error event or an answer with another one's Proxy-Status."""
    client = relay.client()
    mark = len(relay.events("proxy.error"))
    client.send(raw)
    response = client.read_response(method)
    assert response.status >= 400
    error = proxy_error(response)[0]
    client.close()
    events = eventually(lambda: relay.events("proxy.error")[mark:], "a proxy.error event")
    assert len(events) == 1 and events[0]["error"] == error, events
    return error


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
@pytest.mark.parametrize("host", [*OWN_SPELLINGS, "me.test"])
def test_own_listener_is_not_reached_as(careful_relay, host, method):
    host = host.encode()
    port = careful_relay.address[1]
    target = b"%s:%d" % (host, port) if method == "CONNECT" else b"http://%s:%d/loop" % (host, port)
    raw = b"%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (method.encode(), target)
    error = assert_never_came_back(careful_relay, raw, method)
    literal = host in (b"127.0.0.1", b"0.0.0.0", b"localhost", b"me.test") or host.startswith(b"[::ffff:")
    if literal:
        assert error in REFUSALS
    else:
        assert error in (
            *REFUSALS,
            "http_request_error",
            "dns_error",
            "dns_timeout",
            "connection_refused",
            "destination_unavailable",
            "connection_timeout",
            "destination_ip_unroutable",
        ), error


def test_own_listener_on_all_addresses_is_not_reached_by_any_of_them(start_relay):
    relay = start_relay("--listen", "0.0.0.0:0", "--allow", "127.0.0.0/8", "--timeout-connect", "1s")
    port = relay.address[1]
    relay_address = ("127.0.0.1", port)
    for host in ["127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "localhost", *machine_addresses()]:
        if ":" in host:
            continue
        relay.clients.append(Client(relay_address))
        client = relay.clients[-1]
        client.send(request("GET", f"http://{host}:{port}/loop", host="a"))
        response = client.read_response()
        assert response.status >= 400 and proxy_error(response)[0] in REFUSALS, (host, response.head.raw)


def test_another_port_of_the_own_address_is_served(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_own_port_of_another_address_is_served(relay):
    """Only the listener's own address is its own: 127.0.0.9 is somebody else."""
    upstream = RawOrigin("127.0.0.9", relay.address[1])
    try:
        client = relay.client()
        client.send(upstream.request("GET", "/x"))
        upstream.accept().exchange_here(OK)
        assert client.read_response().body == b"ok"
    finally:
        upstream.close()


# beyond loopback


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:0", "[::]:0", *[f"[{a}]:0" if ":" in a else f"{a}:0" for a in machine_addresses()]]
)
def test_listener_beyond_loopback_needs_to_know_whom_it_serves(hopaudit, listen):
    told = hopaudit("proxy", "--listen", listen)
    assert told.returncode == 2, told.stderr
    assert "--allow" in told.stderr and "--users" in told.stderr


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.0.0.5:0", "[::1]:0"])
def test_listener_on_loopback_needs_nothing(start_relay, listen):
    relay = start_relay("--listen", listen)
    client = relay.client()
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.read_response().status == 400


def everywhere(address):
    return "[::]:0" if ":" in address else "0.0.0.0:0"


def network_of(address):
    return str(ipaddress.ip_network(address).supernet(new_prefix=64 if ":" in address else 24))


def from_beyond(relay, address):
    """A client that comes from this address of the machine, which is not on loopback."""
    relay.clients.append(Client((address, relay.address[1]), source=address))
    return relay.clients[-1]


def test_this_machine_has_an_address_beyond_loopback():
    assert machine_addresses(), "without one, none of the tests below can show anything"


@pytest.mark.parametrize("address", machine_addresses())
def test_client_from_an_allowed_network_is_served(start_relay, upstream, address):
    networks = ("--allow", "203.0.113.0/24", "--allow", network_of(address), "--allow", "2001:db8:ffff::/48")
    relay = start_relay("--listen", everywhere(address), *networks)
    client = from_beyond(relay, address)
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
@pytest.mark.parametrize("address", machine_addresses())
def test_client_from_elsewhere_is_a_403(start_relay, upstream, address, method):
    relay = start_relay("--listen", everywhere(address), "--allow", "203.0.113.0/24", "--allow", "2001:db8:ffff::/48")
    client = from_beyond(relay, address)
    target = upstream.authority if method == "CONNECT" else upstream.url
    client.send(request(method, target, host=upstream.authority))
    assert_own_answer(client.read_response(method), 403, "http_request_denied")
    assert upstream.is_untouched()


@pytest.mark.parametrize("source", ["127.0.0.1", "127.9.9.9"])
def test_client_on_loopback_is_served_whatever_networks_are_allowed(start_relay, upstream, source):
    client = start_relay("--allow", "203.0.113.0/24").client(source=source)
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_ipv4_client_of_an_ipv6_listener_is_its_ipv4_address(start_relay, upstream):
    """A dual-stack socket shows it as ::ffff:a.b.c.d."""
    networks = [
        part for address in machine_addresses() if ":" not in address for part in ("--allow", network_of(address))
    ]
    relay = start_relay("--listen", "[::]:0", *networks)
    for address in machine_addresses():
        if ":" not in address:
            client = from_beyond(relay, address)
            client.send(upstream.request("GET", "/x"))
            upstream.accept().exchange_here(OK)
            assert client.read_response().body == b"ok"
            relay.hang_up()


@pytest.mark.parametrize("network", ["10.0.0.0/33", "10.0.0", "::/129", "localhost", "", "10.0.0.1/8x"])
def test_network_that_is_none_is_a_usage_error(hopaudit, network):
    told = hopaudit("proxy", "--listen", "127.0.0.1:0", "--allow", network)
    assert told.returncode == 2 and "allow" in told.stderr


# users


@pytest.fixture
def users_relay(start_relay, tmp_path):
    (tmp_path / "users").write_text("alice:sesame\nbob:pa:ss: word\n")
    os.chmod(tmp_path / "users", 0o600)
    return start_relay("--users", str(tmp_path / "users"))


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [proxy_authorization("alice", "wrong")],
        [proxy_authorization("alice", "")],
        [proxy_authorization("mallory", "sesame")],
        [proxy_authorization("alice", "sesame2")],
        [proxy_authorization("alice", "sesam")],
        ["Proxy-Authorization: Bearer x"],
        ["Proxy-Authorization: Basic !!!"],
        ["Proxy-Authorization: Basic"],
        ["Proxy-Authorization: Basic " + base64.b64encode(b"alice").decode()],
        ["Authorization" + proxy_authorization("alice", "sesame")[len("Proxy-Authorization") :]],
    ],
)
@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_request_without_a_right_password_is_a_407(users_relay, upstream, fields, method):
    client = users_relay.client()
    target = upstream.authority if method == "CONNECT" else upstream.url
    client.send(request(method, target, *fields, host=upstream.authority))
    response = client.read_response(method)
    assert_own_answer(response, 407, "http_request_denied")
    assert response.get("Proxy-Authenticate").lower().startswith(b"basic realm=")
    assert upstream.is_untouched()


@pytest.mark.parametrize("user, password", [("alice", "sesame"), ("bob", "pa:ss: word")])
def test_credentials_open_the_relay_and_are_consumed(users_relay, upstream, user, password):
    client = users_relay.client()
    client.send(upstream.request("GET", "/x", proxy_authorization(user, password)))
    head, _ = upstream.accept().exchange_here(OK)
    assert head.get("Proxy-Authorization") is None and head.get("Authorization") is None
    assert client.read_response().body == b"ok"


def test_scheme_of_credentials_is_read_without_regard_to_case(users_relay, upstream):
    client = users_relay.client()
    client.send(upstream.request("GET", "/x", proxy_authorization("alice", "sesame").replace("Basic", "bASIC")))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_client_may_ask_again_after_a_407(users_relay, upstream):
    client = users_relay.client()
    client.send(upstream.request("GET", "/x"))
    response = client.read_response()
    assert response.status == 407
    if response.head.has_token("Connection", "close"):
        client.expect_end()
        client = users_relay.client()
    client.send(upstream.request("GET", "/x", proxy_authorization("alice", "sesame")))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_each_request_needs_its_credentials(users_relay, upstream):
    client = users_relay.client()
    client.send(upstream.request("GET", "/x", proxy_authorization("alice", "sesame")))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    client.send(upstream.request("GET", "/x"))
    assert client.read_response().status == 407


def test_tunnel_opens_with_credentials(users_relay, upstream):
    assert users_relay.client().connect(upstream.authority, proxy_authorization("alice", "sesame")).status == 200


def test_passwords_are_not_in_the_log(users_relay, upstream):
    client = users_relay.client()
    client.send(upstream.request("GET", "/x", proxy_authorization("alice", "not-this-one")))
    assert client.read_response().status == 407
    users_relay.stop()
    encoded = base64.b64encode(b"alice:not-this-one")
    for secret in (b"not-this-one", encoded, b"sesame"):
        assert secret not in users_relay.log_bytes() and secret.decode() not in users_relay.stderr


@pytest.mark.parametrize("text", [None, "no-colon\n", ":nameless\n"], ids=["missing", "no_colon", "no_name"])
def test_users_file_that_cannot_be_used_is_told(hopaudit, tmp_path, text):
    if text is not None:
        (tmp_path / "users").write_text(text)
    told = hopaudit("proxy", "--listen", "127.0.0.1:0", "--users", str(tmp_path / "users"))
    assert told.returncode != 0 and "users" in told.stderr


# where it may go


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[::]",
        "inside.test",
    ],
)
def test_private_address_is_refused_when_told_so(start_relay, upstream, host, method):
    relay = start_relay("--deny-private", "--resolve", "inside.test=10.9.8.7", "--timeout-connect", "1s")
    authority = f"{host}:{upstream.port}"
    target = authority if method == "CONNECT" else f"http://{authority}/"
    client = relay.client()
    client.send(request(method, target, host=authority))
    assert_own_answer(client.read_response(method), 403, "destination_ip_prohibited")
    assert upstream.is_untouched()


def test_private_address_is_served_otherwise(relay, upstream):
    client = relay.client()
    client.send(request("GET", f"http://localhost:{upstream.port}/", host=f"localhost:{upstream.port}"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_connect_to_a_port_that_is_not_listed_is_a_403(start_relay, upstream):
    relay = start_relay("--connect-ports", "443,8000-8999" if not 8000 <= upstream.port <= 8999 else "443")
    assert_own_answer(relay.client().connect(upstream.authority), 403, "http_request_denied", "port")
    assert upstream.is_untouched()


@pytest.mark.parametrize("listed", ["{port}", "443,{port}", "443, {port}-{port}", "1-65535"])
def test_connect_to_a_listed_port_is_served(start_relay, upstream, listed):
    relay = start_relay("--connect-ports", listed.format(port=upstream.port))
    assert relay.client().connect(upstream.authority).status == 200


def test_port_policy_of_connect_does_not_bind_other_methods(start_relay, upstream):
    client = start_relay("--connect-ports", "443").client()
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("ports", ["x", "0", "65536", "9-8", "1-", ""])
def test_port_list_that_is_none_is_a_usage_error(hopaudit, ports):
    told = hopaudit("proxy", "--listen", "127.0.0.1:0", "--connect-ports", ports)
    assert told.returncode == 2 and "connect-ports" in told.stderr


def test_refused_request_s_body_is_not_run_as_a_request(users_relay, upstream):
    """The refusal comes before the body: what follows on the connection must be the body, or nothing."""
    hidden = upstream.request("GET", "/hidden", proxy_authorization("alice", "sesame")).decode("latin-1")
    client = users_relay.client()
    client.send(upstream.request("POST", "/x", body=hidden))
    response = client.read_response()
    assert response.status == 407
    if response.head.has_token("Connection", "close"):
        assert client.reader.read_to_end() == b""
    assert upstream.is_untouched()


def test_log_and_environment_of_a_test_are_its_own(tmp_path):
    """The suite's own promise: nothing of the developer's configuration is read."""
    assert pathlib.Path(environment(tmp_path)["XDG_CONFIG_HOME"]).is_relative_to(tmp_path)
