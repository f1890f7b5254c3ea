# SPDX-License-Identifier: MIT
"""Relay: a Hopaudit under test as the conformance suite uses it: clients, log, descriptors, memory and CPU time."""
import ctypes
import os
import pathlib
import select
import socket

from lib.hopaudit import Hopaudit
from lib.raw import Client, eventually


class Relay(Hopaudit):
    """TLS is bytes to it, so that tests may send a few that only look like TLS."""

    def __init__(self, folder, *options, **popen):
        super().__init__(folder, "--no-intercept", *options, **popen)
        self.clients = []
        self.expected_status = 0

    @property
    def authority(self):
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # connections

    def client(self, **options):
        self.clients.append(Client(self.address, **options))
        return self.clients[-1]

    def hang_up(self):
        """Ends all connections that client() made."""
        for client in self.clients:
            client.close()
        self.clients.clear()

    def next_request(self, upstream, server, answer):
        """Answers the next request, whether it comes on the pooled connection `server` or on a new one."""
        if not server.reader.buffer:
            ready = select.select([server.socket, upstream.listener], [], [], 20)[0]
            assert ready, "no request came"
            # The end of the old connection may be seen before the new one: it is no request, and one must come still.
            if upstream.listener in ready or not server.socket.recv(1, socket.MSG_PEEK):
                server = upstream.accept()
        return server.exchange_here(answer)

    # its log

    def events(self, kind):
        return self.log.events(kind)

    def proxy_errors(self, target):
        """proxy.error events whose target holds these bytes."""
        return [event for event in self.events("proxy.error") if target in (event.get("target") or "")]

    def log_bytes(self):
        return self.log.raw

    # the process

    @property
    def pid(self):
        return self.process.pid

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def descriptors(self):
        """But for those by which it sees its clients' processes end: at most 256, as long as these live."""
        return len([file for file in self.open_files() if file != "anon_inode:[pidfd]"])

    def open_files(self):
        folder = pathlib.Path(f"/proc/{self.pid}/fd")
        files = []
        for entry in folder.iterdir():
            try:
                files.append(os.readlink(entry))
            except FileNotFoundError:
                pass  # closed in the meantime
        return sorted(files)

    def pss_kib(self):
        """Of its own memory. The pages of files are left out: their share grows when another hopaudit ends, and several
        tests run side by side."""
        kinds = dict(line.split(":", 1) for line in self.proc("smaps_rollup").splitlines()[1:])
        return sum(int(kinds[kind].split()[0]) for kind in ("Pss_Anon", "Pss_Shmem"))

    def cpu_seconds(self):
        fields = self.proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for_descriptors(self, count):
        """Until it holds at most so many: what must be closed has been."""
        eventually(
            lambda: self.descriptors() <= count, lambda: f"at most {count} descriptors; it holds {self.open_files()}"
        )


class Growth:
    """KiB that the relay grew by since the last mark. A sanitizer's shadow and quarantine would be measured instead of
    us, so that with one nothing is judged."""

    def __init__(self, relay):
        self.relay = relay
        program = pathlib.Path(f"/proc/{relay.pid}/exe").read_bytes()
        self.sanitized = b"__asan_init" in program or b"__tsan_init" in program
        self.mark()

    def mark(self):
        self.start = self.relay.pss_kib()

    def at_most(self, kib):
        grown = self.relay.pss_kib() - self.start
        assert self.sanitized or grown <= kib, f"{grown} KiB where {kib} are allowed"


def files_replaced(replacements):
    """For `preexec_fn`: the process sees other files in the place of some (in a mount namespace of its own)."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_namespace, bind, private_all = 0x00020000, 4096, (1 << 18) | 16384

    def check(result, what):
        if result != 0:
            raise OSError(ctypes.get_errno(), what)

    def replace():
        check(libc.unshare(new_namespace), "unshare")
        check(libc.mount(b"none", b"/", None, ctypes.c_ulong(private_all), None), "mount --make-rprivate")
        for path, replacement in replacements.items():
            check(
                libc.mount(str(replacement).encode(), str(path).encode(), None, ctypes.c_ulong(bind), None),
                f"bind {path}",
            )

    return replace
