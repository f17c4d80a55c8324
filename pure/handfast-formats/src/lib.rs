//! Files that hold keys and certificates in other forms than PEM and DER: PKCS#12, PKCS#7, the keystores of Java, the
//! Secrets of Kubernetes, encrypted PKCS#8.
//!
//! In: the bytes of a file, and the password where one is needed. Out: the keys and certificates in it, or the bytes of
//! a new file. [`open`] opens a file of any form, for every command; [`gather`] makes one key and its chain of that. Errors are those of `handfast-pki` and repeat nothing of a file.

#![warn(missing_docs)]

mod algorithms;
pub mod container;
pub mod gather;
pub mod jks;
pub mod kubernetes;
pub mod locked;
pub mod open;
pub mod pkcs7;
