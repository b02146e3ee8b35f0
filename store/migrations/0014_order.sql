-- Why money is owed: orders, and which payments were made for them; what a
-- dispute that was lost has taken for good; how much of a refund is surcharge.
CREATE TABLE merchant_order (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('online', 'paybylink', 'invoice')),
    reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    surcharge BIGINT NOT NULL CHECK (surcharge >= 0),
    state TEXT NOT NULL CHECK (state IN ('created', 'pending', 'paid', 'cancelled', 'expired')),
    payment TEXT NOT NULL,
    customer TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    phone TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX merchant_order_merchant ON merchant_order (realm, merchant, id);
CREATE INDEX merchant_order_reference ON merchant_order (realm, reference);
CREATE INDEX profile_merchant ON profile (realm, merchant, id);
ALTER TABLE payment ADD COLUMN order_id TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN lost BIGINT NOT NULL DEFAULT 0 CHECK (lost >= 0);
CREATE INDEX payment_order ON payment (realm, order_id) WHERE order_id <> '';
CREATE INDEX payment_merchant ON payment (realm, merchant, id);
ALTER TABLE attempt ADD COLUMN surcharge BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attempt_refund ON attempt (realm, sent_at, id) WHERE kind = 'refund';
CREATE TABLE dispute (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    payment TEXT NOT NULL,
    merchant TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    returned BIGINT NOT NULL CHECK (returned >= 0),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('needs_response', 'won', 'lost', 'accepted')),
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    CHECK (returned <= amount)
);
CREATE INDEX dispute_payment ON dispute (realm, payment);
CREATE INDEX dispute_merchant ON dispute (realm, merchant, id);
ALTER TABLE webhook_endpoint ADD COLUMN marketplace TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_endpoint ADD COLUMN topics TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_endpoint ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_endpoint ADD COLUMN metadata TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN paid_out_at BIGINT NOT NULL DEFAULT 0;
