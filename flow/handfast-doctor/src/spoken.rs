//! What is spoken with the server: before TLS, within it, and by whom.

use bytes::Bytes;
use http::Method;

use crate::{Ask, Service, StartTls, Talk, ask::headers, place::Place};

/// What the user says of it.
pub(crate) struct Spoken<'a> {
    pub(crate) starttls: Option<StartTls>,
    pub(crate) speak: Option<Service>,
    pub(crate) user: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
}

impl Spoken<'_> {
    pub(crate) fn alpn(&self, place: &Place) -> Vec<String> {
        let wanted = match self.speak {
            Some(service) => service.alpn(),
            None => place.is_http.then_some("http/1.1"),
        };
        wanted.map(str::to_owned).into_iter().collect()
    }

    pub(crate) fn talk(&self, place: &Place, name: &str) -> Talk {
        match (self.speak, self.user) {
            (Some(Service::Mysql), Some(user)) => {
                return Talk::Mysql {
                    user: user.to_owned(),
                };
            }
            (Some(service), _) => return Talk::Service(service),
            (None, _) => {}
        }
        match self.starttls {
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
