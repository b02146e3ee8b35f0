package bench

import (
	"fmt"
	"math"
	"slices"
)

// What is measured, by name.
const (
	fdatasync   = "4 KiB write and fdatasync"
	tpcb        = "pgbench TPC-B"
	byHand      = "payment as SQL by hand"
	debitHot    = "debit, one merchant, "
	debitSpread = "debit, 1,000 merchants, "
	inquiryOn   = "inquiry, "
	overloadOn  = "debit, offered ten times what it can do, "
)

// goal is one of S1 to S11 on one engine.
type goal struct {
	name, what string
	got, want  float64
	least      bool // want is the least, not the most
	unit       string
}

func (g goal) met() bool {
	if math.IsNaN(g.got) || math.IsInf(g.got, 0) {
		return false
	}
	if g.least {
		return g.got >= g.want
	}
	return g.got <= g.want
}

func (g goal) String() string {
	sign, word := "at most", "no"
	if g.least {
		sign = "at least"
	}
	if g.met() {
		word = "yes"
	}
	return fmt.Sprintf("| %s | %s | %s%s | %s %s%s | %s |", g.name, g.what, figure(g.got), g.unit, sign, figure(g.want), g.unit, word)
}

// figure writes three digits that count, whole numbers from 100 on.
func figure(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "-"
	case math.Abs(f) >= 100:
		return thousands(int64(math.Round(f)))
	case math.Abs(f) >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// thousands writes a whole number with commas.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	list = slices.Sorted(slices.Values(list))
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}

// median is a measure's, of one of its figures.
func (m *measure) median(of func(sample) float64) float64 {
	var list []float64
	for _, s := range m.samples {
		list = append(list, of(s))
	}
	return median(list)
}

func rateOf(s sample) float64 { return s.rate }

func p50Of(s sample) float64 { return s.p50 }

func p99Of(s sample) float64 { return s.p99 }

// of finds what was measured with so many callers, 0 for the best of all.
func (c *Comparison) of(what string, callers int) *measure {
	var best *measure
	for _, m := range c.measures {
		if m.what != what || callers > 0 && m.callers != callers {
			continue
		}
		if best == nil || m.median(rateOf) > best.median(rateOf) {
			best = m
		}
	}
	return best
}

// goals judges what was measured.
func (c *Comparison) goals() (all []goal) {
	pg := c.of(tpcb, 0).median(rateOf)
	ceiling := c.of(echoing, 0).median(rateOf)
	disk := c.of(fdatasync, 1).median(p50Of)
	for i, want := range []float64{1.5, 1.2} {
		best := c.of(debitHot+c.sites[i].engine, 0)
		all = append(all, goal{fmt.Sprintf("S%d", i+1), fmt.Sprintf("debits a second on %s, best of all, to pgbench TPC-B, best of all", c.sites[i].engine),
			best.median(rateOf) / pg, want, true, ""})
	}
	for _, s := range c.sites {
		hot := c.of(debitHot+s.engine, 64)
		most := c.of(debitHot+s.engine, 0).median(rateOf)
		all = append(all,
			goal{"S3", "one hot merchant to 1,000, 64 connections, " + s.engine, hot.median(rateOf) / c.of(debitSpread+s.engine, 64).median(rateOf), .95, true, ""},
			goal{"S4", "p50 of one connection to one fdatasync, " + s.engine, c.of(debitHot+s.engine, 1).median(p50Of) / disk, 12, false, ""},
			goal{"S5", "p99 at 64 connections, " + s.engine, hot.median(p99Of), 30, false, " ms"},
			goal{"S6", "inquiry by id to the echo server, " + s.engine, c.of(inquiryOn+s.engine, 64).median(rateOf) / ceiling, .35, true, ""},
			goal{"S8", "bytes on disk for each payment, " + s.engine, s.added.PerPayment(s.verify.Payments), 2500, false, ""},
			goal{"S9", "goodput at ten times the load to the peak, " + s.engine, c.of(overloadOn+s.engine, 0).median(rateOf) / most, .9, true, ""},
			goal{"S11", fmt.Sprintf("verify, for 10^6 of the %s postings, %s", thousands(s.verify.Postings), s.engine),
				s.verify.Seconds * 1e6 / float64(s.verify.Postings), 10, false, " s"})
	}
	all = append(all,
		goal{"S10", "start to the first answer, SQLite, schema made on the way", median(c.start), 300, false, " ms"},
		goal{"S10", "resident memory two seconds later", median(c.idle), 60, false, " MB"},
		goal{"S10", "binary", float64(c.binary) / 1e6, 40, false, " MB"})
	slices.SortStableFunc(all, func(a, b goal) int { return number(a.name) - number(b.name) })
	return all
}

func number(name string) (n int) {
	_, _ = fmt.Sscanf(name, "S%d", &n) // goals are called so
	return n
}
