-- What a payer is invited to pay, on which page, until when.
CREATE TABLE checkout (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    key TEXT NOT NULL,
    alias TEXT NOT NULL,
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    surface TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    state TEXT NOT NULL,
    try BIGINT NOT NULL,
    payment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX checkout_key ON checkout (key);
CREATE UNIQUE INDEX checkout_alias ON checkout (realm, profile, alias) WHERE alias <> '';
