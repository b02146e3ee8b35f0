package april

import (
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/vault"
)

// blockedCard is a card that a merchant takes no money from (sheet, 5.4).
type blockedCard struct {
	BlockedCardID string  `json:"blockedCardId"`
	CustomerID    string  `json:"customerId,omitempty"`
	MerchantID    string  `json:"merchantId"`
	TransactionID string  `json:"transactionId,omitempty"`
	CardBrand     string  `json:"cardBrand"`
	BIN           string  `json:"bin"`
	Last4         string  `json:"last4"`
	ExpiryMonth   int     `json:"expiryMonth"`
	ExpiryYear    int     `json:"expiryYear"`
	Reason        string  `json:"reason"`
	BlockedUntil  *string `json:"blockedUntil,omitempty"`
	CreatedAt     *string `json:"createdAt"`
}

func showBlocked(b vault.BlockedCard) blockedCard {
	return blockedCard{BlockedCardID: blockedID.wire(b.ID), CustomerID: customerID.wire(b.Customer), MerchantID: merchantID.wire(b.Merchant),
		TransactionID: transactionID.wire(b.Payment), CardBrand: cardBrands[b.Face.Brand], BIN: b.Face.BIN, Last4: b.Face.Last4,
		ExpiryMonth: b.Face.ExpiryMonth, ExpiryYear: b.Face.ExpiryYear, Reason: blockedWord(b.Reason), BlockedUntil: stamp(b.BlockedUntil), CreatedAt: stamp(b.CreatedAt)}
}

// blockedWord is why a card is blocked, in the words of declines.
func blockedWord(reason string) string {
	if !fault.Under(reason, fault.Declined) {
		return reason
	}
	return failureOf(fault.New(reason, "")).code
}

// blockedSorts are what the list may be sorted by.
var blockedSorts = map[string]string{"blockedCardId": "id", "createdAt": "createdAt", "last4": "last4", "cardBrand": "brand"}

// listBlocked is QueryBlockedCards.
func (s *Surface) listBlocked(c *call) (any, error) {
	q := c.query
	f := vault.BlockedFilter{Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market, Customers: customerID.parseAll(q.list("customerId")),
		Payments: transactionID.parseAll(q.list("transactionId")), Last4: q.one("last4"), Created: q.span("createdFromInclusive", "createdToExclusive"), Page: q.page(blockedSorts)}
	for _, word := range q.list("cardBrand") {
		named := brandsNamed(word)
		if len(named) == 0 {
			q.not("cardBrand", "is no brand of the contract")
		}
		f.Brands = append(f.Brands, named...)
	}
	if f.Last4 != "" && (len(f.Last4) != 4 || strings.Trim(f.Last4, "0123456789") != "") {
		q.not("last4", "must be 4 digits")
	}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Vault.Blocked(c.r.Context(), c.actor.Realm, f)
	c.found(total, f.Page)
	return each(list, showBlocked), err
}

// blockedEvent is something that happened to a blocked card.
type blockedEvent struct {
	EventType string  `json:"eventType"`
	Actor     string  `json:"actor"`
	Note      string  `json:"note,omitempty"`
	CreatedAt *string `json:"createdAt"`
}

// listBlockedEvents is QueryBlockedCardEvents.
func (s *Surface) listBlockedEvents(c *call) (any, error) {
	q := c.query
	page := q.page(map[string]string{"createdAt": "createdAt"})
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	id, ok := blockedID.parse(c.id)
	if !ok {
		return nil, errNoBlocked
	}
	b, list, total, err := s.Vault.NotesOf(c.r.Context(), c.actor.Realm, id, page)
	if err != nil {
		return nil, err
	}
	if _, err := s.mayMerchant(c, b.Merchant); fault.Is(err, fault.NotFound) {
		return nil, errNoBlocked
	} else if err != nil {
		return nil, err
	}
	c.found(total, page)
	out := make([]blockedEvent, len(list))
	for i, n := range list {
		out[i] = blockedEvent{n.What, n.Actor, blockedWord(n.Text), stamp(n.At)}
	}
	return out, nil
}

var errNoBlocked = fault.New("not_found.blocked_card", "no such blocked card")
