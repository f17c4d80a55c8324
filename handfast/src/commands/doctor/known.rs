//! What the user knows of the server, and the doctor cannot see.

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_credentials::load;
use handfast_doctor::Context;
use handfast_finding::Problem;
use handfast_pki::code;

use super::flags::Flags;

/// `known` with what the flags say of the server.
pub fn context(flags: &Flags, known: Context) -> Result<Context, Problem> {
    let pin = match &flags.pin {
        Some(text) => Some(
            text.strip_prefix("sha256//")
                .and_then(|text| BASE64_STANDARD.decode(text).ok())
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or_else(|| {
                    Problem::new(code::USAGE, format!("\"{text}\" is not a pin"))
                        .help("write sha256//BASE64, as curl does")
                })?,
        ),
        None => None,
    };
    let served = match &flags.served {
        Some(path) => load::certificates(path)?.into_iter().next(),
        None => None,
    };
    let mut revocation = Vec::new();
    for path in &flags.crl {
        revocation.extend(load::revocation_lists(path)?);
    }
    let must_refuse = match (&flags.must_refuse, &flags.must_refuse_key) {
        (Some(cert), Some(key)) => Some(load::pair(cert, key)?),
        _ => None,
    };
    Ok(Context {
        expected: flags.expect_id.clone(),
        pin,
        served,
        revocation,
        origin: flags.origin.clone(),
        expected_subject: flags.expect_dn.clone(),
        is_echo: flags.echo,
        may_forge: flags.active,
        must_refuse,
        ..known
    })
}
