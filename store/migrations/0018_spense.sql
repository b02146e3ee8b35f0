-- Tokens that stand for a key for a while, how often keys are used, and the
-- terminals and kinds of bills of a merchant.
CREATE TABLE access_pass (
    realm TEXT NOT NULL,
    hash TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE UNIQUE INDEX access_pass_hash ON access_pass (hash);
CREATE INDEX access_pass_due ON access_pass (realm, expires_at);
CREATE TABLE access_usage (
    realm TEXT NOT NULL,
    day TEXT NOT NULL,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    agent TEXT NOT NULL,
    calls BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    old BIGINT NOT NULL DEFAULT 0,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (realm, day, key, operation, agent)
);
CREATE TABLE channel (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('terminal', 'invoice')),
    name TEXT NOT NULL,
    profiles TEXT NOT NULL DEFAULT '',
    active BOOLEAN NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    FOREIGN KEY (realm, merchant) REFERENCES merchant (realm, id)
);
CREATE INDEX channel_merchant ON channel (realm, merchant);
