"""HTTPS servers that ask for client certificates, one for each animal of the zoo and version of TLS.

The first argument is the port that is opened when all others are; the rest are the animals. The ports go to the file
"listeners".
"""

import http.server
import socket
import ssl
import struct
import sys
import threading

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
REFS = b"0123456789abcdef0123456789abcdef01234567\trefs/heads/main\n"


class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        # As much of a repository as `git ls-remote` asks for.
        is_git = self.path.partition("?")[0] == "/repository.git/info/refs"
        body = REFS if is_git else b"hello\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        # Browsers ask from a page of their own.
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Door(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, animal, version):
        super().__init__(("127.0.0.1", 0), Hello)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Whatever the certificate is, the client is to judge it.
        self.context.set_ciphers("DEFAULT@SECLEVEL=0")
        self.context.load_cert_chain(f"servers/{animal}/tls.crt", f"servers/{animal}/tls.key")
        self.context.minimum_version = self.context.maximum_version = VERSIONS[version]
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations("ca.crt")

    def finish_request(self, request, client_address):
        # In the thread of the connection, so that a slow handshake holds nobody up. The limit is the kernel's, for a
        # socket that does not block has OpenSSL take what it could not read in its own chain for a failure.
        request.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 20, 0))
        wrapped = self.context.wrap_socket(request, server_side=True)
        super().finish_request(wrapped, client_address)
        # With a proper end, which some clients insist on.
        wrapped.settimeout(1)
        wrapped.unwrap()

    def handle_error(self, request, client_address):
        # A client that does not like what it is shown is what we are here for.
        pass


def main():
    lines = []
    # Taken before the others are, lest one of them is given it.
    ready = socket.socket()
    ready.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ready.bind(("127.0.0.1", int(sys.argv[1])))
    for animal in sys.argv[2:]:
        for version in VERSIONS:
            door = Door(animal, version)
            lines.append(f"{animal} {version} {door.server_address[1]}\n")
            threading.Thread(target=door.serve_forever, daemon=True).start()
    with open("listeners", "w") as out:
        out.writelines(lines)
    ready.listen()
    while True:
        ready.accept()[0].close()


main()
