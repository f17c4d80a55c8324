//! What there is and is not written.

use super::{goods::Goods, missing::counted, output::Output, wanted::Form};

impl Output<'_> {
    /// A note for each thing.
    pub(super) fn left_out(&self, goods: &Goods) -> Vec<String> {
        let mut notes = Vec::new();
        let form = self.wanted.to.name();
        let key_is_written =
            self.wanted.key_out.is_some() || !matches!(self.wanted.to, Form::Der | Form::P7b);
        if goods.key.is_some() && !key_is_written && !goods.chain.chain.is_empty() {
            notes.push(format!(
                "left out: the private key, which {form} does not hold beside (--key-out FILE)"
            ));
        }
        if self.wanted.to == Form::Der && goods.chain.chain.len() > 1 {
            notes.push(format!(
                "left out: {} above the leaf; DER holds one certificate",
                counted(goods.chain.chain.len() - 1)
            ));
        }
        if self.takes_root() {
            return notes;
        }
        let roots = goods.roots();
        notes.extend(
            roots
                .iter()
                .filter(|root| goods.given.contains(root))
                .map(|root| {
                    format!(
                        "left out: the root \"{}\"; relying parties already have it (--with-root)",
                        root.called()
                    )
                }),
        );
        notes
    }
}
