-- Records for millions: every certificate has an index, counted per issuer, in the place of its serial number. Rows are
-- added at the end of the table, and every question that a page answers has an index in the order of the page.

CREATE TABLE issuer (
    id         INTEGER PRIMARY KEY,
    -- The identifier of its key in hexadecimal digits; NULL for those rows of version 1 that name no issuer.
    key_id     TEXT UNIQUE,
    -- The index that its next certificate gets; NULL while its serial numbers carry none.
    head_index INTEGER,
    -- How many of its certificates have a serial number without an index.
    explicit   INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO issuer (key_id) SELECT DISTINCT issuer FROM certificate;

-- One row per serial number, from the moment it is taken. Rows are never deleted.
CREATE TABLE cert (
    id           INTEGER PRIMARY KEY,
    issuer       INTEGER NOT NULL REFERENCES issuer (id),
    -- 0, 1, ... as the serial number carries it; -1, -2, ... where it carries none.
    idx          INTEGER NOT NULL,
    -- The 14 octets of the serial number before its index.
    random       BLOB CHECK (length(random) = 14),
    -- The whole serial number in hexadecimal digits, where it carries no index.
    serial       TEXT,
    -- 'withdrawn' is what was revoked before it was finished.
    state        TEXT NOT NULL CHECK (state IN ('reserved', 'planned', 'issued', 'revoked', 'withdrawn')),
    profile      TEXT NOT NULL,
    subject      TEXT NOT NULL,
    -- For showing; cert_name is for searching.
    names        TEXT NOT NULL,
    -- Seconds since 1970, as certificates know them.
    not_before   INTEGER NOT NULL,
    not_after    INTEGER NOT NULL,
    requester    TEXT NOT NULL,
    -- Milliseconds since 1970.
    begun_at     INTEGER NOT NULL,
    issued_at    INTEGER,
    -- SHA-256 of SubjectPublicKeyInfo.
    spki         BLOB,
    -- The serial number of the certificate that this one replaces.
    renewed_from BLOB,
    -- SHA-256 of the certificate.
    fingerprint  BLOB,
    -- The planned bytes; once the certificate is here they are a part of it.
    tbs          BLOB,
    der          BLOB,
    UNIQUE (issuer, idx),
    CHECK ((idx < 0) = (serial IS NOT NULL) AND (idx < 0) = (random IS NULL)),
    CHECK (state <> 'reserved' OR (tbs IS NULL AND der IS NULL)),
    CHECK (state <> 'planned' OR (tbs IS NOT NULL AND der IS NULL)),
    CHECK (state NOT IN ('issued', 'revoked') OR der IS NOT NULL),
    CHECK (state <> 'withdrawn' OR der IS NULL)
) STRICT;

-- One row per name, as rules write it: dns:a.example.
CREATE TABLE cert_name (
    name      TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    cert      INTEGER NOT NULL REFERENCES cert (id),
    PRIMARY KEY (name, not_after, cert)
) STRICT, WITHOUT ROWID;

-- In the order of their numbers, which are taken under the lock of the writer: a reader that knows one number has seen
-- all before it.
CREATE TABLE revoked (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    issuer    INTEGER NOT NULL REFERENCES issuer (id),
    idx       INTEGER NOT NULL,
    -- That of the certificate.
    not_after INTEGER NOT NULL,
    -- Milliseconds since 1970.
    at        INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    -- Who did it; NULL where an older program wrote the row.
    "by"      TEXT,
    UNIQUE (issuer, idx)
) STRICT;

-- How many certificates there are of each kind; day is that of their expiry, since 1970. The triggers below keep it.
CREATE TABLE tally (
    day     INTEGER NOT NULL,
    issuer  INTEGER NOT NULL,
    profile TEXT NOT NULL,
    state   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (day, issuer, profile, state)
) STRICT, WITHOUT ROWID;

-- Answers to requests that may be repeated: the same key of the same requester gets the same certificate.
CREATE TABLE idempotency (
    requester TEXT NOT NULL,
    key       TEXT NOT NULL,
    -- SHA-256 of what was asked for.
    asked     BLOB NOT NULL,
    cert      INTEGER NOT NULL REFERENCES cert (id),
    PRIMARY KEY (requester, key)
) STRICT, WITHOUT ROWID;

INSERT INTO cert (issuer, idx, serial, state, profile, subject, names, not_before, not_after, requester, begun_at,
                  issued_at, spki, renewed_from, fingerprint, tbs, der)
SELECT issuer.id, -row_number() OVER (PARTITION BY issuer.id ORDER BY begun_at, old.serial), old.serial,
       CASE WHEN old.serial NOT IN (SELECT serial FROM revocation) THEN state
            WHEN der IS NULL THEN 'withdrawn' ELSE 'revoked' END, profile, subject, names, not_before,
       not_after, requester, begun_at, issued_at, unhex(spki), unhex(renewed_from), unhex(fingerprint), tbs, der
FROM certificate AS old JOIN issuer ON issuer.key_id IS old.issuer
ORDER BY begun_at, old.serial;

UPDATE issuer SET explicit = (SELECT count(*) FROM cert WHERE cert.issuer = issuer.id);

CREATE UNIQUE INDEX cert_serial ON cert (serial) WHERE serial IS NOT NULL;

INSERT INTO cert_name SELECT name, not_after, cert.id
FROM certificate_name JOIN cert ON cert.serial = certificate_name.serial;

INSERT INTO revoked (seq, issuer, idx, not_after, at, reason)
SELECT sequence, issuer, idx, not_after, at, reason
FROM revocation JOIN cert ON cert.serial = revocation.serial ORDER BY sequence;

INSERT INTO tally SELECT not_after / 86400 AS day, issuer, profile, state, count(*) FROM cert GROUP BY 1, 2, 3, 4;

-- Orders of pages. The row's number is the last part of every index.
CREATE INDEX cert_expiry ON cert (not_after);
CREATE INDEX cert_unfinished ON cert (not_after) WHERE state IN ('reserved', 'planned');
CREATE INDEX cert_valid ON cert (not_after) WHERE state = 'issued';
CREATE INDEX cert_revoked ON cert (not_after) WHERE state IN ('revoked', 'withdrawn');
CREATE INDEX cert_profile ON cert (profile, not_after);
CREATE INDEX cert_requester ON cert (requester, not_after);
CREATE INDEX cert_issuer ON cert (issuer, not_after);
CREATE INDEX cert_key ON cert (spki, not_after) WHERE spki IS NOT NULL;
CREATE INDEX cert_fingerprint ON cert (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX cert_renewal ON cert (renewed_from, not_after) WHERE renewed_from IS NOT NULL;
CREATE INDEX cert_issued ON cert (issued_at) WHERE issued_at IS NOT NULL;
CREATE INDEX revoked_issuer ON revoked (issuer);

DROP TABLE revocation;
DROP TABLE certificate_name;
DROP TABLE certificate;

CREATE TRIGGER tally_added AFTER INSERT ON cert BEGIN
    INSERT INTO tally VALUES (new.not_after / 86400, new.issuer, new.profile, new.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER tally_changed AFTER UPDATE OF state ON cert WHEN old.state <> new.state BEGIN
    UPDATE tally SET count = count - 1
    WHERE day = old.not_after / 86400 AND issuer = old.issuer AND profile = old.profile AND state = old.state;
    INSERT INTO tally VALUES (new.not_after / 86400, new.issuer, new.profile, new.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER cert_stays BEFORE DELETE ON cert BEGIN
    SELECT raise(ABORT, 'rows of certificates are never deleted');
END;

-- For people and scripts that read the records: one row per certificate, with its serial number.
CREATE VIEW certificate AS
SELECT iif(idx < 0, serial, lower(hex(random)) || format('%012x', idx)) AS serial,
       issuer.key_id AS issuer, state, profile, subject, names, not_before, not_after, requester, begun_at, issued_at,
       lower(hex(fingerprint)) AS fingerprint, lower(hex(spki)) AS spki, tbs, der
FROM cert JOIN issuer ON issuer.id = cert.issuer;

-- A serial number of which only the index is in order keeps new lines of the journal together.
DROP INDEX journal_once;
CREATE UNIQUE INDEX journal_once ON journal (substr(serial, -12), serial, event) WHERE serial IS NOT NULL;
