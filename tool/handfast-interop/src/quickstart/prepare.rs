//! The two CAs and the certificates of all who take part.

use std::path::Path;

use handfast_ca::{Applicant, Authority, CertRequest, NewAuthority};
use handfast_credentials::files::{Claim, Piece};
use handfast_finding::Problem;
use handfast_pki::{KeyKind, PrivateKey, Profile, certificate::chain_to_pem, name::AltName};
use jiff::Timestamp;

use crate::error::Result;

const SERVER: &str = "spiffe://quickstart/proxy";
pub(super) const CLIENT: &str = "spiffe://quickstart/client";
const GUEST: &str = "spiffe://quickstart/guest";

/// Creates the two CAs, where they are not there yet, and fresh certificates.
pub fn prepare(dir: &Path) -> Result<()> {
    let ours = authority(&dir.join("ca"), "Quickstart")?;
    let others = authority(&dir.join("stranger-ca"), "Stranger")?;
    let uri = |text| AltName::uri(text).map_err(|error| Problem::about("quickstart", &error));
    let local = [
        AltName::Dns("localhost".into()),
        AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
    ];
    let proxy: Vec<AltName> = std::iter::once(uri(SERVER)?).chain(local).collect();
    pair(&ours, Profile::Server, proxy, &dir.join("server"))?;
    pair(&ours, Profile::Client, vec![uri(CLIENT)?], &dir.join("client"))?;
    pair(&ours, Profile::Client, vec![uri(GUEST)?], &dir.join("guest"))?;
    pair(
        &others,
        Profile::Client,
        vec![uri(CLIENT)?],
        &dir.join("stranger"),
    )
}

fn authority(place: &Path, name: &str) -> Result<Authority> {
    if place.exists() {
        return Ok(Authority::open(place)?);
    }
    let new = NewAuthority {
        name: name.to_owned(),
        key: KeyKind::P256.into(),
        bounds: None,
    };
    Ok(Authority::create(place, &new, Timestamp::now())?)
}

/// A key and its certificate in `out`, over what an earlier run left there.
fn pair(authority: &Authority, profile: Profile, names: Vec<AltName>, out: &Path) -> Result<()> {
    let key = PrivateKey::generate(KeyKind::P256).map_err(|error| Problem::about("quickstart", &error))?;
    let applicant = Applicant::holding(&key);
    let request = CertRequest {
        profile: profile.into(),
        applicant,
        names,
        common_name: None,
        lifetime: None,
        roles: Vec::new(),
    };
    let [key_file, certificate, ca] = ["tls.key", "tls.crt", "ca.crt"].map(|name| out.join(name));
    let claim = Claim::take(&[&key_file, &certificate, &ca], true)?;
    let issued = authority.issue(request, Timestamp::now())?;
    let root = authority
        .root()
        .ok_or_else(|| Problem::bug("the CA has no root"))?;
    // What an earlier run left here is ours, and goes without a word.
    claim.write(&[
        Piece::secret(&key_file, key.to_pem().as_bytes()),
        Piece::public(&certificate, chain_to_pem(&issued.chain()).as_bytes()),
        Piece::public(&ca, root.to_pem().as_bytes()),
    ])?;
    Ok(())
}
