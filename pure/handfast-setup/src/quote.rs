//! How a value is written so that it stays one, in the syntax that each kind of file has.

use serde::Deserialize;

use crate::Error;

/// The syntax of a file, as far as a value in it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quote {
    /// A string literal of JSON, which is one of YAML, TOML, JavaScript, Python, Go, Java and Rust, too.
    Literal,
    /// A word of `sh`.
    Shell,
    /// A parameter of nginx; `$` is refused, since it begins a variable and cannot be escaped.
    Nginx,
    /// An argument of Apache; `$` and `%` are refused, since they begin variables.
    Apache,
    /// A word of HAProxy, with a backslash before every sign.
    Haproxy,
    /// A token of a Caddyfile; braces are refused, since they are placeholders.
    Caddy,
    /// Single quotes, doubled within, as in postgresql.conf.
    Postgres,
    /// Double quotes with backslashes, as in redis.conf, my.cnf and .curlrc.
    Double,
    /// The rest of the line as it is: mosquitto.conf, stunnel.conf, rabbitmq.conf, .wgetrc.
    Line,
    /// A word in a unit of systemd, where `%` begins a specifier.
    Systemd,
}

impl Quote {
    fn name(self) -> &'static str {
        match self {
            Self::Literal => "a string literal",
            Self::Shell => "a shell command",
            Self::Nginx => "a configuration of nginx",
            Self::Apache => "a configuration of Apache",
            Self::Haproxy => "a configuration of HAProxy",
            Self::Caddy => "a Caddyfile",
            Self::Postgres => "a configuration of PostgreSQL",
            Self::Double => "a quoted string",
            Self::Line => "a line without quotes",
            Self::Systemd => "a unit of systemd",
        }
    }

    /// `value` as one word of this syntax.
    pub fn quote(self, value: &str) -> Result<String, Error> {
        let refused = |why| Error::Unwritable {
            value: value.escape_debug().to_string(),
            syntax: self.name(),
            why,
        };
        if value.chars().any(char::is_control) {
            return Err(refused("it holds a control character"));
        }
        let no = |letters: &[char], why| {
            if value.contains(letters) {
                Err(refused(why))
            } else {
                Ok(())
            }
        };
        match self {
            Self::Literal => Ok(serde_json::Value::from(value).to_string()),
            Self::Shell if is_plain(value) => Ok(value.to_owned()),
            Self::Shell => Ok(format!("'{}'", value.replace('\'', "'\\''"))),
            // Paths of certificates may hold variables, and there is no way to write a dollar.
            Self::Nginx => no(&['$'], "\"$\" begins a variable").map(|()| double_unless_plain(value)),
            Self::Apache => {
                no(&['$', '%'], "\"$\" and \"%\" begin variables").map(|()| double_unless_plain(value))
            }
            Self::Caddy => no(&['{', '}'], "braces are placeholders").map(|()| double_unless_plain(value)),
            Self::Haproxy => Ok(backslashed(value)),
            Self::Postgres => Ok(format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))),
            Self::Double => Ok(double(value)),
            Self::Line => {
                no(
                    &['#', '\\', '"', '\''],
                    "it holds a comment sign, a quote or a backslash",
                )?;
                if value.is_empty() || value.trim() != value {
                    return Err(refused("it is empty, or begins or ends with a space"));
                }
                Ok(value.to_owned())
            }
            Self::Systemd => Ok(double_unless_plain(&value.replace('%', "%%").replace('$', "$$"))),
        }
    }
}

fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=@+,".contains(&byte))
}

fn double_unless_plain(value: &str) -> String {
    if is_plain(value) {
        value.to_owned()
    } else {
        double(value)
    }
}

fn double(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn backslashed(value: &str) -> String {
    let mut out = String::new();
    for letter in value.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-_./:=@+,".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Quote; 10] = [
        Quote::Literal,
        Quote::Shell,
        Quote::Nginx,
        Quote::Apache,
        Quote::Haproxy,
        Quote::Caddy,
        Quote::Postgres,
        Quote::Double,
        Quote::Line,
        Quote::Systemd,
    ];

    #[test]
    fn a_usual_path_is_written_as_people_write_it() {
        let path = "/etc/handfast/tls.crt";
        for quote in [
            Quote::Shell,
            Quote::Nginx,
            Quote::Apache,
            Quote::Haproxy,
            Quote::Caddy,
            Quote::Line,
            Quote::Systemd,
        ] {
            assert_eq!(quote.quote(path).expect("a usual path"), path);
        }
        assert_eq!(
            Quote::Literal.quote(path).expect("a usual path"),
            format!("\"{path}\"")
        );
    }

    #[test]
    fn a_value_never_ends_its_line() {
        for quote in ALL {
            for value in ["a\nb", "a\rb", "a\0b", "\u{85}"] {
                let refused = quote.quote(value).expect_err("a control character");
                assert!(refused.to_string().contains("control character"), "{refused}");
            }
        }
    }

    #[test]
    fn spaces_and_quotes_are_kept_within_the_value() {
        let value = "/it's \"here\"";
        let quoted = |quote: Quote| quote.quote(value).expect("it can be written");
        assert_eq!(quoted(Quote::Shell), r#"'/it'\''s "here"'"#);
        assert_eq!(quoted(Quote::Nginx), r#""/it's \"here\"""#);
        assert_eq!(quoted(Quote::Haproxy), r#"/it\'s\ \"here\""#);
        assert_eq!(quoted(Quote::Postgres), r#"'/it''s "here"'"#);
        assert_eq!(quoted(Quote::Literal), r#""/it's \"here\"""#);
    }

    #[test]
    fn what_a_syntax_cannot_say_is_refused_and_named() {
        for (quote, value, why) in [
            (Quote::Nginx, "/a$b", "variable"),
            (Quote::Apache, "/a${b}", "variables"),
            (Quote::Caddy, "/{env.A}", "placeholders"),
            (Quote::Line, "/a#b", "comment"),
            (Quote::Line, " a", "space"),
        ] {
            let refused = quote.quote(value).expect_err("unwritable").to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
