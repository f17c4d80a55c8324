//! What there is to write: certificates and a key.

use handfast_pki::{Certificate, PrivateKey, Shown, chain::Repaired};

/// What there is to write.
pub struct Goods {
    /// The chain in order.
    pub chain: Repaired,
    /// The key that belongs to it.
    pub key: Option<PrivateKey>,
    /// The certificates of FILE as they were.
    pub given: Vec<Certificate>,
    /// Whether the root shall be written.
    pub with_root: bool,
    /// What was in FILE and is neither certificate nor key.
    pub passed_over: Vec<Shown>,
}

impl Goods {
    /// Leaf first, the root at the end where it is wanted.
    pub fn certificates(&self) -> Vec<Certificate> {
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
