//! Go: the texts of crypto/tls (handshake_client.go, handshake_server.go, common.go, auth.go, tls.go), crypto/x509
//! (verify.go, x509.go, parser.go, pem_decrypt.go) and net. Variable parts are left out.

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static LIST: List = List {
    program: "Go",
    otherwise: Client,
    marks: &["x509:", "tls:", "tls handshake", "remote error"],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- crypto/x509 ---
        0, "", "x509 malformed certificate|x509 malformed tbs certificate|x509 malformed" => FORMAT;
        0, "", "x509 trailing data|x509 invalid version|asn1 structure error|asn1 syntax error" => FORMAT;
        0, "", "x509 negative serial number|x509 invalid serial number" => STRICT;
        0, "", "x509 unhandled critical extension" => CRITICAL;
        0, "", "x509 decryption password incorrect|x509 no DEK info header in block" => PASSWORD;
        0, "", "x509 failed to parse private key|x509 unknown private key type|x509 failed to parse EC private key"
            => FORMAT;
        0, "", "use ParsePKCS8PrivateKey instead|use ParsePKCS1PrivateKey instead|use ParseECPrivateKey instead"
            => FORMAT;
        0, "", "x509 PKCS 8 wrapping contained private key with unknown algorithm" => FORMAT;
        0, "", "x509 unsupported elliptic curve|x509 only RSA and ECDSA public keys supported" => SCHEME;
        0, "", "x509 certificate is not standards compliant" => MALFORMED;
        0, "", "x509 certificate is not authorized to sign other certificates" => NOT_A_CA;
        0, "", "x509 invalid signature parent certificate cannot sign this kind of certificate" => NOT_A_CA;
        0, "", "x509 issuer name does not match subject from issuing certificate" => CHAIN_ORDER;
        0, "", "x509 issuer has name constraints but leaf" => NAME_CONSTRAINTS;
        0, "", "x509 unhandled name constraint|x509 leaf contains" => NAME_CONSTRAINTS;
        0, "", "x509 signature check attempts limit reached while verifying certificate chain" => PATH_LENGTH;
        0, "", "x509 cannot verify signature insecure algorithm|x509 certificate uses insecure algorithm"
            => WEAK;
        0, "", "x509 cannot verify signature algorithm unimplemented" => SCHEME;
        0, "", "x509 system root pool is not available on|x509 failed to load system roots" => TRUST_FILE;
        0, "", "x509 missing ASN.1 contents use ParseCertificate" => FORMAT;
        0, "", "x509 ECDSA verification failure|crypto rsa verification error" => SIGNATURE;
        // --- crypto/tls ---
        0, "", "tls server's certificate contains an unsupported type of public key" => SCHEME;
        0, "", "tls client certificate contains an unsupported public key" => SCHEME;
        0, "", "tls client's certificate contains an unsupported public key" => SCHEME.otherwise(Server);
        0, "", "tls unsupported certificate key|tls unsupported certificate curve|tls unsupported certificate"
            => SCHEME;
        0, "", "tls certificate RSA key size too small for supported signature algorithms" => WEAK;
        0, "", "tls server sent certificate containing RSA key larger than|tls client sent certificate containing RSA key larger than"
            => WEAK;
        0, "", "tls no certificates configured|tls neither Certificates GetCertificate nor GetConfigForClient set"
            => NO_KEY;
        0, "", "tls failed to parse certificate from server|tls failed to parse client certificate" => FORMAT;
        0, "", "tls failed to parse certificate" => FORMAT;
        0, "", "tls failed to verify client certificate" => UNVERIFIED_CHAIN.otherwise(Server);
        0, "", "tls failed to verify certificate|tls failed to verify server certificate" => UNVERIFIED_CHAIN;
        0, "", "tls invalid signature by the client certificate|tls invalid signature by the server certificate"
            => SIGNATURE;
        0, "", "tls private key does not match public key|tls private key type does not match public key type"
            => KEY_MISMATCH;
        0, "", "tls crypto PrivateKey does not implement|tls certificate private key does not implement"
            => TOKEN;
        0, "", "tls server selected unsupported protocol version|tls client offered only unsupported versions"
            => VERSION;
        0, "", "tls no supported versions satisfy MinVersion and MaxVersion" => VERSION;
        0, "", "tls server chose an unconfigured cipher suite|tls client offered only unsupported cipher suites"
            => CIPHER;
        0, "", "tls no cipher suite supported by both client and server" => CIPHER.otherwise(Server);
        0, "", "tls server selected unsupported group|tls server selected unsupported curve|tls no key exchanges supported"
            => GROUP;
        0, "", "tls server selected unadvertised ALPN protocol|tls server advertised unrequested ALPN extension"
            => ALPN;
        0, "", "tls unsupported SSLv2 handshake received|tls unknown" => MAYBE_NOT_TLS;
        0, "", "tls received record with version" => MAYBE_NOT_TLS;
        0, "", "tls unexpected message|tls invalid server finished hash|tls received unexpected handshake message"
            => VAGUE;
        0, "", "tls use of closed connection|tls protocol is shutdown" => CUT;
        0, "", "remote error tls" => VAGUE;
        // --- net/http, net, Kubernetes ---
        0, "", "no serving certificate available for the kubelet" => UNREADABLE;
        0, "", "net http TLS handshake timeout" => CUT;
        0, "", "http TLS handshake error from" => HANDSHAKE.otherwise(Client);
        0, "", "transport authentication handshake failed EOF" => CUT;
    },
};
