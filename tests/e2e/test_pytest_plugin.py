# SPDX-License-Identifier: MIT
"""scripts/pytest_hopaudit.py: every test of somebody's suite has its own tag, and what is wrong is told of the right one."""
import re
import subprocess
import sys

import pytest

from lib.hopaudit import environment
from lib.log import REPOSITORY
from lib.message import redirect, response

PLUGIN = ("-p", "pytest_hopaudit", "-p", "no:cacheprovider", "-q")
PYTHONPATH = {"PYTHONPATH": str(REPOSITORY / "scripts")}

SUITE = """
import os
import requests

URL = {url!r}


def test_right():
    assert requests.post(URL + "/right", data=b"card").status_code == 200


def test_wrong():
    answer = requests.post(URL + "/wrong", data=b"card", allow_redirects=False)
    assert requests.get(answer.headers["Location"]).status_code == 200
"""


@pytest.fixture
def suite(origin, tmp_path):
    """A suite of two tests, one of which follows a 307 wrongly."""
    origin.on("/right", redirect(307, f"{origin.url}/v2/right"))
    origin.on("/wrong", redirect(307, f"{origin.url}/v2/wrong"))
    origin.on("*", response(200))
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_shop.py").write_text(SUITE.format(url=origin.url))
    return folder


def pytest_of(suite, *more):
    return [sys.executable, "-m", "pytest", *PLUGIN, *more, str(suite)]


def check_each_test_has_its_chain(done):
    log = done.expect(3)
    tags = {event["tag"]: event["verdict"] for event in log.events("chain.finished")}
    assert len(tags) == len(log.events("chain.finished")) == 2
    right, wrong = sorted(tags)
    assert re.fullmatch(r"test_shop.py-test_right-[0-9a-f]{8}", right) and tags[right] == "none"
    assert re.fullmatch(r"test_shop.py-test_wrong-[0-9a-f]{8}", wrong) and tags[wrong] == "error"
    failing = done.stderr.partition("✗")[2].partition("method-not-preserved")[0]
    assert f"[{wrong}]" in failing and right not in failing


def test_a_failing_redirect_is_the_right_tests(suite, run):
    check_each_test_has_its_chain(run(pytest_of(suite, "--rootdir", suite), variables=PYTHONPATH))


def test_workers_of_xdist_do_the_same(suite, run):
    pytest.importorskip("xdist")
    check_each_test_has_its_chain(run(pytest_of(suite, "--rootdir", suite, "-n", "2"), variables=PYTHONPATH))


INSIDE = """
import os
import re

SEEN = []


def test_each_name_of_the_variable_is_set():
    assert os.environ["http_proxy"] == os.environ["HTTP_PROXY"]
    SEEN.append(os.environ["http_proxy"])
    assert re.fullmatch(r"http://[A-Za-z0-9_.-]+:@127.0.0.1:[0-9]+", SEEN[0])
    assert "https_proxy" not in os.environ and "ALL_PROXY" not in os.environ


def test_the_next_one_has_another():
    assert os.environ["http_proxy"] != SEEN[0]
"""
AFTER = """
import os


def pytest_unconfigure():
    print("AFTER", os.environ["http_proxy"], "HTTP_PROXY" in os.environ)
"""


def plain_pytest(folder, **variables):
    return subprocess.run(
        pytest_of(folder), cwd=folder, env=environment(folder.parent, **PYTHONPATH, **variables),
        capture_output=True, text=True, timeout=60,
    )


def test_the_environment_is_as_before_when_a_test_has_ended(proxy, tmp_path):
    (tmp_path / "test_inside.py").write_text(INSIDE)
    (tmp_path / "conftest.py").write_text(AFTER)
    done = plain_pytest(tmp_path, http_proxy=proxy.url())
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"AFTER {proxy.url()} False" in done.stdout


UNTOUCHED = """
import os


def test_nothing_was_changed():
    assert os.environ.get("http_proxy") == os.environ["EXPECTED"] or os.environ["EXPECTED"] == ""
    assert "HTTP_PROXY" not in os.environ
"""


def test_without_a_proxy_it_does_nothing(tmp_path):
    (tmp_path / "test_inside.py").write_text(UNTOUCHED)
    done = plain_pytest(tmp_path, EXPECTED="")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_proxy_that_is_no_hopaudit_is_left_alone(origin, tmp_path):
    origin.on("*", response(200, body=b"some other proxy"))
    (tmp_path / "test_inside.py").write_text(UNTOUCHED)
    done = plain_pytest(tmp_path, http_proxy=origin.url, EXPECTED=origin.url)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_proxy_that_wants_a_password_is_left_alone(start_proxy, tmp_path):
    users = tmp_path / "users"
    users.write_text("joe:secret-word\n")
    proxy = start_proxy("--users", str(users))
    (tmp_path / "test_inside.py").write_text(UNTOUCHED)
    url = proxy.url("joe:secret-word")
    done = plain_pytest(tmp_path, http_proxy=url, EXPECTED=url)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_of_any_kind_give_tags_that_differ_and_need_no_escaping():
    sys.path.insert(0, PYTHONPATH["PYTHONPATH"])
    try:
        from pytest_hopaudit import READABLE_MAX, tag_of
    finally:
        sys.path.remove(PYTHONPATH["PYTHONPATH"])
    names = ["a.py::b", "a.py::b[1]", "a.py::b[1-]", "a.py::b[ü/@:%]", "a.py::b[" + "x" * 3000 + "]", "a.py::b[\ud800]"]
    tags = [tag_of(name) for name in names]
    assert len(set(tags)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", tag) and len(tag) <= READABLE_MAX + 9 for tag in tags)
