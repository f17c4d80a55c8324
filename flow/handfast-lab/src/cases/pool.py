"""A client with a connection kept open, whose certificate is renewed, and which opens another one."""

import http.client
import ssl
import sys

port = int(sys.argv[1])


def connect(pair):
    context = ssl.create_default_context(cafile="ca.crt")
    context.load_cert_chain(f"{pair}/tls.crt", f"{pair}/tls.key")
    return http.client.HTTPSConnection("localhost", port, context=context)


def ask(connection):
    connection.request("GET", "/")
    connection.getresponse().read()


kept = connect("client")
ask(kept)
ask(connect("client-renewed"))
ask(kept)
