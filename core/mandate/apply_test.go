package mandate

import (
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestApply is the state graph: each word of a provider in each state.
func TestApply(t *testing.T) {
	says := map[string]connector.Consent{
		"yes":       {State: connector.Approved, Reference: "agr_1"},
		"wait":      {State: connector.Pending, Reference: "agr_1", ExpiresAfterSeconds: 1800},
		"no":        {State: connector.Refused, Code: fault.DeclinedCancelled},
		"stopped":   {State: connector.Suspended},
		"revoked":   {State: connector.Revoked},
		"cancelled": {State: connector.Cancelled},
		"lapsed":    {State: connector.Lapsed},
		"silence":   {State: connector.Unknown},
		"none":      {State: connector.NotFound},
	}
	for _, tt := range []struct {
		from State
		want map[string]string // the word: state, event, code
	}{
		{Asking, map[string]string{"yes": "active mandate.active ", "wait": "pending mandate.pending ", "no": "refused mandate.refused declined.cancelled",
			"stopped": "suspended mandate.suspended ", "silence": "unknown mandate.unknown ", "none": "unknown mandate.unknown "}},
		{Unknown, map[string]string{"yes": "active mandate.active ", "wait": "pending mandate.pending ", "no": "refused mandate.refused declined.cancelled",
			"silence": "unknown  ", "none": "unknown  ", "revoked": "revoked mandate.revoked declined.mandate_cancelled"}},
		{Pending, map[string]string{"yes": "active mandate.active ", "wait": "pending  ", "no": "refused mandate.refused declined.cancelled",
			"silence": "pending  unavailable.provider", "none": "pending  unavailable.provider", "lapsed": "expired mandate.expired declined.mandate_expired",
			"cancelled": "cancelled mandate.cancelled declined.cancelled_by_merchant"}},
		{Active, map[string]string{"yes": "active  ", "wait": "active  ", "stopped": "suspended mandate.suspended ", "silence": "active  ", "none": "active  ",
			"no": "revoked mandate.revoked declined.cancelled", "revoked": "revoked mandate.revoked declined.mandate_cancelled",
			"cancelled": "cancelled mandate.cancelled declined.cancelled_by_merchant", "lapsed": "expired mandate.expired declined.mandate_expired"}},
		{Suspended, map[string]string{"yes": "active mandate.active ", "stopped": "suspended  ", "revoked": "revoked mandate.revoked declined.mandate_cancelled"}},
		{Refused, map[string]string{"yes": "refused  ", "no": "refused  ", "silence": "refused  "}},
		{Cancelled, map[string]string{"yes": "cancelled  ", "revoked": "cancelled  "}},
		{Revoked, map[string]string{"yes": "revoked  ", "stopped": "revoked  "}},
		{Expired, map[string]string{"yes": "expired  ", "wait": "expired  "}},
	} {
		for word, want := range tt.want {
			m := Mandate{State: tt.from, CreatedAt: noon}
			c := apply(m, says[word], time.Minute, noon)
			if got := fmt.Sprintf("%s %s %s", c.m.State, c.event, c.m.Code); got != want {
				t.Errorf("%s, %s: got %q, want %q", tt.from, word, got, want)
			}
		}
	}
}

// TestNeverSeenIsProof: only after the settling delay, and only while it was never
// known.
func TestNeverSeenIsProof(t *testing.T) {
	none := connector.Consent{State: connector.NotFound}
	for _, tt := range []struct {
		from  State
		after time.Duration
		want  State
	}{{Unknown, 59 * time.Second, Unknown}, {Unknown, time.Minute, Refused}, {Pending, time.Hour, Pending}, {Active, time.Hour, Active}} {
		if c := apply(Mandate{State: tt.from, CreatedAt: noon}, none, time.Minute, noon.Add(tt.after)); c.m.State != tt.want {
			t.Errorf("%s after %v: got %s, want %s", tt.from, tt.after, c.m.State, tt.want)
		}
	}
}

func TestTimes(t *testing.T) {
	until := noon.AddDate(1, 0, 0)
	m := Mandate{State: Asking, CreatedAt: noon, Details: Details{Until: clock.Millis(until)}}
	waits := apply(m, connector.Consent{State: connector.Pending, ExpiresAfterSeconds: 1800, CheckAfterSeconds: 60}, time.Minute, noon)
	if got := waits.m.ExpiresAt; !got.Equal(noon.Add(30*time.Minute)) || waits.check != time.Minute {
		t.Errorf("pending until %v, checked after %v", got, waits.check)
	}
	if got := apply(waits.m, connector.Consent{State: connector.Approved}, time.Minute, noon).m.ExpiresAt; !got.Equal(until) {
		t.Errorf("active until %v", got)
	}
}

func TestCharge(t *testing.T) {
	eur := func(n int64) money.Amount { return money.Of(n, "EUR") }
	for _, tt := range []struct {
		name   string
		change func(m *Mandate)
		amount money.Amount
		want   string
	}{
		{"good", func(*Mandate) {}, eur(5000), ""},
		{"suspended", func(m *Mandate) { m.State = Suspended }, eur(1), "conflict.mandate"},
		{"about to be cancelled", func(m *Mandate) { m.Details.Cancelling = true }, eur(1), "conflict.mandate"},
		{"run out", func(m *Mandate) { m.ExpiresAt = noon }, eur(1), "conflict.mandate.expired"},
		{"another currency", func(*Mandate) {}, money.Of(1, "SEK"), "invalid.currency.differs"},
		{"too much", func(*Mandate) {}, eur(5001), "invalid.amount.above_mandate"},
		{"any amount", func(m *Mandate) { m.Maximum = money.Amount{} }, money.Of(9999999, "SEK"), ""},
	} {
		m := Mandate{State: Active, Maximum: eur(5000)}
		tt.change(&m)
		if got := fault.Code(m.Charge(tt.amount, noon)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
