-- What is sold can end: coupons, too. What costs nothing can be ordered, and
-- orders that wait for a human are found.
CREATE TABLE coupon_next (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    product TEXT NOT NULL,
    code TEXT NOT NULL,
    number BIGINT NOT NULL,
    description TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    length BIGINT NOT NULL CHECK (length > 0),
    unit TEXT NOT NULL CHECK (unit IN ('day', 'week', 'month', 'year')),
    created_at BIGINT NOT NULL,
    by_voucher BOOLEAN NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
INSERT INTO coupon_next (realm, id, version, product, code, number, description, price, length, unit, created_at, by_voucher, ended_at)
    SELECT realm, id, version, product, code, number, description, price, length, unit, created_at, by_voucher, 0 FROM coupon;
DROP TABLE coupon;
ALTER TABLE coupon_next RENAME TO coupon;
CREATE UNIQUE INDEX coupon_number ON coupon (realm, product, number);
CREATE TABLE purchase_next (
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
    way TEXT NOT NULL CHECK (way IN ('invoice', 'agreement', 'once', 'elsewhere', 'free')),
    method TEXT NOT NULL,
    means TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    state TEXT NOT NULL CHECK (state IN ('preliminary', 'confirmed', 'transferred', 'cancelled')),
    token TEXT NOT NULL,
    invoice TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
INSERT INTO purchase_next (realm, id, version, seq, number, client, merchant, person, customer, reference, way, method, means, currency, amount, state, token, invoice, created_at, done_at, details)
    SELECT realm, id, version, seq, number, client, merchant, person, customer, reference, way, method, means, currency, amount, state, token, invoice, created_at, done_at, details FROM purchase;
DROP TABLE purchase;
ALTER TABLE purchase_next RENAME TO purchase;
CREATE UNIQUE INDEX purchase_number ON purchase (realm, number);
CREATE UNIQUE INDEX purchase_reference ON purchase (realm, client, reference) WHERE reference <> '';
CREATE INDEX purchase_person ON purchase (realm, person, id);
CREATE INDEX purchase_invoice ON purchase (realm, invoice) WHERE invoice <> '';
CREATE INDEX purchase_confirmed ON purchase (realm, id) WHERE state = 'confirmed';
