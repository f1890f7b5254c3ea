# SPDX-License-Identifier: MIT
"""The command line that all drivers share: METHOD URL [--body FILE] [--stream] [--header 'Name: value']...

A driver is one small program around one real client, written as that client's users write it: it takes the proxy from
the environment, follows redirects, prints the final status and URL, and ends non-zero when the client raised an error.
"""
import argparse
import pathlib

CONTENT_TYPE = "application/octet-stream"


class Arguments:
    def __init__(self, streams=False, extra=()):
        parser = argparse.ArgumentParser()
        parser.add_argument("method")
        parser.add_argument("url")
        parser.add_argument("--body", type=pathlib.Path)
        parser.add_argument("--header", action="append", default=[])
        if streams:
            parser.add_argument("--stream", action="store_true", help="give the client a generator, which runs once")
        for name in extra:
            parser.add_argument(name)
        self.given = parser.parse_args()
        self.method, self.url = self.given.method, self.given.url
        self.body = self.given.body.read_bytes() if self.given.body else None
        self.headers = dict(header.split(": ", 1) for header in self.given.header)
        if self.body is not None:
            self.headers.setdefault("Content-Type", CONTENT_TYPE)

    @property
    def data(self):
        """The body in the form that the caller asked for."""
        if getattr(self.given, "stream", False):
            return (self.body[at : at + 8192] for at in range(0, len(self.body), 8192))
        return self.body
