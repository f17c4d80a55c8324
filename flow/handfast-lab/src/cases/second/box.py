"""Stands between client and server and does something to their connection: box.py PORT SERVER-PORT WHAT [VALUE]"""
import socket
import struct
import sys
import threading
import time

here, there = int(sys.argv[1]), int(sys.argv[2])
what = sys.argv[3]
value = sys.argv[4] if len(sys.argv) > 4 else ""
HANDSHAKE = b"\x16"


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def relay(source, sink, most=None):
    """Hands on up to `most` bytes, and keeps what follows to itself."""
    try:
        while data := source.recv(65536):
            if most is not None:
                data, most = data[:most], max(0, most - len(data))
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def until_second_flight(client, server):
    """What the client says goes on up to its second flight, which has its certificate; then both are reset."""
    threading.Thread(target=relay, args=(server, client), daemon=True).start()
    server.sendall(client.recv(65536))
    client.recv(65536)
    time.sleep(0.1)
    reset(client)
    server.close()


def say(client):
    client.sendall(value.encode().decode("unicode_escape").encode("latin-1"))


def serve(client):
    if what == "silent":
        time.sleep(60)
    elif what == "close":
        client.close()
    elif what == "greet":
        say(client)
        client.recv(65536)
        client.close()
    elif what == "answer":
        client.recv(65536)
        say(client)
        client.close()
    elif what == "reset":
        client.recv(65536)
        reset(client)
    elif what == "close-after-hello":
        client.recv(65536)
        client.close()
    else:
        server = socket.create_connection(("127.0.0.1", there))
        if what == "second-flight":
            return until_second_flight(client, server)
        if what == "late":
            time.sleep(float(value))
        up = int(value) if what == "swallow" else None
        down = int(value) if what == "keep-back" else None
        threading.Thread(target=relay, args=(client, server, up), daemon=True).start()
        relay(server, client, down)


with socket.create_server(("127.0.0.1", here), backlog=64) as listener:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
