-- The audit log: every line of the journal is a leaf of a Merkle tree (RFC 9162), whose head is signed.

-- The exact bytes that are hashed. The line of the journal with the number position + 1 says the same.
CREATE TABLE leaf (
    position INTEGER PRIMARY KEY NOT NULL,
    body     BLOB NOT NULL
) STRICT;

-- The hashes of leaves and of complete subtrees, in the order in which they become known.
CREATE TABLE node (
    place INTEGER PRIMARY KEY NOT NULL,
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- One row: the signed checkpoint over all leaves.
CREATE TABLE log_head (
    only       INTEGER PRIMARY KEY NOT NULL CHECK (only = 1),
    checkpoint TEXT NOT NULL
) STRICT;

-- The lines get numbers without a gap, in their order.
CREATE TEMP TABLE line AS
SELECT row_number() OVER (ORDER BY id) AS id, at, event, serial, requester, code, detail FROM journal;
DELETE FROM journal;
INSERT INTO journal (id, at, event, serial, requester, code, detail)
SELECT id, at, event, serial, requester, code, detail FROM line ORDER BY id;
DROP TABLE line;

CREATE INDEX journal_configured ON journal (id) WHERE event = 'configured';
