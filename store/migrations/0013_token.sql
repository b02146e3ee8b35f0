-- Payment tokens: each pays one order of one amount, once, within its time.
-- What it pays with is sealed with it and wiped when it is used or expires.
CREATE TABLE payment_token (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    customer TEXT NOT NULL DEFAULT '',
    delegate TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    method TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    surcharge BIGINT NOT NULL CHECK (surcharge >= 0),
    quote TEXT NOT NULL DEFAULT '',
    unattended BOOLEAN NOT NULL,
    keep BOOLEAN NOT NULL,
    face TEXT NOT NULL,
    reference TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'expired')),
    used_by TEXT NOT NULL DEFAULT '',
    used_at BIGINT NOT NULL DEFAULT 0,
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    CHECK (state = 'open' OR (length(sealed) = 0 AND key_version = 0))
);
CREATE INDEX payment_token_due ON payment_token (realm, expires_at) WHERE state = 'open';
CREATE UNIQUE INDEX payment_token_reference ON payment_token (realm, reference) WHERE reference <> '';
