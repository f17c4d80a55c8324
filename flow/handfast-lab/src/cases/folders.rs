//! Folders as people have them, looked at without a connection: what is wrong with the files together, and what is
//! everyday and fine.

use handfast_pki::{Code, code};

use crate::{
    Case, Error, Folder, Look,
    Program::{self, Openssl},
    Scene,
};

type Make = fn(&Folder) -> Result<(), Error>;

/// A folder, the words behind `doctor`, and what has to be found; nothing where all is well.
struct Everyday {
    name: &'static str,
    description: &'static str,
    needs: &'static [Program],
    make: Make,
    words: &'static [&'static str],
    expected: Option<(Code, &'static str)>,
}

fn pair(folder: &Folder, who: &str) -> Result<(), Error> {
    folder.copy(&format!("{who}/tls.crt"), "mine/tls.crt")?;
    folder.copy(&format!("{who}/tls.key"), "mine/tls.key")?;
    folder.mode("mine/tls.key", 0o600)
}

const FOLDERS: &[Everyday] = &[
    Everyday {
        name: "wrong-password",
        description: "the password that was given does not open the PKCS#12 file",
        needs: &[Openssl],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder.write("wrong", "wrong\n")?;
            folder
                .shell("openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -out mine/client.p12 -passout pass:secret && chmod 600 mine/client.p12")
                .map(drop)
        },
        words: &["--client-files", "mine", "--password-file", "wrong"],
        expected: Some((code::WRONG_FORMAT, "certain")),
    },
    Everyday {
        name: "leaf-as-ca",
        description: "the file of trusted CAs holds the server's certificate",
        needs: &[],
        make: |folder| {
            pair(folder, "client")?;
            folder.copy("server-leaf-only/tls.crt", "mine/ca.crt")
        },
        words: &["--client-files", "mine"],
        expected: Some((code::BAD_TRUST_FILE, "certain")),
    },
    Everyday {
        name: "unrelated-intermediate",
        description: "behind the leaf stands a CA that did not issue it",
        needs: &[],
        make: |folder| {
            pair(folder, "client")?;
            folder.join("mine/tls.crt", &["client-leaf-only/tls.crt", "stranger.crt"])
        },
        words: &["--client-files", "mine"],
        expected: Some((code::MISSING_INTERMEDIATE, "likely")),
    },
    Everyday {
        name: "healthy/files-certbot",
        description: "the folder of certbot: leaf, chain, both together, and the key",
        needs: &[],
        make: |folder| {
            folder.copy("server/tls.crt", "mine/fullchain.pem")?;
            folder.copy("server-leaf-only/tls.crt", "mine/cert.pem")?;
            folder.copy("issuing.crt", "mine/chain.pem")?;
            folder.copy("server/tls.key", "mine/privkey.pem")?;
            folder.mode("mine/privkey.pem", 0o600)
        },
        words: &["--server-files", "mine"],
        expected: None,
    },
    Everyday {
        name: "healthy/files-locked",
        description: "a PKCS#12 file whose password was not given",
        needs: &[Openssl],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder
                .shell("openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -out mine/client.p12 -passout pass:secret && chmod 600 mine/client.p12")
                .map(drop)
        },
        words: &["--client-files", "mine"],
        expected: None,
    },
];

pub(super) fn cases() -> Vec<Case> {
    FOLDERS.iter().map(case).collect()
}

fn case(everyday: &'static Everyday) -> Case {
    let name = match everyday.expected {
        Some((code, _)) => format!("{code}/{}", everyday.name),
        None => everyday.name.to_owned(),
    };
    let case = Case::new(name, everyday.description, everyday.needs, |folder| {
        (everyday.make)(folder)?;
        let words = ["doctor"].iter().chain(everyday.words);
        Ok(Scene::only(Look::Command(
            words.map(|word| (*word).to_owned()).collect(),
        )))
    });
    match everyday.expected {
        Some((code, certainty)) => case.expect(code, super::files::refuser(code), certainty),
        None => case,
    }
}
