-- Payments, the attempts made for them at providers, and the callbacks already
-- taken.
CREATE TABLE payment (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    surface TEXT NOT NULL,
    kind TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    risk TEXT NOT NULL,
    connector TEXT NOT NULL,
    reference TEXT NOT NULL,
    session TEXT NOT NULL,
    source TEXT NOT NULL,
    customer TEXT NOT NULL,
    captured BIGINT NOT NULL CHECK (captured >= 0),
    capturing BIGINT NOT NULL CHECK (capturing >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0),
    refunding BIGINT NOT NULL CHECK (refunding >= 0),
    voided BIGINT NOT NULL CHECK (voided >= 0),
    voiding BIGINT NOT NULL CHECK (voiding >= 0),
    disputed BIGINT NOT NULL CHECK (disputed >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    captured_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id),
    CHECK (captured + capturing + voided + voiding <= amount OR kind <> 'authorise'),
    CHECK (refunded + refunding <= captured)
);
CREATE INDEX payment_reference ON payment (realm, reference) WHERE reference <> '';
CREATE INDEX payment_session ON payment (realm, session) WHERE session <> '';
CREATE INDEX payment_review ON payment (realm, id) WHERE state = 'review' OR risk = 'review';
CREATE TABLE attempt (
    realm TEXT NOT NULL,
    payment TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    original TEXT NOT NULL,
    reference TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    code TEXT NOT NULL,
    provider_code TEXT NOT NULL,
    auth_code TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    echo TEXT NOT NULL,
    PRIMARY KEY (realm, payment, id)
);
CREATE INDEX attempt_id ON attempt (realm, id) WHERE id <> payment;
CREATE INDEX attempt_reference ON attempt (realm, reference) WHERE reference <> '' AND id <> payment;
CREATE INDEX attempt_sent ON attempt (sent_at) WHERE state = 'sent';
CREATE TABLE notice (
    realm TEXT NOT NULL,
    connector TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (realm, connector, id)
);
