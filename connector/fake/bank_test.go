package fake

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/bankgirot"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

var _ connector.Courier = (*Bank)(nil)

var bankStart = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// desk plays a creditor of a bank by the real formats.
type desk struct {
	t        *testing.T
	bank     *Bank
	format   connector.BankFormat
	creditor connector.Creditor
	number   int64
	last     string
}

func (d *desk) ref(payer, bill int64) string {
	d.t.Helper()
	s, err := d.format.Reference(payer, bill)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *desk) claim(payer, bill, minor int64, due time.Time) connector.BankClaim {
	return connector.BankClaim{Payer: payer, Reference: d.ref(payer, bill), Due: due, Amount: money.Of(minor, d.format.Currency()), Name: "Nora Lind"}
}

func (d *desk) send(at time.Time, b connector.Batch) {
	d.t.Helper()
	d.number++
	b.Number, b.Creditor, b.At = d.number, d.creditor, at
	body, err := d.format.Write(b)
	if err != nil {
		d.t.Fatal(err)
	}
	f := connector.BankFile{Customer: d.creditor.Customer, Name: string(rune('a' + d.number)), Body: body}
	for range 2 { // told twice, taken once
		if err := d.bank.SendFile(context.Background(), d.format.Name(), f, at); err != nil {
			d.t.Fatal(err)
		}
	}
	f.Body = append(f.Body, '\n')
	if err := d.bank.SendFile(context.Background(), d.format.Name(), f, at); fault.Code(err) != "conflict.bank_file" {
		d.t.Errorf("another file of that name: got %v", err)
	}
}

// hear is what the bank has put out by then, in the words of the format.
func (d *desk) hear(at time.Time) (t connector.Tidings) {
	d.t.Helper()
	list, err := d.bank.FetchFiles(context.Background(), d.format.Name(), d.creditor.Customer, d.last, at)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range list {
		d.last = f.Name
		one, err := d.format.Read(f.Body)
		if err != nil || one.Creditor.Account != d.creditor.Account {
			d.t.Fatalf("%s: got %+v (%v)\n%s", f.Name, one, err, f.Body)
		}
		t.Mandates, t.Payments, t.Refusals = append(t.Mandates, one.Mandates...), append(t.Payments, one.Payments...), append(t.Refusals, one.Refusals...)
	}
	return t
}

func day(n int) time.Time { return time.Date(2026, 12, n, 0, 0, 0, 0, time.UTC) }

func TestBankOfNorway(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "bank")} {
		bank, err := OpenBank(path)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{t: t, bank: bank, format: nets.Bank{}, creditor: connector.Creditor{Customer: "00912345", Account: "15039123451", Agreement: "000000000"}}
		for payer := range int64(5) {
			if err := bank.Consent(context.Background(), "nets", d.creditor, d.ref(payer+1, 0), bankStart); err != nil {
				t.Fatal(err)
			}
		}
		d.send(bankStart, connector.Batch{Claims: []connector.BankClaim{
			d.claim(1, 1, 34900, day(5)), d.claim(2, 1, 34961, day(5)), d.claim(3, 1, 34962, day(5)), d.claim(4, 1, 34963, day(5)),
			d.claim(5, 1, 14964, day(5)), d.claim(9, 1, 34900, day(5)), d.claim(1, 2, 9900, day(9)), d.claim(1, 3, 50000, day(8))}})
		if got := d.hear(bankStart); len(got.Mandates)+len(got.Payments) != 0 {
			t.Errorf("on the same day: got %+v", got)
		}
		got := d.hear(day(2).Add(6 * time.Hour))
		if len(got.Mandates) != 5 || !got.Mandates[0].Stands || got.Mandates[4].Payer != 5 || len(got.Payments) != 0 {
			t.Errorf("the next day: got %+v", got)
		}
		d.send(day(2).Add(6*time.Hour), connector.Batch{Withdrawn: []connector.BankClaim{d.claim(1, 2, 9900, day(9))}})
		if got = d.hear(day(5).Add(6 * time.Hour)); len(got.Payments) != 2 || got.Payments[0].Amount.Minor != 34900 || !got.Payments[0].Claimed {
			t.Errorf("on the due day: got %+v", got)
		}
		if got = d.hear(day(6).Add(6 * time.Hour)); len(got.Payments) != 1 || got.Payments[0].Payer != 3 || len(got.Mandates) != 1 || !got.Mandates[0].Ended || got.Mandates[0].Payer != 4 {
			t.Errorf("a day later: got %+v", got)
		}
		if got = d.hear(day(12)); len(got.Payments) != 2 || !got.Payments[1].Back || got.Payments[1].Payer != 5 {
			t.Errorf("a week later: got %+v", got)
		}
		list, unreadable, err := bank.Entries()
		if err != nil || len(unreadable) != 0 {
			t.Errorf("unreadable: %q (%v)", unreadable, err)
		}
		sum := int64(0)
		for _, e := range list {
			sum += e.Minor
		}
		if len(list) != 5 || sum != 34900+34962+50000 {
			t.Errorf("the books: got %d in %+v", sum, list)
		}
		if path != "" { // they outlive the process
			if err := bank.Close(); err != nil {
				t.Error(err)
			}
			again, err := OpenBank(path)
			if err != nil {
				t.Fatal(err)
			}
			if kept, _, err := again.Entries(); err != nil || !slices.Equal(kept, list) {
				t.Errorf("opened again: got %+v (%v)", kept, err)
			}
			_ = again.Close()
		}
	}
}

func TestBankOfSweden(t *testing.T) {
	bank, _ := OpenBank("")
	d := &desk{t: t, bank: bank, format: bankgirot.Bank{}, creditor: connector.Creditor{Customer: "471117", Account: "9912346"}}
	wish := connector.BankWish{Payer: 1, Account: method.Conceal("3300001212121212"), Person: method.Conceal("191212121212")}
	d.send(bankStart, connector.Batch{Wishes: []connector.BankWish{wish}, Claims: []connector.BankClaim{d.claim(9, 1, 100, day(5))}})
	got := d.hear(day(2).Add(6 * time.Hour))
	if len(got.Mandates) != 1 || !got.Mandates[0].Stands || len(got.Refusals) != 1 || got.Refusals[0].Code != fault.DeclinedMandateCancelled {
		t.Errorf("the next day: got %+v", got)
	}
	if err := bank.Expect("bankgirot", "471117", 1, FateShort, FateLate, FateBack); err != nil {
		t.Fatal(err)
	}
	d.send(day(2), connector.Batch{Claims: []connector.BankClaim{d.claim(1, 1, 29900, day(5)), d.claim(1, 2, 29900, day(6)), d.claim(1, 3, 29900, day(7))}})
	got = d.hear(day(8).Add(6 * time.Hour))
	if len(got.Payments) != 2 || len(got.Refusals) != 2 || got.Refusals[0].Again || !got.Refusals[1].Again || got.Refusals[0].Code != fault.DeclinedInsufficientAccount {
		t.Errorf("a week later: got %+v", got)
	}
	d.send(day(9), connector.Batch{Wishes: []connector.BankWish{{Payer: 1, End: true}}})
	got = d.hear(day(12).Add(6 * time.Hour))
	if len(got.Payments) != 1 || !got.Payments[0].Back || len(got.Mandates) != 1 || !got.Mandates[0].Ended {
		t.Errorf("in the end: got %+v", got)
	}
	list, _, _ := bank.Entries()
	sum := int64(0)
	for _, e := range list {
		sum += e.Minor
	}
	if len(list) != 3 || sum != 29900 {
		t.Errorf("the books: got %+v", list)
	}
}

// A file that the bank cannot read gets no answer, and is put aside.
func TestBankCannotRead(t *testing.T) {
	bank, _ := OpenBank("")
	for bank2, bodies := range map[string][]string{
		"nets":      {"", "NY000010", strings.Repeat("NY000010009123450000017000080800000000000000000000000000000000000000000000000000\r\n", 4)},
		"bankgirot": {"x", "99" + strings.Repeat(" ", 60) + "471117" + strings.Repeat(" ", 12)},
	} {
		customer := map[string]string{"nets": "00912345", "bankgirot": "471117"}[bank2]
		for i, body := range bodies {
			f := connector.BankFile{Customer: customer, Name: bank2 + string(rune('a'+i)), Body: []byte(body)}
			if err := bank.SendFile(context.Background(), bank2, f, bankStart); err != nil {
				t.Error(err)
			}
		}
	}
	if _, unreadable, err := bank.Entries(); err != nil || len(unreadable) != 5 {
		t.Errorf("got %q (%v)", unreadable, err)
	}
	if err := bank.SendFile(context.Background(), "elsewhere", connector.BankFile{}, bankStart); fault.Code(err) != "invalid.bank" {
		t.Errorf("got %v", err)
	}
}
