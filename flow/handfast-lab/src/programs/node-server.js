// An HTTPS server that asks for client certificates, with Node alone.
const fs = require("fs");
const https = require("https");

const [port, pair, clientCa, asks, versions, crl] = process.argv.slice(2);
const options = {
  cert: fs.readFileSync(`${pair}/tls.crt`),
  key: fs.readFileSync(`${pair}/tls.key`),
  minVersion: versions === "1.3" ? "TLSv1.3" : "TLSv1.2",
  maxVersion: versions === "1.2" ? "TLSv1.2" : "TLSv1.3",
};
if (asks !== "never") {
  options.ca = fs.readFileSync(clientCa);
  options.requestCert = true;
  options.rejectUnauthorized = asks === "required";
}
if (crl) {
  options.crl = fs.readFileSync(crl);
}
const server = https.createServer(options, (request, response) => {
  response.setHeader("Content-Type", "text/plain");
  response.end("hello\n");
});
server.on("tlsClientError", (error) => console.error(error.message));
server.listen(Number(port), "127.0.0.1");
