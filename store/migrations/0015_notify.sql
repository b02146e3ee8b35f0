-- E-mails and SMS, their content sealed, and how many went to whom of late.
CREATE TABLE message (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    object TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    locale TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'failed', 'held')),
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    tries BIGINT NOT NULL,
    events BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX message_object ON message (realm, object, id);
CREATE INDEX message_recipient ON message (realm, recipient, id);
CREATE TABLE message_count (
    realm TEXT NOT NULL,
    scope TEXT NOT NULL,
    since BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (realm, scope, since)
);
CREATE INDEX message_count_due ON message_count (realm, since);
