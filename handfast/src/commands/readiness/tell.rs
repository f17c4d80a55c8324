//! A client that would be rejected, for people.

use handfast_audit::readiness::Client;
use handfast_pki::text::printable;

use crate::words::Words;

/// Who, why, and since when.
pub(super) fn tell(client: &Client, words: &Words) {
    words.data(printable(&client.called));
    for said in &client.rejections {
        let what = said
            .request
            .as_ref()
            .map(|request| format!("{}: ", printable(request)));
        let what = what.unwrap_or_default();
        words.data(format_args!(
            "  {what}{}  [{}]",
            printable(&said.reason),
            printable(&said.code)
        ));
        let already = if said.observed { "" } else { "rejected already, " };
        words.data(format_args!(
            "  {already}{}, first {}, last {}",
            times(said.times),
            said.first,
            said.last
        ));
    }
    let addresses: Vec<String> = client
        .addresses
        .iter()
        .map(|address| printable(address))
        .collect();
    words.data(format_args!("  from {}", addresses.join(", ")));
    if let Some(accepted) = client.accepted {
        words.data(format_args!("  accepted last at {accepted}"));
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}
