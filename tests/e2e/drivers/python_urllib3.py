# SPDX-License-Identifier: MIT
"""urllib3. It ignores the environment, the user in a proxy's URL, and (1.26) certificates: all are handed to it."""
import os
import urllib.parse

import urllib3
from arguments import Arguments

given = Arguments(streams=True)
roots = {"cert_reqs": "CERT_REQUIRED", "ca_certs": os.environ.get("SSL_CERT_FILE")}
proxy = os.environ.get("http_proxy")
if proxy:
    user = urllib.parse.urlsplit(proxy).username
    fields = urllib3.make_headers(proxy_basic_auth=f"{user}:") if user else None
    pool = urllib3.ProxyManager(proxy, proxy_headers=fields, **roots)
else:
    pool = urllib3.PoolManager(**roots)
answer = pool.request(given.method, given.url, body=given.data, headers=given.headers, timeout=20)
print(answer.status, answer.geturl() or given.url)
