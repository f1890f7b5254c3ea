# SPDX-License-Identifier: MIT
"""Every rule of audit/rules/table.c has a unit test in which it fires and one in which it stays silent.

Read from the sources, since a rule that no test names is just what no test run could show. A rule fires where a test
expects "ID SEVERITY"; it stays silent where a test denies that it is found, or expects other findings, or none, of
traffic in a test in which it fires as well.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
FINDING = re.compile(r"(?<![\w-])([a-z0-9]+(?:-[a-z0-9]+)+) (?:info|warning|error|%s)\b")
ID = re.compile(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])")
ROWS = re.findall(r'\.id = "([^"]+)".*?\.moment = (RULE_\w+)', (ROOT / "audit/rules/table.c").read_text(), re.S)
FORTY = (ROOT / "tests/data/forty.txt").read_text()

# Bookkeeping: their facts are in the events, and they are never findings (RULE_RECORD), or not judged.
RECORDS = {"body-framing-only", "proxy-continue-synthesised", "location-relative", "location-fragment",
           "fragment-inherit", "redirect-followed", "temporary-treated-as-permanent", "alt-svc-on-redirect"}


def text_of(statement):
    """The strings of a statement, a line each: neighbours joined as the compiler joins them."""
    return "\n".join(LITERAL.findall(re.sub(r'(?<!\\)"\s*"', "", statement))).replace("\\n", "\n")


def read_block(block):
    """The rules that fire in a test, and those that stay silent."""
    fires, silent, others = set(), set(), []
    for statement in block.split(";\n"):
        text = text_of(statement)
        if "silent_cases[]" in statement:  # silence_test.c
            silent.update(ID.findall(text))
            continue
        if re.search(r"!\s*\w+\(|(?<!non)null\(", statement):
            silent.update(id for id in judged() if any(id.startswith(named) for named in ID.findall(text)))
            continue
        found = set(FINDING.findall(text))
        if re.search(r"\bfires\(", statement):
            found.update(ID.findall(text))
        fires |= found
        if "str_eq(" in statement:
            others.append(found)
    silent.update(rule for rule in fires if any(rule not in found for found in others))
    return fires, silent


def read_tests():
    fires = set(re.findall(r"^finds ([\w-]+)", FORTY, re.M))
    silent = set(re.findall(r"^not ([\w-]+)", FORTY, re.M))
    for path in sorted((ROOT / "tests/unit/audit").glob("**/*_test.c")):
        for block in re.split(r"^(?:END_TEST|\})$", path.read_text(), flags=re.M):
            more_fires, more_silent = read_block(block)
            fires |= more_fires
            silent |= more_silent
    return fires, silent


def judged():
    return [rule for rule, moment in ROWS if moment != "RULE_RECORD"]


def test_the_table_was_read():
    assert len(ROWS) > 130 and len(set(rule for rule, _ in ROWS)) == len(ROWS)


def test_only_bookkeeping_is_not_judged():
    assert {rule for rule, moment in ROWS if moment == "RULE_RECORD"} == RECORDS


def test_every_rule_has_a_test_in_which_it_fires():
    fires, _ = read_tests()
    assert [rule for rule in judged() if rule not in fires] == []


def test_every_rule_has_a_test_in_which_it_stays_silent():
    _, silent = read_tests()
    assert [rule for rule in judged() if rule not in silent] == []
