//! A target is as good as the versions with which it was tried, so it names them.

use handfast_setup::Version;

#[test]
fn every_target_that_the_tests_run_names_its_versions_and_no_other_does() {
    for target in handfast_setup::all().expect("targets") {
        for role in target.roles() {
            let part = target.part(role).expect("a side");
            let is_run = part.recorded.is_none();
            assert_eq!(
                !part.tested.is_empty(),
                is_run,
                "{} as a {}",
                target.name,
                role.name()
            );
            for version in &part.tested {
                let begins = version.starts_with(|c: char| c.is_ascii_digit());
                assert!(begins, "{}: {version}", target.name);
            }
        }
    }
}

#[test]
fn what_is_otherwise_for_older_versions_lies_between_those_that_were_tested() {
    for target in handfast_setup::all().expect("targets") {
        for part in target.roles().into_iter().flat_map(|role| target.part(role)) {
            let tested: Vec<Version> = part
                .tested
                .iter()
                .filter_map(|text| Version::printed(text))
                .collect();
            for since in &part.since {
                let has = |is_older: bool| {
                    tested
                        .iter()
                        .any(|version| (*version < since.version) == is_older)
                };
                assert!(has(true) && has(false), "{} {}", target.name, since.version);
                assert!(
                    part.version.is_some(),
                    "{}: nothing says which version is here",
                    target.name
                );
            }
        }
    }
}
