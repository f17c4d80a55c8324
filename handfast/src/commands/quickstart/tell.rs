//! Each call, and what can be tried afterwards.

use std::{net::SocketAddr, path::Path};

use handfast_finding::shell::shell;
use handfast_interop::quickstart::{Call, Outcome};
use handfast_report::{
    ladder::ladder,
    style::{BAD, GOOD, STRONG},
};

use super::Args;
use crate::words::{Words, width};

pub(super) fn tell(args: &Args, call: &Call, outcome: &Outcome, words: &Words) {
    words.data(format_args!("\n{STRONG}A call {}{STRONG:#}", call.title));
    if call.expected.is_none() {
        words.data(ladder(&outcome.trace, width()).trim_end());
    }
    match (&outcome.finding, &outcome.answer) {
        (Some(finding), _) => {
            words.data(format_args!(
                "  refused  [{}] {}",
                finding.code,
                finding.code.title()
            ));
            words.data(format_args!("    because: {}", finding.because));
            words.data(format_args!("    help:    {}", finding.help));
        }
        (None, Some(answer)) => {
            words.data(format_args!("  answered {}", answer.status));
            if args.to.is_none() {
                words.data(format_args!(
                    "    the service says: {}",
                    String::from_utf8_lossy(&answer.body).trim_end()
                ));
            }
        }
        (None, None) => words.data("  no answer"),
    }
    match (outcome.is_expected(call), call.expected) {
        (true, None) => words.data(format_args!("  {GOOD}as expected{GOOD:#}")),
        (true, Some(_)) => words.data(format_args!(
            "  {GOOD}as expected{GOOD:#}: nothing reached the service"
        )),
        (false, Some(code)) => words.data(format_args!(
            "  {BAD}not as expected{BAD:#}: expected a refusal with {code}"
        )),
        (false, None) => words.data(format_args!("  {BAD}not as expected{BAD:#}: expected an answer")),
    }
}

pub(super) fn summary(args: &Args, proxy: SocketAddr, log: &Path, words: &Words) {
    let path = |file: &str| shell(args.dir.join(file).display());
    let (cert, key, ca) = (
        path("client/tls.crt"),
        path("client/tls.key"),
        path("client/ca.crt"),
    );
    let url = format!("https://localhost:{}/", proxy.port());
    words.data(format_args!(
        "\n{STRONG}Try it yourself{STRONG:#}, the proxy listens on {proxy}:"
    ));
    words.data(format_args!(
        "  curl --cert {cert} --key {key} --cacert {ca} {url}"
    ));
    words.data(format_args!(
        "  python3 -c \"import requests; print(requests.get('{url}', cert=('{cert}', '{key}'), verify='{ca}').text)\""
    ));
    words.data(format_args!(
        "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect localhost:{} -cert {cert} -cert_chain {cert} -key {key} -CAfile {ca}",
        proxy.port()
    ));
    words.data(format_args!(
        "  handfast get {url} --cert {cert} --key {key} --ca {ca} -v"
    ));
    words.data(format_args!(
        "every connection is logged in {}",
        shell(log.display())
    ));
    words.next("handfast init --name NAME, for a CA of your own");
}
