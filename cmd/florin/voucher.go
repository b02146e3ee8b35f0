package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/subscription"
)

type voucherCommand struct {
	Add  voucherAdd  `cmd:"" help:"Make a voucher that opens coupons; its code is shown once."`
	List voucherList `cmd:"" help:"List vouchers, by ids: codes are not kept."`
	End  voucherEnd  `cmd:"" help:"End a voucher: it opens nothing any more."`
}

type voucherAdd struct {
	settings
	whose
	Coupon []string `arg:"" help:"What it opens: a product's code and a coupon's number, as in HELG/42."`
	Uses   int64    `help:"How often it can be used." default:"1"`
	Until  string   `help:"The last day that it is good on (UTC), as in 2027-12-31; for ever without." placeholder:"DATE"`
	Code   string   `help:"Its code, 6 to 40 letters, digits and hyphens; one that nobody guesses is drawn without." placeholder:"CODE"`
}

func (k voucherAdd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		v := subscription.Voucher{Uses: k.Uses}
		for _, name := range k.Coupon {
			code, number, _ := strings.Cut(name, "/")
			p, list, err := a.Subscriptions.Prices(ctx, carrier(realm), code)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			id := ident.ID("")
			for _, c := range list {
				if strconv.FormatInt(c.Number, 10) == number {
					id = c.ID
				}
			}
			if id == "" {
				return fmt.Errorf("%s: no such coupon", name)
			}
			v.Merchant, v.Coupons = p.Merchant, append(v.Coupons, id)
		}
		if k.Until != "" {
			last, err := time.Parse(time.DateOnly, k.Until)
			if err != nil {
				return errors.New("--until is a day, as in 2027-12-31")
			}
			v.EndsAt = last.AddDate(0, 0, 1)
		}
		code := method.Conceal(k.Code)
		if code.Empty() {
			if code, err = a.Login.NewSecret(); err != nil {
				return err
			}
			code = method.Conceal(strings.ToUpper(code.Reveal()[:20]))
		}
		v, err = a.Subscriptions.AddVoucher(ctx, carrier(realm), operator, code, v)
		if err == nil {
			_, err = fmt.Printf("voucher  %s\ncode     %s\n\nThe code is shown this once: florin keeps a fingerprint of it.\n", v.ID, code.Reveal())
		}
		return err
	})
}

type voucherList struct {
	settings
	whose
}

func (k voucherList) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Subscriptions.Vouchers(ctx, carrier(realm))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, v := range list {
			open, err := a.Subscriptions.Opened(ctx, realm.ID, v)
			if err != nil {
				return err
			}
			var names []string
			for _, o := range open {
				names = append(names, fmt.Sprintf("%s/%d", o.Product.Code, o.Coupon.Number))
			}
			until := "for ever"
			if !v.EndsAt.IsZero() {
				until = "until " + v.EndsAt.Format(time.DateTime)
			}
			fmt.Fprintf(w, "%s\t%s\t%d uses left\t%s\n", v.ID, strings.Join(names, " "), v.Uses, until)
		}
		return w.Flush()
	})
}

type voucherEnd struct {
	settings
	whose
	Voucher string `arg:"" help:"The voucher's id, as list shows it."`
}

func (k voucherEnd) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := k.realm(ctx, a)
		if err != nil {
			return err
		}
		v, err := a.Subscriptions.EndVoucher(ctx, carrier(realm), operator, ident.ID(k.Voucher))
		if err == nil {
			_, err = fmt.Printf("voucher %s opens nothing any more\n", v.ID)
		}
		return err
	})
}
