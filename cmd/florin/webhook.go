package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/webhook"
)

type webhookCommand struct {
	Add     webhookAdd     `cmd:"" help:"Subscribe a server; its secrets are shown once."`
	Secret  webhookSecret  `cmd:"" help:"Show the secret that signs what goes to a merchant's notificationUrl."`
	List    webhookList    `cmd:"" help:"List the servers that are subscribed or named by payments."`
	Log     webhookLog     `cmd:"" help:"List the latest deliveries."`
	Replay  webhookReplay  `cmd:"" help:"Send a delivery once more."`
	Rotate  webhookRotate  `cmd:"" help:"Give a server a new secret; the old one stays good for a while."`
	Disable webhookDisable `cmd:"" help:"Stop a server's deliveries."`
	Enable  webhookEnable  `cmd:"" help:"Start them again."`

	Unlisted webhookUnlisted `cmd:"" help:"List the servers that payments name and that are not called, since their host is on no profile's list."`
}

var operator = audit.By{Actor: "operator", Origin: "command line"}

type webhookAdd struct {
	settings
	whose
	To       string   `arg:"" name:"to" help:"The address to post to."`
	Merchant string   `help:"Events of this entity's merchant alone." placeholder:"CODE"`
	Contract string   `help:"In whose words messages are put." enum:"gateway,media" default:"gateway"`
	Mode     string   `help:"How messages are put." enum:"plain,encrypted,encrypted_json" default:"plain"`
	Events   []string `help:"Event types, or their first words: payment, payment.captured, source." placeholder:"TYPE"`
}

func (w webhookAdd) Run(ctx context.Context) error {
	return offline(ctx, w.settings, func(a *app.App) error {
		realm, err := w.realm(ctx, a)
		if err != nil {
			return err
		}
		want := webhook.Wish{URL: w.To, Contract: w.Contract, Mode: webhook.Mode(w.Mode), Filter: w.Events}
		if w.Merchant != "" {
			p, err := entity(ctx, a, w.whose, w.Merchant)
			if err != nil {
				return err
			}
			want.Merchant = p.Merchant
		}
		e, shown, err := a.Webhooks.Subscribe(ctx, realm.ID, operator, want)
		if err != nil {
			return err
		}
		return printSecrets(e.ID, shown)
	})
}

type webhookSecret struct {
	settings
	whose
	Entity string `arg:"" help:"An entity of the merchant."`
}

func (w webhookSecret) Run(ctx context.Context) error {
	return offline(ctx, w.settings, func(a *app.App) error {
		p, err := entity(ctx, a, w.whose, w.Entity)
		if err != nil {
			return err
		}
		shown, err := a.Webhooks.RevealDefault(ctx, p.Realm, p.Merchant, operator)
		if err == nil {
			_, err = fmt.Println(shown.Signing.Reveal())
		}
		return err
	})
}

func printSecrets(id ident.ID, shown webhook.Secrets) error {
	fmt.Printf("endpoint  %s\nsecret    %s\n", id, shown.Signing.Reveal())
	if !shown.Cipher.Empty() {
		fmt.Printf("cipher    %s\n", shown.Cipher.Reveal())
	}
	_, err := fmt.Println("\nSecrets are kept sealed and shown this once.")
	return err
}

type webhookList struct {
	settings
	whose
}

func (w webhookList) Run(ctx context.Context) error {
	return offline(ctx, w.settings, func(a *app.App) error {
		realm, err := w.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Webhooks.List(ctx, realm.ID)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ENDPOINT\tKIND\tMODE\tSTATE\tEVENTS\tURL")
		for _, e := range list {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.Kind, e.Mode, strings.TrimSpace(string(e.State)+" "+e.Reason), or(strings.Join(e.Filter, ","), "all"), e.URL)
		}
		return t.Flush()
	})
}

type webhookUnlisted struct {
	settings
	whose
}

// Run prints a line for each host, the latest first: callers are told nothing of
// it, so only an operator can see why nobody is called.
func (w webhookUnlisted) Run(ctx context.Context) error {
	return offline(ctx, w.settings, func(a *app.App) error {
		realm, err := w.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Webhooks.Unlisted(ctx, realm.ID)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "MERCHANT\tSERVER\tMESSAGES\tFIRST\tLAST")
		for _, u := range list {
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", u.Merchant, u.Host, u.Messages, u.FirstAt.Format(time.DateTime), u.LastAt.Format(time.DateTime))
		}
		return t.Flush()
	})
}

type webhookLog struct {
	settings
	whose
	Endpoint string `help:"Of this endpoint alone." placeholder:"ID"`
	Limit    int    `help:"How many." default:"20"`
}

func (w webhookLog) Run(ctx context.Context) error {
	return offline(ctx, w.settings, func(a *app.App) error {
		realm, err := w.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Webhooks.Deliveries(ctx, realm.ID, ident.ID(w.Endpoint), "", w.Limit)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "DELIVERY\tWRITTEN\tEVENT\tOBJECT\tSTATE\tTRIES\tANSWER\tURL")
		for _, d := range list {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", d.ID, d.CreatedAt.Format(time.DateTime), d.EventType, d.Object, d.State, d.Tries,
				or(d.Error, fmt.Sprint(d.Status)), d.URL)
		}
		return t.Flush()
	})
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// endpointOrDelivery is what the commands below act on.
type endpointOrDelivery struct {
	settings
	whose
	ID string `arg:"" name:"id" help:"As webhook list or webhook log shows it."`
}

func (e endpointOrDelivery) act(ctx context.Context, f func(a *app.App, realm, id ident.ID) error) error {
	return offline(ctx, e.settings, func(a *app.App) error {
		realm, err := e.realm(ctx, a)
		if err != nil {
			return err
		}
		return f(a, realm.ID, ident.ID(e.ID))
	})
}

type webhookReplay struct{ endpointOrDelivery }

func (w webhookReplay) Run(ctx context.Context) error {
	return w.act(ctx, func(a *app.App, realm, id ident.ID) error {
		_, err := a.Webhooks.Replay(ctx, realm, id, operator)
		return err
	})
}

type webhookRotate struct{ endpointOrDelivery }

func (w webhookRotate) Run(ctx context.Context) error {
	return w.act(ctx, func(a *app.App, realm, id ident.ID) error {
		shown, err := a.Webhooks.Rotate(ctx, realm, id, operator, webhook.Overlap)
		if err != nil {
			return err
		}
		return printSecrets(id, shown)
	})
}

type webhookDisable struct{ endpointOrDelivery }

func (w webhookDisable) Run(ctx context.Context) error {
	return w.act(ctx, func(a *app.App, realm, id ident.ID) error { return a.Webhooks.Disable(ctx, realm, id, operator) })
}

type webhookEnable struct{ endpointOrDelivery }

func (w webhookEnable) Run(ctx context.Context) error {
	return w.act(ctx, func(a *app.App, realm, id ident.ID) error { return a.Webhooks.Enable(ctx, realm, id, operator) })
}
