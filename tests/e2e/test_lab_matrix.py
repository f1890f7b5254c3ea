# SPDX-License-Identifier: MIT
"""`hopaudit lab -- DRIVER`: a client put through the matrix."""
import json
import re
import signal
import subprocess
import sys

import pytest

from lib import drivers, hopaudit
from lib.compiled import compile_drivers
from lib.log import REPOSITORY

READY = REPOSITORY / "scripts/drivers"
PLACES = ("{method}", "{url}", "{bodyfile}", "{headerfile}")
CURL = (READY / "curl.sh", *PLACES)


def lab(folder, command, *options):
    return subprocess.run(
        [hopaudit.binary(), "lab", *options, "--", *map(str, command)],
        cwd=folder, env=hopaudit.environment(folder, **drivers.NODE_VARIABLES), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=540,
    )


def sheet(done, status=3):
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}{done.stderr}"
    told = json.loads(done.stdout)
    return told, {case["name"]: case for group in told["groups"] for case in group["cases"]}


def script(folder, text):
    """A driver of the test's own; $1 method, $2 URL, $3 content, $4 fields."""
    path = folder / "driver.sh"
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)
    return (path, *PLACES)


def test_curl_is_told_what_it_does_beside_what_it_may(tmp_path):
    told, cases = sheet(lab(tmp_path, CURL, "--json", "-", "--group", "method,content"))
    assert told["client"].startswith("curl/")
    assert [group["name"] for group in told["groups"]] == ["method", "content"]
    assert cases["302 POST"] == {
        **cases["302 POST"], "does": "GET", "verdict": "right", "rfc9110": "POST with content, or GET", "fetch": "GET",
        "as_fetch": True,
    }
    assert cases["307 PUT"]["does"] == "PUT with content" and cases["307 PUT"]["verdict"] == "right"
    assert cases["302 PATCH"]["verdict"] == "violation" and cases["302 PATCH"]["rule"] == "body-dropped"
    assert cases["305 GET"]["verdict"] == "violation" and cases["305 GET"]["rule"] == "use-proxy-305"
    assert all(case["does"] == "POST with content" for name, case in cases.items() if "307 POST" in name)
    assert told["score"]["not_reached"] == told["score"]["timed_out"] == 0


def test_curl_lets_go_of_authorization_and_not_of_a_key(tmp_path):
    _, cases = sheet(lab(tmp_path, CURL, "--json", "-", "--group", "credentials,tls"))
    assert cases["credentials to the same origin"]["does"] == "takes Authorization, X-Api-Key"
    assert cases["credentials to another site"]["does"] == "takes X-Api-Key"
    assert cases["credentials to another site"]["rule"] == "api-key-cross-origin"
    assert cases["cookie to another site and back"]["verdict"] == "right"
    assert cases["307 POST https to https"]["does"] == "POST with content"


def test_each_case_keeps_its_own_chain_however_many_run_at_once(tmp_path):
    command = (CURL, "--json", "-", "--group", "chain")
    one_by_one = lab(tmp_path, *command, "--jobs", "1")
    at_once = lab(tmp_path, *command, "--jobs", "12")
    _, cases = sheet(one_by_one)
    assert cases["60 redirects"]["does"] == "follows 50, then stops"
    assert cases["to itself"]["rule"] == "loop-not-stopped"
    assert one_by_one.stdout == at_once.stdout


def test_a_client_that_follows_nothing_breaks_nothing(tmp_path):
    told, cases = sheet(
        lab(tmp_path, ("curl", "-s", "-o", "/dev/null", "-X", "{method}", "{url}"), "--json", "-", "--group", "location"), 0
    )
    assert cases["absolute"]["verdict"] == "not followed" and cases["missing"]["verdict"] == "right"
    assert told["score"]["violations"] == 0


def test_without_a_place_for_fields_credentials_are_skipped(tmp_path):
    bare = ("curl", "-sL", "-o", "/dev/null", "-X", "{method}", "{url}")
    told, cases = sheet(lab(tmp_path, bare, "--json", "-", "--group", "credentials,tls"), 0)
    assert told["score"]["skipped"] == 14 + 3  # POST without its content is another request
    assert cases["307 POST https to https"]["verdict"] == "skipped"
    told, cases = sheet(
        lab(tmp_path, (*bare, "-H", "Authorization: {authorization}"), "--json", "-", "--group", "credentials"), 0
    )
    assert cases["credentials to the same origin"]["does"] == "takes Authorization"
    assert told["score"]["skipped"] == 7


def test_the_forms_tell_the_same(tmp_path):
    done = lab(tmp_path, CURL, "--group", "tls", "--json", "j", "--markdown", "m.md", "--html", "h.html")
    assert done.returncode == 0
    assert "TLS: 3 of 3 right" in done.stdout and "307 POST https to https" in done.stdout
    assert json.loads((tmp_path / "j").read_text())["score"]["percent"] == 100
    assert "| 307 POST https to https | POST with content | " in (tmp_path / "m.md").read_text()
    page = (tmp_path / "h.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "<td>307 POST https to https</td>" in page


def test_fail_on_and_rules_are_obeyed(tmp_path):
    command = (CURL, "--group", "location", "--json", "-")
    _, cases = sheet(lab(tmp_path, *command), 0)
    assert cases["userinfo"]["verdict"] == "warning"
    assert cases["relative-path"]["does"] == "/final" and cases["query"]["does"] == "?done=yes"
    assert lab(tmp_path, *command, "--fail-on", "warning").returncode == 3
    assert lab(tmp_path, *command, "--fail-on", "warning", "--rules", "userinfo-became-auth=off").returncode == 0


def test_a_driver_that_does_not_end_is_ended_and_told(tmp_path):
    command = script(tmp_path, 'curl -sL -o /dev/null --data-binary "@$3" "$2"; exec sleep 100')
    told, cases = sheet(lab(tmp_path, command, "--json", "-", "--group", "tls", "--timeout-case", "2s"), 0)
    assert told["score"]["timed_out"] == 3
    assert all(case["timed_out"] for case in cases.values())


def test_a_driver_that_asks_nothing_is_told_with_what_it_said(tmp_path):
    done = lab(tmp_path, script(tmp_path, "echo 'no module named requests' >&2; exit 4"), "--group", "tls")
    assert done.returncode == 125
    assert "the lab saw no request" in done.stderr and "status 4 and said 'no module named requests'" in done.stderr


@pytest.mark.parametrize("command, status, why", [
    (("no-such-driver", *PLACES), 127, "no-such-driver: command not found"),
    (("/etc/passwd", *PLACES), 126, "/etc/passwd: Permission denied"),
    (("curl", "{url}"), 2, "its command needs {method} and {url}"),
])
def test_a_driver_that_can_not_be_used_says_why(tmp_path, command, status, why):
    done = lab(tmp_path, command)
    assert done.returncode == status and why in done.stderr


def test_nothing_at_all_and_an_unknown_group_are_usage_errors(tmp_path):
    assert hopaudit.call(tmp_path, "lab").returncode == 2
    done = lab(tmp_path, CURL, "--group", "methods")
    assert done.returncode == 2 and "credentials" in done.stderr


def test_it_can_be_interrupted(tmp_path):
    command = script(tmp_path, 'touch "$(dirname "$0")/began"; exec sleep 100')
    process = subprocess.Popen(
        [hopaudit.binary(), "lab", "--", *map(str, command)], cwd=tmp_path, env=hopaudit.environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    while not (tmp_path / "began").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=hopaudit.PATIENCE)
    assert process.returncode == 130 and "interrupted" in told


def test_nothing_is_left_behind(tmp_path):
    lab(tmp_path, CURL, "--group", "tls")
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}


# --- the other ready drivers ---


def moves(cases):
    """What becomes of methods, by status."""
    return {name: case["does"] for name, case in cases.items()}


@pytest.mark.all
def test_requests_does_what_is_known_of_it(tmp_path):
    command = (sys.executable, READY / "requests_driver.py", *PLACES)
    _, cases = sheet(lab(tmp_path, command, "--json", "-", "--group", "method"))
    does = moves(cases)
    assert does["301 PUT"] == "PUT without content" and does["302 PUT"] == "GET" and does["308 PUT"] == "PUT with content"


@pytest.mark.all
@pytest.mark.parametrize("name", ("fetch", "go", "java"))
def test_the_ready_drivers_go_through_the_whole_matrix(tmp_path, name):
    command = {
        "fetch": lambda: ("node", READY / "fetch.cjs"),
        "go": lambda: (compile_drivers("lab_go", "go", [READY / "net_http.go"]) / "net_http",),
        "java": lambda: ("java", "-cp", compile_drivers("lab_java", "java", [READY / "HttpClientDriver.java"]),
                         "HttpClientDriver"),
    }[name]()
    told, cases = sheet(lab(tmp_path, (*command, *PLACES), "--json", "-"))
    assert told["score"]["not_reached"] == told["score"]["timed_out"] == 0
    does = moves(cases)
    assert does["307 POST"] == does["308 POST"] == "POST with content" and does["302 POST"] == "GET"
    assert does["302 PUT"] == ("GET" if name == "go" else "PUT with content")
    assert does["60 redirects"] == {"fetch": "follows 20, then stops", "go": "follows 9, then stops",
                                    "java": "follows 4, then stops"}[name]
    assert does["credentials to another site"] == ("takes Authorization, X-Api-Key" if name == "java" else "takes X-Api-Key")
    assert does["query"] == ("elsewhere: /status/?done=yes&hop=1" if name == "java" else "?done=yes")


# --- the page of real clients ---


def matrix(folder, *options):
    done = subprocess.run(
        [REPOSITORY / "scripts/matrix", "--output", folder / "page.md", *options], cwd=folder, capture_output=True,
        text=True, timeout=540,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "page.md").read_text()


def test_the_page_that_is_kept_tells_of_ten_clients_and_more():
    page = (REPOSITORY / "tests/data/matrix.md").read_text()
    clients = [line.split("|")[1].strip() for line in page.splitlines() if re.match(r"\| \w+ \| [^|]*\| \d+ of ", line)]
    assert len(clients) >= 10 and len(set(clients)) == len(clients)
    assert {"curl", "requests", "go"} <= set(clients)
    assert "(not reached)" not in page and "(timed out)" not in page


@pytest.mark.all
def test_made_again_the_page_is_the_same(tmp_path):
    once = matrix(tmp_path, "--clients", "curl,wget")
    again = matrix(tmp_path, "--clients", "curl,wget")
    assert re.sub(r"^\d{4}-\d\d-\d\d", "", once, flags=re.M) == re.sub(r"^\d{4}-\d\d-\d\d", "", again, flags=re.M)
    kept = (REPOSITORY / "tests/data/matrix.md").read_text()
    assert once.splitlines()[0] == kept.splitlines()[0]
