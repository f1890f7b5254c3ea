# SPDX-License-Identifier: MIT
"""Large bodies and tunnels take another way through the relay (splice): the same bytes and ends all the same."""
import hashlib
import os
import threading

import pytest

from lib.raw import read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
BLOCK = os.urandom(1 << 20)
BLOCKS = 24


class Pour(threading.Thread):
    """Sends BLOCKS blocks, and then `tail`, from a thread; joined by result()."""

    def __init__(self, peer, tail=b""):
        super().__init__(daemon=True)
        self.peer, self.tail, self.error = peer, tail, None
        self.start()

    def run(self):
        try:
            for _ in range(BLOCKS):
                self.peer.send(BLOCK)
            self.peer.send(self.tail)
        except OSError as error:
            self.error = error

    def result(self):
        self.join(60)
        assert not self.is_alive() and self.error is None, self.error


def expected_digest():
    digest = hashlib.sha256()
    for _ in range(BLOCKS):
        digest.update(BLOCK)
    return digest.hexdigest()


def digest_of_next(peer, size):
    digest = hashlib.sha256()
    while size:
        data = (
            peer.reader.take(min(size, len(peer.reader.buffer)))
            if peer.reader.buffer
            else peer.socket.recv(min(size, 1 << 18))
        )
        assert data, f"{size} bytes short"
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


SIZE = BLOCKS * len(BLOCK)
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE


def test_large_download_arrives_byte_for_byte_and_the_connections_go_on(begin, upstream):
    client, server, _ = begin("GET", "/x")
    for _ in range(2):
        server.send(LARGE)
        pour = Pour(server)
        assert client.reader.read_head().get("Content-Length") == b"%d" % SIZE
        assert digest_of_next(client, SIZE) == expected_digest()
        pour.result()
        client.send(upstream.request("GET", "/next"))
        server.read_head()
    server.send(OK)
    assert client.read_response().body == b"ok" and upstream.is_untouched()


def test_large_chunked_download_arrives_byte_for_byte(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x;e=1\r\n" % SIZE)
    end = b"\r\n0\r\nT: 1\r\n\r\n"
    pour = Pour(server, end)
    client.reader.read_head()
    assert client.reader.read_until(b"\r\n") == b"%x;e=1\r\n" % SIZE
    assert digest_of_next(client, SIZE) == expected_digest()
    assert client.reader.read_exactly(len(end)) == end
    pour.result()


def test_large_close_delimited_download_arrives_byte_for_byte(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n\r\n")
    pour = Pour(server)
    client.reader.read_head()
    assert digest_of_next(client, SIZE) == expected_digest()
    pour.result()
    server.close()
    assert read_to_any_end(client) == (b"", "end")


def test_large_close_delimited_download_that_is_reset_ends_in_a_reset(begin):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\n\r\n")
    pour = Pour(server)
    client.reader.read_head()
    assert digest_of_next(client, SIZE) == expected_digest()
    pour.result()
    server.reset()
    assert read_to_any_end(client) == (b"", "reset")


@pytest.mark.parametrize("tail", [b"x", EVIL, BLOCK], ids=["a_byte", "a_response", "a_mebibyte"])
def test_bytes_after_a_large_body_never_reach_anybody(begin, upstream, tail):
    client, server, _ = begin("GET", "/x")
    server.send(LARGE)
    Pour(server, tail)  # its last send may find the connection closed
    client.reader.read_head()
    assert digest_of_next(client, SIZE) == expected_digest()
    client.send(upstream.request("GET", "/next"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_large_body_that_is_cut_stays_short(begin, how):
    client, server, _ = begin("GET", "/x")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (SIZE + 1))
    pour = Pour(server)
    client.reader.read_head()
    assert digest_of_next(client, SIZE) == expected_digest()
    pour.result()
    getattr(server, how)()
    assert read_to_any_end(client)[0] == b""


def test_client_that_leaves_within_a_large_body_frees_its_origin(begin):
    client, server, _ = begin("GET", "/x")
    server.send(LARGE)
    pour = Pour(server)
    client.reader.read_head()
    digest_of_next(client, 3 << 20)
    client.reset()
    pour.join(30)
    assert isinstance(pour.error, (BrokenPipeError, ConnectionResetError)), "the origin was left to send it all"


def test_large_upload_arrives_byte_for_byte(begin):
    client, server, head = begin("PUT", "/x", f"Content-Length: {SIZE}")
    pour = Pour(client)
    assert digest_of_next(server, SIZE) == expected_digest()
    pour.result()
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_large_download_and_upload_of_one_exchange_cross(begin):
    """Both at once, neither waiting for the other's end."""
    client, server, head = begin("POST", "/x", f"Content-Length: {SIZE}")
    server.send(LARGE)
    up, down = Pour(client), Pour(server)
    client.reader.read_head()
    digests = []
    reader = threading.Thread(target=lambda: digests.append(digest_of_next(server, SIZE)))
    reader.start()
    assert digest_of_next(client, SIZE) == expected_digest()
    reader.join(60)
    assert digests == [expected_digest()]
    up.result()
    down.result()


def test_tunnel_carries_bulk_in_both_directions_at_once(relay, upstream):
    client = relay.client()
    assert client.connect(upstream.authority).status == 200
    server = upstream.accept()
    client.send(b"\x16")
    assert server.reader.read_exactly(1) == b"\x16"
    up, down = Pour(client), Pour(server)
    digests = []
    reader = threading.Thread(target=lambda: digests.append(digest_of_next(server, SIZE)))
    reader.start()
    assert digest_of_next(client, SIZE) == expected_digest()
    reader.join(60)
    assert digests == [expected_digest()]
    up.result()
    down.result()
    client.send_end()
    assert read_to_any_end(server) == (b"", "end")
    server.send(b"last")
    server.close()
    assert read_to_any_end(client) == (b"last", "end")


def test_tunnel_that_is_read_late_loses_nothing(relay, upstream):
    """All of it waits in sockets and pipes while nobody reads; then the sender ends, and only then is it read."""
    client = relay.client(receive_buffer=16384)
    assert client.connect(upstream.authority).status == 200
    server = upstream.accept()
    client.send(b"\x16")
    server.reader.read_exactly(1)
    server.send(BLOCK)
    server.send_end()
    assert client.reader.read_to_end() == BLOCK


def test_many_downloads_at_once_are_not_mixed_up(relay, upstream):
    """One worker, one pipe or buffer shared by all of its connections."""
    bodies = [hashlib.sha256(b"%d" % n).digest() * (1 << 16) for n in range(8)]
    pairs = []
    for body in bodies:
        client = relay.client(receive_buffer=32768)
        client.send(upstream.request("GET", "/x"))
        server = upstream.accept()
        server.read_head()
        pairs.append((client, server, body))
    pours = []
    for client, server, body in pairs:
        thread = threading.Thread(
            target=server.send, args=(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body,), daemon=True
        )
        thread.start()
        pours.append(thread)
    for client, _, _ in pairs:
        client.reader.read_head()
    got = [[client.reader.take(len(client.reader.buffer))] for client, _, _ in pairs]
    missing = [len(body) - len(parts[0]) for (_, _, body), parts in zip(pairs, got)]
    while any(missing):
        for number, (client, _, _) in enumerate(pairs):
            if missing[number]:
                data = client.socket.recv(min(missing[number], 50_000))
                assert data
                got[number].append(data)
                missing[number] -= len(data)
    for (_, _, body), parts in zip(pairs, got):
        assert b"".join(parts) == body
    for thread in pours:
        thread.join(30)
