//! The lists, a file per library or family of programs. Each names its source; the rows are facts of it, the meanings
//! are ours.

mod apple;
mod aws;
mod curl;
mod erlang;
mod gnutls;
mod go;
mod java;
mod mbedtls;
mod nss;
mod openssl;
mod openssl_verify;
mod platforms;
mod rustls;
mod servers;
mod stores;
mod windows;
mod wolfssl;

use super::list::List;

/// All of them. A name or text that stands in two is taken from the first.
pub(super) static LISTS: &[&List] = &[
    &openssl_verify::LIST,
    &openssl::LIST,
    &openssl::FILES,
    &gnutls::LIST,
    &gnutls::STATUS,
    &nss::LIST,
    &windows::LIST,
    &windows::WINHTTP,
    &windows::DOTNET,
    &apple::LIST,
    &apple::SECURITY,
    &mbedtls::LIST,
    &mbedtls::FLAGS,
    &wolfssl::LIST,
    &rustls::LIST,
    &go::LIST,
    &java::LIST,
    &erlang::LIST,
    &aws::LIST,
    &aws::S2N,
    &curl::LIST,
    &servers::APACHE,
    &servers::NGINX,
    &servers::HAPROXY,
    &servers::ENVOY,
    &stores::SQL,
    &stores::OTHERS,
    &platforms::LIST,
    &platforms::GRPC,
];
