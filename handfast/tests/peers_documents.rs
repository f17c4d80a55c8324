//! Every configuration of others that the documents show is taken by the program that it is for, and read by
//! `doctor config`. Shell commands and our own configurations are run by the tests of the whole.

mod program;

use std::{fs, path::Path};

use program::Place;

/// A block of a document.
struct Block {
    page: String,
    line: usize,
    text: String,
}

/// The blocks of `language` in every page below `docs/`.
fn blocks(language: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the documents").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                let text = fs::read_to_string(&path).expect("a page");
                found.extend(of_page(&path.display().to_string(), &text, language));
            }
        }
    }
    found
}

fn of_page(page: &str, text: &str, language: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let inside: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.starts_with("```"))
            .collect();
        if info.split(' ').next() == Some(language) {
            found.push(Block {
                page: page.to_owned(),
                line: at + 2,
                text: inside.join("\n") + "\n",
            });
        }
    }
    found
}

/// A place with the files that the documents name.
fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place
        .shell(
            "cp server/tls.crt server/tls.key . && cp server/ca.crt client-ca.crt && cp server/ca.crt ca.crt",
        )
        .good();
    place
}

/// Whether the doctor can read it, whatever it finds.
fn assert_read(place: &Place, file: &str, kind: &str, block: &Block) {
    let ran = place.run(&format!("doctor config {file} --kind {kind}"));
    assert!(
        [0, 1].contains(&ran.exit),
        "{}:{}: {ran:#?}",
        block.page,
        block.line
    );
}

#[test]
fn every_block_of_nginx_is_taken_by_nginx() {
    let place = place();
    let folder = place.path("").display().to_string();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {folder}/tmp; "))
        .collect();
    let common = format!(
        "access_log off; {temporary} ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key; \
         ssl_client_certificate {folder}/client-ca.crt;\n"
    );
    let blocks = blocks("nginx");
    assert!(blocks.len() > 4);
    for block in &blocks {
        place.write("block.conf", &block.text);
        assert_read(&place, "block.conf", "nginx", block);
        let is_whole = block.text.contains("http {");
        let text = &block.text;
        let tries = if is_whole {
            vec![text.clone()]
        } else {
            let open = format!("listen unix:{folder}/socket ssl;");
            vec![
                format!("events {{}}\nhttp {{ {common}{text}}}\n"),
                format!("events {{}}\nhttp {{ {common}server {{ {open}\n{text}}} }}\n"),
                format!("events {{}}\nhttp {{ {common}server {{ {open} location / {{\n{text}}} }} }}\n"),
            ]
        };
        let mut said = String::new();
        let is_taken = tries.iter().any(|text| {
            place.write("whole.conf", text);
            let pid = if text.contains("pid ") {
                String::new()
            } else {
                format!("-g 'pid {folder}/pid;'")
            };
            let ran = place.shell(&format!(
                "PATH=$PATH:/usr/sbin nginx -t -p {folder} -e stderr {pid} -c {folder}/whole.conf"
            ));
            said.push_str(&ran.stderr);
            ran.exit == 0 || ran.stderr.contains("test is successful")
        });
        // The one of the guide ends where its page goes on.
        let goes_on = is_whole && text.matches('{').count() > text.matches('}').count();
        assert!(is_taken || goes_on, "{}:{}: {said}", block.page, block.line);
    }
}

#[test]
fn every_block_of_apache_is_taken_by_apache() {
    let place = place();
    let folder = place.path("").display().to_string();
    let modules: String = [
        "mpm_event",
        "authz_core",
        "ssl",
        "headers",
        "rewrite",
        "proxy",
        "proxy_http",
    ]
    .iter()
    .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
    .collect();
    let blocks = blocks("apache");
    assert!(!blocks.is_empty());
    for block in &blocks {
        place.write("block.conf", &block.text);
        assert_read(&place, "block.conf", "apache", block);
        // A host that shows its own part alone has the rest from around it.
        let text = format!(
            "{modules}ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\nSSLEngine \
             on\nSSLCertificateFile tls.crt\nSSLCertificateKeyFile tls.key\n{}",
            block.text
        );
        place.write("whole.conf", text);
        let ran = place.shell(&format!("PATH=$PATH:/usr/sbin apache2 -t -f {folder}/whole.conf"));
        assert_eq!(ran.exit, 0, "{}:{}: {ran:#?}", block.page, block.line);
    }
}
