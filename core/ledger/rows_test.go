package ledger_test

import (
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// tampering is what somebody with access to the database might do to the
// books of TestVerify; $1 is the realm. wrong is every finding that follows.
type tampering struct {
	name  string
	texts []string
	wrong []string
}

var tamperings = []tampering{
	{"nothing", nil, nil},
	{"posting amount", []string{`UPDATE posting SET amount = amount + 1 WHERE realm = $1 AND seq = 2 AND n = 2`}, []string{
		"posting 2.2: says that provider/acme EUR stands at 4000 pending, 6000 posted after it; by the posting before it is 4000 pending, 6001 posted",
		"transfer 2: breaks a rule: internal.books.sum: posted in EUR sums to 1, not 0",
		"transfer 2: its contents were changed: they do not fit its hash, which the next link confirms",
		"account provider/acme EUR: its row says 4000 pending, 3000 posted; its postings sum to 4000 and 3001",
	}},
	{"both amounts of a pair, with balances and account rows", []string{
		`UPDATE posting SET amount = amount * 2 WHERE realm = $1 AND seq = 5`,
		`UPDATE posting SET posted = posted + 700 WHERE realm = $1 AND seq = 5 AND n = 0`,
		`UPDATE posting SET posted = posted - 700 WHERE realm = $1 AND seq = 5 AND n = 1`,
		`UPDATE posting SET posted = posted + 700 WHERE realm = $1 AND seq = 6 AND n = 0`,
		`UPDATE posting SET posted = posted - 700 WHERE realm = $1 AND seq = 6 AND n = 1`,
		`UPDATE account SET posted = posted + 700 WHERE realm = $1 AND id = 'provider/acme'`,
		`UPDATE account SET posted = posted - 700 WHERE realm = $1 AND id = 'merchant/shop'`}, []string{
		"transfer 5: its contents were changed: they do not fit its hash, which the next link confirms",
		"transfer 6: reverses transfer 5, but its postings are not the opposite",
	}},
	{"transfer deleted", []string{`DELETE FROM transfer WHERE realm = $1 AND seq = 3`}, []string{
		"posting 3.0: belongs to no transfer",
		"posting 3.1: belongs to no transfer",
		"transfer 3: missing: after 2 comes 4",
	}},
	{"transfer and its postings deleted", []string{
		`DELETE FROM posting WHERE realm = $1 AND seq = 5`, `DELETE FROM transfer WHERE realm = $1 AND seq = 5`}, []string{
		"posting 6.0: says that provider/acme EUR stands at 4000 pending, 3000 posted after it; by the posting before it is 4000 pending, 2300 posted",
		"posting 6.1: says that merchant/shop EUR stands at -4000 pending, -3000 posted after it; by the posting before it is -4000 pending, -2300 posted",
		"transfer 5: missing: after 4 comes 6",
		"transfer 6: reverses 5th, which is no earlier transfer of the same object",
		"account merchant/shop EUR: its row says -4000 pending, -3000 posted; its postings sum to -4000 and -2300",
		"account provider/acme EUR: its row says 4000 pending, 3000 posted; its postings sum to 4000 and 2300",
	}},
	{"first transfers deleted", []string{`DELETE FROM transfer WHERE realm = $1 AND seq <= 2`}, []string{
		"posting 1.0: belongs to no transfer",
		"posting 1.1: belongs to no transfer",
		"posting 2.0: belongs to no transfer",
		"posting 2.1: belongs to no transfer",
		"posting 2.2: belongs to no transfer",
		"posting 2.3: belongs to no transfer",
		"transfers 1 to 2: missing: after 0 comes 3",
	}},
	{"last transfer deleted", []string{`DELETE FROM transfer WHERE realm = $1 AND seq = 6`}, []string{
		"posting 6.0: belongs to no transfer",
		"posting 6.1: belongs to no transfer",
		"transfer 6: missing: the head stands at 6",
	}},
	{"hash changed", []string{`UPDATE transfer SET hash = (SELECT hash FROM transfer WHERE realm = $1 AND seq = 1) WHERE realm = $1 AND seq = 4`}, []string{
		"transfer 4: its hash was changed: its contents and the next link fit another",
	}},
	{"last hash changed", []string{`UPDATE transfer SET hash = (SELECT hash FROM transfer WHERE realm = $1 AND seq = 1) WHERE realm = $1 AND seq = 6`}, []string{
		"transfer 6: its hash was changed: its contents and the next link fit another",
	}},
	{"two hashes changed in a row", []string{`UPDATE transfer SET hash = (SELECT hash FROM transfer WHERE realm = $1 AND seq = 1) WHERE realm = $1 AND seq IN (3, 4)`}, []string{
		"transfer 3: its hash does not fit its contents and the transfer before it",
		"transfer 4: its hash does not fit its contents and the transfer before it",
		"transfer 5: its hash does not fit its contents and the transfer before it",
	}},
	{"kind changed", []string{`UPDATE transfer SET kind = 'credit' WHERE realm = $1 AND seq = 5`}, []string{
		"transfer 5: its contents were changed: they do not fit its hash, which the next link confirms",
	}},
	{"last memo changed", []string{`UPDATE transfer SET memo = 'as agreed' WHERE realm = $1 AND seq = 6`}, []string{
		"transfer 6: its contents were changed: they do not fit its hash, which the next link confirms",
	}},
	{"object changed", []string{`UPDATE transfer SET object_kind = 'payout' WHERE realm = $1 AND seq = 1`}, []string{
		"transfer 1: its contents were changed: they do not fit its hash, which the next link confirms",
	}},
	{"time changed", []string{`UPDATE transfer SET at = 1 WHERE realm = $1 AND seq = 2`}, []string{
		"posting 2.0: has another time than its transfer",
		"posting 2.1: has another time than its transfer",
		"posting 2.2: has another time than its transfer",
		"posting 2.3: has another time than its transfer",
		"transfer 2: is older than the transfer before it",
		"transfer 2: its contents were changed: they do not fit its hash, which the next link confirms",
	}},
	{"id changed", []string{`UPDATE transfer SET id = object_id WHERE realm = $1 AND seq = 3`}, []string{
		"transfer 3: its contents were changed: they do not fit its hash, which the next link confirms",
	}},
	{"account row changed", []string{`UPDATE account SET posted = posted - 5 WHERE realm = $1 AND id = 'merchant/shop'`}, []string{
		"account merchant/shop EUR: its row says -4000 pending, -3005 posted; its postings sum to -4000 and -3000",
		"currency EUR: all accounts together stand at 0 pending, -5 posted, not 0",
	}},
	{"account row deleted", []string{`DELETE FROM account WHERE realm = $1 AND id = 'merchant/shop'`}, []string{
		"account merchant/shop EUR: has postings but no row",
		"currency EUR: all accounts together stand at 4000 pending, 3000 posted, not 0",
	}},
	{"account row made non-negative below zero", []string{`UPDATE account SET nonnegative = TRUE, posted = 3000 WHERE realm = $1 AND id = 'merchant/shop'`}, []string{
		"account merchant/shop EUR: its row says -4000 pending, 3000 posted; its postings sum to -4000 and -3000",
		"account merchant/shop EUR: is non-negative and stands below zero",
		"currency EUR: all accounts together stand at 0 pending, 6000 posted, not 0",
	}},
	{"posting moved to another account", []string{`UPDATE posting SET account = 'fees' WHERE realm = $1 AND seq = 5 AND n = 1`}, []string{
		"posting 5.1: says that fees EUR stands at -4000 pending, -3700 posted after it; by the posting before it is 0 pending, -700 posted",
		"posting 6.1: says that merchant/shop EUR stands at -4000 pending, -3000 posted after it; by the posting before it is -4000 pending, -2300 posted",
		"transfer 5: its contents were changed: they do not fit its hash, which the next link confirms",
		"transfer 6: reverses transfer 5, but its postings are not the opposite",
		"account fees EUR: has postings but no row",
		"account merchant/shop EUR: its row says -4000 pending, -3000 posted; its postings sum to -4000 and -2300",
	}},
	{"posting added", []string{`INSERT INTO posting (realm, seq, n, account, currency, phase, amount, at, pending, posted)
		SELECT realm, seq, 4, account, currency, phase, 1, at, pending, posted + 1 FROM posting WHERE realm = $1 AND seq = 4 AND n = 3`}, []string{
		"posting 5.0: says that provider/acme EUR stands at 4000 pending, 3700 posted after it; by the posting before it is 4000 pending, 3701 posted",
		"transfer 4: breaks a rule: internal.books.sum: posted in EUR sums to 1, not 0",
		"transfer 4: its contents were changed: they do not fit its hash, which the next link confirms",
		"account provider/acme EUR: its row says 4000 pending, 3000 posted; its postings sum to 4000 and 3001",
	}},
	{"posting deleted", []string{`DELETE FROM posting WHERE realm = $1 AND seq = 1 AND n = 1`}, []string{
		"posting 2.0: says that merchant/shop EUR stands at -4000 pending, 0 posted after it; by the posting before it is 6000 pending, 0 posted",
		"transfer 1: breaks a rule: internal.books.postings: 1 postings: a transfer has 2 to 1000",
		"transfer 1: its contents were changed: they do not fit its hash, which the next link confirms",
		"account merchant/shop EUR: its row says -4000 pending, -3000 posted; its postings sum to 6000 and -3000",
	}},
	{"running balance changed", []string{`UPDATE posting SET posted = posted + 1 WHERE realm = $1 AND seq = 5 AND n = 0`}, []string{
		"posting 5.0: says that provider/acme EUR stands at 4000 pending, 3701 posted after it; by the posting before it is 4000 pending, 3700 posted",
		"posting 6.0: says that provider/acme EUR stands at 4000 pending, 3000 posted after it; by the posting before it is 4000 pending, 3001 posted",
	}},
	{"last running balance changed", []string{`UPDATE posting SET posted = posted + 1 WHERE realm = $1 AND seq = 6 AND n = 1`}, []string{
		"posting 6.1: says that merchant/shop EUR stands at -4000 pending, -2999 posted after it; by the posting before it is -4000 pending, -3000 posted",
	}},
	{"posting after the head", []string{`INSERT INTO posting (realm, seq, n, account, currency, phase, amount, at, pending, posted)
		SELECT realm, 9, n, account, currency, phase, amount, at, pending, posted FROM posting WHERE realm = $1 AND seq = 5`}, []string{
		"posting 9: stands after the head, which is at 6",
	}},
	{"head moved back", []string{`UPDATE ledger_head SET seq = 5, at = (SELECT at FROM transfer WHERE realm = $1 AND seq = 5) WHERE realm = $1`}, []string{
		"transfer 6: stands after the head, which is at 5",
		"posting 6: stands after the head, which is at 5",
		"head: its hash is not that of the last transfer",
		"account merchant/shop EUR: its row says -4000 pending, -3000 posted; its postings sum to -4000 and -3700",
		"account provider/acme EUR: its row says 4000 pending, 3000 posted; its postings sum to 4000 and 3700",
	}},
	{"head's hash and time changed", []string{`UPDATE ledger_head SET at = 0, hash = (SELECT hash FROM transfer WHERE realm = $1 AND seq = 1) WHERE realm = $1`}, []string{
		"head: its hash is not that of the last transfer",
		"head: its time is not that of the last transfer",
	}},
	{"reversal turned to another transfer", []string{`UPDATE transfer SET reverses = (SELECT id FROM transfer WHERE realm = $1 AND seq = 2) WHERE realm = $1 AND seq = 6`}, []string{
		"transfer 6: its contents were changed: they do not fit its hash, which the next link confirms",
		"transfer 6: reverses transfer 2, but its postings are not the opposite",
	}},
	// Last, for the index is gone for all realms.
	{"reversed twice", []string{`DROP INDEX transfer_reverses`,
		`UPDATE transfer SET reverses = (SELECT id FROM transfer WHERE realm = $1 AND seq = 5) WHERE realm = $1 AND seq = 3`}, []string{
		"transfer 3: its contents were changed: they do not fit its hash, which the next link confirms",
		"transfer 3: reverses 5th, which is no earlier transfer of the same object",
		"transfer 6: reverses 5th, which transfer 3 has reversed already",
	}},
}

func (t tampering) do(tx *store.Tx) error {
	for _, text := range t.texts {
		args := []any{string(tx.Realm())}
		if text == tamperings[len(tamperings)-1].texts[0] {
			args = nil
		}
		if _, err := tx.Exec(text, args...); err != nil {
			return err
		}
	}
	return nil
}

func countReversals(tx *store.Tx, id ident.ID) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `SELECT COUNT(*) FROM transfer WHERE realm = $1 AND reverses = $2`, string(tx.Realm()), string(id))
	return n, err
}
