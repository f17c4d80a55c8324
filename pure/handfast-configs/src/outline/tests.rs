use super::*;
use crate::spot::opens;
use crate::{files::Opened, files::tests::Shelf, node};

fn read(kind: Kind, shelf: &Shelf) -> Result<Outline, Trouble> {
    let wanted = Wanted {
        kind: Some(kind),
        folder: None,
        ..Wanted::default()
    };
    outline(Path::new("conf"), &wanted, shelf)
}

/// Whatever the tests read: ranges lead to what was read, they leave nothing out that means something, and no edit is no
/// change.
pub(crate) fn ranges_hold(kind: Kind, shelf: &Shelf) {
    let Ok(outline) = read(kind, shelf) else { return };
    for (index, part) in outline.parts.iter().enumerate() {
        assert_eq!(apply(&part.text, &[]).as_deref(), Ok(&*part.text));
        let own = outline.spots.iter().filter(|spot| spot.span.part == index);
        let same = own.map(|spot| {
            let range = spot.span.range.clone();
            let raw = part.text.get(range.clone()).expect("bytes of the text");
            Edit::new(range, raw)
        });
        let same: Vec<Edit> = same.collect();
        assert_eq!(apply(&part.text, &same).as_deref(), Ok(&*part.text));
    }
    let main = outline.parts.first().expect("the file itself");
    let opened = Opened {
        part: 0,
        text: main.text.clone(),
    };
    match kind {
        Kind::Nginx => covers(&opened.text, nginx::tokens::ranges(&opened), "{};"),
        Kind::Apache => covers(&opened.text, apache::lines::ranges(&opened), "<>\\"),
        Kind::HaProxy => covers(&opened.text, haproxy::lines::ranges(&opened), ""),
        Kind::Caddy => covers(&opened.text, caddy::tokens::ranges(&opened), "{}\\"),
        Kind::Envoy => scalars_hold(&opened),
    }
}

/// The words, put together with what is between them, are the text; and what is between them is space, comments and
/// `signs`.
#[track_caller]
fn covers(text: &str, words: Vec<Range<usize>>, signs: &str) {
    let (mut again, mut at) = (String::new(), 0);
    for word in words {
        assert!(at <= word.start && word.start <= word.end, "{word:?} in {text}");
        let between = text.get(at..word.start).expect("bytes of the text");
        is_between(between, signs, text);
        again.push_str(between);
        again.push_str(text.get(word.clone()).expect("bytes of the text"));
        at = word.end;
    }
    is_between(&text[at..], signs, text);
    assert_eq!(again + &text[at..], text);
}

#[track_caller]
fn is_between(between: &str, signs: &str, text: &str) {
    let rows = between
        .split('\n')
        .map(|row| row.split('#').next().unwrap_or_default());
    let rest: String = rows
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace() && !signs.contains(*c))
        .collect();
    assert_eq!(rest, "", "between the words of {text}");
}

/// Every scalar means by itself what it means in the text.
#[track_caller]
fn scalars_hold(opened: &Opened) {
    let documents = node::read("conf", opened).expect("read before");
    for node in documents.iter().flat_map(node::Node::all) {
        let raw = opened
            .text
            .get(node.span.range.clone())
            .expect("bytes of the text");
        if let Some(text) = node.text()
            && !raw.starts_with(['|', '>'])
        {
            let alone = Opened {
                part: 0,
                text: raw.into(),
            };
            let again = node::read("conf", &alone).expect("a scalar");
            assert_eq!(again.first().and_then(node::Node::text), Some(text), "{raw}");
        }
    }
}

/// The places of `text` that have a role of their own, each as it is written.
fn roles(kind: Kind, shelf: Shelf) -> Vec<(String, Role)> {
    let outline = read(kind, &shelf).unwrap_or_else(|trouble| panic!("{trouble}"));
    let raw = |spot: &Spot| outline.parts[spot.span.part].text[spot.span.range.clone()].to_owned();
    let told = outline.spots.iter().filter(|spot| spot.role != Role::Word);
    told.map(|spot| (raw(spot), spot.role.clone())).collect()
}

fn of(kind: Kind, text: &str) -> Vec<(String, Role)> {
    roles(kind, Shelf::new().with("conf", text))
}

fn pairs(expected: &[(&str, Role)]) -> Vec<(String, Role)> {
    expected
        .iter()
        .map(|(raw, role)| ((*raw).to_owned(), role.clone()))
        .collect()
}

const GONE: Role = Role::Instead("");

#[test]
fn nginx_says_what_each_place_is_for() {
    let text = "user www; load_module m/x.so; events {}\nhttp { access_log \"/a b\" main;\n upstream app { server app:1 weight=2; }\n \
                server { listen [::]:443 ssl ipv6only=on; server_name a.example;\n ssl_certificate \"/s/a.pem\"; ssl_crl l;\n \
                location / { proxy_pass http://app; } location /x { proxy_pass https://x.example:8/y; } } }\n";
    let expected = [
        ("user www;", GONE),
        ("m/x.so", Role::Path),
        ("access_log \"/a b\" main;", GONE),
        ("app:1", Role::Backend("127.0.0.1:")),
        ("ipv6only=on", GONE),
        ("[::]:443", opens("[::]:443")),
        ("\"/s/a.pem\"", Role::File(Material::Certificate)),
        ("l", Role::File(Material::Crl)),
        ("x.example:8", Role::Backend("127.0.0.1:")),
    ];
    assert_eq!(of(Kind::Nginx, text), pairs(&expected));
}

#[test]
fn a_whole_nginx_conf_is_told_from_a_site_however_it_is_laid_out() {
    let is_whole = |text: &str| {
        let outline = read(Kind::Nginx, &Shelf::new().with("conf", text)).expect("good");
        outline.is_whole
    };
    for whole in [
        "events {}\nhttp { server { listen 1; } }\n",
        "events { worker_connections 512; }\nhttp { server { listen 1; } }\n",
        "# http\nevents\n{\n}\n# and\nhttp\n{\n}\n",
        "worker_processes 1; events{}",
        "stream { server { listen 1; } }",
    ] {
        assert!(is_whole(whole), "{whole}");
    }
    for site in [
        "server { listen 1; }",
        "# events {}\nserver { listen 1; location /http { return 200 \"events {}\"; } }",
        "upstream events { server a; }\nserver { listen 1; }",
    ] {
        assert!(!is_whole(site), "{site}");
    }
}

#[test]
fn apache_says_what_each_place_is_for_also_through_definitions_and_macros() {
    let text = "Define dir /etc/tls\nListen 443\n<IfModule !x>\nListen [::]:443\nPidFile /run/p\n</IfModule>\n<Macro site $name>\n\
                <VirtualHost *:443 \\\n  [::]:443>\nServerName $name\nSSLCertificateFile ${dir}/a.pem\nSSLCACertificatePath /c\n\
                ProxyPass / \"http://app:1/\"\n</VirtualHost>\n</Macro>\nUse site a.example\n";
    let host = Role::Listen(Listen {
        called: "443".to_owned(),
        before: "127.0.0.1:",
        after: "",
        opens: false,
    });
    let expected = [
        ("443", opens("443")),
        ("Listen [::]:443", GONE),
        ("PidFile /run/p", GONE),
        ("*:443", host.clone()),
        ("[::]:443", host),
        ("${dir}/a.pem", Role::File(Material::Certificate)),
        ("SSLCACertificatePath", Role::Instead("SSLCACertificateFile")),
        ("/c", Role::File(Material::Cas)),
        ("app:1", Role::Backend("127.0.0.1:")),
    ];
    assert_eq!(of(Kind::Apache, text), pairs(&expected));
    // Of two that cannot both be open each may be the one that is.
    let guarded =
        "<IfModule ssl_module>\nListen 443\n</IfModule>\n<IfModule mod_gnutls.c>\nListen 443\n</IfModule>\n";
    let expected = [("443", opens("443")), ("443", opens("443"))];
    assert_eq!(of(Kind::Apache, guarded), pairs(&expected));
}

#[test]
fn haproxy_says_what_each_place_is_for_also_in_a_crt_list() {
    let text = "global\n  user haproxy\n  log /dev/log local0\n  crt-base /c\nfrontend f\n  bind 10.0.0.1:443,:444 v6only ssl crt \
                a\\ b.pem crt-list list ca-file ca.pem verify required\n  default_backend b\nbackend b\n  server s app:80 check\n";
    let shelf = Shelf::new().with("conf", text).with(
        "/c/list",
        "# all\n  x.pem [ca-file y.pem verify optional] a.example !b.example\n",
    );
    let expected = [
        ("user haproxy", GONE),
        ("log /dev/log local0", GONE),
        ("10.0.0.1:443", opens("10.0.0.1:443")),
        (":444", opens("444")),
        ("v6only", GONE),
        ("a\\ b.pem", Role::File(Material::Pair)),
        ("ca.pem", Role::File(Material::Cas)),
        ("x.pem", Role::File(Material::Pair)),
        ("y.pem", Role::File(Material::Cas)),
        ("app:80", Role::Backend("127.0.0.1:")),
    ];
    let outline = read(Kind::HaProxy, &shelf).expect("good");
    assert_eq!(outline.names, ["a.example"]);
    assert!(matches!(outline.parts[1].named, Some(Named::Path(_))));
    assert_eq!(roles(Kind::HaProxy, shelf), pairs(&expected));
}

#[test]
fn envoy_says_what_each_place_is_for_also_in_a_file_of_secrets() {
    let text = "admin: { address: { socket_address: { address: 0.0.0.0, port_value: 9901 } } }\nstatic_resources:\n  listeners:\n  - \
                address: { socket_address: { address: \"::\", port_value: 443 } }\n    filter_chains:\n    - filter_chain_match: { \
                server_names: [a.example] }\n      transport_socket:\n        typed_config:\n          common_tls_context:\n            \
                tls_certificate_sds_secret_configs:\n            - { name: own, sds_config: { path_config_source: { path: s.yaml } } \
                }\n            validation_context: { trusted_ca: { filename: ca.pem } }\n  clusters:\n  - load_assignment:\n      \
                endpoints:\n      - lb_endpoints: [ { endpoint: { address: { socket_address: { address: app, port_value: 80 } } } } ]\n";
    let secrets = "resources:\n- name: own\n  tls_certificate:\n    certificate_chain: { filename: a.pem }\n    private_key:\n      \
                   inline_string: |\n        x\n        y\n";
    let home = || Role::Instead("\"127.0.0.1\"");
    let listen = Role::Listen(Listen {
        called: ":::443".to_owned(),
        before: "",
        after: "",
        opens: true,
    });
    let expected = [
        ("9901", Role::Spare("")),
        ("0.0.0.0", home()),
        ("443", listen),
        ("\"::\"", home()),
        ("ca.pem", Role::File(Material::Cas)),
        ("80", Role::Backend("")),
        ("app", home()),
        ("a.pem", Role::File(Material::Certificate)),
        (
            "|\n        x\n        y",
            Role::Embedded(Material::Key, Form::Literal),
        ),
    ];
    let shelf = Shelf::new().with("conf", text).with("s.yaml", secrets);
    let mut found = roles(Kind::Envoy, shelf);
    found.sort_by_key(|(raw, _)| expected.iter().position(|(known, _)| known == raw));
    assert_eq!(found, pairs(&expected));
}

#[test]
fn a_caddyfile_says_what_each_place_is_for_also_through_snippets() {
    let text = "{\n  admin :2019\n  log {\n    output file /x {\n      roll_size 1\n    }\n  }\n}\n(own) {\n  tls {args[0]} \
                {args[1]} {\n    client_auth {\n      trust_pool file ca.pem\n    }\n  }\n}\na.example,\nhttp://b.example {\n  import own \
                \"/c/a.pem\" /c/a.key\n  reverse_proxy /api app:80 {$APP:http://two:81}\n}\n";
    let listen = Role::Listen(Listen {
        called: "a.example, http://b.example".to_owned(),
        before: "https://localhost:",
        after: "",
        opens: true,
    });
    let expected = [
        ("admin :2019", GONE),
        ("output file /x {\n      roll_size 1\n    }", GONE),
        ("a.example,\nhttp://b.example", listen),
        ("", Role::Instead("\n    bind 127.0.0.1\n")),
        ("\"/c/a.pem\"", Role::File(Material::Certificate)),
        ("/c/a.key", Role::File(Material::Key)),
        ("ca.pem", Role::File(Material::Cas)),
        ("app:80", Role::Backend("127.0.0.1:")),
    ];
    let found = of(Kind::Caddy, text);
    assert_eq!(found, pairs(&expected));
}

#[test]
fn what_is_included_is_put_where_it_is_named_with_its_own_edits() {
    let shelf = Shelf::new()
        .with(
            "conf",
            "http {\n  include mime.types;\n  include s/*.conf; # sites\n}\n",
        )
        .with("s/a.conf", "server { listen 1; }")
        .with("s/b.conf", "server { listen 2; } # last");
    let outline = read(Kind::Nginx, &shelf).expect("good");
    let mut edits = Vec::new();
    for spot in &outline.spots {
        let text = match &spot.role {
            Role::Listen(listen) => format!("{}7{}", listen.before, listen.called),
            Role::Instead(text) => (*text).to_owned(),
            _ => continue,
        };
        edits.push((spot.span.part, Edit::new(spot.span.range.clone(), text)));
    }
    let inside = outline.tops[0].inside.clone().expect("a block");
    assert_eq!(
        outline.render(&inside, &edits).as_deref(),
        Ok("\n  \n  server { listen 127.0.0.1:71; }\nserver { listen 127.0.0.1:72; } # last\n # sites\n")
    );
    let whole = outline.render(&outline.whole(1), &[]);
    assert_eq!(whole.as_deref(), Ok("server { listen 1; }"));
}

#[test]
fn one_place_that_would_be_two_addresses_is_refused() {
    let text =
        "<Macro site $port>\n<VirtualHost *:$port>\n</VirtualHost>\n</Macro>\nUse site 1\nUse site 2\n";
    let outline = read(Kind::Apache, &Shelf::new().with("conf", text)).expect("good");
    let listens = outline.spots.iter().filter_map(|spot| match &spot.role {
        Role::Listen(listen) => Some((0, Edit::new(spot.span.range.clone(), listen.called.clone()))),
        _ => None,
    });
    let edits: Vec<(usize, Edit)> = listens.collect();
    assert_eq!(edits.len(), 2);
    let refused = outline.render(&outline.whole(0), &edits);
    assert!(matches!(refused, Err(EditError::Overlap { .. })), "{refused:?}");
    let once = outline.render(&outline.whole(0), &edits[..1]);
    assert!(once.is_ok_and(|text| text.contains("<VirtualHost 1>")));
}
