//! Keys and digests that are too weak, above the leaf as well.

use handfast_pki::code;

use super::{CERTAIN, CLIENT, LIKELY, Made, Must, SERVER, of_program, special};
use crate::{
    Case, Folder,
    Program::{self, Haproxy, Nginx, Openssl},
    Setup, serve,
};

struct Weak {
    program: Program,
    variant: &'static str,
    description: &'static str,
    /// The arguments of `weak.sh`.
    what: &'static str,
    is_server: bool,
    /// Whether the CA between leaf and root is left out.
    is_alone: bool,
    must: Must,
}

const WEAK: &[Weak] = &[
    Weak {
        program: Nginx,
        variant: "issuer",
        description: "the key of the CA above the client's certificate is RSA of 1024 bits",
        what: "issuer client",
        is_server: false,
        is_alone: false,
        must: Must::Say(code::WEAK_KEY, SERVER, CERTAIN),
    },
    Weak {
        program: Haproxy,
        variant: "issuer",
        description: "the key of the CA above the client's certificate is RSA of 1024 bits",
        what: "issuer client",
        is_server: false,
        is_alone: false,
        must: Must::Say(code::WEAK_KEY, SERVER, LIKELY),
    },
    Weak {
        program: Nginx,
        variant: "issuer-digest",
        description: "the CA above the client's certificate is signed with SHA-1",
        what: "digest client",
        is_server: false,
        is_alone: false,
        must: Must::Say(code::WEAK_KEY, SERVER, CERTAIN),
    },
    Weak {
        program: Openssl,
        variant: "server",
        description: "the server's key is RSA of 1024 bits",
        what: "leaf server",
        is_server: true,
        is_alone: false,
        must: Must::Say(code::WEAK_KEY, CLIENT, CERTAIN),
    },
    Weak {
        program: Openssl,
        variant: "server-issuer",
        description: "the CA above the server's certificate is signed with SHA-1",
        what: "digest server",
        is_server: true,
        is_alone: false,
        must: Must::Say(code::WEAK_KEY, CLIENT, CERTAIN),
    },
    Weak {
        program: Openssl,
        variant: "weak-and-alone",
        description: "the server's key is RSA of 1024 bits, and its intermediate is not sent",
        what: "leaf server",
        is_server: true,
        is_alone: true,
        must: Must::SayBoth(code::SERVER_INTERMEDIATE, code::WEAK_KEY),
    },
];

pub(super) fn cases() -> Vec<Case> {
    WEAK.iter()
        .map(|weak| {
            special(
                (weak.program, weak.variant),
                weak.description,
                &[weak.program, Openssl],
                weak.must,
                |folder| {
                    make(folder, weak)?;
                    let mut setup = Setup::default();
                    if weak.is_server {
                        setup.pair = "pair".into();
                        setup.more = "-cipher DEFAULT@SECLEVEL=0".into();
                    }
                    let running = serve(weak.program, folder, &setup)?;
                    let pair = if weak.is_server { "client" } else { "pair" };
                    Ok(of_program(weak.program, running, Some(pair)))
                },
            )
        })
        .collect()
}

fn make(folder: &Folder, weak: &Weak) -> Made {
    folder.write("weak.sh", include_str!("weak.sh"))?;
    folder.shell(&format!("sh weak.sh {} 2>&1", weak.what))?;
    if weak.is_alone {
        folder.copy("leaf.crt", "pair/tls.crt")?;
    }
    Ok(())
}
