"""uvicorn behind mutual TLS."""

import asyncio
import os
import signal
import ssl

import uvicorn

CERT = {{ cert }}
KEY = {{ key }}


async def application(scope, receive, send):
    """Yours in the place of this one."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello\n"})


config = uvicorn.Config(
    application,
    host={{ listen_host }},
    port={{ listen_port }},
    ssl_certfile=CERT,
    ssl_keyfile=KEY,
    ssl_ca_certs={{ ca }},
    ssl_cert_reqs=ssl.CERT_REQUIRED,
    lifespan="off",
)
config.load()
config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
# A resumed session would outlive the trust that it began with.
config.ssl.options |= ssl.OP_NO_TICKET
config.ssl.num_tickets = 0
{% if crl %}
config.ssl.load_verify_locations({{ crl }})
config.ssl.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}


def renew():
    """Takes the renewed certificate for new connections; the old one stays when the new one is not good."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERT, KEY)
        config.ssl.load_cert_chain(CERT, KEY)
    except (OSError, ssl.SSLError) as error:
        print(f"the renewed certificate is not good, the old one stays: {error}")


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, renew)
    with open({{ out ~ "/serve.pid" }}, "w") as file:
        file.write(str(os.getpid()))
    await uvicorn.Server(config).serve()


asyncio.run(main())
