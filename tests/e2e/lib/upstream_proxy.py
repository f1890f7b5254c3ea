# SPDX-License-Identifier: MIT
"""ConnectProxy: the proxy in front of the relay under test, for what passes inside tunnels. It records every CONNECT and
grants it, unless the test has put another answer in its way."""
import select
import socket

from lib.message import request, shut
from lib.origin import RecordingOrigin

GRANTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy(RecordingOrigin):
    """`routes`: where an authority lead to, ("host", port) by "host:port". `answers`: bytes for the CONNECTs to come, one
    each; None, or none left: it is granted."""

    def __init__(self, routes, **options):
        self.routes, self.answers = routes, []
        super().__init__(**options)
        self.on_head("*", self._answer)

    @property
    def connects(self):
        """The authorities that it was asked for, in order."""
        return [request.target for request in self.requests if request.method == "CONNECT"]

    def _answer(self, conversation):
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            conversation.send(answer)
            return
        conversation.keep = False
        end = socket.create_connection(self.routes[conversation.request.target], timeout=self.timeout)
        try:
            conversation.send(GRANTED)
            _pass_on(conversation.socket, end)
        finally:
            shut(end)


def _pass_on(one, other):
    """Until either end has ended."""
    while True:
        for end in select.select([one, other], [], [])[0]:
            data = end.recv(65536)
            if not data:
                return
            (other if end is one else one).sendall(data)


def plain_request(method, url, *fields, body=None):
    """A request for a proxy, in absolute-form with Host."""
    return request(method, url, *fields, body=body, host=url.split("/")[2].rpartition("@")[2])
