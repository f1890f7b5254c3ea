# SPDX-License-Identifier: MIT
"""A HAR as a test reads it: strict JSON, and as our schema and the times in it must be."""
import json
import stat

import jsonschema

from lib.log import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "audit/record/schema/har.schema.json").read_text())
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
PARTS = ("blocked", "dns", "connect", "send", "wait", "receive")


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member stands there twice: {names}"
    return dict(pairs)


class Har:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.document = json.loads(self.text, object_pairs_hook=no_duplicates)
        self.entries = self.document["log"]["entries"]

    def check(self, last=None):
        """What holds for every HAR; of a long one only the last entries are compared with the schema. Returns it."""
        if last:
            self.document["log"]["entries"] = self.entries[-last:]
        problems = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(self.document)]
        assert problems == []
        assert stat.S_IMODE(self.path.stat().st_mode) == 0o600
        for entry in self.entries:
            parts = [entry["timings"].get(part, -1) for part in PARTS]
            total = sum(part for part in parts if part >= 0)
            assert abs(total - entry["time"]) < 0.01, f"{parts} do not add up to {entry['time']}"
        exchanges = [entry["_hopaudit"]["exchange"] for entry in self.entries if "exchange" in entry["_hopaudit"]]
        assert len(exchanges) == len(set(exchanges)), "an exchange has two entries"
        return self

    def of(self, path):
        """The entries for this path, in the order in which they began."""
        found = [entry for entry in self.entries if entry["request"]["url"].partition("://")[2].partition("?")[0]
                 .partition("/")[2] == path.lstrip("/")]
        return sorted(found, key=lambda entry: entry["startedDateTime"])

    def one(self, path):
        (entry,) = self.of(path)
        return entry


def values(pairs, name):
    return [pair["value"] for pair in pairs if pair["name"].lower() == name.lower()]
