# SPDX-License-Identifier: MIT
#
# Who takes part: for each proxy its configuration, tuned as its maintainers advise, and its command line. One worker,
# foreground, no access log, everything in a folder of its own. What is measured and how is not known here.
"""hopaudit, its peers and the origin."""

import glob
import json
import os
import pwd
import re
import shutil
import subprocess

from workloads import Manner

_HOUR = 3600


class Identities:
    """The certificates of a run, all with P-256 keys: a root that vouches for the origin, and an authority for the
    contestants that are given one. PEM files in `folder`, each with its key; raises OSError when openssl fails."""

    def __init__(self, folder):
        self.folder = folder
        self.root = self._issue("root", "/CN=bench root", "basicConstraints=critical,CA:TRUE")
        self.authority = self._issue("authority", "/CN=bench authority", "basicConstraints=critical,CA:TRUE")
        self.origin = self._issue("origin", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                                  "-CA", self.root, "-CAkey", self.root)
        self.leaf_key = self.origin

    def _issue(self, name, subject, extension, *issuer):
        """One file with certificate and key; self-signed without an issuer."""
        path = os.path.join(self.folder, name + ".pem")
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                               "-nodes", "-days", "7", "-subj", subject, "-addext", extension, "-keyout", path, "-out",
                               path + ".crt", *issuer], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"openssl made no certificate: {done.stderr.strip()}")
        with open(path + ".crt", encoding="ascii") as certificate, open(path, "a", encoding="ascii") as both:
            both.write(certificate.read())
        os.chmod(path, 0o644)  # some contestants drop their rights; the keys are of this run alone
        return path


def _self():
    return pwd.getpwuid(os.geteuid()).pw_name


def _write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Contestant:
    """A proxy that can be started. `ports` is the origin's: plain, one that expects the PROXY protocol, and TLS.
    `identities` are the certificates of the run."""

    name = ""
    binary = ""
    plain = True  # it is asked what is not TLS
    intercepts = False  # it opens TLS
    tunnels = True  # it speaks CONNECT
    manner = Manner()
    user = None  # that it runs as when the bench is root
    share = 1.0  # of each workload's requests: the slow ones are given fewer
    version_argv = ["-v"]
    counted_whole = ()  # it cannot be asked for counts while it runs: the workloads that are worth two starts
    counted = True  # callgrind can count it
    identities = None

    def argv(self, folder, port, ports):
        raise NotImplementedError

    def env(self, folder):
        return {}

    def can(self, workload):
        """It can be asked this at all."""
        if workload.secure or not self.plain:
            return workload.secure and self.intercepts
        return (self.tunnels or not workload.tunnel) and (self.manner.keep_alive or not workload.keep_alive)

    def path(self):
        return shutil.which(self.binary, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def version(self):
        done = subprocess.run([self.path(), *self.version_argv], capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+[\w.~+-]*", done.stdout + done.stderr)
        return found.group(0) if found else "?"

    def clear(self, port):
        """Removes what it may have left outside its folder when it had to be killed."""

    def account(self, folder):
        """What it says afterwards about its own work, for the report; {} when it keeps no books."""
        return {}


class Hopaudit(Contestant):
    name = "hopaudit"
    intercepts = True
    version_argv = ["--version"]

    def __init__(self, binary):
        self.binary = binary

    def path(self):
        return self.binary if os.access(self.binary, os.X_OK) else None

    def argv(self, folder, port, ports):
        return [self.binary, "proxy", "--listen", f"127.0.0.1:{port}", "--workers", "1", "--dashboard", "off", "--log",
                os.path.join(folder, "audit.jsonl"),
                *(("--upstream-ca", self.identities.root) if self.identities else ())]

    def env(self, folder):
        return {"XDG_CONFIG_HOME": os.path.join(folder, "config")}

    def account(self, folder):
        counts = {}
        try:
            with open(os.path.join(folder, "audit.jsonl"), encoding="utf-8") as f:
                for line in f:
                    kind = json.loads(line).get("type", "?")
                    counts[kind] = counts.get(kind, 0) + 1
        except (OSError, ValueError) as e:
            return {"log": str(e)}
        return counts


class Nginx(Contestant):
    """A reverse proxy in a forward role: fixed backend, no CONNECT."""

    name = "nginx"
    binary = "nginx"
    tunnels = False

    def argv(self, folder, port, ports):
        conf = _write(folder, "nginx.conf", nginx_frame(folder, f"""
    upstream origin {{
        server 127.0.0.1:{ports[0]};
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_redirect off;
    proxy_max_temp_file_size 0;
    client_body_buffer_size 32k;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://origin; }}
        location /large/ {{ proxy_pass http://origin; proxy_buffers 8 128k; proxy_busy_buffers_size 256k; }}
    }}"""))
        return [self.path(), "-c", conf, "-e", "stderr"]


class Haproxy(Contestant):
    """A reverse proxy in a forward role: fixed backend, no CONNECT."""

    name = "haproxy"
    binary = "haproxy"
    tunnels = False

    def argv(self, folder, port, ports):
        conf = _write(folder, "haproxy.cfg", f"""
global
    maxconn 6000
    nbthread 1
defaults
    mode http
    http-reuse always
    timeout connect 10s
    timeout client 1h
    timeout server 1h
    timeout http-keep-alive 1h
frontend in
    bind 127.0.0.1:{port} backlog 4096
    default_backend origin
backend origin
    server o 127.0.0.1:{ports[0]} pool-max-conn 128 pool-purge-delay 1h
""")
        return [self.path(), "-db", "-f", conf]


class TrafficServer(Contestant):
    name = "trafficserver"
    binary = "traffic_server"
    version_argv = ["-V"]

    def argv(self, folder, port, ports):
        for name in ("data", "run", "log", "cache"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        settings = [
            f"http.server_ports STRING {port}:ip-in=127.0.0.1", "reverse_proxy.enabled INT 0",
            "url_remap.remap_required INT 0", "http.cache.http INT 0", "exec_thread.autoconfig INT 0",
            "exec_thread.limit INT 1", "accept_threads INT 0", "task_threads INT 1", "http.connect_ports STRING *",
            "log.logging_enabled INT 0", "admin.user_id STRING #-1", "crash_log_helper STRING NULL",
            # Its books are brought up to date every few seconds, at 25 million instructions: not what is measured here.
            "raw_stat_sync_interval_ms INT 3600000", "remote_sync_interval_ms INT 3600000",
            "config.update_interval_ms INT 3600000",
            "net.connections_throttle INT 15000", "net.listen_backlog INT 4096",
            f"http.keep_alive_no_activity_timeout_in INT {_HOUR}",
            f"http.keep_alive_no_activity_timeout_out INT {_HOUR}",
            f"http.transaction_no_activity_timeout_in INT {_HOUR}",
            f"http.transaction_no_activity_timeout_out INT {_HOUR}", f"net.default_inactivity_timeout INT {_HOUR}",
        ]
        _write(folder, "etc/records.config", "".join(f"CONFIG proxy.config.{s}\n" for s in settings))
        _write(folder, "etc/ip_allow.yaml",
               "ip_allow:\n  - apply: in\n    ip_addrs: 127.0.0.1\n    action: allow\n    methods: ALL\n")
        for name in ("remap", "storage", "plugin", "parent", "cache", "hosting", "volume", "splitdns", "socks",
                     "ssl_multicert"):
            _write(folder, f"etc/{name}.config", "")
        layout = {"prefix": folder, "exec_prefix": "/usr", "bindir": "/usr/bin", "sbindir": "/usr/sbin",
                  "sysconfdir": f"{folder}/etc", "datadir": f"{folder}/data", "includedir": "/usr/include",
                  "libdir": "/usr/lib/trafficserver", "libexecdir": "/usr/lib/trafficserver/modules",
                  "localstatedir": folder, "runtimedir": f"{folder}/run", "logdir": f"{folder}/log",
                  "cachedir": f"{folder}/cache"}
        root = _write(folder, "runroot.yaml", "".join(f"{k}: {v}\n" for k, v in layout.items()))
        return [self.path(), f"--run-root={root}"]


class Squid(Contestant):
    name = "squid"
    binary = "squid"
    user = "proxy"  # it insists on not being root
    share = 0.5
    counted_whole = ("get1k-16", "tunnel")

    def argv(self, folder, port, ports):
        conf = _write(folder, "squid.conf", f"""
{self._port(folder, port)}
http_access allow localhost
http_access deny all
cache deny all
cache_mem 0
memory_pools on
access_log none
cache_log {folder}/cache.log
cache_store_log none
pid_filename {folder}/squid.pid
coredump_dir {folder}
netdb_filename none
pinger_enable off
workers 1
max_filedescriptors 15000
client_idle_pconn_timeout 1 hour
server_idle_pconn_timeout 1 hour
shutdown_lifetime 1 seconds
""")
        return [self.path(), "-N", "-n", self._service(port), "-f", conf]

    def _port(self, folder, port):
        return f"http_port 127.0.0.1:{port}"

    def _service(self, port):
        """Its shared memory is called so: another squid of the machine may have the usual name."""
        return f"bench{port}"

    def clear(self, port):
        for path in glob.glob(f"/dev/shm/{self._service(port)}-*"):
            os.unlink(path)


class SquidBump(Squid):
    """squid that opens TLS: a process of its own, for with ssl-bump it takes every tunnel for TLS."""

    name = "squid-bump"
    plain = False
    intercepts = True
    counted_whole = ("tls",)
    share = 0.3
    helper = "/usr/lib/squid/security_file_certgen"

    def path(self):
        return super().path() if os.access(self.helper, os.X_OK) else None

    def _port(self, folder, port):
        store = os.path.join(folder, "certificates")
        subprocess.run([self.helper, "-c", "-s", store, "-M", "4MB"], check=True, capture_output=True)
        if os.geteuid() == 0:
            for path in (store, *glob.glob(f"{store}/**", recursive=True)):
                shutil.chown(path, self.user)
        hosts = _write(folder, "hosts", "127.0.0.1 localhost\n")
        return f"""
http_port 127.0.0.1:{port} ssl-bump tls-cert={self.identities.authority} generate-host-certificates=on
sslcrtd_program {self.helper} -s {store} -M 4MB
sslcrtd_children 1 startup=1
tls_outgoing_options cafile={self.identities.root}
hosts_file {hosts}
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump bump all
"""


class Sslsplit(Contestant):
    """Takes TLS at once, always to the same origin, whose certificate it does not verify. Reads no HTTP."""

    name = "sslsplit"
    binary = "sslsplit"
    version_argv = ["-V"]
    plain = False
    intercepts = True
    manner = Manner(transparent=True)
    counted = False  # it forks, and the child does the work

    def argv(self, folder, port, ports):
        return [self.path(), "-u", _self(), "-c", self.identities.authority, "-k", self.identities.authority, "-K",
                self.identities.leaf_key, "ssl", "127.0.0.1", str(port), "127.0.0.1", str(ports[2])]


class Mitmproxy(Contestant):
    name = "mitmproxy"
    binary = "mitmdump"
    version_argv = ["--version"]
    plain = False
    intercepts = True
    share = 0.1
    counted = False  # Python: minutes

    def argv(self, folder, port, ports):
        settings = {"confdir": os.path.join(folder, "conf"), "flow_detail": "0", "stream_large_bodies": "1m",
                    "ssl_verify_upstream_trusted_ca": self.identities.root}
        return [self.path(), "--quiet", "--listen-host", "127.0.0.1", "--listen-port", str(port),
                *(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))]


class Tinyproxy(Contestant):
    """A thread for each connection, closed after one answer without saying so before."""

    name = "tinyproxy"
    manner = Manner(keep_alive=False)
    binary = "tinyproxy"
    share = 0.1

    def argv(self, folder, port, ports):
        conf = _write(folder, "tinyproxy.conf", f"""
Port {port}
Listen 127.0.0.1
Timeout {_HOUR}
MaxClients 6000
Allow 127.0.0.1
LogFile "{folder}/tinyproxy.log"
LogLevel Critical
PidFile "{folder}/tinyproxy.pid"
""")
        return [self.path(), "-d", "-c", conf]


def nginx_frame(folder, body):
    """What every nginx of the bench has in common, around its http block's own part."""
    temp = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""
daemon off;
master_process off;
pid {folder}/nginx.pid;
worker_rlimit_nofile 15000;
error_log stderr crit;
events {{ worker_connections 14000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client_body;
{temp}    client_max_body_size 0;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
{body}
}}
"""


class Origin(Contestant):
    """nginx with files, as the load generator's own origin has them. Listens three times, for the PROXY
    protocol and for TLS too."""

    name = "origin"
    binary = "nginx"
    large = 512 << 20

    def argv(self, folder, port, ports):
        www = os.path.join(folder, "www")
        os.makedirs(os.path.join(www, "large"), exist_ok=True)
        for name, text in (("1k", "k" * 1024), ("post", ""), ("redirect", "")):
            _write(folder, f"www/{name}", text)
        _write(folder, "www/large/64k", "k" * 65536)
        with open(os.path.join(www, "large/512m"), "wb") as f:
            f.truncate(self.large)
        conf = _write(folder, "nginx.conf", nginx_frame(folder, f"""
    sendfile on;
    tcp_nopush on;
    client_body_buffer_size 32k;
    open_file_cache max=16;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{ports[1]} proxy_protocol backlog=4096;
        listen 127.0.0.1:{ports[2]} ssl backlog=4096;
        ssl_certificate {self.identities.origin};
        ssl_certificate_key {self.identities.origin};
        root {www};
        # A static file refuses a POST, which becomes the answer; the mirror is there to read the body before that.
        location = /post {{ mirror /read; error_page 405 =200 /posted; }}
        location = /redirect {{ mirror /read; error_page 405 =307 http://127.0.0.1:{port}/post; }}
        location = /read {{ internal; return 204; }}
        location = /posted {{ internal; return 200 "posted\\n"; }}
    }}"""))
        return [self.path(), "-c", conf, "-e", "stderr"]


def peers():
    """In the order of the tables."""
    return [Nginx(), Haproxy(), TrafficServer(), Squid(), Tinyproxy(), SquidBump(), Sslsplit(), Mitmproxy()]
