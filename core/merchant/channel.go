package merchant

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// ChannelKind is how a channel reaches the payer.
type ChannelKind string

const (
	TerminalChannel ChannelKind = "terminal" // a device at the desk
	InvoiceChannel  ChannelKind = "invoice"  // a bill with a payable reference
)

// Channel is one way in which a merchant puts what is owed before a payer,
// beside the payment link that everybody has: a terminal, a kind of bill.
type Channel struct {
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Kind      ChannelKind
	Name      string
	Profiles  []ident.ID // none: all
	Active    bool       // a terminal that is switched off is not
	Settings  ChannelSettings
	CreatedAt time.Time
}

// ChannelSettings are what a channel needs to work.
type ChannelSettings struct {
	Account  string `json:"account,omitempty"`  // of a bill: the bank account to pay to, as printed; of a terminal: whose it is at the provider
	Scheme   string `json:"scheme,omitempty"`   // of a bill: how its reference is protected (package invoice)
	Terminal string `json:"terminal,omitempty"` // of a terminal: the provider's name for it
}

// Serves says whether the channel may be used with a profile.
func (c Channel) Serves(profile ident.ID) bool {
	return len(c.Profiles) == 0 || slices.Contains(c.Profiles, profile)
}

// AddChannel makes a channel of a merchant. Faults: invalid.name,
// invalid.channel, not_found.merchant, not_found.profile (it has none of that
// id).
func (s *Service) AddChannel(ctx context.Context, realm ident.ID, by audit.By, c Channel) (Channel, error) {
	if err := named("channel", c.Name); err != nil {
		return Channel{}, err
	}
	if c.Kind != TerminalChannel && c.Kind != InvoiceChannel {
		return Channel{}, fault.At("invalid.channel", "kind", "terminal or invoice")
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, err := getMerchant(tx, c.Merchant); err != nil {
			return err
		}
		for _, id := range c.Profiles {
			p, err := getProfile(tx, `id`, string(id))
			if err == nil && p.Merchant != c.Merchant {
				err = fault.New("not_found.profile", "the merchant has no profile %s", p.Code)
			}
			if err != nil {
				return err
			}
		}
		c.ID, c.Version, c.CreatedAt = tx.NewID(), 1, tx.Now()
		audit.Add(tx, by, "channel.add", c.ID, "ok")
		return addChannel(tx, c)
	})
	return c, err
}

// RemoveChannel takes a channel from a merchant. What was put on it stays as it
// is. Faults: not_found.channel.
func (s *Service) RemoveChannel(ctx context.Context, realm ident.ID, by audit.By, merchant, id ident.ID) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		found, err := dropChannel(tx, merchant, id)
		if err == nil && !found {
			err = fault.New("not_found.channel", "the merchant has no channel %s", id)
		}
		audit.Add(tx, by, "channel.remove", id, "ok")
		return err
	})
}

// Channels lists a merchant's channels, oldest first.
func (s *Service) Channels(ctx context.Context, realm, merchant ident.ID) (list []Channel, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = channels(tx, `merchant = $2`, string(merchant))
		return err
	})
	return list, err
}

// ChannelIn reads a channel inside a transaction; without one of that id it is
// an empty one.
func ChannelIn(tx *store.Tx, id ident.ID) (c Channel, err error) {
	list, err := channels(tx, `id = $2`, string(id))
	if len(list) > 0 {
		c = list[0]
	}
	return c, err
}

// TerminalAccount is whose a terminal is at the provider: as the channel says, else the
// merchant's own, since profiles share a terminal.
func (c Channel) TerminalAccount(realm, merchant ident.ID) string {
	return cmp.Or(c.Settings.Account, string(realm)+"."+string(merchant))
}

// Accounts lists the accounts that a realm's merchants have at providers, each
// once: those of their profiles and those of their terminals.
func (s *Service) Accounts(ctx context.Context, realm ident.ID) (list []string, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list = nil
		profiles, err := listProfiles(tx)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		add := func(account string) {
			if !known[account] {
				known[account] = true
				list = append(list, account)
			}
		}
		for _, p := range profiles {
			add(cmp.Or(p.Settings.Account, string(realm)+"."+p.Code))
			add(Channel{}.TerminalAccount(realm, p.Merchant))
		}
		terminals, err := channels(tx, `kind = $2`, string(TerminalChannel))
		for _, ch := range terminals {
			add(ch.TerminalAccount(realm, ch.Merchant))
		}
		return err
	})
	return list, err
}

// ProfilesOf lists the enabled profiles of merchants, oldest first.
func (s *Service) ProfilesOf(ctx context.Context, realm ident.ID, merchants ...ident.ID) (list []Profile, err error) {
	all, err := s.Profiles(ctx, realm)
	for _, p := range all {
		if p.Enabled && slices.Contains(merchants, p.Merchant) {
			list = append(list, p)
		}
	}
	return list, err
}
