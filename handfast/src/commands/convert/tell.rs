//! What was found, and everything that is not as it was.

use handfast_credentials::convert::{Goods, Output};
use handfast_finding::when::when;
use handfast_pki::PrivateKey;
use handfast_report::style::GOOD;
use jiff::Timestamp;

use crate::words::Words;

pub(super) fn tell(
    form: &str,
    output: &Output<'_>,
    goods: &Goods,
    notes: &[String],
    now: Timestamp,
    words: &Words,
) {
    match (goods.chain.chain.first(), &goods.key) {
        (Some(_), _) if goods.chain.cas_alone => {
            for ca in &goods.chain.chain {
                words.data(format_args!("{GOOD}{}{GOOD:#}, a CA, as {form}", ca.called()));
            }
        }
        (Some(leaf), key) => {
            let with = key.as_ref().map(PrivateKey::public_key);
            let with = with.map(|key| format!(" with its {} key", key.algorithm()));
            words.data(format_args!(
                "{GOOD}{}{GOOD:#}{} as {form}",
                leaf.called(),
                with.unwrap_or_default()
            ));
            words.data(format_args!("  until   {}", when(leaf.not_after(), now)));
            let above = output.holds_chain().then(|| goods.certificates());
            for above in above.iter().flatten().skip(1) {
                words.data(format_args!("  above   {}", above.called()));
            }
        }
        (None, Some(key)) => words.data(format_args!(
            "{GOOD}a {} key{GOOD:#} as {form}",
            key.public_key().algorithm()
        )),
        (None, None) => {}
    }
    for note in notes {
        words.talk(format_args!("note: {note}"));
    }
    let mut ended = goods.certificates();
    ended.retain(|certificate| certificate.not_after() < now);
    for certificate in ended {
        words.talk(format_args!(
            "note: \"{}\" ended {}  [{}]",
            certificate.called(),
            when(certificate.not_after(), now),
            handfast_pki::code::EXPIRED
        ));
    }
}
