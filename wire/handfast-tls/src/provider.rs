//! The one place that chooses cryptography.

use std::sync::Arc;

use rustls::crypto::{
    CryptoProvider,
    aws_lc_rs::{cipher_suite as suite, default_provider, kx_group},
};

/// AWS-LC with AES-128-GCM-SHA256 first: SHA-384 costs 12 % of a handshake, and nobody breaks AES-128.
/// The post-quantum hybrid is first among the groups; the client's wish decides where we are the server.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    // The generator gathers its first entropy for some 40 ms; better now than in somebody's handshake.
    // If it fails here it fails there, where the failure can be told.
    let _ = aws_lc_rs::rand::fill(&mut [0; 1]);
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: vec![
            kx_group::X25519MLKEM768,
            kx_group::X25519,
            kx_group::SECP256R1,
            kx_group::SECP384R1,
        ],
        ..default_provider()
    })
}

/// The same without the post-quantum group, whose key share alone fills most of a packet.
pub(crate) fn classic() -> Arc<CryptoProvider> {
    let mut provider = CryptoProvider::clone(&provider());
    provider.kx_groups = vec![kx_group::X25519, kx_group::SECP256R1];
    Arc::new(provider)
}
