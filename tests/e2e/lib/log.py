# SPDX-License-Identifier: MIT
"""The audit log as a test reads it: its events, and the promises that hold for every log."""
import functools
import hashlib
import json
import pathlib

import jsonschema

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = REPOSITORY / "audit/record/schema/event.schema.json"


class Log:
    """Reads the file anew at every call, so that it can be asked while hopaudit still writes."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    @property
    def raw(self):
        return self.path.read_bytes() if self.path.exists() else b""

    @property
    def lines(self):
        """The whole lines, without their newlines."""
        return self.raw.split(b"\n")[:-1]

    def events(self, kind=None, run=-1):
        """The events of one run (by default the last one of the file), of one type or of all."""
        runs = self.runs()
        events = runs[run] if runs else []
        return [event for event in events if kind in (None, event["type"])]

    def one(self, kind):
        events = self.events(kind)
        assert len(events) == 1, f"{len(events)} events {kind} where one was expected: {events}\n{self.tell()}"
        return events[0]

    def runs(self):
        runs = []
        for line in self.lines:
            event = json.loads(line)
            if event["type"] == "run.started" or not runs:
                runs.append([])
                known = _Known()
            runs[-1].append(known.join(event))
        return runs

    def rules(self):
        """The rule ids of the findings, in order."""
        return [event["rule"] for event in self.events("finding")]

    def tell(self):
        """The log as text, for the message of a failed assertion."""
        return "\n".join(line.decode("utf-8", "replace") for line in self.lines[-60:])

    @property
    def head(self):
        """The digest of the last line, which the summary prints and `verify --head` takes."""
        return hashlib.sha256(self.lines[-1]).hexdigest()

    def check(self):
        """What DESIGN.md promises of every log: whole lines, valid by the schema, `seq` without gaps from 1 in each
        run, each line chained to the one before, nothing lost."""
        raw = self.raw
        assert raw.endswith(b"\n"), f"{self.path}: the last line is torn: {raw[-200:]!r}"
        before, expected_seq = "0" * 64, 1
        for number, line in enumerate(self.lines, 1):
            event = json.loads(line)
            where = f"{self.path}:{number}"
            _validate(event, where)
            assert event["type"] not in ("run.lost", "run.continued"), f"{where}: {event}"
            if event["type"] == "run.started":
                expected_seq = 1
            assert event["seq"] == expected_seq, f"{where}: seq {event['seq']} where {expected_seq} was expected"
            assert event["prev"] == before, f"{where}: the digest chain is broken"
            before, expected_seq = hashlib.sha256(line).hexdigest(), expected_seq + 1
        self._check_order()

    def _check_order(self):
        """Causes stand before what they cause, and everything that was opened is closed exactly once."""
        for events in self.runs():
            observed, followed, closed, finished = {}, set(), set(), set()
            for event in events:
                kind = event["type"]
                if kind == "redirect.observed":
                    assert event["redirect"] not in observed, f"observed twice: {event}"
                    observed[event["redirect"]] = event
                elif kind == "redirect.followed":
                    assert event["redirect"] in observed, f"followed before it was observed: {event}"
                    followed.add(event["redirect"])
                elif kind == "redirect.closed":
                    assert event["redirect"] in observed, f"closed before it was observed: {event}"
                    assert event["redirect"] not in closed, f"closed twice: {event}"
                    closed.add(event["redirect"])
                elif kind == "chain.finished":
                    assert event["chain"] not in finished, f"finished twice: {event}"
                    finished.add(event["chain"])
            if events and events[-1]["type"] == "run.finished":
                assert events[-1]["lost"] == 0, f"events were lost: {events[-1]}"
                chains = {event["chain"] for event in observed.values()}
                assert chains == finished, f"chains that never finished: {chains - finished}"


class _Known:
    """What one run's lines told so far of its exchanges: the log tells everything once, and a test may ask any event
    for the exchanges that it names."""

    def __init__(self):
        self.exchanges, self.redirects = {}, {}

    def join(self, event):
        """The event with `request`, `response` and `target` of what it names; chain.finished with its URLs."""
        kind = event["type"]
        if kind in ("exchange", "redirect.observed", "redirect.followed"):
            self._tell(event)
        if kind == "redirect.observed":
            self.redirects[event["redirect"]] = event
        if kind == "redirect.followed":
            self._tell(event["follow"])
            event["target"] = self.redirects[event["redirect"]].get("target")
        if kind == "redirect.closed":
            event["request"] = self.redirects[event["redirect"]]["request"]
        if kind == "chain.finished" and "exchange" in event:
            first, last = (self.exchanges[part["exchange"]]["request"] for part in (event, event["last"]))
            event |= {"method": first["method"], "first_url": first["url"], "last_url": last["url"]}
        return event

    def _tell(self, part):
        known = self.exchanges.setdefault(part["exchange"], {})
        if "request" in part:
            known["request"] = part["request"] | {"exchange": part["exchange"]}
        if "content" in part:
            known["request"] = known["request"] | {"content": part["content"]}
        if "response" in part:
            known["response"] = part["response"]
        part.update(known)


@functools.cache
def _validator():
    schema = json.loads(SCHEMA.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _validate(event, where):
    error = jsonschema.exceptions.best_match(_validator().iter_errors(event))
    assert error is None, f"{where}: {error.message} at {list(error.absolute_path)} in {event}"
