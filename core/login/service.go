package login

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/store"
)

// Service keeps people, sessions, clients and tokens.
type Service struct {
	DB     *store.DB
	Notify *notify.Service
	Pepper []byte    // keys the hashes; kept outside the database
	Random io.Reader // at least as good as crypto/rand.Reader outside simulations
	Clock  clock.Clock

	clients sync.Map // code -> knownClient
	once    sync.Once
	hashing chan struct{}
}

// A client that was read less than this long ago is believed, so that what the
// operator takes from it is gone within a second on every node.
const clientCacheAge = time.Second

type knownClient struct {
	client Client
	readAt time.Time
}

// AddClient makes a client. secret is its secret, made at random when it is
// empty, and none at all for one that is public; it is returned because nobody
// can read it again. Faults: invalid.client, conflict.client (the code is taken).
func (s *Service) AddClient(ctx context.Context, realm ident.ID, by audit.By, c Client, secret method.Secret, public bool) (Client, method.Secret, error) {
	if err := c.check(); err != nil {
		return Client{}, method.Secret{}, err
	}
	if secret.Empty() && !public {
		var err error
		if secret, err = s.NewSecret(); err != nil {
			return Client{}, method.Secret{}, err
		}
	}
	if c.Scopes == nil {
		c.Scopes = []string{ReadScope, WriteScope}
	}
	if c.hash = ""; !public {
		c.hash = s.digest("client secret", secret.Reveal())
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, found, err := clientByCode(tx, c.Code); err != nil || found {
			if err == nil {
				err = fault.New("conflict.client", "the client id %s is taken", c.Code)
			}
			return err
		}
		c.Realm, c.ID, c.Version, c.CreatedAt = realm, tx.NewID(), 1, tx.Now()
		addClient(tx, c)
		audit.Add(tx, by, "client.add", c.ID, "ok")
		return nil
	})
	var exists *store.Exists
	if errors.As(err, &exists) {
		err = fault.New("conflict.client", "the client id %s is taken", c.Code)
	}
	return c, secret, err
}

// NewSecret makes a secret for a client: 64 hex digits.
func (s *Service) NewSecret() (method.Secret, error) {
	raw, err := s.bytes(32)
	return method.Conceal(hex.EncodeToString(raw)), err
}

// ChangeClient lets change bring a client up to date; with a secret that is not
// empty it gets a new one. Its code and realm stay.
// Faults: not_found.client, invalid.client.
func (s *Service) ChangeClient(ctx context.Context, realm ident.ID, by audit.By, code string, secret method.Secret, change func(c *Client)) (c Client, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		old, found, err := clientByCode(tx, code)
		if err != nil {
			return err
		}
		if !found || old.Realm != realm {
			return errNoClient
		}
		c = old
		change(&c)
		c.Realm, c.ID, c.Version, c.Code, c.CreatedAt, c.hash = old.Realm, old.ID, old.Version, old.Code, old.CreatedAt, old.hash
		if !secret.Empty() {
			c.hash = s.digest("client secret", secret.Reveal())
		}
		if err := c.check(); err != nil {
			return err
		}
		saveClient(tx, &c)
		audit.Add(tx, by, "client.change", c.ID, "ok")
		return nil
	})
	s.clients.Delete(code)
	return c, err
}

var errNoClient = fault.New("not_found.client", "no such client")

// Client finds a client that is not disabled by its code, which is unique in
// the installation. Faults: not_found.client.
func (s *Service) Client(ctx context.Context, code string) (Client, error) {
	if v, ok := s.clients.Load(code); ok {
		if k := v.(knownClient); s.Clock().Sub(k.readAt).Abs() < clientCacheAge {
			return k.client, nil
		}
	}
	k := knownClient{readAt: s.Clock()}
	found := false
	err := s.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
		k.client, found, err = clientByCode(tx, code)
		return err
	})
	if err != nil {
		return Client{}, err
	}
	if !found || !k.client.DisabledAt.IsZero() {
		return Client{}, errNoClient
	}
	s.clients.Store(code, k) // strangers' codes are not found, so they do not fill the memory
	return k.client, nil
}

// AnyClient finds a client by its code, a disabled one too: for the operator.
// Faults: not_found.client.
func (s *Service) AnyClient(ctx context.Context, code string) (c Client, err error) {
	err = s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		var found bool
		if c, found, err = clientByCode(tx, code); err == nil && !found {
			err = errNoClient
		}
		return err
	})
	return c, err
}

// Clients lists a realm's clients, the oldest first.
func (s *Service) Clients(ctx context.Context, realm ident.ID) (list []Client, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = listClients(tx, `realm = $1 ORDER BY id`, string(realm))
		return err
	})
	return list, err
}

// Confidential finds the client that a code and a secret stand for.
// Faults: unauthenticated.client (unknown, disabled or wrong: all alike).
func (s *Service) Confidential(ctx context.Context, code, secret string) (Client, error) {
	c, err := s.Client(ctx, code)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Client{}, err
	}
	want := c.hash
	if want == "" {
		want = s.digest("client secret", "no such client")
	}
	if !same(s.digest("client secret", secret), want) || c.hash == "" {
		return Client{}, fault.New("unauthenticated.client", "unknown client or wrong secret")
	}
	return c, nil
}

// Enrol makes a person who signs in with a credential, which is the person's to
// the given level. Faults: conflict.credential.
func (s *Service) Enrol(ctx context.Context, realm ident.ID, c Credential, names Names) (p Person, err error) {
	if err := names.Check(); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, found, err := getCredential(tx, c); err != nil || found {
			if err == nil {
				err = errTaken
			}
			return err
		}
		p, err = s.enrol(tx, c, names)
		return err
	})
	var exists *store.Exists
	if errors.As(err, &exists) {
		err = errTaken
	}
	return p, err
}

var errTaken = fault.New("conflict.credential", "this credential is somebody's already")

func (s *Service) enrol(tx *store.Tx, c Credential, names Names) (p Person, err error) {
	raw, err := s.bytes(16)
	if err != nil {
		return p, err
	}
	p = Person{Realm: tx.Realm(), ID: tx.NewID(), Version: 1, UniqueID: hex.EncodeToString(raw), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		GivenName: names.GivenName, Middle: names.Middle, Surname: names.Surname, Company: names.Company, Locale: names.Locale}
	for taken := true; taken; {
		if p.Number, err = s.number(100_000_000, 1_000_000_000); err != nil {
			return p, err
		}
		if _, taken, err = personBy(tx, "number", p.Number); err != nil {
			return p, err
		}
	}
	addPerson(tx, p)
	c.Person, c.AddedAt = p.ID, tx.Now()
	addCredential(tx, c)
	return p, nil
}

// AddCredential gives a person one more credential.
// Faults: conflict.credential, not_found.person.
func (s *Service) AddCredential(ctx context.Context, realm, person ident.ID, c Credential) error {
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, err := getPerson(tx, person); err != nil {
			return err
		}
		old, found, err := getCredential(tx, c)
		if err != nil || found {
			if err == nil && old.Person != person {
				err = errTaken
			}
			return err
		}
		c.Person, c.AddedAt = person, tx.Now()
		addCredential(tx, c)
		return nil
	})
	var exists *store.Exists
	if errors.As(err, &exists) {
		err = errTaken
	}
	return err
}

// Person finds a person. Faults: not_found.person.
func (s *Service) Person(ctx context.Context, realm, id ident.ID) (p Person, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		p, err = getPerson(tx, id)
		return err
	})
	return p, err
}

// PersonIn finds a person inside a transaction. Faults: not_found.person.
func PersonIn(tx *store.Tx, id ident.ID) (Person, error) { return getPerson(tx, id) }

// ByNumber finds a person by the contract's customerNumber.
// Faults: not_found.person.
func (s *Service) ByNumber(ctx context.Context, realm ident.ID, number int64) (p Person, err error) {
	return s.by(ctx, realm, "number", number)
}

// ByUniqueID finds a person by the 32 hex digits that clients know.
// Faults: not_found.person.
func (s *Service) ByUniqueID(ctx context.Context, realm ident.ID, id string) (p Person, err error) {
	return s.by(ctx, realm, "unique_id", id)
}

func (s *Service) by(ctx context.Context, realm ident.ID, column string, value any) (p Person, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		var found bool
		if p, found, err = personBy(tx, column, value); err == nil && !found {
			err = errNobody
		}
		return err
	})
	return p, err
}

var errNobody = fault.New("not_found.person", "no such person")

// ByCredential finds the person that a credential is of. It is for clients that
// ask about their own customers, never for a page. Faults: not_found.person.
func (s *Service) ByCredential(ctx context.Context, realm ident.ID, c Credential) (p Person, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		got, found, err := getCredential(tx, c)
		if err != nil {
			return err
		}
		if !found {
			return errNobody
		}
		p, err = getPerson(tx, got.Person)
		return err
	})
	return p, err
}

// Credentials lists what a person signs in with, the oldest first.
func (s *Service) Credentials(ctx context.Context, realm, person ident.ID) (list []Credential, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = credentialsOf(tx, person)
		return err
	})
	return list, err
}

// Rename changes a person's names. Faults: invalid.name, not_found.person.
func (s *Service) Rename(ctx context.Context, realm, person ident.ID, n Names) (p Person, err error) {
	if err := n.Check(); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPerson(tx, person); err != nil {
			return err
		}
		p.GivenName, p.Middle, p.Surname, p.Company, p.Locale, p.UpdatedAt = n.GivenName, n.Middle, n.Surname, n.Company, n.Locale, tx.Now()
		savePerson(tx, &p)
		return nil
	})
	return p, err
}

// Sweep forgets up to limit of each thing whose time was up before at, and says
// how many rows that were.
func (s *Service) Sweep(ctx context.Context, realm ident.ID, before time.Time, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := sweep(tx, before, limit)
		done = int(n)
		return err
	})
	return done, err
}
