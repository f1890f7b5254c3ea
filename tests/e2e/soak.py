#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients and origins that misbehave at random, for as long as told; then everything must be back where it began.

    HOPAUDIT_BIN=build-asan/hopaudit tests/e2e/soak.py --seconds 3600 --seed 1

Among the misbehaving ones go honest exchanges, whose answers say which request they belong to: a response that reaches
the wrong client, is not whole, or is made of somebody's left-over bytes fails the soak. At the end the relay must hold
as many descriptors as at its beginning, no more memory than after its first traffic, and end with status 0 (under
ASan: without a leak). The log is rotated on the way, each piece checked for gaps and then deleted.

Threads make the order of things differ from run to run; the seed decides what each of them does."""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib.message import Reader, chunked, request, shut  # noqa: E402
from lib.raw import Client, eventually, proxy_error  # noqa: E402
from lib.relay import Growth, Relay  # noqa: E402

CLIENTS = 24
OPTIONS = (
    "--workers 2 --window 1s --audit-memory 16M "
    "--limit-tunnels 12 --limit-buffered 64K --limit-pool 16 --limit-head 16K "
    "--limit-pipeline 8K --timeout-connect 1s --timeout-head 1s --timeout-body-idle 1s --timeout-response-head 1s "
    "--timeout-keep-alive 1s --timeout-pool-idle 700ms --timeout-tunnel-idle 1s --timeout-recognise 200ms "
    "--timeout-linger 300ms --timeout-drain 5s --resolve me.test=127.0.0.1"
).split()
GROWTH_KIB = 4096
GROWTH_SANITIZED_KIB = 65536  # quarantine and allocator caches; a leak is LeakSanitizer's to find
GONE = (OSError, EOFError, ValueError)


class Counts:
    """Counted by many threads. What begins with FAILED ends the soak."""

    def __init__(self):
        self.counter = collections.Counter()
        self.lock = threading.Lock()

    def add(self, what):
        with self.lock:
            self.counter[what] += 1

    def failures(self):
        with self.lock:
            return {what: count for what, count in self.counter.items() if what.startswith("FAILED")}


def content(name):
    """The body that belongs to a path: its digest over and over, up to some 200 KiB."""
    digest = hashlib.sha256(name.encode()).hexdigest().encode()
    sizes = (0, 1, 300, 5_000, 70_000, 200_000)
    size = sizes[int(digest[:8], 16) % len(sizes)]
    return (digest * (size // 64 + 1))[:size]


# origins


class Origin:
    """Answers honestly where the path begins with /honest, else as the dice say. A `spoiled` one also mistreats
    connections as such, so that no honest exchange is asked of it."""

    def __init__(self, seed, spoiled, counts):
        self.random = random.Random(f"{seed} origin {spoiled}")
        self.spoiled, self.counts = spoiled, counts
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.authority = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        shut(self.listener)
        with self.lock:
            open_ones = list(self.connections)
        for connection in open_ones:
            shut(connection)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(4)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections.add(connection)
                dice = random.Random(self.random.random())
            threading.Thread(target=self.serve, args=(connection, dice), daemon=True).start()

    def serve(self, connection, dice):
        try:
            if self.spoiled and dice.random() < 0.2:
                self.mistreat(connection, dice)
            reader = Reader(connection)
            while self.exchange(connection, reader, dice):
                pass
        except GONE:
            pass
        except Exception as error:
            self.counts.add(f"FAILED in the origin's own code: {error!r}")
        finally:
            shut(connection)
            with self.lock:
                self.connections.discard(connection)

    def mistreat(self, connection, dice):
        how = dice.randrange(3)
        if how == 0:
            reset(connection)
        elif how == 1:
            connection.sendall(dice.randbytes(dice.randrange(1, 2000)))
        raise EOFError

    def exchange(self, connection, reader, dice):
        head = reader.read_head()
        if head is None:
            return False
        words = head.start_line.split(b" ")
        if len(words) != 3:
            return False  # a tunnel's bytes
        path = words[1].decode("latin-1")
        name = path.rpartition("/")[2]
        if not path.startswith("/honest"):
            behaviour = dice.choice(SPOILING if self.spoiled else BEHAVIOURS)
            self.counts.add("origin " + behaviour.__name__)
            return behaviour(connection, reader, head, dice, name)
        body = read_body(connection, reader, head)
        if body is not None and body != content(name + "-sent"):
            self.counts.add("FAILED request body")
        answer = honest_answer(head, name, dice)
        connection.sendall(answer)
        return True


def read_body(connection, reader, head):
    if (head.get("Expect") or b"").lower() == b"100-continue" and not reader.buffer:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if head.get("Transfer-Encoding") is not None:
        return reader.read_chunked()[1]
    if head.get("Content-Length") is not None:
        return reader.read_exactly(int(head.get("Content-Length")))
    return None


def honest_answer(head, name, dice):
    body = content(name)
    early = dice.choice([b"", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])
    status = dice.choice([b"200 OK", b"201 Created", b"307 Temporary Redirect\r\nLocation: /honest/%s" % name.encode()])
    mark = b"HTTP/1.1 %s\r\nX-Name: %s\r\n" % (status, name.encode())
    if dice.random() < 0.5:
        framed = b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        framed = b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, dice.randrange(1000, 50_000))
    if head.start_line.startswith(b"HEAD "):
        framed = framed[: framed.index(b"\r\n\r\n") + 4]
    return early + mark + framed


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


# what a dishonest origin does with a request; each returns whether the connection goes on


def answers_and_goes_on(connection, reader, head, dice, name):
    read_body(connection, reader, head)
    connection.sendall(honest_answer(head, name, dice))
    return True


def answers_and_says_more(connection, reader, head, dice, name):
    read_body(connection, reader, head)
    left_over = b"HTTP/1.1 200 OK\r\nX-Name: left-over\r\nContent-Length: 9\r\n\r\nleft over"
    connection.sendall(honest_answer(head, name, dice) + dice.choice([left_over, b"\r\n", b"x", dice.randbytes(300)]))
    return True


def answers_and_says_more_later(connection, reader, head, dice, name):
    answers_and_goes_on(connection, reader, head, dice, name)
    time.sleep(dice.random() / 10)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Name: left-over\r\nContent-Length: 0\r\n\r\n")
    return True


def answers_and_closes(connection, reader, head, dice, name):
    answers_and_goes_on(connection, reader, head, dice, name)
    return False


def answers_too_early(connection, reader, head, dice, name):
    connection.sendall(honest_answer(head, name, dice))
    if dice.random() < 0.5:
        read_body(connection, reader, head)
        return True
    return False


def stops_within_the_answer(connection, reader, head, dice, name):
    read_body(connection, reader, head)
    answer = honest_answer(head, name, dice)
    connection.sendall(answer[: dice.randrange(len(answer))])
    if dice.random() < 0.5:
        reset(connection)
    return False


def stalls_within_the_answer(connection, reader, head, dice, name):
    answer = honest_answer(head, name, dice)
    connection.sendall(answer[: dice.randrange(len(answer))])
    connection.recv(1 << 20)
    time.sleep(1.5)
    return False


def never_answers(connection, reader, head, dice, name):
    while connection.recv(1 << 16):
        pass
    return False


def hangs_up(connection, reader, head, dice, name):
    if dice.random() < 0.5:
        reset(connection)
    return False


def answers_byte_by_byte(connection, reader, head, dice, name):
    read_body(connection, reader, head)
    for byte in honest_answer(head, name, dice)[:2000]:
        connection.sendall(bytes([byte]))
    return False


def answers_nonsense(connection, reader, head, dice, name):
    ok = b"HTTP/1.1 200 OK\r\n"
    nonsense = [
        ok + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + b"Content-Length: 5, 6\r\n\r\nhello",
        ok + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n",
        ok + b"A : b\r\n\r\n",
        ok + b"A: b\nContent-Length: 0\r\n\r\n",
        ok + b"A: " + b"b" * 100_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\nleft over",
        b"HTTP/1.1 304 Not Modified\r\n\r\nleft over",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/9.9 999 Hm\r\n\r\n",
        dice.randbytes(dice.randrange(1, 5000)),
    ]
    connection.sendall(dice.choice(nonsense))
    return dice.random() < 0.5


def answers_with_no_framing(connection, reader, head, dice, name):
    if head.start_line.startswith(b"HEAD "):
        return answers_and_closes(connection, reader, head, dice, name)
    read_body(connection, reader, head)
    connection.sendall(b"HTTP/1.%d 200 OK\r\n\r\n" % dice.randrange(2) + content(name))
    return False


def pours(connection, reader, head, dice, name):
    if head.start_line.startswith(b"HEAD "):
        return answers_and_closes(connection, reader, head, dice, name)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + bytes(8_000_000))
    return True


def redirects_somewhere(connection, reader, head, dice, name):
    read_body(connection, reader, head)
    places = ["/honest/x", "/next", "http://127.0.0.1:1/", "http:///", "\xff", "", "//[", "/a" * 900]
    location = dice.choice(places).encode("latin-1")
    status = dice.choice([300, 301, 302, 303, 304, 305, 307, 308])
    connection.sendall(b"HTTP/1.1 %d R\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location))
    return True


def switches_protocols(connection, reader, head, dice, name):
    offered = head.get("Upgrade")
    if offered is None:
        return answers_and_goes_on(connection, reader, head, dice, name)
    connection.sendall(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: " + offered + b"\r\n\r\nhello")
    echo(connection, dice)
    return False


def echo(connection, dice):
    for _ in range(dice.randrange(1, 20)):
        data = connection.recv(65536)
        if not data:
            return
        connection.sendall(data)


BEHAVIOURS = [
    answers_and_goes_on,
    answers_and_closes,
    answers_too_early,
    stops_within_the_answer,
    stalls_within_the_answer,
    never_answers,
    hangs_up,
    answers_byte_by_byte,
    answers_nonsense,
    answers_with_no_framing,
    pours,
    redirects_somewhere,
    switches_protocols,
]
# Bytes that come when the connection has been given to the next request are that one's answer to anybody who reads
# them: nothing honest may share an origin with these.
SPOILING = [*BEHAVIOURS, answers_and_says_more, answers_and_says_more_later]


# clients


class Swarm:
    """CLIENTS threads; each draws what to do next until it is told to stop."""

    def __init__(self, relay, origins, seed, counts):
        self.relay, self.origins, self.counts = relay, origins, counts
        self.honest = origins[0].authority
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self.live, args=(random.Random(f"{seed} client {n}"), n), daemon=True)
            for n in range(CLIENTS)
        ]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs: the relay neither answers nor closes"

    def live(self, dice, number):
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            deed = dice.choice(DEEDS)
            self.counts.add("client " + deed.__name__)
            client = None
            try:
                client = Client(self.relay.address)
                client.socket.settimeout(15)
                deed(self, client, dice, f"{number}-{turn}")
            except TimeoutError:
                self.counts.add("FAILED to answer or close: " + deed.__name__)
            except GONE:
                pass
            except Exception as error:
                self.counts.add(f"FAILED in {deed.__name__}'s own code: {error!r}")
            finally:
                if client:
                    shut(client.socket)

    def any_url(self, dice, name):
        return f"http://{dice.choice(self.origins).authority}/any/{name}"

    def any_request(self, dice, name):
        """(method, the bytes of a well-formed request to somebody)"""
        method = dice.choice(["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE", "TRACE"])
        fields, body = [], None
        if dice.random() < 0.4:
            body = dice.randbytes(dice.choice([0, 1, 500, 20_000, 150_000]))
            if dice.random() < 0.5:
                fields, body = ["Transfer-Encoding: chunked"], chunked(
                    body, dice.randrange(1, 30_000) + len(body) // 50
                )
        if dice.random() < 0.1:
            fields.append("Expect: 100-continue")
        if dice.random() < 0.2:
            fields += ["Connection: Upgrade", "Upgrade: " + dice.choice(["websocket", "h2c"])]
        return method, request(method, self.any_url(dice, name), *fields, body=body, host="a")

    def check(self, response, method, name):
        """An honest exchange's answer is right or a refusal of ours; nothing else."""
        if response.status >= 500 and proxy_error(response):
            self.counts.add("honest, refused")
        elif response.get("X-Name") != name.encode() or (method != "HEAD" and response.body != content(name)):
            self.counts.add("FAILED answer")
        else:
            self.counts.add("honest, right")


def asks_honestly(swarm, client, dice, name):
    for number in range(dice.randrange(1, 6)):
        mine = f"{name}-{number}"
        method = dice.choice(["GET", "GET", "HEAD", "POST", "PUT"])
        body = content(mine + "-sent") if method in ("POST", "PUT") else None
        fields = []
        if body is not None and dice.random() < 0.5:
            fields, body = ["Transfer-Encoding: chunked"], chunked(body, dice.randrange(500, 20_000))
        client.send(request(method, f"http://{swarm.honest}/honest/{mine}", *fields, body=body, host=swarm.honest))
        response = client.read_response(method)
        swarm.check(response, method, mine)
        if response.head.has_token("Connection", "close"):
            return


def asks_honestly_in_a_pipeline(swarm, client, dice, name):
    mine = [f"{name}-{number}" for number in range(dice.randrange(2, 12))]
    client.send(b"".join(request("GET", f"http://{swarm.honest}/honest/{one}", host=swarm.honest) for one in mine))
    if dice.random() < 0.3:
        client.send_end()
    for one in mine:
        response = client.read_response()
        swarm.check(response, "GET", one)
        if response.head.has_token("Connection", "close"):
            return


def asks_honestly_in_a_tunnel(swarm, client, dice, name):
    if client.connect(swarm.honest).status != 200:
        return
    for number in range(dice.randrange(1, 4)):
        mine = f"{name}-{number}"
        client.send(request("GET", f"/honest/{mine}", host=swarm.honest))
        swarm.check(client.read_response(), "GET", mine)


def asks_anything(swarm, client, dice, name):
    for number in range(dice.randrange(1, 5)):
        method, raw = swarm.any_request(dice, f"{name}-{number}")
        client.send(raw)
        response = client.read_response(method)
        if response.status == 101 or response.head.has_token("Connection", "close"):
            return


def asks_many_at_once(swarm, client, dice, name):
    asked = [swarm.any_request(dice, f"{name}-{number}") for number in range(dice.randrange(2, 20))]
    for _, raw in asked:
        client.send(raw)
    for method, _ in asked[: dice.randrange(4)]:
        if client.read_response(method).status == 101:
            return


def stops_within_a_request(swarm, client, dice, name):
    raw = swarm.any_request(dice, name)[1]
    client.send(raw[: dice.randrange(len(raw))])
    [client.reset, client.send_end, client.close, lambda: time.sleep(1.2)][dice.randrange(4)]()
    client.reader.read_to_end()


def leaves_within_an_answer(swarm, client, dice, name):
    client.send(swarm.any_request(dice, name)[1])
    client.socket.recv(dice.choice([1, 100, 10_000]))
    client.reset() if dice.random() < 0.5 else client.close()


def leaves_before_the_answer(swarm, client, dice, name):
    client.send(swarm.any_request(dice, name)[1])
    client.reset() if dice.random() < 0.5 else client.close()


def writes_byte_by_byte(swarm, client, dice, name):
    for byte in swarm.any_request(dice, name)[1][:1500]:
        client.send(bytes([byte]))
    client.read_response()


def reads_slowly(swarm, client, dice, name):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(request("GET", swarm.any_url(dice, name), host="a"))
    for _ in range(dice.randrange(1, 10)):
        client.socket.recv(2000)
        time.sleep(dice.random() / 5)


def writes_nonsense(swarm, client, dice, name):
    lines = request("POST", swarm.any_url(dice, name), "Content-Length: 5", host="a")[:-2]
    nonsense = [
        dice.randbytes(dice.randrange(1, 3000)),
        lines + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        lines + b"Content-Length: 6\r\n\r\nhello",
        lines + b"A: " + b"b" * 50_000,
        lines + b"a: b\r\n" * 5000,
        lines + b"A: b\rB: c\r\n\r\nhello",
        lines.replace(b"HTTP/1.1", b"HTTP/3.0") + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT " + dice.randbytes(20).hex().encode() + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(500),
        lines.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"\r\n5\r\nhello0\r\n\r\n",
    ]
    client.send(dice.choice(nonsense))
    client.reader.read_to_end()


def says_nothing(swarm, client, dice, name):
    if dice.random() < 0.3:
        client.reader.read_to_end()


def tunnels_bytes(swarm, client, dice, name):
    if client.connect(dice.choice(swarm.origins).authority).status != 200:
        return
    for _ in range(dice.randrange(6)):
        client.send(b"\x16" + dice.randbytes(dice.randrange(20_000)))
    [client.reset, client.send_end, client.close, lambda: None][dice.randrange(4)]()
    client.reader.read_to_end()


def tunnels_http(swarm, client, dice, name):
    authority = dice.choice(swarm.origins).authority
    client.send(request("CONNECT", authority, host=authority) + request("GET", f"/any/{name}", host=authority))
    client.read_response("CONNECT")
    client.read_response()


def asks_whom_nobody_knows(swarm, client, dice, name):
    where = dice.choice(["127.0.0.1:1", "[::1]:1", "0.0.0.0:1", swarm.relay.authority, "me.test", "127.255.255.255:1"])
    client.send(request(dice.choice(["GET", "POST"]), f"http://{where}/{name}", body=b"", host=where))
    client.read_response()


def switches_protocols_itself(swarm, client, dice, name):
    fields = ("Connection: Upgrade", "Upgrade: websocket")
    client.send(request("GET", swarm.any_url(dice, name), *fields, host="a"))
    if client.read_response().status == 101:
        for _ in range(dice.randrange(5)):
            client.send(dice.randbytes(dice.randrange(1, 5000)))
            client.socket.recv(65536)


DEEDS = [
    asks_honestly,
    asks_honestly,
    asks_honestly,
    asks_honestly_in_a_pipeline,
    asks_honestly_in_a_tunnel,
    asks_anything,
    asks_anything,
    asks_many_at_once,
    stops_within_a_request,
    leaves_within_an_answer,
    leaves_before_the_answer,
    writes_byte_by_byte,
    reads_slowly,
    writes_nonsense,
    says_nothing,
    tunnels_bytes,
    tunnels_http,
    asks_whom_nobody_knows,
    switches_protocols_itself,
]


# the log


class RotatedLog:
    """Moves the log away now and then, has a new one opened by SIGHUP, and checks chain and seq of all pieces."""

    def __init__(self, relay, folder):
        self.relay, self.folder = relay, folder
        self.seq, self.head, self.events = 0, None, 0

    def rotate(self):
        away = self.folder / "rotated.jsonl"
        os.rename(self.relay.log.path, away)
        self.relay.send_signal(signal.SIGHUP)
        eventually(lambda: self.relay.log.path.exists() and self.relay.log.path.stat().st_size, "the new log")
        self.check(away)
        away.unlink()

    def check(self, path):
        before = None
        for line in path.read_bytes().splitlines():
            event = json.loads(line)
            if event["type"] == "run.continued":
                assert event["previous_head"] == self.head, "the new log does not go on where the old one ended"
            else:
                assert event["seq"] == self.seq + 1, f"seq {event['seq']} behind {self.seq}"
                self.seq += 1
            assert before in (None, event["prev"]), f"the digest chain is broken before {line[:200]!r}"
            before = self.head = hashlib.sha256(line).hexdigest()
            self.events += 1


# the soak


def traffic(relay, seed, seconds, counts, log=None):
    """Misbehaviour for some seconds; then all clients and origins are gone."""
    origins = [Origin(f"{seed} {n}", n == 1, counts) for n in range(2)]
    swarm = Swarm(relay, origins, seed, counts)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and relay.running and not counts.failures():
            swarm.stopping.wait(min(30, max(0.1, end - time.monotonic())))
            if log:
                log.rotate()
    finally:
        swarm.stop()
        for origin in origins:
            origin.stop()
    assert relay.running, f"the relay died\n{relay.stderr[-8000:]}"
    assert not counts.failures(), counts.failures()


def soak(folder, seconds, seed):
    """Runs it all; returns figures, raises AssertionError with the reason when something is not as it was."""
    sanitizer = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [sanitizer, "quarantine_size_mb=4:malloc_context_size=12"]))
    counts = Counts()
    folder = pathlib.Path(folder)
    relay = Relay(folder, *OPTIONS)
    try:
        cold = relay.descriptors()
        log = RotatedLog(relay, folder)
        traffic(relay, f"{seed} warm", max(4, seconds / 30), counts)
        relay.wait_for_descriptors(cold)
        growth = Growth(relay)
        began = relay.cpu_seconds()
        traffic(relay, seed, seconds, counts, log)
        relay.wait_for_descriptors(cold)
        figures = {
            "seed": seed,
            "seconds": seconds,
            "descriptors": [cold, relay.descriptors()],
            "pss_kib": [growth.start, relay.pss_kib()],
            "cpu_seconds": round(relay.cpu_seconds() - began, 1),
        }
        grown = figures["pss_kib"][1] - growth.start
        allowed = GROWTH_SANITIZED_KIB if growth.sanitized else GROWTH_KIB
        assert grown <= allowed, f"{grown} KiB more than after the first traffic: {figures}"
        relay.send_signal(signal.SIGTERM)
        relay.wait()
        log.check(relay.log.path)
    finally:
        relay.kill()
    assert "Sanitizer" not in relay.stderr, relay.stderr[-10000:]
    total = counts.counter
    assert total["honest, right"] > 20 * total["honest, refused"], f"too few honest exchanges went right: {total}"
    return {**figures, "events": log.events, "counts": dict(sorted(total.items()))}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--seconds", type=float, default=3600)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--bin", help="the program; otherwise HOPAUDIT_BIN")
    chosen = options.parse_args()
    if chosen.bin:
        os.environ["HOPAUDIT_BIN"] = os.path.abspath(chosen.bin)
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = soak(folder, chosen.seconds, chosen.seed)
        except AssertionError as error:
            print(f"soak failed, seed {chosen.seed}: {error}", file=sys.stderr)
            return 1
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
