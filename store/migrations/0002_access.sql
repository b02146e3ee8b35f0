-- Who may ask: realms (one organisation in one environment) and their keys;
-- the merchants of a realm, their profiles, and payers they know.
CREATE TABLE realm (
    realm TEXT NOT NULL,
    organisation TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm)
);
CREATE UNIQUE INDEX realm_organisation ON realm (organisation, environment);
CREATE TABLE api_key (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    hash TEXT NOT NULL,
    may TEXT NOT NULL,
    merchants TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX api_key_id ON api_key (id);
CREATE TABLE merchant (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    country TEXT NOT NULL DEFAULT '',
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX merchant_code ON merchant (realm, code);
CREATE TABLE profile (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    FOREIGN KEY (realm, merchant) REFERENCES merchant (realm, id)
);
CREATE UNIQUE INDEX profile_code ON profile (realm, code);
CREATE TABLE customer (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    reference TEXT NOT NULL,
    given_name TEXT NOT NULL DEFAULT '',
    surname TEXT NOT NULL DEFAULT '',
    company TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id),
    FOREIGN KEY (realm, merchant) REFERENCES merchant (realm, id)
);
CREATE UNIQUE INDEX customer_reference ON customer (realm, merchant, reference);
