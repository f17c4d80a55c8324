//! What every kind of extension has in common.

use const_oid::AssociatedOid;

/// The contents of a kind of extension.
pub trait Extended: AssociatedOid + Sized {
    /// Nothing where they cannot be read.
    fn read(der: &[u8]) -> Option<Self>;
}
