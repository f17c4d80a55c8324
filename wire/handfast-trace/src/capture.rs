//! A capture made by others: from the bytes of its file to the conversations of TCP in it.

mod packets;
mod streams;

pub use packets::Malformed;
pub use streams::{Conversation, End};

/// What a capture file holds.
pub struct Capture {
    /// In the order in which they began.
    pub conversations: Vec<Conversation>,
    /// The key log that the file itself carries (a decryption secrets block of pcapng).
    pub key_log: String,
}

/// Reads a file in pcap or pcapng format. What is no TCP is passed over.
pub fn read(bytes: &[u8]) -> Result<Capture, Malformed> {
    let read = packets::read(bytes)?;
    Ok(Capture {
        conversations: streams::follow(&read.packets),
        key_log: read.key_log,
    })
}
