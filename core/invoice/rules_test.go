package invoice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
)

// The numbers are worked out by hand from the schemes' own descriptions.
func TestPayableReferences(t *testing.T) {
	for _, c := range []struct {
		scheme      invoice.Scheme
		digits, out string
	}{
		{invoice.Mod10, "1234567", "12345674"},
		{invoice.Mod10, "0", "00"},
		{invoice.Mod10, "7992739871", "79927398713"},
		{invoice.Mod11, "1234567", "12345674"},
		{invoice.Mod11, "6", "6-"},
		{invoice.Mod11, "0", "00"},
		{invoice.OCR, "1234", "123463"},
		{invoice.OCR, "12345678", "1234567806"},
	} {
		got, err := invoice.PayableReference(c.scheme, c.digits)
		if got != c.out || err != nil {
			t.Errorf("%s of %s: got %s (%v), want %s", c.scheme, c.digits, got, err, c.out)
		}
		if !invoice.CheckReference(c.scheme, got) {
			t.Errorf("%s does not fit itself", got)
		}
		for i := range len(got) { // one digit mistyped is always noticed
			wrong := []byte(got)
			if wrong[i] = wrong[i] + 1; wrong[i] > '9' {
				wrong[i] = '0'
			}
			if invoice.CheckReference(c.scheme, string(wrong)) {
				t.Errorf("%s: %s passes for %s", c.scheme, wrong, got)
			}
		}
	}
	for scheme, digits := range map[invoice.Scheme]string{invoice.Mod10: "", invoice.Mod11: "12a", invoice.OCR: strings.Repeat("1", 21)} {
		if _, err := invoice.PayableReference(scheme, digits); fault.Code(err) != "invalid.reference" {
			t.Errorf("%q: got %v", digits, err)
		}
	}
	if _, err := invoice.PayableReference("mod97", "1"); fault.Code(err) != "invalid.scheme" {
		t.Errorf("got %v", err)
	}
	if got := invoice.CleanReference(" 1234 56.7"); got != "1234567" {
		t.Errorf("got %q", got)
	}
}

func TestDates(t *testing.T) {
	for _, bad := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "2026-12-05T00:00:00Z", "0000-01-01", " 2026-12-05"} {
		if _, err := invoice.ParseDate(bad); fault.Code(err) != "invalid.date" {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	d, err := invoice.ParseDate("2028-02-29")
	if err != nil || d.Add(1) != "2028-03-01" || d.Add(-60) != "2027-12-31" {
		t.Errorf("got %s, %s (%v)", d.Add(1), d.Add(-60), err)
	}
	oslo := invoice.Zone("Europe/Oslo")
	if got, want := invoice.Date("2026-10-25").End(oslo), time.Date(2026, 10, 25, 23, 0, 0, 0, time.UTC); !got.Equal(want) { // the clocks went back
		t.Errorf("got %s, want %s", got, want)
	}
	if got := invoice.DateOf(time.Date(2026, 12, 5, 23, 30, 0, 0, time.UTC), oslo); got != "2026-12-06" {
		t.Errorf("got %s", got)
	}
	if got := invoice.Zone("Nowhere/At_All"); got != time.UTC {
		t.Errorf("got %s", got)
	}
}

func TestSumOfALine(t *testing.T) {
	total := int64(777)
	for _, c := range []struct {
		line invoice.Line
		want int64
	}{
		{invoice.Line{Gross: 10_000, Quantity: 1_000_000}, 10_000},
		{invoice.Line{Gross: 333, Quantity: 1_500_000}, 500},   // 499.5 goes up
		{invoice.Line{Gross: -333, Quantity: 1_500_000}, -500}, // and away from zero below it
		{invoice.Line{Gross: 333, Quantity: -1_500_000}, -500}, // a return
		{invoice.Line{Gross: 1000, Quantity: 2_000_000, Discount: 125_000}, 1750},
		{invoice.Line{Gross: 1000, Quantity: 2_000_000, GrossTotal: &total}, 777},
		{invoice.Line{Gross: 1000, Quantity: 2_000_000, Kind: invoice.Subtotal}, 0},
	} {
		if got, ok := c.line.Sum(); got != c.want || !ok {
			t.Errorf("%+v: got %d, %v, want %d", c.line, got, ok, c.want)
		}
	}
	if _, ok := (invoice.Line{Gross: money.Max, Quantity: 2_000_000}).Sum(); ok {
		t.Error("more than can be held was added up")
	}
}
