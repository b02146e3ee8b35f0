package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
)

type bankCommand struct {
	Add  bankAdd  `cmd:"" help:"Set a merchant up with a bank that is asked for direct debits by file."`
	List bankList `cmd:"" help:"List who is set up with a bank, and the newest files of each."`
	Out  bankOut  `cmd:"" help:"Write claims and mandates that wait into files, and lay them in a folder for the bank."`
	In   bankIn   `cmd:"" help:"Take a bank's files in from a folder, each once; what is malformed is put aside."`
}

// carrier is how an operator acts: for all merchants of a realm.
func carrier(realm access.Realm) access.Actor {
	return access.Actor{Realm: realm.ID, Environment: realm.Environment, Kind: "operator", May: access.Everything}
}

type bankAdd struct {
	settings
	whose
	Entity    string `arg:"" help:"The code of an entity of the merchant."`
	Bank      string `required:"" help:"nets (AvtaleGiro) or bankgirot (Autogiro)." enum:"nets,bankgirot"`
	Customer  string `required:"" help:"The number that the clearing house gave: a customer unit of 8 digits, a customer number of up to 6."`
	Account   string `required:"" help:"Where the money goes: an account of 11 digits, a bankgiro number."`
	Agreement string `help:"Nets: the agreement of claims, 9 digits." placeholder:"DIGITS"`
}

func (b bankAdd) Run(ctx context.Context) error {
	return offline(ctx, b.settings, func(a *app.App) error {
		realm, err := b.realm(ctx, a)
		if err != nil {
			return err
		}
		p, err := entity(ctx, a, b.whose, b.Entity)
		if err != nil {
			return err
		}
		c, err := a.Banks.AddCreditor(ctx, carrier(realm), operator, bankfile.Creditor{Merchant: p.Merchant, Bank: b.Bank,
			Creditor: connector.Creditor{Customer: b.Customer, Account: b.Account, Agreement: b.Agreement}})
		if err == nil {
			_, err = fmt.Printf("%s is creditor %s of %s\n", b.Entity, c.Customer, c.Bank)
		}
		return err
	})
}

type bankList struct {
	settings
	whose
	Files int `help:"How many files of each." default:"10"`
}

func (b bankList) Run(ctx context.Context) error {
	return offline(ctx, b.settings, func(a *app.App) error {
		realm, err := b.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Banks.All(ctx, carrier(realm))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, c := range list {
			fmt.Fprintf(w, "%s\t%s\taccount %s\t\t\n", c.Bank, c.Customer, c.Account)
			files, err := a.Banks.Files(ctx, carrier(realm), c.ID, "", max(b.Files, 0))
			if err != nil {
				return err
			}
			for _, f := range files {
				fmt.Fprintf(w, "  %s\t%s\t%s\t%d entries\t%s\n", f.Way, f.Name, f.State, f.Entries, said(f))
			}
		}
		return w.Flush()
	})
}

// said is why a file was put aside.
func said(f bankfile.File) string {
	if f.State != bankfile.Quarantined {
		return f.CreatedAt.Format(time.DateTime)
	}
	return f.Place + ": " + f.Reason
}

type bankOut struct {
	settings
	whose
	Folder string `arg:"" help:"Where the bank's files are laid." type:"existingdir"`
}

// Run lays every file that has not gone out, those of earlier days too. A file
// counts as delivered once it lies there whole: a run that is cut short lays the
// same file again under the same name.
func (b bankOut) Run(ctx context.Context) error {
	return offline(ctx, b.settings, func(a *app.App) error {
		realm, err := b.realm(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Banks.All(ctx, carrier(realm))
		if err == nil && len(list) == 0 {
			err = errors.New("nobody is set up with a bank: florin bank add")
		}
		laid := 0
		for _, c := range list {
			for more := true; more && err == nil; {
				if _, more, err = a.Banks.Make(ctx, carrier(realm), operator, c.ID); err == nil {
					n := 0
					n, err = b.lay(ctx, a, realm, c)
					laid += n
				}
			}
		}
		if err == nil {
			_, err = fmt.Printf("%d files laid in %s\n", laid, b.Folder)
		}
		return err
	})
}

// lay lays a creditor's files that wait.
func (b bankOut) lay(ctx context.Context, a *app.App, realm access.Realm, c bankfile.Creditor) (n int, err error) {
	list, err := a.Banks.Waiting(ctx, carrier(realm), c.ID)
	for i, f := range list {
		_, text, err := a.Banks.Text(ctx, carrier(realm), operator, f.ID)
		if err == nil {
			err = layFile(filepath.Join(b.Folder, f.Name+".txt"), text)
		}
		if err == nil {
			_, err = a.Banks.Deliver(ctx, carrier(realm), operator, f.ID)
		}
		if err != nil {
			return n, err
		}
		n++
		if _, err := fmt.Printf("%d of %d: %s.txt, %d entries\n", i+1, len(list), f.Name, f.Entries); err != nil {
			return n, err
		}
	}
	return n, err
}

// layFile writes a file whole or not at all, and for good. One that lies there
// already is left when it says the same, and never written over.
func layFile(path string, text []byte) error {
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, text):
		return nil
	case err == nil:
		return fmt.Errorf("%s: another file of that name lies there", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".florin-*.part") // 0600: it has names and amounts
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type bankIn struct {
	settings
	whose
	Folder string `arg:"" help:"Where the bank's files lie. Those that were read go to its folder read, those put aside to quarantined." type:"existingdir"`
}

// fileLimit is the most that a bank's file may be; formats refuse more anyway.
const fileLimit = 8 << 20

// Run takes the files in by the order of their names, and ends with status 1
// when one was put aside. A run that is cut short is taken up by the next: a
// file that was taken before is known by what it says.
func (b bankIn) Run(ctx context.Context) error {
	return offline(ctx, b.settings, func(a *app.App) error {
		realm, err := b.realm(ctx, a)
		if err != nil {
			return err
		}
		names, err := arrived(b.Folder)
		if err != nil {
			return err
		}
		aside := 0
		for i, name := range names {
			f, known, err := b.take(ctx, a, realm, name)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			line, folder := "", "read"
			switch {
			case f.State == bankfile.Quarantined:
				line, folder = "put aside, "+f.Place+": "+f.Reason, "quarantined"
				aside++
			case known:
				line = "was taken before, nothing is booked"
			default:
				if line, err = b.summary(ctx, a, realm, f); err != nil {
					return err
				}
			}
			if err := moveFile(b.Folder, folder, name); err != nil {
				return err
			}
			if _, err := fmt.Printf("%d of %d: %s: %s\n", i+1, len(names), name, line); err != nil {
				return err
			}
		}
		if _, err := fmt.Printf("%d files, %d put aside\n", len(names), aside); err != nil || aside == 0 {
			return err
		}
		return errFound
	})
}

// arrived lists the files that lie in a folder, by name. Hidden ones, and those
// that are still being written (.part, .tmp), are left.
func arrived(folder string) (names []string, err error) {
	list, err := os.ReadDir(folder)
	for _, e := range list {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains([]string{".part", ".tmp"}, filepath.Ext(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// take takes a file in and books what it says. known says that it was taken
// before.
func (b bankIn) take(ctx context.Context, a *app.App, realm access.Realm, name string) (f bankfile.File, known bool, err error) {
	path := filepath.Join(b.Folder, name)
	at, err := os.Stat(path)
	if err == nil && at.Size() > fileLimit {
		err = fmt.Errorf("it is larger than %d MiB", fileLimit>>20)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return f, false, err
	}
	c, err := a.Banks.Addressed(ctx, carrier(realm), text)
	if err == nil {
		f, err = a.Banks.Take(ctx, carrier(realm), operator, c.ID, name, text)
	}
	if err != nil || f.State != bankfile.Taken {
		return f, f.State == bankfile.Read, err
	}
	f, err = a.Banks.Enter(ctx, carrier(realm), f.ID)
	return f, false, err
}

// summary is what became of a file's entries.
func (b bankIn) summary(ctx context.Context, a *app.App, realm access.Realm, f bankfile.File) (string, error) {
	list, err := a.Banks.UnmatchedIn(ctx, carrier(realm), f.ID)
	line := fmt.Sprintf("%d entries", f.Entries)
	for _, e := range list {
		line += fmt.Sprintf("; entry %d is nobody's: %s", e.N, e.Reason)
	}
	return line, err
}

// moveFile moves a file that is done with out of the way. One of the same name
// from another day stays beside it.
func moveFile(folder, sub, name string) error {
	if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
		return err
	}
	to := filepath.Join(folder, sub, name)
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		to = filepath.Join(folder, sub, fmt.Sprintf("%s.%d", name, n))
	}
	return os.Rename(filepath.Join(folder, name), to)
}
