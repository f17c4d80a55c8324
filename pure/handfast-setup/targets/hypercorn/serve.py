"""hypercorn behind mutual TLS."""

import asyncio
import os
import signal
import ssl

from hypercorn.asyncio import serve
from hypercorn.config import Config

CERT = {{ cert }}
KEY = {{ key }}


async def application(scope, receive, send):
    """Yours in the place of this one; the client is in scope["extensions"]["tls"]."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello\n"})


class Mutual(Config):
    bind = [{{ listen }}]
    certfile = CERT
    keyfile = KEY
    ca_certs = {{ ca }}
    verify_mode = ssl.CERT_REQUIRED
    context = None

    def create_ssl_context(self):
        self.context = super().create_ssl_context()
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A resumed session would outlive the trust that it began with.
        self.context.options |= ssl.OP_NO_TICKET
        self.context.num_tickets = 0
{% if crl %}
        self.context.load_verify_locations({{ crl }})
        self.context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}
        return self.context


config = Mutual()


def renew():
    """Takes the renewed certificate for new connections; the old one stays when the new one is not good."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERT, KEY)
        config.context.load_cert_chain(CERT, KEY)
    except (OSError, ssl.SSLError) as error:
        print(f"the renewed certificate is not good, the old one stays: {error}")


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, renew)
    with open({{ out ~ "/serve.pid" }}, "w") as file:
        file.write(str(os.getpid()))
    await serve(application, config, mode="asgi")


asyncio.run(main())
