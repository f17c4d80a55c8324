//! What lies beside the client's certificate: CAs with the name of another, and roots that nobody trusts. None of them
//! changes what is wrong.

use handfast_pki::{Certificate, code, name};

use super::{CERTAIN, CLIENT, LIKELY, Made, Must, ROW, Row, SERVER, of_rows};
use crate::{
    Case, Error,
    Program::{Haproxy, Openssl},
    cast::Cast,
    forge::{Holder, Wish},
};

/// Writes what lies in the folder `pair` beside the client's certificate.
fn beside(cast: &Cast<'_>, certificates: &[&Certificate]) -> Made {
    for (number, certificate) in certificates.iter().enumerate() {
        let file = format!("pair/beside-{number}.crt");
        cast.folder.write(&file, certificate.to_pem())?;
    }
    Ok(())
}

/// The client of a root of its own, which may not sign the client's name, and of which the server knows the new key alone.
fn outside_of_a_new_root(cast: &Cast<'_>) -> Made {
    let named = || Wish::ca("Lab Rotated Root", None, cast.now);
    let real = Holder::itself(&Wish {
        permitted_dns: Some("corp.example".into()),
        ..named()?
    })?;
    let old = Holder::itself(&named()?)?;
    cast.put("pair", &real.sign(&cast.client()?)?, &[])?;
    cast.folder.write("rotated.crt", real.certificate.to_pem())?;
    beside(cast, &[&old.certificate, &real.certificate])
}

fn too_long_beside_a_twin(cast: &Cast<'_>) -> Made {
    let last = cast.root.sign(&Wish::ca("Lab Last CA", Some(0), cast.now)?)?;
    let named = || Wish::ca("Lab CA Too Many", None, cast.now);
    let one_more = last.sign(&named()?)?;
    let twins = [cast.root.sign(&named()?)?, Holder::itself(&named()?)?];
    let client = one_more.sign(&cast.client()?)?;
    cast.put("pair", &client, &[&one_more.certificate, &last.certificate])?;
    let twins: Vec<_> = twins.iter().map(|twin| &twin.certificate).collect();
    beside(cast, &twins)
}

/// The client's certificate is good, and the root that the server has lies in the folder with the one before it.
fn old_root(cast: &Cast<'_>) -> Result<Holder, Error> {
    cast.leaf("pair", &cast.client()?)?;
    Holder::itself(&Wish::ca("Lab Root", None, cast.now)?)
}

fn partner(cast: &Cast<'_>) -> Result<(Holder, Holder), Error> {
    let of_partner = |common_name: &str| {
        Ok::<_, Error>(Wish {
            subject: name::distinguished(common_name, Some("Partner Inc"))?,
            ..Wish::ca(common_name, None, cast.now)?
        })
    };
    let root = Holder::itself(&of_partner("Partner Root")?)?;
    let between = root.sign(&of_partner("Partner Issuing CA")?)?;
    Ok((root, between))
}

fn partners_root(cast: &Cast<'_>) -> Made {
    let (root, between) = partner(cast)?;
    cast.put("shown", &between.sign(&cast.server()?)?, &[])?;
    cast.leaf("pair", &cast.client()?)?;
    beside(cast, &[&root.certificate])
}

fn partners_chain(cast: &Cast<'_>) -> Made {
    let (root, between) = partner(cast)?;
    cast.put("shown", &between.sign(&cast.server()?)?, &[])?;
    cast.leaf("pair", &cast.client()?)?;
    beside(cast, &[&root.certificate, &between.certificate])
}

fn twin_of_servers_intermediate(cast: &Cast<'_>) -> Made {
    cast.leaf("pair", &cast.client()?)?;
    let twin = cast.root.sign(&Wish::ca("Lab Issuing CA", None, cast.now)?)?;
    beside(cast, &[&twin.certificate])
}

const ROWS: &[Row] = &[
    Row {
        variant: "beside-an-old-root",
        description: "the client's name is outside of what its root may sign, and the root's old certificate lies beside",
        make: outside_of_a_new_root,
        setup: |setup, _| setup.client_ca = "rotated.crt".into(),
        pair: Some("pair"),
        must: Must::Say(code::NAME_CONSTRAINTS, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "beside-twins",
        description: "the client's chain is too long, and CAs with the name of its issuer lie beside",
        make: too_long_beside_a_twin,
        pair: Some("pair"),
        must: Must::Say(code::PATH_LENGTH, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "beside-an-old-root",
        description: "all is good, and the root's old certificate lies beside the client's",
        make: |cast| beside(cast, &[&old_root(cast)?.certificate]),
        pair: Some("pair"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "beside-partners-root",
        description: "the server's CA is a partner's, whose root lies beside the client's certificate",
        make: partners_root,
        setup: |setup, _| setup.pair = "shown".into(),
        pair: Some("pair"),
        must: Must::Say(code::SERVER_UNTRUSTED, CLIENT, CERTAIN),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "beside-partners-chain",
        description: "the server's CA is a partner's, whose root and intermediate lie beside the client's certificate",
        make: partners_chain,
        setup: |setup, _| setup.pair = "shown".into(),
        pair: Some("pair"),
        must: Must::SayBoth(code::SERVER_UNTRUSTED, code::SERVER_INTERMEDIATE),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "beside-twins",
        description: "the server sends its leaf alone, and a CA with the intermediate's name lies beside the client's",
        make: twin_of_servers_intermediate,
        setup: |setup, _| setup.pair = "server-leaf-only".into(),
        pair: Some("pair"),
        must: Must::Say(code::SERVER_INTERMEDIATE, CLIENT, LIKELY),
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    of_rows(ROWS)
}
