package gateway

import (
	"strconv"
	"time"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Sense judges what Check has found to be in form, as far as it can be judged
// without a database (sheet, section 7.8): first the card, at that moment,
// then amount and currency.
//
// Faults, in the order checked: those of method.Typed.Check; then, where the
// operation has an amount, those of money.ParseDecimal, and invalid.amount
// when it is zero.
func Sense(f wire.Form, op Operation, at time.Time) error {
	if err := senseCard(f, op, at); err != nil {
		return err
	}
	kind := f.Get("paymentType")
	noAmount := op == Register || kind == "CV" || op == Prepare && kind == "" && f.Get("createRegistration") == "true"
	if noAmount || f.Get("amount") == "" {
		return nil
	}
	amount, err := money.ParseDecimal(f.Get("amount"), money.Currency(f.Get("currency")))
	if err != nil {
		return err
	}
	if amount.IsZero() {
		return fault.At("invalid.amount", "amount", "the amount must be more than zero")
	}
	return nil
}

func senseCard(f wire.Form, op Operation, at time.Time) error {
	c := checking{form: f, op: op}
	takes := op == Register || op == Authenticate || op == Pay && f.Get("card.token") == "" && c.cardBrand()
	if !takes || f.Get("card.number") == "" {
		return nil
	}
	month, errMonth := strconv.Atoi(f.Get("card.expiryMonth"))
	year, errYear := strconv.Atoi(f.Get("card.expiryYear"))
	if errMonth != nil || errYear != nil { // Check has refused it already
		month = 0
	}
	return method.Typed{
		Number: method.Conceal(f.Get("card.number")), CVV: method.Conceal(f.Get("card.cvv")), Brand: f.Get("paymentBrand"),
		Month: month, Year: year, Waived: f.Get("standingInstruction.source") == "MIT",
	}.Check(at)
}
