package vault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

func TestOpenKeysMakesTheFileOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	first, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got mode %v (%v), want 0600", info.Mode().Perm(), err)
	}
	wrapped, by, err := first.wrap([]byte("data key"), []byte("bind"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := second.unwrap(wrapped, []byte("bind"))
	if err != nil || string(got) != "data key" || by != second.Current() {
		t.Errorf("got %q, %v, key %d of %d", got, err, by, second.Current())
	}
	if !bytes.Equal(first.Pepper("access"), second.Pepper("access")) || bytes.Equal(first.Pepper("access"), first.Pepper("other")) {
		t.Error("peppers do not hang on file and purpose alone")
	}
}

func TestOpenKeysRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := OpenKeys(good); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"group readable": {string(text), 0o640}, "world readable": {string(text), 0o604}, "group writable": {string(text), 0o620},
		"empty": {"", 0o600}, "not JSON": {"keys", 0o600}, "cut off": {string(text[:len(text)/2]), 0o600},
		"other format": {strings.Replace(string(text), "florin-keys-1", "florin-keys-9", 1), 0o600},
		"no root":      {strings.Replace(string(text), `"root"`, `"toor"`, 1), 0o600},
		"no keyset":    {strings.Replace(string(text), `"keyset"`, `"tesyek"`, 1), 0o600},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		_, err := OpenKeys(path)
		if !fault.Is(err, fault.Internal) {
			t.Errorf("%s: got %v", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != c.text {
			t.Errorf("%s: the file was rewritten", name)
		}
	}
	if _, err := OpenKeys(dir); err == nil {
		t.Error("took a directory for a key file")
	}
	if _, err := OpenKeys(filepath.Join(dir, "no", "such", "directory")); err == nil {
		t.Error("made a file in no directory")
	}
}

func TestRotateKeepsTheOldAndReachesOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	here, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	old, oldID, _ := here.wrap([]byte("old"), nil)
	print := here.Fingerprint("r", method.Conceal("4200000000000000"))
	if err := here.Rotate(); err != nil {
		t.Fatal(err)
	}
	young, youngID, _ := here.wrap([]byte("young"), nil)
	if oldID == youngID || here.Versions() != 2 {
		t.Fatalf("got key %d after %d, %d versions", youngID, oldID, here.Versions())
	}
	for name, k := range map[string]*Keys{"here": here, "elsewhere": elsewhere} {
		for want, w := range map[string][]byte{"old": old, "young": young} {
			if got, err := k.unwrap(w, nil); err != nil || string(got) != want {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
			}
		}
		if got := k.Fingerprint("r", method.Conceal("4200000000000000")); got != print {
			t.Errorf("%s: the fingerprint changed with the keys", name)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v after a rotation (%v)", info.Mode().Perm(), err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Two processes that rotate at once must not drop each other's key.
func TestRotateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	var wg sync.WaitGroup
	wrapped := make([][]byte, 8)
	for i := range wrapped {
		wg.Go(func() {
			k, err := OpenKeys(path)
			if err == nil {
				err = k.Rotate()
			}
			if err == nil {
				wrapped[i], _, err = k.wrap([]byte(fmt.Sprint(i)), nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	k, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if k.Versions() != len(wrapped)+1 {
		t.Errorf("got %d keys, want %d", k.Versions(), len(wrapped)+1)
	}
	for i, w := range wrapped {
		if got, err := k.unwrap(w, nil); err != nil || string(got) != fmt.Sprint(i) {
			t.Errorf("key %d: got %q, %v", i, got, err)
		}
	}
}

func TestReloadRefusesAnotherInstallation(t *testing.T) {
	dir := t.TempDir()
	mine, err := OpenKeys(filepath.Join(dir, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenKeys(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other.path, mine.path); err != nil {
		t.Fatal(err)
	}
	if err := mine.Rotate(); !fault.Is(err, fault.Internal) {
		t.Errorf("rotated on another installation's keys: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	k, err := EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	other, err := EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	a := k.Fingerprint("realm-a", method.Conceal("4200000000000000"))
	if len(a) != 32 || strings.Trim(a, "0123456789abcdef") != "" {
		t.Errorf("got %q, want 32 hex digits", a)
	}
	if k.Fingerprint("realm-a", method.Conceal("4200000000000000")) != a {
		t.Error("not constant")
	}
	for name, b := range map[string]string{
		"another realm":        k.Fingerprint("realm-b", method.Conceal("4200000000000000")),
		"another number":       k.Fingerprint("realm-a", method.Conceal("4200000000000018")),
		"another installation": other.Fingerprint("realm-a", method.Conceal("4200000000000000")),
	} {
		if a == b {
			t.Errorf("%s has the same fingerprint", name)
		}
	}
}

func TestBindingsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, purpose := range []string{"card", "webhook"} {
		for _, realm := range []ident.ID{"", "a", "ab"} {
			for _, object := range []ident.ID{"", "b", "bc"} {
				for _, version := range []int64{1, 2, 11} {
					b := string(binding(purpose, realm, object, version))
					if seen[b] {
						t.Errorf("%q stands for two places", b)
					}
					seen[b] = true
				}
			}
		}
	}
}
