//! Apache httpd with mod_ssl.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::Error;

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    let host = format!(
        "<VirtualHost 127.0.0.1:{port}>\nSSLEngine on\n{tls}<Location />\n{granted}{inside}</Location>\n\
         </VirtualHost>\n",
        port = place.port,
        tls = tls(place, setup),
        inside = setup.inside,
        // One line that grants is enough, whatever others say.
        granted = if setup.inside.contains("Require ") {
            ""
        } else {
            "Require all granted\n"
        },
    );
    start(place, &host)
}

/// With these virtual hosts.
pub(super) fn start(place: &Place<'_>, hosts: &str) -> Result<Running, Error> {
    let (port, folder) = (place.port, place.folder.path().display());
    let mut modules = String::new();
    for name in [
        "mpm_event",
        "authz_core",
        "dir",
        "ssl",
        "headers",
        "rewrite",
        "socache_shmcb",
    ] {
        let file = format!("/usr/lib/apache2/modules/mod_{name}.so");
        if std::path::Path::new(&file).exists() {
            modules.push_str(&format!("LoadModule {name}_module {file}\n"));
        }
    }
    place.folder.write("htdocs/index.html", "hello\n")?;
    let configuration = format!(
        "{modules}ServerRoot {folder}\nServerName localhost\nPidFile {folder}/apache-{port}.pid\n\
         ErrorLog /dev/stderr\nLogLevel info\nDefaultRuntimeDir {folder}\nMutex file:{folder}\n\
         User www-data\nGroup www-data\nStartServers 1\nDocumentRoot {folder}/htdocs\n\
         DirectoryIndex index.html\nListen 127.0.0.1:{port}\n{hosts}",
    );
    let name = format!("apache-{port}.conf");
    place.folder.write(&name, configuration)?;
    place.start(&["-f", &place.file(&name), "-DFOREGROUND"])
}

fn tls(place: &Place<'_>, setup: &Setup) -> String {
    let mut lines = vec![
        format!(
            "SSLCertificateFile {}",
            place.file(&format!("{}/tls.crt", setup.pair))
        ),
        format!(
            "SSLCertificateKeyFile {}",
            place.file(&format!("{}/tls.key", setup.pair))
        ),
        match setup.speaks {
            Speaks::Both => "SSLProtocol -all +TLSv1.2 +TLSv1.3".into(),
            Speaks::Only12 => "SSLProtocol -all +TLSv1.2".into(),
            Speaks::Only13 => "SSLProtocol -all +TLSv1.3".into(),
        },
    ];
    if setup.asks != Asks::Never {
        lines.push(format!("SSLCACertificateFile {}", place.file(&setup.client_ca)));
        lines.push(match setup.asks {
            Asks::Optionally => "SSLVerifyClient optional".into(),
            Asks::AndTakesAnything => "SSLVerifyClient optional_no_ca".into(),
            _ => "SSLVerifyClient require".into(),
        });
        // It counts the CAs above the leaf, the root with them; its own default is 1.
        lines.push(format!("SSLVerifyDepth {}", setup.depth.unwrap_or(2)));
    }
    if let Some(crl) = &setup.crl {
        lines.push(format!("SSLCARevocationFile {}", place.file(crl)));
        lines.push("SSLCARevocationCheck chain".into());
    }
    lines.extend(setup.more.lines().map(str::to_owned));
    lines.iter().map(|line| format!("{line}\n")).collect()
}
