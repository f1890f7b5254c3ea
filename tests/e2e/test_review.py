# SPDX-License-Identifier: MIT
"""`hopaudit review`: what it prints, what it opens, how it ends. What it shows is in test_dashboard.py."""
import json
import signal
import subprocess
import urllib.request

import pytest

from lib import hopaudit as process
from lib.message import redirect, response


@pytest.fixture
def start_review(tmp_path):
    """start_review(*arguments, variables): a running review and its ready file, once it is ready."""
    running = []

    def start(*arguments, variables=None):
        command = [process.binary(), "review", "--dashboard", "127.0.0.1:0", *map(str, arguments)]
        running.append(subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
            env=process.environment(tmp_path, **(variables or {})),
        ))
        return running[-1]

    yield start
    for review in running:
        review.kill()
        review.wait()
        review.stderr.close()


@pytest.fixture
def log(run, origin):
    origin.on("/pay", redirect(307, "/v2/pay"))
    origin.on("/v2/pay", response(200))
    run(["curl", "-sL", "-d", "amount=12", origin.url + "/pay"]).expect(0)
    return "hopaudit.jsonl"


def end(review):
    review.send_signal(signal.SIGINT)
    assert review.wait(process.PATIENCE) == 0


def test_it_tells_where_it_is_and_what_was_read(start_review, log):
    review = start_review(log)
    where, read = review.stderr.readline(), review.stderr.readline()
    assert where.startswith("hopaudit: hopaudit.jsonl at http://127.0.0.1:") and where.endswith(" (Ctrl-C ends)\n")
    assert read == "hopaudit: 1 chain read\n"
    with urllib.request.urlopen(where.split()[3] + "/api/v1/chains", timeout=process.PATIENCE) as answer:
        assert json.load(answer)["total"] == 1
    end(review)
    assert review.stderr.read() == ""


def test_a_file_without_chains_is_told(start_review, tmp_path):
    (tmp_path / "notes.txt").write_text("no log\n")
    review = start_review("notes.txt")
    review.stderr.readline()
    assert review.stderr.readline() == "hopaudit: there is no chain in it: nothing was redirected, or it is no audit log\n"
    end(review)


def test_a_log_that_is_not_there_is_an_error(start_review):
    review = start_review("nowhere.jsonl")
    assert review.wait(process.PATIENCE) == 125
    assert review.stderr.read() == "hopaudit: nowhere.jsonl: No such file or directory\n"


def test_open_gives_the_url_to_the_browser(start_review, log, tmp_path):
    opener = tmp_path / "opener"
    opener.write_text('#!/bin/sh\nprintf "noise\\n"\nprintf %s "$1" >"$HOME/url.new"\nmv "$HOME/url.new" "$HOME/url"\n')
    opener.chmod(0o755)
    review = start_review("--open", log, variables={"BROWSER": str(opener)})
    where = review.stderr.readline().split()[3]
    assert review.stderr.readline() == "hopaudit: 1 chain read\n"
    opened = tmp_path / "home/url"
    subprocess.run(["sh", "-c", f"until [ -e {opened} ]; do sleep 0.05; done"], check=True, timeout=process.PATIENCE)
    assert opened.read_text() == where
    end(review)


def test_open_does_not_show_a_token_to_other_users(start_review, log):
    review = start_review("--open", "--dashboard-token", "sesame-12345", log, variables={"BROWSER": "/nonexistent"})
    assert review.stderr.readline().split()[3].endswith("/?token=sesame-12345")
    assert review.stderr.readline() == "hopaudit: --open: the URL holds a token, so open it yourself\n"
    end(review)


def test_a_browser_that_is_not_there_is_told(start_review, log):
    review = start_review("--open", log, variables={"BROWSER": "/nonexistent"})
    review.stderr.readline()
    assert review.stderr.readline() == "hopaudit: --open: /nonexistent: No such file or directory\n"
    end(review)
