"""An HTTPS server that asks for client certificates, with Python alone."""

import http.server
import ssl
import sys

port, pair, client_ca, asks, versions, crl = sys.argv[1:7]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{pair}/tls.crt", f"{pair}/tls.key")
context.minimum_version = ssl.TLSVersion.TLSv1_3 if versions == "1.3" else ssl.TLSVersion.TLSv1_2
context.maximum_version = ssl.TLSVersion.TLSv1_2 if versions == "1.2" else ssl.TLSVersion.TLSv1_3
if asks != "none":
    context.verify_mode = ssl.CERT_OPTIONAL if asks == "optional" else ssl.CERT_REQUIRED
    context.load_verify_locations(client_ca)
if crl:
    context.load_verify_locations(crl)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"hello\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # In the thread of the connection, so that a slow handshake holds nobody up.
        wrapped = context.wrap_socket(request, server_side=True)
        super().finish_request(wrapped, client_address)


Server(("127.0.0.1", int(port)), Hello).serve_forever()
