package money

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var anyCurrency = rapid.SampledFrom(slices.Sorted(maps.Keys(exponents))).Filter(Currency.Known)

func anyAmount(t *rapid.T) Amount {
	return Of(rapid.Int64Range(-Max, Max).Draw(t, "minor"), anyCurrency.Draw(t, "currency"))
}

func TestDecimalReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount(t)
		text := a.Decimal(rapid.IntRange(0, 6).Draw(t, "digits"))
		got, err := ParseDecimal(strings.TrimPrefix(text, "-"), a.Currency)
		if strings.HasPrefix(text, "-") {
			got = got.Neg()
		}
		if err != nil || got != a {
			t.Fatalf("%v as %q: got %v %v", a, text, got, err)
		}
	})
}

func TestSplitLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount(t)
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1<<55), 1, 50).Draw(t, "weights")
		weights[0]++
		parts, err := a.Split(weights...)
		if err != nil {
			t.Fatal(err)
		}
		sum := Of(0, a.Currency)
		for i, p := range parts {
			if sum, err = sum.Add(p); err != nil {
				t.Fatal(err)
			}
			if weights[i] == 0 && !p.IsZero() || p.Minor != 0 && (p.Minor < 0) != (a.Minor < 0) {
				t.Fatalf("part %d of weight %d is %v of %v", i, weights[i], p, a)
			}
		}
		if sum != a {
			t.Fatalf("parts sum to %v, want %v", sum, a)
		}
		opposite, err := a.Neg().Split(weights...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts {
			if opposite[i] != parts[i].Neg() {
				t.Fatalf("part %d: %v, but %v of the opposite", i, parts[i], opposite[i])
			}
		}
	})
}

func TestShareKeepsItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Of(rapid.Int64Range(-1e9, 1e9).Draw(t, "minor"), "EUR")
		num, den := rapid.Int64Range(0, 1e9).Draw(t, "numerator"), rapid.Int64Range(1, 1e9).Draw(t, "denominator")
		share, rest, err := a.Share(num, den)
		if err != nil {
			if a.Minor*num/den <= Max && a.Minor*num/den >= -Max {
				t.Fatal(err)
			}
			return
		}
		if a.Minor*num != share.Minor*den+rest || max(rest, -rest) >= den {
			t.Fatalf("%d*%d != %d*%d + %d", a.Minor, num, share.Minor, den, rest)
		}
	})
}

func TestAddAndSubUndoEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount(t)
		b := Of(rapid.Int64Range(-Max, Max).Draw(t, "other"), a.Currency)
		sum, err := a.Add(b)
		if inside := max(a.Minor+b.Minor, -a.Minor-b.Minor) <= Max; inside != (err == nil) {
			t.Fatalf("%v + %v: %v", a, b, err)
		}
		if err != nil {
			return
		}
		if back, err := sum.Sub(b); err != nil || back != a {
			t.Fatalf("%v + %v - %v: got %v %v", a, b, b, back, err)
		}
	})
}

var plain = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// FuzzParseDecimal: what is read is a plain number, means what its digits say,
// and is written back as the same amount.
func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"92.00", "92", "0.001", "-1", "1e3", "９２", "1.2.3", "18446744073709551617", "10000000000000.01", "\x00", "1.", ".1"} {
		f.Add(s, "EUR")
		f.Add(s, "JPY")
		f.Add(s, "KWD")
	}
	f.Fuzz(func(t *testing.T, s, code string) {
		a, err := ParseDecimal(s, Currency(code))
		if err != nil {
			if a != (Amount{}) {
				t.Fatalf("%q: %v and %v", s, a, err)
			}
			return
		}
		if !plain.MatchString(s) || a.Minor < 0 || a.Minor > Max {
			t.Fatalf("%q was read as %v", s, a)
		}
		whole, decimals, _ := strings.Cut(s, ".")
		want := strings.TrimLeft(whole, "0")
		if decimals = strings.TrimRight(decimals, "0"); decimals != "" {
			want += "." + decimals
		}
		if got := strings.TrimLeft(a.Decimal(0), "0"); got != want {
			t.Fatalf("%q %s was read as %q", s, code, got)
		}
	})
}
