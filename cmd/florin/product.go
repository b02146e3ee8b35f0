package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
)

type productCommand struct {
	Add  productAdd  `cmd:"" help:"Put a product on sale that is taken by the period."`
	List productList `cmd:"" help:"List what is on sale."`
	End  productEnd  `cmd:"" help:"Take a product off sale; whoever takes it goes on taking it."`
}

type productAdd struct {
	settings
	whose
	Entity   string   `arg:"" help:"The code of the entity that is paid."`
	Product  string   `arg:"" help:"The product's code, 1 to 12 characters."`
	Name     string   `required:"" help:"Its name, as invoices bear it."`
	Price    string   `required:"" help:"Of one period, with tax, as in 349.00." placeholder:"AMOUNT"`
	Currency string   `required:"" help:"NOK, SEK ..."`
	Tax      string   `help:"The rate of tax in the price, in percent, as in 25." default:"0" placeholder:"PERCENT"`
	Paper    bool     `help:"It is on paper; digital without."`
	Method   []string `help:"A method that it can be paid by: invoice, direct_debit, vipps, payex, klarna, nexi; all without any." placeholder:"METHOD"`
}

func (k productAdd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		profile, err := entity(ctx, a, k.whose, k.Entity)
		if err != nil {
			return err
		}
		price, err := money.ParseDecimal(k.Price, money.Currency(k.Currency))
		if err != nil {
			return fmt.Errorf("--price: %w", err)
		}
		tax, err := percent(k.Tax)
		if err != nil {
			return err
		}
		p := subscription.Product{Merchant: profile.Merchant, Profile: profile.ID, Code: k.Product, Name: k.Name, Currency: price.Currency, Price: price.Minor, TaxRate: tax, Digital: !k.Paper}
		for _, m := range k.Method {
			p.Methods = append(p.Methods, subscription.Method(m))
		}
		p, err = a.Subscriptions.AddProduct(ctx, carrier(realm), operator, p)
		if err == nil {
			_, err = fmt.Printf("%s is on sale; it needs a coupon to be taken: florin coupon add\n", p.Code)
		}
		return err
	})
}

// percent reads a rate such as 25 or 12.5, in millionths.
func percent(text string) (int64, error) {
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole+(part + "0000")[:4], 10, 32)
	if err != nil || whole == "" || len(part) > 4 || n > 1_000_000 {
		return 0, errors.New("--tax is a rate in percent, as in 25 or 12.5")
	}
	return int64(n), nil
}

type productList struct {
	settings
	whose
}

func (k productList) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Subscriptions.Products(ctx, realm.ID, "")
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, p := range list {
			_, owner, err := a.Merchants.Get(ctx, realm.ID, p.Profile)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Code, p.Name, shown(money.Of(p.Price, p.Currency)), owner.Name)
		}
		return w.Flush()
	})
}

type productEnd struct {
	settings
	whose
	Product string `arg:"" help:"The product's code."`
}

func (k productEnd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		p, err := a.Subscriptions.EndProduct(ctx, carrier(realm), operator, k.Product)
		if err == nil {
			_, err = fmt.Printf("%s is off sale\n", p.Code)
		}
		return err
	})
}
