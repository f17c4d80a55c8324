//! A token and its signature.

use serde_json::{Map, Value};

use crate::{
    claims::Claims,
    error::TokenError,
    from_base64url,
    keys::{Algorithm, Keys},
};

/// Bytes of a token; hyper would take more.
const MOST: usize = 16 << 10;

/// The claims of `token`, signed by one of `keys`. Nothing is said of their meaning: [`Claims::check`] looks at them.
///
/// # Errors
///
/// If it is no such token, or no key has signed it.
pub fn verify(token: &str, keys: &Keys) -> Result<Claims, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Form)?;
    if token.len() > MOST || payload.contains('.') {
        return Err(TokenError::Form);
    }
    let header = object(header)?;
    let text = |name: &str| {
        header
            .get(name)
            .map(|value| value.as_str().ok_or(TokenError::Form))
            .transpose()
    };
    let is_access_token = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
    };
    if !text("typ")?.is_none_or(is_access_token) {
        return Err(TokenError::Type);
    }
    if header.contains_key("crit") {
        return Err(TokenError::Critical);
    }
    let algorithm = text("alg")?
        .and_then(Algorithm::named)
        .ok_or(TokenError::Algorithm)?;
    let signature = from_base64url(signature).ok_or(TokenError::Form)?;
    let mut fitting = keys.fitting(algorithm, text("kid")?).peekable();
    if fitting.peek().is_none() {
        return Err(TokenError::NoKey);
    }
    if !fitting.any(|key| key.has_signed(algorithm, signed.as_bytes(), &signature)) {
        return Err(TokenError::Signature);
    }
    object(payload).map(Claims)
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = from_base64url(part).ok_or(TokenError::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, sign::Signer};

    fn signer() -> Signer {
        let key = aws_lc_rs::signature::EcdsaKeyPair::generate(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        );
        let key = key.and_then(|key| key.to_pkcs8v1()).expect("a key");
        Signer::from_pkcs8(key.as_ref()).expect("a signer")
    }

    fn keys(signer: &Signer) -> Keys {
        let set = serde_json::json!({ "keys": [signer.jwk()] }).to_string();
        Keys::read(set.as_bytes()).expect("a set")
    }

    fn with_header(token: &str, header: &str) -> String {
        let (_, rest) = token.split_once('.').expect("three parts");
        format!("{}.{rest}", base64url(header.as_bytes()))
    }

    #[test]
    fn a_token_that_the_key_has_signed_is_verified_and_no_other() {
        let (signer, other) = (signer(), signer());
        let token = signer.sign(&serde_json::json!({ "iss": "a" })).expect("signed");
        assert!(verify(&token, &keys(&signer)).is_ok());
        assert_eq!(verify(&token, &keys(&other)).err(), Some(TokenError::NoKey));
        let anonymous = serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": other.jwk()["x"], "y": other.jwk()["y"] }] });
        let anonymous = Keys::read(anonymous.to_string().as_bytes()).expect("a set");
        assert_eq!(verify(&token, &anonymous).err(), Some(TokenError::Signature));
        let mut changed = token.clone().into_bytes();
        let place = token.find('.').expect("a dot") + 4;
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("text");
        assert_eq!(
            verify(&changed, &keys(&signer)).err(),
            Some(TokenError::Signature)
        );
    }

    #[test]
    fn the_key_says_the_algorithm_and_never_the_token() {
        let signer = signer();
        let token = signer.sign(&serde_json::json!({})).expect("signed");
        for (header, why) in [
            (r#"{"alg":"none"}"#, TokenError::Algorithm),
            (r#"{"alg":"None"}"#, TokenError::Algorithm),
            (r#"{"alg":"HS256"}"#, TokenError::Algorithm),
            (r#"{}"#, TokenError::Algorithm),
            (r#"{"alg":["ES256"]}"#, TokenError::Form),
            (r#"{"alg":"RS256"}"#, TokenError::NoKey),
            (r#"{"alg":"ES256"}"#, TokenError::Signature),
            (r#"{"alg":"ES256","typ":"logout+jwt"}"#, TokenError::Type),
            (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, TokenError::Critical),
        ] {
            assert_eq!(
                verify(&with_header(&token, header), &keys(&signer)).err(),
                Some(why),
                "{header}"
            );
        }
        let bare = format!("{}.{}.", base64url(br#"{"alg":"none"}"#), base64url(b"{}"));
        assert_eq!(verify(&bare, &keys(&signer)).err(), Some(TokenError::Algorithm));
        for bad in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c.d",
            "!.!.!",
            &format!("{token}="),
            &format!("{token}.x"),
        ] {
            assert_eq!(verify(bad, &keys(&signer)).err(), Some(TokenError::Form), "{bad}");
        }
        assert_eq!(
            verify(&"a".repeat(MOST + 1), &keys(&signer)).err(),
            Some(TokenError::Form)
        );
    }
}
