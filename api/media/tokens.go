package media

import (
	"fmt"
	"strconv"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/subscription"
)

// What each provider calls its tokens: the list, and the token's own name
// (sheet, 6).
var tokenWords = map[subscription.Method]struct{ list, name string }{
	subscription.ByPayEx:  {"paymentRecurrenceTokens", "recurrenceToken"},
	subscription.ByVipps:  {"recurringAgreements", "agreementRef"},
	subscription.ByKlarna: {"recurringTokens", "recurringToken"},
	subscription.ByNexi:   {"subscriptions", "subscriptionId"},
}

type serve = func(s *Surface, c *call) (any, error)

// listTokens lists the reader's tokens of a provider that can be charged.
func listTokens(m subscription.Method) serve {
	return func(s *Surface, c *call) (any, error) {
		list, err := s.Subscriptions.Tokens(c.r.Context(), c.realm(), c.who.Person, m)
		if err != nil {
			return nil, err
		}
		items := []map[string]any{}
		for _, t := range list {
			one := map[string]any{tokenWords[m].name: t.Reference, "paymentProviderId": t.Number, "productCode": t.Product.Code}
			if m == subscription.ByPayEx {
				one["merchantId"] = t.Company.Code
			}
			if card := t.Agreement.Details.Card; card != nil && (m == subscription.ByPayEx || m == subscription.ByNexi) {
				one["maskedCardNumber"] = "xxxx-xxxxxx-x" + card.Last4
				one["expirationMonth"], one["expirationYear"] = fmt.Sprintf("%02d", card.ExpiryMonth), fmt.Sprintf("%02d", card.ExpiryYear%100)
				one["cardTypeName"] = card.Brand
			}
			items = append(items, one)
		}
		return map[string]any{tokenWords[m].list: items}, nil
	}
}

// addToken begins the storing of a token.
func addToken(m subscription.Method) serve {
	return func(s *Surface, c *call) (any, error) {
		product := c.body.text("productCode", 12)
		if m == subscription.ByPayEx {
			if kind := c.body.text("tokenType", 16); kind != "" && kind != "card" {
				c.body.refuse("invalid", "tokenType", "card is needed")
			}
		}
		if err := c.body.err(); err != nil {
			return nil, err
		}
		e, err := s.Errands.AddToken(c.r.Context(), c.owner(), product, m)
		if err != nil {
			return nil, noProduct(err)
		}
		return begun{true, e.Number}, nil
	}
}

// removeToken ends a token. What names it may stand in the body or in the
// address, since some programs send no body with DELETE.
func removeToken(m subscription.Method) serve {
	return func(s *Surface, c *call) (any, error) {
		name := tokenWords[m].name
		for _, member := range []string{name, "paymentProviderId"} {
			text, err := query(c.r, member, 64)
			if err != nil {
				return nil, err
			}
			if text != "" && !c.body.has(member) {
				c.body.members[member] = text
			}
		}
		if n, ok := c.body.members["paymentProviderId"].(fmt.Stringer); ok { // a number to some, a text to PayEx
			c.body.members["paymentProviderId"] = n.String()
		}
		reference, number := c.body.text(name, 64), c.body.text("paymentProviderId", 20)
		if err := c.body.err(); err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fault.At("invalid", "paymentProviderId", "a whole number is needed")
		}
		if _, err := s.Subscriptions.RemoveToken(c.r.Context(), c.realm(), c.who.Person, audit.By{Actor: string(c.who.Person), Origin: Contract}, m, reference, n); err != nil {
			return nil, err
		}
		return begun{Success: true}, nil
	}
}
