-- What merchants are owed and paid out: the plan a merchant settles by, the
-- entries of its balance, the parts of payments that belong to others, payouts
-- and invoices for fees; what providers and our bank say about all of it.
CREATE TABLE settlement_plan (
    realm TEXT NOT NULL,
    merchant TEXT NOT NULL,
    version BIGINT NOT NULL,
    currency TEXT NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm, merchant),
    FOREIGN KEY (realm, merchant) REFERENCES merchant (realm, id)
);
CREATE TABLE settlement_entry (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    merchant TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    gross BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    owed BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    payment TEXT NOT NULL DEFAULT '',
    attempt TEXT NOT NULL DEFAULT '',
    method TEXT NOT NULL DEFAULT '',
    brand TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    payout TEXT NOT NULL DEFAULT '',
    invoice TEXT NOT NULL DEFAULT '',
    at BIGINT NOT NULL,
    available_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX settlement_entry_open ON settlement_entry (realm, merchant, currency, available_at) WHERE payout = '';
CREATE INDEX settlement_entry_payout ON settlement_entry (realm, payout) WHERE payout <> '';
CREATE INDEX settlement_entry_owed ON settlement_entry (realm, merchant, currency, at) WHERE owed <> 0 AND invoice = '';
CREATE INDEX settlement_entry_invoice ON settlement_entry (realm, invoice) WHERE invoice <> '';
CREATE INDEX settlement_entry_payment ON settlement_entry (realm, payment) WHERE payment <> '';
CREATE INDEX settlement_entry_merchant ON settlement_entry (realm, merchant, at);
CREATE TABLE settlement_share (
    realm TEXT NOT NULL,
    payment TEXT NOT NULL,
    n BIGINT NOT NULL,
    version BIGINT NOT NULL,
    payee TEXT NOT NULL,
    marketplace BOOLEAN NOT NULL,
    basis_points BIGINT NOT NULL CHECK (basis_points >= 0),
    fixed BIGINT NOT NULL CHECK (fixed >= 0),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0),
    disputed BIGINT NOT NULL CHECK (disputed >= 0),
    PRIMARY KEY (realm, payment, n)
);
CREATE TABLE settlement_payout (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    currency TEXT NOT NULL,
    number BIGINT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('created', 'pending', 'paid', 'in_transit', 'canceled', 'failed', 'reversed', 'suspended')),
    collects BOOLEAN NOT NULL,
    opening BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    closing BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    details TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX settlement_payout_number ON settlement_payout (realm, merchant, currency, number);
CREATE UNIQUE INDEX settlement_payout_reference ON settlement_payout (realm, reference);
CREATE UNIQUE INDEX settlement_payout_open ON settlement_payout (realm, merchant, currency) WHERE collects;
CREATE INDEX settlement_payout_state ON settlement_payout (realm, state, id) WHERE state <> 'paid';
CREATE INDEX settlement_payout_paid ON settlement_payout (realm, paid_at) WHERE paid_at <> 0;
CREATE TABLE settlement_invoice (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'outstanding', 'overdue', 'accepted', 'paid', 'cancelled')),
    reference TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    amount BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    timeline TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX settlement_invoice_draft ON settlement_invoice (realm, merchant, currency) WHERE state = 'draft';
CREATE UNIQUE INDEX settlement_invoice_reference ON settlement_invoice (realm, reference);
CREATE INDEX settlement_invoice_merchant ON settlement_invoice (realm, merchant, id);
CREATE TABLE reconcile_file (
    realm TEXT NOT NULL,
    connector TEXT NOT NULL,
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    report TEXT NOT NULL,
    merchant TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    gross BIGINT NOT NULL,
    fees BIGINT NOT NULL,
    payout BIGINT NOT NULL,
    later BIGINT NOT NULL,
    hash TEXT NOT NULL,
    receipt TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (realm, connector, account, reference, currency)
);
CREATE INDEX reconcile_file_hash ON reconcile_file (realm, hash);
CREATE INDEX reconcile_file_from ON reconcile_file (realm, from_at);
CREATE INDEX reconcile_file_to ON reconcile_file (realm, to_at);
CREATE INDEX reconcile_file_paid ON reconcile_file (realm, paid_at);
CREATE INDEX reconcile_file_reference ON reconcile_file (realm, reference);
CREATE TABLE reconcile_line (
    realm TEXT NOT NULL,
    hash TEXT NOT NULL,
    connector TEXT NOT NULL,
    account TEXT NOT NULL,
    settlement TEXT NOT NULL,
    settled TEXT NOT NULL,
    n BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    attempt TEXT NOT NULL,
    payment TEXT NOT NULL,
    merchant TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    ours TEXT NOT NULL,
    currency TEXT NOT NULL,
    gross BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    unpriced BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE INDEX reconcile_line_place ON reconcile_line (realm, from_at, settlement, n, hash);
CREATE INDEX reconcile_line_reference ON reconcile_line (realm, reference);
CREATE INDEX reconcile_line_paid ON reconcile_line (realm, paid_at);
CREATE TABLE reconcile_refused (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    connector TEXT NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL,
    reason TEXT NOT NULL,
    text BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE TABLE reconcile_bank (
    realm TEXT NOT NULL,
    hash TEXT NOT NULL,
    version BIGINT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    booked_on TEXT NOT NULL,
    reference TEXT NOT NULL,
    text TEXT NOT NULL,
    matched TEXT NOT NULL,
    matched_by TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (realm, hash)
);
CREATE INDEX reconcile_bank_day ON reconcile_bank (realm, booked_on);
CREATE INDEX reconcile_bank_open ON reconcile_bank (realm, booked_on) WHERE matched = '';
