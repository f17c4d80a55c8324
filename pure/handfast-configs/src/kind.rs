//! The programs whose configurations can be read.

use std::path::Path;

/// A program whose configuration we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// nginx, with its own language of blocks and directives.
    Nginx,
    /// Apache httpd.
    Apache,
    /// HAProxy.
    HaProxy,
    /// Envoy's bootstrap, YAML or JSON.
    Envoy,
    /// A Caddyfile.
    Caddy,
}

impl Kind {
    /// With the names by which users choose.
    pub const ALL: [(&'static str, Self); 5] = [
        ("nginx", Self::Nginx),
        ("apache", Self::Apache),
        ("haproxy", Self::HaProxy),
        ("envoy", Self::Envoy),
        ("caddy", Self::Caddy),
    ];

    /// The name by which users choose it.
    pub fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(word, _)| word)
    }

    /// The one that users choose by `word`.
    pub fn of_word(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == word);
        found.map(|(_, kind)| *kind)
    }

    /// As its makers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::HaProxy => "HAProxy",
            Self::Envoy => "Envoy",
            Self::Caddy => "Caddy",
        }
    }
}

/// Whether `text` is a configuration of our own.
pub(super) fn is_ours(path: &Path, text: &str) -> bool {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let sections = ["[proxy]", "[tunnel]", "[authority]"];
    is_toml && text.lines().any(|line| sections.contains(&line.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::telling::{Told, told};
    use super::*;

    const OTHERS: &[(&str, &str, &str)] = &[
        (
            "traefik.yml",
            "tls:\n  options:\n    mtls:\n      clientAuth: {caFiles: [ca.pem]}\n",
            "Traefik",
        ),
        (
            "dynamic.json",
            "{\"http\": {\"routers\": {\"a\": {}}}}",
            "Traefik",
        ),
        (
            "traefik.yml",
            "entryPoints:\n  web:\n    address: :80\n",
            "Traefik",
        ),
        ("traefik.toml", "[entryPoints]\n  [entryPoints.web]\n", "Traefik"),
        (
            "envoy/x.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
            "an Ingress of Kubernetes",
        ),
        (
            "x.yaml",
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n",
            "the Gateway API of Kubernetes",
        ),
        (
            "x.yaml",
            "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nspec: {x: {\"@type\": type.googleapis.com/envoy.x}}\n",
            "Istio",
        ),
        (
            "x.yaml",
            "apiVersion: v1\nkind: Service\n",
            "an object of Kubernetes",
        ),
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx\n",
            "Docker Compose",
        ),
        (
            "values.yaml",
            "image:\n  repository: x\ningress:\n  enabled: true\n",
            "values of a Helm chart",
        ),
        (
            "Chart.yaml",
            "apiVersion: v2\nname: x\nversion: 1.0.0\n",
            "a Helm chart",
        ),
        ("mongod.conf", "net:\n  tls:\n    mode: requireTLS\n", "MongoDB"),
        (
            "application.yml",
            "server:\n  ssl:\n    client-auth: need\n",
            "Spring Boot",
        ),
        ("server.xml", "<Server port=\"8005\">\n</Server>\n", "Tomcat"),
        (
            "web.config",
            "<?xml version=\"1.0\"?>\n<configuration>\n</configuration>\n",
            "IIS, or another program of .NET",
        ),
        (
            "main.tf",
            "resource \"aws_lb\" \"x\" {\n  name = \"y\"\n}\n",
            "Terraform or Nomad",
        ),
        ("named.conf", "options {\n  directory \"/var\";\n};\n", "BIND"),
        (
            "x.json",
            "{\"listen\": [\":443\"], \"routes\": [{\"handle\": [{\"handler\": \"reverse_proxy\"}]}]}",
            "a part of Caddy's JSON; give the whole, with its \"apps\"",
        ),
    ];

    /// Settings of programs that are not known, in the forms of those that are.
    const UNKNOWN: &[(&str, &str)] = &[
        ("x.yaml", "a: 1\nb: {}\n"),
        ("x.json", "{\"a\": {\"b\": 1}}"),
        ("x.yaml", "- name: a\n  value: b\n"),
        ("postgresql.conf", "ssl = on\nssl_ca_file = 'root.crt'\n"),
        (
            "dovecot.conf",
            "ssl = required\nservice imap-login {\n  inet_listener imaps {\n  }\n}\n",
        ),
        ("stunnel.conf", "[https]\naccept = 443\nverifyChain = yes\n"),
        ("mosquitto.conf", "listener 8883\nrequire_certificate true\n"),
        ("redis.conf", "tls-port 6379\ntls-auth-clients yes\n"),
        ("setup.cfg", "[metadata]\nname = x\n"),
        ("keepalived.conf", "vrrp_instance VI_1 {\n  state MASTER\n}\n"),
        ("notes.txt", "listen to what I say about it\n"),
        ("my.cnf", "[mysqld]\nssl-ca=ca.pem\n"),
    ];

    #[test]
    fn the_kind_is_told_by_text_and_by_name() {
        for (name, text, kind) in [
            ("x.conf", "# nginx\nworker_processes 1;\n", Kind::Nginx),
            ("x.conf", "http {\n}\n", Kind::Nginx),
            ("x.conf", "events {}\n# all of it\nhttp {}\n", Kind::Nginx),
            ("x.conf", "events\n{\n}\nhttp\n{\n}\n", Kind::Nginx),
            ("x.conf", "<VirtualHost *:443>\n</VirtualHost>\n", Kind::Apache),
            ("x.conf", "  SSLVerifyClient none\n", Kind::Apache),
            ("x", "global\n  maxconn 10\n", Kind::HaProxy),
            ("x", "static_resources:\n  listeners: []\n", Kind::Envoy),
            ("x", "{ \"static_resources\": {} }", Kind::Envoy),
            ("x", "filter_chains:\n- filters: []\n", Kind::Envoy),
            (
                "x",
                "common_tls_context: {}\nrequire_client_certificate: true\n",
                Kind::Envoy,
            ),
            (
                "lds.yaml",
                "resources:\n- \"@type\": type.googleapis.com/envoy.config.listener.v3.Listener\n",
                Kind::Envoy,
            ),
            ("x", "{ \"apps\": { \"http\": {} } }", Kind::Caddy),
            ("x", ":8443 {\n  tls a b\n}\n", Kind::Caddy),
            ("x", "localhost\nrespond hi\n", Kind::Caddy),
            ("x", "bind :443 ssl crt a.pem\n", Kind::HaProxy),
            ("x", "frontend https # all\n  bind :443\n", Kind::HaProxy),
            ("x", "server {\n", Kind::Nginx),
            ("x", "example.com {\n  respond hi\n}\n", Kind::Caddy),
            ("Caddyfile", "", Kind::Caddy),
            ("/etc/apache2/ports", "Listen 443\n", Kind::Apache),
            ("haproxy.cfg", "", Kind::HaProxy),
        ] {
            assert_eq!(Kind::told_by(Path::new(name), text), Some(kind), "{name}: {text}");
        }
        assert_eq!(Kind::told_by(Path::new("readme.txt"), "hello\n"), None);
        for (name, text, other) in OTHERS {
            assert_eq!(told(Path::new(name), text), Told::Other(other), "{name}: {text}");
        }
        for (name, text) in UNKNOWN {
            assert_eq!(told(Path::new(name), text), Told::Unknown, "{name}: {text}");
        }
        assert!(is_ours(Path::new("handfast.toml"), "[proxy]\nlisten = \":1\"\n"));
    }
}
