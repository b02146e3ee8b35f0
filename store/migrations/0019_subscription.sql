-- Creditors as banks know them, the mandates and claims of their payers, and
-- the files that are exchanged; what subscribers take, pay and owe.
CREATE TABLE bank_creditor (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    account TEXT NOT NULL,
    agreement TEXT NOT NULL,
    payers BIGINT NOT NULL,
    files BIGINT NOT NULL,
    fetched TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX bank_creditor_customer ON bank_creditor (realm, bank, customer);
CREATE UNIQUE INDEX bank_creditor_merchant ON bank_creditor (realm, merchant, bank);
CREATE TABLE bank_mandate (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    creditor TEXT NOT NULL,
    merchant TEXT NOT NULL,
    owner TEXT NOT NULL,
    payer BIGINT NOT NULL,
    bills BIGINT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('wanted', 'asked', 'active', 'ending', 'ended', 'refused')),
    notify BOOLEAN NOT NULL,
    code TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX bank_mandate_payer ON bank_mandate (realm, creditor, payer);
CREATE UNIQUE INDEX bank_mandate_owner ON bank_mandate (realm, creditor, owner);
CREATE INDEX bank_mandate_state ON bank_mandate (realm, creditor, state);
CREATE TABLE bank_claim (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    creditor TEXT NOT NULL,
    merchant TEXT NOT NULL,
    mandate TEXT NOT NULL,
    invoice TEXT NOT NULL,
    reference TEXT NOT NULL,
    due_on TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'paid', 'refused', 'lapsed', 'recalling', 'recalled')),
    code TEXT NOT NULL,
    file TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX bank_claim_state ON bank_claim (realm, creditor, state, due_on);
CREATE INDEX bank_claim_reference ON bank_claim (realm, creditor, reference, id);
CREATE INDEX bank_claim_invoice ON bank_claim (realm, invoice, id);
CREATE TABLE bank_file (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    creditor TEXT NOT NULL,
    merchant TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('out', 'in')),
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('made', 'sent', 'taken', 'read', 'quarantined')),
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    entries BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX bank_file_hash ON bank_file (realm, creditor, way, hash);
CREATE INDEX bank_file_number ON bank_file (realm, creditor, way, number);
CREATE INDEX bank_file_state ON bank_file (realm, creditor, state, id);
CREATE TABLE bank_entry (
    realm TEXT NOT NULL,
    file TEXT NOT NULL,
    n BIGINT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('mandate', 'payment', 'refusal')),
    state TEXT NOT NULL CHECK (state IN ('new', 'done', 'unmatched')),
    reason TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (realm, file, n)
);
CREATE INDEX bank_entry_state ON bank_entry (realm, file, state, n);
CREATE TABLE product (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    tax_rate BIGINT NOT NULL CHECK (tax_rate >= 0),
    digital BOOLEAN NOT NULL,
    methods TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX product_code ON product (realm, code) WHERE ended_at = 0;
CREATE TABLE coupon (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    product TEXT NOT NULL,
    code TEXT NOT NULL,
    number BIGINT NOT NULL,
    description TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    length BIGINT NOT NULL CHECK (length > 0),
    unit TEXT NOT NULL CHECK (unit IN ('day', 'week', 'month', 'year')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX coupon_number ON coupon (realm, product, number);
CREATE TABLE subscription (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    person TEXT NOT NULL,
    number BIGINT NOT NULL,
    product TEXT NOT NULL,
    coupon TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('invoice', 'direct_debit', 'vipps', 'payex', 'klarna', 'nexi')),
    pending TEXT NOT NULL,
    token TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'stopped')),
    start_on TEXT NOT NULL,
    periods BIGINT NOT NULL,
    next_on TEXT NOT NULL,
    paid_until TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    stopped_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX subscription_taken ON subscription (realm, person, product) WHERE state <> 'stopped';
CREATE INDEX subscription_person ON subscription (realm, person, id);
CREATE INDEX subscription_token_used ON subscription (realm, token) WHERE token <> '';
CREATE TABLE subscription_bill (
    realm TEXT NOT NULL,
    invoice TEXT NOT NULL,
    version BIGINT NOT NULL,
    subscription TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT NOT NULL,
    method TEXT NOT NULL,
    tries BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'left', 'void')),
    PRIMARY KEY (realm, invoice)
);
CREATE INDEX subscription_bill_of ON subscription_bill (realm, subscription, from_on);
CREATE TABLE subscription_token (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    person TEXT NOT NULL,
    product TEXT NOT NULL,
    method TEXT NOT NULL,
    number BIGINT NOT NULL,
    reference TEXT NOT NULL,
    mandate TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX subscription_token_mandate ON subscription_token (realm, mandate);
CREATE INDEX subscription_token_person ON subscription_token (realm, person, id);
CREATE TABLE subscription_count (
    realm TEXT NOT NULL,
    series TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (realm, series)
);
CREATE TABLE errand (
    realm TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pay', 'change', 'add')),
    client TEXT NOT NULL,
    merchant TEXT NOT NULL,
    person TEXT NOT NULL,
    product TEXT NOT NULL,
    invoice TEXT NOT NULL,
    means TEXT NOT NULL,
    method TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('created', 'initiated', 'finished', 'cancelled', 'failed', 'unknown', 'expired')),
    payment TEXT NOT NULL,
    session TEXT NOT NULL,
    mandate TEXT NOT NULL,
    return_url TEXT NOT NULL,
    error_url TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    PRIMARY KEY (realm, number)
);
CREATE INDEX errand_invoice ON errand (realm, invoice, id) WHERE invoice <> '';
CREATE INDEX errand_mandate ON errand (realm, mandate) WHERE mandate <> '';
