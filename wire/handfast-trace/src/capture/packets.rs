//! From the file of a capture to packets of TCP: pcap and pcapng, the usual kinds of link, IPv4 and IPv6.

use std::{net::SocketAddr, time::Duration};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use handfast_pki::Shown;
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

/// What a capture file holds.
#[derive(Default)]
pub(super) struct Read {
    pub(super) packets: Vec<Packet>,
    /// The key log that the file itself carries (a decryption secrets block of pcapng).
    pub(super) key_log: String,
}

/// One segment of TCP.
#[derive(Debug)]
pub(super) struct Packet {
    /// Since the first packet of the capture.
    pub(super) at: Duration,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: Vec<u8>,
}

/// The file is no capture that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a capture in pcap or pcapng format, found {found}")]
pub struct Malformed {
    /// What it is, as far as may be shown.
    pub found: Shown,
}

/// The largest block that is read; tcpdump writes packets of at most 256 KiB.
const LARGEST_BLOCK: usize = 4 << 20;
/// More packets than this are not looked at.
const MOST_PACKETS: usize = 500_000;

pub(super) fn read(bytes: &[u8]) -> Result<Read, Malformed> {
    let malformed = |found: Shown| Malformed { found };
    let mut reader = create_reader(LARGEST_BLOCK, bytes).map_err(|error| match error {
        PcapError::Eof => malformed("an empty file".into()),
        // Any file may be given here, also one with a key in it.
        _ => malformed(Shown::of(bytes)),
    })?;
    let mut capture = Read::default();
    let mut clock = Clock::default();
    loop {
        match reader.next() {
            Ok((length, block)) => {
                take(&mut capture, &mut clock, &block);
                reader.consume(length);
            }
            Err(PcapError::Incomplete(_)) => {
                // A capture that was cut off is read as far as it goes.
                if reader.reader_exhausted() || reader.refill().is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
        if capture.packets.len() >= MOST_PACKETS {
            break;
        }
    }
    Ok(capture)
}

/// Kinds of link and units of time, as the blocks before a packet said.
#[derive(Default)]
struct Clock {
    /// Of a pcap file.
    link: i32,
    is_nanoseconds: bool,
    /// Of a pcapng file, by interface: the kind of link and the ticks of a second.
    interfaces: Vec<(i32, u64)>,
    first: Option<Duration>,
}

impl Clock {
    fn since_first(&mut self, at: Duration) -> Duration {
        at.saturating_sub(*self.first.get_or_insert(at))
    }
}

fn take(capture: &mut Read, clock: &mut Clock, block: &PcapBlockOwned<'_>) {
    match block {
        PcapBlockOwned::LegacyHeader(header) => {
            clock.link = header.network.0;
            clock.is_nanoseconds = header.is_nanosecond_precision();
        }
        PcapBlockOwned::Legacy(packet) => {
            let fraction = if clock.is_nanoseconds { 1 } else { 1000 };
            let nanoseconds = u64::from(packet.ts_usec) * fraction;
            let at = Duration::from_secs(u64::from(packet.ts_sec)) + Duration::from_nanos(nanoseconds);
            let at = clock.since_first(at);
            capture.packets.extend(segment(clock.link, at, packet.data));
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => clock.interfaces.clear(),
        PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
            let ticks = interface
                .ts_resolution()
                .filter(|ticks| *ticks > 0)
                .unwrap_or(1_000_000);
            clock.interfaces.push((interface.linktype.0, ticks));
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let interface = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
            let Some((link, ticks)) = clock.interfaces.get(interface).copied() else {
                return;
            };
            let at = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            let rest = u128::from(at % ticks) * 1_000_000_000 / u128::from(ticks);
            let at = Duration::from_secs(at / ticks) + Duration::from_nanos(u64::try_from(rest).unwrap_or(0));
            let at = clock.since_first(at);
            let length = usize::try_from(packet.caplen).unwrap_or(0);
            let data = packet.data.get(..length).unwrap_or(packet.data);
            capture.packets.extend(segment(link, at, data));
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            if let Some((link, _)) = clock.interfaces.first() {
                capture
                    .packets
                    .extend(segment(*link, Duration::ZERO, packet.data));
            }
        }
        PcapBlockOwned::NG(Block::DecryptionSecrets(secrets)) => {
            /// TLS key log (pcapng, section 4.7).
            const TLS_KEY_LOG: u32 = 0x544c_534b;
            if secrets.secrets_type.0 == TLS_KEY_LOG {
                capture.key_log.push_str(&String::from_utf8_lossy(secrets.data));
                capture.key_log.push('\n');
            }
        }
        PcapBlockOwned::NG(_) => {}
    }
}

/// The TCP segment in a frame of the kind `link` (the LINKTYPE_ registry of tcpdump.org).
fn segment(link: i32, at: Duration, frame: &[u8]) -> Option<Packet> {
    let sliced = match link {
        1 => LaxSlicedPacket::from_ethernet(frame).ok()?,
        // A family in the byte order of the machine, then IP.
        0 | 108 => LaxSlicedPacket::from_ip(frame.get(4..)?).ok()?,
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(frame).ok()?,
        // Linux "any": the protocol stands at 14 in the first version, at 0 in the second.
        113 => cooked(frame, 14, 16)?,
        276 => cooked(frame, 0, 20)?,
        _ => return None,
    };
    let (source, destination) = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        LaxNetSlice::Ipv6(ip) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        LaxNetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else {
        return None;
    };
    Some(Packet {
        at,
        from: SocketAddr::new(source, tcp.source_port()),
        to: SocketAddr::new(destination, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload().to_vec(),
    })
}

fn cooked(frame: &[u8], protocol: usize, header: usize) -> Option<LaxSlicedPacket<'_>> {
    let kind: [u8; 2] = frame.get(protocol..protocol + 2)?.try_into().ok()?;
    let payload = frame.get(header..)?;
    Some(LaxSlicedPacket::from_ether_type(
        EtherType(u16::from_be_bytes(kind)),
        payload,
    ))
}
