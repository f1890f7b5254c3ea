# SPDX-License-Identifier: MIT
"""Clients that follow a 307 or 308 wrongly: each fault has its rule, its severity, its fault and its exit status, and
what only looks like a fault has none."""
import pytest

from lib import drivers
from lib.message import redirect, response

SHORT = b"amount=12&to=42"
CASES = (  # fault, body, rule
    ("get", SHORT, "method-not-preserved"),
    ("get", bytes(100_000), "method-not-preserved"),
    ("drop", SHORT, "body-dropped"),
    ("drop", bytes(100_000), "body-dropped"),
    ("change", SHORT, "body-changed"),
    ("change", bytes(range(256)) * 1000, "body-changed"),
    ("replace", SHORT, "body-changed"),
    ("replace", bytes(100_000), "body-changed"),
    ("truncate", SHORT, "body-truncated"),
    ("truncate", bytes(range(256)) * 400, "body-truncated"),  # 100 KiB, cut at 50 KiB: the kept prefix proves it
    ("truncate", bytes(range(256)) * 1024, "body-truncated"),  # 256 KiB, cut at a multiple of 64 KiB: by digest
)


@pytest.fixture
def follow(origin, tmp_path, run):
    """follow(driver, fault, body, *options of run) -> Run, of a POST that the origin answers with a redirect"""

    def call(driver, body, *arguments, status=307, method="POST", target="/v2/submit", options=()):
        origin.on("/submit", redirect(status, target))
        origin.on(target, response(200, body=b"paid"))
        path = tmp_path / "body"
        path.write_bytes(body)
        command = driver.command(method, f"{origin.url}/submit", "--body", path, *arguments)
        return run(command, *options, variables=drivers.NODE_VARIABLES)

    return call


def findings(log, *severities):
    return [event for event in log.events("finding") if event["severity"] in (severities or ("error", "warning"))]


@pytest.mark.parametrize("fault,body,rule", CASES, ids=[f"{fault}-{len(body)}" for fault, body, _ in CASES])
@pytest.mark.parametrize("status", (307, 308))
def test_a_fault_of_the_client_is_found_and_fails_the_run(fault, body, rule, status, follow, origin):
    done = follow(drivers.FAULTY, body, fault, status=status)
    log = done.expect(3)
    assert done.stdout == "200\n"
    (finding,) = findings(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == (rule, "error", "client")
    assert (finding["method"], finding["url"]) == ("POST", f"{origin.url}/submit")
    verdicts = log.one("redirect.followed")["verdicts"]
    assert verdicts["method" if fault == "get" else "body"] == "fail"
    assert fault == "get" or verdicts["method"] == "pass"
    assert log.one("redirect.closed")["outcome"] == "followed"
    chain = log.one("chain.finished")
    assert (chain["outcome"], chain["verdict"], chain["final_status"]) == ("completed", "error", 200)
    assert log.one("run.finished")["totals"]["findings"]["error"] == 1
    assert rule in done.stderr and f"POST {origin.url}/submit" in done.stderr


def test_a_fault_does_not_fail_a_run_that_never_fails(follow):
    done = follow(drivers.FAULTY, SHORT, "get", options=("--fail-on", "never"))
    assert done.expect(0).rules() == ["method-not-preserved"]
    assert "method-not-preserved" in done.stderr


def test_a_body_cut_between_two_kept_digests_is_still_an_error(follow):
    log = follow(drivers.FAULTY, bytes(range(256)) * 1200, "truncate").expect(3)
    (finding,) = findings(log)
    assert finding["rule"] in ("body-truncated", "body-changed") and finding["severity"] == "error"


@pytest.mark.parametrize("body", (SHORT, bytes(200_000)), ids=len)
@pytest.mark.parametrize("status", (307, 308))
def test_another_framing_of_the_same_content_is_no_fault(body, status, follow, origin):
    log = follow(drivers.FAULTY, body, "rechunk", status=status).expect(0)
    assert findings(log) == []
    assert log.one("redirect.followed")["verdicts"]["body"] == "pass"
    assert origin.of("/v2/submit")[0].body == body and origin.of("/v2/submit")[0].head.get("Transfer-Encoding") == b"chunked"


def test_the_measure_of_the_faulty_client_is_right(follow):
    log = follow(drivers.FAULTY, SHORT, "right").expect(0)
    assert findings(log) == [] and log.one("chain.finished")["verdict"] == "none"


@pytest.mark.parametrize("body", (SHORT, bytes(100_000)), ids=len)
def test_a_poller_before_the_real_follow_up_raises_no_false_error(body, follow, origin):
    done = follow(drivers.FAULTY, body, "poll")
    log = done.expect(0)
    assert [request.method for request in origin.requests] == ["POST", "GET", "POST"]
    assert findings(log) == []
    followed = log.one("redirect.followed")
    assert followed["follow"]["request"]["method"] == "POST"
    assert (followed["verdicts"]["method"], followed["verdicts"]["body"]) == ("pass", "pass")


def test_a_post_that_is_not_followed_is_a_warning(follow, origin):
    done = follow(drivers.FAULTY, SHORT, "ignore")
    log = done.expect(0)
    assert done.stdout == "307\n"
    (finding,) = findings(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == ("redirect-not-followed", "warning", "client")
    assert log.one("redirect.closed")["outcome"] == "not_followed"
    assert log.one("chain.finished")["outcome"] == "not_followed"
    assert log.events("redirect.followed") == []


def test_a_warning_fails_a_run_that_fails_on_warnings(follow):
    follow(drivers.FAULTY, SHORT, "ignore", options=("--fail-on", "warning")).expect(3)


def test_a_get_that_is_not_followed_is_only_information(origin, run):
    origin.on("/old", redirect(307, "/new"))
    log = run(drivers.FAULTY.command("GET", f"{origin.url}/old", "ignore")).expect(0)
    assert findings(log) == []
    assert [event["rule"] for event in findings(log, "info")] == ["redirect-not-followed"]
    assert log.one("chain.finished")["outcome"] == "not_followed"


def test_asking_the_old_url_again_is_told_as_a_retry(follow):
    log = follow(drivers.FAULTY, SHORT, "retry").expect(0)
    assert [event["outcome"] for event in log.events("redirect.closed")] == ["retried", "retried", "not_followed"]
    assert log.events("redirect.followed") == []
    assert findings(log, "error") == []


# What real clients do wrong (RULES: streams are the most valuable finding of all).

STREAM = b"row,of,a,table\n" * 4000


@pytest.mark.parametrize("driver", (drivers.REQUESTS, drivers.AIOHTTP, drivers.URLLIB3), ids=str)
def test_a_generator_that_runs_only_once_is_a_dropped_body(driver, follow, origin):
    done = follow(driver, STREAM, "--stream")
    log = done.expect(3)
    assert [len(request.body) for request in origin.requests] == [len(STREAM), 0]
    assert done.stdout.startswith("200")  # the client itself noticed nothing
    (finding,) = findings(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == ("body-dropped", "error", "client")


def test_httpx_stops_halfway_when_its_generator_is_used_up(follow, origin):
    done = follow(drivers.HTTPX, STREAM, "--stream")
    log = done.expect(1)  # the client's own status: it raised StreamConsumed after it had sent the second head
    assert "StreamConsumed" in done.stderr
    assert findings(log, "error") == [] or [event["rule"] for event in findings(log, "error")] == ["body-truncated"]
    assert [event["verdicts"]["body"] for event in log.events("redirect.followed")] != ["pass"]


def test_fetch_refuses_to_send_a_stream_twice(follow, origin):
    done = follow(drivers.FETCH, STREAM, "--stream")
    log = done.expect(1)
    assert [request.path for request in origin.requests] == ["/submit"]
    assert log.one("redirect.closed")["outcome"] == "not_followed"
    assert [event["rule"] for event in findings(log)] == ["redirect-not-followed"]


def test_urllib_turns_a_head_into_a_get(origin, run):
    origin.on("/old", redirect(307, "/new"))
    origin.on("/new", response(200))
    log = run(drivers.URLLIB.command("HEAD", f"{origin.url}/old")).expect(3)
    assert [request.method for request in origin.requests] == ["HEAD", "GET"]
    (finding,) = findings(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == ("head-became-get", "error", "client")


def test_urllib_does_not_follow_a_post(follow, origin):
    done = follow(drivers.URLLIB, SHORT)
    assert done.stdout.startswith("307") and [request.path for request in origin.requests] == ["/submit"]
    assert [event["rule"] for event in findings(done.expect(0))] == ["redirect-not-followed"]


def test_a_method_that_curl_was_told_by_x_is_kept_on_307(follow, origin):
    log = follow(drivers.CURL, SHORT, "--sticky").expect(0)
    assert [(request.method, request.body) for request in origin.requests] == [("POST", SHORT)] * 2
    assert findings(log) == []


def test_a_method_that_curl_was_told_by_x_is_wrong_on_303(follow, origin):
    log = follow(drivers.CURL, SHORT, "--sticky", status=303).expect(3)
    assert [request.method for request in origin.requests] == ["POST", "POST"]
    (finding,) = findings(log)
    assert (finding["rule"], finding["severity"], finding["fault"]) == ("see-other-not-get", "error", "client")


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
@pytest.mark.parametrize("status", (301, 302))
def test_a_post_may_become_a_get_on_301_and_302(driver, status, follow, origin):
    log = follow(driver, SHORT, status=status, target="/thanks").expect(0)
    assert findings(log, "error") == []
    assert log.one("redirect.followed")["verdicts"]["method"] == "pass"
    assert log.one("redirect.closed")["outcome"] == "followed"


def test_a_post_that_becomes_a_get_where_only_the_url_was_tidied_is_the_servers_fault(follow):
    done = follow(drivers.CURL, SHORT, status=301, target="/submit/")
    (finding,) = findings(done.expect(3), "error")
    assert (finding["rule"], finding["fault"]) == ("canonicalization-drops-body", "server")
