package subscription

import (
	"testing"

	"github.com/florinpay/florin/core/invoice"
)

func TestReads(t *testing.T) {
	for _, c := range []struct {
		state     State
		paid, day invoice.Date
		want      bool
		start     invoice.Date
		what      string
	}{
		{Active, "", "2026-11-20", false, "2026-11-21", "not begun"},
		{Active, "", "2026-11-21", true, "2026-11-21", "billed, not paid"},
		{Suspended, "", "2026-12-30", false, "2026-11-21", "never paid"},
		{Suspended, "2026-12-20", "2026-12-20", true, "2026-11-21", "the last paid day"},
		{Stopped, "2026-12-20", "2026-12-20", true, "2026-11-21", "stopped, the last paid day"},
		{Stopped, "2026-12-20", "2026-12-21", false, "2026-11-21", "the day after"},
	} {
		if got := (Subscription{State: c.state, StartOn: c.start, PaidUntil: c.paid}).reads(c.day); got != c.want {
			t.Errorf("%s: got %t", c.what, got)
		}
	}
}
