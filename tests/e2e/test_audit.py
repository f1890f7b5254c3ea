# SPDX-License-Identifier: MIT
"""`hopaudit audit LOG`: a log of real traffic judged again, by its own rules and by others. (That each log of these tests
is judged again as it was is seen to in lib/hopaudit.py.)"""
import json
import sys

import pytest

from lib.drivers import FOLDER
from lib.message import redirect, response

FAULTY = (sys.executable, str(FOLDER / "faulty.py"))
SECRET = "s3cr3t-value"


@pytest.fixture
def site(origin):
    """Everything redirects by 307 to /v2/..., which answers."""
    origin.on("*", lambda request: response(200) if request.path.startswith("/v2/") else redirect(307, "/v2" + request.path))
    return origin


@pytest.fixture
def lost(site, run, tmp_path):
    """A run in which a payment was lost on a redirect; returns the run's options too."""
    body = tmp_path / "body"
    body.write_bytes(b"amount=12")

    def in_a_run(*options, path="/pay", status=3):
        done = run([*FAULTY, "POST", site.url + path, "--body", body, "get"], *options)
        assert done.status == status, done.stderr
        return done

    return in_a_run


def test_a_log_is_judged_again_as_its_run_was(lost, hopaudit):
    summary = lost().stderr
    again = hopaudit("audit", "hopaudit.jsonl")
    assert again.returncode == 3
    told = [line for line in again.stdout.splitlines() if not line.startswith("   again  ")]
    assert told[:-1] == summary.splitlines()[:-1]  # the last line names the log by another path
    compared = hopaudit("audit", "--compare")
    assert compared.returncode == 0
    assert ", 0 changed, 0 new, 0 gone" in compared.stdout


def test_other_rules_judge_as_if_the_run_had_been_judged_by_them(lost, hopaudit, tmp_path):
    lost("--rules", "A=off,B=off", status=0)
    assert hopaudit("audit", "--fail-on", "never").returncode == 0
    again = hopaudit("audit")
    assert again.returncode == 3 and "method-not-preserved" in again.stdout
    assert "the run was judged with --rules or --ignore" in again.stderr
    compared = hopaudit("audit", "--compare")
    assert compared.returncode == 3
    assert "new     error    method-not-preserved POST " in compared.stdout
    (tmp_path / "known").write_text("method-not-preserved * /pay 2999-01-01 known\n")
    accepted = hopaudit("audit", "--ignore", "known")
    assert accepted.returncode == 0 and "1 finding suppressed by known" in accepted.stdout, accepted.stdout


def test_a_profile_that_is_not_given_is_that_of_the_run(site, run, hopaudit, tmp_path):
    """What looks like a payment is sent twice without a key: a warning where rules are strict."""
    (tmp_path / "body").write_bytes(b"amount=12")
    run([*FAULTY, "POST", f"{site.url}/pay", "--body", tmp_path / "body", "right"], "--profile", "strict").expect(0)
    assert hopaudit("audit", "--compare").returncode == 0
    compared = hopaudit("audit", "--compare", "--profile", "default")
    assert compared.returncode == 3 and "(was warning)" in compared.stdout


def test_reports_are_made_of_the_new_judgement_and_name_lines_of_the_log(lost, hopaudit, tmp_path):
    lost("--rules", "A=off,B=off", status=0)
    formats = ("junit", "sarif", "json", "markdown", "html")
    done = hopaudit("audit", *(word for name in formats for word in (f"--{name}", f"out.{name}")))
    assert done.returncode == 3
    (result,) = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    at = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    line = json.loads((tmp_path / "hopaudit.jsonl").read_text().splitlines()[at - 1])
    assert line["type"] == "redirect.followed"
    for name in formats:
        assert "method-not-preserved" in (tmp_path / f"out.{name}").read_text().replace("&#45;", "-")


def test_a_rule_that_needs_a_redacted_value_says_unverifiable(origin, run, hopaudit, tmp_path):
    """The Location has a space in its token. The rule was off in the run, and the log does not hold the token."""
    origin.on("/", redirect(302, f"/v2?token={SECRET} x"))
    client = ["sh", "-c", f"curl -s {origin.url}/"]
    assert run(client, "--rules", "location-not-uri=off").status == 0
    assert SECRET not in (tmp_path / "hopaudit.jsonl").read_text()
    again = hopaudit("audit", "--all-chains")
    assert "unverifiable: the log does not hold a value that this rule needs" in again.stdout, again.stdout
    assert "location-not-uri" in again.stdout and SECRET not in again.stdout
    assert run(client, log=tmp_path / "asked.jsonl").status == 0
    asked = hopaudit("audit", "--all-chains", "asked.jsonl")
    assert "Location holds a space" in asked.stdout and "unverifiable" not in asked.stdout
    assert hopaudit("audit", "--compare", "asked.jsonl").returncode == 0


def test_the_last_run_of_a_log_is_judged(lost, hopaudit):
    lost()
    lost("--rules", "A=off,B=off", status=0)
    assert hopaudit("audit", "--compare", "--rules", "A=off,B=off").returncode == 0
    assert hopaudit("audit", "--compare").returncode == 3


def test_what_the_log_lacks_is_said_and_nothing_is_made_up(lost, hopaudit, tmp_path):
    lost()
    path = tmp_path / "hopaudit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["type"] != "exchange"]
    path.write_bytes(b"".join(kept))
    done = hopaudit("audit", "--fail-on", "info")
    assert done.returncode == 0, done.stdout
    assert "could not be judged: the log lacks exchanges or redirects" in done.stderr
    assert "not whole" in done.stdout or "missing" in done.stdout, done.stdout
    path.write_bytes(b"".join(lines)[:-40])
    torn = hopaudit("audit")
    assert torn.returncode == 3 and "method-not-preserved" in torn.stdout


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "it is empty"),
        (b"GIF89a", "neither an audit log nor a HAR"),
        (b'{"seq":1,"time":"2026-01-01T00:00:00.000000Z","type":"run.started","format":1}\n', "format 1, of another version"),
        (b'{"seq":1,"time":"2026-01-01T00:00:00.000000Z","type":"mark","name":"x"}\n', "there is no run in it"),
    ],
)
def test_what_is_no_log_is_told_in_words(content, words, hopaudit, tmp_path):
    (tmp_path / "file").write_bytes(content)
    done = hopaudit("audit", "file")
    assert done.returncode == 125
    assert words in done.stderr and "file" in done.stderr


def test_mistakes_of_usage_are_told(hopaudit):
    assert "No such file" in hopaudit("audit", "missing").stderr
    two = hopaudit("audit", "a", "b")
    assert two.returncode == 2 and "one FILE at a time" in two.stderr
    nothing = hopaudit("audit", "--log", "-")
    assert nothing.returncode == 2 and "--log - keeps none" in nothing.stderr
