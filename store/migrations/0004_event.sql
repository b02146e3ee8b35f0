-- What has happened (append-only, numbered without gap per object), what falls
-- due, and the keys under which clients may repeat themselves.
CREATE TABLE event (
    realm TEXT NOT NULL,
    object TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    merchant TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (realm, object, seq)
);
CREATE TABLE job (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL DEFAULT '',
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    quarantined BOOLEAN NOT NULL DEFAULT FALSE,
    last_error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (realm, id)
);
CREATE INDEX job_due ON job (due_at) WHERE NOT quarantined;
CREATE INDEX job_realm_due ON job (realm, due_at) WHERE NOT quarantined;
CREATE TABLE idempotency (
    realm TEXT NOT NULL,
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    object TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, surface, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
