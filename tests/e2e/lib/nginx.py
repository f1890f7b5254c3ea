# SPDX-License-Identifier: MIT
"""A real nginx, with a generated configuration, in a folder of its own."""
import pathlib
import shutil
import socket
import subprocess
import time

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 64m;
    server {{
        listen 127.0.0.1:{port};
{server}
    }}
}}
"""


class Nginx:
    """`server`: the directives of one server block."""

    def __init__(self, folder, server, attempts=5):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        for attempt in range(attempts):
            self.port = _free_port()
            configuration = self.folder / "nginx.conf"
            configuration.write_text(CONFIGURATION.format(folder=self.folder, port=self.port, server=server))
            self.process = subprocess.Popen(
                [program, "-p", str(self.folder), "-c", str(configuration), "-e", str(self.folder / "error.log")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                break
            self.stop()
        else:
            raise AssertionError(f"nginx did not start: {self.errors}")
        self.authority = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.authority}"

    @property
    def errors(self):
        return (self.folder / "error.log").read_text(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def _answers(self):
        """nginx can't be given a bound socket, so another process may have taken the port: then it ends, and we try
        again. Its readiness can only be asked for by connecting."""
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self.process.poll() is None
            except OSError:
                time.sleep(0.01)
        return False


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
