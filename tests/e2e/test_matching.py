# SPDX-License-Identifier: MIT
"""Which request is whose follow-up: several clients, connections and workers at once, and the order of the log."""
import concurrent.futures
import hashlib
import itertools
import threading

import pytest

from lib import drivers
from lib.message import redirect, request, response
from lib.raw_client import RawClient, proxy_authorization


def ask(client, method, url, *fields, body=None):
    """One exchange through the proxy, by absolute-form."""
    authority = url.split("/")[2]
    return client.exchange(request(method, url, *fields, body=body, host=authority))


def test_two_parallel_posts_with_different_bodies_find_their_own_follow_ups(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    first, second = connect(proxy), connect(proxy)
    assert ask(first, "POST", f"{origin.url}/submit", body=b"one").status == 307
    assert ask(second, "POST", f"{origin.url}/submit", body=b"two").status == 307
    # crosswise: each follow-up comes on the other's connection, so that only the bodies tell them apart
    assert ask(first, "POST", f"{origin.url}/v2/submit", body=b"two").status == 200
    assert ask(second, "POST", f"{origin.url}/v2/submit", body=b"one").status == 200
    log = proxy.stop()
    assert [event["severity"] for event in log.events("finding") if event["severity"] != "info"] == []
    pairs = {
        (event["request"]["content"]["sha256"], event["follow"]["request"]["content"]["sha256"])
        for event in log.events("redirect.followed")
    }
    assert pairs == {(hashlib.sha256(body).hexdigest(),) * 2 for body in (b"one", b"two")}
    assert [event["outcome"] for event in log.events("chain.finished")] == ["completed"] * 2


def test_of_two_parallel_posts_the_one_whose_body_changed_is_named(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)
    for body in (b"one", b"two"):
        ask(client, "POST", f"{origin.url}/submit", body=body)
    for body in (b"two", b"eno"):
        ask(client, "POST", f"{origin.url}/v2/submit", body=body)
    log = proxy.stop()
    errors = [event for event in log.events("finding") if event["severity"] == "error"]
    assert [event["rule"] for event in errors] == ["body-changed"]
    hop = next(event for event in log.events("redirect.followed") if event["redirect"] == errors[0]["redirect"])
    assert hop["request"]["content"]["sha256"] == hashlib.sha256(b"one").hexdigest()


def test_identical_parallel_gets_are_judged_as_a_group(origin, proxy, connect):
    origin.on("/old", redirect(302, "/new"))
    origin.on("/new", response(200))
    clients = [connect(proxy) for _ in range(3)]
    for client in clients:
        ask(client, "GET", f"{origin.url}/old")
    for client in clients[:2]:
        ask(client, "GET", f"{origin.url}/new")
    log = proxy.stop()
    outcomes = sorted(event["outcome"] for event in log.events("redirect.closed"))
    assert outcomes == ["followed", "followed", "not_followed"]
    assert [event for event in log.events("finding") if event["severity"] in ("error", "warning")] == []


def test_a_poller_on_another_connection_does_not_take_the_place_of_the_follow_up(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client, poller = connect(proxy), connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"card")
    ask(poller, "GET", f"{origin.url}/v2/submit")
    ask(client, "POST", f"{origin.url}/v2/submit", body=b"card")
    ask(poller, "GET", f"{origin.url}/v2/submit")
    log = proxy.stop()
    assert log.one("redirect.followed")["follow"]["request"]["method"] == "POST"
    assert [event for event in log.events("finding") if event["severity"] in ("error", "warning")] == []


def faults(log):
    return [event for event in log.events("finding") if event["severity"] in ("error", "warning")]


def test_a_poller_that_never_rests_displaces_no_follow_up(origin, proxy, connect):
    """It asks for the target all the time, on a connection of its own, while ten redirects are followed at leisure."""
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    over = threading.Event()
    polls = []

    def poll():
        with RawClient(proxy.address) as poller:
            while not over.is_set():
                polls.append(ask(poller, "GET", f"{origin.url}/v2/submit").status)

    def wait_for_polls(count):
        seen = len(polls)
        origin.wait_until(lambda _: len(polls) >= seen + count, "the poller")

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        client = connect(proxy)
        for number in range(10):
            ask(client, "POST", f"{origin.url}/submit", body=b"order %d" % number)
            wait_for_polls(3)
            ask(client, "POST", f"{origin.url}/v2/submit", body=b"order %d" % number)
    finally:
        over.set()
        thread.join()
    log = proxy.stop()
    assert faults(log) == []
    assert [event["follow"]["request"]["method"] for event in log.events("redirect.followed")] == ["POST"] * 10


def test_a_follow_up_that_has_to_authenticate_is_judged_by_its_last_attempt(origin, proxy, connect):
    """As curl does with NTLM: the first attempt carries no content, because it will be refused anyway."""

    def target(seen):
        return response(200) if seen.head.get("Authorization") == b"NTLM second" else response(401)

    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", target)
    client = connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"card")
    ask(client, "POST", f"{origin.url}/v2/submit", "Authorization: NTLM first", body=b"")
    assert ask(client, "POST", f"{origin.url}/v2/submit", "Authorization: NTLM second", body=b"card").status == 200
    log = proxy.stop()
    assert faults(log) == []
    assert log.one("redirect.followed")["follow"]["request"]["content"]["length"] == 4
    assert log.one("chain.finished")["final_status"] == 200


def test_a_client_that_hangs_up_on_the_redirects_body_and_follows_has_followed(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit", body=b"x" * 3_000_000))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)
    client.send(request("POST", f"{origin.url}/submit", body=b"card", host=origin.authority))
    assert client.reader.read_head().start_line.split()[1] == b"307"
    client.reset()
    ask(connect(proxy), "POST", f"{origin.url}/v2/submit", body=b"card")
    log = proxy.stop()
    assert faults(log) == []
    assert log.one("redirect.closed")["outcome"] == "followed"
    assert log.one("redirect.followed")["verdicts"]["body"] == "pass"


def test_a_preflight_is_not_the_follow_up(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"card")
    ask(client, "OPTIONS", f"{origin.url}/v2/submit", "Origin: http://a", "Access-Control-Request-Method: POST")
    ask(client, "POST", f"{origin.url}/v2/submit", body=b"card")
    log = proxy.stop()
    assert faults(log) == []
    assert log.one("redirect.followed")["follow"]["request"]["method"] == "POST"


def test_a_request_that_was_pipelined_before_the_redirect_is_not_its_follow_up(origin, proxy, connect):
    origin.on("/old", redirect(307, "/new"))
    origin.on("/new", response(200))
    client = connect(proxy)
    client.send(
        request("GET", f"{origin.url}/old", host=origin.authority)
        + request("GET", f"{origin.url}/new", host=origin.authority)
    )
    assert [client.read_response().status, client.read_response().status] == [307, 200]
    log = proxy.stop()
    assert log.one("redirect.closed")["outcome"] == "not_followed"
    assert log.events("redirect.followed") == []


def test_a_follow_up_on_another_connection_is_matched(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    ask(connect(proxy), "POST", f"{origin.url}/submit", body=b"card")
    ask(connect(proxy), "POST", f"{origin.url}/v2/submit", body=b"card")
    hop = proxy.stop().one("redirect.followed")
    assert hop["request"]["connection"] != hop["follow"]["request"]["connection"]
    assert (hop["verdicts"]["method"], hop["verdicts"]["body"]) == ("pass", "pass")


def test_a_redirect_that_the_client_never_received_whole_is_aborted(origin, proxy, connect):
    """The redirect's own body stalls halfway, and the client gives up."""

    def half(conversation):
        conversation.read_body()
        conversation.send(response(307, "Location: /v2/submit", "Content-Length: 1000", length=False) + b"the first half")
        conversation.reader.read_to_end()  # until the proxy lets go of us, which it does because its client is gone

    origin.on_head("/submit", half)
    client = connect(proxy)
    client.send(request("POST", f"{origin.url}/submit", body=b"card", host=origin.authority))
    assert client.reader.read_head().start_line.split()[1] == b"307"
    client.reset()
    origin.wait_until(lambda seen: seen.connections_open == 0, "the proxy to let go of the origin")
    log = proxy.stop()
    assert log.one("redirect.closed")["outcome"] == "aborted"
    assert log.one("chain.finished")["outcome"] == "aborted"
    assert [event for event in log.events("finding") if event["severity"] in ("error", "warning")] == []


# Tags


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_the_proxy_user_name_is_the_tag_of_every_event(driver, origin, proxy, tmp_path):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    body = tmp_path / "body"
    body.write_bytes(b"card")
    user = "checkout-test" if driver.names_itself else "checkout-test:"
    driver.call(tmp_path, "POST", f"{origin.url}/submit", "--body", body, variables=proxy.variables(user))
    log = proxy.stop()
    hop = log.one("redirect.followed")
    assert (hop["request"]["tag"], hop["follow"]["request"]["tag"]) == ("checkout-test", "checkout-test")
    assert log.one("chain.finished")["tag"] == "checkout-test"
    assert all(seen.head.get("Proxy-Authorization") is None for seen in origin.requests)


def test_two_tags_that_ask_the_same_urls_never_match_each_other(origin, proxy, connect):
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)  # even on one connection
    ask(client, "POST", f"{origin.url}/submit", proxy_authorization("red"), body=b"card")
    ask(client, "POST", f"{origin.url}/v2/submit", proxy_authorization("blue"), body=b"card")
    log = proxy.stop()
    assert log.events("redirect.followed") == []
    assert log.one("redirect.closed")["outcome"] == "not_followed"


def test_interleaved_tags_each_find_their_own_follow_up(origin, proxy, connect):
    origin.on("/old", redirect(302, "/new"))
    origin.on("/new", response(200))
    tags = [f"team-{number}" for number in range(20)]
    for path in ("old", "new"):
        for tag in tags if path == "old" else reversed(tags):
            ask(connect(proxy), "GET", f"{origin.url}/{path}", proxy_authorization(tag))
    log = proxy.stop()
    hops = [(event["request"]["tag"], event["follow"]["request"]["tag"]) for event in log.events("redirect.followed")]
    assert sorted(hops) == sorted((tag, tag) for tag in tags)


# Workers and load

CHAINS = 400
CLIENTS = 8


@pytest.mark.threads
def test_a_redirect_on_one_worker_is_followed_on_another(origin, start_proxy):
    """The kernel deals new connections out to the workers' listeners; of many chains whose every request opens one,
    only a vanishing part can stay on a single worker."""
    proxy = start_proxy("--workers", "4")
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    for number in range(60):
        for path in ("/submit", "/v2/submit"):
            with RawClient(proxy.address) as client:
                ask(client, "POST", f"{origin.url}{path}", body=b"order %d" % number)
    log = proxy.stop()
    assert [event["outcome"] for event in log.events("chain.finished")] == ["completed"] * 60
    assert all(event["verdicts"]["body"] == "pass" for event in log.events("redirect.followed"))
    assert [event for event in log.events("finding") if event["severity"] in ("error", "warning")] == []
    assert log.one("run.started")["workers"] == 4


@pytest.mark.threads
def test_under_load_the_log_is_in_the_order_of_the_decisions(origin, start_proxy):
    """Several hundred chains of two hops from several clients at once, right and wrong ones mixed, every request on a
    connection of its own. proxy.stop() checks that seq has no gap and that causes stand before effects."""
    proxy = start_proxy("--workers", "4")
    origin.on("*", response(200))
    for number in range(CHAINS):
        origin.on(f"/a/{number}", redirect(307, f"/b/{number}"))
        origin.on(f"/b/{number}", redirect(308, f"/c/{number}"))
    numbers = itertools.count()

    def chains():
        while (number := next(numbers)) < CHAINS:
            for step in "abc":
                wrong = step == "c" and number % 4 == 0
                with RawClient(proxy.address) as client:
                    body = b"changed" if wrong else b"%d" % number
                    assert ask(client, "POST", f"{origin.url}/{step}/{number}", body=body).status in (200, 307, 308)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(chains) for _ in range(CLIENTS)]:
            done.result()
    log = proxy.stop()
    assert len(log.events("redirect.observed")) == len(log.events("redirect.followed")) == 2 * CHAINS
    assert [event["outcome"] for event in log.events("chain.finished")] == ["completed"] * CHAINS
    wrong = {event["url"] for event in log.events("finding") if event["severity"] == "error"}
    assert wrong == {f"{origin.url}/b/{number}" for number in range(0, CHAINS, 4)}
    assert log.one("run.finished")["lost"] == 0


@pytest.mark.threads
def test_clients_that_share_a_target_each_find_their_own_follow_up_under_load(origin, start_proxy):
    """All ask the same two URLs at once: only the bodies and the tags tell the chains apart."""
    proxy = start_proxy("--workers", "4")
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))

    def chains(client_number):
        tag = proxy_authorization(f"client-{client_number}")
        for number in range(40):
            body = b"client %d, order %d" % (client_number, number)
            for path in ("/submit", "/v2/submit"):
                with RawClient(proxy.address) as client:
                    ask(client, "POST", f"{origin.url}{path}", tag, body=body)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(chains, range(CLIENTS)))
    log = proxy.stop()
    hops = log.events("redirect.followed")
    assert len(hops) == CLIENTS * 40
    for hop in hops:
        assert hop["request"]["tag"] == hop["follow"]["request"]["tag"]
        assert hop["request"]["content"]["sha256"] == hop["follow"]["request"]["content"]["sha256"]
    assert [event for event in log.events("finding") if event["severity"] in ("error", "warning")] == []


def test_a_target_in_another_spelling_is_the_target(origin, proxy, connect):
    origin.on("/old", redirect(302, "/{id}?it's"))
    origin.on("/%7Bid%7D", response(200))
    client = connect(proxy)
    ask(client, "GET", f"{origin.url}/old")
    assert ask(client, "GET", f"{origin.url}/%7Bid%7D?it%27s").status == 200
    log = proxy.stop()
    assert [fault["fault"] for fault in faults(log)] == ["server"]  # a Location that is no URI
    assert log.one("redirect.followed")["match"]["level"] == "E2"


def test_a_client_that_misreads_the_location_is_told_what_it_did(origin, proxy, connect):
    """As Java's HttpClient does with a query alone."""
    origin.on("/raw/x", redirect(302, "?e=1"))
    origin.on("/raw/", response(200))
    client = connect(proxy)
    ask(client, "GET", f"{origin.url}/raw/x")
    ask(client, "GET", f"{origin.url}/raw/?e=1")
    log = proxy.stop()
    match = log.one("redirect.followed")["match"]
    assert (match["level"], match["confidence"]) == ("E3", "high")
    assert match["cause"] == "a query-only reference dropped the last segment of the base"
    (finding,) = faults(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == ("location-misresolved", "error", "client")
    assert finding["expected"] == f"{origin.url}/raw/x?e=1"
    assert match["cause"] in finding["message"]


def test_one_url_too_many_and_then_the_right_one_is_no_misreading(origin, proxy, connect):
    origin.on("/raw/x", lambda seen: response(200) if "?" in seen.target else redirect(302, "?e=1"))
    origin.on("/raw/", response(200))
    client = connect(proxy)
    ask(client, "GET", f"{origin.url}/raw/x")
    ask(client, "GET", f"{origin.url}/raw/?e=1")
    ask(client, "GET", f"{origin.url}/raw/x?e=1")
    log = proxy.stop()
    assert faults(log) == []
    assert log.one("redirect.followed")["match"]["level"] == "E0"


def test_a_client_that_retries_instead_of_following_is_told_how_often(origin, start_proxy, connect):
    proxy = start_proxy("--profile", "strict")
    origin.on("/submit", redirect(307, "/v2/submit"))
    client = connect(proxy)
    for _ in range(4):
        ask(client, "POST", f"{origin.url}/submit", body=b"card")
    log = proxy.stop()
    (finding,) = [event for event in log.events("finding") if event["rule"] == "retry-instead-of-follow"]
    assert (finding["severity"], finding["redirect"]) == ("error", 1)
    first = next(event for event in log.events("redirect.closed") if event["redirect"] == 1)
    assert (first["outcome"], first["retries"], first["repetition"]) == ("retried", 3, False)


def test_an_operation_that_is_sent_elsewhere_is_told_with_what_ties_it_to_the_redirect(origin, start_proxy, connect):
    proxy = start_proxy("--profile", "strict")
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v3/submit", response(200))
    client = connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"4111 1111 1111 1111")
    ask(client, "POST", f"{origin.url}/v3/submit", body=b"4111 1111 1111 1111")
    log = proxy.stop()
    closed = log.one("redirect.closed")
    wrong = next(event for event in log.events("exchange") if event["request"]["url"].endswith("/v3/submit"))
    assert closed["instead"] == {"exchange": wrong["request"]["exchange"], "link": "content"}
    assert [event["rule"] for event in faults(log)] == ["redirect-not-followed", "followed-wrong-target"]


def test_a_follow_up_that_is_sent_twice_is_told(origin, start_proxy, connect):
    proxy = start_proxy("--profile", "strict")
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"card")
    for _ in range(2):
        ask(client, "POST", f"{origin.url}/v2/submit", body=b"card")
    log = proxy.stop()
    assert log.one("redirect.duplicated")["first"] == log.one("redirect.followed")["follow"]["request"]["exchange"]
    assert [(event["rule"], event["severity"]) for event in faults(log)] == [("duplicate-follow-up", "error")]


def test_a_second_operation_of_another_program_is_its_own(origin, start_proxy, connect):
    proxy = start_proxy("--profile", "strict")
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200))
    client = connect(proxy)
    ask(client, "POST", f"{origin.url}/submit", body=b"card")
    ask(client, "POST", f"{origin.url}/v2/submit", body=b"card")
    ask(connect(proxy), "POST", f"{origin.url}/v2/submit", "User-Agent: another", body=b"card")
    log = proxy.stop()
    assert log.events("redirect.duplicated") == [] and faults(log) == []


def test_who_repairs_a_location_without_a_host_is_recognised(origin, proxy, connect):
    """As browsers and curl do; the mistake is the server's."""
    origin.on("/old", lambda _: redirect(302, f"http:///{origin.authority}/new"))
    origin.on("/new", response(200))
    client = connect(proxy)
    ask(client, "GET", f"{origin.url}/old")
    ask(client, "GET", f"{origin.url}/new")
    log = proxy.stop()
    assert log.one("redirect.observed")["expects"] is False
    followed = log.one("redirect.followed")
    assert followed["match"]["cause"] == "the slashes in front of the host were repaired"
    assert log.one("redirect.closed")["outcome"] == "followed"
    assert log.one("run.finished")["totals"]["outcomes"]["followed"] == 1
    assert log.one("run.finished")["totals"]["outcomes"]["open"] == 0
    assert [event for event in faults(log) if event["fault"] == "client"] == []


def test_each_reading_of_two_locations_is_recognised(origin, proxy, connect):
    origin.on("/old", lambda _: response(302, "Location: /first", "Location: /second"))
    for path in ("/first", "/second"):
        origin.on(path, response(200))
    for path in ("/first", "/second"):
        client = connect(proxy)
        ask(client, "GET", f"{origin.url}/old", f"User-Agent: {path}")
        ask(client, "GET", f"{origin.url}{path}", f"User-Agent: {path}")
    log = proxy.stop()
    assert [event["match"]["level"] for event in log.events("redirect.followed")] == ["E0", "E3"]
    assert [event for event in faults(log) if event["fault"] == "client"] == []
