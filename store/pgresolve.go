package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// resolve finds out whether the commit that was sent last took effect. The
// heartbeat row was written by that transaction before anything else, so
// updating it waits for the transaction to end; what it then says is the
// truth, on the same server or on the one that took over. If the transaction
// has not even begun there, the row now keeps it from ever doing so. The update
// is also a commit of our own: when it is acknowledged, so is all before it, on
// the standbys too.
func (w *pgwriter) resolve(cause error) error {
	if cause != nil {
		w.db.o.Log.Warn("a commit was not answered; finding out what became of it", "err", cause)
	}
	ctx, cancel := w.timeout(w.db.limits.resolve)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		batch, err := w.ask(ctx)
		switch {
		case err == nil && batch == w.batch:
			return nil
		case err == nil:
			return fmt.Errorf("%w before the commit: %w", errLost, cause)
		}
		w.disconnect()
		select {
		case <-ctx.Done():
			return unknown(errors.Join(cause, err))
		case <-time.After(pause):
		}
	}
}

const fence = `INSERT INTO heartbeat (writer, batch, at) VALUES ($1, $2 + 1, $3)
	ON CONFLICT (writer) DO UPDATE SET at = excluded.at, batch = CASE WHEN heartbeat.batch = $2 THEN $2 ELSE $2 + 1 END RETURNING batch`

// ask returns the number of this lane's last batch if it was committed, and
// else the next one, which shuts that batch out.
func (w *pgwriter) ask(ctx context.Context) (batch int64, err error) {
	if err := w.connect(ctx); err != nil {
		return 0, err
	}
	w.unsure = false
	err = w.conn.QueryRow(ctx, fence, w.name, w.batch, w.db.o.Clock().UnixMilli()).Scan(&batch)
	if err == nil && w.unsure {
		err = errors.New("the standby does not answer")
	}
	return batch, err
}

// confirm commits a heartbeat. An answer that rests on a row which somebody
// else has committed is given only after that row is as safe as our own.
func (w *pgwriter) confirm() error {
	ctx, cancel := w.timeout(w.db.limits.commit)
	defer cancel()
	err := w.connect(ctx)
	if err == nil {
		w.unsure = false
		w.batch += 2
		_, err = w.conn.Exec(ctx, beat, w.name, w.batch, w.db.o.Clock().UnixMilli())
	}
	if err == nil && w.unsure {
		err = errors.New("the standby does not answer")
	}
	if err != nil {
		w.disconnect()
		return unavailable(err)
	}
	return nil
}

// sweep forgets the lanes of processes that ended long ago.
func (w *pgwriter) sweep(ctx context.Context) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	const week = 7 * 24 * time.Hour
	_, err := w.conn.Exec(ctx, `DELETE FROM heartbeat WHERE at < $1`, w.db.o.Clock().Add(-week).UnixMilli())
	return err
}
