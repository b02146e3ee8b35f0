package app

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// What banks do with direct debits and bank transfers, played by hand in a test
// realm, and what a human then decides about money that nobody owns.

// banks mounts those controls.
func (a *App) banks(r chi.Router) {
	r.Post("/sandbox/payments/{id}/clear", a.control(a.clearDebit))
	r.Post("/sandbox/payments/{id}/dishonour", a.control(a.dishonourDebit))
	r.Post("/sandbox/payments/{id}/cancel", a.control(a.cancelPayment))
	r.Post("/sandbox/transfers", a.control(a.sendTransfer))
	r.Get("/sandbox/transfers", a.control(a.readTransfers))
	r.Post("/sandbox/transfers/{id}", a.control(a.placeTransfer))
	r.Get("/sandbox/bankfiles", a.control(a.readBankFiles))
	r.Get("/sandbox/bankfiles/{id}", a.control(a.readBankFile))
	r.Get("/sandbox/terminals", a.control(a.readTerminals))
	r.Post("/sandbox/terminals/{name}", a.control(a.switchTerminal))
}

// clearDebit: POST /sandbox/payments/{id}/clear
func (a *App) clearDebit(r *http.Request, actor access.Actor) (any, error) {
	out, _, at, err := a.outside(r, actor)
	if err != nil {
		return nil, err
	}
	if err := a.Provider.Clear(out.Payment.Details.Account, out.Payment.ID, at); err != nil {
		return nil, err
	}
	return a.standing(r, actor, out.Payment.ID)
}

// dishonourDebit: POST /sandbox/payments/{id}/dishonour [code=declined.closed_account]
func (a *App) dishonourDebit(r *http.Request, actor access.Actor) (any, error) {
	out, _, at, err := a.outside(r, actor)
	if err != nil {
		return nil, err
	}
	if err := a.Provider.Dishonour(out.Payment.Details.Account, out.Payment.ID, r.PostFormValue("code"), at); err != nil {
		return nil, err
	}
	return a.standing(r, actor, out.Payment.ID)
}

// cancelPayment: POST /sandbox/payments/{id}/cancel
func (a *App) cancelPayment(r *http.Request, actor access.Actor) (any, error) {
	id, err := a.paymentOf(r, actor)
	if err != nil {
		return nil, err
	}
	if _, err := a.Payments.Cancel(r.Context(), actor, id); err != nil {
		return nil, err
	}
	return a.standing(r, actor, id)
}

// sendTransfer: POST /sandbox/transfers reference=7KQ2M9X4H8 amount=99.00 currency=AUD
// [payer=N BERG] [entityId=LM000117]. The entity says at whose account money
// arrives whose reference nobody waits for.
func (a *App) sendTransfer(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	amount, err := money.ParseDecimal(in["amount"], money.Currency(in["currency"]))
	if err != nil {
		return nil, err
	}
	if known, err := a.payBill(r, actor, in["reference"], amount); known || err != nil {
		if err != nil {
			return nil, err
		}
		return a.readTransfers(r, actor)
	}
	payer := in["payer"]
	if payer == "" {
		payer = "TEST PAYER"
	}
	account := ""
	if entity := in["entityId"]; entity != "" {
		profile, _, err := a.Merchants.ByCode(r.Context(), actor.Realm, entity)
		if err != nil {
			return nil, err
		}
		if err := actor.NeedMerchant(profile.Merchant); err != nil {
			return nil, err
		}
		if account = profile.Settings.Account; account == "" {
			account = string(actor.Realm) + "." + profile.Code
		}
	}
	at, err := a.timeOf(r, actor)
	if err != nil {
		return nil, err
	}
	if err := a.Provider.Send(fake.Sending{Account: account, Quoted: in["reference"], Payer: payer, Amount: amount, At: at}); err != nil {
		return nil, err
	}
	a.callbacks(r.Context())
	return a.readTransfers(r, actor)
}

// payBill lets money arrive that names an invoice's payable reference, as a
// line of a bank statement would. known is false when no invoice has it.
func (a *App) payBill(r *http.Request, actor access.Actor, reference string, amount money.Amount) (known bool, err error) {
	_, err = a.Invoices.Receive(r.Context(), actor.Realm, invoice.Transfer{ID: "sandbox " + string(a.requestID()), Reference: reference, Amount: amount})
	if fault.Is(err, "not_found.invoice") {
		return false, nil
	}
	return true, err
}

// timeOf is the realm's time.
func (a *App) timeOf(r *http.Request, actor access.Actor) (at time.Time, err error) {
	err = a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	return at, err
}

// heldTransfer is money that waits for a decision.
type heldTransfer struct {
	ID       ident.ID `json:"id"`
	Quoted   string   `json:"quoted"`
	Payer    string   `json:"payer"`
	Amount   int64    `json:"amount"`
	Held     int64    `json:"held"`
	Currency string   `json:"currency"`
	Payment  ident.ID `json:"payment,omitempty"`
	At       string   `json:"at"`
}

func showHeld(t payment.Arrival) heldTransfer {
	return heldTransfer{t.ID, t.Quoted, t.Payer, t.Amount.Minor, t.Held(), string(t.Amount.Currency), t.Payment, t.ArrivedAt.Format(time.RFC3339)}
}

// readTransfers: GET /sandbox/transfers
func (a *App) readTransfers(r *http.Request, actor access.Actor) (any, error) {
	held, err := a.Payments.HeldArrivals(r.Context(), actor.Realm)
	list := []heldTransfer{}
	for _, t := range held {
		list = append(list, showHeld(t))
	}
	return map[string]any{"held": list}, err
}

// placeTransfer: POST /sandbox/transfers/{id} [payment=...]. What a human decides
// in the books is done at the test bank too.
func (a *App) placeTransfer(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	actor.May = append([]access.Permission{access.Review}, actor.May...)
	target := ident.ID(in["payment"])
	if len(target) > ident.Length {
		target = target[:ident.Length]
	}
	t, err := a.Payments.Place(r.Context(), actor, payment.Placement{Arrival: ident.ID(chi.URLParam(r, "id")), Payment: target,
		By: audit.By{Actor: string(actor.Key), Origin: "sandbox"}})
	if err != nil {
		return nil, err
	}
	at, err := a.timeOf(r, actor)
	if err != nil {
		return nil, err
	}
	if t.Returned > 0 {
		return showHeld(t), a.Provider.SendBack(t.Account, t.Reference, at)
	}
	list, err := a.Payments.ArrivalsOf(r.Context(), actor.Realm, t.Payment)
	if err != nil {
		return nil, err
	}
	var references []string
	for _, one := range list {
		references = append(references, one.Reference)
	}
	return showHeld(t), a.Provider.Assign(t.Account, t.Payment, references, at)
}
