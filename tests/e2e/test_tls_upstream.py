# SPDX-License-Identifier: MIT
"""TLS towards origins: what must be refused is refused with its own reason and before a byte of the request, what must be
resumed is resumed, and an origin that leaves within the handshake costs nobody anything but a clear 502."""
import socket
import ssl

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from lib.certificates import EXPIRED, FUTURE, Authority, issued_by_a_leaf, rsa_key, self_signed
from lib.message import request, response
from lib.raw import assert_own_answer, eventually, read_to_any_end
from lib.tls import Handshake, client_context, server_context

pytest_plugins = ("lib.tls_fixtures",)

OK = response(200, body=b"ok")


def enter(relay, origin, name="shop.test", **options):
    """A client inside an intercepted tunnel to the origin."""
    return relay.client().tunnel(origin.authority).secure(relay.context(**options), name)


def ask(client, origin, path="/x", method="GET", body=None):
    return client.exchange(request(method, path, body=body, host=origin.authority))


# The zoo


def expired(trust):
    return trust.root.issue("shop.test", validity=EXPIRED)


def not_yet_valid(trust):
    return trust.root.issue("shop.test", validity=FUTURE)


def wrong_name(trust):
    return trust.root.issue("else.test", "*.shop.test")


def self_made(trust):
    return self_signed("shop.test")


def unknown_authority(trust):
    return Authority("nobody's root").issue("shop.test")


def weak_key(trust):
    return trust.root.issue("shop.test", key=rsa_key(1024))


def for_clients_only(trust):
    return trust.root.issue("shop.test", usage=ExtendedKeyUsageOID.CLIENT_AUTH)


def issued_by_no_authority(trust):
    return issued_by_a_leaf(trust.root.issue("else.test"), "shop.test")


def expired_authority(trust):
    return Authority("an old one", parent=trust.root, validity=EXPIRED).issue("shop.test")


def chain_not_sent(trust):
    identity = Authority("in between", parent=trust.root).issue("shop.test")
    identity.between = ()
    return identity


ZOO = (
    (expired, "certificate has expired"),
    (not_yet_valid, "not yet valid"),
    (wrong_name, "hostname mismatch"),
    (self_made, "self-signed certificate$"),
    (unknown_authority, "unable to get local issuer certificate"),
    (weak_key, "key too weak"),
    (for_clients_only, "certificate purpose"),
    (issued_by_no_authority, "invalid CA certificate"),
    (expired_authority, "certificate has expired"),
    (chain_not_sent, "unable to (get local issuer|verify the first) certificate"),
)
IDS = [make.__name__ for make, _ in ZOO]


@pytest.fixture
def start_zoo_origin(start_tls_origin, trust, tmp_path):
    def start(make):
        origin = start_tls_origin(identity=make(trust).write(tmp_path / "zoo.pem"), ciphers="DEFAULT@SECLEVEL=0")
        origin.on("/x", OK)
        return origin

    return start


@pytest.mark.parametrize("make,reason", ZOO, ids=IDS)
def test_a_certificate_that_does_not_hold_is_a_502_that_says_why(make, reason, start_zoo_origin, tls_relay):
    origin = start_zoo_origin(make)
    answer = ask(enter(tls_relay, origin), origin, method="POST", body=b"card=12")
    assert_own_answer(answer, 502, "tls_certificate_error", reason)
    assert b"shop.test" in answer.get("Proxy-Status")
    assert origin.requests == [], "the request was sent to an origin that nobody vouches for"
    (event,) = eventually(lambda: tls_relay.events("proxy.error"), "the event")
    assert (event["error"], event["status"], event["method"]) == ("tls_certificate_error", 502, "POST")
    assert event["target"] == f"{origin.url}/x"


@pytest.mark.parametrize("make,_", ZOO, ids=IDS)
def test_a_host_that_is_named_insecure_is_asked_all_the_same(make, _, start_zoo_origin, start_tls_relay):
    origin = start_zoo_origin(make)
    relay = start_tls_relay("--insecure-upstream", "shop.test")
    assert ask(enter(relay, origin), origin).body == b"ok"


def test_only_the_host_that_is_named_is_insecure(start_zoo_origin, start_tls_relay):
    origin = start_zoo_origin(self_made)
    relay = start_tls_relay("--insecure-upstream", "other.test")
    assert_own_answer(ask(enter(relay, origin), origin), 502, "tls_certificate_error", "self-signed")


def test_an_address_is_verified_as_an_address(start_tls_origin, trust, tls_relay):
    named = start_tls_origin(identity=trust.identity_file("shop.test"))
    client = tls_relay.client().tunnel(named.address_authority).secure(tls_relay.context(), "127.0.0.1")
    assert_own_answer(ask(client, named), 502, "tls_certificate_error", "IP address mismatch")
    right = start_tls_origin(identity=trust.identity_file("127.0.0.1"))
    right.on("/x", OK)
    client = tls_relay.client().tunnel(right.address_authority).secure(tls_relay.context(), "127.0.0.1")
    assert ask(client, right).body == b"ok"
    assert right.secured[0].name is None, "an address was sent as a server name (RFC 6066 §3 forbids it)"


def test_the_name_that_a_certificate_does_not_hold_for_is_told_beside_the_host(start_tls_origin, trust, tls_relay):
    """The client asked for another name than its CONNECT: verified is what it asked for."""
    origin = start_tls_origin(identity=trust.identity_file("else.test"))
    client = tls_relay.client().tunnel(origin.address_authority).secure(tls_relay.context(), "shop.test")
    assert_own_answer(
        ask(client, origin), 502, "tls_certificate_error", "certificate of 127.0.0.1 for shop.test: hostname mismatch"
    )


def test_an_intermediate_authority_that_is_sent_along_is_accepted(start_tls_origin, trust, tls_relay, tmp_path):
    identity = Authority("in between", parent=trust.root).issue("shop.test")
    origin = start_tls_origin(identity=identity.write(tmp_path / "chain.pem"))
    origin.on("/x", OK)
    assert ask(enter(tls_relay, origin), origin).body == b"ok"


def test_without_upstream_ca_the_tests_root_is_unknown(shop, start_relay):
    relay = start_relay("--intercept", "--resolve", "shop.test=127.0.0.1")
    context = client_context(relay.folder / "home/.config/hopaudit/ca.pem")
    client = relay.client()
    assert client.connect(shop.authority).status == 200
    handshake = Handshake(client, context, name="shop.test")
    handshake.finish()
    handshake.write(request("GET", "/x", host=shop.authority))
    assert b"tls_certificate_error" in handshake.read_until(b"\r\n\r\n")


# What is not a matter of certificates


def test_an_origin_that_does_not_speak_tls_is_a_502(tls_relay, upstream):
    """Plain HTTP behind an https URL: it answers the ClientHello with a 400."""
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}").secure(tls_relay.context(), "shop.test")
    client.send(request("GET", "/x", host="shop.test"))
    server = upstream.accept()
    server.socket.recv(65536)
    server.send(response(400))
    assert_own_answer(client.read_response(), 502, "tls_protocol_error", "wrong version number")


def test_an_origin_that_wants_older_tls_is_a_502(start_tls_origin, start_tls_relay):
    origin = start_tls_origin(maximum=ssl.TLSVersion.TLSv1_2)
    relay = start_tls_relay("--tls-min", "1.3")
    answer = ask(enter(relay, origin), origin)
    assert_own_answer(answer, 502, ("tls_protocol_error", "tls_alert_received"), "protocol version")


def test_an_origin_that_wants_a_client_certificate_is_a_502(start_tls_origin, trust, tls_relay):
    origin = start_tls_origin(maximum=ssl.TLSVersion.TLSv1_2)
    origin.context.verify_mode = ssl.CERT_REQUIRED
    origin.context.load_verify_locations(trust.ca_file)
    answer = ask(enter(tls_relay, origin), origin)
    assert_own_answer(answer, 502, ("tls_protocol_error", "tls_alert_received"), "handshake failure|certificate")


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ids=lambda version: version.name)
def test_origins_are_asked_in_either_version_with_their_name_and_protocol(version, start_tls_origin, tls_relay):
    origin = start_tls_origin(minimum=version, maximum=version)
    origin.on("/x", OK)
    assert ask(enter(tls_relay, origin), origin).body == b"ok"
    (secured,) = origin.secured
    assert secured.version.replace(".", "_") == version.name
    assert (secured.name, secured.protocol) == ("shop.test", "http/1.1")


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ids=lambda version: version.name)
def test_a_second_connection_to_an_origin_resumes_the_session(version, start_tls_origin, tls_relay):
    origin = start_tls_origin(minimum=version, maximum=version)
    origin.on("/x", response(200, "Connection: close", body=b"ok"))
    for _ in range(3):
        client = enter(tls_relay, origin)
        assert ask(client, origin).body == b"ok"
        client.close()
    assert [secured.resumed for secured in origin.secured] == [False, True, True]


def test_a_session_of_an_ipv6_address_is_resumed(start_tls_origin, tls_relay):
    origin = start_tls_origin(None, host="::1")
    origin.on("/x", response(200, "Connection: close", body=b"ok"))
    for _ in range(2):
        assert ask(enter(tls_relay, origin, "::1"), origin).body == b"ok"
    assert [secured.resumed for secured in origin.secured] == [False, True]


def test_a_session_of_one_origin_is_not_shown_to_another(start_tls_origin, tls_relay):
    origins = start_tls_origin("shop.test"), start_tls_origin("other.test")
    for origin in origins:
        origin.on("/x", response(200, "Connection: close", body=b"ok"))
        assert ask(enter(tls_relay, origin, origin.name), origin).body == b"ok"
    assert [origin.secured[0].resumed for origin in origins] == [False, False]


def test_an_origin_that_forgot_its_sessions_is_asked_anew(start_tls_origin, tls_relay, trust):
    """As after its restart: the ticket means nothing to it, and a whole handshake follows."""
    origin = start_tls_origin()
    origin.on("/x", response(200, "Connection: close", body=b"ok"))
    assert ask(enter(tls_relay, origin), origin).body == b"ok"
    origin.context = server_context(trust.identity_file("shop.test"))
    assert ask(enter(tls_relay, origin), origin).body == b"ok"


# An origin that leaves within the handshake


def leave_at_once(server, _):
    server.socket.recv(1, socket.MSG_PEEK)  # the relay has begun; before that it would simply connect anew


def leave_after_the_hello(server, _):
    server.socket.recv(65536)


def leave_within_the_first_flight(server, context):
    handshake = Handshake(server, context, server_side=True)
    handshake.receive()
    flight = handshake.step()
    server.send(flight[: len(flight) // 2])


def leave_after_the_first_flight(server, context):
    handshake = Handshake(server, context, server_side=True)
    handshake.receive()
    server.send(handshake.step())


def leave_after_the_handshake(server, context):
    Handshake(server, context, server_side=True).finish()


def leave_after_the_request(server, context):
    handshake = Handshake(server, context, server_side=True)
    handshake.finish()
    handshake.read_until(b"\r\n\r\n")


STATES = (
    leave_at_once,
    leave_after_the_hello,
    leave_within_the_first_flight,
    leave_after_the_first_flight,
    leave_after_the_handshake,
    leave_after_the_request,
)


def is_secured(leave, version):
    """May the handshake be complete for the relay? Of TLS 1.3 the origin's part ends with its first flight."""
    return STATES.index(leave) > (2 if version is ssl.TLSVersion.TLSv1_3 else 3)


@pytest.mark.parametrize("how", ("close", "reset"))
@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ids=lambda version: version.name)
@pytest.mark.parametrize("leave", STATES, ids=lambda leave: leave.__name__)
def test_an_origin_that_leaves_within_the_handshake_is_a_502_and_later_an_end(
    leave, version, how, tls_relay, upstream, trust
):
    """A POST: it is not asked a second time. Once TLS stands, the client sees what it would see without us: an end."""
    context = server_context(trust.identity_file("shop.test"), minimum=version, maximum=version)
    with_nobody = tls_relay.descriptors()
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}").secure(tls_relay.context(), "shop.test")
    server = upstream.accept()
    client.send(request("POST", "/x", body=b"card=12", host="shop.test"))
    leave(server, context)
    getattr(server, how)()
    try:
        answer = client.read_response()
        assert_own_answer(answer, 502, ("tls_protocol_error", "connection_terminated"))
    except (EOFError, ConnectionResetError):
        assert is_secured(leave, version), "no answer"
    (event,) = eventually(lambda: tls_relay.events("proxy.error"), "the event")
    assert event["error"] in ("tls_protocol_error", "connection_terminated") and event["method"] == "POST"
    assert upstream.is_untouched(), "the request was sent again"
    client.close()
    tls_relay.wait_for_descriptors(with_nobody)


def test_an_origin_that_falls_silent_within_the_handshake_is_a_504(start_tls_relay, upstream):
    relay = start_tls_relay("--timeout-connect", "300ms")
    client = relay.client().tunnel(f"shop.test:{upstream.port}").secure(relay.context(), "shop.test")
    client.send(request("GET", "/x", host="shop.test"))
    upstream.accept().socket.recv(65536)
    assert_own_answer(client.read_response(), 504, "connection_timeout", "TLS handshake")


@pytest.mark.parametrize("how", ("close", "reset"))
def test_a_client_that_leaves_while_the_origins_handshake_runs_frees_it(how, start_tls_relay, upstream):
    """At once, and not when the time is over: an end without close_notify is nobody's half close."""
    relay = start_tls_relay("--timeout-connect", "1h")
    with_nobody = relay.descriptors()
    client = relay.client().tunnel(f"shop.test:{upstream.port}").secure(relay.context(), "shop.test")
    client.send(request("GET", "/x", host="shop.test"))
    server = upstream.accept()
    server.socket.recv(65536)
    getattr(client, how)()
    assert read_to_any_end(server)[0] == b""
    relay.wait_for_descriptors(with_nobody)


def test_a_client_that_says_its_end_while_the_origins_handshake_runs_is_answered(tls_relay, upstream, trust):
    """With close_notify: it has nothing more to ask, and may still read."""
    client = tls_relay.client().tunnel(f"shop.test:{upstream.port}")
    inside = Handshake(client, tls_relay.context(), name="shop.test")
    inside.finish()
    server = upstream.accept()
    inside.write(request("GET", "/x", host="shop.test"))
    with pytest.raises(ssl.SSLWantReadError):
        inside.tls.unwrap()
    client.send(inside.outgoing.read())
    client.socket.shutdown(socket.SHUT_WR)
    outside = Handshake(server, server_context(trust.identity_file("shop.test")), server_side=True)
    outside.finish()
    outside.read_until(b"\r\n\r\n")
    outside.write(OK)
    assert inside.read_until(b"ok").startswith(b"HTTP/1.1 200 ")
