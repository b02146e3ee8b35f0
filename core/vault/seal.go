package vault

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Sealed is text that only the vault opens, and only for the realm, purpose
// and object for which it was sealed.
type Sealed struct {
	Version int64 // of the realm's data key
	Bytes   []byte
}

// dataKey is one unwrapped data key of a realm.
type dataKey struct {
	version int64
	aead    tink.AEAD
}

// keyring remembers unwrapped data keys, so that sealing costs no query. Only
// what is committed gets in: a key from a transaction that was undone would
// seal what nobody can open.
type keyring struct {
	mu     sync.RWMutex
	newest map[ident.ID]dataKey
	all    map[ringKey]dataKey
}

type ringKey struct {
	realm   ident.ID
	version int64
}

func (r *keyring) current(realm ident.ID) (dataKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.newest[realm]
	return k, ok
}

func (r *keyring) get(realm ident.ID, version int64) (dataKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.all[ringKey{realm, version}]
	return k, ok
}

func (r *keyring) put(realm ident.ID, k dataKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all, r.newest = map[ringKey]dataKey{}, map[ident.ID]dataKey{}
	}
	r.all[ringKey{realm, k.version}] = k
	if k.version >= r.newest[realm].version {
		r.newest[realm] = k
	}
}

// Seal encrypts plain with the realm's newest data key (AES-256-GCM, a fresh
// random nonce) and binds it to the transaction's realm, the purpose ("card",
// "webhook"), the object and the key's version. The first Seal of a realm
// makes its data key.
func (s *Service) Seal(tx *store.Tx, purpose string, object ident.ID, plain []byte) (Sealed, error) {
	k, ok := s.ring.current(tx.Realm())
	if !ok {
		var err error
		if k, err = s.newestKey(tx); err != nil {
			return Sealed{}, err
		}
	}
	sealed, err := k.aead.Encrypt(plain, binding(purpose, tx.Realm(), object, k.version))
	if err != nil {
		return Sealed{}, fault.Wrap(err, "sealing")
	}
	return Sealed{Version: k.version, Bytes: sealed}, nil
}

// Open decrypts what Seal gave for the same realm, purpose and object.
// Faults: internal (another realm's, another object's, or changed bytes).
func (s *Service) Open(tx *store.Tx, purpose string, object ident.ID, sealed Sealed) ([]byte, error) {
	k, ok := s.ring.get(tx.Realm(), sealed.Version)
	if !ok {
		var err error
		if k, err = s.keyOf(tx, sealed.Version); err != nil {
			return nil, err
		}
	}
	plain, err := k.aead.Decrypt(sealed.Bytes, binding(purpose, tx.Realm(), object, k.version))
	if err != nil {
		return nil, fault.Wrap(err, "sealed text does not open here")
	}
	return plain, nil
}

// Newest is the version of the realm's newest data key, 0 when it has none.
func (s *Service) Newest(tx *store.Tx) (int64, error) {
	row, _, err := newestKeyRow(tx)
	return row.version, err
}

// Renew seals anew, with the realm's newest data key, what an older one sealed.
// It asks the database which one that is: another process may have made it.
// Faults: internal, as Open.
func (s *Service) Renew(tx *store.Tx, purpose string, object ident.ID, old Sealed) (Sealed, error) {
	k, err := s.newestKey(tx)
	if err != nil || k.version == old.Version {
		return old, err
	}
	plain, err := s.Open(tx, purpose, object, old)
	if err != nil {
		return old, err
	}
	sealed, err := k.aead.Encrypt(plain, binding(purpose, tx.Realm(), object, k.version))
	clear(plain)
	if err != nil {
		return old, fault.Wrap(err, "sealing")
	}
	return Sealed{Version: k.version, Bytes: sealed}, nil
}

// binding is the associated data of sealed text. No part can hold a NUL.
func binding(purpose string, realm, object ident.ID, version int64) []byte {
	return []byte(strings.Join([]string{"florin.seal.1", purpose, string(realm), string(object), strconv.FormatInt(version, 10)}, "\x00"))
}

// keyBinding is the associated data of a wrapped data key.
func keyBinding(realm ident.ID, version int64) []byte {
	return []byte(strings.Join([]string{"florin.key.1", string(realm), strconv.FormatInt(version, 10)}, "\x00"))
}

// newestKey reads the realm's newest data key, and makes the first one.
func (s *Service) newestKey(tx *store.Tx) (dataKey, error) {
	row, found, err := newestKeyRow(tx)
	if err != nil {
		return dataKey{}, err
	}
	if !found {
		if row, err = s.makeKey(tx, 1); err != nil {
			return dataKey{}, err
		}
	}
	if k, ok := s.ring.get(tx.Realm(), row.version); ok {
		return k, nil
	}
	return s.unwrapRow(tx, row)
}

func (s *Service) keyOf(tx *store.Tx, version int64) (dataKey, error) {
	row, found, err := keyRowOf(tx, version)
	if err != nil {
		return dataKey{}, err
	}
	if !found {
		return dataKey{}, fault.New(fault.Internal, "the realm has no data key of version %d", version)
	}
	return s.unwrapRow(tx, row)
}

// makeKey adds a data key of the given version. When another transaction was
// faster, its key is the one that counts, and is returned.
func (s *Service) makeKey(tx *store.Tx, version int64) (keyRow, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return keyRow{}, fault.Wrap(err, "no randomness")
	}
	wrapped, by, err := s.Keys.wrap(raw, keyBinding(tx.Realm(), version))
	clear(raw)
	if err != nil {
		return keyRow{}, err
	}
	if err := offerKeyRow(tx, keyRow{version: version, wrapped: wrapped, kek: by, createdAt: tx.Now()}); err != nil {
		return keyRow{}, err
	}
	row, found, err := keyRowOf(tx, version)
	if err == nil && !found {
		err = fault.New(fault.Internal, "the data key that was just made is missing")
	}
	return row, err
}

func (s *Service) unwrapRow(tx *store.Tx, row keyRow) (dataKey, error) {
	raw, err := s.Keys.unwrap(row.wrapped, keyBinding(tx.Realm(), row.version))
	if err != nil {
		return dataKey{}, err
	}
	a, err := subtle.NewAESGCM(raw)
	clear(raw)
	if err != nil {
		return dataKey{}, fault.Wrap(err, "using a data key")
	}
	k, realm := dataKey{version: row.version, aead: a}, tx.Realm()
	tx.Committed(func() { s.ring.put(realm, k) })
	return k, nil
}
