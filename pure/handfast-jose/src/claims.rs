//! What a verified token says.

use serde_json::{Map, Value};

use crate::{error::TokenError, from_base64url};

/// The claims of a token whose signature was verified. Only [`crate::verify`] makes them.
#[derive(Debug, Clone)]
pub struct Claims(pub(crate) Map<String, Value>);

/// What a token must say.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// `iss`, character by character.
    pub issuer: &'a str,
    /// `aud`, or one of it; nothing where it is not looked at.
    pub audience: Option<&'a str>,
    /// Now, in seconds of the Unix era.
    pub now: i64,
}

/// The seconds by which the issuer's clock may be ahead of ours. After its end a token has none.
const AHEAD: i64 = 30;

impl Claims {
    /// Whether issuer, audience and times (RFC 7519 section 4.1) are as `expected`, and until when: `exp` has to be there.
    ///
    /// # Errors
    ///
    /// If one of them is not.
    pub fn check(&self, expected: &Expected<'_>) -> Result<i64, TokenError> {
        if self.0.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
            return Err(TokenError::Claim("iss"));
        }
        if let Some(audience) = expected.audience {
            let is_meant = match self.0.get("aud") {
                Some(Value::String(one)) => one == audience,
                Some(Value::Array(all)) => all.iter().any(|one| one == audience),
                _ => false,
            };
            if !is_meant {
                return Err(TokenError::Claim("aud"));
            }
        }
        let until = self.time("exp")?.ok_or(TokenError::Claim("exp"))?;
        if until <= expected.now {
            return Err(TokenError::Expired);
        }
        if self
            .time("nbf")?
            .is_some_and(|from| from > expected.now.saturating_add(AHEAD))
        {
            return Err(TokenError::Early);
        }
        Ok(until)
    }

    /// The SHA-256 of the certificate that the token is bound to (RFC 8705 section 3.1), if it is to one.
    pub fn certificate(&self) -> Option<[u8; 32]> {
        let thumbprint = self.0.get("cnf")?.get("x5t#S256")?.as_str()?;
        from_base64url(thumbprint)?.try_into().ok()
    }

    /// A NumericDate, cut to whole seconds.
    fn time(&self, name: &'static str) -> Result<Option<i64>, TokenError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let whole = value.as_i64().or_else(|| {
            let seconds = value.as_f64()?.floor();
            // What fits is a time; the cast of what does not would be one that nobody meant.
            (seconds.abs() < 1e15).then_some(seconds as i64)
        });
        whole.map(Some).ok_or(TokenError::Claim(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(claims: Value) -> Result<i64, TokenError> {
        let Value::Object(claims) = claims else {
            panic!("an object")
        };
        Claims(claims).check(&Expected {
            issuer: "https://id.example",
            audience: Some("orders"),
            now: 1000,
        })
    }

    #[test]
    fn each_claim_has_to_be_there_and_hold() {
        let good =
            serde_json::json!({ "iss": "https://id.example", "aud": "orders", "exp": 1001, "nbf": 1030 });
        assert_eq!(check(good.clone()), Ok(1001));
        for (name, value, outcome) in [
            ("aud", serde_json::json!(["x", "orders"]), Ok(1001)),
            ("exp", serde_json::json!(1001.5), Ok(1001)),
            ("nbf", serde_json::json!(-5), Ok(1001)),
            (
                "iss",
                serde_json::json!("https://id.example/"),
                Err(TokenError::Claim("iss")),
            ),
            (
                "iss",
                serde_json::json!(["https://id.example"]),
                Err(TokenError::Claim("iss")),
            ),
            ("aud", serde_json::json!("order"), Err(TokenError::Claim("aud"))),
            ("aud", serde_json::json!([]), Err(TokenError::Claim("aud"))),
            ("exp", serde_json::json!(1000), Err(TokenError::Expired)),
            ("exp", serde_json::json!(-1), Err(TokenError::Expired)),
            ("exp", serde_json::json!("1001"), Err(TokenError::Claim("exp"))),
            ("exp", serde_json::json!(1e300), Err(TokenError::Claim("exp"))),
            ("nbf", serde_json::json!(1031), Err(TokenError::Early)),
            ("nbf", serde_json::json!(null), Err(TokenError::Claim("nbf"))),
        ] {
            let mut claims = good.clone();
            claims[name] = value;
            assert_eq!(check(claims.clone()), outcome, "{claims}");
        }
        for name in ["iss", "aud", "exp"] {
            let mut claims = good.clone();
            claims.as_object_mut().expect("an object").remove(name);
            assert_eq!(check(claims), Err(TokenError::Claim(name)));
        }
    }
}
