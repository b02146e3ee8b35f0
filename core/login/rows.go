package login

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var personTable = &store.Table{Name: "person", Key: 2, Columns: []string{"realm", "id", "version", "number", "unique_id", "given_name", "middle_name", "surname",
	"company", "locale", "password", "disabled_at", "created_at", "updated_at", "address"}}

const personColumns = `id, version, number, unique_id, given_name, middle_name, surname, company, locale, password, disabled_at, created_at, updated_at, address`

func personRow(p Person, version int64) []any {
	address, _ := json.Marshal(p.Address) // of texts alone: it cannot fail
	return []any{string(p.Realm), string(p.ID), version, p.Number, p.UniqueID, p.GivenName, p.Middle, p.Surname, p.Company, p.Locale, p.password,
		clock.Millis(p.DisabledAt), clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt), string(address)}
}

func addPerson(tx *store.Tx, p Person) { tx.Insert(personTable, personRow(p, 1)...) }

func savePerson(tx *store.Tx, p *Person) {
	tx.Swap(personTable, p.Version, personRow(*p, p.Version+1)...)
	p.Version++
}

// personBy finds a person by one of the unique columns id, number, unique_id.
func personBy(tx *store.Tx, column string, value any) (p Person, found bool, err error) {
	p.Realm = tx.Realm()
	var disabled, created, updated int64
	var address string
	found, err = tx.Get([]any{&p.ID, &p.Version, &p.Number, &p.UniqueID, &p.GivenName, &p.Middle, &p.Surname, &p.Company, &p.Locale, &p.password, &disabled, &created, &updated, &address},
		`SELECT `+personColumns+` FROM person WHERE realm = $1 AND `+column+` = $2`, string(tx.Realm()), value)
	p.DisabledAt, p.CreatedAt, p.UpdatedAt = clock.FromMillis(disabled), clock.FromMillis(created), clock.FromMillis(updated)
	if err == nil && found {
		err = json.Unmarshal([]byte(address), &p.Address)
	}
	return p, found, err
}

func getPerson(tx *store.Tx, id ident.ID) (Person, error) {
	p, found, err := personBy(tx, "id", string(id))
	if err == nil && !found {
		err = errNobody
	}
	return p, err
}

var credentialTable = &store.Table{Name: "person_credential", Key: 2, Columns: []string{"realm", "credential", "version", "person", "level", "added_at"}}

func credentialRow(tx *store.Tx, c Credential, version int64) []any {
	return []any{string(tx.Realm()), c.String(), version, string(c.Person), string(c.Level), clock.Millis(c.AddedAt)}
}

func addCredential(tx *store.Tx, c Credential) {
	tx.Insert(credentialTable, credentialRow(tx, c, 1)...)
}

func saveCredential(tx *store.Tx, c *Credential) {
	tx.Swap(credentialTable, c.Version, credentialRow(tx, *c, c.Version+1)...)
	c.Version++
}

func getCredential(tx *store.Tx, c Credential) (Credential, bool, error) {
	list, err := listCredentials(tx, `SELECT credential, version, person, level, added_at FROM person_credential WHERE realm = $1 AND credential = $2`,
		string(tx.Realm()), c.String())
	if err != nil || len(list) == 0 {
		return Credential{}, false, err
	}
	return list[0], true, nil
}

func credentialsOf(tx *store.Tx, person ident.ID) ([]Credential, error) {
	return listCredentials(tx, `SELECT credential, version, person, level, added_at FROM person_credential WHERE realm = $1 AND person = $2 ORDER BY added_at, credential`,
		string(tx.Realm()), string(person))
}

func listCredentials(tx *store.Tx, query string, args ...any) ([]Credential, error) {
	var out []Credential
	err := tx.All(query, args, func(scan func(...any) error) error {
		var c Credential
		var name string
		var added int64
		err := scan(&name, &c.Version, &c.Person, &c.Level, &added)
		c.Kind, c.Value = split(name)
		c.AddedAt = clock.FromMillis(added)
		out = append(out, c)
		return err
	})
	return out, err
}

// addTry counts a try and returns the how-manieth it is since the last rest. A
// rest that began after cutoff is not made longer.
func addTry(tx *store.Tx, c Credential, cutoff time.Time) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO login_try (realm, credential, failures, at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (realm, credential) DO UPDATE SET
			failures = CASE WHEN login_try.at <= $4 THEN 1 ELSE login_try.failures + 1 END,
			at = CASE WHEN login_try.at <= $4 OR login_try.failures < $5 THEN excluded.at ELSE login_try.at END
		RETURNING failures`, string(tx.Realm()), c.String(), clock.Millis(tx.Now()), clock.Millis(cutoff), int64(triesLimit))
	return n, err
}

func forgive(tx *store.Tx, c Credential) error {
	_, err := tx.Exec(`DELETE FROM login_try WHERE realm = $1 AND credential = $2`, string(tx.Realm()), c.String())
	return err
}

func setCode(tx *store.Tx, c Credential, hash string, until time.Time) error {
	_, err := tx.Exec(`INSERT INTO login_code (realm, credential, hash, tries, expires_at) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (realm, credential) DO UPDATE SET hash = excluded.hash, tries = 0, expires_at = excluded.expires_at`,
		string(tx.Realm()), c.String(), hash, clock.Millis(until))
	return err
}

// tryCode counts a try of a credential's code and returns the code's hash, "-"
// when there is none.
func tryCode(tx *store.Tx, c Credential) (hash string, tries int64, until time.Time, err error) {
	var expires int64
	found, err := tx.Get([]any{&hash, &tries, &expires}, `UPDATE login_code SET tries = tries + 1 WHERE realm = $1 AND credential = $2 RETURNING hash, tries, expires_at`,
		string(tx.Realm()), c.String())
	if !found {
		hash = "-"
	}
	return hash, tries, clock.FromMillis(expires), err
}

func dropCode(tx *store.Tx, c Credential) error {
	_, err := tx.Exec(`DELETE FROM login_code WHERE realm = $1 AND credential = $2`, string(tx.Realm()), c.String())
	return err
}

var sessionTable = &store.Table{Name: "login_session", Key: 2, Columns: []string{"realm", "id", "person", "client", "credential", "created_at", "expires_at"}}

func addSession(tx *store.Tx, s Session) {
	tx.Insert(sessionTable, string(s.Realm), s.id, string(s.Person), string(s.Client), s.Credential.String(), clock.Millis(s.CreatedAt), clock.Millis(s.ExpiresAt))
}

func getSession(tx *store.Tx, id string) (s Session, found bool, err error) {
	s.Realm, s.id = tx.Realm(), id
	var credential string
	var created, expires int64
	found, err = tx.Get([]any{&s.Person, &s.Client, &credential, &created, &expires},
		`SELECT person, client, credential, created_at, expires_at FROM login_session WHERE realm = $1 AND id = $2`, string(tx.Realm()), id)
	s.Credential.Kind, s.Credential.Value = split(credential)
	s.CreatedAt, s.ExpiresAt = clock.FromMillis(created), clock.FromMillis(expires)
	return s, found, err
}

func dropSession(tx *store.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM login_session WHERE realm = $1 AND id = $2`, string(tx.Realm()), id)
	return err
}

func dropSessions(tx *store.Tx, person ident.ID, keep string) error {
	_, err := tx.Exec(`DELETE FROM login_session WHERE realm = $1 AND person = $2 AND id <> $3`, string(tx.Realm()), string(person), keep)
	return err
}

var clientTable = &store.Table{Name: "oauth_client", Key: 2, Columns: []string{"realm", "id", "version", "code", "name", "merchant", "hash", "redirects", "hosts",
	"scopes", "result_param", "access_seconds", "remember", "disabled_at", "created_at"}}

const clientColumns = `realm, id, version, code, name, merchant, hash, redirects, hosts, scopes, result_param, access_seconds, remember, disabled_at, created_at`

func clientRow(c Client, version int64) []any {
	return []any{string(c.Realm), string(c.ID), version, c.Code, c.Name, string(c.Merchant), c.hash, strings.Join(c.Redirects, "\n"), strings.Join(c.Hosts, "\n"),
		strings.Join(c.Scopes, " "), c.ResultParam, int64(c.AccessLife / time.Second), c.Remember, clock.Millis(c.DisabledAt), clock.Millis(c.CreatedAt)}
}

func addClient(tx *store.Tx, c Client) { tx.Insert(clientTable, clientRow(c, 1)...) }

func saveClient(tx *store.Tx, c *Client) {
	tx.Swap(clientTable, c.Version, clientRow(*c, c.Version+1)...)
	c.Version++
}

// clientByCode reads a client by its code alone: the code is what tells the realm.
func clientByCode(tx *store.Tx, code string) (Client, bool, error) {
	return oneClient(tx, `code = $1`, code)
}

func getClient(tx *store.Tx, id ident.ID) (Client, bool, error) {
	return oneClient(tx, `realm = $1 AND id = $2`, string(tx.Realm()), string(id))
}

func oneClient(tx *store.Tx, which string, args ...any) (Client, bool, error) {
	list, err := listClients(tx, which, args...)
	if err != nil || len(list) == 0 {
		return Client{}, false, err
	}
	return list[0], true, nil
}

func listClients(tx *store.Tx, which string, args ...any) (list []Client, err error) {
	err = tx.All(`SELECT `+clientColumns+` FROM oauth_client WHERE `+which, args, func(scan func(...any) error) error {
		var c Client
		var redirects, hosts, scopes string
		var life, disabled, created int64
		err := scan(&c.Realm, &c.ID, &c.Version, &c.Code, &c.Name, &c.Merchant, &c.hash, &redirects, &hosts, &scopes, &c.ResultParam, &life, &c.Remember, &disabled, &created)
		c.Redirects, c.Hosts, c.Scopes = strings.Fields(redirects), strings.Fields(hosts), strings.Fields(scopes)
		c.AccessLife, c.DisabledAt, c.CreatedAt = time.Duration(life)*time.Second, clock.FromMillis(disabled), clock.FromMillis(created)
		list = append(list, c)
		return err
	})
	return list, err
}

var codeTable = &store.Table{Name: "oauth_code", Key: 2, Columns: []string{"realm", "id", "version", "grant_id", "client", "person", "credential", "redirect",
	"scopes", "challenge", "expires_at", "used_at"}}

func codeRow(tx *store.Tx, a authorisation, version int64) []any {
	return []any{string(tx.Realm()), a.id, version, string(a.grant), string(a.client), string(a.person), a.credential, a.redirect, strings.Join(a.scopes, " "), a.challenge,
		clock.Millis(a.expiresAt), clock.Millis(a.usedAt)}
}

func addAuthorisation(tx *store.Tx, a authorisation) { tx.Insert(codeTable, codeRow(tx, a, 1)...) }

func saveAuthorisation(tx *store.Tx, a *authorisation) {
	tx.Swap(codeTable, a.version, codeRow(tx, *a, a.version+1)...)
	a.version++
}

func getAuthorisation(tx *store.Tx, id string) (a authorisation, found bool, err error) {
	a.id = id
	var scopes string
	var expires, used int64
	found, err = tx.Get([]any{&a.version, &a.grant, &a.client, &a.person, &a.credential, &a.redirect, &scopes, &a.challenge, &expires, &used},
		`SELECT version, grant_id, client, person, credential, redirect, scopes, challenge, expires_at, used_at FROM oauth_code WHERE realm = $1 AND id = $2`, string(tx.Realm()), id)
	a.scopes, a.expiresAt, a.usedAt = strings.Fields(scopes), clock.FromMillis(expires), clock.FromMillis(used)
	return a, found, err
}

var tokenTable = &store.Table{Name: "oauth_token", Key: 2, Columns: []string{"realm", "id", "version", "kind", "grant_id", "client", "person", "credential", "scopes",
	"created_at", "expires_at", "used_at", "revoked_at"}}

func tokenRow(tx *store.Tx, t token, version int64) []any {
	return []any{string(tx.Realm()), t.id, version, t.kind, string(t.grant), string(t.client), string(t.person), t.credential, strings.Join(t.scopes, " "),
		clock.Millis(t.createdAt), clock.Millis(t.expiresAt), clock.Millis(t.usedAt), clock.Millis(t.revokedAt)}
}

func addToken(tx *store.Tx, t token) { tx.Insert(tokenTable, tokenRow(tx, t, 1)...) }

func saveToken(tx *store.Tx, t *token) {
	tx.Swap(tokenTable, t.version, tokenRow(tx, *t, t.version+1)...)
	t.version++
}

func getToken(tx *store.Tx, id string) (t token, found bool, err error) {
	t.id = id
	var scopes string
	var created, expires, used, revoked int64
	found, err = tx.Get([]any{&t.version, &t.kind, &t.grant, &t.client, &t.person, &t.credential, &scopes, &created, &expires, &used, &revoked},
		`SELECT version, kind, grant_id, client, person, credential, scopes, created_at, expires_at, used_at, revoked_at FROM oauth_token WHERE realm = $1 AND id = $2`,
		string(tx.Realm()), id)
	t.scopes = strings.Fields(scopes)
	t.createdAt, t.expiresAt, t.usedAt, t.revokedAt = clock.FromMillis(created), clock.FromMillis(expires), clock.FromMillis(used), clock.FromMillis(revoked)
	return t, found, err
}

// revokeGrant ends every token that descends from one sign-in. The version
// moves too, so that whoever is just about to use one decides again.
func revokeGrant(tx *store.Tx, grant ident.ID) error {
	_, err := tx.Exec(`UPDATE oauth_token SET revoked_at = $3, version = version + 1 WHERE realm = $1 AND grant_id = $2 AND revoked_at = 0`,
		string(tx.Realm()), string(grant), clock.Millis(tx.Now()))
	return err
}

// revokeOf ends every token of a person, and the codes that wait.
func revokeOf(tx *store.Tx, person ident.ID) error {
	if _, err := tx.Exec(`UPDATE oauth_code SET used_at = $3, version = version + 1 WHERE realm = $1 AND person = $2 AND used_at = 0`,
		string(tx.Realm()), string(person), clock.Millis(tx.Now())); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE oauth_token SET revoked_at = $3, version = version + 1 WHERE realm = $1 AND person = $2 AND revoked_at = 0 AND person <> ''`,
		string(tx.Realm()), string(person), clock.Millis(tx.Now()))
	return err
}

// sweeps are what is over some time after a moment of its own.
var sweeps = []string{
	`DELETE FROM login_session WHERE realm = $1 AND id IN (SELECT id FROM login_session WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`,
	`DELETE FROM login_code WHERE realm = $1 AND credential IN (SELECT credential FROM login_code WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`,
	`DELETE FROM login_try WHERE realm = $1 AND credential IN (SELECT credential FROM login_try WHERE realm = $1 AND at < $2 ORDER BY at LIMIT $3)`,
	`DELETE FROM oauth_code WHERE realm = $1 AND id IN (SELECT id FROM oauth_code WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`,
	`DELETE FROM oauth_token WHERE realm = $1 AND id IN (SELECT id FROM oauth_token WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`,
}

func sweep(tx *store.Tx, before time.Time, limit int) (done int64, err error) {
	for _, query := range sweeps {
		n, err := tx.Exec(query, string(tx.Realm()), clock.Millis(before), int64(limit))
		if err != nil {
			return 0, err
		}
		done += n
	}
	return done, nil
}
