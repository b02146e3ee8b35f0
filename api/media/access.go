package media

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/login"
)

// granted is one reason for access: the level is how much, the type is A for
// all of the product, D for none.
type granted struct {
	Access bool   `json:"access"`
	Level  string `json:"accessLevel"`
	Type   string `json:"accessType"`
}

type accesses struct {
	Access   bool      `json:"access"`
	Accesses []granted `json:"accesses"`
}

// access: may the signed-in reader read a product? (sheet, 10)
func (s *Surface) access(c *call) (any, error) {
	code := c.body.text("product", 12)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	return s.opens(c, c.who.Person, code)
}

// clientAccess asks the same about a customer, named by one or more of
// uniqueId, credential and customerNumber, which then all have to be his.
func (s *Surface) clientAccess(c *call) (any, error) {
	code, unique, credential, number := c.body.text("product", 12), c.body.optional("uniqueId", 64), c.body.optional("credential", 254), c.body.whole("customerNumber")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	ctx, realm := c.r.Context(), c.realm()
	var found []login.Person
	var err error
	look := func(given bool, by func() (login.Person, error)) {
		if !given || err != nil {
			return
		}
		var p login.Person
		if p, err = by(); err == nil {
			found = append(found, p)
		}
	}
	look(unique != "", func() (login.Person, error) { return s.Login.ByUniqueID(ctx, realm, unique) })
	look(number != 0, func() (login.Person, error) { return s.Login.ByNumber(ctx, realm, number) })
	look(credential != "", func() (login.Person, error) {
		named, err := login.Read(credential)
		if err != nil {
			return login.Person{}, err
		}
		return s.Login.ByCredential(ctx, realm, named)
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return s.opens(c, "", code) // whoever is unknown has no access
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fault.At("invalid.missing", "customerNumber", "uniqueId, credential or customerNumber is needed")
	}
	for _, p := range found {
		if p.ID != found[0].ID {
			return s.opens(c, "", code)
		}
	}
	return s.opens(c, found[0].ID, code)
}

// opens answers for a person, or for nobody. What narrows access to an article,
// a network or a family is not sold here, so whoever asks for it hears no.
func (s *Surface) opens(c *call, person ident.ID, code string) (any, error) {
	open, err := false, error(nil)
	if person != "" && !c.narrowed() {
		open, err = s.Subscriptions.Open(c.r.Context(), c.realm(), person, code)
	}
	if err != nil {
		return nil, err
	}
	one := granted{open, "B", "A"}
	if !open {
		one.Level, one.Type = "C", "D"
	}
	return accesses{open, []granted{one}}, nil
}

// narrowed says whether something is asked for that no subscription gives.
func (c *call) narrowed() bool {
	for _, name := range []string{"articleId", "domain", "ip", "categoryType"} {
		if c.body.has(name) {
			return true
		}
	}
	for _, name := range []string{"accessAzureAd", "accessAidFamily", "accessDomain", "accessArticle"} {
		if v, ok := c.body.members[name].(bool); ok && v {
			return true
		}
	}
	return false
}
