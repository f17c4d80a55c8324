//! Whatever a configuration says, it is judged or refused: no panic, no endless loop.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use handfast_configs::{Files, Kind, Wanted, edit::Edit, look, outline};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*, sample::select};

/// Files in memory, which may include one another.
struct Shelf(BTreeMap<PathBuf, Vec<u8>>);

impl Files for Shelf {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).cloned();
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if self.0.contains_key(folder) {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(self.0.keys().map(|path| path.display().to_string()).collect())
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.0.get(path).map(|_| 0o644)
    }
}

/// Both an answer and a refusal are good; to come back is what counts.
fn judge(kind: Kind, text: &[u8], other: &[u8]) {
    let files = [("conf", text), ("other", other)];
    let shelf = Shelf(
        files
            .into_iter()
            .map(|(name, bytes)| (name.into(), bytes.to_vec()))
            .collect(),
    );
    let wanted = Wanted {
        kind: Some(kind),
        folder: None,
        ..Wanted::default()
    };
    let _ = look(Path::new("conf"), &wanted, &shelf, Timestamp::UNIX_EPOCH);
    if let Ok(outline) = outline(Path::new("conf"), &wanted, &shelf) {
        for spot in &outline.spots {
            let part = outline.parts.get(spot.span.part).expect("a part that was read");
            assert!(part.text.get(spot.span.range.clone()).is_some(), "{spot:?}");
        }
        let edits: Vec<(usize, Edit)> = outline
            .spots
            .iter()
            .map(|spot| (spot.span.part, Edit::new(spot.span.range.clone(), "x")))
            .collect();
        let _ = outline.render(&outline.whole(0), &edits);
    }
    let _ = look(
        Path::new("conf"),
        &Wanted::default(),
        &shelf,
        Timestamp::UNIX_EPOCH,
    );
}

/// The words that each of the readers reacts to.
const NGINX: &str = "http { } ; server { listen 443 ssl default_server location / if ($ssl_client_verify != SUCCESS) \
    ($ssl_client_verify ~ ^(NONE|FAILED)) return 403 set $a $a$a map $ssl_client_s_dn $a default ~*x include other * [ \
    ssl_verify_client optional on ssl_client_certificate conf proxy_pass http://$a proxy_set_header X-Client-Cert \
    $ssl_client_cert access_by_lua_block \" ' \\ # ${ $ } stream ssl_crl ssl_verify_depth 99999999999999999999 -1";
const APACHE: &str = "<VirtualHost *:443> </VirtualHost> <Location /> </Location> <If x> </If> <Macro m $x> </Macro> Use m \
    SSLEngine on SSLVerifyClient optional require Require all granted ssl-verify-client <RequireAll> </RequireAll> \
    RewriteEngine RewriteCond %{SSL:SSL_CLIENT_VERIFY} RewriteRule - [F] Define a ${a}${a} Include other * ServerRoot \
    RequestHeader set X-Client-Cert %{SSL_CLIENT_CERT}s env=x early ProxyPass / http://a/ SSLCACertificateFile conf \
    SSLProtocol all -TLSv1 %{SSL_CLIENT_S_DN} == \" ' \\ # < > SSLVerifyDepth 1 <IfModule !x> </IfModule>";
const HAPROXY: &str = "global defaults frontend a backend a listen a bind :443 ssl crt conf ca-file other verify required \
    optional none crt-list other [ ] crt-ignore-err all acl a ssl_c_used ssl_c_verify 0 gt 1:2 http-request deny allow if \
    unless { } ! or || !a set-header X-Client-Cert %[ssl_c_s_dn(cn)] del-header -m reg use_backend default_backend \
    tcp-request content reject ssl_c_s_dn( ssl_c_s_dn(,0,rfc2253) CN=a,O=b server s 1 \" ' \\ # .if mode tcp";
const ENVOY: &str = "filter_chains: transport_socket: typed_config: common_tls_context: require_client_certificate: true \
    validation_context: trusted_ca: filename: conf inline_bytes: ==== - [ ] { } \"@type\": HttpConnectionManager filters: \
    route_config: virtual_hosts: domains: \"*\" routes: route: cluster: a request_headers_to_add: header: key: value: \
    forward_client_cert_details: APPEND_FORWARD &a *a << : , ? | > --- ... sds_config: path: other name: a";
const CADDY: &str = "a.example, { } :443 tls client_auth mode request trust_pool file other inline trust_der ==== import \
    other * (s) s {args[0]}{args[0]} {$A:b} @m expression `{tls_client_subject} == \"/CN=a\"` respond 403 reverse_proxy \
    app:1 header_up -X_* +X-Client-Cert {header.X-Client-Cert} request_header handle <<E E \\ \" ` # http://a servers \
    strict_sni_host insecure_off {\"apps\": {\"http\": \"routes\": [ ] \"handle\": \"client_authentication\":";

fn text(words: &'static str) -> impl Strategy<Value = String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let word = prop_oneof![
        12 => select(words).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let between = select(vec![" ", " ", " ", "\n", "\n", "\n  ", "", "\r\n", "\t"]);
    vec((word, between), 0..60)
        .prop_map(|parts| parts.iter().map(|(word, gap)| format!("{word}{gap}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_nginx(one in text(NGINX), two in text(NGINX)) {
        judge(Kind::Nginx, one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn of_apache(one in text(APACHE), two in text(APACHE)) {
        judge(Kind::Apache, one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn of_haproxy(one in text(HAPROXY), two in text(HAPROXY)) {
        judge(Kind::HaProxy, one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn of_envoy(one in text(ENVOY), two in text(ENVOY)) {
        judge(Kind::Envoy, one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn of_caddy(one in text(CADDY), two in text(CADDY)) {
        judge(Kind::Caddy, one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn of_nobody(bytes in vec(any::<u8>(), 0..200)) {
        for (_, kind) in Kind::ALL {
            judge(kind, &bytes, &bytes);
        }
    }
}

#[test]
fn what_is_made_of_itself_comes_to_an_end() {
    let doubled = |line: &dyn Fn(usize) -> String| (1..80).map(line).collect::<String>();
    let nginx = doubled(&|n| format!("set $a{n} \"$a{0}$a{0}\";\n", n - 1));
    judge(
        Kind::Nginx,
        format!("server {{ set $a0 x; {nginx} if ($a79) {{ return 403; }} }}").as_bytes(),
        b"",
    );
    let maps = doubled(&|n| format!("map $a{0}$a{0} $a{n} {{ default $a{0}$a{0}; }}\n", n - 1));
    judge(
        Kind::Nginx,
        format!("http {{ {maps} server {{ if ($a79) {{ return 403; }} }} }}").as_bytes(),
        b"",
    );
    let apache = doubled(&|n| format!("Define a{n} ${{a{0}}}${{a{0}}}\n", n - 1));
    judge(Kind::Apache, format!("Define a0 x\n{apache}").as_bytes(), b"");
    let macros = doubled(&|n| format!("<Macro m{n}>\nUse m{0}\nUse m{0}\n</Macro>\n", n - 1));
    judge(Kind::Apache, format!("{macros}Use m79\n").as_bytes(), b"");
    let caddy = doubled(&|n| {
        format!(
            "(s{n}) {{\nimport s{0} {{args[0]}}{{args[0]}}\nimport s{0} x\n}}\n",
            n - 1
        )
    });
    judge(
        Kind::Caddy,
        format!("{caddy}a {{\nimport s79 y\n}}\n").as_bytes(),
        b"",
    );
    judge(Kind::Nginx, b"include other;\n", b"include other; include conf;");
    judge(Kind::Apache, b"Include other\n", b"Include other\nInclude conf\n");
    judge(
        Kind::Caddy,
        b"import other\nimport other\n",
        b"import conf\nimport other\n",
    );
    for open in ["{", "a {\n", "<a>\n", "[", "- ", "a:\n "] {
        for (_, kind) in Kind::ALL {
            judge(kind, open.repeat(20_000).as_bytes(), b"");
        }
    }
}
