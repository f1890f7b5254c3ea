# SPDX-License-Identifier: MIT
"""RecordingOrigin: an HTTP/1.1 server in threads that keeps the exact bytes of every request and answers by a script.

    origin.on("/pay", redirect(307, "/v2/pay"))              bytes: sent once the request's body was read
    origin.on("/v2/pay", lambda request: response(200))      a function of the recorded request
    origin.on_head("/slow", conversation)                    a function that gets the connection right after the head

A conversation decides everything itself: when to read the body, what to send, whether to close. It waits for
threading.Events that the test sets, never for time.
"""
import socket
import threading

from lib.message import Reader, response, shut


class Request:
    """One request as it came. `raw_body` is the body's bytes on the wire, `body` its content."""

    def __init__(self, head, connection_number):
        self.head = head
        self.connection = connection_number
        parts = head.start_line.split(b" ")
        self.method = parts[0].decode("latin-1")
        self.target = parts[1].decode("latin-1") if len(parts) > 1 else ""
        self.version = parts[-1].decode("latin-1")
        self.raw_body = b""
        self.body = b""
        self.trailers = []
        self.complete = False

    @property
    def path(self):
        return self.target.partition("?")[0]

    def __repr__(self):
        return f"<{self.method} {self.target} {len(self.body)} bytes{'' if self.complete else ', incomplete'}>"


class Conversation:
    """One exchange, in the hands of a script."""

    def __init__(self, reader, request, timeout):
        self.reader = reader
        self.socket = reader.connection
        self.request = request
        self.timeout = timeout
        self.keep = True

    def send(self, data):
        self.socket.sendall(data)

    def read_body(self):
        """The whole body, into the request. Answers `Expect: 100-continue` first."""
        request, reader = self.request, self.reader
        if (request.head.get("Expect") or b"").lower() == b"100-continue" and not reader.buffer:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.head.get("Transfer-Encoding") is not None:
            request.raw_body, request.body, request.trailers = reader.read_chunked()
        else:
            self.read_some(int(request.head.get("Content-Length") or 0))
        request.complete = True
        return request.body

    def read_some(self, length):
        """Exactly so many further bytes of a body that Content-Length frames."""
        data = self.reader.read_exactly(length)
        self.request.raw_body += data
        self.request.body += data

    def wait_for(self, event):
        """For something that the test does."""
        if not event.wait(self.timeout):
            raise TimeoutError("the event that the script waits for did not come")

    def close(self):
        self.keep = False
        shut(self.socket)

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.keep = False
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class RecordingOrigin:
    def __init__(self, host="127.0.0.1", timeout=20, port=0):
        self.timeout = timeout
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family, backlog=1024)
        self.host, self.port = self.listener.getsockname()[:2]
        self.authority = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.url = f"http://{self.authority}"
        self.errors = []
        self._requests = []
        self._scripts = {}
        self._connections = {}
        self._accepted = 0
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    # what it answers

    def on(self, path, answer):
        """`answer`: bytes, or a function of the recorded Request that returns bytes."""

        def after_body(conversation):
            conversation.read_body()
            self._note_change()
            conversation.send(answer(conversation.request) if callable(answer) else answer)

        self.on_head(path, after_body)

    def on_head(self, path, script):
        """`script`: a function of a Conversation, called as soon as the head is there."""
        self._scripts[path] = script

    # what it saw

    @property
    def requests(self):
        with self._changed:
            return list(self._requests)

    def of(self, path):
        return [request for request in self.requests if request.path == path]

    @property
    def connections_accepted(self):
        with self._changed:
            return self._accepted

    @property
    def connections_open(self):
        with self._changed:
            return len(self._connections)

    def wait_until(self, condition, what="a condition"):
        """Until condition(self) holds; it is asked again whenever a head, a body or a connection came or went."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), self.timeout):
                raise TimeoutError(f"the origin waited in vain for {what}; it saw {self._requests}")

    def wait_for_requests(self, count):
        self.wait_until(lambda origin: len(origin._requests) >= count, f"{count} requests")
        return self.requests

    def forget(self):
        """Starts recording anew."""
        with self._changed:
            self._requests.clear()

    def stop(self):
        shut(self.listener)
        with self._changed:
            connections = list(self._connections.values())
        for connection in connections:
            shut(connection)
        for thread in self._threads:
            thread.join(self.timeout)

    # its threads

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(self.timeout)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._accepted += 1
                number = self._accepted
                self._connections[number] = connection
                self._changed.notify_all()
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection, number):
        reader = Reader(connection)
        try:
            while self._one_exchange(reader, number):
                pass
        except (OSError, EOFError):
            pass  # the peer went away: what came is recorded as incomplete
        except Exception as error:  # a script's own mistake must not pass for a quiet origin
            self.errors.append(error)
        finally:
            shut(connection)
            with self._changed:
                del self._connections[number]
                self._changed.notify_all()

    def _one_exchange(self, reader, number):
        head = reader.read_head()
        if head is None:
            return False
        request = Request(head, number)
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
        conversation = Conversation(reader, request, self.timeout)
        script = self._scripts.get(request.path) or self._scripts.get("*") or _not_found
        script(conversation)
        self._note_change()
        return conversation.keep and not request.head.has_token("Connection", "close")

    def _note_change(self):
        with self._changed:
            self._changed.notify_all()


def _not_found(conversation):
    conversation.read_body()
    conversation.send(response(404, body=b"no script for this path\n"))
