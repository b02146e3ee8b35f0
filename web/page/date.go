package page

import (
	"fmt"
	"strings"
	"time"
)

var months = map[Language]string{
	English:   "January February March April May June July August September October November December",
	Norwegian: "januar februar mars april mai juni juli august september oktober november desember",
	Swedish:   "januari februari mars april maj juni juli augusti september oktober november december",
	Danish:    "januar februar marts april maj juni juli august september oktober november december",
	Finnish:   "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
	German:    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}

// Date writes the day in UTC: "5 November 2026", "5. november 2026".
func Date(l Language, t time.Time) string {
	t = t.UTC()
	names, ok := months[l]
	if !ok {
		l, names = English, months[English]
	}
	form := "%d. %s %d"
	if l == English || l == Swedish {
		form = "%d %s %d"
	}
	return fmt.Sprintf(form, t.Day(), strings.Fields(names)[t.Month()-1], t.Year())
}

// Moment writes day and time in UTC, and says that it is UTC: a server does
// not know where its reader is.
func Moment(l Language, t time.Time) string {
	t = t.UTC()
	switch l {
	case Norwegian, Swedish:
		return Date(l, t) + " kl." + hard + t.Format("15:04") + " UTC"
	case Danish:
		return Date(l, t) + " kl." + hard + t.Format("15.04") + " UTC"
	case Finnish:
		return Date(l, t) + " klo" + hard + fmt.Sprintf("%d.%02d", t.Hour(), t.Minute()) + " UTC"
	case German:
		return Date(l, t) + " um" + hard + t.Format("15:04") + " UTC"
	}
	return Date(l, t) + ", " + t.Format("15:04") + " UTC"
}
