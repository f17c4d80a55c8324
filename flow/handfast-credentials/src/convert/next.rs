//! The command that shows or uses what was written.

use handfast_finding::shell::shell;

use super::{
    output::Output,
    wanted::{Form, has_ending},
};

impl Output<'_> {
    /// For the user, to go on with.
    pub fn next(&self) -> String {
        let out = shell(self.wanted.out.display());
        match self.wanted.to {
            Form::K8s => format!("kubectl apply -f {out}"),
            Form::P7b if has_ending(&self.wanted.out, "pem") => {
                format!("openssl pkcs7 -in {out} -print_certs -noout")
            }
            Form::P7b => format!("openssl pkcs7 -inform DER -in {out} -print_certs -noout"),
            Form::P12 => {
                let made = self.password.as_ref().and_then(|password| password.file.as_ref());
                let password = made.or(self.wanted.new_password_file.as_ref());
                let password = password.map(|path| format!(" --password-file {}", shell(path.display())));
                format!("handfast inspect {out}{}", password.unwrap_or_default())
            }
            _ => format!("handfast inspect {out}"),
        }
    }
}
