# SPDX-License-Identifier: MIT
"""TLS towards clients, and what passes inside an intercepted tunnel: every byte as it came, both ways."""
import base64
import hashlib
import os
import socket
import ssl
import sys
import threading

import pytest

from lib.certificates import EXPIRED, Authority
from lib.compare import exactly
from lib.message import request, response
from lib.raw import eventually
from lib.relay import Growth
from lib.tls import TlsOrigin, client_context, secrets_of, server_context

pytest_plugins = ("lib.tls_fixtures",)

OK = response(200, body=b"ok")
VERSIONS = pytest.mark.parametrize(
    "version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ids=lambda version: version.name
)


def enter(relay, origin, name="shop.test", session=None, **options):
    """A client inside an intercepted tunnel to the origin."""
    return relay.client().tunnel(origin.authority).secure(relay.context(**options), name, session)


def ask(client, origin, path="/x", method="GET", body=None, fields=()):
    return client.exchange(request(method, path, *fields, body=body, host=origin.authority))


# The certificate that a client is shown


def names_in(client):
    return sorted(client.socket.getpeercert()["subjectAltName"])


def test_the_leaf_is_for_the_name_that_the_client_gave(shop, tls_relay):
    client = enter(tls_relay, shop)
    assert names_in(client) == [("DNS", "shop.test")]
    assert client.issuer.startswith("hopaudit")


def test_a_client_that_gives_no_name_is_shown_the_name_of_its_connect(shop, tls_relay):
    context = tls_relay.context()
    context.check_hostname = False
    client = tls_relay.client().tunnel(shop.authority).secure(context, None)
    assert names_in(client) == [("DNS", "shop.test")]


def test_an_address_is_shown_a_leaf_for_an_address(shop, tls_relay):
    shop.on("/x", OK)
    client = tls_relay.client().tunnel(shop.address_authority).secure(tls_relay.context(), "127.0.0.1")
    assert names_in(client) == [("IP Address", "127.0.0.1")]
    assert ask(client, shop).body == b"ok"


def test_an_ipv6_address_is_shown_a_leaf_for_an_address(trust, tls_relay):
    origin = TlsOrigin(server_context(trust.identity_file("::1")), host="::1")
    try:
        origin.on("/x", OK)
        client = tls_relay.client().tunnel(f"[::1]:{origin.port}").secure(tls_relay.context(), "::1")
        assert ask(client, origin).body == b"ok"
    finally:
        origin.stop()


def test_two_tunnels_to_one_host_are_shown_one_leaf(shop, tls_relay):
    clients = [enter(tls_relay, shop) for _ in range(2)]
    first, second = (client.socket.getpeercert(binary_form=True) for client in clients)
    assert first == second


def test_the_authority_outlives_the_process_and_its_key_is_private(shop, start_tls_relay, tmp_path):
    first = start_tls_relay()
    made = first.ca_file.read_bytes()
    first.stop()
    folder = first.ca_file.parent
    assert (folder / "ca.key").stat().st_mode & 0o777 == 0o600
    second = start_tls_relay(variables={"XDG_CONFIG_HOME": str(folder.parent)})
    assert second.ca_file != first.ca_file and not second.ca_file.exists()
    shop.on("/x", OK)
    client = second.client().tunnel(shop.authority).secure(client_context(first.ca_file), "shop.test")
    assert ask(client, shop).body == b"ok" and first.ca_file.read_bytes() == made


# An authority of the user's own


@pytest.fixture
def own(tmp_path):
    """(authority, certificate file, key file)"""
    authority = Authority("the company's root")
    certificate, key = authority.write_certificate(tmp_path / "own.pem"), tmp_path / "own.key"
    key.write_bytes(authority.key_pem)
    key.chmod(0o600)
    return authority, certificate, key


def test_an_authority_of_the_users_own_issues_the_leaves(own, shop, start_tls_relay):
    _, certificate, key = own
    relay = start_tls_relay("--ca-cert", str(certificate), "--ca-key", str(key))
    client = relay.client().tunnel(shop.authority).secure(client_context(certificate), "shop.test")
    assert client.issuer == "the company's root"
    assert not relay.ca_file.exists()


SHOW_ISSUER = """
import os, ssl, socket, sys, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["https_proxy"])
raw = socket.create_connection((proxy.hostname, proxy.port))
raw.sendall(f"CONNECT {sys.argv[1]} HTTP/1.1\\r\\nHost: {sys.argv[1]}\\r\\n\\r\\n".encode())
raw.recv(1000)
print(ssl.create_default_context().wrap_socket(raw, server_hostname="shop.test").getpeercert()["issuer"])
"""


def test_run_takes_the_users_own_authority_too(own, shop, run, trust):
    _, certificate, key = own
    shop.on("/x", OK)
    resolve = ("--resolve", "shop.test=127.0.0.1")
    done = run([sys.executable, "-c", SHOW_ISSUER, shop.authority], "--ca-cert", certificate, "--ca-key", key, *resolve)
    done.expect(0)
    assert "the company's root" in done.stdout


def test_a_key_that_is_anothers_is_refused(own, run, tmp_path):
    _, certificate, _ = own
    other = tmp_path / "other.key"
    other.write_bytes(Authority("another").key_pem)
    other.chmod(0o600)
    done = run(["touch", tmp_path / "started"], "--ca-cert", certificate, "--ca-key", other)
    assert done.status == 125 and "other.key" in done.stderr and not (tmp_path / "started").exists()


def test_a_key_that_others_may_read_is_refused(own, run, tmp_path):
    _, certificate, key = own
    key.chmod(0o644)
    done = run(["touch", tmp_path / "started"], "--ca-cert", certificate, "--ca-key", key)
    assert done.status == 125 and "own.key" in done.stderr and not (tmp_path / "started").exists()


def test_a_leaf_is_refused_as_an_authority(trust, run, tmp_path):
    leaf = trust.root.issue("shop.test")
    (tmp_path / "leaf.pem").write_bytes(leaf.certificate_pem)
    (tmp_path / "leaf.key").write_bytes(leaf.key_pem)
    (tmp_path / "leaf.key").chmod(0o600)
    done = run(["touch", tmp_path / "started"], "--ca-cert", tmp_path / "leaf.pem", "--ca-key", tmp_path / "leaf.key")
    assert done.status == 125 and "leaf.pem" in done.stderr and not (tmp_path / "started").exists()


def test_an_expired_authority_is_refused(run, tmp_path):
    old = Authority("an old one", validity=EXPIRED)
    old.write_certificate(tmp_path / "old.pem")
    (tmp_path / "old.key").write_bytes(old.key_pem)
    (tmp_path / "old.key").chmod(0o600)
    done = run(["touch", tmp_path / "started"], "--ca-cert", tmp_path / "old.pem", "--ca-key", tmp_path / "old.key")
    assert done.status == 125 and "expired" in done.stderr and not (tmp_path / "started").exists()


# Versions, protocols, sessions, keys


@VERSIONS
def test_clients_may_speak_either_version(version, shop, tls_relay):
    shop.on("/x", OK)
    client = enter(tls_relay, shop, minimum=version, maximum=version)
    assert client.socket.version().replace(".", "_") == version.name
    assert ask(client, shop).body == b"ok"


@pytest.mark.parametrize("offered,chosen", ((("h2", "http/1.1"), "http/1.1"), (("http/1.1",), "http/1.1"), (None, None)))
def test_http_1_is_chosen_of_what_the_client_offers(offered, chosen, shop, tls_relay):
    shop.on("/x", OK)
    client = enter(tls_relay, shop, alpn=offered)
    assert client.socket.selected_alpn_protocol() == chosen
    assert ask(client, shop).body == b"ok"


@VERSIONS
def test_a_client_resumes_its_session_in_the_next_tunnel(version, shop, tls_relay):
    shop.on("/x", OK)
    context = tls_relay.context(minimum=version, maximum=version)
    session = None
    for expected in (False, True, True):
        client = tls_relay.client().tunnel(shop.authority).secure(context, "shop.test", session)
        assert ask(client, shop).body == b"ok"  # a ticket of TLS 1.3 comes with the first bytes
        assert client.socket.session_reused == expected
        session = client.socket.session
        client.close()


@VERSIONS
def test_the_key_log_holds_the_secrets_of_both_sides(version, start_tls_origin, start_tls_relay, tmp_path):
    origin = start_tls_origin(minimum=version, maximum=version)
    origin.context.keylog_filename = str(tmp_path / "origin.keys")
    origin.on("/x", OK)
    relay = start_tls_relay(variables={"SSLKEYLOGFILE": str(tmp_path / "relay.keys")})
    context = relay.context(minimum=version, maximum=version)
    context.keylog_filename = str(tmp_path / "client.keys")
    client = relay.client().tunnel(origin.authority).secure(context, "shop.test")
    assert ask(client, origin).body == b"ok"
    relay.hang_up()
    relay.stop()
    known = secrets_of(tmp_path / "relay.keys")
    sides = [secrets_of(tmp_path / name) for name in ("client.keys", "origin.keys")]
    assert sides[0] and sides[1] and sides[0].isdisjoint(sides[1])
    assert sides[0] <= known and sides[1] <= known
    assert (tmp_path / "relay.keys").stat().st_mode & 0o077 == 0, "others may read the secrets of the traffic"


# What passes


ODD = (
    b"POST /a//b/../%7Ec?q=%20&&x HTTP/1.1\r\nhOsT: shop.test\r\nX-A:   spaced \t\r\nx-a: twice\r\nConnection: keep-alive, X-Hop\r\n"
    b"X-Hop: 1\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nCookie: a=b\r\n"
    b"Via: 1.1 somebody\r\nContent-Length: 4\r\n\r\nbody"
)
ANSWER = (
    b"HTTP/1.1 307 My  Own Reason\r\nlOcAtIoN: //shop.test/x?y\r\nKeep-Alive: timeout=5, max=100\r\nConnection: keep-alive\r\n"
    b"Set-Cookie: a=b\r\nset-cookie: c=d\r\nX-Empty:\r\nContent-Length: 3\r\n\r\n\0\r\n"
)


def test_not_a_byte_of_head_or_body_differs_and_no_via_is_added(shop, tls_relay):
    shop.on("/a//b/../%7Ec", ANSWER)
    client = enter(tls_relay, shop)
    client.send(ODD)
    assert client.reader.read_exactly(len(ANSWER)) == ANSWER
    (seen,) = shop.requests
    assert exactly(seen) == (ODD[:-4], b"body", True)


def test_chunks_and_trailers_pass_as_they_came(shop, tls_relay):
    asked = b"POST /x HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
    chunks = b"4;ext=1\r\nbody\r\n0\r\nT: 1\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n000\r\nX: y\r\n\r\n"
    shop.on("/x", answer)
    client = enter(tls_relay, shop)
    client.send(asked + chunks)
    assert client.reader.read_exactly(len(answer)) == answer
    assert exactly(shop.requests[0]) == (asked, chunks, True)


def test_interim_answers_pass(shop, tls_relay):
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n"
    shop.on("/x", interim + OK)
    client = enter(tls_relay, shop)
    client.send(request("GET", "/x", host=shop.authority))
    assert client.reader.read_exactly(len(interim + OK)) == interim + OK


def test_pipelined_requests_are_answered_in_order(shop, tls_relay):
    for number in range(5):
        shop.on(f"/{number}", response(200, body=b"%d" % number))
    client = enter(tls_relay, shop)
    client.send(b"".join(request("GET", f"/{number}", host=shop.authority) for number in range(5)))
    assert [client.read_response().body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_an_answer_that_ends_with_the_connection_ends_as_it_did(shop, tls_relay):
    """With close_notify where the origin says it (RFC 9112 §9.8)."""

    def until_close(conversation):
        conversation.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        conversation.socket.unwrap()
        conversation.close()

    shop.on_head("/x", until_close)
    client = enter(tls_relay, shop)
    client.socket.suppress_ragged_eofs = False
    client.send(request("GET", "/x", host=shop.authority))
    assert client.read_response().body == b"all of it"


def test_an_answer_that_is_cut_without_close_notify_is_not_made_whole(shop, tls_relay):
    def cut(conversation):
        conversation.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of")
        conversation.close()

    shop.on_head("/x", cut)
    client = enter(tls_relay, shop)
    client.socket.suppress_ragged_eofs = False
    client.send(request("GET", "/x", host=shop.authority))
    with pytest.raises(OSError):  # ssl.SSLEOFError, or a reset
        client.read_response()


@pytest.mark.parametrize("size", (1, 1000))
def test_small_records_make_whole_messages(size, shop, tls_relay):
    """A record for each few bytes, from both sides."""
    body = os.urandom(5000)

    def in_pieces(conversation):
        conversation.read_body()
        answer = response(200, body=body)
        for at in range(0, len(answer), size):
            conversation.send(answer[at : at + size])

    shop.on_head("/x", in_pieces)
    client = enter(tls_relay, shop)
    asked = request("POST", "/x", body=body, host=shop.authority)
    for at in range(0, len(asked), size):
        client.send(asked[at : at + size])
    assert client.read_response().body == body and shop.requests[0].body == body


# WebSocket over wss


def frame(opcode, payload, mask=None):
    """One frame of RFC 6455 §5.2."""
    length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    head = bytes([0x80 | opcode, length[0] | (0x80 if mask else 0)]) + length[1:]
    if mask:
        return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + payload


def read_frame(reader):
    opcode, length = reader.read_exactly(2)
    mask = bool(length & 0x80)
    length &= 0x7F
    if length == 126:
        length = int.from_bytes(reader.read_exactly(2), "big")
    key = reader.read_exactly(4) if mask else bytes(4)
    payload = reader.read_exactly(length)
    return opcode & 0x0F, bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def test_websocket_over_wss_passes_in_both_directions(shop, tls_relay):
    key = base64.b64encode(os.urandom(16)).decode()
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    upgrade = ("Connection: Upgrade", "Upgrade: websocket")

    def echo(conversation):
        conversation.send(response(101, *upgrade, f"Sec-WebSocket-Accept: {accept}", length=False) + frame(1, b"welcome"))
        while True:
            opcode, payload = read_frame(conversation.reader)
            conversation.send(frame(opcode, payload))
            if opcode == 8:
                conversation.close()
                return

    shop.on_head("/chat", echo)
    client = enter(tls_relay, shop)
    asked = request("GET", "/chat", *upgrade, f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", host=shop.authority)
    answer = client.exchange(asked)
    assert answer.status == 101 and answer.get("Sec-WebSocket-Accept") == accept.encode()
    assert exactly(shop.requests[0])[0] == asked
    assert read_frame(client.reader) == (1, b"welcome")
    for payload in (b"hello", os.urandom(60_000), b""):
        client.send(frame(2, payload, mask=os.urandom(4)))
        assert read_frame(client.reader) == (2, payload)
    client.send(frame(8, b"\x03\xe8", mask=os.urandom(4)))
    assert read_frame(client.reader) == (8, b"\x03\xe8")
    client.expect_end()
    (event,) = eventually(lambda: [e for e in tls_relay.events("tunnel") if e["kind"] == "upgrade"], "the event")
    assert event["authority"] == shop.authority


# Bulk


SIZE = 96 << 20
PIECE = os.urandom(1 << 18)
ALLOWED = 4096  # KiB; buffers, the audit's prefix, what an allocator keeps: a hundredth of what passes


def digest_of_all():
    digest = hashlib.sha256()
    for _ in range(SIZE // len(PIECE)):
        digest.update(PIECE)
    return digest.hexdigest()


def read_digest(reader, size):
    digest = hashlib.sha256()
    while size:
        piece = reader.read_exactly(min(size, len(PIECE)))
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def pour(send):
    for _ in range(SIZE // len(PIECE)):
        send(PIECE)


def test_a_large_download_over_tls_arrives_whole_in_bounded_memory(shop, tls_relay):
    def large(conversation):
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        pour(conversation.send)

    shop.on("/x", OK)
    shop.on_head("/large", large)
    client = enter(tls_relay, shop)
    assert ask(client, shop).body == b"ok"
    growth = Growth(tls_relay)
    client.send(request("GET", "/large", host=shop.authority))
    assert client.reader.read_head().get("Content-Length") == b"%d" % SIZE
    assert read_digest(client.reader, SIZE) == digest_of_all()
    growth.at_most(ALLOWED)
    assert ask(client, shop).body == b"ok"


def test_a_large_upload_over_tls_arrives_whole_in_bounded_memory(shop, tls_relay):
    digests = []

    def large(conversation):
        digests.append(read_digest(conversation.reader, SIZE))
        conversation.send(OK)

    shop.on("/x", OK)
    shop.on_head("/large", large)
    client = enter(tls_relay, shop)
    assert ask(client, shop).body == b"ok"
    growth = Growth(tls_relay)
    client.send(request("PUT", "/large", f"Content-Length: {SIZE}", host=shop.authority))
    pour(client.send)
    assert client.read_response().body == b"ok" and digests == [digest_of_all()]
    growth.at_most(ALLOWED)
    assert ask(client, shop).body == b"ok"


def test_a_download_that_nobody_reads_stops_the_origin(shop, start_tls_relay):
    """Back-pressure reaches through both ends' TLS."""
    sent = []

    def endless(conversation):
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
        conversation.socket.settimeout(1)
        try:
            while True:
                conversation.send(PIECE)
                sent.append(len(PIECE))
        except TimeoutError:
            stuck.set()
        conversation.wait_for(over)
        conversation.close()

    stuck, over = threading.Event(), threading.Event()
    shop.on("/x", OK)
    shop.on_head("/endless", endless)
    relay = start_tls_relay("--limit-buffered", "256K")
    client = enter(relay, shop)
    assert ask(client, shop).body == b"ok"
    growth = Growth(relay)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.send(request("GET", "/endless", host=shop.authority))
    assert stuck.wait(20), f"the origin could send {sum(sent)} bytes, and still more"
    growth.at_most(256 + 1024)
    over.set()
