//! Clocks that are wrong. Where it is the client's, everybody else lives in another time: certificates are made for that
//! time, and the servers are started in it.

use handfast_pki::code;
use jiff::{SignedDuration, Timestamp};

use super::{CERTAIN, CLIENT, LIKELY, Made, Must, ROW, Row, SERVER, of_rows, special};
use crate::{
    Case,
    Program::{self, Apache, Faketime, Haproxy, Nginx, Openssl},
    Scene, Setup,
    cast::{self, Cast},
    forge::{DAY, Wish},
    serve,
};

/// The client's clock is wrong by `hours`, so that the world is ahead of it by as many the other way round.
pub(super) struct World {
    pub(super) program: Program,
    pub(super) variant: &'static str,
    pub(super) description: &'static str,
    /// How far the world is ahead.
    pub(super) hours: i64,
    pub(super) must: Must,
}

const WORLDS: &[World] = &[
    World {
        program: Nginx,
        variant: "day-behind",
        description: "the client's clock is two days behind, so that the server's certificate is not valid yet for it",
        hours: 48,
        must: Must::Say(code::NOT_YET_VALID, CLIENT, CERTAIN),
    },
    World {
        program: Nginx,
        variant: "years-behind",
        description: "the client's clock is three years behind",
        hours: 3 * 365 * 24,
        must: Must::Say(code::NOT_YET_VALID, CLIENT, CERTAIN),
    },
    World {
        program: Openssl,
        variant: "years-behind",
        description: "the client's clock is three years behind, and the server says no date",
        hours: 3 * 365 * 24,
        must: Must::Say(code::NOT_YET_VALID, CLIENT, CERTAIN),
    },
    World {
        program: Nginx,
        variant: "ahead",
        description: "the client's clock is sixty days ahead, so that all certificates have expired for it",
        hours: -60 * 24,
        must: Must::SayBoth(code::EXPIRED, code::NOT_YET_VALID),
    },
    World {
        program: Haproxy,
        variant: "ahead",
        description: "the client's clock is sixty days ahead, and the server says no date",
        hours: -60 * 24,
        must: Must::SayBoth(code::EXPIRED, code::NOT_YET_VALID),
    },
    World {
        program: Haproxy,
        variant: "clock-hour",
        description: "the client's clock is one hour behind, which does no harm",
        hours: 1,
        must: Must::Rest,
    },
];

fn in_2051(cast: &Cast<'_>) -> Made {
    let at = |text: &str| text.parse::<Timestamp>().unwrap_or(cast.now);
    let wish = Wish {
        not_before: at("2051-01-01T00:00:00Z"),
        not_after: at("2052-01-01T00:00:00Z"),
        ..cast.client()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn in_1999(cast: &Cast<'_>) -> Made {
    let at = |text: &str| text.parse::<Timestamp>().unwrap_or(cast.now);
    let wish = Wish {
        not_before: at("1998-01-01T00:00:00Z"),
        not_after: at("1999-01-01T00:00:00Z"),
        ..cast.client()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn for_ever(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        not_after: "9999-12-31T23:59:59Z"
            .parse::<Timestamp>()
            .unwrap_or(cast.now + DAY),
        ..cast.server()?
    };
    cast.leaf("pair", &wish).map(drop)
}

fn began_now(cast: &Cast<'_>) -> Made {
    let wish = Wish {
        not_before: cast.now - SignedDuration::from_secs(5),
        ..cast.client()?
    };
    cast.leaf("pair", &wish).map(drop)
}

const ROWS: &[Row] = &[
    Row {
        variant: "server-behind",
        description: "the server's clock is two days behind, so that the client's certificate is not valid yet for it",
        clock: Some("-2d"),
        must: Must::Say(code::NOT_YET_VALID, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-behind",
        description: "the server's clock is two days behind, and its alert is bad_certificate",
        clock: Some("-2d"),
        must: Must::Suspect(code::NOT_YET_VALID),
        ..ROW
    },
    Row {
        variant: "server-ahead",
        description: "the server's clock is forty days ahead, so that the client's certificate has expired for it",
        clock: Some("+40d"),
        must: Must::Say(code::NOT_YET_VALID, SERVER, LIKELY),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "server-ahead",
        description: "the server's clock is forty days ahead, and its alert is certificate_expired",
        clock: Some("+40d"),
        must: Must::Suspect(code::NOT_YET_VALID),
        ..ROW
    },
    Row {
        program: Openssl,
        variant: "server-ahead",
        description: "the server's clock is forty days ahead, and its alert is certificate_expired",
        clock: Some("+40d"),
        must: Must::Suspect(code::NOT_YET_VALID),
        ..ROW
    },
    Row {
        program: Apache,
        variant: "began-now",
        description: "the client's certificate was issued this moment, and the server's clock is two minutes behind",
        make: began_now,
        clock: Some("-2m"),
        pair: Some("pair"),
        must: Must::Say(code::NOT_YET_VALID, SERVER, LIKELY),
        ..ROW
    },
    Row {
        variant: "clock-minutes",
        description: "the server's clock is two minutes behind, which does no harm",
        clock: Some("-2m"),
        must: Must::Rest,
        ..ROW
    },
    Row {
        variant: "2051",
        description: "the client's certificate begins in 2051, a year that is written in another way",
        make: in_2051,
        pair: Some("pair"),
        must: Must::Say(code::NOT_YET_VALID, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        program: Haproxy,
        variant: "1999",
        description: "the client's certificate expired in 1999",
        make: in_1999,
        pair: Some("pair"),
        must: Must::Say(code::EXPIRED, SERVER, CERTAIN),
        ..ROW
    },
    Row {
        variant: "for-ever",
        description: "the server's certificate has no end, which is 99991231235959Z",
        make: for_ever,
        setup: |setup, _| setup.pair = "pair".into(),
        must: Must::Rest,
        ..ROW
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_rows(ROWS);
    cases.extend(WORLDS.iter().map(of_world));
    cases
}

pub(super) fn of_world(world: &'static World) -> Case {
    special(
        (world.program, world.variant),
        world.description,
        &[world.program, Faketime],
        world.must,
        |folder| {
            let now = Timestamp::now() + SignedDuration::from_hours(world.hours);
            cast::write(folder, now)?;
            let setup = Setup {
                clock: Some(format!("{:+}h", world.hours)),
                ..Setup::default()
            };
            let running = serve(world.program, folder, &setup)?;
            let port = running.port;
            Ok(Scene::https(vec![running], port, Some("client"), &[]))
        },
    )
}
