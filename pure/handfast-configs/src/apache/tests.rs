use super::super::{
    Kind,
    lab::{self, Lists, all, found_with, refused, usual},
};

fn found(text: &str) -> Vec<String> {
    lab::found(Kind::Apache, text)
}

/// A virtual host with mutual TLS; `more` begins on line 7.
fn host(more: &str) -> String {
    format!(
        "<VirtualHost *:443>\nSSLEngine on\nSSLCertificateFile tls.crt\nSSLCertificateKeyFile tls.key\n\
         SSLCACertificateFile root.crt\nSSLVerifyClient require\n{more}\n</VirtualHost>\n"
    )
}

/// The same, where line 6 says `how`.
fn asking(how: &str, more: &str) -> String {
    host(more).replace("SSLVerifyClient require", &format!("SSLVerifyClient {how}"))
}

const NONE: [&str; 0] = [];

#[test]
fn a_good_host_gives_no_finding_at_all() {
    let headers = "RequestHeader unset X_SSL_Client_S_DN\nRequestHeader set X-SSL-Client-S-DN \"%{SSL_CLIENT_S_DN}s\"\n";
    assert_eq!(
        all(Kind::Apache, &host(&format!("{headers}ProxyPass / http://app/"))),
        NONE
    );
}

#[test]
fn optional_without_a_check_is_named_and_with_one_it_is_not() {
    for how in ["optional", "optional_no_ca"] {
        assert_eq!(found(&asking(how, "Require all granted")), ["HF-605 certain 6"]);
        for check in [
            "<Location />\nRequire ssl-verify-client\n</Location>",
            "<Location />\nRequire expr %{SSL_CLIENT_VERIFY} == \"SUCCESS\"\n</Location>",
            "SSLRequire %{SSL_CLIENT_VERIFY} eq \"SUCCESS\"",
            "RewriteEngine on\nRewriteCond %{SSL:SSL_CLIENT_VERIFY} !=SUCCESS\nRewriteRule .* - [F]",
            "<If \"%{SSL_CLIENT_VERIFY} != 'SUCCESS'\">\nRequire all denied\n</If>",
            "<Location />\n<RequireAll>\nRequire all granted\nRequire ssl-verify-client\n</RequireAll>\n</Location>",
        ] {
            assert_eq!(found(&asking(how, check)), NONE, "{how}: {check}");
        }
    }
}

#[test]
fn a_check_beside_one_that_lets_everybody_in_is_no_check() {
    let text = asking(
        "optional",
        "<Location />\nRequire all granted\nRequire ssl-verify-client\n</Location>",
    );
    assert_eq!(found(&text), ["HF-605 certain 6"]);
    let off = "RewriteCond %{SSL:SSL_CLIENT_VERIFY} !=SUCCESS\nRewriteRule .* - [F]";
    assert_eq!(found(&asking("optional", off)), ["HF-605 certain 6"]);
    let name = "<Location />\nRequire expr %{SSL_CLIENT_S_DN_CN} == \"web\"\n</Location>";
    assert_eq!(found(&asking("optional", name)), NONE);
    assert_eq!(found(&asking("optional_no_ca", name)), ["HF-605 certain 6"]);
}

#[test]
fn client_cas_without_a_demand_are_named() {
    assert_eq!(found(&asking("none", "")), ["HF-107 certain 6"]);
    assert_eq!(
        found(&host("").replace("SSLVerifyClient require\n", "\n")),
        ["HF-107 certain 5"]
    );
}

#[test]
fn a_demand_for_a_part_of_the_host_comes_late() {
    for section in ["Location /admin", "Directory /srv", "LocationMatch ^/a"] {
        let name = section.split(' ').next().unwrap_or_default();
        let more = format!("<{section}>\nsslverifyclient REQUIRE\n</{name}>");
        assert_eq!(found(&asking("none", &more)), ["HF-108 certain 8"]);
        assert_eq!(found(&host(&more)), NONE);
    }
    assert_eq!(found("SSLVerifyClient require\n"), ["HF-309 certain 1"]);
}

#[test]
fn names_are_told_without_regard_to_case_and_lines_go_on() {
    let text = host("")
        .to_lowercase()
        .replace("sslverifyclient require", "sslverifyclient \\\n  optional");
    assert_eq!(found(&text), ["HF-605 certain 6"]);
}

#[test]
fn modules_macros_definitions_and_includes_are_followed() {
    let text = host("").replace(
        "SSLVerifyClient require",
        "<IfModule mod_ssl.c>\nSSLVerifyClient ${how}\n</IfModule>",
    );
    assert_eq!(
        found(&format!("Define how optional\n{text}")),
        ["HF-605 certain 8"]
    );
    let text = "<Macro ask $how>\nSSLVerifyClient $how\n</Macro>\n".to_owned()
        + &host("").replace("SSLVerifyClient require", "Use ask optional");
    assert_eq!(found(&text), ["HF-605 certain 2"]);
    let shelf = usual().with("vhosts/a.conf", asking("optional", ""));
    let text = "IncludeOptional nowhere/*.conf\nInclude vhosts/*.conf\n";
    assert_eq!(
        found_with(Kind::Apache, text, shelf),
        ["HF-605 certain vhosts/a.conf:6"]
    );
    let skipped = "<IfModule !mod_ssl.c>\nSSLVerifyClient none\n</IfModule>";
    assert_eq!(found(&host(skipped)), NONE);
}

#[test]
fn the_main_server_counts_where_the_host_says_nothing() {
    let text = host("")
        .replace("SSLVerifyClient require\n", "\n")
        .replace("SSLCACertificateFile root.crt\n", "\n");
    let main = "SSLCACertificateFile root.crt\nSSLVerifyClient optional\n";
    assert_eq!(found(&format!("{main}{text}")), ["HF-605 certain 2"]);
}

#[test]
fn a_useless_file_of_client_cas_is_named() {
    for (file, codes) in [
        ("nowhere.crt", vec!["HF-309 certain 5"]),
        ("issuing.crt", vec!["HF-105 certain 5"]),
        ("many.crt", vec!["HF-606 certain 5"]),
        // One intermediate and the root are two, and mod_ssl counts both.
        ("ca.crt", vec!["HF-106 certain 5"]),
    ] {
        assert_eq!(found(&host("").replace("root.crt", file)), codes, "{file}");
    }
    assert_eq!(
        found(&host("SSLVerifyDepth 2").replace("root.crt", "ca.crt")),
        NONE
    );
    assert_eq!(
        found(&host("SSLVerifyDepth 1").replace("root.crt", "ca.crt")),
        ["HF-106 certain 7"]
    );
    assert_eq!(
        found(&host("SSLCACertificateFile root.crt")),
        ["HF-105 certain 7"]
    );
}

#[test]
fn a_revocation_list_that_nobody_looks_at_is_named() {
    let later = lab::CAST.root.list(jiff::SignedDuration::from_hours(1));
    let earlier = lab::CAST.root.list(jiff::SignedDuration::from_hours(-1));
    let with = |more: &str| {
        let shelf = usual().with("fresh.crl", &later).with("stale.crl", &earlier);
        found_with(Kind::Apache, &host(more), shelf)
    };
    assert_eq!(with("SSLCARevocationFile fresh.crl"), ["HF-610 certain 7"]);
    assert_eq!(
        with("SSLCARevocationFile fresh.crl\nSSLCARevocationCheck chain"),
        NONE
    );
    assert_eq!(
        with("SSLCARevocationFile stale.crl\nSSLCARevocationCheck chain"),
        ["HF-206 certain 7"]
    );
    assert_eq!(
        with("SSLCARevocationFile tls.crt\nSSLCARevocationCheck chain"),
        ["HF-206 certain 7"]
    );
    let deep = host("SSLVerifyDepth 2\nSSLCARevocationFile fresh.crl\nSSLCARevocationCheck chain");
    let deep = deep.replace("root.crt", "ca.crt");
    assert_eq!(
        found_with(Kind::Apache, &deep, usual().with("fresh.crl", &later)),
        ["HF-206 certain 8"]
    );
}

/// Two hosts on one address, of which the first asks nobody.
fn two(more: &str) -> String {
    let open = "<VirtualHost *:443>\nSSLEngine on\nSSLCertificateFile tls.crt\nSSLCertificateKeyFile tls.key\n</VirtualHost>\n";
    format!("{more}\n{open}{}", host("").replace("tls.crt", "tls.pem"))
}

#[test]
fn hosts_that_ask_differently_share_sessions_unless_a_policy_keeps_them_apart() {
    let sure = |text: &str| {
        let mut found = found(text);
        found.retain(|line| !line.contains("guess"));
        found
    };
    assert_eq!(sure(&two("")), ["HF-506 likely 7"]);
    assert_eq!(sure(&two("SSLVHostSNIPolicy secure")), NONE);
    assert_eq!(sure(&two("SSLStrictSNIVHostCheck on")), NONE);
    assert_eq!(sure(&two("SSLVHostSNIPolicy insecure")), ["HF-507 certain 1"]);
}

#[test]
fn one_certificate_for_hosts_that_ask_differently_is_a_guess() {
    let text = two("SSLVHostSNIPolicy secure").replace("tls.pem", "tls.crt");
    assert_eq!(found(&text), ["HF-507 guess 7", "HF-107 guess 2"]);
}

#[test]
fn headers_that_leave_the_clients_own_are_forgeable() {
    let with = |line: &str| {
        host(&format!(
            "RequestHeader unset X_Client_Cert\n{line}\nProxyPass / http://app/"
        ))
    };
    let value = "X-Client-Cert \"%{SSL_CLIENT_CERT}s\"";
    assert_eq!(found(&with(&format!("RequestHeader set {value}"))), NONE);
    for weak in [
        format!("RequestHeader add {value}"),
        format!("RequestHeader append {value}"),
        format!("RequestHeader setifempty {value}"),
        format!("RequestHeader set {value} env=SSL_CLIENT_VERIFY"),
        format!("RequestHeader set {value} \"expr=%{{SSL_CLIENT_VERIFY}} == 'SUCCESS'\""),
    ] {
        assert_eq!(found(&with(&weak)), ["HF-602 certain 8"], "{weak}");
        let after = with(&format!("RequestHeader unset X-Client-Cert early\n{weak}"));
        assert_eq!(found(&after), NONE, "{weak}");
    }
}

#[test]
fn a_path_without_the_header_to_the_same_backend_is_forgeable() {
    let set = "RequestHeader unset X_Client_Cert\nRequestHeader set X-Client-Cert \"%{SSL_CLIENT_CERT}s\"";
    let with = |other: &str| {
        host(&format!(
            "<Location /a>\n{set}\nProxyPass http://app/\n</Location>\n<Location /b>\nProxyPass {other}/\n</Location>"
        ))
    };
    assert_eq!(found(&with("http://app")), ["HF-602 certain 13"]);
    assert_eq!(found(&with("http://another")), ["HF-602 likely 13"]);
    let part = host(&format!(
        "<Location /a>\n{set}\n</Location>\nProxyPass / http://app/"
    ));
    assert_eq!(found(&part), ["HF-602 certain 9"]);
}

#[test]
fn the_spelling_with_underscores_is_likely() {
    let text = host("RequestHeader set X-Client-Cert \"%{SSL_CLIENT_CERT}s\"\nProxyPass / http://app/");
    assert_eq!(found(&text), ["HF-602 likely 7"]);
}

#[test]
fn names_in_another_form_than_the_one_compared_with_are_named() {
    let with = |expression: &str| {
        host(&format!(
            "<Location />\nRequire expr \"{expression}\"\n</Location>"
        ))
    };
    assert_eq!(
        found(&with("%{SSL_CLIENT_S_DN} == '/O=Acme/CN=web'")),
        ["HF-603 certain 8"]
    );
    assert_eq!(found(&with("%{SSL_CLIENT_S_DN} == 'CN=web,O=Acme'")), NONE);
    assert_eq!(
        found(&format!(
            "SSLOptions +LegacyDNStringFormat\n{}",
            with("%{SSL_CLIENT_S_DN} == '/O=Acme/CN=web'")
        )),
        NONE
    );
}

#[test]
fn guesses_about_the_application_come_last() {
    assert_eq!(
        all(Kind::Apache, &host("ProxyPass / http://app/")),
        ["HF-601 guess 7", "HF-607 guess 6"]
    );
    let looks = host("<Location />\nRequire expr %{SSL_CLIENT_S_DN_CN} == \"web\"\n</Location>");
    assert_eq!(all(Kind::Apache, &looks), NONE);
    assert_eq!(all(Kind::Apache, &host("ProxyPass / ajp://app/")), NONE);
}

#[test]
fn old_versions_and_weak_ciphers_are_named() {
    assert_eq!(found(&host("SSLProtocol all -SSLv3")), ["HF-502 certain 7"]);
    assert_eq!(found(&host("SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1")), NONE);
    assert_eq!(found(&host("SSLCipherSuite HIGH:RC4")), ["HF-503 certain 7"]);
    assert_eq!(
        found(&host("SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256")),
        NONE
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (text, said) in [
        (
            "<VirtualHost *:443>\nSSLEngine on\n",
            "conf:2: expected \"</VirtualHost>\", found the end of the file",
        ),
        (
            "<Location />\n</VirtualHost>\n",
            "conf:2: expected \"</Location>\", opened in line 1, found \"</VirtualHost>\"",
        ),
        (
            "</Location>\n",
            "conf:1: expected a directive, found \"</Location>\" that closes nothing",
        ),
        (
            "<Location /\n",
            "conf:1: expected \">\" at the end of the line, found \"<Location /\"",
        ),
        (
            "ServerName \"x\n",
            "conf:1: expected \" at the end of a word, found the end of the line",
        ),
        (
            "Include nowhere.conf\n",
            "\"nowhere.conf\" cannot be read, which conf:1 names: no such file",
        ),
    ] {
        assert_eq!(refused(Kind::Apache, text), said);
    }
}
