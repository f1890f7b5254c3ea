# SPDX-License-Identifier: MIT
#
# What is computed from measurements, without any: the tables of the tools, differences, ratios, the printed table.
"""Tests of the bench's arithmetic and printing."""

import os
import subprocess
import time

import contestants
import counters
import processes
import pytest
import table
import workloads

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.11    0.100000          10      2000        12 recvfrom
 39.89    0.050000           5      1000           writev
------ ----------- ----------- --------- --------- ----------------
100.00    0.150000           7      3000        12 total
"""


def test_the_table_of_strace_is_read_with_and_without_errors():
    assert counters.parse_strace(STRACE) == {"recvfrom": 2000, "writev": 1000}


def test_set_up_cancels_out_between_the_short_and_the_long_run():
    short = {"recvfrom": 2016, "writev": 1000, "accept4": 16}
    long = {"recvfrom": 6016, "writev": 3000, "accept4": 16, "epoll_wait": 500}
    assert counters.difference(short, long, 2000) == {"recvfrom": 2.0, "writev": 1.0, "epoll_wait": 0.25}


def test_instructions_of_an_inlined_helper_belong_to_the_function():
    text = """     1,500,000 (100.0%)  PROGRAM TOTALS

Ir                 file:function
 900,000 (60.0%)  /src/parser/head_scan.c:head_scan [/bin/x]
 500,000 (33.3%)  /src/parser/scan.h:head_scan [/bin/x]
 100,000 ( 6.7%)  ???:0x000000000001c7c0 [/lib/libevent.so]
"""
    assert counters.parse_annotated(text, 1000) == [["head_scan", 1400.0], ["0x000000000001c7c0", 100.0]]
    assert counters.parse_annotated(text, 1000, inclusive=True)[0] == ["head_scan", 900.0]


def test_a_dump_without_its_totals_is_not_whole(tmp_path):
    dump = tmp_path / "dump"
    dump.write_text("version: 1\nevents: Ir\n")
    assert counters.total_of(dump) is None
    dump.write_text("version: 1\nevents: Ir\nsummary: 12\ntotals: 12\n")
    assert counters.total_of(dump) == 12


GET = workloads.named("get1k-16")


def results(**by_contestant):
    r = table.Results()
    for name, values in by_contestant.items():
        for value in values:
            r.add(GET, "cpu", name, value)
    return r


def test_the_ratio_is_taken_round_by_round():
    # The machine was twice as slow in the second round, for both.
    r = results(hopaudit=[10, 20, 10], nginx=[20, 40, 40])
    to_nginx, to_best, best = table.ratios(r.values[("get1k-16", "cpu")], r.medians("get1k-16", "cpu"))
    assert (to_nginx, to_best, best) == (0.5, 0.5, "nginx")


def test_the_best_peer_is_named():
    r = results(hopaudit=[10], nginx=[20], haproxy=[8])
    row = "| GET 1 KiB, keep-alive, 16 connections | CPU µs/request | 10.0 | 20.0 | 8.00 | 0.50 | 1.25 (haproxy) |"
    assert row in table.markdown(r, ["hopaudit", "nginx", "haproxy"])


def test_a_failure_empties_the_cell_and_is_told_below():
    r = results(hopaudit=[10], nginx=[20])
    r.fail(GET, "cpu", "hopaudit", "no such file")
    text = table.markdown(r, ["hopaudit", "nginx"])
    assert "| CPU µs/request | failed | 20.0 | – | – |" in text
    assert "- hopaudit failed in get1k-16 cpu: no such file" in text
    assert r.medians("get1k-16", "cpu") == {"nginx": 20}


@pytest.mark.parametrize("value,text", [(0.123, "0.12"), (4.175, "4.17"), (20.44, "20.4"), (123.4, "123"),
                                        (10234, "10,200"), (136512, "137,000")])
def test_numbers_have_three_digits(value, text):
    assert table.number(value) == text


def test_a_group_stands_for_its_workloads():
    assert [w.name for w in workloads.select(["get1k", "idle"])] == ["get1k-16", "get1k-64", "idle"]
    assert workloads.select([]) == list(workloads.WORKLOADS)
    with pytest.raises(KeyError):
        workloads.select(["get2k"])


def test_the_time_of_a_process_is_its_own(tmp_path):
    core = processes.cores()[0]
    program = "import time\nwhile time.process_time() < 0.3: pass\ntime.sleep(60)"
    busy = processes.Process(["/usr/bin/python3", "-c", program], str(tmp_path), core)
    try:
        deadline = time.monotonic() + 20
        while busy.cpu_s() < 0.3 and time.monotonic() < deadline:
            time.sleep(0.02)
        busy.settle()
        assert 0.3 <= busy.cpu_s() < 0.6
        assert busy.tree() == [busy.pid] and busy.pss_kb() > 1000
        assert os.sched_getaffinity(busy.pid) == {core}
    finally:
        busy.stop()
    assert not busy.alive()


def test_memory_that_is_shared_with_others_by_chance_does_not_count(tmp_path):
    """A second process that maps the same program and libraries takes nothing from the first."""
    def start():
        p = processes.Process(["/usr/bin/python3", "-c", "import ssl, time\nprint('up', flush=True)\ntime.sleep(60)"],
                              str(tmp_path), processes.cores()[0])
        deadline = time.monotonic() + 20
        while "up" not in p.last_words() and time.monotonic() < deadline:
            time.sleep(0.02)
        return p

    first = start()
    try:
        alone = first.pss_kb()
        os.unlink(first.output)
        second = start()
        try:
            assert abs(first.pss_kb() - alone) < 100
        finally:
            second.stop()
    finally:
        first.stop()


def test_a_stopped_process_still_ends(tmp_path):
    sleeper = processes.Process(["/bin/sleep", "60"], str(tmp_path), processes.cores()[0])
    sleeper.pause()
    sleeper.stop()
    assert not sleeper.alive()


def test_why_a_process_does_not_start_is_told(tmp_path):
    p = processes.Process(["/bin/sh", "-c", "echo no such option >&2; exit 3"], str(tmp_path), processes.cores()[0])
    with pytest.raises(processes.StartError, match="ended with status 3: no such option"):
        p.wait_for_port(1)


def test_tls_is_asked_of_those_alone_that_open_it():
    opening = {c.name for c in contestants.peers() if c.can(workloads.named("tls"))}
    assert opening == {"squid-bump", "sslsplit", "mitmproxy"}
    assert not any(c.can(GET) for c in contestants.peers() if c.name in opening)
    assert contestants.Hopaudit("hopaudit").can(GET) and contestants.Hopaudit("hopaudit").can(workloads.named("tls"))


def test_the_origin_is_vouched_for_by_the_root_alone(identities):
    def verify(root):
        return subprocess.run(["openssl", "verify", "-CAfile", root, "-verify_hostname", "localhost",
                               identities.origin], capture_output=True, check=False).returncode == 0

    assert verify(identities.root) and not verify(identities.authority)


def test_workloads_over_tls_have_a_table_of_their_own():
    r = results(hopaudit=[10], nginx=[20])
    for name, value in (("hopaudit", 30), ("squid-bump", 90), ("sslsplit", 40)):
        r.add(workloads.named("tls"), "cpu", name, value)
    text = table.markdown(r, ["hopaudit", "squid-bump", "sslsplit"], table.SECURE_REFERENCE, {"tls"})
    assert "| 30.0 | 90.0 | 40.0 | 0.33 | 0.75 (sslsplit) |" in text and "nginx" not in text
    assert "sslsplit" not in table.markdown(r, ["hopaudit", "nginx"], only={"get1k-16"})
