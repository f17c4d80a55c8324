// An HTTPS server that asks every client for a certificate.
const fs = require("fs");
const https = require("https");

const CERT = {{ cert }};
const KEY = {{ key }};

function credentials() {
  return {
    cert: fs.readFileSync(CERT),
    key: fs.readFileSync(KEY),
    ca: fs.readFileSync({{ ca }}),
{% if crl %}
    // Node takes one list per entry.
    crl: fs.readFileSync({{ crl }}, "utf8").match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g),
{% endif %}
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    // No RSA keys below 2048 bits, which Node would take.
    ciphers: "DEFAULT:@SECLEVEL=2",
    // A resumed session would outlive the trust that it began with.
    secureOptions: require("crypto").constants.SSL_OP_NO_TICKET,
  };
}

const server = https.createServer(credentials(), (request, response) => {
  response.end(`hello, ${request.socket.getPeerCertificate().subject.CN}\n`);
});

process.on("SIGHUP", () => {
  try {
    server.setSecureContext(credentials());
  } catch (error) {
    console.error(`the renewed certificate is not good, the old one stays: ${error.message}`);
  }
});

server.listen({{ listen_port }}, {{ listen_host }}, () => {
  fs.writeFileSync({{ out ~ "/server.pid" }}, String(process.pid));
});
