package april

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/order"
)

// An order that is paid by a link is named, in the link and in the link's token
// (credential L), by one text: the ids of order and realm, and a check that only
// we can make. It is written down nowhere, so no copy of the database opens a
// page.
const (
	linkForm  = "lk" // as the forms of keys: sandbox_lk_...
	linkCheck = 12   // bytes
	linkWhole = 2*ident.Length/2 + linkCheck
)

// LinkPath is where the links of orders begin.
const LinkPath = "/pay/"

func (s *Surface) linkKey(realm, id ident.ID) string {
	raw := append(id.Bytes(), realm.Bytes()...)
	mac := hmac.New(sha256.New, s.Links)
	mac.Write(raw)
	return base64.RawURLEncoding.EncodeToString(append(raw, mac.Sum(nil)[:linkCheck]...))
}

// Linked finds the order that a link names; false when the link is none of ours.
func (s *Surface) Linked(key string) (realm, id ident.ID, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(raw) != linkWhole {
		return "", "", false
	}
	half := ident.Length / 2
	id, realm = ident.ID(hex.EncodeToString(raw[:half])), ident.ID(hex.EncodeToString(raw[half:2*half]))
	return realm, id, hmac.Equal([]byte(key), []byte(s.linkKey(realm, id)))
}

// Link is the address at which an order is paid.
func (s *Surface) Link(realm, id ident.ID) string { return s.BaseURL + LinkPath + s.linkKey(realm, id) }

// LinkToken is the credential of whoever holds an order's link.
func (s *Surface) LinkToken(realm access.Realm, id ident.ID) string {
	return environments[realm.Environment] + "_" + linkForm + "_" + s.linkKey(realm.ID, id)
}

// byLink is the caller behind a link's token; false for what has another form.
// Faults: unauthenticated.token.
func (s *Surface) byLink(ctx context.Context, token string) (c caller, is bool, err error) {
	mode, rest, _ := strings.Cut(token, "_")
	key, is := strings.CutPrefix(rest, linkForm+"_")
	if !is {
		return c, false, nil
	}
	realm, id, ours := s.Linked(key)
	if !ours {
		return c, true, errToken
	}
	env, err := s.Access.Environment(ctx, realm)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return c, true, err
	}
	if err != nil || environments[env] != mode {
		return c, true, errToken
	}
	o, err := s.Orders.Find(ctx, realm, id)
	if fault.Is(err, fault.NotFound) || err == nil && !o.Linked() {
		err = errToken
	}
	if err != nil {
		return c, true, err
	}
	payer := o.Customer
	if payer == "" { // the link is nobody's in particular, and so no customer's
		payer = nobody
	}
	return caller{kind: LinkToken, merchant: o.Merchant, customer: payer, order: o.ID, name: orderID.wire(o.ID),
		actor: access.Actor{Realm: realm, Environment: env, Kind: "april.link", May: rights[LinkToken], Merchants: []ident.ID{o.Merchant}, Customer: payer}}, true, nil
}

// linkAccess is what opens the page of an order: nothing, when the order has none or
// the reader should not have it.
type linkAccess struct {
	token, address string
	config         *checkoutConfig
}

func (s *Surface) linkOf(c *call, o order.Order) linkAccess {
	if !o.Linked() {
		return linkAccess{}
	}
	return linkAccess{token: s.LinkToken(c.realm(), o.ID), address: s.Link(c.actor.Realm, o.ID)}
}

// checkoutConfig is what a checkout for an invoice starts with (sheet, 3.6).
type checkoutConfig struct {
	MerchantPublicKey  string `json:"merchantPublicKey"`
	CustomToken        string `json:"customToken,omitempty"`
	HidePayLaterOption bool   `json:"hidePayLaterOption"`
}

// checkoutConfig signs the customer of an invoice in as SignInConsumer does, for
// as long as there is something to pay. There are no pay plans to offer.
func (s *Surface) checkoutConfig(c *call, o order.Order) (*checkoutConfig, error) {
	key, err := s.PublicKey(c.r.Context(), c.realm(), o.Merchant)
	out := &checkoutConfig{MerchantPublicKey: key, HidePayLaterOption: true}
	if err != nil || o.Customer == "" || o.State != order.Created {
		return out, err
	}
	known, err := s.Customers.Get(c.r.Context(), c.actor.Realm, o.Customer)
	if fault.Is(err, fault.NotFound) || err == nil && known.Kind != customer.Consumer { // an organisation is a delegate's, whom nobody has named
		return out, nil
	}
	if err != nil {
		return out, err
	}
	owner, err := s.Merchants.Find(c.r.Context(), c.actor.Realm, o.Merchant)
	if err != nil {
		return out, err
	}
	out.CustomToken, err = s.Sign(Signed{Kind: CustomerJWT, Realm: c.realm(), Subject: customerID.wire(known.ID), Merchant: owner.ID, Marketplace: owner.Marketplace,
		Customer: known.ID, Life: customerLife})
	return out, err
}

// linkDetails are the orderTypeDetails of an order by link (sheet, 3.6).
type linkDetails struct {
	Token     string  `json:"token,omitempty"`
	MagicLink string  `json:"magicLink,omitempty"`
	SentSMS   bool    `json:"sentSms"`
	SentEmail bool    `json:"sentEmail"`
	ExpiresAt *string `json:"expiresAt,omitempty"`
}

// invoiceDetails are those of an invoice, with our link.
type invoiceDetails struct {
	InvoiceLineItems []invoiceLine   `json:"invoiceLineItems"`
	CustomerConfig   *checkoutConfig `json:"customerConfig,omitempty"`
	DueDate          string          `json:"dueDate,omitempty"`
	linkDetails
}

type invoiceLine struct {
	FeeAmount             int64  `json:"feeAmount"`
	TaxAmount             int64  `json:"taxAmount"`
	TotalTransactionValue int64  `json:"totalTransactionValue"`
	Count                 int64  `json:"count"`
	Description           string `json:"description,omitempty"`
	Category              string `json:"category,omitempty"`
	UnitPrice             string `json:"unitPrice,omitempty"`
}

func showDetails(o order.Order, l linkAccess) map[string]any {
	link := linkDetails{Token: l.token, MagicLink: l.address, ExpiresAt: stamp(o.ExpiresAt)}
	if o.Linked() {
		link.SentSMS, link.SentEmail = o.Details.Link.SentSMS, o.Details.Link.SentEmail
	}
	switch o.Type {
	case order.PayByLink:
		return tagged("PayByLinkOrderTypeDetails", link)
	case order.Invoice:
		out := invoiceDetails{InvoiceLineItems: []invoiceLine{}, CustomerConfig: l.config, DueDate: o.Details.DueOn, linkDetails: link}
		for _, l := range o.Details.Lines {
			out.InvoiceLineItems = append(out.InvoiceLineItems, invoiceLine{l.Fee, l.Tax, l.Total, l.Count, l.Description, l.Category, l.UnitPrice})
		}
		return tagged("InvoiceOrderTypeDetails", out)
	}
	return tagged("OnlineOrderTypeDetails", struct{}{})
}

// readLink reads how an order by link is put before its payer (sheet, 5.7). It
// is sent wherever there is an address to send it to, unless the merchant says
// that it will do that itself.
func readLink(in object, o *order.Order, needed bool) {
	l := &order.Link{Redirect: in.textUpTo("redirectUrl", 2048)}
	var err error
	if raw := in.text("emailAddress"); raw != "" {
		if l.Email, err = notify.Address(raw); err != nil {
			in.not("emailAddress", "must be %s", emailWhat)
		}
	}
	if raw := in.text("phoneNumber"); raw != "" {
		if l.Phone, err = notify.Phone(raw); err != nil {
			in.not("phoneNumber", "must be %s", phoneWhat)
		}
	}
	if needed && !in.has("emailAddress") && !in.has("phoneNumber") {
		in.not("emailAddress", "an emailAddress or a phoneNumber is needed")
	}
	l.SendEmail, l.SendSMS = in.truth("sendEmail", l.Email != ""), in.truth("sendSms", l.Phone != "")
	if l.SendEmail && !in.has("emailAddress") {
		in.not("sendEmail", "needs an emailAddress")
	}
	if l.SendSMS && !in.has("phoneNumber") {
		in.not("sendSms", "needs a phoneNumber")
	}
	if u, err := url.Parse(l.Redirect); l.Redirect != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
		in.not("redirectUrl", "must be an absolute https address")
	}
	o.ExpiresAt = in.moment("expiresAt")
	o.Email, o.Phone = otherwise(o.Email, l.Email), otherwise(o.Phone, l.Phone)
	o.Details.Link = l
}

// invoiceLines is the most lines of an invoice.
const invoiceLines = 200

func readLines(in object, o *order.Order) {
	for _, l := range in.objects("invoiceLineItems", invoiceLines) {
		o.Details.Lines = append(o.Details.Lines, order.Line{Description: l.text("description"), Category: l.text("category"), UnitPrice: l.text("unitPrice"),
			Count: l.natural("count"), Fee: l.natural("feeAmount"), Tax: l.natural("taxAmount"), Total: l.natural("totalTransactionValue")})
	}
	o.Details.DueOn = in.day("dueDate")
}

// profileForPayer is what the holder of a link sees of a merchant: whom the
// money goes to, how to reach them, and the key that their checkout starts with.
func profileForPayer(f merchant.Found, publicKey string) map[string]any {
	b := showProfile(f.Merchant)
	return tagged("MerchantForPayer", payeeBody{MerchantID: merchantID.wire(f.ID), MerchantPublicKey: publicKey, BusinessProfile: payeeProfile{BusinessName: b.BusinessName,
		BrandName: b.BrandName, Website: b.Website, SupportSite: b.SupportSite, SupportEmailAddress: b.SupportEmailAddress}})
}

type payeeBody struct {
	MerchantID        string       `json:"merchantId"`
	BusinessProfile   payeeProfile `json:"businessProfile"`
	MerchantPublicKey string       `json:"merchantPublicKey"`
}

type payeeProfile struct {
	BusinessName        string `json:"businessName"`
	BrandName           string `json:"brandName,omitempty"`
	Website             string `json:"website,omitempty"`
	SupportSite         string `json:"supportSite,omitempty"`
	SupportEmailAddress string `json:"supportEmailAddress,omitempty"`
}
