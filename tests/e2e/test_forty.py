# SPDX-License-Identifier: MIT
"""tests/data/forty.txt end to end: a scripted client sends each situation's requests through the relay, over TLS where
the URL says so, to origins on the ports that the URLs name; what the log says is held against the same expectations as
at the engine's interface. The origins listen on a loopback address of this process's own (ports 80 and 443: needs root).
"""
import os
import re
import ssl
import urllib.parse

import pytest

from lib.hopaudit import Hopaudit
from lib.log import REPOSITORY
from lib.message import redirect, response
from lib.origin import RecordingOrigin
from lib.raw_client import RawClient
from lib.tls import TlsOrigin, client_context, server_context

pytest_plugins = ("lib.tls_fixtures",)

HOSTS = (
    "a.test",
    "b.example",
    "s.example",
    "t.example",  # passed through
    "a.shop.example",
    "b.shop.example",
    "c.other.example",
)
LEVELS = {"E0": "", "E1": "", "E2": " at E2", "E3": " at E3"}


class Situation:
    def __init__(self, head):
        number, self.title = re.fullmatch(r"\[(\d+)\] (.*)", head).groups()
        self.number = int(number)
        self.lines = []

    @property
    def engine_only(self):
        return self.title.startswith("engine:")

    def __str__(self):
        return f"{self.number} {self.title}"


def situations():
    found = []
    for line in (REPOSITORY / "tests/data/forty.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            found.append(Situation(line))
        elif line and not line.startswith("#"):
            found[-1].lines.append(line)
    return found


class Exchange:
    """One line of the file, parsed: what the client sends and what the origin answers."""

    def __init__(self, text):
        request, _, answer = text.partition(" -> ")
        self.method, self.url, *words = request.split(" ")
        self.fields = [("User-Agent", "client/1"), ("Accept", "*/*")]
        self.connection, self.body, self.chunked, self.early = 1, None, False, None
        for word in words:
            self._request_word(word)
        self.status, *words = answer.split(" ")
        self.answer_fields = [self._answer_word(word) for word in words if word != "bare"]
        if "bare" not in words and not any(field.lower().startswith("cache-control:") for field in self.answer_fields):
            self.answer_fields.append("Cache-Control: private")

    def _request_word(self, word):
        name, sign, value = word.partition("=")
        if word == "chunked":
            self.chunked = True
        elif sign and name == "body":
            self.body = value.replace("%0D%0A", "\r\n").encode()
        elif sign and name == "size":
            self.body = bytes(range(251)) * (int(value) // 251 + 1)
            self.body = self.body[: int(value)]
        elif sign and name == "conn":
            self.connection = int(value)
        elif sign and name == "early":
            self.early = int(value)
        elif sign and name == "ua":
            self.fields[0] = ("User-Agent", value)
        else:
            name, _, value = word.partition(":")
            self.fields.append((name, value))

    @staticmethod
    def _answer_word(word):
        if word == "-":
            return "Location:"
        name, sign, value = word.partition(":")
        if not sign or name.startswith("http") or "/" in name or word.startswith("?"):
            return f"Location: {word}"
        return f"{name}: {value}"

    @property
    def parts(self):
        return urllib.parse.urlsplit(self.url)

    @property
    def secure(self):
        return self.parts.scheme == "https"

    def request_bytes(self):
        target = self.url.split(self.parts.netloc, 1)[1] if self.secure else self.url
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {self.parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + self.content_bytes()

    def content_bytes(self):
        sent = self.body or b""
        if self.early is not None:
            sent = sent[: self.early]
        if not self.chunked:
            return sent
        chunk = b"%x\r\n%s\r\n" % (len(sent), sent) if sent else b""
        return chunk if self.early is not None else chunk + b"0\r\n\r\n"

    def answer_bytes(self):
        fields = list(self.answer_fields)
        status = int(self.status)
        if status // 100 == 3 and any(field.startswith("Location: ") for field in fields):
            first = next(field for field in fields if field.startswith("Location: "))
            fields.remove(first)
            location = first.partition(": ")[2].encode("utf-8").decode("latin-1")  # the bytes of the file
            return redirect(status, location, *fields)
        return response(status, *fields)


class Origins:
    """Answers whatever comes next in the script, on every port that a URL names."""

    def __init__(self, trust):
        # 127.64.0.0/10 by process, so that tests may run side by side.
        pid = os.getpid()
        self.address = f"127.{64 + (pid >> 16) % 64}.{pid >> 8 & 255}.{pid & 255}"
        identity = trust.identity_file(*HOSTS)
        self.all = [RecordingOrigin(self.address, port=port) for port in (80, 8080, 9090)]
        self.all.append(TlsOrigin(server_context(identity), self.address, port=443))
        self.script = []
        for origin in self.all:
            origin.on_head("*", self.converse)

    def converse(self, conversation):
        now = self.script.pop(0)
        if now.early is None:
            conversation.read_body()
        elif now.chunked:
            conversation.reader.read_until(b"\r\n")
            conversation.reader.read_exactly(now.early)
        else:
            conversation.read_some(now.early)
        conversation.send(now.answer_bytes())
        if now.early is not None or "Connection: close" in now.answer_fields:
            conversation.close()

    def stop(self):
        for origin in self.all:
            origin.stop()
            assert origin.errors == []


@pytest.fixture(scope="session")
def origins(trust):
    origins = Origins(trust)
    yield origins
    origins.stop()


class Player:
    def __init__(self, relay, origins):
        self.relay, self.origins = relay, origins
        self.connections = {}
        self.tunnels = 0
        self.context = client_context(None)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def connection(self, exchange):
        key = exchange.connection, exchange.parts.netloc if exchange.secure else None
        if key not in self.connections:
            client = RawClient(self.relay.address)
            if exchange.secure:
                host = exchange.parts.hostname
                assert client.connect(f"{host}:{exchange.parts.port or 443}").status == 200
                client.socket = self.context.wrap_socket(client.socket, server_hostname=host)
                client.reader.connection = client.socket
            self.connections[key] = client
        return key, self.connections[key]

    def play(self, line):
        times = 1
        if line.startswith("*"):
            times, line = int(line[1:].split(" ")[0]), line.split(" ", 1)[1]
        if line.endswith(" opaque"):
            self.open_tunnel(line.split(" ")[1])
            return
        for _ in range(times):
            self.exchange(Exchange(line))

    def exchange(self, exchange):
        self.origins.script.append(exchange)
        key, client = self.connection(exchange)
        client.send(exchange.request_bytes())
        answer = client.read_response(exchange.method)
        assert answer.status == int(exchange.status), answer.body
        if exchange.early is not None or answer.head.has_token("Connection", "close"):
            client.close()
            del self.connections[key]

    def open_tunnel(self, authority):
        self.tunnels += 1
        client = RawClient(self.relay.address)
        assert client.connect(authority).status == 200
        client.socket = self.context.wrap_socket(client.socket, server_hostname=authority.partition(":")[0])
        self.connections[authority, self.tunnels] = client
        self.relay.wait_for_event("tls.passed_through", self.tunnels)

    def close(self):
        for client in self.connections.values():
            client.close()


def said(log):
    """The log's events in the words of tests/unit/audit/scenario.h, without the numbers of exchanges."""
    lines = []
    for event in log.events():
        kind = event["type"]
        if kind == "redirect.followed":
            match, verdicts = event["match"], event["verdicts"]
            lines.append(
                f"followed {event['redirect']} {match['confidence']} {match['state']} method {verdicts.get('method', 'none')} "
                f"body {verdicts.get('body', 'none')}{LEVELS[match['level']]}"
            )
        elif kind == "redirect.closed":
            lines.append(f"closed {event['redirect']} {event['outcome']}")
        elif kind == "finding":
            lines.append(f"finding {event['rule']} {event['severity']} {event.get('redirect', 0)}")
        elif kind == "chain.finished":
            verdict = "ok" if event["verdict"] == "none" else event["verdict"]
            lines.append(
                f"chain {event['chain']} {event['outcome']} {event.get('final_status', 0)} hops {event['hops']} verdict {verdict}"
            )
    return lines


def expect(situation, lines, expected):
    word, _, rest = expected.partition(" ")
    told = "\n".join((str(situation), expected, *lines))
    if word == "finds":
        assert any(line.startswith(f"finding {rest} ") for line in lines), told
    elif word == "not":
        assert not any(line.startswith(f"finding {rest} ") for line in lines), told
    else:
        number, _, rest = rest.partition(" ")
        begin = f"{'followed' if word == 'hop' else word} {number} "
        assert any(line.startswith(begin) and rest in line for line in lines), told


@pytest.mark.parametrize("situation", [one for one in situations() if not one.engine_only], ids=str)
def test_each_situation_gets_its_verdict_on_the_wire(situation, origins, trust, tmp_path):
    origins.script.clear()
    hosts = [part for host in HOSTS for part in ("--resolve", f"{host}={origins.address}")]
    relay = Hopaudit(tmp_path, *hosts, "--profile", "strict", "--upstream-ca", str(trust.ca_file), "--passthrough", "t.example")
    player = Player(relay, origins)
    for line in situation.lines:
        if line.startswith("> "):
            player.play(line[2:])
    player.close()
    lines = said(relay.stop())
    for line in situation.lines:
        if not line.startswith("> "):
            expect(situation, lines, line)
    named = {line[6:] for line in situation.lines if line.startswith("finds ")}
    for line in lines:
        if line.startswith("finding "):
            _, rule, severity, _ = line.split(" ")
            assert severity == "info" or f"{rule} {severity}" in named, "\n".join((str(situation), line, *lines))
