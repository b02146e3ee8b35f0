package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/settlement/aba"
)

type settleCommand struct {
	Plan        settlePlan        `cmd:"" help:"Show or set how a merchant settles: fees, tax, when money is available, net or gross."`
	Import      settleImport      `cmd:"" help:"Take in a provider's settlement file, or a statement of our bank (camt.053 or CSV)."`
	Differences settleDifferences `cmd:"" help:"Compare our books, the providers' files and the bank statement, and name every difference."`
	File        settleFile        `cmd:"" help:"Make a direct-entry (ABA) file of the payouts that wait for one."`
	Conclude    settleConclude    `cmd:"" help:"End a payout that a file carries, as the bank's statement says."`
}

type settlePlan struct {
	settings
	whose
	Merchant string `arg:"" help:"The merchant's id."`
	File     string `help:"The plan as JSON: currency and terms. Without it the plan is shown." type:"existingfile" placeholder:"FILE"`
}

// written is a plan as an operator writes it.
type written struct {
	Currency money.Currency   `json:"currency"`
	Terms    settlement.Terms `json:"terms"`
}

func (p settlePlan) Run(ctx context.Context) error {
	return offline(ctx, p.settings, func(a *app.App) error {
		realm, err := p.realm(ctx, a)
		if err != nil {
			return err
		}
		plan, err := a.Settlement.Plan(ctx, realm.ID, ident.ID(p.Merchant))
		if err != nil && !(p.File != "" && fault.Is(err, "not_found.plan")) {
			return err
		}
		if p.File != "" {
			if plan, err = p.save(ctx, a, realm.ID, plan.Version); err != nil {
				return err
			}
		}
		text, err := json.MarshalIndent(written{plan.Currency, plan.Terms}, "", "  ")
		if err == nil {
			_, err = fmt.Println(string(text))
		}
		return err
	})
}

func (p settlePlan) save(ctx context.Context, a *app.App, realm ident.ID, version int64) (settlement.Plan, error) {
	f, err := os.Open(p.File)
	if err != nil {
		return settlement.Plan{}, err
	}
	defer f.Close() // it was only read
	var w written
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return settlement.Plan{}, fmt.Errorf("%s: %w", p.File, err)
	}
	return a.Settlement.SavePlan(ctx, realm, operator, settlement.Plan{Merchant: ident.ID(p.Merchant), Version: version, Currency: w.Currency, Terms: w.Terms})
}

type settleImport struct {
	settings
	whose
	File      string `arg:"" help:"The file." type:"existingfile"`
	Connector string `help:"Whose file it is; bank for a statement of our bank." default:"bank"`
}

func (i settleImport) Run(ctx context.Context) error {
	return offline(ctx, i.settings, func(a *app.App) error {
		realm, err := i.realm(ctx, a)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(i.File)
		if err != nil {
			return err
		}
		if i.Connector == "bank" {
			n, err := a.Reconcile.ImportBank(ctx, realm.ID, filepath.Base(i.File), text)
			if err == nil {
				_, err = fmt.Printf("%d new lines\n", n)
			}
			return err
		}
		f, err := a.Reconcile.Import(ctx, realm.ID, i.Connector, connector.SettlementFile{Name: filepath.Base(i.File), Text: text})
		if err == nil {
			_, err = fmt.Printf("%s of %s: %d lines, %s paid\n", f.Reference, f.Connector, f.Lines, shown(money.Of(f.Payout, f.Currency)))
		}
		return err
	})
}

type settleDifferences struct {
	settings
	whose
	From string `help:"The first day (UTC), YYYY-MM-DD; 30 days before the last when left out." placeholder:"DAY"`
	To   string `help:"The last day (UTC); yesterday when left out." placeholder:"DAY"`
}

// Run prints a line for each difference, and ends with status 1 when one is left
// unexplained.
func (s settleDifferences) Run(ctx context.Context) error {
	return offline(ctx, s.settings, func(a *app.App) error {
		realm, err := s.realm(ctx, a)
		if err != nil {
			return err
		}
		last := time.Now().UTC().AddDate(0, 0, -1).Truncate(24 * time.Hour)
		if s.To != "" {
			if last, err = time.Parse(time.DateOnly, s.To); err != nil {
				return fmt.Errorf("to: %q is no day", s.To)
			}
		}
		first := last.AddDate(0, 0, -30)
		if s.From != "" {
			if first, err = time.Parse(time.DateOnly, s.From); err != nil {
				return fmt.Errorf("from: %q is no day", s.From)
			}
		}
		r, err := a.Reconcile.Reconcile(ctx, realm.ID, first, last.AddDate(0, 0, 1))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, d := range r.Differences {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s line %d\t%s\tours %s\ttheirs %s\n", d.At.Format(time.DateTime), d.Label, d.Kind, d.Settlement, d.Line, d.Payment, some(d.Ours), some(d.Theirs))
		}
		fmt.Fprintf(w, "%d files, %d lines, %d matched, %d differences, %d unexplained\n", r.Files, r.Lines, r.Matched, len(r.Differences), r.Unexplained())
		if err := w.Flush(); err != nil {
			return err
		}
		if r.Unexplained() > 0 {
			return errFound
		}
		return nil
	})
}

// some shows an amount, or that there is none.
func some(a money.Amount) string {
	if a.Currency == "" {
		return "nothing"
	}
	return shown(a)
}

type settleFile struct {
	settings
	whose
	Out      string `arg:"" help:"Where the file goes; it must not exist." type:"path"`
	Bank     string `required:"" help:"The paying bank's three letters."`
	Name     string `required:"" help:"Who pays, up to 26 characters."`
	UserID   string `name:"user-id" required:"" help:"Six digits that the bank has given."`
	BSB      string `name:"bsb" required:"" help:"Of the paying account, six digits."`
	Account  string `required:"" help:"Its number."`
	Balanced bool   `help:"Add a debit of the sum, as some banks want it."`
}

// Run makes the file, and says how many payouts are in it once they are marked
// and the file lies under its name. A run that was cut off is taken up again.
func (s settleFile) Run(ctx context.Context) error {
	return offline(ctx, s.settings, func(a *app.App) error {
		realm, err := s.realm(ctx, a)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(s.Out); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: it is there already", s.Out)
		}
		list, err := s.resume(ctx, a, realm.ID)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			f, err := a.Settlement.DirectEntry(ctx, realm.ID, aba.Payer{Bank: s.Bank, Name: s.Name, UserID: s.UserID, BSB: s.BSB, Account: s.Account, Balanced: s.Balanced}, time.Now())
			if err != nil {
				return err
			}
			if err := layMarked(s.Out, f.Text, func() (err error) {
				list, err = a.Settlement.Carry(ctx, realm.ID, operator, f)
				return err
			}); err != nil {
				return err
			}
		}
		_, err = fmt.Printf("%d payouts in %s\n", len(list), s.Out)
		return err
	})
}

// unmarked is how a file is called until its payouts are marked: nobody sends it.
const unmarked = ".part"

// layMarked puts a file on disk, whole, before mark says that its payouts are
// carried by it, and gives it its name after that: what is marked is never lost,
// and what has its name is marked.
func layMarked(out string, text []byte, mark func() error) error {
	if err := layFile(out+unmarked, text); err != nil {
		return err
	}
	if err := mark(); err != nil {
		if fault.Is(err, fault.Conflict) { // nothing is marked; after any other fault something may be
			err = errors.Join(err, os.Remove(out+unmarked))
		}
		return err
	}
	return named(out)
}

// named gives a file that is marked its name.
func named(out string) error {
	if err := os.Rename(out+unmarked, out); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(out))
}

// resume takes up a run that was cut off: if payouts are marked as carried by
// what it left, that gets its name; if not, it goes.
func (s settleFile) resume(ctx context.Context, a *app.App, realm ident.ID) ([]settlement.Payout, error) {
	text, err := os.ReadFile(s.Out + unmarked)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := a.Settlement.Carried(ctx, realm, text)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, os.Remove(s.Out + unmarked)
	}
	return list, named(s.Out)
}

type settleConclude struct {
	settings
	whose
	Payout string `arg:"" help:"The payout's id."`
	State  string `arg:"" help:"paid, failed or reversed." enum:"paid,failed,reversed"`
}

func (s settleConclude) Run(ctx context.Context) error {
	return offline(ctx, s.settings, func(a *app.App) error {
		realm, err := s.realm(ctx, a)
		if err != nil {
			return err
		}
		p, err := a.Settlement.Conclude(ctx, realm.ID, operator, ident.ID(s.Payout), settlement.State(s.State))
		if err == nil {
			_, err = fmt.Printf("payout %s of %s is %s\n", p.Reference, shown(money.Of(p.Amount, p.Currency)), p.State)
		}
		return err
	})
}
