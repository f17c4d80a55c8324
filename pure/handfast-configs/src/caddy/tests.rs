use super::super::{
    Kind,
    lab::{self, all, found_with, refused, usual},
};

fn found(text: &str) -> Vec<String> {
    lab::found(Kind::Caddy, text)
}

/// A site with `auth` from line 4 within `client_auth`, and `more` behind it.
fn site(auth: &str, more: &str) -> String {
    format!("a.example {{\ntls tls.crt tls.key {{\nclient_auth {{\n{auth}\n}}\n}}\n{more}\n}}\n")
}

const GOOD: &str = "trust_pool file ca.crt\nmode require_and_verify";
const TOLD: &str = "reverse_proxy app:1 {\nheader_up X-Client-Subject {tls_client_subject}\n}";
const NONE: [&str; 0] = [];

#[test]
fn a_good_site_gives_no_finding_at_all() {
    assert_eq!(all(Kind::Caddy, &site(GOOD, TOLD)), NONE);
    assert_eq!(
        all(Kind::Caddy, &site("trust_pool file {\npem_file ca.crt\n}", TOLD)),
        NONE
    );
}

#[test]
fn modes_that_verify_nothing_or_demand_nothing_are_named() {
    for mode in ["request", "require", "verify_if_given"] {
        let auth = format!("mode {mode}\ntrust_pool file ca.crt");
        assert_eq!(found(&site(&auth, "")), ["HF-605 certain 4"], "{mode}");
    }
    assert_eq!(found(&site("mode require", "")), ["HF-605 certain 4"]);
    assert_eq!(found(&site("", "")), ["HF-605 certain 3"]);
    assert_eq!(found(&site("mode require\nverifier leaf file web.crt", "")), NONE);
}

#[test]
fn a_check_of_the_certificate_counts_where_it_cannot_be_forged() {
    let check = |matcher: &str| format!("@stranger expression `{matcher}`\nrespond @stranger 403");
    let given = "mode verify_if_given\ntrust_pool file ca.crt";
    assert_eq!(
        found(&site(given, &check("{tls_client_fingerprint} != \"ab\""))),
        NONE
    );
    // Without a certificate this is the hash of nothing.
    assert_eq!(
        found(&site(given, &check("{tls_client_fingerprint} == \"\""))),
        ["HF-605 certain 4"]
    );
    assert_eq!(
        found(&site(given, &check("{http.request.tls.client.subject} == \"\""))),
        NONE
    );
    assert_eq!(
        found(&site(given, "@x path /x\nrespond @x 403")),
        ["HF-605 certain 4"]
    );
    assert_eq!(
        found(&site(
            "mode require",
            &check("{tls_client_subject} != \"CN=web\"")
        )),
        ["HF-605 certain 4"]
    );
    assert_eq!(
        found(&site(
            "mode require",
            &check("{tls_client_fingerprint} != \"ab\"")
        )),
        NONE
    );
}

#[test]
fn without_a_pool_the_cas_of_the_system_are_believed() {
    assert_eq!(found(&site("mode require_and_verify", "")), ["HF-606 certain 4"]);
}

#[test]
fn a_useless_file_of_client_cas_is_named() {
    for (file, codes) in [
        ("nowhere.crt", vec!["HF-309 certain 4"]),
        ("many.crt", vec!["HF-606 certain 4"]),
        ("issuing.crt", vec![]),
    ] {
        assert_eq!(found(&site(&GOOD.replace("ca.crt", file), TOLD)), codes, "{file}");
    }
    assert_eq!(
        found(&site("trusted_ca_cert bm9uZQ==", TOLD)),
        ["HF-309 certain 4"]
    );
    assert_eq!(found(&site("trusted_ca_cert_file root.crt", TOLD)), NONE);
}

#[test]
fn headers_that_leave_the_clients_own_are_forgeable() {
    let with = |line: &str| site(GOOD, &format!("reverse_proxy app:1 {{\n{line}\n}}"));
    assert_eq!(
        found(&with("header_up +X-Client-Subject {tls_client_subject}")),
        ["HF-602 certain 9"]
    );
    assert_eq!(
        found(&with("header_up X-Client-Cert {header.X-Client-Cert}")),
        ["HF-602 certain 9"]
    );
    let matched = |more: &str| {
        let set = "@api path /api\nrequest_header @api X-Client-Subject {tls_client_subject}";
        site(GOOD, &format!("{more}\n{set}\nreverse_proxy app:1"))
    };
    assert_eq!(found(&matched("")), ["HF-602 certain 10"]);
    assert_eq!(found(&matched("request_header -X-Client-*")), NONE);
}

#[test]
fn another_way_to_the_same_backend_forges_the_header() {
    let two = format!("handle /open {{\nreverse_proxy app:1\n}}\n{TOLD}");
    assert_eq!(found(&site(GOOD, &two)), ["HF-602 certain 9"]);
    let plain = format!(
        "http://b.example {{\nreverse_proxy app:1\n}}\n{}",
        site(GOOD, TOLD)
    );
    assert_eq!(found(&plain), ["HF-602 certain 2", "HF-611 guess 2"]);
    assert_eq!(found(&plain.replacen("app:1", "another:1", 1)), NONE);
}

#[test]
fn sites_that_ask_differently_are_crossed_only_where_that_is_allowed() {
    let two = |options: &str| {
        format!(
            "{options}b.example {{\ntls tls.crt tls.key\n}}\n{}",
            site(GOOD, TOLD)
        )
    };
    let sure = |text: &str| {
        let mut found = found(text);
        found.retain(|line| !line.contains("guess"));
        found
    };
    assert_eq!(
        sure(&two("{\nservers {\nstrict_sni_host insecure_off\n}\n}\n")),
        ["HF-507 certain 3"]
    );
    assert_eq!(sure(&two("")), NONE);
    assert_eq!(found(&two("")), ["HF-507 guess 4", "HF-107 guess 1"]);
}

#[test]
fn imports_snippets_and_variables_are_followed() {
    let snippet =
        "(mtls) {\ntls tls.crt tls.key {\nclient_auth {\nmode {args[0]}\ntrust_pool file ca.crt\n}\n}\n}\n";
    let with = |mode: &str| format!("{snippet}a.example {{\nimport mtls {mode}\n{TOLD}\n}}\n");
    assert_eq!(found(&with("request")), ["HF-605 guess 4"]);
    assert_eq!(found(&with("require_and_verify")), NONE);
    assert_eq!(found(&with("{$MODE:request}")), ["HF-605 guess 4"]);
    let shelf = usual().with("sites/a.caddy", site("mode request", ""));
    assert_eq!(
        found_with(Kind::Caddy, "import sites/*.caddy\n", shelf),
        ["HF-605 certain sites/a.caddy:4"]
    );
    let shelf = usual().with("loop", "import loop\nimport loop\n");
    assert!(lab::report(Kind::Caddy, "import loop\n", shelf).is_err());
}

#[test]
fn one_site_without_braces_and_a_snippet_are_read() {
    assert_eq!(
        found("a.example\ntls tls.crt tls.key {\nclient_auth {\nmode request\n}\n}\n"),
        ["HF-605 certain 4"]
    );
    assert_eq!(
        found("tls {\nclient_auth {\nmode request\n}\n}\n"),
        ["HF-605 certain 3"]
    );
    assert_eq!(
        found("a.example, b.example,\nc.example {\nrespond `{` <<END\n  }\n  END\n}\n"),
        ["HF-107 guess 1"]
    );
}

#[test]
fn guesses_about_the_application_come_last() {
    assert_eq!(
        all(Kind::Caddy, &site(GOOD, "reverse_proxy app:1")),
        ["HF-601 guess 8", "HF-607 guess 5"]
    );
    let named = "@other not expression `{tls_client_subject} == \"CN=web,O=Acme\"`\nrespond @other 403";
    assert_eq!(all(Kind::Caddy, &site(GOOD, named)), NONE);
}

#[test]
fn names_in_another_form_than_the_one_compared_with_are_named() {
    let named = "@other not expression `{tls_client_subject} == \"/O=Acme/CN=web\"`\nrespond @other 403";
    assert_eq!(found(&site(GOOD, named)), ["HF-603 certain 8"]);
}

/// The same in JSON, with `auth` on line 3.
fn json(auth: &str, more: &str, server: &str) -> String {
    format!(
        "{{\"apps\": {{\"http\": {{\"servers\": {{\"main\": {{\"listen\": [\":443\"], {server}\n\"tls_connection_policies\": [\n\
         {{\"match\": {{\"sni\": [\"a\"]}}, \"client_authentication\": {{{auth}}}}},\n{{}}],\n\"routes\": [{more}]}}}}}}}}}}"
    )
}

#[test]
fn json_is_read_as_the_caddyfile_is() {
    let sure = |text: &str| {
        let mut found = found(text);
        found.retain(|line| !line.contains("HF-107 guess"));
        found
    };
    let pool = "\"ca\": {\"provider\": \"file\", \"pem_files\": [\"ca.crt\"]}";
    assert_eq!(sure(&json(pool, "", "")), NONE);
    assert_eq!(sure(&json("\"mode\": \"require\"", "", "")), ["HF-605 certain 3"]);
    assert_eq!(
        sure(&json("\"mode\": \"require_and_verify\"", "", "")),
        ["HF-606 certain 3"]
    );
    assert_eq!(
        sure(&json(pool, "", "\"strict_sni_host\": false,")),
        ["HF-507 certain 1"]
    );
    let proxy = |headers: &str| {
        format!(
            "{{\"handle\": [{{\"handler\": \"reverse_proxy\", \"upstreams\": [{{\"dial\": \"app:1\"}}], \"headers\": {{\"request\": {{\n{headers}}}}}}}]}}"
        )
    };
    let value = "{\"X-Client-Subject\": [\"{http.request.tls.client.subject}\"]}";
    assert_eq!(sure(&json(pool, &proxy(&format!("\"set\": {value}")), "")), NONE);
    assert_eq!(
        sure(&json(pool, &proxy(&format!("\"add\": {value}")), "")),
        ["HF-602 certain 6"]
    );
    let check = "{\"match\": [{\"expression\": \"{http.request.tls.client.subject} == ''\"}], \"handle\": [{\"handler\": \"static_response\", \"status_code\": 403}]}";
    assert_eq!(
        sure(&json(
            &format!("\"mode\": \"verify_if_given\", {pool}"),
            check,
            ""
        )),
        NONE
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (text, said) in [
        (
            "a {\nrespond hi\n",
            "conf:2: expected \"}\", found the end of the file",
        ),
        ("}\n", "conf:1: expected a site, found \"}\" that closes nothing"),
        (
            "a {\nrespond \"x\n}\n",
            "conf:2: expected \" at the end of the word that begins here, found the end of the file",
        ),
        (
            "a {\nrespond <<END\nx\n}\n",
            "conf:2: expected \"END\", found the end of the file",
        ),
        (
            "import nowhere\n",
            "\"nowhere\" cannot be read, which conf:1 names: no such file",
        ),
    ] {
        assert_eq!(refused(Kind::Caddy, text), said);
    }
}
