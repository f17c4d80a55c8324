//! What ties a Caddyfile to its machine.

use super::{blocks, tokens::Node};
use crate::{
    span::{Span, Word, joined},
    spot::{Form, Found, Listen, Material, Role, Top},
};

/// Options for the machine alone: where it is spoken to, where it listens, what it remembers.
const GONE: [&str; 6] = [
    "admin",
    "auto_https",
    "http_port",
    "https_port",
    "default_bind",
    "persist_config",
];

pub(crate) fn find(nodes: &[Node], found: &mut Found) {
    let (options, sites): (Vec<Node>, Vec<Node>) =
        nodes.iter().cloned().partition(|node| node.words.is_empty());
    for options in &options {
        found.tops.push(Top {
            name: String::new(),
            span: options.span.clone(),
            inside: options.inner.clone(),
        });
        for option in options.inside() {
            if GONE.contains(&option.word(0)) {
                found.gone(&option.span);
            } else {
                look(option, found);
            }
        }
    }
    for block in blocks(sites) {
        site(&block, found);
        block.inside().iter().for_each(|node| look(node, found));
    }
}

/// Each site gets a port of its own.
fn site(block: &Node, found: &mut Found) {
    let (Some(first), Some(last)) = (block.words.first(), block.words.last()) else {
        return;
    };
    let addresses = first.span.to(&last.span);
    let called = joined(&block.words);
    let is_plain = called.starts_with("http://") || called == ":80";
    let listen = Listen {
        before: if is_plain {
            "http://localhost:"
        } else {
            "https://localhost:"
        },
        after: "",
        opens: true,
        called: called.clone(),
    };
    found.add(&addresses, &called, Role::Listen(listen));
    // One without braces goes on in the next line.
    let begin = match &block.inner {
        Some(inner) => Span::new(inner.part, inner.range.start..inner.range.start),
        None => Span::new(addresses.part, addresses.range.end..addresses.range.end),
    };
    found.add(&begin, "", Role::Instead("\n    bind 127.0.0.1\n"));
}

fn look(node: &Node, found: &mut Found) {
    let rest = node.words.get(1..).unwrap_or_default();
    match node.word(0) {
        "bind" => return found.gone(&node.span),
        "output" if node.word(1) == "file" => return found.gone(&node.span),
        "tls" => {
            if let [certificate, key] = rest {
                found.word(certificate, Role::File(Material::Certificate));
                found.word(key, Role::File(Material::Key));
            }
        }
        "trusted_ca_cert_file" | "pem_file" | "pem_files" => cas(rest, found),
        "trust_pool" if node.word(1) == "file" => cas(node.words.get(2..).unwrap_or_default(), found),
        "trusted_ca_cert" | "trust_der" => {
            for word in rest {
                found.word(word, Role::Embedded(Material::Cas, Form::Der));
            }
        }
        "reverse_proxy" | "php_fastcgi" | "forward_auth" | "to" => {
            for word in rest.iter().filter(|word| !word.starts_with(['@', '/', '*'])) {
                found.backend(word);
            }
        }
        _ => {}
    }
    found.words(rest);
    node.inside().iter().for_each(|inner| look(inner, found));
}

fn cas(words: &[Word], found: &mut Found) {
    for word in words {
        found.word(word, Role::File(Material::Cas));
    }
}
