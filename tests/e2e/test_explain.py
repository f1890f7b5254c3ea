# SPDX-License-Identifier: MIT
"""`hopaudit explain`: the rules and statuses in words, from the table that the engine runs."""
import re

import pytest

RULES = (
    "method-not-preserved",
    "body-dropped",
    "body-changed",
    "body-truncated",
    "body-framing-only",
    "body-unverifiable",
    "redirect-followed",
    "redirect-not-followed",
    "location-missing",
    "redirect-loop",
)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained_with_meaning_condition_source_and_example(rule, hopaudit):
    done = hopaudit("explain", rule)
    assert done.returncode == 0 and done.stderr == ""
    assert rule in done.stdout
    assert re.search(r"RFC [0-9]{4}", done.stdout), done.stdout
    assert re.search("example", done.stdout, re.IGNORECASE), done.stdout
    assert re.search(r"\b(30[1-8])\b", done.stdout), done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert len(done.stdout.split()) > 40


def test_the_list_of_rules_has_each_of_them_and_each_can_be_explained(hopaudit):
    listed = hopaudit("explain")
    assert listed.returncode == 0
    ids = re.findall(r"^  ([a-z]+(?:-[a-z0-9]+)+)\b", listed.stdout, re.MULTILINE)
    assert set(RULES) <= set(ids)
    for rule in ids:
        done = hopaudit("explain", rule)
        assert done.returncode == 0 and rule in done.stdout, rule


def test_307_is_explained_as_the_redirect_that_keeps_the_method(hopaudit):
    done = hopaudit("explain", "307")
    assert done.returncode == 0 and done.stderr == ""
    assert "Temporary Redirect" in done.stdout and "RFC 9110 §15.4.8" in done.stdout
    assert "method" in done.stdout and "POST" in done.stdout


@pytest.mark.parametrize(
    "status,name",
    (
        ("300", "Multiple Choices"),
        ("301", "Moved Permanently"),
        ("302", "Found"),
        ("303", "See Other"),
        ("304", "Not Modified"),
        ("305", "Use Proxy"),
        ("308", "Permanent Redirect"),
    ),
)
def test_every_redirect_status_is_explained_by_its_name(status, name, hopaudit):
    done = hopaudit("explain", status)
    assert done.returncode == 0 and name in done.stdout and "RFC" in done.stdout


def test_a_rule_that_is_not_there_is_wrong_usage_and_a_near_one_is_named(hopaudit):
    done = hopaudit("explain", "body-droped")
    assert done.returncode == 2 and done.stdout == "" and "body-dropped" in done.stderr


@pytest.mark.parametrize("status", ("200", "404", "999", "0"))
def test_a_status_that_is_no_redirect_is_wrong_usage(status, hopaudit):
    done = hopaudit("explain", status)
    assert done.returncode == 2 and status in done.stderr


def test_what_clients_do_by_default_is_a_table(hopaudit):
    done = hopaudit("explain", "clients")
    assert done.returncode == 0 and done.stderr == ""
    rows = {line[:23].strip(): line[23:].split() for line in done.stdout.splitlines()}
    assert rows["Go net/http"] == ["GET", "GET", "GET", "GET", "GET", "GET", "same", "same", "9"]
    assert rows["requests"][:2] == ["GET", "empty"]
