# SPDX-License-Identifier: MIT
"""Secrets never reach a sink: neither the log, nor the summary, nor what --verbose prints."""
import base64
import json
import re
import stat
import urllib.parse

import pytest

from lib.message import redirect, request, response
from lib.raw_client import RawClient, proxy_authorization

SECRET = "sw0rdfish-7f3a9c1e"
PARAMETERS = (
    "access_token",
    "id_token",
    "refresh_token",
    "token",
    "code",
    "password",
    "client_secret",
    "api_key",
    "apikey",
    "sig",
    "signature",
    "session",
    "sid",
    "jwt",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "reset_token",
    "Access_Token",
    "access%5Ftoken",
)
REDACTED = re.compile(r"~[0-9a-f]{16}")


def spellings(secret):
    """A secret as it might come out again."""
    encoded = {secret, urllib.parse.quote(secret, safe=""), secret.encode().hex()}
    for user in ("", "user:", "team:"):
        encoded.add(base64.b64encode(f"{user}{secret}".encode()).decode().rstrip("="))
    return {spelling.lower() for spelling in encoded}


def assert_hidden(proxy, secret=SECRET):
    everything = (proxy.log.raw.decode("utf-8", "replace") + proxy.stdout + proxy.stderr).lower()
    assert proxy.log.events("exchange") or proxy.log.events("redirect.observed") or proxy.log.events("proxy.error")
    for spelling in spellings(secret):
        assert spelling not in everything, f"{spelling} came out:\n{everything}"


def ask(proxy, method, url, *fields, body=None):
    with RawClient(proxy.address) as client:
        authority = url.split("/")[2].rpartition("@")[2]
        return client.exchange(request(method, url, *fields, body=body, host=authority))


@pytest.fixture
def noisy(start_proxy):
    """A proxy that says as much as it can."""
    return start_proxy("--verbose", "--record-all", "--all-chains")


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_token_in_a_query_is_hidden_everywhere(name, origin, noisy):
    query = f"a=visible&{name}={SECRET}&z=also-visible"
    origin.on("/old", redirect(307, f"/new?{query}"))
    origin.on("/new", response(200))
    ask(noisy, "POST", f"{origin.url}/old?{query}", body=b"x")
    assert ask(noisy, "POST", f"{origin.url}/new?{query}", body=b"y").status == 200
    assert f"/new?{query}" == origin.of("/new")[0].target  # what is relayed stays as it was
    log = noisy.stop()
    assert_hidden(noisy)
    hop = log.one("redirect.followed")
    assert "a=visible" in hop["target"] and "z=also-visible" in hop["target"]
    # equality stays visible: the same secret has the same digest in every place
    chain = log.one("chain.finished")
    places = [hop["request"]["url"], hop["target"], hop["follow"]["request"]["url"]]
    places += [chain["first_url"], chain["last_url"]]
    assert len({REDACTED.search(place).group() for place in places}) == 1


def test_different_secrets_have_different_digests(origin, noisy):
    origin.on("/old", redirect(302, f"/new?token={SECRET}"))
    ask(noisy, "GET", f"{origin.url}/old?token={SECRET}x")
    log = noisy.stop()
    observed = log.one("redirect.observed")
    assert REDACTED.search(observed["request"]["url"]).group() != REDACTED.search(observed["target"]).group()
    assert_hidden(noisy)


def test_userinfo_in_a_target_and_in_a_location_is_hidden(origin, noisy):
    origin.on("/old", redirect(302, f"http://user:{SECRET}@{origin.authority}/new"))
    origin.on("/new", response(200))
    ask(noisy, "GET", f"http://user:{SECRET}@{origin.authority}/old")
    ask(noisy, "GET", f"http://{SECRET}@{origin.authority}/new")
    noisy.stop()
    assert_hidden(noisy)


def test_a_fragment_of_a_location_is_hidden_like_a_query(origin, noisy):
    origin.on("/login", redirect(302, f"/app#access_token={SECRET}&token_type=bearer"))
    ask(noisy, "GET", f"{origin.url}/login")
    noisy.stop()
    assert_hidden(noisy)


def test_credentials_in_header_fields_are_hidden(origin, noisy):
    origin.on("/old", response(302, "Location: /new", f"Set-Cookie: sid={SECRET}"))
    origin.on("/new", response(200, f"Set-Cookie: sid={SECRET}"))
    for path in ("old", "new"):
        ask(
            noisy,
            "GET",
            f"{origin.url}/{path}",
            f"Authorization: Bearer {SECRET}",
            f"Cookie: sid={SECRET}; theme=dark",
            f"X-Api-Key: {SECRET}",
            f"Referer: http://user:{SECRET}@a/?token={SECRET}",
            proxy_authorization("team", SECRET),
        )
    noisy.stop()
    assert_hidden(noisy)


def test_the_content_of_a_body_is_not_recorded(origin, noisy):
    origin.on("/pay", redirect(307, "/v2/pay", body=SECRET))
    origin.on("/v2/pay", response(200, body=SECRET))
    ask(noisy, "POST", f"{origin.url}/pay", body=SECRET)
    ask(noisy, "POST", f"{origin.url}/v2/pay", body=SECRET + "!")
    log = noisy.stop()
    assert "body-changed" in log.rules()
    assert_hidden(noisy)


def test_secrets_in_requests_that_fail_are_hidden(origin, noisy):
    origin.stop()  # nobody listens there any more
    ask(noisy, "GET", f"http://user:{SECRET}@{origin.authority}/x?api_key={SECRET}")
    ask(noisy, "GET", f"https://user:{SECRET}@{origin.authority}/x?api_key={SECRET}")
    ask(noisy, "GET", f"http://{origin.authority}/x?api_key={SECRET}", "Content-Length: 1", "Content-Length: 2")
    log = noisy.stop()
    assert len(log.events("proxy.error")) == 3
    assert_hidden(noisy)


def test_secrets_in_the_command_line_are_hidden(origin, run):
    origin.on("/x", redirect(302, "/y"))
    secrets = ("-H", f"Authorization: Bearer {SECRET}", "-u", f"user:{SECRET}", f"{origin.url}/x?token={SECRET}")
    done = run(["curl", "-s", *secrets])
    assert len(origin.requests) == 1 and SECRET in origin.requests[0].target
    for spelling in spellings(SECRET):
        assert spelling not in (done.expect(0).raw.decode() + done.stderr).lower()


def test_a_secret_has_the_same_digest_in_runs_of_one_user_and_another_with_another_key(origin, run, tmp_path):
    origin.on("/x", redirect(302, f"/y?token={SECRET}"))
    digests = []
    for folder in ("one", "one", "two"):
        (tmp_path / folder).mkdir(exist_ok=True)
        log = run(["curl", "-s", f"{origin.url}/x"], folder=tmp_path / folder).expect(0)
        digests.append(REDACTED.search(log.one("redirect.observed")["target"]).group())
    assert digests[0] == digests[1] != digests[2]


def test_the_key_and_the_log_are_readable_by_their_owner_alone(origin, run, tmp_path):
    log = run(["true"]).expect(0)
    (key,) = (tmp_path / "home/.config/hopaudit").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert key.stat().st_size == 32


@pytest.mark.parametrize(
    "raw", (b"/caf\xc3\xa9", b"/caf\xe9", b"/\xff\xfe", b'/"},{"seq":1', b"/\xe2\x80\xae\xc2\x9b31m"), ids=repr
)
def test_hostile_bytes_in_a_url_can_neither_forge_a_line_nor_reach_a_terminal(raw, origin, noisy):
    origin.on("*", redirect(302, "/x"))
    origin.on("/x", response(200))
    with RawClient(noisy.address) as client:
        url = origin.url.encode() + raw
        client.exchange(b"GET " + url + b" HTTP/1.1\r\nHost: " + origin.authority.encode() + b"\r\n\r\n")
        client.exchange(request("GET", f"{origin.url}/x", host=origin.authority))
    noisy.stop()  # checks every line against the schema, and the chain
    for line in noisy.log.lines:
        json.loads(line.decode("utf-8", "strict"))
    shown = noisy.stderr
    for character in shown:
        assert character.isprintable() or character in "\n", repr(shown)
