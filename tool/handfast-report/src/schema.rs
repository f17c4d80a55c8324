//! Every JSON object that the program prints has a name and a version, and stands here: a new one cannot be printed
//! without both, nor without the file that describes it.

use serde_json::{Map, Value, json};

macro_rules! schemas {
    ($($variant:ident $name:literal $version:literal $what:literal;)*) => {
        /// The form of one kind of answer. Its version changes when a key is removed or changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Schema {
            $(#[doc = $what] $variant,)*
        }

        impl Schema {
            /// All of them, by name.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name alone: `doctor`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The value of the key `schema`: `handfast-doctor/1`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => concat!("handfast-", $name, "/", $version)),* }
            }

            /// What prints it, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $what),* }
            }

            /// Its JSON Schema, draft 2020-12.
            pub fn file(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../../docs/reference/schema/", $name, ".json"))),*
                }
            }
        }
    };
}

schemas! {
    AccessLog "access-log" 1 "a line of the log of proxy and tunnel";
    BenchCa "bench-ca" 1 "bench ca";
    CaApprove "ca-approve" 1 "ca approve";
    CaAuditCheck "ca-audit-check" 1 "ca audit check";
    CaAuditCheckpoint "ca-audit-checkpoint" 1 "ca audit checkpoint";
    CaAuditProve "ca-audit-prove" 1 "ca audit prove";
    CaAuditVerify "ca-audit-verify" 1 "ca audit verify";
    CaBackup "ca-backup" 1 "ca backup";
    CaCheck "ca-check" 1 "ca check";
    CaClock "ca-clock" 1 "ca clock";
    CaCrl "ca-crl" 1 "ca crl";
    CaCrossSign "ca-cross-sign" 1 "ca cross-sign";
    CaExport "ca-export" 1 "ca export";
    CaIssuerAdd "ca-issuer-add" 1 "ca issuer add";
    CaIssuerList "ca-issuer-list" 1 "ca issuer list";
    CaIssuerOcspSigner "ca-issuer-ocsp-signer" 1 "ca issuer ocsp-signer";
    CaIssuerRetire "ca-issuer-retire" 1 "ca issuer retire";
    CaJournal "ca-journal" 1 "ca journal";
    CaKeyDecrypt "ca-key-decrypt" 1 "ca key decrypt";
    CaKeyEncrypt "ca-key-encrypt" 1 "ca key encrypt";
    CaList "ca-list" 1 "ca list";
    CaOcsp "ca-ocsp" 1 "ca ocsp";
    CaProfiles "ca-profiles" 1 "ca profiles";
    CaReconcile "ca-reconcile" 1 "ca reconcile";
    CaRequests "ca-requests" 1 "ca requests";
    CaRestore "ca-restore" 1 "ca restore";
    CaRevoke "ca-revoke" 1 "ca revoke";
    CaRootExport "ca-root-export" 1 "ca root export";
    CaRootSign "ca-root-sign" 1 "ca root sign";
    CaRotate "ca-rotate" 1 "ca rotate";
    CaSet "ca-set" 1 "ca set";
    CaShow "ca-show" 1 "ca show";
    Check "check" 1 "check";
    Clients "clients" 1 "clients, and /v1/clients of the admin port";
    Completions "completions" 1 "completions";
    Convert "convert" 1 "convert";
    Csr "csr" 1 "csr";
    Doctor "doctor" 1 "doctor, with its subcommands other than join and posture";
    Env "env" 1 "env --for PROGRAM";
    EnvList "env-list" 1 "env without a program";
    Error "error" 1 "any command that fails, and usage errors";
    Explain "explain" 1 "explain CODE";
    ExplainList "explain-list" 1 "explain without a code";
    Get "get" 1 "get";
    Health "health" 1 "health";
    Help "help" 1 "--help";
    Init "init" 1 "init";
    Inspect "inspect" 1 "inspect";
    Issue "issue" 1 "issue";
    Join "join" 1 "doctor join";
    LabList "lab-list" 1 "lab list";
    LabRun "lab-run" 1 "lab run";
    Man "man" 1 "man";
    NeedsRenewal "needs-renewal" 1 "needs-renewal";
    PolicyDiff "policy-diff" 1 "policy diff";
    PolicyExplain "policy-explain" 1 "policy explain";
    PolicyTest "policy-test" 1 "policy test";
    Posture "posture" 1 "doctor posture";
    Quickstart "quickstart" 1 "quickstart";
    Readiness "readiness" 1 "readiness";
    Renew "renew" 1 "renew";
    Schema "schema" 1 "schema NAME";
    SchemaList "schema-list" 1 "schema without a name";
    Setup "setup" 1 "setup TARGET";
    SetupCertificates "setup-certificates" 1 "setup certificates";
    SetupList "setup-list" 1 "setup list";
    SetupShow "setup-show" 1 "setup show";
    SetupVerify "setup-verify" 1 "setup verify";
    Sign "sign" 1 "sign";
    Trust "trust" 1 "trust install and trust remove";
    Verify "verify" 1 "verify";
    VerifyConfig "verify-config" 1 "verify-config";
    Version "version" 1 "--version";
}

impl Schema {
    /// The one of this name, with or without `handfast-` and the version.
    pub fn named(text: &str) -> Option<Self> {
        let known = |schema: &&Self| text == schema.name() || text == schema.id();
        Self::ALL.iter().find(known).copied()
    }

    /// `members` as an answer of this form: `schema` stands first.
    pub fn answer(self, members: Value) -> Value {
        let mut answer = Map::new();
        answer.insert("schema".into(), json!(self.id()));
        match members {
            Value::Object(members) => answer.extend(members),
            // An answer is an object; what is none would lose its name.
            other => drop(answer.insert("value".into(), other)),
        }
        Value::Object(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference");

    fn described(schema: Schema) -> Value {
        let file = schema.file();
        serde_json::from_str(file).unwrap_or_else(|error| panic!("{}: {error}", schema.name()))
    }

    #[test]
    fn names_are_in_order_and_used_once() {
        let names: Vec<&str> = Schema::ALL.iter().map(|schema| schema.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:#?}");
    }

    #[test]
    fn every_file_describes_the_name_and_version_that_are_printed() {
        for schema in Schema::ALL {
            let file = described(*schema);
            assert_eq!(file["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(file["title"], schema.id());
            let text = file.to_string();
            let says = format!("\"const\":\"{}\"", schema.id());
            assert!(text.contains(&says), "{says}: {text}");
        }
    }

    #[test]
    fn every_file_has_a_schema_and_is_listed_in_the_reference() {
        let files = fs::read_dir(format!("{FOLDER}/schema")).expect("the folder of the schemas");
        let files: BTreeSet<String> = files
            .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        let known: BTreeSet<String> = Schema::ALL
            .iter()
            .map(|schema| format!("{}.json", schema.name()))
            .collect();
        assert_eq!(files, known);
        let page = fs::read_to_string(format!("{FOLDER}/json.md")).expect("the page");
        for schema in Schema::ALL {
            let heading = format!("## `{}`", schema.id());
            assert!(page.lines().any(|line| line == heading), "{heading}");
            assert!(page.contains(&format!("schema/{}.json", schema.name())));
        }
    }

    #[test]
    fn every_key_of_a_file_is_explained_in_the_reference() {
        let page = fs::read_to_string(format!("{FOLDER}/json.md")).expect("the page");
        for schema in Schema::ALL {
            for key in described(*schema)["properties"].as_object().into_iter().flatten() {
                let (name, _) = key;
                assert!(page.contains(&format!("`{name}`")), "{}: {name}", schema.name());
            }
        }
    }

    #[test]
    fn what_two_files_call_the_same_is_the_same() {
        let mut known: Map<String, Value> = Map::new();
        for schema in Schema::ALL {
            let file = described(*schema);
            for (name, part) in file["$defs"].as_object().into_iter().flatten() {
                match known.get(name) {
                    Some(first) => assert_eq!(first, part, "{name} of {}", schema.name()),
                    None => drop(known.insert(name.clone(), part.clone())),
                }
            }
        }
        assert!(known.contains_key("identity") && known.contains_key("finding"));
    }

    #[test]
    fn the_name_of_an_answer_stands_first() {
        let answer = Schema::Check.answer(json!({ "config": "a", "good": true }));
        assert_eq!(
            answer.to_string(),
            r#"{"schema":"handfast-check/1","config":"a","good":true}"#
        );
        assert_eq!(Schema::named("handfast-check/1"), Some(Schema::Check));
        assert_eq!(Schema::named("check"), Some(Schema::Check));
        assert_eq!(Schema::named("chec"), None);
    }
}
