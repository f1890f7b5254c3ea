# SPDX-License-Identifier: MIT
"""GET /metrics: every count is what the traffic was, and Prometheus' own checker finds nothing to say."""
import re
import shutil
import subprocess

import pytest

from lib.control import metrics
from lib.log import REPOSITORY
from lib.message import redirect, request, response
from lib.raw_client import RawClient

pytest_plugins = ("lib.relay_fixtures",)


@pytest.fixture
def relay(start_with_dashboard, origin, connect):
    """A proxy, its Control, and a function that asks the origin through it by one connection."""
    proxy, control = start_with_dashboard()
    client = connect(proxy)

    def ask(method, path, body=None):
        return client.exchange(request(method, origin.url + path, body=body, host=origin.authority))

    return proxy, control, ask


def test_redirects_findings_and_outcomes_are_counted(relay, origin):
    proxy, control, ask = relay
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/v2/pay", response(200))
    ask("POST", "/pay", b"amount=12")
    ask("GET", "/v2/pay")
    ask("GET", "/none")
    proxy.wait_for_event("chain.finished")
    seen = metrics(control.get("/metrics").text)
    assert seen["hopaudit_exchanges_total"] == 3
    assert seen['hopaudit_redirects_total{status="307"}'] == 1
    assert seen['hopaudit_redirects_total{status="308"}'] == 0
    assert seen['hopaudit_outcomes_total{outcome="followed"}'] == 1
    assert seen["hopaudit_expectations_open"] == 0
    assert seen['hopaudit_findings_total{severity="error"}'] == 1
    assert seen['hopaudit_rule_findings_total{rule="method-not-preserved",severity="error"}'] == 1
    assert seen['hopaudit_matches_total{confidence="high"}'] == 1
    assert seen['hopaudit_chains_total{outcome="completed"}'] == 1
    assert seen['hopaudit_chain_verdicts_total{verdict="error"}'] == 1
    assert seen['hopaudit_chain_hops_bucket{le="1"}'] == seen["hopaudit_chain_hops_count"] == 1
    assert seen["hopaudit_hop_latency_seconds_count"] == 1
    assert seen['hopaudit_responses_total{class="3xx"}'] == 1
    assert seen['hopaudit_responses_total{class="2xx"}'] == 1
    assert seen['hopaudit_responses_total{class="4xx"}'] == 1


def test_connections_and_the_pool_are_counted(relay, origin):
    _, control, ask = relay
    origin.on("/", response(200))
    for _ in range(5):
        ask("GET", "/")
    seen = metrics(control.get("/metrics").text)
    assert seen["hopaudit_client_connections_total"] == seen["hopaudit_client_connections"] == 1
    assert seen["hopaudit_upstream_opened_total"] == 1
    assert seen["hopaudit_upstream_reused_total"] == 4
    assert seen["hopaudit_upstream_connections"] == seen["hopaudit_upstream_idle_connections"] == 1
    assert seen["hopaudit_proxy_overhead_seconds_count"] == 5
    assert seen["hopaudit_proxy_overhead_seconds_sum"] < 5


def test_what_the_log_holds_is_what_the_recorder_counts(relay, origin):
    proxy, control, ask = relay
    origin.on("/a", redirect(302, "/b"))
    origin.on("/b", response(200))
    for path in ("/a", "/b"):
        ask("GET", path)
    proxy.wait_for_event("chain.finished")
    seen = metrics(control.get("/metrics").text)
    assert seen["hopaudit_recorder_events_total"] == len(proxy.log.path.read_text().splitlines())
    assert seen["hopaudit_recorder_lost_total"] == 0
    assert seen["hopaudit_recorder_queue_bytes_max"] > 1 << 20


def test_requests_that_fail_are_counted_by_their_cause(relay, start_origin):
    proxy, control, _ = relay
    gone = start_origin()
    gone.stop()
    with RawClient(proxy.address) as client:
        assert client.exchange(request("GET", gone.url + "/", host=gone.authority)).status == 502
    seen = metrics(control.get("/metrics").text)
    assert seen['hopaudit_proxy_errors_total{error="connection_refused"}'] == 1
    assert seen['hopaudit_responses_total{class="5xx"}'] == 1


def test_the_process_is_told_of_by_the_usual_names(relay):
    _, control, _ = relay
    seen = metrics(control.get("/metrics").text)
    assert 1 << 20 < seen["process_resident_memory_bytes"] <= seen["process_virtual_memory_bytes"]
    assert 3 < seen["process_open_fds"] < seen["process_max_fds"]
    assert seen["process_start_time_seconds"] > 1.7e9
    assert seen["process_cpu_seconds_total"] > 0


def test_each_sample_has_help_and_type_before_it_and_stands_once(relay):
    _, control, _ = relay
    answer = control.get("/metrics")
    assert answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    types, seen = {}, set()
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("#"):
            sample = line.rsplit(" ", 1)[0]
            assert sample not in seen
            seen.add(sample)
            name = sample.partition("{")[0]
            base = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            assert name in types or types[base] == "histogram", name
            assert (types.get(name) == "counter") == name.endswith("_total"), name


@pytest.mark.all
@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool (package prometheus)")
def test_promtool_finds_nothing_to_say(relay, origin):
    proxy, control, ask = relay
    origin.on("/pay", redirect(307, "/v2/pay"))
    ask("POST", "/pay", b"amount=12")
    ask("GET", "/v2/pay")
    proxy.wait_for_event("chain.finished")
    told = subprocess.run(
        ["promtool", "check", "metrics"], input=control.get("/metrics").text, capture_output=True, text=True, timeout=30
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@pytest.mark.all
@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool (package prometheus)")
def test_the_alert_rules_are_good_and_ask_for_metrics_that_there_are(relay):
    _, control, _ = relay
    rules = REPOSITORY / "scripts/packaging/hopaudit.rules.yml"
    told = subprocess.run(["promtool", "check", "rules", str(rules)], capture_output=True, text=True, timeout=30)
    assert told.returncode == 0, told.stdout + told.stderr
    there = {sample.partition("{")[0] for sample in metrics(control.get("/metrics").text)}
    there |= {"hopaudit_proxy_errors_total"}  # has no series before the first error
    asked = set(re.findall(r"\bhopaudit_[a-z_]+", "\n".join(
        line for line in rules.read_text().splitlines() if "expr:" in line or line.startswith("          ")
    )))
    assert asked and asked <= there | {"hopaudit_rule_findings_total"}, asked - there
