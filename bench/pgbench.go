package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// pgbench is PostgreSQL's own load generator on a database of its own.
type pgbench struct {
	url    string
	script string // the file of the payment by hand
	runs   int
	made   int64 // payments by hand
}

// pgbenchScale is the size of TPC-B: as many branches as there are clients at
// most, as its documentation advises, lest they wait for each other's rows.
const pgbenchScale = 64

func newPgbench(ctx context.Context, url, dir string, scale int) (*pgbench, error) {
	p := &pgbench{url: url, script: dir + "/payment.pgbench"}
	err := withPostgres(ctx, url, func(c *pgx.Conn) error {
		for _, text := range append(handTables, handAccounts()...) {
			if _, err := c.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = p.call(ctx, "--initialize", "--quiet", "--scale", strconv.Itoa(scale))
	return p, err
}

// findPgbench finds the program, which Debian leaves out of the usual path.
func findPgbench() (string, error) {
	path, err := exec.LookPath("pgbench")
	if err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench") // the pattern is sound
	if len(found) == 0 {
		return "", err
	}
	return found[len(found)-1], nil
}

// call runs the program. The password goes through the environment, where
// other users of the machine cannot read it.
func (p *pgbench) call(ctx context.Context, args ...string) (string, error) {
	to, err := pgx.ParseConfig(p.url)
	if err != nil {
		return "", err
	}
	program, err := findPgbench()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGHOST="+to.Host, fmt.Sprintf("PGPORT=%d", to.Port), "PGUSER="+to.User, "PGPASSWORD="+to.Password, "PGDATABASE="+to.Database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("pgbench %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

var (
	pgbenchDone   = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
	pgbenchRate   = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	pgbenchMean   = regexp.MustCompile(`(?m)^latency average = ([0-9.]+) ms`)
	pgbenchFailed = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+)`)
)

// run measures TPC-B, or the payment by hand, with so many clients. pgbench
// tells no percentiles without a log; its mean stands as the p50.
func (p *pgbench) run(ctx context.Context, byHand bool, clients int, d time.Duration) (s sample, err error) {
	args := []string{"--no-vacuum", "--protocol", "prepared", "--client", strconv.Itoa(clients), "--jobs", strconv.Itoa(min(clients, 2)),
		"--time", strconv.Itoa(max(int(d.Round(time.Second).Seconds()), 1))}
	if byHand {
		p.runs++
		if err := os.WriteFile(p.script, []byte(handScript(p.runs)), 0o600); err != nil {
			return s, err
		}
		args = append(args, "--file", p.script, "--define", "n=0")
	}
	out, err := p.call(ctx, args...)
	if err != nil {
		return s, err
	}
	done, s, err := readPgbench(out)
	if byHand {
		p.made += done
	}
	return s, err
}

// readPgbench reads what the program prints at its end. When its clients had
// not even connected in time, there is no rate.
func readPgbench(out string) (done int64, s sample, err error) {
	number := func(re *regexp.Regexp, otherwise string) float64 {
		text := otherwise
		if found := re.FindStringSubmatch(out); found != nil {
			text = found[1]
		}
		n, e := strconv.ParseFloat(text, 64)
		err = errors.Join(err, e)
		return n
	}
	if done = int64(number(pgbenchDone, "")); done > 0 {
		s = sample{rate: number(pgbenchRate, ""), p50: number(pgbenchMean, ""), errors: int64(number(pgbenchFailed, "0"))}
	}
	if err != nil {
		err = fmt.Errorf("pgbench said what is not understood: %w\n%s", err, out)
	}
	return done, s, err
}

// check compares what the payments by hand have left with each other.
func (p *pgbench) check(ctx context.Context) error {
	return withPostgres(ctx, p.url, func(c *pgx.Conn) error {
		var postings, sum, accounts, balance int64
		if err := c.QueryRow(ctx, handPostings).Scan(&postings, &sum); err != nil {
			return err
		}
		err := c.QueryRow(ctx, handBalances).Scan(&accounts, &balance)
		if err == nil && (postings != 4*p.made || sum != 0 || balance != 0) {
			err = fmt.Errorf("by hand: %d payments have %d postings that add up to %d, %d balances to %d", p.made, postings, sum, accounts, balance)
		}
		return err
	})
}
