//! The NSS database of a Firefox profile, changed by certutil. Each CA has a nickname with its fingerprint.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use handfast_pki::{Certificate, Fingerprint, code};

use super::{
    Way, Wish,
    plan::{Call, Plan, Step},
};
use crate::{
    failure::{Exit, Failure},
    files,
};

const DATABASE: &str = "cert9.db";

pub(super) fn plan(wish: &Wish, way: Way, cas: &[Certificate]) -> Result<Plan, Failure> {
    let profiles = match &wish.profile {
        Some(profile) => vec![profile.clone()],
        None => found()?,
    };
    if let Some(path) = &wish.password_file {
        files::password(path)?;
    }
    let mut plan = Plan::default();
    for profile in &profiles {
        let is_new = !profile.join(DATABASE).exists();
        if is_new && !profile.is_dir() {
            let message = format!("\"{}\" is no folder", profile.display());
            return Err(Failure::new(Exit::Misuse, code::UNREADABLE, message)
                .hint("name the folder of the profile; Firefox shows it at about:profiles"));
        }
        let before = plan.steps.len();
        for ca in cas {
            let is_there = !is_new && holds(wish, profile, ca)?;
            let step = match way {
                Way::Install if !is_there => {
                    // C: a CA for servers. Not for mail, not for code.
                    certutil(wish, profile, ["-A", "-a", "-t", "C,,", "-n", &nickname(ca)])
                        .reading(ca.to_pem())
                }
                Way::Remove if is_there => certutil(wish, profile, ["-D", "-n", &nickname(ca)]),
                _ => continue,
            };
            plan.steps.push(Step::Run(step));
        }
        if is_new && way == Way::Install {
            let make = certutil(wish, profile, ["-N", "--empty-password"]);
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
fn found() -> Result<Vec<PathBuf>, Failure> {
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
        return Err(Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            "no profile of Firefox was found at home",
        )
        .hint("start Firefox once, or name its folder, shown at about:profiles: --profile DIR"));
    }
    Ok(profiles)
}

fn nickname(ca: &Certificate) -> String {
    format!("handfast-{}", &ca.fingerprint().to_string()[..32])
}

fn certutil<const N: usize>(wish: &Wish, profile: &Path, arguments: [&str; N]) -> Call {
    let mut all: Vec<String> = vec!["-d".into(), format!("sql:{}", profile.display())];
    all.extend(arguments.map(str::to_owned));
    if let (Some(path), false) = (&wish.password_file, arguments.contains(&"-N")) {
        all.extend(["-f".into(), path.display().to_string()]);
    }
    Call::new("certutil", all)
}

/// Whether the database has `ca` under our nickname.
fn holds(wish: &Wish, profile: &Path, ca: &Certificate) -> Result<bool, Failure> {
    let output = certutil(wish, profile, ["-L", "-r", "-n", &nickname(ca)]).run()?;
    Ok(output.status.success() && Fingerprint::of(&output.stdout) == ca.fingerprint())
}
