package login

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// The cost of a password: argon2id with 19 MiB, two passes, one lane, about 14
// milliseconds.
const (
	passwordMemory = 19 << 10 // KiB
	passwordPasses = 2
	passwordLanes  = 1
	passwordKey    = 32 // bytes
	passwordSalt   = 16
)

// How many passwords are hashed at once, so that a crowd at the door takes
// neither all memory nor all cores.
const hashesAtOnce = 4

// The lengths of a password, in characters.
const (
	PasswordMin = 12
	PasswordMax = 128
)

//go:embed weak.txt
var weakList string

// weak are passwords that are long enough and tried first all the same.
var weak = func() map[string]bool {
	out := map[string]bool{}
	for lines := bufio.NewScanner(strings.NewReader(weakList)); lines.Scan(); {
		out[lines.Text()] = true
	}
	return out
}()

// CheckPassword refuses a password that is too short, too long, on the list of
// those that are tried first, made of few different characters, or the
// credential itself. Faults: invalid.password.
func CheckPassword(password string, c Credential) error {
	letters := []rune(password)
	if len(letters) < PasswordMin || len(letters) > PasswordMax {
		return fault.At("invalid.password", "password", "a password has %d to %d characters", PasswordMin, PasswordMax)
	}
	lower := strings.ToLower(password)
	different := map[rune]bool{}
	for _, l := range lower {
		different[l] = true
	}
	name, _, _ := strings.Cut(c.Value, "@")
	if weak[lower] || len(different) < 5 || len(name) >= 6 && strings.Contains(lower, strings.ToLower(name)) {
		return fault.At("invalid.password.weak", "password", "this password would be guessed soon")
	}
	return nil
}

// hash makes the text of a password that is kept.
func (s *Service) hash(password string) (string, error) {
	salt := make([]byte, passwordSalt)
	if _, err := io.ReadFull(s.Random, salt); err != nil {
		return "", fault.Wrap(err, "no randomness")
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, passwordMemory, passwordPasses, passwordLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(s.slow(password, salt, passwordPasses, passwordMemory, passwordLanes))), nil
}

// slow is the work that makes guessing dear.
func (s *Service) slow(password string, salt []byte, passes, memory uint32, lanes uint8) []byte {
	s.once.Do(func() { s.hashing = make(chan struct{}, hashesAtOnce) })
	s.hashing <- struct{}{}
	defer func() { <-s.hashing }()
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, passwordKey)
}

// matches says whether a password is the one that was kept. Without one that
// was kept it does the same work and says no.
func (s *Service) matches(password, kept string) bool {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(kept, "$")
	if len(parts) != 6 {
		s.slow(password, make([]byte, passwordSalt), passwordPasses, passwordMemory, passwordLanes)
		return false
	}
	_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
	_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
	salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err4 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		return false
	}
	return subtle.ConstantTimeCompare(s.slow(password, salt, passes, memory, lanes), key) == 1
}

// digest is the keyed hash by which a random secret is kept.
func (s *Service) digest(purpose, secret string) string {
	mac := hmac.New(sha256.New, s.Pepper)
	mac.Write([]byte(purpose + "\x00" + secret))
	return hex.EncodeToString(mac.Sum(nil))
}

// same compares two digests in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Service) bytes(n int) ([]byte, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return nil, fault.Wrap(err, "no randomness")
	}
	return raw, nil
}

// token makes a secret that tells its realm: a prefix, the realm's id, 256
// random bits.
func (s *Service) token(prefix string, realm ident.ID) (string, error) {
	raw, err := s.bytes(32)
	return prefix + string(realm) + base64.RawURLEncoding.EncodeToString(raw), err
}

const randomLength = 43 // of 32 bytes in base64url

// realmOf reads the realm out of a token that token made.
func realmOf(prefix, token string) (ident.ID, bool) {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok || len(rest) != ident.Length+randomLength {
		return "", false
	}
	realm := ident.ID(rest[:ident.Length])
	return realm, realm.Valid()
}

// number draws a whole number from least up to, but without, most.
func (s *Service) number(least, most uint64) (int64, error) {
	span := most - least
	for {
		raw, err := s.bytes(8)
		if err != nil {
			return 0, err
		}
		// What lies beyond the last whole multiple of span would favour some numbers.
		if n := binary.BigEndian.Uint64(raw); n < ^uint64(0)-^uint64(0)%span {
			return int64(least + n%span), nil
		}
	}
}

// Opaque draws a whole number that cannot be guessed and that every program
// reads exactly: between 2^49 and 2^53. Contracts that want integers name by it
// what a browser carries around.
func (s *Service) Opaque() (int64, error) { return s.number(1<<49, 1<<53) }
