//! What "A guide to mTLS" says, word for word; only `/path/to` is filled in by those who use it.

use super::Place;

/// "1. Generate Certificates".
pub(crate) const CERTIFICATES: &str = "
# Generate CA key and certificate
openssl genrsa -out ca.key 2048
openssl req -x509 -new -nodes -key ca.key -sha256 -days 3650 -out ca.crt

# Generate server key and CSR
openssl genrsa -out server.key 2048
openssl req -new -key server.key -out server.csr

# Sign server certificate with CA
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 365 -sha256

# Generate client key and CSR
openssl genrsa -out client.key 2048
openssl req -new -key client.key -out client.csr

# Sign client certificate with CA
openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out client.crt -days 365 -sha256
";

/// "2. Configure the Server", nginx; the guide leaves the braces open.
pub(crate) const NGINX: &str = "
server {
    listen 443 ssl;

    ssl_certificate /path/to/server.crt;
    ssl_certificate_key /path/to/server.key;
    ssl_client_certificate /path/to/ca.crt;
    ssl_verify_client on;

    location / {
        # Your application configuration
";

/// The same for Apache.
pub(crate) const APACHE: &str = "
<VirtualHost *:443>

    SSLEngine on
    SSLCertificateFile /path/to/server.crt
    SSLCertificateKeyFile /path/to/server.key
    SSLCACertificateFile /path/to/ca.crt
    SSLVerifyClient require
    SSLVerifyDepth 1

    <Location />
        # Your application configuration
";

/// "3. Configure the Client", without a URL as in the guide.
pub(crate) const CURL: &str =
    "curl --cert /path/to/client.crt --key /path/to/client.key --cacert /path/to/ca.crt";

pub(crate) const REQUESTS: &str = "
import requests

url = ''
cert = ('/path/to/client.crt', '/path/to/client.key')
ca_cert = '/path/to/ca.crt'

response = requests.get(url, cert=cert, verify=ca_cert)
";

/// The guide's files, made by its commands with every question of `openssl req` answered by the return key,
/// its CA adopted, and its two requests signed with names, in the place of its nameless certificates.
pub(crate) fn mended() -> Place {
    let place = Place::new();
    place.write("return-key", "\n".repeat(20));
    for line in CERTIFICATES.lines().filter(|line| line.starts_with("openssl")) {
        place.shell(&format!("{line} < return-key")).good();
    }
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    place
        .run("sign server.csr server --dns localhost --out server.crt --force")
        .good();
    place
        .run("sign client.csr client --dns client.example --out client.crt --force")
        .good();
    place
}

/// `text` with the folder of the test for `/path/to`.
pub(crate) fn filled_in(place: &Place, text: &str) -> String {
    let folder = place.path("");
    let folder = folder.to_str().expect("a folder with a plain name");
    text.replace("/path/to", folder.trim_end_matches('/'))
}
