//! Values as shells read them: in single quotes always, so that nothing in a path is ever run.

/// A family of shells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `sh`, bash, zsh, dash: `export`.
    Sh,
    /// fish: `set -gx`.
    Fish,
    /// PowerShell: `$env:`.
    Powershell,
}

impl Shell {
    /// The line that sets `name`.
    pub fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}='{}'", value.replace('\'', "'\\''")),
            Self::Fish => {
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                format!("set -gx {name} '{value}'")
            }
            Self::Powershell => format!("$env:{name} = '{}'", doubled(value)),
        }
    }

    /// The line that runs what `command` prints.
    pub fn evaluate(self, command: &str) -> String {
        match self {
            Self::Sh => format!("eval \"$({command})\""),
            Self::Fish => format!("{command} | source"),
            Self::Powershell => format!("{command} | Out-String | Invoke-Expression"),
        }
    }

    /// The flag that chooses it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Sh => "",
            Self::Fish => " --shell fish",
            Self::Powershell => " --shell powershell",
        }
    }
}

/// PowerShell takes the typographic single quotes for plain ones.
fn doubled(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            out.push(c);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_run_by_any_shell() {
        let value = "/a b/it's $(rm)\\";
        assert_eq!(Shell::Sh.set("A", value), "export A='/a b/it'\\''s $(rm)\\'");
        assert_eq!(Shell::Fish.set("A", value), "set -gx A '/a b/it\\'s $(rm)\\\\'");
        assert_eq!(Shell::Powershell.set("A", value), "$env:A = '/a b/it''s $(rm)\\'");
        assert_eq!(
            Shell::Powershell.set("A", "a\u{2019};b"),
            "$env:A = 'a\u{2019}\u{2019};b'"
        );
    }
}
