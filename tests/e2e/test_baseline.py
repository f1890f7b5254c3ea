# SPDX-License-Identifier: MIT
"""`hopaudit baseline`: what a run found is written down, and only what a later run finds beside that fails it."""
import json
import sys

import pytest

from lib.drivers import FOLDER
from lib.message import redirect, response


def answer(request):
    """/orders/N/pay leads to /v2/orders/N/pay; /v2/... answers; /old leads to /new."""
    if request.path.startswith("/v2/") or request.path == "/new":
        return response(200)
    return redirect(302, "/new") if request.path == "/old" else redirect(307, "/v2" + request.path)


@pytest.fixture
def site(start_origin):
    """A function that starts the site anew, at another port."""

    def start():
        origin = start_origin()
        origin.on("*", answer)
        return origin

    return start


@pytest.fixture
def play(run, tmp_path):
    """play(SITE, (METHOD, PATH, FAULT)...): a run in which a client asks so and follows with that fault."""
    body = tmp_path / "body"
    body.write_bytes(b"amount=12")

    def in_a_run(origin, *requests, options=("--fail-on", "never")):
        calls = [
            f"{sys.executable} {FOLDER / 'faulty.py'} {method} {origin.url}{path}"
            f"{f' --body {body}' if method == 'POST' else ''} {fault} >/dev/null"
            for method, path, fault in requests
        ]
        return run(["sh", "-ec", "\n".join(calls)], *options).expect(0)

    return in_a_run


KNOWN = (("POST", "/orders/123/pay", "get"), ("GET", "/old", "right"))


def changes(done):
    """The told lines but the last, as (what, severity or chain, rule or chain)."""
    return [tuple(line.split(maxsplit=3)[:3]) for line in done.stdout.splitlines()[:-1]]


def test_what_is_written_is_json_in_order_without_what_changes_from_run_to_run(site, play, hopaudit, tmp_path):
    origin = site()
    play(origin, *KNOWN, ("GET", "/old?token=7", "right"))
    done = hopaudit("baseline", "write", "baseline.json")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "baseline.json").read_text()
    written = json.loads(text)
    assert {
        "rule": "method-not-preserved",
        "fault": "client",
        "method": "POST",
        "url": "http://127.0.0.1/orders/{id}/pay",
        "status": 307,
        "severity": "error",
    } in written["findings"]
    assert written["chains"] == [
        {"chain": "GET http://127.0.0.1/old -302-> GET http://127.0.0.1/new", "outcome": "completed", "status": 200},
        {
            "chain": "POST http://127.0.0.1/orders/{id}/pay -307-> GET http://127.0.0.1/v2/orders/{id}/pay",
            "outcome": "completed",
            "status": 200,
        },
    ]
    assert str(origin.port) not in text and "2026" not in text
    lines = [line for line in text.splitlines() if '"rule"' in line]
    assert lines == sorted(lines) and len(lines) == len(written["findings"])


def test_the_same_run_at_another_port_and_with_other_ids_is_the_same(site, play, hopaudit, tmp_path):
    play(site(), *KNOWN)
    assert hopaudit("baseline", "write", "one.json").returncode == 0
    play(site(), *reversed(KNOWN), ("POST", "/orders/4567/pay", "get"))
    done = hopaudit("baseline", "check", "one.json")
    assert done.returncode == 0 and changes(done) == [], done.stdout
    assert hopaudit("baseline", "write", "two.json").returncode == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_new_error_is_told_and_fails(site, play, hopaudit):
    play(site(), *KNOWN)
    hopaudit("baseline", "write", "baseline.json")
    play(site(), *KNOWN, ("POST", "/refunds/9", "get"))
    done = hopaudit("baseline", "check", "baseline.json")
    assert done.returncode == 3
    assert ("new", "error", "method-not-preserved") in changes(done) and ("new", "chain", "POST") in changes(done)
    assert all(what == "new" for what, *_ in changes(done))


def test_what_is_gone_is_told_and_fails_nothing(site, play, hopaudit):
    play(site(), *KNOWN)
    hopaudit("baseline", "write", "baseline.json")
    play(site(), ("POST", "/orders/123/pay", "right"), ("GET", "/old", "right"))
    done = hopaudit("baseline", "check", "baseline.json")
    assert done.returncode == 0
    assert ("gone", "error", "method-not-preserved") in changes(done)


def test_a_new_chain_without_a_fault_fails_nothing(site, play, hopaudit):
    play(site(), *KNOWN)
    hopaudit("baseline", "write", "baseline.json")
    play(site(), *KNOWN, ("GET", "/other", "right"))
    done = hopaudit("baseline", "check", "baseline.json")
    assert done.returncode == 0 and ("new", "chain", "GET") in changes(done)


def test_what_is_worse_than_it_was_is_told_and_fails(site, play, hopaudit):
    play(site(), *KNOWN, options=("--rules", "A=info"))
    hopaudit("baseline", "write", "baseline.json")
    play(site(), *KNOWN)
    done = hopaudit("baseline", "check", "baseline.json")
    assert done.returncode == 3 and "(was info)" in done.stdout
    assert ("worse", "error", "method-not-preserved") in changes(done)


def test_what_is_ignored_is_no_part_of_it(site, play, hopaudit, tmp_path):
    (tmp_path / "team.ignore").write_text("* * * 2999-12-31 known\n")
    play(site(), *KNOWN, options=("--ignore", "team.ignore"))
    hopaudit("baseline", "write", "baseline.json")
    assert json.loads((tmp_path / "baseline.json").read_text())["findings"] == []


def test_another_log_can_be_named(site, play, hopaudit, tmp_path):
    play(site(), *KNOWN)
    (tmp_path / "hopaudit.jsonl").rename(tmp_path / "other.jsonl")
    missing = hopaudit("baseline", "write", "baseline.json")
    assert missing.returncode == 125 and "hopaudit.jsonl: No such file or directory" in missing.stderr
    assert hopaudit("baseline", "write", "baseline.json", "--log", "other.jsonl").returncode == 0


def test_a_run_without_its_end_gives_no_baseline_and_no_all_clear(site, play, hopaudit, tmp_path):
    log = play(site(), *KNOWN)
    hopaudit("baseline", "write", "baseline.json")
    log.path.write_bytes(b"\n".join(log.lines[:-1]) + b"\n")
    for verb, why in (("write", "would lack something"), ("check", "there may be more")):
        done = hopaudit("baseline", verb, "baseline.json")
        assert done.returncode == 125 and "its last run has no end" in done.stderr and why in done.stderr


@pytest.mark.parametrize(
    "text, why",
    [
        ("{", ":1: "),
        ("[]", "it is no baseline"),
        ('{"hopaudit_baseline":2}', "newer hopaudit (format 2)"),
        ('{"hopaudit_baseline":1,"findings":{},"chains":[]}', '"findings" is no list'),
        ('{"hopaudit_baseline":1,"findings":[{"url":"x"}],"chains":[]}', "each with its rule"),
        ('{"hopaudit_baseline":1,"findings":[],"chains":[3]}', '"chains" is no list'),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text, why, site, play, hopaudit, tmp_path):
    (tmp_path / "baseline.json").write_text(text)
    done = hopaudit("baseline", "check", "baseline.json")
    assert done.returncode == 125 and "baseline.json" in done.stderr and why in done.stderr


def test_usage_errors_say_what_is_missing(hopaudit):
    for arguments, why in (
        ([], "write or check?"),
        (["x.json"], "write or check?"),
        (["write"], "takes one FILE"),
        (["check", "a", "b"], "takes one FILE"),
        (["write", "a", "--log", "-"], "keeps none"),
    ):
        done = hopaudit("baseline", *arguments)
        assert done.returncode == 2 and why in done.stderr, arguments
