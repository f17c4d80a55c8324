//! Whose access tokens a route takes: the table `bound-tokens`.

use std::path::Path;

use handfast_finding::Problem;
use handfast_pki::text::printable;
use handfast_settings::{Lined, Table};
use http::Uri;

use super::{clients::kept, invalid, keys::RawBoundTokens};
use crate::sources::{BoundTokensSource, ListPlace};

/// What the table says; everything that is wrong with it is added to `errors`.
pub(super) fn resolve(
    raw: &Lined<RawBoundTokens>,
    folder: &Path,
    errors: &mut Vec<Problem>,
) -> Option<BoundTokensSource> {
    let Lined { table, place, .. } = raw;
    for key in table.missing() {
        errors.push(invalid(format_args!("\"{key}\" is missing")).place(Some(place.clone())));
    }
    let (jwks, issuer) = (table.jwks.as_ref()?, table.issuer.as_ref()?);
    let url = &jwks.text;
    let keys = if !url.contains("://") {
        ListPlace::File(folder.join(url))
    } else {
        // Nothing but the connection says whose keys they are.
        let parsed = url.parse::<Uri>().ok();
        let is_good = |uri: &Uri| uri.scheme_str() == Some("https") && uri.host().is_some();
        if !parsed.as_ref().is_some_and(is_good) {
            let message = format!("\"{}\" is no URL of keys that can be trusted", printable(url));
            errors.push(jwks.wrong(invalid(message).help("write a file, or https://HOST/PATH")));
            return None;
        }
        ListPlace::Url {
            url: url.clone(),
            kept: kept(url, "jwks"),
        }
    };
    Some(BoundTokensSource {
        keys,
        issuer: issuer.text.clone(),
        audience: table.audience.as_ref().map(|text| text.text.clone()),
    })
}
