# SPDX-License-Identifier: MIT
"""The API: what it tells of chains, what tests ask by their tag, events, the ready file; and that openapi.json tells the truth
about all of it."""
import json
import os
import re
import socket
import subprocess
import threading
import urllib.parse

import jsonschema
import pytest

from lib.control import Control
from lib.hopaudit import binary, environment
from lib.log import REPOSITORY
from lib.message import redirect, request, response
from lib.openapi import PATH, CheckedControl, OpenApi
from lib.raw_client import RawClient, proxy_authorization

pytest_plugins = ("lib.relay_fixtures",)


@pytest.fixture(scope="module")
def api():
    return OpenApi()


@pytest.fixture
def site(origin):
    """/pay leads to /v2/pay by 307, /a to /b by 302, /old to /new by 308."""
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/a", redirect(302, "/b"))
    origin.on("/old", redirect(308, "/new"))
    for path in ("/v2/pay", "/b", "/new"):
        origin.on(path, response(200))
    return origin


@pytest.fixture
def start(start_with_dashboard, api):
    """A proxy with two workers, and its API, whose answers are held against the document."""

    def start(*options, **more):
        proxy, control = start_with_dashboard("--workers", "2", "--no-intercept", *options, **more)
        return proxy, CheckedControl(control, api)

    return start


class Client:
    """A client with a tag, by one connection."""

    def __init__(self, proxy, site, tag=None):
        self.raw = RawClient(proxy.address)
        self.site = site
        self.fields = [proxy_authorization(tag)] if tag else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.raw.close()

    def send(self, method, path, body=None):
        self.raw.send(request(method, self.site.url + path, *self.fields, body=body, host=self.site.authority))

    def ask(self, method, path, body=None):
        self.send(method, path, body)
        return self.raw.read_response(method).status

    def pay(self, method="POST"):
        """Right with POST, wrong with GET."""
        assert self.ask("POST", "/pay", b"amount=12") == 307
        assert self.ask(method, "/v2/pay", b"amount=12" if method == "POST" else None) == 200


def test_a_run_is_told_whole(start, site):
    proxy, api = start()
    with Client(proxy, site, "shop") as client:
        client.pay("GET")
        client.ask("GET", "/a")
        client.ask("GET", "/b")
    api.post("/tags/shop/finish")
    status = api.get("/api/v1/status").json
    assert (status["live"], status["chains"], status["redirects"], status["exchanges"]) == (True, 2, 2, 4)
    assert status["proxy"] == "%s:%d" % proxy.address
    assert status["import"]["offset"] == status["import"]["size"] == proxy.log.path.stat().st_size
    assert status["findings"]["error"] == 1
    chains = api.get("/api/v1/chains").json
    assert [chain["url"] for chain in chains["chains"]] == [site.url + "/a", site.url + "/pay"]
    assert chains["total"] == 2
    wrong = chains["chains"][1]
    assert (wrong["verdict"], wrong["statuses"], wrong["tag"]) == ("error", [307], "shop")
    whole = api.get(f"/api/v1/chains/{wrong['id']}").json
    assert whole["hop_list"][0]["verdicts"]["method"] == "fail"
    assert whole["hop_list"][0]["follow"]["method"] == "GET"
    assert whole["finding_list"][0]["rule"] == "method-not-preserved"
    findings = api.get("/api/v1/findings?filter=severity%3Derror").json
    assert findings["total"] == 1 and findings["findings"][0]["chain"] == wrong["id"]
    facets = api.get("/api/v1/facets").json
    assert {each["value"]: each["count"] for each in facets["status"]} == {"307": 1, "302": 1}
    assert facets["tag"] == [{"value": "shop", "count": 2}]
    assert [run["run"] for run in api.get("/api/v1/runs").json["runs"]] == [status["run"]]


def test_pages_and_orders_of_chains(start, site):
    proxy, api = start()
    with Client(proxy, site, "shop") as client:
        for _ in range(5):
            client.ask("GET", "/a")
            client.ask("GET", "/b")
        client.pay("GET")
    api.post("/tags/shop/finish")
    ids = [chain["id"] for chain in api.get("/api/v1/chains?order=oldest").json["chains"]]
    assert ids == sorted(ids) and len(ids) == 6
    pages = [api.get(f"/api/v1/chains?order=oldest&offset={at}&limit=2").json for at in (0, 2, 4, 6)]
    assert [chain["id"] for page in pages for chain in page["chains"]] == ids
    assert {page["total"] for page in pages} == {6}
    assert api.get("/api/v1/chains?order=worst&limit=1").json["chains"][0]["verdict"] == "error"
    assert api.get("/api/v1/chains?limit=0").json["chains"] == []


@pytest.mark.parametrize(
    "text, column",
    [("statu=307", 1), ("status=307 and", 15), ("status=307 status=308", 12), ("(status=307", 1), ("url~\u00fc and x=1", 11)],
)
def test_a_wrong_filter_is_told_with_its_column(start, text, column):
    _, api = start()
    for place in ("chains", "facets", "findings"):
        answer = api.get(f"/api/v1/{place}?filter={urllib.parse.quote(text)}")
        assert (answer.status, answer.json["column"], answer.json["parameter"]) == (400, column, "filter"), answer.text


@pytest.mark.parametrize(
    "query, name",
    [
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("offset=x", "offset"),
        ("order=best", "order"),
        ("filter=%ff", "filter"),
        ("filter=%zz", "filter"),
        ("filter=" + "x" * 5000, "filter"),
    ],
)
def test_a_wrong_parameter_is_told_by_its_name(start, query, name):
    _, api = start()
    answer = api.get(f"/api/v1/chains?{query}")
    assert answer.status == 400 and answer.json["detail"].startswith(name + ":")


def test_what_is_not_there_is_a_404(start):
    _, api = start()
    for place in ("chains/1", "chains/999999999999", "chains/x", "rules/no-such-rule"):
        assert api.get(f"/api/v1/{place}").status == 404


def test_rules_are_explained(start):
    _, api = start()
    rules = {rule["id"]: rule for rule in api.get("/api/v1/rules").json["rules"]}
    assert len(rules) > 100 and rules["method-not-preserved"]["severity"] == "error"
    assert "RFC 9110" in api.get("/api/v1/rules/method-not-preserved").json["source"]


def test_health_and_the_document_itself(start, api):
    _, control = start()
    assert control.get("/healthz").text == "ok\n"
    assert control.get("/readyz").text == "ready\n"
    control.get("/metrics")
    assert control.get("/api/v1/openapi.json").json == api.document


def test_tests_side_by_side_have_verdicts_of_their_own(start, site):
    """Eight at once on one proxy, half of them wrong, each several times; each asks as soon as it is done."""
    proxy, api = start()
    problems = []

    def one(number):
        tag = f"test {number}/{'wrong' if number % 2 else 'right'}"
        place = f"/tags/{urllib.parse.quote(tag, safe='')}"
        try:
            for round_number in range(3):
                with Client(proxy, site, tag) as client:
                    client.pay("GET" if number % 2 else "POST")
                verdict = (api.post(f"{place}/finish") if number % 2 else api.get(f"{place}/wait-idle")).json
                assert (verdict["tag"], verdict["chains"], verdict["open"]) == (tag, 1, 0), verdict
                assert (verdict["findings"]["error"] > 0) == bool(number % 2), verdict
                assert verdict == api.get(f"{place}/verdict").json
                assert api.post(f"{place}/reset").json["forgotten"] == 1
                assert api.get(f"{place}/verdict").json["chains"] == 0
        except Exception as problem:  # of a thread: told by the test
            problems.append(f"{tag}: {problem!r}")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    tags = api.get("/api/v1/tags").json["tags"]
    assert len(tags) == 8 and {tag["chains"] for tag in tags} == {3}


def test_waiting_for_idle_waits_for_an_answer_under_way(start, site):
    proxy, api = start()
    reached, go = threading.Event(), threading.Event()

    def slow(_):
        reached.set()
        assert go.wait(20)
        return redirect(302, "/b")

    site.on("/slow", slow)
    with Client(proxy, site, "t") as client:
        client.send("GET", "/slow")
        assert reached.wait(20)
        late = api.get("/tags/t/wait-idle?timeout=50ms")
        assert (late.status, late.json["open_exchanges"], late.json["open_chains"]) == (504, 1, 0)
        assert api.get("/tags/other/wait-idle?timeout=10s").json["chains"] == 0
        go.set()
        assert client.raw.read_response().status == 302
        late = api.get("/tags/t/wait-idle?timeout=50ms")
        assert (late.status, late.json["open_exchanges"], late.json["open_chains"]) == (504, 0, 1)
        assert client.ask("GET", "/b") == 200
        assert api.get("/tags/t/wait-idle").json["verdict"] in ("ok", "info")


def test_who_waits_is_answered_when_it_is_over(start, site):
    proxy, api = start()
    told = []
    with Client(proxy, site, "t") as client:
        assert client.ask("GET", "/a") == 302
        waiting = [
            threading.Thread(target=lambda: told.append(api.get("/tags/t/wait-idle?timeout=20s").status)) for _ in range(5)
        ]
        for thread in waiting:
            thread.start()
        assert client.ask("GET", "/b") == 200
        for thread in waiting:
            thread.join()
    assert told == [200] * 5


def test_a_waiter_that_leaves_is_forgotten(start, site):
    proxy, api = start()
    with Client(proxy, site, "t") as client:
        assert client.ask("GET", "/a") == 302
        for _ in range(3):
            with RawClient(api.control.address) as waiter:
                waiter.send(b"GET /tags/t/wait-idle?timeout=60s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert api.get("/tags/t/verdict").status == 200
        assert client.ask("GET", "/b") == 200
    proxy.stop()


def test_a_client_that_is_done_need_not_be_waited_for(start, site):
    """It did not follow, and will not: without that the window would have to pass."""
    proxy, api = start("--window", "10m")
    with Client(proxy, site, "t") as client:
        assert client.ask("GET", "/a") == 302
        assert api.get("/tags/t/wait-idle?timeout=10ms").status == 504
        verdict = api.post("/tags/t/finish").json
        assert (verdict["open"], verdict["chains"]) == (0, 1)
        chain = api.get("/api/v1/chains").json["chains"][0]
        assert (chain["outcome"], chain["tag"]) == ("not_followed", "t")
        assert api.post("/tags/never-seen/finish").json["chains"] == 0


@pytest.mark.parametrize(
    "expectation, why",
    [
        ({"from": "/old", "to": "/new", "max_hops": 1, "status": 308}, None),
        ({"from": "/old", "to": "*/new", "min_hops": 1, "final_status": 200, "count": 1}, None),
        ({"from": "{url}/old", "to": "{url}/new", "outcome": "completed", "method": "GET"}, None),
        ({"status": [307, 308], "verdict": "info"}, None),
        ({"from": "/nowhere", "count": 0}, None),
        ({}, None),
        ({"from": "/old", "to": "/b"}, "leads to {url}/new, not to /b"),
        ({"from": "/old", "max_hops": 0}, "has 1 hops, more than 0"),
        ({"min_hops": 2}, "has 1 hops, less than 2"),
        ({"from": "/old", "status": 307}, "hop 1 is a 308"),
        ({"method": "POST"}, "does not begin with POST"),
        ({"final_status": 404}, "ended with status 200, not 404"),
        ({"outcome": "loop"}, "ended as completed, not as loop"),
        ({"count": 2}, "1 chain from anywhere, not 2"),
        ({"from": "/nowhere"}, "0 chains from /nowhere, not at least 1"),
    ],
)
def test_expectations(start, site, expectation, why):
    proxy, api = start()
    with Client(proxy, site, "t") as client:
        client.ask("GET", "/old")
        client.ask("GET", "/new")
        fill = lambda text: text.replace("{url}", site.url)  # noqa: E731
        answer = api.post("/tags/t/expect", {k: fill(v) if isinstance(v, str) else v for k, v in expectation.items()})
    assert answer.json["met"] == (why is None), answer.text
    assert answer.status == (200 if why is None else 409)
    if why:
        assert [one for one in answer.json["why"] if one.endswith(fill(why))], answer.json["why"]


def test_an_expectation_waits_and_tells_what_is_still_open(start, site):
    proxy, api = start()
    with Client(proxy, site, "t") as client:
        client.ask("GET", "/a")
        answer = api.post("/tags/t/expect?timeout=50ms", {"from": "/a"})
        assert (answer.status, answer.json["why"]) == (409, ["0 exchanges and 1 chains are still open"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"cunt":1}', b'{"count":-1}', b'{"status":200}', b'{"status":[]}',
                                  b'{"from":7}', b'{"verdict":"good"}', b'{"from":"a","from":"b"}'])
def test_what_is_no_expectation_is_told(start, body):
    _, api = start()
    answer = api.post("/tags/t/expect", body, Content_Type="application/json")
    assert answer.status == 400 and answer.json["detail"]


def test_a_timeout_that_is_none_is_told(start):
    _, api = start()
    for text in ("soon", "6m", "-1", "5h", ""):
        assert api.get(f"/tags/t/wait-idle?timeout={text}").json["detail"].startswith("timeout:")


def test_events_tell_of_a_new_chain(start, site):
    proxy, api = start()
    with socket.create_connection(api.control.address, 30) as stream, Client(proxy, site, "t") as client:
        stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n")
        lines = stream.makefile("rb")

        def next_block():
            return dict(line.decode().strip().split(": ", 1) for line in iter(lines.readline, b"\n") if b": " in line)

        assert lines.readline() == b"HTTP/1.1 200 OK\r\n"
        head = {name: value for name, value in (line.split(b": ", 1) for line in iter(lines.readline, b"\r\n"))}
        assert head[b"Content-Type"] == b"text/event-stream\r\n"

        def next_event():
            while "data" not in (block := next_block()):
                pass
            return block

        first = next_event()
        assert first["event"] == "chains" and json.loads(first["data"])["chains"] == 0
        client.ask("GET", "/a")
        client.ask("GET", "/b")
        while json.loads((event := next_event())["data"])["chains"] == 0:
            pass
        assert int(event["id"]) > int(first["id"])
        assert api.get("/api/v1/chains").json["total"] == 1


def test_more_streams_than_are_served_are_told_so(start):
    _, api = start()
    streams = [RawClient(api.control.address) for _ in range(24)]
    try:
        for each in streams:
            each.send(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert each.reader.read_head().start_line.endswith(b"200 OK")
        assert "streams" in api.get("/api/v1/events").json["detail"]
    finally:
        for each in streams:
            each.close()


def test_without_a_log_there_is_health_and_metrics_but_no_chains(tmp_path, api):
    """The dashboard is the usual one then: nobody asked for it."""
    ready = tmp_path / "ready.json"
    variables = environment(tmp_path)
    del variables["HOPAUDIT_DASHBOARD"]
    process = subprocess.Popen(
        [binary(), "proxy", "--listen", "127.0.0.1:0", "--log", "-", "--ready-file", str(ready)],
        stderr=subprocess.PIPE, text=True, env=variables, cwd=tmp_path,
    )
    try:
        while "dashboard" not in (line := process.stderr.readline()):
            assert line
        if "no dashboard: 127.0.0.1:8308 is in use" in line:
            assert json.loads(ready.read_text())["dashboard"] is None
            return
        control = CheckedControl(Control.of(ready), api)
        assert control.get("/healthz").status == 200
        for place in ("chains", "facets", "findings", "tags", "runs", "events", "tags/t/verdict", "tags/t/wait-idle"):
            assert "--log -" in control.get(f"/api/v1/{place}").json["detail"]
        assert control.get("/api/v1/status").json["exchanges"] == 0
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()
    assert not ready.exists()


def test_the_ready_file_says_where_everything_is(start_with_dashboard):
    proxy, control = start_with_dashboard()
    ready = proxy.folder / "ready.json"
    facts = json.loads(ready.read_text())
    assert facts["proxy"] == "%s:%d" % proxy.address
    assert facts["pid"] == proxy.process.pid
    assert facts["log"] == str(proxy.log.path)
    assert facts["token"] is None
    assert facts["run"] == control.get("/api/v1/status").json["run"]
    assert ready.stat().st_mode & 0o777 == 0o600
    assert os.listdir(proxy.folder).count("ready.json") == 1
    assert [name for name in os.listdir(proxy.folder) if name.startswith("ready.json.")] == []
    proxy.stop()
    assert not ready.exists()


def test_the_command_of_run_can_ask_what_was_found(run, site):
    """It is told where by HOPAUDIT_API."""
    script = (
        "curl -s -o /dev/null -d a=1 $URL/pay --next -s -o /dev/null $URL/v2/pay;"
        "curl -s -X POST $HOPAUDIT_API/tags/shop/finish --noproxy '*' -H 'Content-Type: application/json'"
    )
    done = run(
        ["sh", "-c", "export http_proxy=http://shop:@${http_proxy#http://}; " + script],
        "--dashboard", "127.0.0.1:0", variables={"URL": site.url},
    )
    verdict = json.loads(done.stdout)
    assert (verdict["tag"], verdict["verdict"], verdict["chains"]) == ("shop", "error", 1)
    done.expect(3)
    assert "HOPAUDIT_API" not in run(["env"]).stdout


def test_review_shows_a_saved_log_with_the_same_chains(start, site, tmp_path, api):
    proxy, live = start()
    with Client(proxy, site, "shop") as client:
        client.pay("GET")
    live.post("/tags/shop/finish")
    chains = live.get("/api/v1/chains").json
    proxy.stop()
    ready = tmp_path / "review.json"
    process = subprocess.Popen(
        [binary(), "review", "--dashboard", "127.0.0.1:0", "--ready-file", str(ready), str(proxy.log.path)],
        stderr=subprocess.PIPE, text=True, env=environment(tmp_path), cwd=tmp_path,
    )
    try:
        assert re.search(r" at http://127\.0\.0\.1:\d+ \(Ctrl-C ends\)", process.stderr.readline())
        saved = CheckedControl(Control.of(ready), api)
        verdict = saved.get("/tags/shop/wait-idle").json
        assert (verdict["verdict"], verdict["chains"], verdict["open"]) == ("error", 1, 0)
        assert saved.get("/api/v1/chains").json == chains
        status = saved.get("/api/v1/status").json
        assert status["live"] is False and "proxy" not in status and status["exchanges"] == 2
    finally:
        process.terminate()
        assert process.wait(30) == 0
        process.stderr.close()
    assert not ready.exists()


@pytest.mark.parametrize("log, why", [("none.jsonl", "No such file"), (".", "not a regular file")])
def test_review_says_why_it_shows_nothing(hopaudit, log, why):
    told = hopaudit("review", log)
    assert told.returncode == 125 and why in told.stderr


def test_a_store_that_is_kept_is_not_made_anew(start, site, tmp_path):
    proxy, api = start("--store", str(tmp_path / "store.db"))
    with Client(proxy, site, "shop") as client:
        client.pay()
    api.get("/tags/shop/wait-idle")
    before = api.get("/api/v1/chains").json["chains"]
    proxy.stop()
    _, again = start("--store", str(tmp_path / "store.db"))
    assert again.get("/api/v1/chains").json["chains"] == before


def test_the_document_is_good_json_schema(api):
    for name, schema in api.document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        text = json.dumps(schema)
        for other in re.findall(r"#/components/schemas/(\w+)", text):
            assert other in api.document["components"]["schemas"], f"{name} asks for {other}"


@pytest.mark.all
def test_an_independent_validator_accepts_the_document(tmp_path):
    """The one that tests/browser/package.json names, as scripts/test --all installs it."""
    modules = REPOSITORY / "build/node/node_modules"
    if not (modules / "@seriousme/openapi-schema-validator").is_dir():
        pytest.skip("needs @seriousme/openapi-schema-validator in build/node")
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "check.mjs").write_text(
        'import { Validator } from "@seriousme/openapi-schema-validator";\n'
        "const told = await new Validator().validate(process.argv[2]);\n"
        "console.log(JSON.stringify(told.errors ?? []));\n"
        "process.exit(told.valid ? 0 : 1);\n"
    )
    told = subprocess.run(["node", "check.mjs", str(PATH)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stdout) == (0, "[]\n"), told.stdout + told.stderr


def test_every_place_of_the_server_is_in_the_document(api):
    table = (REPOSITORY / "proxy/control/routes.c").read_text()
    routes = dict(re.findall(r'\{"(/[^"]*)", (GET|POST), ', table))
    documented = {path: next(iter(item)).upper() for path, item in api.document["paths"].items()}
    page = {"/", "/assets/{name}"}
    short = {path for path in routes if path == "/tags" or path.startswith("/tags/")}
    assert {path: method for path, method in routes.items() if path not in page | short} == documented
    assert {"/api/v1" + path for path in short} <= set(documented)
