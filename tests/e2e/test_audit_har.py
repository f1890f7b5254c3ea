# SPDX-License-Identifier: MIT
"""`hopaudit audit FILE.har`: archives in the styles of several producers, what they lack, and what is wrong in them."""
import json
import pathlib

import pytest

from lib.log import Log

DATA = pathlib.Path(__file__).parents[1] / "data/har"
SECRET = "s3cr3t"


@pytest.fixture
def judge(hopaudit, tmp_path):
    """judge(NAME or document, options): the log that is made of an archive, checked as every log is; and what was said."""

    def of(archive, *options, status=0):
        path = DATA / f"{archive}.har" if isinstance(archive, str) else tmp_path / "made.har"
        if not isinstance(archive, str):
            path.write_text(json.dumps(archive))
        log = Log(tmp_path / "out.jsonl")
        done = hopaudit("audit", "--all-chains", "--out", str(log.path), *options, str(path))
        assert done.returncode == status, done.stdout + done.stderr
        log.check()
        assert hopaudit("audit", "--compare", *[o for o in options if o.startswith("--rules")], str(log.path)).returncode == 0
        return log, done

    return of


def faults(log):
    return [(event["rule"], event["severity"]) for event in log.events("finding") if event["severity"] in ("error", "warning")]


def test_a_lost_payment_is_a_warning_because_no_match_is_certain(judge):
    log, done = judge("lost")
    (followed,) = log.events("redirect.followed")
    assert followed["match"]["confidence"] == "medium"
    assert followed["verdicts"]["method"] == "fail"
    assert faults(log) == [("method-not-preserved", "warning")]
    assert SECRET not in log.path.read_text() + done.stdout + done.stderr
    judge("lost", "--fail-on", "warning", status=3)


def test_an_archive_of_chrome_without_cookies_says_nothing_of_credentials(judge):
    log, done = judge("chrome")
    assert faults(log) == []
    first, second = log.events("redirect.followed")
    assert (first["verdicts"]["method"], first["verdicts"]["body"], first["verdicts"]["headers"]) == ("pass", "pass", "pass")
    assert first["verdicts"]["credentials"] == second["verdicts"]["credentials"] == "unverifiable"
    assert "taken out" in first["reasons"]["credentials"]
    assert second["request"]["url"].endswith("/v2/pay") and second["follow"]["request"]["url"] == "https://shop.example/done"
    assert "3 of 8 entries are no exchanges over HTTP: 1 of other schemes, 1 from a cache, 1 redirects" in done.stderr
    assert "they may have been taken out" in done.stderr


def test_an_archive_of_firefox_is_judged_by_what_it_holds(judge):
    log, _ = judge("firefox")
    (followed,) = log.events("redirect.followed")
    assert followed["verdicts"] == {"method": "pass", "body": "pass", "headers": "pass", "credentials": "fail"}
    assert ("cookie-cross-site", "warning") in faults(log)
    fields = log.one("redirect.observed")["response"]["fields"]
    assert [name for name, *_ in fields].count("set-cookie") == 2


def test_content_in_base64_is_compared_byte_by_byte(judge):
    log, done = judge("mitmproxy")
    assert faults(log) == [("body-changed", "warning")]
    assert SECRET not in log.path.read_text() + done.stdout


def test_what_was_not_captured_is_unverifiable(judge):
    log, _ = judge("missing")
    (followed,) = log.events("redirect.followed")
    assert followed["verdicts"]["method"] == "pass"
    assert followed["verdicts"]["body"] == "unverifiable"
    assert followed["reasons"]["body"] == "the content was not captured"
    assert faults(log) == []


def entry(url="http://a.example/", status=200, **more):
    return {
        "startedDateTime": "2026-11-24T12:00:00Z",
        "time": 1,
        "request": {"method": "GET", "url": url, "headers": [], "bodySize": 0},
        "response": {"status": status, "headers": [], "redirectURL": ""},
        "timings": {"send": 0, "wait": 1, "receive": 0},
        **more,
    }


def archive(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


def test_a_login_whose_cookies_were_taken_out_is_no_loop(judge):
    def redirect(at, url, to):
        one = entry(url, 302, startedDateTime=f"2026-11-24T12:00:00.{at}Z")
        one["response"]["redirectURL"] = to
        return one

    log, _ = judge(
        archive(
            redirect("100", "http://a.example/", "http://a.example/login"),
            redirect("200", "http://a.example/login", "http://a.example/"),
            entry("http://a.example/", startedDateTime="2026-11-24T12:00:00.300Z"),
        )
    )
    assert faults(log) == []
    assert log.one("chain.finished")["outcome"] == "completed"


@pytest.mark.parametrize(
    "content, words",
    [
        ('{"log": {"entries": [', "no JSON, line 1"),
        ("{}", "there is no log.entries in it"),
        ('{"log": {"entries": {}}}', "there is no log.entries in it"),
        (json.dumps(archive(entry(), 7)), "entry 2: it is no object"),
        (json.dumps(archive(entry(), {"request": {}})), "entry 2: it has no request.url"),
        (json.dumps(archive(entry(startedDateTime="yesterday"))), "entry 1: startedDateTime is no time"),
        (json.dumps(archive(entry("http://"))), "entry 1: request.url: no URL"),
        (json.dumps(archive(entry(request={"method": "G T", "url": "http://a/"}))), "entry 1: request.method is no method"),
        (json.dumps(archive(entry(request={"method": "PUT", "url": "http://a/", "bodySize": 10**18}))), "bodySize is absurd"),
        (json.dumps(archive(entry(status=1000))), "entry 1: response.status is no status"),
        (
            json.dumps(archive(entry(request={"method": "PUT", "url": "http://a/", "postData": {"text": "?", "encoding": "base64"}}))),
            "entry 1: request.postData.text is no base64",
        ),
    ],
)
def test_what_is_wrong_in_an_archive_is_told_with_its_entry(content, words, hopaudit, tmp_path):
    (tmp_path / "bad.har").write_text(content)
    done = hopaudit("audit", "bad.har")
    assert done.returncode == 125, done.stdout
    assert words in done.stderr and "bad.har" in done.stderr
    assert not list(tmp_path.glob("hopaudit-*"))  # no log is left behind


def test_reports_are_made_of_an_archive_too(hopaudit, tmp_path):
    done = hopaudit("audit", "--json", "out.json", "--junit", "out.xml", str(DATA / "lost.har"))
    assert done.returncode == 0, done.stderr
    (run,) = json.loads((tmp_path / "out.json").read_text())["runs"]
    assert [finding["rule"] for finding in run["chains"][0]["findings"]] == ["method-not-preserved"]
    assert SECRET not in (tmp_path / "out.json").read_text() + (tmp_path / "out.xml").read_text()
