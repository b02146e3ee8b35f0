package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// Service imports and compares.
type Service struct {
	DB         *store.DB
	Merchants  *merchant.Service
	Settlement *settlement.Service
	Invoices   *invoice.Service
	Log        *slog.Logger
	Clock      clock.Clock

	// Connectors are asked for settlement files, those that make them.
	Connectors map[string]connector.Connector
	// Tariffs are what was agreed with the providers, by connector: their files
	// are held against it. A connector without one is believed.
	Tariffs map[string]Tariff
	// Realms lists those whose files are fetched.
	Realms func(ctx context.Context) ([]access.Realm, error)

	fetched sync.Map // realm -> the hour of its last fetch
}

// Tariff is what a provider may keep.
type Tariff struct {
	Points     int64 // of a payment, in basis points
	Chargeback int64 // of a chargeback, major units of its currency
}

// File is a provider's settlement file that was imported. Amounts are minor
// units of Currency, as the provider says them.
type File struct {
	ID         ident.ID
	Version    int64
	Connector  string
	Account    string
	Reference  string
	Report     string
	Merchant   ident.ID // whose it is; "" when none of its lines is known, or they are of several
	Currency   money.Currency
	From, To   time.Time
	PaidAt     time.Time
	Lines      int64
	Gross      int64
	Fees       int64
	Payout     int64
	Later      int64  // fees that are invoiced
	Receipt    string // the bank line that paid it, or ""
	ImportedAt time.Time

	hash string
}

// Line is one line of a file, with what we know of its payment.
type Line struct {
	Connector  string
	Account    string
	Settlement string         // the file's reference
	Settled    money.Currency // the file's
	N          int64
	Kind       connector.LineKind
	Reference  string // the provider's id of the charge
	Attempt    ident.ID
	Payment    ident.ID // "" when we know none
	Merchant   ident.ID
	Method     method.Name
	Brand      string
	Ours       string // the merchant's reference of the payment
	Currency   money.Currency
	Gross      int64
	Fee        int64
	Unpriced   bool
	At         time.Time
	PaidAt     time.Time

	hash string
	from time.Time // when the file's period begins
}

// Limits of an import.
const (
	maxFile   = 64 << 20 // bytes
	batchSize = 1000     // lines of a transaction
)

// Import takes in a settlement file of the provider behind a connector. The
// same file again changes nothing and is answered as it stands. Faults:
// not_found.connector (there is none that makes files), invalid.settlement (the
// file cannot be read; it is kept aside), conflict.file (another file has its
// reference; kept aside too).
func (s *Service) Import(ctx context.Context, realm ident.ID, name string, in connector.SettlementFile) (f File, err error) {
	settler, settles := s.Connectors[name].(connector.Settler)
	if !settles {
		return f, fault.New("not_found.connector", "no provider %q makes settlement files", name)
	}
	hash := digest(string(in.Text))
	f, found, err := s.byHash(ctx, realm, hash)
	if err != nil || found {
		return f, err
	}
	if len(in.Text) > maxFile {
		return f, s.aside(ctx, realm, name, in, fault.At("invalid.settlement", "file", "it is larger than %d MiB", maxFile>>20))
	}
	read, err := settler.ReadSettlement(in.Text)
	if err != nil {
		return f, s.aside(ctx, realm, name, in, err)
	}
	f = File{Connector: name, Account: read.Account, Reference: read.Reference, Report: read.Report, Currency: read.Currency, From: read.From, To: read.To,
		PaidAt: read.PaidAt, Lines: int64(len(read.Lines)), Gross: read.Gross.Minor, Fees: read.Fees.Minor, Payout: read.Payout.Minor, Later: read.Later.Minor, hash: hash}
	taken := false
	if err := s.DB.View(ctx, realm, func(tx *store.Tx) error {
		old, found, err := getFile(tx, f)
		taken = found && old.hash != hash
		return err
	}); err != nil {
		return f, err
	}
	if taken {
		return f, s.aside(ctx, realm, name, in, fault.At("conflict.file", "reference", "another file has the reference %s", f.Reference))
	}
	owners := map[ident.ID]bool{}
	for lines := range slices.Chunk(linesOf(f, read), batchSize) {
		if err := s.take(ctx, realm, owners, lines); err != nil {
			return f, err
		}
	}
	if len(owners) == 1 {
		for f.Merchant = range owners {
		}
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		old, found, err := getFile(tx, f)
		if err != nil || found {
			f = old
			return err
		}
		f.ID, f.Version, f.ImportedAt = tx.NewID(), 1, tx.Now()
		addFile(tx, f)
		return ownLines(tx, f)
	})
	if err != nil {
		return f, err
	}
	return f, s.MatchBank(ctx, realm)
}

func (s *Service) byHash(ctx context.Context, realm ident.ID, hash string) (f File, found bool, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err := files(tx, `hash = $2`, hash)
		if found = len(list) > 0; found {
			f = list[0]
		}
		return err
	})
	return f, found, err
}

// linesOf gives each line its hash: a line that stands in a file for the second
// time is another line, and the same line in the same file is the same.
func linesOf(f File, read connector.Settlement) []Line {
	lines := make([]Line, 0, len(read.Lines))
	times := make(map[string]int, len(read.Lines))
	for _, in := range read.Lines {
		l := Line{Connector: f.Connector, Account: f.Account, Settlement: f.Reference, Settled: f.Currency, N: int64(in.N), Kind: in.Kind, Reference: in.Reference, Attempt: in.Attempt,
			Currency: in.Gross.Currency, Gross: in.Gross.Minor, Fee: in.Fee.Minor, Unpriced: in.Unpriced, At: in.At, PaidAt: f.PaidAt, from: f.From}
		text := strings.Join([]string{l.Connector, l.Account, l.Settlement, string(f.Currency), string(l.Kind), l.Reference, string(l.Attempt), string(l.Currency),
			fmt.Sprint(l.Gross, l.Fee, l.Unpriced, l.At.UnixMilli())}, "\x00")
		times[text]++
		l.hash = digest(fmt.Sprint(text, "\x00", times[text]))
		lines = append(lines, l)
	}
	return lines
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// take writes lines that are not known yet, with what we know of their
// payments, and notes whose they are.
func (s *Service) take(ctx context.Context, realm ident.ID, owners map[ident.ID]bool, lines []Line) error {
	write := func(tx *store.Tx) error {
		known, err := knownLines(tx, lines)
		if err != nil {
			return err
		}
		var attempts []ident.ID
		for _, l := range lines {
			if l.Attempt != "" {
				attempts = append(attempts, l.Attempt)
			}
		}
		around, err := payment.Around(tx, attempts)
		if err != nil {
			return err
		}
		of := make(map[ident.ID]payment.Payment, len(around))
		for _, out := range around {
			of[out.Attempt.ID] = out.Payment
		}
		for _, l := range lines {
			if p, ok := of[l.Attempt]; ok {
				l.Payment, l.Merchant, l.Method, l.Brand, l.Ours = p.ID, p.Merchant, p.Method, p.Brand, p.Reference
				owners[p.Merchant] = true
			}
			if !known[l.hash] {
				addLine(tx, l)
			}
		}
		return nil
	}
	err := s.DB.Update(ctx, realm, write)
	if lineTaken(err) { // somebody imports the same file at the same moment
		err = s.DB.Update(ctx, realm, write)
	}
	return err
}

// Refused is a file that was kept aside.
type Refused struct {
	ID        string
	Connector string // or bank
	Name      string
	Line      string
	Reason    string
	Text      []byte
	At        time.Time
}

// aside keeps a file that cannot be taken in, and returns why.
func (s *Service) aside(ctx context.Context, realm ident.ID, from string, in connector.SettlementFile, why error) error {
	r := Refused{ID: digest(from + "\x00" + string(in.Text)), Connector: from, Name: in.Name, Reason: why.Error(), Text: in.Text[:min(len(in.Text), maxFile)]}
	if f, ok := why.(*fault.Error); ok {
		r.Line, r.Reason = f.Param, f.Msg
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		r.At = tx.Now()
		return keepAside(tx, r)
	})
	if err != nil {
		return err
	}
	return why
}

// Aside lists the files that were refused, the newest first, without their text.
func (s *Service) Aside(ctx context.Context, realm ident.ID) (list []Refused, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = refused(tx)
		return err
	})
	return list, err
}
