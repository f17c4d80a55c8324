//! The first words of protocols other than HTTP, by which a server shows whether it lets us in.

/// A protocol of which the first words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// AMQP 0-9-1, as RabbitMQ speaks it.
    Amqp,
    /// HTTP/2 without HTTP/1.1 before it, as servers of gRPC speak it (RFC 9113 section 3.4).
    Http2,
    /// MQTT 3.1.1 section 3.1.
    Mqtt,
    /// MySQL and MariaDB, as the user "handfast" without a password.
    Mysql,
    /// RESP, as Redis and Valkey speak it.
    Redis,
}

/// `CLIENT_PROTOCOL_41`, `CLIENT_SSL`, `CLIENT_SECURE_CONNECTION` and `CLIENT_PLUGIN_AUTH`.
const MYSQL_CAPABILITIES: u32 = 0x0000_0200 | 0x0000_0800 | 0x0000_8000 | 0x0008_0000;

impl Service {
    pub const ALL: [(&'static str, Self); 5] = [
        ("amqp", Self::Amqp),
        ("http2", Self::Http2),
        ("mqtt", Self::Mqtt),
        ("mysql", Self::Mysql),
        ("redis", Self::Redis),
    ];

    /// What is to be offered by ALPN, where servers insist on it.
    pub fn alpn(self) -> Option<&'static str> {
        (self == Self::Http2).then_some("h2")
    }

    /// What a client says first.
    pub fn words(self) -> Vec<u8> {
        match self {
            Self::Amqp => b"AMQP\x00\x00\x09\x01".to_vec(),
            // The preface, and a SETTINGS frame without settings.
            Self::Http2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec(),
            // CONNECT with a clean session, 60 s of keep-alive, and the name "handfast".
            Self::Mqtt => b"\x10\x14\x00\x04MQTT\x04\x02\x00\x3c\x00\x08handfast".to_vec(),
            Self::Mysql => {
                let mut body = MYSQL_CAPABILITIES.to_le_bytes().to_vec();
                body.extend((16_u32 << 20).to_le_bytes());
                body.push(45);
                body.extend([0; 23]);
                body.extend(b"handfast\0\0mysql_native_password\0");
                // Its length in three bytes, and the third number: greeting and the request for TLS came before.
                let length = u32::try_from(body.len()).unwrap_or(0).to_le_bytes();
                [&length[..3], &[2], &body].concat()
            }
            Self::Redis => b"PING\r\n".to_vec(),
        }
    }

    /// What `heard` says so far: we are welcome, we are not and why, or nothing yet.
    pub fn verdict(self, heard: &[u8]) -> Option<Result<(), String>> {
        let text = |from: usize| String::from_utf8_lossy(heard.get(from..).unwrap_or_default()).into_owned();
        match self {
            Self::Amqp => match heard {
                // A method frame of channel 0: Connection.Start.
                [1, 0, 0, ..] => Some(Ok(())),
                [b'A', b'M', b'Q', b'P', ..] => Some(Err("another version of AMQP".into())),
                [_, _, _, ..] => Some(Err(text(0))),
                _ => None,
            },
            Self::Http2 => match heard {
                [_, _, _, 4, ..] => Some(Ok(())),
                [_, _, _, _, ..] => Some(Err("something else than HTTP/2".into())),
                _ => None,
            },
            Self::Mqtt => match heard {
                [0x20, 2, _, 0, ..] => Some(Ok(())),
                [0x20, 2, _, 4 | 5, ..] => Some(Err("not authorized".into())),
                [0x20, 2, _, code, ..] => Some(Err(format!("connection refused with code {code}"))),
                [_, _, _, _, ..] => Some(Err("something else than MQTT".into())),
                _ => None,
            },
            Self::Mysql => match heard {
                [_, _, _, _, 0, ..] => Some(Ok(())),
                // A mark, the number in two bytes, "#" and the state in five, then the words.
                [_, _, _, _, 0xff, ..] if heard.len() > 13 => Some(Err(text(13))),
                [_, _, _, _, 0xff, ..] | [] | [_] | [_, _] | [_, _, _] | [_, _, _, _] => None,
                [..] => Some(Err("another way to log in is wanted".into())),
            },
            Self::Redis if !heard.ends_with(b"\r\n") => None,
            Self::Redis => match heard {
                // Who is not logged in has been let in by TLS.
                [b'+', ..] => Some(Ok(())),
                _ if heard.starts_with(b"-NOAUTH") => Some(Ok(())),
                _ => Some(Err(text(1).trim_end().to_owned())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_welcome_and_a_refusal_are_told_apart() {
        let welcome: [(Service, &[u8]); 5] = [
            (Service::Amqp, b"\x01\x00\x00\x00\x00"),
            (Service::Http2, b"\x00\x00\x12\x04\x00"),
            (Service::Mqtt, b"\x20\x02\x00\x00"),
            (Service::Mysql, b"\x07\x00\x00\x03\x00\x00\x00"),
            (Service::Redis, b"+PONG\r\n"),
        ];
        for (service, heard) in welcome {
            assert_eq!(service.verdict(heard), Some(Ok(())), "{service:?}");
            assert_eq!(service.verdict(&heard[..2]), None, "{service:?}");
        }
        let refused: [(Service, &[u8], &str); 4] = [
            (Service::Amqp, b"AMQP\x00\x00\x09\x01", "version"),
            (Service::Mqtt, b"\x20\x02\x00\x05", "not authorized"),
            (
                Service::Mysql,
                b"\x20\x00\x00\x03\xff\x15\x04#28000Access denied",
                "Access denied",
            ),
            (Service::Redis, b"-DENIED no\r\n", "DENIED no"),
        ];
        for (service, heard, why) in refused {
            let Some(Err(said)) = service.verdict(heard) else {
                panic!("{service:?} lets in");
            };
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn the_words_of_mqtt_are_as_long_as_they_say() {
        let words = Service::Mqtt.words();
        assert_eq!(usize::from(words[1]), words.len() - 2);
    }
}
