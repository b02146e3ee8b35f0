package ledger

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

// TestPlans holds SQLite, which knows no statistics, to the index each read
// was written for: a read that walks a table is quick in every other test.
func TestPlans(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"accounts of a batch", accountTexts[4], "SEARCH account USING INDEX sqlite_autoindex_account_1 (realm=? AND id=?)"},
		{"postings of transfers", postingTexts[4], "SEARCH posting USING INDEX sqlite_autoindex_posting_1 (realm=? AND seq=?)"},
		{"transfers of an object", entriesText, "SEARCH transfer USING INDEX transfer_object (realm=? AND object_id=?)"},
		{"reversal", reversalText, "SEARCH transfer USING INDEX transfer_reverses (realm=? AND reverses=?)"},
		{"balance at", balanceAtText, "SEARCH posting USING INDEX posting_account (realm=? AND account=? AND currency=? AND at<?)"},
		{"statement", linesText, "SEARCH posting USING INDEX posting_account (realm=? AND account=? AND currency=? AND (at,seq,n)<(?,?,?))"},
		{"statement's transfers", linesText, "SEARCH t USING INDEX sqlite_autoindex_transfer_1 (realm=? AND seq=?)"},
		{"accounts", accountsPage, "SEARCH account USING INDEX sqlite_autoindex_account_1 (realm=? AND (id,currency)>(?,?))"},
		{"verify's transfers", transfersPage, "SEARCH transfer USING INDEX sqlite_autoindex_transfer_1 (realm=? AND seq>? AND seq<?)"},
		{"parts of objects", partsText, "SEARCH t USING INDEX transfer_object (realm=? AND object_id>? AND object_id<?)"},
		{"postings of parts", partsText, "SEARCH p USING INDEX sqlite_autoindex_posting_1 (realm=? AND seq=?)"},
		{"verify's postings", postingsPage, "SEARCH posting USING INDEX sqlite_autoindex_posting_1 (realm=? AND (seq,n)>(?,?) AND seq<?)"},
	}
	db := storetest.Open(t, "sqlite", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := make([]any, strings.Count(test.text, "$"))
			for i := range args {
				args[i] = int64(i)
			}
			got := storetest.Plan(t, db, test.text, args...)
			if !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			sorts := strings.Contains(got, "TEMP B-TREE")
			if sorts && !strings.HasPrefix(test.name, "statement") {
				t.Errorf("sorts: %s", got)
			}
		})
	}
}
