# SPDX-License-Identifier: MIT
"""`--har`: what stands in a HAR of real exchanges, and what must not."""
import base64
import gzip
import json
import os
import re
import subprocess
import threading
import zlib

import pytest

from lib import drivers
from lib.har import Har, values
from lib.log import REPOSITORY
from lib.message import chunked, redirect, request, response
from lib.raw import eventually

SECRET = "HUNTER2-" + "s3cr3t" * 4


@pytest.fixture
def capture(start_proxy, tmp_path):
    """A function that starts a proxy with a HAR; its har() stops it and reads that."""

    def start(*options, **more):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.har"
        proxy = start_proxy("--har", str(path), *options, **more)

        def har(**how):
            proxy.stop(**how)
            return Har(path).check()

        proxy.har = har
        proxy.har_path = path
        return proxy

    return start


def ask(client, origin, path, *fields, method="GET", body=None):
    return client.exchange(request(method, origin.url + path, *fields, body=body, host=origin.authority))


def test_a_followed_redirect_stands_in_it_with_verdicts_and_findings(origin, run, tmp_path):
    origin.on("/old", redirect(302, "new?x=1#part"))
    origin.on("/new", response(200, "Content-Type: text/plain", body=b"here"))
    run(drivers.CURL.command("GET", f"{origin.url}/old?y=2"), "--har", "h.har").expect(0)
    har = Har(tmp_path / "h.har").check()
    old, new = har.one("/old"), har.one("/new")
    assert old["response"]["status"] == 302 and old["response"]["redirectURL"] == f"{origin.url}/new?x=1#part"
    assert old["request"]["queryString"] == [{"name": "y", "value": "2"}]
    assert old["serverIPAddress"] == "127.0.0.1"
    told = old["_hopaudit"]
    assert (told["exchange"], told["redirect"], told["chain"], told["hop"]) == (1, 1, 1, 1)
    assert told["judged"] and told["outcome"] == "followed" and told["followedBy"] == 2
    assert told["verdicts"]["method"] == "pass" and told["chainOutcome"] == "completed"
    assert new["_hopaudit"]["follows"] == 1 and new["_hopaudit"]["judged"]
    assert new["response"]["content"] == {
        "size": 4,
        "mimeType": "text/plain",
        "comment": "not shown: --capture bodies writes contents",
    }
    assert new["response"]["bodySize"] == 4 and new["response"]["headersSize"] > 40


def test_a_lost_body_is_a_finding_of_its_entry(origin, capture, connect):
    proxy = capture()
    origin.on("/pay", redirect(307, "/v2"))
    origin.on("/v2", response(200))
    client = connect(proxy)
    ask(client, origin, "/pay", method="POST", body=b"a=1")
    ask(client, origin, "/v2")
    pay = proxy.har().one("/pay")
    assert "method-not-preserved" in [finding["rule"] for finding in pay["_hopaudit"]["findings"]]
    assert pay["_hopaudit"]["chainVerdict"] == "error"


def test_every_exchange_has_an_entry_not_only_hops(origin, capture, connect):
    proxy = capture()
    client = connect(proxy)
    for number in range(20):
        origin.on(f"/{number}", response(200 + number % 2 * 204))
        ask(client, origin, f"/{number}")
    har = proxy.har()
    assert [har.one(f"/{number}")["response"]["status"] for number in range(20)] == [200, 404] * 10
    first, last = har.one("/0"), har.one("/19")
    assert first["timings"]["connect"] >= 0 and last["timings"]["connect"] == -1
    assert first["connection"] == last["connection"]
    assert all("chain" not in entry["_hopaudit"] for entry in har.entries)


def test_bodies_are_written_on_request_and_secrets_in_them_are_not(origin, capture, connect):
    proxy = capture("--capture", "bodies")
    form = f"amount=12&password={SECRET}&next=/in".encode()
    document = json.dumps({"user": "a", "access_token": SECRET, "list": [1, {"client_secret": [SECRET, 7]}], "n": 1.5})
    multipart = (
        b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + SECRET.encode() + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nplain\r\n--b--\r\n'
    )
    origin.on(
        "/form",
        response(
            200,
            "Content-Type: application/json; charset=utf-8",
            f"Set-Cookie: sid={SECRET}; Path=/; HttpOnly; Secure; SameSite=Lax; Expires=Sun, 06 Nov 2044 08:49:37 GMT",
            body=document.encode(),
        ),
    )
    origin.on("/parts", response(200, "Content-Type: text/html", body=f"<p>é <a href='/x?token={SECRET}'>x</a>".encode()))
    client = connect(proxy)
    ask(
        client,
        origin,
        f"/form?api_key={SECRET}&q=1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Cookie: sid={SECRET}; theme={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"Referer: http://u:{SECRET}@a/?token={SECRET}",
        method="POST",
        body=form,
    )
    ask(client, origin, "/parts", "Content-Type: multipart/form-data; boundary=b", method="POST", body=multipart)
    har = proxy.har()
    assert SECRET not in har.text and base64.b64encode(SECRET.encode())[:20].decode() not in har.text
    entry = har.one("/form")
    sent = entry["request"]["postData"]["text"]
    hidden = re.fullmatch(r"amount=12&password=(~[0-9a-f]{16})&next=/in", sent).group(1)
    got = json.loads(entry["response"]["content"]["text"])
    assert got == {"user": "a", "access_token": hidden, "list": [1, {"client_secret": [hidden, got["list"][1]["client_secret"][1]]}], "n": 1.5}
    assert got["list"][1]["client_secret"][1].startswith("~")
    (cookie,) = entry["response"]["cookies"]
    assert cookie == {
        "name": "sid",
        "value": hidden,
        "path": "/",
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
        "expires": "2044-11-06T08:49:37.000000Z",
    }
    assert [pair["name"] for pair in entry["request"]["cookies"]] == ["sid", "theme"]
    assert entry["request"]["queryString"] == [{"name": "api_key", "value": hidden}, {"name": "q", "value": "1"}]
    assert values(entry["request"]["headers"], "authorization") == [f"Bearer {hidden}"]
    parts = har.one("/parts")
    assert hidden in parts["request"]["postData"]["text"] and "plain" in parts["request"]["postData"]["text"]
    assert "é" in parts["response"]["content"]["text"]


def test_codings_are_undone_before_secrets_are_looked_for(origin, capture, connect):
    proxy = capture("--capture", "bodies")
    document = json.dumps({"token": SECRET, "kept": "x" * 5000}).encode()
    coded = {"gzip": gzip.compress(document), "deflate": zlib.compress(document), "snappy": document}
    client = connect(proxy)
    for coding, body in coded.items():
        fields = ("Content-Type: application/json", f"Content-Encoding: {coding}")
        origin.on(f"/{coding}", response(200, *fields, body=body.decode("latin-1").encode("latin-1")))
        ask(client, origin, f"/{coding}")
    har = proxy.har()
    assert SECRET not in har.text
    for coding in ("gzip", "deflate"):
        content = har.one(f"/{coding}")["response"]["content"]
        assert json.loads(content["text"])["kept"] == "x" * 5000
        assert content["size"] == len(document) and content["compression"] == len(document) - len(coded[coding])
    unknown = har.one("/snappy")["response"]["content"]
    assert "text" not in unknown and "can't be undone" in unknown["comment"]


def test_large_and_binary_bodies_are_whole_up_to_the_limit(origin, capture, connect):
    proxy = capture("--capture", "bodies", "--limit-capture", "300K")
    whole, long = os.urandom(300 * 1024), os.urandom(2_000_000)
    origin.on("/whole", response(200, "Content-Type: image/png", body=whole))
    origin.on("/chunked", response(200, "Transfer-Encoding: chunked", length=False) + chunked(whole, 50_000))
    origin.on("/long", response(200, body=long))
    client = connect(proxy)
    assert ask(client, origin, "/whole").body == whole
    assert ask(client, origin, "/chunked").body == whole
    assert ask(client, origin, "/long", method="POST", body=long).body == long
    har = proxy.har()
    for path in ("/whole", "/chunked"):
        content = har.one(path)["response"]["content"]
        assert content["encoding"] == "base64" and base64.b64decode(content["text"]) == whole
        assert "comment" not in content
    entry = har.one("/long")
    assert base64.b64decode(entry["response"]["content"]["text"]) == long[: 300 * 1024]
    assert "the first 307200 of 2000000 bytes" in entry["response"]["content"]["comment"]
    assert entry["response"]["content"]["size"] == entry["response"]["bodySize"] == len(long)
    post = entry["request"]["postData"]
    assert post["_encoding"] == "base64" and base64.b64decode(post["text"]) == long[: 300 * 1024]


def test_what_failed_stands_in_it_as_browsers_say_it(origin, capture, connect, start_origin):
    proxy = capture()
    gone = start_origin()
    gone.stop()
    refused = connect(proxy).exchange(request("GET", gone.url + "/x", host=gone.authority))
    assert refused.status == 502
    bad = connect(proxy).exchange(b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert bad.status == 400

    def cut(conversation):
        conversation.read_body()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        conversation.close()

    origin.on_head("/cut", cut)
    ended = threading.Event()
    origin.on_head("/never", lambda conversation: conversation.wait_for(ended))
    client = connect(proxy)
    client.send(request("GET", origin.url + "/cut", host=origin.authority))
    impatient = connect(proxy)
    impatient.send(request("GET", origin.url + "/never", host=origin.authority))
    origin.wait_until(lambda seen: any(one.path == "/never" for one in seen._requests), "/never")
    impatient.reset()
    proxy.wait_for_event("proxy.error", 3)
    origin.wait_until(lambda seen: seen.connections_open == 1, "the end of the connection for /never")
    ended.set()
    har = proxy.har()
    assert har.one("/x")["response"]["status"] == 502
    assert har.one("/x")["response"]["_error"].startswith("connection_refused: ")
    cut_short = har.one("/cut")["response"]
    assert cut_short["status"] == 200 and cut_short["_error"].startswith("http_response_incomplete")
    never = har.one("/never")["response"]
    assert never["status"] == 0 and never["_error"].startswith("aborted") and never["headers"] == []
    (rejected,) = [entry for entry in har.entries if entry["response"]["status"] == 400]
    assert rejected["response"]["_error"].startswith("http_request_error")


def test_a_tunnel_that_nobody_looks_into_has_an_entry(origin, capture, connect):
    proxy = capture("--no-intercept")
    client = connect(proxy)
    assert client.exchange(request("CONNECT", origin.authority, host=origin.authority)).status == 200
    client.send(b"\x16\x03\x01 no hello")
    proxy.wait_for_event("tls.passed_through")
    other = connect(proxy)
    assert other.exchange(request("CONNECT", origin.authority, host=origin.authority)).status == 200
    other.send(b"\x00 no protocol that we know")
    proxy.wait_for_event("tunnel")
    client.close()
    other.close()
    passed, opaque = proxy.har().entries
    assert opaque["request"]["method"] == "CONNECT" and opaque["request"]["url"] == f"http://{origin.authority}/"
    assert opaque["_hopaudit"]["tunnel"] == "opaque"
    assert passed["_hopaudit"] == {"tunnel": "passed through", "reason": "--no-intercept"}


def test_a_har_is_begun_anew_and_what_is_none_is_left_alone(origin, run, tmp_path):
    origin.on("/x", response(200))
    command = drivers.CURL.command("GET", f"{origin.url}/x")
    for _ in range(2):
        run(command, "--har", "h.har").expect(0)
        assert len(Har(tmp_path / "h.har").check().entries) == 1
    (tmp_path / "notes").write_text("do not lose me")
    done = run(command, "--har", "notes")
    assert done.status == 125 and "not a HAR" in done.stderr
    assert (tmp_path / "notes").read_text() == "do not lose me"


def test_without_a_log_there_is_a_har_all_the_same(origin, capture, connect):
    proxy = capture("--log", "-")
    origin.on("/old", redirect(308, "/new"))
    ask(connect(proxy), origin, "/old")
    proxy.send_signal(15)
    proxy.wait(0)
    entry = Har(proxy.har_path).check().one("/old")
    assert entry["_hopaudit"]["outcome"] == "not_followed" and entry["_hopaudit"]["judged"]


def test_it_is_whole_between_writes_and_redirects_do_not_wait_for_long(origin, capture, connect):
    proxy = capture("--capture", "bodies", "--window", "1h")
    origin.on("/big", response(200, body=os.urandom(200_000)))
    origin.on("/old", redirect(302, "/new"))
    client = connect(proxy)
    ask(client, origin, "/old")
    ask(client, origin, "/big")

    def seen():
        try:
            return Har(proxy.har_path).of("/old")
        except json.JSONDecodeError:  # read beside a write
            return None

    (entry,) = eventually(seen, "the redirect's entry")
    assert entry["_hopaudit"]["judged"] is False and entry["_hopaudit"]["outcome"] == "open"


# What har-validator says, and what DevTools' importer reads (front_end/models/har/HARFormat.ts): it throws at a date or a
# number that is none, and takes arrays for granted.
CHECK_HAR = """
const har = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));
const number = value => { if (Number.isNaN(Number(value)) || value === undefined) throw new Error('number'); };
const array = value => { if (!Array.isArray(value)) throw new Error('array'); };
for (const entry of har.log.entries) {
  if (Number.isNaN(Date.parse(entry.startedDateTime))) throw new Error('date');
  [entry.time, entry.request.headersSize, entry.request.bodySize, entry.response.status, entry.response.headersSize,
   entry.response.bodySize, entry.response.content.size, entry.timings.send, entry.timings.wait,
   entry.timings.receive].forEach(number);
  [entry.request.cookies, entry.request.headers, entry.request.queryString, entry.response.cookies,
   entry.response.headers].forEach(array);
  new URL(entry.request.url);
}
require('har-validator').har(har).then(
  () => console.log('valid', har.log.entries.length),
  error => { console.log(JSON.stringify(error.errors, null, 1)); process.exit(1); });
"""


@pytest.mark.all
def test_an_independent_validator_and_the_reading_of_devtools_accept_it(origin, capture, connect, start_origin, tmp_path):
    modules = REPOSITORY / "build/node/node_modules"
    if not (modules / "har-validator").is_dir():
        pytest.skip("needs har-validator in build/node")
    proxy = capture("--capture", "bodies", "--no-intercept")
    origin.on("/old", redirect(301, "/new", "Set-Cookie: a=b; Path=/; Expires=Sun, 06 Nov 2044 08:49:37 GMT"))
    origin.on("/new", response(200, "Content-Type: image/png", body=os.urandom(5000)))
    client = connect(proxy)
    ask(client, origin, "/old?a=b&c", "Cookie: a=b", "Content-Type: text/plain", method="POST", body=b"x")
    ask(client, origin, "/new")
    ask(client, origin, "/odd?\"<>[]|é".encode().decode("latin-1"))
    gone = start_origin()
    gone.stop()
    connect(proxy).exchange(request("GET", gone.url + "/x", host=gone.authority))
    connect(proxy).exchange(b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    tunnel = connect(proxy)
    tunnel.exchange(request("CONNECT", origin.authority, host=origin.authority))
    tunnel.send(b"\x00 no protocol that we know")
    proxy.wait_for_event("tunnel")
    tunnel.close()
    proxy.har()
    (tmp_path / "node_modules").symlink_to(modules)
    checked = subprocess.run(
        ["node", "-e", CHECK_HAR, str(proxy.har_path)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0 and checked.stdout == "valid 6\n", checked.stdout + checked.stderr
