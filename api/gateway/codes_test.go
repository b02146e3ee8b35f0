package gateway

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func listRows(t *testing.T) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(codesCSV)).ReadAll()
	if err != nil || len(rows) != 1+619 {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
	return rows[1:]
}

// The list names groups 12 and 22 alike.
var listNames = map[string]string{"rejected_address_AVS": "rejected_address", "rejected_address_format": "rejected_address"}

func TestClassesMatchTheList(t *testing.T) {
	groups := map[string]bool{}
	for _, row := range listRows(t) {
		got := classify(row[0])
		groups[got.Group] = true
		name := got.Group
		if other := listNames[name]; other != "" {
			name = other
		}
		if name != row[1] || string(got.Category) != row[2] || Classify(row[0]) != got {
			t.Errorf("%s: got %v, want %s %s", row[0], got, row[1], row[2])
		}
	}
	for _, c := range classes {
		if !groups[c.Group] {
			t.Errorf("no code of the list is in group %s", c.Group)
		}
	}
	if len(classes) != 28 {
		t.Errorf("got %d groups, want 28", len(classes))
	}
}

func TestUnknownCodesGoByTheirPrefix(t *testing.T) {
	for code, want := range map[string]Class{
		"000.000.999": {"success", Success}, "000.100.199": {"success", Success}, "000.400.045": {"success_review", Review},
		"000.200.999": {"pending", Pending}, "800.400.599": {"pending_long", Pending}, "800.100.999": {"rejected_bank", Rejected},
		"900.100.999": {"rejected_communication", Rejected}, "000.100.250": {"chargeback", Chargeback}, "100.400.399": {"rejected_external_risk", Rejected},
		"123.456.789": {"unknown", Rejected}, "000.700.000": {"unknown", Rejected}, "": {"unknown", Rejected}, "000.000.0000": {"unknown", Rejected},
		"000.000.": {"unknown", Rejected}, "x000.000.000": {"unknown", Rejected}, "000.000.00\n": {"unknown", Rejected}, "０００.000.000": {"unknown", Rejected},
	} {
		if got := Classify(code); got != want {
			t.Errorf("%q: got %v, want %v", code, got, want)
		}
	}
}

// The strings of section 4 that clients compare.
func TestWireStrings(t *testing.T) {
	for code, want := range map[string]string{
		"000.000.000": "Transaction succeeded",
		"000.000.100": "successful request",
		"000.100.110": "Request successfully processed in 'Merchant in Integrator Test Mode'",
		"000.100.112": "Request successfully processed in 'Merchant in Connector Test Mode'",
		"000.200.000": "transaction pending",
		"000.200.100": "successfully created checkout",
		"100.100.101": "invalid creditcard, bank account number or bank name",
		"200.300.404": "invalid or missing parameter",
		"700.400.510": "capture needs at least one successful transaction of type (PA)",
		"700.400.580": "cannot find transaction",
		"800.100.151": "transaction declined (invalid card)",
		"800.100.152": "transaction declined by authorization system",
		"800.120.100": "Too many requests. Please try again later.",
		"800.100.153": "issuer declined: wrong security code", // our own words, as in the sheet's example
		"800.100.999": "rejected",
		"000.000.999": "success",
	} {
		if got := Text(code); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
	if len(wireTexts) != 13 {
		t.Errorf("got %d exact strings, want 13", len(wireTexts))
	}
}

func TestCodesList(t *testing.T) {
	list := Codes()
	if len(list) != 619 || list[0] != (Code{"000.000.000", "Transaction succeeded"}) {
		t.Fatalf("got %d codes, first %v", len(list), list[0])
	}
	for _, c := range list {
		if !Known(c.Code) || c.Description == "" || len(c.Description) > 255 || Text(c.Code) != c.Description {
			t.Errorf("%v", c)
		}
	}
	list[0].Code = "x"
	if Codes()[0].Code != "000.000.000" || Known("x") {
		t.Error("the list can be changed from outside")
	}
}

// The list guesses at statuses. Section 10 says otherwise for one of them:
// all its refusals answer 400 unless said.
func TestStatuses(t *testing.T) {
	strict, compat := rulesOf("strictSeed"), rulesOf("oppwaCompat")
	for _, row := range listRows(t) {
		code := row[0]
		guess, err := strconv.Atoi(row[3])
		if err != nil {
			t.Fatal(err)
		}
		want := guess
		switch code {
		case "700.100.100":
			want = http.StatusBadRequest
		case "800.120.100":
			want = strict.ThrottleStatus
		}
		if got := FaultStatus(code, strict); Classify(code).Category == Rejected && got != want {
			t.Errorf("%s refused: got %d, want %d", code, got, want)
		}
		made, rejected := AnswerStatus(code, false, strict), Classify(code).Category == Rejected
		if rejected != (made == http.StatusBadRequest) || !rejected && made != http.StatusOK {
			t.Errorf("%s answered: got %d", code, made)
		}
		if got := AnswerStatus(code, true, strict); got != http.StatusOK {
			t.Errorf("%s read: got %d", code, got)
		}
		if got := AnswerStatus(code, true, compat); (got == http.StatusBadRequest) != rejected {
			t.Errorf("%s read, compat: got %d", code, got)
		}
	}
	for code, want := range map[string][2]int{"800.120.100": {400, 429}, "700.400.580": {404, 400}, "100.150.200": {404, 400}, "800.900.300": {401, 401}} {
		if got := [2]int{FaultStatus(code, strict), FaultStatus(code, compat)}; got != want {
			t.Errorf("%s: got %v, want %v", code, got, want)
		}
	}
	if rulesOf("") != strict || rulesOf("nonsense") != strict || !compat.WideAmounts {
		t.Error("the strict profile is not the default")
	}
}
