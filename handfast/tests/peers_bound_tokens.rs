// long: one story of a token after another, with the same signer and the same clients
//! Access tokens bound to certificates, and assertions to backends: signed and verified by the Python package cryptography.

mod program;

use std::{fs, process::Command};

use program::{
    Place, Ran,
    caller::{Answer, Call, Caller},
    daemon::{Daemon, until},
    pki::cast,
    servers::{python, start},
    service::{Service, closed_port},
};
use serde_json::Value;

/// Writes `jwks.json`, `other.json` and `tokens.json`: a good token for each algorithm, and every kind of bad one.
const ISSUER: &str = r#"
import base64, hashlib, json, sys, time
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def number(n, size=None):
    return b64(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))
def thumbprint(path):
    cert = x509.load_pem_x509_certificates(open(path, "rb").read())[0]
    return b64(cert.fingerprint(hashes.SHA256()))
def ec_jwk(key, kid):
    p = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": number(p.x, 32), "y": number(p.y, 32), "kid": kid, "use": "sig"}

es, stranger, ed = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
rs, ps = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
def rsa_jwk(key, kid, alg):
    p = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": number(p.n), "e": number(p.e), "kid": kid}
    return {**jwk, "alg": alg} if alg else jwk
raw = ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
keys = [ec_jwk(es, "es"), rsa_jwk(rs, "rs", "RS256"), rsa_jwk(ps, "ps", None),
        {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": "ed"}, {"kty": "oct", "k": b64(b"secret"), "kid": "hs"}]
json.dump({"keys": keys}, open("jwks.json", "w"))
json.dump({"keys": [ec_jwk(stranger, "es")]}, open("other.json", "w"))

def sign(alg, kid, signed):
    if alg == "ES256":
        r, s = decode_dss_signature({"es": es, "stranger": stranger}[kid].sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if alg == "RS256":
        return {"rs": rs, "ps": ps}[kid].sign(signed, padding.PKCS1v15(), hashes.SHA256())
    if alg == "PS256":
        return {"rs": rs, "ps": ps}[kid].sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if alg == "EdDSA":
        return ed.sign(signed)
    if alg == "HS256":
        # With what everybody knows, and with the public key as the secret (RFC 8725 section 2.1).
        secret = b"secret" if kid == "hs" else rs.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        mac = hmac.HMAC(secret, hashes.SHA256())
        mac.update(signed)
        return mac.finalize()
    return b""

now = int(time.time())
def token(alg="ES256", kid="es", by=None, header={}, **changed):
    claims = {"iss": "https://id.example", "aud": ["orders", "x"], "exp": now + 600, "nbf": now - 10, "sub": "web",
              "cnf": {"x5t#S256": thumbprint("web/tls.crt")}, **changed}
    claims = {k: v for k, v in claims.items() if v is not None}
    head = {k: v for k, v in {"alg": alg, "kid": kid, "typ": "at+jwt", **header}.items() if v is not None}
    signed = (b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())).encode()
    return signed.decode() + "." + b64(sign(alg, by or kid, signed))

good = {"es": token(), "rs": token("RS256", "rs"), "ps": token("PS256", "ps"), "rs by ps": token("RS256", "ps"),
        "ed": token("EdDSA", "ed"), "no kid": token(kid=None, by="es"), "no nbf": token(nbf=None), "one aud": token(aud="orders"),
        "no typ": token(header={"typ": None})}
one = token()
refused = {"none": token("none", "es"), "hs with the oct key": token("HS256", "hs"), "hs with the public key": token("HS256", "rs"),
       "ps where the key is for rs": token("PS256", "rs"), "another key": token(by="stranger"), "unknown kid": token(kid="gone", by="es"),
       "es under the id of rs": token(kid="rs", by="es"), "expired": token(exp=now - 1), "no exp": token(exp=None), "exp as text": token(exp=str(now + 600)),
       "early": token(nbf=now + 3600), "issuer": token(iss="https://id.example/"), "no issuer": token(iss=None), "aud": token(aud="billing"),
       "no aud": token(aud=None), "crit": token(header={"crit": ["x"], "x": 1}), "id token": token(header={"typ": "logout+jwt"}),
       "changed": one[:-6] + ("A" if one[-6] != "A" else "B") + one[-5:], "no signature": one.rsplit(".", 1)[0] + ".", "nonsense": "abc", "padded": one + "="}
other = {"another certificate": token(cnf={"x5t#S256": thumbprint("api/tls.crt")}), "no cnf": token(cnf=None), "a key": token(cnf={"jkt": "x"}),
         "sha-1": token(cnf={"x5t": thumbprint("web/tls.crt")}), "cut": token(cnf={"x5t#S256": thumbprint("web/tls.crt")[:-2]})}
short = {"short": token(exp=now + 8)}
json.dump({"good": good, "refused": refused, "other": other, "short": short}, open("tokens.json", "w"))
"#;

/// Verifies the assertion in `argv[1]` with the keys in `argv[2]`, and prints its claims and the thumbprint of `argv[3]`.
const BACKEND: &str = r#"
import base64, json, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
def un64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
number = lambda data: int.from_bytes(data, "big")
signed, signature = sys.argv[1].rsplit(".", 1)
head, claims = [json.loads(un64(part)) for part in signed.split(".")]
assert head["alg"] == "ES256", head
[jwk] = [key for key in json.loads(sys.argv[2])["keys"] if key["kid"] == head["kid"]]
key = ec.EllipticCurvePublicNumbers(number(un64(jwk["x"])), number(un64(jwk["y"])), ec.SECP256R1()).public_key()
raw = un64(signature)
key.verify(encode_dss_signature(number(raw[:32]), number(raw[32:])), signed.encode(), ec.ECDSA(hashes.SHA256()))
cert = x509.load_pem_x509_certificates(open(sys.argv[3], "rb").read())[0]
thumbprint = base64.urlsafe_b64encode(cert.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
print(json.dumps({"claims": claims, "thumbprint": thumbprint, "kid": head["kid"]}))
"#;

fn run_python(place: &Place, script: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(python());
    command
        .args(["-c", script])
        .args(arguments)
        .current_dir(place.path(""));
    Ran::new("python", command).good()
}

/// Every token of `tokens.json` of this kind, with its name.
fn tokens(place: &Place, kind: &str) -> Vec<(String, String)> {
    let all: Value = serde_json::from_str(&place.read("tokens.json")).expect("JSON");
    let of_kind = all[kind].as_object().expect("an object").iter();
    of_kind
        .map(|(name, token)| (name.clone(), token.as_str().expect("a text").to_owned()))
        .collect()
}

/// A proxy whose `/orders` demands tokens, and `/` does not.
fn configuration(service: &Service, jwks: &str, more: &str) -> String {
    format!(
        "[proxy]\nworkers = 1\nlog = \"requests\"\nadmin = \"127.0.0.1:0\"\n{more}[[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\n\
         [[listener]]\nlisten = \"127.0.0.1:0\"\n[[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\n\
         clients = [\"acme\"]\n[[listener.host.route]]\npath = \"/\"\nallow = [\"any\"]\nto = \"{url}\"\n[[listener.host.route]]\n\
         path = \"/orders\"\nallow = [\"any\"]\nto = \"{url}\"\n\
         bound-tokens = {{ jwks = \"{jwks}\", issuer = \"https://id.example\", audience = \"orders\" }}\n",
        url = service.url()
    )
}

fn ask(caller: &mut Caller, path: &str, headers: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    caller.ask(&request).expect("an answer")
}

fn knock(place: &Place, proxy: &Daemon, who: &str) -> Caller {
    Call::of(place, who).knock(proxy.port).expect("accepted")
}

fn with_issuer(service: &Service, more: &str) -> (Place, Daemon) {
    let place = Place::new();
    cast(&place);
    run_python(&place, ISSUER, &[]);
    place.write("handfast.toml", configuration(service, "jwks.json", more));
    let proxy = place.open("proxy --config handfast.toml");
    (place, proxy)
}

#[test]
fn only_a_valid_token_that_is_bound_to_the_certificate_reaches_the_backend() {
    let service = Service::hello();
    let (place, proxy) = with_issuer(&service, "");
    let mut web = knock(&place, &proxy, "web");
    for (name, token) in tokens(&place, "good") {
        for scheme in ["Bearer", "bearer"] {
            let answer = ask(
                &mut web,
                "/orders/1",
                &format!("Authorization: {scheme} {token}\r\n"),
            );
            assert_eq!(answer.status, 200, "{name}: {answer:?}");
        }
        assert_eq!(service.last().value("authorization"), format!("bearer {token}"));
    }
    let before = service.heard().len();
    let cases = [("refused", "HF-736"), ("other", "HF-737")];
    for (kind, code) in cases {
        for (name, token) in tokens(&place, kind) {
            let answer = ask(
                &mut web,
                "/orders/1",
                &format!("Authorization: Bearer {token}\r\n"),
            );
            assert_eq!(answer.status, 401, "{name}: {answer:?}");
            assert!(
                answer
                    .head
                    .contains("www-authenticate: Bearer error=\"invalid_token\""),
                "{answer:?}"
            );
            assert!(
                answer.text().contains(&format!("\"code\":\"{code}\"")),
                "{name}: {answer:?}"
            );
            let request = until("its record", || {
                proxy
                    .events("request")
                    .pop()
                    .filter(|request| request["status"] == 401 && request["code"] == code)
            });
            assert!(
                request["reason"]
                    .as_str()
                    .is_some_and(|reason| !reason.contains(&token)),
                "{request}"
            );
        }
    }
    let good = &tokens(&place, "good")[0].1;
    for (headers, code, challenge) in [
        (String::new(), "HF-735", "www-authenticate: Bearer\r\n"),
        (
            format!("Authorization: Basic {good}\r\n"),
            "HF-735",
            "www-authenticate: Bearer\r\n",
        ),
        (
            format!("Authorization: DPoP {good}\r\n"),
            "HF-735",
            "www-authenticate: Bearer\r\n",
        ),
        (
            format!("Authorization: Basic {good}\r\nAuthorization: Bearer {good}\r\n"),
            "HF-736",
            "invalid_token",
        ),
        ("Authorization: Bearer\r\n".to_owned(), "HF-736", "invalid_token"),
        (
            format!("Authorization: Bearer {good}\r\nAuthorization: Bearer {good}\r\n"),
            "HF-736",
            "invalid_token",
        ),
        (
            format!("Authorization: {good}\r\n"),
            "HF-735",
            "www-authenticate: Bearer\r\n",
        ),
    ] {
        let answer = ask(&mut web, "/orders", &headers);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(
            answer.head.contains(challenge) && answer.text().contains(code),
            "{answer:?}"
        );
    }
    let in_query = ask(&mut web, &format!("/orders?access_token={good}"), "");
    assert!(
        in_query.status == 401 && in_query.text().contains("HF-735"),
        "{in_query:?}"
    );
    // The backend could read the other one.
    let bearer = format!("Authorization: Bearer {good}\r\n");
    let twice = ask(&mut web, "/orders?a=b&access%5Ftoken=x", &bearer);
    assert!(
        twice.status == 401 && twice.text().contains("HF-736"),
        "{twice:?}"
    );
    // It was stolen: the thief has a certificate of his own, and the same CA.
    let mut api = knock(&place, &proxy, "api");
    let stolen = ask(&mut api, "/orders", &format!("Authorization: Bearer {good}\r\n"));
    assert!(
        stolen.status == 401 && stolen.text().contains("HF-737"),
        "{stolen:?}"
    );
    assert_eq!(service.heard().len(), before, "nothing of it reached the backend");
    // Every spelling of the path is the route's, and another route demands nothing.
    assert_eq!(ask(&mut web, "/x/../orders", "").status, 401);
    assert_eq!(ask(&mut web, "/", "").status, 200);
}

#[test]
fn a_token_ends_on_an_open_connection_and_keys_change_with_a_reload() {
    let service = Service::hello();
    let (place, proxy) = with_issuer(&service, "");
    let mut web = knock(&place, &proxy, "web");
    let short = format!("Authorization: Bearer {}\r\n", tokens(&place, "short")[0].1);
    assert_eq!(ask(&mut web, "/orders", &short).status, 200);
    let ended = until("its end", || {
        Some(ask(&mut web, "/orders", &short)).filter(|answer| answer.status != 200)
    });
    assert!(
        ended.status == 401 && ended.text().contains("HF-736"),
        "{ended:?}"
    );
    let good = format!("Authorization: Bearer {}\r\n", tokens(&place, "good")[0].1);
    assert_eq!(ask(&mut web, "/orders", &good).status, 200);
    // A file that is no set changes nothing.
    let set = place.read("jwks.json");
    for (count, bad) in ["{}", "", "{\"keys\":[{\"kty\":\"EC\",\"d\":\"AA\"}]}"]
        .iter()
        .enumerate()
    {
        place.write("jwks.json", bad);
        let event = proxy.reload_after(count);
        assert_eq!(
            (&event["taken"], &event["code"]),
            (&false.into(), &"HF-738".into()),
            "{event}"
        );
        assert_eq!(ask(&mut web, "/orders", &good).status, 200);
    }
    fs::copy(place.path("other.json"), place.path("jwks.json")).expect("copied");
    assert_eq!(proxy.reload_after(3)["taken"], true);
    let answer = ask(&mut web, "/orders", &good);
    assert!(
        answer.status == 401 && answer.text().contains("HF-736"),
        "{answer:?}"
    );
    place.write("jwks.json", set);
    assert_eq!(proxy.reload_after(4)["taken"], true);
    assert_eq!(ask(&mut web, "/orders", &good).status, 200);
    // A route that demands tokens from now on is not used by a connection from before.
    place.write(
        "handfast.toml",
        place
            .read("handfast.toml")
            .replace("audience = \"orders\"", "audience = \"billing\""),
    );
    assert_eq!(proxy.reload_after(5)["taken"], true);
    until("the cut", || Call::of(&place, "web").knock(proxy.port).ok());
    assert!(until("its end", || {
        match web.ask(&format!("GET /orders HTTP/1.1\r\nhost: localhost\r\n{good}\r\n")) {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(answer.status == 401 || answer.status == 403),
            Err(_) => Some(true),
        }
    }));
}

#[test]
fn without_keys_there_is_no_start_and_check_says_why() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    run_python(&place, ISSUER, &[]);
    place.write("secret.json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}");
    for (jwks, code) in [
        ("gone.json", "HF-408"),
        ("tokens.json", "HF-738"),
        ("secret.json", "HF-738"),
        ("http://id.example/jwks", "HF-701"),
    ] {
        place.write("handfast.toml", configuration(&service, jwks, ""));
        place.run("check handfast.toml").refused(1, code);
        place.run("proxy --config handfast.toml").refused(2, code);
    }
    let text = configuration(&service, "jwks.json", "");
    for (from, to) in [
        ("issuer = \"https://id.example\", ", ""),
        ("bound-tokens = { ", "bound-tokens = { } #"),
        ("audience =", "audiense ="),
    ] {
        place.write("handfast.toml", text.replace(from, to));
        place.run("check handfast.toml").refused(1, "HF-701");
    }
    place.write("handfast.toml", text);
    place.run("check handfast.toml").good();
}

#[test]
fn keys_are_fetched_from_their_url_and_kept() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    run_python(&place, ISSUER, &[]);
    let port = closed_port();
    place.write(
        "handfast.toml",
        configuration(&service, &format!("https://localhost:{port}/jwks.json"), ""),
    );
    let open = || {
        let mut command = place.handfast("proxy --config handfast.toml");
        command
            .env("SSL_CERT_FILE", place.path("server/ca.crt"))
            .env("XDG_CACHE_HOME", place.path("cache"))
            .env_remove("STATE_DIRECTORY");
        Daemon::start(command)
    };
    let good = format!("Authorization: Bearer {}\r\n", tokens(&place, "good")[0].1);
    let proxy = open();
    let mut web = knock(&place, &proxy, "web");
    let unknown = ask(&mut web, "/orders", &good);
    assert!(
        unknown.status == 503 && unknown.text().contains("HF-738"),
        "{unknown:?}"
    );
    let alarm = until("an alarm", || proxy.events("alarm").pop());
    assert_eq!(alarm["code"], "HF-738", "{alarm}");
    place.write(
        "server.py",
        format!(
            "import http.server, ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\ncontext.load_cert_chain('server/tls.crt', 'server/tls.key')\n\
             server = http.server.HTTPServer(('127.0.0.1', {port}), http.server.SimpleHTTPRequestHandler)\n\
             server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)\nserver.serve_forever()\n"
        ),
    );
    let issuer = start(&place, &python(), "server.py", port);
    until("the keys", || {
        (ask(&mut web, "/orders", &good).status == 200).then_some(())
    });
    drop(proxy);
    drop(issuer);
    // The next start has them at once.
    let proxy = open();
    let mut web = knock(&place, &proxy, "web");
    assert_eq!(ask(&mut web, "/orders", &good).status, 200);
}

fn with_assertions(more: &str) -> (Place, Daemon, Service) {
    let (place, service) = (Place::new(), Service::echo());
    cast(&place);
    place.write(
        "handfast.toml",
        format!(
            "[proxy]\nworkers = 1\nadmin = \"127.0.0.1:0\"\n{more}[[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\n[[backend]]\n\
             name = \"orders\"\nto = \"{url}\"\nassertion = {{ audience = \"https://orders.internal\" }}\n[[backend]]\nname = \"named\"\n\
             to = \"{url}\"\nassertion = {{ audience = \"named\", header = \"X-Who\" }}\n[[listener]]\nlisten = \"127.0.0.1:0\"\n\
             [[listener.host]]\ndefault = true\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\nclients = [\"acme\"]\n\
             [[listener.host.route]]\npath = \"/orders\"\nallow = [\"any\"]\nto = \"orders\"\n[[listener.host.route]]\npath = \"/named\"\n\
             allow = [\"any\"]\nto = \"named\"\n[[listener.host.route]]\npath = \"/\"\nallow = [\"any\"]\nto = \"{url}\"\n",
            url = service.url()
        ),
    );
    let proxy = place.open("proxy --config handfast.toml");
    (place, proxy, service)
}

/// The keys that stand at the admin port.
fn keys(place: &Place, proxy: &Daemon) -> String {
    let url = format!("{}/.well-known/jwks.json", proxy.admin());
    place.shell(&format!("curl -sS --fail {url}")).good().stdout
}

fn verified(place: &Place, assertion: &str, keys: &str, who: &str) -> Value {
    let ran = run_python(place, BACKEND, &[assertion, keys, &format!("{who}/tls.crt")]);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn a_backend_verifies_who_the_client_is_and_no_client_can_say_it() {
    let (place, proxy, service) = with_assertions("");
    let jwks = keys(&place, &proxy);
    assert!(!jwks.contains("\"d\""), "{jwks}");
    for who in ["web", "api"] {
        let mut caller = knock(&place, &proxy, who);
        let forged =
            "Client-Assertion: forged\r\nclient_assertion: forged\r\nX-Who: forged\r\nx_who: forged\r\n";
        assert_eq!(ask(&mut caller, "/orders", forged).status, 200);
        let assertion = service.last().value("client-assertion");
        assert!(!service.last().head.contains("forged"), "{:?}", service.last());
        let said = verified(&place, &assertion, &jwks, who);
        let claims = &said["claims"];
        assert_eq!(claims["sub"], format!("uri:spiffe://acme/{who}"));
        assert_eq!(claims["aud"], "https://orders.internal");
        assert_eq!(claims["cnf"]["x5t#S256"], said["thumbprint"]);
        let (made, ends) = (
            claims["iat"].as_i64().expect("a time"),
            claims["exp"].as_i64().expect("a time"),
        );
        let now = jiff::Timestamp::now().as_second();
        assert!(
            ends - made == 30 && (now - 15..=now).contains(&made),
            "{claims} at {now}"
        );
        // For the next request of the connection it is the same; for another backend it is another.
        ask(&mut caller, "/orders", "");
        assert_eq!(service.last().value("client-assertion"), assertion);
        ask(&mut caller, "/named", forged);
        let named = service.last().value("x-who");
        assert_eq!(verified(&place, &named, &jwks, who)["claims"]["aud"], "named");
        assert!(service.last().values("client-assertion").is_empty());
        ask(&mut caller, "/", forged);
        assert!(!service.last().head.contains("forged"), "{:?}", service.last());
    }
}

#[test]
fn the_key_of_assertions_comes_from_a_file_and_the_one_before_it_is_still_published() {
    let place = Place::new();
    let make = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out";
    place
        .shell(&format!(
            "{make} key.pem && {make} next.pem && openssl genpkey -algorithm ED25519 -out other.pem"
        ))
        .good();
    let (home, proxy, service) = with_assertions(&format!(
        "assertion-key = \"{}\"\n",
        place.path("key.pem").display()
    ));
    let first = keys(&home, &proxy);
    let mut caller = knock(&home, &proxy, "web");
    ask(&mut caller, "/orders", "");
    let old = verified(&home, &service.last().value("client-assertion"), &first, "web");
    fs::copy(place.path("other.pem"), place.path("key.pem")).expect("copied");
    assert_eq!(proxy.reload_after(0)["taken"], false);
    fs::copy(place.path("next.pem"), place.path("key.pem")).expect("copied");
    assert_eq!(proxy.reload_after(1)["taken"], true);
    let both: Value = serde_json::from_str(&keys(&home, &proxy)).expect("JSON");
    assert_eq!(both["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(both["keys"][1]["kid"], old["kid"]);
    // The kept one was made by the old key.
    ask(&mut caller, "/orders", "");
    let new = verified(
        &home,
        &service.last().value("client-assertion"),
        &both.to_string(),
        "web",
    );
    assert_ne!(new["kid"], old["kid"]);
}
