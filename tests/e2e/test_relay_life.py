# SPDX-License-Identifier: MIT
"""The process: signals, draining, the log's rotation, a port that is taken, an ordinary user."""
import os
import pwd
import signal
import socket
import subprocess
import threading
import time

import pytest

from lib.hopaudit import PATIENCE, binary, environment
from lib.raw import eventually

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def in_flight(relay, upstream, *fields, method="GET"):
    client = relay.client()
    client.send(upstream.request(method, "/x", *fields))
    server = upstream.accept()
    server.read_head()
    return client, server


def ended(relay, within):
    started = time.monotonic()
    relay.wait()
    assert time.monotonic() - started < within


# SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exchange_in_flight_is_finished_before_the_end(start_relay, upstream, number):
    relay = start_relay()
    client, server = in_flight(relay, upstream)
    relay.send_signal(number)
    eventually(lambda: not connects(relay), "the listener to close")
    server.send(OK)
    response = client.read_response()
    assert response.body == b"ok" and response.head.has_token("Connection", "close")
    client.expect_end()
    ended(relay, 10)


def test_body_in_flight_is_finished_before_the_end(start_relay, upstream):
    relay = start_relay()
    client, server = in_flight(relay, upstream)
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
    client.reader.read_head()
    relay.send_signal(signal.SIGTERM)
    eventually(lambda: not connects(relay), "the listener to close")
    server.send(b"rest")
    assert client.reader.read_exactly(8) == b"halfrest"
    client.expect_end()
    ended(relay, 10)


def test_request_body_in_flight_is_finished_before_the_end(start_relay, upstream):
    relay = start_relay()
    client, server = in_flight(relay, upstream, "Content-Length: 8", method="POST")
    relay.send_signal(signal.SIGTERM)
    eventually(lambda: not connects(relay), "the listener to close")
    client.send(b"12345678")
    assert server.reader.read_exactly(8) == b"12345678"
    server.send(OK)
    assert client.read_response().body == b"ok"
    ended(relay, 10)


def test_idle_connections_end_at_once(start_relay, upstream):
    relay = start_relay("--timeout-drain", "60s")
    client, server = in_flight(relay, upstream)
    server.send(OK)
    assert client.read_response().body == b"ok"
    silent = relay.client()
    relay.send_signal(signal.SIGTERM)
    client.expect_end()
    silent.expect_end()
    server.expect_end()
    ended(relay, 10)


def test_drain_is_bounded(start_relay, upstream):
    relay = start_relay("--timeout-drain", "500ms")
    in_flight(relay, upstream)
    tunnelled = relay.client()
    assert tunnelled.connect(upstream.authority).status == 200
    started = time.monotonic()
    relay.send_signal(signal.SIGTERM)
    relay.wait()
    assert 0.3 < time.monotonic() - started < 10


def test_second_sigterm_ends_it_now(start_relay, upstream):
    relay = start_relay("--timeout-drain", "60s")
    in_flight(relay, upstream)
    relay.send_signal(signal.SIGTERM)
    eventually(lambda: not connects(relay), "the drain to begin")
    relay.send_signal(signal.SIGTERM)
    ended(relay, 10)


def test_clients_in_the_accept_queue_are_served_before_the_end(start_relay, upstream):
    """They connected before the signal: their requests may be on the way."""
    relay = start_relay()
    relay.send_signal(signal.SIGSTOP)
    clients = [relay.client() for _ in range(5)]
    for client in clients:
        client.send(upstream.request("GET", "/queued"))
    relay.send_signal(signal.SIGTERM)
    relay.send_signal(signal.SIGCONT)
    for _ in clients:
        upstream.accept().exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    for client in clients:
        assert client.read_response().body == b"ok"
    ended(relay, 10)


def test_drain_while_a_name_is_looked_up_or_an_address_tried_ends(start_relay):
    from lib.raw import FullBacklog

    dead = FullBacklog("127.0.0.2")
    try:
        relay = start_relay("--timeout-drain", "500ms", "--timeout-connect", "60s")
        client = relay.client()
        client.send(b"GET http://127.0.0.2:%d/ HTTP/1.1\r\nHost: 127.0.0.2:%d\r\n\r\n" % (dead.port, dead.port))
        relay.send_signal(signal.SIGTERM)
        ended(relay, 10)
    finally:
        dead.close()


def test_connection_refused_after_the_drain_began_is_refused_for_good(start_relay, upstream):
    relay = start_relay("--timeout-drain", "5s")
    client, server = in_flight(relay, upstream)
    relay.send_signal(signal.SIGTERM)
    eventually(lambda: not connects(relay), "the listener to close")
    assert not connects(relay)
    server.send(OK)
    assert client.read_response().body == b"ok"
    ended(relay, 10)


@pytest.mark.threads
def test_relay_under_load_drains_without_losing_an_answer(start_relay, start_origin):
    """Clients of several workers in full swing: every request that was answered at all was answered whole."""
    origin = start_origin()
    origin.on("*", OK)
    relay = start_relay("--workers", "2")
    torn, counts = [], []

    def swing():
        done = 0
        try:
            while True:
                client = relay_client(relay)
                client.send(b"GET %s/x HTTP/1.1\r\nHost: %s\r\n\r\n" % (origin.url.encode(), origin.authority.encode()))
                response = client.read_response()
                if response.status != 200 or response.body != b"ok":
                    torn.append(response.head.raw)
                done += 1
                client.close()
        except ConnectionError:
            pass  # refused: the listener is closed
        except EOFError as error:
            torn.append(error)  # accepted and then dropped
        counts.append(done)

    threads = [threading.Thread(target=swing) for _ in range(8)]
    for thread in threads:
        thread.start()
    origin.wait_for_requests(200)
    relay.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(PATIENCE)
    relay.wait()
    relay.log.check()
    assert torn == [] and sum(counts) >= 200


def relay_client(relay):
    from lib.raw import Client

    return Client(relay.address)


def connects(relay):
    try:
        socket.create_connection(relay.address, timeout=5).close()
        return True
    except OSError:
        return False


# SIGHUP


def test_sighup_reopens_the_log(start_relay):
    relay = start_relay()
    refuse_one(relay, "/before")
    eventually(lambda: relay.proxy_errors("/before"), "the first event")
    rotated = relay.log.path.with_suffix(".1")
    os.rename(relay.log.path, rotated)
    relay.send_signal(signal.SIGHUP)
    eventually(relay.log.path.exists, "the new log")
    refuse_one(relay, "/after")
    eventually(lambda: "/after" in relay.log.path.read_text(), "the second event in the new log")
    assert "/after" not in rotated.read_text()
    relay.send_signal(signal.SIGTERM)
    relay.wait()
    assert '"run.finished"' in relay.log.path.read_text()


def test_sighup_does_not_disturb_exchanges(start_relay, upstream):
    relay = start_relay()
    client, server = in_flight(relay, upstream)
    for _ in range(20):
        relay.send_signal(signal.SIGHUP)
    server.send(OK)
    assert client.read_response().body == b"ok"


def refuse_one(relay, path):
    client = relay.client()
    client.send(f"GET ftp://h{path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert client.read_response().status >= 400
    client.close()


# starting


def start_another(relay, tmp_path, *options):
    host, port = relay.address
    return subprocess.run(
        [binary(), "proxy", "--listen", f"{host}:{port}", "--log", str(tmp_path / "other.jsonl"), *options],
        capture_output=True,
        env=environment(tmp_path),
        cwd=tmp_path,
        timeout=PATIENCE,
        text=True,
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_second_instance_on_the_same_port_fails_clearly(start_relay, upstream, tmp_path, workers):
    relay = start_relay("--workers", workers)
    other = start_another(relay, tmp_path, "--workers", workers)
    assert other.returncode not in (0, None) and other.returncode > 0
    assert relay.authority in other.stderr and "in use" in other.stderr.lower(), other.stderr
    for _ in range(20):  # nothing was taken away from the first
        client = relay.client()
        client.send(upstream.request("GET", "/x"))
        upstream.accept().exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        assert client.read_response().body == b"ok"


def test_port_that_another_program_holds_fails_clearly(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        told = subprocess.run(
            [binary(), "proxy", "--listen", f"127.0.0.1:{port}", "--log", "-"],
            capture_output=True,
            env=environment(tmp_path),
            cwd=tmp_path,
            timeout=PATIENCE,
            text=True,
        )
    assert told.returncode > 0 and f"127.0.0.1:{port}" in told.stderr and "in use" in told.stderr.lower()


def test_port_is_free_again_as_soon_as_it_has_ended(start_relay, upstream, tmp_path):
    relay = start_relay()
    host, port = relay.address
    client, server = in_flight(relay, upstream)
    server.send(OK)
    assert client.read_response().body == b"ok"
    relay.stop()
    again = start_relay("--listen", f"{host}:{port}")
    assert again.address == (host, port)


def test_it_runs_as_an_ordinary_user(start_relay, upstream, tmp_path):
    """No capability, no file of root's: log and key are made by the user."""
    nobody = pwd.getpwnam("nobody")
    open_to(tmp_path, nobody)

    def become_nobody():
        for folder in tmp_path.iterdir():
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            for inner in folder.iterdir():
                os.chown(inner, nobody.pw_uid, nobody.pw_gid)
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)

    relay = start_relay(preexec_fn=become_nobody)
    assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}" in relay.proc("status")
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    relay.stop()
    assert os.stat(relay.log.path).st_uid == nobody.pw_uid
    assert os.stat(relay.log.path).st_mode & 0o777 == 0o600


def open_to(folder, user):
    """Every folder above must let an ordinary user through."""
    for path in (folder, *folder.parents):
        if os.stat(path).st_uid == os.getuid() and not os.stat(path).st_mode & 0o001 and path.is_relative_to("/tmp"):
            os.chmod(path, os.stat(path).st_mode & 0o7777 | 0o011)
    assert user.pw_uid != 0
