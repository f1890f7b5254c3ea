# SPDX-License-Identifier: MIT
"""urllib3. It ignores the environment, and the user in a proxy's URL: both are handed to it."""
import os
import urllib.parse

import urllib3
from arguments import Arguments

given = Arguments(streams=True)
proxy = os.environ.get("http_proxy")
if proxy:
    user = urllib.parse.urlsplit(proxy).username
    fields = urllib3.make_headers(proxy_basic_auth=f"{user}:") if user else None
    pool = urllib3.ProxyManager(proxy, proxy_headers=fields)
else:
    pool = urllib3.PoolManager()
answer = pool.request(given.method, given.url, body=given.data, headers=given.headers, timeout=20)
print(answer.status, answer.geturl() or given.url)
