-- Payers' numbers are counted in the realm: the references that are made of them
-- are unique in it, whichever bank is asked.
CREATE TABLE bank_payer (
    realm TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (realm)
);
INSERT INTO bank_payer (realm, last) SELECT realm, MAX(payers) FROM bank_creditor GROUP BY realm;
-- What a data key has sealed is found when the key changes.
CREATE INDEX bank_file_key ON bank_file (realm, key_version);
CREATE INDEX bank_mandate_key ON bank_mandate (realm, key_version) WHERE key_version > 0;
