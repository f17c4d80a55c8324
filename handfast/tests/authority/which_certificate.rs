//! Certificates are named by their serial numbers: in every writing, and what is none is told apart from what is not recorded.

use crate::program::Place;

#[test]
fn a_serial_number_is_known_in_every_writing() {
    let place = Place::with_authority();
    let issued = place
        .run("issue server --dns a.example --out a --json")
        .good()
        .json();
    let serial = issued["certificate"]["serial"].as_str().expect("a serial number");
    let pairs: Vec<&str> = (0..serial.len())
        .step_by(2)
        .map(|at| &serial[at..at + 2])
        .collect();
    for writing in [
        serial.to_owned(),
        serial.to_uppercase(),
        format!("0x{serial}"),
        pairs.join(":"),
    ] {
        let shown = place.run(&format!("ca show {writing}")).good();
        assert!(shown.stdout.contains("dns:a.example"), "{shown:#?}");
    }
}

#[test]
fn what_is_no_serial_number_is_a_wrong_argument_and_one_that_is_not_recorded_is_said_so() {
    let place = Place::with_authority();
    for command in ["ca show", "ca revoke --yes", "ca audit prove"] {
        for text in ["zz", "web", "0x", "-1", "12 34", ":"] {
            let mut run = place.handfast(command);
            let ran = crate::program::Ran::new(command, {
                run.args(["--", text]);
                run
            });
            let refused = ran.refused(2, "HF-901");
            assert!(refused.stderr.contains("is no serial number"), "{refused:#?}");
        }
        for serial in [
            "0",
            "00",
            "1f",
            "1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a7988",
        ] {
            let refused = place.run(&format!("{command} {serial}")).refused(1, "HF-811");
            assert!(!refused.stderr.contains("records of the CA fail"), "{refused:#?}");
        }
    }
}

#[test]
fn a_root_with_the_name_of_a_ca_of_ours_is_not_vouched_for() {
    let place = Place::with_authority();
    for (name, dir) in [("Acme", "same"), ("Beta", "other")] {
        place.run(&format!("init --name {name} --dir {dir}")).good();
    }
    for root in ["same", "handfast"] {
        let refused = place
            .run(&format!("ca cross-sign {root}/root.crt --out {root}.crt"))
            .refused(2, "HF-801");
        assert!(
            refused.stderr.contains("no verifier could tell them apart"),
            "{refused:#?}"
        );
        assert!(!place.path(&format!("{root}.crt")).exists());
    }
    place.run("ca cross-sign other/root.crt --out other.crt").good();
}
