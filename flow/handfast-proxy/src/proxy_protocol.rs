//! The PROXY protocol, version 2, as HAProxy's `proxy-protocol.txt` has it: whose connection a load balancer hands to us,
//! and whose connection we hand to a backend of bytes.
//!
//! In: the first bytes of a connection, of addresses that were named alone; a header from anywhere else is no TLS. Out: the
//! address of the client; and for a backend the header, with what TLS proved of the client in its TLVs.

use std::net::{IpAddr, SocketAddr};

use handfast_pki::Network;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};

use crate::{
    accept::Accepted,
    error::{Ended, NoHeader},
    handshake::Secured,
};

/// What every header begins with (section 2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, with the command PROXY or LOCAL.
const PROXY: u8 = 0x21;
const LOCAL: u8 = 0x20;
/// A stream over IPv4, or over IPv6.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
/// The most bytes of a header after its length: addresses and TLVs of any balancer fit.
const MOST: usize = 4096;

/// Whether the peer is one of `announcers`, which have to say whose connection it is.
pub(crate) fn is_announced(accepted: &Accepted, announcers: &[Network]) -> bool {
    let peer = accepted.address.ip().to_canonical();
    announcers.iter().any(|network| network.contains(peer))
}

/// Gives `accepted` the address of its client, by the header that it must begin with. The sweep of the worker sees to the
/// deadline.
pub(crate) async fn client(accepted: &mut Accepted) -> Result<(), Ended> {
    let peer = accepted.address.ip().to_canonical();
    let read = read(&mut accepted.stream).await;
    // Without an address the balancer itself comes: it looks whether we live.
    if let Some(address) = read.map_err(|found| Ended::Unannounced { peer, found })? {
        accepted.address = address;
    }
    Ok(())
}

/// Reads a header to its end and not a byte further; nothing for LOCAL.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, NoHeader> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.map_err(|_| NoHeader::End)?;
    let [.., command, family, high, low] = head;
    if head[..SIGNATURE.len()] != SIGNATURE {
        return Err(NoHeader::Other);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MOST {
        return Err(NoHeader::Long(length));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await.map_err(|_| NoHeader::End)?;
    match command {
        LOCAL => Ok(None),
        PROXY => source(family, &rest).ok_or(NoHeader::Addresses).map(Some),
        other => Err(NoHeader::Version(other >> 4)),
    }
}

/// The source: the addresses of both ends come first, then their ports.
fn source(family: u8, rest: &[u8]) -> Option<SocketAddr> {
    let port = |at: usize| Some(u16::from_be_bytes(rest.get(at..at + 2)?.try_into().ok()?));
    Some(match family {
        TCP4 => {
            let address: [u8; 4] = rest.get(..4)?.try_into().ok()?;
            SocketAddr::new(IpAddr::from(address), port(8)?)
        }
        TCP6 => {
            let address: [u8; 16] = rest.get(..16)?.try_into().ok()?;
            SocketAddr::new(IpAddr::from(address), port(32)?)
        }
        _ => return None,
    })
}

/// TLVs (section 2.2), and those within that of TLS (section 2.2.6).
const ALPN: u8 = 0x01;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_CN: u8 = 0x22;
const SSL_CIPHER: u8 = 0x23;
const SSL_KEY_ALG: u8 = 0x25;
/// TLS; and with a certificate on this connection, which was verified in it.
const CLIENT_SSL: u8 = 0x01;
const CLIENT_CERT: u8 = 0x02 | 0x04;

/// The header for a backend: the client, the address that it came to, and what TLS proved of it.
pub(crate) fn header(secured: &Secured) -> Vec<u8> {
    let tcp: &TcpStream = secured.stream.get_ref().0;
    let to = tcp.local_addr().unwrap_or(secured.address);
    let mut rest = addresses(secured.address, to);
    let family = if rest.len() == 12 { TCP4 } else { TCP6 };
    if let Some(alpn) = secured.established.alpn {
        tlv(&mut rest, ALPN, alpn.as_bytes());
    }
    let peer = secured.standing.peer.as_ref();
    let mut ssl = vec![if peer.is_some() {
        CLIENT_SSL | CLIENT_CERT
    } else {
        CLIENT_SSL
    }];
    // 0: the certificate was verified. Of one that was not, nothing is told.
    ssl.extend(u32::from(peer.is_none()).to_be_bytes());
    tlv(&mut ssl, SSL_VERSION, secured.established.version.as_bytes());
    tlv(&mut ssl, SSL_CIPHER, secured.established.suite.as_bytes());
    if let Some(name) = peer.and_then(|peer| peer.identity().common_name.as_ref()) {
        tlv(&mut ssl, SSL_CN, name.as_bytes());
    }
    if let Some(peer) = peer {
        let key = peer.chain().leaf().public_key();
        tlv(&mut ssl, SSL_KEY_ALG, key.algorithm().as_bytes());
    }
    tlv(&mut rest, SSL, &ssl);
    let mut header = SIGNATURE.to_vec();
    header.extend([PROXY, family]);
    header.extend(u16::try_from(rest.len()).unwrap_or(0).to_be_bytes());
    header.append(&mut rest);
    header
}

/// Both addresses in one family: IPv4 where both are, else IPv6.
fn addresses(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    match (from.ip().to_canonical(), to.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            bytes.extend(from.octets());
            bytes.extend(to.octets());
        }
        (from, to) => {
            let v6 = |address: IpAddr| match address {
                IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                IpAddr::V6(v6) => v6.octets(),
            };
            bytes.extend(v6(from));
            bytes.extend(v6(to));
        }
    }
    bytes.extend(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes
}

/// A value that is too long for its length is left out: there is no way to say a part of it.
fn tlv(into: &mut Vec<u8>, kind: u8, value: &[u8]) {
    if let Ok(length) = u16::try_from(value.len()) {
        into.push(kind);
        into.extend(length.to_be_bytes());
        into.extend(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(rest.len()).expect("short").to_be_bytes());
        bytes.extend(rest);
        bytes
    }

    async fn heard(bytes: &[u8]) -> (Result<Option<SocketAddr>, NoHeader>, usize) {
        let mut stream = bytes;
        let read = read(&mut stream).await;
        (read, stream.len())
    }

    #[tokio::test]
    async fn the_client_is_read_and_what_follows_is_left_alone() {
        let v4 = addresses(
            "192.0.2.7:4711".parse().expect("an address"),
            "10.0.0.1:443".parse().expect("an address"),
        );
        let mut bytes = head(PROXY, TCP4, &v4);
        bytes.extend(b"\x16\x03\x01");
        let expected = "192.0.2.7:4711".parse().ok();
        assert_eq!(heard(&bytes).await, (Ok(expected), 3));
        let with_tlv = [&v4[..], &[0x04, 0, 1, 0]].concat();
        assert_eq!(heard(&head(PROXY, TCP4, &with_tlv)).await, (Ok(expected), 0));
        let v6 = addresses(
            "[2001:db8::7]:4711".parse().expect("an address"),
            "10.0.0.1:443".parse().expect("an address"),
        );
        let expected = "[2001:db8::7]:4711".parse().ok();
        assert_eq!(heard(&head(PROXY, TCP6, &v6)).await, (Ok(expected), 0));
        assert_eq!(heard(&head(LOCAL, 0, b"")).await, (Ok(None), 0));
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused_and_named() {
        for (bytes, found) in [
            (
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaa".to_vec(),
                NoHeader::Other,
            ),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n".to_vec(), NoHeader::Other),
            (head(0x11, TCP4, &[0; 12]), NoHeader::Version(1)),
            (head(PROXY, TCP4, &[0; 9]), NoHeader::Addresses),
            (head(PROXY, 0x31, &[0; 216]), NoHeader::Addresses),
            (head(PROXY, 0x12, &[0; 12]), NoHeader::Addresses),
            (head(PROXY, TCP4, &[0; 5000]), NoHeader::Long(5000)),
            (head(PROXY, TCP4, &[0; 12])[..20].to_vec(), NoHeader::End),
            (Vec::new(), NoHeader::End),
        ] {
            assert_eq!(heard(&bytes).await.0, Err(found));
        }
    }
}
