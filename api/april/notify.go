package april

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// notice is a type of webhook event: the core's events it may come from, and
// whether one of them is it, where its name alone does not tell.
type notice struct {
	events []string
	is     func(e event.Event) bool
}

// notices are the types of webhook events that are served (sheet, 6.8).
var notices = map[string]notice{
	"MerchantCreated":      {events: []string{"merchant.created"}},
	"MerchantUpdated":      {events: []string{"merchant.updated"}},
	"MerchantActivated":    {events: []string{"merchant.activated"}},
	"OrderCreated":         {events: []string{"order.created"}},
	"OrderPaid":            {events: []string{"order.paid"}},
	"OrderCancelled":       {events: []string{"order.cancelled"}},
	"TransactionAccepted":  {events: []string{"payment.captured"}, is: ofAttempt(connector.Debit)},
	"TransactionCaptured":  {events: []string{"payment.captured"}, is: ofAttempt(connector.Capture)},
	"TransactionPending":   {events: []string{"payment.pending", "payment.unknown"}, is: atStage(payment.StagePending)},
	"TransactionFailed":    {events: []string{"payment.failed", "payment.returned"}, is: atStage(payment.StageFailed)},
	"TransactionCancelled": {events: []string{"payment.voided", "payment.expired"}, is: atStage(payment.StageCancelled)},
	"TransactionRefunded":  {events: []string{"payment.refunded"}, is: ofAttempt(connector.Refund)},
	"TransactionPaid":      {events: []string{"payment.paid_out"}},
	"PaymentSourceCreated": {events: []string{"source.created"}},
	"PaymentSourceDeleted": {events: []string{"source.deleted"}},
	"DisputeOpened":        {events: []string{"dispute.opened"}},
	"DisputeClosed":        {events: []string{"dispute.won", "dispute.lost", "dispute.accepted"}},
	"PayoutCreated":        {events: []string{"payout.created", "payout.suspended"}, is: func(e event.Event) bool { return e.Seq == 1 }},
	"PayoutPaid":           {events: []string{"payout.paid"}, is: carriesMoney},
	"PayoutFailed":         {events: []string{"payout.failed", "payout.reversed"}},
	"InvoiceIssued":        {events: []string{"fee_invoice." + settlement.Issued}},
	"InvoicePaid":          {events: []string{"fee_invoice." + settlement.PaidInFull}},
}

// carriesMoney tells a payout that has arrived at a bank from one that came to
// nothing.
func carriesMoney(e event.Event) bool {
	p, ok := e.Subject.(settlement.Payout)
	return ok && p.Amount > 0
}

func ofAttempt(kind connector.Kind) func(e event.Event) bool {
	return func(e event.Event) bool {
		out, ok := e.Subject.(payment.Outcome)
		return ok && out.Attempt.Kind == kind
	}
}

func atStage(stage payment.Stage) func(e event.Event) bool {
	return func(e event.Event) bool {
		out, ok := e.Subject.(payment.Outcome)
		return ok && out.Payment.Stage() == stage
	}
}

// typeOf is the contract's type of an event of the core, or "".
func typeOf(e event.Event) string {
	for word, n := range notices {
		if slices.Contains(n.events, e.Type) && (n.is == nil || n.is(e)) {
			return word
		}
	}
	return ""
}

// Message puts an event into the contract's words: one tagged object. Who gets
// it, and in which envelope, is the Manner's business. It reads in the event's
// own transaction.
func (s *Surface) Message(tx *store.Tx, e event.Event) (webhook.Message, error) {
	word := typeOf(e)
	if word == "" {
		return webhook.Message{}, nil
	}
	payload, err := payloadOf(tx, e)
	if err != nil || payload == nil {
		return webhook.Message{}, err
	}
	body, err := json.Marshal(tagged(word, payload))
	return webhook.Message{Body: body, ContentType: "application/json", Type: word}, err
}

// payloadOf is what an event is about, under the payload key of its type; nil
// for what is nothing of this contract's.
func payloadOf(tx *store.Tx, e event.Event) (map[string]any, error) {
	switch x := e.Subject.(type) {
	case merchant.Found:
		return map[string]any{"merchant": showMerchant(x, "")}, nil
	case order.Order:
		return map[string]any{"order": orderOf(x, linkAccess{})}, nil // its link is a secret, and an event holds none
	case vault.Source:
		return map[string]any{"source": showSource(x)}, nil
	case payment.Outcome:
		if x.Payment.Kind != connector.Authorise && x.Payment.Kind != connector.Debit {
			return nil, nil
		}
		return transactionPayload(tx, x)
	case payment.Disputed:
		a, err := gather(tx, x.Payment)
		return map[string]any{"dispute": a.dispute(x)}, err
	case settlement.Payout:
		m, err := merchant.FindIn(tx, x.Merchant)
		return map[string]any{"payout": showPayout(x, m)}, err
	case settlement.Invoice:
		m, err := merchant.MerchantIn(tx, x.Merchant)
		return map[string]any{"invoice": showInvoice(x, m)}, err
	}
	return nil, nil
}

func transactionPayload(tx *store.Tx, x payment.Outcome) (map[string]any, error) {
	a, err := gather(tx, x.Payment)
	if err != nil {
		return nil, err
	}
	attempts, err := payment.AttemptsOf(tx, x.Payment.ID)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"transaction": a.transaction(payment.Found{Payment: x.Payment, Attempts: attempts})}
	if x.Attempt.Kind == connector.Refund {
		out["refund"] = a.refund(x)
	}
	return out, nil
}

// envelope is the body of a delivery (sheet, 6.8).
type envelope struct {
	MarketplaceID         string          `json:"marketplaceId,omitempty"`
	MerchantID            string          `json:"merchantId,omitempty"`
	Metadata              json.RawMessage `json:"metadata"`
	WebhookSubscriptionID string          `json:"webhookSubscriptionId"`
	WebhookEventType      string          `json:"webhookEventType"`
	RequestID             string          `json:"requestId"`
	Event                 json.RawMessage `json:"event"`
	Timestamp             string          `json:"timestamp"`
}

// Manner is how this contract's messages go out (sheet, 6.8): its ladder of
// tries, its signature, its envelope.
func Manner() webhook.Manner {
	return webhook.Manner{
		Ladder: []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour},
		GiveUp: 7 * 24 * time.Hour,
		Secret: drawSecret, Sign: signDelivery, Wrap: wrap,
	}
}

// wrap puts a message into a subscription's envelope, if it is one of those
// that the subscription has asked for.
func wrap(tx *store.Tx, e webhook.Endpoint, about event.Event, m webhook.Message) (webhook.Message, error) {
	if !slices.Contains(e.Topics, m.Type) {
		return webhook.Message{}, nil
	}
	request := wire.RequestOf(tx.Context())
	if request == "" { // no call has caused it: the event names itself
		request = string(about.ID)
	}
	out := envelope{MerchantID: merchantID.wire(e.Merchant), Metadata: metadataOf(e.Metadata), WebhookSubscriptionID: webhookID.wire(e.ID), WebhookEventType: m.Type,
		RequestID: tracerOf(request), Event: m.Body, Timestamp: about.At.UTC().Format("2006-01-02T15:04:05.000000Z")}
	if e.Merchant == "" {
		out.MarketplaceID = marketplaceID.wire(e.Marketplace)
	}
	body, err := json.Marshal(out)
	m.Body = body
	return m, err
}

// secretPrefix opens every secret of a subscription.
const secretPrefix = "whs_"

func drawSecret(random io.Reader) (method.Secret, error) {
	if random == nil {
		random = rand.Reader
	}
	raw := make([]byte, 24)
	if _, err := io.ReadFull(random, raw); err != nil {
		return method.Secret{}, fault.Wrap(err, "no randomness")
	}
	return method.Conceal(secretPrefix + base64.RawURLEncoding.EncodeToString(raw)), nil
}

// signDelivery proves where a delivery comes from: the time of the try, and for
// each secret the HMAC-SHA-256, keyed with the secret as it stands, of the time,
// a dot and the body.
func signDelivery(secrets []method.Secret, d webhook.Delivery, at time.Time, body []byte) (map[string]string, error) {
	t := strconv.FormatInt(at.Unix(), 10)
	signature := "t=" + t
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write([]byte(t + "."))
		mac.Write(body)
		signature += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return map[string]string{"April-Signature": signature, "April-Event-Id": string(d.Event), "April-Event-Type": d.Message.Type}, nil
}
