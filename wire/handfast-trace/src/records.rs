//! From bytes on the wire to handshake messages: records (RFC 8446 section 5.1), decryption, reassembly.

use handfast_pki::text::printable;

use super::{
    Chunk, Kind, Message, Secrets, Side,
    message::{self, Said},
    secrets::{RecordKey, Stage, next_traffic},
};
use zeroize::Zeroizing;

/// The largest handshake message that is put together, in bytes.
const LARGEST: usize = 256 << 10;
/// The most messages of one connection that are kept; whoever sends more has something else in mind.
const MOST: usize = 2000;

/// The types of record.
mod content {
    pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(super) const ALERT: u8 = 21;
    pub(super) const HANDSHAKE: u8 = 22;
    pub(super) const APPLICATION_DATA: u8 = 23;
    pub(super) const HEARTBEAT: u8 = 24;
}

/// Reads both directions of one connection.
pub(super) struct Reader<'a> {
    secrets: &'a Secrets,
    client: Direction,
    server: Direction,
    client_random: [u8; 32],
    chosen: Option<Chosen>,
    messages: Vec<Message>,
}

/// What the latest ServerHello decided.
#[derive(Clone, Copy)]
struct Chosen {
    suite: u16,
    is_13: bool,
    random: [u8; 32],
}

/// One side's bytes so far.
struct Direction {
    bytes: Vec<u8>,
    handshake: Vec<u8>,
    /// TLS 1.3: which key its records are under.
    stage: Stage,
    /// TLS 1.3: the application traffic secret after a KeyUpdate.
    updated: Option<Zeroizing<Vec<u8>>>,
    key: Option<RecordKey>,
    sequence: u64,
    /// TLS 1.3: how many records were sent under the key of early data.
    early: u64,
    /// TLS 1.2: everything after ChangeCipherSpec is encrypted.
    changed: bool,
    /// Its handshake is over; TLS 1.2 may begin another one.
    finished: bool,
    /// What cannot be TLS is shown once and then passed over.
    lost: bool,
}

impl Direction {
    fn new() -> Self {
        Self {
            bytes: Vec::new(),
            handshake: Vec::new(),
            stage: Stage::Handshake,
            updated: None,
            key: None,
            sequence: 0,
            early: 0,
            changed: false,
            finished: false,
            lost: false,
        }
    }

    /// From now on under the key of `stage`.
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.key = None;
        self.sequence = 0;
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self {
            secrets,
            client: Direction::new(),
            server: Direction::new(),
            client_random: [0; 32],
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
        let mut all = std::mem::take(&mut direction.bytes);
        let mut begin = 0;
        while let Some(record) = self.next_record(chunk, all.get(begin..).unwrap_or_default()) {
            begin += record.len();
            self.record(chunk, record);
        }
        all.drain(..begin);
        self.direction(chunk.from).bytes = all;
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

    fn is_13(&self) -> bool {
        self.chosen.is_some_and(|chosen| chosen.is_13)
    }

    /// One whole record with its header; a start that is no record ends this direction.
    fn next_record<'b>(&mut self, chunk: &Chunk, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let direction = self.direction(chunk.from);
        if direction.lost || bytes.is_empty() {
            return None;
        }
        let looks_like = (content::CHANGE_CIPHER_SPEC..=content::HEARTBEAT).contains(&bytes[0])
            && bytes.get(1).is_none_or(|major| *major == 3);
        if !looks_like {
            direction.lost = true;
            let start = String::from_utf8_lossy(bytes.get(..32).unwrap_or(bytes)).into_owned();
            self.push(chunk, Kind::NotTls, false, Said::Start(printable(&start)), &[]);
            return None;
        }
        let [_, _, _, high, low, ..] = bytes else {
            return None;
        };
        bytes.get(..5 + usize::from(u16::from_be_bytes([*high, *low])))
    }

    fn record(&mut self, chunk: &Chunk, record: &[u8]) {
        // A record has its header, see `next_record`.
        let (kind, body) = (record[0], &record[5..]);
        match kind {
            content::CHANGE_CIPHER_SPEC => {
                if !self.is_13() {
                    let direction = self.direction(chunk.from);
                    direction.changed = true;
                    direction.enter(Stage::Handshake);
                }
                self.push(chunk, Kind::ChangeCipherSpec, false, Said::Nothing, record);
            }
            content::APPLICATION_DATA if self.is_13() => self.protected_13(chunk, record),
            _ if self.direction(chunk.from).changed => self.protected_12(chunk, record),
            content::APPLICATION_DATA => {
                self.direction(chunk.from).early += 1;
                self.application_data(chunk, record.len());
            }
            _ => self.plain(chunk, kind, body, false),
        }
    }

    /// A record of TLS 1.3 under a key.
    fn protected_13(&mut self, chunk: &Chunk, record: &[u8]) {
        let Some(chosen) = self.chosen else { return };
        let Some(inner) = self.open_13(chunk.from, chosen.suite, record) else {
            self.application_data(chunk, record.len());
            return;
        };
        // TLSInnerPlaintext: content, its type, zeros (RFC 8446 section 5.2).
        match inner.iter().rposition(|byte| *byte != 0) {
            Some(end) if inner[end] == content::APPLICATION_DATA => {
                self.application_data(chunk, record.len());
            }
            Some(end) => self.plain(chunk, inner[end], &inner[..end], true),
            None => {}
        }
    }

    fn open_13(&mut self, from: Side, suite: u16, record: &[u8]) -> Option<Vec<u8>> {
        let (secrets, random) = (self.secrets, self.client_random);
        let direction = self.direction(from);
        if direction.key.is_none() {
            let secret = direction
                .updated
                .clone()
                .or_else(|| secrets.traffic(from, direction.stage, &random))?;
            direction.key = RecordKey::of_traffic(suite, &secret);
        }
        let key = direction.key.as_ref()?;
        let opened = key.open(direction.sequence, record);
        if opened.is_some() {
            direction.sequence += 1;
            return opened;
        }
        // Data before the end of the handshake is under a key of its own (RFC 8446 section 4.2.10), and counted
        // for itself.
        let is_early = from == Side::Client && direction.stage == Stage::Handshake && direction.sequence == 0;
        let early = is_early.then(|| secrets.traffic(from, Stage::Early, &random))??;
        let opened = RecordKey::of_traffic(suite, &early)?.open(direction.early, record)?;
        direction.early += 1;
        Some(opened)
    }

    /// A record of TLS 1.2 after ChangeCipherSpec.
    fn protected_12(&mut self, chunk: &Chunk, record: &[u8]) {
        let kind = record[0];
        if kind == content::APPLICATION_DATA {
            self.direction(chunk.from).sequence += 1;
            self.application_data(chunk, record.len());
            return;
        }
        if let Some(inner) = self.open_12(chunk.from, record) {
            self.plain(chunk, kind, &inner, true);
            return;
        }
        let direction = self.direction(chunk.from);
        let hidden = match kind {
            content::ALERT => Kind::EncryptedAlert,
            // The first handshake record after ChangeCipherSpec is Finished (RFC 5246 section 7.4.9).
            _ if !direction.finished => Kind::Finished,
            _ => Kind::EncryptedHandshake,
        };
        if hidden == Kind::Finished {
            direction.finished = true;
        }
        self.push(chunk, hidden, true, Said::Nothing, record);
    }

    fn open_12(&mut self, from: Side, record: &[u8]) -> Option<Vec<u8>> {
        let (secrets, random, chosen) = (self.secrets, self.client_random, self.chosen?);
        let direction = self.direction(from);
        if direction.key.is_none() {
            let master = secrets.master(&random)?;
            direction.key = RecordKey::of_master(chosen.suite, &master, from, &random, &chosen.random);
        }
        let opened = direction.key.as_ref()?.open(direction.sequence, record);
        direction.sequence += 1;
        opened
    }

    /// The content of a record that can be read.
    fn plain(&mut self, chunk: &Chunk, kind: u8, body: &[u8], encrypted: bool) {
        match (kind, body) {
            (content::ALERT, [level, number, ..]) => {
                // TLS 1.3 has no warnings but these two (RFC 8446 section 6).
                let closing = matches!(number, 0 | 90);
                let fatal = if self.is_13() { !closing } else { *level == 2 };
                self.push(
                    chunk,
                    Kind::Alert(*number),
                    encrypted,
                    Said::Alert { fatal },
                    body,
                );
            }
            (content::HANDSHAKE, _) => self.handshake(chunk, body, encrypted),
            _ => self.push(chunk, Kind::Unknown(kind), encrypted, Said::Nothing, body),
        }
    }

    /// Adds to the handshake stream and takes every whole message from it.
    fn handshake(&mut self, chunk: &Chunk, body: &[u8], encrypted: bool) {
        self.direction(chunk.from).handshake.extend_from_slice(body);
        loop {
            let direction = self.direction(chunk.from);
            let [_, a, b, c, ..] = direction.handshake[..] else {
                return;
            };
            let length = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            if length > LARGEST {
                direction.lost = true;
                return;
            }
            if direction.handshake.len() < length {
                return;
            }
            let message: Vec<u8> = direction.handshake.drain(..length).collect();
            self.message(chunk, &message, encrypted);
        }
    }

    /// One handshake message with its header of four bytes.
    fn message(&mut self, chunk: &Chunk, raw: &[u8], encrypted: bool) {
        let is_over = self.direction(chunk.from).finished;
        let (kind, said) = message::read(raw[0], &raw[4..], self.is_13(), is_over);
        match &said {
            Said::ClientHello(hello) => {
                self.client_random = hello.random;
                // A handshake anew, in the same connection (RFC 5246 section 7.4.1.2).
                self.client.finished = false;
                self.server.finished = false;
            }
            Said::ServerHello(hello) => {
                self.chosen = Some(Chosen {
                    suite: hello.suite,
                    is_13: hello.version() == 0x0304,
                    random: hello.random,
                });
            }
            _ => {}
        }
        let is_13 = self.is_13();
        let direction = self.direction(chunk.from);
        match kind {
            Kind::Finished => {
                direction.finished = true;
                if is_13 {
                    direction.enter(Stage::Application);
                }
            }
            Kind::KeyUpdate if is_13 => self.key_update(chunk.from),
            _ => {}
        }
        self.push(chunk, kind, encrypted, said, raw);
    }

    fn key_update(&mut self, from: Side) {
        let (secrets, random) = (self.secrets, self.client_random);
        let Some(chosen) = self.chosen else { return };
        let direction = self.direction(from);
        let current = direction
            .updated
            .take()
            .or_else(|| secrets.traffic(from, Stage::Application, &random));
        direction.updated = current.and_then(|secret| next_traffic(chosen.suite, &secret));
        direction.enter(Stage::Application);
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
        self.push(chunk, Kind::ApplicationData, true, Said::Nothing, &[]);
        if let Some(last) = self.messages.last_mut() {
            last.bytes = bytes;
        }
    }

    fn push(&mut self, chunk: &Chunk, kind: Kind, encrypted: bool, said: Said, raw: &[u8]) {
        if self.messages.len() >= MOST {
            return;
        }
        self.messages.push(Message {
            at: chunk.at,
            from: chunk.from,
            kind,
            encrypted,
            bytes: raw.len(),
            said,
            raw: raw.to_vec(),
        });
    }
}
