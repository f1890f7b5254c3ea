# SPDX-License-Identifier: MIT
"""Python httpx. It takes the proxy from the environment; following redirects is asked for."""
import httpx
from arguments import Arguments

given = Arguments(streams=True)
answer = httpx.request(
    given.method, given.url, content=given.data, headers=given.headers, timeout=20, follow_redirects=True
)
print(answer.status_code, answer.url)
