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
