"""An HTTPS server that asks every client for a certificate, with Python's own library."""

import http.server
import os
import signal
import ssl

CERT = {{ cert }}
KEY = {{ key }}


def mutual():
    """What every connection is begun with, from the files as they are now."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(CERT, KEY)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations({{ ca }})
{% if crl %}
    context.load_verify_locations({{ crl }})
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
{% endif %}
    # A resumed session would outlive the trust that it began with.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


context = mutual()


class Hello(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def do_GET(self):
        names = dict(pair for part in self.request.getpeercert()["subject"] for pair in part)
        body = f"hello, {names.get('commonName')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # In the thread of the connection, so that a slow handshake holds no other up.
        request.settimeout(30)
        super().finish_request(context.wrap_socket(request, server_side=True), client_address)


def renew(*_):
    """Takes the renewed files for new connections; the old ones stay when the new are not good."""
    global context
    try:
        # A new context and not the old one changed: other threads are in the middle of handshakes with that.
        context = mutual()
    except (OSError, ssl.SSLError) as error:
        print(f"the renewed certificate is not good, the old one stays: {error}")


server = Server(({{ listen_host }}, {{ listen_port }}), Hello)
signal.signal(signal.SIGHUP, renew)
with open({{ out ~ "/server.pid" }}, "w") as file:
    file.write(str(os.getpid()))
server.serve_forever()
