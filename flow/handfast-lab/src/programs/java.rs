//! The JDK's own HTTPS server and client, which are JSSE.

use super::{Asks, Place, Running, Setup, Speaks};
use crate::{Error, Folder};

/// The password of every keystore here; it protects nothing.
pub(crate) const PASSWORD: &str = "changeit";

pub(super) fn serve(place: &Place<'_>, setup: &Setup) -> Result<Running, Error> {
    place
        .folder
        .write("JavaServer.java", include_str!("JavaServer.java"))?;
    let keys = keystore(place.folder, &setup.pair)?;
    let trust = truststore(place.folder, &setup.client_ca)?;
    let asks = match setup.asks {
        Asks::Never => "never",
        Asks::Optionally | Asks::AndTakesAnything => "optional",
        Asks::AndRequires => "required",
    };
    let versions = match setup.speaks {
        Speaks::Both => "TLSv1.2,TLSv1.3",
        Speaks::Only12 => "TLSv1.2",
        Speaks::Only13 => "TLSv1.3",
    };
    let port = place.port.to_string();
    // The compiler within the launcher is half of the start; this tier starts sooner and is never better.
    let arguments = [
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "JavaServer.java",
        &port,
        &keys,
        &trust,
        asks,
        versions,
        setup.crl.as_deref().unwrap_or(""),
    ];
    place.start(&arguments)
}

/// See [`super::java_client`].
pub(super) fn client(folder: &Folder, pair: &str, trust: &str) -> Result<String, Error> {
    folder.write("JavaClient.java", include_str!("JavaClient.java"))?;
    let keys = keystore(folder, pair)?;
    let trust = truststore(folder, trust)?;
    Ok(format!(
        "java -XX:TieredStopAtLevel=1 JavaClient.java https://localhost:$PORT/ {keys} {trust}"
    ))
}

/// `pair` as PKCS#12, which Java reads.
pub(crate) fn keystore(folder: &Folder, pair: &str) -> Result<String, Error> {
    let file = format!("{}.p12", pair.replace('/', "-"));
    folder.shell(&format!(
        "openssl pkcs12 -export -in {pair}/tls.crt -inkey {pair}/tls.key -name lab -out {file} -passout pass:{PASSWORD}"
    ))?;
    Ok(file)
}

/// The CAs in `file` as a truststore.
pub(crate) fn truststore(folder: &Folder, file: &str) -> Result<String, Error> {
    let store = format!("{}.trust.p12", file.replace('/', "-"));
    folder.shell(&format!(
        "set -e; rm -f {store}; csplit -s -z -f {store}-part- {file} '/-----BEGIN CERTIFICATE-----/' '{{*}}'; \
         for part in {store}-part-*; do keytool -importcert -noprompt -file $part -alias $part -keystore {store} \
         -storetype PKCS12 -storepass {PASSWORD}; done; rm -f {store}-part-*"
    ))?;
    Ok(store)
}
