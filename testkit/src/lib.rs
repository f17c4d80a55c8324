//! A lab for tests: certificates, servers and clients made at run time.
