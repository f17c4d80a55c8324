//! Bytes of our own making, and the first ones of the answer.

use std::time::Duration;

use handfast_trace::{Chunk, Greeting, Kind, Message, Secrets, Side, decode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Outcome;
use crate::{Target, connect, patience::Patience};

/// PostgreSQL's request for TLS, in the clear.
pub(super) async fn postgres(target: &Target, patience: Patience) -> Outcome {
    const REQUEST: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    match raw(target, &[REQUEST], patience, |bytes| !bytes.is_empty()).await {
        Ok(bytes) => Outcome::Bytes(bytes),
        Err(why) => Outcome::Impossible(why),
    }
}

pub(super) async fn greet(
    target: &Target,
    before: &[u8],
    greeting: &Greeting,
    patience: Patience,
) -> Outcome {
    match greeted(target, before, greeting, patience).await {
        Ok(messages) => Outcome::Greeted(messages),
        Err(why) => Outcome::Impossible(why),
    }
}

/// Sends `before` and the hello as they are, and reads the answer.
pub(crate) async fn greeted(
    target: &Target,
    before: &[u8],
    greeting: &Greeting,
    patience: Patience,
) -> Result<Vec<Message>, String> {
    let hello = greeting.to_bytes(&handfast_trace::greeting::random());
    let read = |bytes: &[u8]| {
        let chunk = Chunk {
            at: Duration::ZERO,
            from: Side::Server,
            bytes: bytes.to_vec(),
        };
        decode(&[chunk], &Secrets::default())
    };
    // Its group stands behind its certificates; after the last of these messages the server would wait for ours.
    let is_whole = |message: &Message| !matches!(message.kind, Kind::ServerHello | Kind::Certificate);
    let bytes = raw(target, &[before, &hello], patience, |bytes| {
        read(bytes).iter().any(is_whole)
    })
    .await?;
    Ok(read(&bytes))
}

/// Sends `pieces` as they are, and takes the first bytes of the answer, until they are `enough`.
async fn raw(
    target: &Target,
    pieces: &[&[u8]],
    patience: Patience,
    enough: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, String> {
    const LIMIT: Duration = Duration::from_millis(600);
    const BETWEEN: Duration = Duration::from_millis(20);
    /// A ServerHello is among these, and the certificates of most.
    const MOST: usize = 16 << 10;
    let mut tcp = connect::reach(target, patience)
        .await
        .map_err(|ending| ending.told())?;
    let mut bytes = Vec::new();
    let talk = async {
        for (place, piece) in pieces.iter().filter(|piece| !piece.is_empty()).enumerate() {
            // Apache takes a PROXY line that comes alone.
            if place > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            tcp.write_all(piece).await?;
        }
        let mut piece = [0; 2048];
        while bytes.len() < MOST && !enough(&bytes) {
            match tcp.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(length) => bytes.extend(piece.get(..length).unwrap_or_default()),
            }
        }
        Ok::<_, std::io::Error>(())
    };
    match tokio::time::timeout(patience.within(LIMIT), talk).await {
        Ok(Err(error)) => Err(error.to_string()),
        // A server that waits for more has said what it had to say.
        Ok(Ok(())) | Err(_) => Ok(bytes),
    }
}
