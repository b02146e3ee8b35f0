package login

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/store"
)

// How often somebody may try, and how long a code is good.
const (
	triesLimit  = 10               // for one credential, known or not
	lockedFor   = 30 * time.Minute // after that many
	CodeMinutes = 10
	codeTries   = 5
)

// errWrong is the one answer to whoever cannot prove what he says: wrong
// password, wrong code, unknown credential, too many tries.
var errWrong = fault.New("unauthenticated.credential", "wrong, or tried too often: after %d tries sign-in rests for %d minutes", triesLimit, int(lockedFor.Minutes()))

// ByPassword finds who a credential and a password stand for. An unknown
// credential costs the same work as a known one.
// Faults: unauthenticated.credential.
func (s *Service) ByPassword(ctx context.Context, realm ident.ID, c Credential, password string) (p Person, err error) {
	open, known := false, false
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if open, err = take(tx, c); err != nil {
			return err
		}
		p, known, err = owner(tx, c)
		return err
	})
	if err != nil {
		return Person{}, err
	}
	if len(password) > 4*PasswordMax {
		password = password[:4*PasswordMax]
	}
	right := s.matches(password, p.password)
	if !right || !open || !known || !p.DisabledAt.IsZero() {
		return Person{}, errWrong
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error { return forgive(tx, c) })
	return p, err
}

// take counts a try for a credential, before it is known whether it will do,
// and says whether it may be made at all. Tries beyond the limit do not make
// the rest longer.
func take(tx *store.Tx, c Credential) (open bool, err error) {
	n, err := addTry(tx, c, tx.Now().Add(-lockedFor))
	return n <= triesLimit, err
}

// owner finds the person of a credential.
func owner(tx *store.Tx, c Credential) (p Person, known bool, err error) {
	got, known, err := getCredential(tx, c)
	if err != nil || !known {
		return p, false, err
	}
	p, err = getPerson(tx, got.Person)
	return p, true, err
}

// SendCode sends six digits to an e-mail address or a number, whether it is
// known or not. An earlier code is good no longer.
// Faults: invalid.credential (an external one), and those of notify.Send.
func (s *Service) SendCode(ctx context.Context, client Client, c Credential, locale string) error {
	channel := map[Kind]notify.Channel{Email: notify.Email, Phone: notify.SMS}[c.Kind]
	if channel == "" {
		return fault.At("invalid.credential", "credential", "no code can be sent there")
	}
	n, err := s.number(0, 1_000_000)
	if err != nil {
		return err
	}
	digits := fmt.Sprintf("%06d", n)
	return s.DB.Update(ctx, client.Realm, func(tx *store.Tx) error {
		until := tx.Now().Add(CodeMinutes * time.Minute)
		if err := setCode(tx, c, s.codeHash(client.Realm, c, digits), until); err != nil {
			return err
		}
		_, err := s.Notify.Send(tx, notify.Draft{Merchant: client.Merchant, Channel: channel, To: c.Value, Sender: client.Name, Template: notify.Code, Locale: locale, Until: until,
			Words: map[string]string{"merchant": client.Name, "code": digits, "minutes": fmt.Sprint(CodeMinutes)}})
		return err
	})
}

func (s *Service) codeHash(realm ident.ID, c Credential, digits string) string {
	return s.digest("one-time code", fmt.Sprintf("%s %s %s", realm, c, digits))
}

// ByCode finds who a credential and the code that was sent to it stand for. If
// nobody has the credential, who knows the code is its owner: a person is made.
// Faults: unauthenticated.credential.
func (s *Service) ByCode(ctx context.Context, realm ident.ID, c Credential, digits string) (p Person, made bool, err error) {
	right := false
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		p, made, right = Person{}, false, false
		open, err := take(tx, c)
		if err != nil {
			return err
		}
		kept, tries, until, err := tryCode(tx, c)
		if err != nil {
			return err
		}
		right = same(s.codeHash(realm, c, digits), kept) && open && tries <= codeTries && tx.Now().Before(until)
		if !right {
			return nil
		}
		if err := dropCode(tx, c); err != nil {
			return err
		}
		if err := forgive(tx, c); err != nil {
			return err
		}
		p, made, err = s.welcome(tx, c)
		return err
	})
	if err == nil && (!right || !p.DisabledAt.IsZero()) {
		err = errWrong
	}
	if err != nil {
		return Person{}, false, err
	}
	return p, made, nil
}

// welcome finds or makes the person of a credential that was just proven.
func (s *Service) welcome(tx *store.Tx, c Credential) (p Person, made bool, err error) {
	got, known, err := getCredential(tx, c)
	if err != nil {
		return p, false, err
	}
	if !known {
		c.Level = VerificationCode
		p, err = s.enrol(tx, c, Names{})
		return p, true, err
	}
	if got.Level != VerificationCode {
		got.Level = VerificationCode
		saveCredential(tx, &got)
	}
	p, err = getPerson(tx, got.Person)
	return p, false, err
}

// SetPassword gives a person a new password, and ends every other session and
// every token: whoever knew the old one is out. keep is the session that stays,
// or "". Faults: invalid.password, not_found.person.
func (s *Service) SetPassword(ctx context.Context, realm, person ident.ID, c Credential, password, keep string) error {
	if err := CheckPassword(password, c); err != nil {
		return err
	}
	hash, err := s.hash(password)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		p, err := getPerson(tx, person)
		if err != nil {
			return err
		}
		p.password, p.UpdatedAt = hash, tx.Now()
		savePerson(tx, &p)
		audit.Add(tx, audit.By{Actor: string(person), Origin: "login"}, "person.password", person, "ok")
		return s.shut(tx, person, keep)
	})
}

// Disable closes a person's way in: no sign-in, no session, no token.
// Faults: not_found.person.
func (s *Service) Disable(ctx context.Context, realm, person ident.ID, by audit.By) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		p, err := getPerson(tx, person)
		if err != nil {
			return err
		}
		p.DisabledAt, p.UpdatedAt = tx.Now(), tx.Now()
		savePerson(tx, &p)
		audit.Add(tx, by, "person.disable", person, "ok")
		return s.shut(tx, person, "")
	})
}

// shut ends sessions and tokens of a person, but for one session.
func (s *Service) shut(tx *store.Tx, person ident.ID, keep string) error {
	if keep != "" {
		keep = s.digest("session", keep)
	}
	if err := dropSessions(tx, person, keep); err != nil {
		return err
	}
	return revokeOf(tx, person)
}
