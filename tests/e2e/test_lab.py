# SPDX-License-Identifier: MIT
"""The redirect lab's simulator: on ports of its own (`hopaudit lab serve`), and inside the proxy by its names."""
import hashlib
import json
import re
import socket
import subprocess

import pytest

from lib import hopaudit
from lib.lab import HOME, Lab

REDIRECTS = (300, 301, 302, 303, 305, 306, 307, 308)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *map(str, arguments)], capture_output=True, check=True)
    return done.stdout


def talk(address, *parts):
    """Sends the parts and reads to the end."""
    with socket.create_connection(address, 10) as connection:
        for part in parts:
            connection.sendall(part)
        got = b""
        connection.settimeout(10)
        while True:
            try:
                piece = connection.recv(65536)
            except (TimeoutError, ConnectionResetError):
                return got
            if not piece:
                return got
            got += piece


def request(line, *fields, body=b""):
    head = "\r\n".join([f"{line} HTTP/1.1", "Host: lab", *fields, "", ""])
    return head.encode() + body


# --- hopaudit lab serve ---


@pytest.mark.parametrize("status", REDIRECTS)
def test_each_redirect_status_leads_to_the_final_answer(lab, status):
    head, _, _ = curl("-D", "-", "-o", "/dev/null", lab.url(f"/status/{status}")).decode().partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert f"Location: {lab.url('/final?hop=1')}\r\n" in head
    assert "Cache-Control: no-store" in head


def test_the_final_answer_describes_the_request(lab):
    body = bytes(range(256)) * 300
    said = json.loads(
        subprocess.run(
            ["curl", "-sL", "--data-binary", "@-", "-H", "X-Api-Key: 0123456789", lab.url("/status/308?hops=4")],
            input=body, capture_output=True, check=True,
        ).stdout
    )
    assert said["method"] == "POST" and said["hop"] == 4 and said["target"] == "/final?hop=4"
    assert said["content"] == {
        "framing": "length", "complete": True, "length": len(body), "sha256": hashlib.sha256(body).hexdigest()
    }
    key = [field["value"] for field in said["fields"] if field["name"] == "X-Api-Key"]
    assert len(key) == 1 and re.fullmatch("~[0-9a-f]{16}", key[0])


def test_the_answer_is_the_same_json_for_chunked_content(lab):
    got = talk(
        lab.address(),
        request("PUT /final", "Transfer-Encoding: chunked", "Connection: close", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    )
    said = json.loads(got.partition(b"\r\n\r\n")[2])
    assert said["content"]["framing"] == "chunked" and said["content"]["length"] == 5
    assert said["content"]["sha256"] == hashlib.sha256(b"abcde").hexdigest()


@pytest.mark.parametrize("form", ("absolute", "relative", "relative-path", "query", "scheme-relative", "fragment",
                                  "padded", "dots", "upper-case", "space", "non-ascii", "percent", "encoded-slash",
                                  "long"))
def test_curl_arrives_by_every_form_of_location_that_leads_somewhere(lab, form):
    said = json.loads(curl("-L", lab.url(f"/case/c7/status/302?location={form}")))
    assert said["hop"] == 1 and said["case"] == "c7"


@pytest.mark.parametrize("form", ("empty", "missing", "invalid", "no-host", "one-slash", "ftp", "javascript", "twice"))
def test_other_forms_are_on_the_wire_as_they_were_asked_for(lab, form):
    got = talk(lab.address(), request(f"GET /status/302?location={form}", "Connection: close"))
    locations = re.findall(rb"^Location: (.*)\r$", got, re.M)
    assert len(locations) == {"missing": 0, "twice": 2}.get(form, 1)
    assert locations != [b""] or form == "empty"


def test_loops_do_not_end_by_themselves(lab):
    for loop in ("self", "slash", "pair"):
        counted = subprocess.run(
            ["curl", "-sL", "--max-redirs", "5", "-o", "/dev/null", "-w", "%{num_redirects}",
             lab.url(f"/status/302?loop={loop}")], capture_output=True).stdout
        assert counted == b"5", loop


def test_the_cookie_loop_ends_for_who_keeps_cookies(lab, tmp_path):
    url = lab.url("/status/302?loop=cookie")
    assert json.loads(curl("-L", "-c", tmp_path / "jar", "-b", tmp_path / "jar", url))["method"] == "GET"
    assert subprocess.run(["curl", "-sL", "--max-redirs", "3", url], capture_output=True).returncode == 47


def test_origins_are_real(lab):
    said = json.loads(curl("-L", lab.url("/status/302?origin=foreign")))
    assert said["origin"] == "foreign" and said["host"].startswith("localhost:")
    said = json.loads(curl("-L", "-H", "Authorization: Bearer x", lab.url("/status/302?origin=port")))
    assert said["origin"] == "port"
    assert not [field for field in said["fields"] if field["name"] == "Authorization"]


def test_tls_and_plain_lead_to_each_other(lab):
    said = json.loads(curl("-L", "--cacert", lab.ca, lab.url("/status/307?scheme=https&origin=foreign")))
    assert said["scheme"] == "https"
    said = json.loads(curl("-L", "--cacert", lab.ca, "-d", "x", lab.url("/status/307?scheme=http", scheme="https")))
    assert said["scheme"] == "http" and said["method"] == "POST"


def test_an_early_answer_comes_before_the_content(lab):
    with socket.create_connection(lab.address(), 10) as connection:
        connection.sendall(request("POST /status/307?early=keep", "Content-Length: 5"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 307 ")
        connection.sendall(b"12345" + request("GET /final?hop=9", "Connection: close"))
        got = b""
        while piece := connection.recv(65536):
            got += piece
        assert got.startswith(b"HTTP/1.1 200 ") and b'"hop":9' in got


def test_an_early_answer_may_close(lab):
    got = talk(lab.address(), request("POST /status/307?early=close", "Content-Length: 100000", body=b"x" * 1000))
    assert got.startswith(b"HTTP/1.1 307 ") and b"Connection: close\r\n" in got


def test_without_early_nothing_is_said_before_the_content_but_continue(lab):
    with socket.create_connection(lab.address(), 10) as connection:
        connection.sendall(request("POST /status/307", "Content-Length: 5", "Expect: 100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"12345")
        assert connection.recv(65536).startswith(b"HTTP/1.1 307 ")


def test_pipelined_requests_are_answered_in_order_delay_or_not(lab):
    got = talk(
        lab.address(),
        request("GET /final?hop=1&delay=200") + request("POST /final?hop=2", "Content-Length: 2", body=b"ab")
        + request("GET /final?hop=3", "Connection: close"),
    )
    assert re.findall(rb'"hop":(\d)', got) == [b"1", b"2", b"3"]


def test_a_delayed_early_answer_keeps_what_came_meanwhile(lab):
    got = talk(
        lab.address(),
        request("POST /status/307?early=keep&delay=100", "Content-Length: 5", body=b"12345")
        + request("GET /final?hop=3", "Connection: close"),
    )
    assert got.startswith(b"HTTP/1.1 307 ") and b'"hop":3' in got


def test_what_is_no_http_is_refused(lab):
    assert talk(lab.address(), b"GET / HTTP/1.1\nHost: a\n\n").startswith(b"HTTP/1.1 400 ")
    assert talk(lab.address(), request("POST /final", "Content-Length: 999999999999")).startswith(b"HTTP/1.1 413 ")


def test_a_bad_parameter_is_named(lab):
    got = curl("-i", lab.url("/status/307?hops=many")).decode()
    assert got.startswith("HTTP/1.1 400 ") and "hops=many: give a number from 1 to 100" in got


def test_the_index_page_tells_of_itself(lab):
    page = curl("-H", "Accept: text/html", lab.url("/")).decode()
    assert page.startswith("<!DOCTYPE html>") and lab.origins["foreign"]["https"] in page
    told = json.loads(curl("-H", "Accept: application/json", lab.url("/")))
    assert {parameter["name"] for parameter in told["parameters"]} >= {"location", "hops", "loop", "early"}


def test_many_connections_are_bounded_and_served(lab):
    connections = [socket.create_connection(lab.address(), 10) for _ in range(300)]
    for connection in connections:
        connection.sendall(request("GET /final?hop=1", "Connection: close"))
    assert all(connection.recv(15) == b"HTTP/1.1 200 OK" for connection in connections)
    for connection in connections:
        connection.close()


def test_a_port_that_is_taken_is_told(tmp_path, lab):
    host, port = lab.address()
    done = hopaudit.call(tmp_path, "lab", "serve", "--listen", f"{host}:{port}")
    assert done.returncode == 125 and f"can't listen on {host}:{port}" in done.stderr


def test_an_operand_too_many_is_a_usage_error(tmp_path):
    assert hopaudit.call(tmp_path, "lab", "serves").returncode == 2


# --- inside the proxy ---


def test_the_proxy_leads_to_the_lab_and_audits_it(tmp_path):
    done = hopaudit.run(
        tmp_path, ["curl", "-sL", "-d", "pay=1", "-w", "\n%{num_redirects}", f"http://{HOME}/status/307?origin=foreign"]
    )
    log = done.expect(0)
    said, _, redirects = done.stdout.partition("\n")
    assert json.loads(said)["host"] == "lab.elsewhere.invalid" and redirects.strip() == "1"
    (followed,) = log.events("redirect.followed")
    assert followed["verdicts"]["method"] == "pass" and followed["verdicts"]["body"] == "pass"


def test_the_lab_has_https_by_our_own_authority(tmp_path):
    done = hopaudit.run(tmp_path, ["curl", "-sSL", f"https://{HOME}/status/302?hops=2&origin=port"])
    log = done.expect(0)
    said = json.loads(done.stdout)
    assert said["scheme"] == "https" and said["host"] == f"{HOME}:8443"
    assert len(log.events("redirect.followed")) == 2 and log.events("tls.upstream_failed") == []


def test_without_interception_the_lab_has_no_https_and_says_so(tmp_path):
    done = hopaudit.run(tmp_path, ["curl", "-sS", f"https://{HOME}/"], "--no-intercept")
    assert done.status != 0
    assert "no https where TLS is not opened" in str(done.log.events("proxy.error"))


def test_the_lab_is_reached_although_private_addresses_are_denied(tmp_path):
    done = hopaudit.run(tmp_path, ["curl", "-sS", f"http://{HOME}/final"], "--deny-private")
    done.expect(0)
    assert json.loads(done.stdout)["method"] == "GET"


def test_the_lab_is_not_asked_of_an_upstream_proxy(tmp_path):
    done = hopaudit.run(
        tmp_path, ["curl", "-sSL", f"https://{HOME}/status/302?scheme=http"], "--upstream-proxy", "http://127.0.0.1:9"
    )
    done.expect(0)
    assert json.loads(done.stdout)["scheme"] == "http"


def test_a_control_byte_in_location_does_not_pass_the_proxy(tmp_path):
    done = hopaudit.run(
        tmp_path, ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{HOME}/status/302?location=control"]
    )
    assert done.stdout == "502"


@pytest.mark.threads
def test_several_workers_ask_for_the_lab_at_once(start_proxy):
    proxy = start_proxy("--workers", "4")
    clients = [
        subprocess.Popen(
            ["curl", "-sSL", "--max-time", "20", "-x", proxy.url(), f"http://{HOME}/case/c{n}/status/307?hops=3"],
            stdout=subprocess.PIPE, text=True,
        )
        for n in range(16)
    ]
    assert [json.loads(client.communicate()[0])["case"] for client in clients] == [f"c{n}" for n in range(16)]
