package bench

import (
	"fmt"
	"strings"
	"time"
)

// GrowthReport is what a growth has found.
type GrowthReport struct {
	*Growth
	At   time.Time
	Load string
}

// Markdown is the report as docs/measurements.md has it.
func (r *GrowthReport) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. In one process, without HTTP: %d callers create, %d read. Medians of %d rounds in turn, %s creations or %v of reading each; durable as everything here.\n",
		heading(r.At, r.Load), growers, readers, r.Rounds, thousands(creations), r.Duration)
	for _, engine := range []string{"PostgreSQL", "SQLite"} {
		var stages []*stage
		for _, s := range r.stages {
			if s.engine == engine {
				stages = append(stages, s)
			}
		}
		if len(stages) > 0 {
			table(&b, engine, stages)
			plot(&b, stages)
		}
	}
	return b.String()
}

func table(b *strings.Builder, engine string, stages []*stage) {
	line := func(what string, of func(s *stage) string) {
		fmt.Fprintf(b, "| %s |", what)
		for _, s := range stages {
			fmt.Fprintf(b, " %s |", of(s))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	line(engine+", payments stored", func(s *stage) string { return thousands(s.stored) })
	b.WriteString("| --- |" + strings.Repeat(" --- |", len(stages)) + "\n")
	for _, o := range operations {
		line(o.name+", per second", func(s *stage) string { return figure(s.rate(o)) })
	}
	line("verify", func(s *stage) string { return figure(s.verify.Seconds) + " s" })
	line("verify, for 10^6 postings", func(s *stage) string {
		return figure(s.verify.Seconds*1e6/float64(s.verify.Postings)) + " s"
	})
	line("filled, payments per second", func(s *stage) string {
		if s.made.Seconds == 0 {
			return "before"
		}
		return figure(float64(s.made.Payments) / s.made.Seconds)
	})
	line("bytes for each payment", func(s *stage) string { return figure(s.size.PerPayment(s.stored)) })
	first, goals := stages[0], map[int64]float64{10: .85, 100: .75}
	for _, s := range stages[1:] {
		want := goals[s.stored/first.stored]
		if want == 0 {
			continue
		}
		g := goal{"S7", fmt.Sprintf("creations a second at %s payments to %s", thousands(s.stored), thousands(first.stored)), s.rate(operations[0]) / first.rate(operations[0]), want, true, ""}
		fmt.Fprintf(b, "\nS7: %s: %s, wanted at least %s: %s.\n", g.what, figure(g.got), figure(want), map[bool]string{true: "met", false: "missed"}[g.met()])
	}
}

func (s *stage) rate(o operation) float64 { return median(s.samples[o.name]) }

// plot draws what is left of each rate as payments pile up: the first size is
// a full bar.
func plot(b *strings.Builder, stages []*stage) {
	const width = 40
	b.WriteString("\n```text\n")
	for _, o := range operations {
		for i, s := range stages {
			name, part := o.name, s.rate(o)/stages[0].rate(o)
			if i > 0 {
				name = ""
			}
			bar := strings.Repeat("#", min(max(int(part*width+.5), 0), width+8)) // a little beyond, for what became faster
			fmt.Fprintf(b, "%-20s %10s %-48s %3.0f %%\n", name, thousands(s.stored), bar, part*100)
		}
	}
	b.WriteString("```\n")
}
