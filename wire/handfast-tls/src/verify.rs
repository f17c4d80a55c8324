//! rustls asks, `handfast_pki::verify` answers; and what was verified is remembered by its bytes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest;
use handfast_pki::{Anchors, Purpose, Refusal, verify};
use jiff::Timestamp;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::{peer::Peer, witness::testify};

/// Decides about a verified peer while an alert can still be sent: `false` is answered with `access_denied`.
pub type Admission = Arc<dyn Fn(&Peer) -> bool + Send + Sync>;

/// Verifies the other side's chain against one set of anchors. A new set is a new verifier with an empty
/// memory, so nothing remembered outlives the trust that it came from.
pub(crate) struct Verifier {
    anchors: Arc<Anchors>,
    hints: Vec<DistinguishedName>,
    purpose: Purpose,
    admission: Option<Admission>,
    algorithms: WebPkiSupportedAlgorithms,
    memory: Memory,
}

/// Verified peers by SHA-256 of everything they presented.
#[derive(Default)]
struct Memory(RwLock<HashMap<[u8; 32], Arc<Peer>>>);

impl Memory {
    /// A fleet larger than this pays for some verifications again.
    const MOST: usize = 4096;

    fn key(presented: &[CertificateDer<'_>]) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        for certificate in presented {
            // DER tells its own length, so no two lists run together to the same bytes.
            context.update(certificate);
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        key
    }

    /// What is remembered under `key`, unless it is not valid at `at`: then the chain is judged in full.
    fn recall(&self, key: &[u8; 32], at: Timestamp) -> Option<Arc<Peer>> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let peer = memory.get(key)?;
        let valid = peer.chain().not_before() <= at && at <= peer.chain().not_after();
        valid.then(|| peer.clone())
    }

    fn keep(&self, key: [u8; 32], peer: &Arc<Peer>) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= Self::MOST {
            memory.clear();
        }
        memory.insert(key, peer.clone());
    }
}

impl Verifier {
    pub(crate) fn new(
        anchors: Arc<Anchors>,
        purpose: Purpose,
        admission: Option<Admission>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Arc<Self> {
        let hints = anchors
            .certificates()
            .iter()
            .map(|certificate| DistinguishedName::from(handfast_pki::name::der_of(certificate.subject())))
            .collect();
        Arc::new(Self {
            anchors,
            hints,
            purpose,
            admission,
            algorithms,
            memory: Memory::default(),
        })
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Arc<Peer>, Error> {
        let at = i64::try_from(now.as_secs())
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        let at = at.ok_or_else(|| Error::General("the clock is out of range".into()))?;
        let presented: Vec<_> = std::iter::once(leaf).chain(intermediates).cloned().collect();
        let key = Memory::key(&presented);
        if let Some(peer) = self.memory.recall(&key, at) {
            return Ok(peer);
        }
        match verify::verify(&presented, &self.anchors, self.purpose, at) {
            Ok(chain) => {
                let peer = Peer::new(chain);
                self.memory.keep(key, &peer);
                Ok(peer)
            }
            Err(refusal) => Err(refuse(refusal)),
        }
    }

    fn admit(&self, peer: Arc<Peer>) -> Result<(), Error> {
        let admitted = self.admission.as_ref().is_none_or(|admits| admits(&peer));
        testify(|witness| {
            witness.peer = Some(peer);
            witness.turned_away = !admitted;
        });
        if admitted {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Testifies `refusal` in full and turns it into the error that makes rustls send the right alert.
fn refuse(refusal: Refusal) -> Error {
    let error = match &refusal {
        Refusal::NoCertificate => Error::NoCertificatesPresented,
        other => Error::InvalidCertificate(match other {
            Refusal::UnknownIssuer { .. } | Refusal::SelfSigned { .. } => CertificateError::UnknownIssuer,
            Refusal::NotACa { .. } | Refusal::PathLength { .. } => CertificateError::UnknownIssuer,
            Refusal::Expired { .. } => CertificateError::Expired,
            Refusal::NotYetValid { .. } => CertificateError::NotValidYet,
            Refusal::WrongPurpose { .. } | Refusal::WrongKeyUsage { .. } => CertificateError::InvalidPurpose,
            Refusal::OldVersion { .. } | Refusal::CaAsLeaf { .. } => CertificateError::InvalidPurpose,
            Refusal::BadSignature { .. } => CertificateError::BadSignature,
            Refusal::Revoked { .. } => CertificateError::Revoked,
            Refusal::CriticalExtension { .. } | Refusal::PolicyDemanded { .. } => {
                CertificateError::UnhandledCriticalExtension
            }
            Refusal::NoNames { .. } | Refusal::NoIpName { .. } | Refusal::NameMismatch { .. } => {
                CertificateError::NotValidForName
            }
            _ => CertificateError::BadEncoding,
        }),
    };
    testify(|witness| witness.refusal = Some(refusal));
    error
}

/// The client holds the key: whatever ends the handshake now, we know whose it was.
fn prove(_: &HandshakeSignatureValid) {
    testify(|witness| witness.proven = true);
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let peer = self.judge(end_entity, intermediates, now)?;
        self.admit(peer).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms).inspect(prove)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms).inspect(prove)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let peer = self.judge(end_entity, intermediates, now)?;
        verify::for_host(peer.chain(), server_name).map_err(refuse)?;
        self.admit(peer).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({} anchors)", self.anchors.certificates().len())
    }
}
