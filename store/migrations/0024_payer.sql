-- Payers' numbers are counted in the realm: the references that are made of them
-- are unique in it, whichever bank is asked.
CREATE TABLE bank_payer (
    realm TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (realm)
);
INSERT INTO bank_payer (realm, last) SELECT realm, MAX(payers) FROM bank_creditor GROUP BY realm;
