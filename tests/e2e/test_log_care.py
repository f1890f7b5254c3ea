# SPDX-License-Identifier: MIT
"""Log and HAR when things go wrong around them: killed at any moment, a full disk, rotation under load."""
import fcntl
import hashlib
import json
import random
import re
import signal
import subprocess
import threading

import pytest

from lib.har import Har
from lib.message import redirect, request, response
from lib.raw import eventually
from lib.raw_client import RawClient

HARMLESS = re.compile(r"the run before line \d+ has no end: |line \d+, the last, has no end: ")


class Load:
    """Clients in threads that ask for one path after the other until they are stopped, or the proxy is gone."""

    def __init__(self, proxy, origin, paths, clients=4, count=None):
        self.proxy, self.origin, self.paths, self.count = proxy, origin, paths, count
        self.stopped = threading.Event()
        self.statuses = []
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        statuses = []
        try:
            with RawClient(self.proxy.address) as client:
                for turn in range(self.count or 10**9):
                    if self.stopped.is_set():
                        break
                    path = self.paths[(turn + number) % len(self.paths)]
                    asked = request("GET", f"{self.origin.url}{path}?client={number}&turn={turn}", host=self.origin.authority)
                    statuses.append(client.exchange(asked).status)
        except (OSError, EOFError):
            if self.proxy.running:
                statuses.append(0)
        self.statuses += statuses

    def join(self):
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        return self.statuses

    def stop(self):
        self.stopped.set()
        return self.join()


@pytest.fixture
def busy(origin):
    """An origin with redirects, and with bodies that take more than one page of a file."""
    for number in range(4):
        origin.on(f"/old{number}", redirect(302 + number % 2 * 6, f"/new{number}"))
        origin.on(f"/new{number}", response(200, "Content-Type: text/plain", body=b"%d " % number * 20_000))
    return origin


PATHS = [f"/{kind}{number}" for number in range(4) for kind in ("old", "new")]


def wait_for_keeper(path):
    """The lock on the file goes with its last writer."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


def kill_at_random(start_proxy, busy, hopaudit, rounds, seed):
    moments = random.Random(seed)
    torn = 0
    for number in range(rounds):
        proxy = start_proxy("--record-all", "--capture", "bodies", "--har", "traffic.har", "--log-sync", "finding")
        load = Load(proxy, busy, PATHS)
        path = proxy.folder / "traffic.har"
        eventually(lambda: path.stat().st_size > 200_000, "the first entries")
        threading.Event().wait(moments.random() * 0.1)
        proxy.process.kill()
        proxy.process.wait()
        load.join()
        wait_for_keeper(path)
        assert len(Har(path).check(last=50).entries) > 0, f"round {number} of seed {seed}"
        checked = hopaudit("verify", str(proxy.log.path))
        problems = [line.partition(": ")[2] for line in checked.stdout.splitlines() if not line.startswith("  ")][:-1]
        assert all(HARMLESS.match(problem) for problem in problems), f"round {number} of seed {seed}: {problems}"
        torn += any("the last" in problem for problem in problems)
    return torn


def test_killed_at_any_moment_log_and_har_open_and_nothing_is_missing(start_proxy, busy, hopaudit):
    kill_at_random(start_proxy, busy, hopaudit, 3, random.randrange(10**6))


@pytest.mark.all
def test_killed_a_hundred_times_log_and_har_open_and_nothing_is_missing(start_proxy, busy, hopaudit):
    kill_at_random(start_proxy, busy, hopaudit, 100, random.randrange(10**6))


def test_a_log_that_a_kill_has_cut_is_gone_on_with_by_the_next_run(start_proxy, busy, hopaudit, tmp_path):
    log = tmp_path / "log.jsonl"
    proxy = start_proxy(log=log)
    Load(proxy, busy, PATHS, clients=1, count=8).join()
    proxy.kill()
    whole = log.read_bytes()
    log.write_bytes(whole[:-30])
    again = start_proxy(log=log)
    again.send_signal(signal.SIGTERM)
    again.wait(0)
    lines = log.read_bytes().split(b"\n")
    assert b'"after_torn_line":true' in lines[whole.count(b"\n")]
    checked = hopaudit("verify", str(log))
    assert checked.returncode == 3 and "has no end: its writer was stopped" in checked.stdout
    assert "changed" not in checked.stdout.replace("rewritten", "") and "missing" not in checked.stdout


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB: large enough for what is written when there is room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk can't be mounted here, which takes root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    return path


def test_on_a_full_disk_traffic_flows_and_the_loss_is_told_until_there_is_room(start_proxy, busy, hopaudit, small_disk):
    log, har = small_disk / "log.jsonl", small_disk / "traffic.har"
    proxy = start_proxy("--har", str(har), "--record-all", "--window", "1s", log=log)
    assert set(Load(proxy, busy, PATHS, count=8).join()) <= {200, 302, 308}
    filler = fill(small_disk)
    load = Load(proxy, busy, PATHS)
    eventually(lambda: f"log {log}: No space left on device" in proxy.stderr, "word of the loss in the log")
    eventually(lambda: f"HAR {har}: No space left on device" in proxy.stderr, "word of the loss in the HAR")
    before = len(load.origin.requests)
    eventually(lambda: len(load.origin.requests) > before + 30, "traffic on a full disk")
    Har(har).check(last=50)
    filler.unlink()
    size = har.stat().st_size
    eventually(lambda: b'"run.lost"' in log.read_bytes() and har.stat().st_size > size, "the log and the HAR to go on")
    statuses = load.stop()
    assert 0 not in statuses and set(statuses) <= {200, 302, 308}
    proxy.send_signal(signal.SIGTERM)
    proxy.wait(125)
    assert re.search(r"\d+ events? could not be recorded: .*No space left on device", proxy.stderr)
    assert re.search(r"\d+ exchanges? could not be recorded: .*No space left on device; the HAR is not", proxy.stderr)
    Har(har).check(last=50)
    checked = hopaudit("verify", str(log))
    assert "the log itself says that the missing events could not be recorded" in checked.stdout
    assert stat_mode(log) == 0o600 and log.read_bytes().endswith(b"}\n")


def stat_mode(path):
    return path.stat().st_mode & 0o777


def test_rotation_under_load_loses_nothing(start_proxy, busy, hopaudit):
    proxy = start_proxy("--record-all", "--log-max", "64K", "--log-keep", "9999", "--window", "1s")
    load = Load(proxy, busy, PATHS, count=100)
    turns = 0
    while any(thread.is_alive() for thread in load.threads):
        turns += 1
        if proxy.log.path.exists() and turns % 5 == 0:
            proxy.log.path.rename(proxy.folder / f"moved.{turns}")
            proxy.send_signal(signal.SIGHUP)
            eventually(proxy.log.path.exists, "the new log")
        threading.Event().wait(0.02)
    assert len(load.join()) == 400
    proxy.send_signal(signal.SIGTERM)
    proxy.wait(0)
    head = re.search(r"head ([0-9a-f]{64})", proxy.stderr).group(1)
    files = order_of([path for path in proxy.folder.iterdir() if path.suffix == ".jsonl" or path.suffix[1:].isdigit()])
    assert len(files) > 3 and files[-1] == proxy.log.path
    checked = hopaudit("verify", "--head", head, *map(str, files))
    assert checked.returncode == 0, checked.stdout
    assert " 1 run, " in checked.stdout
    assert b"".join(path.read_bytes() for path in files).count(b'"type":"exchange"') == 400
    if len(files) > 2:
        assert hopaudit("verify", *map(str, files[:1] + files[2:])).returncode == 3


def order_of(files):
    """The oldest first: each names the head of the one that it goes on from."""
    by_head, start = {}, None
    for path in files:
        lines = path.read_bytes().splitlines()
        first = json.loads(lines[0])
        if first["type"] == "run.started":
            start = path
        else:
            assert first["previous_head"] not in by_head, "two files go on from one"
            by_head[first["previous_head"]] = path
    ordered = [start]
    while (head := hashlib.sha256(ordered[-1].read_bytes().splitlines()[-1]).hexdigest()) in by_head:
        ordered.append(by_head.pop(head))
    assert by_head == {}, "files that go on from none"
    return ordered


@pytest.mark.parametrize("policy", ("finding", "always"))
def test_a_log_that_waits_for_the_disk_says_the_same(run, busy, policy):
    log = run(["curl", "-sL", f"{busy.url}/old0"], "--log-sync", policy).expect(0)
    assert log.one("chain.finished")["final_status"] == 200
