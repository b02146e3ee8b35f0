-- What operators look after: servers that were not called because their host is
-- on no list, and lines of the bank statement that a person has to decide.
CREATE TABLE webhook_unlisted (
    realm TEXT NOT NULL,
    merchant TEXT NOT NULL,
    host TEXT NOT NULL,
    messages BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (realm, merchant, host)
);
CREATE INDEX webhook_unlisted_last ON webhook_unlisted (realm, last_at);
ALTER TABLE reconcile_bank ADD COLUMN expected BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reconcile_bank ADD COLUMN expected_currency TEXT NOT NULL DEFAULT '';
CREATE INDEX reconcile_bank_matched ON reconcile_bank (realm, matched_by);
