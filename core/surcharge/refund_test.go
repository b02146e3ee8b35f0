package surcharge

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// refund gives back part of c and says how much of it was surcharge. It fails
// the test when more goes back than may.
func (c *Charged) refund(t interface{ Fatalf(string, ...any) }, amount int64) (part int64) {
	part, err := c.Return(amount)
	if err != nil {
		t.Fatalf("%+v, refund of %d: %v", *c, amount, err)
	}
	c.Refunded, c.Returned = c.Refunded+amount, c.Returned+part
	if part < 0 || part > amount || c.Returned > c.Surcharge || c.Refunded-c.Returned > c.Total-c.Surcharge {
		t.Fatalf("a refund of %d gave back %d of surcharge and came to %+v", amount, part, *c)
	}
	return part
}

// Every total from 1 to 100,000, with a surcharge and parts that differ from
// one to the next: the parts add up to the cent.
func TestReturnAddsUpForEveryTotal(t *testing.T) {
	state := uint64(1)
	next := func(below int64) int64 { // a fixed sequence, the same in every run
		state = state*6364136223846793005 + 1442695040888963407
		return int64((state >> 33) % uint64(below))
	}
	for total := int64(1); total <= 100_000; total++ {
		c := Charged{Total: total, Surcharge: next(total + 1)}
		for left := total; left > 0; left = total - c.Refunded {
			part := 1 + next(left)
			if next(3) == 0 {
				part = left
			}
			c.refund(t, part)
		}
		if c.Returned != c.Surcharge {
			t.Fatalf("%+v: the surcharge did not come back to the cent", c)
		}
	}
}

// Cent by cent is the longest sequence there is; and no part strays from the
// proportion by more than half a cent.
func TestReturnCentByCent(t *testing.T) {
	for _, surcharge := range []int64{0, 1, 168, 500, 6334, 12667, 12668} {
		c := Charged{Total: 12668, Surcharge: surcharge}
		for range c.Total {
			c.refund(t, 1)
			if off := 2 * (c.Returned*c.Total - c.Surcharge*c.Refunded); off > c.Total || off < -c.Total {
				t.Fatalf("%+v is more than half a cent from its proportion", c)
			}
		}
		if c.Returned != surcharge {
			t.Errorf("got %d back, want %d", c.Returned, surcharge)
		}
	}
}

// Refunds that fail later are taken back out, in any order, and what is left
// still adds up.
func TestReturnAfterFailedRefunds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(1, 100_000), rapid.Int64Range(1, money.Max)).Draw(t, "total")
		c := Charged{Total: total, Surcharge: rapid.Int64Range(0, total).Draw(t, "surcharge")}
		type done struct{ amount, part int64 }
		var made []done
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			if len(made) > 0 && rapid.IntRange(0, 2).Draw(t, "fails") == 0 {
				i := rapid.IntRange(0, len(made)-1).Draw(t, "which")
				c.Refunded, c.Returned = c.Refunded-made[i].amount, c.Returned-made[i].part
				made = append(made[:i], made[i+1:]...)
				continue
			}
			if left := c.Total - c.Refunded; left > 0 {
				amount := rapid.Int64Range(1, left).Draw(t, "refund")
				made = append(made, done{amount, c.refund(t, amount)})
			}
		}
		if left := c.Total - c.Refunded; left > 0 {
			c.refund(t, left)
		}
		if c.Returned != c.Surcharge {
			t.Fatalf("%+v: the surcharge did not come back to the cent", c)
		}
	})
}

func TestReturn(t *testing.T) {
	for _, c := range []struct {
		name   string
		have   Charged
		refund int64
		want   int64
		fault  string
	}{
		{"all at once", Charged{Total: 12668, Surcharge: 168}, 12668, 168, ""},
		{"half", Charged{Total: 12668, Surcharge: 168}, 6334, 84, ""},
		{"a half cent goes up", Charged{Total: 2, Surcharge: 1}, 1, 1, ""},
		{"and the rest takes what is left", Charged{Total: 2, Surcharge: 1, Refunded: 1, Returned: 1}, 1, 0, ""},
		{"all of it surcharge", Charged{Total: 5, Surcharge: 5}, 2, 2, ""},
		{"nothing", Charged{Total: 5}, 0, 0, "invalid.amount"},
		{"too much", Charged{Total: 5, Refunded: 3}, 3, 0, "invalid.amount"},
		{"negative", Charged{Total: 5}, -1, 0, "invalid.amount"},
		{"more surcharge than total", Charged{Total: 5, Surcharge: 6}, 1, 0, "invalid.surcharge"},
		{"more returned than surcharge", Charged{Total: 5, Surcharge: 1, Refunded: 2, Returned: 2}, 1, 0, "invalid.surcharge"},
		{"more of the rest back than there was", Charged{Total: 5, Surcharge: 3, Refunded: 3}, 1, 0, "invalid.surcharge"},
		{"beyond", Charged{Total: money.Max + 1}, 1, 0, "invalid.surcharge"},
	} {
		got, err := c.have.Return(c.refund)
		if got != c.want || fault.Code(err) != c.fault {
			t.Errorf("%s: got %d, %v, want %d, %q", c.name, got, err, c.want, c.fault)
		}
	}
}
