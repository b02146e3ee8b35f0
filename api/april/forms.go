package april

import (
	"time"

	"github.com/florinpay/florin/core/money"
)

// currencyAmount is money on the wire: whole minor units (sheet, 1.4).
type currencyAmount struct {
	MinorCurrencyUnits int64          `json:"minorCurrencyUnits"`
	Currency           money.Currency `json:"currency"`
}

func amountOf(a money.Amount) currencyAmount { return currencyAmount{a.Minor, a.Currency} }

// stamp writes a moment: UTC, milliseconds (sheet, 1.4); nil for none.
func stamp(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	s := at.UTC().Format("2006-01-02T15:04:05.000Z")
	return &s
}

// changed is when something was last changed: when it was made, if never.
func changed(made, updated time.Time) *string {
	if updated.IsZero() {
		updated = made
	}
	return stamp(updated)
}

// parseTime reads a date-time of ISO 8601 with any fraction and any offset.
func parseTime(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 1970 || at.Year() > 9000 {
		return time.Time{}, false
	}
	return at.UTC(), true
}

// tagged is a one-of on the wire (sheet, 1.2): an object with one key, the
// variant's name.
func tagged(variant string, v any) map[string]any { return map[string]any{variant: v} }
