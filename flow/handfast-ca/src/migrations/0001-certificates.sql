-- One row per serial number, from the moment it is reserved.
CREATE TABLE certificate (
    serial      TEXT PRIMARY KEY NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('reserved', 'planned', 'issued')),
    profile     TEXT NOT NULL,
    subject     TEXT NOT NULL,
    names       TEXT NOT NULL,
    not_before  TEXT NOT NULL,
    not_after   TEXT NOT NULL,
    asker       TEXT NOT NULL,
    reserved_at TEXT NOT NULL,
    issued_at   TEXT,
    fingerprint TEXT,
    tbs         BLOB,
    der         BLOB,
    CHECK ((state = 'reserved') = (tbs IS NULL)),
    CHECK ((state = 'issued') = (der IS NOT NULL))
) STRICT;

CREATE INDEX certificate_unfinished ON certificate (reserved_at) WHERE state <> 'issued';
CREATE INDEX certificate_end ON certificate (not_after);

-- One line for every wish, fulfilled or refused; never changed.
CREATE TABLE journal (
    id     INTEGER PRIMARY KEY,
    at     TEXT NOT NULL,
    event  TEXT NOT NULL,
    serial TEXT UNIQUE,
    code   TEXT,
    detail TEXT NOT NULL
) STRICT;
