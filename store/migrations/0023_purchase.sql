-- What readers order: which products at which price, how it is paid, and what
-- became of it; vouchers that open coupons; where invoices are sent.
CREATE TABLE purchase (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    number BIGINT NOT NULL,
    client TEXT NOT NULL,
    merchant TEXT NOT NULL,
    person TEXT NOT NULL,
    customer BIGINT NOT NULL,
    reference TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('invoice', 'agreement', 'once', 'elsewhere')),
    method TEXT NOT NULL,
    means TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('preliminary', 'confirmed', 'transferred', 'cancelled')),
    token TEXT NOT NULL,
    invoice TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX purchase_number ON purchase (realm, number);
CREATE UNIQUE INDEX purchase_reference ON purchase (realm, client, reference) WHERE reference <> '';
CREATE INDEX purchase_person ON purchase (realm, person, id);
CREATE INDEX purchase_invoice ON purchase (realm, invoice) WHERE invoice <> '';
CREATE TABLE purchase_count (
    realm TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (realm)
);
CREATE TABLE voucher (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    merchant TEXT NOT NULL,
    print TEXT NOT NULL,
    coupons TEXT NOT NULL,
    uses BIGINT NOT NULL CHECK (uses >= 0),
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX voucher_print ON voucher (realm, print);
ALTER TABLE coupon ADD COLUMN by_voucher BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE errand ADD COLUMN purchase TEXT NOT NULL DEFAULT '';
CREATE INDEX errand_purchase ON errand (realm, purchase) WHERE purchase <> '';
ALTER TABLE person ADD COLUMN address TEXT NOT NULL DEFAULT '{}';
