//! The guide's own servers, how a line is shown, and what cannot be read.

use crate::{
    all, cast, found,
    program::{
        Ran,
        guide::{APACHE, NGINX, filled_in, mended},
    },
};

#[test]
fn the_guides_own_servers_raise_no_false_alarm() {
    let place = mended();
    for (file, text) in [
        ("nginx.conf", format!("{NGINX}}}\n}}\n")),
        ("httpd.conf", format!("{APACHE}</Location>\n</VirtualHost>\n")),
    ] {
        place.write(file, filled_in(&place, &text));
        assert_eq!(found(&place, file), Vec::<String>::new(), "{file}");
    }
    assert_eq!(all(&place, "nginx.conf"), ["HF-607 guess 8"]);
    assert_eq!(all(&place, "httpd.conf"), ["HF-607 guess 8"]);
}

#[test]
fn a_line_is_shown_with_what_is_wrong_in_it() {
    let place = cast();
    place.write("site.conf", "server {\n    listen 443 ssl;\n    ssl_verify_client optional;   # for now\n    ssl_client_certificate server/ca.crt;\n}\n");
    let ran = place.run("doctor config site.conf").refused_by_finding();
    for said in [
        "site.conf:3",
        "| ssl_verify_client optional;   # for now",
        "HF-605 the server accepts any client certificate",
        "write ssl_verify_client on;",
    ] {
        assert!(ran.contains(said), "{said}: {ran}");
    }
}

#[test]
fn what_is_no_configuration_ends_with_two() {
    let place = cast();
    place.write("broken.conf", "http {\n");
    place.write("hello.txt", "hello\n");
    place.write("handfast.toml", "[proxy]\nlisten = \":1\"\n");
    place.run("doctor config broken.conf").refused(2, "HF-701");
    place.run("doctor config hello.txt").refused(2, "HF-409");
    place.run("doctor config nowhere.conf").refused(2, "HF-408");
    place.run("doctor config .").refused(2, "HF-408");
    let ours = place.run("doctor config handfast.toml").refused(2, "HF-701");
    assert!(
        ours.stderr.contains("handfast check --config handfast.toml"),
        "{ours:#?}"
    );
    place
        .run("doctor config hello.txt --kind haproxy")
        .refused(2, "HF-701");
    place.run("doctor config hello.txt --kind nothing").exits(2);
}

impl Ran {
    /// It must have found something, and said so on stdout.
    #[track_caller]
    fn refused_by_finding(self) -> String {
        assert_eq!(self.exit, 1, "{self:#?}");
        self.stdout
    }

    #[track_caller]
    fn exits(self, exit: i32) {
        assert_eq!(self.exit, exit, "{self:#?}");
    }
}
