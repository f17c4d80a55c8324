//! From bytes on the wire to handshake messages: records (RFC 8446 section 5.1), reassembly, decryption.

use super::{
    Chunk, Kind, Message, Secrets, Side,
    message::{self, Hello},
    secrets::Stage,
};

/// The largest handshake message that is put together, in bytes.
const LARGEST: usize = 256 << 10;

/// Reads both directions of one connection.
pub(super) struct Reader<'a> {
    secrets: &'a Secrets,
    client: Direction,
    server: Direction,
    /// The suite of the ServerHello, and whether it chose TLS 1.3.
    chosen: Option<(u16, bool)>,
    messages: Vec<Message>,
}

/// One side's bytes so far.
struct Direction {
    bytes: Vec<u8>,
    handshake: Vec<u8>,
    stage: Stage,
    sequence: u64,
    /// TLS 1.2: everything after ChangeCipherSpec is encrypted.
    changed: bool,
    /// What cannot be TLS is shown once and then passed over.
    lost: bool,
}

impl Direction {
    fn new() -> Self {
        let stage = Stage::Handshake;
        Self {
            bytes: Vec::new(),
            handshake: Vec::new(),
            stage,
            sequence: 0,
            changed: false,
            lost: false,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self {
            secrets,
            client: Direction::new(),
            server: Direction::new(),
            chosen: None,
            messages: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, chunk: &Chunk) {
        let direction = self.direction(chunk.from);
        if direction.lost {
            return;
        }
        direction.bytes.extend_from_slice(&chunk.bytes);
        while let Some(record) = self.next_record(chunk) {
            self.record(chunk, &record);
        }
    }

    pub(super) fn finish(self) -> Vec<Message> {
        self.messages
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// One whole record with its header; a start that is no record ends this direction.
    fn next_record(&mut self, chunk: &Chunk) -> Option<Vec<u8>> {
        let direction = self.direction(chunk.from);
        if direction.lost {
            return None;
        }
        let [kind, major, _, high, low, ..] = direction.bytes[..] else {
            return None;
        };
        if !(20..=24).contains(&kind) || major != 3 {
            direction.lost = true;
            let start =
                String::from_utf8_lossy(&direction.bytes[..direction.bytes.len().min(32)]).into_owned();
            self.push(chunk, Kind::NotTls, false, 0, vec![("starts with", start)]);
            return None;
        }
        let length = 5 + usize::from(u16::from_be_bytes([high, low]));
        (direction.bytes.len() >= length).then(|| direction.bytes.drain(..length).collect())
    }

    fn record(&mut self, chunk: &Chunk, record: &[u8]) {
        let (kind, body) = (record[0], &record[5..]);
        let is_13 = self.chosen.is_some_and(|(_, is_13)| is_13);
        match kind {
            20 => {
                if !is_13 {
                    self.direction(chunk.from).changed = true;
                }
                self.push(chunk, Kind::ChangeCipherSpec, false, record.len(), Vec::new());
            }
            23 if is_13 => self.protected(chunk, record),
            23 => self.application_data(chunk, record.len()),
            _ if self.direction(chunk.from).changed => {
                // The first handshake record after ChangeCipherSpec is Finished (RFC 5246 section 7.4.9).
                let hidden = if kind == 22 {
                    Kind::Finished
                } else {
                    Kind::EncryptedAlert
                };
                self.push(chunk, hidden, true, record.len(), Vec::new());
            }
            _ => self.plain(chunk, kind, body, false),
        }
    }

    fn protected(&mut self, chunk: &Chunk, record: &[u8]) {
        let Some((suite, _)) = self.chosen else { return };
        let secrets = self.secrets;
        let direction = self.direction(chunk.from);
        let (stage, sequence) = (direction.stage, direction.sequence);
        direction.sequence += 1;
        let opened = secrets.open(suite, chunk.from, stage, sequence, record);
        let Some(inner) = opened else {
            self.application_data(chunk, record.len());
            return;
        };
        // TLSInnerPlaintext: content, its type, zeros (RFC 8446 section 5.2).
        match inner.iter().rposition(|byte| *byte != 0) {
            Some(end) if inner[end] == 23 => self.application_data(chunk, record.len()),
            Some(end) => self.plain(chunk, inner[end], &inner[..end], true),
            None => {}
        }
    }

    fn plain(&mut self, chunk: &Chunk, kind: u8, body: &[u8], encrypted: bool) {
        match (kind, body) {
            (21, [_, number, ..]) => {
                self.push(chunk, Kind::Alert(*number), encrypted, body.len(), Vec::new());
            }
            (22, _) => self.handshake(chunk, body, encrypted),
            _ => self.push(chunk, Kind::Unknown(kind), encrypted, body.len(), Vec::new()),
        }
    }

    /// Adds to the handshake stream and takes every whole message from it.
    fn handshake(&mut self, chunk: &Chunk, body: &[u8], encrypted: bool) {
        self.direction(chunk.from).handshake.extend_from_slice(body);
        loop {
            let direction = self.direction(chunk.from);
            let [kind, a, b, c, ..] = direction.handshake[..] else {
                return;
            };
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if length > LARGEST {
                direction.lost = true;
                return;
            }
            if direction.handshake.len() < 4 + length {
                return;
            }
            let message: Vec<u8> = direction.handshake.drain(..4 + length).skip(4).collect();
            self.message(chunk, kind, &message, encrypted);
        }
    }

    fn message(&mut self, chunk: &Chunk, kind: u8, body: &[u8], encrypted: bool) {
        let is_13 = self.chosen.is_some_and(|(_, is_13)| is_13);
        let (kind, fields) = message::describe(kind, body, is_13);
        if let Some(Hello { suite, is_13 }) = message::server_hello(&kind, body) {
            self.chosen = Some((suite, is_13));
        }
        if kind == Kind::Finished {
            let direction = self.direction(chunk.from);
            direction.stage = Stage::Application;
            direction.sequence = 0;
        }
        let certificates = if kind == Kind::Certificate {
            message::chain(body, is_13)
        } else {
            Vec::new()
        };
        self.push(chunk, kind, encrypted, body.len() + 4, fields);
        if let Some(last) = self.messages.last_mut() {
            last.certificates = certificates;
        }
    }

    /// One line for any number of data records in a row.
    fn application_data(&mut self, chunk: &Chunk, bytes: usize) {
        if let Some(last) = self.messages.last_mut()
            && last.kind == Kind::ApplicationData
            && last.from == chunk.from
        {
            last.bytes += bytes;
            return;
        }
        self.push(chunk, Kind::ApplicationData, true, bytes, Vec::new());
    }

    fn push(
        &mut self,
        chunk: &Chunk,
        kind: Kind,
        encrypted: bool,
        bytes: usize,
        fields: Vec<(&'static str, String)>,
    ) {
        self.messages.push(Message {
            at: chunk.at,
            from: chunk.from,
            kind,
            encrypted,
            bytes,
            fields,
            certificates: Vec::new(),
        });
    }
}
