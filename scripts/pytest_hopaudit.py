# SPDX-License-Identifier: MIT
"""A plugin of pytest: gives every test its own tag, so that hopaudit's findings and log name the test that they are of.

    PYTHONPATH=scripts hopaudit run -- pytest -p pytest_hopaudit

or copy this file to where pytest finds it. For the time of a test (its own fixtures included) the proxy variables of the
environment name the same proxy with the test's name as user name, which is what hopaudit takes for a tag. So it works
with every client that reads the environment for each request or each new session; a client that an earlier test, or a
fixture of a wider scope, has made keeps the tag that it was made with. Under pytest-xdist every worker does the same.

Without a proxy, or behind one that is no hopaudit, or that wants a password, it does nothing.
"""
import hashlib
import os
import re
import urllib.parse
import urllib.request

import pytest

READABLE_MAX = 80  # characters of a test's name in its tag

# Variables that mean the same, in the order in which clients look at them. HOPAUDIT_PROXY is what `hopaudit run` sets
# for clients that must be told in their own way, and what `hopaudit mark` reads last.
VARIABLES = (
    ("http_proxy", "HTTP_PROXY"),
    ("https_proxy", "HTTPS_PROXY"),
    ("all_proxy", "ALL_PROXY"),
    ("npm_config_proxy",),
    ("npm_config_https_proxy",),
    ("HOPAUDIT_PROXY",),
)


def tag_of(nodeid):
    """A user name that no client has to escape: the end of the test's name, which tells most, and a hash, which tells it
    from all others."""
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid)[-READABLE_MAX:].strip("-.")
    return f"{readable}-{hashlib.sha256(nodeid.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def with_tag(url, tag):
    """The same proxy with the tag as user name and an empty password: without the colon some clients send no name at all.
    None where a password is needed, or where it is no http:// URL."""
    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or parts.password or not parts.hostname:
        return None
    return parts._replace(netloc=f"{tag}:@{parts.netloc.rpartition('@')[2]}").geturl()


def tagged_environment(environment, tag):
    """The variables that lead to the same proxies by that tag."""
    tagged = {}
    for names in VARIABLES:
        url = next((environment[name] for name in names if environment.get(name)), None)
        url = with_tag(url, tag) if url else None
        if url:
            tagged.update(dict.fromkeys(names, url))
    return tagged


def is_hopaudit(url):
    """Does a hopaudit answer there? It knows a name that no resolver knows."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": url}))
    try:
        with opener.open("http://hopaudit.invalid/", timeout=5) as answer:
            return answer.read(4096).startswith(b"This is hopaudit")
    except OSError:
        return False


class Tagger:
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        tagged = tagged_environment(os.environ, tag_of(item.nodeid))
        before = {name: os.environ.get(name) for name in tagged}
        os.environ.update(tagged)
        yield
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def pytest_configure(config):
    tagged = tagged_environment(os.environ, "pytest")
    urls = {tagged[name] for name in ("http_proxy", "https_proxy", "all_proxy") if name in tagged}
    if urls and all(map(is_hopaudit, urls)):
        config.pluginmanager.register(Tagger(), "hopaudit-tagger")
