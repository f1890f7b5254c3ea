# SPDX-License-Identifier: MIT
"""TLS that is not opened: what was asked for, what we do not speak, and hosts whose client refused our certificate. Each
tunnel is told in the log, its bytes pass as they came, and a chain that enters it ends as `left_visibility`."""
import os
import ssl
import sys

import pytest

from lib import drivers
from lib.message import redirect, request, response
from lib.raw import eventually, read_to_any_end
from lib.tls import Handshake, client_context, client_hello

pytest_plugins = ("lib.tls_fixtures",)

OK = response(200, body=b"ok")

# A whole ClientHello of TLS 1.1: record, handshake, version, random, no session, one cipher, no compression.
OLD_HELLO = (
    b"\x16\x03\x01\x00\x2d" + b"\x01\x00\x00\x29" + b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x02\x00\x2f" + b"\x01\x00"
)


@pytest.fixture
def strict(trust):
    """What a client knows that trusts the tests' root and nothing else: it refuses our certificates."""
    return client_context(trust.ca_file)


def enter(relay, origin, context, name="shop.test"):
    return relay.client().tunnel(origin.authority).secure(context, name)


def ask(client, origin, path="/x"):
    return client.exchange(request("GET", path, host=origin.authority))


def passed(relay, count=1):
    """The events of tunnels that passed through."""
    found = eventually(
        lambda: len(relay.events("tls.passed_through")) >= count and relay.events("tls.passed_through"),
        lambda: f"{count} events tls.passed_through\n{relay.log.tell()}",
    )
    assert len(found) == count, found
    return found


# Asked for


@pytest.mark.parametrize("pattern", ("shop.test", "SHOP.test", "*.test"))
def test_a_host_that_is_to_pass_shows_its_own_certificate(pattern, shop, strict, start_tls_relay):
    shop.on("/x", OK)
    relay = start_tls_relay("--passthrough", pattern)
    client = enter(relay, shop, strict)
    assert client.issuer == "hopaudit test root"
    assert ask(client, shop).body == b"ok"
    (event,) = passed(relay)
    assert event["authority"] == shop.authority and "passthrough" in event["reason"]
    assert relay.events("tls.intercepted") == []


@pytest.mark.parametrize("pattern", ("*.shop.test", "hop.test", "shop.test.", "other.test"))
def test_a_host_that_no_pattern_names_is_opened(pattern, shop, start_tls_relay):
    relay = start_tls_relay("--passthrough", pattern)
    client = enter(relay, shop, relay.context())
    assert client.issuer.startswith("hopaudit CA")
    (event,) = eventually(lambda: relay.events("tls.intercepted"), "the event")
    assert (event["authority"], event["version"]) == (shop.authority, "TLSv1.3")


def test_the_name_that_the_client_gives_counts_as_well_as_that_of_its_connect(shop, strict, start_tls_relay):
    """CONNECT to an address, with the host's name in the ClientHello."""
    shop.on("/x", OK)
    relay = start_tls_relay("--passthrough", "shop.test")
    client = relay.client().tunnel(shop.address_authority).secure(strict, "shop.test")
    assert client.issuer == "hopaudit test root" and ask(client, shop).body == b"ok"
    (event,) = passed(relay)
    assert (event["authority"], event["name"]) == (shop.address_authority, "shop.test")


def test_without_interception_all_tls_passes(shop, strict, start_tls_relay):
    shop.on("/x", OK)
    relay = start_tls_relay("--no-intercept")
    assert ask(enter(relay, shop, strict), shop).body == b"ok"
    assert not relay.ca_file.exists(), "an authority was made that nobody needs"


def test_a_chain_that_enters_a_passed_tunnel_has_left_visibility(origin, shop, run, trust):
    """http://… redirects to https://shop.test/, which passes: not "not followed"."""
    origin.on("/pay", redirect(307, f"{shop.url}/pay"))
    shop.on("/pay", OK)
    options = ("--passthrough", "shop.test", "--resolve", "shop.test=127.0.0.1")
    done = run(drivers.CURL.command("GET", f"{origin.url}/pay", "--header", f"X-Root: {trust.ca_file}"), *options)
    # curl trusts our bundle, which does not know the tests' root: it ends with 60, and the tunnel was entered all the same
    log = done.expect(60)
    assert log.one("redirect.closed")["outcome"] == "left_visibility"
    assert log.one("chain.finished")["outcome"] == "left_visibility"
    assert [event["rule"] for event in log.events("finding") if event["severity"] in ("error", "warning")] == []
    assert log.one("tls.passed_through")["authority"] == shop.authority
    assert "shop.test" in done.stderr and "--passthrough" in done.stderr


# What we do not speak


@pytest.mark.parametrize("protocols", (("h2",), ("acme-tls/1",), ("h2", "spdy/3.1")), ids=",".join)
def test_a_client_that_offers_no_http_1_passes(protocols, start_tls_origin, trust, tls_relay):
    origin = start_tls_origin(alpn=protocols)
    client = enter(tls_relay, origin, client_context(trust.ca_file, alpn=protocols))
    assert client.socket.selected_alpn_protocol() == protocols[0]
    assert client.issuer == "hopaudit test root"
    (event,) = passed(tls_relay)
    assert "HTTP/1.1" in event["reason"] and event["name"] == "shop.test"


def test_a_client_of_an_older_version_than_asked_for_is_refused_and_told(shop, start_tls_relay):
    """--tls-min is a demand. It says nothing about our certificate, though: the host is opened for who speaks 1.3."""
    shop.on("/x", OK)
    relay = start_tls_relay("--tls-min", "1.3", "--passthrough-rejected")
    for _ in range(2):
        with pytest.raises(ssl.SSLError, match="alert protocol version"):
            enter(relay, shop, relay.context(maximum=ssl.TLSVersion.TLSv1_2))
    assert ask(enter(relay, shop, relay.context()), shop).body == b"ok"
    log = relay.stop()
    events = log.events("tls.rejected")
    assert [event["authority"] for event in events] == [shop.authority] * 2
    assert {event["reason"] for event in events} == {"the client offers no TLS 1.3, which --tls-min asks for"}
    assert log.events("tls.passed_through") == [] and len(log.events("tls.intercepted")) == 1


def test_a_client_of_a_version_that_nobody_speaks_any_more_passes_and_is_told(tls_relay, upstream):
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    client.send(OLD_HELLO)
    assert upstream.accept().reader.read_exactly(len(OLD_HELLO)) == OLD_HELLO
    (event,) = passed(tls_relay)
    assert event["reason"] == "the client offers no version of TLS that we speak"


@pytest.mark.parametrize(
    "opening",
    (
        b"SSH-2.0-client\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",  # how PostgreSQL asks for TLS
        b"\x16\x03\x01\x00\x05hello",  # a handshake record that holds no handshake
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",  # a ServerHello
        b"\x16" + bytes(range(1, 64)),
        b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(range(0x25)),  # a ClientHello of SSL 2
    ),
    ids=("ssh", "postgresql", "no_handshake", "server_hello", "noise", "ssl2"),
)
def test_what_is_not_tls_passes_as_it_came(opening, tls_relay, upstream):
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    client.send(opening)
    server = upstream.accept()
    assert server.reader.read_exactly(len(opening)) == opening
    server.send(b"\0answer")
    assert client.reader.read_exactly(7) == b"\0answer"
    more = os.urandom(100_000)
    client.send(more)
    assert server.reader.read_exactly(len(more)) == more
    client.send_end()
    assert read_to_any_end(server) == (b"", "end")


def test_a_server_that_speaks_first_is_heard(tls_relay, upstream):
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    server = upstream.accept()
    server.send(b"220 mail\r\n")
    assert client.reader.read_exactly(10) == b"220 mail\r\n"


@pytest.mark.parametrize("pieces", (1, 7))
def test_a_passed_client_hello_arrives_whole_however_it_was_cut(pieces, trust, tls_relay, upstream):
    """It is kept until it is judged: not a byte is lost, none is sent by us before."""
    hello = client_hello(client_context(trust.ca_file, alpn=("h2",)), "shop.test")
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    server = upstream.accept()
    for at in range(0, len(hello), pieces):
        client.send(hello[at : at + pieces])
    assert server.reader.read_exactly(len(hello)) == hello
    server.send(b"\x15\x03\x03\x00\x02\x02\x28")  # an alert: the client must get this one and no other
    assert client.reader.read_exactly(7) == b"\x15\x03\x03\x00\x02\x02\x28"


def test_plain_http_in_a_tunnel_is_still_recognised(tls_relay, upstream):
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    client.send(request("GET", "/x", host="shop.test"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    (event,) = eventually(lambda: tls_relay.events("tunnel"), "the event")
    assert event["kind"] == "http"


# Hosts whose client refused our certificate


def refuse(relay, origin, context):
    with pytest.raises(ssl.SSLCertVerificationError):
        enter(relay, origin, context)
    (event,) = eventually(lambda: relay.events("tls.rejected"), "the event")
    assert event["authority"] == origin.authority and "unknown ca" in event["reason"].lower()


def test_after_a_refusal_the_next_connection_passes(shop, strict, start_tls_relay):
    shop.on("/x", OK)
    relay = start_tls_relay("--passthrough-rejected")
    refuse(relay, shop, strict)
    client = enter(relay, shop, strict)
    assert client.issuer == "hopaudit test root" and ask(client, shop).body == b"ok"
    (event,) = passed(relay)
    assert "refused our certificate" in event["reason"]


def test_a_refusal_is_about_one_host(shop, strict, start_tls_origin, start_tls_relay):
    relay = start_tls_relay("--passthrough-rejected")
    refuse(relay, shop, strict)
    other = start_tls_origin("other.test")
    assert enter(relay, other, relay.context(), "other.test").issuer.startswith("hopaudit CA")


def test_without_the_option_a_refusing_client_is_refused_again(shop, strict, tls_relay):
    refuse(tls_relay, shop, strict)
    with pytest.raises(ssl.SSLCertVerificationError):
        enter(tls_relay, shop, strict)
    assert tls_relay.events("tls.passed_through") == []


RETRYING = """
import os, ssl, socket, sys, urllib.parse
authority, roots = sys.argv[1:]
proxy = urllib.parse.urlsplit(os.environ["https_proxy"])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(roots)
for attempt in range(2):
    raw = socket.create_connection((proxy.hostname, proxy.port))
    raw.sendall(f"CONNECT {authority} HTTP/1.1\\r\\nHost: {authority}\\r\\n\\r\\n".encode())
    raw.recv(1000)
    try:
        context.wrap_socket(raw, server_hostname="shop.test")
        print("passed")
    except ssl.SSLCertVerificationError:
        print("refused")
"""


def test_run_lets_a_client_with_a_trust_of_its_own_pass_at_its_second_try(shop, run, trust):
    """A client that pins its roots knows nothing of the environment."""
    done = run([sys.executable, "-c", RETRYING, shop.authority, trust.ca_file], "--resolve", "shop.test=127.0.0.1", "--workers", "1")
    log = done.expect(0)
    assert done.stdout.split() == ["refused", "passed"]
    assert len(log.events("tls.rejected")) == len(log.events("tls.passed_through")) == 1
    assert "shop.test" in done.stderr and "certificate" in done.stderr


@pytest.mark.parametrize("how", ("close", "reset"))
def test_a_client_that_merely_leaves_is_no_refusal(how, shop, start_tls_relay):
    """One Ctrl-C must not blind the whole run to a host."""
    relay = start_tls_relay("--passthrough-rejected")
    client = relay.client().tunnel(shop.authority)
    handshake = Handshake(client, relay.context(), name="shop.test")
    client.send(handshake.step())
    handshake.receive()
    getattr(client, how)()
    eventually(lambda: relay.events("tls.rejected"), "the event")
    assert enter(relay, shop, relay.context()).issuer.startswith("hopaudit CA")
