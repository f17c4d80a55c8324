//! The pages of docs/findings, which the program carries with it.

use handfast_pki::Code;

macro_rules! pages {
    ($($number:literal)*) => {
        &[$((
            concat!("HF-", $number),
            include_str!(concat!("../../../docs/findings/HF-", $number, ".md")),
        )),*]
    };
}

/// Every page by its code, in order.
const PAGES: &[(&str, &str)] = pages! {
    101 102 103 104 105 106 107 108 109 110
    201 202 203 204 205 206 207 208 209 210 211 212 213 214 215 216 217 218 219
    301 302 303 304 305 306 307 308 309
    401 402 403 404 405 406 407 408 409 410
    501 502 503 504 505 506 507 508 509
    601 602 603 604 605 606 607 608 609 610 611
    701 702 703 704 705 706 707 708 709 710 711 712 713 714 715 716 717 718 719
    720 721 722 723 724 725 726
    730 731 732 733 734 735 736 737 738
    801 802 803 804 805 806 807 808 809 810 811 812 813 814
    820 821 822 823 824
    830 831 832 833 834 835 836 837 838 839 840 841 842 843 844 845
    901 902 903
    999
};

/// The page of `code`, in Markdown.
pub fn of(code: Code) -> Option<&'static str> {
    let name = code.to_string();
    PAGES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, page)| *page)
}

/// Where the documentation of this build is read, `HANDFAST_DOCS_URL` at build time, without a slash at its end.
pub fn site() -> Option<&'static str> {
    option_env!("HANDFAST_DOCS_URL")
        .map(|site| site.trim_end_matches('/'))
        .filter(|site| !site.is_empty())
}

/// How the page of `code` is read: its address, or the command that shows it.
pub fn more(code: Code) -> String {
    more_at(site(), code)
}

fn more_at(site: Option<&str>, code: Code) -> String {
    match site {
        Some(site) => format!("{site}/findings/{code}.html"),
        None => format!("handfast explain {code}"),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use handfast_pki::code;

    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/findings");

    #[test]
    fn a_page_has_an_address_where_the_build_knows_the_site_and_a_command_elsewhere() {
        let site = Some("https://handfast.example/docs");
        assert_eq!(
            more_at(site, code::UNKNOWN_ISSUER),
            "https://handfast.example/docs/findings/HF-103.html"
        );
        assert_eq!(more_at(None, code::UNKNOWN_ISSUER), "handfast explain HF-103");
    }

    #[test]
    fn every_code_has_a_page_that_begins_with_its_title() {
        for (code, title) in code::ALL {
            let page = of(*code).unwrap_or_else(|| panic!("{code} has no page"));
            assert_eq!(page.lines().next(), Some(format!("# {code}: {title}").as_str()));
            for part in [
                "**Who refused:**",
                "**What you see:**",
                "**How to check:**",
                "**Fix:**",
            ] {
                assert!(page.contains(part), "{code} lacks {part}");
            }
        }
    }

    #[test]
    fn every_page_has_a_code_and_is_carried_along() {
        let files = fs::read_dir(FOLDER).expect("the folder of the pages");
        let files: BTreeSet<String> = files
            .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .filter(|name| name != "README.md")
            .collect();
        let carried: BTreeSet<String> = PAGES.iter().map(|(code, _)| format!("{code}.md")).collect();
        assert_eq!(files, carried);
        for (name, _) in PAGES {
            assert!(Code::parse(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_list_of_pages_names_every_code_with_its_title() {
        let list = fs::read_to_string(format!("{FOLDER}/README.md")).expect("the list");
        for (code, title) in code::ALL {
            let line = format!("- [{code}]({code}.md): {title}");
            assert!(list.lines().any(|known| known == line), "{line}");
        }
    }

    #[test]
    fn the_doctor_reads_what_the_pages_show() {
        // Nobody says a text for these, they show in what happens.
        const SILENT: [Code; 12] = [
            code::CANNOT_VERIFY,
            code::INSTANCES,
            code::NOT_ASKED,
            code::OLD_PROCESS,
            code::RESUMED_UNCHECKED,
            code::OLD_POOL,
            code::NOT_FORWARDED,
            code::FORGEABLE,
            code::NAME_FORM,
            code::PUBLIC_CAS,
            code::ANY_OF_CA,
            code::LONG_LIVED,
        ];
        for (name, page) in PAGES {
            let code = Code::parse(name).expect("a code");
            if code >= code::NOT_ALLOWED || SILENT.contains(&code) {
                continue;
            }
            let (_, seen) = page.split_once("**What you see:**").expect("what is seen");
            let (seen, _) = seen.split_once("**How to check:**").expect("how to check");
            let texts: Vec<&str> = seen.split('`').skip(1).step_by(2).collect();
            let known = |text: &&&str| {
                let causes = handfast_messages::causes(text);
                causes.iter().any(|finding| finding.code == code)
            };
            // Pages that refer to another one for their texts have none of their own.
            let is_told = texts.iter().any(|text| known(&text)) || seen.contains("The texts of");
            assert!(is_told, "{code}: {texts:#?}");
        }
    }

    #[test]
    fn every_link_between_pages_leads_somewhere() {
        for (name, page) in PAGES {
            for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = target.split('#').next().unwrap_or_default();
                let path = format!("{FOLDER}/{file}");
                assert!(std::path::Path::new(&path).exists(), "{name}: {target}");
            }
        }
    }
}
