package main

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
)

// keyMarket makes the first credential of the April contract; all others can
// be made with it.
type keyMarket struct {
	settings
	Organisation string `arg:"" help:"Whose key; made if there is no such organisation."`
	Marketplace  string `arg:"" help:"The marketplace's name; made if there is none."`
	Environment  string `help:"test or live." enum:"test,live" default:"test"`
	Enterprise   bool   `help:"Make an enterprise key instead, which is good for every marketplace of the organisation."`
	Label        string `help:"What the key is for." default:"key market"`
	Days         int    `help:"How many days the key is good for; 0 for ever." default:"0"`
}

func (k keyMarket) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, k.Organisation, access.Environment(k.Environment), true)
		if err != nil {
			return err
		}
		market, err := a.Merchants.AddMarketplace(ctx, realm.ID, operator, k.Marketplace)
		if fault.Is(err, "conflict.name") {
			market, err = a.Merchants.MarketplaceByName(ctx, realm.ID, k.Marketplace)
		}
		if err != nil {
			return err
		}
		want, kind, holder := access.Key{Label: k.Label}, april.MarketplaceKey, april.Holder{Marketplace: market.ID}
		if k.Enterprise {
			kind, holder = april.EnterpriseKey, april.Holder{}
		}
		if k.Days > 0 {
			want.ExpiresAt = time.Now().AddDate(0, 0, k.Days)
		}
		key, token, err := a.April.MakeKey(ctx, realm, operator, kind, holder, want)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("key          %s\nmarketplace  %s\ntoken        %s\n\nThe token is shown this once: florin keeps a hash of it.\n", key.ID, april.MarketplaceName(market.ID), token.Reveal())
		return err
	})
}
