package notify

import (
	"fmt"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var messageTable = &store.Table{Name: "message", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "object", "channel", "recipient", "template",
	"locale", "state", "reason", "reference", "tries", "events", "sealed", "key_version", "created_at", "updated_at", "until_at"}}

const messageColumns = `id, version, merchant, object, channel, recipient, template, locale, state, reason, reference, tries, events, sealed, key_version,
	created_at, updated_at, until_at`

func messageRow(m Message, version int64) []any {
	return []any{string(m.Realm), string(m.ID), version, string(m.Merchant), string(m.Object), string(m.Channel), m.To, string(m.Template), m.Locale,
		string(m.State), m.Reason, m.Reference, m.Tries, m.Events, m.sealed, m.keyVersion,
		clock.Millis(m.CreatedAt), clock.Millis(m.UpdatedAt), clock.Millis(m.Until)}
}

func addMessage(tx *store.Tx, m Message) { tx.Insert(messageTable, messageRow(m, 1)...) }

func saveMessage(tx *store.Tx, m *Message) {
	tx.Swap(messageTable, m.Version, messageRow(*m, m.Version+1)...)
	m.Version++
}

func getMessage(tx *store.Tx, id ident.ID) (Message, error) {
	list, err := listMessages(tx, `SELECT `+messageColumns+` FROM message WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.message", "no such message")
	}
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

// findMessages lists messages, newest first: an object's and a recipient's by
// their indexes, all others along the key.
func findMessages(tx *store.Tx, f Filter, limit int) ([]Message, error) {
	if f.Below == "" {
		f.Below = "g" // above every hex digit
	}
	query := `SELECT ` + messageColumns + ` FROM message WHERE realm = $1 AND id < $2`
	args := []any{string(tx.Realm()), string(f.Below), int64(limit)}
	for _, w := range [][2]string{{"merchant", string(f.Merchant)}, {"object", string(f.Object)}, {"recipient", f.To}} {
		if w[1] != "" {
			args = append(args, w[1])
			query += fmt.Sprintf(" AND %s = $%d", w[0], len(args))
		}
	}
	return listMessages(tx, query+` ORDER BY id DESC LIMIT $3`, args...)
}

// sealedBefore lists messages whose content an older data key sealed.
func sealedBefore(tx *store.Tx, version int64, limit int) ([]Message, error) {
	return listMessages(tx, `SELECT `+messageColumns+` FROM message WHERE realm = $1 AND key_version > 0 AND key_version < $2 ORDER BY id LIMIT $3`,
		string(tx.Realm()), version, int64(limit))
}

func listMessages(tx *store.Tx, query string, args ...any) ([]Message, error) {
	var out []Message
	err := tx.All(query, args, func(scan func(...any) error) error {
		m := Message{Realm: tx.Realm()}
		var created, updated, until int64
		err := scan(&m.ID, &m.Version, &m.Merchant, &m.Object, &m.Channel, &m.To, &m.Template, &m.Locale, &m.State, &m.Reason, &m.Reference, &m.Tries,
			&m.Events, &m.sealed, &m.keyVersion, &created, &updated, &until)
		m.CreatedAt, m.UpdatedAt, m.Until = clock.FromMillis(created), clock.FromMillis(updated), clock.FromMillis(until)
		out = append(out, m)
		return err
	})
	return out, err
}

// addCount adds one to a count and returns what it is then.
func addCount(tx *store.Tx, scope string, since time.Time) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO message_count (realm, scope, since, taken) VALUES ($1, $2, $3, 1)
		ON CONFLICT (realm, scope, since) DO UPDATE SET taken = message_count.taken + 1 RETURNING taken`,
		string(tx.Realm()), scope, clock.Millis(since))
	return n, err
}

// sweepMessages removes up to limit messages that are over and were made before
// at, and counts that began before counted. Ids begin with their second, so the
// key serves.
func sweepMessages(tx *store.Tx, at, counted time.Time, limit int) (int64, error) {
	gone, err := tx.Exec(`DELETE FROM message WHERE realm = $1 AND id IN (SELECT id FROM message WHERE realm = $1 AND id < $2 AND state <> 'queued' ORDER BY id LIMIT $3)`,
		string(tx.Realm()), fmt.Sprintf("%08x", uint32(at.Unix())), int64(limit))
	if err != nil {
		return 0, err
	}
	more, err := tx.Exec(`DELETE FROM message_count WHERE realm = $1 AND (scope, since) IN (SELECT scope, since FROM message_count WHERE realm = $1 AND since < $2 ORDER BY since LIMIT $3)`,
		string(tx.Realm()), clock.Millis(counted), int64(limit))
	return gone + more, err
}
