package invoice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Way is how money came in.
type Way string

const (
	ByPayment  Way = "payment"  // a payment of package payment
	ByTransfer Way = "transfer" // a bank transfer that named the reference
	Outside    Way = "outside"  // the merchant was paid elsewhere and says so
)

// Receipt is money that came in for an invoice, or a payment that tries to.
type Receipt struct {
	Invoice ident.ID
	ID      ident.ID // the payment's; of other money an id of its own
	Version int64
	Way     Way
	Method  string        // card, vipps, bank_transfer, cash ...
	State   payment.State // of a payment
	In      int64         // minor units of the invoice's currency
	Back    int64         // of In, what was refunded
	Memo    string        // the bank's id of a transfer; who says that it was paid outside, and why
	At      time.Time
}

// Claim is asked in the transaction in which a payment begins
// (payment.Service.Gates): of all who pay an invoice at a time one is let in.
// Faults: not_found.invoice, conflict.invoice.final, conflict.invoice.paying,
// conflict.invoice.kind (an invoice is paid by debits), conflict.invoice.amount
// (more than is left, or another currency).
func (s *Service) Claim(tx *store.Tx, p payment.Payment) error {
	if p.Details.Invoice == "" {
		return nil
	}
	was, err := getInvoice(tx, p.Details.Invoice)
	if err != nil {
		return err
	}
	switch left := was.Left(); {
	case was.Merchant != p.Merchant:
		return missing()
	case was.State.Final():
		return final()
	case was.Paying != "":
		return paying()
	case p.Kind != connector.Debit:
		return fault.New("conflict.invoice.kind", "an invoice is paid by a debit")
	case p.Amount.Currency != left.Currency || p.Amount.Minor > left.Minor:
		return fault.New("conflict.invoice.amount", "the invoice asks for another amount")
	}
	inv := was
	inv.Paying, inv.Stage, inv.Method = p.ID, payment.Processing, methodOf(p)
	putReceipt(tx, Receipt{Invoice: inv.ID, ID: p.ID, Version: 1, Way: ByPayment, Method: inv.Method, State: payment.Processing, At: tx.Now()}, 0)
	_, err = s.save(tx, "invoice.paying", was, inv)
	return err
}

// methodOf names a wallet by its brand, as payers do.
func methodOf(p payment.Payment) string {
	if p.Method == method.Wallet {
		return strings.ToLower(p.Brand)
	}
	return string(p.Method)
}

// OnEvent follows the payments that name an invoice, in the transaction in
// which they change.
func (s *Service) OnEvent(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok || out.Payment.Details.Invoice == "" {
		return nil
	}
	p := out.Payment
	was, err := getInvoice(tx, p.Details.Invoice)
	if err != nil {
		return err
	}
	old, found, err := getReceipt(tx, was.ID, p.ID)
	if err != nil {
		return err
	}
	if !found {
		old = Receipt{Invoice: was.ID, ID: p.ID, Way: ByPayment, Method: methodOf(p), At: tx.Now()}
	}
	now := old
	now.Version, now.State, now.In, now.Back = old.Version+1, p.State, p.Captured, p.Refunded
	if now.In > old.In {
		now.At = tx.Now()
	}
	putReceipt(tx, now, old.Version)
	inv := was
	inv.Paid += now.In - old.In
	inv.Refunded += now.Back - old.Back
	inv.stage(p)
	if len(inv.Details.Instalments) > 0 && p.Source != "" && p.Succeeded() {
		inv.Source = p.Source
	}
	typ := verdict(was, inv, p)
	if typ == "" {
		return nil
	}
	inv.restate(tx.Now())
	if inv.State == Paid && typ == "invoice.partly_paid" {
		typ = "invoice.paid"
	}
	if typ == "invoice.try_failed" && inv.Details.OneTry && was.Stage == payment.Pending && !was.OnTerminal() {
		typ = "invoice." + string(Cancelled)
		inv.State, inv.EndedAt, inv.OverdueAt, inv.Details.Reason = Cancelled, tx.Now(), time.Time{}, clip(p.Code)
	}
	if typ == "invoice.try_failed" {
		_, err = s.failed(tx, was, inv, p.Code)
		return err
	}
	done := inv.fill(tx.Now())
	_, err = s.save(tx, typ, was, inv, done...)
	return err
}

// stage notes how far the payment is that is under way.
func (inv *Invoice) stage(p payment.Payment) {
	settled := p.Final() && p.State != payment.Review
	switch {
	case !settled && (inv.Paying == "" || inv.Paying == p.ID):
		inv.Paying, inv.Stage = p.ID, p.State
		if p.State == payment.Pending && p.Details.Redirect != nil {
			inv.Stage = Visiting
		}
	case inv.Paying == p.ID:
		inv.Paying, inv.Stage = "", ""
	}
	if p.Captured > 0 {
		inv.Method = methodOf(p)
	}
}

// verdict is what became of the invoice by what became of a payment, as an
// event's type; "" for nothing.
func verdict(was, inv Invoice, p payment.Payment) string {
	switch {
	case inv.Paid > was.Paid && inv.Surplus() > 0:
		return "invoice.overpaid"
	case inv.Paid != was.Paid:
		return "invoice.partly_paid"
	case inv.Refunded > was.Refunded:
		return "invoice.refunded"
	case inv.Refunded < was.Refunded:
		return "invoice.refund_failed"
	case was.Paying == p.ID && inv.Paying == "":
		return "invoice.try_failed"
	case was.Paying != inv.Paying || was.Stage != inv.Stage || was.Source != inv.Source:
		return "invoice.paying"
	}
	return ""
}

// Transfer is money that came into a bank account with a reference on it.
type Transfer struct {
	ID        string // the bank's own, unique for Connector
	Connector string // whose account it came into; "" for our own bank
	Reference string // as the payer typed it
	Amount    money.Amount
	Merchant  ident.ID // whose invoice it must be, or ""
}

// Receive books a transfer for the invoice that it names, once however often
// it is told. What is beyond the invoice, or for one that is final, waits in
// suspense. Faults: invalid.amount, not_found.invoice (no such reference),
// conflict.invoice.currency.
func (s *Service) Receive(ctx context.Context, realm ident.ID, t Transfer) (out Invoice, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		out, err = s.ReceiveIn(tx, t)
		return err
	})
	return out, err
}

// ReceiveIn is Receive in the caller's transaction.
func (s *Service) ReceiveIn(tx *store.Tx, t Transfer) (Invoice, error) {
	was, err := t.invoice(tx)
	if err != nil {
		return Invoice{}, err
	}
	id := derived("transfer", t.Connector, t.ID)
	if _, known, err := getReceipt(tx, was.ID, id); known || err != nil {
		return was, err
	}
	d := ledger.Deal{Object: was.object(), Connector: t.Connector, Merchant: was.Merchant}
	mine := min(was.Left().Minor, t.Amount.Minor)
	if _, err := ledger.Post(tx, d.Received(money.Of(mine, t.Amount.Currency), money.Of(t.Amount.Minor-mine, t.Amount.Currency))); err != nil {
		return Invoice{}, err
	}
	return s.receive(tx, was, Receipt{ID: id, Way: ByTransfer, Method: "bank_transfer", In: t.Amount.Minor, Memo: clip(t.ID)}, mine)
}

// invoice finds what a transfer names. Faults: those of Receive.
func (t Transfer) invoice(tx *store.Tx) (Invoice, error) {
	if t.Amount.Minor < 1 || t.Amount.Minor > money.Max {
		return Invoice{}, fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	was, found, err := byPayable(tx, CleanReference(t.Reference))
	switch {
	case err != nil:
		return Invoice{}, err
	case !found || t.Merchant != "" && t.Merchant != was.Merchant:
		return Invoice{}, missing()
	case t.Amount.Currency != was.Amount.Currency:
		return Invoice{}, fault.At("conflict.invoice.currency", "currency", "the invoice is in %s", was.Amount.Currency)
	}
	return was, nil
}

// TakeBackIn books that the payer's bank took back a transfer that had paid an
// invoice, once however often it is told: the invoice asks for the money again.
// t.ID is the bank's own for the taking back. Faults: those of Receive,
// conflict.invoice.transfer (no transfer of that amount has come in for it, or
// the invoice is no longer asked for).
func (s *Service) TakeBackIn(tx *store.Tx, t Transfer) (Invoice, error) {
	was, err := t.invoice(tx)
	if err != nil {
		return Invoice{}, err
	}
	list, err := receiptsOf(tx, was.ID)
	if err != nil {
		return Invoice{}, err
	}
	memo := clip("taken back as " + t.ID)
	var from *Receipt
	for i, r := range list {
		if r.Memo == memo {
			return was, nil
		}
		if r.Way == ByTransfer && r.In == t.Amount.Minor && r.Back == 0 {
			from = &list[i]
		}
	}
	if from == nil || was.State != Paid && was.State != Partly || was.Surplus() > 0 || was.Refunded > 0 {
		return Invoice{}, fault.New("conflict.invoice.transfer", "no such transfer has paid the invoice")
	}
	d := ledger.Deal{Object: was.object(), Connector: t.Connector, Merchant: was.Merchant}
	if _, err := ledger.Post(tx, d.TakenBack(t.Amount)); err != nil {
		return Invoice{}, err
	}
	r := *from
	r.In, r.Memo, r.State, r.At = 0, memo, payment.Failed, tx.Now()
	r.Version++
	putReceipt(tx, r, from.Version)
	inv := was
	inv.Paid -= t.Amount.Minor
	inv.restate(tx.Now())
	if inv.Paid == 0 && inv.State == Partly {
		inv.State = Sent
	}
	return s.saveMoved(tx, "invoice.taken_back", was, inv, -t.Amount.Minor)
}

// receive adds money that no payment of ours brought; moved is what of it we owe
// the merchant.
func (s *Service) receive(tx *store.Tx, was Invoice, r Receipt, moved int64) (Invoice, error) {
	r.Invoice, r.Version, r.State, r.At = was.ID, 1, payment.Captured, tx.Now()
	putReceipt(tx, r, 0)
	inv := was
	inv.Paid += r.In
	inv.Method = r.Method
	typ := "invoice.partly_paid"
	if inv.Surplus() > 0 {
		typ = "invoice.overpaid"
	}
	inv.restate(tx.Now())
	if inv.State == Paid && typ == "invoice.partly_paid" {
		typ = "invoice.paid"
	}
	done := inv.fill(tx.Now())
	return s.saveMoved(tx, typ, was, inv, moved, done...)
}

func (inv Invoice) object() ledger.Object { return ledger.Object{Kind: "invoice", ID: inv.ID} }

// derived is an id that the same words give again.
func derived(words ...string) ident.ID {
	h := sha256.New()
	for _, w := range words {
		h.Write([]byte(w + "\x00"))
	}
	return ident.ID(hex.EncodeToString(h.Sum(nil)[:ident.Length/2]))
}

// MarkPaid says that all that is left was paid outside: method is how
// (bank_terminal, bank_transfer, cash), who is the member of the merchant's
// staff who says so. A terminal that waits for the payer is let go first. The
// books show it apart from what we owe the merchant, who has the money. Faults: forbidden.permission, not_found.invoice,
// invalid.method, conflict.invoice.final, conflict.invoice.paying.
func (s *Service) MarkPaid(ctx context.Context, actor access.Actor, by audit.By, id ident.ID, method, reason string) (out Invoice, err error) {
	if err := actor.Need(access.Pay); err != nil {
		return out, err
	}
	if method != "bank_terminal" && method != "bank_transfer" && method != "cash" {
		return out, fault.At("invalid.method", "method", "bank_terminal, bank_transfer or cash")
	}
	if err := s.withdraw(ctx, actor, id); err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		out, err = s.MarkPaidIn(tx, actor, by, id, method, reason)
		return err
	})
	return out, err
}

// MarkPaidIn is MarkPaid in the caller's transaction, by any method.
// Faults: not_found.invoice, conflict.invoice.final, conflict.invoice.paying.
func (s *Service) MarkPaidIn(tx *store.Tx, actor access.Actor, by audit.By, id ident.ID, method, reason string) (Invoice, error) {
	was, err := own(tx, actor, id)
	switch {
	case err != nil:
		return was, err
	case was.State.Final():
		return was, final()
	case was.Paying != "":
		return was, paying()
	}
	left := was.Left()
	if _, err := ledger.Post(tx, ledger.Deal{Object: was.object(), Merchant: was.Merchant}.Outside(method, left)); err != nil {
		return was, err
	}
	audit.Add(tx, by, "invoice.mark_paid", id, "ok")
	return s.receive(tx, was, Receipt{ID: tx.NewID(), Way: Outside, Method: method, In: left.Minor, Memo: clip(by.Actor + ": " + reason)}, 0)
}
