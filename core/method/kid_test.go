package method

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

func TestKID(t *testing.T) {
	for _, c := range []struct {
		payload string
		m       Modulus
		want    string
	}{
		{"1234567890", Mod10, "12345678903"},
		{"00800001168837", Mod10, "008000011688373"}, // stands in a public example of a claim file
		{"23456789", Mod10, "234567899"},
		{"12345678", Mod11, "123456785"},
		{"0", Mod10, "00"},
		{"0", Mod11, "00"},
		{"6", Mod11, "6-"}, // 11 - 12%11 is ten
		{strings.Repeat("9", 24), Mod10, strings.Repeat("9", 24) + "4"},
	} {
		got, err := KID(c.payload, c.m)
		if err != nil || got != c.want {
			t.Errorf("%s by %d: got %q (%v), want %q", c.payload, c.m, got, err, c.want)
		}
		if !CheckKID(c.want, c.m) || !IsKID(c.want) {
			t.Errorf("%s by %d is refused", c.want, c.m)
		}
	}
	for _, bad := range []string{"", strings.Repeat("1", 25), "12a4", "12 4", "-12", "１２"} {
		if _, err := KID(bad, Mod10); fault.Code(err) != "invalid.kid" {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	if _, err := KID("1", 7); fault.Code(err) != "invalid.kid" {
		t.Errorf("modulus 7: got %v", err)
	}
	for _, bad := range []string{"", "1", "12345678904", "1-3", "12345678900012345678901234"} {
		if CheckKID(bad, Mod10) {
			t.Errorf("%q passes", bad)
		}
	}
}

// A single wrong digit never passes, whichever modulus; nor, with modulus 11,
// do two neighbours that changed places.
func TestKIDFindsSlips(t *testing.T) {
	const payload = "70041208123044"
	for _, m := range []Modulus{Mod10, Mod11} {
		kid, _ := KID(payload, m)
		for i := range payload {
			for d := byte('0'); d <= '9'; d++ {
				slip := kid[:i] + string(d) + kid[i+1:]
				if slip != kid && CheckKID(slip, m) {
					t.Errorf("by %d, %s passes for %s", m, slip, kid)
				}
			}
		}
	}
	kid, _ := KID(payload, Mod11)
	for i := range len(payload) - 1 {
		slip := kid[:i] + kid[i+1:i+2] + kid[i:i+1] + kid[i+2:]
		if slip != kid && CheckKID(slip, Mod11) {
			t.Errorf("%s passes for %s", slip, kid)
		}
	}
}
