package webhook

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var endpointTable = &store.Table{Name: "webhook_endpoint", Key: 2, Columns: []string{"realm", "id", "version", "kind", "merchant", "url", "contract",
	"mode", "filter", "ordered", "state", "reason", "failing_since", "created_at", "events", "sealed", "key_version", "marketplace", "topics", "description", "metadata"}}

const endpointColumns = `id, version, kind, merchant, url, contract, mode, filter, ordered, state, reason, failing_since, created_at, events, sealed, key_version,
	marketplace, topics, description, metadata`

func endpointRow(tx *store.Tx, e Endpoint, version int64) []any {
	sealed := e.sealed
	if sealed == nil {
		sealed = []byte{} // the column takes no NULL
	}
	return []any{string(tx.Realm()), string(e.ID), version, string(e.Kind), string(e.Merchant), e.URL, e.Contract, string(e.Mode),
		strings.Join(e.Filter, " "), e.Ordered, string(e.State), e.Reason, clock.Millis(e.FailingSince), clock.Millis(e.CreatedAt), e.Events, sealed, e.keyVersion,
		string(e.Marketplace), strings.Join(e.Topics, " "), e.Description, e.Metadata}
}

func addEndpoint(tx *store.Tx, e Endpoint) { tx.Insert(endpointTable, endpointRow(tx, e, 1)...) }

// offerEndpoint writes e unless it is there already.
func offerEndpoint(tx *store.Tx, e Endpoint) error {
	_, err := tx.Exec(`INSERT INTO webhook_endpoint (realm, `+endpointColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT (realm, id) DO NOTHING`, endpointRow(tx, e, 1)...)
	return err
}

func saveEndpoint(tx *store.Tx, e *Endpoint) {
	tx.Swap(endpointTable, e.Version, endpointRow(tx, *e, e.Version+1)...)
	e.Version++
}

func getEndpoint(tx *store.Tx, id ident.ID) (Endpoint, bool, error) {
	list, err := listEndpoints(tx, `SELECT `+endpointColumns+` FROM webhook_endpoint WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err != nil || len(list) == 0 {
		return Endpoint{}, false, err
	}
	return list[0], true, nil
}

// endpointsOf lists the endpoints of the transaction's realm, oldest first.
func endpointsOf(tx *store.Tx) ([]Endpoint, error) {
	return listEndpoints(tx, `SELECT `+endpointColumns+` FROM webhook_endpoint WHERE realm = $1 ORDER BY created_at, id`, string(tx.Realm()))
}

// subscribers lists those that Fan has to look at.
func subscribers(tx *store.Tx) ([]Endpoint, error) {
	return listEndpoints(tx, `SELECT `+endpointColumns+` FROM webhook_endpoint WHERE realm = $1 AND kind = 'subscribed' AND state = 'active' ORDER BY id`, string(tx.Realm()))
}

// sealedBefore lists endpoints whose secrets an older data key sealed.
func sealedBefore(tx *store.Tx, version int64, limit int) ([]Endpoint, error) {
	return listEndpoints(tx, `SELECT `+endpointColumns+` FROM webhook_endpoint WHERE realm = $1 AND key_version > 0 AND key_version < $2 ORDER BY id LIMIT $3`,
		string(tx.Realm()), version, int64(limit))
}

func listEndpoints(tx *store.Tx, query string, args ...any) ([]Endpoint, error) {
	var out []Endpoint
	err := tx.All(query, args, func(scan func(...any) error) error {
		e, err := scanEndpoint(scan)
		out = append(out, e)
		return err
	})
	return out, err
}

func scanEndpoint(scan func(...any) error) (e Endpoint, err error) {
	var filter, topics string
	var failing, created int64
	err = scan(&e.ID, &e.Version, &e.Kind, &e.Merchant, &e.URL, &e.Contract, &e.Mode, &filter, &e.Ordered, &e.State, &e.Reason, &failing, &created, &e.Events,
		&e.sealed, &e.keyVersion, &e.Marketplace, &topics, &e.Description, &e.Metadata)
	e.Filter, e.Topics, e.FailingSince, e.CreatedAt = strings.Fields(filter), strings.Fields(topics), clock.FromMillis(failing), clock.FromMillis(created)
	return e, err
}

// endpointSorts are what a search may be sorted by.
var endpointSorts = map[string]string{"id": "id", "createdAt": "created_at", "url": "url", "state": "state"}

func searchEndpoints(tx *store.Tx, f Filter) (list []Endpoint, total int64, err error) {
	q := store.Search{Table: endpointTable.Name, Columns: endpointColumns, Sorts: endpointSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`kind = ?`, string(Subscribed))
	q.Where(`contract = ?`, f.Contract)
	store.In(&q, `id`, f.IDs)
	store.In(&q, `merchant`, f.Merchants)
	if f.Marketplace != "" {
		q.Where(`(marketplace = ? OR merchant IN (SELECT m.id FROM merchant m WHERE m.realm = ? AND m.marketplace = ?))`,
			string(f.Marketplace), string(tx.Realm()), string(f.Marketplace))
	}
	if f.State != "" {
		q.Where(`state = ?`, string(f.State))
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		e, err := scanEndpoint(scan)
		list = append(list, e)
		return err
	})
	return list, total, err
}

var deliveryTable = &store.Table{Name: "delivery", Key: 2, Columns: []string{"realm", "id", "version", "endpoint", "event", "event_type", "object", "seq",
	"url", "body", "content_type", "type", "action", "headers", "state", "ordered", "tries", "due_at", "since", "status", "error", "fence", "leased_until", "created_at", "events"}}

const deliveryColumns = `d.realm, d.id, d.version, d.endpoint, d.event, d.event_type, d.object, d.seq, d.url, d.body, d.content_type, d.type, d.action, d.headers,
	d.state, d.ordered, d.tries, d.due_at, d.since, d.status, d.error, d.fence, d.leased_until, d.created_at, d.events`

func deliveryRow(tx *store.Tx, d Delivery, version int64) ([]any, error) {
	headers := ""
	if len(d.Message.Headers) > 0 {
		text, err := json.Marshal(d.Message.Headers)
		if err != nil {
			return nil, fault.Wrap(err, "a message's headers")
		}
		headers = string(text)
	}
	return []any{string(tx.Realm()), string(d.ID), version, string(d.Endpoint), string(d.Event), d.EventType, string(d.Object), d.Seq, d.URL,
		d.Message.Body, d.Message.ContentType, d.Message.Type, d.Message.Action, headers, string(d.State), d.Ordered, d.Tries,
		clock.Millis(d.DueAt), clock.Millis(d.Since), int64(d.Status), d.Error, d.Fence, clock.Millis(d.leasedUntil), clock.Millis(d.CreatedAt), d.Events}, nil
}

func addDelivery(tx *store.Tx, d Delivery) error {
	row, err := deliveryRow(tx, d, 1)
	if err == nil {
		tx.Insert(deliveryTable, row...)
	}
	return err
}

func saveDelivery(tx *store.Tx, d *Delivery) error {
	row, err := deliveryRow(tx, *d, d.Version+1)
	if err == nil {
		tx.Swap(deliveryTable, d.Version, row...)
		d.Version++
	}
	return err
}

// scanDelivery reads deliveryColumns, and whatever columns follow into more.
func scanDelivery(scan func(...any) error, more ...any) (Delivery, error) {
	var d Delivery
	var headers string
	var due, since, leased, created int64
	m := &d.Message
	err := scan(append([]any{&d.Realm, &d.ID, &d.Version, &d.Endpoint, &d.Event, &d.EventType, &d.Object, &d.Seq, &d.URL, &m.Body, &m.ContentType, &m.Type, &m.Action, &headers,
		&d.State, &d.Ordered, &d.Tries, &due, &since, &d.Status, &d.Error, &d.Fence, &leased, &created, &d.Events}, more...)...)
	if err == nil && headers != "" {
		err = json.Unmarshal([]byte(headers), &m.Headers)
	}
	d.DueAt, d.Since, d.leasedUntil, d.CreatedAt = clock.FromMillis(due), clock.FromMillis(since), clock.FromMillis(leased), clock.FromMillis(created)
	return d, err
}

func getDelivery(tx *store.Tx, id ident.ID) (Delivery, error) {
	list, err := listDeliveries(tx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.realm = $1 AND d.id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.delivery", "no such delivery")
	}
	if err != nil {
		return Delivery{}, err
	}
	return list[0], nil
}

// deliveriesBelow lists deliveries older than id (newest first), of one
// endpoint if one is given.
func deliveriesBelow(tx *store.Tx, endpoint, id ident.ID, limit int) ([]Delivery, error) {
	if id == "" {
		id = "g" // above every hex digit
	}
	return listDeliveries(tx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.realm = $1 AND d.id < $2 AND ($3 = '' OR d.endpoint = $3) ORDER BY d.id DESC LIMIT $4`,
		string(tx.Realm()), string(id), string(endpoint), int64(limit))
}

func deliveriesAbout(tx *store.Tx, object ident.ID) ([]Delivery, error) {
	return listDeliveries(tx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.realm = $1 AND d.object = $2 ORDER BY d.seq, d.id`, string(tx.Realm()), string(object))
}

// following finds the next message about the same object that waits for d.
func following(tx *store.Tx, d Delivery) ([]Delivery, error) {
	return listDeliveries(tx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.realm = $1 AND d.object = $2 AND d.endpoint || '' = $3 AND d.state = 'waiting' AND d.ordered AND d.seq > $4
		ORDER BY d.seq LIMIT 1`, string(tx.Realm()), string(d.Object), string(d.Endpoint), d.Seq)
}

// waitingFor lists what an endpoint is owed, whenever due, unless it is on its
// way just now.
func waitingFor(tx *store.Tx, endpoint ident.ID, wall time.Time, limit int) ([]Delivery, error) {
	return listDeliveries(tx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.realm = $1 AND d.endpoint = $2 AND d.state = 'waiting' AND d.leased_until <= $3
		ORDER BY d.due_at LIMIT $4`, string(tx.Realm()), string(endpoint), clock.Millis(wall), int64(limit))
}

func listDeliveries(tx *store.Tx, query string, args ...any) ([]Delivery, error) {
	var out []Delivery
	err := tx.All(query, args, func(scan func(...any) error) error {
		d, err := scanDelivery(scan)
		out = append(out, d)
		return err
	})
	return out, err
}

// candidate is a delivery that is due, and when the one it has to let pass is
// due (zero: there is none).
type candidate struct {
	Delivery
	behind time.Time
}

// due lists an endpoint's deliveries that are due by the realm's clock and not
// leased by the wall's. The odd comparison of endpoints keeps the planner from
// walking the endpoint's whole backlog to look for an object's few messages.
func due(tx *store.Tx, endpoint ident.ID, wall time.Time, limit int) ([]candidate, error) {
	var out []candidate
	err := tx.All(`SELECT `+deliveryColumns+`, COALESCE((SELECT min(p.due_at) FROM delivery p
			WHERE p.realm = d.realm AND p.object = d.object AND p.endpoint || '' = d.endpoint AND p.state = 'waiting' AND p.ordered AND d.ordered AND p.seq < d.seq), 0)
		FROM delivery d WHERE d.realm = $1 AND d.endpoint = $2 AND d.state = 'waiting' AND d.due_at <= $3 AND d.leased_until <= $4 ORDER BY d.due_at, d.id LIMIT $5`,
		[]any{string(tx.Realm()), string(endpoint), clock.Millis(tx.Now()), clock.Millis(wall), int64(limit)}, func(scan func(...any) error) error {
			var behind int64
			d, err := scanDelivery(scan, &behind)
			out = append(out, candidate{d, clock.FromMillis(behind)})
			return err
		})
	return out, err
}

// waitingQueue is an endpoint that is owed something that is due.
type waitingQueue struct {
	realm    ident.ID
	endpoint ident.ID
	failing  bool
	leased   int64
}

// queues lists, over all realms, the endpoints with something due, in the order
// of their ids. It hops from endpoint to endpoint along the index, so its cost
// grows with the number of endpoints that wait and not with what they wait for.
func queues(tx *store.Tx, wall time.Time) ([]waitingQueue, error) {
	var out []waitingQueue
	err := tx.All(`WITH RECURSIVE queue (endpoint) AS (
			SELECT (SELECT min(d.endpoint) FROM delivery d WHERE d.state = 'waiting')
			UNION ALL
			SELECT (SELECT min(d.endpoint) FROM delivery d WHERE d.state = 'waiting' AND d.endpoint > q.endpoint) FROM queue q WHERE q.endpoint IS NOT NULL)
		SELECT e.realm, e.id, e.failing_since, (SELECT count(*) FROM delivery d WHERE d.endpoint = e.id AND d.leased_until > 0 AND d.leased_until > $1)
		FROM queue q JOIN webhook_endpoint e ON e.id = q.endpoint LEFT JOIN clock c ON c.realm = e.realm
		WHERE e.state = 'disabled' OR (SELECT min(d.due_at) FROM delivery d WHERE d.endpoint = e.id AND d.state = 'waiting') <= $1 + COALESCE(c.ahead_ms, 0)
		ORDER BY e.id`, []any{clock.Millis(wall)}, func(scan func(...any) error) error {
		var q waitingQueue
		var failing int64
		err := scan(&q.realm, &q.endpoint, &failing, &q.leased)
		q.failing = failing > 0
		out = append(out, q)
		return err
	})
	return out, err
}

var tryTable = &store.Table{Name: "delivery_try", Key: 3, Columns: []string{"realm", "delivery", "n", "at", "status", "error", "took_ms"}}

// addTry writes a line of a delivery's log and drops the oldest beyond ten.
func addTry(tx *store.Tx, delivery ident.ID, t Try) error {
	tx.Insert(tryTable, string(tx.Realm()), string(delivery), t.N, clock.Millis(t.At), int64(t.Status), t.Error, t.Took.Milliseconds())
	if t.N <= triesKept {
		return nil
	}
	_, err := tx.Exec(`DELETE FROM delivery_try WHERE realm = $1 AND delivery = $2 AND n <= $3`, string(tx.Realm()), string(delivery), t.N-triesKept)
	return err
}

func triesOf(tx *store.Tx, delivery ident.ID) ([]Try, error) {
	var out []Try
	err := tx.All(`SELECT n, at, status, error, took_ms FROM delivery_try WHERE realm = $1 AND delivery = $2 ORDER BY n`,
		[]any{string(tx.Realm()), string(delivery)}, func(scan func(...any) error) error {
			var t Try
			var at, took int64
			err := scan(&t.N, &at, &t.Status, &t.Error, &took)
			t.At, t.Took = clock.FromMillis(at), time.Duration(took)*time.Millisecond
			out = append(out, t)
			return err
		})
	return out, err
}

// addUnlisted counts a message for a server that is known, and says whether it is.
func addUnlisted(tx *store.Tx, merchant ident.ID, host string) (bool, error) {
	n, err := tx.Exec(`UPDATE webhook_unlisted SET messages = messages + 1, last_at = $4 WHERE realm = $1 AND merchant = $2 AND host = $3`,
		string(tx.Realm()), string(merchant), host, clock.Millis(tx.Now()))
	return n > 0, err
}

// makeUnlisted counts the first message for a server.
func makeUnlisted(tx *store.Tx, merchant ident.ID, host string) error {
	_, err := tx.Exec(`INSERT INTO webhook_unlisted (realm, merchant, host, messages, first_at, last_at) VALUES ($1, $2, $3, 1, $4, $4)
		ON CONFLICT (realm, merchant, host) DO UPDATE SET messages = webhook_unlisted.messages + 1, last_at = excluded.last_at`,
		string(tx.Realm()), string(merchant), host, clock.Millis(tx.Now()))
	return err
}

// unlistedOf says how many servers of a merchant are told apart.
func unlistedOf(tx *store.Tx, merchant ident.ID) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `SELECT COUNT(*) FROM webhook_unlisted WHERE realm = $1 AND merchant = $2`, string(tx.Realm()), string(merchant))
	return n, err
}

func unlisted(tx *store.Tx) (list []Unlisted, err error) {
	err = tx.All(`SELECT merchant, host, messages, first_at, last_at FROM webhook_unlisted WHERE realm = $1 ORDER BY last_at DESC, merchant, host LIMIT 1000`,
		[]any{string(tx.Realm())}, func(scan func(...any) error) error {
			var u Unlisted
			var first, last int64
			err := scan(&u.Merchant, &u.Host, &u.Messages, &first, &last)
			u.FirstAt, u.LastAt = clock.FromMillis(first), clock.FromMillis(last)
			list = append(list, u)
			return err
		})
	return list, err
}

// sweepUnlisted forgets up to limit servers for which there was no message since
// a moment.
func sweepUnlisted(tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM webhook_unlisted WHERE realm = $1 AND (merchant, host) IN
		(SELECT merchant, host FROM webhook_unlisted WHERE realm = $1 AND last_at < $2 ORDER BY last_at LIMIT $3)`,
		string(tx.Realm()), clock.Millis(before), int64(limit))
}

// sweepDeliveries removes up to limit deliveries that are over and were made
// before at, with their logs. Ids begin with their second, so the key serves.
func sweepDeliveries(tx *store.Tx, at time.Time, limit int) (int64, error) {
	below := fmt.Sprintf("%08x", uint32(at.Unix()))
	const over = `SELECT id FROM delivery WHERE realm = $1 AND id < $2 AND state <> 'waiting' ORDER BY id LIMIT $3`
	args := []any{string(tx.Realm()), below, int64(limit)}
	if _, err := tx.Exec(`DELETE FROM delivery_try WHERE realm = $1 AND delivery IN (`+over+`)`, args...); err != nil {
		return 0, err
	}
	return tx.Exec(`DELETE FROM delivery WHERE realm = $1 AND id IN (`+over+`)`, args...)
}
