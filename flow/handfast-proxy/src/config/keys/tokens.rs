//! The keys of tokens: those that a route demands, and those that a backend gets.

use handfast_settings::{Text, Without, table};

table! {
    /// The table `bound-tokens` of a route.
    pub struct RawBoundTokens {
        jwks: Option<Text> = "jwks" {
            flag: None,
            reference: "the keys of the issuer, a JWK Set (RFC 7517): a file, or an `https` URL that is fetched every five minutes",
            without: Without::Refused,
        }
        issuer: Option<Text> = "issuer" {
            flag: None,
            reference: "what `iss` of a token must be",
            without: Without::Refused,
        }
        audience: Option<Text> = "audience" {
            flag: None,
            reference: "what `aud` of a token must be, or be one of",
            without: Without::Is("`aud` is not looked at"),
        }
    }
}

table! {
    /// The table `assertion` of a backend.
    pub struct RawAssertion {
        audience: Option<Text> = "audience" {
            flag: None,
            reference: "`aud` of the assertion: by what the backend knows that it is meant",
            without: Without::Refused,
        }
        header: Option<Text> = "header" {
            flag: None,
            reference: "the header that carries it; what a client sends in it, in any spelling, is removed, for every backend",
            without: Without::Is("`\"Client-Assertion\"`"),
        }
    }
}
