"""Asks over mutual TLS, with requests."""

import ssl
import sys

import requests
from requests.adapters import HTTPAdapter

context = ssl.create_default_context(cafile={{ ca }})
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain({{ cert }}, {{ key }})
{% if crl %}
context.load_verify_locations({{ crl }})
context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}


class Mutual(HTTPAdapter):
    """requests' own cert= and verify= can look up no revocation list, and allow whatever OpenSSL allows."""

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, ssl_context=context, **options)

    def cert_verify(self, connection, url, verify, cert):
        # The context says it all; requests would add the CAs of the world.
        connection.cert_reqs = "CERT_REQUIRED"


session = requests.Session()
session.trust_env = False
session.mount("https://", Mutual())

for url in sys.argv[1:] or [{{ "https://" ~ to ~ "/" }}]:
    try:
        session.get(url, timeout=30).raise_for_status()
        print(f"{url}: ok")
    except requests.RequestException as error:
        print(f"{url}: {error}".replace("\n", " "))
