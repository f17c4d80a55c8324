//! The habits, command by command. A row with `but` is an error that teaches; every other one is simply taken.

use crate::{
    habit::Habit,
    words::{
        around, days, dry_run, explained, form, identity, judged, key, last, like, made, names, redirected,
        same, shown_by_server, subject, value, word,
    },
};

const GET: &str = "get";
/// Who connects as a client.
const CLIENTS: &str = "get doctor doctor.posture tunnel env";
const LOOKS: &str = "doctor doctor.posture";
const FILES: &str = "get doctor doctor.posture tunnel env setup proxy doctor.listen";
const CERTIFIES: &str = "issue sign csr";
const SIGNS: &str = "issue sign";
const KEYS: &str = "issue csr init";
const STORES: &str = "trust.install trust.remove";
/// Who reads a file that stands alone.
const READS: &str = "inspect convert verify";
const SHOWS: &str = "inspect get doctor verify check lab.list setup.list explain";

const NO_WAY_AROUND: &str = "nothing is sent to a server that is not verified";
const LOOK_FIRST: &str = "give its CA with --ca; what the server presents can be seen without trusting it";
const BY_TYPE: &str = "the names of a certificate are given by type";
const TYPES: &str = "say --dns NAME, --ip ADDRESS, --uri URI or --email ADDRESS";
const SHORT: &str = "a lifetime has a unit";
const UNITS: &str = "say --lifetime with a unit, such as 24h or 90d";
const SEEN: &str = "a password among the arguments is seen by every user of the machine";
const FIRST_LINE: &str = "write it into the first line of a file, and give the file with --password-file";
const OTHER_PASSWORD: &str =
    "write it into the first line of a file, and give the file with --new-password-file";
const CA_IS_A_FOLDER: &str = "a CA is a folder here, with its key and its records";
const IMPORT: &str =
    "import the CA once (handfast init --from-cert CA --from-key KEY), and give its folder with --dir";
const KINDS: &str = "the key is named by its kind";
const KINDS_HELP: &str = "say --key p256, p384, ed25519, rsa2048, rsa3072 or rsa4096";

/// Every habit that is known.
pub const HABITS: &[Habit] = &[
    // The program itself.
    last("", "help", "--help"),
    word("", "completion", "completions"),
    word("", "version", "--version"),
    word("", "show x509 view describe", "inspect"),
    word("", "s_client", "doctor"),
    word("", "s_server", "doctor listen"),
    word("", "curl", "get"),
    word("", "req request gencsr", "csr"),
    word("", "pkcs12", "convert --to p12"),
    word("", "validate", "check"),
    word("", "install", "trust install"),
    word("", "uninstall", "trust remove"),
    word("", "serve run server", "proxy"),
    word("", "client", "tunnel"),
    word("", "schemas", "schema"),
    word("", "certonly gencert cert certificate new create", "issue").but(
        "certificates are issued",
        "say what for: server, client or peer; the CA is made once, with handfast init",
    ),
    word("", "revoke", "ca revoke"),
    word("", "list", "ca list"),
    word("", "gencrl crl", "ca crl"),
    word("", "ocsp", "ca ocsp"),
    word("", "renewal", "renew"),
    word("", "-install", "trust install --for system").but(
        "it is said into which trust store a CA is installed",
        "name it with --for, and the CA with --ca",
    ),
    word("", "-uninstall", "trust remove --for system").but(
        "it is said out of which trust store a CA is removed",
        "name it with --for, and the CA with --ca",
    ),
    // Files, whoever takes them.
    same(
        "get doctor doctor.posture tunnel env setup verify",
        "--cacert --CAfile -CAfile --cafile --ca-file --ca-cert --ca-certificate --certificate-authority --root --roots --ca-bundle --tlscacert",
        "--ca",
    ),
    same(
        STORES,
        "--cacert --CAfile -CAfile --cafile --ca-file --ca-cert --ca-certificate --ca-bundle --cert",
        "--ca",
    ),
    same(
        "proxy doctor.listen doctor.pcap",
        "--ca --cacert --CAfile -CAfile --cafile --ca-file --ca-cert --client-cacert --client-ca-file --trusted-ca-file",
        "--client-ca",
    ),
    same(FILES, "-E --certificate --client-cert --client-certificate --cert-file --tlscert -cert", "--cert"),
    same(FILES, "--private-key --client-key --key-file --keyfile --tlskey -key", "--key"),
    same(SHOWS, "--as-json", "--json"),
    around(SHOWS, "--format", "--json").but("the form is chosen by a flag", "say --json for JSON; without it there is text"),
    // curl, wget, openssl s_client.
    same(CLIENTS, "-k --insecure --no-check-certificate --insecure-skip-tls-verify --skip-verify --no-verify", "")
        .with(shown_by_server)
        .but(NO_WAY_AROUND, LOOK_FIRST),
    same(GET, "--request", "--method"),
    same(GET, "-I --head", "--method HEAD"),
    same(GET, "--data-raw --data-binary --data-ascii", "--data"),
    same(GET, "-s --silent -S --show-error -sS --no-progress-meter", ""),
    same(GET, "-i --include", "--verbose").but(
        "the fields of the answer are not mixed with its body",
        "-v shows status and handshake on stderr, --json has the fields",
    ),
    same(GET, "-f --fail --fail-with-body", "").but(
        "the exit code is that of the connection, whatever the HTTP status",
        "the status is on stderr with -v and in the key status of --json",
    ),
    same(GET, "-L --location", "").but("redirects are not followed", "ask for the address that the answer names"),
    same(GET, "-o --output", "")
        .with(redirected)
        .but("the body goes to stdout", "redirect it to a file"),
    same(GET, "--http1.1", ""),
    same(GET, "--http2 --http3", "").but(
        "requests are sent over HTTP/1.1",
        "to see whether HTTP/2 is negotiated: handfast doctor --alpn h2",
    ),
    same(GET, "--servername --server-name --tls-server-name --connect-to --resolve --pinnedpubkey", "")
        .with(judged)
        .but(
            "a request goes to the host of its URL, under this name",
            "the doctor takes --sni NAME and --pin PIN",
        ),
    same("get doctor", "--tlsv1.3", "--tls 1.3"),
    same("get doctor", "-tls1_2", "--tls 1.2"),
    same("get doctor", "-tls1_3", "--tls 1.3"),
    same("get doctor", "--tlsv1.2", "--tls 1.2").but(
        "a version is offered alone or together with the other",
        "--tls 1.2 offers 1.2 alone; without it both are offered",
    ),
    around(CLIENTS, "--pass --passphrase -pass", "").never().but(
        "keys are read without a password",
        "write the key without one first: handfast convert KEY --password-file FILE --to pem --out NEW",
    ),
    same(LOOKS, "--servername -servername --server-name --tls-server-name", "--sni"),
    same(LOOKS, "-starttls", "--starttls"),
    same("doctor", "-alpn", "--alpn"),
    same("doctor", "--pinnedpubkey", "--pin"),
    same("doctor doctor.posture", "-connect --connect --url", ""),
    same("doctor", "-showcerts --showcerts", "").with(shown_by_server).but(
        "the certificates that a server presents are shown by another command",
        "the doctor shows them with -v; inspect shows them alone",
    ),
    same("inspect", "-connect", ""),
    same("doctor", "--client", "--client-files"),
    same("doctor", "--server", "--server-files"),
    made("doctor", "--expect", identity),
    word("doctor", "explain", "")
        .with(explained)
        .but("codes and texts are explained by a command of their own", "leave doctor out"),
    same("doctor", "--config", "config"),
    same("doctor", "--pcap", "pcap"),
    // openssl x509, pkcs12, verify.
    same(READS, "-in --in", ""),
    same("inspect", "-text --text -noout --noout -subject -issuer -dates -enddate -fingerprint -ext -info -nokeys", ""),
    around("inspect verify", "-inform", ""),
    around("inspect convert", "-passin --password --pass --passin -p", "")
        .never()
        .but(SEEN, FIRST_LINE),
    around("convert", "-passout --passout --new-password", "").never().but(SEEN, OTHER_PASSWORD),
    around("trust.install trust.remove env setup issue", "--password --storepass -storepass", "")
        .never()
        .but(SEEN, "write it into the first line of a file; the help names the flag for it"),
    same("verify", "-untrusted --untrusted --intermediate --intermediates --chain", "").never().but(
        "the intermediates stand in the file of the certificate, behind it",
        "put them into one file: cat leaf.crt intermediate.crt > chain.crt",
    ),
    same("verify", "-verify_hostname --hostname --servername", "--host"),
    same("verify", "-purpose", "--purpose"),
    value("verify", "--purpose", "sslclient clientauth tls-client", "client"),
    value("verify", "--purpose", "sslserver serverauth tls-server", "server"),
    value("verify", "-purpose", "sslclient clientauth", "client").but("a purpose is named by its side", "say --purpose client"),
    value("verify", "-purpose", "sslserver serverauth", "server").but("a purpose is named by its side", "say --purpose server"),
    same("verify", "-x509_strict", ""),
    around("verify", "-attime", "").never().but("a time is written as in RFC 3339", "say --at 2027-01-31T12:00:00Z"),
    around("verify", "--crl -CRLfile --crl-file", "").but(
        "revocation is not checked here",
        "whether a server refuses revoked certificates: handfast doctor --crl, handfast verify-config",
    ),
    same("verify", "-crl_check -crl_check_all", "").but(
        "revocation is not checked here",
        "whether a server refuses revoked certificates: handfast doctor --crl, handfast verify-config",
    ),
    // Forms.
    value("convert", "--to", "pfx pkcs12 pkcs#12", "p12"),
    value("convert", "--to", "p7 p7c pkcs7 pkcs#7 spc", "p7b"),
    value("convert", "--to", "kubernetes secret yaml tls-secret", "k8s"),
    value("convert", "--to", "crt pkcs8 pkcs1 text", "pem"),
    value("convert", "--to", "keystore jceks bks", "jks"),
    value("convert", "--to", "cer", "der").but(
        ".cer is the name of two forms",
        "say --to der for the binary form, --to pem for the text",
    ),
    same("convert", "--format --form -f --output-format", "--to"),
    made("convert", "-outform --outform", form),
    same("convert", "-export", "--to p12"),
    same("convert", "-inkey --inkey --private-key", "--key"),
    same("convert", "-certfile --certfile --ca --cacert", "--chain"),
    same("convert", "-legacy", "--legacy"),
    same("convert", "-nodes --nodes -noenc", ""),
    // Certificates: openssl, step, mkcert, certbot, cfssl.
    made(CERTIFIES, "--san --sans -san --subject-alt-name --subject-alternative-name -addext --addext --hostname --hosts -hostname", names)
        .but(BY_TYPE, TYPES),
    made(CERTIFIES, "-d --domain --domains", names),
    made(SIGNS, "--days -days --validity --valid-days --expiry --not-after --duration --expires", days).but(SHORT, UNITS),
    same(SIGNS, "--ttl", "--lifetime"),
    made("csr init", "--days -days --validity --lifetime --ttl --not-after", days).never().but(
        "how long it is valid is not decided here",
        "a CA signs for the time that handfast sign --lifetime says; its own are fixed, ten years and five",
    ),
    same(CERTIFIES, "--cn --common-name -cn", "--name"),
    same("init", "--cn --common-name --ca-name --subject", "--name"),
    same(CERTIFIES, "--org -O", "--organization"),
    same(CERTIFIES, "--ou --organizational-unit", "--unit"),
    made(CERTIFIES, "--subject -subj --subj --dn", subject).but(
        "the parts of a subject are given one by one",
        "say --name for CN, --organization for O, --unit for OU, --country for C; peers are recognised by other names",
    ),
    made(KEYS, "--newkey -newkey --kty --crv --curve --algo --key-algo --key-type --key-algorithm --size --bits --key-size --rsa-key-size", key)
        .but(KINDS, KINDS_HELP),
    same(CERTIFIES, "-o --output -out", "--out"),
    same("init", "-o --output --out -out --pki --path", "--dir"),
    same(CERTIFIES, "-f --overwrite -y --yes", "--force"),
    same("init", "-f --force --overwrite", "").never().but(
        "an existing CA is never overwritten",
        "make another one in another folder: --dir DIR",
    ),
    same("issue csr", "-nodes --nodes --no-password --insecure -noenc", ""),
    same("issue", "--server -server", "server"),
    same("issue", "--client -client", "client"),
    same("issue", "-profile --type --usage", ""),
    same("issue", "-pkcs12 --pkcs12 --pfx -p12-file --p12-file", "--p12"),
    around("issue", "-key-file --key-file -cert-file --cert-file --cert", "--out {}").but(
        "the files have fixed names in a folder",
        "name the folder with --out: it gets tls.crt, tls.key and ca.crt; --out - prints key and certificates",
    ),
    around(SIGNS, "-CA -CAkey -ca -ca-key --ca --ca-key --ca-cert --cacert --CA --CAkey --issuer", "")
        .but(CA_IS_A_FOLDER, IMPORT),
    same("sign", "-CAcreateserial -req", ""),
    same("sign", "-in --in --csr -csr", ""),
    same("sign", "-extfile -extensions", "").never().but(
        "extensions come from the profile",
        "say server, client or peer; names are given with --dns, --ip, --uri and --email",
    ),
    same("init", "--root --from --ca", "--from-cert"),
    same("init", "--root-key --ca-key", "--from-key"),
    // Trust stores.
    word("trust", "uninstall delete rm uninstall-ca", "remove"),
    word("trust", "add -install --install", "install"),
    word("trust", "-uninstall --uninstall --remove", "remove"),
    word("trust", "list ls show status", "")
        .with(dry_run)
        .but("trust stores are not listed", "whether a CA is in one is said by installing it with --dry-run"),
    word("trust", "--for", "install --for"),
    same(STORES, "--store --in --target", "--for"),
    same(STORES, "-n --dry", "--dry-run"),
    value(STORES, "--for", "chrome chromium brave edge opera google-chrome", "firefox --profile ~/.pki/nssdb").but(
        "on Linux these browsers share one NSS database",
        "name it as a profile: --for firefox --profile ~/.pki/nssdb; elsewhere they use --for system",
    ),
    value(STORES, "--for", "debian ubuntu fedora rhel arch linux os root", "system"),
    value(STORES, "--for", "requests httpx pip urllib3 python3", "python"),
    value(STORES, "--for", "npm nodejs node.js yarn", "node"),
    value(STORES, "--for", "jvm keytool jdk jre cacerts", "java"),
    value(STORES, "--for", "nss mozilla thunderbird", "firefox"),
    value("env", "--for", "python3 requests httpx pip", "python"),
    value("env", "--for", "nodejs npm", "node"),
    value("env", "--for", "postgres postgresql libpq", "psql"),
    value("env", "--for", "golang", "go"),
    value("env", "--for", "mariadb", "mysql"),
    value("env", "--for", "k8s kubernetes", "kubectl"),
    value("env", "--shell", "bash zsh dash ksh", "sh"),
    value("env", "--shell", "pwsh ps1", "powershell"),
    // Proxy and tunnel: ghostunnel, stunnel, nginx.
    same("proxy", "--target --backend --upstream --proxy-pass", "--to"),
    same("tunnel", "--target --backend --upstream --connect", "--to"),
    same("proxy tunnel", "--bind --accept --addr --address", "--listen"),
    around("proxy", "--port -p", "--listen :{}"),
    around("tunnel", "--port -p", "--listen 127.0.0.1:{}"),
    around("proxy", "--allow-uri", "--allow uri:{}"),
    around("proxy", "--allow-dns", "--allow dns:{}"),
    around("proxy", "--allow-cn", "--allow cn:{}").but(
        "a common name is no name of a peer unless a rule says so",
        "prefer a URI or DNS name; a rule for the common name is cn:NAME",
    ),
    around("proxy", "--allow-ou --allow-policy", "").never().but(
        "rules name one identity each",
        "give the names that are allowed: --allow uri:..., dns:..., email:..., ip:..., or any",
    ),
    same("proxy", "--allow-all", "--allow any").but(
        "every client that the CA has certified would be accepted",
        "name who may connect with --allow; --allow any is the rule for everyone",
    ),
    same("proxy", "--disable-authentication --no-auth -k --insecure", "").never().but(
        "a client without a certificate is never served",
        "the reason of each refusal is in the log; --allow names who may connect",
    ),
    same("proxy", "-c -f --conf --config-file", "--config"),
    same("proxy", "-t --test --check --validate", "").with(checked).but(
        "a configuration is checked by another command",
        "check it without starting anything",
    ),
    same("proxy tunnel", "-d --daemon --background --detach", "").but(
        "the program stays in the foreground",
        "let systemd, a container or the shell (&) run it",
    ),
    around("tunnel", "--verify-uri", "--expect uri:{}"),
    around("tunnel", "--verify-dns", "--expect dns:{}"),
    around("tunnel", "--verify-cn --expect-cn", "--expect cn:{}"),
    around("tunnel", "--expect-id", "--expect uri:{}"),
    // Configurations.
    same("check", "-c -f --file", "--config"),
    same("verify-config", "-c -f --file --config", ""),
    same("verify-config", "--type --kind --for", "--target"),
    value("verify-config", "--target", "httpd apache2", "apache"),
    same("doctor.config", "-c -f --file --config", ""),
    same("doctor.config", "--type --target --for", "--kind"),
    value("doctor.config", "--kind", "httpd apache2", "apache"),
    same("doctor.pcap", "-r -i --read --file", ""),
    same("doctor.pcap", "--keylog-file --ssl-keylog", "--keylog"),
    same("doctor.listen", "-accept --accept --listen --bind", ""),
    around("doctor.listen", "--port -p", "127.0.0.1:{}"),
    word("setup", "httpd apache2", "apache"),
    word("setup", "postgres pg", "postgresql"),
    word("setup", "k8s", "kubernetes"),
    word("setup", "mosquitto-pub", "mosquitto_pub"),
    word("setup", "rediscli", "redis-cli"),
    word("setup", "chrome", "chromium"),
    word("setup", "golang", "go"),
    word("setup", "nodejs", "node"),
    word("setup", "ls targets", "list"),
    word("setup", "test", "verify"),
    word("setup.verify setup.show", "httpd apache2", "apache"),
    word("setup.verify setup.show", "postgres pg", "postgresql"),
    same("setup", "--client-ca --trusted", "--ca"),
    same("setup", "--backend --proxy-pass --to --target", "--upstream"),
    same("setup", "--server-name --hostname --domain -d", "--host"),
    same("setup", "-o --output --dir", "--out"),
    same("setup", "--install", "--apply"),
    same("setup setup.verify", "--client", "--role client"),
    same("setup setup.verify", "--server", "--role server"),
    // The rest.
    word("lab", "ls cases", "list"),
    word("lab", "start make", "run"),
    like("lab", is_case, "run {}"),
    same("lab", "--list", "list"),
    same("explain", "--code", ""),
    same("explain", "--list --all -l", ""),
];

/// A code, or a case of the lab.
fn is_case(word: &str) -> bool {
    word.to_ascii_uppercase().starts_with("HF-") || word == "healthy"
}

/// The configuration that was named, checked.
fn checked(line: &[String]) -> Option<String> {
    let flags = ["--config", "-c", "-f", "--conf", "--config-file"];
    let at = line.iter().position(|word| flags.contains(&word.as_str()));
    let file = at
        .and_then(|at| line.get(at + 1))
        .map_or("handfast.toml", String::as_str);
    Some(format!(
        "handfast check --config {}",
        handfast_finding::shell::shell(file)
    ))
}
