-- Whom a marketplace knows, for all of its merchants.
CREATE TABLE marketplace_customer (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    marketplace TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('consumer', 'organisation')),
    reference TEXT NOT NULL,
    given_name TEXT NOT NULL,
    middle_name TEXT NOT NULL,
    surname TEXT NOT NULL,
    company TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    phone TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    FOREIGN KEY (realm, marketplace) REFERENCES marketplace (realm, id)
);
CREATE UNIQUE INDEX marketplace_customer_email ON marketplace_customer (realm, marketplace, email_key);
