package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

type keyCommand struct {
	Make   keyMake   `cmd:"" help:"Make a key; its token is shown once."`
	Market keyMarket `cmd:"" help:"Make a key of a marketplace, for the April contract; its token is shown once."`
	Spense keySpense `cmd:"" help:"Make a key of the Spense contract, and the merchants that it reaches; its secret is shown once."`
	List   keyList   `cmd:"" help:"List realms, profiles and keys."`
	Revoke keyRevoke `cmd:"" help:"Revoke a key."`
	Rotate keyRotate `cmd:"" help:"Change the keys that seal cards and secrets; everything is sealed anew."`
}

type keyMake struct {
	settings
	Organisation string `arg:"" help:"Whose key; made if there is no such organisation."`
	Environment  string `help:"test or live." enum:"test,live" default:"test"`
	Contract     string `help:"The contract that the key speaks." enum:"gateway" default:"gateway"`
	Entity       string `help:"Also make a profile (an entity) of this code, with a merchant of --merchant." placeholder:"CODE"`
	Merchant     string `help:"The merchant's code." default:"M0000001"`
	Name         string `help:"The merchant's name." default:"Merchant"`
	Label        string `help:"What the key is for." default:""`
	Days         int    `help:"How many days the key is good for; 0 for ever." default:"0"`
	Credit       bool   `help:"The key may also pay out without an earlier payment."`
}

func (k keyMake) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, k.Organisation, access.Environment(k.Environment), true)
		if err != nil {
			return err
		}
		if k.Entity != "" {
			if err := k.profile(ctx, a, realm); err != nil {
				return err
			}
		}
		want := access.Key{Kind: k.Contract, Label: k.Label, May: access.Everything}
		if k.Credit {
			want.May = append([]access.Permission{access.Credit}, want.May...)
		}
		if k.Days > 0 {
			want.ExpiresAt = time.Now().AddDate(0, 0, k.Days)
		}
		key, token, err := a.Access.MakeKey(ctx, realm, operator, want)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("key    %s\ntoken  %s\n\nThe token is shown this once: florin keeps a hash of it.\n", key.ID, token.Reveal())
		return err
	})
}

func (k keyMake) profile(ctx context.Context, a *app.App, realm access.Realm) error {
	if _, _, err := a.Merchants.ByCode(ctx, realm.ID, k.Entity); err == nil || !fault.Is(err, fault.NotFound) {
		return err
	}
	m, err := a.Merchants.Add(ctx, realm.ID, operator, merchant.Merchant{Code: k.Merchant, Name: k.Name})
	if err != nil {
		return err
	}
	_, err = a.Merchants.AddProfile(ctx, realm.ID, operator, merchant.Profile{Merchant: m.ID, Code: k.Entity, Name: k.Name,
		Settings: merchant.Settings{ThreeDS: true, Notifications: true}})
	return err
}

func realmOf(ctx context.Context, a *app.App, organisation string, env access.Environment, add bool) (access.Realm, error) {
	list, err := a.Access.Realms(ctx)
	if err != nil {
		return access.Realm{}, err
	}
	for _, r := range list {
		if r.Organisation == organisation && r.Environment == env {
			return r, nil
		}
	}
	if !add {
		return access.Realm{}, fmt.Errorf("%s has no %s realm", organisation, env)
	}
	return a.Access.AddRealm(ctx, organisation, env)
}

type keyList struct{ settings }

func (k keyList) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ORGANISATION\tENVIRONMENT\tENTITIES\tKEY\tCONTRACT\tLABEL\tSTATE")
		for _, r := range realms {
			profiles, err := a.Merchants.Profiles(ctx, r.ID)
			if err != nil {
				return err
			}
			var codes []string
			for _, p := range profiles {
				codes = append(codes, p.Code)
			}
			keys, err := a.Access.Keys(ctx, r.ID)
			if err != nil {
				return err
			}
			for _, key := range keys {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Organisation, r.Environment, strings.Join(codes, ","), key.ID, key.Kind, key.Label, state(key))
			}
		}
		return w.Flush()
	})
}

func state(k access.Key) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + k.RevokedAt.Format(time.DateOnly)
	case !k.DisabledAt.IsZero():
		return "disabled " + k.DisabledAt.Format(time.DateOnly)
	case !k.ExpiresAt.IsZero():
		return "until " + k.ExpiresAt.Format(time.DateOnly)
	}
	return "in force"
}

type keyRevoke struct {
	settings
	Key string `arg:"" help:"The key's id, as key list shows it."`
}

func (k keyRevoke) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil {
			return err
		}
		for _, r := range realms {
			err := a.Access.Revoke(ctx, r.ID, operator, ident.ID(k.Key))
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err == nil {
				_, err = fmt.Println("revoked", k.Key)
			}
			return err
		}
		return fmt.Errorf("there is no key %s", k.Key)
	})
}

type keyRotate struct{ settings }

func (k keyRotate) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		if err := a.RotateKeys(ctx, operator); err != nil {
			return err
		}
		_, err := fmt.Println("rotated: keep a copy of the key file; older copies no longer open what is sealed from now on")
		return err
	})
}
