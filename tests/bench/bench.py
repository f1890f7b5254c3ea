#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# The bench: hopaudit with the audit on beside its peers, each on one core in turn, origin and load on the other. Called
# by scripts/bench, which installs and builds. Measures CPU time, counts system calls and instructions, weighs idle
# connections; prints one Markdown table and, on request, JSON with every value.
"""Measure hopaudit and its peers in one run on one machine."""

import argparse
import dataclasses
import json
import os
import platform
import shutil
import signal
import statistics
import sys
import tempfile
import time

import contestants as roster
import table
from counters import Callgrind, CountError, profile, system_calls, whole_argv, whole_difference
from processes import Process, StartError, busy_s, cores, free_port
from workloads import Load, LoadError, WORKLOADS, named, select

GB = 1e9


BEGAN = time.monotonic()


def say(text):
    print(f"{time.monotonic() - BEGAN:4.0f} s  {text}", file=sys.stderr, flush=True)


class Running:
    """A contestant's process, port and folder, and the reason when it cannot take part."""

    def __init__(self, contestant, bench, label, wrap=None, timeout_s=15.0):
        self.contestant = contestant
        self.name = contestant.name
        self.folder = os.path.join(bench.folder, f"{contestant.name}-{label}")
        os.makedirs(self.folder)
        self.port = free_port()
        self.process = None
        self.reason = None
        if contestant.path() is None:
            self.reason = f"{contestant.binary} is not there"
            return
        argv = contestant.argv(self.folder, self.port, bench.ports)
        self.process = Process(wrap(argv) if wrap else argv, self.folder, cores()[0], contestant.env(self.folder),
                               contestant.user)
        bench.started.append(self.process)
        try:
            self.process.wait_for_port(self.port, timeout_s)
        except StartError as e:
            self.reason = str(e)
            self.process.stop()

    def ask(self, load, workload, n):
        """n requests of the workload."""
        return load.run(workload, self.port, n, self.contestant.manner)

    def requests(self, n):
        return max(2, int(n * self.contestant.share))

    def died(self):
        """Why it cannot go on, if so."""
        if self.reason is None and not self.process.alive():
            self.reason = f"ended with status {self.process.popen.returncode}: {self.process.last_words()}"
        return self.reason


class Bench:
    """One run: what was asked, who runs, what was found."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.started = []  # every process, to be ended
        self.results = table.Results()
        self.calls = {}  # by workload and contestant: system calls by name
        self.profiles = {}  # by workload: hopaudit's functions
        self.accounts = {}
        self.foreign = []  # the share of the contestant's core that others used, in each timed run
        self.workloads = select(args.only)
        ours = [roster.Hopaudit(os.path.abspath(args.hopaudit))] if "hopaudit" in args.contestants else []
        self.contestants = ours + [p for p in roster.peers() if p.name in args.contestants]
        self.ports = (free_port(), free_port(), free_port())
        self.identities = None
        if any(w.secure for w in self.workloads) or args.origin == "nginx":
            self.identities = roster.Identities(folder)
        for c in self.contestants:
            c.identities = self.identities
        self.load = Load(os.path.abspath(args.load), self.ports, serve=args.origin == "load",
                         identity=self.identities and self.identities.origin)

    # --- the parts ---

    def start_origin(self):
        origin = roster.Origin()
        origin.identities = self.identities
        folder = os.path.join(self.folder, "origin")
        os.makedirs(folder)
        process = Process(origin.argv(folder, self.ports[0], self.ports), folder, cores()[1])
        self.started.append(process)
        process.wait_for_port(self.ports[0])

    def attempt(self, running, workload, metric, measure):
        """measure() adds to the results; whatever goes wrong becomes this cell's reason."""
        if running.died() is not None:
            self.results.fail(workload, metric, running.name, running.reason)
            return
        try:
            running.process.resume()
            measure()
        except (LoadError, CountError, StartError, OSError, ValueError) as e:
            self.results.fail(workload, metric, running.name, running.died() or str(e))
            say(f"    {running.name} failed: {running.died() or e}")
        if running.process.alive():
            running.process.pause()

    def timed(self, workload):
        """CPU time: all contestants in turn, round by round, each round beginning with another."""
        running = [r for r in self.running if r.contestant.can(workload)]
        for turn in range(self.args.rounds):
            for i in range(len(running)):
                r = running[(turn + i) % len(running)]
                if r.name in self.results.failures.get((workload.name, workload.kind), {}):
                    continue
                self.attempt(r, workload, workload.kind, lambda r=r: self.time_one(r, workload))
        medians = self.results.medians(workload.name, workload.kind)
        say(f"  {workload.name}: " + ", ".join(f"{n} {table.number(v)}" for n, v in medians.items()))

    def time_one(self, running, workload):
        bulk = workload.kind == "bulk"
        n = 1 if bulk else running.requests(workload.requests)
        if bulk:
            # The pool and the buffers, not half a gigabyte more.
            running.ask(self.load, self.small(workload, "get64k"), 20)
        else:
            running.ask(self.load, workload, max(200, n // 10))
        running.process.settle()
        before, busy, began = running.process.cpu_s(), busy_s(cores()[0]), time.monotonic()
        result = running.ask(self.load, workload, n)
        running.process.settle()
        used = running.process.cpu_s() - before
        self.foreign.append(max(0.0, busy_s(cores()[0]) - busy - used) / (time.monotonic() - began))
        per = used / (result["body_bytes"] / GB) if bulk else used * 1e6 / result["requests"]
        self.results.add(workload, workload.kind, running.name, per)

    @staticmethod
    def small(workload, plain):
        """The workload to warm up with."""
        return named("tls" if workload.secure else "tunnel" if workload.tunnel else plain)

    def count_calls(self, workload):
        for r in self.running:
            if r.contestant.can(workload):
                self.attempt(r, workload, "syscalls", lambda r=r: self.count_one(r, workload))
        medians = self.results.medians(workload.name, "syscalls")
        say(f"  {workload.name}: " + ", ".join(f"{n} {table.number(v)}" for n, v in medians.items()))

    def count_one(self, running, workload):
        n = running.requests(workload.counted)
        n -= n % 2
        calls = system_calls(running.process, lambda k: running.ask(self.load, workload, k), n, running.folder)
        self.calls.setdefault(workload.name, {})[running.name] = calls
        self.results.add(workload, "syscalls", running.name, sum(calls.values()))

    def weigh(self, workload):
        """Memory of idle connections, each contestant started afresh."""
        for c in self.contestants:
            if not c.can(workload):
                continue
            r = Running(c, self, workload.name)
            self.attempt(r, workload, "idle", lambda r=r: self.weigh_one(r, workload))
            self.end(r)
        medians = self.results.medians(workload.name, "idle")
        say(f"  {workload.name}: " + ", ".join(f"{n} {table.number(v)}" for n, v in medians.items()))

    def weigh_one(self, running, workload):
        running.ask(self.load, self.small(workload, "get1k-16"), 320)
        running.process.settle()
        before = running.process.pss_kb()
        held = self.load.hold(workload, running.port, running.contestant.manner)
        try:
            running.process.settle()
            self.results.add(workload, "idle", running.name, (running.process.pss_kb() - before) / workload.requests)
        finally:
            held.stdin.close()
            held.wait(30)

    def count_instructions(self, workloads):
        for c in self.contestants:
            fitting = [w for w in workloads if c.counted and c.can(w)]
            if not fitting:
                continue
            if c.counted_whole:
                for w in fitting:
                    if w.name in c.counted_whole:
                        self.instructions_whole(c, w)
            else:
                self.instructions_running(c, fitting)
            cells = {w.name: self.results.medians(w.name, "instructions").get(c.name) for w in fitting}
            say(f"  {c.name}: " + ", ".join(f"{n} {table.number(v)}" for n, v in cells.items() if v is not None))

    def instructions_running(self, c, workloads):
        """One start under callgrind, all workloads on it."""
        tool = Callgrind(os.path.join(self.folder, f"{c.name}-callgrind"))
        r = Running(c, self, "callgrind", wrap=tool.argv, timeout_s=90.0)
        for w in workloads:
            self.attempt(r, w, "instructions", lambda w=w: self.instructions_one(r, w, tool))
        self.end(r)

    @staticmethod
    def countable(workload):
        """Connections that open at once resume the origin's session or not, as it happens, which is millions of
        instructions each: one after the other they do what the one before did."""
        return dataclasses.replace(workload, connections=1) if workload.secure else workload

    def instructions_whole(self, c, workload):
        """A start for each of the two counts."""
        def count(n):
            label = f"callgrind-{workload.name}-{n}"
            out = os.path.join(self.folder, f"{c.name}-{label}", "callgrind.out")
            r = Running(c, self, label, wrap=lambda argv: whole_argv(argv, out), timeout_s=90.0)
            if r.reason is None:
                try:
                    r.ask(self.load, self.countable(workload), n)
                finally:
                    r.process.stop(timeout_s=30.0)
                    self.end(r)
            return out

        try:
            n = max(100, int(workload.counted * c.share) // 5)
            self.results.add(workload, "instructions", c.name, whole_difference(count, n))
        except (LoadError, CountError, OSError) as e:
            self.results.fail(workload, "instructions", c.name, str(e))
            say(f"    {c.name} failed: {e}")

    def instructions_one(self, running, workload, tool):
        n = max(20, running.requests(workload.counted // 10))
        n -= n % 2
        each, dump = tool.instructions(running.process,
                                       lambda k: running.ask(self.load, self.countable(workload), k), n)
        self.results.add(workload, "instructions", running.name, each)
        if running.name == table.OURS:
            self.profiles[workload.name] = profile(dump, n)
            if self.args.keep:
                shutil.copy(dump, os.path.join(self.args.keep, f"callgrind.{workload.name}"))

    def end(self, running):
        if running.process is None:
            return
        running.process.stop()
        running.contestant.clear(running.port)
        account = running.contestant.account(running.folder)
        if account:
            self.accounts[os.path.basename(running.folder)] = account

    # --- the whole ---

    def run(self):
        wanted = self.args.metrics
        counted = [w for w in self.workloads if w.counted > 0]
        if self.args.origin == "nginx":
            self.start_origin()
        self.contestants = [c for c in self.contestants if any(c.can(w) for w in self.workloads)]
        self.running = [Running(c, self, "main") for c in self.contestants]
        for r in self.running:
            if r.reason is not None:
                say(f"{r.name} does not start: {r.reason}")
            else:
                r.process.settle()
                r.process.pause()
        if "cpu" in wanted:
            say("CPU")
            for w in self.workloads:
                if w.kind != "idle":
                    self.timed(w)
        if "syscalls" in wanted and counted:
            say("system calls")
            for w in counted:
                self.count_calls(w)
        for r in self.running:
            self.end(r)
        if "idle" in wanted:
            for w in self.workloads:
                if w.kind == "idle":
                    self.weigh(w)
        if "instructions" in wanted and counted:
            say("instructions")
            self.count_instructions(counted)

    def stop(self):
        for process in reversed(self.started):
            process.stop(timeout_s=3.0)

    # --- what is told ---

    def names(self):
        return [c.name for c in self.contestants]

    def report(self):
        print(f"{platform.system()} {platform.release()}, contestant on core {cores()[0]}, load and origin "
              f"({self.args.origin}) on core {cores()[1]}; medians of {self.args.rounds} alternating rounds. "
              + ", ".join(f"{c.name} {c.version()}" for c in self.contestants if c.path()) + "\n")
        plain = [c.name for c in self.contestants if c.plain]
        opening = [c.name for c in self.contestants if c.intercepts]
        if any(not w.secure for w in self.workloads):
            print(table.markdown(self.results, plain, only={w.name for w in self.workloads if not w.secure}))
        if any(w.secure for w in self.workloads):
            print("TLS, opened by the contestant:\n")
            print(table.markdown(self.results, opening, table.SECURE_REFERENCE,
                                 {w.name for w in self.workloads if w.secure}))
        if self.disturbance() > 0.05:
            print(f"Others used {self.disturbance():.0%} of the contestant's core meanwhile: trust ratios and counts, "
                  "not digits of CPU time.\n")
        if self.args.profile:
            self.report_profile()

    def report_profile(self):
        """Where hopaudit's instructions and system calls go."""
        for workload, tables in self.profiles.items():
            for kind, functions in tables.items():
                print(f"hopaudit's instructions/request, {workload}, {kind}:\n")
                print("".join(f"{table.number(each):>9} {name}\n" for name, each in functions))
        for workload, by_contestant in self.calls.items():
            calls = by_contestant.get(table.OURS, {})
            print(f"hopaudit's system calls/request, {workload}: "
                  + ", ".join(f"{name} {each:.2f}" for name, each in calls.items()))

    def disturbance(self):
        return statistics.median(self.foreign) if self.foreign else 0.0

    def as_json(self):
        return {"machine": platform.platform(), "cores": os.cpu_count(), "rounds": self.args.rounds,
                "origin": self.args.origin, "foreign_share_of_core": self.disturbance(),
                "versions": {c.name: c.version() for c in self.contestants if c.path()},
                "results": table.as_json(self.results, self.names()), "system_calls": self.calls,
                "profile": self.profiles, "accounts": self.accounts}


def arguments(argv):
    names = ["hopaudit"] + [p.name for p in roster.peers()]
    metrics = ["cpu", "syscalls", "idle", "instructions"]

    def words(text):
        return [w for w in text.split(",") if w]

    p = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    p.add_argument("--only", type=words, default=[], metavar="LIST",
                   help="workloads: " + ", ".join(w.name for w in WORKLOADS) + "; get1k means both of its kind")
    p.add_argument("--peers", type=words, default=names[1:], metavar="LIST",
                   help="beside hopaudit: " + ", ".join(names[1:]))
    p.add_argument("--without-hopaudit", action="store_true", help="peers alone, to check them against earlier figures")
    p.add_argument("--metrics", type=words, default=metrics, metavar="LIST", help=", ".join(metrics))
    p.add_argument("--rounds", type=int, default=3, metavar="N", help="of CPU time (3)")
    p.add_argument("--json", metavar="FILE", help="write every value there")
    p.add_argument("--profile", action="store_true", help="print where hopaudit's instructions and calls go")
    p.add_argument("--keep", metavar="FOLDER", help="keep hopaudit's callgrind dumps there")
    p.add_argument("--hopaudit", default="build/bench/hopaudit", metavar="FILE", help="(build/bench/hopaudit)")
    p.add_argument("--origin", choices=("load", "nginx"), default="load",
                   help="who answers: the load generator, which is cheaper than any contestant, or nginx")
    p.add_argument("--load", default="build/bench/tests/bench/load", metavar="FILE", help="the load generator")
    args = p.parse_args(argv)
    args.contestants = ([] if args.without_hopaudit else ["hopaudit"]) + args.peers
    for what, given, known in (("peer", args.contestants, names), ("metric", args.metrics, metrics)):
        for word in set(given) - set(known):
            p.error(f"no such {what}: {word}")
    try:
        select(args.only)
    except KeyError as e:
        p.error(f"no such workload: {e.args[0]}")
    if args.rounds < 1:
        p.error("--rounds is at least 1")
    return args


def main(argv=None):
    args = arguments(argv)
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="hopaudit-bench-") as folder:
        os.chmod(folder, 0o755)  # some contestants drop their rights
        bench = Bench(args, folder)
        stopped = False
        try:
            bench.run()
        except (KeyboardInterrupt, SystemExit):
            stopped = True  # what was found until then is still worth a table
        finally:
            bench.stop()
        bench.report()
        if args.json:
            with open(args.json, "w", encoding="utf-8") as f:
                json.dump(bench.as_json(), f, indent=1, ensure_ascii=False)
                f.write("\n")
    say("stopped" if stopped else "done")
    return 130 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
