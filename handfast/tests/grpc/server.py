"""A gRPC server: server.py PORT [CERT KEY CA]. Bytes are messages; what it was told about the client comes back as a trailer."""

import sys
import threading
from concurrent import futures

import grpc


def told(context):
    metadata = dict(context.invocation_metadata())
    context.set_trailing_metadata((("told", metadata.get("client-cert", "nothing")[:5]),))


def unary(request, context):
    told(context)
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "as was asked for")
    return b"echo " + request


def slow(request, context):
    gone = threading.Event()
    context.add_callback(gone.set)
    if gone.wait(20):
        print("cancelled", flush=True)
    return b"too late"


def many(request, context):
    told(context)
    for number in range(int(request)):
        yield b"%d" % number


def total(requests, context):
    told(context)
    return b"%d" % sum(int(request) for request in requests)


def talk(requests, context):
    told(context)
    for request in requests:
        yield b"re " + request


METHODS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
    "Many": grpc.unary_stream_rpc_method_handler(many),
    "Total": grpc.stream_unary_rpc_method_handler(total),
    "Talk": grpc.stream_stream_rpc_method_handler(talk),
}


def main():
    port, *files = sys.argv[1:]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", METHODS),))
    if files:
        cert, key, ca = (open(name, "rb").read() for name in files)
        credentials = grpc.ssl_server_credentials([(key, cert)], ca, True)
        server.add_secure_port(f"127.0.0.1:{port}", credentials)
    else:
        server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


main()
