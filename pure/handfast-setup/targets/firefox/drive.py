"""Has Firefox visit URLs over its remote protocol, Marionette, and says of each whether the page came."""

import json
import socket
import subprocess
import sys
import time

BROWSE = {{ out ~ "/browse.sh" }}
PREFERENCES = {{ out ~ "/user.js" }}
PORT = {{ spare }}
PATIENCE_SECONDS = 60


class Marionette:
    def __init__(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", PORT), PATIENCE_SECONDS)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.number = 0
        self.receive()

    def receive(self):
        """One message: its length in digits, a colon, JSON."""
        digits = b""
        while (letter := self.socket.recv(1)) != b":":
            if not letter:
                raise EOFError("Firefox has gone")
            digits += letter
        text = b""
        while len(text) < int(digits):
            text += self.socket.recv(int(digits) - len(text))
        return json.loads(text)

    def ask(self, name, **parameters):
        """Returns an error, or none, and the result."""
        self.number += 1
        message = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self.receive()
        return error, result


def visit(marionette, url):
    error, _ = marionette.ask("WebDriver:Navigate", url=url)
    if error is None:
        return "ok"
    # Where the page came from tells which of the two knows the reason.
    script = """
        return document.documentURI.startsWith("about:certerror")
            ? document.getFailedCertSecurityInfo().errorCodeString
            : document.getNetErrorInfo().errorCodeString;
    """
    failed, result = marionette.ask("WebDriver:ExecuteScript", script=script, args=[], sandbox="system")
    return failed["message"] if failed else result["value"]


def main():
    with open(PREFERENCES, "a") as file:
        file.write(f'user_pref("marionette.port", {PORT});\n')
    firefox = subprocess.Popen(
        ["sh", BROWSE, "--headless", "--marionette"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        marionette = Marionette()
        marionette.ask("WebDriver:NewSession")
        for url in sys.argv[1:]:
            print(f"{url}: {visit(marionette, url)}", flush=True)
        marionette.ask("Marionette:Quit")
        firefox.wait(PATIENCE_SECONDS)
    finally:
        firefox.kill()


main()
