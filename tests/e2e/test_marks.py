# SPDX-License-Identifier: MIT
"""Marks: `hopaudit mark` and POST http://hopaudit.invalid/mark say which test begins, and the log says whose a chain is."""
import socket
import threading

import pytest

from lib.hopaudit import binary
from lib.message import redirect, request, response
from lib.raw_client import proxy_authorization

pytest_plugins = ("lib.relay_fixtures",)


def post_mark(client, query, *fields, method="POST", body=None):
    return client.exchange(
        request(method, f"http://hopaudit.invalid/mark{query}", *fields, body=body, host="hopaudit.invalid")
    )


@pytest.fixture
def site(origin):
    """/a leads to /b."""
    origin.on("/a", redirect(302, "/b"))
    origin.on("/b", response(200))
    return origin


def walk(client, site, *fields):
    for path in ("/a", "/b"):
        client.exchange(request("GET", site.url + path, *fields, host=site.authority))


def owners(log):
    return [(event.get("tag"), event.get("test")) for event in log.events("chain.finished")]


def test_chains_belong_to_the_test_marked_before_them(site, proxy, hopaudit, connect):
    client = connect(proxy)
    walk(client, site)
    for name in ("pays by card", "tests/test_a.py::test_b[1+1=2 ü]", ""):
        assert hopaudit("mark", "--proxy", proxy.url(), name).returncode == 0
        walk(client, site)
    log = proxy.stop()
    expected = ["pays by card", "tests/test_a.py::test_b[1+1=2 ü]", None]
    assert owners(log) == [(None, name) for name in [None, *expected]]
    assert [event["name"] for event in log.events("mark")] == [name or "" for name in expected]
    assert "[pays by card]" in proxy.stderr


def test_a_mark_is_for_its_own_tag(site, proxy, hopaudit, connect):
    assert hopaudit("mark", "of b", "--proxy", proxy.url("b:")).returncode == 0
    for tag in "ab":
        walk(connect(proxy), site, proxy_authorization(tag))
    log = proxy.stop()
    assert sorted(owners(log)) == [("a", None), ("b", "of b")]
    assert log.one("mark")["tag"] == "b"


def test_the_command_of_a_run_marks_without_being_told_where(site, run):
    script = f'{binary()} mark one && curl -sL "{site.url}/a" && {binary()} mark two && curl -sL "{site.url}/a"'
    done = run(["sh", "-ec", script], "--all-chains")
    assert owners(done.expect(0)) == [(None, "one"), (None, "two")]
    assert "[one]" in done.stderr


def test_the_tag_of_the_environment_is_the_marks(site, proxy, hopaudit, connect):
    variables = {"http_proxy": proxy.url("team%20a:"), "HOPAUDIT_PROXY": proxy.url()}
    assert hopaudit("mark", "one", variables=variables).returncode == 0
    assert proxy.stop().one("mark")["tag"] == "team a"


def test_where_no_proxy_is_named_it_is_the_one_at_the_listener(proxy, hopaudit):
    host, port = proxy.address
    assert hopaudit("mark", "one", variables={"HOPAUDIT_LISTEN": f"{host}:{port}"}).returncode == 0
    assert proxy.stop().one("mark")["name"] == "one"


@pytest.mark.parametrize(
    "name, why",
    [("two\nlines", "control character"), ("x" * 201, "longer than 200 bytes"), ("\udcff", "not UTF-8")],
)
def test_an_unsuitable_name_is_a_usage_error_that_says_why(name, why, proxy, hopaudit):
    done = hopaudit("mark", "--proxy", proxy.url(), name)
    assert done.returncode == 2 and why in done.stderr
    assert proxy.stop().events("mark") == []


@pytest.mark.parametrize("query", ("", "?", "?test=x", "?name=a&name=b", "?name=%zz", "?name=a%00b"))
def test_an_unsuitable_query_is_a_bad_request_and_the_connection_goes_on(query, relay):
    client = relay.client()
    answer = post_mark(client, query)
    assert answer.status == 400 and answer.body.startswith(b"hopaudit: ")
    assert post_mark(client, "?name=x").status == 200


@pytest.mark.parametrize("method", ("GET", "HEAD", "PUT"))
def test_only_post_sets_a_mark(method, start_relay):
    relay = start_relay()
    client = relay.client()
    client.send(request(method, "http://hopaudit.invalid/mark?name=x", host="hopaudit.invalid"))
    answer = client.read_response(method)
    assert answer.status == 405 and answer.get("Allow") == b"POST"
    assert relay.stop().events("mark") == []


def test_content_of_the_request_is_no_request(start_relay):
    relay = start_relay()
    client = relay.client()
    answer = post_mark(client, "?name=x", body=b"POST http://hopaudit.invalid/mark?name=y HTTP/1.1\r\n\r\n")
    assert answer.status == 200 and answer.get("Connection") == b"close"
    assert [event["name"] for event in relay.stop().events("mark")] == ["x"]


def test_a_mark_is_no_exchange(start_relay):
    relay = start_relay("--record-all")
    assert post_mark(relay.client(), "?name=x").status == 200
    relay.hang_up()
    log = relay.stop()
    assert log.events("exchange") == [] and log.one("run.finished")["totals"]["exchanges"] == 0


def test_who_may_not_use_the_proxy_may_not_mark(start_proxy, hopaudit, tmp_path):
    users = tmp_path / "users"
    users.write_text("joe:secret-word\n")
    proxy = start_proxy("--users", str(users))
    refused = hopaudit("mark", "one", "--proxy", proxy.url("joe:wrong"))
    assert refused.returncode == 125 and "407" in refused.stderr and "wrong" not in refused.stderr
    assert hopaudit("mark", "two", "--proxy", proxy.url("joe:secret-word")).returncode == 0
    assert proxy.stop().one("mark")["name"] == "two"


def test_a_proxy_that_is_not_there_is_told(hopaudit):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = hopaudit("mark", "one", "--proxy", f"http://127.0.0.1:{port}")
    assert done.returncode == 125 and f"127.0.0.1:{port}: Connection refused" in done.stderr


def test_another_program_that_answers_is_not_believed(hopaudit):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection = server.accept()[0]
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        done = hopaudit("mark", "one", "--proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert done.returncode == 125 and "no hopaudit" in done.stderr


def test_usage_errors_say_what_is_missing(hopaudit):
    for arguments, why in (
        ([], "which test begins?"),
        (["a", "b"], "takes one NAME"),
        (["a", "--proxy", "https://127.0.0.1:1"], "no http:// URL"),
        (["a", "--proxy", "http://"], "no http:// URL"),
    ):
        done = hopaudit("mark", *arguments)
        assert done.returncode == 2 and why in done.stderr, arguments
