"""Asks over mutual TLS, with urllib3."""

import ssl
import sys

import urllib3

context = ssl.create_default_context(cafile={{ ca }})
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain({{ cert }}, {{ key }})
{% if crl %}
context.load_verify_locations({{ crl }})
context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}

pool = urllib3.PoolManager(ssl_context=context, retries=False, timeout=30)

for url in sys.argv[1:] or [{{ "https://" ~ to ~ "/" }}]:
    try:
        print(f"{url}: ok" if pool.request("GET", url).status == 200 else f"{url}: refused")
    except urllib3.exceptions.HTTPError as error:
        print(f"{url}: {error}".replace("\n", " "))
