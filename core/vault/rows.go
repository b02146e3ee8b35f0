package vault

import (
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

var sourceTable = &store.Table{Name: "source", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "customer", "method", "brand", "bin", "last4", "holder", "expiry_month", "expiry_year",
		"fingerprint", "state", "sealed", "key_version", "scheme_ref", "expires_at", "created_at", "events", "delegate", "scope", "about", "updated_at"}}

const sourceColumns = `id, version, merchant, customer, method, brand, bin, last4, holder, expiry_month, expiry_year,
	fingerprint, state, sealed, key_version, scheme_ref, expires_at, created_at, events, delegate, scope, about, updated_at`

func sourceRow(tx *store.Tx, s Source, version int64) []any {
	about, _ := json.Marshal(s.About) // texts and a truth value always encode
	sealed := s.sealed
	if sealed == nil {
		sealed = []byte{} // the column takes no NULL
	}
	return []any{string(tx.Realm()), string(s.ID), version, string(s.Merchant), string(s.Customer), string(s.Method), s.Brand, s.BIN, s.Last4, s.Holder,
		int64(s.ExpiryMonth), int64(s.ExpiryYear), s.Fingerprint, string(s.State), sealed, s.KeyVersion, s.SchemeRef,
		clock.Millis(s.ExpiresAt), clock.Millis(s.CreatedAt), s.Events, string(s.Delegate), string(s.Scope), string(about), clock.Millis(s.UpdatedAt)}
}

func addSource(tx *store.Tx, s Source) { tx.Insert(sourceTable, sourceRow(tx, s, 1)...) }

// saveSource writes s, which was read at s.Version, and counts the version up.
func saveSource(tx *store.Tx, s *Source) {
	s.UpdatedAt = tx.Now()
	tx.Swap(sourceTable, s.Version, sourceRow(tx, *s, s.Version+1)...)
	s.Version++
}

func scanSource(scan func(...any) error) (Source, error) {
	var s Source
	var expires, created, updated int64
	var about string
	err := scan(&s.ID, &s.Version, &s.Merchant, &s.Customer, &s.Method, &s.Brand, &s.BIN, &s.Last4, &s.Holder, &s.ExpiryMonth, &s.ExpiryYear,
		&s.Fingerprint, &s.State, &s.sealed, &s.KeyVersion, &s.SchemeRef, &expires, &created, &s.Events, &s.Delegate, &s.Scope, &about, &updated)
	if err != nil {
		return s, err
	}
	s.ExpiresAt, s.CreatedAt, s.UpdatedAt = clock.FromMillis(expires), clock.FromMillis(created), clock.FromMillis(updated)
	return s, json.Unmarshal([]byte(about), &s.About)
}

func getSource(tx *store.Tx, id ident.ID) (Source, error) {
	list, err := listSources(tx, `SELECT `+sourceColumns+` FROM source WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.source", "no such payment source")
	}
	if err != nil {
		return Source{}, err
	}
	return list[0], nil
}

func listSources(tx *store.Tx, query string, args ...any) ([]Source, error) {
	var out []Source
	err := tx.All(query, args, func(scan func(...any) error) error {
		s, err := scanSource(scan)
		out = append(out, s)
		return err
	})
	return out, err
}

func sourcesOf(tx *store.Tx, customer ident.ID, limit int) ([]Source, error) {
	return listSources(tx, `SELECT `+sourceColumns+` FROM source WHERE realm = $1 AND customer = $2 AND customer <> '' AND state = 'active' ORDER BY created_at DESC, id DESC LIMIT $3`,
		string(tx.Realm()), string(customer), int64(limit))
}

// overdue lists sources whose time is up.
func overdue(tx *store.Tx, at time.Time, limit int) ([]Source, error) {
	return listSources(tx, `SELECT `+sourceColumns+` FROM source WHERE realm = $1 AND state <> 'deleted' AND expires_at <= $2 ORDER BY expires_at LIMIT $3`,
		string(tx.Realm()), clock.Millis(at), int64(limit))
}

// sealedBefore lists sources that an older data key sealed.
func sealedBefore(tx *store.Tx, version int64, limit int) ([]Source, error) {
	return listSources(tx, `SELECT `+sourceColumns+` FROM source WHERE realm = $1 AND state <> 'deleted' AND key_version > 0 AND key_version < $2 ORDER BY key_version LIMIT $3`,
		string(tx.Realm()), version, int64(limit))
}

// keyRow is a wrapped data key.
type keyRow struct {
	version   int64
	wrapped   []byte
	kek       int64 // the key-encryption key that wrapped it
	createdAt time.Time
}

// offerKeyRow writes a data key unless its version is there already.
func offerKeyRow(tx *store.Tx, k keyRow) error {
	_, err := tx.Exec(`INSERT INTO vault_key (realm, version, wrapped, kek, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (realm, version) DO NOTHING`,
		string(tx.Realm()), k.version, k.wrapped, k.kek, clock.Millis(k.createdAt))
	return err
}

func newestKeyRow(tx *store.Tx) (keyRow, bool, error) {
	return oneKeyRow(tx, `SELECT version, wrapped, kek, created_at FROM vault_key WHERE realm = $1 ORDER BY version DESC LIMIT 1`, string(tx.Realm()))
}

func keyRowOf(tx *store.Tx, version int64) (keyRow, bool, error) {
	return oneKeyRow(tx, `SELECT version, wrapped, kek, created_at FROM vault_key WHERE realm = $1 AND version = $2`, string(tx.Realm()), version)
}

func oneKeyRow(tx *store.Tx, query string, args ...any) (keyRow, bool, error) {
	var k keyRow
	var created int64
	found, err := tx.Get([]any{&k.version, &k.wrapped, &k.kek, &created}, query, args...)
	k.createdAt = clock.FromMillis(created)
	return k, found, err
}

// realmKey is a data key of any realm, for the work that crosses realms.
type realmKey struct {
	realm ident.ID
	keyRow
}

// wrappedByOthers lists data keys that another key-encryption key than kek
// wrapped, in any realm.
func wrappedByOthers(tx *store.Tx, kek int64, limit int) ([]realmKey, error) {
	return realmKeys(tx, `SELECT realm, version, wrapped, kek, created_at FROM vault_key WHERE kek <> $1 ORDER BY realm, version LIMIT $2`, kek, int64(limit))
}

// anyKey lists the first data key of the installation, if there is one.
func anyKey(tx *store.Tx) ([]realmKey, error) {
	return realmKeys(tx, `SELECT realm, version, wrapped, kek, created_at FROM vault_key ORDER BY realm, version LIMIT 1`)
}

// leaveMark writes down whose database this is, unless that is known, and
// returns what is known.
func leaveMark(tx *store.Tx, mark string) (known string, err error) {
	if _, err = tx.Exec(`INSERT INTO installation (mark, value) VALUES ('keys', $1) ON CONFLICT (mark) DO NOTHING`, mark); err == nil {
		_, err = tx.Get([]any{&known}, `SELECT value FROM installation WHERE mark = 'keys'`)
	}
	return known, err
}

func realmKeys(tx *store.Tx, query string, args ...any) ([]realmKey, error) {
	var out []realmKey
	err := tx.All(query, args, func(scan func(...any) error) error {
		var k realmKey
		var created int64
		err := scan(&k.realm, &k.version, &k.wrapped, &k.kek, &created)
		k.createdAt = clock.FromMillis(created)
		out = append(out, k)
		return err
	})
	return out, err
}

// rewrapRow puts a new wrapping in the place of the old one, unless somebody
// else has done it already.
func rewrapRow(tx *store.Tx, old keyRow, wrapped []byte, kek int64) error {
	_, err := tx.Exec(`UPDATE vault_key SET wrapped = $1, kek = $2 WHERE realm = $3 AND version = $4 AND kek = $5`,
		wrapped, kek, string(tx.Realm()), old.version, old.kek)
	return err
}

// usePacket writes that a wallet's packet is spent on an object. It waits for
// others who do the same at the same time, and says whether one of them, or
// anyone before, was faster with another object.
func usePacket(tx *store.Tx, id string, object ident.ID, expires time.Time) (taken bool, err error) {
	n, err := tx.Exec(`INSERT INTO wallet_packet (realm, id, object, used_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (realm, id) DO NOTHING`, string(tx.Realm()), id, string(object), clock.Millis(tx.Now()), clock.Millis(expires))
	if err != nil || n == 1 {
		return false, err
	}
	var before ident.ID
	_, err = tx.Get([]any{&before}, `SELECT object FROM wallet_packet WHERE realm = $1 AND id = $2`, string(tx.Realm()), id)
	return before != object, err
}

// forgetPackets drops up to limit packets whose time was up before a moment.
func forgetPackets(tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM wallet_packet WHERE realm = $1 AND id IN
		(SELECT id FROM wallet_packet WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`, string(tx.Realm()), clock.Millis(before), int64(limit))
}

var tokenTable = &store.Table{Name: "payment_token", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "customer", "delegate", "kind", "method",
	"source", "currency", "amount", "surcharge", "quote", "unattended", "keep", "face", "reference", "state", "used_by", "used_at", "sealed", "key_version",
	"expires_at", "created_at"}}

const tokenColumns = `id, version, merchant, customer, delegate, kind, method, source, currency, amount, surcharge, quote, unattended, keep, face, reference,
	state, used_by, used_at, sealed, key_version, expires_at, created_at`

func tokenRow(tx *store.Tx, t Token, version int64) ([]any, error) {
	face, err := json.Marshal(t.Face)
	sealed := t.sealed
	if sealed == nil {
		sealed = []byte{} // the column takes no NULL
	}
	return []any{string(tx.Realm()), string(t.ID), version, string(t.Merchant), string(t.Customer), string(t.Delegate), string(t.Kind), string(t.Method),
		string(t.Source), string(t.Amount.Currency), t.Amount.Minor, t.Surcharge.Minor, string(t.Quote), t.Unattended, t.Keep, string(face), t.Reference,
		string(t.State), string(t.UsedBy), clock.Millis(t.UsedAt), sealed, t.keyVersion, clock.Millis(t.ExpiresAt), clock.Millis(t.CreatedAt)}, err
}

func addToken(tx *store.Tx, t Token) error {
	row, err := tokenRow(tx, t, 1)
	if err == nil {
		tx.Insert(tokenTable, row...)
	}
	return err
}

// saveToken writes t, which was read at t.Version, and counts the version up.
func saveToken(tx *store.Tx, t *Token) error {
	row, err := tokenRow(tx, *t, t.Version+1)
	if err == nil {
		tx.Swap(tokenTable, t.Version, row...)
		t.Version++
	}
	return err
}

func listTokens(tx *store.Tx, query string, args ...any) ([]Token, error) {
	var out []Token
	err := tx.All(query, args, func(scan func(...any) error) error {
		var t Token
		var currency money.Currency
		var amount, surcharge, used, expires, created int64
		var face string
		if err := scan(&t.ID, &t.Version, &t.Merchant, &t.Customer, &t.Delegate, &t.Kind, &t.Method, &t.Source, &currency, &amount, &surcharge, &t.Quote,
			&t.Unattended, &t.Keep, &face, &t.Reference, &t.State, &t.UsedBy, &used, &t.sealed, &t.keyVersion, &expires, &created); err != nil {
			return err
		}
		t.Amount, t.Surcharge = money.Of(amount, currency), money.Of(surcharge, currency)
		t.UsedAt, t.ExpiresAt, t.CreatedAt = clock.FromMillis(used), clock.FromMillis(expires), clock.FromMillis(created)
		err := json.Unmarshal([]byte(face), &t.Face)
		out = append(out, t)
		return err
	})
	return out, err
}

func getToken(tx *store.Tx, id ident.ID) (Token, error) {
	list, err := listTokens(tx, `SELECT `+tokenColumns+` FROM payment_token WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = noToken()
	}
	if err != nil {
		return Token{}, err
	}
	return list[0], nil
}

// overdueTokens lists open tokens whose time is up.
func overdueTokens(tx *store.Tx, at time.Time, limit int) ([]Token, error) {
	return listTokens(tx, `SELECT `+tokenColumns+` FROM payment_token WHERE realm = $1 AND state = 'open' AND expires_at <= $2 ORDER BY expires_at LIMIT $3`,
		string(tx.Realm()), clock.Millis(at), int64(limit))
}

// sourceSorts are what a search may be sorted by.
var sourceSorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at"}

func searchSources(tx *store.Tx, f SourceFilter) (list []Source, total int64, err error) {
	q := store.Search{Table: sourceTable.Name, Columns: sourceColumns, Sorts: sourceSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`state = 'active'`)
	q.Where(`expires_at > ?`, clock.Millis(tx.Now()))
	ofMerchants(&q, tx, f.Merchants, f.Marketplace)
	switch {
	case f.Delegate != "":
		q.Where(`((customer = ? AND scope <> 'delegate') OR (delegate = ? AND scope = 'delegate'))`, string(f.Customer), string(f.Delegate))
	case f.Customer != "":
		q.Where(`customer = ?`, string(f.Customer))
	}
	if f.Scope != "" {
		q.Where(`scope = ?`, string(f.Scope))
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		s, err := scanSource(scan)
		list = append(list, s)
		return err
	})
	return list, total, err
}

// ofMerchants asks that a row's merchant is one of some, or a marketplace's.
func ofMerchants(q *store.Search, tx *store.Tx, merchants []ident.ID, marketplace ident.ID) {
	store.In(q, `merchant`, merchants)
	if marketplace != "" {
		q.Where(`merchant IN (SELECT m.id FROM merchant m WHERE m.realm = ? AND m.marketplace = ?)`, string(tx.Realm()), string(marketplace))
	}
}

var blockedTable = &store.Table{Name: "blocked_card", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "customer", "payment", "fingerprint", "brand",
	"bin", "last4", "expiry_month", "expiry_year", "reason", "blocked_until", "unblocked_at", "notes", "created_at"}}

const blockedColumns = `id, version, merchant, customer, payment, fingerprint, brand, bin, last4, expiry_month, expiry_year, reason, blocked_until,
	unblocked_at, notes, created_at`

func blockedRow(tx *store.Tx, b BlockedCard, version int64) []any {
	return []any{string(tx.Realm()), string(b.ID), version, string(b.Merchant), string(b.Customer), string(b.Payment), b.Face.Fingerprint, b.Face.Brand, b.Face.BIN,
		b.Face.Last4, int64(b.Face.ExpiryMonth), int64(b.Face.ExpiryYear), b.Reason, clock.Millis(b.BlockedUntil), clock.Millis(b.UnblockedAt), b.Notes, clock.Millis(b.CreatedAt)}
}

func addBlocked(tx *store.Tx, b BlockedCard) { tx.Insert(blockedTable, blockedRow(tx, b, 1)...) }

func saveBlocked(tx *store.Tx, b *BlockedCard) {
	tx.Swap(blockedTable, b.Version, blockedRow(tx, *b, b.Version+1)...)
	b.Version++
}

func scanBlocked(scan func(...any) error) (b BlockedCard, err error) {
	var until, unblocked, created int64
	err = scan(&b.ID, &b.Version, &b.Merchant, &b.Customer, &b.Payment, &b.Face.Fingerprint, &b.Face.Brand, &b.Face.BIN, &b.Face.Last4, &b.Face.ExpiryMonth,
		&b.Face.ExpiryYear, &b.Reason, &until, &unblocked, &b.Notes, &created)
	b.BlockedUntil, b.UnblockedAt, b.CreatedAt = clock.FromMillis(until), clock.FromMillis(unblocked), clock.FromMillis(created)
	return b, err
}

func listBlocked(tx *store.Tx, query string, args ...any) (out []BlockedCard, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		b, err := scanBlocked(scan)
		out = append(out, b)
		return err
	})
	return out, err
}

// blockedCard finds a card that is blocked at a merchant.
func blockedCard(tx *store.Tx, merchant ident.ID, fingerprint string) (b BlockedCard, found bool, err error) {
	list, err := listBlocked(tx, `SELECT `+blockedColumns+` FROM blocked_card WHERE realm = $1 AND merchant = $2 AND fingerprint = $3 AND unblocked_at = 0`,
		string(tx.Realm()), string(merchant), fingerprint)
	if len(list) == 0 {
		return b, false, err
	}
	return list[0], true, err
}

func getBlocked(tx *store.Tx, id ident.ID) (BlockedCard, error) {
	list, err := listBlocked(tx, `SELECT `+blockedColumns+` FROM blocked_card WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.blocked_card", "no such blocked card")
	}
	if err != nil {
		return BlockedCard{}, err
	}
	return list[0], nil
}

// overdueBlocked lists blocked cards whose time is up.
func overdueBlocked(tx *store.Tx, at time.Time, limit int) ([]BlockedCard, error) {
	return listBlocked(tx, `SELECT `+blockedColumns+` FROM blocked_card WHERE realm = $1 AND unblocked_at = 0 AND blocked_until > 0 AND blocked_until <= $2
		ORDER BY blocked_until LIMIT $3`, string(tx.Realm()), clock.Millis(at), int64(limit))
}

// blockedSorts are what a search may be sorted by.
var blockedSorts = map[string]string{"id": "id", "createdAt": "created_at", "last4": "last4", "brand": "brand"}

func searchBlocked(tx *store.Tx, f BlockedFilter) (list []BlockedCard, total int64, err error) {
	q := store.Search{Table: blockedTable.Name, Columns: blockedColumns, Sorts: blockedSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`unblocked_at = 0`)
	q.Where(`(blocked_until = 0 OR blocked_until > ?)`, clock.Millis(tx.Now()))
	store.In(&q, `id`, f.IDs)
	ofMerchants(&q, tx, f.Merchants, f.Marketplace)
	store.In(&q, `customer`, f.Customers)
	store.In(&q, `payment`, f.Payments)
	store.In(&q, `brand`, f.Brands)
	if f.Last4 != "" {
		q.Where(`last4 = ?`, f.Last4)
	}
	q.Span(`created_at`, f.Created)
	total, err = tx.Search(q, func(scan func(...any) error) error {
		b, err := scanBlocked(scan)
		list = append(list, b)
		return err
	})
	return list, total, err
}

var noteTable = &store.Table{Name: "blocked_card_note", Key: 3, Columns: []string{"realm", "card", "seq", "what", "actor", "note", "created_at"}}

func addNote(tx *store.Tx, card ident.ID, n BlockedNote) {
	tx.Insert(noteTable, string(tx.Realm()), string(card), n.Seq, n.What, n.Actor, n.Text, clock.Millis(n.At))
}

func searchNotes(tx *store.Tx, card ident.ID, p store.Page) (list []BlockedNote, total int64, err error) {
	q := store.Search{Table: noteTable.Name, Columns: `seq, what, actor, note, created_at`, Sorts: map[string]string{"id": "seq", "createdAt": "seq"}, Tie: "seq", Page: p}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`card = ?`, string(card))
	total, err = tx.Search(q, func(scan func(...any) error) error {
		var n BlockedNote
		var at int64
		err := scan(&n.Seq, &n.What, &n.Actor, &n.Text, &at)
		n.At = clock.FromMillis(at)
		list = append(list, n)
		return err
	})
	return list, total, err
}

// countDecline writes a decline down and says how many there were since a
// moment, with it.
func countDecline(tx *store.Tx, d Decline, since time.Time) (n int64, err error) {
	if _, err = tx.Exec(`INSERT INTO card_decline (realm, merchant, fingerprint, payment, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		string(tx.Realm()), string(d.Merchant), d.Face.Fingerprint, string(d.Payment), clock.Millis(tx.Now())); err == nil {
		_, err = tx.Get([]any{&n}, `SELECT COUNT(*) FROM card_decline WHERE realm = $1 AND merchant = $2 AND fingerprint = $3 AND at > $4`,
			string(tx.Realm()), string(d.Merchant), d.Face.Fingerprint, clock.Millis(since))
	}
	return n, err
}

// forgetDeclines drops up to limit declines of before a moment.
func forgetDeclines(tx *store.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM card_decline WHERE realm = $1 AND (merchant, fingerprint, payment) IN
		(SELECT merchant, fingerprint, payment FROM card_decline WHERE realm = $1 AND at <= $2 ORDER BY at LIMIT $3)`, string(tx.Realm()), clock.Millis(before), int64(limit))
}
