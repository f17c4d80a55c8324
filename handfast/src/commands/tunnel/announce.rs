//! What the operator reads when the tunnels are open.

use handfast_pki::code;
use handfast_proxy::{
    Tunnels,
    tunnel::{TunnelConfig, TunnelSource},
};
use handfast_report::schema::Schema;
use serde_json::json;

use crate::words::Words;

pub(super) fn announce(tunnels: &Tunnels, config: &TunnelConfig, words: &Words) {
    let addresses = tunnels.addresses();
    words.json_line(
        Schema::AccessLog,
        json!({ "event": "open", "address": addresses.first(), "addresses": addresses }),
    );
    for (address, tunnel) in addresses.iter().zip(&config.tunnels) {
        words.talk(format_args!("handfast: listening on {address}, {}", kind(tunnel)));
        if tunnel.is_open() {
            words.talk(format_args!("  warning: {}", open_to_others(address)));
        }
    }
}

fn kind(tunnel: &TunnelSource) -> String {
    let to: Vec<String> = tunnel.routes.iter().map(|route| route.to.to_string()).collect();
    let what = if tunnel.connects {
        "forward proxy (CONNECT)"
    } else {
        "the tunnel"
    };
    format!("{what} to {}", to.join(", "))
}

/// What an operator should know of a tunnel that others can reach.
pub fn open_to_others(address: &dyn std::fmt::Display) -> String {
    format!(
        "everyone who can reach {address} uses this certificate, in plain text  [{}]",
        code::OPEN_PLAINTEXT
    )
}
