//! The words in the clear that some protocols say before TLS begins.

use std::io;

use handfast_pki::text::printable;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Ending,
    patience::{Patience, shown},
};

/// The protocols whose upgrade to TLS is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTls {
    /// `SSLRequest` (PostgreSQL protocol, section 55.2.10).
    Postgres,
    /// `SSLRequest` after the greeting (MySQL client/server protocol).
    Mysql,
    /// RFC 3207.
    Smtp,
    /// RFC 9051 section 6.2.1.
    Imap,
    /// RFC 4511 section 4.14.
    Ldap,
    /// RFC 6120 section 5.
    Xmpp,
}

impl StartTls {
    pub const ALL: [(&'static str, Self); 6] = [
        ("postgres", Self::Postgres),
        ("mysql", Self::Mysql),
        ("smtp", Self::Smtp),
        ("imap", Self::Imap),
        ("ldap", Self::Ldap),
        ("xmpp", Self::Xmpp),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == self)
            .map_or("", |(name, _)| name)
    }
}

/// The longest greeting that is listened to, in bytes.
const LONGEST: usize = 16 << 10;

/// Brings `tcp` to where the ClientHello may be sent. Not a byte of TLS is read here, for whoever could put
/// words between would speak for the server (CVE-2011-0411).
pub(crate) async fn upgrade(
    tcp: &mut TcpStream,
    protocol: StartTls,
    host: &str,
    patience: Patience,
) -> Result<(), Ending> {
    let name = protocol.name();
    let limit = patience.for_handshake();
    match tokio::time::timeout(limit, speak(tcp, protocol, host)).await {
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(said))) => Err(Ending::NoStartTls(format!(
            "the server does not begin TLS in {name}, it said \"{}\"",
            printable(said.trim_end())
        ))),
        Ok(Err(error)) => Err(Ending::NoStartTls(format!(
            "the server ended the {name} conversation before TLS: {}",
            printable(&error.to_string())
        ))),
        Err(_) => Err(Ending::NoStartTls(format!(
            "the server said nothing that {name} begins TLS with, within {}",
            shown(limit)
        ))),
    }
}

/// Nothing when TLS may begin, else what the server said instead.
async fn speak(tcp: &mut TcpStream, protocol: StartTls, host: &str) -> io::Result<Option<String>> {
    match protocol {
        StartTls::Postgres => {
            tcp.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
            let mut answer = [0];
            tcp.read_exact(&mut answer).await?;
            Ok((answer != *b"S").then(|| match answer[0] {
                b'N' => "N: SSL is off".into(),
                other => char::from(other).to_string(),
            }))
        }
        StartTls::Mysql => mysql(tcp).await,
        StartTls::Smtp => {
            if let Some(said) = expect(tcp, "\n", |line| line.starts_with("220")).await? {
                return Ok(Some(said));
            }
            tcp.write_all(b"EHLO handfast.invalid\r\n").await?;
            if let Some(said) = expect_smtp_capabilities(tcp).await? {
                return Ok(Some(said));
            }
            tcp.write_all(b"STARTTLS\r\n").await?;
            expect(tcp, "\n", |line| line.starts_with("220")).await
        }
        StartTls::Imap => {
            if let Some(said) = expect(tcp, "\n", |line| line.starts_with("* OK")).await? {
                return Ok(Some(said));
            }
            tcp.write_all(b"a1 STARTTLS\r\n").await?;
            loop {
                let line = until(tcp, "\n").await?;
                if line.starts_with("a1 ") {
                    return Ok((!line.starts_with("a1 OK")).then_some(line));
                }
            }
        }
        StartTls::Ldap => ldap(tcp).await,
        StartTls::Xmpp => {
            let open = format!(
                "<?xml version='1.0'?><stream:stream to='{}' xmlns='jabber:client' \
                 xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
                host.replace(['\'', '<', '>', '&'], "")
            );
            tcp.write_all(open.as_bytes()).await?;
            let features = until(tcp, "</stream:features>").await?;
            if !features.contains("urn:ietf:params:xml:ns:xmpp-tls") {
                return Ok(Some(features));
            }
            tcp.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                .await?;
            expect(tcp, ">", |answer| answer.contains("<proceed")).await
        }
    }
}

/// The greeting, then an SSLRequest with the flags that every server understands.
async fn mysql(tcp: &mut TcpStream) -> io::Result<Option<String>> {
    const CLIENT_SSL: u16 = 0x0800;
    let mut header = [0; 4];
    tcp.read_exact(&mut header).await?;
    let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
    let mut greeting = vec![0; length.min(LONGEST)];
    tcp.read_exact(&mut greeting).await?;
    // Protocol version, version text up to its zero, thread id, eight bytes of salt and a filler; then the
    // lower half of the capabilities.
    let text = greeting.iter().skip(1).position(|byte| *byte == 0).unwrap_or(0);
    let flags = greeting.get(text + 15..text + 17);
    let offers = flags.is_some_and(|flags| u16::from_le_bytes([flags[0], flags[1]]) & CLIENT_SSL != 0);
    if greeting.first() != Some(&10) || !offers {
        let said = String::from_utf8_lossy(greeting.get(1..).unwrap_or_default()).into_owned();
        return Ok(Some(said));
    }
    let mut request = vec![32, 0, 0, header[3].wrapping_add(1)];
    // CLIENT_LONG_PASSWORD, PROTOCOL_41, SSL, SECURE_CONNECTION; 16 MiB packets; utf8mb4.
    request.extend_from_slice(&0x0000_8a01_u32.to_le_bytes());
    request.extend_from_slice(&0x0100_0000_u32.to_le_bytes());
    request.push(45);
    request.extend_from_slice(&[0; 23]);
    tcp.write_all(&request).await?;
    Ok(None)
}

/// An ExtendedRequest with the name of StartTLS; the answer's result code must be success.
async fn ldap(tcp: &mut TcpStream) -> io::Result<Option<String>> {
    const OID: &[u8] = b"1.3.6.1.4.1.1466.20037";
    let mut request = vec![0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16];
    request.extend_from_slice(OID);
    tcp.write_all(&request).await?;
    let mut header = [0; 2];
    tcp.read_exact(&mut header).await?;
    // Long form lengths occur when the server adds a text.
    let length = match header[1] {
        short @ 0..=0x7f => usize::from(short),
        long => {
            let mut bytes = vec![0; usize::from(long & 0x7f).min(4)];
            tcp.read_exact(&mut bytes).await?;
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
    };
    let mut body = vec![0; length.min(LONGEST)];
    tcp.read_exact(&mut body).await?;
    let success = body.windows(3).any(|window| window == [0x0a, 0x01, 0x00]);
    Ok((header[0] != 0x30 || !success).then(|| String::from_utf8_lossy(&body).into_owned()))
}

async fn expect_smtp_capabilities(tcp: &mut TcpStream) -> io::Result<Option<String>> {
    let mut offers = false;
    loop {
        let line = until(tcp, "\n").await?;
        if !line.starts_with("250") {
            return Ok(Some(line));
        }
        offers |= line
            .get(4..)
            .is_some_and(|rest| rest.trim().eq_ignore_ascii_case("STARTTLS"));
        if line.as_bytes().get(3) == Some(&b' ') {
            return Ok((!offers).then(|| "no STARTTLS among its capabilities".to_owned()));
        }
    }
}

async fn expect(tcp: &mut TcpStream, end: &str, good: impl Fn(&str) -> bool) -> io::Result<Option<String>> {
    let said = until(tcp, end).await?;
    Ok((!good(&said)).then_some(said))
}

/// Byte by byte, so that nothing of what follows is taken away.
async fn until(tcp: &mut TcpStream, end: &str) -> io::Result<String> {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        if heard.len() == LONGEST {
            return Err(io::Error::other("more words than a greeting has"));
        }
        heard.push(tcp.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&heard).into_owned())
}
