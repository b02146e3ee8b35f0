package wallet

import "testing"

func BenchmarkAppleOpen(b *testing.B) {
	s := sandbox(b, "one")
	p := apple(b, s, card())
	for b.Loop() {
		if _, err := s.Apple.Open(p, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGoogleOpen(b *testing.B) {
	s := sandbox(b, "one")
	p := google(b, s, card(), "")
	for b.Loop() {
		if _, err := s.Google.Open(p, "", now); err != nil {
			b.Fatal(err)
		}
	}
}
