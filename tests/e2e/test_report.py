# SPDX-License-Identifier: MIT
"""Reports: every format, from a run and from its log, read by a validator that is not ours."""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import stat
import subprocess
import sys
import xml.etree.ElementTree

import jsonschema
import pytest

from lib.drivers import FOLDER
from lib.message import redirect, response

ROOT = pathlib.Path(__file__).parents[2]
DATA = ROOT / "tests/data"
FORMATS = ("junit", "sarif", "json", "markdown", "html")
HOSTILE = "/pay?<script>alert(1)</script>%22'&]]>|`**[x](y)"


@pytest.fixture
def site(origin):
    """Everything redirects by 307 to /v2/..., which answers."""
    origin.on("*", lambda request: response(200) if request.path.startswith("/v2/") else redirect(307, "/v2" + request.path))
    return origin


@pytest.fixture
def play(site, run, tmp_path):
    """play((METHOD, PATH, FAULT)..., options): a run in which a client asks so and follows with that fault."""
    body = tmp_path / "body"
    body.write_bytes(b"amount=12")

    def in_a_run(*requests, log="hopaudit.jsonl", options=(), status=3, **more):
        calls = [
            f"{sys.executable} {FOLDER / 'faulty.py'} {method} \"{site.url}{path.replace('`', chr(92) + '`')}\""
            f"{f' --body {body}' if method == 'POST' else ''} {fault} >/dev/null"
            for method, path, fault in requests
        ]
        done = run(["sh", "-ec", "\n".join(calls)], "--log", log, *options, **more)
        assert done.status == status, done.stderr
        return done

    return in_a_run


KNOWN = (("POST", "/pay", "get"), ("POST", "/ok", "right"), ("GET", "/ok", "right"))
ALL = tuple(word for name in FORMATS for word in (f"--{name}", f"out.{name}"))


def validate(document, schema):
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    kind(schema).validate(document)


def junit(path):
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", DATA / "junit.xsd", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return xml.etree.ElementTree.parse(path).getroot()


def sarif(path):
    document = json.loads(path.read_text())
    validate(document, json.loads((DATA / "sarif-code-scanning.schema.json").read_text()))
    (only,) = document["runs"]
    for result in only["results"]:
        assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return only


def report(path):
    document = json.loads(path.read_text())
    validate(document, json.loads((ROOT / "audit/report/schema/report.schema.json").read_text()))
    return document


class Page(html.parser.HTMLParser):
    """Which elements and attributes there are, and the text; elements must be closed in the order they were opened."""

    VOID = {"meta"}

    def __init__(self, path):
        super().__init__()
        self.elements, self.attributes, self.open, self.text, self.style = set(), [], [], "", ""
        self.feed(path.read_text())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += [(tag, *a) for a in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            self.style += data
        else:
            self.text += data


def test_a_run_writes_every_report_that_is_asked_for(play, site, tmp_path):
    done = play(*KNOWN, options=ALL)
    suites = junit(tmp_path / "out.junit")
    assert (suites.get("tests"), suites.get("failures")) == ("4", "1")
    failure = suites.find(".//failure")
    assert failure.get("type") == "method-not-preserved"
    assert "expected: POST" in failure.text and "why: RFC 9110" in failure.text and "again: curl " in failure.text
    (result,) = sarif(tmp_path / "out.sarif")["results"]
    (run,) = report(tmp_path / "out.json")["runs"]
    assert run["whole"] and run["totals"]["findings"]["error"] == 1 and len(run["chains"]) == 3
    assert done.log.head == run["head"]
    (finding,) = run["chains"][0]["findings"]
    assert finding["line"] == result["locations"][0]["physicalLocation"]["region"]["startLine"]
    line = json.loads((tmp_path / "hopaudit.jsonl").read_text().splitlines()[finding["line"] - 1])
    assert (line["type"], line["rule"]) == ("finding", "method-not-preserved")
    assert f"POST {site.url}/pay" in Page(tmp_path / "out.html").text
    assert "method-not-preserved" in (tmp_path / "out.markdown").read_text().replace("&#45;", "-")
    for name in FORMATS:
        assert stat.S_IMODE((tmp_path / f"out.{name}").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", FORMATS)
def test_a_saved_log_gives_the_same_report_as_its_run(name, play, hopaudit, tmp_path):
    play(*KNOWN, options=(f"--{name}", "of-run"))
    done = hopaudit("report", "--format", name, "--output", "of-log")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "of-log").read_text() == (tmp_path / "of-run").read_text()
    assert hopaudit("report", "--format", name, "hopaudit.jsonl").stdout == (tmp_path / "of-run").read_text()


def test_the_last_run_of_a_log_is_reported_with_its_own_lines(play, hopaudit, tmp_path):
    play(*KNOWN, options=("--sarif", "first"))
    play(*KNOWN, options=("--sarif", "second"))
    (first,), (second,) = (sarif(tmp_path / name)["results"] for name in ("first", "second"))
    lines = (tmp_path / "hopaudit.jsonl").read_text().splitlines()
    at = second["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert at > first["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert json.loads(lines[at - 1])["type"] == "finding"
    assert first["partialFingerprints"] == second["partialFingerprints"]
    assert json.loads(hopaudit("report", "--format", "sarif").stdout)["runs"][0]["results"] == [second]


def test_several_logs_are_one_report(play, hopaudit, tmp_path):
    play(*KNOWN, log="a.jsonl")
    play(KNOWN[1], status=0, log="b.jsonl")
    done = hopaudit("report", "--format", "json", "-o", "both", "a.jsonl", "b.jsonl")
    assert done.returncode == 0, done.stderr
    assert [(run["log"], len(run["chains"])) for run in report(tmp_path / "both")["runs"]] == [("a.jsonl", 3), ("b.jsonl", 1)]
    hopaudit("report", "--format", "junit", "-o", "both", "a.jsonl", "b.jsonl")
    assert junit(tmp_path / "both").get("tests") == "6"
    text = hopaudit("report", "a.jsonl", "b.jsonl").stdout
    assert "1 error" in text and "all right" in text and "again     curl " in text


def test_no_report_lets_traffic_be_markup(play, tmp_path):
    play(("POST", HOSTILE, "get"), options=ALL)
    junit(tmp_path / "out.junit")
    sarif(tmp_path / "out.sarif")
    report(tmp_path / "out.json")
    page = Page(tmp_path / "out.html")
    assert "<script>alert(1)</script>" in page.text
    assert "script" not in page.elements
    markdown = (tmp_path / "out.markdown").read_text()
    assert not re.search(r"<(?!/?(code|details|summary)>)", markdown)
    assert "**[x]" not in markdown and "`" not in markdown
    cells = [line for line in markdown.splitlines() if line.startswith("| error")]
    assert cells and all(line.count("|") == 7 for line in cells)


def test_the_page_asks_for_nothing_and_its_policy_allows_its_own_style_alone(play, tmp_path):
    play(*KNOWN, options=("--html", "page.html"))
    page = Page(tmp_path / "page.html")
    assert not page.elements & {"script", "link", "img", "iframe", "a", "form", "object", "base"}
    assert not [a for a in page.attributes if a[1] in ("style", "src", "href") or a[1].startswith("on")]
    (policy,) = [a[2] for a in page.attributes if a[1] == "content" and "default-src" in a[2]]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
    assert "@media print" in page.style and "prefers-color-scheme:dark" in page.style and "url(" not in page.style


def test_the_curl_line_sends_the_first_request_again(play, site, tmp_path):
    play(("POST", HOSTILE, "get"), options=("--json", "out.json"))
    (run,) = report(tmp_path / "out.json")["runs"]
    (tmp_path / "BODY").write_bytes(b"amount=12")
    before = len(site.requests)
    subprocess.run(["sh", "-c", run["chains"][0]["curl"]], cwd=tmp_path, check=True, capture_output=True)
    (request,) = site.requests[before:]
    assert (request.method, request.body) == ("POST", b"amount=12")
    assert request.target == site.requests[0].target


def test_what_fails_a_test_case_is_what_fails_the_run(play, tmp_path):
    play(*KNOWN, options=("--junit", "out", "--fail-on", "never"), status=0)
    assert junit(tmp_path / "out").get("failures") == "0"
    play(*KNOWN, options=("--junit", "out", "--fail-on", "info"))
    assert junit(tmp_path / "out").get("failures") == "1"


def test_report_ends_with_3_where_it_is_asked_to_fail(play, hopaudit):
    play(*KNOWN)
    assert hopaudit("report").returncode == 0
    assert hopaudit("report", "--fail-on", "error").returncode == 3
    play(KNOWN[1], status=0)
    assert hopaudit("report", "--fail-on", "error").returncode == 0


def test_a_log_that_was_cut_off_is_an_error_in_the_report(play, hopaudit, tmp_path):
    play(*KNOWN)
    log = tmp_path / "hopaudit.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-1]))
    hopaudit("report", "--format", "junit", "-o", "out")
    assert junit(tmp_path / "out").find(".//error").get("type") == "incomplete-log"
    hopaudit("report", "--format", "sarif", "-o", "out")
    assert sarif(tmp_path / "out")["invocations"][0]["executionSuccessful"] is False


def test_a_job_of_github_has_annotations_and_a_summary(play, hopaudit, tmp_path):
    (tmp_path / "step.md").write_text("before\n")
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md")}
    done = play(*KNOWN, options=("--markdown", "own.md"), variables=variables)
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert re.match(r"::error file=hopaudit\.jsonl,line=\d+,title=method-not-preserved::POST became GET on a 307", told)
    own = (tmp_path / "own.md").read_text()
    assert (tmp_path / "step.md").read_text() == "before\n" + own
    again = hopaudit("report", variables=variables)
    assert told in again.stderr.splitlines() and "::error" not in again.stdout
    assert (tmp_path / "step.md").read_text() == "before\n" + own + own


def test_outside_of_a_job_nothing_is_annotated(play):
    assert "::error" not in play(*KNOWN).stderr


@pytest.mark.parametrize(
    "options, why",
    (
        (("--junit", "no/such/folder/x.xml"), "--junit no/such/folder/x.xml: No such file or directory"),
        (("--html", "."), "--html .: Is a directory"),
        (("--sarif", "x", "--log", "-"), "--sarif names lines of the log"),
    ),
)
def test_a_report_that_can_not_be_written_is_told_before_the_command_runs(options, why, run, tmp_path):
    done = run(["touch", "ran"], *options)
    assert done.status == 2 and why in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_report_that_is_lost_in_the_end_fails_the_run(run):
    done = run(["sh", "-c", "mkdir report.xml"], "--junit", "report.xml")
    assert done.status == 125 and "no report: report.xml: Is a directory" in done.stderr


def test_a_run_without_a_log_has_reports_all_the_same(play, tmp_path):
    play(*KNOWN, log="-", options=("--json", "out.json"))
    (run,) = report(tmp_path / "out.json")["runs"]
    assert "log" not in run and run["totals"]["findings"]["error"] == 1


def test_a_log_that_can_not_be_read_is_told(hopaudit, tmp_path):
    done = hopaudit("report", "no.jsonl")
    assert done.returncode == 125 and "log no.jsonl: No such file or directory" in done.stderr
    (tmp_path / "empty").write_text("")
    done = hopaudit("report", "empty")
    assert done.returncode == 125 and "there is no run in it" in done.stderr
    assert hopaudit("report", "--format", "pdf").returncode == 2
