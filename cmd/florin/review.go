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
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/reconcile"
)

type reviewCommand struct {
	List   reviewList   `cmd:"" default:"withargs" help:"List what waits for a human; this is what review does by itself."`
	Accept reviewAccept `cmd:"" help:"It happened: the attempt counts as done, and the books say so. An order begins after all."`
	Return reviewReturn `cmd:"" help:"It did not happen, or what moved has been sent back at the provider: the attempt counts as not done. An order is cancelled, and florin gives back what was paid."`
}

type reviewList struct{ settings }

// Run lists what waits for a human in every realm: attempts of which the
// provider says what cannot be squared with what we know, risk reviews, money
// that belongs to nobody yet, orders that were paid and cannot begin, and jobs that were set aside after too many tries.
func (r reviewList) Run(ctx context.Context) error {
	return offline(ctx, r.settings, func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ORGANISATION\tENVIRONMENT\tID\tWHAT\tPAYMENT\tSINCE\tWHY")
		for _, realm := range realms {
			list, err := a.Payments.InReview(ctx, realm.ID)
			if err != nil {
				return err
			}
			for _, p := range list {
				lines, err := waiting(ctx, a, realm.ID, p)
				if err != nil {
					return err
				}
				for _, line := range lines {
					fmt.Fprintf(w, "%s\t%s\t%s\n", realm.Organisation, realm.Environment, line)
				}
			}
			arrivals, err := a.Payments.HeldArrivals(ctx, realm.ID)
			if err != nil {
				return err
			}
			for _, t := range arrivals {
				fmt.Fprintf(w, "%s\t%s\t%s\n", realm.Organisation, realm.Environment, held(t))
			}
			orders, err := a.Purchases.InReview(ctx, realm.ID)
			if err != nil {
				return err
			}
			for _, o := range orders {
				fmt.Fprintf(w, "%s\t%s\t%s\n", realm.Organisation, realm.Environment, stuck(o))
			}
			bank, err := a.Reconcile.Unexplained(ctx, realm.ID)
			if err != nil {
				return err
			}
			for _, l := range bank {
				fmt.Fprintf(w, "%s\t%s\t%s\n", realm.Organisation, realm.Environment, unexplained(l))
			}
		}
		jobs, err := a.Jobs.Quarantined(ctx)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			fmt.Fprintf(w, "-\t-\t%s\tjob %s\t-\t%s\t%s\n", j.ID, j.Kind, j.DueAt.Format(time.DateTime), j.LastError)
		}
		return w.Flush()
	})
}

// waiting is a line for each thing of a payment that waits: what accept and
// return take, what it is, and why it is here.
func waiting(ctx context.Context, a *app.App, realm ident.ID, p payment.Payment) ([]string, error) {
	attempts, err := a.Payments.Attempts(ctx, realm, p.ID)
	var lines []string
	for _, t := range attempts {
		why := ""
		switch {
		case t.State == payment.LateSuccess && t.Original != "" && t.Kind == p.Kind:
			why = "paid once more"
		case t.State == payment.LateSuccess:
			why = "it succeeded after it was called failed"
		case t.State == payment.AttemptReview && t.Code == "conflict.amount":
			why = "the provider names another amount"
		case t.State == payment.AttemptReview:
			why = "the provider never said what became of it"
		default:
			continue
		}
		what := string(t.Kind)
		if t.Amount.Currency != "" {
			what += " " + shown(t.Amount)
		}
		lines = append(lines, strings.Join([]string{string(t.ID), what, string(p.ID), t.DoneAt.Format(time.DateTime), why}, "\t"))
	}
	if p.Risk == payment.RiskReview {
		lines = append(lines, strings.Join([]string{string(p.ID), "risk of " + shown(p.Amount), string(p.ID), p.UpdatedAt.Format(time.DateTime), "the provider asks for a look"}, "\t"))
	}
	return lines, err
}

// held is a line for money that came by bank transfer and belongs to nobody yet,
// or to a payment that still waits for the rest.
func held(t payment.Arrival) string {
	why := fmt.Sprintf("no payment waits for the reference %q", t.Quoted)
	whose := "-"
	if t.Payment != "" {
		whose, why = string(t.Payment), "it is not what the payment waits for"
	}
	return strings.Join([]string{string(t.ID), "transfer, held " + shown(money.Of(t.Held(), t.Amount.Currency)), whose, t.ArrivedAt.Format(time.DateTime), why}, "\t")
}

// stuck is a line for an order that waits.
func stuck(p purchase.Purchase) string {
	return strings.Join([]string{string(p.ID), fmt.Sprintf("order %d, %s", p.Number, shown(p.Amount)), "-", p.DoneAt.Format(time.DateTime), "it cannot begin: " + p.Details.Reason}, "\t")
}

// unexplained is a line for a line of our bank's statement that nothing
// explains, with what the bank writes made safe for a terminal.
func unexplained(l reconcile.BankLine) string {
	return strings.Join([]string{l.ID(), "bank " + shown(money.Of(l.Amount, l.Currency)), "-", l.BookedOn, fmt.Sprintf("%s: %q", l.Why(), strings.TrimSpace(l.Reference+" "+l.Text))}, "\t")
}

// verdict is what accept and return share.
type verdict struct {
	settings
	ID     string `arg:"" name:"id" help:"As review shows it."`
	Reason string `required:"" help:"Why, for whoever reads the events later." placeholder:"TEXT"`
}

type reviewAccept struct {
	verdict
	For string `help:"Of a line of the bank's statement: the payable reference of the invoice that it pays." placeholder:"REFERENCE"`
}

func (r reviewAccept) Run(ctx context.Context) error { return r.decide(ctx, payment.Accept, r.For) }

type reviewReturn struct{ verdict }

func (r reviewReturn) Run(ctx context.Context) error { return r.decide(ctx, payment.Return, "") }

// decide looks for the id in every realm and writes the verdict down. Lines of a
// statement have longer ids than anything else.
func (v verdict) decide(ctx context.Context, word payment.Verdict, paid string) error {
	return offline(ctx, v.settings, func(a *app.App) error {
		realms, err := a.Access.Realms(ctx)
		if err != nil {
			return err
		}
		for _, realm := range realms {
			if len(v.ID) > ident.Length || paid != "" {
				l, replayed, err := a.Reconcile.Decide(ctx, realm.ID, reconcile.Decision{Line: v.ID, Verdict: word, For: paid, Reason: v.Reason, By: operator})
				if fault.Is(err, "not_found.line") {
					continue
				}
				if err == nil {
					_, err = fmt.Printf("%s: the line of %s over %s\n", past(word, replayed), l.BookedOn, shown(money.Of(l.Amount, l.Currency)))
				}
				return err
			}
			actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, Kind: "operator", May: []access.Permission{access.Review}}
			d := payment.Decision{ID: ident.ID(v.ID), Verdict: word, Reason: v.Reason, By: operator}
			out, err := a.Payments.Decide(ctx, actor, d)
			if err == nil {
				return say(word, out.Replayed, fmt.Sprintf("payment %s is %s", out.Payment.ID, out.Payment.State))
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
			order, replayed, err := a.Purchases.Decide(ctx, actor, d)
			if err == nil {
				return say(word, replayed, fmt.Sprintf("order %d is %s", order.Number, order.State))
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return fmt.Errorf("there is no payment, attempt or order and no line of a statement %s", v.ID)
	})
}

func say(word payment.Verdict, replayed bool, stands string) error {
	_, err := fmt.Printf("%s: %s\n", past(word, replayed), stands)
	return err
}

// past is what has become of something that waited.
func past(word payment.Verdict, replayed bool) string {
	text := map[payment.Verdict]string{payment.Accept: "accepted", payment.Return: "returned"}[word]
	if replayed {
		text = "was " + text + " before; nothing changed"
	}
	return text
}

// shown writes an amount for people.
func shown(a money.Amount) string {
	digits, _ := a.Currency.Exponent() // a stored currency is known
	return a.Decimal(digits) + " " + string(a.Currency)
}
