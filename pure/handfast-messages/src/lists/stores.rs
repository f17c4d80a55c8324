//! Databases, caches, brokers and search engines: PostgreSQL (libpq fe-secure-openssl.c, be-secure-openssl.c, auth.c,
//! lib/pq), MySQL and MariaDB (vio/viosslfactories.cc, client.cc), MongoDB (src/mongo/util/net/ssl_manager*.cpp), Redis
//! (src/tls.c), Kafka (common/network, librdkafka rdkafka_ssl.c), Elasticsearch (x-pack/plugin/core ssl) and Mosquitto
//! (src/net.c, lib/net_mosq.c).

use handfast_finding::Refuser::{Client, Server};

use crate::{
    list::{List, rows},
    meanings::*,
};

pub(crate) static SQL: List = List {
    program: "a database",
    otherwise: Client,
    marks: &[
        "postgres",
        "psql",
        "pq:",
        "mysql",
        "mariadb",
        "sqlstate",
        "hy000",
        "fatal:",
        "ssl error",
        "ssl connection error",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- PostgreSQL ---
        0, "", "SSL is not enabled on the server|server does not support SSL but SSL was required" => NOT_TLS;
        0, "", "server refuses SSL|the server does not support SSL connections" => NOT_TLS;
        0, "", "private key file has group or world access|private key has world access" => UNREADABLE;
        0, "", "private key file must be owned by|could not access private key file" => UNREADABLE;
        0, "", "could not read root certificate file|root certificate file does not exist" => TRUST_FILE;
        0, "", "could not load root certificate file|could not load system root certificate paths"
            => TRUST_FILE;
        0, "", "could not read certificate file|could not load server certificate file" => FILE;
        0, "", "could not load private key file|could not load private key" => FILE;
        0, "", "certificate does not match private key file|check of private key failed" => KEY_MISMATCH;
        0, "", "client certificates can only be checked if a root certificate store is available"
            => TRUST_FILE;
        0, "", "could not load SSL certificate revocation list file" => CRL;
        0, "", "connection requires a valid client certificate" => NO_CERTIFICATE;
        0, "", "certificate authentication failed for user" => NOT_ALLOWED;
        0, "", "server certificate for does not match host name" => NAME;
        0, "", "could not get server's host name from server certificate" => NAME;
        0, "", "could not accept SSL connection|could not establish SSL connection" => VAGUE;
        0, "", "may indicate that the client does not support any SSL protocol version between"
            => VERSION.otherwise(Server);
        0, "", "may indicate that the server does not support any SSL protocol version between" => VERSION;
        // --- MySQL, MariaDB ---
        0, "", "connections using insecure transport are prohibited" => NOT_TLS.otherwise(Server);
        0, "", "SSL connection is required but the server doesn't support it|SSL is required but the server"
            => NOT_TLS;
        0, "", "SSL CTX set default verify paths failed" => TRUST_PATH;
        0, "", "unable to get private key|SSL connection error unable to get private key" => FILE;
        0, "", "unable to get certificate|SSL connection error unable to get certificate" => FILE;
        0, "", "private key does not match the certificate public key" => KEY_MISMATCH;
        0, "", "SSL CTX new failed|SSL context is not usable without certificate and private key" => FILE;
        0, "", "failed to set ciphers to use|no valid ciphers" => CIPHER;
        0, "", "certificate verification failure the certificate is NOT trusted" => UNVERIFIED_CHAIN;
        0, "", "failed to verify the server certificate|SSL certificate validation failure"
            => UNVERIFIED_CHAIN;
        0, "", "validation of SSL server certificate failed" => UNVERIFIED_CHAIN;
        0, "", "cannot connect to MySQL using SSL" => VAGUE;
        0, "", "incorrect ASN1 tag value found" => FORMAT;
        0, "", "certificateFile does not contain a private key" => NO_KEY;
    },
};

pub(crate) static OTHERS: List = List {
    program: "a server",
    otherwise: Client,
    marks: &[
        "mongo",
        "redis",
        "kafka",
        "elastic",
        "rdkafka",
        "mosquitto",
        "network",
        "tls",
        "ssl",
    ],
    numbers: &[],
    prefix: "",
    plain: 4,
    rows: rows! {
        // --- MongoDB ---
        0, "", "the server is configured to only allow SSL connections|is configured to only allow SSL TLS connections"
            => NOT_TLS;
        0, "", "SSL handshake received but server is started without SSL support" => NOT_TLS;
        0, "", "SSLMode is set to requireSSL|network error while attempting to run command isMaster" => VAGUE;
        0, "", "no SSL certificate provided by peer|no TLS certificate provided by peer" => NO_CERTIFICATE;
        0, "", "the server certificate does not match the host name|the server certificate does not match the remote host name"
            => NAME;
        0, "", "SSL peer certificate validation failed|TLS peer certificate validation failed"
            => UNVERIFIED_CHAIN;
        0, "", "peer certificate validation failed certificate trust failure" => UNVERIFIED_CHAIN;
        0, "", "client connecting with server's own TLS certificate" => PURPOSE.otherwise(Server);
        0, "", "the provided SSL certificate is expired or not yet valid|server certificate has invalid validity"
            => DATES;
        0, "", "cannot read certificate file|cannot read PEM key file|can not set up PEM key file" => FILE;
        0, "", "no user with name found with x509|could not find user" => NOT_ALLOWED;
        0, "", "client certificate's subject name does not match|there is no x.509 client certificate matching the user"
            => NOT_ALLOWED;
        // --- Redis ---
        0, "", "unencrypted connection is prohibited" => NOT_TLS.otherwise(Server);
        0, "", "error accepting a client connection" => HANDSHAKE.otherwise(Client);
        0, "", "failed to configure CA certificate s file directory|failed to load CA certificate"
            => TRUST_FILE;
        0, "", "failed to load certificate|failed to load private key|failed to load key" => FILE;
        0, "", "tls client cert file must be set|either tls ca cert file or tls ca cert dir must be specified"
            => TRUST_FILE;
        0, "", "failed to initialize TLS connection|failed to negotiate a TLS connection" => VAGUE;
        // --- Kafka ---
        0, "", "failed authentication with SSL handshake failed|failed authentication due to SSL handshake failed"
            => VAGUE;
        0, "SslAuthenticationException", "" => HANDSHAKE;
        0, "TopicAuthorizationException|GroupAuthorizationException|ClusterAuthorizationException", ""
            => NOT_ALLOWED;
        0, "TransactionalIdAuthorizationException", "not authorized to access topics|not authorized to access group"
            => NOT_ALLOWED;
        0, "", "broker certificate could not be verified" => UNVERIFIED_CHAIN;
        0, "", "client SSL authentication might be required see ssl key location and ssl certificate location"
            => NO_CERTIFICATE;
        0, "", "connecting to a PLAINTEXT broker listener|connecting to a SSL listener" => NOT_TLS;
        0, "", "disconnected while requesting ApiVersion might be caused by incorrect security protocol"
            => NOT_TLS;
        0, "", "bootstrap broker disconnected" => CUT;
        0, "InvalidReceiveException", "invalid receive size larger than|invalid receive" => NOT_TLS;
        0, "", "failed to load SSL keystore" => FILE;
        0, "", "ssl ca location failed" => TRUST_FILE;
        0, "", "ssl certificate location failed|ssl key location failed|ssl keystore location failed" => FILE;
        // --- Elasticsearch, OpenSearch, Logstash ---
        0, "", "client did not trust this server's certificate closing connection" => CLIENT_REFUSED;
        0, "", "client did not trust server's certificate closing connection" => CLIENT_REFUSED;
        0, "", "failed to establish trust with server|certificate is not trusted in this ssl context"
            => UNTRUSTED.otherwise(Client);
        0, "", "failed to establish trust with client" => UNTRUSTED.otherwise(Server);
        0, "", "is not configured to trust that issuer|no certificate in this ssl context trusts"
            => UNTRUSTED;
        0, "", "received plaintext http traffic on an https channel|received plaintext traffic on an encrypted channel"
            => NOT_TLS;
        0, "", "plaintext traffic on an encrypted channel|SSL TLS request received but SSL TLS is not enabled"
            => NOT_TLS;
        0, "", "because the file does not exist|because the file is not readable|because access to read the file is blocked"
            => UNREADABLE;
        0, "", "cannot read configured PEM|cannot load PEM private key|cannot load PEM certificate" => FILE;
        0, "", "cannot read configured keystore|cannot read configured truststore" => FILE;
        0, "", "the keystore does not contain a trusted certificate entry|does not contain any trusted certificate entries"
            => TRUST_FILE;
        0, "", "the keystore does not contain any certificates|does not contain any key entries" => NO_KEY;
        // --- Mosquitto ---
        0, "", "unable to load CA certificates|problem setting TLS options" => TRUST_FILE;
        0, "", "unable to load server certificate|unable to load server key file|unable to load client certificate"
            => FILE;
        0, "", "server key certificate inconsistent|client key file inconsistent|key certificate inconsistent"
            => KEY_MISMATCH;
        0, "", "host name verification failed" => NAME;
        // --- stunnel, rsyslog, Postfix, Dovecot ---
        0, "", "CERT pre verification error|rejected by CERT at depth" => UNVERIFIED_CHAIN;
        0, "", "peer did not provide a certificate not permitted to talk to it" => NO_CERTIFICATE;
        0, "", "peer name not authorized not permitted to talk to it" => IDENTITY;
        0, "", "server certificate not verified|server certificate not trusted" => UNTRUSTED;
        0, "", "cannot load RSA certificate and key data|cannot get RSA private key from file" => FILE;
        0, "", "client didn't present valid SSL certificate|client sent no certificate" => NO_CERTIFICATE;
    },
};
