//! Asks over mutual TLS, with reqwest and rustls.

use std::{env, error::Error, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    client::{Resumption, WebPkiServerVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

const CERT: &str = {{ cert }};
const KEY: &str = {{ key }};
const CA: &str = {{ ca }};
{% if crl %}
const CRL: &str = {{ crl }};
{% endif %}
const URL: &str = {{ "https://" ~ to ~ "/" }};

type Problem = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(configuration()?)
        .https_only(true)
        .timeout(Duration::from_secs(30))
        .build()?;
    let mut urls: Vec<String> = env::args().skip(1).collect();
    if urls.is_empty() {
        urls.push(URL.to_owned());
    }
    for url in urls {
        match ask(&client, &url).await {
            Ok(()) => println!("{url}: ok"),
            Err(error) => println!("{url}: {}", causes(&error)),
        }
    }
    Ok(())
}

async fn ask(client: &reqwest::Client, url: &str) -> reqwest::Result<()> {
    client.get(url).send().await?.error_for_status()?.bytes().await?;
    Ok(())
}

fn configuration() -> Result<ClientConfig, Problem> {
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_file_iter(CA)? {
        roots.add(anchor?)?;
    }
    let servers = WebPkiServerVerifier::builder(Arc::new(roots));
{% if crl %}
    // The whole chain is looked up, and a list that has run out vouches for none.
    let lists = rustls::pki_types::CertificateRevocationListDer::pem_file_iter(CRL)?.collect::<Result<Vec<_>, _>>()?;
    let servers = servers.with_crls(lists).enforce_revocation_expiration();
{% endif %}
    let chain = CertificateDer::pem_file_iter(CERT)?.collect::<Result<Vec<_>, _>>()?;
    let mut config = ClientConfig::builder()
        .with_webpki_verifier(servers.build()?)
        .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(KEY)?)?;
    // A resumed session would outlive the trust that it began with.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The reason stands at the end of the chain.
fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        next = cause.source();
    }
    words
}
