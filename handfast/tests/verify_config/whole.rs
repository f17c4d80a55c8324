//! Configurations as they are found: the whole of a machine in every layout, as Debian ships it, with certificates that
//! signed themselves, with backends that are down.

use super::{Place, place, strangers};

/// A site of nginx; `MUTUAL` and `FOLDER` stand for the usual.
const SITE: &str = "server {
    listen 443 ssl;
    server_name api.example;
    MUTUAL
    ssl_protocols TLSv1.3;
    location / { proxy_pass http://app.internal:8080/api; }
}
";

fn filled(place: &Place, text: &str) -> String {
    let folder = place.path("").display().to_string();
    text.replace("MUTUAL", super::MUTUAL)
        .replace("FOLDER", folder.trim_end_matches('/'))
}

/// That `file` rejects whom it must, and accepts whom it must.
#[track_caller]
fn is_good(place: &Place, file: &str) {
    let ran = place.run(&format!("verify-config {file} --json")).good();
    let report = ran.json();
    assert_eq!(report["wrongly_rejected"], 0, "{ran:#?}");
    assert!(
        report["cells"].as_array().is_some_and(|cells| !cells.is_empty()),
        "{ran:#?}"
    );
}

/// The server's certificate and key, and a CA of clients, each signed by itself.
fn self_signed(place: &Place) {
    for name in ["own", "clients"] {
        let made = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -subj /CN={name} -addext \
             subjectAltName=DNS:localhost -days 9 -out {name}.pem 2>/dev/null"
        );
        place.shell(&made).good();
    }
    place
        .shell("cat own.pem own.key > pair.pem && chmod 644 own.key pair.pem")
        .good();
}

#[test]
fn a_whole_nginx_conf_is_met_however_it_begins() {
    let place = place("site.conf", SITE);
    let site = place.read("site.conf");
    for (file, begin) in [
        ("nginx.conf", "events {}\nhttp {\n"),
        ("web.conf", "events { worker_connections 512; }\nhttp {\n"),
        ("web.conf", "# server {\nevents\n{\n}\n# listen 1;\nhttp\n{\n"),
        ("nginx.conf", "worker_processes 1; # events\nevents{}http{"),
    ] {
        place.write(file, format!("{begin}{site}}}\n"));
        is_good(&place, file);
    }
    // A part of one is told from it, whatever it has in it.
    place.write(
        "nginx.conf",
        format!("# events {{}}\nupstream http {{ server a:1; }}\n{site}"),
    );
    is_good(&place, "nginx.conf");
    let open = site.replace("ssl_verify_client on", "ssl_verify_client optional");
    place.write("nginx.conf", format!("events {{}}\nhttp {{\n{open}}}\n"));
    assert_eq!(strangers(&place, "nginx.conf"), ["none"]);
}

#[test]
fn nginx_as_debian_ships_it_is_met_with_its_sites() {
    let place = place("site.conf", SITE);
    let whole = "user www-data;\nworker_processes auto;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\ninclude \
                 FOLDER/modules-enabled/*.conf;\n\nevents {\n\tworker_connections 768;\n\t# multi_accept on;\n}\n\nhttp {\n\n\t##\n\t# Basic \
                 Settings\n\t##\n\n\tsendfile on;\n\ttcp_nopush on;\n\ttypes_hash_max_size 2048;\n\t# server_tokens \
                 off;\n\n\tinclude FOLDER/mime.types;\n\tdefault_type application/octet-stream;\n\n\tssl_protocols TLSv1 TLSv1.1 TLSv1.2 \
                 TLSv1.3; # Dropping SSLv3, ref: POODLE\n\tssl_prefer_server_ciphers on;\n\n\taccess_log \
                 /var/log/nginx/access.log;\n\n\tgzip on;\n\n\tinclude FOLDER/conf.d/*.conf;\n\tinclude \
                 FOLDER/sites-enabled/*;\n}\n\n#mail {\n#}\n";
    place.write("nginx.conf", filled(&place, whole));
    place.write("mime.types", "types {\n    text/html html htm shtml;\n}\n");
    for folder in ["modules-enabled", "conf.d", "sites-enabled"] {
        std::fs::create_dir(place.path(folder)).expect("a folder");
    }
    place.write("sites-enabled/api", place.read("site.conf"));
    place.write(
        "sites-enabled/default",
        "server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n\troot /var/www;\n}\n",
    );
    is_good(&place, "nginx.conf");
}

#[test]
fn apache_as_debian_ships_it_is_met_with_its_modules_and_sites() {
    let whole = "DefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nTimeout 300\nKeepAlive On\nUser \
                 ${APACHE_RUN_USER}\nGroup ${APACHE_RUN_GROUP}\nHostnameLookups Off\nErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel \
                 warn\nIncludeOptional mods-enabled/*.load\nIncludeOptional mods-enabled/*.conf\nInclude ports.conf\n<Directory \
                 />\n\tOptions FollowSymLinks\n\tAllowOverride None\n\tRequire all denied\n</Directory>\n<Directory \
                 FOLDER/www/>\n\tRequire all granted\n</Directory>\nAccessFileName .htaccess\n<FilesMatch \"^\\.ht\">\n\tRequire all \
                 denied\n</FilesMatch>\nLogFormat \"%h %l\" common\nIncludeOptional conf-enabled/*.conf\nIncludeOptional \
                 sites-enabled/*.conf\n";
    let site = "<IfModule mod_ssl.c>\n\t<VirtualHost _default_:443>\n\t\tServerName api.example\n\t\tDocumentRoot \
                FOLDER/www\n\t\tErrorLog ${APACHE_LOG_DIR}/error.log\n\t\tCustomLog ${APACHE_LOG_DIR}/access.log \
                combined\n\t\tSSLEngine on\n\t\tSSLCertificateFile\tFOLDER/pair.pem\n\t\tSSLCACertificatePath \
                FOLDER/cas/\n\t\tSSLCARevocationPath FOLDER/crls/\n\t\tSSLCARevocationCheck chain\n\t\tSSLVerifyClient \
                require\n\t\tSSLVerifyDepth 3\n\t</VirtualHost>\n</IfModule>\n";
    let place = place("none", "");
    let folders = [
        "mods-enabled",
        "conf-enabled",
        "sites-enabled",
        "www",
        "cas",
        "crls",
    ];
    for folder in folders {
        std::fs::create_dir(place.path(folder)).expect("a folder");
    }
    self_signed(&place);
    place.write("apache2.conf", filled(&place, whole));
    place.write("www/index.html", "hello\n");
    place.write("ports.conf", "Listen 80\n\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n\n<IfModule mod_gnutls.c>\n\tListen 443\n</IfModule>\n");
    place.write(
        "mods-enabled/ssl.load",
        "# Depends: setenvif mime socache_shmcb\nLoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n",
    );
    place.write(
        "mods-enabled/dir.load",
        "LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\n",
    );
    place.write(
        "mods-enabled/mpm_event.load",
        "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n",
    );
    place.write(
        "mods-enabled/ssl.conf",
        "<IfModule mod_ssl.c>\n\tSSLSessionCache\tshmcb:${APACHE_RUN_DIR}/ssl_scache(512000)\n\tSSLCipherSuite \
         HIGH:!aNULL\n\tSSLProtocol all -SSLv3\n</IfModule>\n",
    );
    place.write("sites-enabled/api.conf", filled(&place, site));
    place.shell("chmod -R a+rX .").good();
    is_good(&place, "apache2.conf");
    let open = filled(&place, site).replace("SSLVerifyClient require", "SSLVerifyClient optional");
    place.write("sites-enabled/api.conf", open);
    assert_eq!(strangers(&place, "apache2.conf"), ["none"]);
}

#[test]
fn haproxy_as_debian_ships_it_is_met_with_a_list_of_certificates() {
    let whole = "global\n\tlog /dev/log\tlocal0\n\tlog /dev/log\tlocal1 notice\n\tchroot /var/lib/haproxy\n\tstats socket \
                 /run/haproxy/admin.sock mode 660 level admin\n\tstats timeout 30s\n\tuser haproxy\n\tgroup haproxy\n\tdaemon\n\n\tca-base \
                 FOLDER\n\tcrt-base FOLDER\n\n\tssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets\n\ndefaults\n\tlog\tglobal\n\tmode\thttp\n\toption\thttplog\n\toption\tdontlognull\n        timeout connect 5000\n        timeout client  50000\n        timeout server  50000\n\nfrontend \
                 api\n\tbind :443 ssl crt-list FOLDER/list.txt ca-file clients.pem verify required crl-file FOLDER/list.crl\n\tdefault_backend \
                 api\n\nbackend api\n\tserver one app.internal:80 check\n";
    let place = place("none", "");
    self_signed(&place);
    place.write("haproxy.cfg", filled(&place, whole));
    place.write(
        "list.txt",
        "# the site\npair.pem [alpn h2,http/1.1] api.example\n",
    );
    is_good(&place, "haproxy.cfg");
    place.write(
        "list.txt",
        "pair.pem [verify optional] api.example\npair.pem other.example\n",
    );
    assert_eq!(strangers(&place, "haproxy.cfg"), ["none"]);
}

#[test]
fn a_certificate_that_signed_itself_is_the_servers_where_the_server_names_it() {
    let place = place("none", "");
    self_signed(&place);
    let nginx = "server {\n  listen 443 ssl;\n  ssl_certificate own.pem;\n  ssl_certificate_key own.key;\n  ssl_client_certificate \
                 clients.pem;\n  ssl_crl list.crl;\n  ssl_verify_client on;\n  ssl_verify_depth 3;\n  ssl_protocols TLSv1.3;\n  return \
                 200;\n}\n";
    place.write("nginx.conf", nginx);
    is_good(&place, "nginx.conf");
    let haproxy = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nfrontend api\n  bind :443 ssl crt \
                   FOLDER/pair.pem ca-file FOLDER/clients.pem verify required crl-file FOLDER/list.crl\n  http-request return status \
                   200\n";
    place.write("haproxy.cfg", filled(&place, haproxy));
    is_good(&place, "haproxy.cfg");
    // The same file may be both.
    place.write("nginx.conf", nginx.replace("clients.pem", "own.pem"));
    is_good(&place, "nginx.conf");
    let mosquitto = "listener 8883\ncertfile FOLDER/own.pem\nkeyfile FOLDER/own.key\ncafile FOLDER/clients.pem\ncrlfile \
                     FOLDER/list.crl\nrequire_certificate true\nallow_anonymous true\n";
    place.write("mosquitto.conf", filled(&place, mosquitto));
    assert_eq!(strangers(&place, "mosquitto.conf"), [""; 0]);
}

#[test]
fn a_backend_that_is_down_hides_neither_tls_nor_the_verdict() {
    let place = place("none", "");
    self_signed(&place);
    // HAProxy answers after its retries, which take some seconds.
    let text = "defaults\n  mode http\n  retries 2\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\nfrontend api\n  bind \
                127.0.0.1:8443 ssl crt FOLDER/pair.pem ca-file FOLDER/clients.pem verify required crl-file FOLDER/list.crl ssl-min-ver \
                TLSv1.3\n  default_backend api\nbackend api\n  server one unix@/run/nowhere.sock\n";
    place.write("haproxy.cfg", filled(&place, text));
    is_good(&place, "haproxy.cfg");
    let open = filled(&place, text).replace("verify required", "verify optional");
    place.write("haproxy.cfg", open);
    assert_eq!(strangers(&place, "haproxy.cfg"), ["none"]);
}
