//! What would happen between two sides with these files, and every path that would be tried. Nobody is connected to.

use std::{sync::Arc, time::Duration};

use handfast_finding::Finding;
use handfast_pki::{
    Anchors, Certificate, Purpose, Trust,
    candidates::{self, Candidate},
    verify,
};
use handfast_tls::{HandshakeError, client::Asked};
use handfast_trace::{Kind, Message, Presented, Said, Side};
use jiff::Timestamp;

use crate::{
    Context, Ending, Trace,
    files::{self, Holdings, Look},
    judge::{self, Evidence, judge, ranked},
};

/// What it comes to.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// The most probable first; none where both sides would be content.
    pub findings: Vec<Finding>,
    /// Every way from a leaf upwards that the other side would look at.
    pub paths: Vec<Tried>,
    /// What is worth knowing, as name and value.
    pub notes: Vec<(String, String)>,
}

/// One way upwards.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Whose certificate it begins with.
    pub whose: Purpose,
    pub candidate: Candidate,
}

/// Compares the files of `client` with those of `server` at `now`. `host` is what the client would call the server.
pub fn what_if(client: &Holdings, server: &Holdings, host: Option<&str>, now: Timestamp) -> WhatIf {
    let mut made = WhatIf {
        findings: of_files(client, server, now),
        paths: Vec::new(),
        notes: Vec::new(),
    };
    made.tell_choice(Purpose::Client, client);
    made.tell_choice(Purpose::Server, server);
    made.client_at_server(client, server, now);
    made.server_at_client(client, server, host, now);
    made.findings = ranked(std::mem::take(&mut made.findings));
    made
}

fn of_files(client: &Holdings, server: &Holdings, now: Timestamp) -> Vec<Finding> {
    let look = |purpose| Look {
        purpose,
        now,
        passwords: Vec::new(),
        reader: None,
    };
    let mut findings = files::judge(client, &look(Purpose::Client));
    findings.extend(files::judge(server, &look(Purpose::Server)));
    findings
}

impl WhatIf {
    fn note(&mut self, name: &str, value: impl Into<String>) {
        self.notes.push((name.to_owned(), value.into()));
    }

    /// Which files were taken, where there was a choice.
    fn tell_choice(&mut self, whose: Purpose, holdings: &Holdings) {
        let Some((own, why)) = holdings.own().and_then(|own| Some((own.file, own.why?))) else {
            return;
        };
        self.note(&format!("the {whose}'s file"), format!("{own}; {why}"));
    }

    /// The server judges the client.
    fn client_at_server(&mut self, client: &Holdings, server: &Holdings, now: Timestamp) {
        let trusted = server.authorities();
        let Ok(trust) = Anchors::new(trusted.clone(), now).map(Trust::from) else {
            self.note(
                "the server",
                "has no CA among its files, so it would reject every client",
            );
            return;
        };
        let Some(own) = client.own() else {
            self.note("the client", "has no certificate among its files");
            return;
        };
        self.tried(Purpose::Client, &own.chain, &trust, now);
        let issuers: Vec<Vec<u8>> = trusted.iter().map(|ca| ca.subject().der()).collect();
        let trace = Trace {
            asked: Some(Asked {
                issuers,
                schemes: Vec::new(),
                sent: true,
            }),
            ..Trace::of_files(own.chain.clone())
        };
        let context = Context {
            known: trusted,
            neighbours: client.certificates(),
            revocation: server.lists.clone(),
            client_trust: Some(Arc::new(trust)),
            ..Context::default()
        };
        let refused = judge::would_be_refused(&Evidence::alone(&trace, &context), now);
        let verdict = if refused.is_empty() {
            "would let the client in"
        } else {
            "would refuse the client"
        };
        self.note("the server", verdict);
        self.findings.extend(refused);
    }

    /// The client judges the server.
    fn server_at_client(&mut self, client: &Holdings, server: &Holdings, host: Option<&str>, now: Timestamp) {
        let trusted = client.authorities();
        let Ok(trust) = Anchors::new(trusted.clone(), now).map(Trust::from) else {
            self.note(
                "the client",
                "has no CA among its files, so it would trust what its system trusts",
            );
            return;
        };
        let Some(own) = server.own() else {
            self.note("the server", "has no certificate among its files");
            return;
        };
        self.tried(Purpose::Server, &own.chain, &trust, now);
        let ders: Vec<_> = own
            .chain
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        let named = |chain: &verify::VerifiedChain| match host.map(verify::host) {
            Some(Ok(host)) => verify::for_host(chain, &host),
            _ => Ok(()),
        };
        let verdict = verify::verify(&ders, &trust, Purpose::Server, now).and_then(|chain| named(&chain));
        let Err(refusal) = verdict else {
            self.note("the client", "would trust the server");
            return;
        };
        self.note("the client", "would not trust the server");
        let trace = Trace {
            messages: vec![shown(&own.chain)],
            ending: Ending::Handshake(HandshakeError::Refused {
                refusal,
                purpose: Purpose::Server,
            }),
            ..Trace::of_files(Vec::new())
        };
        let context = Context {
            known: trusted,
            neighbours: server.certificates(),
            ..Context::default()
        };
        self.findings
            .extend(judge(&Evidence::alone(&trace, &context), now));
    }

    fn tried(&mut self, whose: Purpose, chain: &[Certificate], trust: &Trust, now: Timestamp) {
        let candidates = candidates::candidates(chain, trust, whose, now);
        self.paths
            .extend(candidates.into_iter().map(|candidate| Tried { whose, candidate }));
    }
}

/// The Certificate message in which the server would show `chain`.
fn shown(chain: &[Certificate]) -> Message {
    let presented = chain.iter().map(|certificate| Presented {
        der: certificate.der().to_vec(),
        certificate: Some(certificate.clone()),
    });
    Message {
        at: Duration::ZERO,
        from: Side::Server,
        kind: Kind::Certificate,
        encrypted: false,
        bytes: 0,
        said: Said::Certificates(presented.collect()),
        raw: Vec::new(),
    }
}
