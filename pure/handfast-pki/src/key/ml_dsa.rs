//! The parameter sets of ML-DSA (FIPS 204), with the identifiers of RFC 9881 section 2.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    signature::{
        ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING,
        PqdsaKeyPair, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm,
    },
};
use der::asn1::ObjectIdentifier;
use serde::Serialize;

use crate::{Error, Result};

/// A parameter set of ML-DSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MlDsa {
    /// Of security category 2: signatures of 2,420 octets.
    MlDsa44,
    /// Of security category 3: signatures of 3,309 octets.
    MlDsa65,
    /// Of security category 5: signatures of 4,627 octets.
    MlDsa87,
}

impl MlDsa {
    const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// As it is written on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "mldsa44",
            Self::MlDsa65 => "mldsa65",
            Self::MlDsa87 => "mldsa87",
        }
    }

    /// The one that keys of the algorithm `name` use, such as `ML-DSA-65`.
    pub(super) fn called(name: &str) -> Option<Self> {
        Some(match name {
            "ML-DSA-44" => Self::MlDsa44,
            "ML-DSA-65" => Self::MlDsa65,
            "ML-DSA-87" => Self::MlDsa87,
            _ => return None,
        })
    }

    /// Of keys and of signatures.
    pub(super) fn id(self) -> ObjectIdentifier {
        const ID_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
        const ID_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
        const ID_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");
        match self {
            Self::MlDsa44 => ID_44,
            Self::MlDsa65 => ID_65,
            Self::MlDsa87 => ID_87,
        }
    }

    /// What verifies its signatures.
    pub(super) fn verification(self) -> &'static PqdsaVerificationAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44,
            Self::MlDsa65 => &ML_DSA_65,
            Self::MlDsa87 => &ML_DSA_87,
        }
    }

    /// A new private key as PKCS#8.
    pub(super) fn generate(self) -> Result<Vec<u8>> {
        let failed = |_| Error::Crypto {
            what: "key generation",
        };
        let pair = PqdsaKeyPair::generate(self.signing()).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = pair.private_key().as_der().map_err(failed)?;
        Ok(der.as_ref().to_vec())
    }

    /// The pair in `pkcs8`, whichever set it is of.
    pub(super) fn read(pkcs8: &[u8]) -> Option<(PqdsaKeyPair, Self)> {
        Self::ALL
            .into_iter()
            .find_map(|set| Some((PqdsaKeyPair::from_pkcs8(set.signing(), pkcs8).ok()?, set)))
    }

    fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44_SIGNING,
            Self::MlDsa65 => &ML_DSA_65_SIGNING,
            Self::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }
}
