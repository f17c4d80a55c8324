//! Whatever bytes a peer sends, decoding them ends.

use handfast_trace::{Chunk, Secrets, Side, decode};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_decoded_without_panic(
        pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..8),
        as_handshake in any::<bool>(),
    ) {
        let chunks: Vec<_> = pieces
            .into_iter()
            .map(|(from_client, mut bytes)| {
                if as_handshake && bytes.len() > 9 {
                    // A plausible record around a plausible handshake message goes deeper than noise.
                    let length = u16::try_from(bytes.len() - 5).unwrap_or(0).to_be_bytes();
                    bytes[..5].copy_from_slice(&[22, 3, 3, length[0], length[1]]);
                    bytes[5] %= 25;
                    bytes[6] = 0;
                    bytes[7] = 0;
                }
                let from = if from_client { Side::Client } else { Side::Server };
                Chunk { at: std::time::Duration::ZERO, from, bytes }
            })
            .collect();
        let _ = decode(&chunks, &Secrets::default());
    }
}
