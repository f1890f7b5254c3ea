# SPDX-License-Identifier: MIT
"""Python aiohttp. It takes the proxy from the environment only with trust_env=True."""
import asyncio

import aiohttp
from arguments import Arguments


async def stream(pieces):
    for piece in pieces:
        yield piece


async def main():
    given = Arguments(streams=True)
    data = stream(given.data) if given.given.stream else given.data
    async with aiohttp.ClientSession(trust_env=True, timeout=aiohttp.ClientTimeout(total=20)) as session:
        async with session.request(given.method, given.url, data=data, headers=given.headers) as answer:
            await answer.read()
            print(answer.status, answer.url)


asyncio.run(main())
