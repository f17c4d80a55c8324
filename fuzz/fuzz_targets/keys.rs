//! The readers of files with keys and certificates: PEM, DER, PKCS#7, PKCS#12, the keystores of Java, the Secrets of
//! Kubernetes.
#![no_main]

use handfast_formats::{container, jks, kubernetes, pkcs7};
use handfast_pki::{Certificate, PrivateKey, Request, chain, crl::RevocationList, pem, pem::ber};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for item in pem::read(input).into_iter().flatten() {
        item.describe();
    }
    let _ = pem::certificates(input);
    let _ = pem::private_key(input);
    let _ = pem::request(input);
    if let Ok(certificate) = Certificate::from_der(input) {
        // What is read has to be shown and written again.
        certificate.called();
        certificate.identity().names();
        certificate.public_key().algorithm();
        assert_eq!(certificate.der().as_ref(), input);
    }
    let _ = PrivateKey::from_der(input);
    let _ = Request::from_der(input);
    let _ = RevocationList::from_der(input);
    if let Ok(found) = pkcs7::read(input) {
        // A set holds nothing twice.
        if let Ok(written) = pkcs7::write(&found) {
            assert_eq!(pkcs7::read(&written).map(|again| again.len()), Ok(found.len()));
        }
        let _ = chain::repair(&found, None, &[]);
    }
    if let Some(der) = ber::definite(input) {
        // What is definite stays as it is.
        assert_eq!(ber::definite(&der).as_deref(), Some(&*der));
    }
    kubernetes::looks_like(input);
    let _ = kubernetes::read(input);
    jks::looks_like(input);
    let _ = jks::read(input);
    container::looks_like(input);
    // Deriving the key of a container takes as long as its author likes, so the password is left to others.
    let _ = container::protection(input);
});
