//! The words that everybody uses of certificates, keys and handshakes, for what no list knows: something (a certificate,
//! a private key, a handshake) and what is wrong with it. A line that fits says what failed in words of its own, so
//! nothing that comes of it is certain.

use std::sync::LazyLock;

use handfast_finding::Refuser::Server;

use super::{lines::Line, meaning::Meaning, meanings::*};

/// What is spoken of, what is said of it, and what must not be said of it.
#[derive(Debug)]
pub(super) struct Concept {
    of: Vec<&'static str>,
    said: Vec<&'static str>,
    except: Vec<&'static str>,
    pub(super) meaning: Meaning,
}

/// Concepts as a table: of what, what is said of it, what must not be said, and the meaning. Words are in normal form
/// and separated by `|`.
macro_rules! concepts {
    ($($of:literal: $said:literal, except $except:literal => $meaning:expr;)*) => {
        vec![$(Concept {
            of: words($of),
            said: words($said),
            except: words($except),
            meaning: $meaning.general(),
        }),*]
    };
}

fn words(list: &'static str) -> Vec<&'static str> {
    list.split('|').filter(|word| !word.is_empty()).collect()
}

/// The first that fits decides.
static CONCEPTS: LazyLock<Vec<Concept>> = LazyLock::new(|| {
    concepts! {
        "crl|revocation|ocsp":
            "expired|missing|offline|could not|cannot|can't|unable|unknown|failed|out of date|unavailable",
            except "not expired|successfully" => REVOCATION_UNKNOWN;
        "certificate|cert |x509|x.509|tls|ssl":
            "revoked",
            except "not revoked|no revoked|revoked certificates:|crl " => REVOKED;
        "certificate|cert |x509|x.509|tls|ssl":
            "not yet valid|not valid yet|not yet activated|before its validity|starts in the future|is in the future",
            except "" => NOT_YET_VALID;
        "certificate|cert |x509|x.509|tls|ssl":
            "expired|no longer valid|past its expiration|outdated certificate",
            except "not expired|will expire|expired in|token|session|cookie|password|cache|timer|lease" => EXPIRED;
        "private key|key ":
            "does not match|doesn't match|do not match|don't match|mismatch|inconsistent|not match",
            except "host|pinned|name" => KEY_MISMATCH;
        "pinned|fingerprint|thumbprint":
            "mismatch|does not match|doesn't match|not match|differs",
            except "" => PIN;
        "certificate|cert |hostname|host name|san ":
            "does not match|doesn't match|did not match|didn't match|do not match|mismatch|is not in peer certificate|not valid for|invalid for host",
            except "private key|public key|key pair|signature|algorithm|version|password|checksum" => NAME;
        "key usage|extended key|eku|purpose":
            "not allow|not permit|invalid|incompatible|unsuitable|wrong|mismatch|not set|missing|does not include|incorrect|inadequate",
            except "" => PURPOSE;
        "certificate|cert ":
            "self signed|selfsigned",
            except "generat|creat|using|allow|accept|skip" => SELF_SIGNED;
        "client certificate|client's certificate|client cert ":
            "not trusted|untrusted|unknown ca|unknown issuer|not verified|verification failed|verify failed|validation failed|could not be verified|is invalid|rejected",
            except "is trusted" => UNTRUSTED.otherwise(Server);
        "certificate|cert |issuer| ca |chain|root|x509|server identity":
            "not trusted|untrusted|did not trust|does not trust|doesn't trust|unknown authority|unknown ca|unknown issuer|issuer not found|issuer unknown|issuer is unknown|no issuer|could not be verified|cannot be verified|can't be verified|unable to verify|could not verify|cannot verify|can't verify|not verified|no trusted|trust relationship|trust failure|unable to build|path building failed|could not find issuer",
            except "is trusted|successfully|signature of" => UNTRUSTED;
        "certificate|cert |x509|x.509|tls|ssl":
            "verification failed|verify failed|verification failure|verification error|failed to verify|validation failed|failed validation|failed verification|validation error|invalid certificate",
            except "signature of|token|email" => UNVERIFIED_CHAIN;
        "private key|key file|keyfile|keystore|key store|pkcs|pem |.pem|.key|.p12|.pfx|.jks":
            "wrong password|incorrect password|password is incorrect|password was incorrect|invalid password|password required|bad password|wrong passphrase|wrong pass phrase|passphrase|pass phrase|password must not be|is encrypted|failed to decrypt|cannot decrypt|decryption failed|no password",
            except "successfully" => PASSWORD;
        ".pem|.crt|.key|.cer|.p12|.pfx|.jks|.p7b|private key|keystore|truststore|certificate":
            "no such file|not found|does not exist|doesn't exist|permission denied|access denied|enoent|eacces|is not readable|cannot open|could not open|can't open|failed to open|unable to open|file missing",
            except "chain|client certificate not|http/|alias|issuer|ca bundle" => UNREADABLE;
        "ca bundle|ca file|cafile|ca certificates|ca certificate|truststore|trust store|root certificates|trust anchors":
            "not found|does not exist|empty|failed to load|could not load|unable to load|cannot load|invalid|no certificates|missing|failed to read|no such file",
            except "successfully" => TRUST_PATH;
        "private key|key file|keyfile|keystore|key store|pkcs|pem |.pem|.key|.p12|.pfx|.jks":
            "could not parse|failed to parse|unable to parse|cannot parse|malformed|invalid format|not a valid|could not decode|unable to decode|failed to decode|invalid pem|no pem|bad format|unsupported format",
            except "successfully|json|yaml" => FILE;
        "certificate|cert chain|x509":
            "could not parse|failed to parse|unable to parse|cannot parse|malformed|could not decode|unable to decode|failed to decode|invalid pem|no pem",
            except "successfully" => FORMAT;
        "certificate|private key":
            "failed to load|could not load|unable to load|cannot load|can't load|failed to read|could not read|unable to read",
            except "successfully" => FILE;
        "client certificate|client cert|peer certificate|mtls|mutual tls":
            "required|missing|not provided|not presented|was not sent|wasn't sent|not supplied|no certificate|did not provide|did not present|didn't provide|didn't present|did not send|didn't send|requested but|wanted",
            except "not required|optional|no client certificate ca names" => NO_CERTIFICATE;
        "tls|ssl|https":
            "plaintext|plain text|unencrypted|cleartext|clear text|plain http|non ssl|non tls|not enabled|not a tls|not an ssl",
            except "listening|allowed|password" => NOT_TLS;
        "tls|ssl|https":
            "no common cipher|no shared cipher|no matching cipher|no cipher|cipher mismatch|unsupported cipher|cipher suites in common|no suitable cipher",
            except "" => CIPHER;
        "tls|ssl|https":
            "unsupported version|unsupported protocol|version mismatch|protocol version not|version not supported|version is not supported|version unsupported|no common protocol version",
            except "scheme" => VERSION;
        "alpn|application protocol":
            "mismatch|no common|not negotiated|missing|unsupported|no overlap|none",
            except "alpn, |no alpn negotiated" => ALPN;
        "tls|ssl|handshake":
            "handshake timed out|handshake timeout|closed during|disconnected before|terminated the handshake|reset during",
            except "" => CUT.general();
    }
});

/// The concept of `line`, and the words by which it was found.
pub(super) fn find(line: &Line) -> Option<(&'static Concept, &'static str)> {
    let stands = |word: &&&str| line.has(word);
    CONCEPTS
        .iter()
        .filter(|concept| concept.of.iter().any(|word| stands(&word)))
        .filter(|concept| !concept.except.iter().any(|word| stands(&word)))
        .find_map(|concept| Some((concept, *concept.said.iter().find(stands)?)))
        .filter(|_| is_a_complaint(&line.normal))
}

/// Whether `normal` is about something that went wrong, and not about what might, or about settings.
fn is_a_complaint(normal: &str) -> bool {
    const INNOCENT: [&str; 24] = [
        "will expire",
        "expires in",
        "about to expire",
        "verify ok",
        "verification: ok",
        "(ok)",
        "is trusted.",
        "no errors",
        "if the ",
        "in case ",
        "whether ",
        "should not",
        "make sure",
        "please ",
        "example",
        "usage:",
        "--help",
        "todo",
        "documentation",
        "deprecated",
        "... ok",
        "get /",
        "post /",
        "http/1.",
    ];
    // A sentence of a program is short; what is longer is prose, or a whole log on one line.
    normal.len() < 1000 && !INNOCENT.iter().any(|word| normal.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::normal;

    #[test]
    fn every_word_is_in_normal_form() {
        for concept in CONCEPTS.iter() {
            for word in concept.of.iter().chain(&concept.said).chain(&concept.except) {
                assert_eq!(*word, normal(word));
            }
        }
    }
}
