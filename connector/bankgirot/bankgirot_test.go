package bankgirot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector/connectortest"
	"github.com/florinpay/florin/core/money"
)

func sek(minor int64) money.Amount { return money.Of(minor, Currency) }

func on(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

const (
	nora    = "0000000000700412"
	karl    = "0000000000700413"
	account = "3300001212121212"
	person  = "191212121212"
	deposit = "00000000000000000008901003232323232"
)

func head(at time.Time) Head { return Head{At: at, Customer: "471117", Payee: "0009912346"} }

// files are one of each sort, by the name of the text they look like.
func files() map[string]File {
	pay := func(payer string, minor int64, ref string, status int) Payment {
		return Payment{Date: on(12, 28), Payer: payer, Amount: sek(minor), Reference: ref, Status: status}
	}
	return map[string]File{
		"request.txt": {Request: &Request{Head: head(on(12, 14)),
			Wishes: []Wish{{Payer: nora, Account: account, Person: person}, {Payer: "0000000002222101"}, {End: true, Payer: karl}},
			Claims: []Claim{{Due: on(12, 28), Payer: nora, Amount: sek(29900), Reference: "ÅRSKORT 8123044"}, {Payer: karl, Amount: sek(999_999_999_999)}}}},
		"advice.txt": {Advice: &Advice{Head: head(on(12, 15)), Mandates: []Mandate{
			{Payer: nora, Account: account, Person: person, Source: "04", Status: "32", Date: on(12, 15)},
			{Payer: karl, Source: "46", Status: "02", Date: on(12, 15)},
			{Payer: "0000000002222101", Source: "04", Status: "23", Date: on(12, 15)}}}},
		"specification.txt": {Specification: &Specification{Head: head(on(12, 29).Add(19*time.Hour + 30*time.Minute + 55*time.Second)),
			Deposits: []Deposit{
				{Entry: Entry{deposit, on(12, 28), "00001"}, Payments: []Payment{pay(nora, 29900, "8123044", Paid), pay(karl, 9900, "8123045", NoCover),
					pay("0000000002222101", 1, "8123046", Paid), pay(karl, 100, "8123047", Closed), pay(karl, 200, "8123048", Again)}},
				{Entry: Entry{deposit, on(12, 28), "00002"}}},
			Refunds: []Withdrawal{{Entry: Entry{deposit, on(12, 28), "00001"}, Refunds: []Refund{{Payment: pay(nora, 19900, "8122004", 0), Refunded: on(12, 28), Reason: "02"}}}}}},
		"rejections.txt": {Rejections: &Rejections{Head: head(on(12, 15)), Orders: []Rejection{
			{Due: on(12, 28), Payer: karl, Amount: sek(9900), Reference: "8123045", Reason: "01"}, {Due: on(12, 28), Payer: nora, Amount: sek(100), Reason: "03"}}}},
	}
}

func show(f File) string {
	return fmt.Sprintf("%+v %+v %+v %+v", f.Request, f.Advice, f.Specification, f.Rejections)
}

var kit = connectortest.Files[File]{Parse: Parse, Format: Format, Show: show}

func TestFilesAsTheyLook(t *testing.T) { kit.LookLike(t, files()) }

func TestWhatStatusesMean(t *testing.T) {
	for status, want := range map[string][2]bool{"32": {true, false}, "02": {false, true}, "33": {false, true}, "07": {false, true}, "23": {false, false}, "10": {false, false}} {
		m := Mandate{Status: status}
		if got := [2]bool{m.Stands(), m.Ended()}; got != want {
			t.Errorf("%s: got %v, want %v", status, got, want)
		}
	}
}

// Each way in which a file can be broken is told with its line and the reason.
func TestBrokenFiles(t *testing.T) {
	text := map[string]string{}
	for name, f := range files() {
		text[strings.TrimSuffix(name, ".txt")] = kit.Text(t, f)
	}
	swap := func(file, from, to string) string {
		if len(from) != len(to) {
			t.Fatalf("%q has another length", from)
		}
		return connectortest.Swap(t, text[file], from, to)
	}
	drop := func(file string, n int) string { return connectortest.Drop(text[file], n) }
	kit.Refuse(t, map[string]connectortest.Broken{
		"another format":        {strings.Repeat("NY", 40), "line 1", "begins with record 01"},
		"another service":       {"01BGMAX" + strings.Repeat(" ", 73), "line 1", "no file of Autogiro"},
		"the old layout":        {swap("request", "AUTOGIRO    ", "AUTOGIRO9900"), "line 1", "the old layout"},
		"other contents":        {swap("advice", "AG-MEDAVI ", "AG-EMEDGIV"), "line 1", `files with "AG-EMEDGIV" are not read`},
		"cut":                   {drop("advice", 5), "line 5", "without a record 09"},
		"cut in a line":         {text["advice"][:200], "line 3", "columns, a record has 80"},
		"an opening alone":      {strings.SplitAfter(text["advice"], "\n")[0], "line 2", "without a record 09"},
		"more after the end":    {text["advice"] + text["advice"], "line 6", "after the end"},
		"a mandate is missing":  {drop("advice", 2), "line 4", "mandates: 3 are counted, there are 2"},
		"another payee":         {swap("advice", "730009912346", "730008901003"), "line 2", "8901003 is no bankgiro number"},
		"another real payee":    {swap("advice", "730009912346", "730050501055"), "line 2", "a record of another payee"},
		"an unknown record":     {swap("advice", "730009912346", "740009912346"), "line 2", "a record 74 has no place in advice"},
		"the end of another":    {swap("advice", "0920261215", "0920261216"), "line 5", "the end of another file"},
		"a letter for a number": {swap("advice", "04322026", "043O2026"), "line 2", "the status (columns 64 to 65) is not all digits"},
		"half an account":       {swap("advice", account, "33000012121212  "), "line 2", "an account (columns 29 to 44)"},
		"a day that is none":    {swap("advice", "043220261215", "043220261315"), "line 2", "the day (columns 66 to 73) is no date"},
		"an amount is another":  {swap("specification", "000000029900", "000000029901"), "line 2", "the sum is said to be 29901, the amounts make 29902"},
		"a sum is another":      {swap("specification", "000000000000029901", "000000000000039901"), "line 2", "the sum is said to be 39901"},
		"a count is another":    {swap("specification", "00000002 ", "00000003 "), "line 2", "3 payments are counted, there are 2"},
		"all is another":        {swap("specification", "000002000000000002", "000002000000000003"), "line 11", "payments in: 3 are counted, there are 2"},
		"a refund is missing":   {drop("specification", 10), "line 9", "the sum is said to be 19900, the amounts make 0"},
		"a status is another":   {swap("specification", "          0\n", "          4\n"), "line 3", `a payment's status "4" is not known`},
		"a status is missing":   {swap("specification", "          0\n", "           \n"), "line 3", `a payment's status " " is not known`},
		"a payment of nothing":  {swap("specification", "000000000001", "000000000000"), "line 5", "a payment of nothing"},
		"a payment too soon":    {drop("specification", 2), "line 2", "a record 82 has no place here"},
		"money paid out":        {swap("specification", "\n17", "\n16"), "line 9", "a record 16 has no place here"},
		"a rejection too few":   {drop("rejections", 2), "line 3", "orders: 2 are counted, there are 1"},
		"a rejected sum":        {swap("rejections", "000002000000010000", "000002000000010001"), "line 4", "their sum: 10001 are counted, there are 10000"},
		"another section":       {swap("request", "\n01"+"20261214", "\n01"+"20261215"), "line 5", "a section of another day or payee"},
		"a payment out":         {swap("request", "\n8220261228", "\n3220261228"), "line 6", "a record 32 has no place in a request"},
		"a standing order":      {swap("request", "202612280    ", "202612281012 "), "line 6", "a standing order"},
		"a bank's mandate":      {swap("request", person+"                    ", person+"                  AV"), "line 2", "an answer to a mandate"},
	})
}

func TestWhatNoFileHolds(t *testing.T) {
	cases := map[string][]File{}
	for name, change := range map[string]func(f map[string]File){
		"payee":   func(f map[string]File) { f["request.txt"].Request.Payee = "0009912347" },
		"mandate": func(f map[string]File) { f["request.txt"].Request.Wishes[0].Account = "3300" },
		"amount":  func(f map[string]File) { f["request.txt"].Request.Claims[0].Amount = sek(1_000_000_000_000) },
		"payer":   func(f map[string]File) { f["request.txt"].Request.Claims[0].Payer = "Å" },
		"order":   func(f map[string]File) { f["rejections.txt"].Rejections.Orders[0].Reason = "1" },
		"status":  func(f map[string]File) { f["specification.txt"].Specification.Deposits[0].Payments[0].Status = 5 },
		"entry":   func(f map[string]File) { f["specification.txt"].Specification.Deposits[0].Account = "" },
		"refund":  func(f map[string]File) { f["specification.txt"].Specification.Refunds[0].Refunds[0].Reason = "" },
		"file":    func(f map[string]File) { f["request.txt"] = File{} },
	} {
		all := files()
		change(all)
		cases[name] = slices.Collect(maps.Values(all))
	}
	kit.HoldNot(t, cases)
}

func FuzzParse(f *testing.F) { kit.Fuzz(f, slices.Collect(maps.Values(files()))...) }
