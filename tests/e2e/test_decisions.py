# SPDX-License-Identifier: MIT
"""--rules and --ignore: what the user decided about rules, in the exit status, the summary and the log."""
import datetime
import sys

import pytest

from lib.drivers import FOLDER
from lib.message import redirect, response


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).date().isoformat()


@pytest.fixture
def site(origin):
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/v2/pay", response(200))
    return origin


@pytest.fixture
def losing(site, tmp_path):
    """A command that loses its payment: GET where a 307 asked for POST."""
    body = tmp_path / "body"
    body.write_bytes(b"amount=12")
    return [sys.executable, FOLDER / "faulty.py", "POST", site.url + "/pay", "--body", body, "get"]


@pytest.fixture
def ignore(tmp_path):
    def write(*lines):
        path = tmp_path / "team.ignore"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_without_a_decision_it_is_an_error(losing, run):
    assert run(losing).expect(3).rules() == ["method-not-preserved"]


def test_a_rule_that_is_off_finds_nothing(losing, run):
    assert run(losing, "--rules", "method-not-preserved=off").expect(0).rules() == []


@pytest.mark.parametrize("spec", ("A=info", "A=off,method-not-preserved=info"))
def test_a_severity_that_was_given_decides_the_exit_status(spec, losing, run):
    log = run(losing, "--rules", spec).expect(0)
    assert log.one("finding")["severity"] == "info" and log.one("chain.finished")["verdict"] == "info"


def test_the_variable_and_the_file_say_it_too(losing, run, tmp_path):
    run(losing, variables={"HOPAUDIT_RULES": "A=off"}).expect(0)
    config = tmp_path / "config"
    config.write_text("rules = A=warning\n")
    log = run(losing, "--config", config, "--fail-on", "warning").expect(3)
    assert log.one("finding")["severity"] == "warning"


def test_an_unknown_rule_is_a_usage_error_with_the_nearest(losing, run):
    done = run(losing, "--rules", "method-not-perserved=off")
    assert done.status == 2 and "did you mean 'method-not-preserved'?" in done.stderr
    assert not done.log.path.exists()


def test_an_accepted_finding_is_told_counted_and_no_fault(site, losing, run, ignore):
    path = ignore(
        "# known",
        f"method-not-preserved  127.0.0.1:{site.port}  /p*  {day(0)}  waits for ticket 12",
    )
    done = run(losing, "--ignore", path)
    log = done.expect(0)
    finding = log.one("finding")
    assert (finding["severity"], finding["suppressed"]) == ("error", True)
    assert (finding["suppressed_by"], finding["suppressed_reason"]) == (f"{path}:2", "waits for ticket 12")
    totals = log.one("run.finished")["totals"]
    assert totals["suppressed"] == 1 and totals["findings"] == {"error": 0, "warning": 0, "info": 0}
    assert log.one("chain.finished")["verdict"] == "none"
    assert f"1 finding suppressed by {path}" in done.stderr and "waits for ticket 12" in done.stderr


@pytest.mark.parametrize(
    "entry", ("body-changed * *", "method-not-preserved shop.test *", "method-not-preserved * /v2/*", "* *:1 *")
)
def test_what_no_entry_is_about_stays_an_error(entry, losing, run, ignore):
    log = run(losing, "--ignore", ignore(f"{entry} {day(1)} something else")).expect(3)
    assert "suppressed" not in log.one("finding") and log.one("run.finished")["totals"]["suppressed"] == 0


def test_an_expired_entry_no_longer_applies_and_is_told_once(losing, run, ignore):
    path = ignore(f"method-not-preserved * * {day(-1)} was to be repaired")
    done = run(losing, "--ignore", path)
    done.expect(3)
    told = f"hopaudit: {path}:1: expired on {day(-1)}, no longer applies: method-not-preserved * * (was to be repaired)"
    assert done.stderr.count(told) == 1


def test_a_bad_line_is_a_usage_error_that_names_it(losing, run, ignore):
    path = ignore("# first", "method-not-preserved * /pay ticket 12")
    done = run(losing, "--ignore", path)
    assert done.status == 2 and f"{path}:2: 'ticket' is no date" in done.stderr
    assert not done.log.path.exists()
