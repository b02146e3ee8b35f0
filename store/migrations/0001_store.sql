-- What the store itself needs: how far each realm's clock is ahead of the wall
-- (only realms that were ever moved have a row), the last batch that each
-- writer has begun, and what marks this installation.
CREATE TABLE clock (
    realm TEXT NOT NULL,
    ahead_ms BIGINT NOT NULL CHECK (ahead_ms >= 0),
    PRIMARY KEY (realm)
);
CREATE TABLE heartbeat (
    writer TEXT NOT NULL,
    batch BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (writer)
);
CREATE TABLE installation (
    mark TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (mark)
);
