# SPDX-License-Identifier: MIT
"""`hopaudit verify` on the log of a real run, with the head that was printed at its end."""
import re

from lib import drivers
from lib.message import redirect, response


def printed_head(text):
    return re.search(r"^  log .*, head ([0-9a-f]{64})$", text, re.MULTILINE).group(1)


def test_the_head_that_run_prints_proves_its_log_until_it_is_changed(origin, run, hopaudit):
    origin.on("/old", redirect(302, "/new"))
    origin.on("/new", response(200, body=b"here"))
    done = run(drivers.CURL.command("GET", f"{origin.url}/old"))
    done.expect(0)
    head = printed_head(done.stderr)
    checked = hopaudit("verify", "--head", head, "hopaudit.jsonl")
    assert checked.returncode == 0 and "unchanged since that head was printed" in checked.stdout

    text = done.log.path.read_text()
    assert "/new" in text
    done.log.path.write_text(text.replace("/new", "/now"))
    checked = hopaudit("verify", "--head", head, "hopaudit.jsonl")
    assert checked.returncode == 3 and "NOT whole" in checked.stdout


def test_a_run_that_saw_nothing_prints_a_head_too(run, hopaudit):
    done = run(["true"])
    head = printed_head(done.stderr)
    assert hopaudit("verify", "--head", head, "hopaudit.jsonl").returncode == 0


def test_a_proxy_that_refused_everything_says_how_many_and_names_its_log(start_proxy, connect, hopaudit):
    proxy = start_proxy()
    for _ in range(2):
        refused = connect(proxy).exchange(b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert refused.status == 400
    proxy.stop()
    assert "no request was relayed: 2 were refused or failed" in proxy.stderr
    assert hopaudit("verify", "--head", printed_head(proxy.stderr), proxy.log.path).returncode == 0
