//! Databases and brokers, without the users and places of this machine.

use super::{place, revoked_alone, strangers};

#[test]
fn redis_is_met_with_its_password_and_its_port_in_the_clear_left_out() {
    let text = "bind 10.0.0.1\nport 6379\ntls-port 6380\ndaemonize yes\nlogfile FOLDER/real.log\nrequirepass secret\n\
                tls-cert-file FOLDER/server/tls.crt\ntls-key-file FOLDER/server/tls.key\ntls-ca-cert-file \
                FOLDER/server/ca.crt\ntls-protocols \"TLSv1.2 TLSv1.3\"\n";
    let place = place("redis.conf", text);
    revoked_alone(&place, "redis.conf");
    let text = place.read("redis.conf");
    place.write("redis.conf", format!("{text}tls-auth-clients optional\n"));
    assert!(strangers(&place, "redis.conf").contains(&"none".to_owned()));
    // A password that is wanted after the handshake does not hide that the handshake lets in a weak key.
    place.write("redis.conf", format!("{text}tls-ciphers DEFAULT@SECLEVEL=0\n"));
    assert_eq!(strangers(&place, "redis.conf"), ["revoked", "rsa-1024"]);
}

#[test]
fn rabbitmq_is_met_without_its_other_listeners() {
    let text = "listeners.tcp.default = 5672\nlisteners.ssl.default = 5671\nmanagement.tcp.port = 15672\n\
                ssl_options.certfile = FOLDER/server/tls.crt\nssl_options.keyfile = FOLDER/server/tls.key\n\
                ssl_options.cacertfile = FOLDER/server/ca.crt\nssl_options.verify = verify_peer\n\
                ssl_options.fail_if_no_peer_cert = true\nssl_options.depth = 3\nssl_options.versions.1 = tlsv1.2\n";
    let place = place("rabbitmq.conf", text);
    revoked_alone(&place, "rabbitmq.conf");
}

#[test]
fn mosquitto_is_met_on_loopback_alone() {
    let place = place(
        "mosquitto.conf",
        "pid_file FOLDER/real.pid\nlog_dest file FOLDER/real.log\nlistener 8883\ncertfile FOLDER/server/tls.crt\nkeyfile \
         FOLDER/server/tls.key\ncafile FOLDER/server/ca.crt\ncrlfile FOLDER/list.crl\nrequire_certificate \
         true\nallow_anonymous true\n",
    );
    let before = place.names();
    assert_eq!(strangers(&place, "mosquitto.conf"), [""; 0]);
    assert_eq!(place.names(), before, "neither a log nor a process id is written");
    let text = place.read("mosquitto.conf");
    place.write(
        "mosquitto.conf",
        text.replace("listener 8883", "listener 8883 10.0.0.1")
            .replace("require_certificate true\n", ""),
    );
    assert!(strangers(&place, "mosquitto.conf").contains(&"none".to_owned()));
}

#[test]
fn databases_are_met_with_the_users_of_the_trial() {
    let text = "data_directory = '/var/lib/nowhere'\nport = 5432\nlisten_addresses = '*'\nssl = on\nssl_cert_file = \
                'FOLDER/server/tls.crt'\nssl_key_file = 'FOLDER/server/tls.key'\nssl_ca_file = \
                'FOLDER/server/ca.crt'\nssl_crl_file = 'FOLDER/list.crl'\n";
    let place = place("postgresql.conf", text);
    let ran = place.run("verify-config postgresql.conf --json").good();
    assert!(
        ran.stderr.contains("note: pg_hba.conf is that of the trial"),
        "{ran:#?}"
    );
    let text = place.read("postgresql.conf");
    std::fs::create_dir(place.path("parts")).expect("a folder");
    let (text, list) = text.split_once("ssl_crl_file").expect("the list");
    place.write("postgresql.conf", format!("{text}include_dir = 'parts'\n"));
    assert_eq!(strangers(&place, "postgresql.conf"), ["revoked"]);
    place.write("parts/lists.conf", format!("ssl_crl_file{list}"));
    assert_eq!(strangers(&place, "postgresql.conf"), [""; 0]);
    let folder = place.path("").display().to_string();
    let text = "[mysqld]\ndatadir = /var/lib/nowhere\npid-file = /run/nowhere.pid\nbind-address = 10.0.0.1\nssl-cert = \
                FOLDER/server/tls.crt\nssl-key = FOLDER/server/tls.key\nssl-ca = FOLDER/server/ca.crt\n"
        .replace("FOLDER", folder.trim_end_matches('/'));
    place.write("my.cnf", format!("{text}ssl-crl = {folder}/list.crl\n"));
    assert_eq!(strangers(&place, "my.cnf"), [""; 0]);
    place.write("my.cnf", &text);
    assert_eq!(strangers(&place, "my.cnf"), ["revoked"]);
    let text = "ETCD_DATA_DIR=/var/lib/nowhere\nETCD_LISTEN_CLIENT_URLS=https://0.0.0.0:2379\nETCD_CERT_FILE=FOLDER/server/\
                tls.crt\nETCD_KEY_FILE=FOLDER/server/tls.key\nETCD_TRUSTED_CA_FILE=FOLDER/server/ca.crt\n"
        .replace("FOLDER", folder.trim_end_matches('/'));
    place.write("etcd.env", format!("{text}ETCD_CLIENT_CERT_AUTH=true\n"));
    revoked_alone(&place, "etcd.env");
    // A file of CAs alone has etcd ask; without one it asks nobody.
    place.write(
        "etcd.env",
        text.replace("ETCD_TRUSTED_CA_FILE", "ETCD_NO_CA_FILE"),
    );
    assert!(strangers(&place, "etcd.env").contains(&"none".to_owned()));
}
