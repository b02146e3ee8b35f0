-- Marketplaces above merchants, what a contract tells of a merchant beyond its
-- name, bank accounts; payers known by e-mail address or as organisations, and
-- the people who act for them; keys that belong to a marketplace, can be
-- switched off and, where they are public, shown again; answers kept to be
-- given again.
CREATE TABLE marketplace (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX marketplace_name ON marketplace (realm, name);
ALTER TABLE merchant ADD COLUMN marketplace TEXT NOT NULL DEFAULT '';
ALTER TABLE merchant ADD COLUMN grade TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE merchant ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE merchant ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE merchant ADD COLUMN business TEXT NOT NULL DEFAULT '{}';
ALTER TABLE merchant ADD COLUMN payouts TEXT NOT NULL DEFAULT '{}';
ALTER TABLE merchant ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX merchant_marketplace ON merchant (realm, marketplace, id);
CREATE TABLE bank_account (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    holder TEXT NOT NULL,
    bank TEXT NOT NULL DEFAULT '',
    region TEXT NOT NULL,
    bank_code TEXT NOT NULL DEFAULT '',
    branch_code TEXT NOT NULL DEFAULT '',
    number TEXT NOT NULL,
    currency TEXT NOT NULL,
    main BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    FOREIGN KEY (realm, merchant) REFERENCES merchant (realm, id)
);
CREATE UNIQUE INDEX bank_account_number ON bank_account (realm, merchant, region, bank_code, branch_code, number);
ALTER TABLE customer ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN middle_name TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN verified BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE customer ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE customer ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX customer_reference;
CREATE UNIQUE INDEX customer_reference ON customer (realm, merchant, kind, reference) WHERE kind <> 'consumer';
CREATE UNIQUE INDEX customer_email ON customer (realm, merchant, email_key) WHERE kind = 'consumer';
CREATE TABLE delegate (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    home TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX delegate_email ON delegate (realm, home, email_key) WHERE deleted_at = 0;
CREATE TABLE delegate_link (
    realm TEXT NOT NULL,
    delegate TEXT NOT NULL,
    customer TEXT NOT NULL,
    version BIGINT NOT NULL,
    position TEXT NOT NULL DEFAULT '',
    linked BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, delegate, customer),
    FOREIGN KEY (realm, delegate) REFERENCES delegate (realm, id),
    FOREIGN KEY (realm, customer) REFERENCES customer (realm, id)
);
CREATE INDEX delegate_link_customer ON delegate_link (realm, customer);
ALTER TABLE api_key ADD COLUMN marketplace TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN customer TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN shown TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE kept_answer (
    realm TEXT NOT NULL,
    surface TEXT NOT NULL,
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    seal_version BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (realm, surface, key)
);
CREATE INDEX kept_answer_started ON kept_answer (started_at);
