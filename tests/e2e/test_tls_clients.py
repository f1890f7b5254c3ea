# SPDX-License-Identifier: MIT
"""Real clients over TLS under `hopaudit run`, in the environment that it makes for them and nothing else: they trust our
certificates, their redirects are seen with https URLs and judged, and no byte differs from what they send directly.

Every client is called twice against one pair of origins, directly and through the proxy (needs root: the direct call
sees names of loopback in a hosts file of its own)."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

from lib import drivers
from lib.compare import as_seen, exactly
from lib.message import redirect, response

pytest_plugins = ("lib.tls_fixtures",)

BODY = b"amount=12&card=\0\xff\r\n" * 3
SECRET = "s3cr3t-0123456789abcdef"
HERE = response(200, "Content-Type: text/html", body=b"here")
DRIVERS = (*drivers.ALL, *(pytest.param(driver, marks=pytest.mark.all) for driver in drivers.LARGE_SET))
GETTERS = (  # PHP's streams have a test of their own
    *drivers.ALL,
    *(
        pytest.param(driver, marks=pytest.mark.all)
        for driver in (*drivers.LARGE_SET, drivers.OPEN_URI)
        if driver is not drivers.PHP_STREAMS
    ),
)


@pytest.fixture
def other(start_tls_origin):
    return start_tls_origin("other.test")


@pytest.fixture
def run_trusting(run, trust):
    """`hopaudit run` in which the relay trusts the origins; what the client trusts is `run`'s own doing."""

    def call(command, *options):
        resolve = [part for name in ("shop.test", "other.test") for part in ("--resolve", f"{name}=127.0.0.1")]
        return run(command, "--upstream-ca", trust.ca_file, *resolve, *options, variables=drivers.NODE_VARIABLES)

    return call


@pytest.fixture
def both_ways(tmp_path, run_trusting, trust, shop, other, hosts):
    """both_ways(driver, method, url, *arguments) -> (what the two origins saw directly, what through the proxy, log)"""

    def asked(origin):
        """A browser asks for more than it is told to."""
        return [request for request in origin.requests if request.path not in ("/", "/favicon.ico")]

    def call(driver, method, url, *arguments):
        variables = trust.variables(java=driver.name.startswith("java"))
        alone = driver.call(tmp_path, method, url, *arguments, variables=variables, preexec_fn=hosts)
        direct = asked(shop), asked(other)
        shop.forget()
        other.forget()
        behind = run_trusting(driver.command(method, url, *arguments))
        log = behind.expect(3 if leaks(asked(other)) else 0)
        assert alone.stdout.startswith("200"), alone.stdout
        assert behind.stdout == alone.stdout
        return direct, (asked(shop), asked(other)), log

    return call


def leaks(requests):
    """Did the client take the secret to the other origin?"""
    return any(SECRET.encode() in request.head.raw for request in requests)


def hop_of(log, path):
    """The redirect of a request for `path`, and what became of it."""
    (observed,) = [event for event in log.events("redirect.observed") if event["request"]["url"].endswith(path)]
    (followed,) = [event for event in log.events("redirect.followed") if event["redirect"] == observed["redirect"]]
    (closed,) = [event for event in log.events("redirect.closed") if event["redirect"] == observed["redirect"]]
    return observed, followed, closed


def assert_right(log, method, status, source, target, confidence="high", errors=()):
    """The hop is seen with its https URLs, judged, and right; and nothing was lost or looked past."""
    observed, followed, closed = hop_of(log, source.rpartition("/")[2])
    assert (observed["request"]["method"], observed["request"]["url"]) == (method, source)
    assert (observed["response"]["status"], observed["target"]) == (status, target)
    assert (followed["follow"]["request"]["method"], followed["follow"]["request"]["url"]) == (method, target)
    assert {observed["request"]["path"], followed["follow"]["request"]["path"]} == {"intercepted"}
    assert followed["verdicts"]["method"] == "pass" and followed["match"]["confidence"] == confidence
    assert closed["outcome"] == "followed"
    (chain,) = [event for event in log.events("chain.finished") if event["chain"] == observed["chain"]]
    assert (chain["outcome"], chain["hops"], chain["final_status"]) == ("completed", 1, 200)
    assert [event["rule"] for event in log.events("finding") if event["severity"] == "error"] == list(errors)
    finished = log.one("run.finished")
    assert (finished["totals"]["tunnels"], finished["lost"]) == (0, 0)


def assert_same(driver, direct, through):
    def seen(request):
        return as_seen(request, driver.greets_tunnels) if driver.greets_tunnels else exactly(request)

    for seen_directly, seen_through in zip(direct, through):
        assert [seen(request) for request in seen_through] == [seen(request) for request in seen_directly]


@pytest.mark.parametrize("driver", DRIVERS, ids=str)
def test_a_post_keeps_its_body_over_tls(driver, shop, both_ways, tmp_path):
    shop.on("/submit", redirect(307, "/v2/paid", body=b"moved"))
    shop.on("/v2/paid", HERE)
    (tmp_path / "body").write_bytes(BODY)
    direct, through, log = both_ways(driver, "POST", f"{shop.url}/submit", "--body", tmp_path / "body")
    assert [(request.method, request.target, request.body) for request in through[0]] == [
        ("POST", "/submit", BODY),
        ("POST", "/v2/paid", BODY),
    ]
    assert_same(driver, direct, through)
    assert_right(log, "POST", 307, f"{shop.url}/submit", f"{shop.url}/v2/paid")
    _, followed, _ = hop_of(log, "/submit")
    assert followed["verdicts"]["body"] == "pass" and followed["follow"]["request"]["content"]["length"] == len(BODY)


@pytest.mark.parametrize("driver", GETTERS, ids=str)
def test_credentials_on_a_redirect_to_another_origin_are_seen_and_never_written_down(driver, shop, other, both_ways):
    shop.on("/old", redirect(302, f"{other.url}/new"))
    other.on("/new", HERE)
    secret = driver.credential.format(secret=SECRET)
    direct, through, log = both_ways(driver, "GET", f"{shop.url}/old", "--header", secret)
    assert [request.target for requests in through for request in requests] == ["/old", "/new"]
    assert SECRET.encode() in through[0][0].head.raw
    assert_same(driver, direct, through)
    # Chromium puts its sec-ch-ua fields elsewhere when a navigation leaves its origin: not the order of one client.
    confidence = "medium" if driver is drivers.CHROMIUM else "high"
    rule = "cookie-cross-site" if secret.startswith("Cookie") else "authorization-cross-origin"
    errors = [rule] if leaks(through[1]) else []
    assert_right(log, "GET", 302, f"{shop.url}/old", f"{other.url}/new", confidence, errors)
    assert SECRET.encode() not in log.raw


@pytest.mark.all
def test_php_streams_ask_a_second_host_by_the_name_of_the_first(shop, other, run_trusting, trust):
    """Through any proxy: the name that they expect in a certificate is set once, for the first host. Without interception
    PHP itself refuses; with it, we are asked to tell other.test that it is shop.test, and say why that fails."""
    shop.on("/old", redirect(302, f"{other.url}/new"))
    other.on("/new", HERE)
    command = drivers.PHP_STREAMS.command("GET", f"{shop.url}/old")
    opaque = run_trusting(["env", f"SSL_CERT_FILE={trust.ca_file}", *command], "--no-intercept")
    assert opaque.status == 1 and "did not match expected name `shop.test'" in opaque.stderr
    done = run_trusting(command)
    log = done.expect(0)
    assert done.stdout == "502\n" and other.requests == []
    failed = log.one("tls.upstream_failed")
    assert (failed["authority"], failed["name"]) == (other.authority, "shop.test") and "mismatch" in failed["reason"]
    assert log.one("redirect.closed")["outcome"] == "followed"


@pytest.fixture
def repository(tmp_path):
    """A bare repository with one commit, and its id."""

    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=tmp_path, env=GIT_VARIABLES, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "--quiet", "--initial-branch=main", "work")
    (tmp_path / "work/file").write_bytes(os.urandom(200_000))
    git("-C", "work", "add", "file")
    git("-C", "work", "-c", "user.name=a", "-c", "user.email=a@shop.test", "commit", "--quiet", "-m", "one")
    git("clone", "--quiet", "--bare", "work", "repository.git")
    git("-C", "repository.git", "update-server-info")
    return tmp_path / "repository.git", git("-C", "work", "rev-parse", "HEAD")


GIT_VARIABLES = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}


def git_backend(folder, prefix):
    """A script that answers as a web server with git-http-backend behind `prefix`."""

    def answer(request):
        path, _, query = request.target.partition("?")
        variables = {
            **GIT_VARIABLES,
            "GIT_PROJECT_ROOT": str(folder.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path.removeprefix(prefix),
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": (request.head.get("Content-Type") or b"").decode(),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": (request.head.get("Content-Encoding") or b"").decode(),
            "GIT_PROTOCOL": (request.head.get("Git-Protocol") or b"").decode(),
        }
        done = subprocess.run(["git", "http-backend"], env=variables, input=request.body, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = [line.decode() for line in head.split(b"\r\n") if not line.startswith(b"Status:")]
        status = [line.split()[1].decode() for line in head.split(b"\r\n") if line.startswith(b"Status:")]
        return response(int(status[0]) if status else 200, *fields, body=body)

    return answer


def serve_git(origin, folder, prefix):
    """The paths of a smart clone."""
    for path in ("/info/refs", "/git-upload-pack"):
        origin.on(f"{prefix}/{folder.name}{path}", git_backend(folder, prefix))


def test_git_clones_from_behind_a_redirect(repository, shop, other, run_trusting, tmp_path):
    """Its first request is redirected to another origin, with the user's credentials on it; from there on it asks that one,
    whose own POST is redirected with a 307."""
    folder, commit = repository
    shop.on("/repository.git/info/refs", redirect(302, f"{other.url}/b/repository.git/info/refs?service=git-upload-pack"))
    serve_git(other, folder, "/b")
    serve_git(other, folder, "/c")
    other.on("/b/repository.git/git-upload-pack", redirect(307, "/c/repository.git/git-upload-pack"))
    command = ["bash", drivers.FOLDER / "git_clone.sh", f"{shop.url}/repository.git"]
    done = run_trusting([*command, "--everywhere", "--header", f"Authorization: Bearer {SECRET}"])
    log = done.expect(0)
    assert done.stdout.strip() == commit
    moved = [request.body for request in other.of("/b/repository.git/git-upload-pack")]
    assert moved and moved == [request.body for request in other.of("/c/repository.git/git-upload-pack")]
    followed = log.events("redirect.followed")
    assert [event["verdicts"]["method"] for event in followed] == ["pass"] * len(followed)
    assert [event["response"]["status"] for event in followed] == [302] + [307] * len(moved)
    assert {event["verdicts"].get("body", "pass") for event in followed} == {"pass"}
    assert followed[0]["follow"]["request"]["url"].startswith(f"{other.url}/b/")
    assert [event for event in log.events("finding") if event["severity"] == "error"] == []
    assert SECRET.encode() in shop.requests[0].head.raw and SECRET.encode() not in log.raw
    assert log.one("run.finished")["totals"]["tunnels"] == 0


def test_git_clones_a_dumb_repository_from_behind_a_redirect(repository, shop, run_trusting):
    folder, commit = repository

    def file(request):
        path = folder / request.path.removeprefix("/dumb.git/")
        return response(200, "Content-Type: text/plain", body=path.read_bytes()) if path.is_file() else response(404)

    shop.on("/moved.git/info/refs", redirect(301, f"{shop.url}/dumb.git/info/refs?service=git-upload-pack"))
    shop.on("*", file)
    done = run_trusting(["bash", drivers.FOLDER / "git_clone.sh", f"{shop.url}/moved.git"])
    log = done.expect(0)
    assert done.stdout.strip() == commit
    assert log.one("redirect.closed")["outcome"] == "followed"


# Names and ports of a real life: a loopback service under https://shop.test/


def test_a_name_without_a_port_is_reached_by_resolve(shop, other, run, trust, tmp_path):
    shop.on("/submit", redirect(308, "https://other.test/submit"))
    other.on("/submit", response(200))
    (tmp_path / "body").write_bytes(BODY)
    log = run(
        drivers.CURL.command("POST", "https://shop.test/submit", "--body", tmp_path / "body"),
        *("--upstream-ca", trust.ca_file),
        *("--resolve", f"shop.test:443=127.0.0.1:{shop.port}", "--resolve", f"other.test:443=127.0.0.1:{other.port}"),
    ).expect(0)
    assert [request.head.get("Host") for request in (*shop.requests, *other.requests)] == [b"shop.test", b"other.test"]
    assert_right(log, "POST", 308, "https://shop.test/submit", "https://other.test/submit")
    assert (shop.secured[0].name, other.secured[0].name) == ("shop.test", "other.test")


def test_a_client_that_drops_its_body_over_tls_fails_the_run(shop, run_trusting, tmp_path):
    """aiohttp's generator runs once, over TLS as well."""
    shop.on("/submit", redirect(307, "/v2/paid"))
    shop.on("/v2/paid", response(200))
    (tmp_path / "body").write_bytes(BODY)
    done = run_trusting(drivers.AIOHTTP.command("POST", f"{shop.url}/submit", "--body", tmp_path / "body", "--stream"))
    log = done.expect(3)
    (finding,) = [event for event in log.events("finding") if event["severity"] == "error"]
    assert (finding["rule"], finding["fault"], finding["url"]) == ("body-dropped", "client", f"{shop.url}/submit")
    assert f"POST {shop.url}/submit" in done.stderr and "body-dropped" in done.stderr


# The environment


SHOW = """
import json, os, pathlib, sys
print(json.dumps({name: [os.environ[name], pathlib.Path(os.environ[name]).read_text()] for name in sys.argv[1:]}))
"""
ALONE = ("NODE_EXTRA_CA_CERTS",)  # added by its reader to what it has
BUNDLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE")
OTHERS = ("PERL_LWP_SSL_CA_FILE", "DENO_CERT")


def test_the_files_of_the_environment_hold_the_roots_and_are_gone_after_the_run(run):
    done = run([sys.executable, "-c", SHOW, *ALONE, *BUNDLES, *OTHERS])
    done.expect(0)
    shown = json.loads(done.stdout)
    system = pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE")
    for name, (path, content) in shown.items():
        certificates = content.count("BEGIN CERTIFICATE")
        assert "PRIVATE KEY" not in content, name
        assert not pathlib.Path(path).exists(), f"{name}: {path} is left behind"
        if name in ALONE:
            assert certificates == 1, name
        elif name in BUNDLES:
            assert certificates >= system + 1, f"{name} holds {certificates} certificates, the system {system}"
        assert shown["NODE_EXTRA_CA_CERTS"][1].strip() in content, f"{name} does not hold our own"


def test_each_run_has_an_authority_of_its_own(run):
    runs = [run([sys.executable, "-c", SHOW, *ALONE]) for _ in range(2)]
    certificates = {json.loads(done.stdout)["NODE_EXTRA_CA_CERTS"][1] for done in runs}
    assert len(certificates) == 2
