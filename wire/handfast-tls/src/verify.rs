//! rustls asks, `handfast_pki::verify` answers; and what was verified is remembered by its bytes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest;
use handfast_pki::{Certificate, Purpose, Refusal, Trust, VerifiedChain, verify};
use jiff::Timestamp;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
        verify_tls13_signature_with_raw_key,
    },
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};

use crate::{
    admit::Admit,
    peer::{Peer, Remembered},
    witness::Witnesses,
};

/// Verifies the other side's chain against one state of trust, and has it decided about. A new state is a new verifier
/// with an empty memory, so nothing remembered outlives the trust and the rules that it came from.
pub(crate) struct Verifier<A: Admit> {
    trust: Arc<Trust>,
    hints: Vec<DistinguishedName>,
    purpose: Purpose,
    admission: A,
    algorithms: WebPkiSupportedAlgorithms,
    memory: Memory<A>,
    witnesses: Arc<Witnesses<A>>,
    /// Whether the handshake goes on with a client that is refused, so that it can be told why.
    explains: bool,
}

/// A verified peer, and what was decided about it.
struct Known<A: Admit> {
    peer: Arc<Peer>,
    verdict: Result<A::Pass, A::Denial>,
}

impl<A: Admit> Clone for Known<A> {
    fn clone(&self) -> Self {
        Self {
            peer: self.peer.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

/// Verified peers by SHA-256 of everything they presented.
struct Memory<A: Admit>(RwLock<HashMap<[u8; 32], Known<A>>>);

impl<A: Admit> Memory<A> {
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
    fn recall(&self, key: &[u8; 32], at: Timestamp) -> Option<Known<A>> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = memory.get(key)?;
        let chain = known.peer.chain();
        let valid = chain.not_before() <= at && at <= chain.holds_until();
        valid.then(|| known.clone())
    }

    fn keep(&self, key: [u8; 32], known: &Known<A>) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= Self::MOST {
            memory.clear();
        }
        memory.insert(key, known.clone());
    }
}

impl<A: Admit> Verifier<A> {
    pub(crate) fn new(
        trust: Arc<Trust>,
        purpose: Purpose,
        admission: A,
        algorithms: WebPkiSupportedAlgorithms,
        witnesses: Arc<Witnesses<A>>,
    ) -> Self {
        let hints = trust
            .anchors()
            .certificates()
            .iter()
            .map(|certificate| DistinguishedName::from(certificate.subject().der()))
            .collect();
        Self {
            trust,
            hints,
            purpose,
            admission,
            algorithms,
            memory: Memory(RwLock::default()),
            witnesses,
            explains: false,
        }
    }

    /// The same, for handshakes that go on with a client that is refused. What it testifies says the same as before: only
    /// a verified peer with a pass is accepted.
    pub(crate) fn explaining(self, explains: bool) -> Self {
        Self { explains, ..self }
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(Known<A>, [u8; 32]), Error> {
        let at = timestamp(now).ok_or_else(|| Error::General("the clock is out of range".into()))?;
        let presented: Vec<_> = std::iter::once(leaf).chain(intermediates).cloned().collect();
        let key = Memory::<A>::key(&presented);
        if let Some(known) = self.memory.recall(&key, at) {
            return Ok((known, key));
        }
        match verify::verify(&presented, &self.trust, self.purpose, at) {
            Ok(chain) => Ok((self.decide(chain, key), key)),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn decide(&self, chain: VerifiedChain, key: [u8; 32]) -> Known<A> {
        let known = Known {
            verdict: self.admission.admit(&chain),
            peer: Peer::new(chain),
        };
        self.memory.keep(key, &known);
        known
    }

    /// What a client gets that is not known by name.
    pub(crate) fn without_identity(&self, refusal: &Refusal) -> Option<A::Pass> {
        self.admission.without_identity(refusal)
    }

    /// Whether the client of a session may still come in, by the trust and the rules of now. Then the handshake that asks
    /// is told who it is, as if the client had shown its chain.
    pub(crate) fn resume(&self, client: &Remembered, now: UnixTime) -> bool {
        let Some(at) = timestamp(now) else { return false };
        let Remembered::Proven { peer, presented } = client else {
            return self.without_identity(&Refusal::NoCertificate).is_some();
        };
        let known = self.memory.recall(presented, at).or_else(|| {
            let chain = peer.chain().still_holds(&self.trust, at).ok()?;
            Some(self.decide(chain, *presented))
        });
        match known {
            Some(known) if known.verdict.is_ok() => self.admit(known, *presented).is_ok(),
            _ => false,
        }
    }

    /// Whose handshake this is, where it may be resumed: its client was verified and let in, or came in without a
    /// certificate. Who came in with one that was refused is asked for it each time.
    pub(crate) fn client_of_handshake(&self) -> Option<Remembered> {
        let mut client = None;
        self.witnesses.testify(|witness| {
            client = match (
                &witness.refusal,
                &witness.peer,
                witness.presented,
                &witness.verdict,
            ) {
                (None, Some(peer), Some(presented), Some(Ok(_))) => Some(Remembered::Proven {
                    peer: peer.clone(),
                    presented,
                }),
                (None, None, None, None) => Some(Remembered::Anonymous),
                _ => None,
            };
        });
        let may_resume = |client: &Remembered| match client {
            Remembered::Proven { .. } => true,
            Remembered::Anonymous => self.without_identity(&Refusal::NoCertificate).is_some(),
        };
        client.filter(may_resume)
    }

    fn admit(&self, known: Known<A>, presented: [u8; 32]) -> Result<(), Error> {
        let admitted = known.verdict.is_ok();
        self.witnesses.testify(|witness| {
            witness.peer = Some(known.peer);
            witness.presented = Some(presented);
            witness.verdict = Some(known.verdict);
        });
        if admitted {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    /// Whether this handshake goes on although its certificate was refused. Its signature is verified all the same.
    fn takes_refused(&self) -> bool {
        let mut refusal = None;
        self.witnesses
            .testify(|witness| refusal.clone_from(&witness.refusal));
        refusal.is_some_and(|refusal| self.without_identity(&refusal).is_some())
    }

    /// The signature of a certificate that was refused and that rustls cannot read, such as one of version 1, by its key.
    /// Nothing where the certificate has to be good.
    fn by_key_alone(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Option<Result<HandshakeSignatureValid, Error>> {
        if !self.takes_refused() {
            return None;
        }
        let key = Certificate::from_der(certificate).ok()?.public_key();
        let key = SubjectPublicKeyInfoDer::from(key.spki_der());
        Some(verify_tls13_signature_with_raw_key(
            message,
            &key,
            signature,
            &self.algorithms,
        ))
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    /// Testifies `refusal` in full and turns it into the error that makes rustls send the right alert.
    fn refuse(&self, refusal: Refusal) -> Error {
        let error = error_for(&refusal);
        self.witnesses.testify(|witness| {
            // Also of a session that was not resumed in the end: its client is not who comes now.
            (witness.peer, witness.presented, witness.verdict) = (None, None, None);
            witness.refusal = Some(refusal);
        });
        error
    }

    /// The client holds the key: whatever ends the handshake now, we know whose it was.
    fn prove(&self) {
        self.witnesses.testify(|witness| witness.proven = true);
    }
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    let seconds = i64::try_from(time.as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// What makes rustls send the alert for `refusal`.
fn error_for(refusal: &Refusal) -> Error {
    match refusal {
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
            Refusal::RevocationUnknown { .. } => CertificateError::UnknownRevocationStatus,
            // Others must not learn what the CA knows about itself.
            Refusal::NotIssued { .. } => CertificateError::Revoked,
            Refusal::CriticalExtension { .. } | Refusal::PolicyDemanded { .. } => {
                CertificateError::UnhandledCriticalExtension
            }
            Refusal::NoNames { .. } | Refusal::NoIpName { .. } | Refusal::NameMismatch { .. } => {
                CertificateError::NotValidForName
            }
            _ => CertificateError::BadEncoding,
        }),
    }
}

impl<A: Admit> ClientCertVerifier for Verifier<A> {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let judged = self.judge(end_entity, intermediates, now);
        match judged.and_then(|(known, presented)| self.admit(known, presented)) {
            Err(_) if self.explains || self.takes_refused() => Ok(ClientCertVerified::assertion()),
            judged => judged.map(|()| ClientCertVerified::assertion()),
        }
    }

    fn client_auth_mandatory(&self) -> bool {
        !self.explains && self.without_identity(&Refusal::NoCertificate).is_none()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms).inspect(|_| self.prove())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
            .or_else(|error| {
                self.by_key_alone(message, certificate, signature)
                    .unwrap_or(Err(error))
            })
            .inspect(|_| self.prove())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl<A: Admit> ServerCertVerifier for Verifier<A> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (known, presented) = self.judge(end_entity, intermediates, now)?;
        verify::for_host(known.peer.chain(), server_name).map_err(|refusal| self.refuse(refusal))?;
        self.admit(known, presented)
            .map(|()| ServerCertVerified::assertion())
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

impl<A: Admit> fmt::Debug for Verifier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Verifier({} anchors)",
            self.trust.anchors().certificates().len()
        )
    }
}
