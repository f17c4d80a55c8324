//! Signed notes (C2SP signed-note): a text, an empty line, and signatures by named keys.
//!
//! Signatures are Ed25519. The name of a key and the first four bytes of a hash over it find the key; what counts is the
//! key itself, which the reader must have got elsewhere.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use handfast_pki::{
    Fingerprint, PrivateKey,
    text::{hex, unhex},
};

use super::TreeError;

/// The type byte of Ed25519.
const KIND: u8 = 1;
/// No log has more signatures than this.
const MOST_SIGNATURES: usize = 64;
/// Begins the line of a signature: an em dash.
const DASH: &str = "\u{2014} ";

/// What verifies the notes of one log: `name+id+key`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: [u8; 32],
}

impl VerifierKey {
    /// The name of the key, which is the origin of the log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the name and the key, its first four bytes.
    fn id(&self) -> [u8; 4] {
        let mut text = self.name.clone().into_bytes();
        text.push(b'\n');
        text.push(KIND);
        text.extend(self.key);
        let [a, b, c, d, ..] = Fingerprint::of(&text).0;
        [a, b, c, d]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![KIND];
        key.extend(self.key);
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), STANDARD.encode(key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = TreeError;

    fn from_str(text: &str) -> Result<Self, TreeError> {
        // What was given may be a private key, so that nothing of it is repeated.
        let bad = |detail: &str| TreeError::Malformed {
            what: "public key of the audit log",
            detail: detail.to_owned(),
        };
        // The base64 of the key may have a plus in it.
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected NAME+ID+KEY"));
        };
        must_be_a_name(name).map_err(|()| bad("expected a name without spaces"))?;
        let key = STANDARD
            .decode(key)
            .map_err(|_| bad("expected a key in base64"))?;
        let Some((&KIND, key)) = key.split_first() else {
            return Err(bad("expected an Ed25519 key"));
        };
        let key = key
            .try_into()
            .map_err(|_| bad("expected an Ed25519 key of 32 bytes"))?;
        let found = Self {
            name: name.to_owned(),
            key,
        };
        if unhex(id).as_deref() != Some(&found.id()) {
            return Err(bad("expected the identifier of its key"));
        }
        Ok(found)
    }
}

/// What signs the notes of one log.
#[derive(Debug)]
pub struct LogKey {
    private: Option<PrivateKey>,
    verifier: VerifierKey,
}

impl LogKey {
    /// The log that is known by this key: its name is made of the key, so that no two logs have the same.
    ///
    /// # Errors
    ///
    /// [`TreeError::WrongKey`] of a key that is not Ed25519.
    pub fn new(private: PrivateKey) -> Result<Self, TreeError> {
        let public = private.public_key();
        let wrong = || TreeError::WrongKey {
            found: public.algorithm(),
        };
        if public.algorithm() != "Ed25519" {
            return Err(wrong());
        }
        // The SubjectPublicKeyInfo of Ed25519 ends with the 32 bytes of the key (RFC 8410 section 4).
        let key: [u8; 32] = public.spki_der().last_chunk().copied().ok_or_else(wrong)?;
        let name = format!("handfast-ca/{}", &Fingerprint::of(&key).to_string()[..16]);
        Ok(Self {
            private: Some(private),
            verifier: VerifierKey { name, key },
        })
    }

    /// The log whose private key is elsewhere: it can be read and verified, and nothing can be added.
    pub fn away(verifier: VerifierKey) -> Self {
        Self {
            private: None,
            verifier,
        }
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// `text` as a signed note. It must end with a newline and have no control characters but newlines.
    ///
    /// # Errors
    ///
    /// [`TreeError::Malformed`] of another text, [`TreeError::KeyAway`] and [`TreeError::Pki`] where the key does not sign.
    pub fn sign(&self, text: &str) -> Result<String, TreeError> {
        if !text.ends_with('\n') || has_control(text) {
            return Err(TreeError::Malformed {
                what: "note",
                detail: "expected lines of text".into(),
            });
        }
        let private = self.private.as_ref().ok_or_else(|| TreeError::KeyAway {
            name: self.verifier.name.clone(),
        })?;
        let mut signature = self.verifier.id().to_vec();
        signature.extend(private.sign(text.as_bytes())?);
        let name = &self.verifier.name;
        Ok(format!("{text}\n{DASH}{name} {}\n", STANDARD.encode(signature)))
    }
}

/// The text of a note that `key` has signed. `what` is said in the error.
///
/// # Errors
///
/// [`TreeError::Malformed`], [`TreeError::NotSigned`] and [`TreeError::BadSignature`]: nothing of the text counts then.
pub fn open_note<'t>(note: &'t str, key: &VerifierKey, what: &'static str) -> Result<&'t str, TreeError> {
    let malformed = |detail: &str| TreeError::Malformed {
        what,
        detail: detail.to_owned(),
    };
    if has_control(note) {
        return Err(malformed("it has control characters"));
    }
    // The last empty line; the newline in front of it belongs to the text.
    let at = note
        .rfind("\n\n")
        .ok_or_else(|| malformed("it has no signatures"))?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    if !signatures.ends_with('\n') || signatures.lines().count() > MOST_SIGNATURES {
        return Err(malformed("its signatures are no lines, or too many"));
    }
    let mut found = Vec::new();
    let mut is_signed = false;
    for line in signatures.lines() {
        let (name, signature) = signature(line).ok_or_else(|| malformed("a line is no signature"))?;
        found.push(name.to_owned());
        let Some((id, signature)) = signature.split_first_chunk::<4>() else {
            return Err(malformed("a signature is too short"));
        };
        if name != key.name || *id != key.id() {
            continue;
        }
        let public = UnparsedPublicKey::new(&ED25519, key.key);
        if public.verify(text.as_bytes(), signature).is_err() {
            return Err(TreeError::BadSignature {
                what,
                key: key.name.clone(),
            });
        }
        is_signed = true;
    }
    if is_signed {
        Ok(text)
    } else {
        Err(TreeError::NotSigned {
            what,
            expected: key.name.clone(),
            found,
        })
    }
}

fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
    must_be_a_name(name).ok()?;
    Some((name, STANDARD.decode(signature).ok()?))
}

fn must_be_a_name(name: &str) -> Result<(), ()> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return Err(());
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ' && byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_is_verified() {
        let key: VerifierKey = KEY.parse().expect("a key");
        assert_eq!(key.to_string(), KEY);
        assert_eq!(open_note(NOTE, &key, "note"), Ok("This is an example message.\n"));
    }

    #[test]
    fn a_changed_text_and_a_foreign_key_are_refused_by_name() {
        let key: VerifierKey = KEY.parse().expect("a key");
        let changed = NOTE.replace("example message", "exomple message");
        let refused = open_note(&changed, &key, "note").expect_err("a wrong signature");
        assert!(matches!(refused, TreeError::BadSignature { .. }), "{refused}");
        let other = VerifierKey {
            name: "example.com/bar".into(),
            key: key.key,
        };
        let refused = open_note(NOTE, &other, "note").expect_err("another key");
        assert!(
            refused.to_string().contains("signatures of \"example.com/foo\""),
            "{refused}"
        );
    }

    #[test]
    fn a_key_whose_identifier_is_not_its_own_is_refused() {
        let wrong = KEY.replace("530d903a", "530d903b");
        let refused = wrong.parse::<VerifierKey>().expect_err("a wrong identifier");
        assert!(refused.to_string().contains("identifier"), "{refused}");
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        let key = LogKey::new(PrivateKey::generate(handfast_pki::KeyKind::Ed25519).expect("a key"))
            .expect("a log key");
        let verifier: VerifierKey = key.verifier().to_string().parse().expect("its public half");
        let note = key.sign("one\n\ntwo\n").expect("a note");
        assert_eq!(open_note(&note, &verifier, "note"), Ok("one\n\ntwo\n"));
        let refused = LogKey::new(PrivateKey::generate(handfast_pki::KeyKind::P256).expect("a key"));
        assert!(matches!(refused, Err(TreeError::WrongKey { .. })));
    }
}
