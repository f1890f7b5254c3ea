# SPDX-License-Identifier: MIT
#
# For the tests of the bench itself: the load generator, compiled for them, and an origin that says what it is told to.
"""Fixtures of the bench's own tests."""

import json
import os
import socket
import subprocess
import sys
import threading

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import contestants  # noqa: E402


@pytest.fixture(scope="session")
def load_binary(tmp_path_factory):
    binary = str(tmp_path_factory.mktemp("load") / "load")
    sources = [os.path.join(HERE, name) for name in ("load.c", "load_run.c", "link.c", "origin.c", "response.c")]
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
                    "-I", os.path.dirname(os.path.dirname(HERE)), "-o", binary, *sources, "-lssl", "-lcrypto"], check=True)
    return binary


@pytest.fixture(scope="session")
def identities(tmp_path_factory):
    """The certificates of a run of the bench."""
    return contestants.Identities(str(tmp_path_factory.mktemp("identities")))


class Script:
    """An origin on loopback. Each request it reads whole is kept in `requests`; `answer(request, number)` gives the
    bytes to write, or a list of them to write one by one; None closes. With a `context` it opens the TLS that follows
    CONNECT."""

    def __init__(self, answer, context=None):
        self.answer = answer
        self.context = context
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        with client:
            while True:
                request, data = self._take(client, data)
                if request is None:
                    return
                with self.lock:
                    self.requests.append(request)
                    number = len(self.requests)
                answer = self.answer(request, number)
                for piece in answer if isinstance(answer, list) else [answer]:
                    if piece is None:
                        return
                    client.sendall(piece)
                if self.context is not None and request.startswith(b"CONNECT "):
                    try:
                        client = self.context.wrap_socket(client, server_side=True)
                    except OSError:
                        return

    @staticmethod
    def _take(client, data):
        need = None
        while need is None or len(data) < need:
            if need is None and b"\r\n\r\n" in data:
                head, _, _ = data.partition(b"\r\n\r\n")
                length = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                need = len(head) + 4 + (length[0] if length else 0)
                continue
            try:
                got = client.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                return None, b""
            data += got
        return data[:need], data[need:]


@pytest.fixture
def run_load(load_binary):
    """run_load(answer, options...) -> (exit status, the report, the origin)."""
    origins = []

    def run(answer, *options, stdin=None, context=None):
        origin = Script(answer, context)
        origins.append(origin)
        done = subprocess.run([load_binary, "--peer", f"127.0.0.1:{origin.port}", "--origin", "origin.test:80",
                               "--timeout", "10", *options], capture_output=True, text=True, timeout=30, input=stdin,
                              check=False)
        assert "ERROR: AddressSanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout), origin

    yield run
    for origin in origins:
        origin.listener.close()
