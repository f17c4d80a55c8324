//! What each step of a handshake is for, in plain words, for people who never read an RFC.

use handfast_trace::{Kind, Message, Said, Side};

/// The step in words. `is_13` is what the two sides agreed on.
// long: one arm per message of TLS
pub(crate) fn words(message: &Message, is_13: bool) -> &'static str {
    use Side::{Client, Server};
    match (&message.kind, message.from) {
        (Kind::HelloRequest, _) => {
            "The server asks for a new handshake inside of this one, usually because it wants a certificate for what \
             was just asked for. TLS 1.3 has no such thing."
        }
        (Kind::ClientHello, _) => {
            "The client says which versions, cipher suites and key exchange groups it speaks, and which host it wants \
             (SNI). Nothing is protected yet."
        }
        (Kind::HelloRetryRequest, _) => {
            "The server could go on, but with another key exchange group; it names that one and asks for the hello again."
        }
        (Kind::ServerHello, _) => {
            "The server chooses one version, one suite and one group from the client's list. From here on TLS 1.3 is \
             encrypted."
        }
        (Kind::EncryptedExtensions, _) => {
            "The server's answers to the client's extensions, such as the application protocol (ALPN)."
        }
        (Kind::CertificateRequest, _) => {
            "The server asks the client for a certificate. It may name the issuers that it accepts; many clients send \
             nothing when theirs is not among them."
        }
        (Kind::Certificate, Server) => {
            "The server shows its certificate and the intermediates above it. The client looks for a way from there to \
             a CA that it trusts, and for the host's name in it."
        }
        (Kind::Certificate, Client) if is_empty(message) => {
            "The client was asked for a certificate and has none to show: the list is empty."
        }
        (Kind::Certificate, Client) => {
            "The client shows its certificate and the intermediates above it. The server looks for a way from there to \
             a CA that it trusts for clients."
        }
        (Kind::CompressedCertificate, _) => "A certificate, compressed (RFC 8879).",
        (Kind::CertificateStatus, _) => {
            "A fresh word of the CA that the server's certificate is not revoked (OCSP)."
        }
        (Kind::CertificateVerify, Server) => {
            "The server signs everything said so far, and so proves that it holds the key of its certificate."
        }
        (Kind::CertificateVerify, Client) => {
            "The client signs everything said so far, and so proves that it holds the key of its certificate. A copied \
             certificate without its key fails here."
        }
        (Kind::ServerKeyExchange, _) => {
            "The server's half of the key exchange, signed with the key of its certificate."
        }
        (Kind::ServerHelloDone, _) => "The server has said all that it has to say for now.",
        (Kind::ClientKeyExchange, _) => {
            "The client's half of the key exchange; with both halves each side computes the same secret. (With the RSA \
             legacy key exchange the secret itself was sent, encrypted for the server.)"
        }
        (Kind::EndOfEarlyData, _) => "The end of what the client sent before the handshake was over.",
        (Kind::Finished, Client) if is_13 => {
            "The client's checksum over the whole handshake. The client is done; what the server thinks of its \
             certificate comes only after this, with the first read."
        }
        (Kind::Finished, _) => {
            "A checksum over the whole handshake, under the new keys: both saw the same messages, and none was changed."
        }
        (Kind::NewSessionTicket, _) => {
            "The server gives the client something to resume this session with, without certificates. So it was \
             content."
        }
        (Kind::KeyUpdate, _) => "One side changes its key for what follows.",
        (Kind::ChangeCipherSpec, _) if is_13 => {
            "Filler for boxes in between that expect it; it says nothing."
        }
        (Kind::ChangeCipherSpec, _) => "Everything that this side sends after this is encrypted.",
        (Kind::Alert(0), _) => "This side closes the connection in good order.",
        (Kind::Alert(_), Server) => "The server ends the connection and says why, in one number.",
        (Kind::Alert(_), Client) => "The client ends the connection and says why, in one number.",
        (Kind::EncryptedAlert, _) => {
            "An alert that cannot be read; mostly it closes the connection in good order."
        }
        (Kind::EncryptedHandshake, _) => "A handshake message inside of the encrypted connection.",
        (Kind::ApplicationData, _) => "What the connection is for, encrypted.",
        (Kind::NotTls, _) => "These bytes are no TLS. The peer speaks another protocol here.",
        (Kind::Unknown(_), _) => "A message that is not known here.",
    }
}

fn is_empty(message: &Message) -> bool {
    matches!(&message.said, Said::Certificates(chain) if chain.is_empty())
}

/// The number of the step among the nine of the guides to mutual TLS, which are those of TLS 1.2 (RFC 5246 section
/// 7.3). The server's half of the key exchange belongs to the seventh.
pub(crate) fn of_nine(message: &Message) -> Option<u8> {
    match (&message.kind, message.from) {
        (Kind::ClientHello, _) => Some(1),
        (Kind::ServerHello, _) => Some(2),
        (Kind::Certificate, Side::Server) => Some(3),
        (Kind::CertificateRequest, _) => Some(4),
        (Kind::ServerHelloDone, _) => Some(5),
        (Kind::Certificate, Side::Client) => Some(6),
        (Kind::ServerKeyExchange | Kind::ClientKeyExchange, _) => Some(7),
        (Kind::CertificateVerify, Side::Client) => Some(8),
        (Kind::Finished, _) => Some(9),
        _ => None,
    }
}
