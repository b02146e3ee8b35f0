package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// Keys are the key-encryption keys, of which the newest wraps and all unwrap,
// and the root of the keyed hashes. They never enter the database. Safe for
// concurrent use.
type Keys struct {
	path string // "" for keys that live in memory only

	mu     sync.RWMutex
	handle *keyset.Handle
	aead   tink.AEAD
	root   []byte // 32 bytes, constant for ever: fingerprints hang on it
}

// keyFile is the JSON text of a key file.
type keyFile struct {
	Format string          `json:"format"`
	Keyset json.RawMessage `json:"keyset"` // a Tink keyset, AES-256-GCM
	Root   []byte          `json:"root"`
}

const keyFormat = "florin-keys-1"

// EphemeralKeys makes keys that live in memory only: what they seal is gone
// with the process. For tests and throw-away installations.
func EphemeralKeys() (*Keys, error) {
	k := &Keys{root: make([]byte, 32)}
	if _, err := rand.Read(k.root); err != nil {
		return nil, fault.Wrap(err, "no randomness")
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fault.Wrap(err, "making a key-encryption key")
	}
	return k, k.use(handle)
}

// use makes handle the keyset. The caller holds mu or owns k alone.
func (k *Keys) use(handle *keyset.Handle) error {
	a, err := aead.New(handle)
	if err != nil {
		return fault.Wrap(err, "using the key-encryption keys")
	}
	k.handle, k.aead = handle, a
	return nil
}

// text writes the keys as the key file holds them.
func (k *Keys) text(handle *keyset.Handle) ([]byte, error) {
	var set bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&set)); err != nil {
		return nil, fault.Wrap(err, "writing the key-encryption keys")
	}
	text, err := json.MarshalIndent(keyFile{Format: keyFormat, Keyset: set.Bytes(), Root: k.root}, "", "  ")
	if err != nil {
		return nil, fault.Wrap(err, "writing the key file")
	}
	return append(text, '\n'), nil
}

// parseKeys reads the text of a key file. Its errors never quote the text.
func parseKeys(text []byte) (*Keys, error) {
	var f keyFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, errors.New("the key file is not JSON")
	}
	if f.Format != keyFormat {
		return nil, fmt.Errorf("the key file is not of format %s", keyFormat)
	}
	if len(f.Root) != 32 {
		return nil, errors.New("the key file's root is not 32 bytes long")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Keyset)))
	if err != nil {
		return nil, errors.New("the key file holds no keyset")
	}
	k := &Keys{root: f.Root}
	return k, k.use(handle)
}

// Current is the id of the key-encryption key that wraps.
func (k *Keys) Current() int64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return int64(k.handle.KeysetInfo().GetPrimaryKeyId())
}

// Versions says how many key-encryption keys there are.
func (k *Keys) Versions() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.handle.Len()
}

// Pepper derives the 32-byte key of a keyed hash for one purpose ("access" for
// the hashes of API keys). The same purpose always gives the same key.
func (k *Keys) Pepper(purpose string) []byte {
	mac := hmac.New(sha256.New, k.root)
	mac.Write([]byte("pepper\x00" + purpose))
	return mac.Sum(nil)
}

// Fingerprint tells whether two card numbers of one realm are the same without
// telling the number: 32 hex digits, different in every realm, the same for
// ever (no rotation touches it).
func (k *Keys) Fingerprint(realm ident.ID, number method.Secret) string {
	mac := hmac.New(sha256.New, k.Pepper("fingerprint\x00"+string(realm)))
	mac.Write([]byte(number.Reveal()))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// wrap encrypts a data key with the newest key-encryption key and says which
// one that was.
func (k *Keys) wrap(key, bind []byte) (wrapped []byte, by int64, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	wrapped, err = k.aead.Encrypt(key, bind)
	if err != nil {
		return nil, 0, fault.Wrap(err, "wrapping a data key")
	}
	return wrapped, int64(k.handle.KeysetInfo().GetPrimaryKeyId()), nil
}

// unwrap decrypts a data key. Another process may have rotated since the file
// was read, so a failure reads it once more.
func (k *Keys) unwrap(wrapped, bind []byte) ([]byte, error) {
	key, err := k.open(wrapped, bind)
	if err == nil || k.path == "" {
		return key, err
	}
	if again := k.reload(); again != nil {
		return nil, again
	}
	return k.open(wrapped, bind)
}

func (k *Keys) open(wrapped, bind []byte) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, err := k.aead.Decrypt(wrapped, bind)
	if err != nil {
		return nil, fault.Wrap(err, "a data key does not open with the keys at hand")
	}
	return key, nil
}
