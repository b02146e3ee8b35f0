package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/merchant"
)

type surchargeCommand struct {
	Show surchargeShow `cmd:"" help:"Print the surcharge rules of a marketplace, which hold for its merchants that have none of their own that fits."`
	Set  surchargeSet  `cmd:"" help:"Give a marketplace the rules of a file, in the form in which show prints them, in the place of those it has."`
}

// ofMarket names a marketplace of an organisation.
type ofMarket struct {
	settings
	whose
	Marketplace string `arg:"" help:"The marketplace's name."`
}

// with runs f for the marketplace.
func (m ofMarket) with(ctx context.Context, f func(a *app.App, actor access.Actor, market merchant.Marketplace) error) error {
	return offline(ctx, m.settings, func(a *app.App) error {
		realm, err := m.realm(ctx, a)
		if err != nil {
			return err
		}
		market, err := a.Merchants.MarketplaceByName(ctx, realm.ID, m.Marketplace)
		if err != nil {
			return err
		}
		return f(a, carrier(realm), market)
	})
}

type surchargeShow struct{ ofMarket }

func (s surchargeShow) Run(ctx context.Context) error {
	return s.with(ctx, func(a *app.App, actor access.Actor, market merchant.Marketplace) error {
		text, err := a.April.MarketplaceRules(ctx, actor, market.ID)
		if err == nil {
			_, err = fmt.Printf("%s\n", text)
		}
		return err
	})
}

type surchargeSet struct {
	ofMarket
	File string `arg:"" help:"The file, or - for standard input."`
}

func (s surchargeSet) Run(ctx context.Context) error {
	text, err := s.read()
	if err != nil {
		return err
	}
	return s.with(ctx, func(a *app.App, actor access.Actor, market merchant.Marketplace) error {
		list, err := a.April.SetMarketplaceRules(ctx, actor, operator, market.ID, text)
		if err == nil {
			_, err = fmt.Printf("%s has %d rules\n", market.Name, len(list))
		}
		return err
	})
}

func (s surchargeSet) read() ([]byte, error) {
	if s.File == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(s.File)
}
