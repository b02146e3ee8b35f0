-- The books of each realm. Rows of transfer and posting are only ever added.

CREATE TABLE ledger_head (
    realm   TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    hash    BYTEA  NOT NULL,
    at      BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (realm)
);

CREATE TABLE account (
    realm       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    pending     BIGINT  NOT NULL DEFAULT 0,
    posted      BIGINT  NOT NULL DEFAULT 0,
    nonnegative BOOLEAN NOT NULL DEFAULT FALSE,
    version     BIGINT  NOT NULL,
    PRIMARY KEY (realm, id, currency)
);

CREATE TABLE transfer (
    realm       TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    reverses    TEXT   NOT NULL DEFAULT '',
    memo        TEXT   NOT NULL DEFAULT '',
    hash        BYTEA  NOT NULL,
    PRIMARY KEY (realm, seq)
);

CREATE INDEX transfer_object ON transfer (realm, object_id);

CREATE UNIQUE INDEX transfer_reverses ON transfer (realm, reverses) WHERE reverses <> '';

-- pending and posted are the account's two balances after this posting, so
-- that a balance at any past moment is one look into posting_account.
CREATE TABLE posting (
    realm    TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    account  TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    phase    TEXT   NOT NULL CHECK (phase IN ('pending', 'posted')),
    amount   BIGINT NOT NULL CHECK (amount <> 0),
    at       BIGINT NOT NULL,
    pending  BIGINT NOT NULL,
    posted   BIGINT NOT NULL,
    PRIMARY KEY (realm, seq, n)
);

CREATE INDEX posting_account ON posting (realm, account, currency, at, seq, n);
