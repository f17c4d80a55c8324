"""A gRPC server that asks every client for a certificate."""

import time
from concurrent import futures

import grpc

CERT = {{ cert }}
KEY = {{ key }}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def files():
    return read(KEY), read(CERT), read({{ ca }})


def configuration(key, cert, ca):
    return grpc.ssl_server_certificate_configuration([(key, cert)], root_certificates=ca)


last = files()


def fetch():
    """Called for every connection. None keeps what is served: gRPC crashes when it is given the same again and again."""
    global last
    try:
        now = files()
    except OSError as error:
        print(f"the files cannot be read, the old ones stay: {error}")
        return None
    if now == last:
        return None
    # gRPC frees the old certificate at once, and connections that were just accepted may still be about to take it.
    time.sleep(0.1)
    last = now
    # A certificate whose key is not there yet leaves the old pair; gRPC says so.
    return configuration(*now)


server = grpc.server(futures.ThreadPoolExecutor())
# Add your services here: add_YourServicer_to_server(..., server)
credentials = grpc.dynamic_ssl_server_credentials(configuration(*last), fetch, require_client_authentication=True)
server.add_secure_port({{ listen }}, credentials)
server.start()
server.wait_for_termination()
