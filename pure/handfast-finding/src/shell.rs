//! Words of a shell command.

/// `text` as one word of a shell command.
pub fn shell(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_are_quoted_where_they_must_be() {
        assert_eq!(shell("out/tls.crt"), "out/tls.crt");
        assert_eq!(shell("it's here"), "'it'\\''s here'");
        assert_eq!(shell(""), "''");
    }
}
