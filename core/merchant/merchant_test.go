package merchant_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

var tester = audit.By{Actor: "test"}

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
)

func service(db *store.DB, clock *storetest.Clock) *merchant.Service {
	return &merchant.Service{DB: db, Clock: clock.Now}
}

func TestMerchantsAndProfiles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, clock := context.Background(), storetest.NewClock(time.Now())
		s := service(db, clock)
		owner, err := s.Add(ctx, realmA, tester, merchant.Merchant{Code: "M1", Name: "Lind Media", Country: "NO"})
		if err != nil || !owner.Enabled || !owner.ID.Valid() {
			t.Fatalf("got %+v (%v)", owner, err)
		}
		p, err := s.AddProfile(ctx, realmA, tester, merchant.Profile{Merchant: owner.ID, Code: "LM000117", Name: "Shop",
			Settings: merchant.Settings{Brands: []string{"VISA"}, Limits: map[money.Currency]int64{"EUR": 100}}})
		if err != nil {
			t.Fatal(err)
		}
		got, of, err := s.ByCode(ctx, realmA, "LM000117")
		if err != nil || got.ID != p.ID || of.ID != owner.ID || !reflect.DeepEqual(got.Settings, p.Settings) {
			t.Errorf("got %+v of %+v (%v)", got, of, err)
		}
		if got, of, err = s.Get(ctx, realmA, p.ID); err != nil || got.Code != p.Code || of.Code != "M1" {
			t.Errorf("got %+v of %+v (%v)", got, of, err)
		}
		if list, err := s.Profiles(ctx, realmA); err != nil || len(list) != 1 {
			t.Errorf("got %+v (%v)", list, err)
		}
		for name, err := range map[string]error{
			"another realm by code": second(s.ByCode(ctx, realmB, "LM000117")),
			"another realm by id":   second(s.Get(ctx, realmB, p.ID)),
			"no such code":          second(s.ByCode(ctx, realmA, "LM000118")),
		} {
			if fault.Code(err) != "not_found.profile" {
				t.Errorf("%s: got %v, want not_found.profile", name, err)
			}
		}
	})
}

func second(_ merchant.Profile, _ merchant.Merchant, err error) error { return err }

func TestFaults(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := service(db, storetest.NewClock(time.Now()))
		owner, err := s.Add(ctx, realmA, tester, merchant.Merchant{Code: "M1", Name: "Lind Media"})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			m    merchant.Merchant
			want string
		}{
			{merchant.Merchant{Name: "n"}, "invalid.code"},
			{merchant.Merchant{Code: strings.Repeat("c", 65), Name: "n"}, "invalid.code"},
			{merchant.Merchant{Code: "M2"}, "invalid.name"},
			{merchant.Merchant{Code: "M2", Name: strings.Repeat("n", 256)}, "invalid.name"},
			{merchant.Merchant{Code: "M1", Name: "n"}, "conflict.code"},
		} {
			if _, err := s.Add(ctx, realmA, tester, tt.m); fault.Code(err) != tt.want {
				t.Errorf("merchant %.20q: got %v, want %s", tt.m.Code, err, tt.want)
			}
		}
		if _, err := s.Add(ctx, realmB, tester, merchant.Merchant{Code: "M1", Name: "n"}); err != nil {
			t.Errorf("another realm's code: %v", err)
		}
		good := merchant.Profile{Merchant: owner.ID, Code: "P1", Name: "Shop"}
		if _, err := s.AddProfile(ctx, realmA, tester, good); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			bend func(p *merchant.Profile)
			want string
		}{
			"no code":             {func(p *merchant.Profile) { p.Code = "" }, "invalid.code"},
			"no name":             {func(p *merchant.Profile) { p.Name = "" }, "invalid.name"},
			"a taken code":        {func(p *merchant.Profile) { p.Code = "P1" }, "conflict.code"},
			"no merchant":         {func(p *merchant.Profile) { p.Merchant = "ffffffffffffffffffffffff" }, "not_found.merchant"},
			"a contract unknown":  {func(p *merchant.Profile) { p.Settings.Contract = "loose" }, "invalid.settings"},
			"a negative time":     {func(p *merchant.Profile) { p.Settings.HoldDays = -1 }, "invalid.settings"},
			"an endless time":     {func(p *merchant.Profile) { p.Settings.PendingMinutes = 1 << 40 }, "invalid.settings"},
			"a currency unknown":  {func(p *merchant.Profile) { p.Settings.Currencies = []money.Currency{"ZZZ"} }, "invalid.settings"},
			"a limit below zero":  {func(p *merchant.Profile) { p.Settings.Limits = map[money.Currency]int64{"EUR": -1} }, "invalid.settings"},
			"a limit of no money": {func(p *merchant.Profile) { p.Settings.Limits = map[money.Currency]int64{"ZZZ": 1} }, "invalid.settings"},
			"a free code":         {func(p *merchant.Profile) { p.Code = "P2" }, ""},
		} {
			p := good
			p.Code = "P9" + strings.ReplaceAll(name, " ", "")
			tt.bend(&p)
			if _, err := s.AddProfile(ctx, realmA, tester, p); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		if _, err := s.AddProfile(ctx, realmB, tester, good); fault.Code(err) != "not_found.merchant" {
			t.Errorf("another realm's merchant: got %v, want not_found.merchant", err)
		}
	})
}

// A changed setting is in force at once where it was made, within a second elsewhere.
func TestASettingThatChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, clock := context.Background(), storetest.NewClock(time.Now())
		here, there := service(db, clock), service(db, clock)
		owner, err := here.Add(ctx, realmA, tester, merchant.Merchant{Code: "M1", Name: "Lind Media"})
		if err != nil {
			t.Fatal(err)
		}
		old, err := here.AddProfile(ctx, realmA, tester, merchant.Profile{Merchant: owner.ID, Code: "P1", Name: "Shop"})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*merchant.Service{here, there} {
			if _, _, err := s.ByCode(ctx, realmA, "P1"); err != nil {
				t.Fatal(err)
			}
		}
		p := old
		p.Settings.ThreeDS, p.Enabled = true, false
		if p, err = here.SaveProfile(ctx, realmA, tester, p); err != nil {
			t.Fatal(err)
		}
		if got, _, err := here.ByCode(ctx, realmA, "P1"); err != nil || !got.Settings.ThreeDS || got.Enabled {
			t.Errorf("here: got %+v (%v)", got, err)
		}
		clock.Add(time.Second)
		if got, _, err := there.ByCode(ctx, realmA, "P1"); err != nil || !got.Settings.ThreeDS {
			t.Errorf("elsewhere, a second later: got %+v (%v)", got, err)
		}
		old.Name = "Kiosk"
		if _, err := there.SaveProfile(ctx, realmA, tester, old); !errors.Is(err, store.ErrConflict) || !fault.Is(err, fault.Conflict) {
			t.Errorf("a change of what was read before: got %v, want a conflict", err)
		}
		p.Settings.Contract = "loose"
		if _, err := here.SaveProfile(ctx, realmA, tester, p); fault.Code(err) != "invalid.settings" {
			t.Errorf("got %v, want invalid.settings", err)
		}
	})
}

func TestWhatSettingsAllow(t *testing.T) {
	none := merchant.Settings{}
	if !none.TakesBrand("VISA") || !none.TakesCurrency("NOK") || none.Hold() != 7*24*time.Hour || none.RefundWindow() != 365*24*time.Hour ||
		none.SessionLife() != 30*time.Minute || none.PendingLife() != 30*time.Minute {
		t.Errorf("the zero settings: %+v", none)
	}
	some := merchant.Settings{Brands: []string{"VISA"}, Currencies: []money.Currency{"EUR"}, HoldDays: 2, RefundDays: 3, SessionMinutes: 4, PendingMinutes: 5}
	if some.TakesBrand("MASTER") || some.TakesCurrency("NOK") || some.Hold() != 48*time.Hour || some.RefundWindow() != 72*time.Hour ||
		some.SessionLife() != 4*time.Minute || some.PendingLife() != 5*time.Minute {
		t.Errorf("got %+v", some)
	}
}

func TestLooks(t *testing.T) {
	var logo, large bytes.Buffer
	for b, width := range map[*bytes.Buffer]int{&logo: 4, &large: 2000} {
		if err := png.Encode(b, image.NewGray(image.Rect(0, 0, width, 4))); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		s     merchant.Settings
		param string
	}{
		{"none", merchant.Settings{}, ""},
		{"whole", merchant.Settings{Look: merchant.Look{Name: "Fjord Bil", Colour: "#0b4A7a", Night: "#8cc8ff", Languages: []string{"nb", "en"}, Logo: logo.Bytes()}}, ""},
		{"a colour by name", merchant.Settings{Look: merchant.Look{Colour: "red"}}, "look.colour"},
		{"a colour that is more", merchant.Settings{Look: merchant.Look{Night: "#8cc8ff;}"}}, "look.night"},
		{"a language we do not speak", merchant.Settings{Look: merchant.Look{Languages: []string{"fr"}}}, "look.languages"},
		{"a long name", merchant.Settings{Look: merchant.Look{Name: strings.Repeat("x", 81)}}, "look.name"},
		{"a logo that runs", merchant.Settings{Look: merchant.Look{Logo: []byte("<svg onload=alert(1)>")}}, "look.logo"},
		{"a large logo", merchant.Settings{Look: merchant.Look{Logo: large.Bytes()}}, "look.logo"},
		{"no way to pay", merchant.Settings{Brands: []string{"VISA", "WISH"}}, "brands"},
	} {
		var f *fault.Error
		err := tt.s.Check()
		if errors.As(err, &f); (err != nil) != (tt.param != "") || f != nil && f.Param != tt.param {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.param)
		}
	}
}
