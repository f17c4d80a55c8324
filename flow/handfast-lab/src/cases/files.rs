//! Files, keys and their forms, by the programs that make them and those that trip over them.

use handfast_pki::{Code, code};

use super::named_case;
use crate::{
    Case, Error, Folder, Look,
    Program::{self, Curl, Keytool, Nginx, Node, Openssl, Pkcs11Tool, Postgres, Psql},
    Scene, Setup, serve,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = by_folder();
    cases.extend(by_text());
    cases.extend(recorded());
    cases
}

type Make = fn(&Folder) -> Result<(), Error>;

/// A folder of a client that is looked at without a connection.
struct Mess {
    code: Code,
    variant: &'static str,
    description: &'static str,
    needs: &'static [Program],
    make: Make,
    more: &'static [&'static str],
    certainty: &'static str,
}

/// The good pair in `mine/`, to be spoiled.
fn mine(folder: &Folder) -> Result<(), Error> {
    folder.copy("client/tls.crt", "mine/tls.crt")?;
    folder.copy("client/tls.key", "mine/tls.key")?;
    folder.mode("mine/tls.key", 0o600)?;
    folder.copy("ca.crt", "mine/ca.crt")
}

const MESSES: &[Mess] = &[
    Mess {
        code: code::KEY_MISMATCH,
        variant: "files",
        description: "the key is another one than the certificate's",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            folder.copy("client-renewed/tls.key", "mine/tls.key")?;
            folder.mode("mine/tls.key", 0o600)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::CHAIN_ORDER,
        variant: "files",
        description: "the chain file begins with the intermediate",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            folder.join("mine/tls.crt", &["issuing.crt", "client-leaf-only/tls.crt"])
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::MISSING_INTERMEDIATE,
        variant: "files",
        description: "the intermediate stands in a file of its own",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            folder.copy("client-leaf-only/tls.crt", "mine/tls.crt")?;
            folder.copy("issuing.crt", "mine/issuing.crt")
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::KEY_ENCRYPTED,
        variant: "openssl",
        description: "the key is encrypted",
        needs: &[Openssl],
        make: |folder| {
            mine(folder)?;
            folder
                .shell("openssl pkcs8 -topk8 -in mine/tls.key -out mine/locked.key -passout pass:secret && rm mine/tls.key && chmod 600 mine/locked.key")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::KEY_ENCRYPTED,
        variant: "openssl-traditional",
        description: "the key is encrypted, in a legacy format",
        needs: &[Openssl],
        make: |folder| {
            mine(folder)?;
            folder
                .shell("openssl ec -in mine/tls.key -aes128 -out mine/locked.key -passout pass:secret && rm mine/tls.key && chmod 600 mine/locked.key")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::P12_TOO_OLD,
        variant: "openssl",
        description: "the PKCS#12 file is encrypted with RC2 of 40 bits",
        needs: &[Openssl],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder
                .shell("openssl pkcs12 -export -legacy -in client/tls.crt -inkey client/tls.key -out mine/client.p12 -passout pass:changeit && chmod 600 mine/client.p12")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::P12_TOO_NEW,
        variant: "openssl",
        description: "the PKCS#12 file is of OpenSSL 3, and macOS is to read it",
        needs: &[Openssl],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder
                .shell("openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -out mine/client.p12 -passout pass:changeit && chmod 600 mine/client.p12")
                .map(drop)
        },
        more: &["--for", "macos"],
        certainty: "certain",
    },
    Mess {
        code: code::P12_WITHOUT_KEY,
        variant: "openssl",
        description: "the PKCS#12 file was exported without its key",
        needs: &[Openssl],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder
                .shell("openssl pkcs12 -export -nokeys -in client/tls.crt -out mine/client.p12 -passout pass:changeit")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::P12_WITHOUT_KEY,
        variant: "keytool",
        description: "the certificate was imported into a Java keystore as a trusted certificate",
        needs: &[Keytool],
        make: |folder| {
            folder.write("mine/.keep", "")?;
            folder
                .shell("keytool -importcert -noprompt -alias client -file client-leaf-only/tls.crt -keystore mine/client.jks -storetype JKS -storepass changeit")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::UNREADABLE,
        variant: "files",
        description: "others on the machine can read the private key",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            folder.mode("mine/tls.key", 0o644)
        },
        more: &[],
        certainty: "likely",
    },
    Mess {
        code: code::WRONG_FORMAT,
        variant: "request",
        description: "the request was put in the place of the certificate",
        needs: &[Openssl],
        make: |folder| {
            mine(folder)?;
            folder
                .shell("openssl req -new -key mine/tls.key -subj /CN=client -out mine/tls.crt")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::WRONG_FORMAT,
        variant: "pkcs7",
        description: "the CA sent PKCS#7",
        needs: &[Openssl],
        make: |folder| {
            mine(folder)?;
            folder
                .shell("openssl crl2pkcs7 -nocrl -certfile client/tls.crt -out mine/tls.crt")
                .map(drop)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::WRONG_FORMAT,
        variant: "one-line",
        description: "the certificate came out of an environment variable, with \\n for its line ends",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            let text = folder.read("client/tls.crt")?.replace('\n', "\\n");
            folder.write("mine/tls.crt", text)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::WRONG_FORMAT,
        variant: "joined",
        description: "two files were joined without a line end between them",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            let text = folder.read("client/tls.crt")?;
            folder.write("mine/tls.crt", text.replace("-----\n-----", "----------"))
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::WRONG_FORMAT,
        variant: "indented",
        description: "the certificate was copied out of a YAML file with its indentation",
        needs: &[],
        make: |folder| {
            mine(folder)?;
            let text: String = folder
                .read("client/tls.crt")?
                .lines()
                .map(|line| format!("    {line}\n"))
                .collect();
            folder.write("mine/tls.crt", text)
        },
        more: &[],
        certainty: "certain",
    },
    Mess {
        code: code::EXPIRED,
        variant: "files",
        description: "the certificate in the folder has expired",
        needs: &[],
        make: |folder| {
            folder.copy("client-expired/tls.crt", "mine/tls.crt")?;
            folder.copy("client-expired/tls.key", "mine/tls.key")?;
            folder.mode("mine/tls.key", 0o600)
        },
        more: &[],
        // Nothing but the clock of this machine says so.
        certainty: "likely",
    },
];

fn by_folder() -> Vec<Case> {
    MESSES
        .iter()
        .map(|mess| {
            let name = format!("{}/{}", mess.code, mess.variant);
            let case = Case::new(name, mess.description, mess.needs, |folder| {
                (mess.make)(folder)?;
                let words = ["doctor", "--client-files", "mine"];
                Ok(Scene::only(Look::Command(
                    words
                        .iter()
                        .chain(mess.more)
                        .map(|word| (*word).to_owned())
                        .collect(),
                )))
            });
            case.expect(mess.code, refuser(mess.code), mess.certainty)
        })
        .collect()
}

/// Who refuses what is found in files of a client: what its own program can use, the peer that is shown it.
pub(super) fn refuser(code: Code) -> &'static str {
    if [code::MISSING_INTERMEDIATE, code::EXPIRED].contains(&code) {
        "server"
    } else {
        "client"
    }
}

/// A command line, and what has to run while it does.
type Line = Result<(String, Vec<crate::Running>), Error>;

/// What other programs say, in their own words.
struct Said {
    code: Code,
    program: Program,
    variant: &'static str,
    description: &'static str,
    needs: &'static [Program],
    line: fn(&Folder) -> Line,
    side: &'static str,
    certainty: &'static str,
}

fn plainly(line: &str) -> Line {
    Ok((line.to_owned(), Vec::new()))
}

const SAID: &[Said] = &[
    Said {
        code: code::KEY_MISMATCH,
        program: Curl,
        variant: "text",
        description: "curl says that key and certificate are no pair",
        needs: &[Curl, Nginx],
        line: |folder| {
            let running = serve(Nginx, folder, &Setup::default())?;
            let line = format!(
                "curl --cacert ca.crt --cert client/tls.crt --key client-renewed/tls.key https://localhost:{}/",
                running.port
            );
            Ok((line, vec![running]))
        },
        side: "client",
        // curl says the same of a wrong password.
        certainty: "likely",
    },
    Said {
        code: code::KEY_MISMATCH,
        program: Node,
        variant: "text",
        description: "Node says that key and certificate are no pair",
        needs: &[Node],
        line: |_| {
            plainly(
                "node -e \"require('tls').createSecureContext({cert: require('fs').readFileSync('client/tls.crt'), key: \
                 require('fs').readFileSync('client-renewed/tls.key')})\"",
            )
        },
        side: "client",
        certainty: "certain",
    },
    Said {
        code: code::P12_TOO_OLD,
        program: Openssl,
        variant: "text",
        description: "OpenSSL 3 does not read a legacy container",
        needs: &[Openssl],
        line: |folder| {
            folder.shell("openssl pkcs12 -export -legacy -in client/tls.crt -inkey client/tls.key -out old.p12 -passout pass:changeit")?;
            plainly("openssl pkcs12 -in old.p12 -nodes -passin pass:changeit")
        },
        side: "client",
        certainty: "certain",
    },
    Said {
        code: code::UNREADABLE,
        program: Psql,
        variant: "text",
        description: "psql refuses a key that others can read",
        needs: &[Postgres, Psql],
        line: |folder| {
            folder.mode("client/tls.key", 0o644)?;
            let running = serve(Postgres, folder, &Setup::default())?;
            let line = format!(
                "psql \"host=localhost port={} user=client dbname=postgres sslmode=verify-full sslrootcert=ca.crt \
                 sslcert=client/tls.crt sslkey=client/tls.key\" -c 'select 1'",
                running.port
            );
            Ok((line, vec![running]))
        },
        side: "client",
        certainty: "certain",
    },
    Said {
        code: code::WRONG_FORMAT,
        program: Curl,
        variant: "text",
        description: "curl finds no start line in a DER file",
        needs: &[Curl, Openssl, Nginx],
        line: |folder| {
            folder.shell("openssl x509 -in client/tls.crt -outform DER -out client.der")?;
            let running = serve(Nginx, folder, &Setup::default())?;
            let line = format!(
                "curl --cacert ca.crt --cert client.der --key client/tls.key https://localhost:{}/",
                running.port
            );
            Ok((line, vec![running]))
        },
        side: "client",
        certainty: "certain",
    },
    Said {
        code: code::TOKEN,
        program: Pkcs11Tool,
        variant: "text",
        description: "the PIN of the token is wrong",
        needs: &[Pkcs11Tool],
        line: |folder| {
            folder.write(
                "softhsm2.conf",
                format!("directories.tokendir = {}\n", folder.file("tokens")),
            )?;
            folder.write("tokens/.keep", "")?;
            folder.shell(
                "SOFTHSM2_CONF=softhsm2.conf softhsm2-util --init-token --free --label lab --pin 1234 --so-pin 5678",
            )?;
            plainly(
                "SOFTHSM2_CONF=softhsm2.conf pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label lab \
                 --login --pin 9999 --list-objects",
            )
        },
        side: "client",
        certainty: "certain",
    },
];

fn by_text() -> Vec<Case> {
    SAID.iter()
        .map(|said| {
            let name = named_case(said.code, said.program, said.variant);
            let case = Case::new(name, said.description, said.needs, |folder| {
                let (line, running) = (said.line)(folder)?;
                Ok(Scene {
                    running,
                    ..Scene::only(Look::Text(line))
                })
            });
            case.expect(said.code, said.side, said.certainty)
        })
        .collect()
}

/// What only programs say that do not run here, as it was recorded.
fn recorded() -> Vec<Case> {
    let windows = Case::new(
        format!("{}/windows-recorded", code::KEY_IN_MEMORY),
        "recorded: .NET on Windows has the key in memory alone",
        &[],
        |folder| {
            folder.write("said", include_str!("windows.txt"))?;
            Ok(Scene::only(Look::Text("cat said".into())))
        },
    );
    let macos = Case::new(
        format!("{}/macos-recorded", code::P12_TOO_NEW),
        "recorded: macOS does not read a container of OpenSSL 3",
        &[],
        |folder| {
            folder.write("said", include_str!("macos.txt"))?;
            Ok(Scene::only(Look::Text("cat said".into())))
        },
    );
    let foreign = Case::new(
        format!("{}/access-log-recorded", code::FOREIGN_NAME),
        "recorded: a proxy whose CAs are bound to names rejected a certificate of one for a name of the other",
        &[],
        |folder| {
            folder.write("said", include_str!("foreign-name.txt"))?;
            Ok(Scene::only(Look::Text("cat said".into())))
        },
    );
    vec![
        foreign.expect(code::FOREIGN_NAME, "server", "certain"),
        windows.expect(code::KEY_IN_MEMORY, "client", "certain"),
        macos.expect(code::P12_TOO_NEW, "client", "likely"),
    ]
}
