package job

import (
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/store"
)

var jobTable = &store.Table{Name: "job", Key: 2, Columns: []string{"realm", "id", "kind", "object", "due_at"}}

func addJob(tx *store.Tx, j Job) {
	tx.Insert(jobTable, string(tx.Realm()), string(j.ID), j.Kind, string(j.Object), clock.Millis(j.DueAt))
}

// seedJob writes the one installation-wide job of a kind, named after it.
func seedJob(tx *store.Tx, kind string, due time.Time) error {
	_, err := tx.Exec(`INSERT INTO job (realm, id, kind, due_at) VALUES ('', $1, $1, $2) ON CONFLICT (realm, id) DO NOTHING`,
		kind, clock.Millis(due))
	return err
}

func removeJob(tx *store.Tx, j Job) (int64, error) {
	return tx.Exec(`DELETE FROM job WHERE realm = $1 AND id = $2 AND fence = $3`, string(j.Realm), string(j.ID), j.Fence)
}

func releaseJob(tx *store.Tx, j Job, due time.Time, tries int64, lastError string) (int64, error) {
	return tx.Exec(`UPDATE job SET due_at = $4, tries = $5, last_error = $6, leased_until = 0, quarantined = $7
		WHERE realm = $1 AND id = $2 AND fence = $3`,
		string(j.Realm), string(j.ID), j.Fence, clock.Millis(due), tries, lastError, tries >= MaxTries)
}

// A job is due by its realm's clock. Realms that were never moved ahead (all
// live ones, most test ones) have no clock row, so the index on due_at finds
// their work without looking at anybody's future.
const (
	dueOnTime = `SELECT realm, id FROM job WHERE NOT quarantined AND due_at <= $1 AND leased_until < $1 ORDER BY due_at LIMIT $2`
	dueAhead  = `SELECT j.realm, j.id FROM clock c JOIN job j ON j.realm = c.realm
		WHERE NOT j.quarantined AND j.due_at <= $1 + c.ahead_ms AND j.leased_until < $1 ORDER BY j.due_at LIMIT $2`
)

func anyDue(tx *store.Tx, now time.Time) (bool, error) {
	for _, query := range []string{dueOnTime, dueAhead} {
		var realm, id string
		found, err := tx.Get([]any{&realm, &id}, query, clock.Millis(now), 1)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func claimJobs(tx *store.Tx, now, until time.Time, n int) ([]Job, error) {
	var out []Job
	for _, query := range []string{dueOnTime, dueAhead} {
		err := tx.All(`UPDATE job SET leased_until = $3, fence = fence + 1
			WHERE leased_until < $1 AND (realm, id) IN (`+query+`)
			RETURNING realm, id, kind, object, due_at, tries, fence`,
			[]any{clock.Millis(now), n, clock.Millis(until)},
			func(scan func(...any) error) error {
				var j Job
				var due int64
				err := scan(&j.Realm, &j.ID, &j.Kind, &j.Object, &due, &j.Tries, &j.Fence)
				j.DueAt = clock.FromMillis(due)
				out = append(out, j)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// freeJobs ends leases. A leased job is due, by the wall's clock or by that of a
// realm that was moved ahead.
func freeJobs(tx *store.Tx, now time.Time, all bool) error {
	queries := []string{`UPDATE job SET leased_until = 0 WHERE leased_until > 0 AND due_at <= $1 AND realm = ''`}
	if all {
		queries = []string{`UPDATE job SET leased_until = 0 WHERE leased_until > 0 AND due_at <= $1`,
			`UPDATE job SET leased_until = 0 WHERE leased_until > 0 AND due_at > $1 AND realm IN (SELECT realm FROM clock)`}
	}
	for _, query := range queries {
		if _, err := tx.Exec(query, clock.Millis(now)); err != nil {
			return err
		}
	}
	return nil
}

func listQuarantined(tx *store.Tx) ([]Job, error) {
	var out []Job
	err := tx.All(`SELECT realm, id, kind, object, due_at, tries, last_error FROM job WHERE quarantined ORDER BY realm, id`, nil,
		func(scan func(...any) error) error {
			var j Job
			var due int64
			err := scan(&j.Realm, &j.ID, &j.Kind, &j.Object, &due, &j.Tries, &j.LastError)
			j.DueAt = clock.FromMillis(due)
			out = append(out, j)
			return err
		})
	return out, err
}
