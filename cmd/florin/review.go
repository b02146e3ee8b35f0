package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
)

type reviewCommand struct{ settings }

// Run lists what waits for a human in every realm: payments of which the
// provider says what cannot be squared with what we know, risk reviews, and
// jobs that were set aside after too many tries.
func (r reviewCommand) Run(ctx context.Context) error {
	return offline(ctx, r.settings, func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ORGANISATION\tENVIRONMENT\tWHAT\tSINCE\tWHY")
		for _, realm := range realms {
			list, err := a.Payments.InReview(ctx, realm.ID)
			if err != nil {
				return err
			}
			for _, p := range list {
				why := p.Code
				if p.Risk != "" {
					why = "risk " + p.Risk
				}
				fmt.Fprintf(w, "%s\t%s\tpayment %s\t%s\t%s\n", realm.Organisation, realm.Environment, p.ID, p.UpdatedAt.Format(time.DateTime), or(why, "the provider's word differs"))
			}
		}
		jobs, err := a.Jobs.Quarantined(ctx)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			fmt.Fprintf(w, "-\t-\tjob %s %s\t%s\t%s\n", j.Kind, j.ID, j.DueAt.Format(time.DateTime), j.LastError)
		}
		return w.Flush()
	})
}
