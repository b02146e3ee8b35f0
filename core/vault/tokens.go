package vault

import (
	"context"
	"encoding/json"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
)

// TokenDraft is what a new token is made of. Kind says which of Card, Source,
// Packet and Account is looked at.
type TokenDraft struct {
	Merchant   ident.ID
	Customer   ident.ID // for OfSource that of the source, when empty
	Delegate   ident.ID
	Kind       TokenKind
	Amount     money.Amount
	Card       Card               // OfCard; a brand that is empty is told by the number
	CVV        method.Secret      // typed along with a card or a source, or empty
	Keep       bool               // OfCard: make it a source when it pays
	Source     ident.ID           // OfSource
	Unattended bool               // OfSource: no payer is there
	Packet     wallet.Card        // OfApple, OfGoogle
	Bank       method.BankAccount // OfAccount
	BankName   string             // OfAccount: as the payer calls the bank, or ""
	Email      string             // OfAccount
	Facts      method.Facts
	// Price decides the surcharge, in the transaction that makes the token and
	// with its id; nil for none. It may run again.
	Price func(tx *store.Tx, t Token) (Price, error)
}

// Price is a surcharge and the quote it comes from, if there is one.
type Price struct {
	Surcharge money.Amount
	Quote     ident.ID
}

// secret is what is sealed with a token.
type secret struct {
	Number     string `json:"number,omitempty"`
	Holder     string `json:"holder,omitempty"`
	OnDevice   bool   `json:"onDevice,omitempty"`
	Cryptogram string `json:"cryptogram,omitempty"`
	ECI        string `json:"eci,omitempty"`
}

// Tokenise makes a payment token.
//
// Faults, in the order checked: forbidden.permission, not_found.merchant,
// invalid.amount, invalid.currency, those of method.Typed.Check for a typed
// card, not_found.source and conflict.source for a kept one,
// conflict.wallet_packet (it was spent on something else) for a wallet's,
// declined.blocked_card, those of Price, invalid.wallet_packet.amount (the
// payer has agreed to neither the amount nor the sum with the surcharge).
func (s *Service) Tokenise(ctx context.Context, actor access.Actor, by audit.By, d TokenDraft) (t Token, err error) {
	if err := actor.Need(access.Register); err != nil {
		return Token{}, err
	}
	if err := actor.NeedMerchant(d.Merchant); err != nil {
		return Token{}, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		t, err = s.tokenise(tx, by, d)
		return err
	})
	return t, s.Tried(ctx, actor.Realm, by.Actor, err)
}

func (s *Service) tokenise(tx *store.Tx, by audit.By, d TokenDraft) (Token, error) {
	now := tx.Now()
	t := Token{ID: tx.NewID(), Version: 1, Merchant: d.Merchant, Customer: d.Customer, Delegate: d.Delegate, Kind: d.Kind, Amount: d.Amount,
		Surcharge: money.Of(0, d.Amount.Currency), Keep: d.Keep, State: TokenOpen, ExpiresAt: now.Add(d.Kind.life()), CreatedAt: now}
	switch {
	case !d.Amount.Currency.Known():
		return Token{}, fault.At("invalid.currency", "currency", "no currency that can be paid in")
	case d.Amount.Minor <= 0 || d.Amount.Minor > money.Max:
		return Token{}, fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	kept, err := s.draw(tx, &t, d)
	if err == nil {
		err = unblocked(tx, t.Merchant, t.Face.Fingerprint)
	}
	if err == nil {
		err = t.price(tx, d)
	}
	if err != nil {
		return Token{}, err
	}
	if kept != (secret{}) {
		plain, err := json.Marshal(kept)
		if err != nil {
			return Token{}, fault.Wrap(err, "writing what a token pays with")
		}
		sealed, err := s.Seal(tx, "token", t.ID, plain)
		clear(plain)
		if err != nil {
			return Token{}, err
		}
		t.sealed, t.keyVersion = sealed.Bytes, sealed.Version
	}
	if err := addToken(tx, t); err != nil {
		return Token{}, err
	}
	audit.Add(tx, by, "payment_token.add", t.ID, "ok")
	tx.Committed(func() { s.codes.put(t.ID, d.CVV, now, t.ExpiresAt) })
	return t, nil
}

// price puts the surcharge on a token.
func (t *Token) price(tx *store.Tx, d TokenDraft) error {
	if d.Price != nil {
		p, err := d.Price(tx, *t)
		if err != nil {
			return err
		}
		t.Surcharge, t.Quote = p.Surcharge, p.Quote
	}
	total, err := t.Amount.Add(t.Surcharge)
	if err != nil || d.Kind != OfApple && d.Kind != OfGoogle || d.Packet.Agrees(t.Amount) == nil {
		return err
	}
	return d.Packet.Agrees(total)
}

// draw takes what the token pays with from the draft onto the token, and
// returns what has to be sealed.
func (s *Service) draw(tx *store.Tx, t *Token, d TokenDraft) (secret, error) {
	t.Method = method.Card
	switch d.Kind {
	case OfCard:
		c := d.Card
		c.Brand = method.BrandOf(c.Brand, c.Number.Reveal())
		typed := method.Typed{Number: c.Number, CVV: d.CVV, Brand: c.Brand, Month: c.ExpiryMonth, Year: c.ExpiryYear, Waived: d.CVV.Empty()}
		if err := typed.Check(tx.Now()); err != nil {
			return secret{}, err
		}
		t.Face = s.face(tx, c, d.Facts)
		return secret{Number: c.Number.Reveal(), Holder: c.Holder}, nil
	case OfSource:
		return secret{}, s.drawSource(tx, t, d)
	case OfAccount:
		if err := d.Bank.Check(); err != nil {
			return secret{}, err
		}
		t.Method = method.DirectDebit
		t.Face = Face{Brand: method.DebitBrand(d.Bank.Region), Last4: d.Bank.Last4(), Email: d.Email,
			Bank: &BankFace{Region: d.Bank.Region, BankCode: d.Bank.BankCode, BranchCode: d.Bank.BranchCode, Name: d.BankName, Holder: d.Bank.Holder}}
		return secret{Number: d.Bank.Number.Reveal(), Holder: d.Bank.Holder}, nil
	case OfTransfer:
		t.Method, t.Reference = method.BankTransfer, method.Reference(string(tx.Realm())+string(t.ID))
		t.Face = Face{Brand: transferBrand}
		return secret{}, nil
	case OfApple, OfGoogle:
		p := d.Packet
		if err := SpendPacket(tx, p, t.ID); err != nil {
			return secret{}, err
		}
		t.Face = s.face(tx, Card{Number: p.Number, Brand: method.Detect(p.Number.Reveal()), ExpiryMonth: p.ExpiryMonth, ExpiryYear: p.ExpiryYear}, d.Facts)
		return secret{Number: p.Number.Reveal(), Holder: p.Holder, OnDevice: p.OnDevice, Cryptogram: p.Cryptogram.Reveal(), ECI: p.ECI}, nil
	}
	return secret{}, fault.At("invalid.payment_token", "kind", "nothing to make a payment token of")
}

// drawSource makes t pay with a source, which is the merchant's and active.
func (s *Service) drawSource(tx *store.Tx, t *Token, d TokenDraft) error {
	src, err := live(tx, d.Source)
	switch {
	case err != nil:
		return err
	case src.Merchant != d.Merchant:
		return fault.New("not_found.source", "no such payment source")
	case src.State != Active || !tx.Now().Before(src.ExpiresAt):
		return fault.New("conflict.source", "the payment source is not active")
	}
	t.Source, t.Method, t.Unattended = src.ID, src.Method, d.Unattended
	if t.Customer == "" {
		t.Customer = src.Customer
	}
	t.Face = Face{Brand: src.Brand, BIN: src.BIN, Last4: src.Last4, ExpiryMonth: src.ExpiryMonth, ExpiryYear: src.ExpiryYear, Facts: d.Facts, Fingerprint: src.Fingerprint}
	return nil
}

func (s *Service) face(tx *store.Tx, c Card, facts method.Facts) Face {
	n := c.Number.Reveal()
	return Face{Brand: c.Brand, BIN: n[:6], Last4: n[len(n)-4:], ExpiryMonth: c.ExpiryMonth, ExpiryYear: c.ExpiryYear, Facts: facts,
		Fingerprint: s.Keys.Fingerprint(tx.Realm(), c.Number)}
}

// Use uses a token up for an order and opens what it pays with, in the
// transaction of the payment's intent: when that is undone, the token is as it
// was; once that is committed it stays used, whether the payment succeeds or
// is declined (april sheet, section 6.2). Of two who use one token at the same
// time, one wins.
//
// Faults, in the order checked: not_found.payment_token (another merchant's
// too), conflict.payment_token.used, conflict.payment_token.expired,
// invalid.payment_token.amount (or currency), invalid.payment_token.customer,
// invalid.payment_token.method (u.Cards, and it is no card's),
// declined.blocked_card (since it was made; hand that to Tried), internal.
func (s *Service) Use(tx *store.Tx, by audit.By, id ident.ID, u TokenUse) (Means, error) {
	t, err := getToken(tx, id)
	if err == nil {
		err = t.fits(u, tx.Now())
	}
	if err == nil {
		err = unblocked(tx, t.Merchant, t.Face.Fingerprint)
	}
	if err != nil {
		return Means{}, err
	}
	m, err := s.means(tx, t)
	if err != nil {
		return Means{}, err
	}
	t.State, t.UsedBy, t.UsedAt, t.sealed, t.keyVersion = TokenUsed, u.Order, tx.Now(), nil, 0
	if err := saveToken(tx, &t); err != nil {
		return Means{}, err
	}
	m.Token = t
	audit.Add(tx, by, "payment_token.use", t.ID, "ok")
	tx.Committed(func() { s.codes.drop(t.ID) })
	return m, nil
}

// means opens what a token pays with.
func (s *Service) means(tx *store.Tx, t Token) (m Means, err error) {
	if m.Total, err = t.Amount.Add(t.Surcharge); err != nil {
		return Means{}, err
	}
	if t.Kind == OfSource {
		m.Source, m.CVV = t.Source, s.codes.get(t.ID)
		return m, nil
	}
	if len(t.sealed) == 0 {
		return m, nil
	}
	plain, err := s.Open(tx, "token", t.ID, Sealed{Version: t.keyVersion, Bytes: t.sealed})
	if err != nil {
		return Means{}, err
	}
	defer clear(plain)
	var kept secret
	if err := json.Unmarshal(plain, &kept); err != nil {
		return Means{}, fault.New(fault.Internal, "what a token pays with does not read") // the decoder's error may quote it
	}
	if t.Kind == OfAccount {
		b := t.Face.Bank
		m.Bank = &method.BankAccount{Region: b.Region, BankCode: b.BankCode, BranchCode: b.BranchCode, Number: method.Conceal(kept.Number), Holder: kept.Holder}
		return m, nil
	}
	m.Card = &connector.Card{Number: method.Conceal(kept.Number), CVV: s.codes.get(t.ID), Holder: kept.Holder, ExpiryMonth: t.Face.ExpiryMonth,
		ExpiryYear: t.Face.ExpiryYear, Brand: t.Face.Brand}
	if kept.OnDevice { // the device has authenticated the payer
		m.ThreeDS = &connector.ThreeDS{Status: "Y", ECI: kept.ECI, VerificationID: kept.Cryptogram}
	}
	return m, nil
}

// FindToken reads a token inside a transaction. Faults: not_found.payment_token.
func FindToken(tx *store.Tx, id ident.ID) (Token, error) { return getToken(tx, id) }

// Token reads a token. One whose time is up says so, whether it was wiped yet
// or not. Faults: not_found.payment_token.
func (s *Service) Token(ctx context.Context, realm, id ident.ID) (t Token, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if t, err = getToken(tx, id); err == nil && t.State == TokenOpen && !tx.Now().Before(t.ExpiresAt) {
			t.State = TokenExpired
		}
		return err
	})
	return t, err
}

// SweepTokens wipes up to limit tokens whose time is up. It says how many.
func (s *Service) SweepTokens(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		list, err := overdueTokens(tx, tx.Now(), limit)
		if err != nil {
			return err
		}
		for i := range list {
			t := &list[i]
			t.State, t.sealed, t.keyVersion = TokenExpired, nil, 0
			if err := saveToken(tx, t); err != nil {
				return err
			}
			tx.Committed(func() { s.codes.drop(t.ID) })
		}
		done = len(list)
		return nil
	})
	return done, err
}

// life is how long a token of a kind can be used.
func (k TokenKind) life() time.Duration {
	if k == OfTransfer {
		return transferLife
	}
	return tokenLife
}
