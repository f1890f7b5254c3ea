# SPDX-License-Identifier: MIT
"""hopaudit as a process: `hopaudit proxy` that a test starts and stops, and `hopaudit run` around a command.

Each gets an environment of its own (home, configuration and temporary folder below the test's folder; no proxy
variables), so that nothing of the machine leaks in and tests may run side by side.
"""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from lib.log import REPOSITORY, Log

PATIENCE = 30  # seconds; the longest that any wait here takes, and then it is a failure


def binary():
    path = os.environ.get("HOPAUDIT_BIN") or str(REPOSITORY / "build/hopaudit")
    assert os.access(path, os.X_OK), f"{path} is not there: build it, or name another one in HOPAUDIT_BIN"
    return path


def environment(folder, **more):
    """A small environment with a home of its own. Sanitizer options are passed on."""
    home = pathlib.Path(folder) / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "HOPAUDIT_DASHBOARD": "off",  # its usual port is for one at a time; tests of it give --dashboard
        "PYTHONDONTWRITEBYTECODE": "1",  # several write at once, one of them on a "full disk"
        **kept,
        **more,
    }


def proxy_variables(url):
    """What a user exports to send a command through a proxy."""
    return {name: url for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}


class Hopaudit:
    """A running `hopaudit proxy`. Use it as a context manager, or stop() it: both check status and log."""

    READY = re.compile(r"listening on (\S+):(\d+)")

    def __init__(self, folder, *options, log=None, **popen):
        self.folder = pathlib.Path(folder)
        self.options = options
        self.log = Log(log or self.folder / "hopaudit.jsonl")
        command = [binary(), "proxy", "--listen", "127.0.0.1:0", "--log", str(self.log.path), *options]
        popen.setdefault("env", environment(self.folder))
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, **popen
        )
        self._stdout, self._stderr = [], []
        self._ready = threading.Event()
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._stdout), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._stderr), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        if not self._ready.wait(PATIENCE) or self.address is None:
            self.process.kill()
            raise AssertionError(f"hopaudit did not get ready: {' '.join(command)}\n{self.stderr}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()

    @property
    def address(self):
        ready = self.READY.search(self.stderr)
        return (ready.group(1).strip("[]"), int(ready.group(2))) if ready else None

    @property
    def stdout(self):
        return b"".join(self._stdout).decode("utf-8", "replace")

    @property
    def stderr(self):
        return b"".join(self._stderr).decode("utf-8", "replace")

    @property
    def running(self):
        return self.process.poll() is None

    def url(self, user=None):
        host, port = self.address
        return f"http://{user + '@' if user else ''}{host}:{port}"

    def variables(self, user=None):
        return proxy_variables(self.url(user))

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_for_event(self, kind, count=1):
        """Until the log holds so many events of a type. The log is a file: it can only be asked again and again."""
        end = time.monotonic() + PATIENCE
        while len(self.log.events(kind)) < count:
            assert self.running, f"hopaudit ended\n{self.stderr}"
            assert time.monotonic() < end, f"no {kind} came\n{self.log.tell()}"
            time.sleep(0.02)

    def stop(self, status=0, number=signal.SIGTERM):
        """Ends it in order, and checks what holds for every run: the exit status and the log. Returns the log."""
        if self.running:
            self.process.send_signal(number)
        self.wait(status)
        self.log.check()
        judge_again(self.folder, self.log, self.options)
        return self.log

    def wait(self, status=0):
        """For its end."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"hopaudit did not end\n{self.stderr}") from None
        for reader in self._readers:
            reader.join(PATIENCE)
        assert self.process.returncode == status, f"exit status {self.process.returncode}, not {status}\n{self.stderr}"

    def kill(self):
        if self.running:
            self.process.kill()
            self.process.wait(PATIENCE)

    def _read(self, stream, into):
        for line in stream:
            into.append(line)
            if self.READY.search(line.decode("utf-8", "replace")):
                self._ready.set()
        stream.close()
        self._ready.set()


def judge_again(folder, log, options=()):
    """Offline is online: the findings of a log are those that its run judged again by the same rules has."""
    if not log.raw:
        return
    options = [str(option) for option in options]
    rules = [word for at, option in enumerate(options) if option in ("--rules", "--ignore") for word in options[at : at + 2]]
    if not rules and any(event.get("decided") for event in log.events("run.started")):
        return  # by a variable, or in a file
    done = call(folder, "audit", "--compare", *rules, str(log.path))
    assert done.returncode == 0, f"judged again, the findings differ\n{done.stdout}{done.stderr}\n{log.tell()}"


class Run:
    """What a finished `hopaudit run` left behind."""

    def __init__(self, process, log, options=()):
        self.options = options
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.log = log

    def expect(self, status):
        """Checks exit status and log; returns the log."""
        told = f"exit status {self.status}, not {status}\n--- stderr\n{self.stderr}\n--- log\n{self.log.tell()}"
        assert self.status == status, told
        self.log.check()
        judge_again(self.log.path.parent, self.log, self.options)
        return self.log


def run(folder, command, *options, log=None, variables=None, text=True, **more):
    """`hopaudit run OPTIONS -- COMMAND`, to its end."""
    folder = pathlib.Path(folder)
    log = Log(log or folder / "hopaudit.jsonl")
    process = subprocess.run(
        [binary(), "run", "--log", str(log.path), *options, "--", *map(str, command)],
        cwd=folder,
        env=environment(folder, **(variables or {})),
        capture_output=True,
        timeout=PATIENCE * 4,
        text=text,
        errors="replace" if text else None,
        **({} if "input" in more else {"stdin": subprocess.DEVNULL}),
        **more,
    )
    return Run(process, log, options)


def call(folder, *arguments, variables=None):
    """Any other hopaudit command, to its end."""
    return subprocess.run(
        [binary(), *arguments],
        cwd=folder,
        env=environment(folder, **(variables or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        text=True,
        errors="replace",
    )
