package ledger

import (
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Deal is between whom money moves: the provider behind Connector, and
// Merchant. Its methods are the recipes of docs/ledger.md, one for each thing
// that can happen; amounts are always positive, and Check refuses what is not
// a sound transfer. A recipe decides nothing: what may be captured or
// refunded is known to the payment's row.
type Deal struct {
	Object    Object
	Connector string
	Merchant  ident.ID
}

// pair debits one account and credits the other by amount.
func pair(c Column, debit, credit Account, a money.Amount) []Posting {
	back := money.Amount{Minor: -a.Minor, Currency: a.Currency}
	return []Posting{{debit, a, c}, {credit, back, c}}
}

// transfer joins the pairs of one booking, leaving out those of no amount.
func (d Deal) transfer(kind string, pairs ...[]Posting) Transfer {
	t := Transfer{Kind: kind, Object: d.Object, Postings: make([]Posting, 0, 2*len(pairs))}
	for _, p := range pairs {
		if p[0].Amount.Minor != 0 {
			t.Postings = append(t.Postings, p...)
		}
	}
	return t
}

func (d Deal) provider() Account { return Provider(d.Connector) }
func (d Deal) merchant() Account { return Merchant(d.Merchant) }

// Authorise reserves a on the payer's side: pending, nothing has moved.
func (d Deal) Authorise(a money.Amount) Transfer {
	return d.transfer("authorise", pair(Pending, d.provider(), d.merchant(), a))
}

// Void gives back what is left of an authorisation.
func (d Deal) Void(a money.Amount) Transfer {
	return d.transfer("void", pair(Pending, d.merchant(), d.provider(), a))
}

// Expire is Void by the passing of time.
func (d Deal) Expire(a money.Amount) Transfer {
	return d.transfer("expire", pair(Pending, d.merchant(), d.provider(), a))
}

// Capture moves a and gives back held of the authorisation: the same amount
// for a part, all that is left for a last capture of less, less than a for a
// capture above the authorisation.
func (d Deal) Capture(a, held money.Amount) Transfer {
	return d.transfer("capture",
		pair(Pending, d.merchant(), d.provider(), held),
		pair(Posted, d.provider(), d.merchant(), a))
}

// Debit moves a at once, without an authorisation before it.
func (d Deal) Debit(a money.Amount) Transfer {
	return d.transfer("debit", pair(Posted, d.provider(), d.merchant(), a))
}

// ReturnDebit takes back a debit that had gone through: the payer's bank did not
// honour it after all.
func (d Deal) ReturnDebit(a money.Amount) Transfer {
	return d.transfer("debit.return", pair(Posted, d.merchant(), d.provider(), a))
}

// ReserveRefund sets a aside before the provider is asked to refund it.
func (d Deal) ReserveRefund(a money.Amount) Transfer {
	return d.transfer("refund.reserve", pair(Pending, d.merchant(), d.provider(), a))
}

// Refund turns a reserved refund into a posted one.
func (d Deal) Refund(a money.Amount) Transfer {
	return d.transfer("refund",
		pair(Pending, d.provider(), d.merchant(), a),
		pair(Posted, d.merchant(), d.provider(), a))
}

// ReleaseRefund gives back the reservation of a refund that was refused.
func (d Deal) ReleaseRefund(a money.Amount) Transfer {
	return d.transfer("refund.release", pair(Pending, d.provider(), d.merchant(), a))
}

// ReturnRefund brings back a refund that was accepted and failed later.
func (d Deal) ReturnRefund(a money.Amount) Transfer {
	return d.transfer("refund.return", pair(Posted, d.provider(), d.merchant(), a))
}

// ReserveCredit, Credit and ReleaseCredit are a payment to a payer without an
// earlier payment; they book like a refund.
func (d Deal) ReserveCredit(a money.Amount) Transfer {
	return d.transfer("credit.reserve", pair(Pending, d.merchant(), d.provider(), a))
}

// Credit turns a reserved credit into a posted one.
func (d Deal) Credit(a money.Amount) Transfer {
	return d.transfer("credit",
		pair(Pending, d.provider(), d.merchant(), a),
		pair(Posted, d.merchant(), d.provider(), a))
}

// ReleaseCredit gives back the reservation of a credit that was refused.
func (d Deal) ReleaseCredit(a money.Amount) Transfer {
	return d.transfer("credit.release", pair(Pending, d.provider(), d.merchant(), a))
}

// ReturnCredit brings back a credit that was accepted and failed later.
func (d Deal) ReturnCredit(a money.Amount) Transfer {
	return d.transfer("credit.return", pair(Posted, d.provider(), d.merchant(), a))
}

// Chargeback books that the provider took a back, and reserves it on the
// merchant until the dispute is decided.
func (d Deal) Chargeback(a money.Amount) Transfer {
	dispute := Dispute(d.Merchant)
	return d.transfer("chargeback",
		pair(Posted, dispute, d.provider(), a),
		pair(Pending, d.merchant(), dispute, a))
}

// ChargebackReversed ends a dispute for the merchant: the provider gives a back.
func (d Deal) ChargebackReversed(a money.Amount) Transfer {
	dispute := Dispute(d.Merchant)
	return d.transfer("chargeback.reversed",
		pair(Pending, dispute, d.merchant(), a),
		pair(Posted, d.provider(), dispute, a))
}

// ChargebackLost ends a dispute against the merchant, who bears a.
func (d Deal) ChargebackLost(a money.Amount) Transfer {
	dispute := Dispute(d.Merchant)
	return d.transfer("chargeback.lost",
		pair(Pending, dispute, d.merchant(), a),
		pair(Posted, d.merchant(), dispute, a))
}

// ChargebackReturned brings back a after the dispute had been lost.
func (d Deal) ChargebackReturned(a money.Amount) Transfer {
	return d.transfer("chargeback.returned", pair(Posted, d.provider(), d.merchant(), a))
}

// Arrive books money that came by a bank transfer. It waits in suspense until
// it is known whose it is; Object is the arrival.
func (d Deal) Arrive(a money.Amount) Transfer {
	return d.transfer("transfer", pair(Posted, d.provider(), Suspense(d.Connector), a))
}

// Matched gives to the merchant what came by bank transfers for a payment.
func (d Deal) Matched(a money.Amount) Transfer {
	return d.transfer("transfer.matched", pair(Posted, Suspense(d.Connector), d.merchant(), a))
}

// SentBack books that what came by a bank transfer was sent back to its sender.
func (d Deal) SentBack(a money.Amount) Transfer {
	return d.transfer("transfer.returned", pair(Posted, Suspense(d.Connector), d.provider(), a))
}

// Late books money that a provider reports after the payment was given up. It
// belongs to nobody yet and waits for review.
func (d Deal) Late(a money.Amount) Transfer {
	return d.transfer("late", pair(Posted, d.provider(), Suspense(d.Connector), a))
}

// LateAccepted gives late money to the merchant.
func (d Deal) LateAccepted(a money.Amount) Transfer {
	return d.transfer("late.accepted", pair(Posted, Suspense(d.Connector), d.merchant(), a))
}

// LateReturned sends late money back to the payer.
func (d Deal) LateReturned(a money.Amount) Transfer {
	return d.transfer("late.returned", pair(Posted, Suspense(d.Connector), d.provider(), a))
}

// LateCaptured is LateAccepted for a capture: it also gives back held of the
// authorisation, as Capture does.
func (d Deal) LateCaptured(a, held money.Amount) Transfer {
	return d.transfer("late.captured",
		pair(Pending, d.merchant(), d.provider(), held),
		pair(Posted, Suspense(d.Connector), d.merchant(), a))
}

// LateOut books money that a provider reports to have paid out after the refund
// or credit was given up: the opposite of Late. Nobody bears it until review.
func (d Deal) LateOut(a money.Amount) Transfer {
	return d.transfer("late.out", pair(Posted, Suspense(d.Connector), d.provider(), a))
}

// LateOutAccepted makes the merchant bear what went out late.
func (d Deal) LateOutAccepted(a money.Amount) Transfer {
	return d.transfer("late.out.accepted", pair(Posted, d.merchant(), Suspense(d.Connector), a))
}

// LateOutReturned brings what went out late back to the provider.
func (d Deal) LateOutReturned(a money.Amount) Transfer {
	return d.transfer("late.out.returned", pair(Posted, d.provider(), Suspense(d.Connector), a))
}

// account is where transfers of the deal come in: at the provider behind
// Connector, or in our own bank account without one.
func (d Deal) account() Account {
	if d.Connector == "" {
		return Bank
	}
	return d.provider()
}

// Received books a bank transfer: mine of it is the merchant's, the rest was
// not asked for and waits for review.
func (d Deal) Received(mine, rest money.Amount) Transfer {
	return d.transfer("transfer.received",
		pair(Posted, d.account(), d.merchant(), mine),
		pair(Posted, d.account(), d.suspense(), rest))
}

// TakenBack undoes Received: the payer's bank took the money back.
func (d Deal) TakenBack(a money.Amount) Transfer {
	return d.transfer("transfer.taken_back", pair(Posted, d.merchant(), d.account(), a))
}

// Unexplained books money that came into a bank account for nobody we know,
// until somebody can say whose it is.
func (d Deal) Unexplained(a money.Amount) Transfer {
	return d.transfer("transfer.unexplained", pair(Posted, d.account(), d.suspense(), a))
}

// TakenUnexplained books money that the bank took from its account, for which
// we know no reason yet.
func (d Deal) TakenUnexplained(a money.Amount) Transfer {
	return d.transfer("transfer.taken_unexplained", pair(Posted, d.suspense(), d.account(), a))
}

// suspense is where money waits that came over the deal's account.
func (d Deal) suspense() Account {
	if d.Connector == "" {
		return Suspense("bank")
	}
	return Suspense(d.Connector)
}

// Outside books that the merchant was paid without us. It holds the money
// already, so what we owe it does not change.
func (d Deal) Outside(way string, a money.Amount) Transfer {
	return d.transfer("outside", pair(Posted, Outside(way), Direct(d.Merchant), a))
}
