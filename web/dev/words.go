package dev

import (
	"strconv"
	"strings"
	"time"
)

// words says a duration as people do: 8 days 1 hour.
func words(d time.Duration) string {
	if d < time.Second {
		return "0 seconds"
	}
	var out []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := int64(d / unit.size)
		d -= time.Duration(n) * unit.size
		if n == 0 {
			continue
		}
		word := strconv.FormatInt(n, 10) + " " + unit.name
		if n > 1 {
			word += "s"
		}
		if out = append(out, word); len(out) == 2 {
			break
		}
	}
	return strings.Join(out, " ")
}
