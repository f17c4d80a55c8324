//! A trust store of Java, changed by keytool. Each CA has an alias with its fingerprint.

use std::{env, fs, path::PathBuf};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Certificate, Fingerprint, code, text::printable};

use crate::{
    Change, Request,
    plan::{Call, Plan, Step},
};

pub(crate) fn plan(request: &Request, change: Change, cas: &[Certificate]) -> Result<Plan, Problem> {
    let store = match &request.truststore {
        Some(store) => store.clone(),
        None => found()?,
    };
    if let Some(path) = &request.password_file {
        load::password_for_others(path)?;
    }
    let is_new = !store.exists();
    let mut plan = Plan::default();
    for ca in cas {
        let is_there = !is_new && holds(request, &store, ca)?;
        let call = match change {
            Change::Install if !is_there => {
                let mut call = keytool(request, &store, "-importcert", ca);
                call.arguments.push("-noprompt".into());
                if is_new {
                    // Java 8 would make a JKS.
                    call.arguments.extend(["-storetype".into(), "PKCS12".into()]);
                }
                call.reading(ca.to_pem())
            }
            Change::Remove if is_there => keytool(request, &store, "-delete", ca),
            _ => continue,
        };
        plan.steps.push(Step::Run(call));
    }
    if is_new && change == Change::Install {
        plan.notes.push(
            "the trust store is new: a Java that is pointed to it (-Djavax.net.ssl.trustStore) trusts these CAs and no others"
                .into(),
        );
    }
    if request.truststore.is_none() {
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
fn found() -> Result<PathBuf, Problem> {
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
            Problem::new(code::UNREADABLE, "no Java with its cacerts was found")
                .help("name the trust store: --truststore FILE; it is made where it is missing")
        })
}

fn keytool(request: &Request, store: &std::path::Path, verb: &str, ca: &Certificate) -> Call {
    let alias = format!("handfast-{}", &ca.fingerprint().to_string()[..32]);
    let mut arguments = vec![
        "-J-Duser.language=en".to_owned(),
        verb.to_owned(),
        "-alias".into(),
        alias,
        "-keystore".into(),
        store.display().to_string(),
    ];
    match &request.password_file {
        Some(path) => arguments.extend(["-storepass:file".into(), path.display().to_string()]),
        // Java's own, known to everybody; it protects nothing.
        None => arguments.extend(["-storepass".into(), "changeit".into()]),
    }
    Call::new("keytool", arguments)
}

/// Whether the store has `ca` under our alias.
fn holds(request: &Request, store: &std::path::Path, ca: &Certificate) -> Result<bool, Problem> {
    let call = keytool(request, store, "-exportcert", ca);
    let output = call.run()?;
    if output.status.success() {
        return Ok(Fingerprint::of(&output.stdout) == ca.fingerprint());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.contains("does not exist") {
        return Ok(false);
    }
    let message = format!("the trust store \"{}\" cannot be opened", store.display());
    let failure = Problem::new(code::WRONG_FORMAT, message);
    let failure = said
        .lines()
        .take(3)
        .fold(failure, |failure, line| failure.detail(printable(line)));
    Err(failure.help("give the file with its password: --password-file FILE"))
}
