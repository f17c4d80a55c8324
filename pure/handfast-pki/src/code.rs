//! The stable codes of everything that can be refused, with one sentence each.
//!
//! A code never changes its meaning and is never used again. `HF-1xx` to `HF-6xx` follow the order of
//! a connection (nothing sent, the server refused, the client refused, files, protocol, authorization);
//! `HF-7xx` are ours: configuration and the running proxy; `HF-8xx` the certificate authority; `HF-9xx` the program
//! itself. Every code has a page in `docs/findings/`.

use std::fmt;

/// A stable code such as `HF-103`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

impl Code {
    /// What it means, in one sentence.
    pub fn title(self) -> &'static str {
        ALL.iter()
            .find(|(code, _)| *code == self)
            .map_or("unknown code", |(_, title)| title)
    }

    /// The code named by `text` (`HF-103`, `hf-103` or `103`), when there is one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text
            .trim()
            .trim_start_matches(['H', 'h'])
            .trim_start_matches(['F', 'f'])
            .trim_start_matches('-');
        let code = Self(digits.parse().ok()?);
        ALL.iter().any(|(known, _)| *known == code).then_some(code)
    }

    /// Whether `text` has the form of a code: `HF-` with digits, or up to three digits.
    pub fn has_form(text: &str) -> bool {
        let text = text.trim();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let named = text.get(..2).filter(|name| name.eq_ignore_ascii_case("hf"));
        match named.and_then(|_| text.get(2..)) {
            Some(rest) => digits(rest.trim_start_matches('-')),
            None => text.len() <= 3 && digits(text),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HF-{:03}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($number);)*
        /// Every code with its title, in order.
        pub const ALL: &[(Code, &str)] = &[$(($name, $title)),*];
    };
}

codes! {
    NO_CERTIFICATE = 101, "the server asked for a client certificate and none was sent";
    HELD_BACK = 102, "the client held its certificate back because the server does not list its issuer";
    UNKNOWN_ISSUER = 103, "the certificate's issuer is not among those trusted";
    MISSING_INTERMEDIATE = 104, "an intermediate certificate is missing from the chain that was sent";
    BAD_CLIENT_CAS = 105, "the server's file of client CAs is incomplete: the root above the issuer is missing";
    VERIFY_DEPTH = 106, "the server's verify depth is smaller than the chain is long";
    NOT_ASKED = 107, "the server did not ask for a client certificate";
    ASKED_LATE = 108, "the server asks for the certificate only after the request";
    PREFLIGHT = 109, "the browser's CORS preflight carries no certificate and is refused";
    INSPECTED = 110, "a proxy or TLS inspection stands between client and server";
    WRONG_PURPOSE = 201, "the certificate is not for this purpose (extended key usage)";
    EXPIRED = 202, "the certificate has expired";
    NOT_YET_VALID = 203, "the certificate is not valid yet, or a clock is wrong";
    OLD_PROCESS = 204, "a running process still uses an old certificate";
    REVOKED = 205, "the certificate was revoked";
    CRL_UNUSABLE = 206, "a revocation list has expired or is missing, so that everyone is refused";
    VERSION_1 = 207, "the certificate is X.509 version 1, without extensions";
    CA_AS_LEAF = 208, "a CA or self-signed certificate is used as a leaf";
    NOT_A_CA = 209, "the issuing certificate is not allowed to sign certificates";
    PATH_LENGTH = 210, "the chain is longer than a CA in it allows";
    NAME_CONSTRAINTS = 211, "a name lies outside what a CA in the chain may sign";
    WEAK_KEY = 212, "the key or digest is too weak";
    NO_COMMON_SCHEME = 213, "the peers share no signature scheme for this key";
    CRITICAL_EXTENSION = 214, "the certificate has a critical extension that is not understood";
    BAD_SIGNATURE = 215, "the issuer has the right name and another key";
    VAGUE_ALERT = 216, "the peer refused with an alert that hides the cause";
    FOREIGN_NAME = 217, "a name of the certificate is none that its CA may vouch for";
    CANNOT_VERIFY = 218, "it cannot be verified here: Handfast does not support its algorithm or form";
    NOT_ISSUED = 219, "the certificate is none that its CA says it has issued";
    SERVER_UNTRUSTED = 301, "the server's certificate comes from a CA that the client does not trust";
    SERVER_INTERMEDIATE = 302, "the server does not send its intermediate certificate";
    NAME_MISMATCH = 303, "the certificate is for other names than the one asked for";
    NO_NAMES = 304, "the certificate has no subject alternative name";
    NO_IP_NAME = 305, "the certificate has no IP address among its names";
    IDENTITY_MISMATCH = 306, "the right CA, but another identity than the one expected";
    WRONG_SNI = 307, "the server shows another certificate, or none, because of the name sent as SNI";
    PIN_CHANGED = 308, "the server's certificate does not fit the client's pin";
    BAD_TRUST_FILE = 309, "the file of trusted CAs is missing, empty or of the wrong format";
    KEY_MISMATCH = 401, "the private key does not belong to the certificate";
    CHAIN_ORDER = 402, "the chain file is in the wrong order";
    KEY_ENCRYPTED = 403, "the private key is encrypted";
    P12_TOO_OLD = 404, "the PKCS#12 file uses algorithms that OpenSSL 3 no longer reads";
    P12_TOO_NEW = 405, "the PKCS#12 file uses algorithms that macOS, older Windows and Java 8 do not read";
    P12_WITHOUT_KEY = 406, "the keystore holds no private key for the client";
    KEY_IN_MEMORY = 407, "Windows cannot use a key that is only in memory";
    UNREADABLE = 408, "a file cannot be read";
    WRONG_FORMAT = 409, "a file does not hold what was expected";
    TOKEN = 410, "the hardware token or its module refuses the key";
    NOT_TLS = 501, "the peer does not speak TLS on this port, or we were sent something that is not TLS";
    NO_COMMON_VERSION = 502, "the peers share no TLS version";
    NO_COMMON_CIPHER = 503, "the peers share no cipher suite or key exchange group";
    NO_COMMON_ALPN = 504, "the peers share no application protocol";
    CUT_SHORT = 505, "the connection ended or stalled in mid-handshake";
    RESUMED_UNCHECKED = 506, "session resumption skips the check of the client's certificate";
    MISDIRECTED = 507, "the request is for another host than the connection";
    OLD_POOL = 508, "a pool of open connections still uses the old identity";
    INSTANCES = 509, "the servers behind this address do not agree";
    NOT_FORWARDED = 601, "the application behind the proxy cannot see the client's certificate";
    FORGEABLE = 602, "the header that carries the client's identity can be forged";
    NAME_FORM = 603, "the subject is written in another form than the one compared with";
    UNMAPPED = 604, "the certificate's name is not that of the user asked for";
    UNVERIFIED = 605, "the server accepts any client certificate without verifying it";
    PUBLIC_CAS = 606, "the server trusts a whole set of public CAs for its clients";
    ANY_OF_CA = 607, "every certificate of the CA is accepted, no rule checks the identity";
    LONG_LIVED = 608, "a client certificate lives long or is shared";
    NOT_ALLOWED = 609, "the rules do not allow the client";
    REVOCATION_OFF = 610, "revoked certificates are accepted, because the revocation list is not checked";
    WAY_AROUND = 611, "what demands a client certificate can be reached without one, by another way";
    CONFIG_INVALID = 701, "the configuration is not valid";
    NO_RULE = 702, "no rule says who may connect";
    BAD_RULE = 703, "a rule cannot be read";
    CANNOT_LISTEN = 704, "the address cannot be listened on";
    BACKEND_UNREACHABLE = 705, "the backend cannot be reached";
    BACKEND_BROKE = 706, "the backend broke off or did not speak HTTP";
    TOO_MANY = 707, "the limit of connections is reached";
    HANDSHAKE_LATE = 708, "the handshake took longer than its deadline";
    HEADERS_LATE = 709, "the request headers took longer than their deadline";
    IDLE = 710, "the connection was idle for longer than its deadline";
    BAD_REQUEST = 711, "the request is not acceptable HTTP";
    SHUT_DOWN = 712, "the proxy shut down before the connection ended";
    CANNOT_CONNECT = 713, "the host cannot be reached";
    IDENTITY_ENDED = 714, "the certificate that proved the identity expired while the connection was open";
    PEER_BROKE = 715, "the peer broke off the connection";
    LAB = 716, "a program that the lab needs is missing or does not start";
    TOOL = 717, "a program of others that does a part of the work is missing or failed";
    TOO_SLOW = 718, "the client sent or read more slowly than the least rate";
    BACKEND_LATE = 719, "the backend did not answer within its deadline";
    BACKEND_FULL = 720, "every connection to the backend is in use";
    FLOODED = 721, "the client sent HTTP/2 frames that belong to no request";
    GAVE_WAY = 722, "a connection that had proven nothing gave way to a newer one";
    OPEN_PLAINTEXT = 723, "a listener in plain text can be reached by others";
    NO_PROXY_HEADER = 724, "a load balancer did not send the PROXY header that it has to";
    NEEDS_CERTIFICATE = 725, "this part of the service needs a client certificate";
    OBSERVES = 726, "the host only observes: it serves clients that it should reject";
    TUNNEL_CHANGED = 730, "the tunnel of the connection was changed or removed";
    CALLER_NOT_ALLOWED = 731, "the local program may not use the tunnel";
    NOT_A_DESTINATION = 732, "the destination is not one that the tunnel leads to";
    NOT_CONNECT = 733, "a forward proxy was asked for something else than CONNECT";
    TLS_IN_TUNNEL = 734, "the local program speaks TLS itself within the tunnel";
    TOKEN_MISSING = 735, "the route demands an access token and the request has none";
    TOKEN_REFUSED = 736, "the access token is not valid";
    TOKEN_NOT_BOUND = 737, "the access token is bound to another certificate, or to none";
    JWKS_UNUSABLE = 738, "the keys that verify access tokens cannot be used";
    EXISTS = 801, "it exists already and is not overwritten";
    NOT_AN_AUTHORITY = 802, "the folder is not a usable CA directory";
    BAD_NAME = 803, "a name is not one that a certificate can carry";
    BAD_REQUEST_SIGNATURE = 804, "the certificate request does not prove possession of its key";
    BEYOND_ISSUER = 805, "the certificate would outlive its issuer";
    LINT = 806, "the certificate to be signed breaks a rule of RFC 5280";
    STORE = 807, "the records of the CA cannot be written or read";
    MAY_NOT_ASK = 808, "the requester may not ask for this certificate";
    KEY_BLOCKED = 809, "the key is blocked, because it was compromised";
    NOT_RENEWABLE = 810, "the certificate cannot be renewed";
    NOT_RECORDED = 811, "no certificate in the records fits";
    AUDIT_DAMAGED = 812, "the audit log and the records of the CA do not agree";
    HISTORY_REWRITTEN = 813, "the audit log does not continue an earlier checkpoint of it";
    PROOF_REFUSED = 814, "a proof, checkpoint or export of the audit log does not hold";
    OUTSIDE_PROFILE = 820, "the profile does not allow what was asked for";
    WAITS = 821, "the request waits for a second person to approve it";
    OWN_APPROVAL = 822, "the request is for another person to approve";
    NOT_WAITING = 823, "no request waits under this number";
    CLOCK = 824, "the clock is behind what the records know";
    INEXPRESSIBLE = 830, "a limit of names cannot be written into a CA certificate";
    NO_SUCH_CA = 831, "the CA directory has no such CA";
    STILL_NEEDED = 832, "a CA is still needed";
    ROOT_KEY_AWAY = 833, "the key of the root is not here";
    TOKEN_GONE = 834, "the token with the CA's key, or its module, is not there";
    TOKEN_PIN = 835, "the token refuses the PIN";
    TOKEN_LOGIN = 836, "the token has lost the login";
    TOKEN_LATE = 837, "the token did not answer in time";
    OPEN_TO_OTHERS = 838, "a file of the CA can be used by others";
    CA_AGEING = 839, "a CA comes to the end of its life";
    LIST_AGEING = 840, "a revocation list comes to the end of its life";
    UNFINISHED = 841, "certificates were planned and never finished";
    NOT_RECONCILED = 842, "the CA was restored from a backup and signs nothing before it is reconciled";
    BAD_BACKUP = 843, "a backup cannot be used";
    WRONG_PASSPHRASE = 844, "the passphrase does not open the CA's key";
    KEY_AWAY = 845, "a private key of the CA is not here";
    USAGE = 901, "the command line is not understood";
    NOTHING_TOLD = 902, "what was given does not tell a cause";
    OUTPUT_LOST = 903, "the output cannot be written";
    BUG = 999, "a bug of ours";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_used_once() {
        assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_code_is_read_in_every_spelling_and_an_unknown_one_is_not() {
        for text in ["HF-103", "hf-103", "103", " HF103 "] {
            assert_eq!(Code::parse(text), Some(UNKNOWN_ISSUER), "{text}");
        }
        assert_eq!(Code::parse("HF-998"), None);
        assert_eq!(Code::parse("x"), None);
        assert_eq!(UNKNOWN_ISSUER.to_string(), "HF-103");
    }

    #[test]
    fn what_has_the_form_of_a_code_is_never_taken_for_a_text() {
        for text in ["HF-998", "hf998", "7", "998"] {
            assert!(Code::has_form(text), "{text}");
        }
        for text in ["1795576130", "hf-103x", "x509: y", "höf", "", "HF-"] {
            assert!(!Code::has_form(text), "{text}");
        }
    }
}
