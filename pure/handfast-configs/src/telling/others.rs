//! Configurations of programs that are not read, by what only they have: to be named, and never judged.

use std::path::Path;

use super::super::node::Node;

/// Objects of Kubernetes, by their group and kind.
pub(super) fn of_kubernetes(root: &Node) -> Option<&'static str> {
    const GROUPS: [(&str, &str); 8] = [
        ("gateway.networking.k8s.io/", "the Gateway API of Kubernetes"),
        ("traefik.io/", "Traefik, as objects of Kubernetes"),
        ("traefik.containo.us/", "Traefik, as objects of Kubernetes"),
        ("networking.istio.io/", "Istio"),
        ("security.istio.io/", "Istio"),
        ("cert-manager.io/", "cert-manager"),
        ("projectcontour.io/", "Contour"),
        ("configuration.konghq.com/", "Kong, as objects of Kubernetes"),
    ];
    let version = root.at("api_version").text()?;
    let Some(kind) = root.at("kind").text() else {
        let is_chart = root.at("name").is_there() && root.at("version").is_there();
        return is_chart.then_some("a Helm chart");
    };
    let of_group = GROUPS.iter().find(|(group, _)| version.starts_with(group));
    Some(match (of_group, kind) {
        (Some((_, name)), _) => name,
        (None, "Ingress") => "an Ingress of Kubernetes",
        (None, "List") => root.at("items").list().iter().find_map(of_kubernetes)?,
        (None, "ConfigMap") => "a ConfigMap of Kubernetes; give the file that stands in it",
        _ => "an object of Kubernetes",
    })
}

/// The keys at the root of a tree, one of each row enough, and whose they are.
const ROOTS: &[(&[&str], &str)] = &[
    (
        &["entry_points", "entrypoints", "certificates_resolvers"],
        "Traefik",
    ),
    (&["scrape_configs", "alerting", "rule_files"], "Prometheus"),
    (&["tls_server_config"], "an exporter of Prometheus"),
    (&["_format_version"], "Kong"),
    (&["openapi", "swagger"], "OpenAPI"),
    (&["spring"], "Spring Boot"),
    (&["security.authorization", "net.tls", "system_log"], "MongoDB"),
    (
        &["xpack.security.enabled", "xpack.security.http.ssl.enabled"],
        "Elasticsearch",
    ),
    (&["jobs"], "a workflow of a build service"),
];

/// Any other tree.
pub(super) fn of_tree(root: &Node) -> Option<&'static str> {
    let has = |name: &str| root.at(name).is_there();
    if is_traefik(root) {
        return Some("Traefik");
    }
    if is_compose(root) {
        return Some("Docker Compose");
    }
    let is_tls = root.path(&["net", "tls"]).is_there() || root.path(&["net", "ssl"]).is_there();
    if is_tls {
        return Some("MongoDB");
    }
    if let Some((_, name)) = ROOTS.iter().find(|(keys, _)| keys.iter().any(|key| has(key))) {
        return Some(name);
    }
    let is_server_of_spring = root.path(&["server", "ssl"]).is_there();
    if is_server_of_spring {
        return Some("Spring Boot");
    }
    let is_values = root.path(&["image", "repository"]).is_there()
        && (has("ingress") || has("service") || has("replica_count") || has("replicacount"));
    if is_values {
        return Some("values of a Helm chart");
    }
    // The server of a Caddy alone.
    let is_handler = |node: &&Node| node.at("handler").is_there();
    if root.all().iter().any(is_handler) && (has("routes") || has("servers") || has("handle")) {
        return Some("a part of Caddy's JSON; give the whole, with its \"apps\"");
    }
    let is_play = |node: &Node| {
        node.at("hosts").is_there() && (node.at("tasks").is_there() || node.at("roles").is_there())
    };
    root.list().iter().any(is_play).then_some("an Ansible playbook")
}

/// The dynamic configuration: routers and services of a protocol, or options of TLS.
fn is_traefik(root: &Node) -> bool {
    let of_protocol = ["http", "tcp", "udp"].iter().any(|protocol| {
        let protocol = root.at(protocol);
        [
            "routers",
            "services",
            "middlewares",
            "servers_transports",
            "serverstransports",
        ]
        .iter()
        .any(|name| protocol.at(name).is_there())
    });
    let tls = root.at("tls");
    of_protocol || ["options", "stores"].iter().any(|name| tls.at(name).is_there())
}

fn is_compose(root: &Node) -> bool {
    let is_service = |service: &Node| service.at("image").is_there() || service.at("build").is_there();
    root.at("services")
        .entries()
        .iter()
        .any(|(_, service)| is_service(service))
}

/// Texts that are no trees: XML, TOML, and those whose form is that of a program that is read.
pub(super) fn of_text(path: &Path, text: &str) -> Option<&'static str> {
    const XML: [(&str, &str); 4] = [
        ("<Server", "Tomcat"),
        ("<configuration", "IIS, or another program of .NET"),
        ("<Configure", "Jetty"),
        ("<domain", "WildFly, or GlassFish"),
    ];
    let is_xml = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with("<?xml");
    let lines = || text.lines().map(str::trim);
    if is_xml
        || lines()
            .find(|line| !line.is_empty())
            .is_some_and(|line| line.starts_with("<!--"))
    {
        let found = XML
            .iter()
            .find(|(tag, _)| lines().any(|line| line.starts_with(tag)));
        return Some(found.map_or("a program that is configured with XML", |(_, name)| name));
    }
    if let Some((_, name)) = XML.iter().find(|(tag, _)| {
        let first = lines().find(|line| !line.is_empty()).unwrap_or_default();
        first.starts_with(tag)
    }) {
        return Some(name);
    }
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let sections = [
        "[entryPoints",
        "[tls.options",
        "[http.routers",
        "[[tls.certificates]]",
        "[providers",
    ];
    let is_traefik = lines().any(|line| sections.iter().any(|section| line.starts_with(section)));
    if is_toml && is_traefik {
        return Some("Traefik");
    }
    // `resource "x" "y" {`
    let is_hcl = |line: &str| {
        let opens = ["resource \"", "provider \"", "variable \"", "job \"", "module \""];
        line.ends_with('{') && opens.iter().any(|word| line.starts_with(word))
    };
    if lines().any(is_hcl) {
        return Some("Terraform or Nomad");
    }
    // BIND and dhcpd have braces and semicolons as nginx has.
    let is_bind =
        |line: &str| line.starts_with("zone \"") && line.ends_with('{') || line.starts_with("options {");
    lines().any(is_bind).then_some("BIND")
}
