-- Demands for payment, what came in for them, and the series their numbers are
-- drawn from.
CREATE TABLE invoice (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    surface TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL,
    number TEXT NOT NULL,
    reference TEXT NOT NULL DEFAULT '',
    order_number TEXT NOT NULL DEFAULT '',
    payable TEXT NOT NULL DEFAULT '',
    customer_number TEXT NOT NULL DEFAULT '',
    customer TEXT NOT NULL DEFAULT '{}',
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'partly_paid', 'paid', 'cancelled', 'credited', 'expired')),
    paid BIGINT NOT NULL DEFAULT 0 CHECK (paid >= 0),
    refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= paid),
    paying TEXT NOT NULL DEFAULT '',
    stage TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    due_on TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL DEFAULT 0,
    overdue_at BIGINT NOT NULL DEFAULT 0,
    paid_at BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX invoice_key ON invoice (key);
CREATE UNIQUE INDEX invoice_payable ON invoice (realm, payable) WHERE payable <> '';
CREATE INDEX invoice_merchant ON invoice (realm, merchant, id);
CREATE INDEX invoice_number ON invoice (realm, number, id);
CREATE INDEX invoice_reference ON invoice (realm, reference, id) WHERE reference <> '';
CREATE INDEX invoice_order ON invoice (realm, order_number, id) WHERE order_number <> '';
CREATE INDEX invoice_owner ON invoice (realm, owner, id) WHERE owner <> '';
CREATE INDEX invoice_customer ON invoice (realm, customer_number, id) WHERE customer_number <> '';
CREATE TABLE invoice_receipt (
    realm TEXT NOT NULL,
    invoice TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('payment', 'transfer', 'outside')),
    method TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    received BIGINT NOT NULL DEFAULT 0 CHECK (received >= 0),
    returned BIGINT NOT NULL DEFAULT 0 CHECK (returned >= 0),
    memo TEXT NOT NULL DEFAULT '',
    at BIGINT NOT NULL,
    PRIMARY KEY (realm, invoice, id)
);
CREATE TABLE invoice_count (
    realm TEXT NOT NULL,
    series TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (realm, series)
);
