# SPDX-License-Identifier: MIT
"""`hopaudit run`: what the command gets, what comes back, and what a person reads at the end."""
import json
import os
import pty
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest

from lib import drivers
from lib.hopaudit import PATIENCE, binary, environment
from lib.log import Log
from lib.message import redirect, response

PYTHON = sys.executable
ESCAPE = "\x1b["


@pytest.fixture
def shop(origin):
    """An origin with one redirect, for POST and GET."""
    origin.on("/submit", redirect(307, "/v2/submit"))
    origin.on("/v2/submit", response(200, body=b"paid"))
    return origin


@pytest.fixture
def body(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"hello world")
    return path


# Exit status


@pytest.mark.parametrize("status", (0, 1, 2, 7, 125, 255))
def test_the_commands_status_is_the_status_of_run(status, run):
    run(["sh", "-c", f"exit {status}"]).expect(status)


@pytest.mark.parametrize("name", ("TERM", "KILL", "INT", "SEGV"))
def test_a_command_that_a_signal_ended_gives_128_and_its_number(name, run):
    log = run(["sh", "-c", f"ulimit -c 0; kill -{name} $$"]).expect(128 + getattr(signal, f"SIG{name}"))
    assert log.one("run.finished")["command_status"] == 128 + getattr(signal, f"SIG{name}")


def test_the_commands_own_failure_goes_before_a_finding(shop, body, run):
    wrong = " ".join(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get"))
    log = run(["sh", "-c", f"{wrong}; exit 9"]).expect(9)
    assert log.rules() == ["method-not-preserved"]


def test_a_command_that_is_not_there_gives_127(run):
    done = run(["no-such-command-anywhere"])
    assert done.status == 127 and "no-such-command-anywhere" in done.stderr


def test_a_command_that_can_not_be_executed_gives_126(run, tmp_path):
    (tmp_path / "plain").write_text("no program\n")
    done = run([tmp_path / "plain"])
    assert done.status == 126 and "plain" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    (
        ["run"],
        ["run", "--"],
        ["run", "--no-such-option", "--", "true"],
        ["run", "--workers", "many", "--", "true"],
        ["runn"],
    ),
    ids=" ".join,
)
def test_wrong_usage_gives_2_and_says_what_is_wrong(arguments, hopaudit):
    done = hopaudit(*arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.strip()


def test_a_log_that_can_not_be_opened_gives_125_and_does_not_start_the_command(run, tmp_path):
    done = run(["touch", tmp_path / "started"], log=tmp_path / "no/such/folder/log")
    assert done.status == 125 and "no/such/folder/log" in done.stderr
    assert not (tmp_path / "started").exists()


def test_a_port_that_is_taken_gives_125_and_does_not_start_the_command(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(["touch", tmp_path / "started"], "--listen", f"127.0.0.1:{port}")
    assert done.status == 125 and str(port) in done.stderr
    assert not (tmp_path / "started").exists()


def test_an_event_that_could_not_be_written_fails_the_run(shop, run, tmp_path, body):
    """The log may grow to 4 KiB: as on a full disk, but without one."""
    client = " ".join(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "right"))
    done = run(
        ["sh", "-c", f"for i in 1 2 3 4; do {client}; done"],
        "--no-intercept",  # its bundle of certificates is larger than that
        restore_signals=False,  # Python ignores SIGXFSZ, and so does then what it starts
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.status == 125, done.stderr
    assert "lost" in done.stderr
    assert done.log.raw.endswith(b"\n") and all(json.loads(line) for line in done.log.lines)


# What the command gets


def test_the_command_gets_stdin_and_gives_stdout_untouched(run):
    data = bytes(range(256)) * 4096
    done = run(["cat"], input=data, text=False)
    assert done.stdout == data and done.status == 0


def test_the_commands_stderr_comes_before_the_summary(run):
    done = run(["sh", "-c", "echo to stdout; echo to stderr >&2"])
    assert done.stdout == "to stdout\n"
    assert done.stderr.startswith("to stderr\n") or "\nto stderr\n" in done.stderr
    assert done.stderr.index("to stderr") < done.stderr.index("hopaudit: no request seen")


def test_the_command_gets_the_proxy_in_both_spellings_and_no_exceptions(run):
    outer = {"NO_PROXY": "*", "no_proxy": "127.0.0.1", "http_proxy": "http://192.0.2.1:1", "KEPT": "as it was"}
    done = run([PYTHON, "-c", "import json, os; print(json.dumps(dict(os.environ)))"], variables=outer)
    done.expect(0)
    seen = json.loads(done.stdout)
    assert "NO_PROXY" not in seen and "no_proxy" not in seen
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "HOPAUDIT_PROXY")
    proxies = {seen[name] for name in names}
    assert len(proxies) == 1 and re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/?", proxies.pop())
    assert seen["KEPT"] == "as it was"


def test_an_exception_for_loopback_in_the_users_environment_hides_nothing(shop, body, run):
    command = drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body)
    log = run(command, variables={"NO_PROXY": "127.0.0.1", "no_proxy": "*"}).expect(0)
    assert log.one("run.finished")["totals"]["exchanges"] == 2


@pytest.mark.parametrize("driver", drivers.ALL, ids=str)
def test_resolve_gives_a_loopback_service_a_name(driver, shop, body, run):
    command = driver.command("POST", "http://shop.test/submit", "--body", body)
    resolve = ("--resolve", f"shop.test=127.0.0.1:{shop.port}")
    log = run(command, *resolve, variables=drivers.NODE_VARIABLES).expect(0)
    assert [seen.head.get("Host") for seen in shop.requests] == [b"shop.test"] * 2
    assert log.one("redirect.followed")["target"] == "http://shop.test/v2/submit"
    assert log.one("chain.finished")["verdict"] == "none"


def test_resolve_may_name_a_port(shop, body, run):
    command = drivers.CURL.command("POST", "http://shop.test:8080/submit", "--body", body)
    run(command, "--resolve", f"shop.test:8080=127.0.0.1:{shop.port}").expect(0)
    assert [seen.head.get("Host") for seen in shop.requests] == [b"shop.test:8080"] * 2


def test_the_command_is_not_kept_waiting_for_windows(shop, body, run):
    started = time.monotonic()
    log = run(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "ignore"), "--window", "10m").expect(0)
    assert time.monotonic() - started < PATIENCE
    assert log.one("redirect.closed")["outcome"] == "not_followed"


def test_a_process_that_the_command_left_behind_does_not_keep_run_waiting(run, tmp_path):
    """It holds no pipe of ours, but it is still there when the command ends."""
    done = run(["sh", "-c", "sleep 600 >/dev/null 2>&1 </dev/null & echo $! > left"])
    left = int((tmp_path / "left").read_text())
    os.kill(left, signal.SIGKILL)
    done.expect(0)


# Signals

WAITS_FOR_A_SIGNAL = """
import signal, sys
numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print("ready", flush=True)
print("command got", signal.Signals(signal.sigwait(numbers)).name, flush=True)
sys.exit(42)
"""


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGHUP), ids=lambda number: number.name)
def test_a_signal_to_run_reaches_the_command_and_run_still_reports(number, tmp_path):
    process = subprocess.Popen(
        [binary(), "run", "--", PYTHON, "-c", WAITS_FOR_A_SIGNAL],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert stdout == f"command got {number.name}\n"
    assert process.returncode == 42 and "hopaudit: no request seen" in stderr
    Log(tmp_path / "hopaudit.jsonl").check()


class Terminal:
    """A pseudo-terminal that a command is the foreground of; what it shows is collected."""

    def __init__(self, folder, command, variables=None, wait_for=None):
        self.master, slave = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder, TERM="xterm", **(variables or {})),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=self._take_terminal,
        )
        os.close(slave)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @staticmethod
    def _take_terminal():
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def wait_for(self, text):
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.shown, PATIENCE), self.shown

    def type(self, data):
        os.write(self.master, data)

    def end(self):
        """(exit status, all that was shown)"""
        status = self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        os.close(self.master)
        return status, self.shown.decode("utf-8", "replace").replace("\r\n", "\n")

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # EIO: nobody holds the other end any more
                return
            with self._changed:
                self.shown += data
                self._changed.notify_all()


def test_ctrl_c_ends_the_command_and_run_still_reports(tmp_path):
    terminal = Terminal(tmp_path, [binary(), "run", "--", PYTHON, "-c", WAITS_FOR_A_SIGNAL])
    terminal.wait_for(b"ready")
    terminal.type(b"\x03")
    status, shown = terminal.end()
    assert status == 42, shown
    assert shown.count("command got SIGINT") == 1 and "hopaudit: no request seen" in shown
    Log(tmp_path / "hopaudit.jsonl").check()


# The log


def test_the_log_is_in_the_current_folder_readable_by_its_owner_alone_and_named(shop, body, tmp_path):
    command = drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body)
    done = subprocess.run(
        [binary(), "run", "--", *command], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0 and "hopaudit.jsonl" in done.stderr
    path = tmp_path / "hopaudit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Log(path).check()


def test_a_second_run_appends_and_continues_the_digest_chain(shop, body, run):
    command = drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body)
    first = run(command).expect(0).raw
    log = run(command).expect(0)
    assert log.raw.startswith(first) and len(log.runs()) == 2
    ids = {events[0]["run"] for events in log.runs()}
    assert len(ids) == 2
    assert [len([event for event in events if event["type"] == "redirect.followed"]) for events in log.runs()] == [1, 1]


def test_a_run_after_a_crash_tells_of_the_torn_line(run):
    log = run(["true"]).expect(0)
    with open(log.path, "ab") as file:
        file.write(b'{"seq":3,"time":"2026-')
    run(["true"]).status
    lines = log.lines
    assert b'{"seq":3,"time":"2026-' in lines
    started = json.loads(lines[lines.index(b'{"seq":3,"time":"2026-') + 1])
    assert started["type"] == "run.started" and started["after_torn_line"] is True


def test_a_second_writer_of_one_log_is_refused(proxy, tmp_path, run):
    done = run(["touch", tmp_path / "started"], log=proxy.log.path)
    assert done.status == 125 and str(proxy.log.path) in done.stderr
    assert not (tmp_path / "started").exists()


def test_the_summary_tells_the_head_of_the_digest_chain(shop, body, run):
    done = run(drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body))
    log = done.expect(0)
    assert f"log {log.path}, head {log.head}" in done.stderr


def test_no_log_is_written_where_none_is_wanted(shop, body, tmp_path):
    command = drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "right")
    done = subprocess.run(
        [binary(), "run", "--log", "-", "--", *map(str, command)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "hopaudit.jsonl").exists() and not (tmp_path / "-").exists()


# The summary


def test_no_request_at_all_is_said_with_the_likely_reason(run):
    done = run(["true"])
    done.expect(0)
    assert re.search(r"(no|0|zero) (requests?|exchanges?)", done.stderr, re.IGNORECASE), done.stderr
    assert "--resolve" in done.stderr and re.search("loopback|localhost", done.stderr)


def test_a_right_chain_is_one_line_of_the_summary(shop, body, run):
    done = run(drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body))
    done.expect(0)
    line = rf"POST {re.escape(shop.url)}/submit ─307→ POST {re.escape(shop.url)}/v2/submit  200 · [0-9.]+ m?s"
    assert re.search(line, done.stderr), done.stderr
    assert "hopaudit.jsonl" in done.stderr


def test_a_wrong_chain_is_told_with_rule_expected_seen_and_section(shop, body, run):
    done = run(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get"))
    done.expect(3)
    told = done.stderr
    assert re.search(rf"POST {re.escape(shop.url)}/submit ─307→ GET {re.escape(shop.url)}/v2/submit  200", told), told
    assert re.search(r"error\s+method-not-preserved", told), told
    for word in ("expected", "seen", "RFC 9110 §15.4.8"):
        assert word in told, told
    assert told.index("method-not-preserved") > told.index("─307→")


def test_a_quiet_run_without_findings_says_nothing(shop, body, run):
    done = run(drivers.CURL.command("POST", f"{shop.url}/submit", "--body", body), "--quiet")
    done.expect(0)
    assert done.stderr == ""


def test_a_quiet_run_with_a_finding_speaks(shop, body, run):
    done = run(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get"), "--quiet")
    done.expect(3)
    assert "method-not-preserved" in done.stderr


def wrong_command(shop, body):
    return [binary(), "run", "--", *drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get")]


def test_a_pipe_gets_no_colour(shop, body, run):
    done = run(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get"))
    assert "method-not-preserved" in done.stderr and ESCAPE not in done.stderr


def test_a_terminal_gets_colour(shop, body, tmp_path):
    status, shown = Terminal(tmp_path, wrong_command(shop, body)).end()
    assert status == 3 and "method-not-preserved" in shown and ESCAPE in shown


def test_no_color_is_honoured_on_a_terminal(shop, body, tmp_path):
    status, shown = Terminal(tmp_path, wrong_command(shop, body), {"NO_COLOR": "1"}).end()
    assert status == 3 and "method-not-preserved" in shown and ESCAPE not in shown


def test_colour_may_be_asked_for_in_a_pipe(shop, body, run):
    done = run(drivers.FAULTY.command("POST", f"{shop.url}/submit", "--body", body, "get"), "--color", "always")
    assert ESCAPE in done.stderr


# hopaudit proxy


def test_the_proxy_ends_in_order_on_sigterm_and_sums_up(shop, start_proxy, body, tmp_path):
    proxy = start_proxy()
    drivers.CURL.call(tmp_path, "POST", f"{shop.url}/submit", "--body", body, variables=proxy.variables())
    proxy.stop(status=0)
    assert "─307→" in proxy.stderr and proxy.stdout == ""


@pytest.mark.parametrize("options,status", (([], 0), (["--fail-on", "error"], 3), (["--fail-on", "never"], 0)), ids=str)
def test_the_proxy_fails_on_findings_only_when_told_to(options, status, shop, start_proxy, body, tmp_path):
    proxy = start_proxy(*options)
    drivers.FAULTY.call(tmp_path, "POST", f"{shop.url}/submit", "--body", body, "get", variables=proxy.variables())
    log = proxy.stop(status=status)
    assert log.rules() == ["method-not-preserved"]


def test_sighup_reopens_the_log(shop, start_proxy, body, tmp_path):
    proxy = start_proxy()
    client = ("POST", f"{shop.url}/submit", "--body", body)
    drivers.CURL.call(tmp_path, *client, variables=proxy.variables())
    proxy.wait_for_event("redirect.closed")
    rotated = proxy.log.path.with_suffix(".1")
    proxy.log.path.rename(rotated)
    proxy.send_signal(signal.SIGHUP)
    for _ in range(100):  # it is reopened before the next line, once the signal has been seen
        drivers.CURL.call(tmp_path, *client, variables=proxy.variables())
        if proxy.log.path.exists():
            break
    proxy.send_signal(signal.SIGTERM)
    proxy.wait(0)
    before, after = Log(rotated), proxy.log
    continued, *rest = [json.loads(line) for line in after.lines]
    assert (continued["type"], continued["previous_head"]) == ("run.continued", before.head)
    numbers = [json.loads(line)["seq"] for line in before.lines] + [event["seq"] for event in rest]
    assert numbers == list(range(1, len(numbers) + 1))
    assert rest[-1]["type"] == "run.finished"
