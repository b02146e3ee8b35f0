package payment

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

// TestPlans holds SQLite, which knows no statistics, to the index each read was
// written for. An order by id would draw it to the primary key, and through the
// whole realm.
func TestPlans(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"own attempt", ownText, "SEARCH a USING INDEX sqlite_autoindex_attempt_1 (realm=? AND payment=? AND id=?)"},
		{"own payment", ownText, "SEARCH p USING INDEX sqlite_autoindex_payment_1 (realm=? AND id=?)"},
		{"later attempt", laterText, "SEARCH a USING INDEX attempt_id (realm=? AND id=?)"},
		{"payments by reference", referredText, "SEARCH p USING INDEX payment_reference (realm=? AND reference=?)"},
		{"captures by reference", laterRefText, "SEARCH a USING INDEX attempt_reference (realm=? AND reference=?)"},
		{"an arrival", arrivalText, "SEARCH arrival USING INDEX arrival_reference (realm=? AND connector=? AND account=? AND reference=?)"},
		{"arrivals of a payment", arrivalsOfText, "SEARCH arrival USING INDEX arrival_payment (realm=? AND payment=?)"},
		{"what is held", heldText, "SEARCH arrival USING INDEX arrival_held (realm=?)"},
		{"verify's payments", pageUpText, "SEARCH payment USING INDEX sqlite_autoindex_payment_1 (realm=? AND id>?)"},
		{"verify's attempts", betweenText, "SEARCH attempt USING INDEX sqlite_autoindex_attempt_1 (realm=? AND payment>? AND payment<?)"},
		{"verify's events", numbersText, "SEARCH event USING COVERING INDEX sqlite_autoindex_event_1 (realm=? AND object>? AND object<?)"},
		{"payments of a checkout", sessionText, "SEARCH payment USING INDEX payment_session (realm=? AND session=?)"},
	}
	db := storetest.Open(t, "sqlite", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []any{"x", "x", "x", "x"}[:strings.Count(test.text, "$4")+strings.Count(test.text, "$3")+2]
			got := storetest.Plan(t, db, test.text, args...)
			if !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if strings.HasPrefix(test.name, "verify") && strings.Contains(got, "TEMP B-TREE") {
				t.Errorf("sorts: %s", got)
			}
		})
	}
}
