package reconcile_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/settlement/aba"
	"github.com/florinpay/florin/store"
)

var staff = audit.By{Actor: "operator", Origin: "test"}

// payouts has the merchant paid some days of trade, a payout a day, all in one
// file that the bank has.
func (w *world) payouts(days int) []settlement.Payout {
	w.t.Helper()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	_, err := w.Merchants.AddAccount(w.t.Context(), w.realm.ID, audit.By{Actor: "test"}, w.profile.Merchant, merchant.BankAccount{Region: merchant.Australia, Holder: "Kite Repairs",
		BankCode: "062001", Number: "12345678", Currency: "AUD"}, true)
	must(err)
	_, err = w.Settlement.SavePlan(w.t.Context(), w.realm.ID, staff, settlement.Plan{Merchant: w.profile.Merchant, Currency: "AUD", Terms: settlement.Terms{Mode: settlement.Net}})
	must(err)
	for n := range days {
		w.pay(10000+int64(n), "AUD", fmt.Sprint("A-", n))
		w.pass(day)
	}
	f, err := w.Settlement.DirectEntry(w.t.Context(), w.realm.ID, aba.Payer{Bank: "CBA", Name: "Florin", UserID: "301500", BSB: "062000", Account: "87654321"}, w.now())
	must(err)
	list, err := w.Settlement.Carry(w.t.Context(), w.realm.ID, staff, f)
	if must(err); len(list) != days {
		w.t.Fatalf("got %d payouts, want %d", len(list), days)
	}
	return list
}

// books imports lines of a statement: amount, reference and text of each.
func (w *world) books(lines ...[3]string) {
	w.t.Helper()
	var b strings.Builder
	b.WriteString("date,amount,currency,reference,text\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "%s,%s,AUD,%s,%s\n", w.now().Format("2006-01-02"), l[0], l[1], l[2])
	}
	if _, err := w.ImportBank(w.t.Context(), w.realm.ID, "statement.csv", []byte(b.String())); err != nil {
		w.t.Fatal(err)
	}
}

// open are the lines that wait for a person, by their text.
func (w *world) open() map[string]reconcile.BankLine {
	w.t.Helper()
	list, err := w.Unexplained(w.t.Context(), w.realm.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]reconcile.BankLine{}
	for _, l := range list {
		out[l.Text] = l
	}
	return out
}

func (w *world) decide(l reconcile.BankLine, v payment.Verdict, paid string) (string, bool) {
	w.t.Helper()
	_, replayed, err := w.Decide(w.t.Context(), w.realm.ID, reconcile.Decision{Line: l.ID(), Verdict: v, For: paid, Reason: "the bank said so", By: staff})
	return fault.Code(err), replayed
}

// A statement that tells of a payout otherwise than it was sent, or twice, makes
// a review, and so does what nothing explains. Each is named among the
// differences, and ends by a person's word, once.
func TestLinesWaitForAPerson(t *testing.T) {
	each(t, func(w *world) {
		list := w.payouts(4)
		w.fetch()
		w.books([3]string{"-100.00", "", "twice " + list[0].Reference}, [3]string{"-100.00", "", "twice " + list[0].Reference},
			[3]string{"-90.01", "", "less " + list[1].Reference}, [3]string{"-1000.02", "", "more " + list[2].Reference},
			[3]string{"12.50", "", "a gift"}, [3]string{"-3.00", "", "fees of the bank"}, [3]string{"70.00", "", "88123401-20261122 of somebody"})
		w.books([3]string{"-100.00", "", "twice " + list[0].Reference}) // another statement has a line again
		if got := labels(w.until()); got != "double_payout unknown_receipt unknown_receipt unknown_receipt wrong_payout wrong_payout" {
			t.Errorf("got %q", got)
		}
		open := w.open()
		for text, why := range map[string]string{
			"twice " + list[0].Reference:    "payout " + list[0].Reference + " was not sent, or another line tells of it",
			"less " + list[1].Reference:     "payout " + list[1].Reference + " is of 100.01 AUD",
			"more " + list[2].Reference:     "payout " + list[2].Reference + " is of 100.02 AUD",
			"a gift":                        "nothing explains it",
			"fees of the bank":              "nothing explains it",
			"88123401-20261122 of somebody": "no file of a provider says so yet",
		} {
			if got := open[text].Why(); got != why {
				t.Errorf("%s: got %q, want %q", text, got, why)
			}
		}
		if len(open) != 6 || w.state(list[0]) != settlement.Paid || w.state(list[1]) != settlement.InTransit {
			t.Errorf("got %d lines, payouts %s and %s", len(open), w.state(list[0]), w.state(list[1]))
		}
		for i, tt := range []struct {
			text     string
			verdict  payment.Verdict
			want     string
			replayed bool
		}{
			{"less " + list[1].Reference, payment.Accept, "", false},
			{"less " + list[1].Reference, payment.Accept, "", true},
			{"less " + list[1].Reference, payment.Return, "conflict.review.decided", false},
			{"more " + list[2].Reference, payment.Return, "", false},
			{"twice " + list[0].Reference, payment.Return, "", false},
			{"a gift", payment.Accept, "", false},
			{"fees of the bank", payment.Accept, "", false},
			{"88123401-20261122 of somebody", payment.Return, "", false},
			{"a gift", "perhaps", "invalid.verdict", false},
			{"nowhere", payment.Accept, "not_found.line", false},
		} {
			if code, replayed := w.decide(open[tt.text], tt.verdict, ""); code != tt.want || replayed != tt.replayed {
				t.Errorf("%d: got %q, replayed %t", i, code, replayed)
			}
		}
		for i, want := range []settlement.State{settlement.Paid, settlement.Paid, settlement.Failed, settlement.InTransit} {
			if got := w.state(list[i]); got != want {
				t.Errorf("payout %d: got %s, want %s", i, got, want)
			}
		}
		if got := w.posted(ledger.Merchant(w.profile.Merchant), "AUD"); got != -20005 { // what did not go out, and what is on its way
			t.Errorf("the merchant is owed %d", got)
		}
		if left := w.open(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if got := labels(w.until()); got != "" {
			t.Errorf("after it all: got %q", got)
		}
		if found, err := ledger.Verify(t.Context(), w.db, w.realm.ID, nil); err != nil || len(found) > 0 {
			t.Errorf("got %v, %v", found, err)
		}
	})
}

// until reconciles all that has happened, today included.
func (w *world) until() reconcile.Report {
	w.t.Helper()
	r, err := w.Reconcile(w.t.Context(), w.realm.ID, start.Truncate(day), w.now().Truncate(day).Add(day))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) state(p settlement.Payout) settlement.State {
	w.t.Helper()
	list, _, err := w.Settlement.Payouts(w.t.Context(), w.realm.ID, settlement.Filter{References: []string{p.Reference}, Page: store.Page{Limit: 1}})
	if err != nil || len(list) != 1 {
		w.t.Fatalf("got %d payouts, %v", len(list), err)
	}
	return list[0].State
}

// A transfer pays the invoice that it names, and no other number that a payer
// writes pays anything: a short one only with the very amount, one inside a
// longer word never, and of two invoices that are named the one that asks for
// the amount.
func TestWhatATransferNames(t *testing.T) {
	each(t, func(w *world) {
		w.bills()
		long, other := w.bill(5000, ""), w.bill(7000, "")
		six, four, two := w.bill(5100, "204172"), w.bill(5200, "1040"), w.bill(5300, "18")
		none := []invoice.Invoice{long, other, six, four, two}
		for i, tt := range []struct {
			amount, reference, text string
			pays                    *invoice.Invoice
			of                      int64
		}{
			{"1.00", "", "order 204172", nil, 0}, // six digits of a text
			{"1.00", "", "my number 1040", nil, 0},
			{"1.00", "1040", "", nil, 0},
			{"1.00", "18", "", nil, 0},
			{"1.00", "", "18 tyres", nil, 0},
			{"50.00", "", "ref" + long.Payable, nil, 0}, // inside a word
			{"50.00", "", long.Payable + "/7", nil, 0},
			{"50.00", "", "1-" + long.Payable, nil, 0},
			{"1.00", "", long.Payable + " " + other.Payable, nil, 0}, // two, of neither the amount
			{"1.00", "204172", "", &six, 100},                        // the bank's own field
			{"49.00", "", "204172", nil, 0},                          // no longer what is left of it
			{"48.00", "", "204172 paid", nil, 0},
			{"52.00", "", "no 1040", &four, 5200}, // short, to the cent
			{"53.00", "18", "", &two, 5300},
			{"20.00", "", "KID:" + long.Payable, &long, 2000}, // a part
			{"70.00", "", long.Payable + "; " + other.Payable, &other, 7000},
			{"30.00", long.Payable, long.Payable, &long, 5000}, // named twice, one invoice
		} {
			before := map[*invoice.Invoice]int64{}
			for j := range none {
				before[&none[j]] = w.paid(none[j])
			}
			w.books([3]string{tt.amount, tt.reference, fmt.Sprint(tt.text, " ")})
			if tt.pays != nil {
				if got := w.paid(*tt.pays); got != tt.of {
					t.Errorf("%d: paid %d, want %d", i, got, tt.of)
				}
				continue
			}
			for inv, was := range before {
				if got := w.paid(*inv); got != was {
					t.Errorf("%d: %s is paid %d, want %d", i, inv.Payable, got, was)
				}
			}
		}
		if found, err := ledger.Verify(t.Context(), w.db, w.realm.ID, nil); err != nil || len(found) > 0 {
			t.Errorf("got %v, %v", found, err)
		}
	})
}

// What names nothing a person may put down to an invoice, once.
func TestAPersonNamesTheInvoice(t *testing.T) {
	each(t, func(w *world) {
		w.bills()
		last := w.bill(900, "")
		w.books([3]string{"9.00", "", "for the tyres"})
		l := w.open()["for the tyres"]
		for i, tt := range []struct {
			verdict payment.Verdict
			paid    string
			want    string
		}{{payment.Return, last.Payable, "invalid.verdict"}, {payment.Accept, "1999999997", "not_found.invoice"}, {payment.Accept, last.Payable, ""},
			{payment.Accept, last.Payable, "conflict.not_in_review"}} {
			if code, _ := w.decide(l, tt.verdict, tt.paid); code != tt.want {
				t.Errorf("%d: got %q, want %q", i, code, tt.want)
			}
		}
		if got := w.paid(last); got != 900 || len(w.open()) > 0 {
			t.Errorf("paid %d, and %v waits", got, w.open())
		}
	})
}

// bills has merchants' invoices kept in the world.
func (w *world) bills() {
	w.Invoices = &invoice.Service{DB: w.db, Events: w.payments.Events, Payments: w.payments, Random: rand.Reader, Log: quiet, Environment: w.access.Environment}
}

func (w *world) bill(minor int64, payable string) invoice.Invoice {
	w.t.Helper()
	inv, _, err := w.Invoices.Add(w.t.Context(), w.actor(), invoice.Draft{Idempotency: idempotency.Key{Surface: "test"}, Profile: w.profile, Reference: "A-1",
		Scheme: invoice.Mod10, Payable: payable, Amount: money.Of(minor, "AUD"), DueOn: "2026-12-05", Customer: invoice.Customer{Name: "Nora Lind"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return inv
}

func (w *world) paid(inv invoice.Invoice) int64 {
	w.t.Helper()
	got, err := w.Invoices.Get(w.t.Context(), w.actor(), inv.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return got.Paid
}
