package invoice

import (
	"time"

	"github.com/florinpay/florin/core/fault"
)

// Date is a day of the calendar, 2026-12-05, or "" for none. Dates compare as
// their texts do. Which moments belong to it depends on a zone.
type Date string

const dateForm = "2006-01-02"

// ParseDate reads a date that exists. Faults: invalid.date.
func ParseDate(s string) (Date, error) {
	if t, err := time.Parse(dateForm, s); err != nil || t.Year() < 1 {
		return "", fault.At("invalid.date", "date", "a day of the calendar is needed, as 2026-12-05")
	}
	return Date(s), nil
}

// DateOf is the day that the moment belongs to in a zone.
func DateOf(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(dateForm)) }

// Begin is the first moment of the day in a zone, in UTC; zero for no date.
func (d Date) Begin(zone *time.Location) time.Time { return d.days(0, zone) }

// End is the first moment after the day in a zone, in UTC; zero for no date.
func (d Date) End(zone *time.Location) time.Time { return d.days(1, zone) }

func (d Date) days(n int, zone *time.Location) time.Time {
	t, err := time.Parse(dateForm, string(d))
	if err != nil {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day()+n, 0, 0, 0, 0, zone).UTC()
}

// Add is the date n days later.
func (d Date) Add(n int) Date {
	if d == "" {
		return ""
	}
	return Date(d.days(n, time.UTC).Format(dateForm))
}

// Zone finds a zone by its IANA name; UTC when it is empty or unknown.
func Zone(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "Local" {
		return zone
	}
	return time.UTC
}
