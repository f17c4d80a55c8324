"""A gRPC client with a certificate: client.py PORT CERT KEY CA. Prints what became of every kind of call, as JSON."""

import json
import sys
import threading
import time

import grpc

port, *files = sys.argv[1:]
cert, key, ca = (open(name, "rb").read() for name in files)
credentials = grpc.ssl_channel_credentials(ca, key, cert)
channel = grpc.secure_channel(f"localhost:{port}", credentials)


def path(name):
    return f"/test.Echo/{name}"


def trailers(call):
    return {key: value for key, value in call.trailing_metadata() or ()}


def failed(error):
    return {"code": error.code().name, "details": error.details(), "trailers": trailers(error)}


out = {}
answer, call = channel.unary_unary(path("Unary")).with_call(b"hello", timeout=10, metadata=(("client-cert", "forged"),))
out["unary"] = {"answer": answer.decode(), "trailers": trailers(call)}
large = b"x" * 3_000_000
out["large"] = len(channel.unary_unary(path("Unary"))(large, timeout=20))
try:
    channel.unary_unary(path("Unary"))(b"fail", timeout=10)
except grpc.RpcError as error:
    out["failure"] = failed(error)
try:
    channel.unary_unary(path("Missing"))(b"", timeout=10)
except grpc.RpcError as error:
    out["missing"] = failed(error)

stream = channel.unary_stream(path("Many"))(b"1000", timeout=20)
numbers = [int(message) for message in stream]
out["many"] = {"right": numbers == list(range(1000)), "trailers": trailers(stream)}

out["total"] = channel.stream_unary(path("Total"))((b"%d" % n for n in range(1000)), timeout=20).decode()

# Both ways at a time: the next message is sent only when the answer to the one before has come.
go = threading.Semaphore(1)


def questions():
    for number in range(50):
        go.acquire()
        yield b"%d" % number


heard = []
stream = channel.stream_stream(path("Talk"))(questions(), timeout=20)
for message in stream:
    heard.append(message.decode())
    go.release()
out["talk"] = {"right": heard == [f"re {n}" for n in range(50)], "trailers": trailers(stream)}

begun = time.monotonic()
try:
    channel.unary_unary(path("Slow"))(b"", timeout=0.5)
except grpc.RpcError as error:
    out["deadline"] = failed(error) | {"in_time": time.monotonic() - begun < 5}
print(json.dumps(out))
