package april

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

const payoutID idKind = "payout"

var errNoPayout = fault.New("not_found.payout", "no such payout")

// payoutSummary is a payout as the contract shows it (sheet, 3.9).
type payoutSummary struct {
	PayoutID             string         `json:"payoutId"`
	ReferencePayoutID    string         `json:"referencePayoutId"`
	Currency             money.Currency `json:"currency"`
	MerchantID           string         `json:"merchantId"`
	MerchantBusinessName string         `json:"merchantBusinessName"`
	SettlementDate       string         `json:"settlementDate,omitempty"`
	Amount               int64          `json:"amount"`
	OpeningBalance       int64          `json:"openingBalance"`
	ClosingBalance       int64          `json:"closingBalance"`
	TotalAmount          int64          `json:"totalAmount"`
	Status               string         `json:"status"`
	BankAccountNumber    string         `json:"bankAccountNumber,omitempty"`
	StatementDescriptor  string         `json:"statementDescriptor,omitempty"`
	PaymentChannel       string         `json:"paymentChannel,omitempty"`
	CreatedAt            *string        `json:"createdAt"`
}

type payoutBody struct {
	Summary          payoutSummary    `json:"summary"`
	SummaryLineItems []payoutLineItem `json:"summaryLineItems"`
	AccountDetails   *bankAccount     `json:"accountDetails,omitempty"`
}

type payoutLineItem struct {
	EntryType   string `json:"entryType"`
	Count       int64  `json:"count"`
	TotalAmount int64  `json:"totalAmount"`
}

// entryTypes are the contract's words for entries and for the lines of payouts
// (sheet, section 4), in its order.
var entryTypes = []struct {
	word  string
	kinds []string
}{
	{"Payment", []string{string(settlement.Payment)}},
	{"Refund", []string{string(settlement.Refund)}},
	{"Dispute", []string{string(settlement.Dispute)}},
	{"DisputeReversal", []string{string(settlement.DisputeReversal)}},
	{"DisputeFee", []string{string(settlement.DisputeFee)}},
	{"PlatformFee", []string{settlement.PlatformFee}},
	{"PayoutFee", []string{string(settlement.PayoutFee)}},
	{"Adjustment", []string{string(settlement.PaymentReturn), string(settlement.RefundReturn), string(settlement.Credit), string(settlement.CreditReturn),
		string(settlement.Share), string(settlement.ShareReturn)}},
	{"PayoutReversal", []string{string(settlement.PayoutReversal)}},
	{"BalanceBroughtForward", []string{settlement.BroughtForward}},
}

func entryType(kind string) string {
	for _, t := range entryTypes {
		for _, k := range t.kinds {
			if k == kind {
				return t.word
			}
		}
	}
	return "Adjustment"
}

// showLines brings the lines of a payout under the contract's words.
func showLines(lines []settlement.Line) []payoutLineItem {
	sums := map[string]*payoutLineItem{}
	for _, l := range lines {
		word := entryType(l.Kind)
		if sums[word] == nil {
			sums[word] = &payoutLineItem{EntryType: word}
		}
		sums[word].Count, sums[word].TotalAmount = sums[word].Count+l.Count, sums[word].TotalAmount+l.Amount
	}
	out := []payoutLineItem{}
	for _, t := range entryTypes {
		if sum := sums[t.word]; sum != nil {
			out = append(out, *sum)
		}
	}
	return out
}

// showPayout is a payout in the contract's words.
func showPayout(p settlement.Payout, m merchant.Found) payoutSummary {
	out := payoutSummary{PayoutID: payoutID.wire(p.ID), ReferencePayoutID: p.Reference, Currency: p.Currency, MerchantID: merchantID.wire(p.Merchant),
		MerchantBusinessName: m.Name, SettlementDate: dateIn(p.To, m.Merchant), Amount: p.Credited, OpeningBalance: p.Opening, ClosingBalance: p.Closing,
		TotalAmount: p.Total(), Status: string(p.State), StatementDescriptor: p.Details.Descriptor, PaymentChannel: p.Details.Channel, CreatedAt: stamp(p.CreatedAt)}
	if out.PaymentChannel == "" && len(p.Details.Channels) > 0 {
		out.PaymentChannel = p.Details.Channels[0]
	}
	for _, a := range m.Accounts {
		if a.ID == p.Details.Account {
			out.BankAccountNumber = "****" + a.Number[max(0, len(a.Number)-4):]
		}
	}
	return out
}

// dateIn is the day of a moment in a merchant's time zone (sheet, 1.4); "" for none.
func dateIn(at time.Time, m merchant.Merchant) string {
	if at.IsZero() {
		return ""
	}
	zone, err := time.LoadLocation(m.Business.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format(time.DateOnly)
}

// addPayout is CreateManualPayout.
func (s *Surface) addPayout(c *call) (any, error) {
	in := c.body
	r := settlement.Request{Merchant: c.acts.ID, Descriptor: in.need("statementDescriptor")}
	currency := in.currency("currency")
	amount, sent := in.integer("payoutAmount")
	if !sent && !in.has("payoutAmount") {
		in.not("payoutAmount", "is needed")
	}
	account, payer, channels := in.text("externalAccountId"), in.text("feePayingMerchantId"), in.texts("paymentChannels", 2)
	if err := in.err(); err != nil {
		return nil, err
	}
	r.Amount, r.Channels = money.Of(amount, currency), channels
	var ok bool
	if account != "" {
		if r.Account, ok = accountID.parse(account); !ok {
			return nil, errNoAccount
		}
	}
	if payer != "" {
		if r.FeePayer, ok = merchantID.parse(payer); !ok {
			return nil, errNoMerchant
		}
		if _, err := s.feePayer(c, r.FeePayer); err != nil {
			return nil, err
		}
	}
	p, err := s.Settlement.PayOut(c.r.Context(), c.actor, r)
	if err != nil {
		return nil, err
	}
	return showPayout(p, *c.acts), nil
}

// feePayer finds the merchant that is to pay a payout's fee: the caller's own,
// or one of the marketplace that the caller acts for.
func (s *Surface) feePayer(c *call, id ident.ID) (merchant.Found, error) {
	if id == c.acts.ID {
		return *c.acts, nil
	}
	if c.marketplace == "" { // one merchant does not spend another's money
		return merchant.Found{}, errNoMerchant
	}
	f, err := s.Merchants.Find(c.r.Context(), c.actor.Realm, id)
	if err == nil && f.Marketplace != c.marketplace {
		err = errNoMerchant
	}
	return f, err
}

// payoutSorts are what the list may be sorted by.
var payoutSorts = map[string]string{"payoutId": "id", "createdAt": "createdAt", "status": "status", "currency": "currency",
	"settlementDate": "settlementDate", "merchantId": "merchantId"}

// The span that a list of payouts looks back unless it is told, and the longest
// (sheet, 5.9).
const (
	payoutsBack   = 30 * 24 * time.Hour
	payoutsAtMost = 180 * 24 * time.Hour
)

// listPayouts is QueryPayoutSummaries.
func (s *Surface) listPayouts(c *call) (any, error) {
	q := c.query
	f := settlement.Filter{IDs: payoutID.parseAll(q.list("payoutId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		References: q.list("referencePayoutId"), Span: q.between("createdAfter", "createdBefore"), Page: q.page(payoutSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if err := s.lookBack(c, &f.Span, payoutsBack, payoutsAtMost); err != nil {
		return nil, err
	}
	list, total, err := s.Settlement.Payouts(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	owners := each(list, func(p settlement.Payout) ident.ID { return p.Merchant })
	merchants, err := s.merchantsOf(c.r.Context(), c.actor.Realm, owners)
	return each(list, func(p settlement.Payout) payoutSummary { return showPayout(p, merchants[p.Merchant]) }), err
}

// lookBack fills in a span that was not said in full, and refuses one that is
// too long. Fault: invalid.span.
func (s *Surface) lookBack(c *call, span *store.Span, back, most time.Duration) error {
	var now time.Time
	err := s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	if err != nil {
		return err
	}
	if span.Before.IsZero() {
		span.Before = now.Add(time.Millisecond)
	}
	if span.From.IsZero() {
		span.From = span.Before.Add(-back)
	}
	if span.Before.Sub(span.From) > most+time.Millisecond {
		return fault.New("invalid.span", "a span of at most %d days can be asked for", int(most.Hours()/24))
	}
	return nil
}

// merchantsOf finds merchants by their ids, with their accounts.
func (s *Surface) merchantsOf(ctx context.Context, realm ident.ID, ids []ident.ID) (map[ident.ID]merchant.Found, error) {
	out := map[ident.ID]merchant.Found{}
	if len(ids) == 0 {
		return out, nil
	}
	list, _, err := s.Merchants.Search(ctx, realm, merchant.Filter{IDs: ids, Page: store.Page{Limit: int64(len(ids))}})
	for _, f := range list {
		out[f.ID] = f
	}
	return out, err
}

// mayPayout finds a payout that the caller may see, as the wire names it.
func (s *Surface) mayPayout(c *call, text string) (o settlement.Opened, m merchant.Found, err error) {
	id, ok := payoutID.parse(text)
	if !ok {
		return o, m, errNoPayout
	}
	if o, err = s.Settlement.Payout(c.r.Context(), c.actor.Realm, id); err != nil {
		return o, m, err
	}
	if m, err = s.mayMerchant(c, o.Merchant); fault.Is(err, fault.NotFound) {
		err = errNoPayout
	}
	return o, m, err
}

// getPayout is GetPayoutDetails.
func (s *Surface) getPayout(c *call) (any, error) {
	o, m, err := s.mayPayout(c, c.id)
	if err != nil {
		return nil, err
	}
	out := payoutBody{Summary: showPayout(o.Payout, m), SummaryLineItems: showLines(o.Lines)}
	if o.Account.ID != "" {
		account := showAccount(o.Account)
		out.AccountDetails = &account
	}
	return out, nil
}
