"""Asks over mutual TLS, with aiohttp."""

import asyncio
import ssl
import sys

import aiohttp

context = ssl.create_default_context(cafile={{ ca }})
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain({{ cert }}, {{ key }})
{% if crl %}
context.load_verify_locations({{ crl }})
context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}


async def main():
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for url in sys.argv[1:] or [{{ "https://" ~ to ~ "/" }}]:
            try:
                async with session.get(url, ssl=context) as response:
                    response.raise_for_status()
                    await response.read()
                print(f"{url}: ok")
            except (aiohttp.ClientError, OSError) as error:
                print(f"{url}: {error}".replace("\n", " "))


asyncio.run(main())
