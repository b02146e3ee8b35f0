package vault

import (
	"crypto/subtle"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/florinpay/florin/core/fault"
)

// OpenKeys reads the key file at path, or makes it (mode 0600, on disk before
// OpenKeys returns) when there is none. A file that its group or the world may
// open is refused, and so is one that is no plain file.
// Faults: internal, with a message for the operator that quotes no key.
func OpenKeys(path string) (*Keys, error) {
	k, err := readKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	unlock, err := lockKeys(path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Another process may have made the file while this one waited.
	if k, err = readKeys(path); !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = EphemeralKeys(); err != nil {
		return nil, err
	}
	k.path = path
	return k, k.write(k.handle)
}

func readKeys(path string) (*Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, "the key file %s does not open", path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fault.Wrap(err, "the key file %s does not open", path)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Internal, "the key file %s is not a plain file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Internal, "the key file %s may be opened by others (mode %04o); chmod 600 it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fault.Wrap(err, "the key file %s does not read", path)
	}
	k, err := parseKeys(text)
	if err != nil {
		return nil, fault.Wrap(err, "the key file %s is damaged", path)
	}
	k.path = path
	return k, nil
}

// Rotate adds a key-encryption key that wraps from now on; the old ones go on
// unwrapping. The file is on disk before the new key is used, so a crash loses
// nothing. Service.Rewrap then brings the data keys over.
func (k *Keys) Rotate() error {
	if k.path != "" {
		unlock, err := lockKeys(k.path)
		if err != nil {
			return err
		}
		defer unlock()
		if err := k.reload(); err != nil { // another process may have rotated
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return fault.Wrap(err, "making a key-encryption key")
	}
	handle, err := m.Handle()
	if err != nil {
		return fault.Wrap(err, "making a key-encryption key")
	}
	if k.path != "" {
		if err := k.write(handle); err != nil {
			return err
		}
	}
	return k.use(handle)
}

// reload takes over what the file holds now. A file with another root belongs
// to another installation and is refused.
func (k *Keys) reload() error {
	now, err := readKeys(k.path)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(now.root, k.root) != 1 {
		return fault.New(fault.Internal, "the key file %s was replaced by another installation's", k.path)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.use(now.handle)
}

// write puts the keys on disk whole or not at all: a new file, synced, renamed
// over the old one, and the directory synced.
func (k *Keys) write(handle *keyset.Handle) error {
	text, err := k.text(handle)
	if err != nil {
		return err
	}
	dir := filepath.Dir(k.path)
	f, err := os.CreateTemp(dir, ".keys-*") // mode 0600
	if err != nil {
		return fault.Wrap(err, "the key file's directory %s does not take a file", dir)
	}
	defer os.Remove(f.Name()) // gone already when the rename worked
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), k.path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fault.Wrap(err, "writing the key file %s", k.path)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// lockKeys keeps two processes from rewriting the key file at the same time:
// the slower one would drop the other's new key, and with it what it wrapped.
func lockKeys(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, "the key file's lock does not open")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fault.Wrap(err, "the key file's lock is not to be had")
	}
	return func() { f.Close() }, nil // closing releases the lock
}
