package money

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

func TestExponents(t *testing.T) {
	for code, want := range map[Currency]int{
		"EUR": 2, "NOK": 2, "USD": 2, "HUF": 2, "MGA": 2, "MRU": 2, "TWD": 2, "IDR": 2, "XCG": 2, "ZWG": 2, "SLE": 2, "BGN": 2,
		"JPY": 0, "ISK": 0, "KRW": 0, "CLP": 0, "VND": 0, "UGX": 0, "XAF": 0, "UYI": 0,
		"KWD": 3, "BHD": 3, "TND": 3, "OMR": 3, "CLF": 4, "UYW": 4,
	} {
		if got, ok := code.Exponent(); got != want || !ok {
			t.Errorf("%s: got %d %v, want %d", code, got, ok, want)
		}
	}
	for _, code := range []Currency{"", "eur", "EU", "EURO", "XTS", "XAU", "XDR", "DEM", "AAA", "ＥＵＲ", " EUR"} {
		if code.Known() {
			t.Errorf("%q is known", code)
		}
	}
}

func TestTableHasNoCodeTwice(t *testing.T) {
	n := 0
	for _, list := range []map[int]string{currencies, withdrawn} {
		for _, codes := range list {
			for code := range strings.FieldsSeq(codes) {
				n++
				if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
					t.Errorf("%q is no code", code)
				}
			}
		}
	}
	if n != len(exponents) {
		t.Errorf("got %d different codes of %d: one is listed twice", len(exponents), n)
	}
	if n < 175 || n > 190 {
		t.Errorf("got %d codes, want about 180", n)
	}
}

func TestArithmetic(t *testing.T) {
	eur := func(n int64) Amount { return Of(n, "EUR") }
	type op func(a, b Amount) (Amount, error)
	for _, c := range []struct {
		name string
		op   op
		a, b Amount
		want Amount
		code string
	}{
		{"add", Amount.Add, eur(1), eur(2), eur(3), ""},
		{"sub", Amount.Sub, eur(1), eur(2), eur(-1), ""},
		{"to the limit", Amount.Add, eur(Max - 1), eur(1), eur(Max), ""},
		{"over the limit", Amount.Add, eur(Max), eur(1), Amount{}, "invalid.amount"},
		{"under the limit", Amount.Sub, eur(-Max), eur(1), Amount{}, "invalid.amount"},
		{"int64 would overflow", Amount.Add, eur(1<<63 - 1), eur(1<<63 - 1), Amount{}, "invalid.amount"},
		{"int64 would wrap to sense", Amount.Sub, eur(-1 << 63), eur(-1 << 63), Amount{}, "invalid.amount"},
		{"currencies", Amount.Add, eur(1), Of(1, "NOK"), Amount{}, "invalid.currency"},
		{"no currency", Amount.Add, Amount{}, eur(1), Amount{}, "invalid.currency"},
	} {
		got, err := c.op(c.a, c.b)
		if got != c.want || fault.Code(err) != c.code {
			t.Errorf("%s: got %v %v, want %v %s", c.name, got, err, c.want, c.code)
		}
	}
	if got, err := eur(2).Cmp(eur(1)); got != 1 || err != nil {
		t.Errorf("2 against 1: got %d %v", got, err)
	}
	if _, err := eur(1).Cmp(Of(1, "USD")); fault.Code(err) != "invalid.currency" {
		t.Errorf("EUR against USD: got %v", err)
	}
	if !eur(0).IsZero() || eur(1).IsZero() || eur(3).Neg() != eur(-3) {
		t.Error("zero or sign is wrong")
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		minor   int64
		weights []int64
		want    []int64
		code    string
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}, ""},
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}, ""},
		{101, []int64{1, 1}, []int64{51, 50}, ""},
		{5, []int64{3, 7}, []int64{2, 3}, ""},        // 1.5 and 3.5: the earlier of equals
		{10, []int64{1, 0, 5}, []int64{2, 0, 8}, ""}, // 1.67 and 8.33
		{1, []int64{1, 1, 1, 1}, []int64{1, 0, 0, 0}, ""},
		{0, []int64{2, 1}, []int64{0, 0}, ""},
		{Max, []int64{1 << 61, 1 << 61, 1 << 61}, []int64{333333333333334, 333333333333333, 333333333333333}, ""},
		{100, nil, nil, "invalid.weights"},
		{100, []int64{0, 0}, nil, "invalid.weights"},
		{100, []int64{2, -1}, nil, "invalid.weights"},
		{100, []int64{1<<63 - 1, 1}, nil, "invalid.weights"},
		{Max + 1, []int64{1}, nil, "invalid.amount"},
		{-1 << 63, []int64{1}, nil, "invalid.amount"},
	} {
		parts, err := Of(c.minor, "EUR").Split(c.weights...)
		if fault.Code(err) != c.code || len(parts) != len(c.want) {
			t.Errorf("%d by %v: got %v %v, want %v %s", c.minor, c.weights, parts, err, c.want, c.code)
			continue
		}
		for i, p := range parts {
			if p != Of(c.want[i], "EUR") {
				t.Errorf("%d by %v: got %v, want %v", c.minor, c.weights, parts, c.want)
			}
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		minor, num, den int64
		want, remainder int64
		code            string
	}{
		{10000, 250, 10000, 250, 0, ""},
		{999, 250, 10000, 24, 9750, ""},
		{-999, 250, 10000, -24, -9750, ""},
		{100, 0, 7, 0, 0, ""},
		{Max, 1<<63 - 1, 1<<63 - 1, Max, 0, ""},
		{Max, 2, 1, 0, 0, "invalid.amount"},
		{Max, 1<<63 - 1, 1, 0, 0, "invalid.amount"},
		{1, -1, 1, 0, 0, "invalid.ratio"},
		{1, 1, 0, 0, 0, "invalid.ratio"},
		{1, 1, -1, 0, 0, "invalid.ratio"},
	} {
		got, remainder, err := Of(c.minor, "SEK").Share(c.num, c.den)
		if got.Minor != c.want || remainder != c.remainder || fault.Code(err) != c.code {
			t.Errorf("%d * %d/%d: got %v %d %v, want %d %d %s", c.minor, c.num, c.den, got, remainder, err, c.want, c.remainder, c.code)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		in   string
		cur  Currency
		want int64
		code string
	}{
		{"92.00", "EUR", 9200, ""}, {"92", "EUR", 9200, ""}, {"0.01", "EUR", 1, ""}, {"0", "EUR", 0, ""}, {"92.5", "EUR", 9250, ""},
		{"0010.00", "EUR", 1000, ""}, {"1.100", "EUR", 110, ""},
		{"92.00", "JPY", 92, ""}, {"92", "ISK", 92, ""}, {"1.234", "KWD", 1234, ""}, {"1.23", "KWD", 1230, ""}, {"1.2345", "CLF", 12345, ""},
		{"10000000000000.00", "EUR", Max, ""}, {"1000000000000000", "JPY", Max, ""},
		{"92.50", "JPY", 0, "invalid.amount.decimals"}, {"1.001", "EUR", 0, "invalid.amount.decimals"}, {"1.2345", "KWD", 0, "invalid.amount.decimals"},
		{"10000000000000.01", "EUR", 0, "invalid.amount"}, {"9223372036854775808", "JPY", 0, "invalid.amount"},
		{"18446744073709551617", "EUR", 0, "invalid.amount"}, {strings.Repeat("0", 65), "EUR", 0, "invalid.amount"},
		{"", "EUR", 0, "invalid.amount"}, {".", "EUR", 0, "invalid.amount"}, {".5", "EUR", 0, "invalid.amount"}, {"5.", "EUR", 0, "invalid.amount"},
		{"1.2.3", "EUR", 0, "invalid.amount"}, {"-1.00", "EUR", 0, "invalid.amount"}, {"+1.00", "EUR", 0, "invalid.amount"},
		{"1e3", "EUR", 0, "invalid.amount"}, {"0x10", "EUR", 0, "invalid.amount"}, {"1,00", "EUR", 0, "invalid.amount"}, {"1_000", "EUR", 0, "invalid.amount"},
		{" 1", "EUR", 0, "invalid.amount"}, {"1 ", "EUR", 0, "invalid.amount"}, {"1\n", "EUR", 0, "invalid.amount"}, {"1\x00", "EUR", 0, "invalid.amount"},
		{"９２.00", "EUR", 0, "invalid.amount"}, {"٩٢", "EUR", 0, "invalid.amount"}, {"Inf", "EUR", 0, "invalid.amount"}, {"NaN", "EUR", 0, "invalid.amount"},
		{"1.00", "eur", 0, "invalid.currency"}, {"1.00", "", 0, "invalid.currency"}, {"1.00", "XAU", 0, "invalid.currency"}, {"x", "XTS", 0, "invalid.currency"},
	} {
		got, err := ParseDecimal(c.in, c.cur)
		if fault.Code(err) != c.code || err == nil && got != Of(c.want, c.cur) {
			t.Errorf("%q %s: got %v %v, want %d %s", c.in, c.cur, got, err, c.want, c.code)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		a    Amount
		min  int
		want string
	}{
		{Of(9200, "EUR"), 2, "92.00"}, {Of(9250, "EUR"), 0, "92.5"}, {Of(9200, "EUR"), 0, "92"}, {Of(1, "EUR"), 2, "0.01"}, {Of(0, "EUR"), 2, "0.00"},
		{Of(-5, "EUR"), 2, "-0.05"}, {Of(-123456, "EUR"), 2, "-1234.56"},
		{Of(92, "JPY"), 2, "92.00"}, {Of(92, "JPY"), 0, "92"}, {Of(1230, "KWD"), 2, "1.23"}, {Of(1234, "KWD"), 2, "1.234"}, {Of(12345, "CLF"), 2, "1.2345"},
		{Of(1, "UYW"), 0, "0.0001"}, {Of(100, "XTS"), 2, ""}, {Amount{}, 2, ""}, {Of(10, "EUR"), -3, "0.1"},
	} {
		if got := c.a.Decimal(c.min); got != c.want {
			t.Errorf("%v with %d: got %q, want %q", c.a, c.min, got, c.want)
		}
	}
}
