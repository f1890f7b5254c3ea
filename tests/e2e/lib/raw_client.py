# SPDX-License-Identifier: MIT
"""RawClient: a socket on which a test sends exact bytes and reads exactly one response at a time."""
import base64
import socket

from lib.message import Reader, shut


class Response:
    """One final response; the interim ones (1xx) that came before it are in `interim`."""

    def __init__(self, head, interim):
        self.head = head
        self.interim = interim
        self.status = int(head.start_line.split(b" ")[1])
        self.raw_body = b""
        self.body = b""
        self.trailers = []

    def get(self, name):
        return self.head.get(name)

    def __repr__(self):
        return f"<{self.head.start_line.decode('latin-1')}, {len(self.body)} bytes>"


class RawClient:
    def __init__(self, address, timeout=20):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def read_response(self, method="GET"):
        """Exactly one final response to a request of `method`, read by its framing."""
        interim = []
        while True:
            head = self.reader.read_head()
            if head is None:
                raise EOFError("the connection was closed instead of an answer")
            response = Response(head, interim)
            if response.status >= 200 or response.status == 101:
                break
            interim.append(head)
        self._read_body(response, method)
        return response

    def _read_body(self, response, method):
        status, head = response.status, response.head
        if method == "HEAD" or status in (101, 204, 304) or (method == "CONNECT" and status < 300):
            return
        if head.get("Transfer-Encoding") is not None:
            response.raw_body, response.body, response.trailers = self.reader.read_chunked()
            return
        if head.get("Content-Length") is not None:
            response.body = self.reader.read_exactly(int(head.get("Content-Length")))
        else:
            response.body = self.reader.read_to_end()
        response.raw_body = response.body

    def exchange(self, data, method=None):
        """Sends one request and reads its response."""
        self.send(data)
        return self.read_response(method or data.split(b" ", 1)[0].decode("latin-1"))

    def connect(self, authority, *fields):
        """CONNECT; on 200 the socket is a tunnel."""
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *fields]
        return self.exchange("".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n", "CONNECT")

    def expect_end(self):
        """The peer closes, and sends nothing before that."""
        rest = self.reader.read_to_end()
        assert rest == b"", f"bytes where the end of the stream was expected: {rest[:200]!r}"

    def send_end(self):
        """Half-close: no more bytes from us."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        shut(self.socket)


def proxy_authorization(user, password=""):
    """The field line with which a client names itself to a proxy."""
    return "Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
