package settlement

import (
	"strconv"
	"strings"
	"time"
)

// available is when money captured at a moment may be paid out: at once
// without a delay, else when the day begins in zone that comes days days later.
// Business days are Monday to Friday; public holidays are not known here, and
// a bank that keeps one pays a day later.
func available(at time.Time, zone *time.Location, days int, business bool) time.Time {
	if days == 0 {
		return at
	}
	day := at.In(zone)
	for left := days; left > 0; {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
		if wd := day.Weekday(); !business || wd != time.Saturday && wd != time.Sunday {
			left--
		}
	}
	return day.UTC()
}

var weekdays = map[string]time.Weekday{"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday}

// nextCut is the first moment after at in which a schedule (daily,
// weekly:<weekday>, monthly:<1 to 28>, manual) closes the open payout: cutOff
// minutes after midnight in zone. False for manual, and for a schedule that
// says nothing we know. (april sheet, 3.4 and 6.10)
func nextCut(at time.Time, schedule string, zone *time.Location, cutOff int) (time.Time, bool) {
	kind, when, _ := strings.Cut(schedule, ":")
	day, err := strconv.Atoi(when)
	weekday, named := weekdays[when]
	fits := func(time.Time) bool { return true }
	switch {
	case kind == "" || kind == "daily":
	case kind == "weekly" && named:
		fits = func(t time.Time) bool { return t.Weekday() == weekday }
	case kind == "monthly" && err == nil && day >= 1 && day <= 28:
		fits = func(t time.Time) bool { return t.Day() == day }
	default:
		return time.Time{}, false
	}
	local := at.In(zone)
	for n := 0; n <= 62; n++ {
		cut := time.Date(local.Year(), local.Month(), local.Day()+n, 0, cutOff, 0, 0, zone)
		if fits(cut) && cut.After(at) {
			return cut.UTC(), true
		}
	}
	return time.Time{}, false
}
