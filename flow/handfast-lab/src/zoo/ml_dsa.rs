//! A CA that signs with ML-DSA-65 (FIPS 204, RFC 9881).

use aws_lc_rs::{
    encoding::AsDer,
    signature::{KeyPair, ML_DSA_65_SIGNING, PqdsaKeyPair},
};
use der::{Decode, asn1::ObjectIdentifier};
use handfast_pki::{Certificate, Error as PkiError, KeyKind, PrivateKey, PublicKey};
use jiff::Timestamp;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::{
    Error,
    forge::{Holder, Signer, Wish, certify, revoke},
};

/// RFC 9881 section 2.
const ID_ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");

/// An issuing CA with such a key.
pub(super) struct Issuing {
    pair: PqdsaKeyPair,
    public: PublicKey,
    pub(super) certificate: Certificate,
}

impl Issuing {
    /// Below `root`, with the certificate that `wish` asks for.
    pub(super) fn below(root: &Holder, wish: &Wish) -> Result<Self, Error> {
        let failed = |_| {
            Error::Pki(PkiError::Crypto {
                what: "making a key for ML-DSA-65",
            })
        };
        let pair = PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).map_err(failed)?;
        let spki = pair.public_key().as_der().map_err(failed)?;
        let public = PublicKey::from_spki(&SubjectPublicKeyInfoOwned::from_der(spki.as_ref())?);
        let certificate = certify(wish, &public, root.certificate.subject(), &root.key)?;
        Ok(Self {
            pair,
            public,
            certificate,
        })
    }

    /// Signs what `wish` says, for a new key on P-256.
    pub(super) fn sign(&self, wish: &Wish) -> Result<Holder, Error> {
        let key = PrivateKey::generate(KeyKind::P256)?;
        let certificate = certify(wish, &key.public_key(), self.certificate.subject(), self)?;
        Ok(Holder { certificate, key })
    }

    /// A revocation list that revokes nobody.
    pub(super) fn empty_list(&self, from: Timestamp, until: Timestamp) -> Result<String, Error> {
        revoke(self.certificate.subject(), self, &[], from, until)
    }
}

impl Signer for Issuing {
    fn public(&self) -> PublicKey {
        self.public.clone()
    }

    fn algorithm(&self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: ID_ML_DSA_65,
            parameters: None,
        }
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| {
            Error::Pki(PkiError::Crypto {
                what: "signing with ML-DSA-65",
            })
        };
        let mut signature = vec![0; ML_DSA_65_SIGNING.signature_len()];
        let length = self.pair.sign(message, &mut signature).map_err(failed)?;
        signature.truncate(length);
        Ok(signature)
    }
}
