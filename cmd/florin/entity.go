package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
)

type entityCommand struct {
	Show entityShow `cmd:"" help:"Print an entity's settings as JSON."`
	Set  entitySet  `cmd:"" help:"Change settings, as in: entity set \"Lind Media\" LM000117 contract=oppwaCompat threeDs=false brands='[\"VISA\"]'"`
}

// whose names the realm that an entity or a webhook is in.
type whose struct {
	Organisation string `arg:"" help:"Whose it is."`
	Environment  string `help:"test or live." enum:"test,live" default:"test"`
}

func (w whose) realm(ctx context.Context, a *app.App) (access.Realm, error) {
	return realmOf(ctx, a, w.Organisation, access.Environment(w.Environment), false)
}

type entityShow struct {
	settings
	whose
	Entity string `arg:"" help:"The entity's code."`
}

func (e entityShow) Run(ctx context.Context) error {
	return offline(ctx, e.settings, func(a *app.App) error {
		p, err := entity(ctx, a, e.whose, e.Entity)
		if err != nil {
			return err
		}
		return printEntity(p)
	})
}

type entitySet struct {
	settings
	whose
	Entity string   `arg:"" help:"The entity's code."`
	Change []string `arg:"" help:"name=value, the value in JSON or plain text; enabled=false closes the entity."`
}

func (e entitySet) Run(ctx context.Context) error {
	return offline(ctx, e.settings, func(a *app.App) error {
		p, err := entity(ctx, a, e.whose, e.Entity)
		if err != nil {
			return err
		}
		if err := change(&p, e.Change); err != nil {
			return err
		}
		if p, err = a.Merchants.SaveProfile(ctx, p.Realm, operator, p); err != nil {
			return err
		}
		return printEntity(p)
	})
}

func entity(ctx context.Context, a *app.App, w whose, code string) (merchant.Profile, error) {
	realm, err := w.realm(ctx, a)
	if err != nil {
		return merchant.Profile{}, err
	}
	p, _, err := a.Merchants.ByCode(ctx, realm.ID, code)
	if fault.Is(err, fault.NotFound) {
		err = fmt.Errorf("%s has no entity %s in its %s realm", w.Organisation, code, w.Environment)
	}
	return p, err
}

// change lays name=value pairs over the settings. A name that is no setting,
// or a value that does not fit it, is refused and changes nothing.
func change(p *merchant.Profile, pairs []string) error {
	raw, err := json.Marshal(p.Settings)
	if err != nil {
		return err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	enabled := p.Enabled
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is not of the form name=value", pair)
		}
		text := json.RawMessage(value)
		if !json.Valid(text) {
			text, _ = json.Marshal(value) // a string always encodes
		}
		if name == "enabled" {
			if err := json.Unmarshal(text, &enabled); err != nil {
				return fmt.Errorf("enabled is true or false")
			}
			continue
		}
		all[name] = text
	}
	if raw, err = json.Marshal(all); err != nil {
		return err
	}
	var next merchant.Settings
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&next); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	p.Settings, p.Enabled = next, enabled
	return next.Check()
}

func printEntity(p merchant.Profile) error {
	b, err := json.MarshalIndent(struct {
		Code     string            `json:"code"`
		Name     string            `json:"name"`
		Enabled  bool              `json:"enabled"`
		Settings merchant.Settings `json:"settings"`
	}{p.Code, p.Name, p.Enabled, p.Settings}, "", "  ")
	if err == nil {
		_, err = fmt.Println(string(b))
	}
	return err
}
