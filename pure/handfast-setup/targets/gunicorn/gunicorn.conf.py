# Mutual TLS.
import ssl

bind = {{ listen }}
pidfile = {{ out ~ "/gunicorn.pid" }}
certfile = {{ cert }}
keyfile = {{ key }}
ca_certs = {{ ca }}
cert_reqs = ssl.CERT_REQUIRED
do_handshake_on_connect = True
made = []


# gunicorn asks for every connection, and the files may be in the middle of a renewal; each worker reads them once.
def ssl_context(config, default_ssl_context_factory):
    if not made:
        made.append(make_context(default_ssl_context_factory))
    return made[0]


def make_context(default_ssl_context_factory):
    context = default_ssl_context_factory()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A resumed session would outlive the trust that it began with.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
{% if crl %}
    context.load_verify_locations({{ crl }})
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}
    return context
