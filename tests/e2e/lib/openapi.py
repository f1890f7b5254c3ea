# SPDX-License-Identifier: MIT
"""The API's document as a test uses it: which answer may a place give, and is this one of that shape?"""
import json
import re

import jsonschema

from lib.log import REPOSITORY

PATH = REPOSITORY / "audit/ui/openapi.json"


class OpenApi:
    def __init__(self):
        self.document = json.loads(PATH.read_text())
        self.seen = set()  # (method, path, status) of all answers that were checked

    def _find(self, path):
        """The template that a path is of."""
        path = path if path.startswith(("/api/", "/healthz", "/readyz", "/metrics")) else "/api/v1" + path
        for template in sorted(self.document["paths"], key=lambda t: t.count("{")):
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return template
        raise AssertionError(f"the document has no {path}")

    def check(self, method, target, answer):
        """Fails where the document does not allow this answer."""
        template = self._find(target.partition("?")[0])
        operation = self.document["paths"][template][method.lower()]
        assert str(answer.status) in operation["responses"], f"{template} does not tell of a {answer.status}"
        content = operation["responses"][str(answer.status)]["content"]
        kind = answer.fields["content-type"].partition(";")[0]
        assert kind in content, f"{template} {answer.status}: {kind}"
        self.seen.add((method, template, answer.status))
        if kind.endswith("json"):
            self.check_schema(answer.json, content[kind]["schema"], f"{method} {target}")

    def check_schema(self, value, schema, what):
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        assert error is None, f"{what}: {error.json_path}: {error.message[:400]}"


class CheckedControl:
    """A Control whose every answer is held against the document."""

    def __init__(self, control, api):
        self.control = control
        self.api = api

    def ask(self, method, target, *arguments, **more):
        answer = self.control.ask(method, target, *arguments, **more)
        self.api.check(method, target, answer)
        return answer

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.ask("POST", target, body, **more)
