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
-- What a source is beyond its card: who added it for whom, what is known of it,
-- and when it last changed.
ALTER TABLE source ADD COLUMN delegate TEXT NOT NULL DEFAULT '';
ALTER TABLE source ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE source ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
ALTER TABLE source ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX source_delegate ON source (realm, delegate) WHERE delegate <> '';
CREATE INDEX source_merchant ON source (realm, merchant, scope) WHERE scope = 'billing';
-- Cards that a merchant takes no money from for a time or for good, why, and
-- what happened to them; and the declines that are counted for it.
CREATE TABLE blocked_card (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    customer TEXT NOT NULL DEFAULT '',
    payment TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL,
    brand TEXT NOT NULL,
    bin TEXT NOT NULL,
    last4 TEXT NOT NULL,
    expiry_month BIGINT NOT NULL,
    expiry_year BIGINT NOT NULL,
    reason TEXT NOT NULL,
    blocked_until BIGINT NOT NULL DEFAULT 0,
    unblocked_at BIGINT NOT NULL DEFAULT 0,
    notes BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX blocked_card_now ON blocked_card (realm, merchant, fingerprint) WHERE unblocked_at = 0;
CREATE INDEX blocked_card_due ON blocked_card (realm, blocked_until) WHERE unblocked_at = 0 AND blocked_until > 0;
CREATE TABLE blocked_card_note (
    realm TEXT NOT NULL,
    card TEXT NOT NULL,
    seq BIGINT NOT NULL,
    what TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, card, seq)
);
CREATE TABLE card_decline (
    realm TEXT NOT NULL,
    merchant TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    payment TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (realm, merchant, fingerprint, payment)
);
CREATE INDEX card_decline_due ON card_decline (realm, at);
