package april

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// subscription is a webhook subscription as the contract shows it (sheet, 5.11).
type subscription struct {
	ID            string          `json:"id"`
	MarketplaceID string          `json:"marketplaceId,omitempty"`
	MerchantID    string          `json:"merchantId,omitempty"`
	Endpoint      string          `json:"endpoint"`
	Events        []string        `json:"events"`
	Description   string          `json:"description,omitempty"`
	Metadata      json.RawMessage `json:"metadata"`
	Status        string          `json:"status"`
	Secret        string          `json:"secret,omitempty"` // when it was just drawn
}

// showSubscription puts a subscription into its variant.
func showSubscription(e webhook.Endpoint, secret string) map[string]any {
	out := subscription{ID: webhookID.wire(e.ID), Endpoint: e.URL, Events: e.Topics, Description: e.Description, Metadata: metadataOf(e.Metadata), Status: "Active", Secret: secret}
	if e.State == webhook.Disabled {
		out.Status = "Suspended"
	}
	if e.Merchant == "" {
		out.MarketplaceID = marketplaceID.wire(e.Marketplace)
		return tagged("WebhookMarketplaceSubscription", out)
	}
	out.MerchantID = merchantID.wire(e.Merchant)
	return tagged("WebhookMerchantSubscription", out)
}

// subscriptionForm are the fields of a subscription; in an update those that
// are not sent stay.
type subscriptionForm struct {
	endpoint    string
	events      []string
	description *string
	metadata    *string
}

// Nobody wants an event twice, and there are not so many types.
const subscribedTypes = 64

func readSubscription(in object, whole bool) (f subscriptionForm) {
	for _, name := range []string{"endpoint", "url", "endpointUrl"} { // the contract's own name is not known
		if f.endpoint == "" {
			f.endpoint = in.textUpTo(name, 2048)
		}
	}
	if whole && f.endpoint == "" {
		in.not("endpoint", "is needed")
	}
	f.events = in.texts("events", subscribedTypes)
	for i, word := range f.events {
		if _, known := notices[word]; !known {
			in.not("events", "%s is no type of event", word)
		} else if slices.Contains(f.events[:i], word) {
			in.not("events", "%s stands twice", word)
		}
	}
	if whole && len(f.events) == 0 {
		in.not("events", "is needed")
	}
	if in.has("description") {
		text := in.textUpTo("description", 255)
		f.description = &text
	}
	if in.has("metadata") {
		text := in.metadata("metadata")
		f.metadata = &text
	}
	return f
}

// addSubscription is CreateWebhookSubscription: a marketplace's credential
// alone makes one for the marketplace, any other, or one that names a merchant,
// for the merchant.
func (s *Surface) addSubscription(c *call) (any, error) {
	variant, in, err := c.body.variant("CreateWebhookMarketplaceSubscription", "CreateWebhookMerchantSubscription")
	if err != nil {
		return nil, err
	}
	f := readSubscription(in, true)
	if err := in.err(); err != nil {
		return nil, err
	}
	w := webhook.Wish{URL: f.endpoint, Contract: Contract, Topics: f.events, Filter: filterOf(f.events), Unordered: true}
	if f.description != nil {
		w.Description = *f.description
	}
	if f.metadata != nil {
		w.Metadata = *f.metadata
	}
	switch {
	case variant == "CreateWebhookMarketplaceSubscription" && (c.acts != nil || c.market == ""):
		return nil, fault.New("forbidden.level", "a marketplace's own credential subscribes for it, and names no merchant")
	case variant == "CreateWebhookMarketplaceSubscription":
		w.Marketplace = c.market
	case c.acts == nil:
		return nil, broken("Merchant-Id", "this header has to say for which merchant the request is")
	default:
		w.Merchant = c.acts.ID
	}
	e, shown, err := s.Webhooks.Subscribe(c.r.Context(), c.actor.Realm, c.by(), w)
	if err != nil {
		return nil, badEndpoint(err)
	}
	return showSubscription(e, shown.Signing.Reveal()), nil
}

// badEndpoint names the field that the core calls url.
func badEndpoint(err error) error {
	if fault.Is(err, "invalid.url") {
		return invalid("endpoint", "%s", err.Error())
	}
	return err
}

// filterOf are the core's events behind the contract's types.
func filterOf(types []string) (list []string) {
	for _, word := range types {
		for _, own := range notices[word].events {
			if !slices.Contains(list, own) {
				list = append(list, own)
			}
		}
	}
	return list
}

// subscriptionSorts are what the list may be sorted by.
var subscriptionSorts = map[string]string{"id": "id", "createdAt": "createdAt", "endpoint": "url", "status": "state"}

// listSubscriptions is QueryWebhookSubscriptions.
func (s *Surface) listSubscriptions(c *call) (any, error) {
	q := c.query
	f := webhook.Filter{Contract: Contract, Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market, Page: q.page(subscriptionSorts)}
	if text := q.one("marketplaceId"); text != "" {
		id, ok := marketplaceID.parse(text)
		if !ok || !c.mayMarketplace(id) {
			id = nobody
		}
		f.Marketplace = id
	}
	f.State = map[string]webhook.State{"Active": webhook.Active, "Suspended": webhook.Disabled}[q.word("status", "Active", "Suspended")]
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Webhooks.Search(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	return each(list, func(e webhook.Endpoint) map[string]any { return showSubscription(e, "") }), nil
}

var errNoSubscription = fault.New("not_found.webhook", "no such webhook subscription")

// maySubscription finds a subscription that the caller may see.
func (s *Surface) maySubscription(c *call) (e webhook.Endpoint, err error) {
	id, ok := webhookID.parse(c.id)
	if !ok {
		return e, errNoSubscription
	}
	list, _, err := s.Webhooks.Search(c.r.Context(), c.actor.Realm, webhook.Filter{Contract: Contract, IDs: []ident.ID{id}, Page: store.Page{Limit: 1}})
	if err != nil || len(list) == 0 {
		return e, otherwiseErr(err, errNoSubscription)
	}
	e = list[0]
	if e.Merchant == "" {
		if !c.mayMarketplace(e.Marketplace) {
			return e, errNoSubscription
		}
		return e, nil
	}
	if _, err = s.mayMerchant(c, e.Merchant); fault.Is(err, fault.NotFound) {
		err = errNoSubscription
	}
	return e, err
}

func otherwiseErr(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

// getSubscription is GetWebhookSubscription.
func (s *Surface) getSubscription(c *call) (any, error) {
	e, err := s.maySubscription(c)
	if err != nil {
		return nil, err
	}
	return showSubscription(e, ""), nil
}

// secretOverlap is how long after a rotation messages are signed with the old
// secret too (sheet, 6.8).
const secretOverlap = 24 * time.Hour

// changeSubscription is UpdateWebhookSubscription.
func (s *Surface) changeSubscription(c *call) (any, error) {
	variant, in, err := c.body.variant("ActivateWebhookSubscription", "RotateWebhookSecret", "SuspendWebhookSubscription", "UpdateWebhookSubscriptionDetails")
	if err != nil {
		return nil, err
	}
	var f subscriptionForm
	if variant == "UpdateWebhookSubscriptionDetails" {
		f = readSubscription(in, false)
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	e, err := s.maySubscription(c)
	if err != nil {
		return nil, err
	}
	ctx, realm, secret := c.r.Context(), c.actor.Realm, ""
	switch variant {
	case "ActivateWebhookSubscription":
		err = s.Webhooks.Enable(ctx, realm, e.ID, c.by())
	case "SuspendWebhookSubscription":
		err = s.Webhooks.Disable(ctx, realm, e.ID, c.by())
	case "RotateWebhookSecret":
		shown, rotated := s.Webhooks.Rotate(ctx, realm, e.ID, c.by(), secretOverlap)
		secret, err = shown.Signing.Reveal(), rotated
	case "UpdateWebhookSubscriptionDetails":
		_, err = s.Webhooks.Change(ctx, realm, e.ID, c.by(), f.change)
	}
	if err != nil {
		return nil, badEndpoint(err)
	}
	if e, err = s.maySubscription(c); err != nil {
		return nil, err
	}
	return showSubscription(e, secret), nil
}

func (f subscriptionForm) change(e *webhook.Endpoint) error {
	e.URL = otherwise(f.endpoint, e.URL)
	if len(f.events) > 0 {
		e.Topics, e.Filter = f.events, filterOf(f.events)
	}
	if f.description != nil {
		e.Description = *f.description
	}
	if f.metadata != nil {
		e.Metadata = *f.metadata
	}
	return nil
}
