//! The versions of programs, as they print them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

/// The version of a program: up to three numbers, of which those that are not said are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    parts: [u32; 3],
    /// How many of them are said.
    said: usize,
}

impl Version {
    /// The first version in what a program prints: `nginx version: nginx/1.22.1` is 1.22.1.
    pub fn printed(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.')
            .map(|word| word.trim_matches('.'))
            .filter(|word| word.contains('.'))
            .find_map(|word| word.parse().ok())
    }
}

impl FromStr for Version {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut version = Self {
            parts: [0; 3],
            said: 0,
        };
        for (part, number) in version.parts.iter_mut().zip(text.split('.')) {
            *part = number.parse()?;
            version.said += 1;
        }
        Ok(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self
            .parts
            .iter()
            .take(self.said.max(1))
            .map(u32::to_string)
            .collect();
        f.write_str(&shown.join("."))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::custom(format!("\"{text}\" is no version")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        for (printed, version) in [
            ("nginx version: nginx/1.22.1\n", "1.22.1"),
            ("v2.11.7 h1:abc=\n", "2.11.7"),
            ("2.6.2\n", "2.6.2"),
            (
                "HAProxy version 2.6.12-1+deb12u4 2025/10/03 - https://haproxy.org/\n",
                "2.6.12",
            ),
            ("Server version: Apache/2.4.71 (Debian)\n", "2.4.71"),
            ("envoy  version: 1a2b/1.36.2/Clean/RELEASE/BoringSSL\n", "1.36.2"),
            ("postgres (PostgreSQL) 15.14 (Debian)\n", "15.14"),
        ] {
            let found = Version::printed(printed).map(|found| found.to_string());
            assert_eq!(found.as_deref(), Some(version), "{printed}");
        }
        assert_eq!(Version::printed("no number\n"), None);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let read = |text: &str| text.parse::<Version>().expect("a version");
        assert!(read("2.11") > read("2.9.9") && read("2.6.2") < read("2.8") && read("3.0") > read("2.99.99"));
    }
}
