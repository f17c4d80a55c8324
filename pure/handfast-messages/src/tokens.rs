//! PKCS#11 modules, TPMs and the engines that speak to them.

use handfast_pki::code;

use super::pattern::{Pattern, certain, guess, likely, own};

pub(super) const TABLE: &[Pattern] = &[
    own("a PKCS#11 module", &[])
        .any(&["ckr mechanism invalid", "ckr key type inconsistent"])
        .means(&[
            certain(code::TOKEN),
            guess(code::NO_COMMON_SCHEME)
                .why("TLS 1.3 asks an RSA key for PSS, which the token may not know"),
        ]),
    own("a PKCS#11 module", &[])
        .any(&[
            "ckr pin ",
            "ckr token ",
            "ckr slot ",
            "ckr user ",
            "ckr device ",
            "ckr key ",
            "ckr function ",
            "ckr session ",
            "ckr general error",
            "ckr object handle invalid",
            "ckr cryptoki not initialized",
        ])
        .means(&[certain(code::TOKEN)]),
    own("a PKCS#11 tool", &[])
        .any(&[
            "no slot with token named",
            "failed to load pkcs11 module",
            "could not load the pkcs#11 library",
            "invalid engine \"pkcs11\"",
            "error: private key not found",
        ])
        .means(&[certain(code::TOKEN)]),
    own("a PKCS#11 tool", &["pkcs11:"])
        .any(&[
            "requires user pin",
            "no pin given",
            "could not open file or uri",
            "unregistered scheme",
            "enter pin",
        ])
        .means(&[certain(code::TOKEN)]),
    own("a TPM", &[])
        .any(&["tpm:parameter", "tpm rc ", "tpm2 rc "])
        .means(&[likely(code::TOKEN), guess(code::NO_COMMON_SCHEME)]),
];
