# SPDX-License-Identifier: MIT
"""TLS on both sides of the relay: an origin that records inside TLS, a client that opens TLS in a tunnel, and a
handshake in memory that the test stops wherever it likes.

Python's ssl reads and writes here, so that what a test sees is judged by another implementation's hands than its own.
"""
import re
import select
import ssl
import threading

from lib.message import Reader, shut
from lib.origin import RecordingOrigin
from lib.raw import PATIENCE, Client

HTTP1 = ("http/1.1",)


def server_context(identity_file, alpn=HTTP1, minimum=ssl.TLSVersion.TLSv1_2, maximum=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if ciphers:
        context.set_ciphers(ciphers)  # before the certificate: a weak one is refused at a higher level
    context.load_cert_chain(identity_file)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def client_context(ca_file, alpn=HTTP1, minimum=ssl.TLSVersion.TLSv1_2, maximum=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if ca_file:
        context.load_verify_locations(ca_file)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Secured:
    """What a server's end knows of one handshake."""

    def __init__(self, connection, name):
        self.name = name  # SNI
        self.version = connection.version()
        self.cipher = connection.cipher()[0]
        self.protocol = connection.selected_alpn_protocol()
        self.resumed = connection.session_reused


class TlsOrigin(RecordingOrigin):
    """A RecordingOrigin behind TLS. `secured`: the handshakes that went well, in order; `refused`: the errors of others."""

    def __init__(self, context, host="127.0.0.1", name=None, **options):
        self.context = context
        self.secured, self.refused = [], []
        self._names = threading.local()
        context.sni_callback = lambda _connection, offered, _context: setattr(self._names, "offered", offered)
        super().__init__(host, **options)
        self.name = name or host
        self.address_authority = self.authority
        if name:
            self.authority = f"{name}:{self.port}"
        self.url = f"https://{self.authority}"

    def _serve(self, connection, number):
        self._names.offered = None
        try:
            secure = self.context.wrap_socket(connection, server_side=True)
        except (OSError, ValueError) as error:
            shut(connection)
            with self._changed:
                self.refused.append(error)
                del self._connections[number]
                self._changed.notify_all()
            return
        with self._changed:
            self.secured.append(Secured(secure, self._names.offered))
            self._connections[number] = secure
            self._changed.notify_all()
        super()._serve(secure, number)


class TlsClient(Client):
    """A client of the relay: CONNECT, then TLS in the tunnel."""

    def tunnel(self, authority):
        answer = self.connect(authority)
        assert answer.status == 200, answer.head.raw
        return self

    def secure(self, context, name, session=None):
        assert self.reader.buffer == b"", "the server spoke first"
        self.socket = context.wrap_socket(self.socket, server_hostname=name, session=session)
        self.reader = Reader(self.socket)
        return self

    @property
    def issuer(self):
        """The common name of the issuer of the certificate that was shown."""
        parts = dict(pair for rdn in self.socket.getpeercert()["issuer"] for pair in rdn)
        return parts["commonName"]


class Handshake:
    """One side of a handshake, in memory: `peer` is a RawClient or Upstream whose bytes the test moves by its steps."""

    def __init__(self, peer, context, server_side=False, name=None):
        self.peer = peer
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server_side, server_hostname=name)
        self.done = False

    def step(self):
        """As far as the bytes that came allow; returns what is to be sent now."""
        try:
            self.tls.do_handshake()
            self.done = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def receive(self):
        """Some bytes of the peer, at least one."""
        data = self.peer.socket.recv(65536)
        assert data, "the peer closed within the handshake"
        self.incoming.write(data)

    def finish(self):
        """The rest of it."""
        while True:
            data = self.step()
            if data:
                self.peer.send(data)
            if self.done:
                return self.tls
            self.receive()

    def write(self, data):
        self.tls.write(data)
        self.peer.send(self.outgoing.read())

    def read_until(self, marker):
        content = b""
        while marker not in content:
            try:
                content += self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.receive()
        return content


def client_hello(context, name):
    """The first bytes of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


# key logs


def secrets_of(key_log):
    """(label, client random) of each line of an SSLKEYLOGFILE, checked for its form."""
    found = set()
    lines = [line for line in key_log.read_text().splitlines() if not line.startswith("#")]
    for line in lines:
        match = re.fullmatch(r"([A-Z0-9_]+) ([0-9a-f]{64}) ([0-9a-f]{64,})", line)
        assert match, f"not a line of a key log: {line!r}"
        found.add((match.group(1), match.group(2)))
    return found


def is_silent(peer, seconds):
    """Nothing comes for a while: for what must not happen, there is nothing else to wait for."""
    return not select.select([peer.socket], [], [], seconds)[0]


