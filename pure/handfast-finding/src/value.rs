//! A value that cannot be read, as a problem.

use handfast_pki::code;
use handfast_values::ValueError;

use crate::Problem;

impl From<ValueError> for Problem {
    fn from(error: ValueError) -> Self {
        Self::new(code::CONFIG_INVALID, &error).help(error.hint)
    }
}
