//! The command that shows or uses what was written.

use handfast_finding::shell::shell;

use super::{
    flags::{Form, has_ending},
    output::Output,
};

impl Output<'_> {
    /// For the user, to go on with.
    pub(super) fn next(&self) -> String {
        let out = shell(self.args.out.display());
        match self.args.to {
            Form::K8s => format!("kubectl apply -f {out}"),
            Form::P7b if has_ending(&self.args.out, "pem") => {
                format!("openssl pkcs7 -in {out} -print_certs -noout")
            }
            Form::P7b => format!("openssl pkcs7 -inform DER -in {out} -print_certs -noout"),
            Form::P12 => {
                let password = self
                    .password_file
                    .as_ref()
                    .or(self.args.new_password_file.as_ref());
                let password = password.map(|path| format!(" --password-file {}", shell(path.display())));
                format!("handfast inspect {out}{}", password.unwrap_or_default())
            }
            _ => format!("handfast inspect {out}"),
        }
    }
}
