"""A gRPC server that asks every client for a certificate."""

from concurrent import futures

import grpc

CERT = {{ cert }}
KEY = {{ key }}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def configuration():
    return grpc.ssl_server_certificate_configuration([(read(KEY), read(CERT))], root_certificates=read({{ ca }}))


last = configuration()


def fetch():
    """Called for every connection. A certificate whose key is not there yet leaves the old pair."""
    global last
    try:
        last = configuration()
    except (OSError, ValueError) as error:
        print(f"the renewed certificate is not good, the old one stays: {error}")
    return last


server = grpc.server(futures.ThreadPoolExecutor())
# Add your services here: add_YourServicer_to_server(..., server)
credentials = grpc.dynamic_ssl_server_credentials(last, fetch, require_client_authentication=True)
server.add_secure_port({{ listen }}, credentials)
server.start()
server.wait_for_termination()
