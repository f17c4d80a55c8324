use super::super::{
    Kind,
    lab::{self, all, found_with, refused, usual},
};

fn found(text: &str) -> Vec<String> {
    lab::found(Kind::HaProxy, text)
}

/// A frontend with mutual TLS on line 2; `more` begins on line 3.
fn front(bind: &str, more: &str) -> String {
    format!(
        "frontend www\nbind :443 ssl crt tls.pem {bind}\n{more}\ndefault_backend app\nbackend app\nserver one 127.0.0.1:1\n"
    )
}

const REQUIRED: &str = "ca-file ca.crt verify required";
const OPTIONAL: &str = "ca-file ca.crt verify optional";
const TOLD: &str =
    "http-request del-header x_ssl_client_cn\nhttp-request set-header X-SSL-Client-CN %{+Q}[ssl_c_s_dn(cn)]";
const NONE: [&str; 0] = [];

#[test]
fn a_good_frontend_gives_no_finding_at_all() {
    assert_eq!(all(Kind::HaProxy, &front(REQUIRED, TOLD)), NONE);
}

#[test]
fn optional_without_a_check_is_named_and_with_one_it_is_not() {
    assert_eq!(found(&front(OPTIONAL, "")), ["HF-605 certain 2"]);
    for check in [
        "http-request deny unless { ssl_c_used 1 } { ssl_c_verify 0 }",
        "http-request deny if !{ ssl_c_used }",
        "http-request deny if ! { ssl_fc_has_crt }",
        "acl known ssl_c_used\nhttp-request redirect location /login unless known",
        "tcp-request content reject if !{ ssl_c_used }",
        "use_backend app if { ssl_c_used }\nuse_backend login",
        "http-request deny unless { ssl_c_s_dn(cn) -m str web }",
    ] {
        assert_eq!(found(&front(OPTIONAL, check)), NONE, "{check}");
    }
}

#[test]
fn the_result_of_verification_alone_is_no_check_for_who_sends_nothing() {
    // Without a certificate ssl_c_verify is 0.
    let check = "http-request deny if !{ ssl_c_verify 0 }";
    assert_eq!(found(&front(OPTIONAL, check)), ["HF-605 certain 2"]);
    let allowed = "http-request allow if TRUE\nhttp-request deny if !{ ssl_c_used }";
    assert_eq!(found(&front(OPTIONAL, allowed)), ["HF-605 certain 2"]);
    let elsewhere = "http-request deny if { path /admin } !{ ssl_c_used }";
    assert_eq!(found(&front(OPTIONAL, elsewhere)), ["HF-605 guess 2"]);
}

#[test]
fn a_check_in_the_backend_counts() {
    let text = front(OPTIONAL, "") + "http-request deny unless { ssl_c_used }\n";
    assert_eq!(found(&text), NONE);
}

#[test]
fn ignored_faults_are_named_unless_the_result_is_looked_at() {
    for ignored in ["crt-ignore-err all", "ca-ignore-err all", "crt-ignore-err 18,20"] {
        let bind = format!("{REQUIRED} {ignored}");
        assert_eq!(found(&front(&bind, "")), ["HF-605 certain 2"], "{ignored}");
        assert_eq!(
            found(&front(&bind, "http-request deny if !{ ssl_c_used }")),
            ["HF-605 certain 2"]
        );
        assert_eq!(
            found(&front(&bind, "http-request deny if !{ ssl_c_verify 0 }")),
            NONE
        );
        assert_eq!(
            found(&front(&bind, "http-request deny if { ssl_c_verify gt 0 }")),
            NONE
        );
    }
    let both = format!("{OPTIONAL} crt-ignore-err all");
    assert_eq!(
        found(&front(&both, "http-request deny if !{ ssl_c_verify 0 }")),
        ["HF-605 certain 2"]
    );
    assert_eq!(
        found(&front(
            &both,
            "http-request deny unless { ssl_c_used } { ssl_c_verify 0 }"
        )),
        NONE
    );
    assert_eq!(found(&front(&format!("{REQUIRED} crt-ignore-err 10"), "")), NONE);
}

#[test]
fn client_cas_without_a_demand_are_named() {
    assert_eq!(found(&front("ca-file ca.crt", "")), ["HF-107 certain 2"]);
    assert_eq!(
        found(&front("ca-file ca.crt verify none", "")),
        ["HF-605 certain 2"]
    );
}

#[test]
fn a_useless_file_of_client_cas_is_named() {
    for (file, codes) in [
        ("nowhere.crt", vec!["HF-309 certain 2"]),
        ("issuing.crt", vec!["HF-105 certain 2"]),
        ("many.crt", vec!["HF-606 certain 2"]),
        ("@system-ca", vec!["HF-606 certain 2"]),
        ("root.crt", vec![]),
    ] {
        assert_eq!(
            found(&front(&REQUIRED.replace("ca.crt", file), "")),
            codes,
            "{file}"
        );
    }
    assert_eq!(found(&front("verify required", "")), ["HF-309 certain 2"]);
    let based = format!("global\nca-base pki\ncrt-base pki\n{}", front(REQUIRED, ""));
    let shelf = usual().with("pki/ca.crt", lab::CAST.root.certificate.to_pem());
    let shelf = shelf.with("pki/tls.pem", "");
    assert_eq!(found_with(Kind::HaProxy, &based, shelf), NONE);
}

#[test]
fn headers_that_leave_the_clients_own_are_forgeable() {
    let name = "X-SSL-Client-CN";
    let safe = "http-request del-header x_ssl_client_cn\n";
    for weak in [
        format!("http-request add-header {name} %[ssl_c_s_dn(cn)]"),
        format!("http-request set-header {name} %[ssl_c_s_dn(cn)] if {{ path_beg /api }}"),
    ] {
        assert_eq!(
            found(&front(REQUIRED, &format!("{safe}{weak}"))),
            ["HF-602 certain 4"],
            "{weak}"
        );
        let mended = format!("{safe}http-request del-header {name}\n{weak}");
        assert_eq!(found(&front(REQUIRED, &mended)), NONE, "{weak}");
    }
    // Who has to show a certificate fulfils the condition, who may leave it out does not.
    let shown = format!("{safe}http-request set-header {name} %[ssl_c_s_dn(cn)] if {{ ssl_c_used }}");
    assert_eq!(found(&front(REQUIRED, &shown)), NONE);
    assert_eq!(
        found(&front(OPTIONAL, &shown)),
        ["HF-602 certain 4", "HF-605 guess 2"]
    );
}

#[test]
fn the_spelling_with_underscores_is_likely_unless_it_is_removed() {
    let set = "http-request set-header X-SSL-Client-CN %[ssl_c_s_dn(cn)]";
    assert_eq!(found(&front(REQUIRED, set)), ["HF-602 likely 3"]);
    let prefix = format!("http-request del-header x_ssl -m beg\n{set}");
    assert_eq!(found(&front(REQUIRED, &prefix)), NONE);
}

#[test]
fn a_plain_frontend_before_the_same_backend_forges_the_header() {
    let plain = |more: &str| {
        format!(
            "frontend plain\nbind :80\n{more}\ndefault_backend app\n{}",
            front(REQUIRED, TOLD)
        )
    };
    assert_eq!(found(&plain("")), ["HF-602 certain 4", "HF-611 likely 4"]);
    assert_eq!(
        found(&plain("http-request redirect scheme https unless { ssl_fc }")),
        NONE
    );
    assert_eq!(
        found(&plain(
            "http-request del-header X-SSL-Client-CN\nhttp-request del-header x_ssl_client_cn"
        )),
        ["HF-611 likely 5"]
    );
    let both = front(REQUIRED, TOLD).replace("bind :443", "bind :80\nbind :443");
    // The one set of rules sets it for both, and lets everybody through the other.
    assert_eq!(found(&both), ["HF-611 likely 2"]);
}

/// Two entries of a list, of which the first asks nobody.
fn list(more: &str) -> (String, lab::Shelf) {
    let entries =
        "tls.pem [verify none] open.example\nother.pem [ca-file ca.crt verify required] admin.example\n";
    let shelf = usual().with("list", entries).with("other.pem", "");
    let text = front("", more).replace("crt tls.pem", "crt-list list");
    (text, shelf)
}

#[test]
fn entries_that_ask_differently_share_requests_and_sessions() {
    let found = |more: &str| {
        let (text, shelf) = list(more);
        let mut found = found_with(Kind::HaProxy, &text, shelf);
        found.retain(|line| !line.contains("guess"));
        found
    };
    assert_eq!(found(""), ["HF-507 certain list:2", "HF-506 likely list:2"]);
    let compared = "http-request set-var(txn.host) req.hdr(host),field(1,:),lower\n\
                    http-request deny unless { ssl_fc_sni,strcmp(txn.host) eq 0 }";
    // The name of the handshake is no proof that it was a whole one.
    assert_eq!(found(compared), ["HF-506 likely list:2"]);
    assert_eq!(
        found("http-request deny if { req.hdr(host) admin.example } !{ ssl_c_used }"),
        ["HF-507 certain list:2", "HF-506 likely list:2"]
    );
    let routed = "use_backend admin if { req.hdr(host) admin.example } { ssl_c_used }\nuse_backend app";
    assert_eq!(found(routed), NONE);
}

#[test]
fn names_in_another_form_than_the_one_compared_with_are_named() {
    for (test, codes) in [
        ("ssl_c_s_dn -m str CN=web,O=Acme", vec!["HF-603 certain 3"]),
        (
            "ssl_c_s_dn(,0,rfc2253) -m str /O=Acme/CN=web",
            vec!["HF-603 certain 3"],
        ),
        ("ssl_c_s_dn -m str /O=Acme/CN=web", vec![]),
        ("ssl_c_s_dn(,0,rfc2253) -m str CN=web,O=Acme", vec![]),
        ("ssl_c_s_dn(cn) -m str web", vec![]),
    ] {
        let line = format!("http-request deny unless {{ {test} }}");
        assert_eq!(found(&front(REQUIRED, &line)), codes, "{test}");
    }
    assert_eq!(
        found(&front(REQUIRED, "acl web ssl_c_s_dn CN=web,O=Acme")),
        ["HF-603 certain 3"]
    );
}

#[test]
fn guesses_about_the_application_come_last() {
    assert_eq!(
        all(Kind::HaProxy, &front(REQUIRED, "")),
        ["HF-601 guess 4", "HF-607 guess 2"]
    );
    let proxied = front(REQUIRED, "").replace("127.0.0.1:1", "127.0.0.1:1 send-proxy-v2-ssl-cn");
    assert_eq!(all(Kind::HaProxy, &proxied), NONE);
    let tcp = front(REQUIRED, "mode tcp");
    assert_eq!(all(Kind::HaProxy, &tcp), ["HF-607 guess 2"]);
}

#[test]
fn old_versions_and_weak_ciphers_are_named_where_they_are_written() {
    assert_eq!(
        found(&front(&format!("{REQUIRED} ssl-min-ver TLSv1.0"), "")),
        ["HF-502 certain 2"]
    );
    let global = |line: &str| format!("global\n{line}\n{}", front(REQUIRED, ""));
    assert_eq!(
        found(&global("ssl-default-bind-options ssl-min-ver TLSv1.1")),
        ["HF-502 certain 2"]
    );
    assert_eq!(
        found(&global("ssl-default-bind-options ssl-min-ver TLSv1.2")),
        NONE
    );
    assert_eq!(
        found(&global("ssl-default-bind-ciphers RC4:HIGH")),
        ["HF-503 certain 2"]
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (text, said) in [
        (
            "bind :1\n",
            "conf:1: expected a section such as \"frontend\", found \"bind\"",
        ),
        (
            "global\nlog \"x\n",
            "conf:2: expected \" at the end of a word, found the end of the line",
        ),
        (
            "frontend a\nbind :1 ssl crt-list nowhere\n",
            "\"nowhere\" cannot be read, which conf:2 names: no such file",
        ),
    ] {
        assert_eq!(refused(Kind::HaProxy, text), said);
    }
}
