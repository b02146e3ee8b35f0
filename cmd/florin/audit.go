package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
)

type auditCommand struct {
	settings
	whose
	Before int64 `help:"Only lines with a smaller number, to read on." placeholder:"N"`
	Limit  int   `help:"How many lines at most." default:"50"`
	JSON   bool  `name:"json" help:"Print a JSON object a line, each with its hash, which can be kept elsewhere."`
}

// auditLine is an entry as it is printed.
type auditLine struct {
	Number  int64     `json:"number"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Origin  string    `json:"origin"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	Outcome string    `json:"outcome"`
	Hash    string    `json:"hash"`
}

// Run prints the trail of an organisation's realm, newest first.
func (c auditCommand) Run(ctx context.Context) error {
	if c.Limit < 1 || c.Before < 0 {
		return fault.New("invalid.limit", "--limit is 1 or more, --before a number of a line")
	}
	return offline(ctx, c.settings, func(a *app.App) error {
		realm, err := c.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := audit.List(ctx, a.DB, realm.ID, c.Before, c.Limit)
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		if !c.JSON {
			fmt.Fprintln(w, "NUMBER\tAT\tACTOR\tORIGIN\tACTION\tOBJECT\tOUTCOME")
		}
		for _, e := range list {
			l := auditLine{e.Seq, e.At.UTC(), e.By.Actor, e.By.Origin, e.Action, string(e.Object), e.Outcome, e.Hash}
			if c.JSON {
				if err := out.Encode(l); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Number, l.At.Format(time.RFC3339), or(l.Actor, "-"), or(l.Origin, "-"), l.Action, or(l.Object, "-"), l.Outcome)
		}
		return w.Flush()
	})
}
