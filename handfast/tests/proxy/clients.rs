// long: one promise of bound CAs each, with the partners that all of them need
//! Several CAs, each bound to its names; what is denied or revoked is cut, and the others go on.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use handfast_pki::Profile;

use crate::program::{
    Place,
    caller::{Call, Caller},
    daemon::{Daemon, configuration, until},
    pki::{Ca, Wanted, cast},
    service::Service,
};

/// acme's and beta's CA, and who beta's CA makes: one of its own, and one who says to be acme's.
fn partners(place: &Place) -> Ca {
    cast(place);
    let beta = Ca::new(place, "beta");
    let client = Wanted::now(Profile::Client);
    beta.issue(place, "beta", &client, &["dns:a.beta.example"]);
    beta.issue(place, "forged", &client, &["uri:spiffe://acme/web"]);
    beta
}

fn bound(to: &str, beta_names: &str, more: &str) -> String {
    format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"{to}\"\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\nworkers = 1\n\
         clients = [\"acme\", \"beta\"]\nallow = [\"any\"]\n{more}\n\
         [[clients]]\nname = \"acme\"\nca = \"web/ca.crt\"\nnames = [\"uri:spiffe://acme/**\"]\n\
         [[clients]]\nname = \"beta\"\nca = \"beta/ca.crt\"\n{beta_names}\n"
    )
}

const OWN: &str = "names = [\"dns:*.beta.example\"]";

/// A client of another CA trusts the server by acme's.
fn call<'a>(place: &'a Place, pair: &'a str) -> Call<'a> {
    Call {
        ca: "web/ca.crt",
        ..Call::of(place, pair)
    }
}

#[test]
fn a_common_name_that_a_ca_may_not_vouch_for_is_not_told_to_the_backend() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    place.run("init --name Beta --dir beta-ca").good();
    for (name, out) in [("admin.acme.example", "foreign"), ("a.beta.example", "own")] {
        place
            .run(&format!(
                "issue client --dir beta-ca --dns a.beta.example --name {name} --out {out}"
            ))
            .good();
    }
    place.shell("cp -r own beta").good();
    let names = "names = [\"dns:*.beta.example\", \"cn:a.beta.example\"]";
    place.write("handfast.toml", bound(&service.url(), names, "xfcc = true"));
    let proxy = place.open("proxy --config handfast.toml");
    for (pair, subject) in [
        ("own", "Subject=\"CN=a.beta.example\""),
        ("foreign", "Subject=\"\""),
    ] {
        assert_eq!(call(&place, pair).get(proxy.port), Ok(200), "{pair}");
        let xfcc = service.last().value("x-forwarded-client-cert");
        assert!(xfcc.contains(subject), "{xfcc}");
        assert!(xfcc.ends_with(";DNS=\"a.beta.example\""), "{xfcc}");
        assert!(!xfcc.contains("admin.acme"), "{xfcc}");
    }
}

#[test]
fn a_partners_ca_cannot_vouch_for_the_names_of_another() {
    let service = Service::hello();
    let place = Place::new();
    partners(&place);
    place.write("handfast.toml", bound(&service.url(), OWN, ""));
    let proxy = place.open("proxy --config handfast.toml");
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
    assert_eq!(call(&place, "beta").get(proxy.port), Ok(200));
    assert!(call(&place, "forged").get(proxy.port).is_err());
    let records = proxy.connections(3);
    let forged = records
        .iter()
        .find(|record| record["code"] == "HF-217")
        .expect("its record");
    let reason = forged["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("uri:spiffe://acme/web") && reason.contains("\"beta\""),
        "{reason}"
    );
    assert_eq!(service.heard().len(), 2, "nothing of it reached the service");
}

#[test]
fn two_cas_of_which_one_is_not_bound_are_no_configuration() {
    let place = Place::new();
    partners(&place);
    place.write("handfast.toml", bound("http://127.0.0.1:9", "", ""));
    let checked = place.run("check handfast.toml --json");
    assert_eq!(checked.exit, 1, "{checked:#?}");
    let problem = &checked.json()["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["place"]["line"]),
        (&"HF-701".into(), &14.into())
    );
    let message = problem["message"].as_str().expect("a message");
    assert!(message.contains("\"beta\" is not bound to names"), "{message}");
    let started = place.run("proxy --config handfast.toml");
    assert_eq!(started.exit, 2, "{started:#?}");
}

#[test]
fn several_cas_in_one_file_are_good_and_said_to_vouch_for_each_other() {
    let place = Place::new();
    partners(&place);
    place.write("both.crt", place.read("web/ca.crt") + &place.read("beta/ca.crt"));
    let config = configuration("http://127.0.0.1:9", "").replace("server/ca.crt", "both.crt");
    place.write("handfast.toml", config);
    let checked = place.run("check handfast.toml --json").good().json();
    let warning = checked["warnings"][0].as_str().expect("a warning");
    assert!(
        warning.contains("may vouch for every name") && warning.contains("[[clients]]"),
        "{warning}"
    );
    let proxy = place.open("proxy --config handfast.toml");
    until("the warning", || {
        proxy.stderr().contains("may vouch for every name").then_some(())
    });
    let alone = configuration("http://127.0.0.1:9", "");
    place.write("handfast.toml", alone);
    let checked = place.run("check handfast.toml --json").good().json();
    assert_eq!(checked["warnings"].as_array().map(Vec::len), Some(0), "{checked}");
}

fn open(place: &Place, proxy: &Daemon, pair: &str) -> Caller {
    let mut open = call(place, pair).knock(proxy.port).expect("let in");
    assert_eq!(open.get().expect("an answer").status, 200);
    open
}

/// Waits for the end of `cut` and its record, says how long that took, and asks that `other` goes on.
fn is_cut(proxy: &Daemon, cut: &mut Caller, other: &mut Caller, code: &str) -> Duration {
    let begun = Instant::now();
    until("the end of the open connection", || cut.get().err());
    let lasted = begun.elapsed();
    let record = until("its record", || {
        let records = proxy.events("connection").into_iter();
        records.into_iter().find(|record| record["code"] == code)
    });
    assert_eq!(record["verdict"], "allowed", "{record}");
    assert_eq!(other.get().expect("the other goes on").status, 200);
    lasted
}

#[test]
fn a_rule_that_denies_cuts_one_connection_and_leaves_the_other() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "allow = [\"uri:spiffe://acme/*\"]");
    let (mut web, mut api) = (open(&place, &proxy, "web"), open(&place, &proxy, "api"));
    let denied = "allow = [\"uri:spiffe://acme/*\"]\ndeny = [\"uri:spiffe://acme/api\"]";
    place.write("handfast.toml", configuration(&service.url(), denied));
    assert_eq!(proxy.reload_after(0)["taken"], true);
    let lasted = is_cut(&proxy, &mut api, &mut web, "HF-609");
    assert!(lasted < Duration::from_millis(1500), "{lasted:?}");
    assert!(call(&place, "api").get(proxy.port).is_err());
    let record = until("the record of the new call", || {
        let mut records = proxy.events("connection").into_iter();
        records.find(|record| record["verdict"] == "denied")
    });
    let reason = record["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("denied by the rule \"uri:spiffe://acme/api\""),
        "{reason}"
    );
}

/// The lists of the CA, put in the place of the old ones at once.
fn publish(place: &Place) {
    place.run("ca crl --dir authority-acme --out staged.crl").good();
    fs::rename(place.path("staged.crl"), place.path("acme.crl")).expect("replaced");
}

fn revoke(place: &Place, pair: &str) {
    place
        .run(&format!("ca revoke {pair}/tls.crt --dir authority-acme --yes"))
        .good();
}

#[test]
fn a_client_that_is_revoked_is_cut_and_the_other_goes_on() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    publish(&place);
    let rules = "allow = [\"uri:spiffe://acme/*\"]\ncrl = [\"acme.crl\"]";
    let proxy = place.open_with(&service.url(), rules);
    let (mut web, mut api) = (open(&place, &proxy, "web"), open(&place, &proxy, "api"));
    revoke(&place, "api");
    publish(&place);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    let lasted = is_cut(&proxy, &mut api, &mut web, "HF-205");
    assert!(lasted < Duration::from_millis(1500), "{lasted:?}");
    let refused = call(&place, "api").get(proxy.port).expect_err("it is revoked");
    assert!(refused.to_ascii_lowercase().contains("revoked"), "{refused}");
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
}

#[test]
fn a_ca_without_a_list_rejects_everybody_and_the_log_names_the_list() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    publish(&place);
    // Of both lists, that of the root and that of the issuing CA, the first alone.
    let lists = place.read("acme.crl");
    let end = "-----END X509 CRL-----\n";
    let first = lists.split_inclusive(end).next().expect("a list");
    assert!(first.len() < lists.len(), "there are two lists");
    place.write("half.crl", first);
    for (file, is_let_in) in [("acme.crl", true), ("half.crl", false)] {
        let proxy = place.open_with(&service.url(), &format!("crl = [\"{file}\"]"));
        assert_eq!(call(&place, "web").get(proxy.port).is_ok(), is_let_in, "{file}");
        if !is_let_in {
            let record = proxy.connection(1);
            assert_eq!(record["code"], "HF-206", "{record}");
            let reason = record["reason"].as_str().expect("a reason");
            assert!(reason.contains("half.crl"), "{reason}");
        }
    }
}

#[test]
fn a_list_that_cannot_be_used_stops_the_start_and_on_reload_leaves_the_last_one() {
    let service = Service::hello();
    let place = Place::new();
    let (_, _) = cast(&place);
    publish(&place);
    revoke(&place, "web");
    let before = place.read("acme.crl");
    publish(&place);
    place.run("ca crl --dir authority-other --out foreign.crl").good();
    let proxy = place.open_with(&service.url(), "crl = [\"acme.crl\"]");
    assert!(call(&place, "web").get(proxy.port).is_err());
    let forged = place
        .read("acme.crl")
        .replace("-----BEGIN X509 CRL-----\nMII", "-----BEGIN X509 CRL-----\nMIJ");
    let no_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let bad: [(&str, Vec<u8>, &str); 5] = [
        (
            "a certificate that is no base64",
            (place.read("acme.crl") + no_base64).into(),
            "HF-409",
        ),
        ("empty", Vec::new(), "HF-409"),
        ("cut off", before[..before.len() / 4].into(), "HF-409"),
        ("damaged", forged.into(), "HF-409"),
        ("no list", place.read("web/ca.crt").into(), "HF-409"),
    ];
    for (number, (what, bytes, code)) in bad.into_iter().enumerate() {
        place.write("staged", bytes);
        fs::rename(place.path("staged"), place.path("acme.crl")).expect("replaced");
        let reload = proxy.reload_after(number);
        assert_eq!(
            (&reload["taken"], &reload["code"]),
            (&false.into(), &code.into()),
            "{what}: {reload}"
        );
        assert!(call(&place, "web").get(proxy.port).is_err(), "{what}");
        let started = place.run("proxy --config handfast.toml");
        assert_eq!(started.exit, 2, "{what}: {started:#?}");
    }
    // One from before the revocation would make it undone.
    place.write("acme.crl", &before);
    let reload = proxy.reload_after(5);
    assert_eq!(
        (&reload["taken"], &reload["code"]),
        (&false.into(), &"HF-206".into()),
        "{reload}"
    );
    assert!(call(&place, "web").get(proxy.port).is_err());
}

#[test]
fn a_list_that_is_kept_holds_beyond_its_end_and_over_a_restart() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    revoke(&place, "api");
    place
        .run("ca crl --dir authority-acme --out acme.crl --lifetime 2s")
        .good();
    let config = |stale: &str| {
        format!(
            "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"{}\"\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\n\
             workers = 1\nclients = [\"acme\"]\nallow = [\"any\"]\n\
             [[clients]]\nname = \"acme\"\nca = \"server/ca.crt\"\ncrl = [\"acme.crl\"]\nstale = \"{stale}\"\n",
            service.url()
        )
    };
    place.write("handfast.toml", config("reject"));
    until("the end of the list", || {
        (place.run("check handfast.toml").exit == 1).then_some(())
    });
    place.run("check handfast.toml").refused(1, "HF-206");
    place.run("proxy --config handfast.toml").refused(2, "HF-206");
    place.write("handfast.toml", config("keep"));
    let said = place.run("check handfast.toml").good();
    assert!(
        said.stdout.contains("what was revoked since is not known"),
        "{said:#?}"
    );
    let proxy = place.open("proxy --config handfast.toml");
    until("a warning", || proxy.stderr().contains("[HF-206]").then_some(()));
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
    assert!(
        call(&place, "api").get(proxy.port).is_err(),
        "what it says still counts"
    );
    // One that is no list stops the start with keep, too.
    place.write("acme.crl", "nothing");
    assert_eq!(place.run("proxy --config handfast.toml").exit, 2);
}

#[test]
fn an_older_list_of_the_same_moment_is_told_by_its_number() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    publish(&place);
    let before = place.read("acme.crl");
    publish(&place);
    let proxy = place.open_with(&service.url(), "crl = [\"acme.crl\"]");
    place.write("acme.crl", &before);
    let reload = proxy.reload_after(0);
    assert_eq!(reload["code"], "HF-206", "{reload}");
    let reason = reload["reason"].as_str().expect("a reason");
    assert_eq!(reason.matches("number ").count(), 2, "{reason}");
}

/// The lists of the CA in `folder`, made now: of its root, and of its issuing CA.
fn lists(place: &Place, folder: &str) -> (Vec<u8>, Vec<u8>) {
    place.run(&format!("ca crl --dir {folder} --out both.crl")).good();
    let both = place.read("both.crl");
    let blocks = handfast_pki::pem::blocks_of(both.as_bytes()).expect("PEM");
    let ders = blocks.iter().map(|block| block.contents().expect("DER").to_vec());
    let is_issuing = |der: &Vec<u8>| der.windows(7).any(|part| part == b"Issuing");
    let (issuing, root): (Vec<_>, Vec<_>) = ders.partition(is_issuing);
    (root.concat(), issuing.concat())
}

/// The list of an issuing CA of the same name as acme's, with another key and a later number.
fn forged(place: &Place) -> Vec<u8> {
    place.run("init --name acme --dir evil").good();
    lists(place, "evil");
    lists(place, "evil");
    lists(place, "evil").1
}

fn replace(place: &Place, name: &str, bytes: &[u8]) {
    place.write("staged", bytes);
    fs::rename(place.path("staged"), place.path(name)).expect("replaced");
}

/// An alarm that names the list.
fn alarm_about(proxy: &Daemon, list: &str) -> String {
    until("an alarm about the list", || {
        let reasons = proxy.events("alarm").into_iter();
        let mut reasons = reasons.filter_map(|event| event["reason"].as_str().map(str::to_owned));
        reasons.find(|reason| reason.contains(list) && reason.contains("is not used"))
    })
}

#[test]
fn a_forged_list_of_an_issuing_ca_replaces_nothing() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let (root, issuing) = lists(&place, "authority-acme");
    let forged = forged(&place);
    replace(&place, "root.crl", &root);
    replace(&place, "issuing.crl", &issuing);
    let proxy = place.open_with(&service.url(), "crl = [\"root.crl\", \"issuing.crl\"]");
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
    replace(&place, "issuing.crl", &forged);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    let reason = alarm_about(&proxy, "issuing.crl");
    assert!(
        reason.contains("the signature was not made by its key"),
        "{reason}"
    );
    assert_eq!(
        call(&place, "web").get(proxy.port),
        Ok(200),
        "by the list of before"
    );
    revoke(&place, "web");
    replace(&place, "issuing.crl", &lists(&place, "authority-acme").1);
    assert_eq!(
        proxy.reload_after(1)["taken"],
        true,
        "the number of the forged one says nothing"
    );
    assert!(call(&place, "web").get(proxy.port).is_err());
    let records = proxy.connections(3);
    assert_eq!(records[2]["code"], "HF-205", "{records:?}");
}

#[test]
fn a_forged_list_at_the_start_refuses_until_the_true_one_comes() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let (root, issuing) = lists(&place, "authority-acme");
    replace(&place, "root.crl", &root);
    replace(&place, "issuing.crl", &forged(&place));
    let proxy = place.open_with(&service.url(), "crl = [\"root.crl\", \"issuing.crl\"]");
    assert!(call(&place, "web").get(proxy.port).is_err());
    let record = proxy.connection(1);
    assert_eq!(record["code"], "HF-206", "{record}");
    let reason = record["reason"].as_str().expect("a reason");
    assert!(reason.contains("issuing.crl\" cannot be used"), "{reason}");
    replace(&place, "issuing.crl", &issuing);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
}

#[test]
fn a_forged_list_from_a_url_is_not_kept_and_is_fetched_again() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let (root, issuing) = lists(&place, "authority-acme");
    let (port, answer) = publisher(forged(&place));
    replace(&place, "root.crl", &root);
    let line = format!("allow = [\"any\"]\ncrl = [\"root.crl\", \"http://127.0.0.1:{port}/issuing.crl\"]");
    place.write("handfast.toml", configuration(&service.url(), &line));
    let mut command = place.handfast("proxy --config handfast.toml");
    command
        .env("XDG_CACHE_HOME", place.path("cache"))
        .env_remove("STATE_DIRECTORY");
    let proxy = Daemon::start(command);
    assert_eq!(proxy.reload_after(0)["taken"], true, "it was fetched");
    assert!(call(&place, "web").get(proxy.port).is_err());
    alarm_about(&proxy, "issuing.crl");
    *answer.lock().expect("no panic") = issuing;
    until("the true list", || {
        (call(&place, "web").get(proxy.port) == Ok(200)).then_some(())
    });
}

/// A place on the network that lists are fetched from; what it answers with can be changed.
fn publisher(first: Vec<u8>) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (bytes, served) = (Arc::new(Mutex::new(first)), listener);
    let answered = bytes.clone();
    std::thread::spawn(move || {
        for stream in served.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let body = answered.lock().expect("no panic").clone();
            let status = if body.is_empty() {
                "404 Not Found"
            } else {
                "200 OK"
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    (port, bytes)
}

#[test]
fn a_list_is_fetched_from_its_url_and_kept_for_the_next_start() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    publish(&place);
    let (port, answer) = publisher(Vec::new());
    let line = format!("allow = [\"any\"]\ncrl = [\"http://127.0.0.1:{port}/acme.crl\"]");
    place.write("handfast.toml", configuration(&service.url(), &line));
    let start = || {
        let mut command = place.handfast("proxy --config handfast.toml");
        command
            .env("XDG_CACHE_HOME", place.path("cache"))
            .env_remove("STATE_DIRECTORY");
        Daemon::start(command)
    };
    let proxy = start();
    // Nothing was fetched, so nobody can be shown to be good.
    assert!(call(&place, "web").get(proxy.port).is_err());
    assert_eq!(proxy.connection(1)["code"], "HF-206");
    let alarm = until("an alarm", || proxy.events("alarm").into_iter().next());
    assert!(
        alarm["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("404")),
        "{alarm}"
    );
    *answer.lock().expect("no panic") = place.read("acme.crl").into();
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200));
    drop(proxy);
    answer.lock().expect("no panic").clear();
    let proxy = start();
    assert_eq!(call(&place, "web").get(proxy.port), Ok(200), "it was kept");
}
