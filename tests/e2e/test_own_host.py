# SPDX-License-Identifier: MIT
"""http://hopaudit.invalid/: the name under which the running proxy gives out its certificate."""
import ssl

import pytest

pytest_plugins = ("lib.relay_fixtures",)


def get(client, path, method="GET", fields=b"", body=b""):
    client.send(
        f"{method} http://hopaudit.invalid{path} HTTP/1.1\r\nHost: hopaudit.invalid\r\n".encode() + fields + b"\r\n" + body
    )
    return client.read_response(method)


@pytest.fixture
def opening_relay(start_relay):
    return start_relay("--intercept")


def test_the_certificate_of_the_authority_is_given_out(opening_relay):
    answer = get(opening_relay.client(), "/ca.pem")
    assert answer.status == 200 and answer.get("Content-Type") == b"application/x-pem-file"
    kept = opening_relay.folder / "home/.config/hopaudit/ca.pem"
    assert answer.body == kept.read_bytes()
    assert ssl.PEM_cert_to_DER_cert(answer.body.decode())


def test_the_name_is_known_in_any_case_of_letters(opening_relay):
    client = opening_relay.client()
    client.send(b"GET http://HopAudit.INVALID/ca.pem HTTP/1.1\r\nHost: HopAudit.INVALID\r\n\r\n")
    assert client.read_response().status == 200


def test_head_tells_the_length_and_sends_nothing_and_the_connection_goes_on(opening_relay):
    client = opening_relay.client()
    length = len(get(client, "/ca.pem").body)
    answer = get(client, "/ca.pem", "HEAD")
    assert answer.status == 200 and answer.get("Content-Length") == str(length).encode() and answer.body == b""
    assert len(get(client, "/ca.pem").body) == length


def test_without_interception_there_is_no_certificate(relay):
    answer = get(relay.client(), "/ca.pem")
    assert answer.status == 404 and b"--no-intercept" in answer.body


def test_the_front_page_says_what_this_is(relay):
    for path in ("/", "", "/?x"):
        answer = get(relay.client(), path)
        assert answer.status == 200 and b"hopaudit.invalid/ca.pem" in answer.body, path


def test_other_paths_are_not_found(relay):
    assert get(relay.client(), "/ca.key").status == 404


def test_other_methods_are_refused_and_their_content_is_no_request(relay):
    client = relay.client()
    answer = get(client, "/", "POST", b"Content-Length: 24\r\n", b"GET http://a/ HTTP/1.1\r\n")
    assert answer.status == 405 and answer.get("Allow") == b"GET, HEAD" and answer.get("Connection") == b"close"


def test_it_is_no_exchange_of_the_audit(start_relay):
    relay = start_relay("--record-all")
    assert get(relay.client(), "/").status == 200
    relay.hang_up()
    log = relay.stop()
    assert log.events("exchange") == [] and log.one("run.finished")["totals"]["exchanges"] == 0
