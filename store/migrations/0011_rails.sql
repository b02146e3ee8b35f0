-- Money that came by bank transfers, for a payment or for none that is known,
-- and payers' agreements to be charged again.
CREATE TABLE arrival (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    connector TEXT NOT NULL,
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    quoted TEXT NOT NULL,
    payer TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    payment TEXT NOT NULL,
    matched BIGINT NOT NULL CHECK (matched >= 0),
    returned BIGINT NOT NULL CHECK (returned >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    arrived_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    CHECK (held = amount - matched - returned)
);
CREATE UNIQUE INDEX arrival_reference ON arrival (realm, connector, account, reference);
CREATE INDEX arrival_payment ON arrival (realm, payment) WHERE payment <> '';
CREATE INDEX arrival_held ON arrival (realm, arrived_at, id) WHERE held > 0;
CREATE TABLE mandate (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    surface TEXT NOT NULL,
    customer TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    connector TEXT NOT NULL,
    account TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    maximum BIGINT NOT NULL CHECK (maximum >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX mandate_customer ON mandate (realm, customer) WHERE customer <> '';
CREATE INDEX mandate_provider ON mandate (realm, connector, provider_ref) WHERE provider_ref <> '';
CREATE INDEX mandate_asking ON mandate (created_at) WHERE state = 'asking';
