# SPDX-License-Identifier: MIT
"""--upstream-proxy and https: tunnels that we open lead through it, each to its own origin, whose certificate is verified
by its own name; and a second hopaudit as the upstream proxy, end to end."""
import sys

import pytest

from lib.message import redirect, request, response
from lib.raw import assert_own_answer, eventually
from lib.upstream_proxy import ConnectProxy, plain_request

pytest_plugins = ("lib.tls_fixtures",)

OK = response(200, body=b"ok")
PORTAL = redirect(302, "http://portal.test/login")


@pytest.fixture
def start_connect_proxy():
    """start_connect_proxy(ORIGIN...): a proxy that leads to these."""
    proxies = []

    def start(*origins):
        proxies.append(ConnectProxy({origin.authority: ("127.0.0.1", origin.port) for origin in origins}))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()
    for proxy in proxies:
        assert proxy.errors == [], f"the upstream proxy failed: {proxy.errors}"


@pytest.fixture
def connect_proxy(start_connect_proxy, shop):
    return start_connect_proxy(shop)


@pytest.fixture
def front(start_tls_relay, connect_proxy):
    return start_tls_relay("--upstream-proxy", connect_proxy.url)


def enter(relay, origin, name=None):
    return relay.client().tunnel(origin.authority).secure(relay.context(), name or origin.name)


def ask(client, origin, path="/x", method="GET", body=None):
    return client.exchange(request(method, path, body=body, host=origin.authority))


# Inside the tunnels


def test_an_opened_tunnel_leads_through_it_with_tls_to_the_origin(front, connect_proxy, shop):
    shop.on("/x", OK)
    assert ask(enter(front, shop), shop).body == b"ok"
    assert connect_proxy.connects == [shop.authority]
    assert [secured.name for secured in shop.secured] == ["shop.test"]
    assert shop.requests[0].target == "/x" and b"Proxy-Authorization" not in shop.requests[0].head.raw


def test_the_exchanges_of_a_client_use_the_tunnel_of_its_connect(front, connect_proxy, shop):
    shop.on("/x", OK)
    for count in (1, 2):
        client = enter(front, shop)
        for _ in range(3):
            assert ask(client, shop).status == 200
        client.close()
        assert connect_proxy.connects == [shop.authority] * count


def test_a_tunnel_that_another_client_left_is_used_before_a_new_one_is_asked_for(front, connect_proxy, shop):
    shop.on_head("/last", close_after(OK))
    shop.on("/x", OK)
    client, other = enter(front, shop), enter(front, shop)
    ask(client, shop, "/last")
    ask(other, shop)
    other.close()
    eventually(lambda: shop.connections_open == 1, "the end of one connection")
    assert ask(client, shop).body == b"ok"
    assert connect_proxy.connects == [shop.authority] * 2


def test_tunnels_belong_to_their_origins(start_tls_relay, start_connect_proxy, start_tls_origin, shop):
    other = start_tls_origin("other.test")
    proxy = start_connect_proxy(shop, other)
    relay = start_tls_relay("--upstream-proxy", proxy.url)
    for origin, body in ((shop, b"shop"), (other, b"other")):
        origin.on("/x", response(200, body=body))
    for origin, body in ((shop, b"shop"), (other, b"other"), (shop, b"shop")):
        assert ask(enter(relay, origin), origin).body == body
    assert set(proxy.connects) == {shop.authority, other.authority}


def test_the_origins_certificate_is_verified_by_the_origins_name(
    start_tls_relay, start_connect_proxy, start_tls_origin, trust
):
    wrong = start_tls_origin("shop.test", identity=trust.identity_file("localhost", "127.0.0.1"))
    relay = start_tls_relay("--upstream-proxy", start_connect_proxy(wrong).url)
    assert_own_answer(ask(enter(relay, wrong), wrong), 502, "tls_certificate_error", "certificate of shop.test")


def test_a_host_that_is_listed_is_reached_directly(start_tls_relay, connect_proxy, shop):
    shop.on("/x", OK)
    relay = start_tls_relay("--upstream-proxy", connect_proxy.url, "--no-upstream-proxy", "shop.test")
    assert ask(enter(relay, shop), shop).body == b"ok"
    assert connect_proxy.connects == []


def close_after(answer):
    """The origin ends its connection behind this answer, though it did not say so."""

    def script(conversation):
        conversation.read_body()
        conversation.send(answer)
        conversation.close()

    return script


def test_a_connection_that_the_origin_ended_is_opened_anew_through_it(front, connect_proxy, shop):
    shop.on_head("/last", close_after(OK))
    shop.on("/x", OK)
    client = enter(front, shop)
    assert ask(client, shop, "/last").body == b"ok"
    eventually(lambda: shop.connections_open == 0, "the end of the connection")
    assert ask(client, shop).body == b"ok"
    assert connect_proxy.connects == [shop.authority] * 2


@pytest.mark.parametrize(
    "answer,error",
    [
        (PORTAL, "destination_unavailable"),
        (response(407, "Proxy-Authenticate: Basic"), "proxy_configuration_error"),
        (b"rubbish\r\n\r\n", "http_protocol_error"),
    ],
    ids=["302", "407", "rubbish"],
)
def test_a_refusal_of_our_own_connect_is_a_502_inside_the_tunnel(front, connect_proxy, shop, answer, error):
    shop.on_head("/last", close_after(OK))
    client = enter(front, shop)
    ask(client, shop, "/last")
    eventually(lambda: shop.connections_open == 0, "the end of the connection")
    connect_proxy.answers.append(answer)
    refused = ask(client, shop, "/x", "POST", b"body")
    assert_own_answer(refused, 502, error)
    assert refused.get("Location") is None and shop.of("/x") == []
    front.hang_up()
    log = front.stop()
    observed = log.events("redirect.observed")
    if answer is PORTAL:
        assert [(event["request"]["method"], event["expects"]) for event in observed] == [("CONNECT", False)]
    else:
        assert observed == []


def test_a_post_that_is_redirected_inside_is_judged(front, shop):
    shop.on("/pay", redirect(307, "/v2"))
    shop.on("/v2", OK)
    client = enter(front, shop)
    assert ask(client, shop, "/pay", "POST", b"amount=12").status == 307
    assert ask(client, shop, "/v2", "POST", b"amount=12").body == b"ok"
    front.hang_up()
    followed = front.stop().one("redirect.followed")
    assert followed["verdicts"]["method"] == followed["verdicts"]["body"] == "pass"


def test_a_redirected_post_whose_way_on_is_refused_is_not_taken_for_a_wrong_method(front, connect_proxy, shop):
    """CONNECT to the target is no attempt to follow with another method."""
    shop.on("/pay", redirect(307, f"https://{shop.authority}/"))
    client = enter(front, shop)
    assert ask(client, shop, "/pay", "POST", b"amount=12").status == 307
    connect_proxy.answers.append(PORTAL)
    assert front.client().connect(shop.authority).status == 502
    front.hang_up()
    log = front.stop()
    assert "method-not-preserved" not in log.rules() and log.events("redirect.followed") == []


# A second hopaudit


@pytest.fixture
def start_back(start_relay, tmp_path):
    """start_back(OPTION...): an upstream proxy that wants a password and alone knows where the names are."""

    def start(*options):
        users = tmp_path / "users"
        users.write_text("front:p@ss:w\n")
        names = [f"--resolve={name}=127.0.0.1" for name in ("shop.test", "other.test", "plain.test")]
        return start_relay("--users", str(users), "--record-all", *names, *options)

    return start


@pytest.fixture
def start_front(start_tls_relay):
    def start(back, user="front:p%40ss%3Aw"):
        return start_tls_relay("--upstream-proxy", f"http://{user}@{back.authority}")

    return start


def test_two_in_a_row_relay_plain_tunnelled_and_opened(start_front, start_back, start_origin, shop):
    back = start_back()
    front = start_front(back)
    plain = start_origin()
    for origin in (plain, shop):
        origin.on("/x", OK)
    url = f"http://plain.test:{plain.port}/x"
    assert front.client().exchange(plain_request("GET", url)).body == b"ok"
    assert [via.split(b" ")[1][:9] for via in plain.requests[0].head.all("Via")] == [b"hopaudit-"] * 2
    assert ask(enter(front, shop), shop).body == b"ok"
    tunnelled = front.client()
    assert tunnelled.connect(f"plain.test:{plain.port}").status == 200
    assert tunnelled.exchange(request("GET", "/x", host=f"plain.test:{plain.port}")).body == b"ok"
    front.hang_up()
    front.stop()
    back.stop()
    asked = {event["request"]["url"] for event in back.events("exchange")}
    assert url in asked and [event["authority"] for event in back.events("tls.passed_through")] == [shop.authority]


def test_a_redirected_post_is_judged_alike_by_both(start_front, start_back, start_origin):
    back = start_back()
    front = start_front(back)
    origin = start_origin()
    url = f"http://plain.test:{origin.port}"
    origin.on("/pay", redirect(307, "/v2"))
    origin.on("/v2", OK)
    client = front.client()
    assert client.exchange(plain_request("POST", url + "/pay", body=b"amount=12")).status == 307
    assert client.exchange(plain_request("POST", url + "/v2", body=b"amount=12")).body == b"ok"
    front.hang_up()
    for relay in (front, back):
        followed = relay.stop().one("redirect.followed")
        assert followed["verdicts"]["method"] == followed["verdicts"]["body"] == "pass"


def test_a_wrong_password_is_told(start_front, start_back, shop):
    front = start_front(start_back(), user="front:wrong")
    cause = "does not take the credentials"
    assert_own_answer(front.client().connect(shop.authority), 502, "proxy_configuration_error", cause)
    answer = front.client().exchange(plain_request("GET", "http://plain.test/x"))
    assert_own_answer(answer, 502, "proxy_configuration_error", cause)


FETCH = """
import os, ssl, sys, urllib.request
for url in sys.argv[1:]:
    print(urllib.request.urlopen(urllib.request.Request(url, data=b"amount=12", method="POST")).read().decode())
print("HOPAUDIT_UPSTREAM_PROXY" in os.environ)
"""


def test_a_command_is_run_through_it(run, start_back, start_origin, shop, trust):
    back = start_back()
    plain = start_origin()
    for origin in (plain, shop):
        origin.on("/x", response(200, body=b"fine"))
    urls = (f"http://plain.test:{plain.port}/x", f"{shop.url}/x")
    variables = {"HOPAUDIT_UPSTREAM_PROXY": f"http://front:p%40ss%3Aw@{back.authority}"}
    done = run([sys.executable, "-c", FETCH, *urls], "--upstream-ca", trust.ca_file, variables=variables)
    done.expect(0)
    assert done.stdout.split() == ["fine", "fine", "False"]
    assert "p@ss" not in done.stderr and b"p@ss" not in done.log.raw
