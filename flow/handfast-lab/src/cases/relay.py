# Hands on what a server says only up to some bytes, as a path that loses large packets: relay.py PORT SERVER-PORT BYTES
import socket
import sys
import threading

here, there, most = map(int, sys.argv[1:4])


def pump(source, sink, left):
    try:
        while data := source.recv(65536):
            sink.sendall(data[:left] if left is not None else data)
            if left is not None:
                left = max(0, left - len(data))
    except OSError:
        pass


with socket.create_server(("127.0.0.1", here)) as listener:
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", there))
        threading.Thread(target=pump, args=(client, server, None), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, most), daemon=True).start()
