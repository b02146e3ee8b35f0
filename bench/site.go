package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Site is a database to measure on, with merchants and a key of its own. It
// has one realm, so that all of it goes through one writer, as one busy
// organisation would.
type Site struct {
	Database string // a file or a postgres:// URL
	Dir      string // for the keys and the test provider's books
	Target   Target // what is known to whoever sends; without an address

	realm    access.Realm
	profiles []merchant.Profile
}

// Furnish makes a realm, merchants and a key in a database, new or not.
func Furnish(ctx context.Context, database, dir string, merchants int) (*Site, error) {
	s := &Site{Database: database, Dir: dir}
	err := s.open(ctx, "bench", func(a *app.App) (err error) {
		if s.realm, err = a.Access.AddRealm(ctx, fmt.Sprintf("bench %d", time.Now().UnixNano()), access.Test); err != nil {
			return err
		}
		for n := range max(merchants, 1) {
			m, err := a.Merchants.Add(ctx, s.realm.ID, audit.By{Actor: "bench"}, merchant.Merchant{Code: fmt.Sprintf("M%07d", n), Name: "Bench"})
			if err != nil {
				return err
			}
			p, err := a.Merchants.AddProfile(ctx, s.realm.ID, audit.By{Actor: "bench"}, merchant.Profile{Merchant: m.ID, Code: fmt.Sprintf("BN%06d", n), Name: "Bench"})
			if err != nil {
				return err
			}
			s.profiles = append(s.profiles, p)
			s.Target.Entities = append(s.Target.Entities, p.Code)
			_, secret, err := a.April.MakeKey(ctx, s.realm, audit.By{Actor: "bench"}, april.SecretKey, april.Holder{Merchant: m.ID}, access.Key{Label: "bench"})
			if err != nil {
				return err
			}
			s.Target.Secrets = append(s.Target.Secrets, secret.Reveal())
		}
		_, token, err := a.Access.MakeKey(ctx, s.realm, audit.By{Actor: "bench"}, access.Key{Kind: "gateway", May: access.Everything})
		s.Target.Token = token.Reveal()
		return err
	})
	return s, err
}

// Find takes up a site that Furnish has made in an earlier run, and tells how many
// payments are in it and the ids of some, oldest first.
func Find(ctx context.Context, database, dir string) (s *Site, ids []ident.ID, stored int64, err error) {
	s = &Site{Database: database, Dir: dir}
	err = s.open(ctx, "bench", func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil || len(realms) != 1 {
			return errors.Join(err, fmt.Errorf("%d realms in %s, want the one of the bench", len(realms), dir))
		}
		s.realm = realms[0]
		if s.profiles, err = a.Merchants.Profiles(ctx, s.realm.ID); err != nil {
			return err
		}
		return a.DB.View(ctx, s.realm.ID, func(tx *store.Tx) error {
			return everyPayment(tx, func(id ident.ID) {
				if stored%sampling == 0 {
					ids = append(ids, id)
				}
				stored++
			})
		})
	})
	s.Target.Preloaded = stored
	return s, ids, stored, err
}

const sampling = 10

// flags are the settings of this site, books being the name of the test
// provider's.
func (s *Site) flags(books string) map[string]string {
	return map[string]string{"database": s.Database, "key-file": filepath.Join(s.Dir, "bench.key"), "sandbox-file": s.books(books), "log-level": "warn", "april-limit": "0"}
}

func (s *Site) books(name string) string { return filepath.Join(s.Dir, name+".journal") }

// open puts florin together on the site without serving it.
func (s *Site) open(ctx context.Context, books string, f func(*app.App) error) error {
	c, err := app.Load("", os.LookupEnv, s.flags(books))
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.Open(ctx, c, "http://127.0.0.1", log, app.Parts{})
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.Close())
}

// Verdict is what verify said of a site, and how long it took over it.
type Verdict struct {
	Payments  int64    `json:"payments"`
	Transfers int64    `json:"transfers"`
	Postings  int64    `json:"postings"`
	Seconds   float64  `json:"seconds"`
	Findings  []string `json:"findings,omitempty"`
}

// Verify ends every measurement: speed that the books do not bear out is none.
func (s *Site) Verify(ctx context.Context, progress func(what string, done, total int64)) (v Verdict, err error) {
	err = s.open(ctx, "bench", func(a *app.App) error {
		v, err = verify(ctx, a, progress)
		return err
	})
	return v, err
}

func verify(ctx context.Context, a *app.App, progress func(what string, done, total int64)) (Verdict, error) {
	start := time.Now()
	r, err := a.Verify(ctx, progress)
	v := Verdict{Payments: r.Payments, Transfers: r.Transfers, Seconds: time.Since(start).Seconds(), Findings: r.Findings}
	if err == nil {
		err = a.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
			v.Postings, err = countPostings(tx)
			return err
		})
	}
	return v, err
}
