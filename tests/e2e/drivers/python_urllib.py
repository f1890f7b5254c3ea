# SPDX-License-Identifier: MIT
"""Python's own urllib. It takes the proxy from the environment; what it does with a redirect is its own."""
import urllib.error
import urllib.request

from arguments import Arguments

given = Arguments()
request = urllib.request.Request(given.url, data=given.body, headers=given.headers, method=given.method)
try:
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()
        print(answer.status, answer.url)
except urllib.error.HTTPError as error:  # so it tells of every status that it does not deal with
    print(error.code, error.url)
