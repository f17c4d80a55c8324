//! What there is to write.

use handfast_pki::{Certificate, PrivateKey, chain::Repaired};

/// What there is to write.
pub(super) struct Goods {
    pub(super) chain: Repaired,
    pub(super) key: Option<PrivateKey>,
    /// The certificates of FILE as they were.
    pub(super) given: Vec<Certificate>,
    pub(super) with_root: bool,
}

impl Goods {
    /// Leaf first, the root at the end where it is wanted.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        let root = self.chain.root.iter().filter(|_| self.with_root);
        self.chain.chain.iter().chain(root).cloned().collect()
    }

    pub(super) fn roots(&self) -> Vec<Certificate> {
        self.chain
            .root
            .iter()
            .chain(&self.chain.other_roots)
            .cloned()
            .collect()
    }
}
