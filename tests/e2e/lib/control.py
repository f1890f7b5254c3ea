# SPDX-License-Identifier: MIT
"""The control server of a running hopaudit, as a test asks it: one connection a question, nothing added to it."""
import http.client
import json


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)


class Control:
    """Where `address` is (host, port). `token`, if any, goes along as a Bearer token."""

    def __init__(self, address, token=None):
        self.address = address
        self.token = token

    @classmethod
    def of(cls, ready_file):
        """By what the ready file says."""
        facts = json.loads(ready_file.read_text())
        host, port = facts["dashboard"].removeprefix("http://").rsplit(":", 1)
        return cls((host.strip("[]"), int(port)), facts["token"])

    @property
    def host(self):
        return f"{self.address[0]}:{self.address[1]}"

    def ask(self, method, target, body=None, timeout=30, **fields):
        """Field names are given with _ for -; Host may be given too."""
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            fields = {name.replace("_", "-"): value for name, value in fields.items()}
            if self.token and "Authorization" not in fields:
                fields["Authorization"] = f"Bearer {self.token}"
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                fields.setdefault("Content-Type", "application/json")
            connection.putrequest(method, target, skip_host="Host" in fields, skip_accept_encoding=True)
            for name, value in fields.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.ask("POST", target, body, **more)


def metrics(text):
    """{name{labels}: value} of Prometheus' text format."""
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples
