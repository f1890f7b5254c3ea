# SPDX-License-Identifier: MIT
"""The process as an identity: clients that are processes of their own, which do as they are told on their standard
input, so that nothing here rests on time."""
import subprocess
import sys
import textwrap
import time

import pytest

from lib.hopaudit import PATIENCE
from lib.message import redirect, response

# "same URL" asks on the connection that is there, "new URL" on a new one; the status is the answer. "fork" leaves what
# follows to a child, which has no connection yet, and the parent stays.
CLIENT = textwrap.dedent(
    """
    import os, socket, sys
    connection = None
    for line in sys.stdin:
        how, _, url = line.strip().partition(" ")
        if how == "fork":
            if os.fork():
                os.wait()
                os._exit(0)
            connection = None
            print("forked", flush=True)
            continue
        if how == "new" or connection is None:
            connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        authority = url.split("/")[2]
        connection.sendall(f"GET {url} HTTP/1.1\\r\\nHost: {authority}\\r\\nUser-Agent: c/1\\r\\n\\r\\n".encode())
        answer = b""
        while b"\\r\\n\\r\\n" not in answer:
            answer += connection.recv(65536)
        print(answer.split(b" ")[1].decode(), flush=True)
    """
)


class Client:
    def __init__(self, proxy):
        host, port = proxy.address
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, host, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # as if it were typed at a terminal: no script goes on behind it
        )
        self.pid = self.process.pid

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def ends(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def start_client():
    started = []

    def start(proxy):
        started.append(Client(proxy))
        return started[-1]

    yield start
    for client in started:
        client.process.kill()
        client.process.wait()
        client.process.stdin.close()
        client.process.stdout.close()


@pytest.fixture
def moved(origin):
    """/old is at /new, whose bodies are empty."""
    origin.on("/old", redirect(302, "/new"))
    origin.on("/new", response(200))
    return origin


def processes(log):
    return {event["connection"]: event["pid"] for event in log.events("client.process")}


def pairs(log):
    """For each redirect that was followed: the process that had it, and the one that followed."""
    pids = processes(log)
    return [
        (pids.get(event["request"]["connection"]), pids.get(event["follow"]["request"]["connection"]))
        for event in log.events("redirect.followed")
    ]


@pytest.mark.threads
def test_identical_parallel_clients_are_told_apart(start_proxy, moved, start_client):
    proxy = start_proxy("--workers", "4")
    clients = [start_client(proxy) for _ in range(4)]
    for client in clients:
        assert client.tell(f"new {moved.url}/old") == "302"
    proxy.wait_for_event("client.process", 4)
    for client in reversed(clients):
        assert client.tell(f"new {moved.url}/new") == "200"
    proxy.wait_for_event("redirect.followed", 4)
    log = proxy.stop()
    assert sorted(pairs(log)) == sorted((client.pid, client.pid) for client in clients)
    assert [event["severity"] for event in log.events("finding") if event["severity"] != "info"] == []


def test_another_process_in_front_of_the_real_client_is_not_taken_for_it(proxy, moved, start_client):
    client, other = start_client(proxy), start_client(proxy)
    client.tell(f"new {moved.url}/old")
    proxy.wait_for_event("client.process")
    assert other.tell(f"new {moved.url}/new") == "200"
    proxy.wait_for_event("client.process", 2)
    assert client.tell(f"new {moved.url}/new") == "200"
    proxy.wait_for_event("redirect.followed")
    assert pairs(proxy.stop()) == [(client.pid, client.pid)]


@pytest.mark.threads
def test_a_client_that_ends_without_following_is_told_of_at_once(start_proxy, moved, start_client):
    proxy = start_proxy("--window", "1h")
    leaves, stays = start_client(proxy), start_client(proxy)
    for client in (leaves, stays):
        client.tell(f"new {moved.url}/old")
    proxy.wait_for_event("client.process", 2)
    leaves.ends()
    proxy.wait_for_event("chain.finished")
    log = proxy.log
    closed = log.one("redirect.closed")
    assert (closed["outcome"], closed["reason"]) == ("not_followed", "the client's process has ended")
    assert processes(log)[closed["request"]["connection"]] == leaves.pid
    assert log.one("finding")["severity"] == "info"
    assert log.one("chain.finished")["outcome"] == "not_followed"
    stays.tell(f"same {moved.url}/new")
    assert pairs(proxy.stop()) == [(stays.pid, stays.pid)]


def test_the_children_of_one_program_may_follow_each_other(proxy, moved, start_client):
    client = start_client(proxy)
    client.tell(f"new {moved.url}/old")
    proxy.wait_for_event("client.process")
    client.tell("fork")
    assert client.tell(f"new {moved.url}/new") == "200"
    proxy.wait_for_event("redirect.followed")
    ((had, followed),) = pairs(proxy.stop())
    assert had == client.pid and followed not in (None, client.pid)


def test_a_script_may_follow_by_its_next_command(run, origin, tmp_path):
    """The first does not follow; the second, begun behind the redirect by the same script, may. The origin lets each go only when its
    process is known, as an answer does that takes a moment."""

    def wait_for_lookups(count):
        end = time.monotonic() + PATIENCE
        while (tmp_path / "hopaudit.jsonl").read_bytes().count(b"client.process") < count:
            assert time.monotonic() < end, "no process was found"
            time.sleep(0.02)

    def answer(head, count):
        def script(conversation):
            conversation.read_body()
            conversation.send(head + b"Content-Length: 1\r\n\r\n")
            wait_for_lookups(count)
            conversation.send(b".")

        return script

    origin.on_head("/old", answer(b"HTTP/1.1 302 Found\r\nLocation: /new\r\n", 1))
    origin.on_head("/new", answer(b"HTTP/1.1 200 OK\r\n", 2))
    done = run(["sh", "-c", f"curl -s {origin.url}/old; curl -s {origin.url}/new"])
    assert [event["outcome"] for event in done.log.events("redirect.closed")] == ["followed"]
    assert [event["name"] for event in done.log.events("client.process")] == ["curl", "curl"]


def test_processes_are_not_looked_for_where_that_is_switched_off(start_proxy, moved, start_client):
    proxy = start_proxy("--no-process-lookup")
    client, other = start_client(proxy), start_client(proxy)
    client.tell(f"new {moved.url}/old")
    other.tell(f"new {moved.url}/new")
    log = proxy.stop()
    assert log.events("client.process") == []
    assert log.one("redirect.closed")["outcome"] == "followed"


def test_nothing_is_looked_up_without_a_redirect(proxy, moved, start_client):
    client = start_client(proxy)
    for _ in range(3):
        client.tell(f"same {moved.url}/new")
    client.tell(f"new {moved.url}/old")
    proxy.wait_for_event("client.process")
    assert list(processes(proxy.stop())) == [2]
