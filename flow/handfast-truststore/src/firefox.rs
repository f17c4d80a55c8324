//! The NSS database of a Firefox profile, changed by certutil. Each CA has a nickname with its fingerprint.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Certificate, Fingerprint, code};

use crate::{
    Change, Request,
    plan::{Call, Plan, Step},
};

const DATABASE: &str = "cert9.db";

pub(crate) fn plan(request: &Request, change: Change, cas: &[Certificate]) -> Result<Plan, Problem> {
    let profiles = match &request.profile {
        Some(profile) => vec![profile.clone()],
        None => found()?,
    };
    if let Some(path) = &request.password_file {
        load::password_for_others(path)?;
    }
    let mut plan = Plan::default();
    for profile in &profiles {
        let is_new = !profile.join(DATABASE).exists();
        if is_new && !profile.is_dir() {
            let message = format!("\"{}\" is no folder", profile.display());
            return Err(Problem::new(code::UNREADABLE, message)
                .help("name the folder of the profile; Firefox shows it at about:profiles"));
        }
        let before = plan.steps.len();
        for ca in cas {
            let is_there = !is_new && holds(request, profile, ca)?;
            let step = match change {
                Change::Install if !is_there => {
                    // C: a CA for servers. Not for mail, not for code.
                    certutil(request, profile, ["-A", "-a", "-t", "C,,", "-n", &nickname(ca)])
                        .reading(ca.to_pem())
                }
                Change::Remove if is_there => certutil(request, profile, ["-D", "-n", &nickname(ca)]),
                _ => continue,
            };
            plan.steps.push(Step::Run(step));
        }
        if is_new && change == Change::Install {
            let make = certutil(request, profile, ["-N", "--empty-password"]);
            plan.steps.insert(before, Step::Run(make));
        }
    }
    if !plan.steps.is_empty() {
        plan.notes
            .push("a Firefox that runs reads it at its next start".into());
    }
    Ok(plan)
}

/// Every profile with a database, of Debian's Firefox, the snap and the flatpak.
fn found() -> Result<Vec<PathBuf>, Problem> {
    const PLACES: [&str; 3] = [
        ".mozilla/firefox",
        "snap/firefox/common/.mozilla/firefox",
        ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ];
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let mut profiles: Vec<PathBuf> = PLACES
        .iter()
        .filter_map(|place| fs::read_dir(home.join(place)).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|folder| folder.join(DATABASE).exists())
        .collect();
    profiles.sort();
    if profiles.is_empty() {
        return Err(
            Problem::new(code::UNREADABLE, "no profile of Firefox was found at home")
                .help("start Firefox once, or name its folder, shown at about:profiles: --profile DIR"),
        );
    }
    Ok(profiles)
}

fn nickname(ca: &Certificate) -> String {
    format!("handfast-{}", &ca.fingerprint().to_string()[..32])
}

fn certutil<const N: usize>(request: &Request, profile: &Path, arguments: [&str; N]) -> Call {
    let mut all: Vec<String> = vec!["-d".into(), format!("sql:{}", profile.display())];
    all.extend(arguments.map(str::to_owned));
    if let (Some(path), false) = (&request.password_file, arguments.contains(&"-N")) {
        all.extend(["-f".into(), path.display().to_string()]);
    }
    Call::new("certutil", all)
}

/// Whether the database has `ca` under our nickname.
fn holds(request: &Request, profile: &Path, ca: &Certificate) -> Result<bool, Problem> {
    let output = certutil(request, profile, ["-L", "-r", "-n", &nickname(ca)]).run()?;
    Ok(output.status.success() && Fingerprint::of(&output.stdout) == ca.fingerprint())
}
