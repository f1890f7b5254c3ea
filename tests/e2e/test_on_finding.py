# SPDX-License-Identifier: MIT
"""--on-finding: a command for each finding, which neither the relay nor the end of a run waits for without bound."""
import json
import signal
import time

import pytest

from lib.message import redirect, request, response
from lib.raw_client import RawClient

pytest_plugins = ("lib.relay_fixtures",)

RECORD = "cat >> found.jsonl; env | grep ^HOPAUDIT_ | sort >> variables"


@pytest.fixture
def site(origin):
    for path in ["/pay"] + [f"/pay{n}" for n in range(100)]:
        origin.on(path, redirect(307, "/v2" + path))
        origin.on("/v2" + path, response(200))
    return origin


@pytest.fixture
def pay(site):
    """pay(proxy, path): a payment that is lost: GET where POST was asked for again."""

    def pay(proxy, *paths):
        with RawClient(proxy.address) as client:
            for path in paths:
                lost = "/v2" + path.partition("?")[0]
                for method, target, body in (("POST", path, b"amount=12"), ("GET", lost, None)):
                    client.exchange(request(method, site.url + target, body=body, host=site.authority))

    return pay


def found(proxy):
    path = proxy.folder / "found.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_command_reads_the_finding_while_the_proxy_runs(start_proxy, pay):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--on-finding", RECORD)
    pay(proxy, "/pay?api_key=sk_live_4eC39HqLyjWDarjtT1zdp7dc")
    wait_until(lambda: found(proxy))
    assert proxy.running
    [finding] = found(proxy)
    assert (finding["type"], finding["rule"], finding["severity"]) == ("finding", "method-not-preserved", "error")
    assert finding["count"] == 1 and "prev" not in finding
    proxy.stop()
    told = dict(line.split("=", 1) for line in (proxy.folder / "variables").read_text().splitlines())
    assert told["HOPAUDIT_RULE"] == "method-not-preserved"
    assert told["HOPAUDIT_SEVERITY"] == "error"
    assert told["HOPAUDIT_METHOD"] == "POST"
    assert told["HOPAUDIT_URL"] == finding["url"]
    assert told["HOPAUDIT_MESSAGE"] == finding["message"]
    assert told["HOPAUDIT_COUNT"] == "1"
    assert "sk_live" not in (proxy.folder / "variables").read_text() + (proxy.folder / "found.jsonl").read_text()


def test_only_findings_that_are_bad_enough_count(start_proxy, site, connect):
    """A payment that is sent twice without a key is a note."""
    for fail_on, status in (("error", 0), ("info", 3)):
        proxy = start_proxy("--no-intercept", "--fail-on", fail_on, "--on-finding", RECORD)
        client = connect(proxy)
        for path in ("/pay", "/v2/pay"):
            client.exchange(request("POST", site.url + path, body=b"amount=1", host=site.authority))
        log = proxy.stop(status)
        assert len(log.events("finding")) == 1
        assert [each["severity"] for each in found(proxy)] == (["info"] if status else [])


def test_all_findings_of_a_run_are_told_before_it_ends(run, site, tmp_path):
    client = ["curl", "-s", "-d", "a=1", site.url + "/pay", "--next", "-s", site.url + "/v2/pay"]
    done = run(client, "--on-finding", "cat > here.json")
    done.expect(3)
    assert json.loads((tmp_path / "here.json").read_text())["rule"] == "method-not-preserved"


def test_without_a_log_it_works_all_the_same(start_proxy, pay, tmp_path):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--log", "-", "--on-finding", RECORD, log="-")
    pay(proxy, "/pay")
    wait_until(lambda: found(proxy))
    proxy.process.terminate()
    proxy.wait()


def test_a_command_that_fails_is_told_once(start_proxy, pay):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--on-finding", "exit 7")
    pay(proxy, "/pay1", "/pay2", "/pay3")
    proxy.stop()
    assert proxy.stderr.count("--on-finding") == 1
    assert "hopaudit: --on-finding: the command ended with status 7 (told once)\n" in proxy.stderr


def test_a_flood_is_put_together_and_what_found_no_room_is_told(start_proxy, pay):
    """The first four block; behind them there is room for 64 that differ."""
    proxy = start_proxy(
        "--no-intercept", "--window", "200ms", "--on-finding", "cat >> found.jsonl; while [ ! -e go ]; do sleep 0.05; done"
    )
    pay(proxy, *[f"/pay{n}" for n in range(80)], *["/pay70", "/pay70", "/pay10"] * 5)
    proxy.wait_for_event("finding", 95)
    wait_until(lambda: len(found(proxy)) == 4)
    (proxy.folder / "go").touch()
    wait_until(lambda: len(found(proxy)) == 68)
    proxy.stop()
    told = found(proxy)
    assert len(told) == 68
    missing = 95 - sum(each["count"] for each in told)
    assert missing > 0
    assert f"no command was run for {missing} findings" in proxy.stderr
    assert max(each["count"] for each in told) > 1


def test_a_command_that_hangs_holds_up_the_end_for_seconds_only(start_proxy, pay):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--on-finding", "touch began; sleep 600")
    pay(proxy, "/pay")
    wait_until(lambda: (proxy.folder / "began").exists())
    began = time.monotonic()
    proxy.stop()
    assert time.monotonic() - began < 25
    assert "the command was ended by signal 9" in proxy.stderr


def test_the_relay_does_not_wait_for_commands(start_proxy, pay, origin, connect):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--on-finding", "while [ ! -e go ]; do sleep 0.05; done")
    pay(proxy, *[f"/pay{n}" for n in range(10)])
    origin.on("/plain", response(200))
    client = connect(proxy)
    began = time.monotonic()
    for _ in range(20):
        assert client.exchange(request("GET", origin.url + "/plain", host=origin.authority)).status == 200
    assert time.monotonic() - began < 10
    (proxy.folder / "go").touch()
    proxy.stop()


def test_rotation_is_followed(start_proxy, pay):
    proxy = start_proxy("--no-intercept", "--window", "200ms", "--on-finding", RECORD)
    pay(proxy, "/pay1")
    wait_until(lambda: len(found(proxy)) == 1)
    proxy.log.path.rename(proxy.folder / "old.jsonl")
    proxy.send_signal(signal.SIGHUP)
    wait_until(proxy.log.path.exists)
    pay(proxy, "/pay2")
    wait_until(lambda: len(found(proxy)) == 2)
    proxy.process.terminate()
    proxy.wait()
