-- Who hears of events, what is owed to them, and how the last tries went.
CREATE TABLE webhook_endpoint (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('subscribed', 'implicit', 'default')),
    merchant TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL,
    contract TEXT NOT NULL DEFAULT '',
    mode TEXT NOT NULL CHECK (mode IN ('plain', 'encrypted', 'encrypted_json')),
    filter TEXT NOT NULL DEFAULT '',
    ordered BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    reason TEXT NOT NULL DEFAULT '',
    failing_since BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    events BIGINT NOT NULL DEFAULT 0,
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX webhook_endpoint_id ON webhook_endpoint (id);
CREATE TABLE delivery (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    event TEXT NOT NULL,
    event_type TEXT NOT NULL,
    object TEXT NOT NULL,
    seq BIGINT NOT NULL,
    url TEXT NOT NULL,
    body BYTEA NOT NULL,
    content_type TEXT NOT NULL,
    type TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL DEFAULT '',
    headers TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'skipped')),
    ordered BOOLEAN NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    since BIGINT NOT NULL,
    status BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    fence BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    events BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE INDEX delivery_queue ON delivery (endpoint, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_leased ON delivery (endpoint) WHERE leased_until > 0;
CREATE INDEX delivery_object ON delivery (realm, object);
CREATE TABLE delivery_try (
    realm TEXT NOT NULL,
    delivery TEXT NOT NULL,
    n BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT NOT NULL,
    error TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    PRIMARY KEY (realm, delivery, n)
);
