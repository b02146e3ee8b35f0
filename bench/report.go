package bench

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/florinpay/florin/app"
)

// Report is what a comparison has found.
type Report struct {
	*Comparison
	At   time.Time
	Load string // the load average when it began

	cluster cluster
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	words := strings.Fields(string(b))
	if err != nil || len(words) < 3 {
		return "unknown"
	}
	return strings.Join(words[:3], ", ")
}

// heading says what was measured where.
func heading(at time.Time, load string) string {
	return fmt.Sprintf("%s, florin %s, %s, %d processors, load average at the start %s", at.UTC().Format("2006-01-02"), app.Version, runtime.Version(), runtime.NumCPU(), load)
}

// Markdown is the report as docs/measurements.md has it.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. PostgreSQL %s with fsync, full_page_writes and synchronous_commit on and shared_buffers of %s; SQLite with `synchronous=FULL`. ",
		heading(r.At, r.Load), r.cluster.version, r.cluster.buffers)
	fmt.Fprintf(&b, "Medians of %d rounds in turn, %v each after %v of warm-up; pgbench with prepared statements at scale %d. Server, databases and generator share the machine.\n\n",
		r.Rounds, r.Duration, r.WarmUp, r.Scale)
	b.WriteString("| goal | what | got | wanted | met |\n| --- | --- | --- | --- | --- |\n")
	for _, g := range r.goals() {
		fmt.Fprintln(&b, g)
	}
	b.WriteString("\nS7 is in the section on growth.\n\n| what | callers | per second | lowest to highest | p50 | p99 | errors |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, m := range r.measures {
		fmt.Fprintln(&b, m)
	}
	b.WriteString("\npgbench tells a mean, which stands as its p50, and no p99. An overload's latencies count from when a request was due; what was answered with an error is not among its rate.\n")
	for _, s := range r.sites {
		fmt.Fprintf(&b, "\n%s: %s payments and %s transfers verified in %.1f s, nothing wrong; %s bytes of database, %s of %s; the server had %.0f MB resident at the end.\n",
			s.engine, thousands(s.verify.Payments), thousands(s.verify.Transfers), s.verify.Seconds, thousands(s.added.Database), thousands(s.added.Log), s.logName(), float64(s.rss)/1e6)
	}
	return b.String()
}

func (s *side) logName() string {
	if isPostgres(s.site.Database) {
		return "log written by everything on the cluster meanwhile"
	}
	return "these in its log"
}

func (m *measure) String() string {
	low, high, errors, problem := m.samples[0].rate, m.samples[0].rate, int64(0), ""
	for _, s := range m.samples {
		low, high, errors = min(low, s.rate), max(high, s.rate), errors+s.errors
		if problem == "" && s.problem != "" {
			problem = fmt.Sprintf(" (`%s`)", strings.NewReplacer("\n", " ", "|", "/", "`", "'").Replace(brief(s.problem)))
		}
	}
	p99 := "-"
	if n := m.median(p99Of); n > 0 {
		p99 = figure(n) + " ms"
	}
	return fmt.Sprintf("| %s | %d | %s | %s to %s | %s ms | %s | %d%s |", m.what, m.callers, figure(m.median(rateOf)), figure(low), figure(high),
		figure(m.median(p50Of)), p99, errors, problem)
}

// brief is the beginning of an error: whole answers stand in some.
func brief(problem string) string {
	const most = 90
	if text := []rune(problem); len(text) > most {
		return string(text[:most]) + " ..."
	}
	return problem
}

// Rewrite puts text between the lines <!-- name:begin --> and <!-- name:end -->
// of a file, each of which must be there once, in this order.
func Rewrite(file, name, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := []byte("<!-- "+name+":begin -->\n"), []byte("<!-- "+name+":end -->\n")
	from, to := bytes.Index(old, begin), bytes.Index(old, end)
	if bytes.Count(old, begin) != 1 || bytes.Count(old, end) != 1 || from > to {
		return fmt.Errorf("%s needs the lines %q and %q once each", file, bytes.TrimSpace(begin), bytes.TrimSpace(end))
	}
	var b bytes.Buffer
	b.Write(old[:from+len(begin)])
	fmt.Fprintf(&b, "\n%s\n\n", strings.TrimSpace(text))
	b.Write(old[to:])
	return os.WriteFile(file, b.Bytes(), 0o644)
}
