# SPDX-License-Identifier: MIT
"""The real clients: how each is called, and what a test must know of it. drivers/ holds the programs."""
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import typing

from lib.compiled import GO_FOLDER, JAVA_FOLDER, compile_go, compile_java
from lib.hopaudit import PATIENCE, environment

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "drivers"
# Debian's node looks for packages there by itself, other builds of node do not.
NODE_PATH = "/usr/share/nodejs"


@dataclasses.dataclass(frozen=True)
class Driver:
    name: str
    program: tuple
    tunnels: bool = False  # sends plain http through CONNECT
    streams: bool = False  # knows --stream
    names_itself: bool = True  # sends Proxy-Authorization for http://name@proxy; otherwise only for http://name:@proxy
    greets_proxies: frozenset = frozenset()  # fields that it adds, or puts elsewhere, because it talks to a proxy
    greets_tunnels: frozenset = frozenset()  # and those that it adds even inside a tunnel
    prepare: typing.Callable = None  # compiles it, where that is needed
    credential: str = "Authorization: Bearer {secret}"  # the field in which a test gives it a secret

    def command(self, method, url, *arguments):
        if self.prepare:
            self.prepare()
        found = shutil.which(self.program[0])
        assert found, f"{self.program[0]} is not installed; scripts/test (or scripts/test --all) installs it"
        return [found, *self.program[1:], method, url, *map(str, arguments)]

    def call(self, folder, method, url, *arguments, variables=None, check=True, **popen):
        """Runs the client without `hopaudit run`, behind the proxy that `variables` name, or none."""
        process = subprocess.run(
            self.command(method, url, *arguments),
            cwd=folder,
            env=environment(folder, **NODE_VARIABLES, **(variables or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE * 2,
            text=True,
            **popen,
        )
        if check:
            assert process.returncode == 0, f"{self.name} failed: {process.stdout}{process.stderr}"
        return process

    def status(self, *arguments, **more):
        """The final status that the client saw."""
        return int(self.call(*arguments, **more).stdout.split()[0])

    def __str__(self):
        return self.name


NODE_VARIABLES = {"NODE_PATH": os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), NODE_PATH]))}

CURL = Driver("curl", ("bash", str(FOLDER / "curl.sh")))
WGET = Driver("wget", ("bash", str(FOLDER / "wget.sh")), names_itself=False, greets_tunnels=frozenset({b"proxy-connection"}))
REQUESTS = Driver(
    "requests", (sys.executable, str(FOLDER / "python_requests.py")), streams=True, names_itself=False
)
HTTPX = Driver("httpx", (sys.executable, str(FOLDER / "python_httpx.py")), streams=True)
AIOHTTP = Driver("aiohttp", (sys.executable, str(FOLDER / "python_aiohttp.py")), streams=True)
URLLIB3 = Driver(
    "urllib3",
    (sys.executable, str(FOLDER / "python_urllib3.py")),
    streams=True,
    greets_proxies=frozenset({b"host", b"accept"}),
)
URLLIB = Driver("urllib", (sys.executable, str(FOLDER / "python_urllib.py")), names_itself=False)
FETCH = Driver("fetch", ("node", str(FOLDER / "node_fetch.cjs")), tunnels=True, streams=True)

FAULTY = Driver("faulty", (sys.executable, str(FOLDER / "faulty.py")))

# The clients that follow a 307 as they should. urllib does not, and faulty is wrong on purpose.
ALL = (CURL, WGET, REQUESTS, HTTPX, AIOHTTP, URLLIB3, FETCH)

# Those of the large set (`scripts/test --all`), for TLS.
AXIOS = Driver("axios", ("node", str(FOLDER / "node_axios.cjs")), greets_tunnels=frozenset({b"connection"}))
HTTPIE = Driver("httpie", ("bash", str(FOLDER / "httpie.sh")))
GO = Driver("go", (str(GO_FOLDER / "net_http"),), prepare=compile_go)
JAVA_CLIENT = Driver("java_http_client", ("java", "-cp", str(JAVA_FOLDER), "JavaHttpClient"), prepare=compile_java)
JAVA_URL = Driver("java_url_connection", ("java", "-cp", str(JAVA_FOLDER), "JavaUrlConnection"), prepare=compile_java)
PHP_CURL = Driver("php_curl", ("php", str(FOLDER / "php_curl.php")))
PHP_STREAMS = Driver("php_streams", ("php", str(FOLDER / "php_streams.php")))
RUBY = Driver("ruby", ("ruby", str(FOLDER / "net_http.rb")))
OPEN_URI = Driver("open_uri", ("ruby", str(FOLDER / "open_uri.rb")))
LWP = Driver("lwp", ("perl", str(FOLDER / "lwp.pl")))
CHROMIUM = Driver("chromium", (sys.executable, str(FOLDER / "chromium.py")), credential="Cookie: sid={secret}")
GIT = Driver("git", ("bash", str(FOLDER / "git_clone.sh")))

LARGE_SET = (AXIOS, HTTPIE, GO, JAVA_CLIENT, JAVA_URL, PHP_CURL, PHP_STREAMS, RUBY, LWP, CHROMIUM)
