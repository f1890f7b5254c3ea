# SPDX-License-Identifier: MIT
#
# What is counted rather than timed: system calls (strace) and user instructions (callgrind). Each is counted in a short
# and a long run and the difference taken, so that connecting and warming up cancel out. Called by bench.py.
"""System calls and instructions of a contestant, for one request."""

import os
import re
import select
import shutil
import signal
import subprocess
import time

_LONG = 3  # the long run has so many times the requests of the short one


class CountError(Exception):
    """A tool did not do its work; the text says which and why."""


def parse_strace(text):
    """Calls by name from the table of `strace -c`."""
    calls = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) in (5, 6) and re.fullmatch(r"[\d.]+", fields[0]) and fields[-1] != "total":
            calls[fields[-1]] = calls.get(fields[-1], 0) + int(fields[3])
    return calls


def difference(short, long, requests):
    """Calls of each name for one request, most first; names that do not grow with the requests are left out."""
    each = {name: (long.get(name, 0) - short.get(name, 0)) / requests for name in set(short) | set(long)}
    kept = {name: n for name, n in each.items() if abs(n) >= 0.005}
    return dict(sorted(kept.items(), key=lambda item: -item[1]))


def _traced(process, run, folder):
    table = os.path.join(folder, "strace.table")
    pids = [arg for pid in process.tree() for arg in ("-p", str(pid))]
    strace = subprocess.Popen(["strace", "-f", "-c", "-o", table, *pids], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
    try:
        heard = b""
        deadline = time.monotonic() + 10
        while heard.count(b"attached") < len(pids) // 2:
            ready, _, _ = select.select([strace.stderr], [], [], max(0.0, deadline - time.monotonic()))
            got = os.read(strace.stderr.fileno(), 4096) if ready else b""
            if not got:
                raise CountError(f"strace does not attach: {heard.decode(errors='replace').strip()}")
            heard += got
        run()
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(10)
        strace.stderr.close()
    with open(table, encoding="utf-8") as f:
        return parse_strace(f.read())


def system_calls(process, run, requests, folder):
    """run(n) sends n requests. Calls by name, for one request."""
    run(requests)
    short = _traced(process, lambda: run(requests), folder)
    long = _traced(process, lambda: run(_LONG * requests), folder)
    return difference(short, long, (_LONG - 1) * requests)


class Callgrind:
    """A contestant under callgrind. argv() is what starts it; the rest works on the process."""

    def __init__(self, folder):
        self.out = os.path.join(folder, "callgrind.out")
        self.pipes = f"--vgdb-prefix={folder}/vgdb"
        self.dumps = 0

    def argv(self, argv):
        return ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.out}", self.pipes,
                *argv]

    def _control(self, process, *options):
        # Its own session, since it starts another program that would be left behind.
        control = subprocess.Popen(["callgrind_control", self.pipes, *options, str(process.pid)],
                                   start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = control.communicate(timeout=30)
        except subprocess.TimeoutExpired as e:
            os.killpg(control.pid, signal.SIGKILL)
            control.communicate()
            raise CountError("callgrind_control gets no answer") from e
        if control.returncode != 0 or "Error" in said:
            raise CountError(f"callgrind_control: {said.strip()}")

    def _dump(self, process):
        """The file with what was counted since the last one."""
        self._control(process, "--dump")
        self.dumps += 1
        path = f"{self.out}.{self.dumps}"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if os.path.exists(path) and total_of(path) is not None:
                return path
            time.sleep(0.05)
        raise CountError("callgrind wrote no dump")

    def instructions(self, process, run, requests):
        """run(n) sends n requests. Instructions for one request, and a dump of the long run for a profile."""
        self._control(process, "--instr=on")
        run(requests)
        self._dump(process)
        run(requests)
        short = self._dump(process)
        run(_LONG * requests)
        long = self._dump(process)
        return (total_of(long) - total_of(short)) / ((_LONG - 1) * requests), long


def whole_argv(argv, out):
    """For a contestant that does not answer callgrind_control: everything from its start to its end is counted."""
    return ["valgrind", "--tool=callgrind", "--vgdb=no", f"--callgrind-out-file={out}", *argv]


def whole_difference(count, requests):
    """count(n) starts the contestant, sends n requests, ends it and returns its dump. Instructions for one request."""
    totals = [total_of(count(n)) for n in (requests, _LONG * requests)]
    if None in totals:
        raise CountError("callgrind wrote no whole dump")
    return (totals[1] - totals[0]) / ((_LONG - 1) * requests)


def total_of(path):
    """Instructions in a dump; None when it is not (yet) whole."""
    with open(path, encoding="utf-8", errors="replace") as f:
        found = re.findall(r"^totals: (\d+)", f.read(), re.MULTILINE)
    return int(found[-1]) if found else None


def parse_annotated(text, requests, most=30, inclusive=False):
    """[function, instructions for one request] from callgrind_annotate, most first. What a function took in from
    headers is listed under the header's name: it is added to the function, but not to counts that have it already."""
    each = {}
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(\S.*)", line)
        if found is None or "PROGRAM TOTALS" in line:
            continue
        name = re.sub(r"\s*\[[^\]]*\]$", "", found.group(2)).rpartition(":")[2]
        name = re.sub(r"'\d+$|\.constprop\.\d+|\.isra\.\d+|\.part\.\d+", "", name)
        count = int(found.group(1).replace(",", "")) / requests
        each[name] = max(each.get(name, 0), count) if inclusive else each.get(name, 0) + count
    return [[name, n] for name, n in sorted(each.items(), key=lambda item: -item[1])[:most]]


def profile(dump, requests):
    """Where the instructions of a dump went, {"self": rows, "with callees": rows}; `requests` as given to
    instructions()."""
    if shutil.which("callgrind_annotate") is None:
        return {}
    tables = {}
    for kind, inclusive in (("self", "no"), ("with callees", "yes")):
        done = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100", f"--inclusive={inclusive}", dump],
                              capture_output=True, text=True, check=False)
        tables[kind] = parse_annotated(done.stdout, _LONG * requests, inclusive=inclusive == "yes")
    return tables
