"""Asks over mutual TLS, with Python's own library."""

import ssl
import sys
import urllib.request

context = ssl.create_default_context(cafile={{ ca }})
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain({{ cert }}, {{ key }})
{% if crl %}
context.load_verify_locations({{ crl }})
context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}

for url in sys.argv[1:] or [{{ "https://" ~ to ~ "/" }}]:
    try:
        with urllib.request.urlopen(url, context=context, timeout=30) as response:
            response.read()
        print(f"{url}: ok")
    except OSError as error:
        print(f"{url}: {error}")
