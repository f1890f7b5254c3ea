# SPDX-License-Identifier: MIT
"""Python requests. It takes the proxy from the environment and follows redirects by default."""
import requests
from arguments import Arguments

given = Arguments(streams=True)
answer = requests.request(
    given.method, given.url, data=given.data, headers=given.headers, timeout=20, allow_redirects=True
)
print(answer.status_code, answer.url)
