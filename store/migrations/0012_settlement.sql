-- What merchants are owed and paid out: the plan a merchant settles by, the
-- entries of its balance, the parts of payments that belong to others.
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
