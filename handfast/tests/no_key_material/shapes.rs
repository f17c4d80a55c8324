//! A private key in every shape in which people have one, spoiled ones among them.

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_formats::{
    container::{self, Age, Lock},
    kubernetes,
};
use handfast_pki::{Certificate, KeyKind, PrivateKey, certificate::chain_to_pem, pem, text::hex};

/// A file with a key in it.
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Private numbers that are in it.
    pub(crate) secrets: Vec<Vec<u8>>,
}

/// A key with its certificate.
pub(crate) struct Pair {
    pub(crate) kind: KeyKind,
    pub(crate) key: PrivateKey,
    pub(crate) chain: Vec<Certificate>,
}

/// The first value of `der`: its contents and what follows.
fn value(der: &[u8]) -> (&[u8], &[u8]) {
    let short = usize::from(der[1]);
    let (length, head) = if short < 0x80 {
        (short, 2)
    } else {
        let count = short & 0x7f;
        let bytes = &der[2..2 + count];
        (
            bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            2 + count,
        )
    };
    (&der[head..head + length], &der[head + length..])
}

/// The values within the SEQUENCE `der`.
fn members(der: &[u8]) -> Vec<&[u8]> {
    let mut rest = value(der).0;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (content, after) = value(rest);
        found.push(content);
        rest = after;
    }
    found
}

impl Pair {
    /// The form that is older than PKCS#8, and its label: what stands inside of that.
    fn older(&self) -> (&'static str, Vec<u8>) {
        let label = match self.kind {
            KeyKind::Rsa2048 => "RSA PRIVATE KEY",
            _ => "EC PRIVATE KEY",
        };
        (label, members(self.key.pkcs8())[2].to_vec())
    }

    /// The numbers that nobody may see: the public ones are in the certificate.
    fn secrets(&self) -> Vec<Vec<u8>> {
        let inner = members(self.key.pkcs8())[2];
        match self.kind {
            KeyKind::Ed25519 | KeyKind::MlDsa(_) => vec![value(inner).0.to_vec()],
            KeyKind::Rsa2048 => members(inner)[3..].iter().map(|number| number.to_vec()).collect(),
            _ => vec![members(inner)[1].to_vec()],
        }
    }

    /// The shapes that look different for each kind of key.
    pub(crate) fn common_shapes(&self) -> Vec<Shape> {
        let pem = self.key.to_pem().to_string();
        let der = self.key.pkcs8();
        let mut shapes = vec![
            ("CR", pem.replace('\n', "\r").into_bytes()),
            ("base64", without_lines(&pem).into_bytes()),
            (
                "without END",
                pem.replace("-----END PRIVATE KEY-----\n", "").into_bytes(),
            ),
            ("DER", der.to_vec()),
            ("PKCS#8", pem.clone().into_bytes()),
            ("base64 on one line", BASE64_STANDARD.encode(der).into_bytes()),
            ("hex", hex(der).into_bytes()),
            ("numbers", format!("{der:?}").into_bytes()),
            ("UTF-16", sixteen(&pem, u16::to_le_bytes)),
        ];
        if !matches!(self.kind, KeyKind::Ed25519 | KeyKind::MlDsa(_)) {
            let (label, der) = self.older();
            shapes.push((label, pem::write(label, &der).into_bytes()));
            shapes.push(("older DER", der));
        }
        self.named(shapes)
    }

    /// Every shape there is.
    pub(crate) fn all_shapes(&self) -> Vec<Shape> {
        let pem = self.key.to_pem().to_string();
        let bare = without_lines(&pem);
        let chain = chain_to_pem(&self.chain);
        let mut shapes = self.texts(&pem, &bare);
        shapes.extend(self.spoiled(&pem, &bare));
        shapes.extend(configurations(&pem));
        shapes.push((
            "certificate before it, CR",
            (chain.clone() + &pem).replace('\n', "\r").into_bytes(),
        ));
        shapes.push(("certificate after it", (pem.clone() + &chain).into_bytes()));
        shapes.extend(self.containers(&pem));
        let mut all = self.common_shapes();
        all.extend(self.named(shapes));
        all
    }

    fn named(&self, shapes: Vec<(&str, Vec<u8>)>) -> Vec<Shape> {
        let named = shapes.into_iter().map(|(name, bytes)| Shape {
            name: format!("{} {name}", self.kind.name()),
            bytes,
            secrets: self.secrets(),
        });
        named.collect()
    }

    fn texts(&self, pem: &str, bare: &str) -> Vec<(&'static str, Vec<u8>)> {
        let (label, der) = self.older();
        let older = pem::write(label, &der);
        let locked = older.replacen(
            "-----\n",
            "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n",
            1,
        );
        let text = |text: String| text.into_bytes();
        vec![
            ("CRLF", text(pem.replace('\n', "\r\n"))),
            ("mixed line ends", text(pem.replacen('\n', "\r", 2))),
            ("one line", text(pem.replace('\n', " "))),
            ("no line ends", text(pem.replace('\n', ""))),
            ("indented", text(pem.replace("\n", "\n  "))),
            ("byte order mark", text(format!("\u{feff}{pem}"))),
            (
                "UTF-16 with a mark",
                sixteen(&format!("\u{feff}{pem}"), u16::to_le_bytes),
            ),
            ("UTF-16 BE", sixteen(pem, u16::to_be_bytes)),
            (
                "UTF-16 BE with a mark",
                sixteen(&format!("\u{feff}{pem}"), u16::to_be_bytes),
            ),
            ("UTF-16 base64", sixteen(bare, u16::to_le_bytes)),
            // The worst case: what says that it is encrypted and is not.
            ("RFC 1421", text(locked.clone())),
            ("RFC 1421, CR", text(locked.replace('\n', "\r"))),
            (
                "encrypted PKCS#8",
                text(pem.replace("PRIVATE", "ENCRYPTED PRIVATE")),
            ),
            (
                "in an error",
                text(format!(
                    "error: unable to load key\n{pem}tlsv1 alert unknown ca\n"
                )),
            ),
        ]
    }

    fn spoiled(&self, pem: &str, bare: &str) -> Vec<(&'static str, Vec<u8>)> {
        let der = self.key.pkcs8();
        let one_line = BASE64_STANDARD.encode(der);
        let pairs: Vec<String> = der.iter().map(|byte| format!("{byte:02X}")).collect();
        let text = |text: String| text.into_bytes();
        vec![
            (
                "without BEGIN",
                text(pem.replace("-----BEGIN PRIVATE KEY-----\n", "")),
            ),
            ("four dashes", text(pem.replace("-----", "----"))),
            ("four dashes at the end", text(pem.replace("KEY-----", "KEY----"))),
            ("label misspelt", text(pem.replace("PRIVATE", "PRIVAT"))),
            (
                "label in small letters",
                text(pem.replace("PRIVATE KEY", "private key")),
            ),
            (
                "another END",
                text(pem.replace("END PRIVATE KEY", "END CERTIFICATE")),
            ),
            (
                "called a certificate",
                text(pem.replace("PRIVATE KEY", "CERTIFICATE")),
            ),
            (
                "called a request",
                text(pem.replace("PRIVATE KEY", "CERTIFICATE REQUEST")),
            ),
            ("called a list", text(pem.replace("PRIVATE KEY", "X509 CRL"))),
            ("called PKCS#7", text(pem.replace("PRIVATE KEY", "PKCS7"))),
            (
                "as its own label",
                text(format!(
                    "-----BEGIN {one_line}-----\nAAAA\n-----END {one_line}-----\n"
                )),
            ),
            (
                "label behind CR",
                text(format!("-----BEGIN \r{bare}-----\nAAAA\n")),
            ),
            ("a letter too many", text(pem.replacen("\n", "\n!", 2))),
            ("cut", text(pem[..pem.len() / 2].to_owned())),
            ("padding lost", text(pem.replace('=', ""))),
            ("escaped line ends", text(pem.replace('\n', "\\n"))),
            ("cut DER", der[..der.len() - 9].to_vec()),
            ("more behind the DER", [der, b"\n"].concat()),
            ("hex with colons", text(pairs.join(":"))),
            (
                "hex with blanks",
                text(pairs.chunks(16).map(|line| line.join(" ") + "\n").collect()),
            ),
            (
                "hex dump",
                text(
                    der.chunks(16)
                        .enumerate()
                        .map(|(index, line)| format!("{:08x}: {}\n", index * 16, hex(line)))
                        .collect(),
                ),
            ),
        ]
    }

    fn containers(&self, pem: &str) -> Vec<(&'static str, Vec<u8>)> {
        let secret = kubernetes::write(&kubernetes::Wanted {
            name: "web",
            namespace: None,
            key: &self.key,
            chain: &self.chain,
            roots: &[],
        });
        let lock = Lock {
            password: "changeit",
            age: Age::Modern,
        };
        let container = container::write(&self.key, &self.chain, "web", lock).expect("a container");
        vec![
            (
                "Kubernetes Secret",
                secret.expect("a manifest").as_bytes().to_vec(),
            ),
            (
                "Kubernetes Secret without base64",
                format!(
                    "kind: Secret\ndata:\n  tls.key: |\n    {}",
                    pem.replace('\n', "\n    ")
                )
                .into_bytes(),
            ),
            (
                "Kubernetes Secret that is no YAML",
                format!("kind: Secret\n{pem}").into_bytes(),
            ),
            ("PKCS#12", container.to_vec()),
            ("Java keystore", self.keystore()),
            ("JWK", self.jwk()),
        ]
    }

    /// A keystore in which the key lies unlocked, as no Java writes it.
    fn keystore(&self) -> Vec<u8> {
        let der = self.key.pkcs8();
        let mut store = [0xfeed_feed_u32, 2, 1, 1].map(u32::to_be_bytes).concat();
        store.extend_from_slice(b"\0\x03web\0\0\0\0\0\0\0\0");
        store.extend_from_slice(&u32::try_from(der.len()).expect("short").to_be_bytes());
        store.extend_from_slice(der);
        store.extend_from_slice(&[0; 24]);
        store
    }

    fn jwk(&self) -> Vec<u8> {
        let d = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&self.secrets()[0]);
        format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"{d}\"}}").into_bytes()
    }
}

/// Configurations of others and of ours that hold the key themselves.
fn configurations(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let escaped = pem.replace('\n', "\\n");
    let indented = pem.replace('\n', "\n          ");
    let text = |text: String| text.into_bytes();
    vec![
        (".env", text(format!("TLS_KEY=\"{escaped}\"\n"))),
        (
            "TOML",
            text(format!(
                "[proxy]\nlisten = \"x\"\nkey = \"\"\"{pem}\"\"\"\nallow = [\"{escaped}\"]\nlog = \"{escaped}\"\n"
            )),
        ),
        (
            "nginx",
            text(format!(
                "server {{\n  listen 443 ssl;\n  ssl_certificate_key \"{pem}\";\n  ssl_verify_client \"{pem}\";\n}}\n"
            )),
        ),
        (
            "nginx, cut",
            text(format!("server {{\n  ssl_certificate_key \"{pem}\n")),
        ),
        (
            "Apache",
            text(format!(
                "<VirtualHost *:443>\nSSLEngine on\nSSLVerifyClient {escaped}\n</{escaped}>\n"
            )),
        ),
        (
            "HAProxy",
            text(format!(
                "{escaped}\nfrontend x\n  bind :443 ssl crt {escaped} verify {escaped}\n"
            )),
        ),
        (
            "Envoy",
            text(format!(
                "static_resources:\n  listeners:\n  - filter_chains:\n    - transport_socket:\n        typed_config:\n          \
                 \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\n          \
                 common_tls_context: {{tls_certificates: [{{private_key: {{inline_string: \"{escaped}\"}}}}]}}\n"
            )),
        ),
        (
            "Envoy, broken",
            text(format!(
                "static_resources:\n  private_key:\n    inline_string: |\n{indented}\n ]: {{"
            )),
        ),
        (
            "Caddy",
            text(format!(
                "example.com {{\n  tls {{\n    load_pem {escaped}\n    client_auth {{\n mode {escaped}\n}}\n}}\n"
            )),
        ),
        (
            "JSON",
            text(format!(
                "{{\"apps\": {{\"tls\": {{\"certificates\": {{\"load_pem\": [{{\"key\": \"{escaped}\"}}]}}}}}}}}"
            )),
        ),
        ("key log", text(format!("CLIENT_RANDOM {escaped} {escaped}\n"))),
    ]
}

/// The body of a PEM block alone.
fn without_lines(pem: &str) -> String {
    let body = pem.lines().filter(|line| !line.starts_with('-'));
    body.map(|line| format!("{line}\n")).collect()
}

fn sixteen(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}
