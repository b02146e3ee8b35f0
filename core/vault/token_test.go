package vault

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// shop may do all at m1 and m2.
var shop = access.Actor{Realm: realmA, Environment: access.Test, Kind: "april", May: access.Everything, Merchants: []ident.ID{"m1", "m2"}}

func aud(minor int64) money.Amount { return money.Of(minor, "AUD") }

func cardToken() TokenDraft {
	return TokenDraft{Merchant: "m1", Customer: "c1", Kind: OfCard, Amount: aud(12500), CVV: method.Conceal("973"), Facts: method.Facts{Country: "AU", Funding: "credit"},
		Card: Card{Number: method.Conceal(number), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2029}}
}

func tokenise(t *testing.T, s *Service, d TokenDraft) Token {
	t.Helper()
	token, err := s.Tokenise(context.Background(), shop, staff, d)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func use(s *Service, id ident.ID, u TokenUse) (m Means, err error) {
	err = s.DB.Update(context.Background(), realmA, func(tx *store.Tx) error {
		m, err = s.Use(tx, staff, id, u)
		return err
	})
	return m, err
}

func pays(t Token) TokenUse { return TokenUse{Merchant: t.Merchant, Amount: t.Amount, Order: "o1"} }

func TestTokenPaysOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), newVault(t, db)
		made := tokenise(t, s, cardToken())
		if made.State != TokenOpen || made.Method != method.Card || made.Face.Brand != "VISA" || made.Face.Last4 != "0091" || made.ExpiresAt.Sub(made.CreatedAt) != time.Hour {
			t.Errorf("got %+v", made)
		}
		update(t, db, realmA, func(tx *store.Tx) error {
			row, err := tokenRow(tx, made, 1)
			for _, v := range row {
				if text := fmt.Sprintf("%s", v); strings.Contains(text, number) || text == "973" || strings.Contains(text, `"973"`) {
					t.Errorf("the card is in the row: %v", v)
				}
			}
			return err
		})
		undone := fmt.Errorf("no")
		err := db.Update(ctx, realmA, func(tx *store.Tx) error {
			if _, err := s.Use(tx, staff, made.ID, pays(made)); err != nil {
				return err
			}
			return undone
		})
		if err != undone {
			t.Fatal(err)
		}
		const racers = 8
		means, errs := make([]Means, racers), make([]error, racers)
		var wait sync.WaitGroup
		for i := range racers {
			wait.Go(func() { means[i], errs[i] = use(s, made.ID, pays(made)) })
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			if err != nil {
				if fault.Code(err) != "conflict.payment_token.used" {
					t.Errorf("racer %d got %v", i, err)
				}
				continue
			}
			won++
			c := means[i].Card
			if c == nil || c.Number.Reveal() != number || c.CVV.Reveal() != "973" || c.Holder != "Nora Lind" || c.ExpiryYear != 2029 || means[i].Total != aud(12500) || means[i].ThreeDS != nil {
				t.Errorf("got %+v", means[i])
			}
		}
		if won != 1 {
			t.Errorf("%d uses of one token", won)
		}
		after, err := s.Token(ctx, realmA, made.ID)
		if err != nil || after.State != TokenUsed || after.UsedBy != "o1" || after.UsedAt.IsZero() || len(after.sealed) != 0 || after.keyVersion != 0 {
			t.Errorf("got %+v (%v)", after, err)
		}
		if !s.codes.get(made.ID).Empty() {
			t.Error("the security code is still known")
		}
		if _, err := s.Token(ctx, realmB, made.ID); fault.Code(err) != "not_found.payment_token" {
			t.Errorf("another realm's: got %v", err)
		}
	})
}

func TestTokenFits(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	token := Token{Merchant: "m1", Customer: "c1", Method: "banktransfer", Amount: aud(100), State: TokenOpen, ExpiresAt: now.Add(time.Minute)}
	for name, tt := range map[string]struct {
		change func(t *Token, u *TokenUse)
		want   string
	}{
		"it fits":            {func(*Token, *TokenUse) {}, ""},
		"no customer":        {func(_ *Token, u *TokenUse) { u.Customer = "" }, ""},
		"another merchant":   {func(t *Token, u *TokenUse) { u.Merchant, t.State = "m2", TokenUsed }, "not_found.payment_token"},
		"used":               {func(t *Token, _ *TokenUse) { t.State, t.ExpiresAt = TokenUsed, now }, "conflict.payment_token.used"},
		"expired":            {func(t *Token, u *TokenUse) { t.ExpiresAt, u.Amount = now, aud(1) }, "conflict.payment_token.expired"},
		"wiped":              {func(t *Token, _ *TokenUse) { t.State = TokenExpired }, "conflict.payment_token.expired"},
		"another amount":     {func(_ *Token, u *TokenUse) { u.Amount, u.Customer = aud(101), "c2" }, "invalid.payment_token.amount"},
		"another currency":   {func(_ *Token, u *TokenUse) { u.Amount = money.Of(100, "NZD") }, "invalid.payment_token.amount"},
		"another customer":   {func(_ *Token, u *TokenUse) { u.Customer, u.Cards = "c2", true }, "invalid.payment_token.customer"},
		"no card":            {func(_ *Token, u *TokenUse) { u.Cards = true }, "invalid.payment_token.method"},
		"a card as wanted":   {func(t *Token, u *TokenUse) { t.Method, u.Cards = method.Card, true }, ""},
		"a token of nobody":  {func(t *Token, _ *TokenUse) { t.Customer = "" }, ""},
		"the last second of": {func(t *Token, _ *TokenUse) { t.ExpiresAt = now.Add(time.Millisecond) }, ""},
	} {
		token, u := token, TokenUse{Merchant: "m1", Customer: "c1", Amount: aud(100), Order: "o1"}
		tt.change(&token, &u)
		if got := fault.Code(token.fits(u, now)); token.fits(u, now) == nil && tt.want != "" || token.fits(u, now) != nil && got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestTokensThatAreNotMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), newVault(t, db)
		gone, foreign := keep(t, s, realmA, draft(true)), draft(true)
		update(t, db, realmA, func(tx *store.Tx) error { _, err := s.Delete(tx, staff, gone.ID); return err })
		foreign.Merchant = "m2"
		other := keep(t, s, realmA, foreign)
		for name, tt := range map[string]struct {
			change func(d *TokenDraft)
			want   string
		}{
			"another merchant":  {func(d *TokenDraft) { d.Merchant = "m3" }, "not_found.merchant"},
			"nothing":           {func(d *TokenDraft) { d.Amount = aud(0) }, "invalid.amount"},
			"less than nothing": {func(d *TokenDraft) { d.Amount = aud(-1) }, "invalid.amount"},
			"too much":          {func(d *TokenDraft) { d.Amount = aud(money.Max + 1) }, "invalid.amount"},
			"no currency":       {func(d *TokenDraft) { d.Amount = money.Of(1, "ABC") }, "invalid.currency"},
			"no number":         {func(d *TokenDraft) { d.Card.Number = method.Secret{} }, "invalid.card.number"},
			"a wrong digit":     {func(d *TokenDraft) { d.Card.Number = method.Conceal("4200000000000092") }, "invalid.card.number"},
			"last year":         {func(d *TokenDraft) { d.Card.ExpiryYear = 2020 }, "invalid.card.expired"},
			"a short code":      {func(d *TokenDraft) { d.CVV = method.Conceal("12") }, "invalid.card.cvv"},
			"no such source":    {func(d *TokenDraft) { d.Kind, d.Source = OfSource, "65a000000000000000000001" }, "not_found.source"},
			"a deleted source":  {func(d *TokenDraft) { d.Kind, d.Source = OfSource, gone.ID }, "conflict.source"},
			"another's source":  {func(d *TokenDraft) { d.Kind, d.Source = OfSource, other.ID }, "not_found.source"},
			"no kind":           {func(d *TokenDraft) { d.Kind = "" }, "invalid.payment_token"},
			"a price that is none": {func(d *TokenDraft) {
				d.Price = func(*store.Tx, Token) (Price, error) { return Price{}, fault.New("invalid.surcharge_quote", "no") }
			}, "invalid.surcharge_quote"},
		} {
			d := cardToken()
			tt.change(&d)
			if _, err := s.Tokenise(ctx, shop, staff, d); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		if rows := storetest.Rows(t, db, "payment_token"); rows["payment_token"] != 0 {
			t.Errorf("%d tokens were made", rows["payment_token"])
		}
		nobody := shop
		nobody.May = nil
		if _, err := s.Tokenise(ctx, nobody, staff, cardToken()); fault.Code(err) != "forbidden.permission" {
			t.Errorf("without the right: got %v", err)
		}
	})
}

func TestTokensOfSourcesAndWallets(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			wall := storetest.NewClock(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
			s := newVault(t, storetest.Open(t, engine, func(o *store.Options) { o.Clock = wall.Now }))
			src := keep(t, s, realmA, draft(true))
			made := tokenise(t, s, TokenDraft{Merchant: "m1", Kind: OfSource, Source: src.ID, Amount: aud(100), CVV: method.Conceal("973"), Unattended: true,
				Price: func(_ *store.Tx, t Token) (Price, error) { return Price{Surcharge: aud(7), Quote: "q1"}, nil }})
			m, err := use(s, made.ID, pays(made))
			if err != nil || m.Source != src.ID || m.Card != nil || m.CVV.Reveal() != "973" || m.Total != aud(107) || m.Token.Customer != "c1" || m.Token.Quote != "q1" || !m.Token.Unattended {
				t.Errorf("a source: got %+v (%v)", m, err)
			}
			box, err := wallet.NewSandbox(s.Keys.Pepper("wallet sandbox"))
			if err != nil {
				t.Fatal(err)
			}
			packet, err := box.ApplePacket(wallet.Card{Number: method.Conceal(number), ExpiryMonth: 8, ExpiryYear: 2029, ECI: "05", Amount: 100, Currency: "036"}, wall.Now())
			if err != nil {
				t.Fatal(err)
			}
			opened, err := box.Apple.Open(packet, wall.Now())
			if err != nil {
				t.Fatal(err)
			}
			d := TokenDraft{Merchant: "m1", Kind: OfApple, Packet: opened, Amount: aud(100)}
			if made = tokenise(t, s, d); made.Face.Last4 != "0091" {
				t.Errorf("got %+v", made)
			}
			m, err = use(s, made.ID, pays(made))
			if err != nil || m.Card.Number.Reveal() != number || m.ThreeDS == nil || m.ThreeDS.ECI != "05" || m.ThreeDS.VerificationID != opened.Cryptogram.Reveal() {
				t.Errorf("a wallet: got %+v (%v)", m, err)
			}
			if _, err := s.Tokenise(context.Background(), shop, staff, d); fault.Code(err) != "conflict.wallet_packet" {
				t.Errorf("a packet again: got %v", err)
			}
			sum := func(surcharge int64) func(*store.Tx, Token) (Price, error) {
				return func(*store.Tx, Token) (Price, error) { return Price{Surcharge: aud(surcharge)}, nil }
			}
			opened.Packet = "another" // for 100, as the payer has seen it
			for _, tt := range []struct {
				amount, surcharge int64
				want              string
			}{{101, 0, "invalid.wallet_packet.amount"}, {95, 4, "invalid.wallet_packet.amount"}, {95, 5, ""}} {
				d.Packet, d.Amount, d.Price = opened, aud(tt.amount), sum(tt.surcharge)
				if _, err := s.Tokenise(context.Background(), shop, staff, d); fault.Code(err) != tt.want && (err != nil || tt.want != "") {
					t.Errorf("%d and %d: got %v, want %s", tt.amount, tt.surcharge, err, tt.want)
				}
			}
		})
	}
}

func TestTokensExpire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), newVault(t, db)
		made := []Token{tokenise(t, s, cardToken()), tokenise(t, s, cardToken()), tokenise(t, s, cardToken())}
		if _, err := use(s, made[0].ID, pays(made[0])); err != nil {
			t.Fatal(err)
		}
		update(t, db, realmA, func(tx *store.Tx) error { _, err := tx.Advance(time.Hour); return err })
		if _, err := use(s, made[1].ID, pays(made[1])); fault.Code(err) != "conflict.payment_token.expired" {
			t.Errorf("used after its time: got %v", err)
		}
		if got, err := s.Token(ctx, realmA, made[1].ID); err != nil || got.State != TokenExpired {
			t.Errorf("got %s (%v)", got.State, err)
		}
		for _, want := range []int{1, 1, 0} {
			if n, err := s.SweepTokens(ctx, realmA, 1); n != want || err != nil {
				t.Fatalf("swept %d (%v), want %d", n, err, want)
			}
		}
		got, err := s.Token(ctx, realmA, made[2].ID)
		if err != nil || got.State != TokenExpired || len(got.sealed) != 0 || !s.codes.get(got.ID).Empty() {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
}

func TestCodesAreForgotten(t *testing.T) {
	var c codes
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	name := func(i int) ident.ID { return ident.ID(fmt.Sprint(i)) }
	for i := range mostCodes + 10 {
		c.put(name(i), method.Conceal("123"), now, now.Add(time.Hour))
	}
	if len(c.of) != mostCodes || !c.get(name(9)).Empty() || c.get(name(10)).Reveal() != "123" {
		t.Errorf("got %d codes", len(c.of))
	}
	c.drop(name(11))
	c.put("last", method.Conceal("123"), now.Add(time.Hour), now.Add(2*time.Hour))
	if len(c.of) != 1 || len(c.queue) != 1 {
		t.Errorf("got %d codes, %d in the queue, after their time", len(c.of), len(c.queue))
	}
}
