# SPDX-License-Identifier: MIT
"""`hopaudit report --format curl`: chains as commands that a shell can run."""
import subprocess

from lib.message import redirect, response


def test_each_request_of_a_chain_is_a_command_in_order_and_redacted(origin, run, hopaudit, tmp_path):
    origin.on("/pay", redirect(307, "/v2/pay?it's=1&token=HUNTER2SECRET"))
    origin.on("/v2/pay", redirect(303, "/done"))
    origin.on("/done", response(200))
    fields = ["-H", "Content-Type: text/plain", "-H", "Authorization: Bearer HUNTER2SECRET", "-H", "Accept: a/'b"]
    run(
        ["curl", "-sL", "-d", "amount=12", *fields, f"{origin.url}/pay"], "--fail-on", "never"
    ).expect(0)
    made = hopaudit("report", "--format", "curl")
    assert made.returncode == 0, made.stderr
    assert "HUNTER2SECRET" not in made.stdout
    heading, first, second, third = made.stdout.splitlines()
    assert heading.startswith("# chain 1: POST ")
    for line, method, path, body in ((first, "POST", "/pay", True), (second, "POST", "/v2/pay", True), (third, "GET", "/done", False)):
        assert (f"--request '{method}'" in line) == (method != "GET")
        assert f"{origin.url}{path}" in line and ("--data-binary @BODY" in line) == body
        assert "--header 'authorization: Bearer ~" in line and "host:" not in line
    assert "BODY: a file of 9 bytes" in first

    origin.forget()
    (tmp_path / "BODY").write_bytes(b"amount=12")
    shell = subprocess.run(["sh", "-e", "-c", made.stdout], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert shell.returncode == 0, shell.stderr
    assert [(request.method, request.path) for request in origin.requests] == [
        ("POST", "/pay"),
        ("POST", "/v2/pay"),
        ("GET", "/done"),
    ]
    assert origin.requests[0].body == b"amount=12"
    assert b"it's=1" in origin.requests[1].head.start_line
    assert origin.requests[0].head.get("Accept") == b"a/'b"
