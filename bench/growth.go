package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/store"
)

// Growth is what work costs as payments pile up. All of it runs in this
// process, without HTTP, whose cost does not grow and would hide what does.
type Growth struct {
	Postgres string             // a cluster's superuser; "" leaves PostgreSQL out
	Sizes    map[string][]int64 // of each engine: how many payments are stored, ascending
	Keep     string             // databases stay in this folder (PostgreSQL's under its name), and are found there again; "" makes and removes them
	Rounds   int
	Duration time.Duration // of each measurement
	Progress func(what string, done, total int64)

	dir    string
	stages []*stage
}

// stage is a florin with so many payments in it.
type stage struct {
	engine  string
	stored  int64
	site    *Site
	app     *app.App
	ids     []ident.ID
	made    Preloaded
	size    Size
	verify  Verdict
	created atomic.Int64
	samples map[string][]float64 // by the operation's name, per second
}

const (
	growers   = 64 // callers who create: a batch's worth
	readers   = 8
	creations = 4000 // in each round, or a twentieth of what is stored: a stage is to stay the size it has
	growing   = 100  // merchants
)

// operation is something whose cost may grow.
type operation struct {
	name    string
	callers int
	most    int64 // how often in a round; 0 for as often as there is time
	do      func(ctx context.Context, s *stage) error
}

var operations = []operation{
	{"create", growers, creations, func(ctx context.Context, s *stage) error {
		_, err := s.site.debit(ctx, s.app, s.stored+s.created.Add(1)-1)
		return err
	}},
	{"inquiry by id", readers, 0, func(ctx context.Context, s *stage) error {
		_, err := s.app.Payments.Get(ctx, s.site.actor(), s.any())
		return err
	}},
	{"inquiry by reference", readers, 0, func(ctx context.Context, s *stage) error {
		n := rand.Int64N(s.stored)
		list, err := s.app.Payments.ByReference(ctx, s.site.actor(), preloadReference(n))
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("%d payments have the reference of number %d", len(list), n)
		}
		return err
	}},
	{"first page of 50", readers, 0, func(ctx context.Context, s *stage) error { return s.page(ctx, "") }},
	{"deep page of 50", readers, 0, func(ctx context.Context, s *stage) error {
		return s.page(ctx, s.ids[len(s.ids)/4+rand.IntN(len(s.ids)/2)])
	}},
	{"balance", readers, 0, func(ctx context.Context, s *stage) error {
		return s.app.DB.View(ctx, s.site.realm.ID, func(tx *store.Tx) error {
			list, err := ledger.Balance(tx, ledger.Merchant(s.site.profiles[rand.IntN(len(s.site.profiles))].Merchant))
			if err == nil && len(list) != 1 {
				err = fmt.Errorf("%d currencies in a balance", len(list))
			}
			return err
		})
	}},
}

func (s *stage) any() ident.ID { return s.ids[rand.IntN(len(s.ids))] }

func (s *stage) page(ctx context.Context, before ident.ID) error {
	list, err := s.app.Payments.List(ctx, s.site.actor(), before, 50)
	if err == nil && len(list) != 50 {
		err = fmt.Errorf("a page of %d payments", len(list))
	}
	return err
}

// smallest is the fewest payments that a stage can be measured with.
const smallest = 400

// Run fills a database for each size and measures them in turn, round by
// round. An error is also what verify finds.
func (g *Growth) Run(ctx context.Context) (r *GrowthReport, err error) {
	if g.dir = g.Keep; g.dir == "" {
		g.dir, err = os.MkdirTemp("", "florin-growth-")
	} else {
		err = os.MkdirAll(g.dir, 0o700)
	}
	if err != nil {
		return nil, err
	}
	r = &GrowthReport{Growth: g, At: time.Now(), Load: loadAverage()}
	defer func() { err = errors.Join(err, g.clear()) }()
	for _, engine := range []string{"PostgreSQL", "SQLite"} {
		for _, n := range g.Sizes[engine] {
			if n < smallest {
				return nil, fmt.Errorf("%d payments are too few to measure, the least is %d", n, smallest)
			}
			if engine == "PostgreSQL" && g.Postgres == "" {
				continue
			}
			if err := g.fill(ctx, engine, n); err != nil {
				return nil, fmt.Errorf("%s, %d payments: %w", engine, n, err)
			}
		}
	}
	for round := range g.Rounds {
		for _, o := range operations {
			for i, s := range g.stages {
				g.Progress(o.name, int64(round*len(g.stages)+i), int64(g.Rounds*len(g.stages)))
				rate, err := g.measure(ctx, o, s)
				if err != nil {
					return nil, fmt.Errorf("%s, %d payments, %s: %w", s.engine, s.stored, o.name, err)
				}
				s.samples[o.name] = append(s.samples[o.name], rate)
			}
		}
	}
	for _, s := range g.stages {
		if s.verify, err = verify(ctx, s.app, g.Progress); err != nil {
			return nil, err
		}
		if n := s.stored + s.created.Load(); s.verify.Payments != n || len(s.verify.Findings) > 0 {
			return nil, fmt.Errorf("%s: verify counts %d payments, %d were made; it finds %v", s.engine, s.verify.Payments, n, s.verify.Findings)
		}
	}
	return r, nil
}

// fill makes a stage and leaves it open.
func (g *Growth) fill(ctx context.Context, engine string, n int64) (err error) {
	s := &stage{engine: engine, stored: n, samples: map[string][]float64{}}
	dir := filepath.Join(g.dir, fmt.Sprint(engine, n))
	database := filepath.Join(dir, "florin.db")
	if engine == "PostgreSQL" {
		if database, err = g.database(ctx, n); err != nil {
			return err
		}
	}
	if g.Keep != "" && isFile(filepath.Join(dir, "bench.key")) {
		err = s.find(ctx, database, dir)
	} else if err = os.Mkdir(dir, 0o700); err == nil {
		err = s.make(ctx, database, dir, func(done, total int64) { g.Progress("fill "+engine, done, total) })
	}
	if err != nil {
		return err
	}
	c, err := app.Load("", os.LookupEnv, s.site.flags("bench"))
	if err != nil {
		return err
	}
	s.app, err = app.Open(ctx, c, "http://127.0.0.1", slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), app.Parts{})
	if err == nil {
		g.stages = append(g.stages, s)
	}
	return err
}

// make furnishes a stage and makes its payments.
func (s *stage) make(ctx context.Context, database, dir string, progress func(done, total int64)) (err error) {
	if s.site, err = Furnish(ctx, database, dir, growing); err != nil {
		return err
	}
	was, err := s.site.Size(ctx)
	if err != nil {
		return err
	}
	if s.made, err = s.site.Preload(ctx, s.stored, progress); err != nil {
		return err
	}
	s.ids = slices.Sorted(slices.Values(s.made.ids)) // as lists have them, so that there is a page before each
	size, err := s.site.Size(ctx)
	s.size = size.Less(was)
	return err
}

// find takes up a stage that an earlier run has made, as it is now.
func (s *stage) find(ctx context.Context, database, dir string) (err error) {
	if s.site, s.ids, s.stored, err = Find(ctx, database, dir); err != nil {
		return err
	}
	s.size, err = s.site.Size(ctx)
	return err
}

func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (g *Growth) name(n int64) string {
	if g.Keep != "" {
		return fmt.Sprintf("florin_growth_%d", n)
	}
	return fmt.Sprintf("florin_growth_%d_%d", os.Getpid(), n)
}

func (g *Growth) database(ctx context.Context, n int64) (string, error) {
	err := withPostgres(ctx, g.Postgres, func(conn *pgx.Conn) error {
		var there bool
		err := conn.QueryRow(ctx, databaseThere, g.name(n)).Scan(&there)
		if err == nil && !there {
			_, err = conn.Exec(ctx, createDatabase(g.name(n)))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return addressOf(g.Postgres, g.name(n))
}

// measure does something over and over and tells how often a second it was
// done.
func (g *Growth) measure(ctx context.Context, o operation, s *stage) (float64, error) {
	var all sync.WaitGroup
	var begun, done atomic.Int64
	errs := make([]error, o.callers)
	start := time.Now()
	for i := range o.callers {
		all.Go(func() {
			for errs[i] == nil && ctx.Err() == nil {
				if o.most > 0 && begun.Add(1) > min(o.most, s.stored/20) || o.most == 0 && time.Since(start) > g.Duration {
					return
				}
				if errs[i] = o.do(ctx, s); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), errors.Join(append(slices.DeleteFunc(errs, func(err error) bool { return err == nil }), ctx.Err())...)
}

// clear closes and removes all that was made.
func (g *Growth) clear() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the run's may have ended
	defer cancel()
	for _, s := range g.stages {
		err = errors.Join(err, s.app.Close())
	}
	if g.Keep != "" {
		return err
	}
	if g.Postgres != "" {
		err = errors.Join(err, withPostgres(ctx, g.Postgres, func(conn *pgx.Conn) (err error) {
			for _, n := range g.Sizes["PostgreSQL"] {
				_, e := conn.Exec(ctx, dropDatabase(g.name(n)))
				err = errors.Join(err, e)
			}
			return err
		}))
	}
	return errors.Join(err, os.RemoveAll(g.dir))
}

// actor is who may do everything in the site's realm.
func (s *Site) actor() access.Actor {
	return access.Actor{Realm: s.realm.ID, Environment: s.realm.Environment, Kind: "gateway", May: access.Everything}
}
