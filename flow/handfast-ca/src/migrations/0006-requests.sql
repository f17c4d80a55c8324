-- Requests that a second person has to approve, with all that they ask for.
CREATE TABLE waiting_request (
    id             TEXT PRIMARY KEY NOT NULL,
    -- Milliseconds since 1970.
    at             INTEGER NOT NULL,
    -- Who asked: the user of the process, who logged in where that is known, names of user and machine, and why.
    uid            INTEGER NOT NULL,
    login_uid      INTEGER,
    user           TEXT NOT NULL,
    host           TEXT NOT NULL,
    reason         TEXT,
    profile        TEXT NOT NULL,
    subject        BLOB NOT NULL,
    -- One a line, as rules write them: dns:a.example.
    names          TEXT NOT NULL,
    -- Seconds.
    lifetime       INTEGER,
    roles          TEXT NOT NULL,
    spki           BLOB NOT NULL,
    has_proven_key INTEGER NOT NULL,
    -- One a line.
    ignored        TEXT NOT NULL,
    renewed_from   TEXT,
    is_approved    INTEGER,
    decided_by     TEXT,
    decided_at     INTEGER,
    serial         TEXT,
    CHECK ((is_approved IS NULL) = (decided_by IS NULL) AND (is_approved IS NULL) = (decided_at IS NULL))
) STRICT;

CREATE INDEX waiting_request_undecided ON waiting_request (at) WHERE is_approved IS NULL;
