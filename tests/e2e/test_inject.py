# SPDX-License-Identifier: MIT
"""--inject: redirects that the servers never sent. A suite of an ordinary client goes through unchanged where its client
keeps method and body; where it does not, the run fails and names the request."""
import json
import re
import sys

import pytest

from lib import drivers
from lib.message import request, response

pytest_plugins = ("lib.tls_fixtures",)

BODY = b"amount=12&card=none"


def echo(got):
    """What the origin got, so that a client can tell whether it is what it sent."""
    seen = {"method": got.method, "target": got.target, "body": got.body.decode("latin-1")}
    return response(200, "Content-Type: application/json", body=json.dumps(seen).encode())


@pytest.fixture
def api(origin):
    """An origin without any redirect."""
    for path in ("/pay", "/orders/7", "/"):
        origin.on(path, echo)
    return origin


SUITE = r"""
import json, sys, urllib3
api, http = sys.argv[1], urllib3.ProxyManager(__import__("os").environ["http_proxy"])
def call(method, path, body=None):
    answer = http.request(method, api + path, body=body)
    seen = json.loads(answer.data)
    assert answer.status == 200 and seen == {"method": method, "target": path, "body": (body or b"").decode()}, seen
call("GET", "/orders/7")
call("GET", "/orders/7?full=yes&x=")
call("POST", "/pay", b"amount=12")
call("PUT", "/orders/7", b"x" * 100000)
call("DELETE", "/orders/7")
"""


@pytest.mark.parametrize("spec", ("307", "308", "307:hops=3", "308:early", "308:hops=3:early"))
def test_a_suite_whose_client_keeps_the_body_passes_unchanged(spec, api, run):
    log = run([sys.executable, "-c", SUITE, api.url], "--inject", spec).expect(0)
    hops = 3 if "hops=3" in spec else 1
    assert len(log.events("redirect.observed")) == 5 * hops
    assert all(event["response"]["injected"] for event in log.events("redirect.observed"))
    assert [severity for severity in (f["severity"] for f in log.events("finding")) if severity != "info"] == []
    # The origin saw the suite as it is, each request once.
    assert [(got.method, got.target) for got in api.requests] == [
        ("GET", "/orders/7"),
        ("GET", "/orders/7?full=yes&x="),
        ("POST", "/pay"),
        ("PUT", "/orders/7"),
        ("DELETE", "/orders/7"),
    ]
    assert all(b"hopaudit" not in got.head.raw.split(b"Via:")[0] for got in api.requests)


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_each_client_that_follows_reaches_what_it_asked_for(driver, api, run, tmp_path):
    (tmp_path / "body").write_bytes(BODY)
    command = driver.command("POST", f"{api.url}/pay", "--body", tmp_path / "body")
    log = run(command, "--inject", "307:hops=2", variables=drivers.NODE_VARIABLES).expect(0)
    assert [(got.method, got.target, got.body) for got in api.requests] == [("POST", "/pay", BODY)]
    assert len(log.events("redirect.followed")) == 2
    assert [f for f in log.events("finding") if f["severity"] != "info"] == []


def test_a_client_that_drops_the_body_fails_the_run_which_names_the_request(api, run, tmp_path):
    (tmp_path / "body").write_bytes(BODY)
    wrong = drivers.FAULTY.command("POST", f"{api.url}/pay", "--body", tmp_path / "body", "get")
    ended = run(wrong, "--inject", "308")
    log = ended.expect(3)
    assert log.rules()[0] == "method-not-preserved"
    assert "308 injected" in ended.stderr and f"POST {api.url}/pay" in ended.stderr


def test_a_client_that_does_not_follow_is_relayed_when_it_asks_again(api, run):
    log = run(["curl", "-s", "-o", "one", f"{api.url}/pay", "-o", "two", f"{api.url}/pay"], "--inject", "307").expect(0)
    assert [got.target for got in api.requests] == ["/pay"]
    assert log.one("redirect.observed")["response"]["injected"]
    assert log.one("redirect.closed")["outcome"] == "retried"


def test_the_log_tells_what_was_injected_and_where_it_led(api, run):
    log = run(["curl", "-sL", "-o", "out", f"{api.url}/orders/7?full=yes"], "--inject", "302").expect(0)
    observed, followed = log.one("redirect.observed"), log.one("redirect.followed")
    assert observed["response"]["injected"] and observed["response"]["status"] == 302
    assert re.fullmatch(rf"{re.escape(api.url)}/orders/7\?full=yes&hopaudit=~[0-9a-f]{{16}}", observed["target"])
    assert followed["follow"]["request"]["restored"] == f"{api.url}/orders/7?full=yes"
    assert followed["follow"]["request"]["url"] == observed["target"]


def test_another_origin_has_the_whole_original_behind_it(api, run):
    """Credentials stay behind there, as they must."""
    command = ["curl", "-sL", "-H", "Authorization: Bearer secret-token-123", "-d", "a=1", f"{api.url}/pay?q=1"]
    log = run(command, "--inject", "307:other-origin").expect(0)
    got = api.requests[0]
    assert (got.method, got.target, got.body) == ("POST", "/pay?q=1", b"a=1")
    assert got.head.get("Host") == api.authority.encode() and got.head.get("Authorization") is None
    assert ".inject.hopaudit.invalid/pay" in log.one("redirect.observed")["target"]


def test_only_what_matches_is_redirected(api, run):
    script = f"curl -sL -o a {api.url}/orders/7; curl -sL -o b -d x=1 {api.url}/pay; curl -sL -o c -d x=1 {api.url}/"
    spec = f"307:match=POST {api.url}/*:except={api.url}/"
    log = run(["sh", "-c", script], "--inject", spec).expect(0)
    assert log.one("redirect.observed")["request"]["url"] == f"{api.url}/pay"
    assert len(api.requests) == 3


def chosen(log):
    return [event["request"]["url"].rpartition("/")[2] for event in log.events("redirect.observed")]


def test_what_is_chosen_depends_on_the_seed_alone(origin, run, tmp_path):
    for number in range(40):
        origin.on(f"/n/{number}", response(200, body=b"ok"))
    urls = [part for number in range(40) for part in ("-o", "/dev/null", f"{origin.url}/n/{number}")]

    def draw(seed, name):
        (tmp_path / name).mkdir()
        spec = f"302:rate=0.5:seed={seed}"
        return chosen(run(["curl", "-sL", *urls], "--inject", spec, folder=tmp_path / name).expect(0))

    first = draw(7, "a")
    assert first == draw(7, "b") != draw(8, "c")
    assert 8 <= len(first) <= 32


def test_an_early_answer_comes_before_the_content_and_the_connection_goes_on(start_relay, api):
    relay = start_relay("--inject", "307:early")
    client = relay.client()
    client.send(request("POST", f"{api.url}/pay", "Content-Length: 8", host=api.authority))
    head = client.read_response()
    assert head.status == 307
    client.send(b"amount=1")
    client.send(request("GET", head.get("Location").decode(), host=api.authority))
    assert client.read_response().status == 200
    assert [got.target for got in api.requests] == ["/pay"]


def test_a_preflight_and_an_upgrade_are_never_redirected(start_relay, api):
    api.on("/pay", lambda got: response(204))
    relay = start_relay("--inject", "307")
    client = relay.client()
    fields = ["Origin: http://page.test", "Access-Control-Request-Method: POST"]
    assert client.exchange(request("OPTIONS", f"{api.url}/pay", *fields, host=api.authority)).status == 204
    upgrade = ["Connection: upgrade", "Upgrade: websocket"]
    assert client.exchange(request("GET", f"{api.url}/pay", *upgrade, host=api.authority)).status == 204


def test_a_page_of_another_origin_may_follow(start_relay, api):
    client = start_relay("--inject", "307").client()
    head = client.exchange(request("GET", f"{api.url}/pay", "Origin: http://page.test", host=api.authority))
    assert head.status == 307
    assert head.get("Access-Control-Allow-Origin") == b"http://page.test"


@pytest.mark.parametrize("where", ("same-origin", "other-origin"))
def test_https_included(where, trust, start_tls_origin, run):
    shop = start_tls_origin()
    shop.on("/pay", echo)
    command = ["curl", "-sL", "-d", "amount=12", f"https://{shop.authority}/pay"]
    options = ("--inject", f"308:{where}", "--resolve", "shop.test=127.0.0.1", "--upstream-ca", str(trust.ca_file))
    ended = run(command, *options)
    log = ended.expect(0)
    assert json.loads(ended.stdout) == {"method": "POST", "target": "/pay", "body": "amount=12"}
    assert [(got.method, got.target, got.body) for got in shop.requests] == [("POST", "/pay", b"amount=12")]
    assert shop.requests[0].head.get("Host") == shop.authority.encode()
    assert log.one("redirect.followed")["follow"]["request"]["restored"] == f"https://{shop.authority}/pay"


@pytest.mark.parametrize(
    "spec, word",
    (("309", "309"), ("307:hops=0", "hops=0"), ("307:rate=2", "rate=2"), ("307:", "307:"), ("307:bogus", "bogus")),
)
def test_a_wrong_spec_is_a_usage_error_that_quotes_it(spec, word, hopaudit):
    ended = hopaudit("run", "--inject", spec, "--", "true")
    assert ended.returncode == 2
    assert word in ended.stderr and "--inject" in ended.stderr
