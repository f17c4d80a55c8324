//! What ties a configuration of Envoy to its machine.

use handfast_finding::Place;

use super::tls::source_path;
use crate::{
    files::{Naming, Opened, Reader},
    node::{self, Node},
    spot::{Form, Found, Listen, Material, Role, told_apart},
    trouble::Trouble,
};

/// Sources of material, by the key that they stand under.
const SOURCES: [(&str, Material); 4] = [
    ("certificate_chain", Material::Certificate),
    ("private_key", Material::Key),
    ("trusted_ca", Material::Cas),
    ("crl", Material::Crl),
];

pub(crate) fn find(
    file: &str,
    opened: &Opened,
    reader: &mut Reader<'_>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let documents = node::read(file, opened)?;
    let all: Vec<&Node> = documents.iter().flat_map(Node::all).collect();
    for document in &documents {
        let admin = document.at("admin");
        address(admin, found, |_| Role::Spare(""));
        output(admin.at("access_log_path"), found);
    }
    for node in &all {
        if node.at("filter_chains").is_there() || node.at("default_filter_chain").is_there() {
            let further = node.at("additional_addresses").list().iter();
            for holder in std::iter::once(*node).chain(further) {
                address(holder, found, listens);
            }
        }
        for endpoint in node.at("lb_endpoints").list() {
            for inner in endpoint.all() {
                address(inner, found, |_| Role::Backend(""));
            }
        }
        for name in node.at("server_names").list() {
            found.names.extend(name.text().map(str::to_owned));
        }
        for log in node.at("access_log").all() {
            output(log.at("path"), found);
        }
        material(node, found);
    }
    for node in &all {
        // As it was written before there was a `path_config_source`.
        let sds = node.entry("sds_config").map(|(_, source)| source);
        let sds = sds.filter(|source| source.at("path").is_there());
        let source = node.at("path_config_source").is_there().then_some(*node);
        if let Some(path) = source.or(sds).and_then(source_path) {
            further(file, path, reader, found)?;
        }
    }
    for node in &all {
        if let Some(text) = node.text() {
            found.add(&node.span, text, Role::Word);
        }
    }
    Ok(())
}

/// A file with more of the configuration.
fn further(file: &str, path: &Node, reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Trouble> {
    let at = reader.locate(path.text().unwrap_or_default());
    let place = Place::new(file, path.line);
    let opened = reader.open(&at, Some(Naming::path(&place, &path.span)))?;
    find(&at.display().to_string(), &opened, reader, found)?;
    reader.close();
    Ok(())
}

/// The address of `holder` goes to loopback; `role` is what its port is for.
fn address(holder: &Node, found: &mut Found, role: impl Fn(&str) -> Role) {
    let socket = holder.path(&["address", "socket_address"]);
    let (host, port) = (socket.at("address"), socket.at("port_value"));
    let (Some(written), Some(number)) = (host.text(), port.text()) else {
        return;
    };
    found.add(&port.span, number, role(&format!("{written}:{number}")));
    found.add(&host.span, written, Role::Instead("\"127.0.0.1\""));
    let compatible = socket.at("ipv4_compat");
    if let Some(text) = compatible.text() {
        found.add(&compatible.span, text, Role::Instead("false"));
    }
}

fn listens(address: &str) -> Role {
    let port = crate::spot::port(address).unwrap_or_default();
    Role::Listen(Listen {
        called: told_apart(address, port),
        before: "",
        after: "",
        opens: true,
    })
}

/// A log, unless it goes to whoever started it.
fn output(path: &Node, found: &mut Found) {
    if let Some(text) = path.text().filter(|text| !text.starts_with("/dev/")) {
        found.add(&path.span, text, Role::Output);
    }
}

/// Certificates, keys and lists, in files or in the configuration itself.
fn material(node: &Node, found: &mut Found) {
    for (key, material) in SOURCES {
        let source = node.at(key);
        let forms = [
            ("filename", Role::File(material)),
            ("inline_string", Role::Embedded(material, Form::Literal)),
            ("inline_bytes", Role::Embedded(material, Form::Base64)),
        ];
        for (name, role) in forms {
            let value = source.at(name);
            if let Some(text) = value.text() {
                found.add(&value.span, text, role);
            }
        }
    }
}
