//! What is spoken with the server: before TLS, within it, and of which protocol.

use bytes::Bytes;
use handfast_doctor::{Ask, Service, StartTls, Talk};
use http::{HeaderMap, HeaderValue, Method};

use super::place::Place;

/// The flags that say so.
pub(super) struct Spoken<'a> {
    pub(super) starttls: Option<&'a str>,
    pub(super) speak: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

impl Spoken<'_> {
    pub(super) fn starttls(&self) -> Option<StartTls> {
        let wanted = self.starttls?;
        let found = StartTls::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, protocol)| protocol)
    }

    fn speak(&self) -> Option<Service> {
        let wanted = self.speak?;
        let found = Service::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, service)| service)
    }

    pub(super) fn alpn(&self, place: &Place) -> Vec<String> {
        let wanted = match self.speak() {
            Some(service) => service.alpn(),
            None => place.is_http.then_some("http/1.1"),
        };
        wanted.map(str::to_owned).into_iter().collect()
    }

    pub(super) fn talk(&self, place: &Place, name: &str) -> Talk {
        match (self.speak(), self.user) {
            (Some(Service::Mysql), Some(user)) => {
                return Talk::Mysql {
                    user: user.to_owned(),
                };
            }
            (Some(service), _) => return Talk::Service(service),
            (None, _) => {}
        }
        match self.starttls() {
            Some(StartTls::Postgres) => Talk::Postgres {
                user: self.user.unwrap_or("postgres").to_owned(),
            },
            Some(StartTls::Imap) => Talk::Service(Service::Imap),
            Some(StartTls::Smtp) => Talk::Service(Service::Smtp),
            Some(StartTls::Mysql) if self.user.is_some() => Talk::Mysql {
                user: self.user.unwrap_or_default().to_owned(),
            },
            Some(_) => Talk::Listen,
            None => Talk::Http(Ask {
                method: Method::GET,
                path: place.path.clone(),
                host: self.host.map_or_else(|| place.authority(name), str::to_owned),
                headers: headers(),
                body: Bytes::new(),
            }),
        }
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::USER_AGENT,
        HeaderValue::from_static(concat!("handfast/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
    headers
}
