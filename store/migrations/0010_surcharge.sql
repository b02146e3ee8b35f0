-- What merchants and marketplaces add for a method, the quotes of it that are
-- used up, and the wallets' packets that have paid.
CREATE TABLE surcharge_rule (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('merchant', 'marketplace')),
    owner TEXT NOT NULL,
    priority BIGINT NOT NULL CHECK (priority >= 0),
    conditions TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('none', 'explicit', 'platform_fee')),
    basis_points BIGINT NOT NULL DEFAULT 0 CHECK (basis_points >= 0),
    fixed BIGINT NOT NULL DEFAULT 0 CHECK (fixed >= 0),
    cap_basis_points BIGINT NOT NULL DEFAULT 0 CHECK (cap_basis_points >= 0),
    created_at BIGINT NOT NULL,
    dropped_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
CREATE INDEX surcharge_rule_owner ON surcharge_rule (realm, owner_kind, owner) WHERE dropped_at = 0;
CREATE TABLE surcharge_use (
    realm TEXT NOT NULL,
    quote TEXT NOT NULL,
    object TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, quote)
);
CREATE INDEX surcharge_use_due ON surcharge_use (realm, expires_at);
CREATE TABLE wallet_packet (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    object TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX wallet_packet_due ON wallet_packet (realm, expires_at);
