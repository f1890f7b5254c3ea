# SPDX-License-Identifier: MIT
"""Filters and comparisons of logs: `hopaudit report --filter`, in every format, and `hopaudit diff`."""
import json
import shutil
import sys

import pytest

from lib.drivers import FOLDER
from lib.message import redirect, response


def answer(request):
    """/v2/... answers, /old leads to /new by 302, all else to /v2/... by 307."""
    if request.path.startswith("/v2/") or request.path == "/new":
        return response(200)
    return redirect(302, "/new") if request.path == "/old" else redirect(307, "/v2" + request.path)


@pytest.fixture
def play(origin, run, tmp_path):
    """play(LOG, (METHOD, PATH, FAULT)...): a run in which a client asks so and follows with that fault."""
    origin.on("*", answer)
    body = tmp_path / "body"
    body.write_bytes(b"amount=12")

    def in_a_run(log, *requests):
        calls = [
            f"{sys.executable} {FOLDER / 'faulty.py'} {method} {origin.url}{path}"
            f"{f' --body {body}' if method == 'POST' else ''} {fault} >/dev/null"
            for method, path, fault in requests
        ]
        run(["sh", "-ec", "\n".join(calls)], "--fail-on", "never").expect(0)
        shutil.move(tmp_path / "hopaudit.jsonl", tmp_path / log)
        return log

    return in_a_run


RIGHT, WRONG, OLD = ("POST", "/pay", "right"), ("POST", "/refund/7", "get"), ("GET", "/old", "right")


@pytest.fixture
def report(hopaudit):
    def ask(log, expression, *options, status=0):
        done = hopaudit("report", "--filter", expression, *options, log)
        assert done.returncode == status, done.stderr
        return done.stdout

    return ask


def test_a_report_is_about_the_chains_that_match_and_says_what_it_leaves_out(play, report):
    log = play("a.jsonl", RIGHT, WRONG, OLD)
    whole = json.loads(report(log, " ", "--format", "json"))["runs"][0]
    assert whole["totals"]["chains"] == 3 and whole["notes"] == []
    cases = {
        "status=302": ["/old"],
        "status=307 and verdict<warning": ["/pay"],
        "verdict=error": ["/refund/7"],
        "rule=method-not-preserved and path~refund": ["/refund/7"],
        "not /old and not refund": ["/pay"],
        "chain.length>1 or elapsed>1h": [],
    }
    for expression, paths in cases.items():
        got = json.loads(report(log, expression, "--format", "json"))["runs"][0]
        asked = [chain["hops"][0]["url"] for chain in got["chains"]]
        assert len(asked) == len(paths) and all(url.endswith(path) for url, path in zip(asked, paths)), expression
        assert got["totals"]["chains"] == got["totals"]["redirects"] == len(paths)
        left = 3 - len(paths)
        assert got["notes"] == [f"{left} chain{' is' if left == 1 else 's are'} left out by --filter"]


def test_every_format_knows_the_filter(play, report):
    log = play("a.jsonl", RIGHT, WRONG, OLD)
    for name in ("text", "junit", "sarif", "markdown", "html", "json"):
        text = report(log, "path~refund", "--format", name)
        assert "/refund/7" in text and "left out by --filter" in text, name
        assert "/old" not in text and "/pay" not in text, name


def test_only_what_matches_counts_for_the_exit_status(play, report):
    log = play("a.jsonl", RIGHT, WRONG)
    report(log, " ", "--fail-on", "error", status=3)
    report(log, "path=/pay", "--fail-on", "error", status=0)


def test_what_is_wrong_with_a_filter_is_pointed_at(play, hopaudit):
    log = play("a.jsonl", OLD)
    done = hopaudit("report", "--filter", "status=302 and hots~\x1b[31mshop", log)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith('hopaudit: --filter: column 16: there is no field "hots"\n')
    lines = done.stderr.splitlines()
    assert lines[1].startswith("  status=302 and hots~") and "\x1b" not in done.stderr
    assert lines[2] == "  " + " " * 15 + "^"
    assert "host" in lines[3]


def changes(done):
    """The told lines but the last, as (what, severity or chain, rule or method)."""
    return [tuple(line.split(maxsplit=3)[:3]) for line in done.stdout.splitlines()[:-1]]


def test_two_logs_of_the_same_have_no_difference(play, hopaudit):
    before, after = play("a.jsonl", RIGHT, WRONG), play("b.jsonl", WRONG, RIGHT, RIGHT)
    done = hopaudit("diff", before, after)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 new, 0 worse, 0 gone\n", "")


def test_what_is_new_and_what_is_gone_is_told(play, hopaudit):
    before, after = play("a.jsonl", RIGHT, OLD), play("b.jsonl", RIGHT, WRONG)
    done = hopaudit("diff", before, after)
    assert done.returncode == 3
    assert ("new", "error", "method-not-preserved") in changes(done)
    assert ("new", "chain", "POST") in changes(done) and ("gone", "chain", "GET") in changes(done)
    assert hopaudit("diff", "--fail-on", "never", before, after).returncode == 0
    done = hopaudit("diff", after, before)
    assert done.returncode == 0, "what is gone fails nothing"
    assert ("gone", "error", "method-not-preserved") in changes(done)


def test_the_comparison_as_json(play, hopaudit):
    before, after = play("a.jsonl", RIGHT, OLD), play("b.jsonl", RIGHT, WRONG)
    done = hopaudit("diff", "--json", before, after)
    got = json.loads(done.stdout)
    assert done.returncode == 3 and got["hopaudit_diff"] == 1 and got["worse"] == []
    assert (got["before"], got["after"]) == (before, after)
    found = [entry for entry in got["new"] if entry.get("rule") == "method-not-preserved"]
    assert len(found) == 1 and found[0]["severity"] == "error" and found[0]["url"].endswith("/refund/{id}")
    assert [entry["chain"].split()[0] for entry in got["gone"] if "chain" in entry] == ["GET"]


def test_a_log_that_lacks_something_is_not_compared_in_silence(play, hopaudit, tmp_path):
    before = play("a.jsonl", RIGHT)
    lines = (tmp_path / before).read_text().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join(lines[:-1]))
    done = hopaudit("diff", before, "cut.jsonl")
    assert done.returncode == 125 and "cut.jsonl: its last run has no end" in done.stderr
    done = hopaudit("diff", before, "nothing.jsonl")
    assert done.returncode == 125 and "nothing.jsonl: No such file" in done.stderr
    assert hopaudit("diff", before).returncode == 2
