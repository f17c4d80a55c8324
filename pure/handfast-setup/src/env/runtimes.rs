//! Which program looks at which variable. Where it has none for a client certificate, what there is instead.

use handfast_finding::shell::shell;

/// What is known about one program.
#[derive(Debug)]
pub struct Row {
    /// As `handfast env` takes it.
    pub name: &'static str,
    /// Set to the file of CAs.
    pub ca: &'static [&'static str],
    /// Set to the client's certificate.
    pub cert: &'static [&'static str],
    /// Set to its key.
    pub key: &'static [&'static str],
    /// Set together with the file of CAs.
    pub always: &'static [(&'static str, &'static str)],
    /// Whether the file of CAs takes the place of the system's.
    pub replaces: bool,
    /// What there is where no variable names a client certificate.
    pub instead: Option<Instead>,
    /// What has to be known about it, a sentence each.
    pub notes: &'static [&'static str],
}

/// Lines of code or configuration, with `{cert}`, `{key}` and `{ca}` where the files go.
#[derive(Debug)]
pub struct Instead {
    /// Where the lines go, in a few words.
    pub short: &'static str,
    /// What they are and why, before a colon.
    pub what: &'static str,
    /// With the holes `{cert}`, `{key}` and `{ca}`.
    pub lines: &'static [&'static str],
    /// How a path is written in the language of the lines.
    pub quoted: fn(&str) -> String,
}

const NOTHING: Row = Row {
    name: "",
    ca: &[],
    cert: &[],
    key: &[],
    always: &[],
    replaces: true,
    instead: None,
    notes: &[],
};

const fn code(what: &'static str, lines: &'static [&'static str]) -> Option<Instead> {
    Some(Instead {
        short: "in the code",
        what,
        lines,
        quoted: double,
    })
}

/// Every program that is known, in the order in which they are told.
pub const TABLE: &[Row] = &[
    Row {
        name: "node",
        ca: &["NODE_EXTRA_CA_CERTS"],
        replaces: false,
        instead: code(
            "Node has no variable for a client certificate; in the code",
            &["new https.Agent({ cert: fs.readFileSync({cert}), key: fs.readFileSync({key}) })"],
        ),
        notes: &["Node reads the variable once, when it starts"],
        ..NOTHING
    },
    Row {
        name: "python",
        ca: &["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"],
        instead: code(
            "Python has no variable for a client certificate; in the code, with requests or without",
            &[
                "requests.get(url, cert=({cert}, {key}))",
                "context.load_cert_chain({cert}, {key})",
            ],
        ),
        ..NOTHING
    },
    Row {
        name: "curl",
        ca: &["CURL_CA_BUNDLE"],
        instead: Some(Instead {
            short: "~/.curlrc",
            what: "curl has no variable for a client certificate; in ~/.curlrc, or another file for curl --config",
            lines: &["cert = {cert}", "key = {key}"],
            quoted: double,
        }),
        ..NOTHING
    },
    Row {
        name: "wget",
        instead: Some(Instead {
            short: "~/.wgetrc",
            what: "in ~/.wgetrc",
            lines: &[
                "ca_certificate = {ca}",
                "certificate = {cert}",
                "private_key = {key}",
            ],
            quoted: str::to_owned,
        }),
        ..NOTHING
    },
    Row {
        name: "java",
        ca: &["JAVA_TOOL_OPTIONS"],
        cert: &["JAVA_TOOL_OPTIONS"],
        ..NOTHING
    },
    Row {
        name: "go",
        ca: &["SSL_CERT_FILE"],
        instead: code(
            "Go has no variable for a client certificate; in the code",
            &["certificate, err := tls.LoadX509KeyPair({cert}, {key})"],
        ),
        notes: &["Go looks at SSL_CERT_FILE on Linux and the BSDs, not on macOS and Windows"],
        ..NOTHING
    },
    Row {
        name: "rust",
        ca: &["SSL_CERT_FILE"],
        instead: code(
            "no variable for a client certificate; in the code, with reqwest, from one file with both",
            &["reqwest::Identity::from_pem(&[std::fs::read({cert})?, std::fs::read({key})?].concat())?"],
        ),
        notes: &["SSL_CERT_FILE is looked at by OpenSSL and rustls-native-certs, not by webpki-roots"],
        ..NOTHING
    },
    Row {
        name: "ruby",
        ca: &["SSL_CERT_FILE"],
        instead: code(
            "Ruby has no variable for a client certificate; in the code",
            &[
                "http.cert = OpenSSL::X509::Certificate.new(File.read({cert}))",
                "http.key = OpenSSL::PKey.read(File.read({key}))",
            ],
        ),
        ..NOTHING
    },
    Row {
        name: "deno",
        ca: &["DENO_CERT"],
        replaces: false,
        instead: code(
            "Deno has no variable for a client certificate; in the code",
            &[
                "Deno.createHttpClient({ cert: Deno.readTextFileSync({cert}), key: Deno.readTextFileSync({key}) })",
            ],
        ),
        ..NOTHING
    },
    Row {
        name: "openssl",
        ca: &["SSL_CERT_FILE"],
        instead: Some(Instead {
            short: "flags",
            what: "openssl has no variable for a client certificate, but flags",
            lines: &["openssl s_client -connect HOST:PORT -cert {cert} -key {key} -cert_chain {cert}"],
            quoted: quoted_word,
        }),
        ..NOTHING
    },
    Row {
        name: "git",
        ca: &["GIT_SSL_CAINFO"],
        cert: &["GIT_SSL_CERT"],
        key: &["GIT_SSL_KEY"],
        ..NOTHING
    },
    Row {
        name: "psql",
        ca: &["PGSSLROOTCERT"],
        cert: &["PGSSLCERT"],
        key: &["PGSSLKEY"],
        always: &[("PGSSLMODE", "verify-full")],
        replaces: false,
        notes: &[
            "everything over libpq looks at these: psql, pg_dump, psycopg, and many more; libpq refuses a key that others can read",
        ],
        ..NOTHING
    },
    Row {
        name: "mysql",
        instead: Some(Instead {
            short: "~/.my.cnf",
            what: "MySQL has no variables for TLS; in ~/.my.cnf (MariaDB: ssl-verify-server-cert in the place of ssl-mode)",
            lines: &[
                "[client]",
                "ssl-ca = {ca}\nssl-mode = VERIFY_IDENTITY",
                "ssl-cert = {cert}",
                "ssl-key = {key}",
            ],
            quoted: double,
        }),
        ..NOTHING
    },
    Row {
        name: "redis",
        instead: Some(Instead {
            short: "flags",
            what: "redis-cli has no variables for TLS, but flags",
            lines: &[
                "redis-cli --tls --cacert {ca} --cert {cert} --key {key}",
                "redis-cli --tls --cacert {ca}",
            ],
            quoted: quoted_word,
        }),
        ..NOTHING
    },
    Row {
        name: "docker",
        ca: &["DOCKER_CERT_PATH"],
        cert: &["DOCKER_CERT_PATH"],
        always: &[("DOCKER_TLS_VERIFY", "1")],
        replaces: false,
        notes: &["docker looks at these where DOCKER_HOST is tcp://HOST:2376"],
        ..NOTHING
    },
    Row {
        name: "kubectl",
        instead: Some(Instead {
            short: "~/.kube/config",
            what: "kubectl has no variables for TLS; into its configuration",
            lines: &[
                "kubectl config set-cluster CLUSTER --certificate-authority={ca}",
                "kubectl config set-credentials USER --client-certificate={cert} --client-key={key}",
            ],
            quoted: quoted_word,
        }),
        ..NOTHING
    },
    Row {
        name: "etcdctl",
        ca: &["ETCDCTL_CACERT"],
        cert: &["ETCDCTL_CERT"],
        key: &["ETCDCTL_KEY"],
        ..NOTHING
    },
    Row {
        name: "vault",
        ca: &["VAULT_CACERT"],
        cert: &["VAULT_CLIENT_CERT"],
        key: &["VAULT_CLIENT_KEY"],
        ..NOTHING
    },
    Row {
        name: "consul",
        ca: &["CONSUL_CACERT"],
        cert: &["CONSUL_CLIENT_CERT"],
        key: &["CONSUL_CLIENT_KEY"],
        ..NOTHING
    },
    Row {
        name: "nats",
        ca: &["NATS_CA"],
        cert: &["NATS_CERT"],
        key: &["NATS_KEY"],
        ..NOTHING
    },
    Row {
        name: "aws",
        ca: &["AWS_CA_BUNDLE"],
        ..NOTHING
    },
    Row {
        name: "cargo",
        ca: &["CARGO_HTTP_CAINFO"],
        ..NOTHING
    },
    Row {
        name: "grpc",
        ca: &["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"],
        instead: code(
            "gRPC has no variable for a client certificate; in the code",
            &["grpc.ssl_channel_credentials(None, open({key}, \"rb\").read(), open({cert}, \"rb\").read())"],
        ),
        ..NOTHING
    },
];

/// In double quotes, as curl, Python, JavaScript, Go and Rust read them.
fn double(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn quoted_word(text: &str) -> String {
    shell(text)
}
