//! The password of a PKCS#12 that is going to be written.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_formats::container;
use zeroize::Zeroizing;

use crate::load;

/// A password, and where it is written.
pub struct NewPassword {
    pub text: Zeroizing<String>,
    /// Where one that we made is written; none for one that was given.
    pub file: Option<PathBuf>,
}

impl NewPassword {
    /// That in the first line of `given`, or one that is made, for the file `container` that `flag` asks for.
    pub fn choose(given: Option<&Path>, container: &Path, flag: &str) -> Result<Self, Problem> {
        if let Some(path) = given {
            let (text, file) = (load::password(path)?, None);
            return Ok(Self { text, file });
        }
        let text = container::new_password().map_err(|error| Problem::about(flag, &error))?;
        let mut beside = container.as_os_str().to_owned();
        beside.push(".password");
        let file = Some(beside.into());
        Ok(Self { text, file })
    }

    /// The file of one that we made, and what goes into it.
    pub fn to_write(&self) -> Option<(&Path, Zeroizing<Vec<u8>>)> {
        let line = Zeroizing::new(format!("{}\n", *self.text).into_bytes());
        Some((self.file.as_deref()?, line))
    }
}
