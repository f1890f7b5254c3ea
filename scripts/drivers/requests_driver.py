#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Python's requests with its defaults; it takes proxy and roots from the environment.
#   hopaudit lab -- python3 scripts/drivers/requests_driver.py {method} {url} {bodyfile} {headerfile}
import sys

import requests

method, url, body, fields = sys.argv[1:]
with open(fields, encoding="ascii") as lines:
    headers = dict(line.rstrip("\n").split(": ", 1) for line in lines)
with open(body, "rb") as file:
    content = file.read() or None
requests.request(method, url, data=content, headers=headers, timeout=15, allow_redirects=True)
