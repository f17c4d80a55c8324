//! Why a token is not good.

/// Why a token is not good. What it says is repeated nowhere: a token is a secret of its holder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It has not the form of one.
    #[error("expected a signed JSON Web Token of three parts in base64url")]
    Form,
    /// It is meant for something else (RFC 8725 section 3.11).
    #[error("expected the type \"JWT\" or \"at+jwt\", found another")]
    Type,
    /// It asks for something that is not known (RFC 7515 section 4.1.11).
    #[error("expected no critical extension, found one")]
    Critical,
    /// Its algorithm is not one of ours, such as `none` or one with a shared secret.
    #[error("expected ES256, RS256, PS256 or EdDSA, found another algorithm")]
    Algorithm,
    /// No key of the set is for its algorithm and has its name.
    #[error("no key of the set is for this token's algorithm and key ID")]
    NoKey,
    /// The signature is not that of the key.
    #[error("the signature is not one of the issuer's keys")]
    Signature,
    /// A claim is missing or is another than expected.
    #[error("the claim \"{0}\" is missing or is not the expected one")]
    Claim(&'static str),
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    Early,
}
