# SPDX-License-Identifier: MIT
"""HTTP/1 messages as exact bytes: what both RecordingOrigin and RawClient read with.

Deliberately no HTTP library: a library repairs, reorders and hides, and these tests are about bytes. It reads only what
well-formed framing needs and judges nothing.
"""
import socket

READ_SIZE = 65536


class Head:
    """A start line and field lines, in the order, case and bytes in which they came."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw.split(b"\r\n")
        self.start_line = lines[0]
        self.fields = []
        for line in lines[1:]:
            if line:
                name, _, value = line.partition(b":")
                self.fields.append((name, value.strip(b" \t")))

    def all(self, name):
        wanted = _bytes(name).lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None

    def has_token(self, name, token):
        """True when a comma-separated field lists the token."""
        listed = b",".join(self.all(name)).lower().split(b",")
        return _bytes(token).lower() in [item.strip() for item in listed]


class Reader:
    """Reads messages from a socket. Bytes beyond a message stay in `buffer`. Every wait ends by its timeout."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.at_end = False

    def fill(self):
        """One recv(); False at the end of the stream."""
        data = self.connection.recv(READ_SIZE)
        if not data:
            self.at_end = True
            return False
        self.buffer += data
        return True

    def read_until(self, marker):
        """Through the first `marker`; b"" when the stream ends before one byte came."""
        searched = 0
        while True:
            found = self.buffer.find(marker, searched)
            if found >= 0:
                return self.take(found + len(marker))
            searched = max(0, len(self.buffer) - len(marker) + 1)
            if not self.fill():
                if not self.buffer:
                    return b""
                raise EOFError(f"the stream ended within {self.buffer[:200]!r}")

    def read_exactly(self, length):
        parts = []
        missing = length
        while missing:
            if not self.buffer and not self.fill():
                raise EOFError(f"the stream ended {missing} bytes short of {length}")
            piece = self.take(min(missing, len(self.buffer)))
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)

    def read_to_end(self):
        parts = []
        while True:
            parts.append(self.take(len(self.buffer)))
            if not self.fill():
                return b"".join(parts)

    def take(self, length):
        piece, self.buffer = self.buffer[:length], self.buffer[length:]
        return piece

    def read_head(self):
        """None when the peer closed before sending one."""
        raw = self.read_until(b"\r\n\r\n")
        return Head(raw) if raw else None

    def read_chunked(self):
        """(bytes as on the wire, trailer section included; content; trailer fields)"""
        raw, content = [], []
        while True:
            line = self.read_until(b"\r\n")
            raw.append(line)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            data = self.read_exactly(size + 2)
            raw.append(data)
            content.append(data[:-2])
        trailers = []
        while True:
            line = self.read_until(b"\r\n")
            raw.append(line)
            if line == b"\r\n":
                return b"".join(raw), b"".join(content), trailers
            name, _, value = line[:-2].partition(b":")
            trailers.append((name, value.strip(b" \t")))


def chunked(content, size=None):
    """`content` in the chunked coding, in chunks of `size` bytes (all in one by default)."""
    size = size or max(1, len(content))
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def response(status, *fields, body=b"", reason="", length=True):
    """A response as bytes. `fields` are "Name: value"; Content-Length is added unless length=False."""
    lines = [f"HTTP/1.1 {status} {reason or REASONS.get(status, 'Status')}", *fields]
    if length:
        lines.append(f"Content-Length: {len(_bytes(body))}")
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + _bytes(body)


def redirect(status, location, *fields, body=b""):
    return response(status, f"Location: {location}", *fields, body=body)


def request(method, target, *fields, body=None, host=None):
    """A request as bytes. Content-Length is added when there is a body and no field that frames it."""
    lines = [f"{method} {target} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines.extend(fields)
    framed = any(line.lower().startswith(("content-length:", "transfer-encoding:")) for line in fields)
    if body is not None and not framed:
        lines.append(f"Content-Length: {len(_bytes(body))}")
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + _bytes(body or b"")


def shut(connection):
    """Ends a socket in both directions, whatever its state, so that a thread blocked in recv() wakes."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def _bytes(text):
    return text.encode("latin-1") if isinstance(text, str) else text


REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    404: "Not Found",
    413: "Content Too Large",
    500: "Internal Server Error",
}
