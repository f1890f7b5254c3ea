# SPDX-License-Identifier: MIT
"""Both ends of the relay in the test's own hands, for the conformance suite (test_relay_*.py).

RawOrigin has no thread: the test accepts, reads and answers itself, so that the order of all bytes is the order of its
statements. Below it: what a forwarded head, a refusal and a broken message must look like.
"""
import os
import re
import select
import socket
import time

from lib.message import Reader, request
from lib.raw_client import RawClient

PATIENCE = float(os.environ.get("HOPAUDIT_PATIENCE", "20"))  # seconds until what must come counts as never coming
OWN_VIA = re.compile(rb"1\.[01] (hopaudit-[0-9A-Za-z]+)")


class Client(RawClient):
    """A RawClient that may come from an address of its own (all of 127.0.0.0/8 is loopback)."""

    def __init__(self, address, source=None, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.socket)


class Upstream(RawClient):
    """The origin's end of one connection that the relay opened."""

    def __init__(self, connection):
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.reader = Reader(connection)

    def read_head(self):
        head = self.reader.read_head()
        assert head is not None, "the relay closed instead of sending a request"
        return head

    def read_body(self, head):
        """The body's bytes as they stand on the wire."""
        if head.get("Transfer-Encoding") is not None:
            return self.reader.read_chunked()[0]
        return self.reader.read_exactly(int(head.get("Content-Length") or 0))

    def read_request(self):
        head = self.read_head()
        return head, self.read_body(head)

    def exchange_here(self, answer):
        """Reads one request whole and answers it."""
        head, body = self.read_request()
        self.send(answer)
        return head, body


class RawOrigin:
    def __init__(self, host="127.0.0.1", port=0, backlog=1024):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family, backlog=backlog)
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.authority = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.url = f"http://{self.authority}"
        self.accepted = []

    def request(self, method, path, *fields, body=None):
        """A request for a proxy, as bytes: absolute-form, with Host."""
        return request(method, self.url + path, *fields, body=body, host=self.authority)

    def accept(self):
        connection = Upstream(self.listener.accept()[0])
        self.accepted.append(connection)
        return connection

    def is_untouched(self):
        """No connection waits to be accepted. connect() on loopback has queued it when it returns, so that whatever the
        relay opened before it wrote the bytes that the test has read is seen here."""
        return not select.select([self.listener], [], [], 0)[0]

    def close(self):
        for connection in self.accepted:
            connection.close()
        self.listener.close()


class FullBacklog:
    """An address that answers no SYN: a listener whose accept queue is full. Connecting hangs, as to a dead host."""

    def __init__(self, host, port=0):
        self.listener = socket.create_server((host, port), backlog=0)
        self.host, self.port = self.listener.getsockname()
        self.fillers = []
        while self._fill():
            pass

    def _fill(self):
        filler = socket.socket()
        self.fillers.append(filler)
        filler.settimeout(0.3)
        try:
            filler.connect((self.host, self.port))
        except TimeoutError:
            return False
        return True

    def close(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()


# heads


def without_via(raw):
    """A forwarded head without the one line that the relay adds, which must be the last."""
    lines = raw.split(b"\r\n")
    name, _, value = lines[-3].partition(b": ")
    assert name == b"Via" and OWN_VIA.fullmatch(value), f"the last field line is not our Via: {raw!r}"
    return b"\r\n".join(lines[:-3] + lines[-2:])


def own_pseudonym(head):
    """The name by which the relay calls itself in Via."""
    return OWN_VIA.fullmatch(head.all("Via")[-1]).group(1).decode()


def names(head):
    """Lower-case names of the fields, in order."""
    return [name.lower() for name, _ in head.fields]


# what the relay says itself


def proxy_error(response):
    """(error, details) of our Proxy-Status, or None."""
    value = response.get("Proxy-Status")
    if value is None:
        return None
    found = re.fullmatch(rb'hopaudit; error=([a-z_]+)(?:; details="((?:[^"\\]|\\.)*)")?', value)
    assert found, f"not a Proxy-Status of ours: {value!r}"
    return found.group(1).decode(), (found.group(2) or b"").decode("latin-1")


def assert_own_answer(response, status, error, cause=""):
    """A whole answer of the relay itself: status, RFC 9209 error, a cause in words, a one-line text."""
    allowed = status if isinstance(status, tuple) else (status,)
    assert response.status in allowed, f"{response.head.raw!r} {response.body!r}"
    assert response.head.start_line.startswith(b"HTTP/1.1 ")
    stated = proxy_error(response)
    assert stated, f"no Proxy-Status in {response.head.raw!r}"
    errors = error if isinstance(error, tuple) else (error,)
    assert stated[0] in errors, stated
    assert stated[1], "a Proxy-Status without details"
    assert re.search(cause, stated[1], re.IGNORECASE), f"{cause!r} is not told in {stated[1]!r}"
    assert response.get("Content-Type").startswith(b"text/plain")
    if response.body or response.get("Content-Length") == b"0":
        assert response.body.rstrip(b"\n").count(b"\n") == 0 and response.body.strip(), response.body


def assert_refused(client, status, error="http_request_error", cause="", method="GET"):
    """The relay's own answer, announced as the last one, and then the end: nothing of what came behind is answered."""
    response = client.read_response(method)
    assert_own_answer(response, status, error, cause)
    assert response.head.has_token("Connection", "close"), response.head.raw
    assert_nothing_more(client)
    return response


def assert_nothing_more(client):
    """The stream ends, by FIN or RST, without another byte."""
    rest, _ = read_to_any_end(client)
    assert rest == b"", f"bytes where the end of the stream was expected: {rest[:200]!r}"


def read_to_any_end(peer):
    """(bytes, "end" or "reset")"""
    parts = [peer.reader.take(len(peer.reader.buffer))]
    try:
        while peer.reader.fill():
            parts.append(peer.reader.take(len(peer.reader.buffer)))
    except ConnectionResetError:
        return b"".join(parts), "reset"
    return b"".join(parts), "end"


# waiting and measuring


def eventually(condition, what, patience=PATIENCE):
    """For facts outside the sockets (a process's descriptors, its log): asked again until they hold. `what` is a text,
    or a function that makes one when it has been in vain."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited in vain for {what() if callable(what) else what}"
        time.sleep(0.01)


def send_until_stuck(peer, data, stuck_after=0.5):
    """Sends `data` over and over until the peer takes no more for a while; the number of bytes it took."""
    peer.socket.setblocking(False)
    sent = 0
    try:
        while select.select([], [peer.socket], [], stuck_after)[1]:
            at = sent % len(data)
            sent += peer.socket.send(data[at : at + 65536])
    finally:
        peer.socket.settimeout(PATIENCE)
    return sent
