package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Comparison is florin beside what else the machine can do, in one go.
type Comparison struct {
	Postgres string // a cluster's superuser, postgres://; databases are made and dropped there
	Rounds   int
	Duration time.Duration // of each measurement
	WarmUp   time.Duration // before it
	Scale    int           // of pgbench; 0 for as many as it has clients
	Progress func(what string, done, total int64)

	dir      string
	echo     *Server
	pgbench  *pgbench
	hand     *hand
	sites    []*side
	peak     map[string]float64 // the best debits a second of each engine so far
	measures []*measure
	start    []float64 // ms to the first answer of a florin that finds nothing
	idle     []float64 // MB that it takes two seconds later
	binary   int64     // bytes
}

// side is a florin on one engine.
type side struct {
	engine string
	site   *Site
	server *Server
	was    Size
	added  Size
	verify Verdict
	rss    int64
	acked  int64 // debits that were answered well while they were measured
}

// sample is one measurement.
type sample struct {
	rate, p50, p99 float64
	good, errors   int64
	problem        string
}

// measure is something that is measured once in each round.
type measure struct {
	what    string
	callers int
	run     func(ctx context.Context) (sample, error)
	samples []sample
}

const (
	merchants = 1000 // that are not the hot one
	flood     = 1024 // connections of an overload
	overload  = 10   // times what can be sustained
)

// The databases that are made, named after this process.
var (
	tpcbName   = fmt.Sprintf("florin_bench_%d_tpcb", os.Getpid())
	florinName = fmt.Sprintf("florin_bench_%d", os.Getpid())
)

var connections = []int{1, 16, 64, 256}

// Run measures everything, round by round, so that what changes on the machine
// meanwhile touches all alike. The report holds medians. An error is also what
// verify finds.
func (c *Comparison) Run(ctx context.Context) (r *Report, err error) {
	if c.dir, err = os.MkdirTemp("", "florin-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.clear()) }()
	r = &Report{Comparison: c, Load: loadAverage(), At: time.Now()}
	if r.cluster, err = describe(ctx, c.Postgres); err != nil {
		return nil, err
	}
	if k := r.cluster; k.fsync != "on" || k.pages != "on" || k.commit != "on" {
		return nil, fmt.Errorf("the cluster is not durable: fsync=%s full_page_writes=%s synchronous_commit=%s", k.fsync, k.pages, k.commit)
	}
	if err := c.furnish(ctx); err != nil {
		return nil, err
	}
	if self, err := os.Executable(); err != nil {
		return nil, err
	} else if c.binary, err = bytesOf(self); err != nil {
		return nil, err
	}
	c.plan()
	total, done := int64(c.Rounds*len(c.measures)), int64(0)
	for range c.Rounds {
		if err := c.startEmpty(ctx); err != nil {
			return nil, err
		}
		for _, m := range c.measures {
			c.Progress(m.what, done, total)
			s, err := m.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s, %d: %w", m.what, m.callers, err)
			}
			m.samples = append(m.samples, s)
			done++
		}
	}
	return r, c.finish(ctx)
}

// furnish makes the databases and starts the servers.
func (c *Comparison) furnish(ctx context.Context) (err error) {
	c.peak = map[string]float64{}
	tpcb, err := c.database(ctx, tpcbName)
	if err != nil {
		return err
	}
	if c.Scale == 0 {
		c.Scale = pgbenchScale
	}
	c.Progress("pgbench --initialize", 0, 1)
	if c.pgbench, err = newPgbench(ctx, tpcb, c.dir, c.Scale); err != nil {
		return err
	}
	if c.hand, err = openHand(ctx, filepath.Join(c.dir, "hand.db")); err != nil {
		return err
	}
	if c.echo, err = StartEcho(ctx); err != nil {
		return err
	}
	url, err := c.database(ctx, florinName)
	if err != nil {
		return err
	}
	for _, on := range []struct{ engine, database string }{{"PostgreSQL", url}, {"SQLite", filepath.Join(c.dir, "florin.db")}} {
		dir := filepath.Join(c.dir, on.engine)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		s := &side{engine: on.engine}
		c.sites = append(c.sites, s)
		c.Progress("furnish "+on.engine, 0, 1)
		if s.site, err = Furnish(ctx, on.database, dir, merchants+1); err != nil {
			return err
		}
		if s.was, err = s.site.Size(ctx); err != nil {
			return err
		}
		if s.server, err = s.site.Serve(ctx); err != nil {
			return err
		}
	}
	return nil
}

// database makes an empty one in the cluster.
func (c *Comparison) database(ctx context.Context, name string) (string, error) {
	err := withPostgres(ctx, c.Postgres, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, dropDatabase(name))
		if err == nil {
			_, err = conn.Exec(ctx, createDatabase(name))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return addressOf(c.Postgres, name)
}

// plan lists what is measured in each round, the rivals between florin's own.
func (c *Comparison) plan() {
	add := func(what string, callers int, run func(ctx context.Context) (sample, error)) {
		c.measures = append(c.measures, &measure{what: what, callers: callers, run: run})
	}
	add(fdatasync, 1, func(ctx context.Context) (sample, error) { return probe(ctx, c.dir, c.Duration/2) })
	add(byHand+" on SQLite", 1, func(ctx context.Context) (sample, error) { return c.hand.run(ctx, c.WarmUp, c.Duration) })
	for i, n := range connections {
		if i > 0 {
			clients := []int{8, 32, 64}[i-1]
			add(echoing, n, func(ctx context.Context) (sample, error) {
				return c.send(ctx, Target{Addr: c.echo.Addr}, Load{Scenario: echoing, Connections: n})
			})
			add(tpcb, clients, func(ctx context.Context) (sample, error) { return c.pgbench.run(ctx, false, clients, c.Duration) })
			add(byHand+" on PostgreSQL", clients, func(ctx context.Context) (sample, error) { return c.pgbench.run(ctx, true, clients, c.Duration) })
		}
		for _, s := range c.sites {
			add(debitHot+s.engine, n, func(ctx context.Context) (sample, error) {
				out, err := c.debit(ctx, s, s.hot(), Load{Connections: n})
				c.peak[s.engine] = max(c.peak[s.engine], out.rate)
				return out, err
			})
			if n == 64 {
				add(debitSpread+s.engine, n, func(ctx context.Context) (sample, error) {
					return c.debit(ctx, s, s.spread(), Load{Connections: n})
				})
			}
		}
	}
	for _, s := range c.sites {
		add(inquiryOn+s.engine, 64, func(ctx context.Context) (sample, error) {
			return c.send(ctx, s.hot(), Load{Scenario: "inquiry", Connections: 64})
		})
	}
	for _, s := range c.sites {
		add(overloadOn+s.engine, flood, func(ctx context.Context) (sample, error) {
			return c.debit(ctx, s, s.hot(), Load{Connections: flood, Rate: overload * c.peak[s.engine]})
		})
	}
}

// hot is a target with one merchant.
func (s *side) hot() Target {
	t := s.site.At(s.server)
	t.Entities = t.Entities[:1]
	return t
}

// spread is a target with all the others.
func (s *side) spread() Target {
	t := s.site.At(s.server)
	t.Entities = t.Entities[1:]
	return t
}

// send is a load of this comparison; what was answered with an error does not
// count as done.
func (c *Comparison) send(ctx context.Context, t Target, l Load) (sample, error) {
	l.Duration, l.WarmUp = c.Duration, c.WarmUp
	res, err := Run(ctx, t, l, func(time.Duration, int64) {})
	good := res.Requests - res.Errors
	return sample{good: good, rate: float64(good) / c.Duration.Seconds(), p50: res.P50, p99: res.P99, errors: res.Errors, problem: res.FirstError}, err
}

// debit sends debits and keeps count of what was acknowledged.
func (c *Comparison) debit(ctx context.Context, s *side, t Target, l Load) (sample, error) {
	l.Scenario = "debit"
	out, err := c.send(ctx, t, l)
	s.acked += out.good
	return out, err
}

// startEmpty starts a florin in an empty folder, as somebody does who tries it.
func (c *Comparison) startEmpty(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(c.dir, "empty-")
	if err != nil {
		return err
	}
	server, err := (&Site{Database: filepath.Join(dir, "florin.db"), Dir: dir}).Serve(ctx)
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	_, rss, err := server.Usage()
	c.start = append(c.start, float64(server.Start)/float64(time.Millisecond))
	c.idle = append(c.idle, float64(rss)/1e6)
	return errors.Join(err, server.Stop())
}

// finish stops the servers and checks all books.
func (c *Comparison) finish(ctx context.Context) error {
	for _, s := range c.sites {
		var err error
		if _, s.rss, err = s.server.Usage(); err != nil {
			return err
		}
		err = s.server.Stop()
		s.server = nil
		if err != nil {
			return err
		}
		if s.verify, err = s.site.Verify(ctx, c.Progress); err != nil {
			return err
		}
		if len(s.verify.Findings) > 0 {
			return fmt.Errorf("%s: verify finds %d things, the first: %s", s.engine, len(s.verify.Findings), s.verify.Findings[0])
		}
		if s.verify.Payments < s.acked {
			return fmt.Errorf("%s: %d debits were acknowledged, %d payments are there", s.engine, s.acked, s.verify.Payments)
		}
		size, err := s.site.Size(ctx)
		if err != nil {
			return err
		}
		s.added = size.Less(s.was)
	}
	return errors.Join(c.hand.check(ctx), c.pgbench.check(ctx))
}

// clear removes all that was made, also after something went wrong.
func (c *Comparison) clear() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the run's may have ended
	defer cancel()
	for _, s := range c.sites {
		if s.server != nil {
			err = errors.Join(err, s.server.Stop())
		}
	}
	if c.echo != nil {
		err = errors.Join(err, c.echo.Stop())
	}
	if c.hand != nil {
		err = errors.Join(err, c.hand.db.Close())
	}
	err = errors.Join(err, withPostgres(ctx, c.Postgres, func(conn *pgx.Conn) error {
		_, first := conn.Exec(ctx, dropDatabase(tpcbName))
		_, second := conn.Exec(ctx, dropDatabase(florinName))
		return errors.Join(first, second)
	}))
	return errors.Join(err, os.RemoveAll(c.dir))
}
