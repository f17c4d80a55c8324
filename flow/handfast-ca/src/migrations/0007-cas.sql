-- The CAs of the authority, in the order in which they are asked to sign. Empty: one root and one CA, in the files that
-- every folder has.
CREATE TABLE ca (
    position    INTEGER PRIMARY KEY,
    -- By which commands call it.
    name        TEXT NOT NULL UNIQUE,
    role        TEXT NOT NULL CHECK (role IN ('root', 'issuing')),
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'leaving', 'retired')),
    -- Files in the folder.
    certificate TEXT NOT NULL,
    root        TEXT NOT NULL,
    -- A file in the folder, or a pkcs11: URI.
    key         TEXT NOT NULL,
    -- With blanks between them; empty: all that are for leaves.
    profiles    TEXT NOT NULL,
    -- Patterns of names, a line each; empty: any name.
    bounds      TEXT NOT NULL,
    -- Milliseconds since 1970.
    since       INTEGER NOT NULL
) STRICT;

-- That these records come from a backup, and whether what may have happened since was looked for.
CREATE TABLE restored (
    id         INTEGER PRIMARY KEY,
    -- Milliseconds since 1970: of the backup, of the restoration, and of the reconciliation, NULL before it.
    backup_at  INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    reconciled INTEGER
) STRICT;
