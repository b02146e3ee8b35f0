package nets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector/connectortest"
	"github.com/florinpay/florin/core/money"
)

func nok(minor int64) money.Amount { return money.Of(minor, Currency) }

func on(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

// out is a file of claims with and without the bank's notification, and one
// that takes a claim back.
func out() File {
	return File{Sender: "00912345", Number: "0000017", Recipient: Clearing, Date: on(12, 14), Assignments: []Assignment{
		{Kind: Claims, Agreement: "000000000", Number: "0000017", Account: "15039123451", Claims: []Claim{
			{Due: on(12, 28), Amount: nok(34900), KID: "7004120812304401", Payer: "BRÅTEN KAR", Reference: "Dagsnytt komplett", Notify: true,
				Bill: []string{"Dagsnytt komplett, desember 2026", "", strings.Repeat("x", 39) + "| kr 349,00 med 0,00 i mva."}},
			{Due: on(12, 14), Amount: nok(14900), KID: "70041208123051", Payer: "LIND NORA"},
			{Due: on(12, 31), Amount: nok(1), KID: "7004120812306-", Notify: true},
		}},
		{Kind: Withdraw, Agreement: "000000000", Number: "0000018", Account: "15039123451", Claims: []Claim{
			{Due: on(12, 28), Amount: nok(9900), KID: "70041208122004", Payer: "LIND NORA"},
		}},
	}}
}

// in is a file of mandates and payments.
func in() File {
	return File{Sender: Clearing, Number: "1491010", Recipient: "00912345", Date: on(12, 15), Assignments: []Assignment{
		{Kind: Mandates, Agreement: "000000000", Number: "0000001", Account: "15039123451", Mandates: []Mandate{
			{Change: Made, KID: "70041208123044", Notify: true}, {Change: Ended, KID: "70041208122004"}, {Change: Stands, KID: "70041208122012"},
		}},
		{Kind: Payments, Agreement: "001008566", Number: "0000002", Account: "15039123451", Date: on(12, 15), Payments: []Payment{
			{Type: 15, Date: on(12, 15), Amount: nok(34900), KID: "70041208123044", Centre: "13", Day: 20, Part: 1, Serial: "00001", Form: "0096368271",
				Archive: "940990385", BankDate: on(12, 14), From: "99990512341"},
			{Type: 21, Date: on(12, 15), Amount: nok(10000), Centre: "13", Day: 20, Part: 1, Serial: "00002", Form: "0000000000", Archive: "000000000",
				From: "00000000000", Text: "Gave til Bråten"},
			{Type: 18, Date: on(12, 15), Amount: nok(-14900), KID: "70041208123051", Centre: "13", Day: 20, Part: 1, Serial: "00003", Form: "0000000000",
				Archive: "940990386", From: "99990512341"},
		}},
	}}
}

var kit = connectortest.Files[File]{Parse: Parse, Format: Format, Show: func(f File) string { return fmt.Sprintf("%+v", cut(f)) },
	Loses: true} // a sum below zero is read, and not written

func TestFilesAsTheyLook(t *testing.T) {
	kit.LookLike(t, map[string]File{"claims.txt": out(), "answers.txt": in()})
}

// cut drops what the records have no place for.
func cut(f File) File {
	f.Assignments = slices.Clone(f.Assignments)
	for i, a := range f.Assignments {
		if a.Kind == Mandates || a.Kind == Claims || a.Kind == Withdraw {
			f.Assignments[i].Date = time.Time{}
		}
	}
	return f
}

// Each way in which a file can be broken is told with its line and the reason.
func TestBrokenFiles(t *testing.T) {
	claims, answers, drop := kit.Text(t, out()), kit.Text(t, in()), connectortest.Drop
	swap := func(body, from, to string) string { return connectortest.Swap(t, body, from, to) }
	kit.Refuse(t, map[string]connectortest.Broken{
		"no start":                {drop(claims, 1), "line 1", "begins with record 10"},
		"no end":                  {drop(claims, strings.Count(claims, "\n")), "line 20", "ends in the middle"},
		"cut in an assignment":    {strings.Join(strings.SplitAfter(answers, "\n")[:4], ""), "line 5", "ends in the middle"},
		"cut in a line":           {claims[:len(claims)-30], "line 20", "columns"},
		"more after the end":      {claims + strings.SplitAfter(claims, "\n")[1], "line 21", "after the end"},
		"a record is missing":     {drop(claims, 4), "line 3", "record 31 does not follow"},
		"a claim is missing":      {drop(drop(claims, 11), 11), "line 13", "3 transactions are counted, there are 2"},
		"an amount is another":    {swap(claims, "00000000000034900", "00000000000034901"), "line 15", "the sum is said to be 49801, the amounts make 49802"},
		"a sum is another":        {swap(claims, "00000000000059701", "00000000000059702"), "line 20", "the sum is said to be 59702"},
		"a count is another":      {swap(claims, "NY0000890000000400000020", "NY0000890000000500000020"), "line 20", "5 transactions are counted, there are 4"},
		"the records are another": {swap(claims, "NY0000890000000400000020", "NY0000890000000400000019"), "line 20", "19 records are counted, there are 20"},
		"the days are another":    {swap(claims, "141226311226", "141226301226"), "line 15", "first and last due days"},
		"an unknown service":      {swap(claims, "NY210020", "NY420020"), "line 2", "service 42 and type 00 is not known"},
		"an unknown record":       {swap(claims, "NY210230", "NY210277"), "line 11", "type 02 77 has no place"},
		"another's record":        {swap(claims, "NY210231", "NY213031"), "line 12", "another transaction"},
		"a number twice":          {swap(swap(claims, "NY2102300000002", "NY2102300000001"), "NY2102310000002", "NY2102310000001"), "line 11", "transaction 1 follows transaction 1"},
		"no KID":                  {swap(claims, "           70041208123051", strings.Repeat(" ", 25)), "line 11", "the KID (columns 50 to 74) is none"},
		"a KID in the middle":     {swap(claims, "           70041208123051", "70041208123051           "), "line 11", "the KID"},
		"a claim of nothing":      {swap(claims, "00000000000014900", "00000000000000000"), "line 11", "a claim of nothing"},
		"a day that is none":      {swap(claims, "NY2102300000002141226", "NY2102300000002311126"), "line 11", "the due day (columns 16 to 21) is no date"},
		"a due day missing":       {swap(claims, "NY2102300000002141226", "NY2102300000002000000"), "line 11", "is missing"},
		"a bill out of order":     {swap(claims, "140022", "140032"), "line 8", "line 3, column 2 of a bill does not follow line 2, column 1"},
		"an amount in letters":    {swap(claims, "00000000000014900", "0000000000001490O"), "line 11", "the amount (columns 33 to 49) is not all digits"},
		"a vast amount":           {swap(claims, "00000000000014900", "99999999999999999"), "line 11", "too large"},
		"a mandate's change":      {swap(answers, "NY21947000000011", "NY21947000000013"), "line 3", "change 3 is not known"},
		"a mandate's letter":      {swap(answers, "70041208123044J", "70041208123044X"), "line 3", "by J or N"},
		"a mandate is missing":    {drop(answers, 3), "line 5", "3 transactions are counted, there are 2"},
		"mandates with a sum":     {swap(answers, "NY2124880000000300000005000", "NY2124880000000300000005001"), "line 6", "the sum is said to be"},
		"a payment in mandates":   {swap(answers, "NY219470", "NY211530"), "line 3", "has no place in an assignment of mandates"},
		"an unknown payment":      {swap(answers, "NY091530", "NY092230"), "line 8", "payments of type 22 are not known"},
		"a sign that is wrong":    {swap(answers, "132010000100", "1320100001-0"), "line 8", `the sign "-" does not go with a payment of type 15`},
		"a sign that is missing":  {swap(answers, "1320100003-", "13201000030"), "line 13", `the sign "0" does not go with a payment of type 18`},
		"a payment without a KID": {swap(answers, "70041208123044000000\n", "              000000\n"), "line 8", "the KID"},
		"the wrong service":       {swap(answers, "NY09153100", "NY21153100"), "line 9", "another transaction"},
	})
}

func TestWhatNoFileHolds(t *testing.T) {
	all := map[string][]File{}
	for name, change := range map[string]func(f *File){
		"transmission": func(f *File) { f.Number = "17" },
		"assignment":   func(f *File) { f.Assignments[0].Account = "1503.91.2345" },
		"kind":         func(f *File) { f.Assignments[0].Kind = "wishes" },
		"amount":       func(f *File) { f.Assignments[0].Claims[0].Amount = money.Of(34900, "SEK") },
		"kid":          func(f *File) { f.Assignments[0].Claims[0].KID = "Å1" },
		"bill":         func(f *File) { f.Assignments[0].Claims[0].Bill = make([]string, MaxBillLines+1) },
		"payment":      func(f *File) { f.Assignments[0] = in().Assignments[1]; f.Assignments[0].Payments[0].Serial = "1" },
		"sum": func(f *File) {
			f.Assignments[0] = in().Assignments[1]
			f.Assignments[0].Payments[2].Amount.Minor = -99999999
		},
	} {
		f := out()
		change(&f)
		all[name] = []File{f}
	}
	kit.HoldNot(t, all)
}

func FuzzParse(f *testing.F) { kit.Fuzz(f, out(), in()) }
