package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
)

type couponCommand struct {
	Add  couponAdd  `cmd:"" help:"Give a product a price for a period."`
	List couponList `cmd:"" help:"List the prices of a product."`
	End  couponEnd  `cmd:"" help:"End a price; whoever has it keeps it."`
}

type couponAdd struct {
	settings
	whose
	Product     string `arg:"" help:"The product's code."`
	Number      int64  `arg:"" help:"The coupon's number, from 1."`
	Code        string `required:"" help:"Its code; several coupons may share one."`
	Price       string `required:"" help:"Of one period, with tax, as in 349.00; 0 for nothing at all." placeholder:"AMOUNT"`
	Period      string `help:"How long a period is: 30d, 4w, 1m, 1y." default:"1m" placeholder:"TIME"`
	Description string `help:"What readers read of it." placeholder:"TEXT"`
	ByVoucher   bool   `help:"It can be had with a voucher alone."`
}

// units are how a period's length is written.
var units = map[string]subscription.Unit{"d": subscription.Day, "w": subscription.Week, "m": subscription.Month, "y": subscription.Year}

func (k couponAdd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		p, _, err := a.Subscriptions.Prices(ctx, carrier(realm), k.Product)
		if err != nil {
			return err
		}
		price, err := money.ParseDecimal(k.Price, p.Currency)
		if err != nil {
			return fmt.Errorf("--price: %w", err)
		}
		end := max(len(k.Period)-1, 0)
		length, err := strconv.ParseInt(k.Period[:end], 10, 16)
		unit := units[k.Period[end:]]
		if err != nil || unit == "" {
			return errors.New("--period is a number and a unit, as in 30d, 4w, 1m or 1y")
		}
		c, err := a.Subscriptions.AddCoupon(ctx, carrier(realm), operator, subscription.Coupon{Product: p.ID, Code: k.Code, Number: k.Number, Description: k.Description, Price: price.Minor,
			Length: length, Unit: unit, ByVoucher: k.ByVoucher})
		if err == nil {
			_, err = fmt.Printf("coupon %d of %s: %s for %s\n", c.Number, p.Code, shown(price), period(c))
		}
		return err
	})
}

// period says how long a coupon's period is.
func period(c subscription.Coupon) string {
	if c.Length == 1 {
		return "a " + string(c.Unit)
	}
	return fmt.Sprintf("%d %ss", c.Length, c.Unit)
}

type couponList struct {
	settings
	whose
	Product string `arg:"" help:"The product's code."`
}

func (k couponList) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		p, list, err := a.Subscriptions.Prices(ctx, carrier(realm), k.Product)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, c := range list {
			how := "for everybody"
			switch {
			case !c.EndedAt.IsZero():
				how = "ended " + c.EndedAt.Format(time.DateTime)
			case c.ByVoucher:
				how = "by voucher"
			}
			fmt.Fprintf(w, "%d\t%s\t%s for %s\t%s\t%s\n", c.Number, c.Code, shown(money.Of(c.Price, p.Currency)), period(c), how, c.Description)
		}
		return w.Flush()
	})
}

type couponEnd struct {
	settings
	whose
	Product string `arg:"" help:"The product's code."`
	Number  int64  `arg:"" help:"The coupon's number."`
}

func (k couponEnd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		c, err := a.Subscriptions.EndCoupon(ctx, carrier(realm), operator, k.Product, k.Number)
		if err == nil {
			_, err = fmt.Printf("coupon %d of %s has ended\n", c.Number, k.Product)
		}
		return err
	})
}
