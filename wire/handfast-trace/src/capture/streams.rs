//! From packets to conversations: both directions of each TCP connection in order, without what was sent twice.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::Duration,
};

use super::packets::Packet;
use crate::{Chunk, Side};

/// One TCP connection, as far as it was captured.
#[derive(Debug)]
pub struct Conversation {
    /// Who opened it, or has the higher port where the beginning was not captured.
    pub client: SocketAddr,
    /// The other one.
    pub server: SocketAddr,
    /// From where TLS begins.
    pub chunks: Vec<Chunk>,
    /// How it ended; nothing where the capture stops before.
    pub end: Option<End>,
    /// Whether bytes are missing; what came behind them is left out.
    pub has_gaps: bool,
    /// Whether the first packet was captured.
    pub has_begin: bool,
}

/// Who ended a connection first, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Who ended it.
    pub by: Side,
    /// By RST, and not by FIN.
    pub reset: bool,
}

impl Conversation {
    /// Whether one side begins as TLS does.
    pub fn looks_like_tls(&self) -> bool {
        self.chunks.iter().any(|chunk| is_record(&chunk.bytes))
    }
}

/// The most connections that are followed.
const MOST_CONVERSATIONS: usize = 5000;
/// The most bytes that are kept of one direction: a handshake fits many times over.
const MOST_BYTES: usize = 2 << 20;
/// How far a gap is waited for, in packets that came after it.
const MOST_WAITING: usize = 256;

/// The conversations in `packets`, in the order in which they began.
pub(super) fn follow(packets: &[Packet]) -> Vec<Conversation> {
    let mut found: Vec<Building> = Vec::new();
    // The latest connection of two addresses; ports are used again.
    let mut places: HashMap<(SocketAddr, SocketAddr), usize> = HashMap::new();
    for packet in packets {
        let known = places
            .get(&(packet.from, packet.to))
            .or_else(|| places.get(&(packet.to, packet.from)))
            .copied();
        let begins = packet.syn && !packet.ack;
        let place = match known {
            Some(place) if !(begins && found[place].is_over()) => place,
            _ if found.len() >= MOST_CONVERSATIONS => continue,
            _ => {
                let (client, server) =
                    if packet.syn && packet.ack || !begins && packet.from.port() < packet.to.port() {
                        (packet.to, packet.from)
                    } else {
                        (packet.from, packet.to)
                    };
                found.push(Building::new(client, server));
                places.insert((client, server), found.len() - 1);
                places.remove(&(server, client));
                found.len() - 1
            }
        };
        found[place].take(packet);
    }
    found.into_iter().map(Building::finish).collect()
}

struct Building {
    client: SocketAddr,
    server: SocketAddr,
    sent: [Direction; 2],
    chunks: Vec<Chunk>,
    end: Option<End>,
    has_begin: bool,
}

#[derive(Default)]
struct Direction {
    /// The sequence number that comes next.
    next: Option<u32>,
    /// What came too early, by how far ahead it was when it came.
    early: BTreeMap<u32, (Duration, Vec<u8>)>,
    bytes: usize,
    has_gaps: bool,
}

impl Building {
    fn new(client: SocketAddr, server: SocketAddr) -> Self {
        Self {
            client,
            server,
            sent: Default::default(),
            chunks: Vec::new(),
            end: None,
            has_begin: false,
        }
    }

    fn is_over(&self) -> bool {
        self.end.is_some() || !self.chunks.is_empty()
    }

    fn take(&mut self, packet: &Packet) {
        let side = if packet.from == self.client {
            Side::Client
        } else {
            Side::Server
        };
        let direction = &mut self.sent[usize::from(side == Side::Server)];
        // SYN takes a number itself, and may carry data (RFC 9293 section 3.4, RFC 7413).
        let begin = packet.sequence.wrapping_add(u32::from(packet.syn));
        self.has_begin |= packet.syn;
        if packet.syn {
            direction.next = Some(begin);
        }
        if !packet.payload.is_empty() {
            direction.add(begin, packet.at, &packet.payload);
            let ready = direction.ready();
            self.chunks.extend(ready.into_iter().map(|(at, bytes)| Chunk {
                at,
                from: side,
                bytes,
            }));
        }
        if (packet.fin || packet.rst) && self.end.is_none() {
            self.end = Some(End {
                by: side,
                reset: packet.rst,
            });
        }
    }

    fn finish(mut self) -> Conversation {
        self.sent.iter_mut().for_each(Direction::give_up);
        let mut conversation = Conversation {
            has_gaps: self.sent.iter().any(|direction| direction.has_gaps),
            has_begin: self.has_begin,
            client: self.client,
            server: self.server,
            chunks: self.chunks,
            end: self.end,
        };
        conversation.begin_with_client();
        conversation.begin_with_tls();
        conversation
    }
}

impl Direction {
    fn add(&mut self, sequence: u32, at: Duration, payload: &[u8]) {
        if self.bytes >= MOST_BYTES || self.has_gaps {
            return;
        }
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        // More than half the numbers ahead is behind: sent before, at least in part.
        let (ahead, payload) = if ahead > u32::MAX / 2 {
            let known = usize::try_from(next.wrapping_sub(sequence)).unwrap_or(usize::MAX);
            (0, payload.get(known..).unwrap_or_default())
        } else {
            (ahead, payload)
        };
        if !payload.is_empty() {
            let place = next.wrapping_add(ahead);
            let longer = |kept: &(Duration, Vec<u8>)| kept.1.len() >= payload.len();
            if !self.early.get(&place).is_some_and(longer) {
                self.early.insert(place, (at, payload.to_vec()));
            }
        }
    }

    /// What continues what is there. Behind a gap that nothing fills nobody knows where a record begins.
    fn ready(&mut self) -> Vec<(Duration, Vec<u8>)> {
        let mut ready = Vec::new();
        loop {
            let Some(next) = self.next else { return ready };
            let Some(place) = self.first(next) else {
                return ready;
            };
            let ahead = place.wrapping_sub(next);
            if ahead != 0 && ahead <= u32::MAX / 2 {
                if self.early.len() >= MOST_WAITING {
                    self.give_up();
                }
                return ready;
            }
            let Some((at, bytes)) = self.early.remove(&place) else {
                return ready;
            };
            let known = usize::try_from(next.wrapping_sub(place)).unwrap_or(usize::MAX);
            let new = bytes.get(known..).unwrap_or_default().to_vec();
            let length = u32::try_from(bytes.len()).unwrap_or(0);
            let end = place.wrapping_add(length);
            if end.wrapping_sub(next) <= u32::MAX / 2 {
                self.next = Some(end);
            }
            self.bytes += new.len();
            if !new.is_empty() {
                ready.push((at, new));
            }
        }
    }

    /// The early piece that is nearest to `next`, the one behind it first.
    fn first(&self, next: u32) -> Option<u32> {
        let distance = |place: &u32| place.wrapping_sub(next).wrapping_add(u32::MAX / 2);
        self.early.keys().copied().min_by_key(distance)
    }

    /// Leaves out what waits behind a gap.
    fn give_up(&mut self) {
        self.has_gaps |= !self.early.is_empty();
        self.early.clear();
    }
}

impl Conversation {
    /// Without the handshake of TCP the sides were told by their ports; a hello knows better.
    fn begin_with_client(&mut self) {
        let hello = self.chunks.iter().find(|chunk| is_client_hello(&chunk.bytes));
        if hello.is_none_or(|chunk| chunk.from == Side::Client) {
            return;
        }
        std::mem::swap(&mut self.client, &mut self.server);
        for chunk in &mut self.chunks {
            chunk.from = chunk.from.other();
        }
        if let Some(end) = &mut self.end {
            end.by = end.by.other();
        }
    }

    /// Leaves out the words in the clear before TLS (STARTTLS), when the client begins TLS after some.
    fn begin_with_tls(&mut self) {
        let hello = |chunk: &Chunk| chunk.from == Side::Client && is_client_hello(&chunk.bytes);
        let Some(begin) = self.chunks.iter().position(hello) else {
            return;
        };
        self.chunks.drain(..begin);
        let first = self.chunks.first().map(|chunk| chunk.at).unwrap_or_default();
        for chunk in &mut self.chunks {
            chunk.at = chunk.at.saturating_sub(first);
        }
    }
}

fn is_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=23, 3, 0..=4, ..])
}

fn is_client_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [22, 3, 0..=4, _, _, 1, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = &[22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3];

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn packet(from: u16, sequence: u32, payload: &[u8]) -> Packet {
        let to = if from == 443 { 50_000 } else { 443 };
        Packet {
            at: Duration::ZERO,
            from: address(from),
            to: address(to),
            sequence,
            syn: false,
            ack: true,
            fin: false,
            rst: false,
            payload: payload.to_vec(),
        }
    }

    fn syn(sequence: u32) -> Packet {
        Packet {
            syn: true,
            ack: false,
            ..packet(50_000, sequence, &[])
        }
    }

    fn client_bytes(packets: &[Packet]) -> (Vec<u8>, bool) {
        let found = follow(packets);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].client, address(50_000));
        let chunks = found[0].chunks.iter().filter(|chunk| chunk.from == Side::Client);
        (
            chunks.flat_map(|chunk| chunk.bytes.clone()).collect(),
            found[0].has_gaps,
        )
    }

    #[test]
    fn pieces_come_in_order_however_they_were_sent() {
        // Over the end of the numbers, too.
        for start in [7, u32::MAX - 3] {
            let at = |offset: u32| start.wrapping_add(1).wrapping_add(offset);
            let packets = [
                syn(start),
                packet(50_000, at(6), &HELLO[6..]),
                packet(50_000, at(0), &HELLO[..4]),
                packet(50_000, at(0), &HELLO[..6]),
                packet(50_000, at(3), &HELLO[3..8]),
            ];
            assert_eq!(client_bytes(&packets), (HELLO.to_vec(), false), "{start}");
        }
    }

    #[test]
    fn data_that_comes_with_the_first_packet_is_whole() {
        let open = Packet {
            payload: HELLO[..4].to_vec(),
            ..syn(7)
        };
        let packets = [open, packet(50_000, 12, &HELLO[4..])];
        assert_eq!(client_bytes(&packets), (HELLO.to_vec(), false));
    }

    #[test]
    fn without_a_handshake_of_tcp_the_client_is_who_says_hello() {
        const ANSWER: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
        let end = Packet {
            fin: true,
            ..packet(443, 107, &[])
        };
        let usual = [packet(50_000, 1, HELLO), packet(443, 100, ANSWER), end];
        let other_ports = usual.iter().map(|packet| Packet {
            from: packet.to,
            to: packet.from,
            payload: packet.payload.clone(),
            ..*packet
        });
        let other_ports: Vec<Packet> = other_ports.collect();
        for (packets, client, server) in [(&usual[..], 50_000, 443), (&other_ports, 443, 50_000)] {
            let found = follow(packets);
            assert_eq!(
                (found[0].client, found[0].server),
                (address(client), address(server))
            );
            let sides: Vec<Side> = found[0].chunks.iter().map(|chunk| chunk.from).collect();
            assert_eq!(sides, [Side::Client, Side::Server]);
            assert_eq!(found[0].end.map(|end| end.by), Some(Side::Server));
        }
    }

    #[test]
    fn a_gap_that_nothing_fills_is_told_and_nothing_behind_it_is_taken_for_a_record() {
        let mut packets = vec![syn(0), packet(50_000, 1, HELLO), packet(50_000, 50, b"late")];
        assert_eq!(client_bytes(&packets), (HELLO.to_vec(), true));
        // Nor where so much comes behind it that nobody waits any longer.
        packets.extend((0..1000).map(|count| packet(50_000, 54 + 4 * count, b"more")));
        assert_eq!(client_bytes(&packets), (HELLO.to_vec(), true));
        // What fills it in time makes it none.
        let filled = [
            syn(0),
            packet(50_000, 5, &HELLO[4..]),
            packet(50_000, 1, &HELLO[..4]),
        ];
        assert_eq!(client_bytes(&filled), (HELLO.to_vec(), false));
    }

    #[test]
    fn words_before_tls_are_left_out() {
        let packets = [
            syn(0),
            packet(443, 100, b"220 hello\r\n"),
            packet(50_000, 1, b"STARTTLS\r\n"),
            packet(443, 111, b"220 go\r\n"),
            packet(50_000, 11, HELLO),
        ];
        assert_eq!(client_bytes(&packets), (HELLO.to_vec(), false));
    }

    #[test]
    fn a_port_that_is_used_again_is_another_conversation() {
        let end = Packet {
            fin: true,
            ..packet(50_000, 12, &[])
        };
        let packets = [
            syn(0),
            packet(50_000, 1, HELLO),
            end,
            syn(900),
            packet(50_000, 901, HELLO),
        ];
        let found = follow(&packets);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].end,
            Some(End {
                by: Side::Client,
                reset: false
            })
        );
        assert!(found.iter().all(Conversation::looks_like_tls));
    }
}
