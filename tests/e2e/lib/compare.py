# SPDX-License-Identifier: MIT
"""What an origin sees with and without the proxy: the bytes that may differ are named here, all others are equal."""

# RFC 9110 §7.6: a proxy adds itself to Via and takes off what belonged to the client's own connection.
HOP_BY_HOP = {b"via", b"connection", b"proxy-connection", b"keep-alive"}


def as_seen(request, ignored=HOP_BY_HOP):
    """A recorded request without the fields that a proxy changes: order, case and bytes of all others are kept."""
    fields = [(name, value) for name, value in request.head.fields if name.lower() not in ignored]
    return request.head.start_line, fields, request.raw_body, request.trailers, request.complete


def exactly(request):
    """A recorded request to the last byte: what a tunnel must keep."""
    return request.head.raw, request.raw_body, request.complete
