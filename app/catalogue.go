package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/web/dev"
)

// showSandbox lists what the sandbox can be made to do, from the tables that
// it works by.
func showSandbox(w http.ResponseWriter, r *http.Request) error {
	return dev.ShowSandbox(w, r, devLinks, dev.Sandbox{Groups: []dev.Group{testCards(), testAmounts(), wishes, outsideEvents, faults()}})
}

// testCards are the cards by what 3-D Secure does with them.
func testCards() dev.Group {
	g := dev.Group{Title: "Test cards", About: "Any expiry in the future, any security code.", Columns: []string{"3-D Secure", "Cards"}}
	for _, flow := range []fake.Flow{fake.Plain, fake.Challenge, fake.Full, fake.Attempted, fake.Technical, fake.NotIn, fake.Soft, fake.Invalid} {
		var brands []string
		numbers := map[string][]string{}
		for _, c := range fake.Cards {
			if c.Flow == flow {
				if numbers[c.Brand] == nil {
					brands = append(brands, c.Brand)
				}
				numbers[c.Brand] = append(numbers[c.Brand], "`"+c.Number+"`")
			}
		}
		for n, b := range brands {
			brands[n] = b + " " + strings.Join(numbers[b], " ")
		}
		g.Rows = append(g.Rows, []string{string(flow), strings.Join(brands, ", ")})
	}
	return g
}

func testAmounts() dev.Group {
	g := dev.Group{Title: "Amounts", About: "With any other card, the last two digits of the amount decide.", Columns: []string{"Ends in", "Outcome"}}
	for _, a := range fake.Amounts() {
		g.Rows = append(g.Rows, []string{fmt.Sprintf("`%02d`", a.Cents), a.Does})
	}
	return g
}

var wishes = dev.Group{Title: "Wishes", About: "Send them with a payment or a checkout. A wish comes before cards and amounts.", Columns: []string{"Parameter", "Values"}, Rows: [][]string{
	{"`customParameters[forceResultCode]`", "a result code: the payment ends with it"},
	{"`customParameters[florin_fault]`", "a fault from the table below, with seconds if they matter: `slow_answer:30`"},
	{"`customParameters[3DS2_enrolled]`", "`true`, `false`"},
	{"`customParameters[3DS2_flow]`", "`challenge`, `frictionless`, `attempted`, `technical`, `failed`, `rejected`"},
	{"`threeDSecure.challengeIndicator`", "`04`: the bank asks the payer"},
}}

var outsideEvents = dev.Group{Title: "What happens outside", About: "Called with the access token, like the contract itself; parameters are a form or JSON.", Columns: []string{"Call", "Effect"}, Rows: [][]string{
	{"`POST /sandbox/clock`", "`advanceSeconds=604800` moves the clock ahead, never back"},
	{"`POST /sandbox/payments/{id}/pay`", "a slip is paid at a counter; another `amount` is a mistake to be noticed"},
	{"`POST /sandbox/payments/{id}/risk`", "`decision=accept` or `reject` ends a review"},
	{"`POST /sandbox/payments/{id}/chargeback`", "the payer's bank takes the money back; `amount` and `reason` if you like"},
	{"`POST /sandbox/payments/{id}/clear`", "a direct debit clears at once"},
	{"`POST /sandbox/payments/{id}/dishonour`", "the payer's bank does not honour a direct debit, or takes one back that had cleared; `code` says why"},
	{"`POST /sandbox/payments/{id}/cancel`", "a pending payment is withdrawn, if it still can be"},
	{"`POST /sandbox/transfers`", "money arrives: `reference`, `amount`, `currency`, and `payer` if you like; with `entityId`, under any reference"},
	{"`POST /sandbox/mandates/{id}`", "the payer or the bank moves an agreement, or a reader's stored way to pay by its name in the list: `state=active`, `refused`, `suspended`, `revoked` or `expired`"},
	{"`GET /sandbox/bankfiles`", "files that went out to banks, or came from them; `/{id}` with the text"},
	{"`GET /sandbox/terminals`", "card terminals, and the pages on which a cashier works them"},
	{"`POST /sandbox/terminals/{name}`", "`state=on`, `off` or `cashier` of a terminal of `entityId`, or of `organizationId`"},
	{"`GET /sandbox/transfers`", "money that came and belongs to nobody yet"},
	{"`POST /sandbox/transfers/{id}`", "it is given to `payment`, or sent back without one"},
	{"`GET /sandbox/payments/{id}/ledger`", "the payment's transfers in the books"},
	{"`GET /sandbox/payments/{id}/deliveries`", "the notifications about it, and how they fared"},
	{"`GET /sandbox/balances`", "every account of the books"},
	{"`GET /sandbox/outbox`", "e-mails and SMS that were held instead of sent; `to` and `object` narrow it"},
}}

func faults() dev.Group {
	g := dev.Group{Title: "Faults on demand", About: "Send the name as `customParameters[florin_fault]`, or pay with the card.", Columns: []string{"Name", "Card", "What happens"}}
	for _, t := range fake.Catalogue {
		g.Rows = append(g.Rows, []string{"`" + string(t.Fault) + "`", "`" + t.Number() + "`", t.Does + "; answer: " + t.Answer + "; " + t.After})
	}
	return g
}
