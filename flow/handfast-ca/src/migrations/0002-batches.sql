-- Records made for many: an issuer and a requester for each certificate, names that can be searched, revocations, and
-- more than one line of the journal for a serial number. Times are numbers, so that they can be compared.

-- A crash between storing and recording left a certificate without its line; it gets it now.
INSERT OR IGNORE INTO journal (at, event, serial, detail)
SELECT issued_at, 'issued', serial, profile || ' for ' || CASE names WHEN '' THEN subject ELSE names END
FROM certificate
WHERE state = 'issued' AND serial NOT IN (SELECT serial FROM journal WHERE serial NOT NULL);

CREATE TABLE certificate_new (
    serial      TEXT PRIMARY KEY NOT NULL,
    -- The issuer's key identifier; NULL in rows of version 1.
    issuer      TEXT,
    state       TEXT NOT NULL CHECK (state IN ('reserved', 'planned', 'issued')),
    profile     TEXT NOT NULL,
    subject     TEXT NOT NULL,
    -- For showing; certificate_name is for searching.
    names       TEXT NOT NULL,
    -- Seconds since 1970, as certificates know them.
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    requester   TEXT NOT NULL,
    -- Milliseconds since 1970.
    begun_at    INTEGER NOT NULL,
    issued_at   INTEGER,
    fingerprint TEXT,
    tbs         BLOB,
    der         BLOB,
    CHECK ((state = 'reserved') = (tbs IS NULL)),
    CHECK ((state = 'issued') = (der IS NOT NULL))
) STRICT;

INSERT INTO certificate_new
SELECT serial, NULL, state, profile, subject, names, unixepoch(not_before), unixepoch(not_after), asker,
       CAST(unixepoch(reserved_at, 'subsec') * 1000 AS INTEGER), CAST(unixepoch(issued_at, 'subsec') * 1000 AS INTEGER),
       fingerprint, tbs, der
FROM certificate;

DROP TABLE certificate;
ALTER TABLE certificate_new RENAME TO certificate;

CREATE INDEX certificate_unfinished ON certificate (begun_at) WHERE state <> 'issued';
CREATE INDEX certificate_expiry ON certificate (not_after, serial);
CREATE INDEX certificate_issued ON certificate (issued_at);
CREATE UNIQUE INDEX certificate_fingerprint ON certificate (fingerprint) WHERE fingerprint IS NOT NULL;

-- One row per name, as rules write it: dns:a.example.
CREATE TABLE certificate_name (
    name   TEXT NOT NULL,
    serial TEXT NOT NULL,
    PRIMARY KEY (name, serial)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO certificate_name
WITH RECURSIVE split (serial, name, rest) AS (
    SELECT serial, '', names || ' ' FROM certificate WHERE names <> ''
    UNION ALL
    SELECT serial, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM split WHERE rest <> ''
)
SELECT name, serial FROM split WHERE name <> '';

-- In the order of their numbers; a reader that knows one number has seen all before it.
CREATE TABLE revocation (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    serial   TEXT NOT NULL UNIQUE,
    at       INTEGER NOT NULL,
    reason   TEXT NOT NULL
) STRICT;

-- Lines are never changed: those of version 1 move over as they are.
CREATE TABLE journal_new (
    id        INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    event     TEXT NOT NULL,
    serial    TEXT,
    requester TEXT,
    code      TEXT,
    detail    TEXT NOT NULL
) STRICT;

INSERT INTO journal_new (id, at, event, serial, code, detail)
SELECT id, at, event, serial, code, detail FROM journal;

DROP TABLE journal;
ALTER TABLE journal_new RENAME TO journal;

CREATE UNIQUE INDEX journal_once ON journal (serial, event) WHERE serial IS NOT NULL;
