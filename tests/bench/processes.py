# SPDX-License-Identifier: MIT
#
# Processes of the bench: started on one core, watched through /proc, ended by pid. Knows nothing of what they are.
"""One started process and everything that can be read about it while it runs."""

import ctypes
import os
import pwd
import resource
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
DESCRIPTORS = 16000


class StartError(Exception):
    """A process did not come up; the text says why."""


def cores():
    """The core of the contestant and that of everything else; the same one where there is no second."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def busy_s(core):
    """Seconds in which the core was not idle since the system's start, whoever used it; stolen time too."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = next(line.split()[1:] for line in f if line.startswith(f"cpu{core} "))
    ticks = [int(field) for field in fields[:8]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def free_port():
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _take_precedence():
    """Before other work of the machine, as far as that is allowed: it would be measured too."""
    for setting in ("/proc/self/autogroup", "nice"):
        try:
            if setting == "nice":
                os.nice(-15)
            else:
                with open(setting, "w", encoding="ascii") as f:
                    f.write("-15")
        except OSError:
            continue


def before_exec(core, user=None):
    """What a child does before it becomes a program: one core, enough descriptors, an end when the bench ends, and a
    session of its own. Linux shares processor time between sessions first (sched_autogroup): a contestant that makes
    itself one (Traffic Server does) would have the core to itself where the others queue with all else that runs, and
    what it computes would look cheaper by a third, for nobody has emptied its caches."""

    def prepare():
        # Nothing that was started may outlive the bench, not even when it is killed while a contestant is stopped.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        _take_precedence()
        os.sched_setaffinity(0, {core})
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            # A change of rights forgets this.
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return prepare


class Process:
    """Started at once; output goes to `output` in its folder. stop() may be called more than once."""

    def __init__(self, argv, folder, core, env=None, user=None):
        entry = pwd.getpwnam(user) if user and os.geteuid() == 0 else None
        if entry is not None:
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        self.argv = argv
        self.output = os.path.join(folder, "output")
        with open(self.output, "ab") as out:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder,
                                          env={**os.environ, **(env or {})}, preexec_fn=before_exec(core, entry))
        self.pid = self.popen.pid

    def last_words(self):
        """The end of its output on one line, to tell why it is gone."""
        with open(self.output, "rb") as f:
            lines = f.read()[-2000:].decode(errors="replace").strip().splitlines()
        return " | ".join(line.strip() for line in lines[-3:]) or "it said nothing"

    def alive(self):
        return self.popen.poll() is None

    def wait_for_port(self, port, timeout_s=15.0):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self.alive():
                raise StartError(f"ended with status {self.popen.returncode}: {self.last_words()}")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        raise StartError(f"does not listen after {timeout_s:.0f} s: {self.last_words()}")

    def tree(self):
        """Its pid and those of its descendants."""
        pids = [self.pid]
        for pid in pids:
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                        pids += [int(child) for child in f.read().split()]
            except OSError:
                continue
        return pids

    def threads(self):
        total = 0
        for pid in self.tree():
            try:
                total += len(os.listdir(f"/proc/{pid}/task"))
            except OSError:
                continue
        return total

    def cpu_s(self):
        """User and system time of the tree, in the nanoseconds of the scheduler's own account, and of children gone."""
        total = 0.0
        for pid in self.tree():
            try:
                total += time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of a process, clock_getcpuclockid(3)
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
                total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
            except OSError:
                continue
        return total

    def pss_kb(self):
        """Memory that is its own, with its share of what it shares; without files, of which it has less as soon as
        another process maps them (the load generator has OpenSSL's libraries too)."""
        total = 0
        for pid in self.tree():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
        return total

    def settle(self, timeout_s=2.0):
        """Waits until it uses (nearly) no time, so that what a run left to do is counted and done."""
        deadline = time.monotonic() + timeout_s
        before = self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(0.04)
            now = self.cpu_s()
            if now - before < 0.0008:
                return
            before = now

    def pause(self):
        """While others are measured it may not even run its timers."""
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        for pid in self.tree():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def stop(self, timeout_s=5.0):
        """Asks it to end, then makes it."""
        if not self.alive():
            return
        self.resume()
        self.popen.terminate()
        try:
            self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.popen.wait()
