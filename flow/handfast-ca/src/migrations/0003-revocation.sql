-- What taking back needs: the key of each certificate, which one it was renewed from, keys that are blocked, and the
-- last list of each issuer.

-- SHA-256 of SubjectPublicKeyInfo in hexadecimal digits; filled in by the program for rows that are there already.
ALTER TABLE certificate ADD COLUMN spki TEXT;
-- The serial number of the certificate that this one replaces.
ALTER TABLE certificate ADD COLUMN renewed_from TEXT;

CREATE INDEX certificate_key ON certificate (spki);
CREATE INDEX certificate_renewal ON certificate (renewed_from) WHERE renewed_from IS NOT NULL;

-- Keys that get no certificate any more.
CREATE TABLE blocked_key (
    spki TEXT PRIMARY KEY NOT NULL,
    -- Milliseconds since 1970.
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per issuer. The number is taken before the list is signed, and never falls.
CREATE TABLE crl (
    issuer      TEXT PRIMARY KEY NOT NULL,
    number      INTEGER NOT NULL,
    -- Of the list in der, in seconds since 1970; NULL while the first one is being made.
    this_update INTEGER,
    next_update INTEGER,
    der         BLOB,
    CHECK ((der IS NULL) = (this_update IS NULL) AND (der IS NULL) = (next_update IS NULL))
) STRICT;

CREATE INDEX journal_time ON journal (at);
