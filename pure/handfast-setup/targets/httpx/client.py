"""Asks over mutual TLS, with httpx."""

import ssl
import sys

import httpx

context = ssl.create_default_context(cafile={{ ca }})
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain({{ cert }}, {{ key }})
{% if crl %}
context.load_verify_locations({{ crl }})
context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}

with httpx.Client(verify=context, trust_env=False, timeout=30) as client:
    for url in sys.argv[1:] or [{{ "https://" ~ to ~ "/" }}]:
        try:
            client.get(url).raise_for_status()
            print(f"{url}: ok")
        except httpx.HTTPError as error:
            print(f"{url}: {error}".replace("\n", " "))
