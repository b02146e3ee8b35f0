-- Data keys (wrapped by a key that the database never sees), payment sources,
-- and the audit trail of those who touched them.
CREATE TABLE vault_key (
    realm TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    kek BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, version)
);
CREATE TABLE source (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    customer TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL,
    brand TEXT NOT NULL DEFAULT '',
    bin TEXT NOT NULL DEFAULT '',
    last4 TEXT NOT NULL DEFAULT '',
    holder TEXT NOT NULL DEFAULT '',
    expiry_month BIGINT NOT NULL DEFAULT 0,
    expiry_year BIGINT NOT NULL DEFAULT 0,
    fingerprint TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'deleted')),
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL DEFAULT 0,
    scheme_ref TEXT NOT NULL DEFAULT '',
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    events BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id),
    CHECK (state <> 'deleted' OR (length(sealed) = 0 AND key_version = 0))
);
CREATE INDEX source_due ON source (realm, expires_at) WHERE state <> 'deleted';
CREATE INDEX source_key ON source (realm, key_version) WHERE state <> 'deleted';
CREATE INDEX source_customer ON source (realm, customer) WHERE customer <> '';
CREATE TABLE audit_head (
    realm TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (realm)
);
CREATE TABLE audit (
    realm TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    origin TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (realm, seq)
);
