package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestClient makes a client of the login server, changes and lists it.
func TestClient(t *testing.T) {
	dir := t.TempDir()
	secret := regexp.MustCompile(`(?m)^secret +([0-9a-f]{64})$`)
	made := florin(t, dir, "client", "make", "Lind Media", "no.lind.site", "--name", "Lind", "--redirect", "https://site.example/back", "--host", "site.example", "--host", "lind:")
	if made.code != 0 || secret.FindString(made.out) == "" || !strings.Contains(made.out, "hosts      site.example lind:\nscopes     read write\n") {
		t.Fatalf("made: %+v", made)
	}
	if r := florin(t, dir, "client", "make", "Other", "no.lind.site", "--name", "x"); r.code != 1 || !strings.Contains(r.err, "is taken") {
		t.Errorf("twice: %+v", r)
	}
	if r := florin(t, dir, "client", "make", "Lind Media", "no.two", "--name", "x", "--host", "javascript:"); r.code != 1 || !strings.Contains(r.err, "a host is a name") {
		t.Errorf("a bad host: %+v", r)
	}
	changed := florin(t, dir, "client", "change", "no.lind.site", "--host", "new.example", "--new-secret")
	if changed.code != 0 || secret.FindString(changed.out) == "" || secret.FindString(changed.out) == secret.FindString(made.out) || !strings.Contains(changed.out, "redirects  https://site.example/back\nhosts      new.example\n") {
		t.Errorf("changed: %+v", changed)
	}
	if r := florin(t, dir, "client", "change", "no.lind.site", "--disable"); r.code != 0 || secret.FindString(r.out) != "" {
		t.Errorf("disabled: %+v", r)
	}
	if r := florin(t, dir, "client", "list", "Lind Media"); r.code != 0 || !regexp.MustCompile(`^no\.lind\.site +disabled +read write +new\.example +https://site\.example/back\n$`).MatchString(r.out) {
		t.Errorf("listed: %+v", r)
	}
	if r := florin(t, dir, "client", "change", "no.such"); r.code != 1 {
		t.Errorf("unknown: %+v", r)
	}
}
