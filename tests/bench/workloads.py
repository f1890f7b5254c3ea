# SPDX-License-Identifier: MIT
#
# What is asked of a contestant: each workload is a call of the load generator, in one const table. Knows no contestant.
"""The workloads, and how the load generator is called for them."""

import dataclasses
import json
import subprocess
import sys

from processes import cores, before_exec


class LoadError(Exception):
    """The load generator found a wrong answer, or none."""


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    options: tuple  # of the load generator
    requests: int  # of one measured run
    counted: int = 0  # of a run under strace or valgrind: 0, not counted
    connections: int = 16
    tunnel: bool = False
    keep_alive: bool = False  # cannot be asked of a proxy that closes after each answer
    opaque: bool = False  # the tunnel's bytes are not HTTP
    secure: bool = False  # TLS, which the contestant opens
    kind: str = "cpu"  # "cpu": µs a request; "bulk": s a GB; "idle": kB a connection

    @property
    def group(self):
        """`--only get1k` means get1k-16 and get1k-64."""
        return self.name.rpartition("-")[0] if self.name.rpartition("-")[2].isdigit() else self.name


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a contestant wants to be spoken to."""
    keep_alive: bool = True  # it answers more than one request on a connection
    transparent: bool = False  # it takes TLS at once, without CONNECT


LARGE = str(512 << 20)
SECURE = ("--secure",)
POST = ("--path", "/post", "--method", "POST", "--expect-length", "7")

WORKLOADS = (
    Workload("get1k-16", "GET 1 KiB, keep-alive, 16 connections", (), 20000, 2000),
    Workload("get1k-64", "GET 1 KiB, keep-alive, 64 connections", (), 20000, 2000, 64),
    Workload("get64k", "GET 64 KiB, keep-alive", ("--path", "/large/64k", "--expect-length", "65536"), 6000, 500),
    Workload("bulk", "512 MiB download", ("--path", "/large/512m", "--expect-length", LARGE), 1, 0, 1, kind="bulk"),
    Workload("post16k", "POST 16 KiB, keep-alive", (*POST, "--body", "16384"), 12000, 1000),
    Workload("post307", "POST → 307 → POST, 512-byte bodies",
             ("--path", "/redirect", "--method", "POST", "--expect-length", "7", "--body", "512", "--follow"), 20000,
             2000, keep_alive=True),
    Workload("churn", "GET 1 KiB, connection per request", ("--per-connection", "1"), 8000, 1000),
    Workload("tunnel", "CONNECT tunnel, bytes that are not HTTP, 1 KiB keep-alive", ("--tunnel", "--opaque"), 20000,
             2000, tunnel=True, opaque=True),
    Workload("tunnel-http", "CONNECT tunnel, plain HTTP inside, 1 KiB keep-alive", ("--tunnel",), 20000, 2000,
             tunnel=True),
    Workload("tunnel-setup", "new tunnel, one 1 KiB exchange", ("--tunnel", "--opaque", "--per-connection", "1"), 5000,
             500, tunnel=True, opaque=True),
    Workload("tunnel-bulk", "512 MiB through a tunnel",
             ("--tunnel", "--opaque", "--path", "/large/512m", "--expect-length", LARGE), 1, 0, 1, tunnel=True,
             opaque=True, kind="bulk"),
    Workload("idle", "idle keep-alive client", ("--hold", "--opening", "16"), 2000, 0, 2000, keep_alive=True,
             kind="idle"),
    Workload("idle-tunnel", "idle tunnel", ("--hold", "--opening", "16", "--tunnel", "--opaque"), 2000, 0, 2000,
             tunnel=True, opaque=True, kind="idle"),
    Workload("tls", "GET 1 KiB, keep-alive, 16 connections", SECURE, 10000, 1000, secure=True),
    Workload("tls-setup", "new connection, one 1 KiB exchange", (*SECURE, "--per-connection", "1"), 1000, 100,
             secure=True),
    Workload("tls-bulk", "512 MiB download", (*SECURE, "--path", "/large/512m", "--expect-length", LARGE), 1, 0, 1,
             secure=True, kind="bulk"),
    Workload("tls-idle", "idle connection", (*SECURE, "--hold", "--opening", "16"), 500, 0, 500, secure=True,
             kind="idle"),
)


def named(name):
    return next(w for w in WORKLOADS if w.name == name)


def select(names):
    """The workloads of these names or groups, in the table's order. Raises KeyError for an unknown one."""
    known = {w.name for w in WORKLOADS} | {w.group for w in WORKLOADS}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return [w for w in WORKLOADS if not names or w.name in names or w.group in names]


class Load:
    """Calls the load generator, on the core that the contestant does not have. It is the origin too, unless `serve` is
    false: then something else listens on the ports."""

    def __init__(self, binary, ports, serve=True, identity=None):
        self.binary = binary
        self.ports = ports
        self.always = ["--serve", str(ports[0]), "--serve-opaque", str(ports[1])] if serve else []
        if identity is not None:
            self.always += ["--identity", identity, *(("--serve-secure", str(ports[2])) if serve else ())]
        if serve and cores()[0] != cores()[1]:
            self.always.append("--spin")

    def _argv(self, workload, port, requests, connections, manner):
        # A name where certificates are made for one.
        origin = (f"localhost:{self.ports[2]}" if workload.secure
                  else f"127.0.0.1:{self.ports[1] if workload.opaque else self.ports[0]}")
        return [self.binary, *self.always, "--peer", f"127.0.0.1:{port}", "--origin", origin,
                "--requests", str(requests), "--connections", str(connections), *workload.options,
                *(("--tunnel",) if workload.secure and not manner.transparent else ()),
                *(() if manner.keep_alive or workload.tunnel else ("--per-connection", "1"))]

    def _result(self, line):
        result = json.loads(line)
        if result["errors"] > 0:
            raise LoadError(f"{result['errors']} of {result['requests']} wrong: {result['first_error']}")
        return result

    def run(self, workload, port, requests, manner=Manner(), timeout_s=120):
        """One run to its end. A follow-up is a request too, hence the even number."""
        requests = max(2, requests - requests % 2) if workload.kind == "cpu" else requests
        argv = self._argv(workload, port, requests, min(workload.connections, requests), manner)
        try:
            done = subprocess.run([*argv, "--timeout", str(timeout_s)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=sys.stderr, text=True, timeout=timeout_s + 10,
                                  check=False, preexec_fn=before_exec(cores()[1]))
        except subprocess.TimeoutExpired as e:
            raise LoadError(f"not done after {timeout_s} s") from e
        return self._result(done.stdout)

    def hold(self, workload, port, manner=Manner()):
        """Opens the connections and returns with all of them idle; close the returned process's stdin to end it."""
        popen = subprocess.Popen(self._argv(workload, port, workload.requests, workload.connections, manner),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 preexec_fn=before_exec(cores()[1]))
        try:
            self._result(popen.stdout.readline())
        except (LoadError, ValueError):
            popen.stdin.close()
            popen.wait(30)
            raise
        return popen
