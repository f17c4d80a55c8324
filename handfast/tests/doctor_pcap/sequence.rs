//! What was said on a connection, one line per message, out of our JSON and out of tshark's.

use serde_json::Value;

use crate::program::Place;

/// The messages of a report of ours.
#[track_caller]
pub(crate) fn ours(report: &Value) -> Vec<String> {
    let messages = report["trace"].as_array().expect("a trace");
    messages.iter().filter_map(our_line).collect()
}

fn our_line(message: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let from = text(&message["from"]);
    let name = text(&message["message"]);
    let fields = &message["fields"];
    let rest = match name.as_str() {
        "application data" => return None,
        "ClientHello" => format!(
            "{name} sni={} alpn={}",
            text(&fields["SNI"]),
            text(&fields["ALPN"]).replace(", ", ",")
        ),
        "ServerHello" => format!("{name} {}", text(&fields["suite"])),
        "EncryptedExtensions" => format!("{name} alpn={}", text(&fields["ALPN"])),
        "Certificate" => {
            let chain = message["certificates"].as_array().expect("a chain");
            let serials: Vec<_> = chain.iter().map(|one| text(&one["serial"])).collect();
            format!("{name} {} {}", serials.len(), serials.join(","))
        }
        _ if name.starts_with("Alert") => format!("Alert {}", text(&fields["number"])),
        _ => name,
    };
    Some(format!("{from} {rest}"))
}

/// The messages that tshark finds in the conversation on `port`.
#[track_caller]
pub(crate) fn theirs(place: &Place, capture: &str, keys: &str, port: u16) -> Vec<String> {
    let ran = place
        .shell(&format!(
            "tshark -r {capture} -o tls.keylog_file:{keys} -d tcp.port=={port},tls -Y tls -T pdml"
        ))
        .good();
    let mut reading = Reading::default();
    for line in ran.stdout.lines() {
        if let (Some(name), Some(value)) = (attribute(line, "name"), attribute(line, "show")) {
            reading.take(name, value, line, port);
        }
    }
    reading.messages.iter().map(Heard::line).collect()
}

/// The value of an attribute in a line of PDML, which writes one field to the line.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = format!(" {name}=\"");
    let (_, rest) = line.split_once(&start)?;
    rest.split_once('"').map(|(value, _)| value)
}

#[derive(Default)]
struct Reading {
    from: &'static str,
    messages: Vec<Heard>,
}

/// One message as tshark spells its parts.
#[derive(Default)]
struct Heard {
    from: &'static str,
    name: String,
    sni: Option<String>,
    alpn: Vec<String>,
    suite: String,
    serials: Vec<String>,
}

impl Reading {
    fn take(&mut self, name: &str, value: &str, line: &str, port: u16) {
        match name {
            "tcp.srcport" => {
                self.from = if value == port.to_string() {
                    "server"
                } else {
                    "client"
                };
            }
            "tls.handshake.type" => self.begin(handshake_name(value)),
            "tls.alert_message.desc" => self.begin(format!("Alert {value}")),
            "tls.change_cipher_spec" => self.begin("ChangeCipherSpec".into()),
            _ => {
                let Some(last) = self.messages.last_mut() else {
                    return;
                };
                match name {
                    "tls.handshake.extensions_server_name" => last.sni = Some(value.to_owned()),
                    "tls.handshake.extensions_alpn_str" => last.alpn.push(value.to_owned()),
                    "tls.handshake.ciphersuite" => last.suite = shown(line),
                    "x509af.serialNumber" => last.serials.push(serial(value)),
                    _ => {}
                }
            }
        }
    }

    fn begin(&mut self, name: String) {
        self.messages.push(Heard {
            from: self.from,
            name,
            ..Heard::default()
        });
    }
}

impl Heard {
    fn line(&self) -> String {
        let alpn = self.alpn.join(",");
        let rest = match self.name.as_str() {
            "ClientHello" => format!(" sni={} alpn={alpn}", self.sni.as_deref().unwrap_or("none")),
            "ServerHello" => format!(" {}", self.suite),
            "EncryptedExtensions" => format!(" alpn={alpn}"),
            "Certificate" => format!(" {} {}", self.serials.len(), self.serials.join(",")),
            _ => String::new(),
        };
        format!("{} {}{rest}", self.from, self.name)
    }
}

/// RFC 8446 section 4, RFC 5246 section 7.4.
fn handshake_name(number: &str) -> String {
    let name = match number {
        "1" => "ClientHello",
        "2" => "ServerHello",
        "4" => "NewSessionTicket",
        "8" => "EncryptedExtensions",
        "11" => "Certificate",
        "12" => "ServerKeyExchange",
        "13" => "CertificateRequest",
        "14" => "ServerHelloDone",
        "15" => "CertificateVerify",
        "16" => "ClientKeyExchange",
        "20" => "Finished",
        other => other,
    };
    name.to_owned()
}

/// `Cipher Suite: TLS_AES_256_GCM_SHA384 (0x1302)`.
fn shown(line: &str) -> String {
    let text = attribute(line, "showname").unwrap_or_default();
    text.split_whitespace().nth(2).unwrap_or_default().to_owned()
}

/// Bytes with or without colons and `0x`.
fn serial(value: &str) -> String {
    value.replace(':', "").trim_start_matches("0x").to_lowercase()
}
