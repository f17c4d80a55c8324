-- What the requester calls a request that waits, so that it can be repeated: as in the table idempotency.
ALTER TABLE waiting_request ADD COLUMN repeat_requester TEXT;
ALTER TABLE waiting_request ADD COLUMN repeat_key TEXT;
ALTER TABLE waiting_request ADD COLUMN repeat_asked BLOB;

CREATE UNIQUE INDEX waiting_request_repeated ON waiting_request (repeat_requester, repeat_key)
    WHERE repeat_key IS NOT NULL;
