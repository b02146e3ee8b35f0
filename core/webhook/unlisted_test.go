package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/ident"
)

// Servers that must not be called are counted by merchant and host. However many
// hosts payments name, and whatever they call them, the rows stay few and clean;
// those of long ago are forgotten.
func TestUnlistedServers(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		tell := func(n int, host string) {
			k.targets = []Target{{Unlisted: host}}
			for range n {
				k.happen(realmA, ident.ID(fmt.Sprint("p", k.missed())), 1)
			}
		}
		tell(3, "https://shop.example")
		tell(1, "https://b\x9bd\x1b[2J")
		tell(1, "https://"+strings.Repeat("x", 300))
		for i := range manyUnlisted - 3 {
			tell(1, fmt.Sprintf("https://%d.example", i))
		}
		tell(2, "https://one-more.example")
		tell(1, "https://shop.example") // known before there were too many
		counts := map[string]int64{}
		list := k.unlisted()
		for _, u := range list {
			counts[u.Host] = u.Messages
			if u.Merchant != "m1" || u.FirstAt.IsZero() || u.LastAt.Before(u.FirstAt) {
				t.Errorf("got %+v", u)
			}
		}
		for host, want := range map[string]int64{"https://shop.example": 4, "https://b?d?[2J": 1, "https://" + strings.Repeat("x", longestHost-8): 1, "https://0.example": 1,
			"https://one-more.example": 0, otherHosts: 2} {
			if counts[host] != want {
				t.Errorf("%s: got %d, want %d", host, counts[host], want)
			}
		}
		if len(list) != manyUnlisted+1 {
			t.Errorf("got %d rows, want %d", len(list), manyUnlisted+1)
		}
		if list, err := k.Deliveries(t.Context(), realmA, "", "", 10); err != nil || len(list) > 0 {
			t.Errorf("somebody is told all the same: %v, %v", list, err)
		}
		if other, err := k.Unlisted(t.Context(), realmB); err != nil || len(other) > 0 {
			t.Errorf("another realm has %v, %v", other, err)
		}
		k.moveRealm(48 * time.Hour)
		tell(1, "https://shop.example")
		for _, want := range []int{60, manyUnlisted - 60, 0} {
			if n, err := k.Sweep(t.Context(), realmA, time.Now().Add(24*time.Hour), 60); n != want || err != nil {
				t.Errorf("swept %d (%v), want %d", n, err, want)
			}
		}
		if list := k.unlisted(); len(list) != 1 || list[0].Messages != 5 {
			t.Errorf("left: %+v", list)
		}
	})
}

func (k *kit) unlisted() []Unlisted {
	k.t.Helper()
	list, err := k.Unlisted(k.t.Context(), realmA)
	if err != nil {
		k.t.Fatal(err)
	}
	return list
}

// missed is how many messages were not written so far.
func (k *kit) missed() (n int64) {
	for _, u := range k.unlisted() {
		n += u.Messages
	}
	return n
}
