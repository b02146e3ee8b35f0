-- Settlement reports read the lines of one merchant by the day they were paid.
DROP INDEX reconcile_line_paid;
CREATE INDEX reconcile_line_merchant ON reconcile_line (realm, merchant, paid_at, hash);
CREATE INDEX settlement_payout_merchant ON settlement_payout (realm, merchant, paid_at) WHERE paid_at <> 0;
