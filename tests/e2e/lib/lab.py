# SPDX-License-Identifier: MIT
"""`hopaudit lab serve` as a process, and the lab's answers as a test reads them."""
import json
import pathlib
import signal
import subprocess
import time

from lib.hopaudit import PATIENCE, binary, environment

HOME = "lab.hopaudit.invalid"  # inside the proxy


class Lab:
    """A running `hopaudit lab serve`: `origins["home"]["http"]` and so on. A context manager."""

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder)
        self.ready = self.folder / "lab.json"
        command = [binary(), "lab", "serve", "--ready-file", str(self.ready), *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=self.folder, env=environment(self.folder),
        )
        end = time.monotonic() + PATIENCE
        while not self.ready.exists():
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < end, "the lab did not get ready"
            time.sleep(0.01)
        self.origins = json.loads(self.ready.read_text())["origins"]
        self.ca = self.folder / "home/.config/hopaudit/ca.pem"

    def url(self, path, origin="home", scheme="http"):
        return self.origins[origin][scheme] + path

    def address(self, origin="home", scheme="http"):
        host, _, port = self.origins[origin][scheme].partition("//")[2].rpartition(":")
        return host, int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.process.stdout.read()
        assert not self.ready.exists()
