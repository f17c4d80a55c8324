//! A trust store of Java, changed by keytool. Each CA has an alias with its fingerprint.

use std::{env, fs, path::PathBuf};

use handfast_pki::{Certificate, Fingerprint, code, text::printable};

use super::{
    Way, Wish,
    plan::{Call, Plan, Step},
};
use crate::{
    failure::{Exit, Failure},
    files,
};

pub(super) fn plan(wish: &Wish, way: Way, cas: &[Certificate]) -> Result<Plan, Failure> {
    let store = match &wish.truststore {
        Some(store) => store.clone(),
        None => found()?,
    };
    if let Some(path) = &wish.password_file {
        files::password(path)?;
    }
    let is_new = !store.exists();
    let mut plan = Plan::default();
    for ca in cas {
        let is_there = !is_new && holds(wish, &store, ca)?;
        let call = match way {
            Way::Install if !is_there => {
                let mut call = keytool(wish, &store, "-importcert", ca);
                call.arguments.push("-noprompt".into());
                if is_new {
                    // Java 8 would make a JKS.
                    call.arguments.extend(["-storetype".into(), "PKCS12".into()]);
                }
                call.reading(ca.to_pem())
            }
            Way::Remove if is_there => keytool(wish, &store, "-delete", ca),
            _ => continue,
        };
        plan.steps.push(Step::Run(call));
    }
    if is_new && way == Way::Install {
        plan.notes.push(
            "the trust store is new: a Java that is pointed to it (-Djavax.net.ssl.trustStore) believes these CAs and no others"
                .into(),
        );
    }
    if wish.truststore.is_none() {
        plan.notes.push(format!(
            "this is \"{}\", for every program of this Java; it needs root where it belongs to root",
            store.display()
        ));
    }
    if !plan.steps.is_empty() {
        plan.notes
            .push("a Java that runs already reads it at its next start".into());
    }
    plan.file = Some(store);
    Ok(plan)
}

/// The cacerts of JAVA_HOME, else of the keytool on the path.
fn found() -> Result<PathBuf, Failure> {
    let on_path = || {
        let path = env::var_os("PATH")?;
        let keytool = env::split_paths(&path)
            .map(|folder| folder.join("keytool"))
            .find(|file| file.exists())?;
        Some(fs::canonicalize(keytool).ok()?.parent()?.parent()?.to_owned())
    };
    let homes = [env::var_os("JAVA_HOME").map(PathBuf::from), on_path()];
    homes
        .into_iter()
        .flatten()
        .flat_map(|home| {
            [
                home.join("lib/security/cacerts"),
                home.join("jre/lib/security/cacerts"),
            ]
        })
        .find(|store| store.exists())
        .ok_or_else(|| {
            Failure::new(
                Exit::Misuse,
                code::UNREADABLE,
                "no Java with its cacerts was found",
            )
            .hint("name the trust store: --truststore FILE; it is made where it is missing")
        })
}

fn keytool(wish: &Wish, store: &std::path::Path, verb: &str, ca: &Certificate) -> Call {
    let alias = format!("handfast-{}", &ca.fingerprint().to_string()[..32]);
    let mut arguments = vec![
        "-J-Duser.language=en".to_owned(),
        verb.to_owned(),
        "-alias".into(),
        alias,
        "-keystore".into(),
        store.display().to_string(),
    ];
    match &wish.password_file {
        Some(path) => arguments.extend(["-storepass:file".into(), path.display().to_string()]),
        // Java's own, known to everybody; it protects nothing.
        None => arguments.extend(["-storepass".into(), "changeit".into()]),
    }
    Call::new("keytool", arguments)
}

/// Whether the store has `ca` under our alias.
fn holds(wish: &Wish, store: &std::path::Path, ca: &Certificate) -> Result<bool, Failure> {
    let call = keytool(wish, store, "-exportcert", ca);
    let output = call.run()?;
    if output.status.success() {
        return Ok(Fingerprint::of(&output.stdout) == ca.fingerprint());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.contains("does not exist") {
        return Ok(false);
    }
    let message = format!("the trust store \"{}\" cannot be opened", store.display());
    let failure = Failure::new(Exit::Misuse, code::WRONG_FORMAT, message);
    let failure = said
        .lines()
        .take(3)
        .fold(failure, |failure, line| failure.detail(printable(line)));
    Err(failure.hint("give the file with its password: --password-file FILE"))
}
